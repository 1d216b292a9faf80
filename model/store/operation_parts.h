/* What the files of operations share; nobody else includes this. */
#ifndef ATRIUM_STORE_OPERATION_PARTS_H
#define ATRIUM_STORE_OPERATION_PARTS_H

#include "model/store/operation.h"

/* One operation while it is being applied. */
struct change {
    struct writer *writer;
    const struct operation *op;
    const struct entity *entity;
    struct arena *arena;
    char *id;
    bool again;     /* operation_redo */
    bool restoring; /* an undo: what was there before is good, whatever an import had put there */
    bool exists;
    int64_t row;          /* the target's number where it has one: person, label, crowd */
    int64_t version;      /* before, then after */
    json_t *now;          /* every scalar field as it is before; {} where there is no row */
    struct value *values; /* per field; only those given are `set` */
    json_t *before, *after;
};

/* A field's value in the form of its column. */
struct value {
    bool set, null;
    int64_t integer;
    const char *text; /* NULL: an integer */
    json_t *people;   /* FIELD_PEOPLE: the array, borrowed */
};

bool field_is_column(const struct entity_field *field);

/* "tenant 'T012'", for messages. */
char *change_target(const struct change *change);

/* From JSON to the column, and its canonical JSON for the audit (a new reference). */
enum status value_parse(struct change *change, const struct entity_field *field, json_t *given,
                        struct value *value, struct error *err);
json_t *value_canonical(const struct change *change, const struct entity_field *field,
                        const struct value *value);

/* Where a reference points: its table and the column with its code. */
const char *reference_code(const char *entity);

/* operation_apply, or the same for an undo. */
enum status change_run(struct writer *writer, const struct operation *op, bool restoring,
                       struct operation_result *result, struct error *err);

/* Reads the target into exists, row, version and now. */
enum status change_read(struct change *change, struct error *err);

/* The lists of people of a label or crowd: applies "add" and "remove" and tells in before and after
 * what really changed. list_read gives all cards of one; ST_REFUSED where they are too many. */
enum status list_apply(struct change *change, const struct entity_field *field, struct error *err);
enum status list_read(struct change *change, const char *table, json_t **cards, struct error *err);
enum status list_clear(struct change *change, const char *table, struct error *err);

/* Rules of single entities that fields cannot say: before and after the row is written. */
enum status rule_before(struct change *change, struct error *err);
enum status rule_after(struct change *change, struct error *err);

/* ST_CONFLICT naming who changed the target last and when; `what` completes the sentence. */
enum status change_conflict(const struct change *change, const char *what, struct error *err);

/* One audit record; its number in *seq (may be NULL). */
struct audit_record {
    const char *actor, *act, *entity, *target, *before, *after, *reason, *operation;
};
enum status audit_write(struct writer *writer, const struct audit_record *record, int64_t *seq,
                        struct error *err);

/*
 * Two hashes a record. The payload's is over what may be personal: salt, target, before, after,
 * reason. The chain's is over the hash before, the other fields and the payload's hash. So an
 * erasure can take the payload and its salt out of an old record, and the chain still holds; which
 * records that were is in the record of the erasure, which verify compares.
 */
enum { AUDIT_SALT = 16 };
void audit_payload(const void *salt, const struct audit_record *record, unsigned char payload[32]);
void audit_hash(const unsigned char previous[32], int64_t seq, int64_t time,
                const struct audit_record *record, const unsigned char payload[32],
                unsigned char hash[32]);

/* Compact JSON with sorted keys, owned by the arena. */
char *json_line(struct arena *arena, const json_t *value);

#endif
