/* What is done to devices stands in the audit before the first of them hears of it, and what came
 * of it is kept in the mall file afterwards; both are written off the screen's thread. */
#ifndef ATRIUM_VIEWS_FLEET_AUDIT_H
#define ATRIUM_VIEWS_FLEET_AUDIT_H

#include "model/store/writer.h"
#include "views/console.h"

/* Says who does `act` ("run", "get") with `detail` to so many devices. `announced` is called on the
 * screen's thread, with `of` to be compared only; `good` false: it was said why not, and no device
 * may hear of it. The texts are copied. */
typedef void fleet_announced(struct console *console, const void *of, bool good);
void fleet_announce(struct console *console, const char *act, const char *detail, size_t devices,
                    fleet_announced *announced, const void *of);

/* What the writer's thread needs: copies in the arena, as the work may be replaced meanwhile. */
struct fleet_outcome {
    struct arena *arena;
    char actor[64];
    enum status (*keep)(struct writer *writer, const struct fleet_outcome *outcome,
                        struct error *err);
    const void *what; /* for keep, in the arena */
};
struct fleet_outcome *fleet_outcome_new(const struct console *console);
/* Takes it over. */
void fleet_outcome_submit(struct console *console, struct fleet_outcome *outcome);

#endif
