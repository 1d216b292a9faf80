/* Inside of the SQL question: a connection that can read a role's views and nothing else. */
#ifndef ATRIUM_SQL_CONNECTION_H
#define ATRIUM_SQL_CONNECTION_H

#include "model/base/vec.h"
#include "model/sql/sql.h"

enum { SECRET_SIZE = 36 };

struct sql_connection {
    const struct access *access;
    struct reader *asker;  /* whose cancel flag counts */
    struct reader *reader; /* the connection's own */
    sqlite3 *db;
    /* An empty database in memory with the views as its only tables: a question that means
     * something there names nothing but views. Its messages are the ones people see. */
    sqlite3 *shadow;
    /* Views are two layers deep; the inner ones, which read tables, have names that nobody can
     * guess and that are new in every run, and reading columns of tables is allowed from them
     * alone. */
    char secret[SECRET_SIZE];
    /* Above 0 while the tables of events read the file themselves: statements prepared then are
     * the model's, not the asker's. */
    int inside;
    VEC(char *) modules; /* virtual tables that SQLite brings along */
    int32_t today;
    int64_t deadline; /* monotonic, ns; 0: none */
    bool timed_out;
    char *refused; /* what the authorizer refused last, for the message */
};

/* Free with sql_disconnect, also after a failure. */
enum status sql_connect(struct sql_connection *connection, struct reader *asker,
                        const struct access *access, struct error *err);
void sql_disconnect(struct sql_connection *connection);

/* Whether a role sees a view. */
bool sql_view_open(const struct sql_view *view, const struct access *access);

/* The functions of sql_functions, with `masks` those of the views too; an SQLite result code. */
int sql_functions_add(struct sql_connection *connection, sqlite3 *db, bool masks);

#endif
