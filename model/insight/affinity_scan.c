#include "model/insight/affinity_scan.h"

#include "model/base/hash.h"
#include "model/store/column.h"

#include <string.h>

enum { LANES = 16 };

/* ---- Which thing a number stands for ---- */

struct naming {
    const char *code, *name;
    uint32_t number;
};

static int naming_compare(const void *a, const void *b)
{
    const struct naming *x = a, *y = b;
    int order = strcmp(x->code, y->code);
    return order ? order : x->number < y->number ? -1 : x->number > y->number;
}

static const char *const thing_sql[AFFINITY_OF_COUNT] = {
    [AFFINITY_SHOP] = "select id, code, name from tenant",
    [AFFINITY_BRAND] = "select id, brand, brand from tenant",
    [AFFINITY_CATEGORY] = "select id, category, category from tenant",
    [AFFINITY_ITEM] = "select id, name, name from item",
    [AFFINITY_ITEM_BRAND] = "select id, brand, brand from item",
    [AFFINITY_ITEM_CATEGORY] = "select id, category, category from item",
};

enum status thing_map_read(struct reader *reader, struct arena *arena, enum affinity_of of,
                           struct thing_map *map, struct error *err)
{
    enum { MOST_NUMBER = 1 << 28 };
    VEC(struct naming) names = {0};
    sqlite3_stmt *stmt;
    bool row = false;
    int64_t most = 0;
    enum status status = reader_prepare(reader, thing_sql[of], &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        const char *code = column_text(stmt, 1);
        if (id <= 0 || id > MOST_NUMBER || !*code)
            continue;
        most = id > most ? id : most;
        vec_push(&names, (struct naming){arena_strdup(arena, code),
                                         arena_strdup(arena, column_text(stmt, 2)), (uint32_t)id});
    }
    uint32_t *thing = arena_array(arena, uint32_t, (size_t)most + 1);
    struct affinity_thing *things = arena_array(arena, struct affinity_thing, names.n + 1);
    size_t n = 1;
    if (names.n)
        qsort(names.at, names.n, sizeof *names.at, naming_compare);
    for (size_t i = 0; i < names.n; i++) {
        if (!i || strcmp(names.at[i].code, names.at[i - 1].code) != 0)
            things[n++] = (struct affinity_thing){names.at[i].code, names.at[i].name, 0};
        thing[names.at[i].number] = (uint32_t)n - 1;
    }
    vec_free(&names);
    *map = (struct thing_map){(size_t)most + 1, thing, n, things};
    return status;
}

/* ---- Units ---- */

static void unit_start(struct unit_lane *lane)
{
    lane->things.n = 0;
    lane->any = false;
    if (++lane->serial == 0) { /* after four billion units */
        memset(lane->seen, 0, lane->map->n_things * sizeof *lane->seen);
        lane->serial = 1;
    }
}

static void unit_add(struct unit_lane *lane, uint32_t thing)
{
    lane->any = true;
    if (!thing || lane->seen[thing] == lane->serial)
        return;
    lane->seen[thing] = lane->serial;
    vec_push(&lane->things, thing);
}

static void unit_end(struct unit_lane *lane, uint32_t person)
{
    if (lane->any)
        lane->fn(lane->context, person, lane->things.at, lane->things.n);
}

static uint32_t thing_of(const struct unit_lane *lane, const struct event_run *run, size_t row)
{
    const uint32_t *numbers = lane->query->of >= AFFINITY_ITEM ? run->item : run->tenant;
    uint32_t number = numbers ? numbers[row] : 0;
    return number < lane->map->n_numbers ? lane->map->thing[number] : 0;
}

static bool tells(const struct unit_lane *lane, const struct event_run *run)
{
    return run->kind == (lane->query->of >= AFFINITY_ITEM ? KIND_LINE : KIND_PURCHASE);
}

/* ---- People and visits ---- */

static void person_take(struct unit_lane *lane, struct event_cursor *cursor, uint32_t person)
{
    unit_start(lane);
    for (uint32_t k = 0; k < cursor->n; k++) {
        const struct event_run *run = &cursor->block->runs[cursor->active[k]];
        size_t to = cursor->end[cursor->active[k]];
        for (size_t i = cursor->at[cursor->active[k]]; i < to && tells(lane, run); i++)
            unit_add(lane, thing_of(lane, run, i));
    }
    unit_end(lane, person);
}

/* Lines of receipts stand at the time of their receipt: they prolong no visit by themselves. */
static void visits_take(struct unit_lane *lane, struct event_cursor *cursor, uint32_t person)
{
    const struct event_run *run;
    int64_t last = INT64_MIN;
    size_t row;
    unit_start(lane);
    while (event_cursor_next(cursor, &run, &row)) {
        int64_t time = run->time[row];
        if (last != INT64_MIN && time - last > lane->gap) {
            unit_end(lane, person);
            unit_start(lane);
        }
        last = time;
        if (tells(lane, run))
            unit_add(lane, thing_of(lane, run, row));
    }
    unit_end(lane, person);
}

