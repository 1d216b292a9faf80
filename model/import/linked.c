#include "model/import/linked.h"

#include "model/base/hash.h"
#include "model/base/vec.h"
#include "model/event/move.h"
#include "model/store/column.h"
#include "model/store/reader.h"

#include <stdlib.h>

/* A link that a person's contact came by; `old` is the number the contact had, of which there may
 * be several links, one on top of the other. */
struct linked_by {
    uint32_t old, now, person; /* now: who has the contact; person: whom the link joined */
    int64_t link;
};

struct arrived {
    int64_t link;
    struct event event;
};

struct linked {
    VEC(struct linked_by) links; /* by old */
    VEC(struct arrived) arrived;
    struct arena *arena; /* their references */
    enum contact_kind kind;
};

enum status linked_open(struct writer *writer, enum contact_kind kind, struct names *names,
                        struct linked **out, struct error *err)
{
    struct linked *linked = mem_zero(1, sizeof *linked);
    sqlite3_stmt *stmt;
    *out = NULL;
    linked->arena = arena_new();
    enum status status = writer_prepare(
        writer,
        "select i.value, (select person from link where id = (select min(f.link) from"
        " link_identity f join link g on g.id = f.link and g.undone = 0 where f.kind = i.kind and"
        " f.value = i.value)) as old, c.person, l.person, l.id from link_identity i join link l on"
        " l.id = i.link and l.undone = 0 join contact c on c.kind = i.kind and c.value = i.value"
        " where i.kind = ?1 order by old, l.id",
        &stmt, err);
    if (status == ST_OK) {
        int code;
        sqlite3_bind_int(stmt, 1, kind);
        while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
            const char *value = column_text(stmt, 0);
            size_t n = (size_t)sqlite3_column_bytes(stmt, 0);
            struct linked_by by = {
                (uint32_t)sqlite3_column_int64(stmt, 1), (uint32_t)sqlite3_column_int64(stmt, 2),
                (uint32_t)sqlite3_column_int64(stmt, 3), sqlite3_column_int64(stmt, 4)};
            uint64_t hash = hash64(value, n);
            if (n < UINT16_MAX && !names_find(names, value, n, hash))
                names_add(names, value, n, hash, by.old);
            const struct linked_by *last =
                linked->links.n ? &linked->links.at[linked->links.n - 1] : NULL;
            if (!last || last->old != by.old || last->link != by.link)
                vec_push(&linked->links, by);
        }
        if (code != SQLITE_DONE)
            status = sqlite_status(writer_db(writer), "reading links", err);
        sqlite3_reset(stmt);
    }
    if (status != ST_OK || !linked->links.n) {
        linked_free(linked);
        return status;
    }
    *out = linked;
    return ST_OK;
}

enum status linked_open_few(struct writer *writer, enum contact_kind kind, struct linked **out,
                            struct error *err)
{
    sqlite3_stmt *stmt;
    *out = NULL;
    enum status status = writer_prepare(writer, "select 1 from link_identity limit 1", &stmt, err);
    if (status != ST_OK)
        return status;
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        *out = mem_zero(1, sizeof **out);
        (*out)->arena = arena_new();
        (*out)->kind = kind;
    }
    sqlite3_reset(stmt);
    return ST_OK;
}

/* Where links of an old number are to stand; those of one number by their own. Another contact of
 * it may have brought the same. */
static void link_put(struct linked *linked, struct linked_by by)
{
    size_t i = linked->links.n;
    while (i > 0 &&
           (linked->links.at[i - 1].old > by.old ||
            (linked->links.at[i - 1].old == by.old && linked->links.at[i - 1].link > by.link)))
        i--;
    if (i > 0 && linked->links.at[i - 1].old == by.old && linked->links.at[i - 1].link == by.link)
        return;
    vec_push(&linked->links, by);
    for (size_t k = linked->links.n - 1; k > i; k--)
        linked->links.at[k] = linked->links.at[k - 1];
    linked->links.at[i] = by;
}

