/* One shop's score card; its argument is the shop's code or name. */
#include "model/people/shop.h"
#include "model/base/intl.h"
#include "model/base/text.h"
#include "views/actions.h"
#include "views/cells.h"
#include "views/dashboard.h"
#include "views/figures.h"
#include "views/screens.h"
#include "views/shop_query.h"

#include <string.h>

struct shop_state {
    struct dashboard dashboard; /* first */
};

struct shop_question {
    struct shop_query query;
    struct access access;
    char shop[128];
};

static void *shop_ask(struct reader *reader, struct arena *arena, const void *parameters,
                      struct error *err)
{
    const struct shop_question *question = parameters;
    struct shop_card *card = arena_new_of(arena, struct shop_card);
    uint32_t tenant;
    if (shop_resolve(reader, question->shop, &tenant, err) != ST_OK)
        return NULL;
    return shop_card_read(reader, &question->access, tenant, &question->query, arena, card, err) ==
                   ST_OK
               ? card
               : NULL;
}

static void shop_refresh(struct view *view)
{
    struct shop_question question = {shop_query_of(view->console), view->console->access, ""};
    snprintf(question.shop, sizeof question.shop, "%s", view->argument);
    view_ask(view, 0, _("score card"), shop_ask, &question, sizeof question);
}

static void shop_open(struct view *view)
{
    view->scopes[view->n_scopes++] = "panels";
    shop_refresh(view);
}

static void shop_close(struct view *view)
{
    dashboard_end(view->state);
}

/* ---- Panels ---- */

/* A value of the shop's row; opens the part of `metric` that is this shop's. */
static void value_fill(struct panel_value *value, struct arena *arena,
                       const struct console *console, const struct shop_card *card,
                       enum shop_column column, const char *label, enum metric_id metric)
{
    value->label = label;
    value->text =
        cell_for_people(arena, console->mall->zone, &shop_columns[column], &card->row[column]);
    value->dim = !card->row[column].known;
    if (metric == METRIC_END)
        return;
    value->metric = (int)metric;
    if (metric_has(metric, DIM_TENANT)) {
        value->screen = figure_screen(metric);
        value->argument = figure_behind(arena, metric, DIM_TENANT, card->tenant);
    }
}

/* "▲ 4.1%" of a column that holds a relative change. */
static void change_fill(struct panel_value *value, struct arena *arena, const struct cell *change)
{
    if (!change->known)
        return;
    value->change =
        arena_printf(arena, "%s %.1f%%", symbol(change->real < 0 ? SYMBOL_DOWN : SYMBOL_UP),
                     (change->real < 0 ? -change->real : change->real) * 100);
    value->change_role = change->real < 0 ? ROLE_DOWN : ROLE_UP;
}

/* A column of a sheet as a series; NULL where there is no such column. */
static const double *column_series(struct arena *arena, const struct sheet *sheet,
                                   const char *column)
{
    for (size_t k = 0; k < sheet->n_columns; k++) {
        if (strcmp(sheet->columns[k].name, column) != 0)
            continue;
        double *series = arena_array(arena, double, sheet->n_rows + 1);
        for (size_t i = 0; i < sheet->n_rows; i++)
            series[i] = cell_number(sheet->columns[k].type, &sheet_row(sheet, i)[k]);
        return series;
    }
    return NULL;
}

/* `t` shows the sheet behind the panel whole; see views/shop_table.c for the names. */
static void table_set(struct panel *panel, struct arena *arena, const struct shop_card *card,
                      const char *sheet)
{
    panel->table_screen = "shop-table";
    panel->table = arena_printf(arena, "%s:%s", card->code, sheet);
}

struct tile_row {
    enum shop_column column;
    const char *label;
    enum metric_id metric;
};

static struct panel *tile(struct panels *panels, const struct console *console,
                          const struct shop_card *card, const char *title,
                          const struct tile_row *rows, size_t n)
{
    struct panel *panel = panels_add(panels, PANEL_TILE, title, n);
    for (size_t i = 0; i < n; i++)
        value_fill(&panel->values[i], panels->arena, console, card, rows[i].column,
                   _(rows[i].label), rows[i].metric);
    panel->span = 3;
    panel->span_medium = 6;
    return panel;
}

