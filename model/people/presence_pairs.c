/* Which visitors' devices are near when which members pay, again and again. */
#include "model/people/candidate.h"

#include "model/base/hash.h"
#include "model/base/vec.h"
#include "model/event/event.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT = 300, MOST_MOMENTS = 4000000, DAY = 86400 };

/* A purchase: the zone and five minutes it happened in, and whose. */
struct moment {
    uint64_t place; /* zone << 40 | slot */
    uint32_t person;
};

/* Of one place: who was seen there. */
struct crowd_at {
    uint32_t from, buyers; /* in moments */
    uint32_t visitors, last;
};

struct pair {
    uint64_t key; /* member << 32 | visitor; 0: free */
    int32_t days, last;
};

struct presence {
    struct reader *reader;
    uint32_t only;     /* a member or visitor; 0: everybody */
    uint64_t *members; /* a bit each */
    uint32_t n_people;
    VEC(uint32_t) zones; /* by tenant */
    VEC(struct moment) moments;
    VEC(uint64_t) places;    /* rising */
    struct crowd_at *crowds; /* by place */
    bool counting;
    struct pair *pairs; /* a hash table */
    size_t n_pairs, slots;
};

static bool is_member(const struct presence *p, uint32_t person)
{
    return person < p->n_people && (p->members[person / 64] >> (person % 64) & 1);
}

/* ---- What is known ---- */

static enum status members_read(struct presence *p, struct arena *arena, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = people_end(p->reader, &p->n_people, err);
    if (status == ST_OK)
        status = reader_prepare(p->reader, "select person from member", &stmt, err);
    if (status != ST_OK)
        return status;
    p->members = arena_array(arena, uint64_t, p->n_people / 64 + 1);
    while ((status = reader_step(p->reader, stmt, &row, err)) == ST_OK && row) {
        uint32_t person = (uint32_t)sqlite3_column_int64(stmt, 0);
        if (person < p->n_people)
            p->members[person / 64] |= UINT64_C(1) << (person % 64);
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status zones_read(struct presence *p, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(
        p->reader, "select id, zone from tenant where zone > 0 order by id", &stmt, err);
    if (status != ST_OK)
        return status;
    while ((status = reader_step(p->reader, stmt, &row, err)) == ST_OK && row) {
        uint64_t tenant = (uint64_t)sqlite3_column_int64(stmt, 0);
        while (tenant < UINT16_MAX && p->zones.n <= tenant)
            vec_push(&p->zones, 0);
        if (tenant < p->zones.n)
            p->zones.at[tenant] = (uint32_t)sqlite3_column_int64(stmt, 1);
    }
    sqlite3_reset(stmt);
    return status;
}

/* ---- Purchases ---- */

static uint64_t place_of(uint32_t zone, int64_t time)
{
    return (uint64_t)zone << 40 | (uint64_t)(time / SLOT);
}

static enum status purchases_take(void *context, const struct event_block *block, struct error *err)
{
    struct presence *p = context;
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; i < run->n && p->moments.n < MOST_MOMENTS; i++) {
            uint32_t tenant = run->tenant ? run->tenant[i] : 0;
            uint32_t zone = run->zone && run->zone[i] ? run->zone[i]
                            : tenant < p->zones.n     ? p->zones.at[tenant]
                                                      : 0;
            bool wanted = !p->only || run->person[i] == p->only || !is_member(p, p->only);
            if (zone && wanted && run->time[i] > 0 && is_member(p, run->person[i]))
                vec_push(&p->moments,
                         (struct moment){place_of(zone, run->time[i]), run->person[i]});
        }
    }
    return ST_OK;
}

static int moment_compare(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return (x->person > y->person) - (x->person < y->person);
}

static void places_make(struct presence *p, struct arena *arena)
{
    if (p->moments.n)
        qsort(p->moments.at, p->moments.n, sizeof *p->moments.at, moment_compare);
    for (size_t i = 0; i < p->moments.n; i++)
        if (!i || p->moments.at[i].place != p->moments.at[i - 1].place)
            vec_push(&p->places, p->moments.at[i].place);
    p->crowds = arena_array(arena, struct crowd_at, p->places.n + 1);
    for (size_t i = 0, at = 0; i < p->moments.n; i++) {
        while (p->places.at[at] != p->moments.at[i].place)
            at++;
        if (!p->crowds[at].buyers)
            p->crowds[at].from = (uint32_t)i;
        p->crowds[at].buyers++;
    }
}

/* ---- Sightings ---- */

