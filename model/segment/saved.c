#include "model/segment/saved.h"

#include "model/base/text.h"
#include "model/people/people_set.h"
#include "model/segment/plan.h"
#include "model/store/column.h"

#include <stdlib.h>

/* ---- Reading ---- */

static const char columns_sql[] =
    "select s.name, s.expression, s.author, s.note, s.kind, s.as_of, s.edition, s.version,"
    " (select a.time from operation o join audit a on a.seq = o.seq"
    "  where o.entity = 'segment' and o.target = s.name order by o.seq desc limit 1)"
    " from segment s";

static enum status edition_count(struct reader *reader, int64_t edition, int64_t *people,
                                 struct error *err)
{
    struct arena *arena = arena_new();
    int64_t highest = 0;
    sqlite3_stmt *stmt;
    enum status status =
        reader_integer(reader, "select value from counter where name = 'person'", 0, &highest, err);
    struct set *set =
        set_new(arena, highest > 0 && highest < INT32_MAX ? (uint32_t)highest + 1 : 1);
    if (status == ST_OK)
        status = reader_prepare(reader, "select block, people from people_set where edition = ?1",
                                &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, edition);
        status = people_set_read(reader, stmt, set, err);
        sqlite3_reset(stmt);
        *people = set_count(set);
    }
    arena_free(arena);
    return status;
}

static enum status rows_read(struct reader *reader, struct arena *arena, sqlite3_stmt *stmt,
                             const struct saved_segment **out, size_t *n, struct error *err)
{
    VEC(struct saved_segment) list = {0};
    bool row;
    enum status status;
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        bool frozen = strcmp(column_text(stmt, 4), "frozen") == 0;
        struct saved_segment segment = {
            .name = arena_strdup(arena, column_text(stmt, 0)),
            .expression = arena_strdup(arena, column_text(stmt, 1)),
            .author = arena_strdup(arena, column_text(stmt, 2)),
            .note = arena_strdup(arena, column_text(stmt, 3)),
            .frozen = frozen,
            .as_of = sqlite3_column_int64(stmt, 5),
            .people = -1,
            .version = sqlite3_column_int64(stmt, 7),
            .changed = sqlite3_column_int64(stmt, 8),
        };
        if (frozen)
            status = edition_count(reader, sqlite3_column_int64(stmt, 6), &segment.people, err);
        if (status != ST_OK)
            break;
        vec_push(&list, segment);
    }
    sqlite3_reset(stmt);
    *out = vec_copy(arena, &list);
    *n = list.n;
    vec_free(&list);
    return status;
}

enum status saved_segments(struct reader *reader, struct arena *arena,
                           const struct saved_segment **segments, size_t *n, struct error *err)
{
    sqlite3_stmt *stmt;
    char *sql = arena_printf(arena, "%s order by s.name", columns_sql);
    enum status status = reader_prepare(reader, sql, &stmt, err);
    return status == ST_OK ? rows_read(reader, arena, stmt, segments, n, err) : status;
}

enum status saved_segment_find(struct reader *reader, struct arena *arena, const char *name,
                               const struct saved_segment **found, struct error *err)
{
    sqlite3_stmt *stmt;
    size_t n = 0;
    const struct saved_segment *list = NULL;
    char *sql = arena_printf(arena, "%s where s.name = ?1", columns_sql);
    enum status status = reader_prepare(reader, sql, &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_text(stmt, 1, name, -1, SQLITE_TRANSIENT);
        status = rows_read(reader, arena, stmt, &list, &n, err);
    }
    *found = n ? list : NULL;
    return status;
}

/* ---- Saving ---- */

/* What saving looks at before it writes. */
struct look {
    struct arena *arena;
    bool there;
    struct set *people; /* of a frozen one */
    int64_t present;
};

/* Binds the expression as if it had its name already: one that is built from itself is told. */
static enum status look_at(struct reader *reader, const struct access *access,
                           const struct segment_save *save, struct look *look, struct error *err)
{
    const struct segment_plan *plan;
    const struct saved_segment *old;
    int64_t as_of;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    /* Once with the rules of labels, which may lead back here; then as it will be asked. */
    const char *name = arena_printf(look->arena, "segment:%s", save->name);
    status =
        segment_bind_named(reader, look->arena, access, save->expression, name, true, &plan, err);
    if (status == ST_OK)
        status = segment_bind(reader, look->arena, access, save->expression, &plan, err);
    if (status == ST_OK)
        status = saved_segment_find(reader, look->arena, save->name, &old, err);
    look->there = status == ST_OK && old;
    if (status == ST_OK)
        status = reader_present(reader, &as_of, &look->present, err);
    if (status == ST_OK && save->freeze)
        status = segment_evaluate(reader, look->arena, &plan, 1, NULL, 0, &look->people, err);
    reader_end(reader);
    return status;
}

