/* Who acknowledged what in the simulation, and whether that is so in the end. */
#include "tests/support/sync_sim.h"

#include "model/event/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Plain SQLite ---- */

static sqlite3 *file_open(const char *path)
{
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        fail_msg("%s: %s", path, sqlite3_errmsg(db));
    return db;
}

static sqlite3_stmt *asked(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    return stmt;
}

static void text_take(sqlite3_stmt *stmt, int column, char *text, size_t size)
{
    const char *from = (const char *)sqlite3_column_text(stmt, column);
    snprintf(text, size, "%s", from ? from : "");
}

/* ---- At a replica ---- */

static struct sim_edit *edit_find(struct simulation *s, int replica, const char *id)
{
    for (size_t i = 0; i < s->ledger.n; i++)
        if (s->ledger.at[i].replica == replica && strcmp(s->ledger.at[i].id, id) == 0)
            return &s->ledger.at[i];
    return NULL;
}

static bool is_person(const struct sim_edit *edit)
{
    return strcmp(edit->verb, "points") == 0 || strcmp(edit->entity, "member") == 0;
}

static void edit_look(struct simulation *s, int replica, sqlite3_stmt *stmt)
{
    struct sim_edit now = {.replica = replica};
    text_take(stmt, 0, now.id, sizeof now.id);
    struct sim_edit *edit = edit_find(s, replica, now.id);
    if (!edit) {
        text_take(stmt, 1, now.verb, sizeof now.verb);
        text_take(stmt, 2, now.entity, sizeof now.entity);
        text_take(stmt, 3, now.target, sizeof now.target);
        text_take(stmt, 5, now.value, sizeof now.value);
        now.points = sqlite3_column_int64(stmt, 6);
        now.person = is_person(&now);
        vec_push(&s->ledger, now);
        edit = &s->ledger.at[s->ledger.n - 1];
        s->counts.edits++;
    }
    edit->here = true;
    bool was_done = strcmp(edit->state, "done") == 0;
    text_take(stmt, 4, edit->state, sizeof edit->state);
    if (strcmp(edit->state, "done") == 0 && !was_done) {
        s->counts.done += !edit->acknowledged;
        edit->acknowledged = edit->hub = true;
    }
}

/* What was acknowledged may go when it is old, and what is about a person with the person, or the
 * role that knew them. */
static void edits_gone(struct simulation *s, int replica, const bool *were, size_t n, bool may_go)
{
    for (size_t i = 0; i < n; i++) {
        const struct sim_edit *edit = &s->ledger.at[i];
        if (edit->replica == replica && were[i] && !edit->here && !may_go &&
            strcmp(edit->state, "done") != 0 && !(edit->person && (s->erasures || s->counts.roles)))
            fail_msg("the edit %s of %s (%s %s, %s) is gone", edit->id, s->names[replica],
                     edit->entity, edit->target, edit->state);
    }
}

void sim_ledger_look(struct simulation *s, int replica, bool may_go)
{
    char *path = sync_world_path(s->world, s->names[replica]);
    size_t n = s->ledger.n;
    bool *were = mem_zero(n + 1, sizeof *were);
    for (size_t i = 0; i < n; i++) {
        were[i] = s->ledger.at[i].here;
        if (s->ledger.at[i].replica == replica)
            s->ledger.at[i].here = false;
    }
    if (access(path, F_OK) == 0) {
        sqlite3 *db = file_open(path);
        sqlite3_stmt *stmt =
            asked(db, "select id, verb, entity, target, state, coalesce(detail ->> '$.fields.note',"
                      " detail ->> '$.fields.goal', ''), detail ->> '$.points' from outbox");
        while (sqlite3_step(stmt) == SQLITE_ROW)
            edit_look(s, replica, stmt);
        sqlite3_finalize(stmt);
        sqlite3_close(db);
    }
    edits_gone(s, replica, were, n, may_go);
    free(were);
    free(path);
}

/* ---- In the end ---- */

