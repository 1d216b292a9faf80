/*
 * atrium_event: every event a row. A cursor goes along the events of nobody month by month, then
 * block by block of people, and holds the rows of one such piece. Comparisons of time, kind and
 * person narrow what is read, and columns that the question does not name are not decoded.
 */
#include "model/sql/sql_tables.h"

#include <stdlib.h>
#include <string.h>

enum column {
    TIME,
    KIND,
    PERSON,
    TENANT,
    ZONE,
    CHANNEL,
    DEVICE,
    AMOUNT,
    CAMPAIGN,
    ITEM,
    VALUE,
    REF
};

static const char declaration[] =
    "create table x (time integer, kind text, person integer, tenant integer, zone integer,"
    " channel text, device integer, amount integer, campaign integer, item integer, value integer,"
    " ref text)";

static const unsigned column_bits[] = {
    [TIME] = EVENT_TIME,
    [KIND] = 0,
    [PERSON] = 0,
    [TENANT] = EVENT_TENANT,
    [ZONE] = EVENT_ZONE,
    [CHANNEL] = EVENT_CHANNEL,
    [DEVICE] = EVENT_DEVICE,
    [AMOUNT] = EVENT_AMOUNT,
    [CAMPAIGN] = EVENT_CAMPAIGN,
    [ITEM] = EVENT_ITEM,
    [VALUE] = EVENT_VALUE,
    [REF] = EVENT_REF,
};

enum { WEEK_SECONDS = 7 * 86400, MOST_TERMS = 8 };

struct table {
    sqlite3_vtab base;
    struct sql_connection *connection;
};

struct row {
    int64_t time, amount;
    uint32_t person, tenant, zone, device, campaign, item;
    int32_t value;
    uint16_t kind, channel;
    const char *ref;
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct sql_connection *connection;
    struct event_query query;
    uint16_t kind;
    struct span time, person;
    int64_t next_time;  /* of nobody's events; past the end: done with them */
    int64_t next_block; /* of people */
    int64_t last_block;
    VEC(struct row) rows;
    size_t at;
    int64_t rowid;
    struct arena *arena; /* of the piece's texts */
};

/* ---- Planning: "column:op" pairs in idxStr, columns in idxNum ---- */

static bool is_useful(int column, int op)
{
    if (column == KIND || column == PERSON)
        return op == SQLITE_INDEX_CONSTRAINT_EQ;
    return column == TIME &&
           (op == SQLITE_INDEX_CONSTRAINT_EQ || op == SQLITE_INDEX_CONSTRAINT_GE ||
            op == SQLITE_INDEX_CONSTRAINT_GT || op == SQLITE_INDEX_CONSTRAINT_LE ||
            op == SQLITE_INDEX_CONSTRAINT_LT);
}

static int event_plan(sqlite3_vtab *base, sqlite3_index_info *info)
{
    (void)base;
    char *terms = sqlite3_malloc(2 * MOST_TERMS + 1);
    int n = 0;
    double cost = 1e9;
    if (!terms)
        return SQLITE_NOMEM;
    for (int i = 0; i < info->nConstraint && n < MOST_TERMS; i++) {
        const struct sqlite3_index_constraint *c = &info->aConstraint[i];
        if (!c->usable || !is_useful(c->iColumn, c->op))
            continue;
        terms[2 * n] = (char)('a' + c->iColumn);
        terms[2 * n + 1] = (char)c->op;
        info->aConstraintUsage[i].argvIndex = ++n;
        cost /= c->iColumn == PERSON ? 10000 : 10;
    }
    terms[2 * n] = '\0';
    info->idxStr = terms;
    info->needToFreeIdxStr = 1;
    info->idxNum = (int)(info->colUsed & 0xFFF);
    info->estimatedCost = cost;
    info->estimatedRows = (sqlite3_int64)cost;
    return SQLITE_OK;
}

/* ---- Reading a piece ---- */

