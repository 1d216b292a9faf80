/*
 * Who may be one person, and where contacts contradict each other: questions that propose, never
 * act. Linking stays an operation of somebody who may.
 *
 * Pairs come from a phone number on two members' forms, and from presence: the device of a visitor
 * seen near the till, within five minutes, when a member paid, on several days, at moments when
 * hardly anybody else was there. Crowded moments say nothing and are passed over, which also bounds
 * the work. Random MACs have no person and never come up. And from payments: somebody known by a
 * means of payment alone paid what a member bought - the same shop and money within two minutes, no
 * other member's purchase like it - on two days or more.
 */
#ifndef ATRIUM_PEOPLE_CANDIDATE_H
#define ATRIUM_PEOPLE_CANDIDATE_H

#include "model/access/access.h"
#include "model/base/sheet.h"

enum {
    CANDIDATE_DAYS = 60,    /* before the latest event: purchases and sightings looked at */
    CANDIDATE_TIMES = 3,    /* different days together, at least */
    CANDIDATE_VISITORS = 6, /* devices of visitors at one moment, at most */
    CANDIDATE_BUYERS = 4,
    CANDIDATE_SECONDS = 120, /* between the two records of one payment */
    CANDIDATE_PAYMENTS = 2,  /* different days with the same payment, at least */
};

/* The most certain first: confidence, card, name, other_card, other_name, evidence, person, other,
 * key ("pair:3,17"). `person` 0: everybody. Pairs that somebody settled are left out. Names and
 * cards are masked. ST_DENIED without RIGHT_PEOPLE_SEE, and for who sees pseudonyms. Owned by the
 * arena. */
enum {
    CANDIDATE_CONFIDENCE,
    CANDIDATE_EVIDENCE = 5,
    CANDIDATE_ONE,
    CANDIDATE_OTHER,
    CANDIDATE_KEY
};
enum status candidate_list(struct reader *reader, const struct access *access, uint32_t person,
                           size_t limit, struct arena *arena, struct sheet **sheet,
                           struct error *err);

/* people (cards, masked), what, kind, person, key ("phone:1,2", "limit:wifi:17"): a phone on
 * several members, more contacts of a kind than the settings allow, a device that goes with two
 * cards, a randomised address among the contacts. Settled ones are left out. */
enum { CONFLICT_PERSON = 3, CONFLICT_KEY };
enum status conflict_list(struct reader *reader, const struct access *access, size_t limit,
                          struct arena *arena, struct sheet **sheet, struct error *err);

/* "These are two" or "this is fine", with a reason, in the audit: the key is not listed again while
 * the same people are concerned. ST_DENIED without RIGHT_PEOPLE_EDIT. */
enum status conflict_settle(struct writer *writer, const struct access *access, const char *key,
                            const char *reason, struct error *err);

/* The opposite: it may be listed again. ST_REFUSED where it is not settled. */
enum status conflict_unsettle(struct writer *writer, const struct access *access, const char *key,
                              struct error *err);

/* Inside the module: pairs by presence, the most days first. */
struct presence_pair {
    uint32_t member, visitor;
    int days;
};
enum status presence_pairs(struct reader *reader, struct arena *arena, uint32_t person,
                           struct presence_pair **pairs, size_t *n, struct error *err);
/* By the same payments; `visitor` is who is known by the payment. In order of member. */
enum status payment_pairs(struct reader *reader, struct arena *arena, uint32_t person,
                          struct presence_pair **pairs, size_t *n, struct error *err);

#endif
