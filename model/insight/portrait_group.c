#include "model/insight/portrait_group.h"

#include "model/base/set.h"
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/people/people_set.h"

#include <string.h>
#include <unistd.h>

enum { LANES = 16 };

/* The first column of a statement's rows, which come in rising order. */
static enum status people_read(struct reader *reader, struct arena *arena, sqlite3_stmt *stmt,
                               const uint32_t **people, size_t *n, struct error *err)
{
    VEC(uint32_t) found = {0};
    bool row;
    enum status status;
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int64_t person = sqlite3_column_int64(stmt, 0);
        if (person > 0 && person < UINT32_MAX && (!found.n || found.at[found.n - 1] < person))
            vec_push(&found, (uint32_t)person);
    }
    sqlite3_reset(stmt);
    *people = vec_copy(arena, &found);
    *n = found.n;
    vec_free(&found);
    return status;
}

enum status group_label_set(struct reader *reader, int64_t label, struct set *set,
                            struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(
        reader, "select block, people from label_people where label = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, label);
    status = people_set_read(reader, stmt, set, err);
    if (status == ST_OK)
        status =
            reader_prepare(reader, "select person from label_member where label = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, label);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int64_t person = sqlite3_column_int64(stmt, 0);
        if (person > 0 && person < set->n)
            set_add(set, (uint32_t)person);
    }
    return status;
}

enum status group_of_label(struct reader *reader, struct arena *arena, const char *name,
                           const uint32_t **people, size_t *n, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = reader_prepare(reader, "select id from label where name = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    status = reader_step(reader, stmt, &row, err);
    int64_t label = status == ST_OK && row ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    if (status == ST_OK && !row)
        return error_set(err, ST_REFUSED, "there is no label %s; label list shows those there are",
                         text_quote(arena, name, strlen(name)));
    uint32_t size = 0;
    if (status == ST_OK)
        status = people_numbers(reader, &size, err);
    if (status != ST_OK)
        return status;
    struct set *set = set_new(arena, size);
    status = group_label_set(reader, label, set, err);
    *people = set_list(set, arena, n);
    return status;
}

enum status group_of_everyone(struct reader *reader, struct arena *arena, const uint32_t **people,
                              size_t *n, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        reader_prepare(reader, "select person from member order by person", &stmt, err);
    return status == ST_OK ? people_read(reader, arena, stmt, people, n, err) : status;
}

enum status people_numbers(struct reader *reader, uint32_t *n, struct error *err)
{
    int64_t counted = 0, highest = 0;
    enum status status =
        reader_integer(reader, "select value from counter where name = 'person'", 0, &counted, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select max(person) from member", 0, &highest, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select max(person) from tail", highest, &highest, err);
    if (status != ST_OK)
        return status;
    highest = highest > counted ? highest : counted;
    if (highest < 0 || highest >= UINT32_MAX - EVENT_BLOCK)
        return error_set(err, ST_UNUSABLE, "a person has the number %lld; atrium verify says more",
                         (long long)highest);
    /* Chunks of a damaged file may name more people than the counter; they stay in their blocks. */
    *n = ((uint32_t)highest / EVENT_BLOCK + 1) * EVENT_BLOCK;
    return ST_OK;
}

/* ---- Buyers at a shop ---- */

struct lane {
    uint32_t tenant;
    struct set *found; /* of all lanes: blocks do not share words */
};

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    const struct lane *lane = context;
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; run->tenant && i < run->n; i++)
            if (run->tenant[i] == lane->tenant && run->person[i] < lane->found->n)
                set_add(lane->found, run->person[i]);
    }
    return ST_OK;
}

enum status group_of_shop(struct reader *reader, struct arena *arena, const char *code,
                          int64_t from, int64_t to, const uint32_t **people, size_t *n,
                          struct error *err)
{
    static const uint16_t wanted[] = {KIND_PURCHASE};
    struct event_query scan = {.from = from,
                               .to = to,
                               .kinds = wanted,
                               .n_kinds = 1,
                               .columns = EVENT_TENANT,
                               .people = true};
    struct lane lane = {.tenant = dict_id(reader, DICT_TENANT, code, strlen(code))};
    void *contexts[LANES];
    uint32_t size;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int lanes = cores < 1 ? 1 : cores > LANES ? LANES : (int)cores;
    if (!lane.tenant)
        return error_set(err, ST_REFUSED, "there is no shop %s; tenant list shows those there are",
                         text_quote(arena, code, strlen(code)));
    enum status status = people_numbers(reader, &size, err);
    if (status != ST_OK)
        return status;
    lane.found = set_new(arena, size);
    for (int i = 0; i < lanes; i++)
        contexts[i] = &lane;
    status = event_scan_parallel(reader, &scan, block_take, contexts, lanes, err);
    *people = set_list(lane.found, arena, n);
    return status;
}
