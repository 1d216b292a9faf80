/* Where a person goes: shops, areas, and the devices that noticed. */
#include "model/base/intl.h"
#include "model/base/vec.h"
#include "model/people/person_events.h"

#include <stdlib.h>
#include <string.h>

/* One shop, zone or device. */
struct place {
    uint32_t id;
    int64_t events, receipts, days, money, dwell;
    int64_t first, last;
    int32_t last_day;
};

typedef VEC(struct place) place_list;

static const double usual_share = 0.8; /* of the dwell: see doc/metrics */

static struct place *place_of(place_list *places, uint32_t id)
{
    for (size_t i = 0; i < places->n; i++)
        if (places->at[i].id == id)
            return &places->at[i];
    vec_push(places, (struct place){.id = id, .last_day = INT32_MIN});
    return &places->at[places->n - 1];
}

static void place_seen(struct place *place, int64_t time)
{
    place->first = place->events ? place->first : time;
    place->last = time;
    place->events++;
}

static int by_money(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->money != y->money)
        return x->money > y->money ? -1 : 1;
    if (x->receipts != y->receipts)
        return x->receipts > y->receipts ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static int by_dwell(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->dwell != y->dwell)
        return x->dwell > y->dwell ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static int by_events(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->events != y->events)
        return x->events > y->events ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static void places_sort(place_list *places, int (*order)(const void *, const void *))
{
    if (places->n)
        qsort(places->at, places->n, sizeof *places->at, order);
}

/* Texts of a row of a dictionary table into cells. */
static enum status texts_read(struct reader *reader, const char *sql, uint32_t id, int n,
                              struct arena *arena, struct cell *cells, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(reader, sql, &stmt, err);
    if (status)
        return status;
    sqlite3_bind_int64(stmt, 1, id);
    status = reader_step(reader, stmt, &row, err);
    for (int i = 0; !status && row && i < n; i++) {
        const char *text = (const char *)sqlite3_column_text(stmt, i);
        cells[i] = cell_text(text && *text ? arena_strdup(arena, text) : NULL);
    }
    sqlite3_reset(stmt);
    return status;
}

/* ---- Shops ---- */

static void shops_count(struct reader *reader, const struct person_events *events,
                        place_list *shops)
{
    const struct clock *clock = &reader_mall(reader)->clock;
    for (size_t i = 0; i < events->n; i++) {
        const struct person_event *e = &events->at[i];
        bool money = e->kind == KIND_PURCHASE || e->kind == KIND_REFUND;
        if (!e->tenant || (!money && !(kind_flags(e->kind) & KIND_PRESENCE)))
            continue;
        struct place *shop = place_of(shops, e->tenant);
        int32_t day = clock_day(clock, e->time);
        place_seen(shop, e->time);
        shop->days += shop->last_day != day;
        shop->last_day = day;
        shop->receipts += e->kind == KIND_PURCHASE;
        shop->money += e->kind == KIND_PURCHASE ? e->amount : money ? -e->amount : 0;
    }
}

enum status section_shops(struct reader *reader, const struct person_events *events,
                          struct arena *arena, struct sheet **sheet, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"tenant", N_("code"), CELL_TEXT},        {"name", N_("shop"), CELL_TEXT},
        {"category", N_("category"), CELL_TEXT},  {"days", N_("days there"), CELL_COUNT},
        {"receipts", N_("receipts"), CELL_COUNT}, {"spent", N_("spent"), CELL_MONEY},
        {"last", N_("last"), CELL_TIME},
    };
    place_list shops = {0};
    enum status status = ST_OK;
    shops_count(reader, events, &shops);
    places_sort(&shops, by_money);
    *sheet = sheet_new(arena, columns, 7);
    for (size_t i = 0; !status && i < shops.n; i++) {
        struct cell *cells = sheet_row_add(*sheet);
        status = texts_read(reader, "select code, name, category from tenant where id = ?1",
                            shops.at[i].id, 3, arena, cells, err);
        cells[3] = cell_integer(shops.at[i].days);
        cells[4] = cell_integer(shops.at[i].receipts);
        cells[5] = cell_integer(shops.at[i].money);
        cells[6] = cell_integer(shops.at[i].last);
    }
    (*sheet)->total = (int64_t)shops.n;
    vec_free(&shops);
    return status;
}

