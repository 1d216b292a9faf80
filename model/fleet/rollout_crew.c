#include "model/fleet/rollout_crew.h"

#include "model/base/time.h"
#include "model/base/vec.h"

#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 100, HELD_S = 5, SECOND_NS = 1000000000 };

/* One that is driven, or that was tried and waits to be tried again. */
struct crewed {
    char *code;
    struct rollout_driver *driver; /* NULL: not now */
    int64_t again;                 /* when it is tried again */
    bool leaves;                   /* what is on trial is finished, then it is left */
};

struct rollout_crew {
    struct rollout_crew_options options;
    struct fleet_engine *engine; /* NULL: nothing was to be driven yet */
    VEC(struct crewed) list;
    int64_t look_ns; /* when others are looked for */
};

struct rollout_crew *rollout_crew_new(const struct rollout_crew_options *options)
{
    struct rollout_crew *crew = mem_zero(1, sizeof *crew);
    crew->options = *options;
    return crew;
}

static void tell(struct rollout_crew *crew, const char *code, enum rollout_driving driving,
                 const struct rollout_driver *driver, const struct rollout_turn *turn,
                 const char *text)
{
    if (crew->options.told)
        crew->options.told(crew->options.context, code, driving, driver, turn, text);
}

static struct crewed *crewed_find(struct rollout_crew *crew, const char *code)
{
    for (size_t i = 0; i < crew->list.n; i++)
        if (strcmp(crew->list.at[i].code, code) == 0)
            return &crew->list.at[i];
    return NULL;
}

static void crewed_drop(struct rollout_crew *crew, size_t i)
{
    rollout_driver_close(crew->list.at[i].driver);
    free(crew->list.at[i].code);
    crew->list.at[i] = crew->list.at[--crew->list.n];
}

/* ---- Taking up ---- */

static enum status driver_open(struct rollout_crew *crew, const char *code,
                               struct rollout_driver **driver, struct error *err)
{
    struct rollout_crew_options *own = &crew->options;
    enum status status = ST_OK;
    if (!crew->engine)
        status = fleet_new(&own->fleet, &crew->engine, err);
    struct rollout_drive_options options = {
        .engine = crew->engine, .moment = own->moment, .context = own->context};
    if (status == ST_OK)
        status = rollout_driver_open(own->writer, own->reader, &own->access, code, &options, driver,
                                     err);
    return status;
}

static void take_up(struct rollout_crew *crew, const char *code)
{
    struct crewed *known = crewed_find(crew, code);
    struct error own = {0};
    if (known && (known->driver || known->again > time_now()))
        return;
    if (!known) {
        vec_push(&crew->list, (struct crewed){.code = mem_strdup(code)});
        known = &crew->list.at[crew->list.n - 1];
    }
    /* A key that cannot be read stops nobody else. */
    if (driver_open(crew, code, &known->driver, &own) != ST_OK) {
        known->again = time_now() + HELD_S;
        tell(crew, code, DRIVING_FAILED, NULL, NULL, error_text(&own));
    }
    error_clear(&own);
}

static bool is_wanted(struct rollout_crew *crew, struct arena *arena, const char *code,
                      struct error *err)
{
    struct rollout *rollout;
    if (!crew->options.wanted)
        return true;
    return rollout_find(crew->options.reader, &crew->options.access, arena, code, &rollout, err) ==
               ST_OK &&
           crew->options.wanted(crew->options.context, rollout);
}

static enum status all_take_up(struct rollout_crew *crew, struct error *err)
{
    struct arena *arena = arena_new();
    const char *const *codes;
    size_t n;
    enum status status = rollouts_open(crew->options.reader, arena, &codes, &n, err);
    for (size_t i = 0; status == ST_OK && i < n; i++) {
        struct error own = {0};
        struct crewed *known = crewed_find(crew, codes[i]);
        if (is_wanted(crew, arena, codes[i], &own)) {
            take_up(crew, codes[i]);
        } else if (known && known->driver) {
            rollout_driver_halt(known->driver);
            known->leaves = true;
        } else if (known) {
            tell(crew, codes[i], DRIVING_NOBODY, NULL, NULL, "");
            crewed_drop(crew, (size_t)(known - crew->list.at));
        }
        error_clear(&own);
    }
    arena_free(arena);
    return status;
}

