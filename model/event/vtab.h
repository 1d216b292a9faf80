/*
 * Events as a table of SQL, `event`: one row an event, names instead of numbers, times in UTC
 * seconds, amounts in fen or points. Rows stream out of the chunks; conditions on time, kind and
 * person are used to skip what they leave out.
 *
 *   time person subject kind tenant zone channel device amount campaign item value ref
 *
 * `person` is NULL for events of nobody, `subject` is the person's card, `item` an id of the table
 * of articles. Whoever lets a role ask this table hides the columns that the role may not see.
 */
#ifndef ATRIUM_EVENT_VTAB_H
#define ATRIUM_EVENT_VTAB_H

#include "model/store/reader.h"

/* On one connection; the mall must stay as long as it is open. The table reads through a connection
 * of its own, made when it is first asked, and sees the latest state when a statement begins with
 * it. */
enum status event_vtab_register(sqlite3 *db, const struct mall *mall, struct error *err);

/* As a reader_hook: reader_on_open(event_vtab_hook). */
enum status event_vtab_hook(struct reader *reader, sqlite3 *db, struct error *err);

#endif
