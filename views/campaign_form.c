/* A campaign in steps: goal, audience, holdout, offer, contacts, schedule, limits, budget, review.
 * What it comes to is counted while it is written. */
#include "model/base/text.h"
#include "tui/dialog.h"
#include "views/campaign_acts.h"
#include "views/campaign_figures.h"
#include "views/console.h"
#include "views/screens.h"
#include "views/wizard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOT_FIGURES, SLOT_LOAD, SLOT_EXPERIENCE, WAIT_MS = 150, FIELDS = 40 };

struct form_state {
    struct wizard *wizard;
    struct arena *arena;   /* of the campaign being edited */
    struct arena *scratch; /* of messages */
    struct campaign base;  /* what the form cannot change: code, state */
    int64_t base_version;
    enum campaign_kind kind; /* of the fields that are shown */
    char *asked;             /* the definition that was counted, or is being */
    int timer;
    bool left;    /* finished: the screen goes after the key */
    bool rebuild; /* the kind changed: other fields */
};

/* ---- Fields ---- */

/* The steps in their order. */
static const char *const steps[] = {"Goal",     "Audience", "Holdout", "Offer",
                                    "Contacts", "Schedule", "Limits",  "Budget"};

/* To which a key belongs. */
static const char *page_of(const struct campaign_key *key)
{
    if (key->type == KEY_PEOPLE)
        return N_("Audience");
    if (key->type == KEY_SHARE)
        return N_("Holdout");
    if (strcmp(key->section, "campaign") == 0)
        return N_("Goal");
    if (strcmp(key->section, "offer") == 0)
        return N_("Offer");
    if (strcmp(key->section, "contacts") == 0)
        return N_("Contacts");
    if (strcmp(key->section, "schedule") == 0)
        return N_("Schedule");
    return strcmp(key->name, "budget") == 0 ? N_("Budget") : N_("Limits");
}

static const char *hint_of(const struct campaign_key *key)
{
    switch (key->type) {
    case KEY_PEOPLE:
        return N_("reachable, segment:NAME, tier>=gold and not visited(30d)");
    case KEY_SHOPS:
        return N_("smart_pos, category=Fashion and floor=2; empty: all");
    case KEY_SHARE:
        return N_("one in ten unless there is a reason: without it nothing is proved");
    case KEY_CONTACTS:
        return "pos app sms wifi screen staff";
    case KEY_TEMPLATE:
        return "{name} {points} {value} {code} {until} {mall}";
    case KEY_HOURS:
        return "10:00-22:00";
    case KEY_RANGES:
        return "2017-10-01..2017-10-08 2017-10-20";
    case KEY_CAP:
        return N_("2/7d: two in seven days");
    case KEY_DURATION:
        return "14d";
    case KEY_FACTOR:
        return N_("2 doubles them");
    default:
        return key->summary;
    }
}

static enum wizard_type type_of(const struct campaign_key *key)
{
    switch (key->type) {
    case KEY_PEOPLE:
    case KEY_TEMPLATE:
        return WIZARD_LINES;
    case KEY_KIND:
    case KEY_BOOL:
        return WIZARD_CHOICE;
    case KEY_WEEKDAYS:
        return WIZARD_FLAGS;
    case KEY_DATE:
        return WIZARD_DATE;
    default:
        return WIZARD_TEXT;
    }
}

static const char *const *choices_of(struct arena *arena, const struct campaign_key *key)
{
    static const char *const days[] = {"mon",     N_("Mon"), "tue",     N_("Tue"), "wed",
                                       N_("Wed"), "thu",     N_("Thu"), "fri",     N_("Fri"),
                                       "sat",     N_("Sat"), "sun",     N_("Sun"), NULL};
    const char **list = arena_array(arena, const char *, 2 * CAMPAIGN_KINDS + 16);
    size_t n = 0;
    if (key->type == KEY_KIND)
        for (int i = 1; i < CAMPAIGN_KINDS; i++) {
            list[n++] = campaign_kinds[i].name;
            list[n++] = _(campaign_kinds[i].title);
        }
    else if (key->type == KEY_BOOL) {
        list[n++] = "no";
        list[n++] = _("no");
        list[n++] = "yes";
        list[n++] = _("yes");
    } else if (key->type == KEY_WEEKDAYS) {
        for (; days[n]; n += 2) {
            list[n] = days[n];
            list[n + 1] = _(days[n + 1]);
        }
    } else {
        return NULL;
    }
    return list;
}

