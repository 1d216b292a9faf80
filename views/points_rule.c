/* One rule of points, or terms, in a form. The argument is "rule NAME" or "terms DAY"; without a
 * name it is a new one. */
#include "model/campaign/points_rules.h"

#include "model/base/text.h"
#include "views/console.h"
#include "views/points_form.h"
#include "views/screens.h"

#include <inttypes.h>
#include <string.h>

struct rule_state {
    struct points_form *form; /* NULL until what it starts with is known */
    bool left;
};

/* The row as it is, column by column; names as in the form. */
struct rule_answer {
    size_t n;
    struct {
        const char *name, *value;
    } fields[9];
};

static bool is_rule(const struct view *view)
{
    return strncmp(view->argument, "terms", 5) != 0;
}

static const char *name_of(const struct view *view)
{
    const char *space = strchr(view->argument, ' ');
    return space ? space + 1 : "";
}

static void add(struct rule_answer *answer, const char *name, const char *value)
{
    answer->fields[answer->n].name = name;
    answer->fields[answer->n++].value = value;
}

static const char *number_text(struct arena *arena, const struct cell *cell)
{
    return cell->known ? arena_printf(arena, "%" PRId64, cell->integer) : "0";
}

static const char *day_text(struct arena *arena, const struct cell *cell)
{
    return cell->known ? date_text(arena, (int32_t)cell->integer) : "";
}

static void rule_read(struct arena *arena, const struct cell *cells, struct rule_answer *answer)
{
    int64_t factor = (int64_t)(cells[2].real * 100 + 0.5);
    add(answer, "name", cells[0].text);
    add(answer, "per_yuan", number_text(arena, &cells[1]));
    add(answer, "factor", arena_printf(arena, "%" PRId64, factor));
    add(answer, "shops", cells[3].known ? cells[3].text : "");
    add(answer, "tier", cells[4].known ? cells[4].text : "");
    add(answer, "weekdays", cells[5].known ? cells[5].text : "");
    add(answer, "from_day", day_text(arena, &cells[6]));
    add(answer, "to_day", day_text(arena, &cells[7]));
    add(answer, "priority", number_text(arena, &cells[8]));
}

static void *rule_ask(struct reader *reader, struct arena *arena, const void *parameters,
                      struct error *err)
{
    const char *argument = parameters, *space = strchr(argument, ' ');
    bool rule = strncmp(argument, "terms", 5) != 0;
    struct rule_answer *answer = arena_new_of(arena, struct rule_answer);
    const struct sheet *sheet =
        rule ? points_rules_sheet(reader, arena, err) : points_terms_sheet(reader, arena, err);
    if (!sheet)
        return NULL;
    for (size_t i = 0; space && i < sheet->n_rows; i++) {
        const struct cell *cells = sheet_row(sheet, i);
        if (strcmp(cells[0].text, space + 1) != 0)
            continue;
        if (rule) {
            rule_read(arena, cells, answer);
        } else {
            add(answer, "since", cells[0].text);
            add(answer, "months", number_text(arena, &cells[1]));
        }
    }
    return answer;
}

/* ---- The form ---- */

static const char *field_start(void *context, const char *name)
{
    struct view *view = context;
    const struct rule_answer *answer = view_answer(view, 0);
    for (size_t i = 0; answer && i < answer->n; i++)
        if (strcmp(answer->fields[i].name, name) == 0)
            return answer->fields[i].value;
    if (strcmp(name, "name") == 0 || strcmp(name, "since") == 0)
        return name_of(view);
    return strcmp(name, "factor") == 0 || strcmp(name, "per_yuan") == 0 ? "100" : "";
}

static int weekday_bits(const char *text)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    int bits = 0;
    for (int i = 0; i < 7; i++)
        bits |= strstr(text, names[i]) ? 1 << i : 0;
    return bits;
}

static json_t *fields_json(const struct rule_state *state, bool rule)
{
    static const char *const numbers[] = {"per_yuan", "factor", "priority"};
    static const char *const texts[] = {"shops", "tier", "from_day", "to_day"};
    json_t *set = json_object();
    int64_t number;
    if (!rule) {
        if (points_form_number(state->form, "months", &number))
            json_object_set_new(set, "months", json_integer(number));
        return set;
    }
    for (size_t i = 0; i < 3; i++)
        if (points_form_number(state->form, numbers[i], &number))
            json_object_set_new(set, numbers[i], json_integer(number));
    for (size_t i = 0; i < 4; i++)
        json_object_set_new(set, texts[i], json_string(points_form_text(state->form, texts[i])));
    json_object_set_new(set, "weekdays",
                        json_integer(weekday_bits(points_form_text(state->form, "weekdays"))));
    return set;
}

static void form_done(void *context, bool sent)
{
    struct view *view = context;
    struct rule_state *state = view->state;
    const struct rule_answer *answer = view_answer(view, 0);
    bool rule = is_rule(view);
    state->left = true;
    if (!sent)
        return;
    const char *name = points_form_text(state->form, rule ? "name" : "since");
    /* Under another name it is another rule. */
    bool same = answer && answer->n && strcmp(answer->fields[0].value, name) == 0;
    json_t *set = fields_json(state, rule);
    console_change(view->console, rule ? "points_rule" : "points_terms", name,
                   same ? OPERATION_SET : OPERATION_CREATE, -1, set, NULL);
    json_decref(set);
}

/* ---- The view ---- */

static void rule_open(struct view *view)
{
    view->scopes[view->n_scopes++] = "form";
    view_ask(view, 0, _("rule"), rule_ask, view->argument, strlen(view->argument) + 1);
}

static void rule_answered(struct view *view, int slot)
{
    struct rule_state *state = view->state;
    struct points_form_ops ops = {.value = field_start,
                                  .done = form_done,
                                  .context = view,
                                  .loop = view->console->loop,
                                  .today = clock_day(&view->console->mall->clock, time_now())};
    if (!state->form && view_answer(view, slot))
        state->form = points_form_new(is_rule(view) ? POINTS_FORM_RULE : POINTS_FORM_TERMS, &ops);
}

static void rule_close(struct view *view)
{
    points_form_free(((struct rule_state *)view->state)->form);
}

static void rule_draw(struct view *view, struct area area)
{
    struct rule_state *state = view->state;
    if (view_problem(view, 0))
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, 0));
    else if (state->form)
        points_form_draw(state->form, area);
}

/* Leaves when the form is finished: nothing of the view may be touched afterwards. */
static bool follow(struct view *view, bool taken)
{
    if (((struct rule_state *)view->state)->left)
        console_back(view->console);
    return taken;
}

static bool rule_key(struct view *view, uint32_t key)
{
    struct rule_state *state = view->state;
    return state->form && follow(view, points_form_key(state->form, key));
}

static bool rule_action(struct view *view, int id, const char *argument)
{
    struct rule_state *state = view->state;
    (void)argument;
    return state->form && follow(view, points_form_action(state->form, id));
}

const struct view_ops view_points_rule = {
    .name = "points-rule",
    .title = N_("Rule of points"),
    .about = N_("A rule by which points are earned, or terms of how long they live from a day on. "
                "Under another name it is another rule. Points that were earned keep what the "
                "rules said then; terms are looked up anew, so that a day in the past changes when "
                "points earned since then expire."),
    .rights = RIGHT_CAMPAIGN_APPROVE,
    .size = sizeof(struct rule_state),
    .open = rule_open,
    .close = rule_close,
    .draw = rule_draw,
    .key = rule_key,
    .action = rule_action,
    .answered = rule_answered,
};
