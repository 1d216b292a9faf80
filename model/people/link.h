/*
 * Persons that are one: linking two numbers with evidence, and taking it back.
 *
 * Linking moves everything that `person` has to `target`: contacts, events, attributes, interests,
 * relations, groups, labels, consents; empty fields of the target's member row are filled. What
 * moved, and what was put aside because the target had its own, is kept with the link, and so is
 * what imports bring under the joined contacts while it holds; unlinking moves precisely that back,
 * so that each has what it had, and what was its own since. What people edited stays as edited.
 */
#ifndef ATRIUM_PEOPLE_LINK_H
#define ATRIUM_PEOPLE_LINK_H

#include "model/access/access.h"
#include "model/base/sheet.h"

struct link_request {
    uint32_t one, other;  /* the one with a member row stays, of two the first */
    const char *evidence; /* what was seen, 3 to 500 bytes on one line */
    double confidence;    /* 0 < c <= 1 */
    bool beyond_limits;   /* more contacts of a kind than the settings limit_... allow */
};

struct link_result {
    int64_t id;
    uint32_t person, target; /* who was joined into whom */
    int64_t identities, events, rows;
};

/* ST_DENIED without RIGHT_PEOPLE_EDIT. ST_CONFLICT where the person would have more contacts of a
 * kind than the settings allow. ST_REFUSED for the same or unknown persons, and for a randomised
 * MAC, which is never anybody's. Call without a transaction; all or nothing. */
enum status member_link(struct writer *writer, const struct access *access,
                        const struct link_request *request, struct link_result *result,
                        struct error *err);

/* The opposite. ST_CONFLICT where it was undone before, or a later link was made on top of it (the
 * message names that one, to be undone first). */
enum status member_unlink(struct writer *writer, const struct access *access, int64_t link,
                          const char *reason, struct link_result *result, struct error *err);

/* The link by which a contact came to its person: the first that is not undone; 0 for none. */
enum status link_of_identity(struct reader *reader, const char *value, int64_t *link,
                             struct error *err);
/* The latest link into a person that is not undone; 0 for none. */
enum status link_of_person(struct reader *reader, uint32_t person, int64_t *link,
                           struct error *err);

/* The kinds of contacts, and the setting that limits each. */
struct identity_kind {
    const char *name, *setting;
};
extern const struct identity_kind identity_kinds[];
extern const size_t n_identity_kinds;

#endif
