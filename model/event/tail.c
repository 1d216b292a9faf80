#include "model/event/assemble.h"

#include <stdlib.h>

void tail_row(sqlite3_stmt *stmt, int first, struct event *event)
{
    int size = sqlite3_column_bytes(stmt, first + 12);
    *event = (struct event){
        .time = sqlite3_column_int64(stmt, first),
        .person = (uint32_t)sqlite3_column_int64(stmt, first + 1),
        .kind = (uint16_t)(sqlite3_column_int(stmt, first + 2) & KIND_MAX),
        .channel = (uint16_t)sqlite3_column_int(stmt, first + 3),
        .tenant = (uint32_t)sqlite3_column_int64(stmt, first + 4),
        .zone = (uint32_t)sqlite3_column_int64(stmt, first + 5),
        .device = (uint32_t)sqlite3_column_int64(stmt, first + 6),
        .campaign = (uint32_t)sqlite3_column_int64(stmt, first + 7),
        .item = (uint32_t)sqlite3_column_int64(stmt, first + 8),
        .value = sqlite3_column_int(stmt, first + 9),
        .amount = sqlite3_column_int64(stmt, first + 10),
        .address = (uint64_t)sqlite3_column_int64(stmt, first + 11),
        .ref = (const char *)sqlite3_column_text(stmt, first + 12),
        .ref_size = (uint32_t)size,
    };
}

/* ---- Loading what a question sees ---- */

struct tail_sorted {
    struct event event;
    int32_t block, month;
    size_t seq;
};

static int compare_tail(const void *a, const void *b)
{
    const struct tail_sorted *left = a, *right = b;
#define BY(field)                                                                                  \
    if (left->field != right->field)                                                               \
    return left->field < right->field ? -1 : 1
    BY(block);
    BY(month);
    BY(event.kind);
    BY(event.person);
    BY(event.time);
    BY(seq);
#undef BY
    return 0;
}

static bool query_wants(const struct event_query *query, const struct event *event)
{
    uint32_t first, last;
    int64_t from, to;
    query_people(query, &first, &last);
    query_times(query, &from, &to);
    if (event->time < from || event->time >= to || !query_has_kind(query, event->kind))
        return false;
    if (event->person == 0)
        return query->nobody;
    return event->person >= first && event->person <= last &&
           query_has_block(query, person_block(event->person)) &&
           (!query->among || set_has(query->among, event->person));
}

struct tail_rows {
    struct tail_sorted *at;
    size_t n, cap;
};

static enum status rows_read(struct reader *reader, const struct event_query *query,
                             struct arena *arena, struct tail_rows *rows, struct error *err)
{
    struct chunk_calendar days = chunk_calendar_make(&reader_mall(reader)->clock, true);
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status =
        reader_prepare(reader, "select " TAIL_COLUMNS " from tail order by seq", &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct tail_sorted sorted = {.seq = rows->n};
        tail_row(stmt, 0, &sorted.event);
        if (!query_wants(query, &sorted.event))
            continue;
        sorted.event.ref = sorted.event.ref_size
                               ? arena_strndup(arena, sorted.event.ref, sorted.event.ref_size)
                               : NULL;
        sorted.block = person_block(sorted.event.person);
        if (sorted.block == EVENT_NOBODY) {
            size_t day = chunk_calendar_find(&days, sorted.event.time); /* may move the spans */
            sorted.month = days.spans.at[day].number;
        }
        vec_push(rows, sorted);
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    chunk_calendar_free(&days);
    return status;
}

enum status tail_load(struct reader *reader, const struct event_query *query,
                      struct tail_events *tail, struct error *err)
{
    *tail = (struct tail_events){.arena = arena_new()};
    struct tail_rows rows = {0};
    enum status status = rows_read(reader, query, tail->arena, &rows, err);
    if (status == ST_OK && rows.n)
        qsort(rows.at, rows.n, sizeof *rows.at, compare_tail);
    for (size_t i = 0; status == ST_OK && i < rows.n; i++) {
        const struct tail_sorted *row = &rows.at[i];
        struct tail_unit *last = tail->units.n ? &tail->units.at[tail->units.n - 1] : NULL;
        if (!last || last->block != row->block || last->month != row->month)
            vec_push(&tail->units, (struct tail_unit){row->block, row->month, i, i});
        tail->units.at[tail->units.n - 1].to = i + 1;
        vec_push(&tail->events, row->event);
    }
    vec_free(&rows);
    if (status != ST_OK)
        tail_free(tail);
    return status;
}

void tail_free(struct tail_events *tail)
{
    vec_free(&tail->events);
    vec_free(&tail->units);
    arena_free(tail->arena);
    *tail = (struct tail_events){0};
}