/* ---- Baskets ---- */

/* The receipt that a line belongs to: its reference without "#" and the line's number; where that
 * does not tell, shop and time do. */
static uint64_t basket_of(const struct event_run *run, size_t row)
{
    const char *ref = run->ref ? run->ref[row] : "";
    const char *mark = strrchr(ref, '#');
    uint64_t place[2] = {(uint64_t)run->time[row], run->tenant ? run->tenant[row] : 0};
    return mark ? hash64(ref, (size_t)(mark - ref)) : hash64(place, sizeof place);
}

static int line_compare(const void *a, const void *b)
{
    const struct basket_line *x = a, *y = b;
    if (x->basket != y->basket)
        return x->basket < y->basket ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* The lines [from, to) of a run, of one person or of a day of nobody. */
static void baskets_take(struct unit_lane *lane, const struct event_run *run, size_t from,
                         size_t to, uint32_t person)
{
    lane->lines.n = 0;
    for (size_t i = from; i < to; i++)
        vec_push(&lane->lines, (struct basket_line){basket_of(run, i), thing_of(lane, run, i),
                                                    (uint32_t)(i - from)});
    if (lane->lines.n > 1)
        qsort(lane->lines.at, lane->lines.n, sizeof *lane->lines.at, line_compare);
    for (size_t i = 0; i < lane->lines.n; i++) {
        if (!i || lane->lines.at[i].basket != lane->lines.at[i - 1].basket)
            unit_start(lane);
        unit_add(lane, lane->lines.at[i].thing);
        if (i + 1 == lane->lines.n || lane->lines.at[i].basket != lane->lines.at[i + 1].basket)
            unit_end(lane, person);
    }
}

/* ---- The pass ---- */

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct unit_lane *lane = context;
    struct event_cursor cursor;
    uint32_t person;
    (void)err;
    if (block->block == EVENT_NOBODY) {
        for (size_t r = 0; r < block->n_runs; r++)
            if (tells(lane, &block->runs[r]))
                baskets_take(lane, &block->runs[r], 0, block->runs[r].n, 0);
        return ST_OK;
    }
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person)) {
        if (lane->among && !set_has(lane->among, person))
            continue;
        if (lane->query->by == AFFINITY_PERSON)
            person_take(lane, &cursor, person);
        else if (lane->query->by == AFFINITY_VISIT)
            visits_take(lane, &cursor, person);
        else
            for (uint32_t k = 0; k < cursor.n; k++) {
                uint8_t at = cursor.active[k];
                if (tells(lane, &block->runs[at]))
                    baskets_take(lane, &block->runs[at], cursor.at[at], cursor.end[at], person);
            }
    }
    return ST_OK;
}

static size_t kinds_wanted(const struct affinity_query *query, uint16_t *wanted)
{
    bool items = query->of >= AFFINITY_ITEM;
    size_t n = 0;
    for (size_t i = 0; i < n_kinds; i++)
        if (kinds[i].id == (items ? KIND_LINE : KIND_PURCHASE) ||
            (query->by == AFFINITY_VISIT && kinds[i].flags & KIND_PRESENCE))
            wanted[n++] = kinds[i].id;
    return n;
}

enum status units_scan(struct reader *reader, struct arena *arena,
                       const struct affinity_query *query, const struct thing_map *map, unit_fn *fn,
                       void **contexts, int n, struct error *err)
{
    uint16_t wanted[KIND_BUILT_IN_END];
    struct unit_lane lanes[LANES];
    void *lane_contexts[LANES];
    const struct set *among = NULL;
    bool items = query->of >= AFFINITY_ITEM, baskets = query->by == AFFINITY_BASKET;
    struct event_query scan = {
        .from = query->from,
        .to = query->to,
        .kinds = wanted,
        .n_kinds = kinds_wanted(query, wanted),
        .columns = EVENT_TIME | (items ? EVENT_ITEM : EVENT_TENANT) |
                   (baskets ? EVENT_TENANT | EVENT_REF : 0),
        .people = true,
        .nobody = baskets && !query->among,
    };
    if (query->among)
        among = set_of(arena, query->n_among ? query->among[query->n_among - 1] + 1 : 1,
                       query->among, query->n_among);
    for (int i = 0; i < n; i++) {
        lanes[i] = (struct unit_lane){.query = query,
                                      .map = map,
                                      .among = among,
                                      .gap = reader_mall(reader)->visit_gap,
                                      .fn = fn,
                                      .context = contexts[i]};
        lanes[i].seen = mem_zero(map->n_things, sizeof *lanes[i].seen);
        lane_contexts[i] = &lanes[i];
    }
    enum status status = event_scan_parallel(reader, &scan, block_take, lane_contexts, n, err);
    for (int i = 0; i < n; i++) {
        free(lanes[i].seen);
        vec_free(&lanes[i].things);
        vec_free(&lanes[i].lines);
    }
    return status;
}
