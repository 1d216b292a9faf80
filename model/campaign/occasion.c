#include "model/campaign/occasion.h"

#include "model/base/intl.h"
#include "model/base/vec.h"
#include "model/segment/segment.h"

#include <math.h>
#include <string.h>

const struct occasion occasions[] = {
    {"new-year", N_("New Year"), RULE_DATE, 1, 1, "", 18, 35},
    {"spring-festival", N_("Spring Festival"), RULE_LUNAR, LUNAR_SPRING, 0, "", 30, 60},
    {"valentine", N_("Valentine's Day"), RULE_DATE, 2, 14, "f", 18, 35},
    {"women", N_("Women's Day"), RULE_DATE, 3, 8, "f", 35, 55},
    {"520", N_("May 20"), RULE_DATE, 5, 20, "", 18, 30},
    {"mother", N_("Mother's Day"), RULE_WEEKDAY, 5, 2, "f", 25, 50},
    {"children", N_("Children's Day"), RULE_DATE, 6, 1, "", 28, 45},
    {"dragon-boat", N_("Dragon Boat Festival"), RULE_LUNAR, LUNAR_DRAGON, 0, "", 40, 65},
    {"father", N_("Father's Day"), RULE_WEEKDAY, 6, 3, "m", 25, 50},
    {"qixi", N_("Qixi"), RULE_LUNAR, LUNAR_QIXI, 0, "", 18, 35},
    {"mid-autumn", N_("Mid-Autumn Festival"), RULE_LUNAR, LUNAR_MOON, 0, "", 35, 65},
    {"national", N_("National Day"), RULE_DATE, 10, 1, "", 25, 45},
    {"double-ninth", N_("Double Ninth"), RULE_LUNAR, LUNAR_NINTH, 0, "", 60, 75},
    {"singles", N_("Singles' Day"), RULE_DATE, 11, 11, "", 18, 30},
    {"christmas", N_("Christmas"), RULE_DATE, 12, 25, "f", 18, 30},
};
const size_t n_occasions = sizeof occasions / sizeof *occasions;

/* ---- Days ---- */

enum { YEARS = OCCASION_LAST - OCCASION_FIRST + 1 };

/* Month and day of the feasts of the Chinese calendar, 2015 to 2035. */
static const struct {
    signed char month, day;
} lunar[LUNAR_FEASTS][YEARS] = {
    [LUNAR_SPRING] = {{2, 19}, {2, 8},  {1, 28}, {2, 16}, {2, 5},  {1, 25}, {2, 12},
                      {2, 1},  {1, 22}, {2, 10}, {1, 29}, {2, 17}, {2, 6},  {1, 26},
                      {2, 13}, {2, 3},  {1, 23}, {2, 11}, {1, 31}, {2, 19}, {2, 8}},
    [LUNAR_DRAGON] = {{6, 20}, {6, 9},  {5, 30}, {6, 18}, {6, 7},  {6, 25}, {6, 14},
                      {6, 3},  {6, 22}, {6, 10}, {5, 31}, {6, 19}, {6, 9},  {5, 28},
                      {6, 16}, {6, 5},  {6, 24}, {6, 12}, {6, 1},  {6, 20}, {6, 10}},
    [LUNAR_QIXI] = {{8, 20}, {8, 9},  {8, 28}, {8, 17}, {8, 7},  {8, 25}, {8, 14},
                    {8, 4},  {8, 22}, {8, 10}, {8, 29}, {8, 19}, {8, 8},  {8, 26},
                    {8, 16}, {8, 5},  {8, 24}, {8, 12}, {8, 1},  {8, 20}, {8, 10}},
    [LUNAR_MOON] = {{9, 27}, {9, 15}, {10, 4}, {9, 24}, {9, 13}, {10, 1}, {9, 21},
                    {9, 10}, {9, 29}, {9, 17}, {10, 6}, {9, 25}, {9, 15}, {10, 3},
                    {9, 22}, {9, 12}, {10, 1}, {9, 19}, {9, 8},  {9, 27}, {9, 16}},
    [LUNAR_NINTH] = {{10, 21}, {10, 9},  {10, 28}, {10, 17}, {10, 7},  {10, 25}, {10, 14},
                     {10, 4},  {10, 23}, {10, 11}, {10, 29}, {10, 18}, {10, 8},  {10, 26},
                     {10, 16}, {10, 5},  {10, 24}, {10, 12}, {10, 1},  {10, 20}, {10, 9}},
};

bool occasion_day(const struct occasion *occasion, int year, int32_t *day)
{
    if (occasion->rule == RULE_LUNAR) {
        if (year < OCCASION_FIRST || year > OCCASION_LAST)
            return false;
        *day = date_number(year, lunar[occasion->month][year - OCCASION_FIRST].month,
                           lunar[occasion->month][year - OCCASION_FIRST].day);
        return true;
    }
    *day = date_number(year, occasion->month, occasion->rule == RULE_DATE ? occasion->day : 1);
    if (occasion->rule == RULE_WEEKDAY)
        *day += 6 - date_weekday(*day) + 7 * (occasion->day - 1);
    return true;
}

/* ---- Whom it is for ---- */

const char occasion_everybody[] = "gender in (f, m) and age>=15 and age<75";

const char *occasion_audience(struct arena *arena, const struct occasion *occasion)
{
    return arena_printf(arena, "gender%s and age>=%d and age<%d",
                        *occasion->gender ? arena_printf(arena, "=%s", occasion->gender)
                                          : " in (f, m)",
                        occasion->age_from, occasion->age_to);
}

