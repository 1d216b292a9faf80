/* Running the rules of labels, only where something changed. */
#include "model/segment/again.h"
#include "model/segment/label.h"

#include "model/base/text.h"
#include "model/event/bytes.h"
#include "model/people/label_list.h"
#include "model/people/people_set.h"
#include "model/segment/sources.h"
#include "model/store/column.h"

#include <stdlib.h>

/* A label on its way through a refresh. */
struct run {
    const struct label *label;
    struct again again;
    bool wanted;
    const char *failed; /* why its rule cannot be run; NULL: it can */
};

struct refresh {
    struct reader *reader;
    struct writer *writer;
    struct arena *arena;
    struct run *runs;
    size_t n;
    bool anew, only_look;
    int64_t batch, tail, as_of, present, started;
    uint32_t n_blocks;
    int64_t rows;    /* the counter when the labels were looked at */
    int64_t touches; /* how often this refresh raised it */
};

/* ROWS_LATER: in label_state.rows until all are written. */
enum { ROWS_LATER = -1, BLOCKS_A_TURN = 1024 };

/* ---- What is known of each ---- */

static bool tables_read(struct again *again, const void *data, size_t size)
{
    struct view view = view_of(data, size);
    for (int i = 0; i < MATCHER_TABLES; i++)
        again->tables[i] = view_u32(&view);
    return !view.bad && !view_left(&view);
}

static enum status state_read(struct refresh *r, struct run *run, struct error *err)
{
    struct again *again = &run->again;
    sqlite3_stmt *stmt;
    bool row;
    again->all = true;
    enum status status = reader_prepare(
        r->reader,
        "select version, rule, spans, tables, seen, error from label_state where label = ?1", &stmt,
        err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, run->label->id);
    status = reader_step(r->reader, stmt, &row, err);
    if (status == ST_OK && row && !r->anew && !*column_text(stmt, 5) &&
        strcmp(column_text(stmt, 1), run->label->rule) == 0) {
        size_t size = (size_t)sqlite3_column_bytes(stmt, 4);
        uint64_t *seen = arena_array(r->arena, uint64_t, size / 8 + 1);
        again->all = !tables_read(again, sqlite3_column_blob(stmt, 3),
                                  (size_t)sqlite3_column_bytes(stmt, 3));
        again->spans = (uint64_t)sqlite3_column_int64(stmt, 2);
        if (size >= 8)
            memcpy(seen, sqlite3_column_blob(stmt, 4), size / 8 * 8);
        again->seen = seen;
        again->n_seen = size / 8;
    }
    sqlite3_reset(stmt);
    return status;
}

/* A rule that cannot be read or run any more is that label's failure, not the refresh's. */
static enum status run_outcome(struct refresh *r, struct run *run, enum status status,
                               struct error *own, struct error *err)
{
    if (status == ST_USAGE) {
        run->failed = arena_strdup(r->arena, error_text(own));
        status = ST_OK;
    }
    if (status != ST_OK && err)
        *err = *own;
    else
        error_clear(own);
    return status;
}

static enum status rule_bind(struct refresh *r, struct run *run, struct error *err)
{
    struct error own = {0};
    enum status status = segment_bind_named(r->reader, r->arena, NULL, run->label->rule,
                                            arena_printf(r->arena, "label:%s", run->label->name),
                                            true, &run->again.plan, &own);
    return run_outcome(r, run, status, &own, err);
}

/* A pattern may take too many steps on some text only: found by running each by itself. */
static enum status run_alone(struct refresh *r, struct run *run, struct error *err)
{
    struct error own = {0};
    enum status status =
        evaluate_again(r->reader, r->arena, &run->again, 1, r->only_look, &r->n_blocks, &own);
    return run_outcome(r, run, status, &own, err);
}

