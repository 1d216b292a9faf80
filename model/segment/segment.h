/*
 * Segments: which people an expression of the people language means (language.h, doc/segment.md).
 *
 * Binding looks up what the mall has: labels, tiers, shops, goods, spans at the present. A bound
 * expression belongs to the state of the file it was bound in: reader_begin .. reader_end go around
 * binding and evaluating. The answer is a set of person numbers.
 *
 * Evaluating goes block by block of people: lists and member columns first, then, only for blocks
 * where somebody can still be in or out, one parallel scan for each group of kinds of events that
 * the behaviour asks for.
 */
#ifndef ATRIUM_SEGMENT_SEGMENT_H
#define ATRIUM_SEGMENT_SEGMENT_H

#include "model/access/access.h"
#include "model/base/set.h"
#include "model/segment/language.h"

struct segment_plan; /* a bound expression; immutable, owned by the arena */

/* `access` NULL: the engine itself, which may ask everything (labels, campaigns). ST_USAGE as
 * people_parse, also for patterns; ST_DENIED where the role may not ask that. A name that the mall
 * does not have is no error: it means nobody, and a note says so; an unknown label or segment is
 * ST_USAGE, as it is a word of the language. */
enum status segment_bind(struct reader *reader, struct arena *arena, const struct access *access,
                         const char *text, const struct segment_plan **plan, struct error *err);

/* Sentences for people: names that this mall does not have. */
const char *const *segment_notes(const struct segment_plan *plan, size_t *n);

/* Several expressions in as few scans as possible. sets[i] is made in the arena: its n is highest
 * person number + 1. `among` (may be NULL) bounds the work: people outside of it are in no answer.
 * threads 0: the machine's. Reports progress, looks at the reader's cancel flag. */
enum status segment_evaluate(struct reader *reader, struct arena *arena,
                             const struct segment_plan *const *plans, size_t n,
                             const struct set *among, int threads, struct set **sets,
                             struct error *err);

/* ---- The short way ---- */

struct segment_answer {
    const struct set *people;
    uint32_t count;
    int64_t as_of, present; /* as reader_present */
    size_t n_notes;
    const char *const *notes;
};

/* Binds and evaluates one expression in one state of the file (also inside the caller's). */
enum status segment_run(struct reader *reader, struct arena *arena, const struct access *access,
                        const char *text, struct segment_answer *answer, struct error *err);

#endif
