/*
 * What a role's replica holds: one table of every column that leaves a hub, and how for each role.
 * What is not in it is in no replica; a test compares it with the schema, so a new column is
 * decided about and absent until then.
 */
#ifndef ATRIUM_SYNC_POLICY_H
#define ATRIUM_SYNC_POLICY_H

#include "model/access/access.h"
#include "model/base/hash.h"
#include "model/event/bytes.h"
#include "model/store/change.h"

/* What becomes of a column's value on its way. The letters are those of the table. */
enum policy_rule {
    POLICY_OUT = '-', /* the replica has the column's empty value */
    POLICY_KEEP = 'k',
    POLICY_NAME = 'n', /* masked as model/access/mask.c does, as the role sees it at the hub */
    POLICY_PHONE = 'p',
    POLICY_CARD = 'c',      /* masked, and "#PERSON" behind it, as a card names one member */
    POLICY_CONTACT = 'i',   /* the same by the kind of contact, with its number behind it */
    POLICY_ATTRIBUTE = 'v', /* masked where the attribute's name says that it is personal */
    POLICY_PSEUDONYM = 'P', /* of the person, in place of a card */
    POLICY_NUMBER = 'u',    /* "#ID": what must be unique and says nothing */
};

struct policy_column {
    const char *table, *column;
    char rules[ACCESS_COUNT + 1]; /* by enum access_role */
};
extern const struct policy_column policy_columns[]; /* the columns of a table side by side */
extern const size_t n_policy_columns;

/* The columns of events that a role's replica lacks: bits of enum chunk_column; and whether it has
 * events at all. */
unsigned policy_event_columns_out(enum access_role role);
bool policy_events(enum access_role role);

/* What one place's rows are for a role; `n` is 0 where the role has no such table. */
struct policy_table {
    const struct change_place *place;
    const struct policy_column *columns; /* of the table */
    size_t n_columns;
    size_t n;               /* columns that are sent */
    unsigned char sent[64]; /* which of them */
    const char *where;      /* rows that are left out; NULL: none. ?2 is the principal */
};
void policy_table(enum access_role role, const struct change_place *place,
                  struct policy_table *table);

/* Lower-case hexadecimal: changes with the role's rules, the schema's and the sync's version. */
void policy_hash(enum access_role role, char hex[SHA256_HEX]);

/* The value of column `sent[i]` of the row that the statement is at, for the role. Owned by the
 * arena where it is text that was made; what is kept is the statement's. */
struct policy_value {
    int type; /* SQLITE_INTEGER, ... */
    int64_t integer;
    double real;
    const void *bytes;
    size_t size;
};
struct policy_row {
    const struct access *access; /* role, mask and key of who gets it */
    struct arena *arena;
    sqlite3_stmt *stmt; /* columns of policy_select */
    int64_t key;
    int number; /* of the row among those of its key */
};
/* False where the row is left out. */
bool policy_value(const struct policy_table *table, const struct policy_row *row, size_t i,
                  struct policy_value *value);

/* "select KEY, columns sent … from TABLE where …": `condition` and `order` are SQL. Owned by the
 * arena. Columns that a rule looks at besides its own come behind. */
const char *policy_select(struct arena *arena, const struct policy_table *table,
                          const char *condition, const char *order);

/* The number behind "*****789#42", 0 where there is none. */
uint32_t policy_person_of_card(const char *card);

#endif
