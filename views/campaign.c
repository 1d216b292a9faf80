/* One campaign: where it stands and what can be done, for whom it is, how it is defined, what
 * changed since it was approved, who did what when. Figures about people open into lists. */
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/campaign/overview.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/campaign_acts.h"
#include "views/campaign_figures.h"
#include "views/console.h"
#include "views/screens.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT_PAGE, WIDE = 120 };

struct page_line {
    enum role role;
    const char *text;
    const char *open; /* argument of the list of people; NULL: nothing */
};

struct page_answer {
    const struct campaign *campaign;
    struct campaign_figures figures;
    /* The left column: what moves; the right one: how it is defined. Below each other where the
     * screen is narrow. */
    struct page_line *left, *right;
    size_t n_left, n_right;
    const struct campaign *others; /* to compare with */
    size_t n_others;
};

struct page_state {
    int64_t line; /* the cursor's, of all lines */
    int rows;     /* of the last frame */
    bool wide;
};

struct page_question {
    struct access access;
    char code[256];
};

typedef VEC(struct page_line) line_list;

static void line_add(line_list *lines, enum role role, const char *open, const char *text)
{
    vec_push(lines, (struct page_line){role, text, open});
}

static void lines_keep(struct arena *arena, line_list *lines, struct page_line **kept, size_t *n)
{
    *kept = arena_array(arena, struct page_line, lines->n + 1);
    if (lines->n)
        memcpy(*kept, lines->at, lines->n * sizeof **kept);
    *n = lines->n;
    vec_free(lines);
}

/* ---- What stands on the page ---- */

static void state_lines(struct arena *arena, line_list *lines, const struct campaign *c)
{
    const char *last = "", *can = "";
    line_add(
        lines, ROLE_STRONG, NULL,
        arena_printf(arena, "%s%s%s",
                     c->state ? _(campaign_state_names[c->state]) : _("known by its events alone"),
                     *c->author ? " · " : "",
                     *c->author ? arena_printf(arena, _("by %s"), c->author) : ""));
    if (*c->approved_by)
        line_add(lines, ROLE_PLAIN, NULL, arena_printf(arena, _("approved by %s"), c->approved_by));
    for (size_t i = 0; i < n_campaign_moves; i++) {
        const struct campaign_move_row *move = &campaign_moves[i];
        if (!(move->from >> c->state & 1) || move->verb >= VERB_REOPEN || move->verb == VERB_RUN ||
            strcmp(move->name, last) == 0)
            continue;
        can = arena_printf(arena, "%s%s%s", can, *can ? " · " : "", _(move->title));
        last = move->name;
    }
    if (*can)
        line_add(lines, ROLE_PLAIN, NULL, arena_printf(arena, _("a: %s"), can));
}

static void people_lines(struct arena *arena, line_list *lines, const struct page_answer *page)
{
    size_t n;
    const struct figure_line *figures = campaign_figure_lines(arena, &page->figures, &n);
    line_add(lines, ROLE_PLAIN, NULL, "");
    for (size_t i = 0; i < n; i++)
        line_add(lines, figures[i].role,
                 figures[i].part
                     ? arena_printf(arena, "campaign %s %s", figures[i].part, page->campaign->code)
                     : NULL,
                 figures[i].text);
}

static void sums_lines(struct arena *arena, line_list *lines, const struct campaign_row *row,
                       const char *money)
{
    if (row->sums[SUM_SENT])
        line_add(
            lines, ROLE_PLAIN, NULL,
            arena_printf(arena, _("%s messages sent"), text_count(arena, row->sums[SUM_SENT])));
    if (row->sums[SUM_ISSUED])
        line_add(lines, ROLE_PLAIN, NULL,
                 arena_printf(arena, _("%s coupons issued, %s redeemed"),
                              text_count(arena, row->sums[SUM_ISSUED]),
                              text_count(arena, row->sums[SUM_REDEEMED])));
    if (row->sums[SUM_POINTS])
        line_add(
            lines, ROLE_PLAIN, NULL,
            arena_printf(arena, _("%s points used"), text_count(arena, row->sums[SUM_POINTS])));
    if (row->sums[SUM_GIVEN])
        line_add(
            lines, ROLE_PLAIN, NULL,
            arena_printf(arena, _("%s %s given"), text_money(arena, row->sums[SUM_GIVEN]), money));
}

