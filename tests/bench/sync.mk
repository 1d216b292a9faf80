SYNC_BENCH := $(BUILD)/tests/bench/bench_sync

$(SYNC_BENCH): $(BUILD)/obj/tests/bench/bench_sync.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

bench-sync: all ## a hub and replicas: first copy beside rsync, catching up, an edit, memory; SIZE=tiny|small|full
	@sh fixtures/install-packages.sh sync
	@ATRIUM=$(BUILD)/atrium python3 tests/bench/bench_sync.py $(SIZE)

bench-replica: $(SYNC_BENCH) ## both ends of a session in one process, without a wire, EVENTS=N (default 5 million)
	@$(SYNC_BENCH) $(EVENTS)

.PHONY: bench-sync bench-replica
