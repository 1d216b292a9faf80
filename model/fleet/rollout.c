/* Roll-outs as they stand in the mall file. */
#include "model/fleet/rollout.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/fleet/clean.h"

#include <string.h>

enum { TEXT_MOST = 8192 };

const char *const rollout_state_names[ROLLOUT_STATES] = {
    N_("planned"),      N_("approved"), N_("running"),     N_("paused"),    N_("stopped"),
    N_("rolling back"), N_("done"),     N_("rolled back"), N_("cancelled"),
};
const char *const rollout_step_names[ROLLOUT_STEPS] = {
    "waiting", "staging", "staged",      "switching", "proving", "confirming", "undoing",
    "ok",      "failed",  "rolled back", "unknown",   "expired", "skipped",
};
const char *const rollout_wait_names[WAITS] = {"", "offline", "sale", "refused", "silent"};

/* ---- One word ---- */

const char *const rollout_row_words[] = {
    N_("waiting"),        N_("staging"),        N_("staged"),
    N_("sale under way"), N_("offline-queued"), N_("switching"),
    N_("on trial"),       N_("going back"),     N_("ok"),
    N_("failed"),         N_("rolled back"),    N_("unknown"),
    N_("expired"),        N_("skipped"),        NULL,
};

const char *rollout_row_word(const struct rollout_row *row)
{
    bool silent = row->wait == WAIT_OFFLINE || row->wait == WAIT_SILENT;
    if (step_settled(row->step))
        return rollout_step_names[row->step];
    if (step_in_flight(row->step) && (silent || row->fault) && row->step != STEP_UNDOING)
        return "unknown";
    if (row->goes_back || row->step == STEP_UNDOING)
        return "going back";
    if (row->step == STEP_SWITCHING)
        return "switching";
    if (step_in_flight(row->step))
        return "on trial";
    if (row->wait == WAIT_OFFLINE)
        return "offline-queued";
    return row->wait == WAIT_SALE ? "sale under way" : rollout_step_names[row->step];
}

/* ---- Reading ---- */

static const char *text_read(sqlite3_stmt *stmt, int column, struct arena *arena)
{
    return device_clean_column(stmt, column, arena, TEXT_MOST);
}

static int64_t number_read(sqlite3_stmt *stmt, int column, int64_t least, int64_t most)
{
    int64_t value = sqlite3_column_int64(stmt, column);
    return value < least ? least : value > most ? most : value;
}

