/* The file of a first copy while it is made. Rows come in the order of their keys and are put at
 * the ends of their tables; what would have to be put in everywhere, the indices, is made in one go
 * once all rows of a table are there. Inside the module. */
#ifndef ATRIUM_SYNC_MAKING_H
#define ATRIUM_SYNC_MAKING_H

#include "model/sync/replica_parts.h"

/* Takes the indices away of tables that lack rows still, and has the writer keep its memory small
 * and wait for the disk only when the log is moved, which is seldom: what a crash of the machine
 * undoes, rows and position together, comes again. */
enum status making_begin(struct side *side, struct error *err);

/* The same for one that has all its rows: its indices stay. */
enum status making_go_on(struct side *side, struct error *err);

/* Makes one index that the schema has and the file lacks, of a table that has all its rows; *done:
 * there is none. Long work. */
enum status making_index(struct side *side, bool *done, struct error *err);

#endif
