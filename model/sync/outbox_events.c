/* Events that edits made on a replica, when a new copy takes its place: those that the hub has not
 * sent go along, and those that are in the copy already do not, or they would count twice. */
#include "model/sync/outbox_parts.h"

#include "model/event/catalog.h"
#include "model/event/chunk.h"
#include "model/store/column.h"
#include "model/store/sqlite.h"
#include "model/sync/policy.h"

#include <string.h>

struct own {
    int64_t seq, time;
    uint16_t kind;
    const char *ref;
    bool there;
};
struct owns {
    VEC(struct own) all;
};

/* A role that has no events, or no references by which the hub's would be known, takes none. */
static enum status role_takes(struct writer *to, bool *takes, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(to, "select value from sync where name = 'role'", &stmt, err);
    if (status != ST_OK)
        return status;
    const struct role_info *role =
        sqlite3_step(stmt) == SQLITE_ROW ? role_by_name(column_text(stmt, 0)) : NULL;
    *takes = role && policy_events(role->role) &&
             !(policy_event_columns_out(role->role) >> COLUMN_REF & 1);
    sqlite3_reset(stmt);
    return ST_OK;
}

static enum status owns_read(struct writer *from, struct arena *arena, struct owns *owns,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    int code;
    enum status status = writer_prepare(
        from, "select seq, time, kind, ref from tail where seq < 0 order by seq desc", &stmt, err);
    if (status != ST_OK)
        return status;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct own own = {sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
                          (uint16_t)sqlite3_column_int(stmt, 2),
                          arena_strdup(arena, column_text(stmt, 3)), false};
        vec_push(&owns->all, own);
    }
    if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(from), "reading the tail", err);
    sqlite3_reset(stmt);
    return status;
}

static enum status block_look(void *context, const struct event_block *block, struct error *err)
{
    struct owns *owns = context;
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; run->ref && i < run->n; i++)
            for (size_t o = 0; o < owns->all.n && *run->ref[i]; o++)
                if (owns->all.at[o].kind == run->kind &&
                    strcmp(owns->all.at[o].ref, run->ref[i]) == 0)
                    owns->all.at[o].there = true;
    }
    return ST_OK;
}

/* The hub's stands at the same time, if perhaps with another person by now. Events of one second
 * are in one month, so little is read. */
static enum status owns_look(struct reader *reader, struct owns *owns, struct error *err)
{
    enum status status = reader_begin(reader, err);
    for (size_t i = 0; i < owns->all.n && status == ST_OK; i++) {
        struct own *own = &owns->all.at[i];
        struct event_query query = {.from = own->time,
                                    .to = own->time + 1,
                                    .kinds = &own->kind,
                                    .n_kinds = 1,
                                    .columns = EVENT_REF,
                                    .nobody = true,
                                    .people = true};
        if (!own->there && *own->ref)
            status = event_scan(reader, &query, block_look, owns, err);
    }
    reader_end(reader);
    return status;
}

static enum status own_copy(struct writer *from, struct writer *to, int64_t seq, struct error *err)
{
    sqlite3_stmt *stmt, *into;
    enum status status =
        writer_prepare(from, "select seq, " TAIL_COLUMNS " from tail where seq = ?1", &stmt, err);
    if (status == ST_OK)
        status = writer_prepare(to,
                                "insert or ignore into tail (seq, " TAIL_COLUMNS ") values"
                                " (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                                &into, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, seq);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        for (int i = 0; i < 14; i++)
            sqlite3_bind_value(into, i + 1, sqlite3_column_value(stmt, i));
        status = writer_run(to, into, err);
    }
    sqlite3_reset(stmt);
    return status;
}

enum status outbox_events_carry(struct writer *from, struct writer *to, struct error *err)
{
    struct owns owns = {0};
    struct arena *arena = arena_new();
    struct reader *reader = NULL;
    bool takes = false;
    enum status status = role_takes(to, &takes, err);
    if (status == ST_OK && takes)
        status = owns_read(from, arena, &owns, err);
    if (status == ST_OK && owns.all.n)
        status = reader_open(writer_mall(to), &reader, err);
    if (status == ST_OK && owns.all.n)
        status = owns_look(reader, &owns, err);
    reader_close(reader);
    for (size_t i = 0; i < owns.all.n && status == ST_OK; i++)
        if (!owns.all.at[i].there)
            status = own_copy(from, to, owns.all.at[i].seq, err);
    vec_free(&owns.all);
    arena_free(arena);
    return status;
}
