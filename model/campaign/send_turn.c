/* Some people's turn: what stands against it, what is written down, what leaves, what became of it.
 */
#include "model/campaign/coupon.h"
#include "model/campaign/schedule.h"
#include "model/campaign/send_parts.h"

#include "model/base/hash.h"
#include "model/base/text.h"
#include "model/store/column.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Money of a campaign while a transaction spends it. */
struct purse {
    int64_t spent, messages; /* given and messages so far; messages of this transaction */
};

typedef VEC(struct event) event_list;

/* ---- May it send now? ---- */

static enum status state_read(struct writer *writer, const struct campaign *campaign, bool *running,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "select state = 'running' and version = ?2 from campaign where id = ?1", &stmt,
        err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, campaign->id);
    sqlite3_bind_int64(stmt, 2, campaign->version);
    int code = sqlite3_step(stmt);
    *running = code == SQLITE_ROW && sqlite3_column_int(stmt, 0);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading a campaign", err);
    sqlite3_reset(stmt);
    return status;
}

enum status sending_open(struct sender *sender, const struct sending *sending, int64_t now,
                         bool *open, int64_t *next, struct error *err)
{
    const struct clock *clock = &reader_mall(sender->reader)->clock;
    *next = INT64_MAX;
    enum status status = state_read(sender->writer, sending->campaign, open, err);
    if (status != ST_OK || !*open)
        return status;
    *open = schedule_on(sending->campaign, clock, now, next);
    int64_t loud = schedule_loud(sending->campaign, clock, now);
    if (*open && loud > now) {
        *open = false;
        *next = loud;
    }
    return ST_OK;
}

/* ---- Deciding ---- */

static void seen_add(struct sending *sending, uint32_t person)
{
    if (person < sending->seen->n)
        set_add(sending->seen, person);
}

static bool has_messages(struct writer *writer, const struct campaign *campaign, uint32_t person,
                         enum status *status, struct error *err)
{
    sqlite3_stmt *stmt;
    *status = writer_prepare(
        writer, "select 1 from message where campaign = ?1 and person = ?2 limit 1", &stmt, err);
    if (*status != ST_OK)
        return false;
    sqlite3_bind_int64(stmt, 1, campaign->id);
    sqlite3_bind_int64(stmt, 2, person);
    bool there = sqlite3_step(stmt) == SQLITE_ROW;
    sqlite3_reset(stmt);
    return there;
}

static struct suppress_rules rules_of(struct sender *sender, const struct sending *sending,
                                      int64_t now)
{
    const struct clock *clock = &reader_mall(sender->reader)->clock;
    return (struct suppress_rules){
        .campaign = sending->campaign,
        .lines = sender->lines,
        .rivals = sender->rivals.at,
        .n_rivals = sender->rivals.n,
        .priorities = sender->priorities.at,
        .n_priorities = (uint32_t)sender->priorities.n,
        .now = now,
        .today = clock_day_start(clock, clock_day(clock, now)),
    };
}

/* Money is asked about last: whoever gets nothing anyway costs nothing. What a text costs does not
 * depend on which code is in it. */
static void turn_spend(struct sender *sender, struct sending *sending, struct arena *arena,
                       struct turn *turn, struct purse *purse)
{
    const struct campaign *c = sending->campaign;
    enum contact contact = turn->verdict.contact;
    const char *code = template_fields[TEMPLATE_COUPON].example;
    int64_t cost = sender->lines->at[contact].cost;
    if (cost && contact == CONTACT_SMS)
        cost *= sms_count(turn_text(sender, sending, arena, turn, code)).parts;
    int64_t need = cost + (campaign_gives_coupons(c) ? c->offer.value : 0);
    if (c->limits.budget && purse->spent + (need ? need : 1) > c->limits.budget) {
        turn->verdict.reason = SUPPRESS_BUDGET;
        return;
    }
    turn->cost = cost;
    purse->spent += cost;
    purse->messages += cost;
}

