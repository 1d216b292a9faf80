#include "model/sql/sql_connection.h"

#include "model/sql/sql_tables.h"
#include "model/store/sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

enum { STEPS_PER_LOOK = 1000 };

bool sql_view_open(const struct sql_view *view, const struct access *access)
{
    return access_may(access, RIGHT_SQL | view->rights);
}

/* ---- What a statement may do ---- */

static bool is_function(const char *name)
{
    for (size_t i = 0; i < n_sql_functions; i++)
        if (strcasecmp(sql_functions[i].name, name) == 0)
            return true;
    return false;
}

static bool is_secret(const struct sql_connection *c, const char *name)
{
    return name && strncmp(name, c->secret, strlen(c->secret)) == 0;
}

static int refuse(struct sql_connection *c, const char *what, const char *name)
{
    free(c->refused);
    c->refused = mem_printf("%s%s%s", what, name ? " " : "", name ? name : "");
    return SQLITE_DENY;
}

static bool is_module(const struct sql_connection *c, const char *name)
{
    for (size_t i = 0; i < c->modules.n; i++)
        if (strcasecmp(c->modules.at[i], name) == 0)
            return true;
    return strncasecmp(name, "sqlite_", 7) == 0 || strncasecmp(name, "pragma_", 7) == 0;
}

static int read_allowed(struct sql_connection *c, const char *table, const char *column,
                        const char *view)
{
    if (is_secret(c, view) || is_secret(c, table))
        return SQLITE_OK;
    const struct sql_view *known = sql_view_find(table);
    if (known && sql_view_open(known, c->access))
        return SQLITE_OK;
    if (strcasecmp(table, "json_each") == 0 || strcasecmp(table, "json_tree") == 0)
        return SQLITE_OK;
    /* Rows are counted without reading a column: of a WITH, of a table behind a view. That the
     * question itself names no table is known from the shadow. */
    if (!*column && !is_module(c, table))
        return SQLITE_OK;
    return refuse(c, "the table", table);
}

static int authorize(void *context, int action, const char *a, const char *b, const char *db,
                     const char *view)
{
    struct sql_connection *c = context;
    (void)db;
    if (c->inside)
        return SQLITE_OK;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        /* The masks are for the views alone: asked directly they would tell who is who. */
        return is_function(b) || is_secret(c, view) ? SQLITE_OK : refuse(c, "the function", b);
    case SQLITE_READ:
        return read_allowed(c, a, b ? b : "", view);
    default:
        return refuse(c, "anything but SELECT", NULL);
    }
}

bool sql_ended(struct sql_connection *c)
{
    if (c->deadline && time_monotonic_ns() > c->deadline)
        c->timed_out = true;
    return c->timed_out || reader_cancelled(c->asker);
}

static int look(void *context)
{
    return sql_ended(context);
}

/* ---- The views ---- */

static void column_sql(const struct sql_connection *c, const struct sql_column *column, FILE *out)
{
    const char *x = column->expression, *owner = column->owner;
    bool open = c->access->mask == MASK_NONE;
    switch (open ? SQL_OPEN : column->privacy) {
    case SQL_OPEN:
        fprintf(out, "%s", x);
        break;
    case SQL_NAME:
        fprintf(out, "atrium_mask(%d, %s, %s)", PERSONAL_NAME, owner, x);
        break;
    case SQL_PHONE:
        fprintf(out, "atrium_mask(%d, %s, %s)", PERSONAL_PHONE, owner, x);
        break;
    case SQL_CARD:
        fprintf(out, "atrium_mask(%d, %s, %s)", PERSONAL_CARD, owner, x);
        break;
    case SQL_IDENTITY:
        fprintf(out, "atrium_identity(%s, %s, %s)", column->kind, owner, x);
        break;
    case SQL_ATTRIBUTE:
        fprintf(out, "atrium_attribute(%s, %s, %s)", column->kind, owner, x);
        break;
    case SQL_PERSON:
        fprintf(out, c->access->mask == MASK_PSEUDONYM ? "atrium_person(%s)" : "%s", x);
        break;
    case SQL_UNMASKED:
        fprintf(out, "null");
        break;
    }
    fprintf(out, " as \"%s\"", column->name);
}

static enum status view_make(struct sql_connection *c, const struct sql_view *view,
                             struct error *err)
{
    char *sql = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&sql, &size);
    if (!out)
        return error_set(err, ST_UNUSABLE, "there is no memory left for a question");
    fprintf(out, "create temp view \"%s%s\" as select ", c->secret, view->name);
    for (size_t i = 0; i < view->n_columns; i++) {
        fprintf(out, i ? ", " : "");
        column_sql(c, &view->columns[i], out);
    }
    fprintf(out, " from %s; create temp view \"%s\" as select ", view->from, view->name);
    for (size_t i = 0; i < view->n_columns; i++)
        fprintf(out, "%s\"%s\"", i ? ", " : "", view->columns[i].name);
    fprintf(out, " from \"%s%s\"", c->secret, view->name);
    fclose(out);
    enum status status = sqlite_run(c->db, sql, "making the views", err);
    free(sql);
    return status;
}

static enum status secret_make(struct sql_connection *c, struct error *err)
{
    unsigned char bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return error_set(err, ST_UNUSABLE, "the machine gives no random numbers");
    c->secret[0] = 'x';
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(c->secret + 1 + 2 * i, 3, "%02x", bytes[i]);
    c->secret[1 + 2 * sizeof bytes] = '_';
    return ST_OK;
}

