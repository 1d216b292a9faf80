#include "model/import/export_facts.h"

#include "model/base/hash.h"
#include "model/base/vec.h"
#include "model/event/event.h"
#include "model/import/names.h"
#include "model/store/column.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An event of one person and moment. */
struct moment {
    const struct event_run *run;
    size_t row;
};

struct item_text {
    const char *parts[4]; /* name, brand, category, color */
};

struct facts_out {
    struct reader *reader;
    const struct import_table *table;
    struct csv_out *out;
    struct arena *arena; /* of the export */
    struct arena *block; /* of the block at hand */
    const struct event_block *events;
    const char **cards, **devices; /* by person of the block: identities */
    struct names *receipts;        /* of the block: those with lines */
    VEC(struct moment) moments;
    VEC(struct item_text) items; /* by number */
};

static const struct event_run *run_of(const struct event_block *block, uint16_t kind)
{
    for (size_t i = 0; i < block->n_runs; i++)
        if (block->runs[i].kind == kind)
            return &block->runs[i];
    return NULL;
}

/* The receipt of a line's reference: without '#' and its number. */
static size_t receipt_length(const char *ref)
{
    const char *mark = strrchr(ref, '#');
    return mark ? (size_t)(mark - ref) : strlen(ref);
}

static void receipts_note(struct facts_out *f)
{
    names_free(f->receipts);
    f->receipts = names_new();
    const struct event_run *lines = run_of(f->events, KIND_LINE);
    for (size_t i = 0; lines && lines->ref && i < lines->n; i++) {
        size_t n = receipt_length(lines->ref[i]);
        uint64_t hash = hash64(lines->ref[i], n);
        if (n && !names_find(f->receipts, lines->ref[i], n, hash))
            names_add(f->receipts, lines->ref[i], n, hash, 1);
    }
}

