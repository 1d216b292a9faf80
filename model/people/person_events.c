#include "model/people/person_events.h"
#include "model/base/intl.h"

#include "model/base/vec.h"
#include "model/store/column.h"

#include <string.h>

/* ---- Reading ---- */

struct collector {
    struct arena *arena;
    uint32_t person;
    VEC(struct person_event) events;
};

static struct person_event event_of(struct collector *c, const struct event_run *run, size_t row)
{
    struct person_event e = {.kind = run->kind, .time = run->time[row]};
    e.amount = run->amount ? run->amount[row] : 0;
    e.tenant = run->tenant ? run->tenant[row] : 0;
    e.zone = run->zone ? run->zone[row] : 0;
    e.device = run->device ? run->device[row] : 0;
    e.campaign = run->campaign ? run->campaign[row] : 0;
    e.channel = run->channel ? run->channel[row] : 0;
    e.ref =
        run->ref && run->ref[row] && *run->ref[row] ? arena_strdup(c->arena, run->ref[row]) : NULL;
    return e;
}

static enum status collect(void *context, const struct event_block *block, struct error *err)
{
    (void)err;
    struct collector *c = context;
    struct event_cursor cursor;
    uint32_t person;
    event_cursor_start(&cursor, block);
    while (event_cursor_person(&cursor, &person)) {
        const struct event_run *run;
        size_t row;
        while (event_cursor_next(&cursor, &run, &row))
            if (person == c->person)
                vec_push(&c->events, event_of(c, run, row));
    }
    return ST_OK;
}

/* All kinds of this mall but receipt lines, which a receipt stands for. */
static const uint16_t *kinds_but_lines(struct reader *reader, struct arena *arena, size_t *n)
{
    uint32_t most = dict_size(reader, DICT_KIND);
    most = most < KIND_BUILT_IN_END ? KIND_BUILT_IN_END : most;
    uint16_t *list = arena_array(arena, uint16_t, most);
    *n = 0;
    for (uint32_t id = 1; id <= most && id <= UINT16_MAX; id++)
        if (id != KIND_LINE && (id < KIND_BUILT_IN_END || id >= KIND_CUSTOM))
            list[(*n)++] = (uint16_t)id;
    return list;
}

enum status person_events_read(struct reader *reader, uint32_t person, int64_t from, int64_t to,
                               const uint16_t *kinds_asked, size_t n_kinds_asked,
                               struct arena *arena, struct person_events *events, struct error *err)
{
    struct collector c = {.arena = arena, .person = person};
    *events = (struct person_events){0};
    if (!kinds_asked)
        kinds_asked = kinds_but_lines(reader, arena, &n_kinds_asked);
    struct event_query query = {.from = from,
                                .to = to,
                                .kinds = kinds_asked,
                                .n_kinds = n_kinds_asked,
                                .columns = EVENT_TIME | EVENT_TENANT | EVENT_ZONE | EVENT_CHANNEL |
                                           EVENT_DEVICE | EVENT_AMOUNT | EVENT_CAMPAIGN | EVENT_REF,
                                .people = true,
                                .person_first = person,
                                .person_last = person};
    enum status status = person ? event_scan(reader, &query, collect, &c, err) : ST_OK;
    if (!status && c.events.n) {
        struct person_event *at = arena_array(arena, struct person_event, c.events.n);
        memcpy(at, c.events.at, c.events.n * sizeof *at);
        *events = (struct person_events){c.events.n, at};
    }
    vec_free(&c.events);
    return status;
}

/* ---- The time line ---- */

const struct sheet_column timeline_columns[TIMELINE_COLUMN_COUNT] = {
    [TIMELINE_TIME] = {"time", N_("time"), CELL_TIME},
    [TIMELINE_KIND] = {"kind", N_("event"), CELL_TEXT},
    [TIMELINE_TENANT] = {"tenant", N_("code"), CELL_TEXT},
    [TIMELINE_SHOP] = {"shop", N_("shop"), CELL_TEXT},
    [TIMELINE_ZONE] = {"zone", N_("zone"), CELL_TEXT},
    [TIMELINE_CHANNEL] = {"channel", N_("channel"), CELL_TEXT},
    [TIMELINE_AMOUNT] = {"amount", N_("amount"), CELL_MONEY},
    [TIMELINE_POINTS] = {"points", N_("points"), CELL_COUNT},
    [TIMELINE_CAMPAIGN] = {"campaign", N_("campaign"), CELL_TEXT},
    [TIMELINE_DEVICE] = {"device", N_("device"), CELL_TEXT},
    [TIMELINE_REF] = {"ref", N_("reference"), CELL_TEXT},
};

