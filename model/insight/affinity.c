#include "model/insight/affinity.h"

#include "model/base/text.h"
#include "model/insight/affinity_scan.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

enum { LANES = 16 };

const char *const affinity_of_names[AFFINITY_OF_COUNT] = {"shop", "brand",      "category",
                                                          "item", "item-brand", "item-category"};
const char *const affinity_by_names[AFFINITY_BY_COUNT] = {"person", "visit", "basket"};

/* One thread's counts. */
struct counts {
    int64_t units;
    int64_t *single;       /* by thing */
    const uint32_t *place; /* by thing: its row of `both`, 0: none */
    size_t n;              /* rows */
    uint32_t *both;        /* NULL while things are only counted */
    VEC(uint32_t) rows;    /* of the unit */
};

static void unit_count(void *context, uint32_t person, const uint32_t *things, size_t n)
{
    struct counts *counts = context;
    (void)person;
    counts->units++;
    counts->rows.n = 0;
    for (size_t i = 0; i < n; i++) {
        counts->single[things[i]]++;
        if (counts->both && counts->place[things[i]])
            vec_push(&counts->rows, counts->place[things[i]]);
    }
    for (size_t i = 0; i < counts->rows.n; i++) {
        uint32_t *row = counts->both + (size_t)counts->rows.at[i] * counts->n;
        for (size_t j = 0; j < i; j++)
            row[counts->rows.at[j]]++;
    }
}

static int threads_of(const struct affinity_query *query)
{
    long most = query->threads ? query->threads : sysconf(_SC_NPROCESSORS_ONLN);
    return most < 1 ? 1 : most > LANES ? LANES : (int)most;
}

/* Counts into `all`, whose arrays are there. */
static enum status pass_run(struct reader *reader, struct arena *arena,
                            const struct affinity_query *query, const struct thing_map *map,
                            struct counts *all, struct error *err)
{
    struct counts lanes[LANES];
    void *contexts[LANES];
    int n = threads_of(query);
    size_t cells = all->n * all->n;
    for (int i = 0; i < n; i++) {
        lanes[i] = (struct counts){.place = all->place, .n = all->n};
        lanes[i].single = mem_zero(map->n_things, sizeof *lanes[i].single);
        lanes[i].both = all->both ? mem_zero(cells + 1, sizeof *lanes[i].both) : NULL;
        contexts[i] = &lanes[i];
    }
    enum status status = units_scan(reader, arena, query, map, unit_count, contexts, n, err);
    for (int i = 0; i < n; i++) {
        all->units += lanes[i].units;
        for (size_t t = 0; t < map->n_things; t++)
            all->single[t] += lanes[i].single[t];
        for (size_t c = 0; all->both && c < cells; c++)
            all->both[c] += lanes[i].both[c];
        free(lanes[i].single);
        free(lanes[i].both);
        vec_free(&lanes[i].rows);
    }
    return status;
}

struct ranked {
    int64_t units;
    uint32_t thing;
};

static int ranked_compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->units != y->units)
        return x->units > y->units ? -1 : 1;
    return x->thing < y->thing ? -1 : x->thing > y->thing;
}

/* Things that somebody has, most units first; how many. */
static size_t things_rank(const struct thing_map *map, const int64_t *single, struct ranked *ranked)
{
    size_t n = 0;
    for (uint32_t t = 1; t < map->n_things; t++)
        if (single[t])
            ranked[n++] = (struct ranked){single[t], t};
    if (n)
        qsort(ranked, n, sizeof *ranked, ranked_compare);
    return n;
}

/* ---- Pairs ---- */

static double pair_rank(const struct affinity *affinity, const struct affinity_pair *pair)
{
    switch (affinity->query.order) {
    case AFFINITY_BY_LIFT:
        return pair->lift;
    case AFFINITY_BY_SUPPORT:
        return (double)pair->both;
    default:
        return pair->interval.low;
    }
}

static int pair_compare(const void *a, const void *b, void *context)
{
    const struct affinity_pair *x = a, *y = b;
    const struct affinity *affinity = context;
    bool small_x = x->both < affinity->small, small_y = y->both < affinity->small;
    if (affinity->query.order == AFFINITY_BY_INTERVAL && small_x != small_y)
        return small_x ? 1 : -1;
    double rank_x = pair_rank(context, x), rank_y = pair_rank(context, y);
    if (rank_x != rank_y)
        return rank_x > rank_y ? -1 : 1;
    if (x->both != y->both)
        return x->both > y->both ? -1 : 1;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return x->b < y->b ? -1 : x->b > y->b;
}

/* The thing of a code or a name; n_things: none. */
static size_t thing_find(const struct affinity *affinity, const char *text)
{
    for (size_t i = 0; i < affinity->n_things; i++)
        if (strcmp(affinity->things[i].code, text) == 0)
            return i;
    for (size_t i = 0; i < affinity->n_things; i++)
        if (strcmp(affinity->things[i].name, text) == 0)
            return i;
    return affinity->n_things;
}