/* A coupon for everybody who gets a message; none left is a reason, too. */
static enum status coupons_give(struct sender *sender, struct sending *sending, struct arena *arena,
                                struct turn **turns, size_t n, struct purse *purse, int64_t now,
                                struct error *err)
{
    struct coupon_issue *issues = arena_array(arena, struct coupon_issue, n);
    struct coupon_result *results = arena_array(arena, struct coupon_result, n);
    for (size_t i = 0; i < n; i++) {
        char *ref = arena_alloc(arena, MESSAGE_KEY);
        message_key(&sender->secret, sending->campaign->id, turns[i]->person, CONTACT_NONE, ref);
        issues[i] = (struct coupon_issue){sending->campaign, turns[i]->person, now, ref};
    }
    enum status status = coupon_issue_many(sender->writer, NULL, issues, n, results, err);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        struct turn *turn = turns[i];
        if (results[i].status == ST_OK) {
            turn->coupon = arena_strdup(arena, results[i].coupon.code);
            turn->coupon_until = results[i].coupon.expires;
            continue;
        }
        turn->verdict.reason = SUPPRESS_BUDGET;
        purse->spent -= turn->cost;
        purse->messages -= turn->cost;
        turn->cost = 0;
    }
    return status;
}

/* *skip: the person keeps the turn. */
static enum status turn_decide(struct sender *sender, struct sending *sending, struct arena *arena,
                               const struct suppress_rules *rules, struct turn *turn,
                               struct purse *purse, bool *skip, struct error *err)
{
    const struct campaign *c = sending->campaign;
    enum status status = ST_OK;
    *skip = !turn->waited && has_messages(sender->writer, c, turn->person, &status, err);
    if (*skip) /* a member who was joined into this one had it */
        seen_add(sending, turn->person);
    if (status == ST_OK && !*skip)
        status = recipient_read(sender->writer, arena, turn->person, &turn->recipient, err);
    if (status == ST_OK && !*skip)
        status = suppress_judge(sender->writer, arena, rules, &turn->recipient, turn->first,
                                &turn->verdict, err);
    if (status != ST_OK || *skip || turn->verdict.reason)
        return status;
    *skip = sender->down[turn->verdict.contact];
    if (*skip)
        return ST_OK;
    turn_spend(sender, sending, arena, turn, purse);
    return ST_OK;
}

/* Whose turn it is, what stands against it, and what is sent to the others. */
static enum status turns_decide(struct sender *sender, struct sending *sending, struct arena *arena,
                                struct turn *turns, size_t n, bool *skip, struct purse *purse,
                                int64_t now, struct error *err)
{
    struct suppress_rules rules = rules_of(sender, sending, now);
    struct turn **good = arena_array(arena, struct turn *, n);
    size_t n_good = 0;
    enum status status = ST_OK;
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        status = turn_decide(sender, sending, arena, &rules, &turns[i], purse, &skip[i], err);
        if (status == ST_OK && !skip[i] && !turns[i].verdict.reason)
            good[n_good++] = &turns[i];
    }
    if (status == ST_OK && n_good && campaign_gives_coupons(sending->campaign))
        status = coupons_give(sender, sending, arena, good, n_good, purse, now, err);
    for (size_t i = 0; i < n_good && status == ST_OK; i++) {
        struct turn *turn = good[i];
        if (turn->verdict.reason)
            continue;
        message_key(&sender->secret, sending->campaign->id, turn->person, turn->verdict.contact,
                    turn->key);
        turn->text = turn_text(sender, sending, arena, turn, turn->coupon);
        turn->body = turn_body(sending, arena, turn);
    }
    return status;
}

/* ---- Writing it down ---- */

/* Its reference is given with the campaign's running number (sums_write). */
static struct event event_of(const struct sender *sender, uint32_t campaign, uint32_t person,
                             enum contact contact, int64_t now)
{
    return (struct event){.time = now,
                          .person = person,
                          .kind = KIND_MESSAGE_SENT,
                          .channel = (uint16_t)sender->channels[contact],
                          .campaign = campaign};
}

static void outgoing_make(const struct sending *sending, struct turn *turn, int64_t now)
{
    int64_t week = now + SEND_TASK_DAYS * INT64_C(86400);
    turn->outgoing = (struct outgoing){
        .key = turn->key,
        .body = turn->body,
        .text = turn->text,
        .campaign = sending->campaign->id,
        .person = turn->person,
        .tenant = sending->tenant,
        .expires = turn->coupon_until ? turn->coupon_until
                   : sending->expires ? sending->expires
                                      : (turn->verdict.contact == CONTACT_STAFF ? week : 0),
    };
}

/* The contact that the person waited for was passed over. */
static enum status waited_write(struct sender *sender, struct turn *turn, struct message row,
                                struct error *err)
{
    struct arena *arena = arena_new();
    const char *address;
    row.contact = turn->waited;
    enum status status = suppress_contact(sender->writer, arena, sender->lines, &turn->recipient,
                                          turn->waited, &row.reason, &address, err);
    arena_free(arena);
    return status == ST_OK ? message_put(sender->writer, &row, err) : status;
}

