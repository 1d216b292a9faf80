/*
 * The engine of a mall: steps in one table (run.c), done in turn, again and again. A new one is a
 * row there; its state is a field of `struct engine`.
 */
#ifndef ATRIUM_CLI_ENGINE_H
#define ATRIUM_CLI_ENGINE_H

#include "model/campaign/contact_adapter.h"
#include "model/campaign/send.h"
#include "model/fleet/collect_service.h"

#include <jansson.h>

struct engine {
    struct mall *mall;
    struct reader *reader;
    struct writer *writer;
    const atomic_bool *stop; /* true: end soon, with what was begun written down */
    bool busy;               /* a step did something this round: the next one follows at once */
    int64_t next;            /* the earliest moment that a step asked for; INT64_MAX: none */
    char *said;              /* the last line: said once */

    int64_t labels_events, labels_rows;
    int64_t points_events, points_time; /* what the last look at new receipts saw, and when */
    int32_t expired_day;                /* mall day of the last expiry of points */
    struct contact_tokens tokens;
    struct contact_lines lines;
    struct sender *sender;
    struct rollout_step_state *rollouts;
    struct config_step_state *configs;
    const char *identity; /* key for devices; NULL: the agent */
    bool once;
    struct collect_service *collects;
    int64_t collected; /* rows that were told of */
    bool replica;      /* steps that are the hub's are left out */
    int64_t sync_next; /* the next session with the hub; 0: at once */
    int sync_failures; /* in a row */
    int64_t pruned;    /* when a hub's log was looked at last */
};

/* `run` fills in what it did (numbers by name). Begin and end are for the whole run, and may be
 * NULL; end is called also where begin failed. */
struct engine_step {
    const char *name, *summary;
    enum status (*begin)(struct engine *engine, struct error *err);
    enum status (*run)(struct engine *engine, json_t *report, struct error *err);
    void (*end)(struct engine *engine);
    bool on_replica; /* also there; the others are the hub's */
};
extern const struct engine_step engine_steps[]; /* ends with a row without a name */

/* On a replica: a session with its hub where one is due (engine_sync.c). */
enum status engine_on_replica(struct engine *engine, bool *replica, struct error *err);
enum status engine_sync_run(struct engine *engine, json_t *report, struct error *err);

/* On a hub, every hour: what no replica needs of its log goes. */
enum status engine_hub_run(struct engine *engine, json_t *report, struct error *err);

/* A line on standard error with the time, cleaned; the same one after another is said once. */
void engine_log(struct engine *engine, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
