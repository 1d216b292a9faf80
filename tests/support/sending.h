/* Help for tests of sending: members by the number, a campaign brought to run, contacts in memory.
 */
#ifndef ATRIUM_TESTS_SENDING_H
#define ATRIUM_TESTS_SENDING_H

#include "model/campaign/send.h"
#include "tests/support/temp.h"

/* Members 1 .. n with card, name and phone; all agreed to everything and have the app. */
void sending_members(struct temp_mall *mall, uint32_t n);

/* Saves a campaign file, has it approved by somebody else and starts it; its number. Ends the test
 * on an error. The clock (ATRIUM_NOW) must be in its time for it to run. */
uint32_t sending_campaign(struct temp_mall *mall, const char *text);
void sending_move(struct temp_mall *mall, uint32_t campaign, enum campaign_verb verb);

/* What a contact in memory got. */
struct fake_message {
    char key[MESSAGE_KEY];
    char *body;
    uint32_t person;
    uint32_t campaign;
    int64_t time;
    int times; /* sent with this key */
};
struct fake_contact {
    struct fake_message *at;
    size_t n, cap;
    int64_t calls;
    /* What to answer; NULL: sent. May be NULL. */
    enum outcome (*answer)(void *context, const struct outgoing *message);
    void *context;
    int wrong;  /* keys that came with another body */
    bool plain; /* keep nothing: for measuring */
};
extern const struct contact_adapter fake_adapter;
void fake_contact_free(struct fake_contact *contact);

/* Lines with app and SMS by two fakes, and what stays in the file. */
struct contact_lines fake_lines(struct fake_contact *app, struct fake_contact *sms);

/* Fixes the clock. */
void clock_set(int64_t time);

/* One step of a sender made for it. */
struct send_counts sending_step(struct temp_mall *mall, const struct contact_lines *lines);

#endif
