BENCH_PROGRAMS := $(patsubst %,$(BUILD)/tests/bench/%,bench_csv bench_console)

bench-programs: $(BENCH_PROGRAMS)

.PHONY: bench-programs
