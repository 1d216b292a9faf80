/*
 * Contacts: how a message leaves. Each is an adapter, a struct of functions; the engine knows
 * nothing else about it.
 *
 * There are two ways. What stays in the mall file (a task, a queue that devices read) is `put`
 * in the transaction that writes the message's row: both are there or neither. What leaves the file
 * is `sent` after the intent is durable; the engine commits what became of it afterwards.
 */
#ifndef ATRIUM_CAMPAIGN_CONTACT_ADAPTER_H
#define ATRIUM_CAMPAIGN_CONTACT_ADAPTER_H

#include "model/campaign/campaign.h"
#include "model/store/writer.h"

#include <stdatomic.h>

enum outcome {
    OUTCOME_UNKNOWN, /* it may have been taken: a repeat must have the same key */
    OUTCOME_SENT,
    OUTCOME_REFUSED, /* not taken, and never will be */
    OUTCOME_LATER,   /* not taken now */
    OUTCOME_CLOSED,  /* not taken, and neither will others be: a wrong token, no such server */
};

struct outgoing {
    const char *key;  /* the idempotency key */
    const char *body; /* JSON: key campaign contact to text [coupon] [until] */
    uint32_t campaign, person, tenant;
    int64_t expires; /* 0: never */
    const char *text;
    /* What became of it. */
    enum outcome outcome;
    int64_t after;    /* seconds that the other side asks to wait; 0: none */
    const char *note; /* what it said, cleaned; owned by the arena; NULL: nothing */
};

struct contact_adapter {
    const char *name;
    /* Sending again with the same key never makes a second message. */
    bool idempotent;
    enum status (*put)(struct writer *writer, const struct outgoing *message, struct error *err);
    /* Sets the outcome of each. An error only where nothing was tried. Ends early, with the rest
     * as they were given, when *stop becomes true. */
    enum status (*send)(void *state, struct outgoing *messages, size_t n, const atomic_bool *stop,
                        struct arena *arena, struct error *err);
    void (*close)(void *state); /* NULL: nothing to do */
};

/* An adapter at work. */
struct contact_line {
    const struct contact_adapter *adapter; /* NULL: closed */
    void *state;
    bool idempotent; /* the adapter is, and the other side keeps its word about keys */
    int64_t cost;    /* fen a message; of SMS a part of it */
    const char *why; /* it is closed: a sentence; NULL: it was not asked for */
};
struct contact_lines {
    struct contact_line at[CONTACT_COUNT];
    struct arena *arena;
};

/* Opens every contact that the settings set up. Tokens come from outside of the mall file; NULL:
 * none. An address that cannot be used closes its contact, with the reason. */
struct contact_tokens {
    const char *app, *sms;
};
enum status contact_lines_open(struct reader *reader, const struct contact_tokens *tokens,
                               struct contact_lines *lines, struct error *err);
void contact_lines_close(struct contact_lines *lines);

/* ---- The adapters ---- */

extern const struct contact_adapter contact_http;   /* app, SMS: http.h */
extern const struct contact_adapter contact_pos;    /* rows of device_queue */
extern const struct contact_adapter contact_screen; /* one row for all screens */
extern const struct contact_adapter contact_staff;  /* rows of task */
extern const struct contact_adapter contact_wifi;   /* the portal's file: contact_wifi.c */

/* `path` is written whole each time: a JSON document with every message of a campaign that runs.
 * The reader is used while sending and not kept longer than the line. */
enum status contact_wifi_open(struct reader *reader, const char *path, struct contact_line *line,
                              struct error *err);

#endif
