#include "model/event/vtab.h"

#include "model/event/scan.h"

#include <stdlib.h>

enum vtab_column {
    V_TIME,
    V_PERSON,
    V_SUBJECT,
    V_KIND,
    V_TENANT,
    V_ZONE,
    V_CHANNEL,
    V_DEVICE,
    V_AMOUNT,
    V_CAMPAIGN,
    V_ITEM,
    V_VALUE,
    V_REF,
    V_COUNT
};

/* What each column of the table needs to be read. */
static const struct {
    const char *declaration;
    unsigned columns; /* enum event_column */
} vtab_columns[V_COUNT] = {
    [V_TIME] = {"time integer", 0},
    [V_PERSON] = {"person integer", 0},
    [V_SUBJECT] = {"subject text", 0},
    [V_KIND] = {"kind text", 0},
    [V_TENANT] = {"tenant text", EVENT_TENANT},
    [V_ZONE] = {"zone text", EVENT_ZONE},
    [V_CHANNEL] = {"channel text", EVENT_CHANNEL},
    [V_DEVICE] = {"device text", EVENT_DEVICE},
    [V_AMOUNT] = {"amount integer", EVENT_AMOUNT},
    [V_CAMPAIGN] = {"campaign text", EVENT_CAMPAIGN},
    [V_ITEM] = {"item integer", EVENT_ITEM},
    [V_VALUE] = {"value integer", EVENT_VALUE},
    [V_REF] = {"ref text", EVENT_REF},
};

struct table {
    sqlite3_vtab base;
    const struct mall *mall;
    struct reader *reader; /* made when first asked */
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct event_query query;
    uint16_t kind;
    bool scanning, ended;
    struct scan scan;
    struct scan_job job;
    struct assembler *assembler;
    const struct event_block *block;
    size_t run, row;
    sqlite3_int64 rowid;
    uint32_t subject_of; /* whose card is in `subject` */
    char *subject;
};

static int fail(sqlite3_vtab *table, struct error *err)
{
    enum status status = err->status;
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf("%s", error_text(err));
    error_clear(err);
    return status == ST_CANCELLED ? SQLITE_INTERRUPT : SQLITE_ERROR;
}

/* ---- The table ---- */

static int table_connect(sqlite3 *db, void *mall, int argc, const char *const *argv,
                         sqlite3_vtab **out, char **message)
{
    (void)argc;
    (void)argv;
    (void)message;
    struct arena *arena = arena_new();
    const char *sql = "create table event(";
    for (int i = 0; i < V_COUNT; i++)
        sql = arena_printf(arena, "%s%s%s", sql, i ? ", " : "", vtab_columns[i].declaration);
    int code = sqlite3_declare_vtab(db, arena_printf(arena, "%s)", sql));
    arena_free(arena);
    if (code != SQLITE_OK)
        return code;
    sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
    struct table *table = mem_zero(1, sizeof *table);
    table->mall = mall;
    *out = &table->base;
    return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *base)
{
    struct table *table = (struct table *)base;
    reader_close(table->reader);
    free(table);
    return SQLITE_OK;
}

/* ---- Which conditions are used ---- */

/*
 * The plan is a text of two characters a condition: the column ('t', 'p', 'k') and the comparison
 * ('=', '<', 'l' for at most, '>', 'g' for at least); its values come in the same order. The
 * plan's number is the columns to read.
 */
static char plan_column(int column)
{
    return column == V_TIME ? 't' : column == V_PERSON ? 'p' : column == V_KIND ? 'k' : '\0';
}

static char plan_comparison(int op)
{
    switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        return '=';
    case SQLITE_INDEX_CONSTRAINT_LT:
        return '<';
    case SQLITE_INDEX_CONSTRAINT_LE:
        return 'l';
    case SQLITE_INDEX_CONSTRAINT_GT:
        return '>';
    case SQLITE_INDEX_CONSTRAINT_GE:
        return 'g';
    default:
        return '\0';
    }
}

static double plan_cost(const char *plan)
{
    double cost = 1e8;
    for (; *plan; plan += 2) {
        if (plan[0] == 'p')
            cost /= plan[1] == '=' ? 1e5 : 4;
        else if (plan[0] == 'k')
            cost /= 10;
        else
            cost /= plan[1] == '=' ? 1e5 : 4;
    }
    return cost < 10 ? 10 : cost;
}

static int table_best(sqlite3_vtab *base, sqlite3_index_info *info)
{
    (void)base;
    char *plan = sqlite3_malloc(2 * info->nConstraint + 1);
    if (!plan)
        return SQLITE_NOMEM;
    int n = 0;
    for (int i = 0; i < info->nConstraint; i++) {
        char column = plan_column(info->aConstraint[i].iColumn);
        char op = plan_comparison(info->aConstraint[i].op);
        if (!info->aConstraint[i].usable || !column || !op || (column == 'k' && op != '='))
            continue;
        plan[2 * n] = column;
        plan[2 * n + 1] = op;
        info->aConstraintUsage[i].argvIndex = ++n;
    }
    plan[2 * n] = '\0';
    info->idxNum = 0;
    for (int i = 0; i < V_COUNT; i++)
        if (info->colUsed >> i & 1)
            info->idxNum |= (int)vtab_columns[i].columns;
    info->idxStr = plan;
    info->needToFreeIdxStr = 1;
    info->estimatedCost = plan_cost(plan);
    info->estimatedRows = (sqlite3_int64)info->estimatedCost;
    return SQLITE_OK;
}