static enum status turn_write(struct sender *sender, struct sending *sending, struct turn *turn,
                              event_list *events, int64_t now, struct error *err)
{
    const struct contact_adapter *adapter = sender->lines->at[turn->verdict.contact].adapter;
    bool refused = turn->verdict.reason != SUPPRESS_NONE;
    struct message row = {.campaign = sending->campaign->id,
                          .person = turn->person,
                          .contact = turn->waited && refused ? turn->waited : turn->verdict.contact,
                          .state = MESSAGE_SUPPRESSED,
                          .reason = turn->verdict.reason,
                          .time = now,
                          .note = "",
                          .key = "",
                          .body = ""};
    if (refused) {
        sender->counts->suppressed[turn->verdict.reason]++;
        return message_put(sender->writer, &row, err);
    }
    if (turn->waited && turn->waited != row.contact) {
        enum status passed = waited_write(sender, turn, row, err);
        if (passed != ST_OK)
            return passed;
    }
    row.state = adapter->put ? MESSAGE_SENT : MESSAGE_INTENT;
    row.key = turn->key;
    row.cost = turn->cost;
    row.tried = adapter->put != NULL;
    row.body = adapter->put ? "" : turn->body;
    outgoing_make(sending, turn, now);
    enum status status = message_put(sender->writer, &row, err);
    if (status != ST_OK || !adapter->put)
        return status;
    vec_push(events, event_of(sender, row.campaign, row.person, row.contact, now));
    return adapter->put(sender->writer, &turn->outgoing, err);
}

/* Sums and events of what a transaction did. An event's reference is the campaign's running number
 * of messages and its own: neighbours in the index, and nothing about a person. */
static enum status sums_write(struct sender *sender, const struct campaign *campaign,
                              const event_list *events, const struct purse *purse,
                              struct error *err)
{
    int64_t last = 0;
    enum { REF = 40 };
    enum status status = ST_OK;
    if (purse->messages)
        status = campaign_sum_add(sender->writer, campaign->id, SUM_MESSAGES, purse->messages, NULL,
                                  err);
    if (status != ST_OK || !events->n)
        return status;
    status =
        campaign_sum_add(sender->writer, campaign->id, SUM_SENT, (int64_t)events->n, &last, err);
    char(*refs)[REF] = mem_zero(events->n, sizeof *refs);
    for (size_t i = 0; i < events->n; i++) {
        long long number = (long long)(last - (int64_t)(events->n - 1 - i));
        events->at[i].ref = refs[i];
        events->at[i].ref_size =
            (uint32_t)snprintf(refs[i], REF, "M%lld-%" PRIu32, number, campaign->id);
    }
    if (status == ST_OK)
        status = event_append(sender->writer, events->at, events->n, NULL, NULL, err);
    free(refs);
    return status;
}

static enum status purse_open(struct sender *sender, const struct campaign *campaign,
                              struct purse *purse, struct error *err)
{
    int64_t given = 0, messages = 0;
    sqlite3 *db = writer_db(sender->writer);
    *purse = (struct purse){0};
    if (!campaign->limits.budget)
        return ST_OK;
    enum status status = campaign_sum_get(db, campaign->id, SUM_GIVEN, &given, err);
    if (status == ST_OK)
        status = campaign_sum_get(db, campaign->id, SUM_MESSAGES, &messages, err);
    purse->spent = given + messages;
    return status;
}

/* Commits, or undoes what a failed transaction began. */
static enum status finish(struct sender *sender, enum status status, struct error *err)
{
    if (status == ST_OK)
        status = writer_touch_rows(sender->writer, err);
    if (status == ST_OK)
        status = writer_commit(sender->writer, err);
    if (status != ST_OK)
        writer_rollback(sender->writer);
    return status;
}

/* ---- What became of it ---- */

static int64_t wait_of(const struct turn *turn)
{
    int tried = turn->tried < SEND_TRIES ? turn->tried : SEND_TRIES;
    int64_t wait = (int64_t)SEND_WAIT_FIRST << tried;
    wait = wait > SEND_WAIT_MOST ? SEND_WAIT_MOST : wait;
    /* A quarter more or less, so that what failed together does not come back together. */
    int64_t quarter = wait / 4;
    if (quarter)
        wait +=
            (int64_t)(hash64(turn->key, sizeof turn->key) % (uint64_t)(2 * quarter + 1)) - quarter;
    int64_t asked = turn->outgoing.after;
    asked = asked > 86400 ? 86400 : asked;
    return asked > wait ? asked : wait;
}