static int word_find(const char *const *words, int n, const char *word, int none)
{
    for (int i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return none;
}

#define ROLLOUT_COLUMNS                                                                            \
    "select id, version, size, devices, canary, coverage, soak, trial, expires, started, ended,"   \
    " soaking, lease, window_from, window_to, weekdays, back, wave, code, app, file, sha256,"      \
    " selection, waves, threshold, author, approved_by, why, driver, state"
#define ROLLOUT_COUNTS                                                                             \
    ", (select count(*) from rollout_device d where d.rollout = rollout.id and step = 'ok'),"      \
    " (select count(*) from rollout_device d where d.rollout = rollout.id and fault <> 0)"
enum { FIRST_SMALL = 13, FIRST_TEXT = 18, FIRST_COUNT = 30 };

static struct rollout rollout_read(sqlite3_stmt *stmt, struct arena *arena)
{
    struct rollout r = {0};
    int64_t *const numbers[] = {&r.id,       &r.version, &r.size,  &r.devices, &r.canary,
                                &r.coverage, &r.soak,    &r.trial, &r.expires, &r.started,
                                &r.ended,    &r.soaking, &r.lease};
    const char **const texts[] = {&r.code,        &r.app,   &r.file,      &r.sha256,
                                  &r.selection,   &r.waves, &r.threshold, &r.author,
                                  &r.approved_by, &r.why,   &r.driver};
    for (int i = 0; i < FIRST_SMALL; i++)
        *numbers[i] = number_read(stmt, i, 0, INT64_C(1) << 40);
    r.window_from = (int)number_read(stmt, FIRST_SMALL, 0, 1440);
    r.window_to = (int)number_read(stmt, FIRST_SMALL + 1, 0, 1440);
    r.weekdays = (int)number_read(stmt, FIRST_SMALL + 2, 0, 127);
    r.back = sqlite3_column_int(stmt, FIRST_SMALL + 3) != 0;
    r.wave = (int)number_read(stmt, FIRST_SMALL + 4, 0, ROLLOUT_WAVES - 1);
    int n_texts = (int)(sizeof texts / sizeof *texts);
    for (int i = 0; i < n_texts; i++)
        *texts[i] = text_read(stmt, FIRST_TEXT + i, arena);
    r.state = (enum rollout_state)word_find(rollout_state_names, ROLLOUT_STATES,
                                            text_read(stmt, FIRST_TEXT + n_texts, arena),
                                            ROLLOUT_CANCELLED);
    if (sqlite3_column_count(stmt) > FIRST_COUNT) {
        r.ok = sqlite3_column_int64(stmt, FIRST_COUNT);
        r.faults = sqlite3_column_int64(stmt, FIRST_COUNT + 1);
    }
    return r;
}

static const char rows_sql[] =
    "select r.device, r.wave, r.goal = 'old', r.fault, r.had, r.attempts, r.since, r.due,"
    " r.switched, r.looked, r.step, r.wait, r.old, r.app, r.reason from rollout_device r"
    " left join device d on d.id = r.device where r.rollout = ?1 order by r.wave, d.code, r.device";

static struct rollout_row row_read(sqlite3_stmt *stmt, struct arena *arena)
{
    const int64_t most = INT64_C(1) << 40;
    return (struct rollout_row){
        .device = (uint32_t)number_read(stmt, 0, 0, UINT32_MAX),
        .wave = (int)number_read(stmt, 1, 0, ROLLOUT_WAVES - 1),
        .goes_back = sqlite3_column_int(stmt, 2) != 0,
        .fault = sqlite3_column_int(stmt, 3) != 0,
        .had = sqlite3_column_int(stmt, 4) != 0,
        .attempts = (int)number_read(stmt, 5, 0, 1000000),
        .since = number_read(stmt, 6, 0, most),
        .due = number_read(stmt, 7, 0, most),
        .switched = number_read(stmt, 8, 0, most),
        .looked = number_read(stmt, 9, 0, most),
        .step = (enum rollout_step)word_find(rollout_step_names, ROLLOUT_STEPS,
                                             text_read(stmt, 10, arena), STEP_UNKNOWN),
        .wait = (enum rollout_wait)word_find(rollout_wait_names, WAITS, text_read(stmt, 11, arena),
                                             WAIT_NOTHING),
        .old = text_read(stmt, 12, arena),
        .app = text_read(stmt, 13, arena),
        .reason = text_read(stmt, 14, arena),
        .have = -1,
    };
}

enum status rollout_list(struct reader *reader, const struct access *access, struct arena *arena,
                         const struct rollout **rollouts, size_t *n, struct error *err)
{
    VEC(struct rollout) found = {0};
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    enum status status = access_require(access, RIGHT_DEVICES, "see roll-outs", err);
    if (status == ST_OK)
        status = reader_prepare(
            reader, ROLLOUT_COLUMNS ROLLOUT_COUNTS " from rollout order by id desc", &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&found, rollout_read(stmt, arena));
    *rollouts = vec_copy(arena, &found);
    *n = found.n;
    vec_free(&found);
    return status;
}

static enum status there_is_none(struct arena *arena, const char *code, struct error *err)
{
    return error_set(err, ST_USAGE, "there is no roll-out %s",
                     text_quote(arena, code, strlen(code)));
}

enum status rollout_find(struct reader *reader, const struct access *access, struct arena *arena,
                         const char *code, struct rollout **rollout, struct error *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;
    *rollout = NULL;
    enum status status = access_require(access, RIGHT_DEVICES, "see roll-outs", err);
    if (status == ST_OK)
        status = reader_prepare(
            reader, ROLLOUT_COLUMNS ROLLOUT_COUNTS " from rollout where code = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, code, -1, SQLITE_TRANSIENT);
    status = reader_step(reader, stmt, &row, err);
    if (status == ST_OK && row) {
        *rollout = arena_new_of(arena, struct rollout);
        **rollout = rollout_read(stmt, arena);
    }
    sqlite3_reset(stmt);
    return status == ST_OK && !*rollout ? there_is_none(arena, code, err) : status;
}

typedef VEC(struct rollout_row) found_rows;

static void rows_keep(found_rows *found, struct arena *arena, struct rollout_row **rows, size_t *n)
{
    *rows = arena_array(arena, struct rollout_row, found->n + 1);
    if (found->n)
        memcpy(*rows, found->at, found->n * sizeof **rows);
    *n = found->n;
    vec_free(found);
}

enum status rollout_rows(struct reader *reader, struct arena *arena, int64_t rollout,
                         struct rollout_row **rows, size_t *n, struct error *err)
{
    found_rows found = {0};
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    enum status status = reader_prepare(reader, rows_sql, &stmt, err);
    if (status == ST_OK)
        sqlite3_bind_int64(stmt, 1, rollout);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&found, row_read(stmt, arena));
    rows_keep(&found, arena, rows, n);
    return status;
}

enum status rollout_of_writer(struct writer *writer, struct arena *arena, const char *code,
                              struct rollout **rollout, struct error *err)
{
    sqlite3_stmt *stmt;
    *rollout = NULL;
    enum status status =
        writer_prepare(writer, ROLLOUT_COLUMNS " from rollout where code = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, code, -1, SQLITE_TRANSIENT);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW) {
        *rollout = arena_new_of(arena, struct rollout);
        **rollout = rollout_read(stmt, arena);
    } else if (step != SQLITE_DONE) {
        status = sqlite_status(writer_db(writer), "reading a roll-out", err);
    }
    sqlite3_reset(stmt);
    return status;
}

enum status rollout_rows_of_writer(struct writer *writer, struct arena *arena, int64_t rollout,
                                   struct rollout_row **rows, size_t *n, struct error *err)
{
    found_rows found = {0};
    sqlite3_stmt *stmt;
    int step = SQLITE_DONE;
    enum status status = writer_prepare(writer, rows_sql, &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, rollout);
        while ((step = sqlite3_step(stmt)) == SQLITE_ROW)
            vec_push(&found, row_read(stmt, arena));
        if (step != SQLITE_DONE)
            status = sqlite_status(writer_db(writer), "reading a roll-out's devices", err);
        sqlite3_reset(stmt);
    }
    rows_keep(&found, arena, rows, n);
    return status;
}
