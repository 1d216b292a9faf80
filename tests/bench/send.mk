SEND_BENCH := $(BUILD)/tests/bench/bench_send

bench-send: $(SEND_BENCH) ## sending alone: messages planned, checked and written, MESSAGES=N (default 100,000)
	@$(SEND_BENCH) $(MESSAGES)

.PHONY: bench-send