static enum status changes_lines(struct reader *reader, struct arena *arena, line_list *lines,
                                 const struct campaign *c, struct error *err)
{
    const struct campaign *approved;
    enum status status = campaign_approved(reader, arena, c, &approved, err);
    if (status != ST_OK || !approved)
        return status;
    const struct sheet *sheet = campaign_difference(arena, approved, c);
    if (!sheet->n_rows)
        return ST_OK;
    line_add(lines, ROLE_PLAIN, NULL, "");
    line_add(lines, ROLE_WARN, NULL, _("changed since it was approved"));
    for (size_t i = 0; i < sheet->n_rows; i++) {
        const struct cell *cells = sheet_row(sheet, i);
        line_add(lines, ROLE_PLAIN, NULL,
                 arena_printf(arena, "%s: %s %s %s", cell_string(&cells[0]),
                              *cell_string(&cells[1]) ? cell_string(&cells[1]) : "–",
                              symbol(SYMBOL_OPEN),
                              *cell_string(&cells[2]) ? cell_string(&cells[2]) : "–"));
    }
    return ST_OK;
}

/* What was done, as on the buttons: a move by its title. */
static const char *deed_title(const char *act)
{
    for (size_t i = 0; i < n_campaign_moves; i++)
        if (strcmp(campaign_moves[i].name, act) == 0)
            return _(campaign_moves[i].title);
    return strcmp(act, "create") == 0 ? _("Made") : act;
}

static enum status history_lines(struct reader *reader, struct arena *arena, line_list *lines,
                                 const struct campaign *c, struct error *err)
{
    const struct campaign_deed *deeds;
    size_t n;
    enum status status = campaign_history(reader, arena, c->code, &deeds, &n, err);
    if (status != ST_OK || !n)
        return status;
    line_add(lines, ROLE_PLAIN, NULL, "");
    line_add(lines, ROLE_TITLE, NULL, _("Who did what when"));
    for (size_t i = 0; i < n; i++) {
        char *time = time_local(arena, reader_mall(reader)->zone, deeds[i].time);
        time[16] = 0; /* without seconds */
        line_add(lines, ROLE_PLAIN, NULL,
                 arena_printf(arena, "%s  %s  %s%s%s%s%s", time, deeds[i].actor,
                              deed_title(deeds[i].act), *deeds[i].changed ? ": " : "",
                              deeds[i].changed, *deeds[i].reason ? " – " : "", deeds[i].reason));
    }
    return ST_OK;
}

static void definition_lines(struct arena *arena, line_list *lines, const struct campaign *c)
{
    line_add(lines, ROLE_TITLE, NULL, _("Definition"));
    for (const char *at = campaign_write(arena, c); *at;) {
        size_t n = strcspn(at, "\n");
        line_add(lines, *at == '[' ? ROLE_DIM : ROLE_PLAIN, NULL, arena_strndup(arena, at, n));
        at += n + (at[n] == '\n');
    }
}

static enum status page_fill(struct reader *reader, struct arena *arena,
                             const struct access *access, struct page_answer *page,
                             struct error *err)
{
    line_list left = {0}, right = {0};
    const struct campaign *c = page->campaign;
    struct campaign_row row = {.campaign = c};
    enum status status = ST_OK;
    state_lines(arena, &left, c);
    struct campaign_experience experience;
    if (c->state != STATE_NONE)
        status = campaign_experience_take(reader, c->kind, c->id, &experience, err);
    if (status == ST_OK && c->state != STATE_NONE)
        status = campaign_figures_take(reader, arena, access, c, &experience, &page->figures, err);
    if (status == ST_OK && c->state != STATE_NONE)
        people_lines(arena, &left, page);
    for (int i = 0; i < CAMPAIGN_SUMS && status == ST_OK; i++)
        status =
            campaign_sum_get(reader_db(reader), c->id, (enum campaign_sum)i, &row.sums[i], err);
    if (status == ST_OK)
        sums_lines(arena, &left, &row, reader_mall(reader)->currency);
    if (status == ST_OK)
        status = changes_lines(reader, arena, &left, c, err);
    if (status == ST_OK)
        status = history_lines(reader, arena, &left, c, err);
    definition_lines(arena, &right, c);
    lines_keep(arena, &left, &page->left, &page->n_left);
    lines_keep(arena, &right, &page->right, &page->n_right);
    return status;
}

