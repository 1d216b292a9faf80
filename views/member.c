/* One person: figures, where and what, relations, and the time line; its argument is a card,
 * "#number", a phone or a pseudonym. */
#include "model/people/member_page.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "views/actions.h"
#include "views/cells.h"
#include "views/dashboard.h"
#include "views/member_acts.h"
#include "views/member_identity.h"
#include "views/screens.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SLOT_PAGE, SLOT_TIMELINE };

struct member_state {
    struct dashboard dashboard; /* first */
    char *title;
};

struct member_question {
    struct access access;
    char who[160];
};

struct timeline_answer {
    struct sheet *sheet;
};

static void *page_ask(struct reader *reader, struct arena *arena, const void *parameters,
                      struct error *err)
{
    const struct member_question *question = parameters;
    struct member_page *page = arena_new_of(arena, struct member_page);
    uint32_t person;
    if (member_resolve(reader, &question->access, question->who, &person, err) != ST_OK)
        return NULL;
    return member_page_read(reader, &question->access, person, arena, page, err) == ST_OK ? page
                                                                                          : NULL;
}

static void *timeline_ask(struct reader *reader, struct arena *arena, const void *parameters,
                          struct error *err)
{
    enum { LATEST = 200 };
    const struct member_question *question = parameters;
    struct timeline_answer *answer = arena_new_of(arena, struct timeline_answer);
    struct timeline_query query = {.from = INT64_MIN, .n = LATEST};
    uint32_t person;
    if (member_resolve(reader, &question->access, question->who, &person, err) != ST_OK)
        return NULL;
    return member_timeline(reader, &question->access, person, &query, arena, &answer->sheet, err) ==
                   ST_OK
               ? answer
               : NULL;
}

static void member_refresh(struct view *view)
{
    struct member_question question = {.access = view->console->access};
    snprintf(question.who, sizeof question.who, "%s", view->argument);
    view_ask(view, SLOT_PAGE, _("member"), page_ask, &question, sizeof question);
    view_ask(view, SLOT_TIMELINE, _("time line"), timeline_ask, &question, sizeof question);
}

static void member_open(struct view *view)
{
    view->scopes[view->n_scopes++] = "panels";
    member_refresh(view);
}

static void member_close(struct view *view)
{
    struct member_state *state = view->state;
    reveal_end(view->console);
    access_conceal(&view->console->access);
    dashboard_end(&state->dashboard);
    free(state->title);
}

/* ---- Panels ---- */

static void fact(struct panel *panel, const char *label, const char *text)
{
    if (!text || !*text)
        return;
    struct panel_value *value = &panel->values[panel->n_values++];
    value->label = label;
    value->text = text;
}

static void head_fill(struct panels *panels, const struct console *console,
                      const struct member_page *page)
{
    enum { MOST = 10 };
    struct arena *arena = panels->arena;
    struct panel *panel =
        panels_add(panels, PANEL_FACTS, page->member ? _("Member") : _("Visitor"), MOST);
    panel->n_values = 0;
    fact(panel, _("name"), page->name);
    fact(panel, _("card"), page->card);
    fact(panel, _("phone"), page->phone);
    fact(panel, _("tier"), word_translated("tier", page->tier));
    fact(panel, _("gender"), word_translated("gender", page->gender));
    if (page->age >= 0)
        fact(panel, _("age"), arena_printf(arena, "%d", page->age));
    if (page->joined)
        fact(panel, _("joined"), time_local(arena, console->mall->zone, page->joined));
    fact(panel, _("channel"), word_translated("channel", page->channel));
    panel->note = page->revealed ? _("shown in full, logged") : NULL;
    panel->span = 4;
    panel->span_medium = 6;
}

static void figures_fill(struct panels *panels, const struct console *console,
                         const struct member_page *page)
{
    enum { MOST = 10 };
    struct arena *arena = panels->arena;
    const struct member_figures *f = &page->figures;
    const struct zone *zone = console->mall->zone;
    struct panel *panel = panels_add(panels, PANEL_FACTS, _("Figures, over all time"), MOST);
    panel->n_values = 0;
    fact(panel, _("spent"), text_money(arena, f->spent));
    fact(panel, _("purchases"), text_count(arena, f->purchases));
    fact(panel, _("purchase days"), text_count(arena, f->purchase_days));
    fact(panel, _("points"), text_count(arena, f->points));
    fact(panel, _("visits"), text_count(arena, f->visits));
    if (page->first_visit)
        fact(panel, _("first visit"), time_local(arena, zone, page->first_visit));
    if (f->last_visit)
        fact(panel, _("last visit"), time_local(arena, zone, f->last_visit));
    if (page->mean_interval)
        fact(panel, _("buys every"), text_duration(arena, page->mean_interval));
    panel->span = 4;
    panel->span_medium = 6;
}