static enum status rules_run(struct refresh *r, struct error *err)
{
    struct again *all = arena_array(r->arena, struct again, r->n);
    struct error own = {0};
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        if (r->runs[i].wanted && !r->runs[i].failed)
            all[n++] = r->runs[i].again;
    enum status status =
        evaluate_again(r->reader, r->arena, all, n, r->only_look, &r->n_blocks, &own);
    if (status == ST_USAGE) {
        status = ST_OK;
        for (size_t i = 0; i < r->n && status == ST_OK; i++)
            if (r->runs[i].wanted && !r->runs[i].failed)
                status = run_alone(r, &r->runs[i], err);
        error_clear(&own);
        return status;
    }
    n = 0;
    for (size_t i = 0; i < r->n; i++)
        if (r->runs[i].wanted && !r->runs[i].failed)
            r->runs[i].again = all[n++];
    if (status != ST_OK && err)
        *err = own;
    else
        error_clear(&own);
    return status;
}

/* ---- Which ---- */

/* The named label and the labels that its rule names, and theirs. */
static void runs_want(struct refresh *r, const char *name)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct people_expr *expr;
        struct error ignored = {0};
        if (r->runs[i].wanted || (name && strcmp(r->runs[i].label->name, name) != 0))
            continue;
        r->runs[i].wanted = true;
        const char *rule = r->runs[i].label->rule;
        if (name && people_parse(r->arena, rule, strlen(rule), &expr, &ignored) == ST_OK)
            for (size_t k = 0; k < r->n; k++)
                if (people_names(expr, TRAIT_LABEL, r->runs[k].label->name))
                    runs_want(r, r->runs[k].label->name);
        error_clear(&ignored);
    }
}

static enum status runs_make(struct refresh *r, const char *name, struct error *err)
{
    struct label *labels;
    size_t n;
    enum status status = labels_read(r->reader, r->arena, NULL, &labels, &n, err);
    if (status != ST_OK)
        return status;
    r->runs = arena_array(r->arena, struct run, n + 1);
    for (size_t i = 0; i < n; i++)
        if (*labels[i].rule)
            r->runs[r->n++].label = &labels[i];
    runs_want(r, name);
    for (size_t i = 0; i < r->n && status == ST_OK; i++)
        if (r->runs[i].wanted) {
            status = state_read(r, &r->runs[i], err);
            if (status == ST_OK)
                status = rule_bind(r, &r->runs[i], err);
        }
    return status;
}

static enum status look(struct refresh *r, const char *name, struct error *err)
{
    int64_t events;
    enum status status = reader_begin(r->reader, err);
    if (status != ST_OK)
        return status;
    status = reader_versions(r->reader, &events, &r->rows, err);
    if (status == ST_OK)
        status = reader_integer(r->reader, "select max(id) from batch where state = 'done'", 0,
                                &r->batch, err);
    if (status == ST_OK)
        status = reader_integer(r->reader, "select max(seq) from tail", 0, &r->tail, err);
    if (status == ST_OK)
        status = reader_present(r->reader, &r->as_of, &r->present, err);
    if (status == ST_OK)
        status = runs_make(r, name, err);
    if (status == ST_OK)
        status = rules_run(r, err);
    reader_end(r->reader);
    return status;
}

/* ---- Is it stale? ---- */

enum status labels_settle(struct reader *reader, struct label *labels, size_t n, struct error *err)
{
    struct refresh r = {.reader = reader, .arena = arena_new(), .only_look = true};
    bool doubt = false;
    enum status status = ST_OK;
    for (size_t i = 0; i < n; i++)
        doubt = doubt || (labels[i].stale && labels[i].people >= 0 && !*labels[i].error);
    if (doubt)
        status = look(&r, n == 1 ? labels[0].name : NULL, err);
    for (size_t k = 0; k < r.n && status == ST_OK && doubt; k++)
        for (size_t i = 0; i < n; i++)
            if (labels[i].id == r.runs[k].label->id && r.runs[k].wanted && !r.runs[k].failed &&
                labels[i].people >= 0 && !*labels[i].error)
                labels[i].stale = r.runs[k].again.n_dirty > 0;
    arena_free(r.arena);
    return status;
}

/* ---- Writing ---- */

