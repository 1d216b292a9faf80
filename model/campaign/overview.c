#include "model/campaign/overview.h"

#include "model/base/intl.h"
#include "model/base/vec.h"
#include "model/campaign/plan.h"
#include "model/campaign/schedule.h"
#include "model/store/column.h"

#include <string.h>

#define BIT(state) (1u << STATE_##state)

/* ---- Rows ---- */

static enum status sums_read(struct reader *reader, struct campaign_row *row, struct error *err)
{
    sqlite3_stmt *stmt;
    bool more;
    enum status status = reader_prepare(
        reader, "select name, value from campaign_sum where campaign = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, row->campaign->id);
    while ((status = reader_step(reader, stmt, &more, err)) == ST_OK && more)
        for (int i = 0; i < CAMPAIGN_SUMS; i++)
            if (strcmp(campaign_sum_names[i], column_text(stmt, 0)) == 0)
                row->sums[i] = sqlite3_column_int64(stmt, 1);
    sqlite3_reset(stmt);
    return status;
}

static enum status people_count(struct reader *reader, const struct access *access,
                                struct campaign_row *row, struct error *err)
{
    enum campaign_state state = row->campaign->state;
    struct arena *arena = arena_new();
    struct campaign_plan plan;
    struct error why = {0};
    enum status status = ST_OK;
    bool over = state == STATE_NONE || state >= STATE_ENDED;
    row->audience = row->holdout = row->reach = -1;
    if (!over || row->campaign->edition) {
        status = campaign_plan_make(reader, arena, access, row->campaign, &plan, &why);
        if (status == ST_OK) {
            row->audience = plan.audience;
            row->holdout = plan.holdout;
            row->reach = over ? -1 : (int64_t)plan.treated - plan.unreachable;
        }
    }
    arena_free(arena);
    /* What cannot be read, or asked by this role, is not known; the others are. */
    if (status == ST_USAGE || status == ST_DENIED)
        status = ST_OK;
    if (status != ST_OK)
        error_set(err, status, "%s", error_text(&why));
    error_clear(&why);
    return status;
}

enum status campaign_rows(struct reader *reader, struct arena *arena, const struct access *access,
                          unsigned states, const struct campaign_row **rows, size_t *n,
                          struct error *err)
{
    const struct campaign *list;
    *n = 0;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = campaign_list(reader, arena, states, &list, n, err);
    struct campaign_row *all = arena_array(arena, struct campaign_row, *n + 1);
    for (size_t i = 0; i < *n && status == ST_OK; i++) {
        all[i].campaign = &list[i];
        status = sums_read(reader, &all[i], err);
        if (status == ST_OK)
            status = people_count(reader, access, &all[i], err);
        reader_progress(reader, (int64_t)i, (int64_t)*n);
    }
    reader_end(reader);
    *rows = all;
    return status;
}

enum status campaign_counts(struct reader *reader, int64_t counts[CAMPAIGN_STATES],
                            struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    memset(counts, 0, CAMPAIGN_STATES * sizeof *counts);
    enum status status =
        reader_prepare(reader, "select state, count(*) from campaign group by state", &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        counts[campaign_state_find(column_text(stmt, 0))] += sqlite3_column_int64(stmt, 1);
    return status;
}

struct sheet *campaign_rows_sheet(struct arena *arena, const struct campaign_row *rows, size_t n)
{
    static const struct sheet_column columns[] = {
        {"id", N_("campaign"), CELL_TEXT},        {"name", N_("name"), CELL_TEXT},
        {"kind", N_("kind"), CELL_TEXT},          {"state", N_("state"), CELL_TEXT},
        {"from", N_("first day"), CELL_DAY},      {"to", N_("last day"), CELL_DAY},
        {"audience", N_("audience"), CELL_COUNT}, {"holdout", N_("held out"), CELL_COUNT},
        {"reach", N_("reach"), CELL_COUNT},       {"budget", N_("budget"), CELL_MONEY},
        {"given", N_("given"), CELL_MONEY},       {"sent", N_("sent"), CELL_COUNT},
        {"issued", N_("issued"), CELL_COUNT},     {"redeemed", N_("redeemed"), CELL_COUNT},
    };
    struct sheet *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        const struct campaign *c = rows[i].campaign;
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(c->code);
        cells[1] = cell_text(c->name);
        cells[2] = cell_text(campaign_kinds[c->kind].name);
        cells[3] = cell_text(campaign_state_names[c->state]);
        if (c->schedule.from != INT32_MIN)
            cells[4] = cell_integer(c->schedule.from);
        if (c->schedule.to != INT32_MAX)
            cells[5] = cell_integer(c->schedule.to);
        const int64_t people[] = {rows[i].audience, rows[i].holdout, rows[i].reach};
        for (int k = 0; k < 3; k++)
            if (people[k] >= 0)
                cells[6 + k] = cell_integer(people[k]);
        if (c->limits.budget)
            cells[9] = cell_integer(c->limits.budget);
        cells[10] = cell_integer(rows[i].sums[SUM_GIVEN]);
        cells[11] = cell_integer(rows[i].sums[SUM_SENT]);
        cells[12] = cell_integer(rows[i].sums[SUM_ISSUED]);
        cells[13] = cell_integer(rows[i].sums[SUM_REDEEMED]);
    }
    sheet->total = (int64_t)n;
    return sheet;
}

/* ---- By day ---- */

enum status campaign_days(struct reader *reader, struct arena *arena, int32_t from, int32_t to,
                          const struct campaign_day **days, size_t *n, struct error *err)
{
    VEC(struct campaign_day) found = {0};
    const struct campaign *list;
    size_t n_list;
    enum status status =
        campaign_list(reader, arena, ~(BIT(NONE) | BIT(CANCELLED)), &list, &n_list, err);
    for (int64_t day = from; day <= to && status == ST_OK && day - from <= SCHEDULE_LONGEST; day++)
        for (size_t i = 0; i < n_list; i++)
            if (schedule_has_day(&list[i], (int32_t)day) &&
                (list[i].schedule.from != INT32_MIN || list[i].schedule.to != INT32_MAX))
                vec_push(&found, (struct campaign_day){(int32_t)day, &list[i]});
    *days = vec_copy(arena, &found);
    *n = found.n;
    vec_free(&found);
    return status;
}
