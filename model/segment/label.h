/*
 * Labels: words that people carry. A label with a rule has whom the rule means (the people
 * language), found by label_refresh and kept as a set by block of people; one without a rule is a
 * list kept by hand. Rules and lists are changed by operations of the entity "label".
 *
 * A refresh looks again only where something changed: at the blocks of people with events that came
 * since in a span the rule looks at, and at those where a list or a member's field that the rule
 * looks at changed (each label keeps a hash of these by block). A rule whose spans moved with the
 * present is run everywhere. Rules of labels that other rules name are run with them, so one scan
 * serves all of them.
 */
#ifndef ATRIUM_SEGMENT_LABEL_H
#define ATRIUM_SEGMENT_LABEL_H

#include "model/segment/segment.h"

struct label {
    int64_t id;
    const char *name, *rule; /* rule "": a list kept by hand */
    const char *author, *note;
    const char *built_from; /* "label:coffee, tier, spent(90d)"; "" for a list */
    int64_t version;
    int64_t people;               /* who carry it now, members and others; -1: not run yet */
    int64_t as_of;                /* latest event it knows; 0: not run yet */
    int64_t time;                 /* when it was run; of a list the last change, 0: unknown */
    int64_t milliseconds, blocks; /* of that run: how long all of it took, blocks looked at */
    bool stale;                   /* something changed since that the rule may look at */
    const char *error;            /* why its rule could not be run, or "" */
};

/* In order of name. Owned by the arena. */
enum status labels_list(struct reader *reader, struct arena *arena, const struct label **labels,
                        size_t *n, struct error *err);

/* *label NULL: there is none of this name. */
enum status label_find(struct reader *reader, struct arena *arena, const char *name,
                       const struct label **label, struct error *err);

/* Who carries it, as it was last run; *people NULL: no such label. Owned by the arena. */
enum status label_people(struct reader *reader, struct arena *arena, const char *name,
                         struct set **people, struct error *err);

/* ---- Changing ---- */

/* Checks the rule (as `access` may ask it) and saves it under the name; rule "" makes a list.
 * ST_USAGE points at the word; a rule built from itself is refused by name. note NULL: as it is.
 * Does not run it. Begins and commits by itself; `result` may be NULL. */
enum status label_save(struct writer *writer, const struct access *access, const char *name,
                       const char *rule, const char *note, struct operation_result *result,
                       struct error *err);

/* ST_CONFLICT where other rules are built from it, naming them. */
enum status label_drop(struct writer *writer, const struct access *access, const char *name,
                       struct operation_result *result, struct error *err);

/* People of a list by their cards, added or taken out. ST_CONFLICT for a label with a rule. */
enum status label_put(struct writer *writer, const struct access *access, const char *name,
                      const char *const *cards, size_t n, bool add, struct operation_result *result,
                      struct error *err);

/* ---- Running ---- */

struct label_refreshed {
    size_t labels;  /* with a rule */
    size_t run;     /* of these, looked at in one block at least */
    size_t failed;  /* whose rule could not be run; label.error says why */
    int64_t blocks; /* blocks of people looked at, over all labels */
    int64_t whole;  /* what looking everywhere would have been */
    int64_t milliseconds;
};

/* Runs the rules of all labels (name NULL) or of one and those it names, where something changed;
 * `anew`: everywhere. Writes in short transactions, a label in one. `reader` is of the same mall;
 * it may be watched for cancelling. `refreshed` may be NULL. */
enum status label_refresh(struct writer *writer, struct reader *reader, const char *name, bool anew,
                          struct label_refreshed *refreshed, struct error *err);

/* ---- Looking before saving ---- */

struct label_overlap {
    const char *name;
    uint32_t people, both;
    bool hidden, people_hidden; /* kept back from who asks (segment_small.h): both; the people */
};

struct label_preview {
    const struct set *people;
    uint32_t count;
    /* With the label of that name as it is now: who would come and go. */
    bool there;
    uint32_t joining, leaving;
    bool hidden, change_hidden; /* kept back from who asks (segment_small.h) */
    size_t n_overlaps;          /* the label itself left out, most in common first */
    const struct label_overlap *overlaps;
    size_t n_notes;
    const char *const *notes;
};

/* `name` may be NULL. Owned by the arena. */
enum status label_preview(struct reader *reader, struct arena *arena, const struct access *access,
                          const char *name, const char *rule, struct label_preview *preview,
                          struct error *err);

/* ---- History ---- */

struct label_change {
    int64_t time;
    const char *actor, *act; /* "create", "set", "delete" */
    const char *rule, *note; /* what it was changed to; NULL: not this time */
    int64_t added, removed;  /* people of a list */
};

/* The latest first. Owned by the arena. */
enum status label_history(struct reader *reader, struct arena *arena, const char *name,
                          const struct label_change **changes, size_t *n, struct error *err);

/* Checks every set that is kept: for verify. ST_UNUSABLE names the label and block. */
enum status label_verify(struct reader *reader, struct error *err);

#endif
