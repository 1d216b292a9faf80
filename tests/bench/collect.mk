COLLECT_BENCH := $(BUILD)/tests/bench/bench_collect

$(COLLECT_BENCH): $(BUILD)/obj/tests/bench/bench_collect.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

bench-programs: $(COLLECT_BENCH)

bench-collect: $(COLLECT_BENCH) ## collection alone: a receipt's time from a device into the mall file, 60 and 1,000 devices
	@python3 tests/bench/bench_collect.py $(BUILD)

.PHONY: bench-collect
