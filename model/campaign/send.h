/*
 * Sending: the engine's step for campaigns that run. doc/sending.md.
 *
 * Scheduled campaigns begin when their time has come, running ones end when it is over. For each
 * treated person of the frozen audience - never one held out - it is decided at that moment what
 * stands against a message (suppress.h); then either the reason is written down, or the intent,
 * and when that is durable the message leaves, once.
 */
#ifndef ATRIUM_CAMPAIGN_SEND_H
#define ATRIUM_CAMPAIGN_SEND_H

#include "model/campaign/contact_adapter.h"
#include "model/campaign/message.h"

struct sender;

/* What one step did. */
struct send_counts {
    int64_t moved, running;               /* campaigns that began or ended; that run or pause */
    int64_t looked;                       /* people whose turn it was */
    int64_t sent, failed, unknown, later; /* messages, by what became of them */
    int64_t suppressed[SUPPRESSIONS];     /* people, by reason */
    int64_t waiting;                      /* people still to come when the step ended */
    const char *held_up; /* why the last campaign that could not go on could not; "": none. Valid
                            until the next step. */
    int64_t next;        /* when there is something to do next; INT64_MAX: nothing known */
};

/* The lines must live as long as the sender. One engine a mall: the caller has its lock
 * (lock.h, LOCK_ENGINE). Writer and reader are of the same mall. */
enum status sender_open(struct writer *writer, struct reader *reader,
                        const struct contact_lines *lines, struct sender **sender,
                        struct error *err);
void sender_close(struct sender *sender); /* NULL is fine */

/* Everything there is to do now. Ends soon after *stop (may be NULL) becomes true, with all that
 * was begun written down. Call without a transaction. */
enum status sender_step(struct sender *sender, const atomic_bool *stop, struct send_counts *counts,
                        struct error *err);

#endif
