/* Reserving points, and what becomes of what is reserved. */
#include "model/campaign/points_parts.h"

#include "model/base/text.h"
#include "model/store/column.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HOLD_SECONDS = 900, HOLD_MOST = 90 * 86400 };

struct held {
    bool there;
    uint32_t person, campaign, tenant;
    int64_t points, made, expires;
    char state[16];
};

static enum status hold_read(struct writer *writer, const char *ref, struct held *held,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    *held = (struct held){0};
    enum status status =
        writer_prepare(writer,
                       "select person, points, campaign, tenant, expires, state, made"
                       " from points_hold where ref = ?1",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, ref, -1, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        *held = (struct held){true,
                              (uint32_t)sqlite3_column_int64(stmt, 0),
                              (uint32_t)sqlite3_column_int64(stmt, 2),
                              (uint32_t)sqlite3_column_int64(stmt, 3),
                              sqlite3_column_int64(stmt, 1),
                              sqlite3_column_int64(stmt, 6),
                              sqlite3_column_int64(stmt, 4),
                              ""};
        snprintf(held->state, sizeof held->state, "%s", column_text(stmt, 5));
    } else if (code != SQLITE_DONE) {
        status = sqlite_status(writer_db(writer), "reading a hold", err);
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status hold_end(struct writer *writer, const char *ref, const char *state,
                            struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "update points_hold set state = ?2 where ref = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, ref, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, state, -1, SQLITE_STATIC);
    status = writer_run(writer, stmt, err);
    return status == ST_OK ? writer_touch_rows(writer, err) : status;
}

enum status points_holds_end(struct writer *writer, uint32_t person, int64_t at, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer,
                       "update points_hold set state = 'expired' where state = 'held' and"
                       " expires <= ?2 and (?1 = 0 or person = ?1)",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    sqlite3_bind_int64(stmt, 2, at);
    status = writer_run(writer, stmt, err);
    if (status == ST_OK && sqlite3_changes(writer_db(writer)))
        status = writer_touch_rows(writer, err);
    return status;
}

static enum status hold_insert(struct writer *writer, const struct points_hold *hold,
                               const char *ref, int64_t made, int64_t expires, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer,
                                        "insert into points_hold (ref, person, points, campaign,"
                                        " tenant, made, expires, state) values"
                                        " (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'held')",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    const int64_t numbers[] = {hold->person, hold->points, hold->campaign,
                               hold->tenant, made,         expires};
    sqlite3_bind_text(stmt, 1, ref, -1, SQLITE_STATIC);
    for (int i = 0; i < 6; i++)
        sqlite3_bind_int64(stmt, i + 2, numbers[i]);
    status = writer_run(writer, stmt, err);
    return status == ST_OK ? writer_touch_rows(writer, err) : status;
}

/* ---- Turns ---- */

static enum status turn_begin(struct writer *writer, const struct access *access, bool *own,
                              struct error *err)
{
    enum status status = access_require(access, RIGHT_CAMPAIGN_EDIT, "reserve points", err);
    *own = !writer_in_transaction(writer);
    return status == ST_OK && *own ? writer_begin(writer, err) : status;
}

static enum status turn_end(struct writer *writer, bool own, enum status status, struct error *err)
{
    if (own && status == ST_OK)
        return writer_commit(writer, err);
    if (own)
        writer_rollback(writer);
    return status;
}

static const char *ref_quoted(const struct points_book *book, const char *ref)
{
    return text_quote(book->arena, ref, strlen(ref));
}

static enum status reserve(struct points_book *book, const struct points_hold *hold,
                           struct points_posted *posted, struct error *err)
{
    struct held there = {0};
    int64_t made = hold->time ? hold->time : book->now;
    int64_t expires = hold->expires ? hold->expires : made + HOLD_SECONDS;
    char made_up[POINTS_REF];
    const char *ref = hold->ref;
    if (!ref) {
        int64_t n = 0;
        struct reader *reader;
        enum status found = points_reader(book->writer, &reader, err);
        if (found == ST_OK)
            found = reader_integer(reader, "select count(*) from points_hold", 0, &n, err);
        if (found != ST_OK)
            return found;
        snprintf(made_up, sizeof made_up, "PH%" PRIu32 "-%" PRId64 "-%" PRId64, hold->person, made,
                 n);
        ref = made_up;
    }
    snprintf(posted->ref, sizeof posted->ref, "%s", ref);
    enum status status = hold_read(book->writer, ref, &there, err);
    if (status != ST_OK)
        return status;
    if (there.there) {
        posted->repeated = true;
        if (there.person != hold->person || there.points != hold->points)
            return error_set(err, ST_CONFLICT,
                             "the reference %s stands for a hold of %" PRId64 " points",
                             ref_quoted(book, ref), there.points);
        return ST_OK;
    }
    if (expires <= book->now || expires > book->now + HOLD_MOST)
        return error_set(err, ST_REFUSED,
                         "a hold ends in the future, within 90 days; this one would not");
    status = points_holds_end(book->writer, hold->person, book->now, err);
    if (status == ST_OK && hold->campaign)
        status = points_cash_check(book, hold->campaign, hold->tenant, made, hold->points,
                                   &posted->value, err);
    if (status == ST_OK)
        status = book_expire(book, made, NULL, err);
    int64_t free = book_least(book, made) - book->held;
    if (status == ST_OK && hold->points > free)
        return error_set(err, ST_CONFLICT,
                         "there are %" PRId64 " points to reserve, fewer than %" PRId64,
                         free > 0 ? free : 0, hold->points);
    book->held += hold->points;
    return status == ST_OK ? hold_insert(book->writer, hold, ref, made, expires, err) : status;
}

enum status points_reserve(struct writer *writer, const struct access *access,
                           const struct points_hold *hold, struct points_posted *posted,
                           struct error *err)
{
    struct points_book book;
    bool own;
    *posted = (struct points_posted){.points = hold->points};
    size_t n = hold->ref ? strlen(hold->ref) : 1;
    if (hold->points < 1 || hold->points > POINTS_MOST || !hold->person || n < 1 ||
        n >= POINTS_REF || (hold->ref && !text_valid(hold->ref, n)))
        return error_set(err, ST_REFUSED,
                         "a hold has a person, 1 to %" PRId64 " points, and a reference of up to "
                         "%d bytes",
                         POINTS_MOST, POINTS_REF - 1);
    enum status status = turn_begin(writer, access, &own, err);
    if (status != ST_OK)
        return status;
    status = book_begin(&book, writer, access, hold->person, err);
    if (status == ST_OK)
        status = reserve(&book, hold, posted, err);
    posted->sums = book_sums(&book, book.now);
    book_end(&book);
    return turn_end(writer, own, status, err);
}

/* ST_OK with *done true where it had ended in this way before. */
static enum status hold_open(struct writer *writer, const char *ref, const char *end,
                             struct held *held, bool *done, struct error *err)
{
    enum status status = hold_read(writer, ref, held, err);
    *done = status == ST_OK && held->there && strcmp(held->state, end) == 0;
    if (status != ST_OK || *done)
        return status;
    struct arena *arena = arena_new();
    const char *name = text_quote(arena, ref, strlen(ref));
    bool over = strcmp(held->state, "held") == 0 && held->expires <= time_now();
    if (!held->there)
        status = error_set(err, ST_CONFLICT, "there is no hold with the reference %s", name);
    else if (over || strcmp(held->state, "held") != 0)
        status = error_set(err, ST_CONFLICT, "the hold %s is %s already", name,
                           over ? "expired" : held->state);
    arena_free(arena);
    return status;
}

static enum status sums_now(struct writer *writer, const struct access *access, uint32_t person,
                            struct points_posted *posted, struct error *err)
{
    struct points_book book;
    enum status status = book_begin(&book, writer, access, person, err);
    posted->sums = book_sums(&book, book.now);
    book_end(&book);
    return status;
}

enum status points_settle(struct writer *writer, const struct access *access, const char *ref,
                          int64_t points, int64_t time, struct points_posted *posted,
                          struct error *err)
{
    struct held held;
    bool own, done;
    *posted = (struct points_posted){0};
    enum status status = turn_begin(writer, access, &own, err);
    if (status != ST_OK)
        return status;
    status = hold_open(writer, ref, "settled", &held, &done, err);
    if (status == ST_OK && (points < 0 || points > held.points))
        status = error_set(err, ST_CONFLICT, "the hold is of %" PRId64 " points", held.points);
    struct points_entry entry = {.act = POINTS_BURN,
                                 .person = held.person,
                                 .points = points ? points : held.points,
                                 .time = time,
                                 .campaign = held.campaign,
                                 .tenant = held.tenant,
                                 .ref = ref,
                                 .settles = held.points,
                                 .agreed = held.made};
    /* Before the hold ends, so that the points it kept from expiring are still there to be burned;
     * a settled hold has its burn, and the same settling again finds that. */
    if (status == ST_OK && done && !points)
        status = sums_now(writer, access, held.person, posted, err);
    else if (status == ST_OK)
        status = points_post(writer, access, &entry, posted, err);
    posted->repeated |= done;
    if (status == ST_OK && !done)
        status = hold_end(writer, ref, "settled", err);
    if (!done)
        posted->sums.held -= held.points;
    return turn_end(writer, own, status, err);
}

enum status points_release(struct writer *writer, const struct access *access, const char *ref,
                           struct points_posted *posted, struct error *err)
{
    struct held held;
    bool own, done;
    *posted = (struct points_posted){0};
    enum status status = turn_begin(writer, access, &own, err);
    if (status != ST_OK)
        return status;
    status = hold_open(writer, ref, "released", &held, &done, err);
    if (status == ST_OK && !done)
        status = hold_end(writer, ref, "released", err);
    posted->repeated = done;
    posted->points = held.points;
    if (status == ST_OK)
        status = sums_now(writer, access, held.person, posted, err);
    return turn_end(writer, own, status, err);
}