enum status linked_look(struct linked *linked, struct writer *writer, const char *value, size_t n,
                        uint32_t *old, struct error *err)
{
    sqlite3_stmt *stmt;
    *old = 0;
    if (!linked)
        return ST_OK;
    enum status status = writer_prepare(
        writer,
        "select (select person from link where id = (select min(f.link) from link_identity f"
        " join link g on g.id = f.link and g.undone = 0 where f.value = ?2 and f.kind = ?1)),"
        " c.person, l.person, l.id from link_identity i join link l on l.id = i.link and"
        " l.undone = 0 join contact c on c.kind = i.kind and c.value = i.value"
        " where i.value = ?2 and i.kind = ?1",
        &stmt, err);
    if (status != ST_OK)
        return status;
    int code;
    sqlite3_bind_int(stmt, 1, linked->kind);
    sqlite3_bind_text(stmt, 2, value, (int)n, SQLITE_STATIC);
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        *old = (uint32_t)sqlite3_column_int64(stmt, 0);
        link_put(linked, (struct linked_by){*old, (uint32_t)sqlite3_column_int64(stmt, 1),
                                            (uint32_t)sqlite3_column_int64(stmt, 2),
                                            sqlite3_column_int64(stmt, 3)});
    }
    if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading links", err);
    sqlite3_reset(stmt);
    return status;
}

void linked_free(struct linked *linked)
{
    if (!linked)
        return;
    vec_free(&linked->links);
    vec_free(&linked->arrived);
    arena_free(linked->arena);
    free(linked);
}

/* The first link of an old number; NULL: it is nobody's that was linked. */
static const struct linked_by *links_of(const struct linked *linked, uint32_t person)
{
    size_t low = 0, high = linked->links.n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (linked->links.at[middle].old < person)
            low = middle + 1;
        else
            high = middle;
    }
    return low < linked->links.n && linked->links.at[low].old == person ? &linked->links.at[low]
                                                                        : NULL;
}

void linked_take(struct linked *linked, struct event *events, size_t n)
{
    for (size_t i = 0; linked && i < n; i++) {
        const struct linked_by *by = links_of(linked, events[i].person);
        if (!by)
            continue;
        const struct linked_by *end = linked->links.at + linked->links.n;
        uint32_t old = by->old;
        events[i].person = by->now;
        for (; by < end && by->old == old; by++) {
            struct arrived arrived = {by->link, events[i]};
            arrived.event.person = by->person;
            if (events[i].ref_size)
                arrived.event.ref = arena_strndup(linked->arena, events[i].ref, events[i].ref_size);
            vec_push(&linked->arrived, arrived);
        }
    }
}

struct pack {
    struct writer *writer;
    int64_t link;
};

static enum status pack_put(void *context, int32_t month, const struct chunk_bytes *bytes,
                            struct error *err)
{
    const struct pack *pack = context;
    return link_event_keep(pack->writer, pack->link, month, bytes, err);
}

static int arrived_compare(const void *a, const void *b)
{
    const struct arrived *x = a, *y = b;
    return (x->link > y->link) - (x->link < y->link);
}

enum status linked_write(struct linked *linked, struct writer *writer, struct error *err)
{
    enum status status = ST_OK;
    VEC(struct event) events = {0};
    size_t n = linked ? linked->arrived.n : 0;
    if (n)
        qsort(linked->arrived.at, n, sizeof *linked->arrived.at, arrived_compare);
    for (size_t i = 0, end; i < n && status == ST_OK; i = end) {
        struct pack pack = {writer, linked->arrived.at[i].link};
        events.n = 0;
        for (end = i; end < n && linked->arrived.at[end].link == pack.link; end++)
            vec_push(&events, linked->arrived.at[end].event);
        status = event_pack(&writer_mall(writer)->clock, events.at, events.n, pack_put, &pack, err);
    }
    vec_free(&events);
    return status;
}
