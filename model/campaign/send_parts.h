/* Sending from the inside: send.c goes through campaigns, send_turn.c gives some people their turn,
 * send_text.c makes what is sent. */
#ifndef ATRIUM_CAMPAIGN_SEND_PARTS_H
#define ATRIUM_CAMPAIGN_SEND_PARTS_H

#include "model/base/vec.h"
#include "model/campaign/send.h"
#include "model/campaign/suppress.h"
#include "model/campaign/template.h"
#include "model/event/event.h"
#include "model/people/member_list.h"

enum {
    SEND_BATCH = 1000,     /* people in one transaction at most, */
    SEND_BATCH_LEAST = 16, /* and at least */
    SEND_FOLD = 50000,     /* events in the tail before they are folded */
    SEND_BAD = 32,         /* messages in a row after which a contact is down */
    SEND_TRIES = 12,       /* of one message */
    SEND_WAIT_FIRST = 2,   /* seconds before the second try, doubled each time */
    SEND_WAIT_MOST = 3600, /* seconds */
    SEND_TASK_DAYS = 7,    /* staff have so long where the campaign has no end */
};

/* A campaign that runs, as long as what is known of its people holds. */
struct sending {
    struct arena *arena;
    const struct campaign *campaign;
    struct set *treated, *seen;
    uint64_t epoch; /* of the writer, when `seen` was read */
    const struct template *template;
    const char *values[TEMPLATE_FIELDS]; /* those that are the same for everybody */
    uint32_t tenant;                     /* the offer's only shop; 0 */
    int64_t expires;                     /* of what is queued for devices and staff; 0: never */
    bool screens_told;
};

struct sender {
    struct writer *writer;
    struct reader *reader;
    const struct contact_lines *lines;
    struct message_secret secret;
    uint32_t channels[CONTACT_COUNT];
    VEC(struct sending *) sendings; /* highest priority first */
    VEC(int) priorities;            /* of all campaigns, by number */
    VEC(struct rival) rivals;       /* of the campaign at work */
    size_t bad[CONTACT_COUNT];      /* messages in a row that it did not take */
    bool down[CONTACT_COUNT];       /* takes nothing now: left alone for the rest of the step */
    bool recovered;                 /* what an engine before this one left was looked at */
    struct people_cache *people;
    size_t batch; /* people in the next transaction: as many as leave within a moment */
    const struct member_numbers *numbers; /* NULL: no message has {points} */
    int64_t events;                       /* appended since the last folding */
    const atomic_bool *stop;
    struct send_counts *counts;
    char *held_up;
};

/* One person's message while it is made and sent. */
struct turn {
    uint32_t person;
    size_t first;        /* of the campaign's contacts: where to look from */
    enum contact waited; /* the row of this contact waits; CONTACT_NONE: looked at first now */
    int tried;
    enum suppression known; /* not 0: so far it is sure not to have left */
    struct recipient recipient;
    struct verdict verdict;
    char key[MESSAGE_KEY];
    const char *text, *body;
    int64_t cost;
    const char *coupon;
    int64_t coupon_until;
    struct outgoing outgoing;
};

static inline bool sender_stopped(const struct sender *sender)
{
    return sender->stop && atomic_load(sender->stop);
}

/* What all messages of a campaign have in common. */
enum status sending_texts(struct sender *sender, struct sending *sending, struct error *err);

/* The text of a turn, with `coupon` as its code. */
const char *turn_text(struct sender *sender, const struct sending *sending, struct arena *arena,
                      const struct turn *turn, const char *coupon);

/* The JSON that leaves. */
const char *turn_body(const struct sending *sending, struct arena *arena, const struct turn *turn);

/* Decides about people and sends to those who get a message. *more false: the campaign cannot go on
 * now (paused meanwhile, its contacts take nothing). */
enum status turns_run(struct sender *sender, struct sending *sending, struct turn *turns, size_t n,
                      struct arena *arena, bool *more, struct error *err);

/* Messages that are on their way already, again with their keys. */
enum status turns_repeat(struct sender *sender, struct sending *sending, struct turn *turns,
                         size_t n, struct arena *arena, bool *more, struct error *err);

/* One message for all screens, with the campaign's first turn. */
enum status screens_tell(struct sender *sender, struct sending *sending, struct error *err);

/* Whether the campaign may send at this moment: its state as the transaction sees it, days, hours
 * and quiet hours. *next: when to look again. */
enum status sending_open(struct sender *sender, const struct sending *sending, int64_t now,
                         bool *open, int64_t *next, struct error *err);

void sender_held_up(struct sender *sender, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- Between the files ---- */

/* Money of a campaign while a transaction spends it: given and messages so far; messages of this
 * transaction. */
struct purse {
    int64_t spent, messages;
};
typedef VEC(struct event) event_list;

/* Nobody who was looked at is looked at again. */
void sending_seen(struct sending *sending, uint32_t person);
bool turn_has_messages(struct writer *writer, const struct campaign *campaign, uint32_t person,
                       enum status *status, struct error *err);

/* Inside the transaction: verdicts, coupons, keys, texts. skip[i]: the person keeps the turn. */
enum status turns_decide(struct sender *sender, struct sending *sending, struct arena *arena,
                         struct turn *turns, size_t n, bool *skip, struct purse *purse, int64_t now,
                         struct error *err);

/* What a contact is given. */
void turn_outgoing(const struct sending *sending, struct turn *turn, int64_t now);

/* The event of a message; its reference is given with the campaign's running number, by
 * sending_sums_write. */
struct event message_event(const struct sender *sender, uint32_t campaign, uint32_t person,
                           enum contact contact, int64_t now);
enum status purse_open(struct sender *sender, const struct campaign *campaign, struct purse *purse,
                       struct error *err);
enum status sending_sums_write(struct sender *sender, const struct campaign *campaign,
                               const event_list *events, const struct purse *purse,
                               struct error *err);

/* Commits, or undoes what a failed transaction began. */
enum status sender_finish(struct sender *sender, enum status status, struct error *err);

/* One transaction for what became of these. */
enum status turns_settle(struct sender *sender, struct sending *sending, struct turn *const *turns,
                         size_t n, struct error *err);

#endif
