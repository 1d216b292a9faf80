/* What an expression is built from, in words. */
#include "model/segment/sources.h"

#include "model/base/text.h"

#include <string.h>

const char *span_text(struct arena *arena, const struct people_span *span)
{
    switch (span->type) {
    case SPAN_DAYS:
        return arena_printf(arena, "%lldd", (long long)span->count);
    case SPAN_SECONDS:
        return span->count % 3600 == 0 ? arena_printf(arena, "%lldh", (long long)span->count / 3600)
                                       : arena_printf(arena, "%llds", (long long)span->count);
    case SPAN_DATES:
        return arena_printf(arena, "%s..%s",
                            span->first_day == INT32_MIN ? "" : date_text(arena, span->first_day),
                            span->end_day == INT32_MAX ? "" : date_text(arena, span->end_day - 1));
    default:
        return "ever";
    }
}

static const char *leaf_text(struct arena *arena, const struct people_expr *leaf)
{
    if (leaf->type == PEOPLE_DOES)
        return leaf->function->span ? arena_printf(arena, "%s(%s)", leaf->function->name,
                                                   span_text(arena, &leaf->span))
                                    : leaf->function->name;
    if (leaf->field->value == PEOPLE_LIST || leaf->field->value == PEOPLE_VALUE)
        return arena_printf(arena, "%s:%s", leaf->field->name,
                            segment_name_text(arena, leaf->name.text));
    return leaf->field->name;
}

static void source_add(struct arena *arena, const char *text, const char **list)
{
    size_t n = strlen(text);
    for (const char *at = *list; (at = strstr(at, text)); at += n)
        if ((at == *list || at[-1] == ' ') && (at[n] == ',' || !at[n]))
            return;
    *list = arena_printf(arena, "%s%s%s", *list, **list ? ", " : "", text);
}

static void sources_walk(struct arena *arena, const struct people_expr *expr, const char **list)
{
    if (expr->type == PEOPLE_FIELD || expr->type == PEOPLE_DOES) {
        source_add(arena, leaf_text(arena, expr), list);
        return;
    }
    sources_walk(arena, expr->left, list);
    if (expr->right)
        sources_walk(arena, expr->right, list);
}

const char *people_sources(struct arena *arena, const struct people_expr *expr)
{
    const char *list = "";
    sources_walk(arena, expr, &list);
    return list;
}

bool people_names(const struct people_expr *expr, enum people_trait_id trait, const char *name)
{
    if (expr->type == PEOPLE_FIELD)
        return expr->field->id == trait && strcmp(expr->name.text, name) == 0;
    if (expr->type == PEOPLE_DOES)
        return false;
    return people_names(expr->left, trait, name) ||
           (expr->right && people_names(expr->right, trait, name));
}

bool people_moves(const struct people_expr *expr)
{
    if (expr->type == PEOPLE_FIELD || expr->type == PEOPLE_DOES) {
        bool moves = span_moves(&expr->span) || (expr->field && expr->field->id == TRAIT_AGE);
        /* What it is built from may move too. */
        moves = moves || (expr->field && expr->field->value == PEOPLE_LIST);
        for (size_t i = 0; i < expr->n_values && !moves; i++)
            moves = expr->values[i].ago;
        return moves;
    }
    return people_moves(expr->left) || (expr->right && people_moves(expr->right));
}