static enum status blocks_write(struct refresh *r, const struct run *run, struct error *err)
{
    uint64_t words[PEOPLE_SET_WORDS];
    struct bytes bytes = {0};
    sqlite3_stmt *put, *take;
    enum status status = writer_prepare(
        r->writer, "insert or replace into label_people (label, block, people) values (?1, ?2, ?3)",
        &put, err);
    if (status == ST_OK)
        status = writer_prepare(
            r->writer, "delete from label_people where label = ?1 and block = ?2", &take, err);
    for (uint32_t block = 0; block < r->n_blocks && status == ST_OK; block++) {
        uint64_t any = 0;
        if (!run->again.dirty[block])
            continue;
        people_set_block(run->again.people, (int32_t)block, words);
        for (size_t i = 0; i < PEOPLE_SET_WORDS; i++)
            any |= words[i];
        sqlite3_stmt *stmt = any ? put : take;
        bytes.n = 0;
        if (any)
            people_set_encode(&bytes, words);
        sqlite3_bind_int64(stmt, 1, run->label->id);
        sqlite3_bind_int64(stmt, 2, block);
        if (any)
            sqlite3_bind_blob(stmt, 3, bytes.at, (int)bytes.n, SQLITE_STATIC);
        status = writer_run(r->writer, stmt, err);
    }
    free(bytes.at);
    return status;
}

static enum status number_ask(struct refresh *r, const char *sql, int64_t key, int64_t *number,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(r->writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    if (key)
        sqlite3_bind_int64(stmt, 1, key);
    int code = sqlite3_step(stmt);
    *number = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : -1;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = sqlite_status(writer_db(r->writer), "refreshing a label", err);
    sqlite3_reset(stmt);
    return status;
}

/* How many people the label has now, from the blocks in the file where not all were made anew. */
static enum status people_count(struct refresh *r, const struct run *run, int64_t *people,
                                struct error *err)
{
    uint64_t words[PEOPLE_SET_WORDS];
    sqlite3_stmt *stmt;
    int code;
    *people = 0;
    if (run->again.n_dirty == r->n_blocks) {
        *people = set_count(run->again.people);
        return ST_OK;
    }
    enum status status =
        writer_prepare(r->writer, "select people from label_people where label = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, run->label->id);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        if (people_set_decode(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0),
                              words))
            for (size_t i = 0; i < PEOPLE_SET_WORDS; i++)
                *people += __builtin_popcountll(words[i]);
    if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(r->writer), "refreshing a label", err);
    sqlite3_reset(stmt);
    return status;
}

static const char state_sql[] =
    "insert or replace into label_state (label, version, rule, people, batch, tail, rows, day,"
    " as_of, time, milliseconds, blocks, spans, tables, seen, error)"
    " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

static enum status state_write(struct refresh *r, const struct run *run, int64_t people,
                               struct error *err)
{
    const struct again *again = &run->again;
    struct bytes tables = {0};
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(r->writer, state_sql, &stmt, err);
    if (status != ST_OK)
        return status;
    for (int i = 0; i < MATCHER_TABLES; i++)
        bytes_put_u32(&tables, again->tables_now[i]);
    int64_t numbers[] = {run->label->id,
                         run->label->version,
                         0,
                         people,
                         r->batch,
                         r->tail,
                         ROWS_LATER,
                         clock_day(&writer_mall(r->writer)->clock, r->present),
                         r->as_of,
                         time_now(),
                         (time_monotonic_ns() - r->started) / 1000000,
                         again->n_dirty,
                         (int64_t)again->spans_now};
    for (int i = 0; i < 13; i++)
        sqlite3_bind_int64(stmt, i + 1, numbers[i]);
    sqlite3_bind_text(stmt, 3, run->label->rule, -1, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 14, tables.at, (int)tables.n, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 15, again->seen_now ? (const void *)again->seen_now : "",
                      run->failed ? 0 : (int)(r->n_blocks * sizeof *again->seen_now),
                      SQLITE_STATIC);
    sqlite3_bind_text(stmt, 16, run->failed ? run->failed : "", -1, SQLITE_STATIC);
    status = writer_run(r->writer, stmt, err);
    free(tables.at);
    return status;
}