static void tiles_fill(struct panels *panels, const struct console *console,
                       const struct shop_card *card)
{
    static const struct tile_row sales[] = {{SHOP_SALES, N_("sales"), METRIC_SALES},
                                            {SHOP_RECEIPTS, N_("receipts"), METRIC_RECEIPTS},
                                            {SHOP_BUYERS, N_("buyers"), METRIC_BUYERS}};
    static const struct tile_row share[] = {
        {SHOP_MEMBER_SHARE, N_("of sales"), METRIC_MEMBER_SHARE},
        {SHOP_MEMBER_SALES, N_("member sales"), METRIC_MEMBER_SALES},
        {SHOP_REPEAT, N_("came back"), METRIC_REPEAT_RATE}};
    static const struct tile_row cards[] = {
        {SHOP_POS_CARDS, N_("at the POS"), METRIC_REGISTRATIONS_POS},
        {SHOP_REGISTRATIONS, N_("cards in all"), METRIC_REGISTRATIONS}};
    static const struct tile_row year[] = {{SHOP_ON_YEAR, N_("on the year"), METRIC_END},
                                           {SHOP_YEAR, N_("a year before"), METRIC_END}};
    struct panel *first = tile(panels, console, card, _("SALES"), sales, 3);
    change_fill(&first->values[0], panels->arena, &card->row[SHOP_CHANGE]);
    first->series = column_series(panels->arena, card->by_day, "sales");
    first->n_series = first->series ? card->by_day->n_rows : 0;
    table_set(first, panels->arena, card, "days");
    if (card->rank)
        first->note = arena_printf(panels->arena, _("rank %d of %d"), card->rank, card->shops);
    struct panel *members = tile(panels, console, card, _("MEMBER SHARE"), share, 3);
    members->series = column_series(panels->arena, card->by_day, "member_sales");
    members->n_series = members->series ? card->by_day->n_rows : 0;
    table_set(members, panels->arena, card, "days");
    tile(panels, console, card, _("NEW CARDS"), cards, 2)->note =
        card->smart_pos ? _("smart POS") : _("no smart POS");
    struct panel *on_year = tile(panels, console, card, _("YEAR ON YEAR"), year, 2);
    if (card->category_rank)
        on_year->note =
            arena_printf(panels->arena, _("rank %d of %d in %s"), card->category_rank,
                         card->category_shops, word_translated("category", card->category));
}

static void hours_fill(struct panels *panels, const struct shop_card *card)
{
    struct arena *arena = panels->arena;
    const struct sheet *sheet = card->by_hour;
    struct panel *panel = panels_add(panels, PANEL_SERIES, _("Sales by hour"), sheet->n_rows);
    const char **labels = arena_array(arena, const char *, sheet->n_rows + 1);
    panel->series = column_series(arena, sheet, "sales");
    panel->n_series = panel->series ? sheet->n_rows : 0;
    for (size_t i = 0; i < sheet->n_rows; i++) {
        const struct cell *cells = sheet_row(sheet, i);
        labels[i] = i % 3 == 0 ? arena_printf(arena, "%lld", (long long)cells[0].integer) : NULL;
        panel->values[i].label = arena_printf(arena, "%lld:00", (long long)cells[0].integer);
        panel->values[i].text = text_money(arena, cells[1].integer);
    }
    panel->labels = labels;
    table_set(panel, arena, card, "hours");
    panel->span = 6;
    panel->span_medium = 12;
    panel->rows = 7;
}

static void days_fill(struct panels *panels, const struct shop_card *card)
{
    struct arena *arena = panels->arena;
    const struct sheet *sheet = card->by_day;
    struct panel *panel = panels_add(panels, PANEL_SERIES, _("Sales by day"), sheet->n_rows);
    const char **labels = arena_array(arena, const char *, sheet->n_rows + 1);
    panel->series = column_series(arena, sheet, "sales");
    panel->n_series = panel->series ? sheet->n_rows : 0;
    for (size_t i = 0; i < sheet->n_rows; i++) {
        const struct cell *cells = sheet_row(sheet, i);
        const char *date = date_text(arena, (int32_t)cells[0].integer);
        labels[i] = i % 7 == 0 ? date + 5 : NULL;
        panel->values[i].label = date;
        panel->values[i].text = text_money(arena, cells[1].integer);
    }
    panel->labels = labels;
    table_set(panel, arena, card, "days");
    panel->span = 6;
    panel->span_medium = 12;
    panel->rows = 7;
}

