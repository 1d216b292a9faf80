/* Alerts: what roll-ups, batches and the clock say needs a look, without reading the events. */
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/loop/alert_parts.h"
#include "model/loop/label.h"

#include <stdlib.h>
#include <string.h>

const struct alert_rule alert_rules[] = {
    [RULE_READ_ONLY] = {"read-only", N_("the mall is open read-only"), ALERT_TROUBLE, ALERT_TO_DATA,
                        0, N_("The mall file could only be opened for reading.")},
    [RULE_STALE] = {"stale", N_("data is old"), ALERT_TROUBLE, ALERT_TO_DATA, 24,
                    N_("Hours since the latest event, against the wall clock.")},
    [RULE_PROBES_SILENT] =
        {"probes-silent", N_("probes are silent"), ALERT_TROUBLE, ALERT_TO_PERCEIVE, 20,
         N_("Sightings that a zone usually has in the last three full hours (mean of "
            "the seven days before), where it had none today, and other zones had.")},
    [RULE_DEVICES_SILENT] =
        {"devices-silent", N_("devices are silent"), ALERT_TROUBLE, ALERT_TO_FLEET, 1,
         N_("Devices of a kind on a floor that did not answer when they were last asked, and "
            "of which nothing was heard for ten minutes.")},
    [RULE_QUARANTINED] =
        {"devices-quarantined", N_("devices are in quarantine"), ALERT_TROUBLE, ALERT_TO_FLEET, 1,
         N_("Devices that showed another host key than their pin, or that somebody put into "
            "quarantine: they are given no credential, and nothing comes from them until "
            "somebody has looked.")},
    [RULE_POS_DOWN] =
        {"pos-down", N_("registrations at POS are down"), ALERT_CHANGE, ALERT_TO_CONVERT, 0.30,
         N_("Fall of a category's registrations on channel pos in the last 7 full days "
            "against the weekly mean of the 4 weeks before, of at least 20.")},
    [RULE_CATEGORY_DOWN] =
        {"category-down", N_("sales of a category are down"), ALERT_CHANGE, ALERT_TO_ACTIVATE, 0.25,
         N_("Fall of a category's sales in the last 7 full days against the weekly "
            "mean of the 4 weeks before, of at least 50 receipts a week.")},
    [RULE_SHOP_DOWN] =
        {"shop-down", N_("sales of a shop are down"), ALERT_CHANGE, ALERT_TO_SHOPS, 0.50,
         N_("Fall of a shop's sales in the last 7 full days against the weekly mean of "
            "the 4 weeks before, of at least 50 receipts a week.")},
    [RULE_POINTS_LIABILITY] =
        {"points-liability", N_("points liability grows"), ALERT_NOTE, ALERT_TO_ACTIVATE, 0.05,
         N_("Value of the points earned less burned, expired and taken back in the last 28 full "
            "days, against the sales of those days.")},
    [RULE_CONFIG_DRIFT] = {"config-drift", N_("configurations drift"), ALERT_CHANGE, ALERT_TO_FLEET,
                           1,
                           N_("Devices that had another configuration than the desired one when "
                              "they last answered.")},
    [RULE_REFUSED] = {"refused", N_("imports refused rows"), ALERT_NOTE, ALERT_TO_DATA, 1,
                      N_("Rows that imports of the last 7 days left out.")},
    [RULE_DUPLICATES] =
        {"duplicates", N_("imports brought duplicates"), ALERT_NOTE, ALERT_TO_DATA, 0.05,
         N_("Share of duplicate rows in the imports of the last 7 days, of at least "
            "100 rows.")},
};

enum { WEEKS_USUAL = 4, LEAST_CARDS = 20, LEAST_RECEIPTS = 50 };

void alert_found(struct watch *watch, enum rule_id rule, double value, enum dimension dim,
                 int64_t key, const char *text)
{
    vec_push(&watch->found, (struct alert){&alert_rules[rule], text, value, dim, key, NULL});
}

/* ---- The file and the clock ---- */

static enum status look_at_file(struct watch *watch, struct error *err)
{
    double hours = (double)(time_now() - watch->as_of) / 3600;
    (void)err;

