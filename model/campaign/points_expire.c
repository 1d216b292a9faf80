#include "model/campaign/points_expire.h"

#include "model/campaign/points_scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { RANGE = 16 * EVENT_BLOCK, TRIES = 5 };

/* What is to be posted for a person. */
struct due {
    uint32_t person;
    int64_t expires, takes;          /* points; 0: none */
    int64_t expire_time, take_time;  /* of the entries */
    long expire_number, take_number; /* of their references */
};
typedef VEC(struct due) due_list;

struct lane {
    int64_t at;
    const struct points_holds *holds;
    due_list due;
};

/* The same rules as book_expire and book_collect; a test compares the two. */
static void person_look(void *context, const struct points_seen *seen)
{
    struct lane *lane = context;
    const struct points_fold *fold = seen->fold;
    struct due due = {.person = seen->person};
    int64_t over = points_fold_due(fold, lane->at), owed = fold->sums.owed;
    if (over <= 0 && owed <= 0)
        return;
    int64_t held = points_held_of(lane->holds, seen->person);
    due.expire_time = points_time(seen->events, seen->n, KIND_POINTS_EXPIRE, lane->at);
    int64_t free = points_least(seen->events, seen->n, due.expire_time) - held;
    due.expires = over - held < free ? over - held : free;
    due.expires = due.expires > 0 ? due.expires : 0;
    due.take_time = points_time(seen->events, seen->n, KIND_POINTS_REVERSE, due.expire_time);
    free = points_least(seen->events, seen->n, due.take_time) - held - due.expires;
    due.takes = owed < free ? owed : free;
    due.takes = due.takes > 0 ? due.takes : 0;
    if (due.expires)
        due.expire_number =
            points_number(seen->events, seen->n, KIND_POINTS_EXPIRE, "PX", seen->person);
    if (due.takes)
        due.take_number =
            points_number(seen->events, seen->n, KIND_POINTS_REVERSE, "PO", seen->person);
    if (due.expires || due.takes)
        vec_push(&lane->due, due);
}

static int compare_due(const void *a, const void *b)
{
    const struct due *x = a, *y = b;
    return (x->person > y->person) - (x->person < y->person);
}

/* Everyone of a range for whom something is to be posted, by person. */
static enum status due_find(struct reader *reader, int64_t at, uint32_t first, uint32_t last,
                            due_list *found, struct error *err)
{
    struct lane lanes[POINTS_LANES] = {0};
    void *contexts[POINTS_LANES];
    struct points_holds holds;
    struct arena *arena = arena_new();
    struct points_scan scan = {.at = INT64_MAX,
                               .first = first,
                               .last = last,
                               .fn = person_look,
                               .lanes = contexts,
                               .n_lanes = points_lanes()};
    found->n = 0;
    enum status status = points_holds_read(reader, arena, time_now(), &holds, err);
    for (int i = 0; i < scan.n_lanes; i++) {
        lanes[i] = (struct lane){.at = at, .holds = &holds};
        contexts[i] = &lanes[i];
    }
    if (status == ST_OK)
        status = points_scan_run(reader, &scan, err);
    for (int i = 0; i < scan.n_lanes; i++) {
        for (size_t k = 0; k < lanes[i].due.n; k++)
            vec_push(found, lanes[i].due.at[k]);
        vec_free(&lanes[i].due);
    }
    if (found->n)
        qsort(found->at, found->n, sizeof *found->at, compare_due);
    arena_free(arena);
    return status;
}

static void run_count(struct points_run *run, const due_list *due)
{
    for (size_t i = 0; i < due->n; i++) {
        run->people += due->at[i].expires > 0;
        run->points += due->at[i].expires;
        run->debtors += due->at[i].takes > 0;
        run->taken += due->at[i].takes;
    }
}

enum status points_expire_preview(struct reader *reader, int64_t at, struct points_run *run,
                                  struct error *err)
{
    due_list due = {0};
    *run = (struct points_run){0};
    enum status status = due_find(reader, at, 0, 0, &due, err);
    run_count(run, &due);
    vec_free(&due);
    return status;
}

/* ---- A range ---- */

