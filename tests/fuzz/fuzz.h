/*
 * A fuzz target is one file fuzz_NAME.c with LLVMFuzzerTestOneInput: bytes in, and nothing but an
 * abort or a sanitizer's report is a finding. `make fuzz` searches for new ones; `make test` runs
 * each target over its seeds (tests/fuzz/seeds/NAME) and what replay.c makes of them. An input that
 * was once a finding is kept as a seed.
 */
#ifndef ATRIUM_TESTS_FUZZ_H
#define ATRIUM_TESTS_FUZZ_H

#include "model/store/reader.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A folder for the files of this process, removed at its end; HOME and the XDG folders are in it,
 * so that nothing of the person who runs the tests is read or written. */
const char *fuzz_folder(void);

/* Writes a file in that folder and returns its path, which is good until the next call. */
const char *fuzz_file(const char *name, const void *bytes, size_t size);

/* A demo mall of a few people and days, made once a process. */
const char *fuzz_mall(void);

/* A reader of that mall, opened once a process. */
struct reader *fuzz_reader(void);

/* What the fuzzer counted in a child that says so at its end is told to the parent that says so
 * after it; the parent says so before it, too. Nothing where no fuzzer was built in. */
void fuzz_counters_share(bool child);

#endif
