/*
 * The fleet's desk: the one engine that a console has (made when it is first needed), and what is
 * under way on it. Everything here is called on the screen's thread and waits for nothing; what
 * devices said of themselves is kept by the writer's thread as it comes in.
 */
#ifndef ATRIUM_VIEWS_FLEET_DESK_H
#define ATRIUM_VIEWS_FLEET_DESK_H

#include "model/fleet/work.h"
#include "views/console.h"

struct fleet_desk;
struct desk_work;

struct fleet_desk *fleet_desk_new(struct console *console);
/* Ends what is under way, and what is known by then is handed to the writer. NULL is fine. */
void fleet_desk_free(struct fleet_desk *desk);

/* Works under way, and answers that are not kept yet. */
size_t fleet_desk_busy(const struct fleet_desk *desk);

/* Called when something changed: answers were kept in the file (`kept`), devices went on to another
 * phase, or ended. Listening again with the same context replaces. */
typedef void desk_changed(void *context, bool kept);
void desk_listen(struct fleet_desk *desk, desk_changed *changed, void *context);
void desk_unlisten(struct fleet_desk *desk, void *context);

/* Devices with their texts; owned by the arena. */
struct device *devices_copy(struct arena *arena, const struct device *devices, size_t n);

/* ---- Asking devices how they are ---- */

/* Asks those that are not being asked already, nor in quarantine; the answers are kept in the mall
 * file. Returns how many; where it cannot (no engine, a file that is only read) it complains,
 * unless `quiet`. */
size_t desk_ask(struct fleet_desk *desk, const struct device *devices, size_t n, bool quiet);

size_t desk_asking_n(const struct fleet_desk *desk);
/* False: it is not being asked. Otherwise where that is, and for how many seconds it has been in
 * that phase. */
bool desk_asking(const struct fleet_desk *desk, uint32_t device, enum fleet_phase *phase,
                 int64_t *seconds);

/* ---- Other work ---- */

/* Begins work on copies of the devices; texts of the options are copied as well, its `each` is not
 * called. `changed` (may be NULL) is called as devices end. NULL: it complained. */
struct desk_work *desk_work_begin(struct fleet_desk *desk, const struct device *devices, size_t n,
                                  const struct fleet_work_options *options, desk_changed *changed,
                                  void *context);
struct fleet_work *desk_work_of(const struct desk_work *work);

/* Nobody wants it any more: what still runs is cancelled, and all is freed when it has ended. NULL
 * is fine. */
void desk_work_leave(struct desk_work *work);

/* ---- Guests: what keeps jobs of its own on the engine (shells, logs that are followed) ---- */

/* The engine, made when it is first needed; NULL: it complained. */
struct fleet_engine *desk_engine(struct fleet_desk *desk);

/* `after` is called whenever ended jobs were collected; NULL: nobody. Only one at a time. */
void desk_after_collect(struct fleet_desk *desk, void (*after)(void *context), void *context);

/* Until it is removed, `end` is called when the console is left: the engine is gone by then, and
 * all jobs have ended. Changes for the writer can still be submitted. */
void desk_guest_add(struct fleet_desk *desk, void (*end)(void *context), void *context);
void desk_guest_remove(struct fleet_desk *desk, void *context);

#endif
