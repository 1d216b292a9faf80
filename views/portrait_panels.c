#include "views/portrait_panels.h"

#include "model/base/text.h"
#include "tui/dialog.h"

#include <math.h>
#include <string.h>

enum { ROWS = 8 };

static const char *percent(struct arena *arena, double share)
{
    return isfinite(share) ? arena_printf(arena, "%.1f%%", 100 * share) : "–";
}

/* "142 ▲": above or below the average where the interval leaves it out. */
static const char *index_text(struct arena *arena, double index, double low, double high,
                              enum role *role)
{
    bool over = isfinite(low) && low > 100, under = isfinite(high) && high < 100;
    *role = over ? ROLE_UP : under ? ROLE_DOWN : ROLE_DIM;
    if (!isfinite(index))
        return "–";
    return arena_printf(arena, "%.0f %s", index, over ? "▲" : under ? "▼" : " ");
}

static double largest_share(const struct portrait_row *const *rows, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        for (int side = 0; side < 2; side++)
            if (isfinite(rows[i]->share[side]) && rows[i]->share[side] > most)
                most = rows[i]->share[side];
    return most > 0 ? most : 1;
}

/* A row: its name, the group's share as a bar with the mall's as a mark, the index. */
static void row_fill(struct panels *panels, struct panel_value *value,
                     const struct portrait *portrait, const char *group, enum portrait_part part,
                     const struct portrait_row *row, double most)
{
    struct arena *arena = panels->arena;
    value->label = portrait_row_name(part, row);
    value->dim = !portrait->one && (row->small || row->hidden);
    bool common = portrait->one && part != PART_WEEKDAY && part != PART_DAYTIME;
    int shown = common ? 1 : 0; /* of one person: how many others in the mall are like that */
    value->bar = isfinite(row->share[shown]) ? row->share[shown] / (common ? 1 : most) : -1;
    value->mark = !common && isfinite(row->share[1]) ? row->share[1] / most : -1;
    if (common) {
        value->text = arena_printf(arena, _("mall %s"), percent(arena, row->share[1]));
    } else {
        value->text = percent(arena, row->share[0]);
        value->change = index_text(arena, row->index, row->low, row->high, &value->change_role);
        if (value->dim)
            value->change_role = ROLE_DIM;
    }
    if (portrait->one && part == PART_SHOP) {
        value->screen = "shop";
        value->argument = row->key;
    } else if (!portrait->one && portrait_lists(part) && row->people[0]) {
        value->screen = "crowd";
        value->argument = arena_printf(arena, "part %s %zu %s %s", portrait_parts[part].name,
                                       strlen(row->key), row->key, group);
    }
    value->detail = arena_printf(
        arena,
        _("%s of %s of the group: %s\n%s of %s in the mall: %s\nindex %s, 95%% interval %s to %s"),
        row->hidden ? "–" : text_count(arena, row->people[0]),
        row->hidden ? "–" : text_count(arena, row->of[0]), percent(arena, row->share[0]),
        text_count(arena, row->people[1]), text_count(arena, row->of[1]),
        percent(arena, row->share[1]),
        isfinite(row->index) ? arena_printf(arena, "%.1f", row->index) : "–",
        isfinite(row->low) ? arena_printf(arena, "%.1f", row->low) : "–",
        isfinite(row->high) ? arena_printf(arena, "%.1f", row->high) : "–");
}

/* ---- What sets them apart ---- */

static void apart_fill(struct panels *panels, const struct portrait *portrait, const char *group)
{
    enum { SHOWN = 10 };
    size_t n = portrait->n_apart < SHOWN ? portrait->n_apart : SHOWN;
    struct panel *panel = panels_add(
        panels, PANEL_LIST, portrait->one ? _("Rare in the mall") : _("What sets them apart"), n);
    const struct portrait_row **rows = arena_array(panels->arena, const struct portrait_row *, n);
    for (size_t i = 0; i < n; i++)
        rows[i] = portrait->apart[i].row;
    double most = largest_share(rows, n);
    for (size_t i = 0; i < n; i++) {
        enum portrait_part part = portrait->apart[i].part;
        row_fill(panels, &panel->values[i], portrait, group, part, rows[i], most);
        panel->values[i].label = arena_printf(
            panels->arena, "%s: %s", _(portrait_parts[part].title), panel->values[i].label);
    }
    panel->empty = portrait->one ? _("nothing that few others have")
                                 : _("nothing beyond what chance would do");
    panel->note = portrait->one ? NULL : _("share │ mall · index");
    panel->span = 6;
    panel->span_medium = 12;
    panel->rows = n ? (int)n + 1 : 2;
}

/* ---- Figures ---- */