    if (watch->mall->read_only)
        alert_found(watch, RULE_READ_ONLY, 1, DIM_NONE, 0,
                    watch->mall->why_read_only
                        ? arena_printf(watch->arena, _("read-only: %s"), watch->mall->why_read_only)
                        : _("the mall is open read-only"));
    if (watch->as_of && hours > alert_rules[RULE_STALE].threshold)
        alert_found(watch, RULE_STALE, hours, DIM_NONE, 0,
                    arena_printf(watch->arena, _("the latest event is %s old"),
                                 text_duration(watch->arena, time_now() - watch->as_of)));
    return ST_OK;
}

/* ---- What fell ---- */

/* One shop's or category's week, and the four weeks before it. */
struct weeks {
    int64_t cards, cards_before, sales, sales_before, receipts_before;
};

static void weeks_add(struct weeks *weeks, const struct watch *watch,
                      const struct rollup_cell *cell)
{
    bool now = cell->day >= watch->today - 7;

    if (cell->kind == KIND_REGISTER && cell->channel && cell->channel == watch->pos)
        *(now ? &weeks->cards : &weeks->cards_before) += cell->count;
    if (cell->kind == KIND_PURCHASE)
        *(now ? &weeks->sales : &weeks->sales_before) += cell->amount;
    if (cell->kind == KIND_REFUND)
        *(now ? &weeks->sales : &weeks->sales_before) -= cell->amount;
    if (cell->kind == KIND_PURCHASE && !now)
        weeks->receipts_before += cell->count;
}

static double fall_of(int64_t now, int64_t before)
{
    return before > 0 ? 1 - (double)now * WEEKS_USUAL / (double)before : 0;
}

static void fall_note(struct watch *watch, enum rule_id rule, double fall, enum dimension dim,
                      int64_t key, const char *what)
{
    if (fall >= alert_rules[rule].threshold)
        alert_found(watch, rule, fall, dim, key,
                    arena_printf(watch->arena, _("%s down %.0f%% in %s"), what, fall * 100,
                                 label_of(watch->reader, watch->arena, NULL, dim, key)));
}

static enum status look_at_falls(struct watch *watch, struct error *err)
{
    const struct places *places = &watch->places;
    struct weeks *shops = arena_array(watch->arena, struct weeks, places->n_tenants);
    struct weeks *categories = arena_array(watch->arena, struct weeks, places->n_categories);
    (void)err;

    for (size_t i = 0; i < watch->n_cells; i++) {
        const struct rollup_cell *cell = &watch->cells[i];
        if (cell->day >= watch->today || cell->day < watch->today - 7 * (1 + WEEKS_USUAL) ||
            cell->tenant >= places->n_tenants)
            continue;
        weeks_add(&shops[cell->tenant], watch, cell);
        weeks_add(&categories[places->tenant_category[cell->tenant]], watch, cell);
    }
    for (uint32_t c = 1; c < places->n_categories; c++) {
        const struct weeks *w = &categories[c];
        if (w->cards_before >= LEAST_CARDS * WEEKS_USUAL)
            fall_note(watch, RULE_POS_DOWN, fall_of(w->cards, w->cards_before), DIM_CATEGORY, c,
                      _("registrations at POS"));
        if (w->receipts_before >= LEAST_RECEIPTS * WEEKS_USUAL)
            fall_note(watch, RULE_CATEGORY_DOWN, fall_of(w->sales, w->sales_before), DIM_CATEGORY,
                      c, _("sales"));
    }
    for (uint32_t t = 1; t < places->n_tenants; t++)
        if (shops[t].receipts_before >= LEAST_RECEIPTS * WEEKS_USUAL)
            fall_note(watch, RULE_SHOP_DOWN, fall_of(shops[t].sales, shops[t].sales_before),
                      DIM_TENANT, t, _("sales"));
    return ST_OK;
}

/* ---- Points ---- */

static enum status look_at_points(struct watch *watch, struct error *err)
{
    int64_t points = 0, sales = 0, fen = 0;
    (void)err;