static struct cell dict_cell(struct reader *reader, struct arena *arena, enum dict dict,
                             uint32_t id)
{
    return cell_text(id ? arena_strdup(arena, dict_name(reader, dict, id)) : NULL);
}

static enum status shop_name_cell(struct reader *reader, struct arena *arena, uint32_t tenant,
                                  struct cell *cell, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    if (!tenant)
        return ST_OK;
    enum status status =
        reader_prepare(reader, "select name from tenant where id = ?1 and name <> ''", &stmt, err);
    if (status)
        return status;
    sqlite3_bind_int64(stmt, 1, tenant);
    status = reader_step(reader, stmt, &row, err);
    if (!status && row)
        *cell = cell_text(arena_strdup(arena, column_text(stmt, 0)));
    sqlite3_reset(stmt);
    return status;
}

static enum status timeline_row(struct reader *reader, bool refs, const struct person_event *e,
                                struct sheet *sheet, struct error *err)
{
    struct arena *arena = sheet->arena;
    struct cell *cells = sheet_row_add(sheet);
    cells[TIMELINE_TIME] = cell_integer(e->time);
    cells[TIMELINE_KIND] = dict_cell(reader, arena, DICT_KIND, e->kind);
    const struct kind_info *kind = kind_by_id(e->kind);
    if (kind)
        cells[TIMELINE_KIND] = cell_text(kind->name);
    cells[TIMELINE_TENANT] = dict_cell(reader, arena, DICT_TENANT, e->tenant);
    cells[TIMELINE_ZONE] = dict_cell(reader, arena, DICT_ZONE, e->zone);
    cells[TIMELINE_CHANNEL] = dict_cell(reader, arena, DICT_CHANNEL, e->channel);
    cells[TIMELINE_CAMPAIGN] = dict_cell(reader, arena, DICT_CAMPAIGN, e->campaign);
    cells[TIMELINE_DEVICE] = dict_cell(reader, arena, DICT_DEVICE, e->device);
    if (refs)
        cells[TIMELINE_REF] = cell_text(e->ref);
    if (kind_unit(e->kind) == UNIT_MONEY && (e->amount || kind))
        cells[TIMELINE_AMOUNT] = cell_integer(e->amount);
    else if (kind_unit(e->kind) == UNIT_POINTS)
        cells[TIMELINE_POINTS] = cell_integer(e->amount);
    return shop_name_cell(reader, arena, e->tenant, &cells[TIMELINE_SHOP], err);
}

enum status member_timeline(struct reader *reader, const struct access *access, uint32_t person,
                            const struct timeline_query *query, struct arena *arena,
                            struct sheet **sheet, struct error *err)
{
    struct person_events events;
    *sheet = sheet_new(arena, timeline_columns, TIMELINE_COLUMN_COUNT);
    enum status status = access_require(access, RIGHT_PEOPLE_SEE, "see members", err);
    if (!status)
        status = reader_begin(reader, err);
    if (status)
        return status;
    struct arena *work = arena_new();
    status = person_events_read(reader, person, query->from, query->to, query->kinds,
                                query->n_kinds, work, &events, err);
    size_t first = query->first < events.n ? query->first : events.n;
    size_t n = query->n && query->n < events.n - first ? query->n : events.n - first;
    /* A receipt's number would let an analyst find the person in the till's own records. */
    bool refs = access_mask(access, person) != MASK_PSEUDONYM;
    for (size_t i = 0; !status && i < n; i++) {
        struct person_event e = events.at[events.n - 1 - first - i];
        e.ref = e.ref ? arena_strdup(arena, e.ref) : NULL;
        status = timeline_row(reader, refs, &e, *sheet, err);
    }
    (*sheet)->total = (int64_t)events.n;
    (*sheet)->truncated = first + n < events.n;
    arena_free(work);
    reader_end(reader);
    return status;
}
