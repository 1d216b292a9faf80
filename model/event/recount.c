#include "model/event/recount.h"

#include "model/event/blob.h"
#include "model/event/catalog.h"
#include "model/event/person.h"
#include "model/event/recent.h"

#include <stdio.h>
#include <stdlib.h>

void faults_add(struct faults *faults, const char *format, ...)
{
    if (faults->n++ >= RECOUNT_EXAMPLES)
        return;
    struct arena *arena = arena_new();
    va_list args;
    va_start(args, format);
    const char *more = arena_vprintf(arena, format, args);
    va_end(args);
    char *text =
        mem_printf("%s%s%s", faults->text ? faults->text : "", faults->text ? "; " : "", more);
    free(faults->text);
    faults->text = text;
    arena_free(arena);
}

/* ---- One chunk ---- */

struct walk {
    struct reader *reader;
    struct recount *recount;
    struct chunk_buffer buffer;
    struct event_list events;
    struct arena *arena;
    struct chunk_calendar months, days;
    struct person_block *people, *stored;
    struct recent *recent, *recent_stored;
    int32_t block; /* whose people are being counted */
};

static int order(const struct event *a, const struct event *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->person != b->person)
        return a->person < b->person ? -1 : 1;
    return (a->time > b->time) - (a->time < b->time);
}

static void chunk_row_check(struct walk *walk, const struct chunk_entry *entry)
{
    const struct event_list *events = &walk->events;
    int64_t lines = 0, first = INT64_MAX, last = INT64_MIN;
    const char *wrong = NULL;
    struct chunk_calendar *calendar = entry->block < 0 ? &walk->days : &walk->months;
    for (size_t i = 0; i < events->n; i++) {
        const struct event *event = &events->at[i];
        lines += event->kind == KIND_LINE;
        first = event->time < first ? event->time : first;
        last = event->time > last ? event->time : last;
        if (person_block(event->person) != entry->block)
            wrong = "it has an event of another block";
        if (i > 0 && order(event - 1, event) > 0)
            wrong = "its events are not in order";
        size_t at = chunk_calendar_find(calendar, event->time);
        if (calendar->spans.at[at].number != entry->month)
            wrong = "it has an event of another month";
    }
    if (lines != entry->lines || first != entry->first || last != entry->last)
        wrong = "its row does not say what it holds";
    if (wrong)
        faults_add(&walk->recount->chunk_faults, "chunk %lld (block %d, month %d): %s",
                   (long long)entry->id, entry->block, entry->month, wrong);
}

static void chunk_sums(struct walk *walk, const struct chunk_entry *entry)
{
    struct recount *recount = walk->recount;
    for (size_t i = 0; i < walk->events.n; i++) {
        const struct event *event = &walk->events.at[i];
        rollup_add(&recount->rollup, event);
        if (entry->block >= 0)
            person_block_add(walk->people, event);
        if (entry->block >= 0)
            recent_add(walk->recent, event, INT64_MAX);
        if (!event->ref_size)
            continue;
        struct ref_entry key = {.key = ref_key_of(event->kind, event->ref, event->ref_size)};
        ref_log_add(&recount->keys, &key);
        recount->refs++;
    }
}

static enum status chunk_walk(struct walk *walk, const struct chunk_entry *entry, struct error *err)
{
    struct error damage = {0};
    enum status status = chunk_read(walk->reader, entry, &walk->buffer, &damage);
    if (status == ST_CANCELLED) {
        error_clear(&damage);
        return error_set(err, status, "the check was cancelled");
    }
    walk->events.n = 0;
    arena_reset(walk->arena);
    walk->recount->chunks++;
    if (status != ST_OK)
        faults_add(&walk->recount->chunk_faults, "%s", error_text(&damage));
    else if (!chunk_events(&walk->buffer.parsed, walk->buffer.data.at,
                           block_first_person(entry->block), walk->arena, &walk->events))
        faults_add(&walk->recount->chunk_faults,
                   "chunk %lld (block %d, month %d): its columns do not decode or do not match "
                   "their checksums",
                   (long long)entry->id, entry->block, entry->month);
    error_clear(&damage);
    walk->recount->events += (int64_t)walk->events.n;
    if (walk->events.n) {
        chunk_row_check(walk, entry);
        chunk_sums(walk, entry);
    }
    return ST_OK;
}

/* ---- The people of a block ---- */

static enum status people_compare(struct walk *walk, struct error *err)
{
    if (walk->block < 0)
        return ST_OK;
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = reader_prepare(walk->reader,
                                        "select columns from person_block where block = ?1 and"
                                        " batch in " BATCHES_DONE " order by batch desc limit 1",
                                        &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int(stmt, 1, walk->block);
        status = reader_step(walk->reader, stmt, &row, err);
    }
    if (status != ST_OK)
        return status;
    person_block_clear(walk->stored);
    bool good = !row || person_block_decode(blob_column(stmt, 0), walk->stored->first_presence,
                                            walk->stored->registered);
    sqlite3_reset(stmt);
    walk->recount->people_blocks++;
    struct faults *faults = &walk->recount->people_faults;
    if (!good)
        faults_add(faults, "block %d does not decode or does not match its checksum", walk->block);
    for (uint32_t i = 0; good && i < EVENT_BLOCK; i++)
        if (walk->people->first_presence[i] != walk->stored->first_presence[i] ||
            walk->people->registered[i] != walk->stored->registered[i])
            faults_add(faults, "person %u", block_first_person(walk->block) + i);
    return ST_OK;
}

