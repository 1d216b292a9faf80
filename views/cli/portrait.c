/* atrium portrait: a person or a group beside the mall's average. */
#include "model/insight/portrait.h"
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/insight/portrait_group.h"
#include "model/people/member_page.h"
#include "model/segment/segment.h"
#include "views/cli/commands.h"
#include "views/cli/people_list.h"
#include "views/cli/period.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct cli_option options[] = {
    {"segment", "EXPR", 0, "the people of an expression of the people language"},
    {"label", "NAME", 0, "the people who carry this label"},
    {"shop", "TENANT", 0, "the people with a purchase at this shop in the period"},
    {"from", "TIME", 0, "start of the period (default: the first event)"},
    {"to", "TIME", 0, "end of the period, not included (default: after the last event)"},
    {"period", "PERIOD", 0,
     "a named period: today, 7d, 30d, month, 2017-10, 2017-10-01..2017-10-07"},
    {"list", "PART:NAME", 0, "also who of them is behind a row, such as category:coffee"},
    {"value", NULL, 0, "also what is to be expected of them, as atrium value does"},
    {"rows", "N", 0, "rows of a part at most (default: 20; 0: all)"},
    {0},
};

/* ---- Who ---- */

struct who {
    struct set *group;
    const char *title;
    bool one;
};

static enum status who_read(struct cli *cli, const struct access *access,
                            const struct period *period, struct who *who, struct error *err)
{
    const char *label = cli_value(cli, "label"), *shop = cli_value(cli, "shop");
    const char *segment = cli_value(cli, "segment");
    int asked = (cli->n_args > 0) + (label != NULL) + (shop != NULL) + (segment != NULL);
    struct segment_answer answer;
    const uint32_t *people = NULL;
    uint32_t size = 0, person = 0;
    size_t n = 0;
    if (asked > 1)
        return error_set(err, ST_USAGE,
                         "atrium portrait: expected one of MEMBER, --segment, --label, --shop");
    enum status status = people_numbers(cli->reader, &size, err);
    if (status == ST_OK && cli->n_args) {
        status = member_resolve(cli->reader, access, cli->args[0], &person, err);
        people = &person;
        n = 1;
        who->one = true;
        who->title = cli->args[0];
    } else if (status == ST_OK && segment) {
        status = segment_run(cli->reader, cli->arena, access, segment, &answer, err);
        if (status == ST_OK)
            people = set_list(answer.people, cli->arena, &n);
        for (size_t i = 0; status == ST_OK && i < answer.n_notes; i++)
            fprintf(stderr, "atrium: %s\n", answer.notes[i]);
        who->title = segment;
    } else if (status == ST_OK && label) {
        status = group_of_label(cli->reader, cli->arena, label, &people, &n, err);
        who->title = arena_printf(cli->arena, "label %s", label);
    } else if (status == ST_OK && shop) {
        status = group_of_shop(cli->reader, cli->arena, shop, period->from, period->to, &people, &n,
                               err);
        who->title = arena_printf(cli->arena, "buyers at %s", shop);
    } else if (status == ST_OK) {
        status = group_of_everyone(cli->reader, cli->arena, &people, &n, err);
        who->title = "all members";
    }
    if (status == ST_OK)
        who->group = set_of(cli->arena, size, people, n);
    return status;
}

/* --list PART:NAME, the name or the code of a row. */
static enum status list_option(struct cli *cli, struct portrait_query *query, struct error *err)
{
    const char *text = cli_value(cli, "list"), *colon = text ? strchr(text, ':') : NULL;
    const char *parts = portrait_parts[0].name;
    if (!text)
        return ST_OK;
    for (int part = 0; part < PART_COUNT && colon; part++) {
        const char *name = portrait_parts[part].name;
        if (strlen(name) != (size_t)(colon - text) || strncmp(text, name, strlen(name)) != 0)
            continue;
        query->list_part = (enum portrait_part)part;
        query->list_key = colon + 1;
        return ST_OK;
    }
    for (int part = 1; part < PART_COUNT; part++)
        if (portrait_lists((enum portrait_part)part))
            parts = arena_printf(cli->arena, "%s, %s", parts, portrait_parts[part].name);
    return error_set(err, ST_USAGE, "--list: found %s, expected PART:NAME, a part being one of %s",
                     text_quote(cli->arena, text, strlen(text)), parts);
}

