/*
 * Operations: the one way to change what people edit.
 *
 * An operation names a thing (an entity and its key), the version it was made against, and the
 * fields it sets. operation_apply checks the actor's right, validates the fields against the table
 * of entities, applies them, raises the version, and appends before and after to the hash-chained
 * audit, in one transaction. From that come permissions, audit, undo, idempotent retries (the same
 * id changes nothing and answers as the first time) and, with a replica, offline edits.
 *
 * Facts (imports, device collection, sync) do not go through here; they are appended.
 */
#ifndef ATRIUM_STORE_OPERATION_H
#define ATRIUM_STORE_OPERATION_H

#include "model/base/arena.h"
#include "model/store/reader.h"
#include "model/store/writer.h"

#include <jansson.h>

/* What a role may be given; a principal's rights are a bit set of these (see model/access). */
enum right {
    RIGHT_PEOPLE_SEE = 1 << 0,    /* people at all, masked */
    RIGHT_PEOPLE_REVEAL = 1 << 1, /* unmasked, with a logged reason */
    RIGHT_PEOPLE_EDIT = 1 << 2,
    RIGHT_SHOPS_EDIT = 1 << 3,
    RIGHT_CAMPAIGN_EDIT = 1 << 4,
    RIGHT_CAMPAIGN_APPROVE = 1 << 5,
    RIGHT_QUESTIONS = 1 << 6, /* funnels, segments */
    RIGHT_SQL = 1 << 7,
    RIGHT_DEVICES = 1 << 8,
    RIGHT_DEVICES_EDIT = 1 << 9,
    RIGHT_IMPORT = 1 << 10,
    RIGHT_ADMIN = 1 << 11, /* settings, principals */
};

enum field_type {
    FIELD_TEXT,
    FIELD_INTEGER,
    FIELD_MONEY, /* fen */
    FIELD_BOOL,
    FIELD_DATE,      /* "1990-05-01", kept as a date number */
    FIELD_TIME,      /* UTC seconds */
    FIELD_CHOICE,    /* one of a few words */
    FIELD_REFERENCE, /* the code of another thing, kept as its number */
    FIELD_PEOPLE,    /* an array of cards that join ("add") or leave ("remove") a list */
};

enum { PEOPLE_AT_ONCE = 10000 }; /* cards in one operation */

struct entity_field {
    const char *name; /* the column */
    enum field_type type;
    /* FIELD_CHOICE: "a b c"; FIELD_REFERENCE: "zone"; FIELD_PEOPLE: the table of the list, with a
     * column of the entity's name and one `person`. */
    const char *choices;
    int64_t least, most; /* integers: range; text: length in bytes (least 1 = required) */
    const char *summary; /* for help and the audit, translated */
    bool guarded;        /* only where the entity's rule allows it: see operation_rule */
    bool lines;          /* text of several lines */
};

struct entity {
    const char *name;  /* "member", "tenant", "setting", ... */
    const char *table; /* has the columns below, `version` and the key */
    const char *key;   /* the key column that operations name, such as member.card */
    enum right right;  /* needed to change it */
    const struct entity_field *fields;
    size_t n_fields;
    bool may_create, may_delete;
};

/* Every entity, one const table; n is its length. */
const struct entity *entity_all(size_t *n);
const struct entity *entity_find(const char *name); /* NULL: unknown */
const struct entity_field *entity_field_find(const struct entity *entity, const char *name);

enum operation_verb { OPERATION_SET, OPERATION_CREATE, OPERATION_DELETE };

struct operation {
    const char *id;    /* unique, at most 64 characters; NULL: one is made */
    const char *actor; /* principal */
    unsigned rights;   /* what that principal may do */
    const char *entity, *target;
    enum operation_verb verb;
    int64_t base_version; /* version it was made against; -1 = whatever there is */
    json_t *set;          /* object: field → value; borrowed. See below. */
    const char *reason;   /* for the audit, or NULL */
    /* Of a thing whose states follow each other by moves: the move's name, and what whoever made it
     * went by (field → value; borrowed). On a replica the move goes to the hub under its name,
     * which makes it again (model/sync/outbox.h). NULL: the fields say all. */
    const char *move;
    const json_t *seen;
};

struct operation_result {
    char id[65];
    int64_t version; /* of the target now */
    bool repeated;   /* this id had been applied before */
};

/*
 * Values are JSON of the field's own type, or text as people write it: "12.50" is 1250 fen and
 * "yes" is true. null or "" clear a date, a time, a choice and a reference.
 */

/* ST_DENIED, ST_CONFLICT (base version; the message names who changed it and when), ST_REFUSED
 * (unknown field, value out of range: field, found, expected). Begins and commits by itself, or is
 * part of the transaction that the caller has begun (several at once, all or nothing: the caller
 * rolls back when one fails). `result` may be NULL. */
enum status operation_apply(struct writer *writer, const struct operation *op,
                            struct operation_result *result, struct error *err);

/*
 * A rule of an entity that its fields cannot say and that store does not know: which states may
 * follow each other, who may decide about whose work. It is asked inside the transaction about
 * every operation on the entity - whoever makes it, also a replica's and an undo - before the row
 * is written: `now` has the fields as they are, {} for a new one. What it does not like it refuses
 * (ST_REFUSED, ST_DENIED, ST_CONFLICT). Without a rule nobody can set a guarded field. Register
 * before there are threads; registering one twice does nothing.
 */
typedef enum status operation_rule(struct writer *writer, const struct operation *op,
                                   const json_t *now, struct error *err);
void operation_rule_register(const char *entity, operation_rule *rule);

/* Applies the opposite of an applied operation as a new one, which can be undone in turn;
 * ST_CONFLICT where its target changed since, it was undone before, or what it made must stay. */
enum status operation_undo(struct writer *writer, const char *id, const char *actor,
                           unsigned rights, struct operation_result *result, struct error *err);

/* Appends a record without a change of rows to the audit: a reveal with its reason, an import, an
 * export. Inside the caller's transaction. */
enum status audit_append(struct writer *writer, const char *actor, const char *act,
                         const char *entity, const char *target, json_t *detail, struct error *err);

/* Who must know of every operation that a replica applies, in its transaction: the outbox. Without
 * one nothing can be changed on a replica. Register before there are threads. */
struct operation_record {
    const struct operation *op;
    const char *id;
    int64_t base, version; /* of the target, before and after */
    const json_t *now;     /* its fields before; {} where there was none */
};
typedef enum status operation_follow(struct writer *writer, const struct operation_record *record,
                                     struct error *err);
void operation_follow_register(operation_follow *follow);

/* A thing's fields as they are ({} where there is none; a new reference) and its version. */
enum status operation_read(struct writer *writer, const char *entity, const char *target,
                           json_t **now, int64_t *version, struct error *err);

/* Once more on rows that came from elsewhere: without rights, versions, rules and audit. For edits
 * of a replica that lie on top of its hub's rows; inside the caller's transaction. */
enum status operation_redo(struct writer *writer, const struct operation *op, struct error *err);

#endif