static enum contact contact_after(const struct campaign *campaign, enum contact contact)
{
    for (size_t i = 0; i < campaign->n_contacts; i++)
        if (campaign->contacts[i] == contact)
            for (size_t k = i + 1; k < campaign->n_contacts; k++)
                if (campaign->contacts[k] != CONTACT_SCREEN)
                    return campaign->contacts[k];
    return CONTACT_NONE;
}

/* The row after an attempt. */
static struct message outcome_row(const struct sender *sender, const struct sending *sending,
                                  const struct turn *turn, int64_t now)
{
    const struct outgoing *out = &turn->outgoing;
    bool idempotent = sender->lines->at[turn->verdict.contact].idempotent;
    bool untried = out->outcome == OUTCOME_LATER && !out->note;
    bool last = turn->tried + 1 >= SEND_TRIES;
    enum suppression known = turn->known;
    struct message row = {.campaign = sending->campaign->id,
                          .person = turn->person,
                          .contact = turn->verdict.contact,
                          .state = MESSAGE_INTENT,
                          .time = now,
                          .tried = turn->tried + !untried,
                          .note = out->note ? out->note : "",
                          .key = turn->key,
                          .body = ""};
    switch (out->outcome) {
    case OUTCOME_SENT:
        row.state = MESSAGE_SENT;
        break;
    case OUTCOME_REFUSED: /* after an attempt that may have been taken it says nothing about that */
        row.state = known ? MESSAGE_FAILED : MESSAGE_UNKNOWN;
        break;
    case OUTCOME_UNKNOWN:
        row.state = idempotent && !last ? MESSAGE_INTENT : MESSAGE_UNKNOWN;
        row.due = now + wait_of(turn);
        break;
    case OUTCOME_LATER:
    case OUTCOME_CLOSED:
        row.reason = known;
        row.due = untried ? now : now + wait_of(turn);
        if (last && !untried && out->outcome == OUTCOME_LATER)
            row.state = known ? MESSAGE_FAILED : MESSAGE_UNKNOWN;
        break;
    }
    if (row.state != MESSAGE_INTENT) {
        row.due = 0;
        row.reason = SUPPRESS_NONE;
    }
    return row;
}

static enum status turn_settle(struct sender *sender, struct sending *sending, struct turn *turn,
                               event_list *events, struct purse *purse, int64_t now,
                               struct error *err)
{
    struct message row = outcome_row(sender, sending, turn, now);
    bool there;
    enum status status = message_settle(sender->writer, &row, &there, err);
    if (status != ST_OK || !there)
        return status;
    sender->counts->sent += row.state == MESSAGE_SENT;
    sender->counts->failed += row.state == MESSAGE_FAILED;
    sender->counts->unknown += row.state == MESSAGE_UNKNOWN;
    sender->counts->later += row.state == MESSAGE_INTENT;
    if (row.state == MESSAGE_INTENT && row.due < sender->counts->next)
        sender->counts->next = row.due;
    if (row.state == MESSAGE_SENT) {
        vec_push(events, event_of(sender, row.campaign, row.person, row.contact, now));
    }
    enum contact other = contact_after(sending->campaign, row.contact);
    if (row.state != MESSAGE_FAILED)
        return ST_OK;
    purse->messages -= turn->cost;
    if (other == CONTACT_NONE)
        return ST_OK;
    struct message next = {.campaign = row.campaign,
                           .person = row.person,
                           .contact = other,
                           .state = MESSAGE_WAITING,
                           .due = now,
                           .time = now,
                           .note = "",
                           .key = "",
                           .body = ""};
    return message_put(sender->writer, &next, err);
}

/* One transaction for all outcomes. */
static enum status outcomes_write(struct sender *sender, struct sending *sending,
                                  struct turn *const *turns, size_t n, struct error *err)
{
    event_list events = {0};
    struct purse purse = {0};
    int64_t now = time_now();
    enum status status = writer_begin(sender->writer, err);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < n && status == ST_OK; i++)
        status = turn_settle(sender, sending, turns[i], &events, &purse, now, err);
    if (status == ST_OK)
        status = sums_write(sender, sending->campaign, &events, &purse, err);
    status = finish(sender, status, err);
    if (status == ST_OK)
        sender->events += (int64_t)events.n;
    vec_free(&events);
    return status;
}