static enum status listed_sheet(struct cli *cli, const struct portrait *portrait,
                                struct sheet **sheet, struct error *err)
{
    static const struct sheet_column columns[] = {{"subject", NULL, CELL_TEXT}};
    struct access access;
    enum status status = cli_people_access(cli, &access, err);
    *sheet = sheet_new(cli->arena, columns, 1);
    for (size_t i = 0; i < portrait->n_listed && status == ST_OK; i++) {
        const char *subject;
        status = cli_subject(cli, &access, portrait->listed[i], &subject, err);
        sheet_row_add(*sheet)[0] = cell_text(subject);
    }
    return status;
}

/* ---- JSON ---- */

static json_t *real_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static void index_json(json_t *object, double index, double low, double high)
{
    json_object_set_new(object, "index", real_json(index));
    json_t *interval = json_array();
    json_array_append_new(interval, real_json(low));
    json_array_append_new(interval, real_json(high));
    json_object_set_new(object, "interval",
                        isfinite(low) && isfinite(high) ? interval : json_null());
    if (!isfinite(low) || !isfinite(high))
        json_decref(interval);
}

static json_t *row_json(enum portrait_part part, const struct portrait_row *row)
{
    json_t *object = json_object();
    if (strcmp(row->key, row->name) != 0 && part != PART_WEEKDAY && part != PART_DAYTIME)
        json_object_set_new(object, "code", json_string(row->key));
    json_object_set_new(
        object, "name",
        json_string(part == PART_WEEKDAY || part == PART_DAYTIME ? row->key : row->name));
    json_object_set_new(object, "n", row->hidden ? json_null() : json_integer(row->people[0]));
    json_object_set_new(object, "of", row->hidden ? json_null() : json_integer(row->of[0]));
    json_object_set_new(object, "mall_n", json_integer(row->people[1]));
    json_object_set_new(object, "mall_of", json_integer(row->of[1]));
    json_object_set_new(object, "share", real_json(row->share[0]));
    json_object_set_new(object, "mall_share", real_json(row->share[1]));
    index_json(object, row->index, row->low, row->high);
    if (isfinite(row->price))
        json_object_set_new(object, "price_index", json_real(row->price));
    if (part == PART_ZONE && !row->hidden) {
        json_object_set_new(object, "dwell_s", json_integer(row->money[0]));
        json_object_set_new(object, "mall_dwell_s", json_integer(row->money[1]));
    } else if (row->money[1] && !row->hidden) {
        json_object_set_new(object, "spent", json_real((double)row->money[0] / 100));
        json_object_set_new(object, "mall_spent", json_real((double)row->money[1] / 100));
    }
    json_object_set_new(object, "small", json_boolean(row->small));
    return object;
}

static json_t *pair_json(const int64_t values[2], double unit)
{
    json_t *object = json_object();
    for (int side = 0; side < 2; side++)
        json_object_set_new(object, side ? "mall" : "group",
                            unit == 1 ? json_integer(values[side])
                                      : json_real((double)values[side] / unit));
    return object;
}

static json_t *figure_json(enum portrait_figure_id id, const struct portrait_figure *f)
{
    double unit = portrait_figures[id].unit == PORTRAIT_MONEY ? 100 : 1;
    json_t *object = json_object();
    json_object_set_new(object, "group", f->known ? real_json(f->value[0] / unit) : json_null());
    json_object_set_new(object, "mall", real_json(f->value[1] / unit));
    json_object_set_new(object, "n", json_integer(f->n));
    index_json(object, f->known ? f->index : NAN, f->low, f->high);
    json_object_set_new(object, "small", json_boolean(f->small));
    return object;
}

static json_t *hours_json(const int64_t hours[7][24])
{
    json_t *days = json_array();
    for (int day = 0; day < 7; day++) {
        json_t *row = json_array();
        for (int hour = 0; hour < 24; hour++)
            json_array_append_new(row, json_integer(hours[day][hour]));
        json_array_append_new(days, row);
    }
    return days;
}

static void counted_json(json_t *document, const struct portrait *portrait)
{
    json_object_set_new(document, "members", pair_json(portrait->members, 1));
    json_object_set_new(document, "buyers", pair_json(portrait->buyers, 1));
    json_object_set_new(document, "seen", pair_json(portrait->seen, 1));
    json_object_set_new(document, "visits", pair_json(portrait->visits, 1));
    json_object_set_new(document, "sales", pair_json(portrait->sales, 100));
    json_object_set_new(document, "related_inside", json_integer(portrait->related_inside));
    json_object_set_new(document, "price_level_of",
                        json_string(portrait->price_of_lines ? "lines" : "receipts"));
}

