/* Posting entries: what may be posted, and its record. */
#include "model/campaign/points_outbox.h"
#include "model/campaign/points_parts.h"

#include "model/base/text.h"
#include "model/store/column.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { REASON_MOST = 500 };

const char *const points_act_names[POINTS_ACTS] = {"earn", "burn", "adjust", "expire", "reverse"};

static const struct {
    uint16_t kind;
    enum right right;
    const char *may, *prefix;
} acts[POINTS_ACTS] = {
    [POINTS_EARN] = {KIND_POINTS_EARN, RIGHT_CAMPAIGN_EDIT, "give points", "PM"},
    [POINTS_BURN] = {KIND_POINTS_BURN, RIGHT_CAMPAIGN_EDIT, "burn points", "PM"},
    [POINTS_ADJUST] = {KIND_POINTS_ADJUST, RIGHT_CAMPAIGN_APPROVE, "adjust points", "PM"},
    [POINTS_EXPIRE] = {KIND_POINTS_EXPIRE, RIGHT_CAMPAIGN_APPROVE, "expire points", "PM"},
    [POINTS_REVERSE] = {KIND_POINTS_REVERSE, RIGHT_CAMPAIGN_EDIT, "reverse points", "PM"},
};

/* ---- Checks ---- */

static enum status text_check(const char *what, const char *text, size_t most, bool line,
                              struct error *err)
{
    size_t n = text ? strlen(text) : 0;
    if (!text || (n <= most && (n || line) && text_valid(text, n) && !strchr(text, '\n')))
        return ST_OK;
    return error_set(err, ST_REFUSED, "%s: expected a line of %d to %zu bytes, found %zu", what,
                     !line, most, n);
}

static enum status entry_check(const struct points_entry *entry, struct error *err)
{
    int64_t least = entry->act == POINTS_ADJUST ? -POINTS_MOST : entry->act != POINTS_REVERSE;
    if (entry->points < least || entry->points > POINTS_MOST ||
        (entry->act == POINTS_ADJUST && !entry->points))
        return error_set(
            err, ST_REFUSED,
            "points: found %" PRId64 ", expected a whole number from %" PRId64 " to %" PRId64 "%s",
            entry->points, least, POINTS_MOST, entry->act == POINTS_ADJUST ? " other than 0" : "");
    if (entry->act == POINTS_REVERSE && (!entry->of || !*entry->of))
        return error_set(err, ST_REFUSED, "a reversal names the reference that it takes back");
    enum status status = text_check("reference", entry->ref, POINTS_REF - 1, false, err);
    return status == ST_OK ? text_check("reason", entry->reason, REASON_MOST, true, err) : status;
}

static enum status too_few(const struct points_book *book, int64_t wanted, int64_t free,
                           struct error *err)
{
    struct arena *arena = book->arena;
    const char *held = "";
    if (book->held)
        held = arena_printf(arena, " (%s more are reserved)", text_count(arena, book->held));
    return error_set(err, ST_CONFLICT, "there are %s points to take%s, fewer than %s",
                     text_count(arena, free > 0 ? free : 0), held, text_count(arena, wanted));
}

/* ---- The same reference again ---- */

static const struct points_event *event_by_ref(const points_events *events, uint16_t kind,
                                               const char *ref)
{
    for (size_t i = 0; ref && *ref && i < events->n; i++)
        if (events->at[i].kind == kind && strcmp(events->at[i].ref, ref) == 0)
            return &events->at[i];
    return NULL;
}

static bool same_entry(const struct points_event *event, const struct points_entry *entry)
{
    if (entry->act != POINTS_REVERSE)
        return event->amount == entry->points && event->campaign == entry->campaign &&
               (!entry->tenant || event->tenant == entry->tenant);
    int64_t asked = event->amount < 0 ? -event->amount : event->amount + event->owed;
    return event->of == points_key(acts[entry->what].kind, entry->of) &&
           (!entry->points || asked == entry->points);
}

static enum status repeated(const struct points_book *book, const struct points_entry *entry,
                            const struct points_event *event, struct points_posted *posted,
                            struct error *err)
{
    if (!same_entry(event, entry))
        return error_set(err, ST_CONFLICT,
                         "the reference %s stands for another entry: %s of %" PRId64 " points",
                         text_quote(book->arena, entry->ref, strlen(entry->ref)),
                         kind_by_id(event->kind)->name, event->amount);
    posted->repeated = true;
    posted->points = event->amount;
    return ST_OK;
}

