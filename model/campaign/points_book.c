/* A person's entries: read from the events, and while something is posted. */
#include "model/campaign/points_parts.h"

#include "model/base/text.h"
#include "model/event/catalog.h"
#include "model/store/column.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Reading ---- */

struct points_event points_event_of(const struct event_run *run, size_t row)
{
    struct points_event e = {.time = run->time[row], .kind = run->kind, .ref = ""};
    e.amount = run->amount ? run->amount[row] : 0;
    e.campaign = run->campaign ? run->campaign[row] : 0;
    e.tenant = run->tenant ? run->tenant[row] : 0;
    e.channel = run->channel ? run->channel[row] : 0;
    e.of = run->address ? run->address[row] : 0;
    e.ref = run->ref && run->ref[row] ? run->ref[row] : "";
    int32_t value = run->value ? run->value[row] : 0;
    e.owed = run->kind == KIND_POINTS_REVERSE ? value : 0;
    e.ours = run->kind == KIND_POINTS_REVERSE ? e.of != 0 : value == 1;
    return e;
}

struct collector {
    struct arena *arena;
    uint32_t person;
    int64_t at;
    points_events *events;
};

static enum status collect(void *context, const struct event_block *block, struct error *err)
{
    struct collector *c = context;
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        uint32_t in_block = c->person - block->first_person;
        for (size_t i = run->starts[in_block]; i < run->starts[in_block + 1]; i++) {
            if (run->time[i] > c->at)
                continue;
            struct points_event e = points_event_of(run, i);
            e.ref = *e.ref ? arena_strdup(c->arena, e.ref) : "";
            vec_push(c->events, e);
        }
    }
    return ST_OK;
}

enum status points_events_read(struct reader *reader, struct arena *arena, uint32_t person,
                               int64_t at, points_events *events, struct error *err)
{
    struct collector c = {arena, person, at, events};
    struct event_query query = {.from = INT64_MIN,
                                .kinds = points_kinds,
                                .n_kinds = POINTS_KINDS,
                                .columns = EVENT_TIME | EVENT_TENANT | EVENT_CHANNEL |
                                           EVENT_AMOUNT | EVENT_CAMPAIGN | EVENT_VALUE |
                                           EVENT_ADDRESS | EVENT_REF,
                                .people = true,
                                .person_first = person,
                                .person_last = person};
    enum status status = person ? event_scan(reader, &query, collect, &c, err) : ST_OK;
    if (status == ST_OK)
        points_events_sort(events->at, events->n);
    return status;
}

enum status points_account(struct reader *reader, struct arena *arena, uint32_t person, int64_t at,
                           struct points_account *account, struct error *err)
{
    points_events events = {0};
    struct points_terms terms = {0};
    struct points_fold fold = {.terms = &terms};
    *account = (struct points_account){0};
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = points_terms_read(reader, &terms, err);
    if (status == ST_OK)
        status = points_events_read(reader, arena, person, at, &events, err);
    for (size_t i = 0; status == ST_OK && i < events.n; i++)
        points_fold_add(&fold, &events.at[i]);
    int64_t moment = at == INT64_MAX ? time_now() : at;
    account->sums = fold.sums;
    account->sums.due = points_fold_due(&fold, moment);
    if (status == ST_OK)
        status = points_held(reader_db(reader), person, moment, &account->sums.held, err);
    struct points_lot *lots = arena_array(arena, struct points_lot, fold.open.n);
    for (size_t i = 0; i < fold.open.n; i++)
        lots[i] = fold.lots.at[fold.open.at[fold.open.n - 1 - i]];
    account->n_lots = fold.open.n;
    account->lots = lots;
    points_fold_free(&fold);
    points_terms_free(&terms);
    vec_free(&events);
    reader_end(reader);
    return status;
}

