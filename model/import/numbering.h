/*
 * Numbering: names of pages to numbers of the mall, new ones in the order of the file.
 *
 * A small import is numbered inside its one transaction, each name looked up there. A large one
 * loads what the mall knows (people first one by one, all of them once that is cheaper), gives out
 * numbers while it reads, and writes the new names in its last transaction. People's numbers are
 * reserved in short transactions before they are given out, so that nobody else gives them; what is
 * left over of a reservation is given back where nobody came in between.
 */
#ifndef ATRIUM_IMPORT_NUMBERING_H
#define ATRIUM_IMPORT_NUMBERING_H

#include "model/import/job.h"
#include "model/import/linked.h"
#include "model/import/page.h"
#include "model/store/erased.h"

/* The number of people who were erased: their events are left out. */
enum { PERSON_ERASED = INT32_MAX };
#include "model/store/contact.h"

struct new_name {
    const char *at;
    uint32_t n, number;
};

struct numbering {
    struct job *job;
    struct arena *arena;
    enum contact_kind contact; /* what people are named by */
    struct names *names[NAMES_OF];
    VEC(struct new_name) fresh[NAMES_OF]; /* to be written, in order of number */
    bool loaded[NAMES_OF];
    uint32_t highest[NAMES_OF];
    struct reader *reader; /* of a large import */
    size_t looked_up;
    struct linked *linked; /* contacts that came by a link; NULL: none */
    struct erased *erased; /* who must not come back; NULL: nobody */
    int64_t reserved;      /* highest person number reserved */
    int64_t unused;        /* first number of the last unbroken reservation */
};

void numbering_begin(struct numbering *numbering, struct job *job, enum contact_kind contact);
void numbering_end(struct numbering *numbering);

/* For a small import: inside the writer's transaction, before pages are taken. */
enum status numbering_small(struct numbering *numbering, struct error *err);

/* All names of a kind at once, where they are few. */
enum status numbering_load(struct numbering *numbering, enum names_of of, struct error *err);

/* For a large one: opens a reader of its own and loads the dictionaries. */
enum status numbering_large(struct numbering *numbering, struct error *err);

/* Numbers a page's new names and puts the numbers into its events. Refuses names past the mall's
 * limits (kinds, channels). */
enum status numbering_take(struct numbering *numbering, struct page *page, struct error *err);

/* Inside the last transaction: writes what is new. ST_CONFLICT where another program added the same
 * name meanwhile. */
enum status numbering_write(struct numbering *numbering, struct error *err);

/* After a large import that failed: gives the reserved numbers back. */
void numbering_abandon(struct numbering *numbering);

#endif
