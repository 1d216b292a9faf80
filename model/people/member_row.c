#include "model/people/member_row.h"
#include "model/base/intl.h"

#include "model/event/event.h"

#include <string.h>

const struct sheet_column member_columns[MEMBER_COLUMN_COUNT] = {
    [MEMBER_CARD] = {"card", N_("card"), CELL_TEXT},
    [MEMBER_NAME] = {"name", N_("name"), CELL_TEXT},
    [MEMBER_PHONE] = {"phone", N_("phone"), CELL_TEXT},
    [MEMBER_TIER] = {"tier", N_("tier"), CELL_TEXT},
    [MEMBER_GENDER] = {"gender", N_("gender"), CELL_TEXT},
    [MEMBER_AGE] = {"age", N_("age"), CELL_COUNT},
    [MEMBER_JOINED] = {"joined", N_("joined"), CELL_TIME},
    [MEMBER_CHANNEL] = {"channel", N_("channel"), CELL_TEXT},
    [MEMBER_LAST_VISIT] = {"last_visit", N_("last visit"), CELL_TIME},
    [MEMBER_VISITS] = {"visits", N_("visits"), CELL_COUNT},
    [MEMBER_SPENT] = {"spent", N_("spent"), CELL_MONEY},
    [MEMBER_PURCHASES] = {"purchases", N_("purchases"), CELL_COUNT},
    [MEMBER_PURCHASE_DAYS] = {"purchase_days", N_("purchase days"), CELL_COUNT},
    [MEMBER_LAST_PURCHASE] = {"last_purchase", N_("last purchase"), CELL_DAY},
    [MEMBER_POINTS] = {"points", N_("points"), CELL_COUNT},
    [MEMBER_CONSENT] = {"consent", N_("consent"), CELL_TEXT},
};

static const char *text_at(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    return text ? text : "";
}

void member_row_take(sqlite3_stmt *stmt, struct member_row *row)
{
    *row = (struct member_row){
        .person = (uint32_t)sqlite3_column_int64(stmt, 0),
        .member = true,
        .card = text_at(stmt, 1),
        .name = text_at(stmt, 2),
        .phone = text_at(stmt, 3),
        .tier = text_at(stmt, 4),
        .gender = text_at(stmt, 5),
        .birth =
            sqlite3_column_type(stmt, 6) == SQLITE_NULL ? INT64_MIN : sqlite3_column_int64(stmt, 6),
        .joined = sqlite3_column_int64(stmt, 7),
        .channel = (uint32_t)sqlite3_column_int64(stmt, 8),
        .sms = sqlite3_column_int(stmt, 9) != 0,
        .app = sqlite3_column_int(stmt, 10) != 0,
        .wifi = sqlite3_column_int(stmt, 11) != 0,
        .version = sqlite3_column_int64(stmt, 12),
    };
}

static enum status visitor_read(struct reader *reader, uint32_t person, struct arena *arena,
                                struct member_row *row, bool *there, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = reader_prepare(reader,
                                        "select value from identity where person = ?1"
                                        " order by kind <> 'card', kind, value limit 1",
                                        &stmt, err);
    if (status)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    status = reader_step(reader, stmt, there, err);
    if (!status && *there)
        *row = (struct member_row){.person = person,
                                   .card = arena_strdup(arena, text_at(stmt, 0)),
                                   .name = "",
                                   .phone = "",
                                   .tier = "",
                                   .gender = "",
                                   .birth = INT64_MIN};
    sqlite3_reset(stmt);
    return status;
}

enum status member_row_read(struct reader *reader, uint32_t person, struct arena *arena,
                            struct member_row *row, bool *there, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = reader_prepare(
        reader, "select " MEMBER_ROW_COLUMNS " from member where person = ?1", &stmt, err);
    if (status)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    status = reader_step(reader, stmt, there, err);
    if (!status && *there) {
        member_row_take(stmt, row);
        row->card = arena_strdup(arena, row->card);
        row->name = arena_strdup(arena, row->name);
        row->phone = arena_strdup(arena, row->phone);
        row->tier = arena_strdup(arena, row->tier);
        row->gender = arena_strdup(arena, row->gender);
    }
    sqlite3_reset(stmt);
    if (status || *there)
        return status;
    return visitor_read(reader, person, arena, row, there, err);
}

int age_at(int64_t birth, int32_t day)
{
    int by, bm, bd, y, m, d;
    if (birth == INT64_MIN || birth > day || birth < (int64_t)day - 140 * 366)
        return -1;
    date_civil((int32_t)birth, &by, &bm, &bd);
    date_civil(day, &y, &m, &d);
    return y - by - (m < bm || (m == bm && d < bd));
}

static const char *known(const char *text)
{
    return text && *text ? text : NULL;
}

void member_row_cells(struct reader *reader, const struct access *access, struct arena *arena,
                      const struct member_row *row, int32_t today, struct cell *cells)
{
    static const char *const consents[] = {"",     "sms",      "app",      "sms app",
                                           "wifi", "sms wifi", "app wifi", "sms app wifi"};
    uint32_t person = row->person;
    cells[MEMBER_CARD] =
        cell_text(known(access_text(access, arena, PERSONAL_CARD, person, row->card)));
    cells[MEMBER_NAME] =
        cell_text(known(access_text(access, arena, PERSONAL_NAME, person, row->name)));
    cells[MEMBER_PHONE] =
        cell_text(known(access_text(access, arena, PERSONAL_PHONE, person, row->phone)));
    if (!row->member)
        return;
    int age = age_at(row->birth, today);
    cells[MEMBER_TIER] = cell_text(*row->tier ? arena_strdup(arena, row->tier) : NULL);
    cells[MEMBER_GENDER] = cell_text(*row->gender ? arena_strdup(arena, row->gender) : NULL);
    if (age >= 0)
        cells[MEMBER_AGE] = cell_integer(age);
    if (row->joined)
        cells[MEMBER_JOINED] = cell_integer(row->joined);
    if (row->channel)
        cells[MEMBER_CHANNEL] =
            cell_text(arena_strdup(arena, dict_name(reader, DICT_CHANNEL, row->channel)));
    cells[MEMBER_CONSENT] = cell_text(known(consents[row->sms | row->app << 1 | row->wifi << 2]));
}

void member_figure_cells(const struct member_figures *figures, struct cell *cells)
{
    if (figures->last_visit)
        cells[MEMBER_LAST_VISIT] = cell_integer(figures->last_visit);
    cells[MEMBER_VISITS] = cell_integer(figures->visits);
    cells[MEMBER_SPENT] = cell_integer(figures->spent);
    cells[MEMBER_PURCHASES] = cell_integer(figures->purchases);
    cells[MEMBER_PURCHASE_DAYS] = cell_integer(figures->purchase_days);
    if (figures->last_purchase != INT32_MIN)
        cells[MEMBER_LAST_PURCHASE] = cell_integer(figures->last_purchase);
    cells[MEMBER_POINTS] = cell_integer(figures->points);
}

enum status present_day(struct reader *reader, int32_t *day, struct error *err)
{
    int64_t as_of, present;
    enum status status = reader_present(reader, &as_of, &present, err);
    if (!status)
        *day = clock_day(&reader_mall(reader)->clock, present);
    return status;
}

enum status member_count(struct reader *reader, int64_t *count, struct error *err)
{
    return reader_integer(reader, "select count(*) from member", 0, count, err);
}