    for (size_t i = 0; i < watch->n_cells; i++) {
        const struct rollup_cell *cell = &watch->cells[i];
        if (cell->day < watch->today - 28 || cell->day >= watch->today)
            continue;
        points += cell->nobody ? 0 : kind_points_sign(cell->kind) * cell->amount;
        sales += cell->kind == KIND_PURCHASE ? cell->amount : 0;
        sales -= cell->kind == KIND_REFUND ? cell->amount : 0;
    }
    if (sales <= 0 || !points_value(watch->reader, points, &fen))
        return ST_OK;
    double share = (double)fen / (double)sales;
    if (share >= alert_rules[RULE_POINTS_LIABILITY].threshold)
        alert_found(watch, RULE_POINTS_LIABILITY, share, DIM_NONE, 0,
                    arena_printf(watch->arena,
                                 _("points liability grew by %.0f%% of four weeks' sales"),
                                 share * 100));
    return ST_OK;
}

/* ---- Imports ---- */

static enum status look_at_imports(struct watch *watch, struct error *err)
{
    int64_t since = time_now() - 7 * 86400, refused = 0, duplicates = 0, rows = 0;
    sqlite3_stmt *stmt;
    bool more = false;

    enum status status =
        reader_prepare(watch->reader,
                       "select sum(refused), sum(duplicates), sum(imported + duplicates)"
                       " from batch where state = 'done' and time >= ?1",
                       &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, since);
        status = reader_step(watch->reader, stmt, &more, err);
    }
    if (status != ST_OK)
        return status;
    if (more) {
        refused = sqlite3_column_int64(stmt, 0);
        duplicates = sqlite3_column_int64(stmt, 1);
        rows = sqlite3_column_int64(stmt, 2);
    }
    sqlite3_reset(stmt);
    double share = rows ? (double)duplicates / (double)rows : 0;
    if (refused >= (int64_t)alert_rules[RULE_REFUSED].threshold)
        alert_found(watch, RULE_REFUSED, (double)refused, DIM_NONE, 0,
                    arena_printf(watch->arena, _("imports refused %s rows"),
                                 text_count(watch->arena, refused)));
    if (rows >= 100 && share >= alert_rules[RULE_DUPLICATES].threshold)
        alert_found(
            watch, RULE_DUPLICATES, share, DIM_NONE, 0,
            arena_printf(watch->arena, _("%.0f%% of imported rows were duplicates"), share * 100));
    return ST_OK;
}

/* ---- All of them ---- */

/* How far beyond its threshold, so that findings of different rules can be put in order. */
static double excess(const struct alert *alert)
{
    return alert->rule->threshold > 0 ? alert->value / alert->rule->threshold : alert->value;
}

static int alert_compare(const void *a, const void *b)
{
    const struct alert *x = a, *y = b;

    if (x->rule->level != y->rule->level)
        return x->rule->level > y->rule->level ? -1 : 1;
    if (excess(x) != excess(y))
        return excess(x) > excess(y) ? -1 : 1;
    return strcmp(x->text, y->text);
}

static enum status watch_open(struct watch *watch, struct error *err)
{
    struct survey_ground ground;

    enum status status = reader_present(watch->reader, &watch->as_of, &watch->present, err);
    if (status == ST_OK)
        status = survey_places_read(&ground, watch->reader, watch->arena, err);
    if (status != ST_OK)
        return status;
    watch->today = clock_day(&watch->mall->clock, watch->present);
    watch->places = ground.places;
    watch->pos = ground.pos;
    return rollup_days(watch->reader, watch->arena, watch->today - 7 * (1 + WEEKS_USUAL),
                       watch->today, &watch->cells, &watch->n_cells, err);
}

enum status alerts_run(struct reader *reader, struct arena *arena, const struct alert **alerts,
                       size_t *n, struct error *err)
{
    static enum status (*const looks[])(struct watch *, struct error *) = {
        look_at_file, alert_devices, alert_probes, look_at_falls, look_at_points, look_at_imports};
    struct watch watch = {.reader = reader, .arena = arena, .mall = reader_mall(reader)};

    *n = 0;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = watch_open(&watch, err);
    for (size_t i = 0; status == ST_OK && i < sizeof looks / sizeof *looks; i++)
        status = looks[i](&watch, err);
    reader_end(reader);
    if (status == ST_OK) {
        struct alert *at = arena_array(arena, struct alert, watch.found.n);
        if (watch.found.n) {
            qsort(watch.found.at, watch.found.n, sizeof *watch.found.at, alert_compare);
            memcpy(at, watch.found.at, watch.found.n * sizeof *at);
        }
        *alerts = at;
        *n = watch.found.n;
    }
    vec_free(&watch.found);
    return status;
}
