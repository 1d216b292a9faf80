/* Taking a link back: rows, the member's card, events; and finding links. */
#include "model/event/move.h"
#include "model/people/link_parts.h"
#include "model/people/search.h"

#include <inttypes.h>
#include <string.h>

/* ---- Taking it back ---- */

static enum status link_read(struct linking *linking, struct writer *writer, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "select person, target, undone from link where id = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, linking->link);
    int code = sqlite3_step(stmt);
    int64_t undone = 0;
    if (code == SQLITE_ROW) {
        linking->person = (uint32_t)sqlite3_column_int64(stmt, 0);
        linking->target = (uint32_t)sqlite3_column_int64(stmt, 1);
        undone = sqlite3_column_int64(stmt, 2);
    } else if (code == SQLITE_DONE) {
        status = error_set(err, ST_REFUSED, "there is no link %" PRId64, linking->link);
    } else {
        status = sqlite_status(writer_db(writer), "reading a link", err);
    }
    sqlite3_reset(stmt);
    if (status == ST_OK && undone)
        status = error_set(err, ST_CONFLICT, "link %" PRId64 " was undone before", linking->link);
    return status;
}

/* A later link that took the target, or somebody this one relates to, further. */
static enum status top_check(struct linking *linking, struct writer *writer, struct error *err)
{
    int64_t later;
    enum status status = writer_ask_with(
        writer,
        "select min(l.id) from link l where l.undone = 0 and l.id > ?1 and (l.person = ?2 or"
        " l.person in (select json_extract(r.row, '$.other') from link_row r where r.link = ?1 and"
        " r.place = 'relation.person' union all select json_extract(r.row, '$.person') from"
        " link_row r where r.link = ?1 and r.place = 'relation.other'))",
        (const int64_t[]){linking->link, linking->target}, 2, 0, &later, err);
    if (status != ST_OK || !later)
        return status;
    return error_set(err, ST_CONFLICT,
                     "link %" PRId64 " was made on top of link %" PRId64 ": undo that one first",
                     later, linking->link);
}

static enum status rows_return(struct linking *linking, struct writer *writer, struct error *err)
{
    json_t *kept, *entry;
    size_t i;
    enum status status = link_rows_kept(writer, linking->link, NULL, &kept, err);
    json_array_foreach(kept, i, entry)
    {
        const char *place = json_string_value(json_object_get(entry, "place"));
        const json_t *row = json_object_get(entry, "row");
        const struct person_table *table = person_table_find(place);
        bool done, moved = json_is_true(json_object_get(entry, "moved"));
        if (status != ST_OK)
            break;
        if (strcmp(place, "member") == 0) {
            status = member_restore(writer, row, err);
            linking->result->rows++;
        }
        if (!table)
            continue;
        if (table->key)
            status = row_give(writer, table, row, linking->target, linking->person, err);
        else if (moved)
            status = row_remove(writer, table, row, linking->target, &done, err);
        if (status == ST_OK && !table->key)
            status = row_add(writer, table, row, linking->person, &done, err);
        bool identity = strcmp(table->table, "contact") == 0;
        linking->result->rows += !identity;
        linking->result->identities += identity;
    }
    json_decref(kept);
    return status;
}

/* What other links into the target had put aside may have room now. */
static enum status rows_refill(struct linking *linking, struct writer *writer, int64_t link,
                               struct error *err)
{
    json_t *kept, *entry;
    size_t i;
    enum status status = link_rows_kept(writer, link, NULL, &kept, err);
    json_array_foreach(kept, i, entry)
    {
        const char *place = json_string_value(json_object_get(entry, "place"));
        const json_t *row = json_object_get(entry, "row");
        const struct person_table *table = person_table_find(place);
        bool added = false;
        if (status != ST_OK)
            break;
        if (table && !json_is_true(json_object_get(entry, "moved")))
            status = row_add(writer, table, row, linking->target, &added, err);
        if (status == ST_OK && strcmp(place, "member") == 0)
            status = member_fill(writer, link, linking->target, row, err);
        if (status == ST_OK && added)
            status = writer_run_with(
                writer, "update link_row set moved = 1 where id = ?1",
                (const int64_t[]){json_integer_value(json_object_get(entry, "id"))}, 1, err);
    }
    json_decref(kept);
    return status;
}

static enum status others_refill(struct linking *linking, struct writer *writer, struct error *err)
{
    int64_t link = 0;
    enum status status = ST_OK;
    while (status == ST_OK) {
        status = writer_ask_with(
            writer, "select min(id) from link where target = ?1 and undone = 0 and id > ?2",
            (const int64_t[]){linking->target, link}, 2, 0, &link, err);
        if (status != ST_OK || !link)
            return status;
        status = rows_refill(linking, writer, link, err);
    }
    return status;
}

