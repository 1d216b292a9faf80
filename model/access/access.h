/*
 * Who asks, and what that person may see.
 *
 * A principal has a role; a role has rights and a mask. Every question about people takes a
 * `struct access` and gives back text that is already masked for it, so that a screen or a command
 * cannot forget to: what a role may not see never leaves the model. Filters with a regular
 * expression look at the masked text too, so that nothing can be found out by trying patterns.
 */
#ifndef ATRIUM_ACCESS_ACCESS_H
#define ATRIUM_ACCESS_ACCESS_H

#include "model/base/arena.h"
#include "model/base/sheet.h"
#include "model/store/operation.h"
#include "model/store/reader.h"
#include "model/store/writer.h"

/* Not `enum role` and ROLE_…: those are the screen's (tui/theme.h), and views include both. */
enum access_role {
    ACCESS_OPERATOR,
    ACCESS_MANAGER,
    ACCESS_ANALYST,
    ACCESS_TECHNICIAN,
    ACCESS_ADMIN,
    ACCESS_COUNT
};

/* How people are shown, from all of it to none of it. */
enum mask {
    MASK_NONE,      /* as stored */
    MASK_CONTACTS,  /* names, cards and addresses with their middle hidden */
    MASK_PSEUDONYM, /* a stable keyed word in place of the person; no name, no contact */
    MASK_PEOPLE,    /* no people at all */
};

struct role_info {
    enum access_role role;
    const char *name; /* as in the `principal` table */
    unsigned rights;  /* of enum right */
    enum mask mask;
    const char *summary;
};

extern const struct role_info roles[ACCESS_COUNT];

/* NULL for an unknown name. */
const struct role_info *role_by_name(const char *name);

struct access {
    char principal[64];
    enum access_role role;
    unsigned rights;
    enum mask mask;
    uint64_t key[2];      /* of the role's pseudonyms; from the mall's, never shown */
    int64_t least_people; /* smaller groups are kept back (setting small_group); 0: none are */
    bool sampled;         /* see access_of_sample */
    bool masked;       /* a replica holds people as the role sees them: nothing is masked again */
    uint32_t revealed; /* the one person shown unmasked since access_reveal; 0: nobody */
};

/* The name of the login user this process runs as (the user id in digits where it has no name).
 * Owned by the caller. */
char *access_login(void);

/* Fills in what `principal` may do. On a replica that is what the hub said when it was last pulled,
 * whoever asks. Elsewhere the login user who owns the mall file is admin without a row;
 * everyone else needs a row in `principal`. ST_DENIED with a sentence for anyone unknown. */
enum status access_lookup(struct reader *reader, const char *principal, struct access *access,
                          struct error *err);

/* Of a replica, also while it is locked: for what is to be seen and done then, its outbox and the
 * way to its hub. */
enum status access_of_replica(struct reader *reader, struct access *access, struct error *err);

/* The engine itself, which nobody logs in as: what it does stands in the audit under this name. */
struct access access_engine(void);

/* ST_DENIED naming the role and what it would need, unless all of `rights` are there. `what` ends
 * the sentence "... may not": "see members". */
enum status access_require(const struct access *access, unsigned rights, const char *what,
                           struct error *err);

static inline bool access_may(const struct access *access, unsigned rights)
{
    return (access->rights & rights) == rights;
}

/* Shows one person unmasked from now on, after an audit record with the reason is durable.
 * ST_DENIED without RIGHT_PEOPLE_REVEAL, ST_REFUSED for a reason of fewer than 3 characters or an
 * unknown person. Begins and commits by itself. */
enum status access_reveal(struct access *access, struct writer *writer, uint32_t person,
                          const char *reason, struct error *err);
static inline void access_conceal(struct access *access)
{
    access->revealed = 0;
}

/* The mask that holds for one person: MASK_NONE for the one revealed. */
enum mask access_mask(const struct access *access, uint32_t person);

/* ---- Small groups: who sees pseudonyms is shown no breakdown of a few people, as a few people can
 * be told apart by what is known of them. What is found out about 0 people stays. ---- */

/* Whether a figure about `n` people is kept back from this access. */
static inline bool small_group(const struct access *access, int64_t n)
{
    return n > 0 && n < access->least_people;
}

/* For figures that were estimated from a share of the people (model/event/sample.h): keeps back
 * what rests on a small group of the sample. What is kept back is "*", as nothing is known of its
 * size. */
struct access access_of_sample(const struct access *access, double share);

/* The groups of one breakdown, whose people add up to a total that is shown: sets hidden[i] for
 * those to keep back (both arrays have n). Beside the small ones that is the next larger, as long
 * as what is hidden would follow from the total: one group alone, or too few people in all. Returns
 * how many are hidden. */
size_t small_groups(const struct access *access, const int64_t *people, size_t n, bool *hidden);

/* A cell about `people`: `cell` itself, or what stands in its place. */
static inline struct cell small_group_cell(const struct access *access, int64_t people, bool hidden,
                                           struct cell cell)
{
    if (!hidden && !small_group(access, people))
        return cell;
    bool told = small_group(access, people) && !access->sampled;
    return cell_hidden(told ? access->least_people : 0);
}

/* "<10" or "*" in place of a figure about so many people. Owned by the arena. */
const char *small_group_text(const struct access *access, struct arena *arena, int64_t people);

/* ST_DENIED where a list of `n` people is a small group that this access may not see. */
enum status small_group_check(const struct access *access, int64_t n, struct error *err);

/* ---- Masked text, owned by the arena; NULL where nothing may be shown ---- */

enum personal {
    PERSONAL_NAME,    /* "王*", "W***" */
    PERSONAL_PHONE,   /* "138****1234" */
    PERSONAL_CARD,    /* "*****789": the last 3; a pseudonym for analysts */
    PERSONAL_ADDRESS, /* MAC, e-mail, account: "a4:83:**:**:**:**" or the first 2 and last 2 */
};

/* `text` of `person` as this access may see it. NULL and "" stay what they are. */
const char *access_text(const struct access *access, struct arena *arena, enum personal what,
                        uint32_t person, const char *text);

/* The masks themselves, whoever asks. */
char *mask_name(struct arena *arena, const char *name);
char *mask_phone(struct arena *arena, const char *phone);
char *mask_card(struct arena *arena, const char *card);
char *mask_address(struct arena *arena, const char *address);

/* How an identity of this kind ('card', 'phone', 'app', 'wifi', …) is masked, and whether a free
 * attribute of this name ("e_mail", "home address") tells who the person is. */
enum personal personal_of_identity(const char *kind);
bool personal_attribute(const char *name);

/* ---- Pseudonyms: a keyed permutation of person numbers, written "P-" and seven letters and
 * digits. The same person has the same one in all answers of a mall, no two share one, and who has
 * the key (the mall, not the analyst) can go back. ---- */

enum { PSEUDONYM_SIZE = 10 };
void pseudonym_write(const uint64_t key[2], uint32_t person, char text[PSEUDONYM_SIZE]);
/* False for text that is no pseudonym. */
bool pseudonym_read(const uint64_t key[2], const char *text, uint32_t *person);

/* The digits of a pseudonym as a number, for joins; 0 for text that is no pseudonym. */
uint32_t pseudonym_number(const char *text);

#endif
