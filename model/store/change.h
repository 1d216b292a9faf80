/*
 * The change log of a hub: which things each transaction wrote, so that replicas are sent what
 * changed and nothing else (doc/sync.md).
 *
 * A place is a table; its key is the number of what its rows are about: the row's own, the person
 * of a contact, a block of a list. The writer's connection notes every row of these tables that is
 * written, whoever writes it, and at commit the keys get the transaction's number. A mall that is
 * no hub notes nothing.
 */
#ifndef ATRIUM_STORE_CHANGE_H
#define ATRIUM_STORE_CHANGE_H

#include "model/store/reader.h"
#include "model/store/writer.h"

enum change_key {
    CHANGE_ROW,    /* the row's number */
    CHANGE_COLUMN, /* of one column */
    CHANGE_PAIR,   /* of two: first << CHANGE_BLOCK_BITS | second >> shift */
    CHANGE_ALL,    /* 0: small tables go as a whole */
};

enum {
    CHANGE_BLOCK_BITS = 17, /* room for a block of people */
    CHANGE_SET_BITS = 14,   /* keys of one row of change_set */
    CHANGE_SET_BYTES = (1 << CHANGE_SET_BITS) / 8,
    CHANGE_TAIL = 60, /* rows of the tail that were removed one by one */
    CHANGE_PLACES = 64,
};

struct change_place {
    int number; /* in the file and on the wire: never given again */
    const char *table;
    enum change_key key;
    const char *column, *second; /* of the key; NULL: none */
    int at, second_at;           /* which columns of the table these are */
    int shift;
};

extern const struct change_place change_places[]; /* but for CHANGE_TAIL; by number */
extern const size_t n_change_places;
const struct change_place *change_place_find(const char *table); /* NULL: not of replicas */
const struct change_place *change_place_number(int number);

/* Tables that each file has for itself. A table of the schema is either here or a place. */
extern const char *const change_own_tables[];
extern const size_t n_change_own_tables;

/* SQL over a place's table: its key, the condition that it is ?1, its order. Owned by the arena. */
const char *change_key_sql(struct arena *arena, const struct change_place *place);
const char *change_where_sql(struct arena *arena, const struct change_place *place);

/* ---- Events. In the transaction that makes a batch visible, by whoever does; a batch of which
 * nobody says what it did is noted as 'other', and replicas take a copy of all events again. ----
 */

struct change_batch {
    int64_t batch;
    const char *act;        /* "append", "fold", "move" */
    int64_t tail;           /* fold: the tail up to here is in it */
    int64_t source, target; /* move */
    const void *events;     /* move of some; NULL: of all */
    size_t size;
};
bool change_logged(const struct writer *writer); /* this mall is a hub */
enum status change_batch_note(struct writer *writer, const struct change_batch *batch,
                              struct error *err);

/* Makes a mall a hub, in a transaction: from here on changes are numbered. `epoch` is kept as it is
 * where it is one already. */
enum status change_log_begin(struct writer *writer, const char *epoch, struct error *err);

/* ---- On a replica, where every transaction's keys are noted until it ends: what edits change is
 * kept as it was (model/sync/outbox.h). ---- */

/* Whether they are noted from here on, and forgets those that were. */
void change_capture(struct writer *writer, bool on);
typedef enum status change_key_fn(void *context, const struct change_place *place, int64_t key,
                                  struct error *err);
/* The keys noted so far, each once. ST_REFUSED where they are very many. */
enum status change_captured(struct writer *writer, change_key_fn *fn, void *context,
                            struct error *err);

/* Runs before the open transaction's commit, once. */
void change_before_commit(struct writer *writer,
                          enum status (*run)(struct writer *writer, struct error *err));

#endif
