SYNC_BENCH := $(BUILD)/tests/bench/bench_sync

$(SYNC_BENCH): $(BUILD)/obj/tests/bench/bench_sync.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

bench-sync: $(SYNC_BENCH) ## a replica's first copy and catching up, EVENTS=N (default 5 million)
	@$(SYNC_BENCH) $(EVENTS)

.PHONY: bench-sync
