/* What became of messages: rows, sums and events, in one transaction. */
#include "model/campaign/send_parts.h"

#include "model/base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- The books ---- */

/* Its reference is given with the campaign's running number (sums_write). */
struct event message_event(const struct sender *sender, uint32_t campaign, uint32_t person,
                           enum contact contact, int64_t now)
{
    return (struct event){.time = now,
                          .person = person,
                          .kind = KIND_MESSAGE_SENT,
                          .channel = (uint16_t)sender->channels[contact],
                          .campaign = campaign};
}

/* Sums and events of what a transaction did. An event's reference is the campaign's running number
 * of messages and its own: neighbours in the index, and nothing about a person. */
enum status sending_sums_write(struct sender *sender, const struct campaign *campaign,
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

enum status purse_open(struct sender *sender, const struct campaign *campaign, struct purse *purse,
                       struct error *err)
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
enum status sender_finish(struct sender *sender, enum status status, struct error *err)
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
        vec_push(events, message_event(sender, row.campaign, row.person, row.contact, now));
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
enum status turns_settle(struct sender *sender, struct sending *sending, struct turn *const *turns,
                         size_t n, struct error *err)
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
        status = sending_sums_write(sender, sending->campaign, &events, &purse, err);
    status = sender_finish(sender, status, err);
    if (status == ST_OK)
        sender->events += (int64_t)events.n;
    vec_free(&events);
    return status;
}
