#include "model/campaign/points_scan.h"

#include <stdlib.h>
#include <unistd.h>

struct lane {
    const struct points_scan *scan;
    void *context;
    struct points_terms terms;
    struct points_fold fold;
    points_events events;
};

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    struct event_cursor cursor;
    uint32_t person;
    (void)err;
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person)) {
        const struct event_run *run;
        size_t row;
        lane->events.n = 0;
        points_fold_begin(&lane->fold);
        while (event_cursor_next(&cursor, &run, &row))
            if (run->time[row] <= lane->scan->at) {
                vec_push(&lane->events, points_event_of(run, row));
                points_fold_add(&lane->fold, &lane->events.at[lane->events.n - 1]);
            }
        struct points_seen seen = {person, &lane->fold, lane->events.at, lane->events.n};
        if (seen.n)
            lane->scan->fn(lane->context, &seen);
    }
    return ST_OK;
}

int points_lanes(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > POINTS_LANES ? POINTS_LANES : (int)cores;
}

enum status points_scan_run(struct reader *reader, const struct points_scan *scan,
                            struct error *err)
{
    struct points_terms terms = {0};
    struct lane lanes[POINTS_LANES];
    void *contexts[POINTS_LANES];
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = points_terms_read(reader, &terms, err);
    for (int i = 0; i < scan->n_lanes; i++) {
        lanes[i] = (struct lane){.scan = scan, .context = scan->lanes[i]};
        points_terms_copy(&lanes[i].terms, &terms);
        lanes[i].fold.terms = &lanes[i].terms;
        contexts[i] = &lanes[i];
    }
    struct event_query query = {.from = INT64_MIN,
                                .kinds = points_kinds,
                                .n_kinds = POINTS_KINDS,
                                .columns = EVENT_TIME | EVENT_AMOUNT | EVENT_CAMPAIGN |
                                           EVENT_VALUE | EVENT_ADDRESS | EVENT_REF,
                                .people = true,
                                .person_first = scan->first,
                                .person_last = scan->last,
                                .among = scan->among};
    if (status == ST_OK)
        status = event_scan_parallel(reader, &query, block_take, contexts, scan->n_lanes, err);
    for (int i = 0; i < scan->n_lanes; i++) {
        points_fold_free(&lanes[i].fold);
        points_terms_free(&lanes[i].terms);
        vec_free(&lanes[i].events);
    }
    points_terms_free(&terms);
    reader_end(reader);
    return status;
}

enum status points_holds_read(struct reader *reader, struct arena *arena, int64_t at,
                              struct points_holds *holds, struct error *err)
{
    VEC(struct points_held_by) by = {0};
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = reader_prepare(reader,
                                        "select person, sum(points) from points_hold where"
                                        " state = 'held' and expires > ?1 group by person"
                                        " order by person",
                                        &stmt, err);
    if (status == ST_OK)
        sqlite3_bind_int64(stmt, 1, at);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&by, (struct points_held_by){(uint32_t)sqlite3_column_int64(stmt, 0),
                                              sqlite3_column_int64(stmt, 1)});
    struct points_held_by *copy = arena_array(arena, struct points_held_by, by.n);
    for (size_t i = 0; i < by.n; i++)
        copy[i] = by.at[i];
    *holds = (struct points_holds){by.n, copy};
    vec_free(&by);
    return status;
}

int64_t points_held_of(const struct points_holds *holds, uint32_t person)
{
    size_t low = 0, high = holds->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (holds->by[middle].person < person)
            low = middle + 1;
        else
            high = middle;
    }
    return low < holds->n && holds->by[low].person == person ? holds->by[low].points : 0;
}