/* How a section is shown: which columns stand for label, number, and what Enter opens. */
static const struct section_shape {
    enum member_section section;
    const char *label, *text, *more;
    const char *screen, *key;
    int span;
} section_shapes[] = {
    {SECTION_CONSENTS, "contact", "consent", "address", NULL, NULL, 4},
    {SECTION_SHOPS, "name", "spent", "last", "shop", "tenant", 6},
    {SECTION_AREAS, "name", "dwell", "share", NULL, NULL, 6},
    {SECTION_RELATIONS, "name", "kind", "since", "member", "person", 6},
    {SECTION_GROUPS, "name", "topic", "joined", NULL, NULL, 6},
    {SECTION_INTERESTS, "topic", "weight", NULL, NULL, NULL, 4},
    {SECTION_LABELS, "label", NULL, "as_of", NULL, NULL, 4},
    {SECTION_DEVICES, "device", "sightings", "last", NULL, NULL, 4},
    {SECTION_IDENTITIES, "kind", "value", "evidence", NULL, NULL, 6},
    {SECTION_ATTRIBUTES, "name", "value", NULL, NULL, NULL, 4},
};

static const char *section_cell(struct arena *arena, const struct console *console,
                                const struct sheet *sheet, size_t row, const char *column)
{
    for (size_t k = 0; column && k < sheet->n_columns; k++) {
        const struct cell *cell = &sheet_row(sheet, row)[k];
        enum cell_type type = sheet->columns[k].type;
        if (strcmp(sheet->columns[k].name, column) != 0)
            continue;
        if (type == CELL_TIME && cell->known) /* the day is enough on a card */
            return date_text(arena, clock_day(&console->mall->clock, cell->integer));
        return cell->known ? cell_in_column(arena, console->mall->zone, &sheet->columns[k], cell)
                           : "";
    }
    return NULL;
}

static void section_fill(struct panels *panels, const struct console *console,
                         const struct member_page *page, const struct section_shape *shape)
{
    const struct sheet *sheet = page->sections[shape->section];
    if (!sheet || !sheet->n_rows)
        return;
    struct arena *arena = panels->arena;
    struct panel *panel =
        panels_add(panels, PANEL_LIST, _(member_sections[shape->section].title), sheet->n_rows);
    for (size_t i = 0; i < sheet->n_rows; i++) {
        struct panel_value *value = &panel->values[i];
        value->label = section_cell(arena, console, sheet, i, shape->label);
        value->text = section_cell(arena, console, sheet, i, shape->text);
        if (shape->section == SECTION_ATTRIBUTES) /* "gender" says what kind of word "f" is */
            value->text = word_translated(cell_string(&sheet_row(sheet, i)[0]), value->text);
        value->change = section_cell(arena, console, sheet, i, shape->more);
        value->change_role = ROLE_DIM;
        value->screen = shape->screen;
        const char *key = section_cell(arena, console, sheet, i, shape->key);
        bool person = shape->key && strcmp(shape->key, "person") == 0;
        if (key && person) {
            char *plain = arena_strdup(arena, key), *to = plain;
            for (const char *c = key; *c; c++)
                if (*c != ',')
                    *to++ = *c;
            *to = 0;
            value->argument = arena_printf(arena, "#%s", plain);
        } else {
            value->argument = key;
        }
    }
    panel->span = shape->span;
    panel->span_medium = shape->span == 4 ? 6 : 12;
    panel->rows = sheet->n_rows < 7 ? (int)sheet->n_rows + 1 : 8;
}