static struct crowd_at *crowd_find(struct presence *p, uint64_t place)
{
    size_t low = 0, high = p->places.n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (p->places.at[middle] < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->places.n && p->places.at[low] == place ? &p->crowds[low] : NULL;
}

static void pairs_grow(struct presence *p)
{
    struct pair *old = p->pairs;
    size_t n = p->slots;
    p->slots = n ? n * 2 : 4096;
    p->pairs = mem_zero(p->slots, sizeof *p->pairs);
    for (size_t i = 0; i < n; i++) {
        size_t at = hash_mix(old[i].key) & (p->slots - 1);
        while (old[i].key && p->pairs[at].key)
            at = (at + 1) & (p->slots - 1);
        if (old[i].key)
            p->pairs[at] = old[i];
    }
    free(old);
}

static void pair_add(struct presence *p, uint32_t member, uint32_t visitor, int32_t day)
{
    uint64_t key = (uint64_t)member << 32 | visitor;
    if (p->n_pairs * 4 >= p->slots * 3)
        pairs_grow(p);
    size_t at = hash_mix(key) & (p->slots - 1);
    while (p->pairs[at].key && p->pairs[at].key != key)
        at = (at + 1) & (p->slots - 1);
    p->n_pairs += !p->pairs[at].key;
    if (!p->pairs[at].key)
        p->pairs[at] = (struct pair){key, 0, INT32_MIN};
    p->pairs[at].days += p->pairs[at].last != day;
    p->pairs[at].last = day;
}

static void seen(struct presence *p, struct crowd_at *crowd, uint32_t person, int64_t time)
{
    if (p->counting) { /* people come one after another */
        crowd->visitors += crowd->last != person;
        crowd->last = person;
        return;
    }
    if (crowd->visitors > CANDIDATE_VISITORS || crowd->buyers > CANDIDATE_BUYERS)
        return;
    for (uint32_t i = 0; i < crowd->buyers; i++)
        pair_add(p, p->moments.at[crowd->from + i].person, person, (int32_t)(time / DAY));
}

static enum status sightings_take(void *context, const struct event_block *block, struct error *err)
{
    struct presence *p = context;
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; run->zone && i < run->n; i++) {
            uint32_t person = run->person[i];
            bool wanted = p->counting || !p->only || person == p->only || is_member(p, p->only);
            if (!run->zone[i] || !wanted || run->time[i] < SLOT || is_member(p, person))
                continue;
            for (int64_t by = -SLOT; by <= SLOT; by += SLOT) {
                struct crowd_at *crowd = crowd_find(p, place_of(run->zone[i], run->time[i] + by));
                if (crowd)
                    seen(p, crowd, person, run->time[i]);
            }
        }
    }
    return ST_OK;
}

/* ---- All of it ---- */

static int pair_compare(const void *a, const void *b)
{
    const struct presence_pair *x = a, *y = b;
    if (x->days != y->days)
        return x->days > y->days ? -1 : 1;
    if (x->member != y->member)
        return x->member < y->member ? -1 : 1;
    return (x->visitor > y->visitor) - (x->visitor < y->visitor);
}

static void pairs_give(const struct presence *p, struct arena *arena, struct presence_pair **pairs,
                       size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < p->slots; i++)
        *n += p->pairs[i].days >= CANDIDATE_TIMES;
    *pairs = arena_array(arena, struct presence_pair, *n + 1);
    for (size_t i = 0, at = 0; i < p->slots; i++)
        if (p->pairs[i].days >= CANDIDATE_TIMES)
            (*pairs)[at++] = (struct presence_pair){(uint32_t)(p->pairs[i].key >> 32),
                                                    (uint32_t)p->pairs[i].key, p->pairs[i].days};
    if (*n)
        qsort(*pairs, *n, sizeof **pairs, pair_compare);
}

enum status presence_pairs(struct reader *reader, struct arena *arena, uint32_t person,
                           struct presence_pair **pairs, size_t *n, struct error *err)
{
    static const uint16_t purchase[] = {KIND_PURCHASE}, sighting[] = {KIND_SIGHTING};
    struct presence p = {.reader = reader, .only = person};
    struct arena *scratch = arena_new();
    int64_t as_of, present;
    *n = 0;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = reader_present(reader, &as_of, &present, err);
    struct event_query query = {.from = present - (int64_t)CANDIDATE_DAYS * DAY,
                                .kinds = purchase,
                                .n_kinds = 1,
                                .columns = EVENT_TIME | EVENT_TENANT | EVENT_ZONE,
                                .people = true};
    if (status == ST_OK)
        status = members_read(&p, scratch, err);
    if (status == ST_OK)
        status = zones_read(&p, err);
    if (status == ST_OK)
        status = event_scan(reader, &query, purchases_take, &p, err);
    if (status == ST_OK)
        places_make(&p, scratch);
    query.kinds = sighting;
    query.columns = EVENT_TIME | EVENT_ZONE;
    for (int pass = 0; pass < 2 && status == ST_OK && p.places.n; pass++) {
        p.counting = pass == 0;
        status = event_scan(reader, &query, sightings_take, &p, err);
    }
    if (status == ST_OK)
        pairs_give(&p, arena, pairs, n);
    vec_free(&p.zones);
    vec_free(&p.moments);
    vec_free(&p.places);
    free(p.pairs);
    arena_free(scratch);
    reader_end(reader);
    return status;
}
