#include "model/sync/making.h"

#include "model/base/arena.h"
#include "model/base/vec.h"
#include "model/store/change.h"
#include "model/store/column.h"
#include "model/store/migrate.h"
#include "model/store/sqlite.h"
#include "model/sync/position.h"

#include <pthread.h>
#include <string.h>

/* Indices of what comes as rows. What is kept by batch is little, or is looked for by its index. */
static const char indices_sql[] =
    "select name, tbl_name, sql from sqlite_schema where type = 'index' and sql is not null"
    " order by rootpage";

/* Where a row went from one key to a later one while the copy was made, it came twice. The first
 * is the old one, and comes anew when the copy catches up, as it was changed since. */
static const struct {
    const char *index, *older_sql;
} twice[] = {
    {"contact_value", "delete from contact where (person, kind, value) in (select min(person),"
                      " kind, value from contact group by kind, value having count(*) > 1)"},
    {"member_card", "delete from member where person in (select min(person) from member group by"
                    " card having count(*) > 1)"},
    {"coupon_issue_ref",
     "delete from coupon where rowid in (select min(rowid) from coupon where issue_ref is not null"
     " group by issue_ref having count(*) > 1)"},
};

/* ---- The schema's indices ---- */

struct index {
    const char *name, *table, *sql;
};
struct indices {
    struct arena *arena;
    VEC(struct index) all;
};

static enum status indices_read(sqlite3 *db, struct indices *indices, struct error *err)
{
    sqlite3_stmt *stmt;
    int code;
    if (sqlite3_prepare_v2(db, indices_sql, -1, &stmt, NULL) != SQLITE_OK)
        return sqlite_status(db, "reading the schema", err);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        vec_push(&indices->all, (struct index){arena_strdup(indices->arena, column_text(stmt, 0)),
                                               arena_strdup(indices->arena, column_text(stmt, 1)),
                                               arena_strdup(indices->arena, column_text(stmt, 2))});
    enum status status = code == SQLITE_DONE ? ST_OK : sqlite_status(db, "reading the schema", err);
    sqlite3_finalize(stmt);
    return status;
}

/* As the program has it: a file whose indices were taken away does not tell. */
static enum status indices_built_in(struct indices *indices, struct error *err)
{
    sqlite3 *db;
    struct migrations built_in = migrations_built_in();
    enum status status = sqlite_connect(":memory:", "the schema",
                                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db, err);
    if (status != ST_OK)
        return status;
    status = migrate_database(db, &built_in, built_in.n, err);
    if (status == ST_OK)
        status = indices_read(db, indices, err);
    sqlite3_close(db);
    return status;
}

static struct indices indices_new(void)
{
    return (struct indices){.arena = arena_new()};
}

static void indices_free(struct indices *indices)
{
    vec_free(&indices->all);
    arena_free(indices->arena);
}

/* Read once, as a copy asks for them at each of its indices. */
static enum status indices_of_schema(struct indices *indices, struct error *err)
{
    static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    static struct indices known;
    static int version;
    enum status status = ST_OK;
    pthread_mutex_lock(&turn);
    if (version != migrations_built_in().n) {
        indices_free(&known);
        known = indices_new();
        status = indices_built_in(&known, err);
        version = status == ST_OK ? migrations_built_in().n : 0;
    }
    for (size_t i = 0; i < known.all.n && status == ST_OK; i++) {
        const struct index *index = &known.all.at[i];
        vec_push(&indices->all, (struct index){arena_strdup(indices->arena, index->name),
                                               arena_strdup(indices->arena, index->table),
                                               arena_strdup(indices->arena, index->sql)});
    }
    pthread_mutex_unlock(&turn);
    return status;
}

static const struct index *index_find(const struct indices *indices, const char *name)
{
    for (size_t i = 0; i < indices->all.n; i++)
        if (strcmp(indices->all.at[i].name, name) == 0)
            return &indices->all.at[i];
    return NULL;
}

/* The number of its table's place; -1 where it is of none and stays. */
static int index_place(const struct index *index)
{
    const struct change_place *place = change_place_find(index->table);
    return place ? place->number : -1;
}

/* ---- In the file ---- */

static enum status run_alone(struct side *side, const char *sql, struct error *err)
{
    enum status status = writer_begin(side->writer, err);
    if (status == ST_OK) {
        change_capture(side->writer, false);
        status = sqlite_run(writer_db(side->writer), sql, "making a first copy", err);
    }
    if (status == ST_OK)
        status = writer_commit(side->writer, err);
    writer_rollback(side->writer);
    return status;
}

enum status making_go_on(struct side *side, struct error *err)
{
    enum status status = writer_relax(side->writer, true, err);
    return status == ST_OK
               ? sqlite_run(writer_db(side->writer), "pragma temp_store = file; pragma threads = 2",
                            "opening a first copy", err)
               : status;
}

/* Places before this one have all their rows. */
static int place_reached(const struct side *side)
{
    struct position position;
    if (!position_parse(side->position, &position))
        return 0;
    return position.copy ? position.place : INT32_MAX;
}

enum status making_begin(struct side *side, struct error *err)
{
    struct indices there = indices_new();
    int reached = place_reached(side);
    enum status status = making_go_on(side, err);
    if (status == ST_OK)
        status = indices_read(writer_db(side->writer), &there, err);
    char *sql = arena_strdup(there.arena, "");
    for (size_t i = 0; i < there.all.n; i++)
        if (index_place(&there.all.at[i]) >= reached)
            sql = arena_printf(there.arena, "%sdrop index %s;", sql, there.all.at[i].name);
    if (status == ST_OK && *sql)
        status = run_alone(side, sql, err);
    indices_free(&there);
    return status;
}

static enum status index_make(struct side *side, const struct index *index, struct error *err)
{
    enum status status = run_alone(side, index->sql, err);
    for (size_t i = 0; status == ST_REFUSED && i < sizeof twice / sizeof *twice; i++) {
        if (strcmp(twice[i].index, index->name) != 0)
            continue;
        error_clear(err);
        status = run_alone(side, twice[i].older_sql, err);
        if (status == ST_OK)
            status = run_alone(side, index->sql, err);
        break;
    }
    return status;
}

enum status making_index(struct side *side, bool *done, struct error *err)
{
    struct indices wanted = indices_new(), there = indices_new();
    const struct index *lacking = NULL;
    int reached = place_reached(side);
    enum status status = indices_of_schema(&wanted, err);
    if (status == ST_OK)
        status = indices_read(writer_db(side->writer), &there, err);
    for (size_t i = 0; status == ST_OK && i < wanted.all.n && !lacking; i++)
        if (index_place(&wanted.all.at[i]) < reached && !index_find(&there, wanted.all.at[i].name))
            lacking = &wanted.all.at[i];
    *done = !lacking;
    if (lacking)
        status = index_make(side, lacking, err);
    indices_free(&wanted);
    indices_free(&there);
    return status;
}
