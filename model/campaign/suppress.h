/*
 * What stands against a message to a person, asked at the moment of sending and only then, of the
 * state that the writer's transaction sees. In this order, and the first that stands counts: there
 * is such a member; a contact of the campaign's order that is open, agreed to and has an address;
 * no campaign of higher priority has the person today; the cap of messages. Budgets are asked last
 * by whoever spends (send.c).
 */
#ifndef ATRIUM_CAMPAIGN_SUPPRESS_H
#define ATRIUM_CAMPAIGN_SUPPRESS_H

#include "model/campaign/contact_adapter.h"
#include "model/campaign/message.h"

/* Another campaign that runs and goes first: of its `treated` those not `seen` are still its. */
struct rival {
    uint32_t campaign;
    const struct set *treated, *seen;
};

struct suppress_rules {
    const struct campaign *campaign;
    const struct contact_lines *lines;
    const struct rival *rivals;
    size_t n_rivals;
    const int *priorities; /* of campaigns, by number */
    uint32_t n_priorities;
    int64_t now, today; /* the moment, and the start of its mall day */
};

/* Who a message would be for, as the file has it now. Texts are owned by the arena. */
struct recipient {
    uint32_t person;
    bool member;
    bool sms, app, wifi; /* consents */
    bool has_app;
    const char *card, *name, *phone, *tier;
};
enum status recipient_read(struct writer *writer, struct arena *arena, uint32_t person,
                           struct recipient *recipient, struct error *err);

struct verdict {
    enum contact contact; /* that holds, or the one that came nearest */
    enum suppression reason;
    const char *address; /* phone, app account, devices (JSON array); "" where none is needed */
};

/* Looks at the campaign's contacts from the one at `first` on. */
enum status suppress_judge(struct writer *writer, struct arena *arena,
                           const struct suppress_rules *rules, const struct recipient *recipient,
                           size_t first, struct verdict *verdict, struct error *err);

/* One contact alone, for a message that is sent again: SUPPRESS_NONE where it still holds. */
enum status suppress_contact(struct writer *writer, struct arena *arena,
                             const struct contact_lines *lines, const struct recipient *recipient,
                             enum contact contact, enum suppression *reason, const char **address,
                             struct error *err);

#endif