/* The first card and the first Wi-Fi device of each person of the block. */
static enum status identities_read(struct facts_out *f, struct error *err)
{
    f->cards = arena_array(f->block, const char *, EVENT_BLOCK);
    f->devices = arena_array(f->block, const char *, EVENT_BLOCK);
    if (f->events->block == EVENT_NOBODY)
        return ST_OK;
    sqlite3_stmt *stmt;
    enum status status = reader_prepare(f->reader,
                                        "select person, kind = 'wifi', value from identity where "
                                        "person between ?1 and ?2 order by person, kind, value",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, f->events->first_person);
    sqlite3_bind_int64(stmt, 2, (int64_t)f->events->first_person + EVENT_BLOCK - 1);
    bool row;
    while ((status = reader_step(f->reader, stmt, &row, err)) == ST_OK && row) {
        size_t at = (size_t)(sqlite3_column_int64(stmt, 0) - f->events->first_person);
        const char **place = sqlite3_column_int(stmt, 1) ? &f->devices[at] : &f->cards[at];
        if (!*place)
            *place = arena_strdup(f->block, column_text(stmt, 2));
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status items_read(struct facts_out *f, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = reader_prepare(
        f->reader, "select id, name, brand, category, color from item order by id", &stmt, err);
    if (status != ST_OK)
        return status;
    bool row;
    while ((status = reader_step(f->reader, stmt, &row, err)) == ST_OK && row) {
        size_t id = (size_t)sqlite3_column_int64(stmt, 0);
        while (f->items.n <= id)
            vec_push(&f->items, (struct item_text){{"", "", "", ""}});
        for (int i = 0; i < 4; i++)
            f->items.at[id].parts[i] = arena_strdup(f->arena, column_text(stmt, i + 1));
    }
    sqlite3_reset(stmt);
    return status;
}

/* ---- One row each ---- */

static uint32_t number(const uint32_t *column, size_t row)
{
    return column ? column[row] : 0;
}

static const char *text(const char *const *column, size_t row)
{
    return column && column[row] ? column[row] : "";
}

static void put(struct facts_out *f, const char *at)
{
    csv_out_text(f->out, at, strlen(at));
}

static void put_name(struct facts_out *f, enum dict dict, uint32_t id)
{
    put(f, id ? dict_name(f->reader, dict, id) : "");
}

static const char *kind_name(struct facts_out *f, uint16_t kind)
{
    const struct kind_info *info = kind_by_id(kind);
    return info ? info->name : dict_name(f->reader, DICT_KIND, kind);
}

static const char *subject(struct facts_out *f, uint32_t person)
{
    if (!person)
        return "-";
    size_t at = person - f->events->first_person;
    if (f->cards[at])
        return f->cards[at];
    return f->devices[at] ? f->devices[at] : "-";
}

static void put_event(struct facts_out *f, const struct event_run *run, size_t row)
{
    int64_t amount = run->amount ? run->amount[row] : 0;
    csv_out_time(f->out, run->time[row]);
    put(f, subject(f, run->person ? run->person[row] : 0));
    put(f, kind_name(f, run->kind));
    put_name(f, DICT_TENANT, number(run->tenant, row));
    put_name(f, DICT_ZONE, number(run->zone, row));
    put_name(f, DICT_DEVICE, number(run->device, row));
    put_name(f, DICT_CHANNEL, run->channel ? run->channel[row] : 0);
    if (kind_unit(run->kind) == UNIT_POINTS)
        csv_out_integer(f->out, amount);
    else if (amount || kind_unit(run->kind) == UNIT_MONEY)
        csv_out_money(f->out, amount);
    else
        csv_out_empty(f->out);
    put_name(f, DICT_CAMPAIGN, number(run->campaign, row));
    put(f, text(run->ref, row));
    csv_out_row(f->out, false);
}

static void put_line(struct facts_out *f, const struct event_run *run, size_t row)
{
    static const struct item_text none = {{"", "", "", ""}};
    uint32_t id = number(run->item, row);
    const struct item_text *item = id < f->items.n ? &f->items.at[id] : &none;
    uint32_t person = run->person ? run->person[row] : 0;
    const char *ref = text(run->ref, row);
    csv_out_text(f->out, ref, receipt_length(ref));
    csv_out_time(f->out, run->time[row]);
    put_name(f, DICT_TENANT, number(run->tenant, row));
    csv_out_money(f->out, run->amount ? run->amount[row] : 0);
    put(f, person ? subject(f, person) : "");
    put_name(f, DICT_CHANNEL, run->channel ? run->channel[row] : 0);
    csv_out_empty(f->out);
    for (int i = 0; i < 4; i++)
        put(f, item->parts[i] ? item->parts[i] : "");
    csv_out_integer(f->out, run->value ? run->value[row] : 0);
    csv_out_row(f->out, false);
}

static void put_sighting(struct facts_out *f, const struct event_run *run, size_t row)
{
    char random[32];
    uint32_t person = run->person ? run->person[row] : 0;
    const char *mac = random;
    if (person)
        mac = f->devices[person - f->events->first_person];
    else
        snprintf(random, sizeof random, "random:%016llx",
                 (unsigned long long)(run->address ? run->address[row] : 0));
    csv_out_time(f->out, run->time[row]);
    put_name(f, DICT_DEVICE, number(run->device, row));
    put(f, mac);
    if (run->value && run->value[row])
        csv_out_integer(f->out, run->value[row]);
    else
        csv_out_empty(f->out);
    csv_out_row(f->out, false);
}

/* ---- Which file an event belongs to ---- */

static enum import_kind home_of(struct facts_out *f, const struct event_run *run, size_t row)
{
    uint32_t person = run->person ? run->person[row] : 0;
    if (run->kind == KIND_LINE)
        return IMPORT_RECEIPTS;
    if (run->kind == KIND_SIGHTING && number(run->device, row)) {
        bool known = person ? f->devices[person - f->events->first_person] != NULL
                            : run->address && run->address[row];
        return known ? IMPORT_SIGHTINGS : IMPORT_EVENTS;
    }
    if (run->kind == KIND_PURCHASE || run->kind == KIND_REFUND) {
        const char *ref = text(run->ref, row);
        size_t n = strlen(ref);
        if (n && names_find(f->receipts, ref, n, hash64(ref, n)))
            return IMPORT_KINDS; /* its lines make it again */
    }
    return IMPORT_EVENTS;
}

static void put_moment(struct facts_out *f, const struct moment *moment)
{
    if (home_of(f, moment->run, moment->row) != f->table->kind)
        return;
    if (f->table->kind == IMPORT_EVENTS)
        put_event(f, moment->run, moment->row);
    else if (f->table->kind == IMPORT_RECEIPTS)
        put_line(f, moment->run, moment->row);
    else
        put_sighting(f, moment->run, moment->row);
}

/* Events of one moment, kinds of the mall's own by name: their numbers differ between malls. */
static void moments_put(struct facts_out *f)
{
    struct moment *at = f->moments.at;
    for (size_t i = 1; i < f->moments.n; i++)
        for (size_t k = i;
             k > 0 && at[k].run->kind >= KIND_CUSTOM && at[k - 1].run->kind >= KIND_CUSTOM &&
             strcmp(kind_name(f, at[k].run->kind), kind_name(f, at[k - 1].run->kind)) < 0;
             k--) {
            struct moment swap = at[k];
            at[k] = at[k - 1];
            at[k - 1] = swap;
        }
    for (size_t i = 0; i < f->moments.n; i++)
        put_moment(f, &at[i]);
    f->moments.n = 0;
}

static enum status on_block(void *context, const struct event_block *block, struct error *err)
{
    struct facts_out *f = context;
    f->events = block;
    arena_reset(f->block);
    receipts_note(f);
    enum status status = identities_read(f, err);
    if (status != ST_OK)
        return status;
    struct event_cursor cursor;
    event_cursor_start(&cursor, block);
    for (uint32_t person; event_cursor_person(&cursor, &person);) {
        const struct event_run *run;
        for (size_t row; event_cursor_next(&cursor, &run, &row);) {
            if (f->moments.n) {
                const struct moment *last = &f->moments.at[f->moments.n - 1];
                if (last->run->time[last->row] != run->time[row])
                    moments_put(f);
            }
            vec_push(&f->moments, (struct moment){run, row});
        }
        moments_put(f);
        if (f->out->status != ST_OK)
            break;
    }
    return f->out->status;
}

enum status facts_write(struct reader *reader, const struct export_options *options,
                        struct arena *arena, struct csv_out *out, struct error *err)
{
    static const uint16_t line[] = {KIND_LINE}, sighting[] = {KIND_SIGHTING};
    enum import_kind kind = options->table->kind;
    struct facts_out f = {.reader = reader,
                          .table = options->table,
                          .out = out,
                          .arena = arena,
                          .block = arena_new()};
    struct event_query query = {.from = options->from,
                                .to = options->to,
                                .nobody = true,
                                .people = true,
                                .columns = EVENT_TIME | EVENT_TENANT | EVENT_ZONE | EVENT_CHANNEL |
                                           EVENT_DEVICE | EVENT_AMOUNT | EVENT_CAMPAIGN |
                                           EVENT_ITEM | EVENT_VALUE | EVENT_ADDRESS | EVENT_REF};
    if (kind != IMPORT_EVENTS) {
        query.kinds = kind == IMPORT_RECEIPTS ? line : sighting;
        query.n_kinds = 1;
    }
    enum status status = kind == IMPORT_RECEIPTS ? items_read(&f, err) : ST_OK;
    if (status == ST_OK)
        status = event_scan(reader, &query, on_block, &f, err);
    names_free(f.receipts);
    arena_free(f.block);
    vec_free(&f.moments);
    vec_free(&f.items);
    return status;
}