static json_t *apart_json(const struct portrait *portrait)
{
    json_t *array = json_array();
    for (size_t i = 0; i < portrait->n_apart; i++) {
        json_t *row = row_json(portrait->apart[i].part, portrait->apart[i].row);
        json_object_set_new(row, "part", json_string(portrait_parts[portrait->apart[i].part].name));
        json_array_append_new(array, row);
    }
    return array;
}

static enum status print_json(struct cli *cli, const struct who *who,
                              const struct portrait *portrait, const struct sheet *listed,
                              size_t most, struct error *err)
{
    json_t *document = json_object(), *figures = json_object(), *parts = json_object();
    json_object_set_new(document, "of", json_string(who->title));
    json_object_set_new(document, "people",
                        portrait->withheld ? json_null() : json_integer(portrait->people));
    json_object_set_new(document, "withheld", json_boolean(portrait->withheld));
    if (!portrait->withheld) {
        counted_json(document, portrait);
        json_object_set_new(document, "sentence",
                            json_string(portrait_sentence(cli->arena, portrait, 6)));
        json_object_set_new(document, "apart", apart_json(portrait));
        for (int id = 0; id < FIGURE_COUNT; id++)
            json_object_set_new(figures, portrait_figures[id].name,
                                figure_json((enum portrait_figure_id)id, &portrait->figures[id]));
        for (int part = 0; part < PART_COUNT; part++) {
            const struct portrait_facet *facet = &portrait->facets[part];
            json_t *rows = json_array();
            for (size_t i = 0; i < facet->n && (i < most || !most); i++)
                json_array_append_new(rows, row_json((enum portrait_part)part, &facet->rows[i]));
            json_object_set_new(parts, portrait_parts[part].name, rows);
        }
        json_t *hours = json_object();
        json_object_set_new(hours, "group", hours_json(portrait->hours[0]));
        json_object_set_new(hours, "mall", hours_json(portrait->hours[1]));
        json_object_set_new(document, "hours", hours);
    }
    json_object_set_new(document, "figures", figures);
    json_object_set_new(document, "parts", parts);
    if (listed)
        json_object_set_new(document, "list", cli_sheet_json(cli, listed));
    return cli_print_json(cli, document, err);
}

/* ---- Rows ---- */

static struct cell share_cell(double value)
{
    return (struct cell){.known = isfinite(value), .real = isfinite(value) ? value : 0};
}

static struct sheet *rows_sheet(struct cli *cli, const struct portrait *portrait, size_t most)
{
    static const struct sheet_column columns[] = {
        {"part", NULL, CELL_TEXT},
        {"code", NULL, CELL_TEXT},
        {"name", NULL, CELL_TEXT},
        {"n", NULL, CELL_COUNT},
        {"of", NULL, CELL_COUNT},
        {"share", NULL, CELL_SHARE},
        {"mall_share", "mall", CELL_SHARE},
        {"index", NULL, CELL_REAL, 1},
        {"low", NULL, CELL_REAL, 1},
        {"high", NULL, CELL_REAL, 1},
        {"price_index", "price", CELL_REAL, 1},
    };
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    for (int part = 0; part < PART_COUNT; part++) {
        const struct portrait_facet *facet = &portrait->facets[part];
        for (size_t i = 0; i < facet->n && (i < most || !most); i++) {
            const struct portrait_row *row = &facet->rows[i];
            struct cell *cells = sheet_row_add(sheet);
            cells[0] = cell_text(portrait_parts[part].name);
            cells[1] = cell_text(row->key);
            cells[2] = cell_text(row->name);
            cells[5] = share_cell(row->share[0]);
            cells[6] = share_cell(row->share[1]);
            cells[7] = share_cell(row->index);
            cells[8] = share_cell(row->low);
            cells[9] = share_cell(row->high);
            cells[10] = share_cell(row->price);
            if (row->hidden)
                continue;
            cells[3] = cell_integer(row->people[0]);
            cells[4] = cell_integer(row->of[0]);
        }
    }
    return sheet;
}

static const char *figure_text(struct arena *arena, enum portrait_unit unit, double value)
{
    if (!isfinite(value))
        return "–";
    switch (unit) {
    case PORTRAIT_SHARE:
        return arena_printf(arena, "%.1f%%", 100 * value);
    case PORTRAIT_MONEY:
        return text_money(arena, (int64_t)llround(value));
    case PORTRAIT_DURATION:
        return text_duration(arena, (int64_t)llround(value));
    case PORTRAIT_REAL:
        break;
    }
    return arena_printf(arena, "%.2f", value);
}