struct range {
    const struct access *access;
    int64_t at;
    uint32_t first, last;
    due_list due;
    int64_t seen, later; /* the tail's last row that was seen; the latest event */
    int64_t holds;       /* what stood for the holds of the range */
};

static const char holds_sql[] =
    "select coalesce(sum(points * 1000003 + made), 0) from points_hold where state = 'held' and"
    " person between ?1 and ?2";

static enum status ask(sqlite3 *db, const char *sql, int64_t a, int64_t b, int64_t *value,
                       struct error *err)
{
    sqlite3_stmt *stmt;
    *value = 0;
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        return sqlite_status(db, "reading the ledger", err);
    sqlite3_bind_int64(stmt, 1, a);
    sqlite3_bind_int64(stmt, 2, b);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return code == SQLITE_ROW || code == SQLITE_DONE ? ST_OK
                                                     : sqlite_status(db, "reading the ledger", err);
}

static enum status range_look(struct range *range, struct reader *reader, struct error *err)
{
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = reader_integer(reader, "select max(seq) from tail", 0, &range->seen, err);
    if (status == ST_OK)
        status = ask(reader_db(reader), holds_sql, range->first, range->last, &range->holds, err);
    if (status == ST_OK)
        status = due_find(reader, range->at, range->first, range->last, &range->due, err);
    reader_end(reader);
    return status;
}

/* In the transaction that makes the range's entries true: nobody of it may have got an entry or a
 * hold since they were looked at, and its record is written. */
static enum status range_settle(struct writer *writer, void *context, struct error *err)
{
    struct range *range = context;
    int64_t holds, touched;
    struct points_run run = {0};
    enum status status = ask(writer_db(writer), holds_sql, range->first, range->last, &holds, err);
    char *sql = mem_printf("select count(*) from tail where seq > %" PRId64
                           " and person between ?1 and ?2 and kind in (%d, %d, %d, %d, %d)",
                           range->seen, points_kinds[0], points_kinds[1], points_kinds[2],
                           points_kinds[3], points_kinds[4]);
    if (status == ST_OK)
        status = ask(writer_db(writer), sql, range->first, range->last, &touched, err);
    free(sql);
    if (status != ST_OK)
        return status;
    if (touched || holds != range->holds)
        return error_set(err, ST_CONFLICT, "points were posted while others were expired");
    run_count(&run, &range->due);
    json_t *detail = json_pack("{s:I, s:I, s:I, s:I}", "people", (json_int_t)run.people, "points",
                               (json_int_t)run.points, "debtors", (json_int_t)run.debtors, "taken",
                               (json_int_t)run.taken);
    status =
        audit_append(writer, range->access->principal, "points expire", "mall", "", detail, err);
    json_decref(detail);
    return status;
}

static enum status range_add(struct event_bulk *bulk, const struct range *range, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < range->due.n && status == ST_OK; i++) {
        const struct due *due = &range->due.at[i];
        char expire_ref[64], take_ref[64];
        struct event events[2];
        size_t n = 0;
        if (due->expires) {
            int size = snprintf(expire_ref, sizeof expire_ref, "PX%" PRIu32 "-%ld", due->person,
                                due->expire_number);
            events[n++] = (struct event){.time = due->expire_time,
                                         .amount = due->expires,
                                         .person = due->person,
                                         .value = 1,
                                         .kind = KIND_POINTS_EXPIRE,
                                         .ref = expire_ref,
                                         .ref_size = (uint32_t)size};
        }
        if (due->takes) {
            int size = snprintf(take_ref, sizeof take_ref, "PO%" PRIu32 "-%ld", due->person,
                                due->take_number);
            events[n++] = (struct event){.time = due->take_time,
                                         .amount = due->takes,
                                         .address = POINTS_OF_OWED,
                                         .person = due->person,
                                         .value = (int32_t)-due->takes,
                                         .kind = KIND_POINTS_REVERSE,
                                         .ref = take_ref,
                                         .ref_size = (uint32_t)size};
        }
        status = event_bulk_add(bulk, 0, events, n, err);
    }
    return status;
}

