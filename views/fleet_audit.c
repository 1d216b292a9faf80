#include "views/fleet_audit.h"

#include "model/fleet/act.h"
#include "model/store/write_queue.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Before ---- */

struct announcement {
    char actor[64], *act, *detail;
    size_t devices;
    fleet_announced *announced;
    const void *of;
};

static enum status announcement_run(struct writer *writer, void *arguments, struct error *err)
{
    const struct announcement *a = arguments;
    return device_act_announce(writer, a->actor, a->act, a->detail, a->devices, err);
}

static void announcement_done(void *context, void *arguments, enum status status,
                              const struct error *error)
{
    struct console *console = context;
    const struct announcement *a = arguments;
    if (status != ST_OK)
        console_complain(console, "%s", error_text(error));
    a->announced(console, a->of, status == ST_OK);
}

static void announcement_release(void *arguments)
{
    struct announcement *a = arguments;
    free(a->act);
    free(a->detail);
}

void fleet_announce(struct console *console, const char *act, const char *detail, size_t devices,
                    fleet_announced *announced, const void *of)
{
    struct announcement a = {.act = mem_strdup(act),
                             .detail = mem_strdup(detail),
                             .devices = devices,
                             .announced = announced,
                             .of = of};
    snprintf(a.actor, sizeof a.actor, "%s", console->access.principal);
    struct write_request request = {.run = announcement_run,
                                    .done = announcement_done,
                                    .release = announcement_release,
                                    .arguments = &a,
                                    .size = sizeof a,
                                    .context = console};
    write_queue_submit(console->writes, &request);
}

/* ---- After ---- */

static enum status outcome_run(struct writer *writer, void *arguments, struct error *err)
{
    const struct fleet_outcome *outcome = *(struct fleet_outcome **)arguments;
    return outcome->keep(writer, outcome, err);
}

static void outcome_done(void *context, void *arguments, enum status status,
                         const struct error *error)
{
    struct console *console = context;
    (void)arguments;
    if (status != ST_OK)
        console_complain(console, "%s", error_text(error));
}

static void outcome_release(void *arguments)
{
    struct fleet_outcome *outcome = *(struct fleet_outcome **)arguments;
    arena_free(outcome->arena);
    free(outcome);
}

struct fleet_outcome *fleet_outcome_new(const struct console *console)
{
    struct fleet_outcome *outcome = mem_zero(1, sizeof *outcome);
    outcome->arena = arena_new();
    snprintf(outcome->actor, sizeof outcome->actor, "%s", console->access.principal);
    return outcome;
}

void fleet_outcome_submit(struct console *console, struct fleet_outcome *outcome)
{
    struct write_request request = {.run = outcome_run,
                                    .done = outcome_done,
                                    .release = outcome_release,
                                    .arguments = &outcome,
                                    .size = sizeof outcome,
                                    .context = console};
    write_queue_submit(console->writes, &request);
}