static void *page_ask(struct reader *reader, struct arena *arena, const void *parameters,
                      struct error *err)
{
    const struct page_question *question = parameters;
    struct page_answer *page = arena_new_of(arena, struct page_answer);
    if (campaign_find(reader, arena, question->code, &page->campaign, err) != ST_OK)
        return NULL;
    if (!page->campaign) {
        error_set(err, ST_REFUSED, _("there is no campaign %s"),
                  text_quote(arena, question->code, strlen(question->code)));
        return NULL;
    }
    if (campaign_list(reader, arena, ~1u, &page->others, &page->n_others, err) != ST_OK)
        return NULL;
    return page_fill(reader, arena, &question->access, page, err) == ST_OK ? page : NULL;
}

/* ---- The view ---- */

static void page_refresh(struct view *view)
{
    struct page_question question = {.access = view->console->access};
    snprintf(question.code, sizeof question.code, "%s", view->argument);
    view_ask(view, SLOT_PAGE, _("campaign"), page_ask, &question, sizeof question);
}

static size_t lines_count(const struct page_answer *page)
{
    return page->n_left + 1 + page->n_right;
}

/* Of all lines, the right ones below the left ones. */
static const struct page_line *line_at(const struct page_answer *page, size_t i)
{
    static const struct page_line blank = {ROLE_PLAIN, "", NULL};
    if (i < page->n_left)
        return &page->left[i];
    return i > page->n_left && i < lines_count(page) ? &page->right[i - page->n_left - 1] : &blank;
}

static void column_draw(const struct page_answer *page, struct area area, size_t first, size_t last,
                        int64_t cursor)
{
    int64_t skip = cursor >= (int64_t)first ? cursor - (int64_t)first - area.rows + 1 : 0;
    size_t from = first + (size_t)(skip > 0 ? skip : 0);
    for (size_t i = from; i < last && (int)(i - from) < area.rows; i++) {
        const struct page_line *line = line_at(page, i);
        int row = (int)(i - from);
        draw_field(area, row, 0, area.cols, -1, line->role, line->text);
        if (line->open)
            draw_field(area, row, area.cols - 2, 2, 1, ROLE_DIM, symbol(SYMBOL_OPEN));
        if ((int64_t)i == cursor) {
            draw_mark(area, row, 0, area.cols, ROLE_SELECTED);
            draw_cursor(area, row, 0);
        }
    }
    if (last - from > (size_t)area.rows)
        draw_below(area, ROLE_DIM);
}

static void page_draw(struct view *view, struct area area)
{
    struct page_state *state = view->state;
    const struct page_answer *page = view_answer(view, SLOT_PAGE);
    if (view_problem(view, SLOT_PAGE)) {
        draw_wrapped(area, 0, ROLE_ERROR, view_problem(view, SLOT_PAGE));
        return;
    }
    if (!page) {
        draw_text(area, 0, 0, ROLE_DIM, _("counting …"));
        return;
    }
    state->rows = area.rows;
    state->wide = area.cols >= WIDE;
    if (state->wide) {
        struct area right = area_cut_right(&area, area.cols / 2);
        area_cut_right(&area, 3);
        column_draw(page, right, page->n_left + 1, lines_count(page), state->line);
        column_draw(page, area, 0, page->n_left, state->line);
    } else {
        area_cut_right(&area, 1);
        column_draw(page, area, 0, lines_count(page), state->line);
    }
}

static void line_move(struct view *view, int64_t by)
{
    struct page_state *state = view->state;
    const struct page_answer *page = view_answer(view, SLOT_PAGE);
    int64_t last = page ? (int64_t)lines_count(page) - 1 : 0;
    state->line += by;
    state->line = state->line < 0 ? 0 : state->line > last ? last : state->line;
}

static void line_open(struct view *view)
{
    const struct page_state *state = view->state;
    const struct page_answer *page = view_answer(view, SLOT_PAGE);
    const struct page_line *line = page ? line_at(page, (size_t)state->line) : NULL;
    if (line && line->open)
        console_open(view->console, "crowd", line->open);
}

/* ---- Comparing with another ---- */

static const struct campaign *other_at(const struct page_answer *page, size_t choice)
{
    for (size_t i = 0; i < page->n_others; i++)
        if (page->others[i].id != page->campaign->id && choice-- == 0)
            return &page->others[i];
    return NULL;
}

