/*
 * Saved segments: an expression with a name. A live one is asked anew each time it is used; a
 * frozen one keeps the people it had when it was frozen. Changes are operations of the entity
 * "segment": rights, audit, undo.
 */
#ifndef ATRIUM_SEGMENT_SAVED_H
#define ATRIUM_SEGMENT_SAVED_H

#include "model/segment/segment.h"

struct saved_segment {
    const char *name, *expression, *author, *note;
    bool frozen;
    int64_t as_of;  /* of the frozen people */
    int64_t people; /* of a frozen one: how many; -1: not counted yet */
    int64_t version;
    int64_t changed; /* time of the last change; 0: unknown */
};

/* In order of name. Owned by the arena. */
enum status saved_segments(struct reader *reader, struct arena *arena,
                           const struct saved_segment **segments, size_t *n, struct error *err);

/* *found NULL: there is none of this name. */
enum status saved_segment_find(struct reader *reader, struct arena *arena, const char *name,
                               const struct saved_segment **found, struct error *err);

struct segment_save {
    const char *name, *expression;
    const char *note; /* NULL: as it is */
    bool freeze;
    int64_t base_version; /* of the one there is; -1: whatever there is */
};

/* Checks the expression and saves it under the name, a new one or in place of the old; freezing
 * counts it first. ST_USAGE for an expression that cannot be read, or one built from itself. Begins
 * and commits by itself. `result` and `people` (how many a frozen one has) may be NULL. */
enum status segment_save(struct writer *writer, const struct access *access,
                         const struct segment_save *save, struct operation_result *result,
                         uint32_t *people, struct error *err);

enum status segment_drop(struct writer *writer, const struct access *access, const char *name,
                         struct operation_result *result, struct error *err);

#endif
