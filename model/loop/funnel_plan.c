#include "model/loop/funnel_plan.h"

#include "model/base/text.h"
#include "model/loop/funnel_parts.h"
#include "model/question/expr.h"

#include <string.h>

/* ---- Parts of a line ---- */

/* The first place of `what` outside quotes; NULL: none. */
static const char *find_outside(const char *text, const char *what)
{
    char quote = 0;
    size_t n = strlen(what);
    for (; *text; text++) {
        if (quote && *text == '\\' && text[1])
            text++;
        else if (quote)
            quote = *text == quote ? 0 : quote;
        else if (strncmp(text, what, n) == 0)
            return text;
        else if (*text == '"' || *text == '\'')
            quote = *text;
    }
    return NULL;
}

static char *trimmed(struct arena *arena, const char *text, size_t n)
{
    while (n && text[0] == ' ')
        text++, n--;
    while (n && text[n - 1] == ' ')
        n--;
    return arena_strndup(arena, text, n);
}

/* What stands before the next `what`, trimmed; moves *at behind it, or to NULL at the end. */
static char *part_take(struct arena *arena, const char **at, const char *what)
{
    const char *end = find_outside(*at, what);
    char *part = trimmed(arena, *at, end ? (size_t)(end - *at) : strlen(*at));
    *at = end ? end + strlen(what) : NULL;
    return part;
}

enum status funnel_name_parse(struct arena *arena, const char *what, const char *text,
                              const char *const *names, int n, int *number, struct error *err)
{
    char *expected = arena_strdup(arena, "");
    for (int i = 0; i < n; i++) {
        if (!names[i])
            continue;
        if (strcmp(text, names[i]) == 0) {
            *number = i;
            return ST_OK;
        }
        expected = arena_printf(arena, "%s%s%s", expected, *expected ? ", " : "", names[i]);
    }
    return error_set(err, ST_USAGE, "%s: found %s, expected one of %s", what,
                     text_quote(arena, text, strlen(text)), expected);
}

enum status funnel_exclusion_parse(struct arena *arena, const char *text,
                                   struct funnel_exclusion *x, struct error *err)
{
    const char *colon = strrchr(text, ':'), *dash = colon ? strchr(colon, '-') : NULL;
    int64_t from, to;
    if (!dash || !text_to_int64(colon + 1, (size_t)(dash - colon - 1), &from) ||
        !text_to_int64(dash + 1, strlen(dash + 1), &to) || from < 0 || from > FUNNEL_STEPS ||
        to < 0 || to > FUNNEL_STEPS)
        return error_set(err, ST_USAGE,
                         "found %s, expected EXPR:FROM-TO with two steps counted from 0, such as "
                         "kind=refund:0-1",
                         text_quote(arena, text, strlen(text)));
    x->expr = trimmed(arena, text, (size_t)(colon - text));
    x->from = (int)from;
    x->to = (int)to;
    return ST_OK;
}

enum status funnel_modes_parse(struct arena *arena, const char *text, unsigned *modes,
                               struct error *err)
{
    *modes = 0;
    if (strcmp(text, "none") == 0)
        return ST_OK;
    for (size_t n; *text; text += n + (text[n] == ',')) {
        unsigned mode = 0;
        n = strcspn(text, ",");
        for (size_t i = 0; i < n_funnel_modes; i++)
            if (strlen(funnel_modes[i].name) == n && memcmp(funnel_modes[i].name, text, n) == 0)
                mode = funnel_modes[i].mode;
        if (!mode)
            return error_set(err, ST_USAGE,
                             "mode: found %s, expected strict_order, strict_deduplication, "
                             "strict_increase or strict_once",
                             text_quote(arena, text, n));
        *modes |= mode;
    }
    return ST_OK;
}

char *funnel_modes_text(struct arena *arena, unsigned modes)
{
    char *text = arena_strdup(arena, "");
    for (size_t i = 0; i < n_funnel_modes; i++)
        if (modes & funnel_modes[i].mode)
            text = arena_printf(arena, "%s%s%s", text, *text ? "," : "", funnel_modes[i].name);
    return *text ? text : arena_strdup(arena, "none");
}

