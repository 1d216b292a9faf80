/* A result's breakdown as a table: what is exported, printed and listed. */
#include "model/campaign/result_parts.h"

#include "model/base/intl.h"

#include <math.h>
#include <string.h>

enum {
    COLUMN_NAME,
    COLUMN_TREATED,
    COLUMN_RESPONDED,
    COLUMN_RATE,
    COLUMN_LOW,
    COLUMN_HIGH,
    COLUMN_SALES,
    COLUMN_HOLDOUT,
    COLUMN_HOLDOUT_RESPONDED,
    COLUMN_HOLDOUT_RATE,
    COLUMN_HOLDOUT_SALES,
    COLUMN_LIFT,
    COLUMN_LIFT_LOW,
    COLUMN_LIFT_HIGH,
    COLUMN_Z,
    COLUMN_P,
    COLUMN_BURNED,
    COLUMN_GIVEN,
    COLUMN_TOUCHED,
    COLUMN_LEVERAGE,
    COLUMN_LAST_TOUCH,
    COLUMNS
};

static const struct sheet_column columns[COLUMNS] = {
    [COLUMN_NAME] = {"name", N_("name"), CELL_TEXT},
    [COLUMN_TREATED] = {"treated", N_("treated"), CELL_COUNT},
    [COLUMN_RESPONDED] = {"responded", N_("responded"), CELL_COUNT},
    [COLUMN_RATE] = {"rate", N_("rate"), CELL_SHARE},
    [COLUMN_LOW] = {"rate_low", N_("at least"), CELL_SHARE},
    [COLUMN_HIGH] = {"rate_high", N_("at most"), CELL_SHARE},
    [COLUMN_SALES] = {"sales", N_("sales"), CELL_MONEY},
    [COLUMN_HOLDOUT] = {"holdout", N_("holdout"), CELL_COUNT},
    [COLUMN_HOLDOUT_RESPONDED] = {"holdout_responded", N_("of it responded"), CELL_COUNT},
    [COLUMN_HOLDOUT_RATE] = {"holdout_rate", N_("holdout rate"), CELL_SHARE},
    [COLUMN_HOLDOUT_SALES] = {"holdout_sales", N_("holdout sales"), CELL_MONEY},
    [COLUMN_LIFT] = {"lift", N_("lift"), CELL_SHARE},
    [COLUMN_LIFT_LOW] = {"lift_low", N_("lift at least"), CELL_SHARE},
    [COLUMN_LIFT_HIGH] = {"lift_high", N_("lift at most"), CELL_SHARE},
    [COLUMN_Z] = {"z", "z", CELL_REAL, 2},
    [COLUMN_P] = {"p", "p", CELL_REAL, 4},
    [COLUMN_BURNED] = {"points_burned", N_("points burned"), CELL_COUNT},
    [COLUMN_GIVEN] = {"value_given", N_("value given"), CELL_MONEY},
    [COLUMN_TOUCHED] = {"sales_touched", N_("sales touched"), CELL_MONEY},
    [COLUMN_LEVERAGE] = {"leverage", N_("leverage"), CELL_REAL, 2},
    [COLUMN_LAST_TOUCH] = {"last_touch_sales", N_("by last touch"), CELL_MONEY},
};

static struct cell real_cell(double value)
{
    return isfinite(value) ? cell_real(value) : (struct cell){0};
}

static struct cell kept(const struct access *access, int64_t n, bool hidden, struct cell cell)
{
    if (!hidden)
        return cell;
    return cell_hidden(access && small_group(access, n) ? access->least_people : 0);
}

