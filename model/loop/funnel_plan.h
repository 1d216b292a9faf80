/*
 * A funnel as one line of text, what is typed, kept and handed from screen to screen:
 *
 *     30d: register -> purchase -> points_earn ; dialect=posthog ; exclude=refund:0-1 ; by=shop
 *
 * First the window and the steps, then in any order: dialect, mode (clickhouse; "none" for none,
 * strict_once where nothing is said), order, exclude (several), by, hold, measure, within (a
 * segment, a label, or an expression over people). Arrows and semicolons stand between spaces;
 * inside quotes they are text.
 *
 * Own funnels are kept under a name in the table `funnel`, changed by operations of the entity
 * "funnel" (fields `definition`, `author`).
 */
#ifndef ATRIUM_LOOP_FUNNEL_PLAN_H
#define ATRIUM_LOOP_FUNNEL_PLAN_H

#include "model/loop/funnel.h"

struct access;

enum { FUNNEL_PLAN_LONGEST = 4000 };

struct funnel_plan {
    struct funnel_query query; /* without period, threads and sets */
    const char *within;        /* a segment, label or expression; NULL: everyone */
};

/* ST_USAGE: where, what was found, what was expected; expressions are parsed, too. All in the
 * arena. */
enum status funnel_plan_parse(struct arena *arena, const char *text, struct funnel_plan *plan,
                              struct error *err);

/* The line of a plan: parsed again it is the same plan. Owned by the arena. */
char *funnel_plan_text(struct arena *arena, const struct funnel_plan *plan);

/* "EXPR:FROM-TO": the last colon parts them. ST_USAGE. */
enum status funnel_exclusion_parse(struct arena *arena, const char *text,
                                   struct funnel_exclusion *exclusion, struct error *err);

/* "strict_order,strict_once", or "none". */
enum status funnel_modes_parse(struct arena *arena, const char *text, unsigned *modes,
                               struct error *err);
char *funnel_modes_text(struct arena *arena, unsigned modes); /* "none" for none */

/* The number of a name in a list (NULL entries are none); ST_USAGE naming `what` and all names. */
enum status funnel_name_parse(struct arena *arena, const char *what, const char *text,
                              const char *const *names, int n, int *number, struct error *err);

/* ---- Saved ones ---- */

/* The line of a funnel that every mall has. */
char *saved_funnel_text(struct arena *arena, const struct saved_funnel *saved);

struct funnel_kept {
    const char *name, *text, *author;
    int64_t version;
    const struct saved_funnel *built_in; /* NULL: kept in the mall file */
};

/* The ones that every mall has, then those of this mall by name. Owned by the arena. */
enum status funnels_kept(struct reader *reader, struct arena *arena,
                         const struct funnel_kept **funnels, size_t *n, struct error *err);

/* One by its name; ST_REFUSED naming those there are. */
enum status funnel_kept_find(struct reader *reader, struct arena *arena, const char *name,
                             struct funnel_kept *kept, struct error *err);

/* ---- People under a name ---- */

/* The people of a saved segment or label of this name, else of an expression of the people language
 * (model/segment/segment.h, with its statuses). Inside reader_begin. */
enum status funnel_people_named(struct reader *reader, struct arena *arena,
                                const struct access *access, const char *name,
                                const struct set **people, struct error *err);

/* All segments and labels as expressions, "segment:vip", "label:coffee". Owned by the arena. */
enum status funnel_people_names(struct reader *reader, struct arena *arena, const char ***names,
                                size_t *n, struct error *err);

/* Resolves what the plan names - within, and the groups of FUNNEL_BY_LABEL and _SEGMENT - into its
 * query. Inside reader_begin. */
enum status funnel_plan_bind(struct reader *reader, struct arena *arena,
                             const struct access *access, struct funnel_plan *plan,
                             struct error *err);

#endif
