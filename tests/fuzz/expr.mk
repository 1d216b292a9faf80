# Fuzzing expressions over events: `make fuzz-expr`, FUZZ_SECONDS long. Needs clang.
FUZZ_EXPR := tests/fuzz/fuzz_expr.c model/question/expr.c model/base/arena.c model/base/text.c \
             model/base/status.c

$(BUILD)/fuzz/expr: $(FUZZ_EXPR)
	@mkdir -p $(@D)
	clang -std=c11 -D_GNU_SOURCE -O1 -g -I. -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=all -o $@ $(FUZZ_EXPR) -lm

.PHONY: fuzz-expr
fuzz-expr: $(BUILD)/fuzz/expr ## fuzz the parser of event expressions for FUZZ_SECONDS
	@mkdir -p $(BUILD)/fuzz/expr-corpus
	cd $(BUILD)/fuzz && ./expr -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
	    -dict=$(CURDIR)/tests/fuzz/expr.dict expr-corpus
