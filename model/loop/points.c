#include "model/loop/points.h"

#include "model/loop/survey.h"
#include "model/store/setting.h"

enum { WINDOW_MONTHS = 24, LEAST_MONTHS = 12, LEAST_FATES = 100 };

int64_t points_month_balance(const struct points_month *month)
{
    return month->earned - month->burned - month->expired - month->reversed + month->adjusted;
}

static void cell_add(struct points_month *month, const struct rollup_cell *cell)
{
    switch (cell->kind) {
    case KIND_POINTS_EARN:
        month->earned += cell->amount;
        break;
    case KIND_POINTS_BURN:
        month->burned += cell->amount;
        month->fates += cell->count;
        break;
    case KIND_POINTS_EXPIRE:
        month->expired += cell->amount;
        month->fates += cell->count;
        break;
    case KIND_POINTS_ADJUST:
        month->adjusted += cell->amount;
        break;
    case KIND_POINTS_REVERSE:
        month->reversed += cell->amount;
        break;
    default:
        break;
    }
}

static void month_sum(struct points_month *into, const struct points_month *month)
{
    into->earned += month->earned;
    into->burned += month->burned;
    into->expired += month->expired;
    into->reversed += month->reversed;
    into->adjusted += month->adjusted;
    into->fates += month->fates;
}

static void breakage_find(struct points_history *history, int32_t present)
{
    struct points_month known = {0};
    int32_t from = present - WINDOW_MONTHS;
    bool old = history->n_months && present - history->months[0].month > LEAST_MONTHS;
    for (size_t i = 0; i < history->n_months; i++)
        if (history->months[i].month >= from && history->months[i].month < present)
            month_sum(&known, &history->months[i]);
    history->known_burned = known.burned;
    history->known_expired = known.expired;
    if (!old || known.fates < LEAST_FATES || known.burned < 0 || known.expired < 0 ||
        known.burned + known.expired == 0)
        return;
    history->breakage = (double)known.expired / (double)(known.burned + known.expired);
    history->source = BREAKAGE_HISTORY;
}

static enum status settings_read(struct reader *reader, struct points_history *history,
                                 struct error *err)
{
    int64_t breakage = -1;
    enum status status = setting_integer(reader, "points_per_yuan", &history->per_yuan, err);
    if (status == ST_OK)
        status = setting_integer(reader, "points_breakage", &breakage, err);
    if (breakage >= 0) {
        history->breakage = (double)breakage / 10000;
        history->source = BREAKAGE_SETTING;
    }
    return status;
}

/* The cells are by day, so the months come in order; those between without entries are there. */
static void months_make(struct points_history *history, struct arena *arena,
                        const struct rollup_cell *cells, size_t n)
{
    if (!n)
        return;
    int32_t first = month_of_day(cells[0].day), last = month_of_day(cells[n - 1].day);
    size_t n_months = (size_t)(last - first + 1);
    struct points_month *months = arena_array(arena, struct points_month, n_months);
    for (size_t i = 0; i < n_months; i++)
        months[i].month = first + (int32_t)i;
    for (size_t i = 0; i < n; i++)
        cell_add(&months[month_of_day(cells[i].day) - first], &cells[i]);
    for (size_t i = 0; i < n_months; i++)
        month_sum(&history->all, &months[i]);
    history->months = months;
    history->n_months = n_months;
}

enum status points_history_read(struct reader *reader, struct arena *arena,
                                struct points_history *history, struct error *err)
{
    const struct rollup_cell *cells;
    int64_t as_of, present;
    size_t n;
    *history = (struct points_history){.per_yuan = 100};
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = rollup_kinds(reader, arena, points_kinds, POINTS_KINDS, &cells, &n, err);
    if (status == ST_OK)
        status = reader_present(reader, &as_of, &present, err);
    if (status == ST_OK) {
        months_make(history, arena, cells, n);
        breakage_find(history, month_of_day(clock_day(&reader_mall(reader)->clock, present)));
        status = settings_read(reader, history, err);
    }
    reader_end(reader);
    return status;
}

int64_t points_liability(const struct points_history *history, int64_t points)
{
    double value = (double)points * (1 - history->breakage) * 100 / (double)history->per_yuan;
    return points > 0 ? (int64_t)(value + 0.5) : 0;
}

bool points_value(struct reader *reader, int64_t points, int64_t *fen)
{
    struct points_history history;
    struct error ignored = {0};
    struct arena *arena = arena_new();
    bool known = points_history_read(reader, arena, &history, &ignored) == ST_OK;
    int64_t value = points_liability(&history, points < 0 ? -points : points);
    *fen = points < 0 ? -value : value;
    arena_free(arena);
    error_clear(&ignored);
    return known;
}