static const char *field_name(struct arena *arena, const struct campaign_key *key)
{
    return arena_printf(arena, "%s.%s", key->section, key->name);
}

static bool is_shown(const struct form_state *state, const struct campaign_key *key)
{
    return key->type != KEY_CODE && campaign_kind_has(state->kind, key);
}

static const char *field_check(void *context, const char *name, const char *value)
{
    struct form_state *state = context;
    struct campaign campaign = campaign_empty();
    const char *dot = strchr(name, '.');
    arena_reset(state->scratch);
    const struct campaign_key *key =
        dot ? campaign_key_find(arena_strndup(state->scratch, name, (size_t)(dot - name)), dot + 1)
            : NULL;
    if (!key)
        return NULL;
    char *text = arena_strdup(state->scratch, value);
    for (char *at = text; (at = strchr(at, '\n'));)
        *at = ' ';
    const char *message = campaign_set(state->scratch, &campaign, key, text);
    return *message ? message : NULL;
}

/* The campaign as the form has it; what cannot be read is left unset. */
static struct campaign campaign_at_hand(struct form_state *state, struct arena *arena)
{
    struct campaign campaign = state->base;
    for (size_t i = 0; i < n_campaign_keys; i++) {
        const struct campaign_key *key = &campaign_keys[i];
        if (!is_shown(state, key))
            continue;
        char *text = arena_strdup(arena, wizard_value(state->wizard, field_name(arena, key)));
        for (char *at = text; (at = strchr(at, '\n'));)
            *at = ' ';
        if (*campaign_set(arena, &campaign, key, text))
            campaign_set(arena, &campaign, key, "");
    }
    return campaign;
}

/* ---- Counting while it is written ---- */

struct figures_question {
    struct access access;
    uint32_t id;
    int64_t edition;
    struct campaign_experience experience; /* kind unknown: not there yet */
    char text[];
};

static void *figures_ask(struct reader *reader, struct arena *arena, const void *parameters,
                         struct error *err)
{
    const struct figures_question *question = parameters;
    struct campaign_figures *figures = arena_new_of(arena, struct campaign_figures);
    struct campaign campaign;
    const struct campaign_fault *faults;
    size_t n;
    if (campaign_read(NULL, NULL, arena, question->text, strlen(question->text), &campaign, &faults,
                      &n, err) != ST_OK)
        return NULL;
    campaign.id = question->id;
    campaign.edition = question->edition;
    return campaign_figures_take(reader, arena, &question->access, &campaign, &question->experience,
                                 figures, err) == ST_OK
               ? figures
               : NULL;
}

static void figures_count(struct view *view)
{
    struct form_state *state = view->state;
    size_t size = sizeof(struct figures_question) + strlen(state->asked) + 1;
    struct figures_question *question = mem_zero(1, size);
    question->access = view->console->access;
    question->id = state->base.id;
    question->edition = state->base.edition;
    const struct campaign_experience *experience = view_answer(view, SLOT_EXPERIENCE);
    if (experience)
        question->experience = *experience;
    memcpy(question->text, state->asked, strlen(state->asked) + 1);
    view_ask(view, SLOT_FIGURES, _("audience"), figures_ask, question, size);
    free(question);
}

struct experience_question {
    enum campaign_kind kind;
    uint32_t except;
};

/* What campaigns of the kind brought: asked once for a kind, not with every key. */
static void *experience_ask(struct reader *reader, struct arena *arena, const void *parameters,
                            struct error *err)
{
    const struct experience_question *question = parameters;
    struct campaign_experience *experience = arena_new_of(arena, struct campaign_experience);
    return campaign_experience_take(reader, question->kind, question->except, experience, err) ==
                   ST_OK
               ? experience
               : NULL;
}

static void timer_fired(void *context)
{
    struct view *view = context;
    ((struct form_state *)view->state)->timer = 0;
    figures_count(view);
}

