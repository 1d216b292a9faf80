bench-sync: all ## a hub and replicas: first copy beside rsync, catching up, an edit, memory; SIZE=tiny|small|full
	@ATRIUM=$(BUILD)/atrium python3 tests/bench/bench_sync.py $(SIZE)

.PHONY: bench-sync
