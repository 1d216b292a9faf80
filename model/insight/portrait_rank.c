/* What sets a group apart, and how one says it. */
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/insight/portrait_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 24, MOST_OF_PART = 4 };
static const double least_over = 0.05, least_under = 0.1, common = 0.5;

struct candidate {
    struct portrait_apart apart;
    double weight;
};

/* How far from the mall's average, as a logarithm; 0: not worth a word. Shares of none and of all
 * are left out: they are what the group was chosen by. */
static double group_weight(const struct portrait_row *row)
{
    double expected = row->share[MALL] * (double)row->of[GROUP];
    if (row->small || row->hidden || row->people[GROUP] == 0 ||
        row->people[GROUP] == row->of[GROUP])
        return 0;
    if (row->low > 100 && row->people[GROUP] >= PORTRAIT_SMALL && row->share[GROUP] >= least_over)
        return log(row->index / 100);
    if (row->high < 100 && expected >= PORTRAIT_SMALL && row->share[MALL] >= least_under)
        return -log(row->index / 100);
    return 0;
}

/* Of one person: how rare it is in the mall. */
static double one_weight(enum portrait_part part, const struct portrait_row *row)
{
    if (part == PART_WEEKDAY || part == PART_DAYTIME || !row->people[GROUP] ||
        row->people[MALL] < PORTRAIT_SMALL || row->share[MALL] > common)
        return 0;
    return -log(row->share[MALL]);
}

static int by_weight(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    if (x->apart.part != y->apart.part)
        return x->apart.part < y->apart.part ? -1 : 1;
    return strcmp(x->apart.row->key, y->apart.row->key);
}

void portrait_rank(struct arena *arena, struct portrait *portrait)
{
    VEC(struct candidate) found = {0};
    size_t of_part[PART_COUNT] = {0};
    for (int part = 0; part < PART_COUNT; part++)
        for (size_t i = 0; i < portrait->facets[part].n; i++) {
            const struct portrait_row *row = &portrait->facets[part].rows[i];
            double weight =
                portrait->one ? one_weight((enum portrait_part)part, row) : group_weight(row);
            if (weight > 0)
                vec_push(&found, (struct candidate){{(enum portrait_part)part, row}, weight});
        }
    if (found.n)
        qsort(found.at, found.n, sizeof *found.at, by_weight);
    struct portrait_apart *apart = arena_array(arena, struct portrait_apart, MOST);
    for (size_t i = 0; i < found.n && portrait->n_apart < MOST; i++)
        if (of_part[found.at[i].apart.part]++ < MOST_OF_PART)
            apart[portrait->n_apart++] = found.at[i].apart;
    portrait->apart = apart;
    vec_free(&found);
}

/* ---- In words ---- */

static const char *percent(struct arena *arena, double share)
{
    return arena_printf(arena, share < 0.0995 ? "%.1f%%" : "%.0f%%", 100 * share);
}

/* "buy at Brew Coffee": what one says of several people with this row. */
static const char *phrase(struct arena *arena, enum portrait_part part,
                          const struct portrait_row *row)
{
    return arena_printf(arena, _(portrait_parts[part].phrase), portrait_row_name(part, row));
}

/* The clauses of one direction, joined; NULL where there are none. */
static const char *clauses(struct arena *arena, const struct portrait *portrait, size_t most,
                           bool over)
{
    const char *text = NULL;
    for (size_t i = 0; i < portrait->n_apart && i < most; i++) {
        enum portrait_part part = portrait->apart[i].part;
        const struct portrait_row *row = portrait->apart[i].row;
        if ((row->index > 100) != over)
            continue;
        const char *clause =
            arena_printf(arena, _("%s (%s, the mall %s)"), phrase(arena, part, row),
                         percent(arena, row->share[GROUP]), percent(arena, row->share[MALL]));
        text = text ? arena_printf(arena, _("%s, %s"), text, clause) : clause;
    }
    return text;
}

static const char *sentence_of_one(struct arena *arena, const struct portrait *portrait,
                                   size_t most)
{
    const char *text = NULL;
    for (size_t i = 0; i < portrait->n_apart && i < most; i++) {
        enum portrait_part part = portrait->apart[i].part;
        const struct portrait_row *row = portrait->apart[i].row;
        const char *clause = arena_printf(arena, _("%s (%s of the mall)"), phrase(arena, part, row),
                                          percent(arena, row->share[MALL]));
        text = text ? arena_printf(arena, _("%s, %s"), text, clause) : clause;
    }
    return text ? arena_printf(arena, _("Few others %s."), text) : "";
}

const char *portrait_sentence(struct arena *arena, const struct portrait *portrait, size_t most)
{
    if (portrait->one)
        return sentence_of_one(arena, portrait, most);
    const char *more = clauses(arena, portrait, most, true);
    const char *fewer = clauses(arena, portrait, most, false);
    const char *n = text_count(arena, portrait->people);
    if (more && fewer)
        return arena_printf(arena, _("More of these %s people than usual %s; fewer %s."), n, more,
                            fewer);
    if (more)
        return arena_printf(arena, _("More of these %s people than usual %s."), n, more);
    if (fewer)
        return arena_printf(arena, _("Fewer of these %s people than usual %s."), n, fewer);
    return "";
}