static struct sheet *figures_sheet(struct cli *cli, const struct portrait *portrait)
{
    static const struct sheet_column columns[] = {
        {"figure", NULL, CELL_TEXT},   {"group", NULL, CELL_TEXT}, {"mall", NULL, CELL_TEXT},
        {"index", NULL, CELL_REAL, 1}, {"n", NULL, CELL_COUNT},
    };
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    for (int id = 0; id < FIGURE_COUNT; id++) {
        const struct portrait_figure *f = &portrait->figures[id];
        enum portrait_unit unit = portrait_figures[id].unit;
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(portrait_figures[id].title);
        cells[1] = cell_text(figure_text(cli->arena, unit, f->known ? f->value[0] : NAN));
        cells[2] = cell_text(figure_text(cli->arena, unit, f->value[1]));
        cells[3] = share_cell(f->known ? f->index : NAN);
        cells[4] = cell_integer(f->n);
    }
    return sheet;
}

static enum status print_tables(struct cli *cli, const struct who *who, const struct period *period,
                                const struct portrait *portrait, size_t most, struct error *err)
{
    if (portrait->withheld)
        return error_set(err, ST_DENIED,
                         "groups of fewer than %lld people are not broken down for analysts",
                         (long long)portrait->withheld_below);
    if (cli->csv)
        return cli_print_sheet(cli, "rows", rows_sheet(cli, portrait, most), err);
    cli_say(cli, "%s · %s %s · %s", who->title, text_count(cli->arena, portrait->people),
            portrait->people == 1 ? "person" : "people",
            period_title(cli->arena, &cli->mall->clock, period));
    const char *sentence = portrait_sentence(cli->arena, portrait, 6);
    if (*sentence)
        cli_say(cli, "%s", sentence);
    cli_say(cli, "%s", "");
    enum status status = cli_print_sheet(cli, "figures", figures_sheet(cli, portrait), err);
    cli_say(cli, "%s", "");
    return status == ST_OK ? cli_print_sheet(cli, "rows", rows_sheet(cli, portrait, most), err)
                           : status;
}

static enum status run(struct cli *cli, struct error *err)
{
    struct portrait portrait;
    struct reader *reader;
    struct access access;
    struct period period;
    struct who who = {0};
    struct sheet *listed = NULL;
    int64_t most = 0;
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = access_lookup(reader, cli->principal, &access, err);
    if (status == ST_OK)
        status = cli_integer(cli, "rows", 0, 1000000, 20, &most, err);
    if (status == ST_OK)
        status = cli_period(cli, &period, err);
    if (status == ST_OK)
        status = who_read(cli, &access, &period, &who, err);
    if (status != ST_OK)
        return status;
    struct portrait_query query = {
        .group = who.group, .from = period.from, .to = period.to, .one = who.one};
    status = list_option(cli, &query, err);
    if (status == ST_OK)
        status = portrait_run(reader, cli->arena, &access, &query, &portrait, err);
    if (status == ST_OK && cli_switch(cli, "value") && !portrait.withheld)
        status = portrait_expect(reader, cli->arena, &access, &query, portrait.figures, err);
    if (status == ST_OK && query.list_key)
        status = listed_sheet(cli, &portrait, &listed, err);
    if (status != ST_OK)
        return status;
    if (listed && !cli->json)
        return cli_print_sheet(cli, "list", listed, err);
    return cli->json ? print_json(cli, &who, &portrait, listed, (size_t)most, err)
                     : print_tables(cli, &who, &period, &portrait, (size_t)most, err);
}

const struct cli_command cli_portrait = {
    .name = "portrait",
    .arguments = "[MEMBER]",
    .summary = "a person or a group beside the mall's average",
    .help = "Who they are, what they buy, where and when they come, whom they know and what they "
            "answer to: each share in the group beside the share in the mall, with an index (100 "
            "is the average) and its 95 % interval. Without MEMBER, --segment, --label or --shop, "
            "of all "
            "members. What sets the group apart is said first. A share that rests on fewer than "
            "30 people is marked 'small'; groups of fewer than 10 are not broken down for "
            "analysts.",
    .options = options,
    .most_args = 1,
    .run = run,
    .rights = RIGHT_QUESTIONS,
};