static const char *figure_value(struct arena *arena, enum portrait_unit unit, double value)
{
    if (!isfinite(value))
        return "–";
    switch (unit) {
    case PORTRAIT_SHARE:
        return percent(arena, value);
    case PORTRAIT_MONEY:
        return text_money(arena, (int64_t)llround(value));
    case PORTRAIT_DURATION:
        return text_duration(arena, (int64_t)llround(value));
    case PORTRAIT_REAL:
        break;
    }
    return arena_printf(arena, "%.1f", value);
}

static void figures_fill(struct panels *panels, const struct portrait *portrait)
{
    struct arena *arena = panels->arena;
    struct panel *panel = panels_add(panels, PANEL_LIST, _("Figures"), FIGURE_COUNT);
    panel->n_values = 0;
    for (int id = 0; id < FIGURE_COUNT; id++) {
        const struct portrait_figure *f = &portrait->figures[id];
        const struct portrait_figure_info *info = &portrait_figures[id];
        bool yes_or_no = portrait->one && info->unit == PORTRAIT_SHARE && id != FIGURE_ALIVE;
        if (!f->known || !isfinite(f->value[1]))
            continue;
        struct panel_value *value = &panel->values[panel->n_values++];
        const char *mall = figure_value(arena, info->unit, f->value[1]);
        value->label = _(info->title);
        value->dim = !portrait->one && f->small;
        value->text = yes_or_no ? (f->value[0] > 0 ? _("yes") : _("no"))
                                : figure_value(arena, info->unit, f->value[0]);
        value->text = arena_printf(arena, _("%s · mall %s"), value->text, mall);
        if (!yes_or_no)
            value->change = index_text(arena, f->index, portrait->one ? NAN : f->low,
                                       portrait->one ? NAN : f->high, &value->change_role);
        if (value->dim)
            value->change_role = ROLE_DIM;
        value->detail = arena_printf(
            arena, _("the group %s, the mall %s\nindex %s, 95%% interval %s to %s\nof %s people"),
            figure_value(arena, info->unit, f->value[0]), mall,
            isfinite(f->index) ? arena_printf(arena, "%.1f", f->index) : "–",
            isfinite(f->low) ? arena_printf(arena, "%.1f", f->low) : "–",
            isfinite(f->high) ? arena_printf(arena, "%.1f", f->high) : "–",
            text_count(arena, f->n));
    }
    panel->span = 6;
    panel->span_medium = 12;
}

/* ---- Money over the period ---- */

static void value_fill(struct panels *panels, const struct portrait *portrait)
{
    struct arena *arena = panels->arena;
    double people = portrait->members[0] ? (double)portrait->members[0] : 1;
    double all = portrait->members[1] ? (double)portrait->members[1] : 1;
    double *group = arena_array(arena, double, portrait->n_spans);
    double *mall = arena_array(arena, double, portrait->n_spans);
    struct panel *panel =
        panels_add(panels, PANEL_SERIES, _("Money a member, along the period"), portrait->n_spans);
    for (size_t i = 0; i < portrait->n_spans; i++) {
        group[i] = (double)portrait->spans[0][i] / people / 100;
        mall[i] = (double)portrait->spans[1][i] / all / 100;
        panel->values[i].label = arena_printf(arena, "%zu/%zu", i + 1, portrait->n_spans);
        panel->values[i].text = arena_printf(arena, _("%.2f · mall %.2f"), group[i], mall[i]);
    }
    panel->series = group;
    panel->usual = mall;
    panel->n_series = portrait->n_spans;
    double money = portrait->sales[1] ? (double)portrait->sales[0] / (double)portrait->sales[1] : 0;
    panel->note = arena_printf(arena, _("%s of the members, %s of their money"),
                               percent(arena, people / all), percent(arena, money));
    panel->span = 6;
    panel->span_medium = 12;
}

/* ---- When they come ---- */

static void hours_fill(struct panels *panels, const struct console *console,
                       const struct portrait *portrait)
{
    static const char *const days[] = {N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"),
                                       N_("Fri"), N_("Sat"), N_("Sun")};
    struct arena *arena = panels->arena;
    struct panel *panel = panels_add(panels, PANEL_HEAT, _("When they come"), 7 * (size_t)24);
    int first = console->mall->clock.boundary / 3600;
    double *heat = arena_array(arena, double, 7 * 24);
    const char **rows = arena_array(arena, const char *, 7);
    const char **cols = arena_array(arena, const char *, 24);
    for (int h = 0; h < 24; h++)
        cols[h] = h % 3 == 0 ? arena_printf(arena, "%d", (first + h) % 24) : NULL;
    for (int day = 0; day < 7; day++) {
        rows[day] = _(days[day]);
        for (int h = 0; h < 24; h++) {
            int hour = (first + h) % 24;
            struct panel_value *value = &panel->values[day * 24 + h];
            double n = (double)portrait->hours[0][day][hour];
            double group = portrait->visits[0] ? n / (double)portrait->visits[0] : 0;
            double mall = portrait->visits[1]
                              ? (double)portrait->hours[1][day][hour] / (double)portrait->visits[1]
                              : 0;
            heat[day * 24 + h] = n;
            value->label = arena_printf(arena, "%s %d:00", rows[day], hour);
            value->text = arena_printf(arena, _("%.0f visits, %s · mall %s"), n,
                                       percent(arena, group), percent(arena, mall));
        }
    }
    panel->heat = heat;
    panel->heat_rows = 7;
    panel->heat_cols = 24;
    panel->heat_row_labels = rows;
    panel->labels = cols;
    panel->rows = 11;
    panel->span = 6;
    panel->span_medium = 12;
}

