/* Inside of the SQL question: events and roll-ups as virtual tables, so that views can name them.
 * They are known to the question's own connection alone. */
#ifndef ATRIUM_SQL_TABLES_H
#define ATRIUM_SQL_TABLES_H

#include "model/event/event.h"
#include "model/sql/sql_connection.h"

/* Registers atrium_event, atrium_rollup_day and atrium_rollup_hour on the connection. */
enum status sql_tables_add(struct sql_connection *connection, struct error *err);

int event_table_add(struct sql_connection *connection);
int rollup_tables_add(struct sql_connection *connection);

/* A half-open span of whole numbers, narrowed by comparisons. */
struct span {
    int64_t from, to; /* to INT64_MAX: open */
};
void span_narrow(struct span *span, int op, sqlite3_value *value);

/* The name of a dictionary's number as a result; NULL for 0. */
void give_dict_name(sqlite3_context *context, struct sql_connection *connection, enum dict dict,
                    uint32_t id);

/* Puts an error of the model where SQLite hands it on; returns its code. */
int sql_table_failed(sqlite3_vtab *table, enum status status, struct error *err);

/* True when the question should end. */
bool sql_ended(struct sql_connection *connection);

#endif