static enum status piece_take(void *context, const struct event_block *block, struct error *err)
{
    struct cursor *c = context;
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        vec_reserve(&c->rows, run->n);
        for (size_t i = 0; i < run->n; i++) {
            struct row row = {.kind = run->kind, .time = run->time[i]};
            row.person = run->person ? run->person[i] : 0;
            row.tenant = run->tenant ? run->tenant[i] : 0;
            row.zone = run->zone ? run->zone[i] : 0;
            row.device = run->device ? run->device[i] : 0;
            row.campaign = run->campaign ? run->campaign[i] : 0;
            row.item = run->item ? run->item[i] : 0;
            row.channel = run->channel ? run->channel[i] : 0;
            row.amount = run->amount ? run->amount[i] : 0;
            row.value = run->value ? run->value[i] : 0;
            row.ref = run->ref && run->ref[i] && *run->ref[i] ? arena_strdup(c->arena, run->ref[i])
                                                              : NULL;
            c->rows.at[c->rows.n++] = row;
        }
    }
    return ST_OK;
}

static enum status piece_read(struct cursor *c, const struct event_query *query, struct error *err)
{
    c->rows.n = 0;
    c->at = 0;
    arena_reset(c->arena);
    return event_scan(c->connection->reader, query, piece_take, c, err);
}

/* Nobody's events of the next week, or people's of the next block. */
static enum status piece_next(struct cursor *c, struct error *err)
{
    struct event_query query = c->query;
    if (c->next_time < c->time.to) {
        query.nobody = true;
        query.from = c->next_time;
        c->next_time =
            c->time.to - c->next_time > WEEK_SECONDS ? c->next_time + WEEK_SECONDS : c->time.to;
        query.to = c->next_time;
        return piece_read(c, &query, err);
    }
    int64_t first = c->next_block << EVENT_BLOCK_BITS, last = first + EVENT_BLOCK - 1;
    c->next_block++;
    query.people = true;
    query.from = c->time.from;
    query.to = c->time.to;
    first = first < c->person.from ? c->person.from : first;
    last = last >= c->person.to ? c->person.to - 1 : last;
    if (first > last || last < 1)
        return ST_OK;
    query.person_first = (uint32_t)(first ? first : 1);
    query.person_last = (uint32_t)last;
    return piece_read(c, &query, err);
}

static bool is_over(const struct cursor *c)
{
    return c->next_time >= c->time.to && c->next_block > c->last_block;
}

static int cursor_fill(struct cursor *c)
{
    while (c->at >= c->rows.n && !is_over(c)) {
        struct error err = {0};
        c->connection->inside++;
        enum status status = piece_next(c, &err);
        c->connection->inside--;
        if (status)
            return sql_table_failed(c->base.pVtab, status, &err);
        if (sql_ended(c->connection))
            return SQLITE_INTERRUPT;
    }
    return SQLITE_OK;
}

/* ---- Starting ---- */

static bool kind_narrow(struct cursor *c, sqlite3_value *value)
{
    const char *name = (const char *)sqlite3_value_text(value);
    size_t n = (size_t)sqlite3_value_bytes(value);
    const struct kind_info *kind = name ? kind_by_name(name, n) : NULL;
    uint32_t id = kind ? kind->id : name ? dict_id(c->connection->reader, DICT_KIND, name, n) : 0;
    bool possible = id && (!c->kind || c->kind == id);
    c->kind = (uint16_t)id;
    return possible;
}

/* The span that can hold anything: what is open would be too many months. */
static enum status cursor_bounds(struct cursor *c, struct error *err)
{
    struct event_totals totals;
    int64_t people;
    enum status status = event_totals(c->connection->reader, &totals, err);
    if (!status)
        status = reader_integer(c->connection->reader,
                                "select value from counter where name = 'person'", 0, &people, err);
    if (status)
        return status;
    c->time =
        (struct span){totals.first, totals.events + totals.lines ? totals.last + 1 : totals.first};
    c->person = (struct span){0, people + 1};
    return ST_OK;
}

