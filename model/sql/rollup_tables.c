/* atrium_rollup_day and atrium_rollup_hour: the roll-ups' cells as rows. A comparison of `day`
 * narrows what is read. */
#include "model/sql/sql_tables.h"

#include <stdlib.h>
#include <string.h>

enum { DAY_FIRST = -719162, DAY_LAST = 2932896, MOST_TERMS = 8 };

static const char day_declaration[] =
    "create table x (day integer, tenant integer, kind text, channel text, nobody integer,"
    " count integer, amount integer)";
static const char hour_declaration[] =
    "create table x (day integer, hour integer, zone integer, nobody integer, sightings integer)";

struct table {
    sqlite3_vtab base;
    struct sql_connection *connection;
    bool hours;
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct sql_connection *connection;
    bool hours;
    struct arena *arena;
    const struct rollup_cell *days;
    const struct rollup_hour *hour_cells;
    size_t n, at;
};

/* ---- Planning and starting ---- */

static int rollup_plan(sqlite3_vtab *base, sqlite3_index_info *info)
{
    (void)base;
    char *terms = sqlite3_malloc(MOST_TERMS + 1);
    int n = 0;
    if (!terms)
        return SQLITE_NOMEM;
    info->estimatedCost = 1e6;
    for (int i = 0; i < info->nConstraint && n < MOST_TERMS; i++) {
        const struct sqlite3_index_constraint *c = &info->aConstraint[i];
        if (!c->usable || c->iColumn != 0 ||
            (c->op != SQLITE_INDEX_CONSTRAINT_EQ && c->op != SQLITE_INDEX_CONSTRAINT_GE &&
             c->op != SQLITE_INDEX_CONSTRAINT_GT && c->op != SQLITE_INDEX_CONSTRAINT_LE &&
             c->op != SQLITE_INDEX_CONSTRAINT_LT))
            continue;
        terms[n] = (char)c->op;
        info->aConstraintUsage[i].argvIndex = ++n;
        info->estimatedCost /= 10;
    }
    terms[n] = '\0';
    info->idxStr = terms;
    info->needToFreeIdxStr = 1;
    return SQLITE_OK;
}

static int rollup_start(sqlite3_vtab_cursor *base, int number, const char *terms, int n,
                        sqlite3_value **values)
{
    (void)number;
    struct cursor *c = (struct cursor *)base;
    struct span days = {DAY_FIRST, DAY_LAST};
    struct error err = {0};
    struct reader *reader = c->connection->reader;
    enum status status = ST_OK;
    for (int i = 0; i < n; i++)
        span_narrow(&days, (unsigned char)terms[i], values[i]);
    arena_reset(c->arena);
    c->n = c->at = 0;
    if (days.from >= days.to)
        return SQLITE_OK;
    c->connection->inside++;
    if (c->hours)
        status = rollup_hours(reader, c->arena, (int32_t)days.from, (int32_t)days.to,
                              &c->hour_cells, &c->n, &err);
    else
        status = rollup_days(reader, c->arena, (int32_t)days.from, (int32_t)days.to, &c->days,
                             &c->n, &err);
    c->connection->inside--;
    return status ? sql_table_failed(base->pVtab, status, &err) : SQLITE_OK;
}

/* ---- Rows ---- */

static int rollup_next(sqlite3_vtab_cursor *base)
{
    ((struct cursor *)base)->at++;
    return SQLITE_OK;
}

static int rollup_end(sqlite3_vtab_cursor *base)
{
    struct cursor *c = (struct cursor *)base;
    return c->at >= c->n;
}

static void day_column(struct cursor *c, sqlite3_context *context, int column)
{
    const struct rollup_cell *cell = &c->days[c->at];
    const int64_t numbers[] = {cell->day,    cell->tenant, 0,           0,
                               cell->nobody, cell->count,  cell->amount};
    if (column == 2)
        give_dict_name(context, c->connection, DICT_KIND, cell->kind);
    else if (column == 3)
        give_dict_name(context, c->connection, DICT_CHANNEL, cell->channel);
    else
        sqlite3_result_int64(context, numbers[column]);
}

static void hour_column(struct cursor *c, sqlite3_context *context, int column)
{
    const struct rollup_hour *cell = &c->hour_cells[c->at];
    const int64_t numbers[] = {cell->day, cell->hour, cell->zone, cell->nobody, cell->sightings};
    sqlite3_result_int64(context, numbers[column]);
}

static int rollup_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    struct cursor *c = (struct cursor *)base;
    if (c->hours && column < 5)
        hour_column(c, context, column);
    else if (!c->hours && column < 7)
        day_column(c, context, column);
    return SQLITE_OK;
}