/* People of the mainland by five years of age from 15 on, in 10,000: the census of 1 November 2020,
 * without soldiers in service. */
enum { BANDS = 12, BAND_FIRST = 15, BAND_YEARS = 5 };
static const double population[2][BANDS] = {
    {3363, 3527, 4368, 6027, 4808, 4532, 5603, 6006, 5058, 3651, 3767, 2543}, /* women */
    {3905, 3968, 4816, 6387, 5093, 4763, 5819, 6111, 5082, 3687, 3634, 2416}, /* men */
};

/* Of a band that an age cuts, its years' part. */
double occasion_baseline(const struct occasion *occasion)
{
    double inside = 0, all = 0;
    for (int sex = 0; sex < 2; sex++)
        for (int band = 0; band < BANDS; band++) {
            int from = BAND_FIRST + band * BAND_YEARS, to = from + BAND_YEARS;
            int first = occasion->age_from > from ? occasion->age_from : from;
            int last = occasion->age_to < to ? occasion->age_to : to;
            all += population[sex][band];
            if (last > first && (!*occasion->gender || (*occasion->gender == 'm') == sex))
                inside += population[sex][band] * (last - first) / BAND_YEARS;
        }
    return inside / all;
}

/* ---- Ranking ---- */

static void fit_measure(struct occasion_fit *fit)
{
    fit->baseline = occasion_baseline(fit->occasion);
    fit->share = fit->of ? (double)fit->people / (double)fit->of : NAN;
    struct interval share = stat_wilson((double)fit->people, (double)fit->of, STAT_Z95);
    fit->fit = fit->share / fit->baseline;
    fit->between = (struct interval){share.low / fit->baseline, share.high / fit->baseline};
}

/* Sets of everybody and of each occasion's audience, in one look at the columns. */
static enum status audiences_read(struct reader *reader, struct arena *arena,
                                  const struct access *access, struct set **sets, struct error *err)
{
    const struct segment_plan **plans =
        arena_array(arena, const struct segment_plan *, n_occasions + 1);
    enum status status = segment_bind(reader, arena, access, occasion_everybody, &plans[0], err);
    for (size_t i = 0; i < n_occasions && status == ST_OK; i++)
        status = segment_bind(reader, arena, access, occasion_audience(arena, &occasions[i]),
                              &plans[i + 1], err);
    return status == ST_OK
               ? segment_evaluate(reader, arena, plans, n_occasions + 1, NULL, 0, sets, err)
               : status;
}

static bool fits_better(const struct occasion_fit *a, const struct occasion_fit *b)
{
    double x = isnan(a->between.low) ? -1 : a->between.low;
    double y = isnan(b->between.low) ? -1 : b->between.low;
    return x > y || (x == y && a->day < b->day);
}

enum status occasions_rank(struct reader *reader, struct arena *arena, const struct access *access,
                           int32_t from, int32_t to, const struct occasion_fit **fits, size_t *n,
                           struct error *err)
{
    struct set **sets = arena_array(arena, struct set *, n_occasions + 1);
    VEC(struct occasion_fit) list = {0};
    int first, last, month, date;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = audiences_read(reader, arena, access, sets, err);
    reader_end(reader);
    date_civil(from, &first, &month, &date);
    date_civil(to, &last, &month, &date);
    for (size_t i = 0; i < n_occasions && status == ST_OK; i++)
        for (int year = first; year <= last; year++) {
            struct occasion_fit fit = {.occasion = &occasions[i]};
            if (!occasion_day(&occasions[i], year, &fit.day) || fit.day < from || fit.day > to)
                continue;
            fit.audience = occasion_audience(arena, &occasions[i]);
            fit.people = set_count(sets[i + 1]);
            fit.of = set_count(sets[0]);
            fit_measure(&fit);
            vec_push(&list, fit);
        }
    struct occasion_fit *kept = arena_array(arena, struct occasion_fit, list.n + 1);
    for (size_t i = 0; i < list.n; i++) { /* few: by insertion */
        size_t at = i;
        for (; at && fits_better(&list.at[i], &kept[at - 1]); at--)
            kept[at] = kept[at - 1];
        kept[at] = list.at[i];
    }
    *fits = kept;
    *n = list.n;
    vec_free(&list);
    return status;
}

struct sheet *occasions_sheet(struct arena *arena, const struct occasion_fit *fits, size_t n)
{
    static const struct sheet_column columns[] = {
        {"day", N_("day"), CELL_DAY},
        {"id", N_("occasion"), CELL_TEXT},
        {"name", N_("name"), CELL_TEXT},
        {"fit", N_("fit"), CELL_REAL},
        {"low", N_("low"), CELL_REAL},
        {"high", N_("high"), CELL_REAL},
        {"members", N_("members"), CELL_COUNT},
        {"share", N_("share"), CELL_SHARE},
        {"baseline", N_("elsewhere"), CELL_SHARE},
        {"audience", N_("audience"), CELL_TEXT},
    };
    struct sheet *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_integer(fits[i].day);
        cells[1] = cell_text(fits[i].occasion->code);
        cells[2] = cell_text(fits[i].occasion->name);
        if (fits[i].of) {
            cells[3] = cell_real(fits[i].fit);
            cells[4] = cell_real(fits[i].between.low);
            cells[5] = cell_real(fits[i].between.high);
            cells[7] = cell_real(fits[i].share);
        }
        cells[6] = cell_integer(fits[i].people);
        cells[8] = cell_real(fits[i].baseline);
        cells[9] = cell_text(fits[i].audience);
    }
    sheet->total = (int64_t)n;
    return sheet;
}