/* ---- Parts ---- */

/* In the order of the screen; those that nothing is known of are left out. */
static const struct {
    enum portrait_part part;
    const char *title;
} lists[] = {
    {PART_GENDER, N_("Gender")},
    {PART_AGE, N_("Age")},
    {PART_TIER, N_("Tier")},
    {PART_CHANNEL, N_("Registered by")},
    {PART_CATEGORY, N_("Categories they buy")},
    {PART_BRAND, N_("Brands")},
    {PART_SHOP, N_("Shops they buy at")},
    {PART_GOODS, N_("Goods, by receipt lines")},
    {PART_COLOR, N_("Colours")},
    {PART_ZONE, N_("Usual areas")},
    {PART_WEEKDAY, N_("Weekdays")},
    {PART_DAYTIME, N_("Times of day")},
    {PART_INCOME, N_("Income")},
    {PART_COMMUNITY, N_("Community grade")},
    {PART_CAR, N_("Car")},
    {PART_HOUSE, N_("Home")},
    {PART_ATTRIBUTE, N_("Attributes")},
    {PART_LABEL, N_("Labels")},
    {PART_INTEREST, N_("Interests")},
    {PART_RELATION, N_("Relations")},
    {PART_CROWD, N_("Groups")},
    {PART_CONTACT, N_("Can be reached by")},
    {PART_RESPONSE, N_("Answer to messages by")},
};

static bool row_shown(const struct portrait *portrait, const struct portrait_row *row)
{
    return !portrait->one || row->people[0] > 0;
}

static void list_fill(struct panels *panels, const struct portrait *portrait, const char *group,
                      enum portrait_part part, const char *title)
{
    const struct portrait_facet *facet = &portrait->facets[part];
    const struct portrait_row *rows[ROWS];
    size_t n = 0;
    for (size_t i = 0; i < facet->n && n < ROWS; i++)
        if (row_shown(portrait, &facet->rows[i]))
            rows[n++] = &facet->rows[i];
    if (!n)
        return;
    struct panel *panel = panels_add(panels, PANEL_LIST, title, n);
    double most = largest_share(rows, n);
    for (size_t i = 0; i < n; i++)
        row_fill(panels, &panel->values[i], portrait, group, part, rows[i], most);
    if (!portrait->one)
        panel->note = arena_printf(panels->arena,
                                   part == PART_WEEKDAY || part == PART_DAYTIME ? _("of %s visits")
                                                                                : _("of %s people"),
                                   text_count(panels->arena, facet->of[0]));
    if (part == PART_RELATION && portrait->related_inside)
        panel->note = arena_printf(panels->arena, _("%s relations inside the group"),
                                   text_count(panels->arena, portrait->related_inside));
    panel->span = 4;
    panel->span_medium = 6;
}

void portrait_fill(struct panels *panels, const struct console *console,
                   const struct portrait *portrait, const char *group)
{
    apart_fill(panels, portrait, group);
    figures_fill(panels, portrait);
    if (portrait->visits[0])
        hours_fill(panels, console, portrait);
    if (portrait->n_spans > 1 && portrait->buyers[0])
        value_fill(panels, portrait);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        list_fill(panels, portrait, group, lists[i].part, _(lists[i].title));
}

void portrait_explain(struct console *console, const struct dashboard *dashboard)
{
    const struct panel *panel = panels_panel(&dashboard->panels);
    const struct panel_value *value = panels_value(&dashboard->panels);
    if (!value || !value->detail) {
        console_say(console, "%s", _("no figure here; move to one first"));
        return;
    }
    struct arena *arena = arena_new();
    char *body = arena_printf(
        arena, "%s\n\n%s\n\n%s", value->label ? value->label : "", value->detail,
        _("A share is people with it among the people of the group it could be of; the index is "
          "the group's share by the mall's, times 100. The interval is Wilson's."));
    console_dialog(console, dialog_message(panel->title, body, NULL, NULL));
    arena_free(arena);
}