static void arm_cells(const struct access *access, const struct result_group *g, int arm,
                      struct cell *cells)
{
    static const int at[RESULT_ARMS][4] = {
        {COLUMN_TREATED, COLUMN_RESPONDED, COLUMN_RATE, COLUMN_SALES},
        {COLUMN_HOLDOUT, COLUMN_HOLDOUT_RESPONDED, COLUMN_HOLDOUT_RATE, COLUMN_HOLDOUT_SALES}};
    const struct result_sums *s = &g->sums[arm];
    bool hidden = g->hidden[arm][1];
    cells[at[arm][0]] = kept(access, s->people, g->hidden[arm][0], cell_integer(s->people));
    cells[at[arm][1]] = kept(access, s->responded, hidden, cell_integer(s->responded));
    cells[at[arm][2]] =
        kept(access, s->responded, hidden, cell_share((double)s->responded, (double)s->people));
    cells[at[arm][3]] = kept(access, s->responded, hidden, cell_integer(s->sales));
}

static void compare_cells(const struct result_group *g, struct cell *cells)
{
    if (g->withheld)
        return;
    cells[COLUMN_LOW] = real_cell(g->rate[ARM_TREATED].low);
    cells[COLUMN_HIGH] = real_cell(g->rate[ARM_TREATED].high);
    cells[COLUMN_LIFT] = real_cell(g->lift.lift);
    cells[COLUMN_LIFT_LOW] = real_cell(g->lift.newcombe.low);
    cells[COLUMN_LIFT_HIGH] = real_cell(g->lift.newcombe.high);
    cells[COLUMN_Z] = real_cell(g->lift.z);
    cells[COLUMN_P] = real_cell(g->lift.p);
    if (g->burned >= 0)
        cells[COLUMN_BURNED] = cell_integer(g->burned);
    if (g->given >= 0)
        cells[COLUMN_GIVEN] = cell_integer(g->given);
    if (g->given >= 0)
        cells[COLUMN_TOUCHED] = cell_integer(g->touched);
    if (g->given > 0)
        cells[COLUMN_LEVERAGE] = real_cell((double)g->touched / (double)g->given);
    if (g->last_sales >= 0)
        cells[COLUMN_LAST_TOUCH] = cell_integer(g->last_sales);
}

struct sheet *result_groups_sheet(struct arena *arena, const struct access *access,
                                  enum result_by by, const struct result_group *groups, size_t n)
{
    struct sheet_column *mine = arena_array(arena, struct sheet_column, COLUMNS);
    memcpy(mine, columns, sizeof columns);
    if (by != RESULT_BY_NONE)
        mine[COLUMN_NAME].title = result_bys[by].title;
    struct sheet *sheet = sheet_new(arena, mine, COLUMNS);
    for (size_t i = 0; i < n; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[COLUMN_NAME] = cell_text(groups[i].name);
        arm_cells(access, &groups[i], ARM_TREATED, cells);
        arm_cells(access, &groups[i], ARM_HOLDOUT, cells);
        compare_cells(&groups[i], cells);
    }
    return sheet;
}

struct sheet *result_sheet(struct arena *arena, const struct access *access,
                           const struct campaign_result *result)
{
    struct sheet *sheet =
        result_groups_sheet(arena, access, result->by, result->groups, result->n_groups);
    sheet->total = (int64_t)(result->n_groups + result->n_left_out);
    sheet->truncated = result->n_left_out > 0;
    return sheet;
}

/* Whether a column says something in some row: a figure that is not 0 everywhere. */
static bool column_tells(const struct sheet *sheet, size_t column)
{
    for (size_t r = 0; r < sheet->n_rows; r++) {
        const struct cell *cell = &sheet_row(sheet, r)[column];
        enum cell_type type = sheet->columns[column].type;
        bool real = type == CELL_REAL || type == CELL_SHARE || type == CELL_TEXT;
        if (cell->hidden || (cell->known && (real || cell->integer)))
            return true;
    }
    return false;
}