/* The column of a name; 0 where there is none. */
static size_t column_of(const struct sheet *sheet, const char *name)
{
    for (size_t k = 0; k < sheet->n_columns; k++)
        if (strcmp(sheet->columns[k].name, name) == 0)
            return k;
    return 0;
}

/* The first rows of a sheet as a list with a bar. */
static struct panel *sheet_fill(struct panels *panels, const struct console *console,
                                const struct sheet *sheet, const char *title, const char *label,
                                const char *number, const char *more, const char *screen,
                                const char *key)
{
    enum { MOST = 40 };
    struct arena *arena = panels->arena;
    size_t n = sheet->n_rows < MOST ? sheet->n_rows : MOST;
    size_t of_label = column_of(sheet, label), of_number = column_of(sheet, number);
    size_t of_more = column_of(sheet, more), of_key = key ? column_of(sheet, key) : 0;
    struct panel *panel = panels_add(panels, PANEL_LIST, title, n);
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        double value = cell_number(sheet->columns[of_number].type, &sheet_row(sheet, i)[of_number]);
        most = value > most ? value : most;
    }
    for (size_t i = 0; i < n; i++) {
        const struct cell *cells = sheet_row(sheet, i);
        const struct zone *zone = console->mall->zone;
        struct panel_value *value = &panel->values[i];
        value->label = cells[of_label].known ? cells[of_label].text : "";
        value->text = cell_for_people(arena, zone, &sheet->columns[of_number], &cells[of_number]);
        value->change = cell_for_people(arena, zone, &sheet->columns[of_more], &cells[of_more]);
        value->change_role = ROLE_DIM;
        double number_value = cell_number(sheet->columns[of_number].type, &cells[of_number]);
        value->bar = most > 0 ? number_value / most : 0;
        value->screen = screen;
        if (key)
            value->argument = sheet->columns[of_key].type == CELL_TEXT
                                  ? cells[of_key].text
                                  : arena_printf(arena, "#%lld", (long long)cells[of_key].integer);
    }
    panel->span = 6;
    panel->span_medium = 12;
    panel->rows = 7;
    return panel;
}

static void shop_answered(struct view *view, int slot)
{
    struct shop_state *state = view->state;
    const struct shop_card *card = view_answer(view, slot);
    if (!card)
        return;
    const struct console *console = view->console;
    struct panels *panels = dashboard_begin(&state->dashboard);
    tiles_fill(panels, console, card);
    days_fill(panels, card);
    hours_fill(panels, card);
    struct arena *arena = panels->arena;
    struct panel *panel =
        sheet_fill(panels, console, card->neighbours, _("Neighbours: who buys here also buys at"),
                   "name", "confidence", "lift", "shop", "tenant");
    panel->note = _("of buyers, lift");
    table_set(panel, arena, card, "neighbours");
    if (card->members->n_rows) {
        panel = sheet_fill(panels, console, card->members, _("Members who spent most"), "name",
                           "spent", "receipts", "member", "person");
        panel->note = _("spent, receipts");
        table_set(panel, arena, card, "members");
    }
    panel = sheet_fill(panels, console, card->categories, _("Categories"), "category", "sales",
                       "share", NULL, NULL);
    table_set(panel, arena, card, "categories");
    dashboard_ready(view, 0);
}

static void shop_draw(struct view *view, struct area area)
{
    dashboard_draw(view, area, 0);
}

static bool shop_action(struct view *view, int id, const char *argument)
{
    (void)argument;
    return dashboard_action(view, 0, id);
}

static const char *shop_subtitle(struct view *view)
{
    const struct shop_card *card = view_answer(view, 0);
    return card && card->name && *card->name ? card->name : view->argument;
}

static char *shop_people(struct view *view)
{
    const struct shop_card *card = view_answer(view, 0);
    return card && card->code ? mem_printf("shop %s", card->code) : NULL;
}

const struct view_ops view_shop = {
    .name = "shop",
    .title = N_("Shop"),
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct shop_state),
    .open = shop_open,
    .close = shop_close,
    .refresh = shop_refresh,
    .draw = shop_draw,
    .action = shop_action,
    .answered = shop_answered,
    .subtitle = shop_subtitle,
    .people = shop_people,
};
