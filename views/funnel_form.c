#include "views/funnel_form.h"

#include "model/base/arena.h"
#include "model/base/text.h"
#include "model/loop/funnel_plan.h"
#include "model/question/expr.h"
#include "tui/form.h"
#include "tui/intl.h"

#include <stdlib.h>
#include <string.h>

enum { CHOICES = 20 };

struct funnel_form {
    struct form *form;
    struct funnel_form_ops ops;
    struct arena *arena;   /* of the fields and their first values */
    struct arena *scratch; /* of what is being read */
    char *problem;
    struct field fields[2][8];
    struct form_page pages[2];
};

/* ---- From the fields to a line ---- */

/* "30d: a -> b ; dialect=…" of what the form has; in the scratch. Lines that are empty are left
 * out. */
static char *line_make(struct funnel_form *f)
{
    static const char *const named[] = {"dialect", "by", "hold", "measure", "within"};
    struct arena *arena = f->scratch;
    const struct form *form = f->form;
    const char *order = form_value(form, "order"), *modes = form_value(form, "modes");
    char *line = arena_printf(arena, "%s: ", form_value(form, "window"));
    bool first = true;
    for (const char *at = form_value(form, "steps"); *at; at += strcspn(at, "\n"), at += *at != 0) {
        size_t n = strcspn(at, "\n");
        if (strspn(at, " ") >= n)
            continue;
        line = arena_printf(arena, "%s%s%.*s", line, first ? "" : " -> ", (int)n, at);
        first = false;
    }
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (*form_value(form, named[i]) && strcmp(form_value(form, named[i]), "-") != 0)
            line = arena_printf(arena, "%s ; %s=%s", line, named[i], form_value(form, named[i]));
    if (strcmp(form_value(form, "dialect"), funnel_dialects[DIALECT_CLICKHOUSE]) == 0) {
        char *list = arena_strdup(arena, *modes ? modes : "none");
        for (char *c = list; *c; c++)
            *c = *c == ' ' ? ',' : *c;
        line = arena_printf(arena, "%s ; mode=%s", line, list);
    }
    if (*order && strcmp(order, funnel_orders[ORDER_ORDERED]) != 0)
        line = arena_printf(arena, "%s ; order=%s", line, order);
    for (const char *at = form_value(form, "exclude"); *at; at += strcspn(at, "\n"), at += *at != 0)
        if (strspn(at, " ") < strcspn(at, "\n"))
            line = arena_printf(arena, "%s ; exclude=%.*s", line, (int)strcspn(at, "\n"), at);
    return line;
}

/* ---- Checking while one types ---- */

static const char *problem_set(struct funnel_form *f, struct error *err)
{
    free(f->problem);
    f->problem = mem_strdup(error_text(err));
    error_clear(err);
    return f->problem;
}

/* Each line that is not empty is an expression; the message has its number and the word's place. */
static const char *lines_check(struct funnel_form *f, const char *value, bool exclusions)
{
    struct error err = {0};
    int number = 0;
    arena_reset(f->scratch);
    for (const char *at = value; *at; at += strcspn(at, "\n"), at += *at != 0) {
        size_t n = strcspn(at, "\n");
        if (strspn(at, " ") >= n)
            continue;
        number++;
        char *text = arena_strndup(f->scratch, at, n);
        struct funnel_exclusion x;
        const struct expr *expr;
        enum status status = ST_OK;
        if (exclusions)
            status = funnel_exclusion_parse(f->scratch, text, &x, &err);
        const char *of = exclusions && status == ST_OK ? x.expr : text;
        if (status == ST_OK)
            status = expr_parse(f->scratch, of, strlen(of), &expr, &err);
        if (status != ST_OK) {
            error_wrap(&err, exclusions ? "exclusion %d" : "step %d", number);
            return problem_set(f, &err);
        }
    }
    if (!exclusions && (!number || number > FUNNEL_STEPS))
        return _("a funnel has 1 to 20 steps");
    return NULL;
}

static const char *steps_check(void *context, const struct form *form, const char *value)
{
    (void)form;
    return lines_check(context, value, false);
}