static int rollup_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = (sqlite3_int64)((struct cursor *)base)->at;
    return SQLITE_OK;
}

/* ---- The modules ---- */

static int table_make(sqlite3 *db, void *context, bool hours, sqlite3_vtab **out)
{
    int code = sqlite3_declare_vtab(db, hours ? hour_declaration : day_declaration);
    if (code != SQLITE_OK)
        return code;
    sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
    struct table *table = mem_zero(1, sizeof *table);
    table->connection = context;
    table->hours = hours;
    *out = &table->base;
    return SQLITE_OK;
}

static int day_connect(sqlite3 *db, void *context, int n, const char *const *words,
                       sqlite3_vtab **out, char **message)
{
    (void)n;
    (void)words;
    (void)message;
    return table_make(db, context, false, out);
}

static int hour_connect(sqlite3 *db, void *context, int n, const char *const *words,
                        sqlite3_vtab **out, char **message)
{
    (void)n;
    (void)words;
    (void)message;
    return table_make(db, context, true, out);
}

static int rollup_disconnect(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

static int rollup_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    struct cursor *c = mem_zero(1, sizeof *c);
    c->connection = ((struct table *)base)->connection;
    c->hours = ((struct table *)base)->hours;
    c->arena = arena_new();
    *out = &c->base;
    return SQLITE_OK;
}

static int rollup_close(sqlite3_vtab_cursor *base)
{
    arena_free(((struct cursor *)base)->arena);
    free(base);
    return SQLITE_OK;
}

#define ROLLUP_MODULE(connect)                                                                     \
    {                                                                                              \
        .xConnect = connect, .xBestIndex = rollup_plan, .xDisconnect = rollup_disconnect,          \
        .xOpen = rollup_open, .xClose = rollup_close, .xFilter = rollup_start,                     \
        .xNext = rollup_next, .xEof = rollup_end, .xColumn = rollup_column, .xRowid = rollup_rowid \
    }

int rollup_tables_add(struct sql_connection *connection)
{
    static const sqlite3_module days = ROLLUP_MODULE(day_connect);
    static const sqlite3_module hours = ROLLUP_MODULE(hour_connect);
    int code = sqlite3_create_module(connection->db, "atrium_rollup_day", &days, connection);
    if (code != SQLITE_OK)
        return code;
    return sqlite3_create_module(connection->db, "atrium_rollup_hour", &hours, connection);
}

/* ---- Shared with the events ---- */

void span_narrow(struct span *span, int op, sqlite3_value *value)
{
    int type = sqlite3_value_numeric_type(value);
    /* Anything but a whole number is left to SQLite, which looks at every row again. */
    if (type != SQLITE_INTEGER)
        return;
    int64_t x = sqlite3_value_int64(value);
    int64_t after = x == INT64_MAX ? x : x + 1;
    if ((op == SQLITE_INDEX_CONSTRAINT_EQ || op == SQLITE_INDEX_CONSTRAINT_GE) && x > span->from)
        span->from = x;
    if (op == SQLITE_INDEX_CONSTRAINT_GT && after > span->from)
        span->from = after;
    if ((op == SQLITE_INDEX_CONSTRAINT_EQ || op == SQLITE_INDEX_CONSTRAINT_LE) && after < span->to)
        span->to = after;
    if (op == SQLITE_INDEX_CONSTRAINT_LT && x < span->to)
        span->to = x;
}

void give_dict_name(sqlite3_context *context, struct sql_connection *c, enum dict dict, uint32_t id)
{
    const struct kind_info *kind = dict == DICT_KIND ? kind_by_id((uint16_t)id) : NULL;
    if (kind) {
        sqlite3_result_text(context, kind->name, -1, SQLITE_STATIC);
    } else if (id) {
        c->inside++;
        const char *name = dict_name(c->reader, dict, id);
        c->inside--;
        sqlite3_result_text(context, name, -1, SQLITE_TRANSIENT);
    }
}

int sql_table_failed(sqlite3_vtab *table, enum status status, struct error *err)
{
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf("%s", error_text(err));
    error_clear(err);
    return status == ST_CANCELLED  ? SQLITE_INTERRUPT
           : status == ST_UNUSABLE ? SQLITE_CORRUPT_VTAB
                                   : SQLITE_ERROR;
}

enum status sql_tables_add(struct sql_connection *connection, struct error *err)
{
    if (event_table_add(connection) != SQLITE_OK || rollup_tables_add(connection) != SQLITE_OK)
        return sqlite_status(connection->db, "preparing the question", err);
    return ST_OK;
}
