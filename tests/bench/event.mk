EVENT_BENCH := $(BUILD)/tests/bench/bench_event

$(EVENT_BENCH): $(BUILD)/obj/tests/bench/bench_event.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

bench-event: $(EVENT_BENCH) ## events alone: bulk append and scan, EVENTS=N (default 5 million)
	@$(EVENT_BENCH) $(EVENTS)

.PHONY: bench-event