/* ---- One act each: the event as it will be, or why not ---- */

/* Enough of what is there and not held; `settles` of the held ones may be used. */
static enum status enough(const struct points_book *book, int64_t points, int64_t settles,
                          int64_t time, struct error *err)
{
    int64_t free = book_least(book, time) - (book->held - settles);
    return points <= free ? ST_OK : too_few(book, points, free, err);
}

static enum status burn_make(struct points_book *book, const struct points_entry *entry,
                             struct points_event *event, int64_t *fen, struct error *err)
{
    enum status status = ST_OK;
    if (entry->campaign)
        status =
            points_cash_check(book, entry->campaign, entry->tenant,
                              entry->agreed ? entry->agreed : event->time, entry->points, fen, err);
    if (status == ST_OK)
        status = book_expire(book, event->time, NULL, err);
    event->time = book_time(book, event->kind, event->time);
    return status == ST_OK ? enough(book, entry->points, entry->settles, event->time, err) : status;
}

/* How much of an entry was not taken back yet: what was owed for it counts as taken. */
static int64_t not_reversed(const points_events *events, const struct points_event *of,
                            uint64_t key)
{
    int64_t left = of->amount;
    for (size_t i = 0; i < events->n; i++) {
        const struct points_event *e = &events->at[i];
        if (e->kind == KIND_POINTS_REVERSE && e->of == key)
            left -= e->amount < 0 ? -e->amount : e->amount + e->owed;
    }
    return left;
}

enum status points_reversible(struct reader *reader, uint32_t person, enum points_act what,
                              const char *of, int64_t *left, struct error *err)
{
    points_events events = {0};
    struct arena *arena = arena_new();
    uint16_t kind = acts[what].kind;
    *left = 0;
    enum status status = points_events_read(reader, arena, person, INT64_MAX, &events, err);
    const struct points_event *event = event_by_ref(&events, kind, of);
    if (status == ST_OK && event)
        *left = not_reversed(&events, event, points_key(kind, of));
    vec_free(&events);
    arena_free(arena);
    return status;
}

/* What was given for a burn is a whole number of fen of all its points: what is given back is the
 * difference to what the points that stay burned are worth, so that all of it comes back with the
 * last of them. */
static enum status value_given_back(const struct points_book *book, const struct points_event *of,
                                    int64_t points, int64_t left, int64_t *fen, struct error *err)
{
    int64_t before, after;
    enum status status = points_cash_value(book, of->campaign, left, &before, err);
    if (status == ST_OK)
        status = points_cash_value(book, of->campaign, left - points, &after, err);
    if (status == ST_OK)
        *fen = after - before;
    return status;
}

static enum status reverse_make(struct points_book *book, const struct points_entry *entry,
                                struct points_event *event, int64_t *fen, struct error *err)
{
    uint16_t kind = acts[entry->what].kind;
    const struct points_event *of = event_by_ref(&book->events, kind, entry->of);
    const char *name = text_quote(book->arena, entry->of, strlen(entry->of));
    if (entry->what != POINTS_EARN && entry->what != POINTS_BURN)
        return error_set(err, ST_REFUSED, "only what was earned or burned can be reversed");
    if (!of)
        return error_set(err, ST_CONFLICT, "this person has no %s with the reference %s",
                         kind_by_id(kind)->name, name);
    event->of = points_key(kind, entry->of);
    int64_t left = not_reversed(&book->events, of, event->of);
    int64_t points = entry->points ? entry->points : left;
    if (points > left || left <= 0)
        return error_set(err, ST_CONFLICT,
                         "of the %" PRId64 " points of %s %" PRId64 " are not reversed yet",
                         of->amount, name, left > 0 ? left : 0);
    event->time = event->time < of->time ? of->time : event->time;
    event->time = book_time(book, event->kind, event->time);
    event->campaign = of->ours ? of->campaign : 0;
    event->tenant = entry->tenant ? entry->tenant : of->tenant;
    if (entry->what == POINTS_BURN) {
        event->amount = -points;
        if (event->campaign)
            return value_given_back(book, of, points, left, fen, err);
        return ST_OK;
    }
    int64_t free = book_least(book, event->time) - book->held;
    free = free > 0 ? free : 0;
    event->amount = points < free ? points : free;
    event->owed = points - event->amount;
    return ST_OK;
}