static enum status as_of_write(struct refresh *r, const struct run *run, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(r->writer, "update label set as_of = ?2 where id = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, run->label->id);
    sqlite3_bind_int64(stmt, 2, r->as_of);
    return writer_run(r->writer, stmt, err);
}

static enum status rows_touch(struct refresh *r, struct error *err)
{
    r->touches++;
    return writer_touch_rows(r->writer, err);
}

/* Everything of one label in one transaction, unless somebody changed or dropped it meanwhile. */
static enum status run_save(struct refresh *r, const struct run *run, struct error *err)
{
    int64_t version, people = 0;
    enum status status =
        number_ask(r, "select version from label where id = ?1", run->label->id, &version, err);
    if (status != ST_OK || version != run->label->version)
        return status;
    if (run->failed) {
        sqlite3_stmt *stmt;
        status = writer_prepare(r->writer, "delete from label_people where label = ?1", &stmt, err);
        if (status == ST_OK)
            sqlite3_bind_int64(stmt, 1, run->label->id);
        if (status == ST_OK)
            status = writer_run(r->writer, stmt, err);
        if (status == ST_OK && sqlite3_changes(writer_db(r->writer)) > 0)
            status = rows_touch(r, err);
        return status == ST_OK ? state_write(r, run, 0, err) : status;
    }
    status = blocks_write(r, run, err);
    if (status == ST_OK)
        status = people_count(r, run, &people, err);
    if (status == ST_OK && run->again.n_dirty)
        status = rows_touch(r, err);
    if (status == ST_OK)
        status = as_of_write(r, run, err);
    return status == ST_OK ? state_write(r, run, people, err) : status;
}

/* After the last label. Each label raised the counter of rows itself; where nobody else did, all
 * of them have seen what there is now. */
static enum status rows_even(struct refresh *r, struct error *err)
{
    int64_t rows;
    sqlite3_stmt *stmt;
    enum status status =
        number_ask(r, "select value from counter where name = 'rows'", 0, &rows, err);
    if (status == ST_OK)
        status = writer_prepare(r->writer, "update label_state set rows = ?1 where rows = ?2",
                                &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, rows == r->rows + r->touches ? rows : r->rows);
    sqlite3_bind_int64(stmt, 2, ROWS_LATER);
    return writer_run(r->writer, stmt, err);
}

/* Several labels in a transaction, as long as that is the work of a moment. */
static enum status runs_save(struct refresh *r, struct error *err)
{
    size_t i = 0;
    enum status status = ST_OK;
    while (i < r->n && status == ST_OK) {
        int64_t blocks = 0;
        status = writer_begin(r->writer, err);
        if (status != ST_OK)
            return status;
        for (; i < r->n && status == ST_OK && blocks < BLOCKS_A_TURN; i++)
            if (r->runs[i].wanted) {
                status = run_save(r, &r->runs[i], err);
                blocks += r->runs[i].again.n_dirty;
            }
        if (status == ST_OK && i == r->n)
            status = rows_even(r, err);
        if (status == ST_OK)
            status = writer_commit(r->writer, err);
        else
            writer_rollback(r->writer);
    }
    return status;
}

static void count_run(const struct refresh *r, const struct run *run, struct label_refreshed *done)
{
    done->labels++;
    done->failed += run->failed != NULL;
    done->run += !run->failed && run->again.n_dirty > 0;
    done->blocks += run->again.n_dirty;
    done->whole += r->n_blocks;
}

enum status label_refresh(struct writer *writer, struct reader *reader, const char *name, bool anew,
                          struct label_refreshed *refreshed, struct error *err)
{
    struct refresh r = {.reader = reader,
                        .writer = writer,
                        .arena = arena_new(),
                        .anew = anew,
                        .started = time_monotonic_ns()};
    struct label_refreshed done = {0};
    enum status status = profile_fold(writer, err);
    if (status == ST_OK)
        status = label_list_fold(writer, err);
    if (status == ST_OK)
        status = look(&r, name, err);
    if (status == ST_OK)
        status = runs_save(&r, err);
    for (size_t i = 0; i < r.n; i++)
        if (r.runs[i].wanted)
            count_run(&r, &r.runs[i], &done);
    done.milliseconds = (time_monotonic_ns() - r.started) / 1000000;
    if (refreshed)
        *refreshed = done;
    arena_free(r.arena);
    return status;
}