/* ---- Leaving ---- */

/* A contact that takes nothing is left alone until the next step: a few messages that fail are
 * theirs, many in a row are the contact's. */
static void down_note(struct sender *sender, enum contact contact, const struct outgoing *out,
                      size_t n)
{
    const char *note = "no answer";
    for (size_t i = 0; i < n && !sender->down[contact]; i++) {
        bool taken = out[i].outcome == OUTCOME_SENT || out[i].outcome == OUTCOME_REFUSED;
        sender->bad[contact] = taken ? 0 : sender->bad[contact] + 1;
        note = !taken && out[i].note ? out[i].note : note;
        sender->down[contact] =
            out[i].outcome == OUTCOME_CLOSED || sender->bad[contact] >= SEND_BAD;
    }
    if (sender->down[contact])
        sender_held_up(sender, "%s: %s", contact_names[contact], note);
}

static enum status contact_send(struct sender *sender, struct sending *sending,
                                enum contact contact, struct turn **turns, size_t n,
                                struct arena *arena, struct error *err)
{
    const struct contact_line *line = &sender->lines->at[contact];
    struct outgoing *out = arena_array(arena, struct outgoing, n);
    for (size_t i = 0; i < n; i++)
        out[i] = turns[i]->outgoing;
    enum status status = line->adapter->send(line->state, out, n, sender->stop, arena, err);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < n; i++)
        turns[i]->outgoing = out[i];
    down_note(sender, contact, out, n);
    return outcomes_write(sender, sending, turns, n, err);
}

/* What was asked before a message left should still be true when it leaves, and what a kill leaves
 * open should be little: a slow contact gets fewer at a time. */
static void batch_fit(struct sender *sender, int64_t took_ns)
{
    if (took_ns > 500 * INT64_C(1000000) && sender->batch > SEND_BATCH_LEAST)
        sender->batch /= 2;
    else if (took_ns < 100 * INT64_C(1000000) && sender->batch < SEND_BATCH)
        sender->batch *= 2;
    sender->batch = sender->batch > SEND_BATCH ? SEND_BATCH : sender->batch;
}

/* All turns with something to send, contact by contact. */
static enum status turns_send(struct sender *sender, struct sending *sending, struct turn *turns,
                              size_t n, struct arena *arena, struct error *err)
{
    enum status status = ST_OK;
    int64_t began = time_monotonic_ns();
    struct turn **some = arena_array(arena, struct turn *, n);
    for (int contact = 1; contact < CONTACT_COUNT && status == ST_OK; contact++) {
        const struct contact_adapter *adapter = sender->lines->at[contact].adapter;
        size_t m = 0;
        for (size_t i = 0; adapter && adapter->send && i < n; i++)
            if (turns[i].outgoing.body && turns[i].verdict.contact == (enum contact)contact)
                some[m++] = &turns[i];
        if (m)
            status = contact_send(sender, sending, (enum contact)contact, some, m, arena, err);
    }
    batch_fit(sender, time_monotonic_ns() - began);
    return status;
}

/* ---- The turns ---- */

static bool contacts_left(const struct sender *sender, const struct campaign *campaign)
{
    for (size_t i = 0; i < campaign->n_contacts; i++) {
        enum contact contact = campaign->contacts[i];
        if (contact != CONTACT_SCREEN && sender->lines->at[contact].adapter &&
            !sender->down[contact])
            return true;
    }
    return false;
}

enum status turns_run(struct sender *sender, struct sending *sending, struct turn *turns, size_t n,
                      struct arena *arena, bool *more, struct error *err)
{
    event_list events = {0};
    struct purse purse;
    int64_t next, now = time_now();
    enum status status = writer_begin(sender->writer, err);
    *more = false;
    if (status != ST_OK)
        return status;
    status = sending_open(sender, sending, now, more, &next, err);
    if (status == ST_OK && !*more) {
        writer_rollback(sender->writer);
        return ST_OK;
    }
    if (status == ST_OK)
        status = purse_open(sender, sending->campaign, &purse, err);
    bool *skip = arena_array(arena, bool, n);
    if (status == ST_OK)
        status = turns_decide(sender, sending, arena, turns, n, skip, &purse, now, err);
    for (size_t i = 0; i < n && status == ST_OK; i++)
        if (!skip[i])
            status = turn_write(sender, sending, &turns[i], &events, now, err);
    if (status == ST_OK)
        status = sums_write(sender, sending->campaign, &events, &purse, err);
    status = finish(sender, status, err);
    for (size_t i = 0; i < n && status == ST_OK; i++)
        if (!skip[i]) {
            seen_add(sending, turns[i].person);
            sender->counts->looked++;
        }
    if (status == ST_OK) {
        sender->counts->sent += (int64_t)events.n;
        sender->events += (int64_t)events.n;
        status = turns_send(sender, sending, turns, n, arena, err);
    }
    vec_free(&events);
    *more = status == ST_OK && contacts_left(sender, sending->campaign);
    return status;
}