static void other_chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct view *view = context;
    const struct page_answer *page = view_answer(view, SLOT_PAGE);
    int choice = accepted ? dialog_choice(dialog) : -1;
    const struct campaign *other = page && choice >= 0 ? other_at(page, (size_t)choice) : NULL;
    if (!other)
        return;
    struct arena *arena = arena_new();
    const struct sheet *sheet = campaign_difference(arena, page->campaign, other);
    const char *text = "";
    for (size_t i = 0; i < sheet->n_rows; i++) {
        const struct cell *cells = sheet_row(sheet, i);
        text =
            arena_printf(arena, "%s%s%s\n  %s\n  %s", text, i ? "\n" : "", cell_string(&cells[0]),
                         *cell_string(&cells[1]) ? cell_string(&cells[1]) : "–",
                         *cell_string(&cells[2]) ? cell_string(&cells[2]) : "–");
    }
    console_dialog(view->console,
                   dialog_message(arena_printf(arena, "%s / %s", page->campaign->name, other->name),
                                  *text ? text : _("nothing is different"), NULL, NULL));
    arena_free(arena);
}

static void other_choose(struct view *view)
{
    const struct page_answer *page = view_answer(view, SLOT_PAGE);
    size_t n = 0;
    if (!page || page->n_others < 2) {
        console_say(view->console, "%s", _("there is no other campaign"));
        return;
    }
    const char **names = mem_zero(page->n_others, sizeof *names);
    for (const struct campaign *other; (other = other_at(page, n));)
        names[n++] = *other->name ? other->name : other->code;
    console_dialog(view->console,
                   dialog_choose(_("Compare with"), names, n, 0, other_chosen, view));
    free(names);
}

static bool page_action(struct view *view, int id, const char *argument)
{
    const struct page_state *state = view->state;
    const struct page_answer *page = view_answer(view, SLOT_PAGE);
    (void)argument;
    switch (id) {
    case ACTION_CAMPAIGN_UP:
    case ACTION_CAMPAIGN_DOWN:
        line_move(view, id == ACTION_CAMPAIGN_UP ? -1 : 1);
        return true;
    case ACTION_CAMPAIGN_PAGE_UP:
    case ACTION_CAMPAIGN_PAGE_DOWN:
        line_move(view, id == ACTION_CAMPAIGN_PAGE_UP ? -state->rows : state->rows);
        return true;
    case ACTION_CAMPAIGN_OPEN:
        line_open(view);
        return true;
    case ACTION_CAMPAIGN_ACT:
        if (page)
            campaign_act_choose(view->console, page->campaign,
                                page->figures.counted ? (int64_t)page->figures.plan.treated : -1);
        return true;
    case ACTION_CAMPAIGN_EDIT:
        if (page && console_may(view->console, RIGHT_CAMPAIGN_EDIT))
            console_open(view->console, "campaign-form", page->campaign->code);
        return true;
    case ACTION_CAMPAIGN_CLONE:
        if (page)
            campaign_act_clone(view->console, page->campaign);
        return true;
    case ACTION_CAMPAIGN_COMPARE:
        other_choose(view);
        return true;
    case ACTION_CAMPAIGN_RESULT:
        if (page)
            console_open(view->console, "campaign-result", page->campaign->code);
        return true;
    case ACTION_CAMPAIGN_SIMULATE:
        if (page)
            console_open(view->console, "campaign-simulate", page->campaign->code);
        return true;
    default:
        return false;
    }
}

static void page_close(struct view *view)
{
    (void)view;
}

static const char *page_subtitle(struct view *view)
{
    const struct page_answer *page = view_answer(view, SLOT_PAGE);
    return page ? page->campaign->name : NULL;
}

static char *page_people(struct view *view)
{
    const struct page_state *state = view->state;
    const struct page_answer *page = view_answer(view, SLOT_PAGE);
    const struct page_line *line = page ? line_at(page, (size_t)state->line) : NULL;
    if (!page)
        return NULL;
    return line && line->open ? mem_strdup(line->open)
                              : mem_printf("campaign audience %s", page->campaign->code);
}

const struct view_ops view_campaign = {
    .name = "campaign",
    .title = N_("Campaign"),
    .about = N_("One campaign: where it stands, for whom it is, how it is defined, what changed "
                "since it was approved, and who did what when. a does what can be done now; before "
                "anything that cannot be taken back it says how many people it reaches and asks "
                "for that number. Enter on a figure lists its people."),
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct page_state),
    .open = page_refresh,
    .close = page_close,
    .refresh = page_refresh,
    .draw = page_draw,
    .action = page_action,
    .subtitle = page_subtitle,
    .people = page_people,
};
