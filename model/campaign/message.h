/*
 * Messages of campaigns as rows: one for each person a campaign looked at and each contact it
 * tried, so that nobody gets one twice. doc/sending.md has the life of a row.
 */
#ifndef ATRIUM_CAMPAIGN_MESSAGE_H
#define ATRIUM_CAMPAIGN_MESSAGE_H

#include "model/base/set.h"
#include "model/base/sheet.h"
#include "model/campaign/campaign.h"
#include "model/store/writer.h"

/* The numbers stand in files: never change one. */
enum message_state {
    MESSAGE_NONE,
    MESSAGE_WAITING,    /* the contact before failed: this one is looked at when it is due */
    MESSAGE_INTENT,     /* durable, on its way; `due`: not before */
    MESSAGE_SENT,       /* taken by the other side; an event says so too */
    MESSAGE_SUPPRESSED, /* not sent, see `reason` */
    MESSAGE_FAILED,     /* refused for good by the other side */
    MESSAGE_UNKNOWN,    /* it may have left: nobody can say, and a repeat could be a second one */
    MESSAGE_STATES
};
extern const char
    *const message_state_names[MESSAGE_STATES]; /* as in JSON; translated on screens */

/* Why a person got nothing. The numbers stand in files: never change one. */
enum suppression {
    SUPPRESS_NONE,
    SUPPRESS_GONE,     /* no member (any more) */
    SUPPRESS_CONSENT,  /* never agreed */
    SUPPRESS_OPT_OUT,  /* agreed once and took it back, or said no */
    SUPPRESS_ADDRESS,  /* nothing to send it to */
    SUPPRESS_CLOSED,   /* no contact of the campaign is set up */
    SUPPRESS_CAP,      /* had as many messages as the campaign allows a person */
    SUPPRESS_BUDGET,   /* money or coupons are used up */
    SUPPRESS_PRIORITY, /* a campaign of higher priority has the person today */
    SUPPRESS_ENDED,    /* the campaign ended before the message left */
    SUPPRESSIONS
};
extern const char *const suppression_names[SUPPRESSIONS];  /* as in JSON */
extern const char *const suppression_titles[SUPPRESSIONS]; /* on screens, translated there */

enum { MESSAGE_KEY = 33 }; /* 32 hexadecimal digits */

/* What makes keys that say nothing about a person: random, the mall's own, in `secret`. In a
 * transaction; made when there is none. */
struct message_secret {
    unsigned char at[32];
};
enum status message_secret_get(struct writer *writer, struct message_secret *secret,
                               struct error *err);

/* The idempotency key: the same for the same mall, campaign, person and contact. CONTACT_NONE gives
 * the reference of the person's coupon, which is the same whichever contact brings it. */
void message_key(const struct message_secret *secret, uint32_t campaign, uint32_t person,
                 enum contact contact, char key[MESSAGE_KEY]);

struct message {
    uint32_t campaign, person;
    enum contact contact;
    enum message_state state;
    enum suppression reason;
    int64_t due, time;
    int tried;
    int64_t cost;     /* fen */
    const char *note; /* never NULL */
    const char *key;  /* "" without an intent */
    const char *body; /* what is sent; kept as long as it may have to be sent again */
};

/* Adds a row inside the transaction; one that is there is replaced only where it was waiting. */
enum status message_put(struct writer *writer, const struct message *message, struct error *err);

/* What became of an intent: state, reason, due, tried, note and time of `message`. *there false:
 * the person was erased meanwhile. (Two members are not joined while a message is on its way.) */
enum status message_settle(struct writer *writer, const struct message *message, bool *there,
                           struct error *err);

/* ---- Looking ---- */

/* A row for each combination there is, people counted; `campaign` 0: all, the latest campaign
 * first. Small groups are hidden from whom they must be. Words as in JSON. Owned by the arena. */
enum message_column {
    MESSAGE_OF,  /* the campaign's code */
    MESSAGE_BY,  /* contact */
    MESSAGE_HOW, /* state */
    MESSAGE_WHY, /* reason */
    MESSAGE_PEOPLE,
    MESSAGE_LAST,
    MESSAGE_COLUMNS
};
enum status message_summary(struct reader *reader, struct arena *arena, const struct access *access,
                            uint32_t campaign, struct sheet **sheet, struct error *err);

/* The people of one line of it, rising. contact CONTACT_COUNT, state MESSAGE_STATES, reason
 * SUPPRESSIONS: any. Owned by the arena. */
enum status message_people(struct reader *reader, struct arena *arena, uint32_t campaign,
                           enum contact contact, enum message_state state, enum suppression reason,
                           uint32_t **people, size_t *n, struct error *err);

/* Those of the audience's treated that the campaign did not come to look at; 0 without an edition.
 */
enum status message_untouched(struct reader *reader, struct arena *arena,
                              const struct campaign *campaign, uint32_t *treated,
                              uint32_t *untouched, struct error *err);

/* Numbers of words; -1: there is none. */
int message_state_named(const char *name);
int suppression_named(const char *name);
int contact_named(const char *name);

#endif