/* ---- Reading a line ---- */

struct plan_reader {
    struct arena *arena;
    struct funnel_plan *plan;
    struct funnel_exclusion *exclusions;
    bool modes_said;
};

static enum status expression_check(struct arena *arena, const char *text, const char *what,
                                    size_t number, struct error *err)
{
    const struct expr *expr;
    if (expr_parse(arena, text, strlen(text), &expr, err) == ST_OK)
        return ST_OK;
    return error_wrap(err, "%s %zu", what, number);
}

static enum status exclude_take(struct plan_reader *r, const char *value, struct error *err)
{
    struct funnel_query *query = &r->plan->query;
    if (query->n_exclusions == FUNNEL_EXCLUSIONS)
        return error_set(err, ST_USAGE, "a funnel has at most %d exclusions", FUNNEL_EXCLUSIONS);
    struct funnel_exclusion *x = &r->exclusions[query->n_exclusions++];
    if (funnel_exclusion_parse(r->arena, value, x, err) != ST_OK)
        return error_wrap(err, "exclude");
    return expression_check(r->arena, x->expr, "exclusion", query->n_exclusions, err);
}

static enum status named_take(struct plan_reader *r, const char *key, const char *value,
                              struct error *err)
{
    struct funnel_query *query = &r->plan->query;
    int number = 0;
    enum status status;
    if (strcmp(key, "dialect") == 0) {
        status =
            funnel_name_parse(r->arena, key, value, funnel_dialects, DIALECT_COUNT, &number, err);
        query->dialect = (enum funnel_dialect)number;
    } else if (strcmp(key, "order") == 0) {
        status = funnel_name_parse(r->arena, key, value, funnel_orders, ORDER_COUNT, &number, err);
        query->order = (enum funnel_order)number;
    } else if (strcmp(key, "by") == 0) {
        status =
            funnel_name_parse(r->arena, key, value, funnel_by_names, FUNNEL_BY_COUNT, &number, err);
        query->by = (enum funnel_by)number;
    } else if (strcmp(key, "hold") == 0) {
        status =
            funnel_name_parse(r->arena, key, value, funnel_holds, FUNNEL_HOLD_COUNT, &number, err);
        query->hold = (enum funnel_hold)number;
    } else {
        status = funnel_name_parse(r->arena, key, value, funnel_measures, FUNNEL_MEASURE_COUNT,
                                   &number, err);
        query->measure = (enum funnel_measure)number;
    }
    return status;
}

static enum status setting_take(struct plan_reader *r, const char *part, struct error *err)
{
    static const char *const named[] = {"dialect", "order", "by", "hold", "measure"};
    const char *equals = strchr(part, '=');
    char *key = trimmed(r->arena, part, equals ? (size_t)(equals - part) : strlen(part));
    const char *value = equals ? trimmed(r->arena, equals + 1, strlen(equals + 1)) : "";
    for (size_t i = 0; equals && i < sizeof named / sizeof *named; i++)
        if (strcmp(key, named[i]) == 0)
            return named_take(r, key, value, err);
    if (equals && strcmp(key, "mode") == 0) {
        r->modes_said = true;
        return funnel_modes_parse(r->arena, value, &r->plan->query.modes, err);
    }
    if (equals && strcmp(key, "exclude") == 0)
        return exclude_take(r, value, err);
    if (equals && strcmp(key, "within") == 0 && *value) {
        r->plan->within = value;
        return ST_OK;
    }
    return error_set(err, ST_USAGE,
                     "found %s, expected one of dialect=, mode=, order=, exclude=, by=, hold=, "
                     "measure=, within=",
                     text_quote(r->arena, part, strlen(part)));
}

