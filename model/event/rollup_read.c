#include "model/event/append.h"
#include "model/event/blob.h"
#include "model/event/catalog.h"
#include "model/event/rollup.h"

#include <stdlib.h>

/* ---- Totals ---- */

static enum status tail_totals(struct reader *reader, struct event_totals *totals,
                               struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = reader_prepare(
        reader, "select count(*), sum(kind = ?1), min(time), max(time) from tail", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int(stmt, 1, KIND_LINE);
    status = reader_step(reader, stmt, &row, err);
    if (status != ST_OK)
        return status;
    int64_t n = sqlite3_column_int64(stmt, 0), lines = sqlite3_column_int64(stmt, 1);
    int64_t first = sqlite3_column_int64(stmt, 2), last = sqlite3_column_int64(stmt, 3);
    sqlite3_reset(stmt);
    if (n == 0)
        return ST_OK;
    bool any = totals->events + totals->lines > 0;
    totals->first = !any || first < totals->first ? first : totals->first;
    totals->last = !any || last > totals->last ? last : totals->last;
    totals->events += n - lines;
    totals->lines += lines;
    return ST_OK;
}

enum status event_totals(struct reader *reader, struct event_totals *totals, struct error *err)
{
    *totals = (struct event_totals){0};
    const struct catalog *catalog = NULL;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = catalog_read(reader, &catalog, err);
    for (size_t i = 0; status == ST_OK && i < catalog->n; i++) {
        const struct chunk_entry *entry = &catalog->at[i];
        totals->events += entry->events - entry->lines;
        totals->lines += entry->lines;
        totals->first = i == 0 || entry->first < totals->first ? entry->first : totals->first;
        totals->last = i == 0 || entry->last > totals->last ? entry->last : totals->last;
    }
    if (status == ST_OK)
        status = tail_totals(reader, totals, err);
    reader_end(reader);
    return status;
}

/* ---- Roll-ups ---- */

/* The stored cells of the days, and the tail's events in them, added up. */
static enum status days_read(struct reader *reader, const char *sql, int32_t from, int32_t to,
                             const bool *only, struct sums *sums, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(reader, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int(stmt, 1, from);
    sqlite3_bind_int(stmt, 2, to);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int32_t day = sqlite3_column_int(stmt, 0);
        if (!rollup_decode(blob_column(stmt, 1), day, only, sums))
            status = error_set(err, ST_UNUSABLE,
                               "the roll-up of day %d is damaged: restore a copy of the mall file, "
                               "or run `atrium verify`",
                               day);
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status tail_sums(struct reader *reader, int32_t from, int32_t to, bool hours,
                             struct sums *sums, struct error *err)
{
    const struct clock *clock = &reader_mall(reader)->clock;
    struct event_query query = {.from = clock_day_start(clock, from),
                                .to = clock_day_start(clock, to),
                                .nobody = true,
                                .people = true};
    struct tail_events tail;
    enum status status = tail_load(reader, &query, &tail, err);
    if (status != ST_OK)
        return status;
    struct rollup rollup = rollup_make(clock);
    for (size_t i = 0; i < tail.events.n; i++)
        rollup_add(&rollup, &tail.events.at[i]);
    struct sums fresh = rollup_sums(&rollup, hours);
    for (size_t i = 0; i < fresh.slots; i++)
        if (fresh.at[i].count)
            sums_add(sums, &fresh.at[i]);
    sums_free(&fresh);
    rollup_free(&rollup);
    tail_free(&tail);
    return ST_OK;
}

static enum status sums_read(struct reader *reader, int32_t from, int32_t to, bool hours,
                             struct sum **cells, size_t *n, struct error *err)
{
    *cells = NULL;
    *n = 0;
    if (from >= to)
        return ST_OK;
    struct sums sums = {0};
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = days_read(reader,
                       hours ? "select day, cells, max(batch) from rollup_hour where day >= ?1"
                               " and day < ?2 and batch in " BATCHES_DONE " group by day"
                             : "select day, cells, max(batch) from rollup_day where day >= ?1"
                               " and day < ?2 and batch in " BATCHES_DONE " group by day",
                       from, to, NULL, &sums, err);
    if (status == ST_OK)
        status = tail_sums(reader, from, to, hours, &sums, err);
    reader_end(reader);
    if (status == ST_OK) {
        *cells = sums_sorted(&sums);
        *n = sums.n;
    }
    sums_free(&sums);
    return status;
}

enum status rollup_days(struct reader *reader, struct arena *arena, int32_t from_day,
                        int32_t to_day, const struct rollup_cell **cells, size_t *n,
                        struct error *err)
{
    struct sum *sums;
    enum status status = sums_read(reader, from_day, to_day, false, &sums, n, err);
    struct rollup_cell *out = arena_array(arena, struct rollup_cell, *n);
    for (size_t i = 0; i < *n; i++)
        out[i] = (struct rollup_cell){.day = sums[i].day,
                                      .tenant = sums[i].id,
                                      .channel = sums[i].what >> 16,
                                      .kind = (uint16_t)(sums[i].what >> 1 & KIND_MAX),
                                      .nobody = sums[i].what & 1,
                                      .count = sums[i].count,
                                      .amount = sums[i].amount};
    *cells = out;
    free(sums);
    return status;
}

/* The tail's events of the kinds, people's, as cells like those of rollup_decode. */
static enum status tail_kinds(struct reader *reader, const uint16_t *which, size_t n_which,
                              struct sums *sums, struct error *err)
{
    const struct clock *clock = &reader_mall(reader)->clock;
    struct event_query query = {
        .from = INT64_MIN, .kinds = which, .n_kinds = n_which, .people = true};
    struct tail_events tail;
    enum status status = tail_load(reader, &query, &tail, err);
    for (size_t i = 0; status == ST_OK && i < tail.events.n; i++) {
        const struct event *event = &tail.events.at[i];
        struct sum sum = {clock_day(clock, event->time), 0, (uint32_t)event->kind << 1, 1,
                          event->amount};
        sums_add(sums, &sum);
    }
    if (status == ST_OK)
        tail_free(&tail);
    return status;
}

enum status rollup_kinds(struct reader *reader, struct arena *arena, const uint16_t *which,
                         size_t n_which, const struct rollup_cell **cells, size_t *n,
                         struct error *err)
{
    bool wanted[KIND_MAX + 1] = {false};
    struct sums sums = {0};
    *n = 0;
    for (size_t i = 0; i < n_which; i++)
        wanted[which[i] & KIND_MAX] = true;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = days_read(reader,
                       "select day, cells, max(batch) from rollup_day where day >= ?1 and"
                       " day <= ?2 and batch in " BATCHES_DONE " group by day",
                       (int32_t)(EVENT_TIME_LEAST / 86400) - 1,
                       (int32_t)(EVENT_TIME_MOST / 86400) + 1, wanted, &sums, err);
    if (status == ST_OK)
        status = tail_kinds(reader, which, n_which, &sums, err);
    reader_end(reader);
    struct sum *sorted = sums_sorted(&sums);
    struct rollup_cell *out = arena_array(arena, struct rollup_cell, sums.n);
    for (size_t i = 0; i < sums.n; i++)
        out[i] = (struct rollup_cell){.day = sorted[i].day,
                                      .kind = (uint16_t)(sorted[i].what >> 1 & KIND_MAX),
                                      .count = sorted[i].count,
                                      .amount = sorted[i].amount};
    *cells = out;
    *n = status == ST_OK ? sums.n : 0;
    free(sorted);
    sums_free(&sums);
    return status;
}

enum status rollup_hours(struct reader *reader, struct arena *arena, int32_t from_day,
                         int32_t to_day, const struct rollup_hour **cells, size_t *n,
                         struct error *err)
{
    struct sum *sums;
    enum status status = sums_read(reader, from_day, to_day, true, &sums, n, err);
    struct rollup_hour *out = arena_array(arena, struct rollup_hour, *n);
    for (size_t i = 0; i < *n; i++)
        out[i] = (struct rollup_hour){.day = sums[i].day,
                                      .hour = (uint8_t)(sums[i].what >> 1),
                                      .zone = sums[i].id,
                                      .nobody = sums[i].what & 1,
                                      .sightings = sums[i].count};
    *cells = out;
    free(sums);
    return status;
}