static void pairs_make(struct arena *arena, struct affinity *affinity, size_t with)
{
    VEC(struct affinity_pair) pairs = {0};
    size_t n = affinity->n_things;
    double share = affinity->query.least_share * (double)affinity->units;
    int64_t least = affinity->query.least > 0 ? affinity->query.least : 1;
    for (size_t a = 0; a < n; a++)
        for (size_t b = a + 1; b < n; b++) {
            int64_t both = affinity->counts[a * n + b];
            if (both < least || (double)both < share || (with < n && a != with && b != with))
                continue;
            double one = (double)affinity->things[a].units, two = (double)affinity->things[b].units;
            double units = (double)affinity->units;
            vec_push(&pairs, (struct affinity_pair){
                                 (uint32_t)a, (uint32_t)b, both, (double)both * units / (one * two),
                                 stat_lift((double)both, one, two, units, STAT_Z95)});
        }
    struct affinity_pair *kept = arena_array(arena, struct affinity_pair, pairs.n + 1);
    if (pairs.n) {
        qsort_r(pairs.at, pairs.n, sizeof *pairs.at, pair_compare, affinity);
        memcpy(kept, pairs.at, pairs.n * sizeof *kept);
    }
    affinity->pairs = kept;
    affinity->n_pairs = pairs.n;
    vec_free(&pairs);
}

/* Counts by rank, both ways, from those by row of the pass. */
static void counts_turn(struct arena *arena, struct affinity *affinity, const struct counts *all,
                        const struct ranked *ranked)
{
    size_t n = affinity->n_things;
    uint32_t *counts = arena_array(arena, uint32_t, n * n + 1);
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++) {
            size_t x = all->place[ranked[a].thing], y = all->place[ranked[b].thing];
            counts[a * n + b] = a == b ? (uint32_t)ranked[a].units
                                       : all->both[x * all->n + y] + all->both[y * all->n + x];
        }
    affinity->counts = counts;
}

/* ---- The whole ---- */

static enum status query_read(struct affinity_query *query, struct error *err)
{
    if (query->by != AFFINITY_BASKET || query->of >= AFFINITY_ITEM)
        return ST_OK;
    if (query->of == AFFINITY_SHOP)
        return error_set(err, ST_USAGE,
                         "a basket is of one shop: shops go together by person or by visit");
    query->of = query->of == AFFINITY_BRAND ? AFFINITY_ITEM_BRAND : AFFINITY_ITEM_CATEGORY;
    return ST_OK;
}

/* Gives a row to each of the things that will be looked at: all, or those with the most units, for
 * which a first pass counts. */
static enum status places_make(struct reader *reader, struct arena *arena,
                               const struct affinity_query *query, const struct thing_map *map,
                               struct counts *all, struct ranked *ranked, struct error *err)
{
    uint32_t *place = arena_array(arena, uint32_t, map->n_things);
    enum status status = ST_OK;
    all->place = place;
    all->single = arena_array(arena, int64_t, map->n_things);
    if (map->n_things <= AFFINITY_THINGS + 1) {
        for (uint32_t t = 1; t < map->n_things; t++)
            place[t] = t;
        all->n = map->n_things;
        return ST_OK;
    }
    status = pass_run(reader, arena, query, map, all, err);
    size_t n = status == ST_OK ? things_rank(map, all->single, ranked) : 0;
    n = n < AFFINITY_THINGS ? n : AFFINITY_THINGS;
    for (size_t i = 0; i < n; i++)
        place[ranked[i].thing] = (uint32_t)i + 1;
    all->n = n + 1;
    all->units = 0;
    memset(all->single, 0, map->n_things * sizeof *all->single);
    return status;
}

static enum status answer_make(struct arena *arena, const struct thing_map *map,
                               const struct counts *all, struct ranked *ranked,
                               struct affinity *affinity, struct error *err)
{
    size_t n = things_rank(map, all->single, ranked);
    affinity->units = all->units;
    affinity->n_things = n < AFFINITY_THINGS ? n : AFFINITY_THINGS;
    affinity->left_out = n - affinity->n_things;
    struct affinity_thing *things =
        arena_array(arena, struct affinity_thing, affinity->n_things + 1);
    for (size_t i = 0; i < affinity->n_things; i++) {
        things[i] = map->things[ranked[i].thing];
        things[i].units = ranked[i].units;
    }
    affinity->things = things;
    counts_turn(arena, affinity, all, ranked);
    const char *with = affinity->query.with;
    size_t found = with ? thing_find(affinity, with) : affinity->n_things;
    if (with && found == affinity->n_things)
        return error_set(err, ST_USAGE, "nobody has %s in this period (no such %s)",
                         text_quote(arena, with, strlen(with)),
                         affinity_of_names[affinity->query.of]);
    pairs_make(arena, affinity, found);
    return ST_OK;
}

