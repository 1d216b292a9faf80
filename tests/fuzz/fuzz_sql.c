/*
 * Fuzzing the SQL question and its completion: whatever is asked, the answer is rows or a refusal,
 * soon, and the mall file stays as it was. The first byte chooses who asks.
 */
#include "model/base/arena.h"
#include "model/sql/sql.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static struct reader *reader;
static struct access mine;

static void check(enum status status, const struct error *err)
{
    if (status != ST_OK)
        abort();
    (void)err;
}

static void begin(void)
{
    struct error err = {0};
    char *login = access_login();
    reader = fuzz_reader();
    check(access_lookup(reader, login, &mine, &err), &err);
    free(login);
}

static void ask(const struct access *access, const char *query)
{
    struct error err = {0};
    struct arena *arena = arena_new();
    struct sheet *sheet = NULL;
    struct sql_summary summary = {0};
    struct sql_limits limits = {.rows = 20, .seconds = 1};
    enum status status = sql_sheet(reader, access, query, &limits, arena, &sheet, &summary, &err);
    if (status == ST_OK && (!sheet || sheet->n_rows > 20))
        abort();
    if (status != ST_OK && (!err.message || !*err.message))
        abort();
    if (summary.offset > (int)strlen(query))
        abort();
    error_clear(&err);
    arena_free(arena);
}

static void complete(const struct access *access, const char *query, size_t cursor)
{
    struct arena *arena = arena_new();
    const struct sql_candidate *candidates;
    size_t n, start;
    sql_complete(access, query, cursor, arena, &candidates, &n, &start);
    if (start > cursor)
        abort();
    for (size_t i = 0; i < n; i++)
        if (!*candidates[i].text)
            abort();
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!reader)
        begin();
    if (size < 2)
        return 0;
    struct access access = mine;
    access.mask = (enum mask)(data[0] % 3);
    char *query = malloc(size);
    if (!query)
        return 0;
    memcpy(query, data + 2, size - 2);
    query[size - 2] = 0;
    size_t n = strlen(query);
    ask(&access, query);
    complete(&access, query, n * data[1] / 255);
    free(query);
    return 0;
}