enum status people_set_edition(struct writer *writer, int64_t *edition, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "select coalesce(max(edition), 0) + 1 from people_set", &stmt, err);
    if (status != ST_OK)
        return status;
    int code = sqlite3_step(stmt);
    *edition = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    if (code != SQLITE_ROW)
        status = sqlite_status(writer_db(writer), "numbering a set of people", err);
    sqlite3_reset(stmt);
    return status;
}

enum status people_set_write(struct writer *writer, const char *sql, int64_t key,
                             const struct set *set, struct error *err)
{
    uint64_t words[PEOPLE_SET_WORDS];
    struct bytes bytes = {0};
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer, sql, &stmt, err);
    for (uint32_t first = 0; first < set->n && status == ST_OK; first += EVENT_BLOCK) {
        uint64_t any = 0;
        people_set_block(set, (int32_t)(first / EVENT_BLOCK), words);
        for (size_t i = 0; i < PEOPLE_SET_WORDS; i++)
            any |= words[i];
        if (!any)
            continue;
        bytes.n = 0;
        people_set_encode(&bytes, words);
        sqlite3_bind_int64(stmt, 1, key);
        sqlite3_bind_int64(stmt, 2, first / EVENT_BLOCK);
        sqlite3_bind_blob(stmt, 3, bytes.at, (int)bytes.n, SQLITE_STATIC);
        status = writer_run(writer, stmt, err);
    }
    free(bytes.at);
    return status;
}

static enum status save_write(struct writer *writer, const struct access *access,
                              const struct segment_save *save, const struct look *look,
                              struct operation_result *result, struct error *err)
{
    int64_t edition = 0;
    enum status status = ST_OK;
    if (look->people)
        status = people_set_edition(writer, &edition, err);
    if (status != ST_OK)
        return status;
    json_t *set =
        json_pack("{s:s s:s s:s s:I s:I}", "expression", save->expression, "kind",
                  look->people ? "frozen" : "live", "author", access->principal, "as_of",
                  (json_int_t)(look->people ? look->present : 0), "edition", (json_int_t)edition);
    if (set && save->note)
        json_object_set_new(set, "note", json_string(save->note));
    struct operation op = {.actor = access->principal,
                           .rights = access->rights,
                           .entity = "segment",
                           .target = save->name,
                           .verb = look->there ? OPERATION_SET : OPERATION_CREATE,
                           .base_version = look->there ? save->base_version : -1,
                           .set = set};
    status = operation_apply(writer, &op, result, err);
    json_decref(set);
    if (status == ST_OK && look->people)
        status = people_set_write(
            writer, "insert into people_set (edition, block, people) values (?1, ?2, ?3)", edition,
            look->people, err);
    return status;
}

enum status segment_save(struct writer *writer, const struct access *access,
                         const struct segment_save *save, struct operation_result *result,
                         uint32_t *people, struct error *err)
{
    struct look look = {.arena = arena_new()};
    struct reader *reader;
    enum status status = reader_open(writer_mall(writer), &reader, err);
    if (status == ST_OK) {
        status = look_at(reader, access, save, &look, err);
        reader_close(reader);
    }
    if (status == ST_OK)
        status = writer_begin(writer, err);
    if (status == ST_OK) {
        status = save_write(writer, access, save, &look, result, err);
        if (status == ST_OK)
            status = writer_commit(writer, err);
        else
            writer_rollback(writer);
    }
    if (status == ST_OK && people)
        *people = look.people ? set_count(look.people) : 0;
    arena_free(look.arena);
    return status;
}

enum status segment_drop(struct writer *writer, const struct access *access, const char *name,
                         struct operation_result *result, struct error *err)
{
    struct operation op = {.actor = access->principal,
                           .rights = access->rights,
                           .entity = "segment",
                           .target = name,
                           .verb = OPERATION_DELETE,
                           .base_version = -1};
    return operation_apply(writer, &op, result, err);
}