/* ---- Cursors ---- */

static int cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    struct table *table = (struct table *)base;
    struct error err = {0};
    if (!table->reader && reader_open(table->mall, &table->reader, &err) != ST_OK)
        return fail(base, &err);
    struct cursor *cursor = mem_zero(1, sizeof *cursor);
    *out = &cursor->base;
    return SQLITE_OK;
}

static void cursor_stop(struct cursor *cursor)
{
    if (cursor->scanning)
        scan_end(&cursor->scan);
    cursor->scanning = false;
    assembler_free(cursor->assembler);
    cursor->assembler = NULL;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    cursor_stop(cursor);
    scan_job_free(&cursor->job);
    free(cursor->subject);
    free(cursor);
    return SQLITE_OK;
}

/* The next block with events. */
static int cursor_block(struct cursor *cursor)
{
    struct error err = {0};
    do {
        bool more;
        enum status status = scan_fetch(&cursor->scan, &cursor->job, &more, &err);
        if (status == ST_OK && !more) {
            cursor->ended = true;
            return SQLITE_OK;
        }
        if (status == ST_OK)
            status = assembler_run(cursor->assembler, &cursor->job.assembly, &cursor->block, &err);
        if (status != ST_OK)
            return fail(cursor->base.pVtab, &err);
    } while (cursor->block->n_runs == 0);
    cursor->run = cursor->row = 0;
    return SQLITE_OK;
}

/* A number of a condition between the numbers there can be; what is no number limits nothing here,
 * as SQLite compares once more. */
static bool bound(sqlite3_value *value, int64_t *number)
{
    int type = sqlite3_value_type(value);
    if (type == SQLITE_INTEGER) {
        *number = sqlite3_value_int64(value);
        return true;
    }
    double real = sqlite3_value_double(value);
    if (type != SQLITE_FLOAT || real < -9e15 || real > 9e15)
        return false;
    *number = (int64_t)real;
    return (double)*number == real;
}

struct range {
    int64_t least, most; /* both included */
};

static void range_narrow(struct range *range, char op, int64_t number)
{
    int64_t least = op == '>' ? (number == INT64_MAX ? number : number + 1)
                              : (op == '=' || op == 'g' ? number : INT64_MIN);
    int64_t most = op == '<' ? (number == INT64_MIN ? number : number - 1)
                             : (op == '=' || op == 'l' ? number : INT64_MAX);
    range->least = least > range->least ? least : range->least;
    range->most = most < range->most ? most : range->most;
}

/* The query of a plan; false where nothing can match. */
static bool query_make(struct cursor *cursor, const char *plan, sqlite3_value **values)
{
    struct table *table = (struct table *)cursor->base.pVtab;
    struct range time = {INT64_MIN, INT64_MAX}, person = {INT64_MIN, INT64_MAX};
    bool about_person = false;
    cursor->query.kinds = NULL;
    for (; *plan; plan += 2, values++) {
        int64_t number;
        if (sqlite3_value_type(*values) == SQLITE_NULL)
            return false;
        about_person = about_person || *plan == 'p';
        if (*plan == 'k') {
            const char *name = (const char *)sqlite3_value_text(*values);
            uint16_t kind = (uint16_t)dict_id(table->reader, DICT_KIND, name, strlen(name));
            if (kind == 0 || (cursor->query.kinds && kind != cursor->kind))
                return false;
            cursor->kind = kind;
            cursor->query.kinds = &cursor->kind;
            cursor->query.n_kinds = 1;
        } else if (bound(*values, &number)) {
            range_narrow(*plan == 't' ? &time : &person, plan[1], number);
        }
    }
    if (time.least > time.most || person.least > person.most || person.most < 0 ||
        person.least > UINT32_MAX)
        return false;
    cursor->query.from = time.least;
    cursor->query.to = time.most == INT64_MAX ? 0 : time.most + 1;
    if (cursor->query.to == 0 && time.most != INT64_MAX)
        cursor->query.to = 1; /* up to 1970-01-01: 0 would mean no end */
    cursor->query.people = true;
    cursor->query.nobody = !about_person;
    cursor->query.person_first = person.least < 1 ? 1 : (uint32_t)person.least;
    cursor->query.person_last = person.most > UINT32_MAX ? UINT32_MAX : (uint32_t)person.most;
    return true;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int columns, const char *plan, int n,
                         sqlite3_value **values)
{
    struct cursor *cursor = (struct cursor *)base;
    struct table *table = (struct table *)base->pVtab;
    struct error err = {0};
    (void)n;
    cursor_stop(cursor);
    cursor->ended = false;
    cursor->rowid = 0;
    cursor->query = (struct event_query){.columns = (unsigned)columns};
    if (!query_make(cursor, plan, values)) {
        cursor->ended = true;
        return SQLITE_OK;
    }
    cursor->assembler = assembler_new(&cursor->query);
    cursor->scanning = true;
    if (scan_begin(&cursor->scan, table->reader, &cursor->query, &err) != ST_OK)
        return fail(base->pVtab, &err);
    return cursor_block(cursor);
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    cursor->rowid++;
    if (++cursor->row < cursor->block->runs[cursor->run].n)
        return SQLITE_OK;
    cursor->row = 0;
    return ++cursor->run < cursor->block->n_runs ? SQLITE_OK : cursor_block(cursor);
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    return ((struct cursor *)base)->ended;
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = ((struct cursor *)base)->rowid;
    return SQLITE_OK;
}