enum status points_held(sqlite3 *db, uint32_t person, int64_t at, int64_t *points,
                        struct error *err)
{
    sqlite3_stmt *stmt;
    *points = 0;
    if (sqlite3_prepare_v2(db,
                           person ? "select coalesce(sum(points), 0) from points_hold where"
                                    " person = ?1 and state = 'held' and expires > ?2"
                                  : "select coalesce(sum(points), 0) from points_hold where"
                                    " state = 'held' and expires > ?2",
                           -1, &stmt, NULL) != SQLITE_OK)
        return sqlite_status(db, "reading points that are held", err);
    sqlite3_bind_int64(stmt, 1, person);
    sqlite3_bind_int64(stmt, 2, at);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *points = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return code == SQLITE_ROW ? ST_OK : sqlite_status(db, "reading points that are held", err);
}

/* ---- The book of a person, for posting ---- */

static const char reader_key;

static void reader_release(void *value)
{
    reader_close(value);
}

enum status points_reader(struct writer *writer, struct reader **reader, struct error *err)
{
    *reader = writer_kept(writer, &reader_key);
    if (*reader)
        return ST_OK;
    enum status status = reader_open(writer_mall(writer), reader, err);
    if (status == ST_OK)
        writer_keep(writer, &reader_key, *reader, reader_release);
    return status;
}

/* What this transaction appended, and the reader cannot see yet. */
static enum status book_read_own(struct points_book *book, int64_t after, struct error *err)
{
    sqlite3_stmt *stmt;
    int code;
    enum status status = writer_prepare(book->writer,
                                        "select " TAIL_COLUMNS
                                        " from tail where seq > ?1 and person = ?2 order by seq",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, after);
    sqlite3_bind_int64(stmt, 2, book->person);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct event event;
        tail_row(stmt, 0, &event);
        if (!kind_points_sign(event.kind))
            continue;
        char *ref = arena_strndup(book->arena, event.ref ? event.ref : "", event.ref_size);
        const char *refs[] = {ref};
        uint32_t person[] = {event.person};
        struct event_run run = {.kind = event.kind,
                                .n = 1,
                                .person = person,
                                .time = &event.time,
                                .amount = &event.amount,
                                .tenant = &event.tenant,
                                .campaign = &event.campaign,
                                .channel = &event.channel,
                                .value = &event.value,
                                .address = &event.address,
                                .ref = refs};
        vec_push(&book->events, points_event_of(&run, 0));
    }
    sqlite3_reset(stmt);
    return code == SQLITE_DONE ? ST_OK : sqlite_status(writer_db(book->writer), "reading", err);
}

static void book_fold(struct points_book *book)
{
    points_fold_begin(&book->fold);
    for (size_t i = 0; i < book->events.n; i++)
        points_fold_add(&book->fold, &book->events.at[i]);
}

enum status book_begin(struct points_book *book, struct writer *writer, const struct access *access,
                       uint32_t person, struct error *err)
{
    struct reader *reader;
    int64_t after = 0;
    *book = (struct points_book){.writer = writer,
                                 .access = access,
                                 .arena = arena_new(),
                                 .person = person,
                                 .now = time_now()};
    book->fold.terms = &book->terms;
    enum status status = points_reader(writer, &reader, err);
    if (status == ST_OK)
        status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = points_terms_read(reader, &book->terms, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select max(seq) from tail", 0, &after, err);
    if (status == ST_OK)
        status = points_events_read(reader, book->arena, person, INT64_MAX, &book->events, err);
    reader_end(reader);
    if (status == ST_OK)
        status = book_read_own(book, after, err);
    points_events_sort(book->events.at, book->events.n);
    book_fold(book);
    if (status == ST_OK)
        status = points_held(writer_db(writer), person, book->now, &book->held, err);
    return status;
}

void book_end(struct points_book *book)
{
    points_fold_free(&book->fold);
    points_terms_free(&book->terms);
    vec_free(&book->events);
    arena_free(book->arena);
}

struct points_sums book_sums(const struct points_book *book, int64_t at)
{
    struct points_sums sums = book->fold.sums;
    if (book->events.n && book->events.at[book->events.n - 1].time > at)
        at = book->events.at[book->events.n - 1].time;
    sums.held = book->held;
    sums.due = points_fold_due(&book->fold, at);
    return sums;
}

int64_t points_time(const struct points_event *events, size_t n, uint16_t kind, int64_t time)
{
    for (size_t i = 0; i < n; i++)
        if (events[i].time == time && events[i].kind > kind)
            time++;
    return time;
}

int64_t points_least(const struct points_event *events, size_t n, int64_t time)
{
    int64_t balance = 0, least = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        if (events[i].time > time)
            least = balance < least ? balance : least;
        balance += kind_points_sign(events[i].kind) * events[i].amount;
    }
    return balance < least ? balance : least;
}