static enum status event_make(struct points_book *book, const struct points_entry *entry,
                              struct points_event *event, int64_t *fen, struct error *err)
{
    *event = (struct points_event){.time = entry->time ? entry->time : book->now,
                                   .kind = acts[entry->act].kind,
                                   .amount = entry->points,
                                   .campaign = entry->campaign,
                                   .tenant = entry->tenant,
                                   .channel = (uint16_t)entry->channel};
    if (entry->act == POINTS_BURN)
        return burn_make(book, entry, event, fen, err);
    if (entry->act == POINTS_REVERSE)
        return reverse_make(book, entry, event, fen, err);
    event->time = book_time(book, event->kind, event->time);
    if (entry->act == POINTS_EXPIRE)
        return enough(book, entry->points, 0, event->time, err);
    if (entry->act == POINTS_ADJUST && entry->points < 0)
        return enough(book, -entry->points, 0, event->time, err);
    return ST_OK;
}

/* ---- Posting ---- */

static enum status record(struct points_book *book, const struct points_entry *entry,
                          const struct points_event *event, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        book->writer, "select coalesce((select card from member where person = ?1), '#' || ?1)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, book->person);
    const char *target =
        arena_strdup(book->arena, sqlite3_step(stmt) == SQLITE_ROW ? column_text(stmt, 0) : "");
    sqlite3_reset(stmt);
    json_t *detail =
        json_pack("{s:I, s:s}", "points", (json_int_t)event->amount, "ref", event->ref);
    if (event->owed)
        json_object_set_new(detail, "owed", json_integer(event->owed));
    if (entry->of)
        json_object_set_new(detail, "of", json_string(entry->of));
    if (entry->reason && *entry->reason)
        json_object_set_new(detail, "reason", json_string(entry->reason));
    char act[32];
    snprintf(act, sizeof act, "points %s", points_act_names[entry->act]);
    status =
        audit_append(book->writer, book->access->principal, act, "member", target, detail, err);
    json_decref(detail);
    return status;
}

static enum status post(struct points_book *book, const struct points_entry *entry,
                        struct points_posted *posted, struct error *err)
{
    struct points_event event;
    const struct points_event *there =
        event_by_ref(&book->events, acts[entry->act].kind, entry->ref);
    if (there && repeated(book, entry, there, posted, err) == ST_OK)
        return there->kind == KIND_POINTS_BURN && there->campaign
                   ? points_cash_value(book, there->campaign, there->amount, &posted->value, err)
                   : ST_OK;
    if (there)
        return ST_CONFLICT;
    enum status status = event_make(book, entry, &event, &posted->value, err);
    if (status != ST_OK)
        return status;
    event.ref = entry->ref ? entry->ref : book_ref(book, event.kind, acts[entry->act].prefix);
    status = book_append(book, &event, err);
    posted->points = event.amount;
    snprintf(posted->ref, sizeof posted->ref, "%s", event.ref);
    bool adds = kind_points_sign(event.kind) * event.amount > 0;
    if (status == ST_OK && event.campaign && (entry->act == POINTS_BURN || event.amount < 0))
        status = points_cash_sums(book, event.campaign, event.amount, posted->value, err);
    if (status == ST_OK && adds)
        status = book_collect(book, event.time, NULL, err);
    return status == ST_OK ? record(book, entry, &event, err) : status;
}

enum status points_post(struct writer *writer, const struct access *access,
                        const struct points_entry *entry, struct points_posted *posted,
                        struct error *err)
{
    struct points_book book;
    *posted = (struct points_posted){0};
    enum status status = access_require(access, acts[entry->act].right, acts[entry->act].may, err);
    if (status == ST_OK)
        status = entry_check(entry, err);
    if (status == ST_OK && !entry->person)
        status = error_set(err, ST_REFUSED, "points belong to a person; found nobody");
    bool own = !writer_in_transaction(writer);
    if (status == ST_OK && own)
        status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = book_begin(&book, writer, access, entry->person, err);
    if (entry->ref)
        snprintf(posted->ref, sizeof posted->ref, "%s", entry->ref);
    if (status == ST_OK)
        status = points_outbox_begin(writer, entry, err);
    if (status == ST_OK)
        status = post(&book, entry, posted, err);
    if (status == ST_OK && !posted->repeated)
        status = points_outbox_put(writer, access, entry, posted->ref, err);
    posted->sums = book_sums(&book, entry->time ? entry->time : book.now);
    book_end(&book);
    if (own && status == ST_OK)
        status = writer_commit(writer, err);
    else if (own)
        writer_rollback(writer);
    return status;
}