/* Newest first: what, where, how much. */
static void timeline_fill(struct panels *panels, const struct console *console,
                          const struct sheet *sheet, const char *who)
{
    enum { KIND_CELLS = 14 };
    struct arena *arena = panels->arena;
    const struct zone *zone = console->mall->zone;
    struct panel *panel = panels_add(panels, PANEL_LIST, _("Time line"), sheet->n_rows);
    for (size_t i = 0; i < sheet->n_rows; i++) {
        const struct cell *cells = sheet_row(sheet, i);
        const char *place = cells[TIMELINE_SHOP].known && *cells[TIMELINE_SHOP].text
                                ? cells[TIMELINE_SHOP].text
                            : cells[TIMELINE_ZONE].known ? cells[TIMELINE_ZONE].text
                                                         : "";
        struct panel_value *value = &panel->values[i];
        const char *kind = text_translated(cell_string(&cells[TIMELINE_KIND]));
        int pad = KIND_CELLS - text_cells(kind);
        value->label = arena_printf(arena, "%.16s  %s%*s %s",
                                    time_local(arena, zone, cells[TIMELINE_TIME].integer), kind,
                                    pad > 0 ? pad : 0, "", place);
        if (cells[TIMELINE_AMOUNT].known && cells[TIMELINE_AMOUNT].integer)
            value->text = text_money(arena, cells[TIMELINE_AMOUNT].integer);
        else if (cells[TIMELINE_POINTS].known)
            value->text = arena_printf(arena, _("%s points"),
                                       text_count(arena, cells[TIMELINE_POINTS].integer));
        if (cells[TIMELINE_TENANT].known && *cells[TIMELINE_TENANT].text) {
            value->screen = "shop";
            value->argument = cells[TIMELINE_TENANT].text;
        }
    }
    panel->note = sheet->total > (int64_t)sheet->n_rows
                      ? arena_printf(arena, _("the latest %zu of %s"), sheet->n_rows,
                                     text_count(arena, sheet->total))
                      : NULL;
    panel->rows = sheet->n_rows < 10 ? (int)sheet->n_rows + 1 : 11;
    panel->table_screen = "timeline";
    panel->table = who;
}

static void member_answered(struct view *view, int slot)
{
    (void)slot;
    struct member_state *state = view->state;
    const struct console *console = view->console;
    const struct member_page *page = view_answer(view, SLOT_PAGE);
    const struct timeline_answer *timeline = view_answer(view, SLOT_TIMELINE);
    if (!page)
        return;
    struct panels *panels = dashboard_begin(&state->dashboard);
    head_fill(panels, console, page);
    figures_fill(panels, console, page);
    section_fill(panels, console, page, &section_shapes[0]);
    if (timeline && timeline->sheet->n_rows)
        timeline_fill(panels, console, timeline->sheet, view->argument);
    for (size_t i = 1; i < sizeof section_shapes / sizeof *section_shapes; i++)
        section_fill(panels, console, page, &section_shapes[i]);
    free(state->title);
    state->title = mem_printf("%s %s", page->name && *page->name ? page->name : "",
                              page->card ? page->card : "");
}

static void member_draw(struct view *view, struct area area)
{
    dashboard_draw(view, area, SLOT_PAGE);
}

static void coupons_show(struct view *view)
{
    const struct member_page *page = view_answer(view, SLOT_PAGE);
    char *argument = page ? mem_printf("person %" PRIu32, page->person) : NULL;
    if (argument)
        console_open(view->console, "coupon-list", argument);
    free(argument);
}

static bool member_action(struct view *view, int id, const char *argument)
{
    (void)argument;
    if (id == ACTION_MEMBER_CONSENT) {
        member_consent(view, view_answer(view, SLOT_PAGE));
        return true;
    }
    if (id == ACTION_MEMBER_JOIN) {
        member_join(view, view_answer(view, SLOT_PAGE));
        return true;
    }
    if (id == ACTION_MEMBER_PART) {
        member_part(view, view_answer(view, SLOT_PAGE));
        return true;
    }
    if (id == ACTION_MEMBER_ERASE) {
        member_remove(view, view_answer(view, SLOT_PAGE));
        return true;
    }
    if (id == ACTION_MEMBER_REVEAL) {
        member_reveal(view, view_answer(view, SLOT_PAGE));
        return true;
    }
    if (id == ACTION_MEMBER_POINTS) {
        console_open(view->console, "points-member", view->argument);
        return true;
    }
    if (id == ACTION_MEMBER_COUPONS) {
        coupons_show(view);
        return true;
    }
    return dashboard_action(view, SLOT_PAGE, id);
}

static const char *member_subtitle(struct view *view)
{
    return ((struct member_state *)view->state)->title;
}

static char *member_people(struct view *view)
{
    return mem_printf("member %s", view->argument);
}

const struct view_ops view_member = {
    .name = "member",
    .title = N_("Member"),
    .rights = RIGHT_PEOPLE_SEE,
    .size = sizeof(struct member_state),
    .open = member_open,
    .close = member_close,
    .refresh = member_refresh,
    .draw = member_draw,
    .action = member_action,
    .answered = member_answered,
    .subtitle = member_subtitle,
    .people = member_people,
};