static const char *exclude_check(void *context, const struct form *form, const char *value)
{
    (void)form;
    return lines_check(context, value, true);
}

/* ---- From a line to the fields ---- */

static struct field_choice *choices_of(struct arena *arena, const char *const *names, int n,
                                       const char *none)
{
    struct field_choice *choices = arena_array(arena, struct field_choice, CHOICES + 1);
    for (int i = 0; i < n && i < CHOICES; i++)
        choices[i] =
            names[i] ? (struct field_choice){names[i], names[i]} : (struct field_choice){"-", none};
    return choices;
}

static const char *lines_of_steps(struct arena *arena, const struct funnel_query *query)
{
    const char *text = "";
    for (size_t i = 0; i < query->n_steps; i++)
        text = arena_printf(arena, "%s%s%s", text, i ? "\n" : "", query->steps[i]);
    return text;
}

static const char *lines_of_exclusions(struct arena *arena, const struct funnel_query *query)
{
    const char *text = "";
    for (size_t i = 0; i < query->n_exclusions; i++)
        text = arena_printf(arena, "%s%s%s:%d-%d", text, i ? "\n" : "", query->exclusions[i].expr,
                            query->exclusions[i].from, query->exclusions[i].to);
    return text;
}

static const char *words_of_modes(struct arena *arena, unsigned modes)
{
    char *text = modes ? funnel_modes_text(arena, modes) : arena_strdup(arena, "");
    for (char *c = text; *c; c++)
        *c = *c == ',' ? ' ' : *c;
    return text;
}

static const char *window_value(struct arena *arena, const char *line)
{
    size_t n = strcspn(line, ":");
    return line[n] ? arena_strndup(arena, line, n) : "30d";
}

static int what_fields(struct funnel_form *f, const char *name, const char *line,
                       const struct funnel_query *query)
{
    struct field *fields = f->fields[0];
    int n = 0;
    fields[n++] = (struct field){.name = "name",
                                 .label = N_("Name"),
                                 .hint = N_("kept under it; empty: only asked"),
                                 .type = FIELD_TEXT,
                                 .max = 64,
                                 .value = name};
    fields[n++] = (struct field){.name = "window",
                                 .label = N_("Window"),
                                 .hint = N_("for the whole way: 30d, 12h"),
                                 .type = FIELD_DURATION,
                                 .flags = FIELD_REQUIRED,
                                 .value = window_value(f->arena, line)};
    fields[n++] = (struct field){.name = "steps",
                                 .label = N_("Steps"),
                                 .hint = N_("one a line: purchase and amount>=300"),
                                 .type = FIELD_LINES,
                                 .flags = FIELD_REQUIRED,
                                 .rows = 5,
                                 .check = steps_check,
                                 .value = lines_of_steps(f->arena, query)};
    fields[n++] = (struct field){.name = "exclude",
                                 .label = N_("Exclusions"),
                                 .hint = N_("posthog, mixpanel: refund:0-1, steps from 0"),
                                 .type = FIELD_LINES,
                                 .rows = 2,
                                 .check = exclude_check,
                                 .value = lines_of_exclusions(f->arena, query)};
    return n;
}