static enum status steps_take(struct plan_reader *r, const char *text, struct error *err)
{
    struct funnel_query *query = &r->plan->query;
    const char *colon = find_outside(text, ": ");
    const char **steps = arena_array(r->arena, const char *, FUNNEL_STEPS);
    if (!colon ||
        !text_to_duration(trimmed(r->arena, text, (size_t)(colon - text)), &query->window))
        return error_set(err, ST_USAGE, "expected a window and steps: 30d: register -> purchase");
    query->steps = steps;
    for (const char *at = colon + 2; at;) {
        if (query->n_steps == FUNNEL_STEPS)
            return error_set(err, ST_USAGE, "a funnel has at most %d steps", FUNNEL_STEPS);
        steps[query->n_steps++] = part_take(r->arena, &at, " -> ");
        if (expression_check(r->arena, steps[query->n_steps - 1], "step", query->n_steps, err) !=
            ST_OK)
            return ST_USAGE;
    }
    return ST_OK;
}

enum status funnel_plan_parse(struct arena *arena, const char *text, struct funnel_plan *plan,
                              struct error *err)
{
    struct plan_reader r = {.arena = arena, .plan = plan};
    *plan = (struct funnel_plan){0};
    if (strlen(text) > FUNNEL_PLAN_LONGEST)
        return error_set(err, ST_USAGE, "a funnel's line has at most %d bytes, this one has %zu",
                         FUNNEL_PLAN_LONGEST, strlen(text));
    r.exclusions = arena_array(arena, struct funnel_exclusion, FUNNEL_EXCLUSIONS);
    plan->query.exclusions = r.exclusions;
    const char *at = text;
    enum status status = steps_take(&r, part_take(arena, &at, " ; "), err);
    while (at && status == ST_OK)
        status = setting_take(&r, part_take(arena, &at, " ; "), err);
    if (status == ST_OK && !r.modes_said && plan->query.dialect == DIALECT_CLICKHOUSE)
        plan->query.modes = MODE_STRICT_ONCE;
    return status == ST_OK ? funnel_query_check(&plan->query, err) : status;
}

/* ---- Writing one ---- */

/* "30d", or in seconds where it is no whole number of a unit. */
static char *window_text(struct arena *arena, int64_t window)
{
    static const struct {
        int64_t seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}};
    for (size_t i = 0; window && i < sizeof units / sizeof *units; i++)
        if (window % units[i].seconds == 0)
            return arena_printf(arena, "%lld%c", (long long)(window / units[i].seconds),
                                units[i].unit);
    return arena_printf(arena, "%llds", (long long)window);
}

static char *setting_add(struct arena *arena, char *text, const char *key, const char *value)
{
    return value ? arena_printf(arena, "%s ; %s=%s", text, key, value) : text;
}

char *funnel_plan_text(struct arena *arena, const struct funnel_plan *plan)
{
    const struct funnel_query *query = &plan->query;
    char *text = arena_printf(arena, "%s: ", window_text(arena, query->window));
    bool clickhouse = query->dialect == DIALECT_CLICKHOUSE;
    for (size_t i = 0; i < query->n_steps; i++)
        text = arena_printf(arena, "%s%s%s", text, i ? " -> " : "", query->steps[i]);
    if (!clickhouse)
        text = setting_add(arena, text, "dialect", funnel_dialects[query->dialect]);
    if (clickhouse && query->modes != MODE_STRICT_ONCE)
        text = setting_add(arena, text, "mode", funnel_modes_text(arena, query->modes));
    if (query->order)
        text = setting_add(arena, text, "order", funnel_orders[query->order]);
    for (size_t i = 0; i < query->n_exclusions; i++) {
        const struct funnel_exclusion *x = &query->exclusions[i];
        text = setting_add(arena, text, "exclude",
                           arena_printf(arena, "%s:%d-%d", x->expr, x->from, x->to));
    }
    text = setting_add(arena, text, "by", funnel_by_names[query->by]);
    text = setting_add(arena, text, "hold", funnel_holds[query->hold]);
    if (query->measure)
        text = setting_add(arena, text, "measure", funnel_measures[query->measure]);
    return setting_add(arena, text, "within", plan->within);
}
