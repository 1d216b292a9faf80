BENCH_PROGRAMS := $(patsubst %,$(BUILD)/tests/bench/%,bench_csv bench_console bench_campaign bench_send bench_coupon bench_fleet)

bench-programs: $(BENCH_PROGRAMS)

.PHONY: bench-programs
