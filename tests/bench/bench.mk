BENCH_PROGRAMS := $(patsubst %,$(BUILD)/tests/bench/%,bench_csv bench_console bench_campaign bench_send bench_coupon bench_fleet \
                   bench_fleet_keys)

bench-programs: $(BENCH_PROGRAMS)

# Those that press keys share the terminal.
$(BUILD)/tests/bench/bench_console $(BUILD)/tests/bench/bench_fleet_keys: $(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o \
                   $(BUILD)/obj/tests/bench/terminal.o
	$(call SAY,LINK ,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lvterm -lutil

bench-fleet: $(BUILD)/atrium $(BUILD)/atrium-devices $(BUILD)/tests/bench/bench_fleet $(BUILD)/tests/bench/bench_fleet_keys ## the fleet alone, beside ClusterShell, pdsh and pssh, DEVICES=N (default 1,000)
	@sh fixtures/install-packages.sh fleet
	@python3 tests/bench/bench_fleet.py $(BUILD) $(or $(DEVICES),1000)

.PHONY: bench-programs bench-fleet
