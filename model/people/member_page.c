#include "model/people/member_page.h"
#include "model/base/intl.h"

#include "model/base/text.h"
#include "model/people/figures.h"
#include "model/people/member_row.h"
#include "model/people/person_events.h"

#include <string.h>

enum { AREA_DAYS = 90, DAY_SECONDS = 86400 };

const struct section_info member_sections[SECTION_COUNT] = {
    [SECTION_ATTRIBUTES] = {"attributes", N_("Attributes")},
    [SECTION_NUMBERS] = {"numbers", N_("Numbers")},
    [SECTION_IDENTITIES] = {"identities", N_("Identities")},
    [SECTION_SHOPS] = {"shops", N_("Shops")},
    [SECTION_AREAS] = {"areas", N_("Areas")},
    [SECTION_DEVICES] = {"devices", N_("Devices")},
    [SECTION_RELATIONS] = {"relations", N_("Relations")},
    [SECTION_GROUPS] = {"groups", N_("Groups")},
    [SECTION_INTERESTS] = {"interests", N_("Interests")},
    [SECTION_LABELS] = {"labels", N_("Labels")},
    [SECTION_CONSENTS] = {"consents", N_("Consents")},
};

/* ---- Who is meant ---- */

static enum status person_lookup(struct reader *reader, const char *sql, const char *text,
                                 uint32_t *person, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(reader, sql, &stmt, err);
    if (status)
        return status;
    sqlite3_bind_text(stmt, 1, text, -1, SQLITE_TRANSIENT);
    status = reader_step(reader, stmt, &row, err);
    if (!status && row)
        *person = (uint32_t)sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return status;
}

static const char by_number[] = "select person from member where person = ?1 union all"
                                " select person from identity where person = ?1 limit 1";

static enum status resolve_open(struct reader *reader, const char *text, uint32_t *person,
                                struct error *err)
{
    static const char *const questions[] = {
        "select person from member where card = ?1",
        "select person from identity where kind = 'card' and value = ?1",
        ("select person from identity where kind in ('phone', 'app', 'wifi', 'payment') and"
         " value = ?1 order by kind limit 1"),
        "select person from member where phone = ?1 and phone <> '' order by person limit 1",
    };
    enum status status = ST_OK;
    if (text[0] == '#')
        return person_lookup(reader, by_number, text + 1, person, err);
    for (size_t i = 0; !status && !*person && i < sizeof questions / sizeof *questions; i++)
        status = person_lookup(reader, questions[i], text, person, err);
    return status;
}

static enum status resolve_pseudonym(struct reader *reader, const struct access *access,
                                     const char *text, uint32_t *person, struct error *err)
{
    uint32_t number;
    if (!pseudonym_read(access->key, text, &number))
        return ST_OK;
    struct arena *arena = arena_new();
    enum status status =
        person_lookup(reader, by_number, arena_printf(arena, "%u", number), person, err);
    arena_free(arena);
    return status;
}

enum status member_resolve(struct reader *reader, const struct access *access, const char *text,
                           uint32_t *person, struct error *err)
{
    *person = 0;
    enum status status = access_require(access, RIGHT_PEOPLE_SEE, "see members", err);
    if (!status && access->mask != MASK_PSEUDONYM)
        status = resolve_open(reader, text, person, err);
    /* Those who see cards can also look up what an analyst's report names. */
    if (!status && !*person)
        status = resolve_pseudonym(reader, access, text, person, err);
    if (status || *person)
        return status;
    struct arena *arena = arena_new();
    status = error_set(err, ST_REFUSED, "nobody is known as %s; expected %s",
                       text_quote(arena, text, strlen(text)),
                       access->mask == MASK_PSEUDONYM
                           ? "a pseudonym such as P-0A1B2C3"
                           : "a card, a phone or another identity; `member find` looks for names");
    arena_free(arena);
    return status;
}

/* ---- The page ---- */

static void head_fill(struct reader *reader, const struct access *access, struct arena *arena,
                      const struct member_row *row, int32_t today, struct member_page *page)
{
    struct cell cells[MEMBER_COLUMN_COUNT] = {0};
    member_row_cells(reader, access, arena, row, today, cells);
    const struct {
        const char **to;
        enum member_column column;
    } texts[] = {{&page->card, MEMBER_CARD},     {&page->name, MEMBER_NAME},
                 {&page->phone, MEMBER_PHONE},   {&page->tier, MEMBER_TIER},
                 {&page->gender, MEMBER_GENDER}, {&page->channel, MEMBER_CHANNEL}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i].to = cells[texts[i].column].known ? cells[texts[i].column].text : "";
    page->member = row->member;
    page->revealed = access->mask != MASK_NONE && access_mask(access, row->person) == MASK_NONE;
    page->joined = row->joined;
    page->age = age_at(row->birth, today);
    page->version = row->version;
    page->target = row->card;
}

