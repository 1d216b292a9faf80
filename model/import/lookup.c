#include "model/import/lookup.h"

#include "model/base/arena.h"
#include "model/base/hash.h"
#include "model/base/text.h"
#include "model/base/vec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOKUP_BYTES_MAX = 256 << 20 };

struct lookup {
    struct arena *arena;
    size_t n_columns, key;
    struct lookup_text *names;
    VEC(struct lookup_text) cells; /* row by row */
    uint32_t *slots;               /* row + 1, by hash of its key */
    size_t mask;
};

static enum status read_all(const char *path, struct arena *arena, char **bytes, size_t *n,
                            struct error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set(err, ST_REFUSED, "%s: the lookup file cannot be read: %s", path,
                         strerror(errno));
    VEC(char) all = {0};
    size_t got;
    do {
        vec_reserve(&all, 1 << 16);
        got = fread(all.at + all.n, 1, 1 << 16, file);
        all.n += got;
    } while (got && all.n <= LOOKUP_BYTES_MAX);
    enum status status = ST_OK;
    if (ferror(file))
        status = error_set(err, ST_REFUSED, "%s: the lookup file cannot be read: %s", path,
                           strerror(errno));
    else if (all.n > LOOKUP_BYTES_MAX)
        status = error_set(err, ST_REFUSED,
                           "%s: found more than 256 MiB, expected a smaller lookup file", path);
    fclose(file);
    *bytes = arena_alloc(arena, all.n);
    if (all.n)
        memcpy(*bytes, all.at, all.n);
    *n = all.n;
    vec_free(&all);
    return status;
}

/* Texts with "" in them are copied; the others stay in the file's bytes. */
static struct lookup_text keep(struct lookup *lookup, const struct csv_reader *csv,
                               const struct csv_field *field)
{
    const char *at = field->at;
    if (csv->unquoted && at >= csv->unquoted && at < csv->unquoted + csv->unquoted_cap)
        at = arena_strndup(lookup->arena, at, field->n);
    return (struct lookup_text){at, field->n};
}

static enum status refuse(const char *path, int64_t line, uint32_t column, const char *found,
                          const char *expected, struct error *err)
{
    return error_set(err, ST_REFUSED, "%s:%lld:%u: found %s, expected %s", path, (long long)line,
                     column, found, expected);
}

static enum status header_read(struct lookup *lookup, struct csv_reader *csv, const char *path,
                               const char *key, struct error *err)
{
    enum csv_result result = csv_next(csv);
    if (result == CSV_BAD)
        return refuse(path, csv->problem.line, csv->problem.column, csv->problem.found,
                      csv->problem.expected, err);
    if (result == CSV_END)
        return refuse(path, 1, 1, "an empty file", "a header line", err);
    lookup->n_columns = csv->n_fields;
    lookup->names = arena_array(lookup->arena, struct lookup_text, csv->n_fields);
    for (size_t i = 0; i < csv->n_fields; i++)
        lookup->names[i] = keep(lookup, csv, &csv->fields[i]);
    int found = lookup_column(lookup, key, strlen(key));
    if (found < 0)
        return refuse(path, csv->record_line, 1,
                      arena_printf(lookup->arena, "no column %s",
                                   text_quote(lookup->arena, key, strlen(key))),
                      "the key column of [lookup]", err);
    lookup->key = (size_t)found;
    return ST_OK;
}

static enum status rows_read(struct lookup *lookup, struct csv_reader *csv, const char *path,
                             struct error *err)
{
    for (;;) {
        enum csv_result result = csv_next(csv);
        if (result == CSV_END)
            return ST_OK;
        if (result == CSV_BAD)
            return refuse(path, csv->problem.line, csv->problem.column, csv->problem.found,
                          csv->problem.expected, err);
        if (csv->n_fields != lookup->n_columns)
            return refuse(
                path, csv->record_line, 1, arena_printf(lookup->arena, "%zu fields", csv->n_fields),
                arena_printf(lookup->arena, "%zu as in the header", lookup->n_columns), err);
        for (size_t i = 0; i < csv->n_fields; i++)
            vec_push(&lookup->cells, keep(lookup, csv, &csv->fields[i]));
    }
}

static bool same(const struct lookup_text *text, const char *at, size_t n)
{
    return text->n == n && memcmp(text->at, at, n) == 0;
}

/* The first row of a key wins. */
static void index_rows(struct lookup *lookup)
{
    size_t rows = lookup->cells.n / lookup->n_columns, size = 16;
    while (size < rows * 2)
        size *= 2;
    lookup->mask = size - 1;
    lookup->slots = arena_array(lookup->arena, uint32_t, size);
    for (size_t row = 0; row < rows; row++) {
        const struct lookup_text *key = &lookup->cells.at[row * lookup->n_columns + lookup->key];
        if (lookup_row(lookup, key->at, key->n))
            continue;
        size_t i = hash64(key->at, key->n) & lookup->mask;
        while (lookup->slots[i])
            i = (i + 1) & lookup->mask;
        lookup->slots[i] = (uint32_t)row + 1;
    }
}

enum status lookup_load(const char *path, const char *key, struct lookup **out, struct error *err)
{
    *out = NULL;
    struct lookup *lookup = mem_zero(1, sizeof *lookup);
    lookup->arena = arena_new();
    char *bytes = NULL;
    size_t n = 0;
    struct csv_reader csv;
    csv_open(&csv, &(struct csv_format){.delimiter = ',', .quotes = true});
    enum status status = read_all(path, lookup->arena, &bytes, &n, err);
    if (status == ST_OK) {
        size_t mark = n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
        csv_feed(&csv, bytes + mark, n - mark, 1);
        status = header_read(lookup, &csv, path, key, err);
    }
    if (status == ST_OK)
        status = rows_read(lookup, &csv, path, err);
    csv_free(&csv);
    if (status == ST_OK) {
        index_rows(lookup);
        *out = lookup;
    } else {
        lookup_free(lookup);
    }
    return status;
}

void lookup_free(struct lookup *lookup)
{
    if (!lookup)
        return;
    vec_free(&lookup->cells);
    arena_free(lookup->arena);
    free(lookup);
}

int lookup_column(const struct lookup *lookup, const char *name, size_t n)
{
    for (size_t i = 0; i < lookup->n_columns; i++)
        if (same(&lookup->names[i], name, n))
            return (int)i;
    return -1;
}

const struct lookup_text *lookup_row(const struct lookup *lookup, const char *key, size_t n)
{
    for (size_t i = hash64(key, n) & lookup->mask; lookup->slots[i]; i = (i + 1) & lookup->mask) {
        const struct lookup_text *row =
            &lookup->cells.at[(size_t)(lookup->slots[i] - 1) * lookup->n_columns];
        if (same(&row[lookup->key], key, n))
            return row;
    }
    return NULL;
}