enum status affinity_run(struct reader *reader, struct arena *arena,
                         const struct affinity_query *query, struct affinity *affinity,
                         struct error *err)
{
    struct thing_map map;
    struct counts all = {0};
    struct ranked *ranked = NULL;
    *affinity = (struct affinity){.query = *query, .small = reader_mall(reader)->small_sample};
    enum status status = query_read(&affinity->query, err);
    if (status == ST_OK)
        status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    query = &affinity->query;
    status = thing_map_read(reader, arena, query->of, &map, err);
    if (status == ST_OK) {
        ranked = mem_zero(map.n_things, sizeof *ranked);
        status = places_make(reader, arena, query, &map, &all, ranked, err);
    }
    if (status == ST_OK) {
        all.both = mem_zero(all.n * all.n + 1, sizeof *all.both);
        status = pass_run(reader, arena, query, &map, &all, err);
    }
    if (status == ST_OK)
        status = answer_make(arena, &map, &all, ranked, affinity, err);
    free(all.both);
    free(ranked);
    reader_end(reader);
    return status;
}

double affinity_confidence(const struct affinity *affinity, const struct affinity_pair *pair,
                           bool back)
{
    return (double)pair->both / (double)affinity->things[back ? pair->b : pair->a].units;
}

double affinity_conviction(const struct affinity *affinity, const struct affinity_pair *pair,
                           bool back)
{
    double other =
        (double)affinity->things[back ? pair->a : pair->b].units / (double)affinity->units;
    return (1 - other) / (1 - affinity_confidence(affinity, pair, back));
}

double affinity_chi_square(const struct affinity *affinity, const struct affinity_pair *pair)
{
    return stat_chi_square((double)pair->both, (double)affinity->things[pair->a].units,
                           (double)affinity->things[pair->b].units, (double)affinity->units);
}

/* ---- Who ---- */

struct person_units {
    uint32_t person, units;
};

struct finding {
    uint32_t a, b; /* things */
    int64_t nobody, all;
    VEC(struct person_units) people;
};

static void unit_find(void *context, uint32_t person, const uint32_t *things, size_t n)
{
    struct finding *finding = context;
    int found = 0;
    for (size_t i = 0; i < n; i++)
        found += things[i] == finding->a || things[i] == finding->b;
    if (found < 2)
        return;
    finding->all++;
    if (!person)
        finding->nobody++;
    else if (finding->people.n && finding->people.at[finding->people.n - 1].person == person)
        finding->people.at[finding->people.n - 1].units++;
    else
        vec_push(&finding->people, (struct person_units){person, 1});
}

static int person_compare(const void *a, const void *b)
{
    const struct person_units *x = a, *y = b;
    return x->person < y->person ? -1 : x->person > y->person;
}

static void people_merge(struct arena *arena, struct finding *lanes, int n,
                         struct affinity_people *people)
{
    VEC(struct person_units) all = {0};
    for (int i = 0; i < n; i++) {
        people->nobody += lanes[i].nobody;
        people->all += lanes[i].all;
        for (size_t k = 0; k < lanes[i].people.n; k++)
            vec_push(&all, lanes[i].people.at[k]);
        vec_free(&lanes[i].people);
    }
    if (all.n > 1)
        qsort(all.at, all.n, sizeof *all.at, person_compare);
    uint32_t *numbers = arena_array(arena, uint32_t, all.n + 1);
    uint32_t *units = arena_array(arena, uint32_t, all.n + 1);
    for (size_t i = 0; i < all.n; i++) {
        numbers[i] = all.at[i].person;
        units[i] = all.at[i].units;
    }
    people->n = all.n;
    people->people = numbers;
    people->units = units;
    vec_free(&all);
}

static uint32_t code_find(const struct thing_map *map, const char *code)
{
    for (uint32_t t = 1; t < map->n_things; t++)
        if (strcmp(map->things[t].code, code) == 0)
            return t;
    return 0;
}

enum status affinity_people_run(struct reader *reader, struct arena *arena,
                                const struct affinity_query *query, const char *a, const char *b,
                                struct affinity_people *people, struct error *err)
{
    struct affinity_query asked = *query;
    struct finding lanes[LANES] = {0};
    void *contexts[LANES];
    struct thing_map map;
    int n = threads_of(query);
    *people = (struct affinity_people){0};
    enum status status = query_read(&asked, err);
    if (status == ST_OK)
        status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = thing_map_read(reader, arena, asked.of, &map, err);
    for (int i = 0; i < n && status == ST_OK; i++) {
        lanes[i].a = code_find(&map, a);
        lanes[i].b = code_find(&map, b);
        contexts[i] = &lanes[i];
    }
    if (status == ST_OK && (!lanes[0].a || !lanes[0].b || lanes[0].a == lanes[0].b))
        status = error_set(err, ST_USAGE, "these are no two things of this mall");
    if (status == ST_OK)
        status = units_scan(reader, arena, &asked, &map, unit_find, contexts, n, err);
    people_merge(arena, lanes, n, people);
    reader_end(reader);
    return status;
}
