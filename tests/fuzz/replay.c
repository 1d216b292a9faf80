/*
 * Runs a fuzz target without a fuzzer: over each of its seeds, each seed cut short, and seeds with
 * bytes changed, left out and doubled, by a fixed stream of numbers. Part of `make test`, with the
 * sanitizers too.
 *
 *     replay FOLDER [CHANGES]     CHANGES a seed, 200 unless given
 *     replay FILE                 one input, to look at a finding
 */
#include "tests/fuzz/fuzz.h"
#include "tests/support/temp.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t state = 1;

static size_t any(size_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return below ? (size_t)(state >> 33) % below : 0;
}

/* A copy of just the size, so that a read past its end is found. */
static void run(const void *bytes, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, n);
    LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

static size_t change(uint8_t *bytes, size_t n)
{
    static const uint8_t odd[] = {0, 0x7f, 0x80, 0xff, '"', '\n', '\r', ',', '[', '\\', '%', ' '};
    size_t at = any(n), size = 1 + any(8);
    size = size < n - at ? size : n - at;
    switch (n ? any(5) : 5) {
    case 0:
        bytes[at] ^= (uint8_t)(1u << any(8));
        return n;
    case 1:
        bytes[at] = odd[any(sizeof odd)];
        return n;
    case 2: /* left out */
        memmove(bytes + at, bytes + at + size, n - at - size);
        return n - size;
    case 3: /* twice */
        memmove(bytes + at + size, bytes + at, n - at);
        return n + size;
    case 4: /* the rest is gone */
        return at;
    default:
        return n;
    }
}

static void run_changed(const char *seed, size_t n, int changes)
{
    enum { ROOM = 64 };
    for (int i = 0; i < changes; i++) {
        uint8_t *bytes = malloc(n + ROOM);
        if (!bytes)
            abort();
        memcpy(bytes, seed, n);
        size_t now = n;
        for (size_t k = 1 + any(4); k > 0; k--)
            now = change(bytes, now);
        run(bytes, now);
        free(bytes);
    }
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int main(int argc, char **argv)
{
    struct stat info;
    if (argc < 2 || stat(argv[1], &info) != 0) {
        fprintf(stderr, "usage: replay FOLDER|FILE [CHANGES]\n");
        return 2;
    }
    size_t n;
    if (S_ISREG(info.st_mode)) {
        char *bytes = file_read_all(argv[1], &n);
        run(bytes, n);
        free(bytes);
        return 0;
    }
    int changes = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 200, seeds = 0;
    struct dirent **names;
    int count = scandir(argv[1], &names, NULL, by_name);
    run("", 0);
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.') {
            char *path = temp_path(argv[1], names[i]->d_name), *bytes = file_read_all(path, &n);
            run(bytes, n);
            run_changed(bytes, n, changes);
            seeds++;
            free(bytes);
            free(path);
        }
        free(names[i]);
    }
    free(names);
    printf("%d passed, %d failed\n", seeds, seeds == 0);
    return seeds == 0;
}