struct sheet *result_sheet_slim(struct arena *arena, const struct sheet *sheet)
{
    enum { ALWAYS = 3 }; /* the first columns say what it is about */
    struct sheet_column *kept_columns = arena_array(arena, struct sheet_column, sheet->n_columns);
    size_t *from = arena_array(arena, size_t, sheet->n_columns), n = 0;
    for (size_t c = 0; c < sheet->n_columns; c++)
        if (c < ALWAYS || column_tells(sheet, c)) {
            kept_columns[n] = sheet->columns[c];
            from[n++] = c;
        }
    struct sheet *slim = sheet_new(arena, kept_columns, n);
    for (size_t r = 0; r < sheet->n_rows; r++) {
        struct cell *cells = sheet_row_add(slim);
        for (size_t c = 0; c < n; c++)
            cells[c] = sheet_row(sheet, r)[from[c]];
    }
    slim->total = sheet->total;
    slim->truncated = sheet->truncated;
    return slim;
}

/* ---- All campaigns ---- */

static const struct sheet_column all_columns[] = {
    {"id", N_("campaign"), CELL_TEXT},
    {"kind", N_("kind"), CELL_TEXT},
    {"claim", N_("claim"), CELL_TEXT},
    {"treated", N_("treated"), CELL_COUNT},
    {"responded", N_("responded"), CELL_COUNT},
    {"rate", N_("rate"), CELL_SHARE},
    {"rate_low", N_("at least"), CELL_SHARE},
    {"rate_high", N_("at most"), CELL_SHARE},
    {"sales", N_("sales"), CELL_MONEY},
    {"holdout", N_("holdout"), CELL_COUNT},
    {"lift", N_("lift"), CELL_SHARE},
    {"p", "p", CELL_REAL, 4},
    {"points_burned", N_("points burned"), CELL_COUNT},
    {"value_given", N_("value given"), CELL_MONEY},
    {"sales_touched", N_("sales touched"), CELL_MONEY},
    {"leverage", N_("leverage"), CELL_REAL, 2},
};

static void result_row(struct sheet *sheet, const struct access *access,
                       const struct campaign_result *r)
{
    const struct result_sums *t = &r->sums[ARM_TREATED];
    const bool *hidden = r->hidden[ARM_TREATED];
    struct interval rate = stat_wilson((double)t->responded, (double)t->people, STAT_Z95);
    struct cell *cells = sheet_row_add(sheet);
    cells[0] = cell_text(r->campaign->code);
    cells[1] = cell_text(campaign_kinds[r->campaign->kind].name);
    cells[2] = cell_text(r->measured ? "measured" : "influenced");
    cells[3] = small_group_cell(access, t->people, hidden[0], cell_integer(t->people));
    cells[4] = small_group_cell(access, t->responded, hidden[1], cell_integer(t->responded));
    cells[8] = small_group_cell(access, t->responded, hidden[1], cell_integer(t->sales));
    if (!hidden[0] && !hidden[1] && t->people) {
        cells[5] = cell_share((double)t->responded, (double)t->people);
        cells[6] = cell_real(rate.low);
        cells[7] = cell_real(rate.high);
    }
    cells[9] = small_group_cell(access, r->sums[ARM_HOLDOUT].people, r->hidden[ARM_HOLDOUT][0],
                                cell_integer(r->sums[ARM_HOLDOUT].people));
    if (isfinite(r->lift.z) && !r->withheld) {
        cells[10] = cell_real(r->lift.lift);
        cells[11] = cell_real(r->lift.p);
    }
    cells[12] = cell_integer(r->points_burned);
    cells[13] = cell_integer(r->value_given);
    cells[14] = cell_integer(r->sales_touched);
    if (isfinite(r->leverage))
        cells[15] = cell_real(r->leverage);
}

struct sheet *results_sheet(struct arena *arena, const struct access *access,
                            const struct result_totals *totals)
{
    struct sheet *sheet = sheet_new(arena, all_columns, sizeof all_columns / sizeof *all_columns);
    for (size_t i = 0; i < totals->n; i++)
        result_row(sheet, access, &totals->results[i]);
    return sheet;
}
