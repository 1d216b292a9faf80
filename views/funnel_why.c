/* Why a person dropped: their events against the steps. Its argument is the person and a plan's
 * line: "#123 30d: register -> purchase". */
#include "model/loop/funnel_why.h"

#include "model/base/text.h"
#include "model/people/member_page.h"
#include "views/funnel_view.h"
#include "views/person_rows.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <stdio.h>
#include <string.h>

struct why_question {
    struct funnel_question funnel;
    char who[64];
};

/* The sheet first, as sheet_view wants it. */
struct why_answer {
    struct sheet_answer rows;
    const char *summary, *rules, *steps;
};

enum { W_TIME, W_KIND, W_DID, W_STEPS, W_CHAIN, W_SHOP, W_END };
static const struct sheet_column columns[W_END] = {
    {"time", N_("time"), CELL_TIME},       {"kind", N_("event"), CELL_TEXT},
    {"did", N_("what it did"), CELL_TEXT}, {"steps", N_("steps"), CELL_TEXT},
    {"chain", N_("chain"), CELL_COUNT},    {"shop", N_("shop"), CELL_TEXT}};

static const char *bits_text(struct arena *arena, uint32_t bits)
{
    const char *text = "";
    for (; bits; bits &= bits - 1)
        text = arena_printf(arena, "%s%s%d", text, *text ? ", " : "", __builtin_ctz(bits) + 1);
    return text;
}

static enum status shop_name(struct reader *reader, struct arena *arena, uint32_t tenant,
                             const char **name, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    *name = arena_strdup(arena, dict_name(reader, DICT_TENANT, tenant));
    enum status status =
        reader_prepare(reader, "select name from tenant where id = ?1 and name <> ''", &stmt, err);
    if (status != ST_OK || !tenant)
        return status;
    sqlite3_bind_int64(stmt, 1, tenant);
    status = reader_step(reader, stmt, &row, err);
    if (status == ST_OK && row)
        *name = arena_strdup(arena, (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_reset(stmt);
    return status;
}

static enum status events_sheet(struct reader *reader, struct arena *arena,
                                const struct funnel_query *query, const struct funnel_why *why,
                                struct sheet_answer *answer, struct error *err)
{
    const struct clock *clock = &reader_mall(reader)->clock;
    answer->sheet = sheet_new(arena, columns, W_END);
    answer->open = arena_array(arena, const char *, why->n + 1);
    for (size_t i = 0; i < why->n; i++) {
        const struct funnel_why_event *e = &why->events[i];
        struct cell *cells = sheet_row_add(answer->sheet);
        const char *shop;
        enum status status = shop_name(reader, arena, e->tenant, &shop, err);
        if (status != ST_OK)
            return status;
        cells[W_TIME] = cell_integer(e->time);
        cells[W_KIND] = cell_text(arena_strdup(arena, dict_name(reader, DICT_KIND, e->kind)));
        cells[W_SHOP] = cell_text(shop);
        cells[W_STEPS] = cell_text(bits_text(arena, e->steps));
        if (e->chain)
            cells[W_CHAIN] = cell_integer(e->chain);
        cells[W_DID] = cell_text(funnel_why_sentence(arena, clock, query, e));
        if (e->tenant)
            answer->open[i] = arena_strdup(arena, dict_name(reader, DICT_TENANT, e->tenant));
    }
    return ST_OK;
}

/* "1 register  2 purchase …" */
static const char *steps_text(struct arena *arena, const struct funnel_query *query)
{
    const char *text = "";
    for (size_t i = 0; i < query->n_steps; i++)
        text = arena_printf(arena, "%s%s%zu %s", text, i ? "   " : "", i + 1, query->steps[i]);
    return text;
}

static enum status who_title(struct reader *reader, struct arena *arena,
                             const struct access *access, uint32_t person, const char **title,
                             struct error *err)
{
    struct sheet *sheet;
    enum status status = person_rows(reader, arena, access, &person, 1, &sheet, err);
    if (status != ST_OK)
        return status;
    const char *name = cell_string(&sheet_row(sheet, 0)[0]);
    *title =
        arena_printf(arena, "%s%s%s", name, *name ? " " : "", cell_string(&sheet_row(sheet, 0)[1]));
    return ST_OK;
}

static void *why_ask(struct reader *reader, struct arena *arena, const void *parameters,
                     struct error *err)
{
    const struct why_question *question = parameters;
    const struct access *access = &question->funnel.access;
    struct why_answer *answer = arena_new_of(arena, struct why_answer);
    struct funnel_plan plan;
    struct funnel_why why;
    uint32_t person;
    enum status status = funnel_plan_parse(arena, question->funnel.line, &plan, err);
    plan.query.from = question->funnel.from;
    plan.query.to = question->funnel.to;
    if (status == ST_OK)
        status = funnel_plan_bind(reader, arena, access, &plan, err);
    if (status == ST_OK)
        status = member_resolve(reader, access, question->who, &person, err);
    if (status == ST_OK)
        status = who_title(reader, arena, access, person, &answer->rows.title, err);
    if (status == ST_OK)
        status = funnel_why_run(reader, arena, &plan.query, person, &why, err);
    if (status == ST_OK)
        status = events_sheet(reader, arena, &plan.query, &why, &answer->rows, err);
    if (status != ST_OK)
        return NULL;
    answer->rows.screen = "shop";
    answer->rows.metric = -1;
    answer->rows.total = (int64_t)why.n;
    answer->summary = funnel_why_summary(arena, &reader_mall(reader)->clock, &plan.query, &why);
    answer->rules = funnel_view_rules(arena, &plan.query);
    answer->steps = steps_text(arena, &plan.query);
    return answer;
}

static void why_refresh(struct view *view)
{
    struct why_question question;
    size_t word = strcspn(view->argument, " ");
    if (word < sizeof question.who && view->argument[word] &&
        funnel_question_make(view->console, view->argument + word + 1, &question.funnel)) {
        snprintf(question.who, sizeof question.who, "%.*s", (int)word, view->argument);
        view_ask(view, 0, _("why"), why_ask, &question, sizeof question);
    } else {
        console_complain(view->console, "%s", _("this names no person and funnel"));
    }
}

static void why_open(struct view *view)
{
    sheet_view_open(view, "funnel-why", _("events"));
}

static void why_draw(struct view *view, struct area area)
{
    const struct why_answer *answer = view_answer(view, 0);
    if (answer && !view_problem(view, 0)) {
        area_cut_top(&area, draw_wrapped(area, 0, ROLE_STRONG, answer->summary));
        if (area.rows > 10) {
            area_cut_top(&area, draw_wrapped(area, 0, ROLE_DIM, answer->rules));
            area_cut_top(&area, draw_wrapped(area, 0, ROLE_DIM, answer->steps));
        }
        draw_rule(area_cut_top(&area, 1), 0, ROLE_RULE);
    }
    sheet_view_draw(view, area);
}

const struct view_ops view_funnel_why = {
    .name = "funnel-why",
    .title = N_("Why"),
    .about =
        N_("A person's events against the steps of a funnel, in order of time: which step each "
           "one matches, the chain it belongs to, and what it did or why it did not count. "
           "A chain is the way that one first step would have gone by itself. Above stands "
           "which step was missing, and until when."),
    .rights = RIGHT_QUESTIONS | RIGHT_PEOPLE_SEE,
    .size = sizeof(struct sheet_state),
    .open = why_open,
    .close = sheet_view_close,
    .refresh = why_refresh,
    .draw = why_draw,
    .action = sheet_view_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
};