/* Counts again where the definition changed, soon after the last key. */
static void figures_follow(struct view *view)
{
    struct form_state *state = view->state;
    struct arena *arena = arena_new();
    struct campaign campaign = campaign_at_hand(state, arena);
    const char *text = campaign_write(arena, &campaign);
    if (!state->asked || strcmp(state->asked, text) != 0) {
        free(state->asked);
        state->asked = mem_strdup(text);
        if (state->timer)
            loop_timer_stop(view->console->loop, state->timer);
        state->timer = 0;
        if (view->console->still)
            figures_count(view);
        else
            state->timer = loop_timer(view->console->loop, WAIT_MS, false, timer_fired, view);
    }
    state->rebuild = campaign.kind != state->kind;
    arena_free(arena);
}

/* ---- The form ---- */

static void form_done(void *context, bool sent)
{
    struct view *view = context;
    struct form_state *state = view->state;
    struct arena *arena = arena_new();
    state->left = true;
    if (sent) {
        struct campaign campaign = campaign_at_hand(state, arena);
        campaign_act_save(view->console, campaign_write(arena, &campaign), state->base_version);
    }
    arena_free(arena);
}

static const char *view_check(void *context, const char *name, const char *value)
{
    struct view *view = context;
    return field_check(view->state, name, value);
}

static void wizard_build(struct view *view, const struct campaign *campaign)
{
    struct form_state *state = view->state;
    struct arena *arena = arena_new();
    struct wizard_field fields[FIELDS];
    size_t n = 0;
    state->kind = campaign->kind;
    for (size_t step = 0; step < sizeof steps / sizeof *steps; step++)
        for (size_t i = 0; i < n_campaign_keys && n < FIELDS; i++) {
            const struct campaign_key *key = &campaign_keys[i];
            if (!is_shown(state, key) || strcmp(page_of(key), steps[step]) != 0)
                continue;
            const char *value = campaign_value(arena, campaign, key);
            fields[n++] =
                (struct wizard_field){.page = _(page_of(key)),
                                      .name = field_name(arena, key),
                                      .label = _(key->title),
                                      .hint = _(hint_of(key)),
                                      .value = key->type == KEY_BOOL && !*value ? "no" : value,
                                      .type = type_of(key),
                                      .choices = choices_of(arena, key)};
        }
    struct wizard_ops ops = {
        .check = view_check, .done = form_done, .context = view, .loop = view->console->loop};
    const struct clock *clock = &view->console->mall->clock;
    wizard_free(state->wizard);
    state->wizard = wizard_new(_("Campaign"), fields, n, clock_day(clock, time_now()), &ops);
    arena_free(arena);
    struct experience_question question = {state->kind, state->base.id};
    view_ask(view, SLOT_EXPERIENCE, _("earlier campaigns"), experience_ask, &question,
             sizeof question);
    figures_follow(view);
    state->rebuild = false;
}

/* ---- Opening: a new one, a campaign by its code, or a text that came back ---- */

static void *load_ask(struct reader *reader, struct arena *arena, const void *parameters,
                      struct error *err)
{
    const char *code = parameters;
    const struct campaign *found;
    if (campaign_find(reader, arena, code, &found, err) != ST_OK)
        return NULL;
    if (!found) {
        error_set(err, ST_REFUSED, _("there is no campaign %s"),
                  text_quote(arena, code, strlen(code)));
        return NULL;
    }
    return (void *)found;
}

static void text_take(struct view *view, const char *text)
{
    struct form_state *state = view->state;
    const struct campaign_fault *faults;
    size_t n;
    struct error err = {0};
    long long base = CAMPAIGN_NEW;
    if (sscanf(text, "%lld", &base) == 1)
        text += strcspn(text, "\n");
    campaign_read(NULL, NULL, state->arena, text, strlen(text), &state->base, &faults, &n, &err);
    error_clear(&err);
    state->base_version = base;
    wizard_build(view, &state->base);
}

static void form_open(struct view *view)
{
    struct form_state *state = view->state;
    state->arena = arena_new();
    state->scratch = arena_new();
    state->base = campaign_empty();
    state->base_version = CAMPAIGN_NEW;
    view->scopes[view->n_scopes++] = "form";
    if (!*view->argument) {
        state->base.kind = CAMPAIGN_COUPON;
        wizard_build(view, &state->base);
    } else if (strchr(view->argument, '\n')) {
        text_take(view, view->argument);
    } else {
        view_ask(view, SLOT_LOAD, _("campaign"), load_ask, view->argument,
                 strlen(view->argument) + 1);
    }
}