/* ---- Values ---- */

/* The person's card, or whatever name an event's subject had; kept while the person stays. */
static const char *subject_of(struct cursor *cursor, uint32_t person)
{
    struct reader *reader = ((struct table *)cursor->base.pVtab)->reader;
    sqlite3_stmt *stmt;
    bool row = false;
    if (person == cursor->subject_of)
        return cursor->subject;
    free(cursor->subject);
    cursor->subject = NULL;
    cursor->subject_of = person;
    if (reader_prepare(reader,
                       "select coalesce((select card from member where person = ?1),"
                       " (select min(value) from identity where person = ?1 and kind = 'card'))",
                       &stmt, NULL) != ST_OK)
        return NULL;
    sqlite3_bind_int64(stmt, 1, person);
    if (reader_step(reader, stmt, &row, NULL) == ST_OK && row && sqlite3_column_text(stmt, 0))
        cursor->subject = mem_strdup((const char *)sqlite3_column_text(stmt, 0));
    sqlite3_reset(stmt);
    return cursor->subject;
}

static void give_text(sqlite3_context *to, const char *text)
{
    if (text && *text)
        sqlite3_result_text(to, text, -1, SQLITE_TRANSIENT);
}

static void give_name(sqlite3_context *to, struct cursor *cursor, enum dict dict, uint32_t id)
{
    if (id)
        give_text(to, dict_name(((struct table *)cursor->base.pVtab)->reader, dict, id));
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *to, int column)
{
    struct cursor *cursor = (struct cursor *)base;
    const struct event_run *run = &cursor->block->runs[cursor->run];
    size_t row = cursor->row;
    uint32_t person = run->person[row];
#define AT(field) (run->field ? run->field[row] : 0)
    switch ((enum vtab_column)column) {
    case V_TIME:
        sqlite3_result_int64(to, run->time[row]);
        break;
    case V_PERSON:
        if (person)
            sqlite3_result_int64(to, person);
        break;
    case V_SUBJECT:
        give_text(to, person ? subject_of(cursor, person) : NULL);
        break;
    case V_KIND:
        give_name(to, cursor, DICT_KIND, run->kind);
        break;
    case V_TENANT:
        give_name(to, cursor, DICT_TENANT, AT(tenant));
        break;
    case V_ZONE:
        give_name(to, cursor, DICT_ZONE, AT(zone));
        break;
    case V_CHANNEL:
        give_name(to, cursor, DICT_CHANNEL, AT(channel));
        break;
    case V_DEVICE:
        give_name(to, cursor, DICT_DEVICE, AT(device));
        break;
    case V_AMOUNT:
        sqlite3_result_int64(to, AT(amount));
        break;
    case V_CAMPAIGN:
        give_name(to, cursor, DICT_CAMPAIGN, AT(campaign));
        break;
    case V_ITEM:
        if (AT(item))
            sqlite3_result_int64(to, AT(item));
        break;
    case V_VALUE:
        sqlite3_result_int64(to, AT(value));
        break;
    case V_REF:
        give_text(to, run->ref ? run->ref[row] : NULL);
        break;
    case V_COUNT:
        break;
    }
#undef AT
    return SQLITE_OK;
}

static const sqlite3_module module = {
    .iVersion = 1,
    .xConnect = table_connect,
    .xBestIndex = table_best,
    .xDisconnect = table_disconnect,
    .xDestroy = table_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_filter,
    .xNext = cursor_next,
    .xEof = cursor_eof,
    .xColumn = cursor_column,
    .xRowid = cursor_rowid,
};

enum status event_vtab_register(sqlite3 *db, const struct mall *mall, struct error *err)
{
    /* SQLite hands the context back unchanged; the table only reads it. */
    if (sqlite3_create_module_v2(db, "event", &module, (void *)mall, NULL) != SQLITE_OK)
        return sqlite_status(db, "making the table of events", err);
    return ST_OK;
}

enum status event_vtab_hook(struct reader *reader, sqlite3 *db, struct error *err)
{
    return event_vtab_register(db, reader_mall(reader), err);
}
