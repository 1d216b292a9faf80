/* Some people's turn: decided, written down, and then sent. */
#include "model/campaign/send_parts.h"

#include "model/base/text.h"

/* ---- Writing it down ---- */

void turn_outgoing(const struct sending *sending, struct turn *turn, int64_t now)
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
    turn_outgoing(sending, turn, now);
    enum status status = message_put(sender->writer, &row, err);
    if (status != ST_OK || !adapter->put)
        return status;
    vec_push(events, message_event(sender, row.campaign, row.person, row.contact, now));
    return adapter->put(sender->writer, &turn->outgoing, err);
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
    return turns_settle(sender, sending, turns, n, err);
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
        status = sending_sums_write(sender, sending->campaign, &events, &purse, err);
    status = sender_finish(sender, status, err);
    for (size_t i = 0; i < n && status == ST_OK; i++)
        if (!skip[i]) {
            sending_seen(sending, turns[i].person);
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
        turn_outgoing(sending, turn, now);
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
        status = sending_sums_write(sender, sending->campaign, &none, &purse, err);
    status = sender_finish(sender, status, err);
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
        there = turn_has_messages(sender->writer, c, 0, &status, err);
    if (status == ST_OK && open && !there) {
        message_key(&sender->secret, c->id, 0, CONTACT_SCREEN, turn.key);
        turn.text = turn_text(sender, sending, arena, &turn, NULL);
        turn.body = turn_body(sending, arena, &turn);
        status = turn_write(sender, sending, &turn, &events, now, err);
        if (status == ST_OK)
            status = sending_sums_write(sender, c, &events, &purse, err);
    }
    status = sender_finish(sender, status, err);
    if (status == ST_OK) {
        sending->screens_told = open;
        sender->counts->sent += (int64_t)events.n;
    }
    vec_free(&events);
    arena_free(arena);
    return status;
}
