/*
 * The session: where a person stopped, what period was looked at, and how each table was laid out.
 * It is a small JSON file in the person's own state folder, written whole and renamed, each time
 * another screen opens, so that a dropped line or a kill loses nothing.
 */
#ifndef ATRIUM_VIEWS_SESSION_H
#define ATRIUM_VIEWS_SESSION_H

#include "views/console.h"

/* The path of a file in the person's state folder ("shell/…"), its folders made; NULL where there
 * is none. Caller frees. */
char *state_path(const char *name);

/* Reads the session of this mall and principal; an absent or damaged one is an empty one. Without a
 * mall_path nothing is read or kept. */
struct session *session_open(const char *mall_path, const char *principal);
void session_close(struct session *session);

/* Puts the stack, period and comparison in and writes the file when anything changed. */
void session_save(struct session *session, const struct console *console);

/* The period and comparison of last time; NULL and false where there are none. */
const char *session_period(const struct session *session);
bool session_compare(const struct session *session, enum compare *compare);

/* Where one stopped last time: the views from the bottom of the stack up. `at` counts from 0; false
 * at the end. Kept as it was at the start until session_forget. */
bool session_place(const struct session *session, size_t at, const char **view,
                   const char **argument);
void session_forget(struct session *session);

/* Columns, widths and order of a table, by a name of its own; NULL: never changed. */
const char *session_layout(const struct session *session, const char *table);
void session_layout_set(struct session *session, const char *table, const char *layout);

/* A list of short texts kept under a name, newest first: searches, SQL, palette. */
size_t session_history(const struct session *session, const char *name, const char **texts,
                       size_t most);
void session_history_add(struct session *session, const char *name, const char *text);

#endif