static bool same_tills(const recent_tills *a, const recent_tills *b, uint32_t *person)
{
    for (size_t i = 0; i < a->n || i < b->n; i++) {
        const struct recent_till *x = i < a->n ? &a->at[i] : NULL;
        const struct recent_till *y = i < b->n ? &b->at[i] : NULL;
        if (x && y && x->person == y->person && x->day == y->day && x->money == y->money &&
            x->purchases == y->purchases)
            continue;
        *person = !y || (x && x->person < y->person) ? x->person : y->person;
        return false;
    }
    return true;
}

/* As far back as it says that it goes. */
static void recent_match(struct walk *walk)
{
    struct recent *counted = walk->recent, *stored = walk->recent_stored;
    struct faults *faults = &walk->recount->recent_faults;
    uint32_t first = block_first_person(walk->block), person;
    counted->since = stored->since;
    recent_close(counted, &walk->days);
    for (uint32_t i = 0; i < EVENT_BLOCK; i++)
        if (counted->last_day[i] != stored->last_day[i])
            faults_add(faults, "person %u was last there on another day", first + i);
    if (!same_tills(&counted->tills, &stored->tills, &person))
        faults_add(faults, "person %u paid something else", first + person);
}

static enum status recent_compare(struct walk *walk, struct error *err)
{
    if (walk->block < 0)
        return ST_OK;
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status =
        reader_prepare(walk->reader,
                       "select presence, tills from person_recent where place between ?1 << 32 and"
                       " ?1 << 32 | 4294967295 and " RECENT_BATCH " in " BATCHES_DONE
                       " order by place desc limit 1",
                       &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int(stmt, 1, walk->block);
        status = reader_step(walk->reader, stmt, &row, err);
    }
    if (status != ST_OK)
        return status;
    recent_clear(walk->recent_stored);
    bool good = !row || recent_decode(blob_column(stmt, 0), blob_column(stmt, 1),
                                      &reader_mall(walk->reader)->clock, walk->recent_stored);
    sqlite3_reset(stmt);
    walk->recount->recent_blocks++;
    if (!good || walk->recent_stored->other_clock)
        faults_add(&walk->recount->recent_faults,
                   good ? "block %d was counted with another time zone or start of day"
                        : "block %d does not decode or does not match its checksum",
                   walk->block);
    else
        recent_match(walk);
    return ST_OK;
}

static enum status walk_all(struct walk *walk, const struct catalog *catalog, struct error *err)
{
    enum status status = ST_OK;
    walk->block = EVENT_NOBODY;
    for (size_t i = 0; i <= catalog->n && status == ST_OK; i++) {
        const struct chunk_entry *entry = i < catalog->n ? &catalog->at[i] : NULL;
        if (reader_cancelled(walk->reader))
            return error_set(err, ST_CANCELLED, "the check was cancelled");
        if (!entry || entry->block != walk->block) {
            status = people_compare(walk, err);
            if (status == ST_OK)
                status = recent_compare(walk, err);
            person_block_clear(walk->people);
            recent_clear(walk->recent);
            walk->block = entry ? entry->block : EVENT_NOBODY;
        }
        if (entry && status == ST_OK)
            status = chunk_walk(walk, entry, err);
        reader_progress(walk->reader, (int64_t)i, (int64_t)catalog->n);
    }
    return status;
}

/* ---- Kept with the reader ---- */

static const char recount_key;

static void recount_free(void *value)
{
    struct recount *recount = value;
    free(recount->chunk_faults.text);
    free(recount->people_faults.text);
    free(recount->recent_faults.text);
    rollup_free(&recount->rollup);
    ref_log_free(&recount->keys);
    free(recount);
}

enum status recount_read(struct reader *reader, struct recount **out, struct error *err)
{
    int64_t events, rows;
    const struct catalog *catalog;
    enum status status = reader_versions(reader, &events, &rows, err);
    if (status == ST_OK)
        status = catalog_read(reader, &catalog, err);
    if (status != ST_OK)
        return status;
    *out = reader_kept(reader, &recount_key);
    if (*out && (*out)->version == events)
        return ST_OK;
    const struct clock *clock = &reader_mall(reader)->clock;
    struct recount *recount = mem_zero(1, sizeof *recount);
    recount->version = events;
    recount->rollup = rollup_make(clock);
    struct walk walk = {.reader = reader,
                        .recount = recount,
                        .arena = arena_new(),
                        .months = chunk_calendar_make(clock, false),
                        .days = chunk_calendar_make(clock, true),
                        .people = mem_alloc(sizeof *walk.people),
                        .stored = mem_alloc(sizeof *walk.stored),
                        .recent = mem_zero(1, sizeof *walk.recent),
                        .recent_stored = mem_zero(1, sizeof *walk.recent_stored)};
    person_block_clear(walk.people);
    recent_clear(walk.recent);
    status = walk_all(&walk, catalog, err);
    ref_log_seal(&recount->keys);
    chunk_buffer_free(&walk.buffer);
    vec_free(&walk.events);
    arena_free(walk.arena);
    chunk_calendar_free(&walk.months);
    chunk_calendar_free(&walk.days);
    free(walk.people);
    free(walk.stored);
    recent_free(walk.recent);
    recent_free(walk.recent_stored);
    free(walk.recent);
    free(walk.recent_stored);
    if (status != ST_OK) {
        recount_free(recount);
        return status;
    }
    reader_keep(reader, &recount_key, recount, recount_free);
    *out = recount;
    return ST_OK;
}