static int rule_fields(struct funnel_form *f, const struct funnel_plan *plan)
{
    const struct funnel_query *query = &plan->query;
    struct arena *arena = f->arena;
    struct field *fields = f->fields[1];
    struct field_choice *modes = arena_array(arena, struct field_choice, n_funnel_modes + 1);
    int n = 0;
    for (size_t i = 0; i < n_funnel_modes; i++)
        modes[i].name = funnel_modes[i].name;
    fields[n++] = (struct field){.name = "dialect",
                                 .label = N_("Rules of"),
                                 .type = FIELD_CHOICE,
                                 .choices = choices_of(arena, funnel_dialects, DIALECT_COUNT, NULL),
                                 .value = funnel_dialects[query->dialect]};
    fields[n++] = (struct field){.name = "modes",
                                 .label = N_("Modes"),
                                 .hint = N_("of clickhouse"),
                                 .type = FIELD_FLAGS,
                                 .choices = modes,
                                 .value = words_of_modes(arena, query->modes)};
    fields[n++] = (struct field){.name = "order",
                                 .label = N_("Order"),
                                 .hint = N_("of posthog"),
                                 .type = FIELD_CHOICE,
                                 .choices = choices_of(arena, funnel_orders, ORDER_COUNT, NULL),
                                 .value = funnel_orders[query->order]};
    fields[n++] = (struct field){
        .name = "by",
        .label = N_("Groups by"),
        .type = FIELD_CHOICE,
        .choices = choices_of(arena, funnel_by_names, FUNNEL_BY_COUNT, N_("no groups")),
        .value = query->by ? funnel_by_names[query->by] : "-"};
    fields[n++] =
        (struct field){.name = "hold",
                       .label = N_("All steps share"),
                       .type = FIELD_CHOICE,
                       .choices = choices_of(arena, funnel_holds, FUNNEL_HOLD_COUNT, N_("nothing")),
                       .value = query->hold ? funnel_holds[query->hold] : "-"};
    fields[n++] =
        (struct field){.name = "measure",
                       .label = N_("Measure"),
                       .type = FIELD_CHOICE,
                       .choices = choices_of(arena, funnel_measures, FUNNEL_MEASURE_COUNT, NULL),
                       .value = funnel_measures[query->measure]};
    fields[n++] = (struct field){.name = "within",
                                 .label = N_("Only people of"),
                                 .hint = N_("segment, label or expression; empty: all"),
                                 .type = FIELD_TEXT,
                                 .value = plan->within ? plan->within : ""};
    return n;
}

/* ---- The form ---- */

static void sent(void *context, struct form *form, bool accepted)
{
    struct funnel_form *f = context;
    struct funnel_plan plan;
    struct error err = {0};
    if (!accepted) {
        f->ops.done(f->ops.context, "", NULL);
        return;
    }
    arena_reset(f->scratch);
    char *line = line_make(f);
    if (funnel_plan_parse(f->scratch, line, &plan, &err) != ST_OK) {
        /* Whatever the fields say one by one, together they cannot be asked. */
        bool exclusion = strstr(error_text(&err), "exclusion") != NULL;
        bool modes = strstr(error_text(&err), "modes") != NULL;
        form_refuse(form, exclusion ? "exclude" : modes ? "modes" : "order", problem_set(f, &err));
        return;
    }
    f->ops.done(f->ops.context, form_value(form, "name"), funnel_plan_text(f->scratch, &plan));
}

struct funnel_form *funnel_form_new(const char *name, const char *line,
                                    const struct funnel_form_ops *ops)
{
    struct funnel_form *f = mem_zero(1, sizeof *f);
    struct funnel_plan plan;
    struct error err = {0};
    f->ops = *ops;
    f->arena = arena_new();
    f->scratch = arena_new();
    if (funnel_plan_parse(f->arena, line, &plan, &err) != ST_OK)
        plan = (struct funnel_plan){.query = {.modes = MODE_STRICT_ONCE}};
    error_clear(&err);
    name = arena_strdup(f->arena, name);
    line = arena_strdup(f->arena, line);
    f->pages[0] =
        (struct form_page){N_("What"), f->fields[0], what_fields(f, name, line, &plan.query)};
    f->pages[1] = (struct form_page){N_("How"), f->fields[1], rule_fields(f, &plan)};
    f->form = form_new(&(struct form_options){.title = _("Funnel"),
                                              .pages = f->pages,
                                              .n_pages = 2,
                                              .loop = ops->loop,
                                              .done = sent,
                                              .context = f});
    return f;
}

void funnel_form_free(struct funnel_form *f)
{
    if (!f)
        return;
    form_free(f->form);
    arena_free(f->arena);
    arena_free(f->scratch);
    free(f->problem);
    free(f);
}

void funnel_form_draw(struct funnel_form *f, struct area area)
{
    form_draw(f->form, area);
}

bool funnel_form_key(struct funnel_form *f, uint32_t key)
{
    return form_key(f->form, key);
}

bool funnel_form_action(struct funnel_form *f, int action_id)
{
    return form_action(f->form, action_id);
}
