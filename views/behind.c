/* What is behind a figure: visits, receipts and other events, shops, groups, random addresses.
 * People are shown by the members screen. Its argument is that of figure_behind. */
#include "model/event/event.h"
#include "model/loop/visits.h"
#include "model/store/column.h"
#include "views/figures.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <inttypes.h>

struct behind_question {
    struct drill_query query;
    struct access access;
};

struct behind_answer {
    struct sheet_answer rows; /* first */
    struct drill drill;
};

/* Name and card of a person, masked; both NULL for nobody. */
static enum status person_cells(struct reader *reader, struct arena *arena,
                                const struct access *access, uint32_t person, struct cell cells[2],
                                const char **card, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = ST_OK;
    *card = NULL;
    if (!person)
        return ST_OK;
    status = reader_prepare(reader, "select name, card from member where person = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    status = reader_step(reader, stmt, &row, err);
    *card = arena_printf(arena, "#%" PRIu32, person);
    if (status != ST_OK || !row) {
        cells[0] = cell_text(_("visitor"));
        cells[1] = cell_text(*card);
        return status;
    }
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    const char *text = (const char *)sqlite3_column_text(stmt, 1);
    cells[0] = cell_text(
        access_text(access, arena, PERSONAL_NAME, person, arena_strdup(arena, name ? name : "")));
    cells[1] = cell_text(
        access_text(access, arena, PERSONAL_CARD, person, arena_strdup(arena, text ? text : "")));
    return ST_OK;
}

static const char *dict_text(struct reader *reader, struct arena *arena, enum dict dict,
                             uint32_t id)
{
    return id ? arena_strdup(arena, dict_name(reader, dict, id)) : NULL;
}

/* A shop's name, or its code where it has none. */
static enum status shop_name(struct reader *reader, struct arena *arena, uint32_t tenant,
                             struct cell *cell, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    if (!tenant)
        return ST_OK;
    enum status status = reader_prepare(
        reader, "select coalesce(nullif(name, ''), code) from tenant where id = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, tenant);
    status = reader_step(reader, stmt, &row, err);
    if (status == ST_OK && row)
        *cell = cell_text(arena_strdup(arena, column_text(stmt, 0)));
    return status;
}

static const struct sheet_column visit_columns[] = {
    {"time", N_("start"), CELL_TIME},      {"name", N_("name"), CELL_TEXT},
    {"card", N_("card"), CELL_TEXT},       {"zone", N_("zone"), CELL_TEXT},
    {"dwell", N_("dwell"), CELL_DURATION},
};

static const struct sheet_column event_columns[] = {
    {"time", N_("time"), CELL_TIME},       {"kind", N_("kind"), CELL_TEXT},
    {"name", N_("name"), CELL_TEXT},       {"card", N_("card"), CELL_TEXT},
    {"shop", N_("shop"), CELL_TEXT},       {"zone", N_("zone"), CELL_TEXT},
    {"channel", N_("channel"), CELL_TEXT}, {"amount", N_("amount"), CELL_MONEY},
    {"points", N_("points"), CELL_COUNT},
};

static enum status visit_row(struct reader *reader, struct arena *arena,
                             const struct access *access, const struct drill_row *row,
                             struct cell *cells, const char **open, struct error *err)
{
    cells[0] = cell_integer(row->time);
    cells[3] = cell_text(dict_text(reader, arena, DICT_ZONE, row->zone));
    cells[4] = cell_integer(row->amount);
    return person_cells(reader, arena, access, row->person, cells + 1, open, err);
}

static enum status event_row(struct reader *reader, struct arena *arena,
                             const struct access *access, const struct drill_row *row,
                             struct cell *cells, const char **open, struct error *err)
{
    cells[0] = cell_integer(row->time);
    cells[1] = cell_text(text_translated(dict_text(reader, arena, DICT_KIND, row->kind)));
    if (shop_name(reader, arena, row->tenant, &cells[4], err) != ST_OK)
        return err ? err->status : ST_REFUSED;
    cells[5] = cell_text(dict_text(reader, arena, DICT_ZONE, row->zone));
    cells[6] = cell_text(dict_text(reader, arena, DICT_CHANNEL, row->channel));
    if (kind_unit(row->kind) == UNIT_MONEY)
        cells[7] = cell_integer(row->amount);
    if (kind_unit(row->kind) == UNIT_POINTS)
        cells[8] = cell_integer(row->amount);
    return person_cells(reader, arena, access, row->person, cells + 2, open, err);
}

static enum status rows_sheet(struct reader *reader, struct arena *arena,
                              const struct access *access, struct behind_answer *answer,
                              struct error *err)
{
    const struct drill *drill = &answer->drill;
    bool visits = drill->behind == BEHIND_VISITS;
    answer->rows.sheet =
        visits ? sheet_new(arena, visit_columns, sizeof visit_columns / sizeof *visit_columns)
               : sheet_new(arena, event_columns, sizeof event_columns / sizeof *event_columns);
    answer->rows.screen = "member";
    for (size_t i = 0; i < drill->n_rows; i++) {
        if (i % 256 == 0 && reader_cancelled(reader))
            return error_set(err, ST_CANCELLED, "the question was cancelled");
        struct cell *cells = sheet_row_add(answer->rows.sheet);
        enum status status = (visits ? visit_row : event_row)(
            reader, arena, access, &drill->rows[i], cells, &answer->rows.open[i], err);
        if (status != ST_OK)
            return status;
    }
    return ST_OK;
}

static const struct sheet_column shop_list_columns[] = {
    {"shop", N_("code"), CELL_TEXT},
    {"name", N_("shop"), CELL_TEXT},
    {"category", N_("category"), CELL_TEXT},
    {"floor", N_("floor"), CELL_TEXT},
};
static const struct sheet_column group_columns[] = {
    {"group", N_("code"), CELL_TEXT},
    {"name", N_("group"), CELL_TEXT},
    {"topic", N_("topic"), CELL_TEXT},
    {"members", N_("members"), CELL_COUNT},
};

/* Shops and groups: a row an id, read from their table. */
static enum status ids_sheet(struct reader *reader, struct arena *arena,
                             struct behind_answer *answer, struct error *err)
{
    bool shops = answer->drill.behind == BEHIND_SHOPS;
    const char *sql =
        shops ? "select code, name, category, floor from tenant where id = ?1"
              : "select code, name, topic, (select count(*) from crowd_member where crowd = id)"
                " from crowd where id = ?1";
    answer->rows.sheet = sheet_new(arena, shops ? shop_list_columns : group_columns, 4);
    answer->rows.screen = shops ? "shop" : "members";
    for (int64_t i = 0; i < answer->drill.count; i++) {
        sqlite3_stmt *stmt;
        bool row = false;
        enum status status = reader_prepare(reader, sql, &stmt, err);
        if (status != ST_OK)
            return status;
        sqlite3_bind_int64(stmt, 1, answer->drill.ids[i]);
        status = reader_step(reader, stmt, &row, err);
        if (status != ST_OK)
            return status;
        struct cell *cells = sheet_row_add(answer->rows.sheet);
        for (int k = 0; row && k < 3; k++)
            cells[k] = cell_text(arena_strdup(arena, column_text(stmt, k)));
        if (row && shops)
            cells[3] = cell_text(arena_strdup(arena, column_text(stmt, 3)));
        else if (row)
            cells[3] = cell_integer(sqlite3_column_int64(stmt, 3));
        answer->rows.open[i] =
            shops ? cells[0].text
                  : figure_behind(arena, METRIC_GROUP_MEMBERS, DIM_GROUP, answer->drill.ids[i]);
    }
    return ST_OK;
}

static const struct sheet_column address_columns[] = {{"address", N_("address"), CELL_TEXT}};
static const struct sheet_column device_columns[] = {{"name", N_("name"), CELL_TEXT},
                                                     {"card", N_("card"), CELL_TEXT},
                                                     {"address", N_("address"), CELL_TEXT}};

enum { DEVICES_OF_PEOPLE = 100000 }; /* rows; the line below tells how many there are */

static size_t people_shown(const struct drill *drill)
{
    return drill->behind != BEHIND_DEVICES    ? 0
           : drill->n_ids < DEVICES_OF_PEOPLE ? drill->n_ids
                                              : DEVICES_OF_PEOPLE;
}

/* Random addresses; of devices, behind the people. */
static enum status addresses_sheet(struct reader *reader, struct arena *arena,
                                   const struct access *access, struct behind_answer *answer,
                                   struct error *err)
{
    const struct drill *drill = &answer->drill;
    bool devices = drill->behind == BEHIND_DEVICES;
    size_t people = people_shown(drill);
    answer->rows.sheet =
        devices ? sheet_new(arena, device_columns, 3) : sheet_new(arena, address_columns, 1);
    answer->rows.screen = devices ? "member" : NULL;
    for (size_t i = 0; i < people; i++) {
        if (i % 256 == 0 && reader_cancelled(reader))
            return error_set(err, ST_CANCELLED, "the question was cancelled");
        enum status status =
            person_cells(reader, arena, access, drill->ids[i], sheet_row_add(answer->rows.sheet),
                         &answer->rows.open[i], err);
        if (status != ST_OK)
            return status;
    }
    for (size_t i = 0; i < drill->n_addresses; i++)
        sheet_row_add(answer->rows.sheet)[devices ? 2 : 0] =
            cell_text(arena_printf(arena, "%016" PRIx64, drill->addresses[i]));
    return ST_OK;
}

/* At least as many as the sheet will have. */
static size_t rows_most(const struct drill *drill)
{
    return 1 + drill->n_rows + drill->n_ids + drill->n_addresses;
}

static void *behind_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    const struct behind_question *question = parameters;
    struct behind_answer *answer = arena_new_of(arena, struct behind_answer);
    struct drill *drill = &answer->drill;
    if (drill_run(reader, arena, &question->query, drill, err) != ST_OK)
        return NULL;
    if (question->query.dim != DIM_NONE && drill->behind != BEHIND_SHOPS &&
        drill->behind != BEHIND_ADDRESSES && drill->behind != BEHIND_GROUPS &&
        small_group_check(&question->access, drill->count, err) != ST_OK)
        return NULL;
    answer->rows.title = drill_title(reader, arena, &question->query);
    answer->rows.open = arena_array(arena, const char *, rows_most(drill));
    enum status status = ST_OK;
    if (drill->behind == BEHIND_SHOPS || drill->behind == BEHIND_GROUPS)
        status = ids_sheet(reader, arena, answer, err);
    else if (drill->behind == BEHIND_ADDRESSES || drill->behind == BEHIND_DEVICES)
        status = addresses_sheet(reader, arena, &question->access, answer, err);
    else
        status = rows_sheet(reader, arena, &question->access, answer, err);
    answer->rows.metric = (int)question->query.metric;
    answer->rows.total = drill->count;
    return status == ST_OK ? answer : NULL;
}

static void behind_refresh(struct view *view)
{
    struct behind_question question = {.access = view->console->access};
    question.query.period = view->console->period;
    if (figure_behind_parse(view->argument, &question.query.metric, &question.query.dim,
                            &question.query.key))
        view_ask(view, 0, _("what is behind"), behind_ask, &question, sizeof question);
    else
        console_complain(view->console, _("'%s' names no figure"), view->argument);
}

static void behind_open(struct view *view)
{
    sheet_view_open(view, "behind", _("rows"));
}

const struct view_ops view_behind = {
    .name = "behind",
    .title = N_("Behind"),
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct sheet_state),
    .open = behind_open,
    .close = sheet_view_close,
    .refresh = behind_refresh,
    .draw = sheet_view_draw,
    .action = sheet_view_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
};
