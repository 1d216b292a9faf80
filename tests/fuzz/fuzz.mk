# Fuzzing with clang: `make fuzz`, FUZZ_TIME seconds a target; `make fuzz FUZZ=csv FUZZ_TIME=600` for
# one of them. What is found is in build-fuzz/found; findings become seeds once they are fixed.
FUZZ_TIME ?= 30
FUZZ      ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_SAN  := address,undefined

fuzz: fuzz-deps ## look for inputs that break a reader of outside bytes, FUZZ_TIME seconds each
	@$(MAKE) --no-print-directory BUILD=build-fuzz CC=clang SAN=fuzzer-no-link,$(FUZZ_SAN) $(FUZZ:%=build-fuzz/fuzz/%)
	@sh tests/fuzz/run.sh build-fuzz $(FUZZ_TIME) $(FUZZ)

fuzz-deps: test-deps
	@sh fixtures/install-packages.sh fuzz

$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(HELPERS) $(LIBRARY)
	@mkdir -p $(@D)
	$(call SAY,LINK ,$@)
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer,$(FUZZ_SAN) $(LDFLAGS) -o $@ $< $(HELPERS) $(LIBRARY) $(LDLIBS) -lcmocka

.PHONY: fuzz fuzz-deps