/* One try; *again where somebody posted in between. */
static enum status range_try(struct writer *writer, struct range *range, struct points_run *run,
                             bool *again, struct error *err)
{
    struct event_bulk *bulk;
    struct event_bulk_options options = {
        .memory = (size_t)64 << 20, .threads = 1, .source = "points expire"};
    struct reader *reader;
    *again = false;
    enum status status = points_reader(writer, &reader, err);
    if (status == ST_OK)
        status = event_bulk_begin(writer, &options, &bulk, err);
    if (status != ST_OK)
        return status;
    status = range_look(range, reader, err);
    if (status == ST_OK)
        status = range_add(bulk, range, err);
    if (status != ST_OK || !range->due.n) {
        event_bulk_cancel(bulk);
        return status;
    }
    status = event_bulk_commit(bulk, range_settle, range, NULL, err);
    *again = status == ST_CONFLICT;
    if (status == ST_OK)
        run_count(run, &range->due);
    return status;
}

/* Where others post all the time: one person at a time, each in a turn of its own. */
static enum status range_singly(struct writer *writer, const struct access *access,
                                struct range *range, struct points_run *run, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < range->due.n && status == ST_OK; i++) {
        struct points_posted posted;
        status =
            points_expire_person(writer, access, range->due.at[i].person, range->at, &posted, err);
        run->people += posted.points > 0;
        run->points += posted.points;
    }
    return status;
}

enum status points_expire_person(struct writer *writer, const struct access *access,
                                 uint32_t person, int64_t at, struct points_posted *posted,
                                 struct error *err)
{
    struct points_book book;
    int64_t taken = 0;
    *posted = (struct points_posted){0};
    enum status status = access_require(access, RIGHT_CAMPAIGN_APPROVE, "expire points", err);
    bool own = !writer_in_transaction(writer);
    if (status == ST_OK && own)
        status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = book_begin(&book, writer, access, person, err);
    at = at ? at : book.now;
    if (status == ST_OK)
        status = book_expire(&book, at, &posted->points, err);
    if (status == ST_OK)
        status = book_collect(&book, at, &taken, err);
    posted->sums = book_sums(&book, at);
    if (status == ST_OK && (posted->points || taken)) {
        char target[32];
        snprintf(target, sizeof target, "#%" PRIu32, person);
        json_t *detail = json_pack("{s:I, s:I}", "points", (json_int_t)posted->points, "taken",
                                   (json_int_t)taken);
        status =
            audit_append(writer, access->principal, "points expire", "member", target, detail, err);
        json_decref(detail);
    }
    book_end(&book);
    if (own && status == ST_OK)
        return writer_commit(writer, err);
    if (own)
        writer_rollback(writer);
    return status;
}

/* ---- All ranges ---- */

static enum status holds_end(struct writer *writer, int64_t at, int64_t *n, struct error *err)
{
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = points_holds_end(writer, 0, at, err);
    *n = status == ST_OK ? sqlite3_changes(writer_db(writer)) : 0;
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

enum status points_expire_run(struct writer *writer, const struct access *access, int64_t at,
                              void (*progress)(void *context, int64_t done, int64_t total),
                              void *context, struct points_run *run, struct error *err)
{
    struct reader *reader;
    uint32_t end = 0;
    *run = (struct points_run){0};
    enum status status = access_require(access, RIGHT_CAMPAIGN_APPROVE, "expire points", err);
    at = at ? at : time_now();
    if (status == ST_OK)
        status = points_reader(writer, &reader, err);
    if (status == ST_OK)
        status = people_end(reader, &end, err);
    if (status == ST_OK)
        status = holds_end(writer, time_now(), &run->holds, err);
    for (uint64_t first = 0; first < end && status == ST_OK; first += RANGE) {
        struct range range = {.access = access, .at = at};
        bool again = true;
        range.first = first ? (uint32_t)first : 1;
        range.last = (uint32_t)(first + RANGE - 1);
        for (int i = 0; i < TRIES && again; i++) {
            error_clear(err);
            status = range_try(writer, &range, run, &again, err);
        }
        if (again) {
            error_clear(err);
            status = range_singly(writer, access, &range, run, err);
        }
        vec_free(&range.due);
        if (progress)
            progress(context, (int64_t)(first + RANGE < end ? first + RANGE : end), (int64_t)end);
    }
    return status;
}
