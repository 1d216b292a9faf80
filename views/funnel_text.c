#include "views/funnel_text.h"

#include "model/base/text.h"
#include "model/question/expr.h"

#include <string.h>

static const char arrow[] = " -> ";

char *funnel_text(struct arena *arena, const struct saved_funnel *saved)
{
    char *text = arena_printf(arena, "%lldd: ", (long long)saved->window / 86400);
    for (size_t i = 0; i < saved->n_steps; i++)
        text = arena_printf(arena, "%s%s%s", text, i ? arrow : "", saved->steps[i].expr);
    return text;
}

enum status funnel_text_parse(struct arena *arena, const char *text, struct funnel_query *query,
                              struct error *err)
{
    const char *colon = strstr(text, ": ");
    const char **steps = arena_array(arena, const char *, FUNNEL_STEPS);
    if (!colon ||
        !text_to_duration(arena_strndup(arena, text, (size_t)(colon - text)), &query->window))
        return error_set(err, ST_USAGE, "expected a window and steps: 30d: register -> purchase");
    query->n_steps = 0;
    query->steps = steps;
    for (const char *at = colon + 2, *end; at; at = end ? end + strlen(arrow) : NULL) {
        const struct expr *expr;
        end = strstr(at, arrow);
        size_t n = end ? (size_t)(end - at) : strlen(at);
        if (query->n_steps == FUNNEL_STEPS)
            return error_set(err, ST_USAGE, "a funnel has at most %d steps", FUNNEL_STEPS);
        steps[query->n_steps++] = arena_strndup(arena, at, n);
        if (expr_parse(arena, at, n, &expr, err) != ST_OK)
            return error_wrap(err, "step %zu", query->n_steps);
    }
    return ST_OK;
}