/* What the hub has of each thing: the last edit's value, and as many edits as versions. */
static void chains_check(sqlite3 *hub)
{
    static const struct {
        const char *entity, *sql;
    } all[] = {
        {"device", "select code, version, note from device"},
        {"segment", "select name, version, note from segment"},
        {"label", "select name, version, note from label"},
        {"campaign", "select code, version, goal from campaign"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        sqlite3_stmt *things = asked(hub, all[i].sql);
        sqlite3_stmt *edits =
            asked(hub, "select count(*) from operation where entity = ?1 and target = ?2");
        while (sqlite3_step(things) == SQLITE_ROW) {
            const char *name = (const char *)sqlite3_column_text(things, 0);
            int64_t version = sqlite3_column_int64(things, 1);
            bool from_start = strncmp(name, "made", 4) != 0;
            sqlite3_bind_text(edits, 1, all[i].entity, -1, SQLITE_STATIC);
            sqlite3_bind_text(edits, 2, name, -1, SQLITE_STATIC);
            assert_int_equal(sqlite3_step(edits), SQLITE_ROW);
            int64_t n = sqlite3_column_int64(edits, 0);
            sqlite3_reset(edits);
            if (version != n + from_start)
                fail_msg("%s %s: version %lld after %lld edits", all[i].entity, name,
                         (long long)version, (long long)n);
        }
        sqlite3_finalize(edits);
        sqlite3_finalize(things);
    }
}

static int64_t times_at_hub(sqlite3 *hub, const char *id)
{
    sqlite3_stmt *stmt = asked(hub, "select count(*) from audit where operation = ?1");
    sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
}

/* The last edit of each thing says what it is now. */
static void value_check(sqlite3 *hub, const struct sim_edit *edit)
{
    char sql[200];
    if (!*edit->value || strncmp(edit->value, "value", 5) != 0)
        return;
    sqlite3_stmt *last = asked(hub, "select id from operation where entity = ?1 and target = ?2"
                                    " order by seq desc limit 1");
    sqlite3_bind_text(last, 1, edit->entity, -1, SQLITE_STATIC);
    sqlite3_bind_text(last, 2, edit->target, -1, SQLITE_STATIC);
    bool is_last = sqlite3_step(last) == SQLITE_ROW &&
                   strcmp((const char *)sqlite3_column_text(last, 0), edit->id) == 0;
    sqlite3_finalize(last);
    if (!is_last)
        return;
    bool coded = strcmp(edit->entity, "device") == 0 || strcmp(edit->entity, "campaign") == 0;
    snprintf(sql, sizeof sql, "select %s from %s where %s = ?1",
             strcmp(edit->entity, "campaign") == 0 ? "goal" : "note", edit->entity,
             coded ? "code" : "name");
    sqlite3_stmt *stmt = asked(hub, sql);
    sqlite3_bind_text(stmt, 1, edit->target, -1, SQLITE_STATIC);
    if (sqlite3_step(stmt) != SQLITE_ROW ||
        strcmp((const char *)sqlite3_column_text(stmt, 0), edit->value) != 0)
        fail_msg("%s %s is not '%s', which the last edit made it", edit->entity, edit->target,
                 edit->value);
    sqlite3_finalize(stmt);
}

struct adjusting {
    struct simulation *s;
    int64_t *times, *sums;
};

static enum status adjusted(void *context, const struct event_block *block, struct error *err)
{
    struct adjusting *a = context;
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; i < run->n && run->ref; i++)
            for (size_t e = 0; strncmp(run->ref[i], "adjust", 6) == 0 && e < a->s->ledger.n; e++)
                if (strcmp(a->s->ledger.at[e].id, run->ref[i]) == 0) {
                    a->times[e]++;
                    a->sums[e] += run->amount ? run->amount[i] : 0;
                }
    }
    return ST_OK;
}

static void points_look(struct simulation *s, int64_t *times, int64_t *sums)
{
    struct reader *reader;
    struct adjusting a = {s, times, sums};
    struct event_query all = {
        .from = INT64_MIN, .columns = (1 << 11) - 1, .nobody = true, .people = true};
    SIM_GOOD(reader_open(s->world->hub, &reader, &s->world->err));
    SIM_GOOD(reader_begin(reader, &s->world->err));
    SIM_GOOD(event_scan(reader, &all, adjusted, &a, &s->world->err));
    reader_end(reader);
    reader_close(reader);
}

void sim_ledger_check(struct simulation *s)
{
    sqlite3 *hub = file_open(s->world->hub_path);
    int64_t *times = mem_zero(s->ledger.n + 1, sizeof *times);
    int64_t *sums = mem_zero(s->ledger.n + 1, sizeof *sums);
    points_look(s, times, sums);
    for (size_t i = 0; i < s->ledger.n; i++) {
        const struct sim_edit *edit = &s->ledger.at[i];
        bool points = strcmp(edit->verb, "points") == 0, done = strcmp(edit->state, "done") == 0;
        if (!points)
            times[i] = times_at_hub(hub, edit->id);
        if (edit->here && !done)
            fail_msg("the edit %s of %s %s still stands as %s", edit->id, edit->entity,
                     edit->target, edit->state);
        if (times[i] > 1)
            fail_msg("the edit %s was applied %lld times", edit->id, (long long)times[i]);
        if (times[i] == 0 && edit->acknowledged && (edit->hub || (edit->here && done)))
            fail_msg("the acknowledged edit %s of %s %s is lost", edit->id, edit->entity,
                     edit->target);
        if (points && times[i] && sums[i] != edit->points)
            fail_msg("the edit %s gave %lld points, not %lld", edit->id, (long long)sums[i],
                     (long long)edit->points);
        if (!points && times[i])
            value_check(hub, edit);
    }
    chains_check(hub);
    free(times);
    free(sums);
    sqlite3_close(hub);
}

static void file_check(struct simulation *s, const char *path)
{
    char texts[2][32];
    size_t n;
    if (access(path, F_OK) != 0)
        return;
    char *bytes = file_read_all(path, &n);
    for (size_t i = 0; i < s->erased.n; i++) {
        snprintf(texts[0], sizeof texts[0], "C%u", 10000 + s->erased.at[i]);
        snprintf(texts[1], sizeof texts[1], "1380000%u", 1000 + s->erased.at[i]);
        for (int t = 0; t < 2; t++)
            if (memmem(bytes, n, texts[t], strlen(texts[t])))
                fail_msg("%s of %u, who was erased, is in %s", texts[t], s->erased.at[i], path);
    }
    free(bytes);
}

void sim_erased_check(struct simulation *s, int replica)
{
    static const char *const rests[] = {"", "-wal", ".making", ".making-wal"};
    char *path = sync_world_path(s->world, s->names[replica]);
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        char *name = mem_printf("%s%s", path, rests[i]);
        file_check(s, name);
        free(name);
    }
    free(path);
}
