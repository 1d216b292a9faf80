/* Roll-outs that are driven while a console is open: on a thread of their own
 * (model/fleet/rollout_service.h). After each step that was written the screens are asked anew. */
#ifndef ATRIUM_VIEWS_ROLLOUT_TASK_H
#define ATRIUM_VIEWS_ROLLOUT_TASK_H

#include "model/fleet/rollout_service.h"
#include "views/console.h"

struct rollout_task;

/* NULL where this console drives nothing: its role may not, the mall is read-only or a replica, or
 * there is no terminal (tests that do not want it, atrium play). */
struct rollout_task *rollout_task_new(struct console *console);
/* Finishes what is on trial, for some seconds at most. NULL is fine, here and below. */
void rollout_task_free(struct rollout_task *task);

/* The program is about to be stopped, or goes on: nothing may be locked meanwhile. */
void rollout_task_rest(struct rollout_task *task, bool resting);

/* Drives this one from here, or leaves it to others. */
void rollout_task_want(struct rollout_task *task, const char *code, bool want);
/* A person changed one: it is looked at, at once. */
void rollout_task_wake(struct rollout_task *task);

/* How one stands; DRIVING_NOBODY where this console drives nothing. */
void rollout_task_glance(struct rollout_task *task, const char *code,
                         struct rollout_glance *glance);

/* In still consoles: something is to be done now. */
size_t rollout_task_busy(struct rollout_task *task);

/* For the header: "driving R1"; NULL where there is nothing to say. Owned by the arena. */
const char *rollout_task_text(const struct console *console, struct arena *arena);

/* True: nothing is on trial here. Else the person is asked, and `leave` is called when they mean
 * it. */
bool rollout_task_may_leave(struct console *console, void (*leave)(struct console *console));

#endif