/* ---- Again ---- */

/* Before a message goes out again: whether it still may. What may not is settled. */
static enum status turn_again(struct sender *sender, struct sending *sending, struct arena *arena,
                              struct turn *turn, struct purse *purse, int64_t now,
                              struct error *err)
{
    enum suppression reason;
    bool there;
    enum status status = recipient_read(sender->writer, arena, turn->person, &turn->recipient, err);
    if (status == ST_OK)
        status = suppress_contact(sender->writer, arena, sender->lines, &turn->recipient,
                                  turn->verdict.contact, &reason, &turn->verdict.address, err);
    if (status != ST_OK)
        return status;
    struct message row = {.campaign = sending->campaign->id,
                          .person = turn->person,
                          .contact = turn->verdict.contact,
                          .state = MESSAGE_INTENT,
                          .due = now,
                          .time = now,
                          .tried = turn->tried,
                          .note = "",
                          .key = turn->key,
                          .body = ""};
    if (reason) {
        row.state = turn->known ? MESSAGE_SUPPRESSED : MESSAGE_UNKNOWN;
        row.reason = turn->known ? reason : SUPPRESS_NONE;
        row.note =
            turn->known ? "" : arena_printf(arena, "not sent again: %s", suppression_names[reason]);
        purse->messages -= turn->known ? turn->cost : 0;
        sender->counts->unknown += !turn->known;
        sender->counts->suppressed[row.reason] += turn->known != 0;
    } else {
        outgoing_make(sending, turn, now);
    }
    return message_settle(sender->writer, &row, &there, err);
}

enum status turns_repeat(struct sender *sender, struct sending *sending, struct turn *turns,
                         size_t n, struct arena *arena, bool *more, struct error *err)
{
    struct purse purse = {0};
    event_list none = {0};
    int64_t next, now = time_now();
    enum status status = writer_begin(sender->writer, err);
    *more = false;
    if (status != ST_OK)
        return status;
    status = sending_open(sender, sending, now, more, &next, err);
    if (status == ST_OK && !*more) {
        writer_rollback(sender->writer);
        return ST_OK;
    }
    for (size_t i = 0; i < n && status == ST_OK; i++)
        status = turn_again(sender, sending, arena, &turns[i], &purse, now, err);
    if (status == ST_OK)
        status = sums_write(sender, sending->campaign, &none, &purse, err);
    status = finish(sender, status, err);
    if (status == ST_OK)
        status = turns_send(sender, sending, turns, n, arena, err);
    *more = status == ST_OK;
    return status;
}

/* ---- Screens ---- */

enum status screens_tell(struct sender *sender, struct sending *sending, struct error *err)
{
    const struct campaign *c = sending->campaign;
    event_list events = {0};
    struct purse purse = {0};
    struct arena *arena = arena_new();
    struct turn turn = {.verdict = {.contact = CONTACT_SCREEN, .address = ""}};
    bool open, there = false;
    int64_t next, now = time_now();
    enum status status = writer_begin(sender->writer, err);
    if (status != ST_OK) {
        arena_free(arena);
        return status;
    }
    status = sending_open(sender, sending, now, &open, &next, err);
    if (status == ST_OK)
        there = has_messages(sender->writer, c, 0, &status, err);
    if (status == ST_OK && open && !there) {
        message_key(&sender->secret, c->id, 0, CONTACT_SCREEN, turn.key);
        turn.text = turn_text(sender, sending, arena, &turn, NULL);
        turn.body = turn_body(sending, arena, &turn);
        status = turn_write(sender, sending, &turn, &events, now, err);
        if (status == ST_OK)
            status = sums_write(sender, c, &events, &purse, err);
    }
    status = finish(sender, status, err);
    if (status == ST_OK) {
        sending->screens_told = open;
        sender->counts->sent += (int64_t)events.n;
    }
    vec_free(&events);
    arena_free(arena);
    return status;
}
