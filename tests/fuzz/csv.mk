# Fuzzing delimited text: `make fuzz-csv`, FUZZ_SECONDS long. Needs clang.
FUZZ_SECONDS ?= 60
FUZZ_CSV     := tests/fuzz/fuzz_csv.c model/base/csv.c model/base/arena.c model/base/hash.c \
                model/base/text.c model/base/time.c model/base/zone.c model/base/status.c \
                model/import/value.c

$(BUILD)/fuzz/csv: $(FUZZ_CSV)
	@mkdir -p $(@D)
	clang -std=c11 -D_GNU_SOURCE -O1 -g -I. -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=all -o $@ $(FUZZ_CSV) -lxxhash -lcrypto -lm

.PHONY: fuzz-csv
fuzz-csv: $(BUILD)/fuzz/csv ## fuzz the reader of delimited text for FUZZ_SECONDS
	@mkdir -p $(BUILD)/fuzz/csv-corpus
	cd $(BUILD)/fuzz && ./csv -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
	    -dict=$(CURDIR)/tests/fuzz/csv.dict csv-corpus