/* ---- Areas: the time between an event in a zone and the visit's next event ---- */

static int64_t areas_count(struct reader *reader, const struct person_events *events, int64_t from,
                           place_list *areas)
{
    int64_t gap = reader_mall(reader)->visit_gap, total = 0;
    const struct person_event *before = NULL;
    for (size_t i = 0; i < events->n; i++) {
        const struct person_event *e = &events->at[i];
        if (e->time < from || !(kind_flags(e->kind) & KIND_PRESENCE))
            continue;
        if (before && before->zone && e->time - before->time <= gap) {
            place_of(areas, before->zone)->dwell += e->time - before->time;
            total += e->time - before->time;
        }
        if (e->zone)
            place_seen(place_of(areas, e->zone), e->time);
        before = e;
    }
    return total;
}

enum status section_areas(struct reader *reader, const struct person_events *events, int64_t from,
                          struct arena *arena, struct sheet **sheet, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"zone", N_("code"), CELL_TEXT},         {"name", N_("zone"), CELL_TEXT},
        {"dwell", N_("dwell"), CELL_DURATION},   {"share", N_("share of dwell"), CELL_SHARE},
        {"sightings", N_("events"), CELL_COUNT}, {"last", N_("last"), CELL_TIME},
        {"usual", N_("usual"), CELL_COUNT},
    };
    place_list areas = {0};
    enum status status = ST_OK;
    int64_t total = areas_count(reader, events, from, &areas), before = 0;
    places_sort(&areas, by_dwell);
    *sheet = sheet_new(arena, columns, 7);
    for (size_t i = 0; !status && i < areas.n; i++) {
        const struct place *area = &areas.at[i];
        struct cell *cells = sheet_row_add(*sheet);
        status = texts_read(reader, "select code, name from zone where id = ?1", area->id, 2, arena,
                            cells, err);
        cells[2] = cell_integer(area->dwell);
        cells[3] = cell_share((double)area->dwell, (double)total);
        cells[4] = cell_integer(area->events);
        cells[5] = cell_integer(area->last);
        cells[6] = cell_integer(area->dwell > 0 && (double)before < usual_share * (double)total);
        before += area->dwell;
    }
    (*sheet)->total = (int64_t)areas.n;
    vec_free(&areas);
    return status;
}

/* ---- Devices ---- */

enum status section_devices(struct reader *reader, const struct person_events *events,
                            struct arena *arena, struct sheet **sheet, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"device", N_("device"), CELL_TEXT},  {"kind", N_("kind"), CELL_TEXT},
        {"events", N_("events"), CELL_COUNT}, {"first", N_("first"), CELL_TIME},
        {"last", N_("last"), CELL_TIME},
    };
    place_list devices = {0};
    enum status status = ST_OK;
    for (size_t i = 0; i < events->n; i++)
        if (events->at[i].device)
            place_seen(place_of(&devices, events->at[i].device), events->at[i].time);
    places_sort(&devices, by_events);
    *sheet = sheet_new(arena, columns, 5);
    for (size_t i = 0; !status && i < devices.n; i++) {
        struct cell *cells = sheet_row_add(*sheet);
        status = texts_read(reader, "select code, kind from device where id = ?1", devices.at[i].id,
                            2, arena, cells, err);
        cells[2] = cell_integer(devices.at[i].events);
        cells[3] = cell_integer(devices.at[i].first);
        cells[4] = cell_integer(devices.at[i].last);
    }
    (*sheet)->total = (int64_t)devices.n;
    vec_free(&devices);
    return status;
}