static enum status link_close(struct linking *linking, struct writer *writer, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "update link set undone = ?2, undone_by = ?3 where id = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, linking->link);
    sqlite3_bind_int64(stmt, 2, time_now());
    sqlite3_bind_text(stmt, 3, linking->access->principal, -1, SQLITE_STATIC);
    status = writer_run(writer, stmt, err);
    static const char *const kept[] = {"delete from link_row where link = ?1",
                                       "delete from link_event where link = ?1",
                                       "delete from link_identity where link = ?1"};
    for (size_t i = 0; i < 3 && status == ST_OK; i++)
        status = writer_run_with(writer, kept[i], &linking->link, 1, err);
    return status;
}

static enum status unlink_apply(struct writer *writer, struct event_move *move, void *context,
                                struct error *err)
{
    struct linking *linking = context;
    char *person = NULL, *target = NULL;
    (void)move;
    enum status status = link_read(linking, writer, err);
    if (status == ST_OK)
        status = top_check(linking, writer, err);
    if (status == ST_OK)
        status = member_unfill(writer, linking->link, linking->target, err);
    if (status == ST_OK)
        status = rows_return(linking, writer, err);
    if (status == ST_OK)
        status = link_close(linking, writer, err);
    if (status == ST_OK)
        status = others_refill(linking, writer, err);
    if (status == ST_OK)
        status = link_person_name(linking, writer, linking->person, &person, err);
    if (status == ST_OK)
        status = link_person_name(linking, writer, linking->target, &target, err);
    if (status == ST_OK)
        status = link_audit(linking, writer, "unlink", person, target, err);
    if (status == ST_OK)
        status = search_touch(writer, linking->person, err);
    return status == ST_OK ? writer_touch_rows(writer, err) : status;
}

/* The events that the link kept. */
static enum status events_kept(struct linking *linking, struct writer *writer,
                               struct event_list *events, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "select head, data from link_event where link = ?1 order by id", &stmt, err);
    if (status != ST_OK)
        return status;
    int code;
    sqlite3_bind_int64(stmt, 1, linking->link);
    while (status == ST_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        status = event_unpack(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0),
                              sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1),
                              linking->person, linking->arena, events, err);
    if (status == ST_OK && code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading what a link keeps", err);
    sqlite3_reset(stmt);
    return status;
}

enum status member_unlink(struct writer *writer, const struct access *access, int64_t link,
                          const char *reason, struct link_result *result, struct error *err)
{
    struct linking linking = {.access = access, .reason = reason, .link = link, .result = result};
    struct event_list events = {0};
    *result = (struct link_result){.id = link};
    enum status status = access_require(access, RIGHT_PEOPLE_EDIT, "unlink members", err);
    if (status == ST_OK)
        status = link_text_check(reason, "reason", err);
    if (status == ST_OK)
        status = link_read(&linking, writer, err);
    if (status == ST_OK)
        status = top_check(&linking, writer, err);
    if (status != ST_OK)
        return status;
    linking.arena = arena_new();
    status = events_kept(&linking, writer, &events, err);
    static const struct event none;
    struct event_move move = {.from = linking.target,
                              .to = linking.person,
                              .only = events.n ? events.at : &none,
                              .n_only = events.n,
                              .arena = linking.arena,
                              .before_visible = unlink_apply,
                              .context = &linking};
    if (status == ST_OK)
        status = event_move(writer, &move, err);
    result->person = linking.person;
    result->target = linking.target;
    result->events = (int64_t)move.moved.n;
    vec_free(&move.moved);
    vec_free(&events);
    arena_free(linking.arena);
    return status;
}

/* ---- Finding a link ---- */

static enum status one_number(struct reader *reader, sqlite3_stmt *stmt, int64_t *number,
                              struct error *err)
{
    bool row = false;
    enum status status = reader_step(reader, stmt, &row, err);
    *number = status == ST_OK && row ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return status;
}

enum status link_of_identity(struct reader *reader, const char *value, int64_t *link,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    *link = 0;
    enum status status = reader_prepare(reader,
                                        "select min(i.link) from link_identity i join link l on"
                                        " l.id = i.link where i.value = ?1 and l.undone = 0",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, value, -1, SQLITE_TRANSIENT);
    return one_number(reader, stmt, link, err);
}

enum status link_of_person(struct reader *reader, uint32_t person, int64_t *link, struct error *err)
{
    sqlite3_stmt *stmt;
    *link = 0;
    enum status status = reader_prepare(
        reader, "select max(id) from link where target = ?1 and undone = 0", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    return one_number(reader, stmt, link, err);
}
