/* Collection while a console is open: a thread of its own (model/fleet/collect_service.h). After
 * each commit the screens are asked anew. */
#ifndef ATRIUM_VIEWS_COLLECT_TASK_H
#define ATRIUM_VIEWS_COLLECT_TASK_H

#include "model/fleet/collect_service.h"
#include "views/console.h"

struct collect_task;

/* NULL where this console does not collect: its role may not, the mall is read-only, or there is no
 * terminal (tests, atrium play). */
struct collect_task *collect_task_new(struct console *console);
void collect_task_free(struct collect_task *task); /* waits for its end; NULL is fine */

/* The program is about to be stopped, or goes on: nothing may be locked meanwhile. */
void collect_task_rest(struct collect_task *task, bool resting);

/* For the header: "57 devices", "no device answers", …; NULL where there is nothing to say. Owned
 * by the arena. */
const char *collect_task_text(const struct console *console, struct arena *arena);

#endif
