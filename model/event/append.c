#include "model/event/append.h"

#include "model/base/text.h"
#include "model/event/catalog.h"
#include "model/event/reffind.h"
#include "model/event/refindex.h"

#include <stdlib.h>

static enum status refused(const struct event *event, const char *what, struct error *err)
{
    struct arena *arena = arena_new();
    size_t size = event->ref ? event->ref_size : 0;
    error_set(err, ST_REFUSED, "an event of kind %u with reference %s cannot be kept: %s",
              event->kind, text_quote(arena, event->ref ? event->ref : "", size), what);
    arena_free(arena);
    return ST_REFUSED;
}

enum status event_check(const struct event *event, struct error *err)
{
    if (event->kind == 0 || event->kind > KIND_MAX)
        return refused(event, "its kind is not one of 1 to 255", err);
    if (event->time < EVENT_TIME_LEAST || event->time > EVENT_TIME_MOST)
        return refused(event, "its time is outside the years 1 to 9999", err);
    if (event->ref_size > REF_SIZE_MAX)
        return refused(event, "its reference is longer than 1024 bytes", err);
    if (event->ref_size && memchr(event->ref, 0, event->ref_size))
        return refused(event, "its reference has a zero byte", err);
    return ST_OK;
}

/* Whether the reference is in a chunk. */
static enum status ref_in_chunks(struct writer *writer, struct ref_index *index,
                                 const struct event *event, bool *there, struct error *err)
{
    struct ref_key key = ref_key_of(event->kind, event->ref, event->ref_size);
    enum status status = ref_index_has(index, &key, there, err);
    if (status != ST_OK || !*there || ref_key_exact(&key))
        return status;
    struct ref_wanted wanted = {.kind = event->kind,
                                .block = person_block(event->person),
                                .ref = event->ref,
                                .size = event->ref_size};
    status = ref_find(writer, 0, &wanted, 1, err);
    *there = wanted.found;
    return status;
}

static enum status tail_insert(struct writer *writer, const struct event *event, bool *added,
                               struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer,
        writer_mall(writer)->replica
            ? "insert or ignore into tail (" TAIL_COLUMNS ", seq) select"
              " ?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13, min(coalesce(min(seq), 0), 0) - 1"
              " from tail"
            : "insert or ignore into tail (" TAIL_COLUMNS ") values"
              " (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    const int64_t numbers[] = {event->time,    event->person,   event->kind,
                               event->channel, event->tenant,   event->zone,
                               event->device,  event->campaign, event->item,
                               event->value,   event->amount,   (int64_t)event->address};
    int n = (int)(sizeof numbers / sizeof *numbers);
    for (int i = 0; i < n; i++)
        sqlite3_bind_int64(stmt, i + 1, numbers[i]);
    sqlite3_bind_text(stmt, n + 1, event->ref_size ? event->ref : "", (int)event->ref_size,
                      SQLITE_STATIC);
    status = writer_run(writer, stmt, err);
    *added = status == ST_OK && sqlite3_changes(writer_db(writer)) > 0;
    return status;
}

static const char pending_key;

void event_append_pending(struct writer *writer, bool on)
{
    writer_keep(writer, &pending_key, on ? writer : NULL, NULL);
}

enum status event_append_each(struct writer *writer, const struct event *events, size_t n,
                              bool *added, struct error *err)
{
    struct ref_index index;
    size_t n_added = 0;
    if (writer_mall(writer)->replica && !writer_kept(writer, &pending_key))
        return error_set(err, ST_DENIED,
                         "events are recorded at the hub: this is a replica, which is sent them");
    enum status status = ref_index_open(writer, &index, err);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        bool there = false, done = false;
        status = event_check(&events[i], err);
        if (status == ST_OK && events[i].ref_size && index.layers.n)
            status = ref_in_chunks(writer, &index, &events[i], &there, err);
        if (status == ST_OK && !there)
            status = tail_insert(writer, &events[i], &done, err);
        added[i] = done;
        n_added += done;
    }
    ref_index_free(&index);
    return status == ST_OK && n_added ? writer_touch_events(writer, err) : status;
}

enum status event_append(struct writer *writer, const struct event *events, size_t n, size_t *added,
                         size_t *duplicates, struct error *err)
{
    bool *each = mem_zero(n ? n : 1, sizeof *each);
    enum status status = event_append_each(writer, events, n, each, err);
    size_t n_added = 0;
    for (size_t i = 0; i < n; i++)
        n_added += each[i];
    free(each);
    if (added)
        *added = status == ST_OK ? n_added : 0;
    if (duplicates)
        *duplicates = status == ST_OK ? n - n_added : 0;
    return status;
}