static void figures_fill(struct reader *reader, const struct person_events *events,
                         struct member_page *page)
{
    struct figures_counter counter;
    figures_counter_start(&counter, reader_mall(reader));
    for (size_t i = 0; i < events->n; i++) {
        const struct person_event *e = &events->at[i];
        struct event_run run = {.kind = e->kind, .n = 1, .time = &e->time, .amount = &e->amount};
        figures_add(&counter, &run, 0);
    }
    page->figures = counter.figures;
    page->first_visit = counter.first_visit;
    page->events = (int64_t)events->n;
    if (counter.figures.purchase_days > 1)
        page->mean_interval = (int64_t)(counter.figures.last_purchase - counter.first_purchase) *
                              DAY_SECONDS / (counter.figures.purchase_days - 1);
}

static void numbers_fill(const struct member_page *page, struct arena *arena, struct sheet **sheet)
{
    static const struct sheet_column columns[] = {
        {"spent", N_("spent"), CELL_MONEY},
        {"purchases", N_("purchases"), CELL_COUNT},
        {"purchase_days", N_("purchase days"), CELL_COUNT},
        {"mean_receipt", N_("mean receipt"), CELL_MONEY},
        {"last_purchase", N_("last purchase"), CELL_DAY},
        {"interval", N_("days between purchases"), CELL_DURATION},
        {"points", N_("points"), CELL_COUNT},
        {"visits", N_("visits"), CELL_COUNT},
        {"first_visit", N_("first visit"), CELL_TIME},
        {"last_visit", N_("last visit"), CELL_TIME},
        {"events", N_("events"), CELL_COUNT},
    };
    const struct member_figures *f = &page->figures;
    *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    (*sheet)->total = 1;
    struct cell *cells = sheet_row_add(*sheet);
    cells[0] = cell_integer(f->spent);
    cells[1] = cell_integer(f->purchases);
    cells[2] = cell_integer(f->purchase_days);
    if (f->purchases)
        cells[3] = cell_integer(f->spent / f->purchases);
    if (f->last_purchase != INT32_MIN)
        cells[4] = cell_integer(f->last_purchase);
    if (page->mean_interval)
        cells[5] = cell_integer(page->mean_interval);
    cells[6] = cell_integer(f->points);
    cells[7] = cell_integer(f->visits);
    if (f->visits) {
        cells[8] = cell_integer(page->first_visit);
        cells[9] = cell_integer(f->last_visit);
    }
    cells[10] = cell_integer(page->events);
}

static enum status page_fill(struct reader *reader, const struct access *access,
                             struct arena *arena, struct member_page *page, struct error *err)
{
    struct member_row row;
    struct person_events events;
    bool there;
    int64_t as_of, present;
    enum status status = member_row_read(reader, page->person, arena, &row, &there, err);
    if (!status && !there)
        status = error_set(err, ST_REFUSED, "there is no person #%u in this mall", page->person);
    if (!status)
        status = reader_present(reader, &as_of, &present, err);
    if (!status)
        status =
            person_events_read(reader, page->person, INT64_MIN, 0, NULL, 0, arena, &events, err);
    if (status)
        return status;
    int32_t today = clock_day(&reader_mall(reader)->clock, present);
    struct sheet **sections = page->sections;
    page->presence_from = clock_day_start(&reader_mall(reader)->clock, today - AREA_DAYS + 1);
    head_fill(reader, access, arena, &row, today, page);
    figures_fill(reader, &events, page);
    numbers_fill(page, arena, &sections[SECTION_NUMBERS]);
    status = sections_of_rows(reader, access, &row, today, arena, sections, err);
    if (!status)
        status = section_shops(reader, &events, arena, &sections[SECTION_SHOPS], err);
    if (!status)
        status = section_areas(reader, &events, page->presence_from, arena,
                               &sections[SECTION_AREAS], err);
    if (!status)
        status = section_devices(reader, &events, arena, &sections[SECTION_DEVICES], err);
    return status;
}

enum status member_page_read(struct reader *reader, const struct access *access, uint32_t person,
                             struct arena *arena, struct member_page *page, struct error *err)
{
    *page = (struct member_page){.person = person};
    enum status status = access_require(access, RIGHT_PEOPLE_SEE, "see members", err);
    if (!status)
        status = reader_begin(reader, err);
    if (status)
        return status;
    status = page_fill(reader, access, arena, page, err);
    reader_end(reader);
    return status;
}
