/* An import from the console: on a thread with a writer of its own, as it may take minutes, with
 * progress, and cancelled by Ctrl-c. One at a time. */
#ifndef ATRIUM_VIEWS_IMPORT_TASK_H
#define ATRIUM_VIEWS_IMPORT_TASK_H

#include "model/import/import.h"
#include "views/console.h"

struct import_work;

struct import_work *import_work_new(struct console *console);
/* Cancels what runs and waits for its end. */
void import_work_free(struct import_work *work);

/* Starts; complains when one is running. `map` "" or NULL: none. */
void import_work_start(struct import_work *work, const struct import_table *table, const char *path,
                       const char *map, bool skip_bad);
void import_work_cancel(struct import_work *work);

/* For the Data screen: bytes read of all (total 0: not known); false: nothing is running. */
bool import_work_progress(const struct import_work *work, int64_t *done, int64_t *total);

/* Why the last import failed, or NULL; its file. */
const char *import_work_problem(const struct import_work *work);
const char *import_work_path(const struct import_work *work);

size_t import_work_busy(const struct import_work *work);

#endif