/* What one statement may ask of the machine. */
static void limits_set(sqlite3 *db)
{
    static const int limits[][2] = {
        {SQLITE_LIMIT_LENGTH, 64 << 20},
        {SQLITE_LIMIT_SQL_LENGTH, 100000},
        {SQLITE_LIMIT_COLUMN, 200},
        {SQLITE_LIMIT_EXPR_DEPTH, 200},
        {SQLITE_LIMIT_COMPOUND_SELECT, 50},
        {SQLITE_LIMIT_FUNCTION_ARG, 50},
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000},
        {SQLITE_LIMIT_WORKER_THREADS, 0},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        sqlite3_limit(db, limits[i][0], limits[i][1]);
}

static enum status views_make(struct sql_connection *c, struct error *err)
{
    /* Sorting a hundred million rows goes to a temporary file, not to memory. */
    enum status status =
        sqlite_run(c->db, "pragma temp_store = default; pragma query_only = 0", "asking", err);
    for (size_t i = 0; !status && i < n_sql_views; i++)
        if (sql_view_open(&sql_views[i], c->access))
            status = view_make(c, &sql_views[i], err);
    return status ? status : sqlite_run(c->db, "pragma query_only = 1", "asking", err);
}

/* ---- The shadow ---- */

static enum status modules_read(struct sql_connection *c, struct error *err)
{
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v2(c->db, "select name from pragma_module_list", -1, &stmt, NULL) !=
        SQLITE_OK)
        return sqlite_status(c->db, "preparing the question", err);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        vec_push(&c->modules, mem_strdup((const char *)sqlite3_column_text(stmt, 0)));
    sqlite3_finalize(stmt);
    enum status status = sql_tables_add(c, err);
    if (status)
        return status;
    /* Named once now, a module need not be connected under the authorizer. */
    return sqlite_run(c->db,
                      "select 1 from json_each('[]'), json_tree('[]'), atrium_event,"
                      " atrium_rollup_day, atrium_rollup_hour limit 0",
                      "asking", err);
}

static enum status shadow_fill(struct sql_connection *c, struct error *err)
{
    char *sql = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&sql, &size);
    if (!out)
        return error_set(err, ST_UNUSABLE, "there is no memory left for a question");
    for (size_t v = 0; v < n_sql_views; v++) {
        if (!sql_view_open(&sql_views[v], c->access))
            continue;
        fprintf(out, "create table \"%s\" (", sql_views[v].name);
        for (size_t i = 0; i < sql_views[v].n_columns; i++)
            fprintf(out, "%s\"%s\"", i ? ", " : "", sql_views[v].columns[i].name);
        fprintf(out, ");");
    }
    fprintf(out, "select 1 from json_each('[]'), json_tree('[]')");
    fclose(out);
    enum status status = sqlite_run(c->shadow, sql, "preparing the question", err);
    free(sql);
    return status;
}

static enum status shadow_make(struct sql_connection *c, struct error *err)
{
    if (sqlite3_open_v2(":memory:", &c->shadow,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return error_set(err, ST_UNUSABLE, "there is no memory left for a question");
    sqlite3_db_config(c->shadow, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(c->shadow, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    if (sql_functions_add(c, c->shadow, false) != SQLITE_OK)
        return sqlite_status(c->shadow, "preparing the question", err);
    return shadow_fill(c, err);
}

/* ---- The whole ---- */

static void guards_set(struct sql_connection *c)
{
    limits_set(c->db);
    limits_set(c->shadow);
    sqlite3_limit(c->shadow, SQLITE_LIMIT_VARIABLE_NUMBER, 0);
    sqlite3_set_authorizer(c->db, authorize, c);
    sqlite3_set_authorizer(c->shadow, authorize, c);
    sqlite3_progress_handler(c->db, STEPS_PER_LOOK, look, c);
}

enum status sql_connect(struct sql_connection *c, struct reader *asker, const struct access *access,
                        struct error *err)
{
    *c = (struct sql_connection){.access = access, .asker = asker};
    int64_t as_of, present;
    enum status status = access_require(access, RIGHT_SQL, "ask in SQL", err);
    if (!status)
        status = reader_present(asker, &as_of, &present, err);
    if (!status)
        status = reader_open(reader_mall(asker), &c->reader, err);
    if (status)
        return status;
    c->today = clock_day(&reader_mall(asker)->clock, present);
    c->db = reader_db(c->reader);
    status = secret_make(c, err);
    if (!status && sql_functions_add(c, c->db, true) != SQLITE_OK)
        status = sqlite_status(c->db, "preparing the question", err);
    if (!status)
        status = modules_read(c, err);
    if (!status)
        status = views_make(c, err);
    if (!status)
        status = shadow_make(c, err);
    if (!status)
        status = reader_begin(c->reader, err);
    if (!status)
        guards_set(c);
    return status;
}

void sql_disconnect(struct sql_connection *c)
{
    if (c->db) {
        sqlite3_set_authorizer(c->db, NULL, NULL);
        sqlite3_progress_handler(c->db, 0, NULL, NULL);
        reader_end(c->reader);
    }
    sqlite3_close(c->shadow);
    reader_close(c->reader);
    for (size_t i = 0; i < c->modules.n; i++)
        free(c->modules.at[i]);
    vec_free(&c->modules);
    free(c->refused);
    *c = (struct sql_connection){0};
}