long points_number(const struct points_event *events, size_t n, uint16_t kind, const char *prefix,
                   uint32_t person)
{
    char start[32];
    long most = 0;
    int size = snprintf(start, sizeof start, "%s%" PRIu32 "-", prefix, person);
    for (size_t i = 0; i < n; i++)
        if (events[i].kind == kind && !strncmp(events[i].ref, start, (size_t)size)) {
            long number = strtol(events[i].ref + size, NULL, 10);
            most = number > most ? number : most;
        }
    return most + 1;
}

int64_t book_time(const struct points_book *book, uint16_t kind, int64_t time)
{
    return points_time(book->events.at, book->events.n, kind, time);
}

int64_t book_least(const struct points_book *book, int64_t time)
{
    return points_least(book->events.at, book->events.n, time);
}

const char *book_ref(const struct points_book *book, uint16_t kind, const char *prefix)
{
    long n = points_number(book->events.at, book->events.n, kind, prefix, book->person);
    return arena_printf(book->arena, "%s%" PRIu32 "-%ld", prefix, book->person, n);
}

enum status book_append(struct points_book *book, const struct points_event *event,
                        struct error *err)
{
    bool reverse = event->kind == KIND_POINTS_REVERSE;
    size_t added = 0;
    struct event row = {.time = event->time,
                        .amount = event->amount,
                        .address = event->of,
                        .person = book->person,
                        .tenant = event->tenant,
                        .campaign = event->campaign,
                        .value = reverse ? (int32_t)event->owed : 1,
                        .kind = event->kind,
                        .channel = event->channel,
                        .ref = event->ref,
                        .ref_size = (uint32_t)strlen(event->ref)};
    enum status status = event_append(book->writer, &row, 1, &added, NULL, err);
    if (status == ST_OK && !added)
        status = error_set(err, ST_CONFLICT,
                           "the reference %s stands for an entry of another person or an import; "
                           "take another one",
                           text_quote(book->arena, event->ref, strlen(event->ref)));
    if (status != ST_OK)
        return status;
    vec_push(&book->events, *event);
    struct points_event *last = &book->events.at[book->events.n - 1];
    last->ours = true;
    last->ref = arena_strdup(book->arena, event->ref);
    points_events_sort(book->events.at, book->events.n);
    book_fold(book);
    return ST_OK;
}

/* ---- What the ledger does by itself ---- */

enum status book_expire(struct points_book *book, int64_t time, int64_t *n, struct error *err)
{
    time = book_time(book, KIND_POINTS_EXPIRE, time);
    int64_t due = points_fold_due(&book->fold, time) - book->held;
    int64_t free = book_least(book, time) - book->held;
    due = due < free ? due : free;
    if (n)
        *n = due > 0 ? due : 0;
    if (due <= 0)
        return ST_OK;
    struct points_event event = {.time = time, .kind = KIND_POINTS_EXPIRE, .amount = due};
    event.ref = book_ref(book, KIND_POINTS_EXPIRE, "PX");
    return book_append(book, &event, err);
}

enum status book_collect(struct points_book *book, int64_t time, int64_t *n, struct error *err)
{
    int64_t owed = book->fold.sums.owed;
    time = book_time(book, KIND_POINTS_REVERSE, time);
    int64_t free = book_least(book, time) - book->held;
    owed = owed < free ? owed : free;
    if (n)
        *n = owed > 0 ? owed : 0;
    if (owed <= 0)
        return ST_OK;
    struct points_event event = {.time = time,
                                 .kind = KIND_POINTS_REVERSE,
                                 .amount = owed,
                                 .owed = -owed,
                                 .of = POINTS_OF_OWED};
    event.ref = book_ref(book, KIND_POINTS_REVERSE, "PO");
    return book_append(book, &event, err);
}