/* ---- Turns ---- */

/* What is on trial is given time; who does not answer just now is not waited for. */
static bool is_left(const struct rollout_turn *turn)
{
    return !turn->under_way && !(turn->flight && turn->next <= time_now());
}

/* False: it goes from the list. */
static bool one_turn(struct rollout_crew *crew, struct crewed *one, struct rollout_crew_turn *sum)
{
    struct rollout_turn turn;
    struct error own = {0};
    enum status status = rollout_driver_turn(one->driver, &turn, &own);
    if (status == ST_CONFLICT && !turn.held) {
        /* The file is somebody's for a moment: what devices do meanwhile is heard later. */
        sum->next = time_now() + 1 < sum->next ? time_now() + 1 : sum->next;
        error_clear(&own);
        return true;
    }
    if (status != ST_OK) {
        tell(crew, one->code, turn.held ? DRIVING_ELSEWHERE : DRIVING_FAILED, NULL, NULL,
             error_text(&own));
        sum->held += turn.held;
        rollout_driver_close(one->driver);
        one->driver = NULL;
        one->again = time_now() + HELD_S;
        error_clear(&own);
        return true;
    }
    sum->drivers++;
    sum->under_way += turn.under_way;
    sum->flight += turn.flight;
    sum->did += turn.did;
    if (turn.next < sum->next)
        sum->next = turn.next;
    bool ends = turn.over || (one->leaves && is_left(&turn));
    tell(crew, one->code, ends ? DRIVING_NOBODY : DRIVING_HERE, one->driver, &turn, "");
    return !ends;
}

static void turns_run(struct rollout_crew *crew, struct rollout_crew_turn *sum)
{
    *sum = (struct rollout_crew_turn){.next = INT64_MAX};
    for (size_t i = crew->list.n; i-- > 0;) {
        struct crewed *one = &crew->list.at[i];
        if (!one->driver && one->again < sum->next)
            sum->next = one->again;
        if (one->driver && !one_turn(crew, one, sum))
            crewed_drop(crew, i);
    }
}

enum status rollout_crew_turn(struct rollout_crew *crew, struct rollout_crew_turn *turn,
                              struct error *err)
{
    enum status status = ST_OK;
    *turn = (struct rollout_crew_turn){.next = INT64_MAX};
    /* The hub's engine drives what a replica shows. */
    if (time_monotonic_ns() >= crew->look_ns && !writer_mall(crew->options.writer)->replica) {
        crew->look_ns = time_monotonic_ns() + SECOND_NS;
        status = all_take_up(crew, err);
    }
    turns_run(crew, turn);
    return status;
}

void rollout_crew_look(struct rollout_crew *crew)
{
    crew->look_ns = 0;
}

int rollout_crew_fd(const struct rollout_crew *crew)
{
    return crew->engine ? fleet_fd(crew->engine) : -1;
}

void rollout_crew_wait(struct rollout_crew *crew, int64_t ms)
{
    if (crew->engine)
        fleet_wait(crew->engine, (int)ms);
}

/* ---- The end ---- */

void rollout_crew_end(struct rollout_crew *crew, int64_t patience_ms)
{
    struct rollout_crew_turn turn;
    if (!crew)
        return;
    int64_t until = time_monotonic_ns() + patience_ms * INT64_C(1000000);
    for (size_t i = 0; i < crew->list.n; i++) {
        crew->list.at[i].leaves = true;
        if (crew->list.at[i].driver)
            rollout_driver_halt(crew->list.at[i].driver);
    }
    do {
        turns_run(crew, &turn);
        if (turn.drivers)
            rollout_crew_wait(crew, WAIT_MS);
    } while (turn.drivers && time_monotonic_ns() < until);
    while (crew->list.n)
        crewed_drop(crew, 0);
    fleet_free(crew->engine);
    vec_free(&crew->list);
    free(crew);
}