static void form_answered(struct view *view, int slot)
{
    struct form_state *state = view->state;
    const struct campaign *campaign = view_answer(view, SLOT_LOAD);
    if (slot == SLOT_EXPERIENCE && state->asked)
        figures_count(view);
    if (slot != SLOT_LOAD || !campaign || state->wizard)
        return;
    state->base = *campaign; /* of an answer that is asked for once and kept */
    state->base_version = campaign->version;
    wizard_build(view, campaign);
}

static void form_close(struct view *view)
{
    struct form_state *state = view->state;
    if (state->timer)
        loop_timer_stop(view->console->loop, state->timer);
    wizard_free(state->wizard);
    arena_free(state->arena);
    arena_free(state->scratch);
    free(state->asked);
}

static void form_refresh(struct view *view)
{
    if (((struct form_state *)view->state)->asked)
        figures_count(view);
}

/* ---- Drawing ---- */

static void figures_draw(struct view *view, struct area area)
{
    const struct form_state *state = view->state;
    const struct campaign_figures *figures = view_answer(view, SLOT_FIGURES);
    struct arena *arena = arena_new();
    size_t n = 0;
    int row = 0;
    if (view_problem(view, SLOT_FIGURES)) {
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, SLOT_FIGURES));
    } else if (!figures) {
        draw_text(area, 0, 0, ROLE_DIM, _("counting …"));
    } else {
        const struct figure_line *lines = campaign_figure_lines(arena, figures, &n);
        bool review = wizard_reviews(state->wizard), small = area.rows < 6;
        /* What is missing yet is no news before the review; how many people it is always is. */
        for (int pass = 0; pass < 2; pass++)
            for (size_t i = 0; i < n && row < area.rows; i++) {
                bool fault = lines[i].role == ROLE_ERROR;
                if (fault != (review ? pass == 0 : pass == 1) || (fault && small && !review))
                    continue;
                row += draw_wrapped(area_part(area, row, 0, area.rows - row, area.cols), 0,
                                    fault && !review ? ROLE_DIM : lines[i].role, lines[i].text);
            }
        if (view_asking(view, SLOT_FIGURES))
            draw_dim(area);
    }
    arena_free(arena);
}

static void form_draw_view(struct view *view, struct area area)
{
    struct form_state *state = view->state;
    if (!state->wizard) {
        if (view_problem(view, SLOT_LOAD))
            draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, SLOT_LOAD));
        return;
    }
    int rows = area.rows >= 18 ? 7 : area.rows >= 14 ? 4 : 1;
    figures_draw(view, wizard_side(&area, area.cols * 2 / 5, rows));
    wizard_draw(state->wizard, area);
}

/* ---- Keys ---- */

/* Leaves when the form is finished: nothing of the view may be touched afterwards. */
static bool follow(struct view *view, bool taken)
{
    struct form_state *state = view->state;
    if (state->left) {
        console_back(view->console);
        return taken;
    }
    figures_follow(view);
    if (state->rebuild) {
        struct arena *arena = arena_new();
        struct campaign campaign = campaign_at_hand(state, arena);
        wizard_build(view, &campaign);
        wizard_go(state->wizard, "campaign.kind");
        arena_free(arena);
    }
    return taken;
}

static bool form_key_view(struct view *view, uint32_t key)
{
    struct form_state *state = view->state;
    return state->wizard ? follow(view, wizard_key(state->wizard, key)) : false;
}

static bool form_action_view(struct view *view, int id, const char *argument)
{
    struct form_state *state = view->state;
    (void)argument;
    return state->wizard ? follow(view, wizard_action(state->wizard, id)) : false;
}

const struct view_ops view_campaign_form = {
    .name = "campaign-form",
    .title = N_("Set up a campaign"),
    .about = N_("A campaign in steps. Beside or below them stands what it comes to, counted while "
                "you write: the audience, its portrait in a line, whom each contact reaches after "
                "consent, the days, the cost and what campaigns of the kind brought before. The "
                "last step shows all of it, and what is wrong."),
    .rights = RIGHT_CAMPAIGN_EDIT,
    .size = sizeof(struct form_state),
    .open = form_open,
    .close = form_close,
    .refresh = form_refresh,
    .draw = form_draw_view,
    .key = form_key_view,
    .action = form_action_view,
    .answered = form_answered,
};