static int event_start(sqlite3_vtab_cursor *base, int columns, const char *terms, int n,
                       sqlite3_value **values)
{
    struct cursor *c = (struct cursor *)base;
    struct error err = {0};
    bool possible = true;
    c->rows.n = c->at = 0;
    c->rowid = 0;
    c->kind = 0;
    c->connection->inside++;
    enum status status = cursor_bounds(c, &err);
    for (int i = 0; !status && i < n; i++) {
        int column = terms[2 * i] - 'a', op = (unsigned char)terms[2 * i + 1];
        if (column == KIND)
            possible = kind_narrow(c, values[i]) && possible;
        else
            span_narrow(column == TIME ? &c->time : &c->person, op, values[i]);
    }
    c->connection->inside--;
    if (status)
        return sql_table_failed(base->pVtab, status, &err);
    c->query = (struct event_query){.columns = EVENT_TIME};
    for (int i = 0; i <= REF; i++)
        c->query.columns |= columns >> i & 1 ? column_bits[i] : 0;
    c->query.kinds = c->kind ? &c->kind : NULL;
    c->query.n_kinds = c->kind ? 1 : 0;
    possible = possible && c->time.from < c->time.to && c->person.from < c->person.to;
    c->next_time = possible && c->person.from == 0 ? c->time.from : c->time.to;
    c->next_block = possible ? c->person.from >> EVENT_BLOCK_BITS : 1;
    c->last_block = possible ? (c->person.to - 1) >> EVENT_BLOCK_BITS : 0;
    return cursor_fill(c);
}

/* ---- Rows ---- */

static int event_next(sqlite3_vtab_cursor *base)
{
    struct cursor *c = (struct cursor *)base;
    c->at++;
    c->rowid++;
    return cursor_fill(c);
}

static int event_end(sqlite3_vtab_cursor *base)
{
    struct cursor *c = (struct cursor *)base;
    return c->at >= c->rows.n;
}

static void give_number(sqlite3_context *context, uint32_t number)
{
    sqlite3_result_int64(context, number);
}

static int event_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    struct cursor *c = (struct cursor *)base;
    const struct row *row = &c->rows.at[c->at];
    switch (column) {
    case TIME:
        sqlite3_result_int64(context, row->time);
        break;
    case KIND:
        give_dict_name(context, c->connection, DICT_KIND, row->kind);
        break;
    case PERSON:
        give_number(context, row->person);
        break;
    case TENANT:
        give_number(context, row->tenant);
        break;
    case ZONE:
        give_number(context, row->zone);
        break;
    case CHANNEL:
        give_dict_name(context, c->connection, DICT_CHANNEL, row->channel);
        break;
    case DEVICE:
        give_number(context, row->device);
        break;
    case AMOUNT:
        sqlite3_result_int64(context, row->amount);
        break;
    case CAMPAIGN:
        give_number(context, row->campaign);
        break;
    case ITEM:
        give_number(context, row->item);
        break;
    case VALUE:
        sqlite3_result_int(context, row->value);
        break;
    case REF:
        sqlite3_result_text(context, row->ref, -1, SQLITE_TRANSIENT);
        break;
    default:
        break;
    }
    return SQLITE_OK;
}

static int event_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = ((struct cursor *)base)->rowid;
    return SQLITE_OK;
}

/* ---- The module ---- */

static int event_connect(sqlite3 *db, void *context, int n, const char *const *words,
                         sqlite3_vtab **out, char **message)
{
    (void)n;
    (void)words;
    (void)message;
    int code = sqlite3_declare_vtab(db, declaration);
    if (code != SQLITE_OK)
        return code;
    sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
    struct table *table = mem_zero(1, sizeof *table);
    table->connection = context;
    *out = &table->base;
    return SQLITE_OK;
}

static int event_disconnect(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

static int event_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    struct cursor *c = mem_zero(1, sizeof *c);
    c->connection = ((struct table *)base)->connection;
    c->arena = arena_new();
    *out = &c->base;
    return SQLITE_OK;
}

static int event_close(sqlite3_vtab_cursor *base)
{
    struct cursor *c = (struct cursor *)base;
    vec_free(&c->rows);
    arena_free(c->arena);
    free(c);
    return SQLITE_OK;
}

int event_table_add(struct sql_connection *connection)
{
    static const sqlite3_module module = {
        .xConnect = event_connect,
        .xBestIndex = event_plan,
        .xDisconnect = event_disconnect,
        .xOpen = event_open,
        .xClose = event_close,
        .xFilter = event_start,
        .xNext = event_next,
        .xEof = event_end,
        .xColumn = event_column,
        .xRowid = event_rowid,
    };
    return sqlite3_create_module(connection->db, "atrium_event", &module, connection);
}
