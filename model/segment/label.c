/* Labels as they are: reading, changing, history. */
#include "model/segment/label.h"

#include "model/base/text.h"
#include "model/people/people_set.h"
#include "model/segment/again.h"
#include "model/segment/sources.h"
#include "model/store/column.h"

#include <stdlib.h>

/* ---- Reading ---- */

/* What of the file a state was made from is compared with what there is. */
struct present_state {
    int64_t batch, tail, rows;
};

static enum status present_read(struct reader *reader, struct present_state *now, struct error *err)
{
    int64_t events;
    enum status status = reader_integer(reader, "select max(id) from batch where state = 'done'", 0,
                                        &now->batch, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select max(seq) from tail", 0, &now->tail, err);
    if (status == ST_OK)
        status = reader_versions(reader, &events, &now->rows, err);
    return status;
}

static const char labels_sql[] =
    "select l.id, l.name, l.rule, l.author, l.note, l.version, s.people, s.as_of, s.time,"
    " s.milliseconds, s.blocks, s.version, s.batch, s.tail, s.rows, s.error,"
    " case l.rule when '' then (select count(*) from label_member m where m.label = l.id) end,"
    " (select a.time from operation o join audit a on a.seq = o.seq"
    "  where o.entity = 'label' and o.target = l.name order by o.seq desc limit 1), l.as_of, s.day"
    " from label l left join label_state s on s.label = l.id";

static const char *sources_of(struct arena *arena, const char *rule, bool *moves)
{
    const struct people_expr *expr;
    struct error ignored = {0};
    const char *text = "";
    if (*rule && people_parse(arena, rule, strlen(rule), &expr, &ignored) == ST_OK) {
        text = people_sources(arena, expr);
        *moves = people_moves(expr);
    }
    error_clear(&ignored);
    return text;
}

static void label_take(sqlite3_stmt *stmt, struct arena *arena, const struct present_state *now,
                       int32_t today, struct label *label)
{
    bool moves = false;
    *label = (struct label){
        .id = sqlite3_column_int64(stmt, 0),
        .name = arena_strdup(arena, column_text(stmt, 1)),
        .rule = arena_strdup(arena, column_text(stmt, 2)),
        .author = arena_strdup(arena, column_text(stmt, 3)),
        .note = arena_strdup(arena, column_text(stmt, 4)),
        .version = sqlite3_column_int64(stmt, 5),
        .people = -1,
        .error = "",
    };
    label->built_from = sources_of(arena, label->rule, &moves);
    if (!*label->rule) {
        label->people = sqlite3_column_int64(stmt, 16);
        label->time = sqlite3_column_int64(stmt, 17);
        label->as_of = sqlite3_column_int64(stmt, 18);
        return;
    }
    label->stale = true;
    if (sqlite3_column_type(stmt, 11) == SQLITE_NULL)
        return;
    label->people = sqlite3_column_int64(stmt, 6);
    label->as_of = sqlite3_column_int64(stmt, 7);
    label->time = sqlite3_column_int64(stmt, 8);
    label->milliseconds = sqlite3_column_int64(stmt, 9);
    label->blocks = sqlite3_column_int64(stmt, 10);
    label->error = arena_strdup(arena, column_text(stmt, 15));
    label->stale = sqlite3_column_int64(stmt, 11) != label->version ||
                   sqlite3_column_int64(stmt, 12) != now->batch ||
                   sqlite3_column_int64(stmt, 13) != now->tail ||
                   sqlite3_column_int64(stmt, 14) != now->rows ||
                   (moves && sqlite3_column_int64(stmt, 19) != today) || *label->error;
}

enum status labels_read(struct reader *reader, struct arena *arena, const char *name,
                        struct label **labels, size_t *n, struct error *err)
{
    struct present_state now;
    sqlite3_stmt *stmt;
    int64_t as_of, present;
    bool row = true;
    VEC(struct label) list = {0};
    enum status status = present_read(reader, &now, err);
    if (status == ST_OK)
        status = reader_present(reader, &as_of, &present, err);
    if (status == ST_OK)
        status = reader_prepare(reader,
                                arena_printf(arena,
                                             "%s where ?1 is null or l.name = ?1"
                                             " order by l.name",
                                             labels_sql),
                                &stmt, err);
    if (status != ST_OK)
        return status;
    int32_t today = clock_day(&reader_mall(reader)->clock, present);
    if (name)
        sqlite3_bind_text(stmt, 1, name, -1, SQLITE_TRANSIENT);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct label label;
        label_take(stmt, arena, &now, today, &label);
        vec_push(&list, label);
    }
    sqlite3_reset(stmt);
    *labels = vec_copy(arena, &list);
    *n = list.n;
    vec_free(&list);
    return status;
}

enum status labels_list(struct reader *reader, struct arena *arena, const struct label **labels,
                        size_t *n, struct error *err)
{
    struct label *list = NULL;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = labels_read(reader, arena, NULL, &list, n, err);
    if (status == ST_OK)
        status = labels_settle(reader, list, *n, err);
    *labels = list;
    reader_end(reader);
    return status;
}

enum status label_find(struct reader *reader, struct arena *arena, const char *name,
                       const struct label **label, struct error *err)
{
    struct label *labels = NULL;
    size_t n = 0;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = labels_read(reader, arena, name, &labels, &n, err);
    if (status == ST_OK)
        status = labels_settle(reader, labels, n, err);
    reader_end(reader);
    *label = n ? labels : NULL;
    return status;
}

enum status label_people(struct reader *reader, struct arena *arena, const char *name,
                         struct set **people, struct error *err)
{
    const struct label *label;
    int64_t highest = 0;
    *people = NULL;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = label_find(reader, arena, name, &label, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select value from counter where name = 'person'", 0,
                                &highest, err);
    if (status == ST_OK && label && highest >= 0 && highest < INT32_MAX) {
        struct test test = {.trait = TRAIT_LABEL, .id = label->id, .bare = true};
        status = list_people_read(reader, arena, &test, (uint32_t)highest + 1, people, err);
    }
    reader_end(reader);
    return status;
}

/* ---- Changing ---- */

static enum status rule_check(struct writer *writer, const struct access *access, const char *name,
                              const char *rule, bool *there, struct error *err)
{
    const struct segment_plan *plan;
    const struct label *old = NULL;
    struct reader *reader;
    struct arena *arena = arena_new();
    enum status status = reader_open(writer_mall(writer), &reader, err);
    if (status == ST_OK) {
        status = label_find(reader, arena, name, &old, err);
        if (status == ST_OK && *rule)
            status = segment_bind_named(reader, arena, access, rule,
                                        arena_printf(arena, "label:%s", name), true, &plan, err);
        reader_close(reader);
    }
    *there = old != NULL;
    arena_free(arena);
    return status;
}

enum status label_save(struct writer *writer, const struct access *access, const char *name,
                       const char *rule, const char *note, struct operation_result *result,
                       struct error *err)
{
    bool there;
    enum status status = rule_check(writer, access, name, rule, &there, err);
    if (status != ST_OK)
        return status;
    json_t *set = json_pack("{s:s s:s}", "rule", rule, "author", access->principal);
    if (set && note)
        json_object_set_new(set, "note", json_string(note));
    struct operation op = {.actor = access->principal,
                           .rights = access->rights,
                           .entity = "label",
                           .target = name,
                           .verb = there ? OPERATION_SET : OPERATION_CREATE,
                           .base_version = -1,
                           .set = set};
    status = operation_apply(writer, &op, result, err);
    json_decref(set);
    return status;
}

/* "a, b": whose rules name it. */
static enum status users_read(struct reader *reader, struct arena *arena, const char *name,
                              const char **users, struct error *err)
{
    const struct label *labels;
    size_t n;
    *users = "";
    enum status status = labels_list(reader, arena, &labels, &n, err);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        const struct people_expr *expr;
        struct error ignored = {0};
        if (*labels[i].rule &&
            people_parse(arena, labels[i].rule, strlen(labels[i].rule), &expr, &ignored) == ST_OK &&
            people_names(expr, TRAIT_LABEL, name))
            *users = arena_printf(arena, "%s%s%s", *users, **users ? ", " : "",
                                  text_quote(arena, labels[i].name, strlen(labels[i].name)));
        error_clear(&ignored);
    }
    return status;
}

/* What its rule found: a label that comes back by an undo is run again. */
static enum status label_forget(struct writer *writer, const char *name, struct error *err)
{
    static const char *const sql[] = {
        "delete from label_people where label = (select id from label where name = ?1)",
        "delete from label_state where label = (select id from label where name = ?1)",
    };
    enum status status = ST_OK;
    for (size_t i = 0; i < 2 && status == ST_OK; i++) {
        sqlite3_stmt *stmt;
        status = writer_prepare(writer, sql[i], &stmt, err);
        if (status != ST_OK)
            return status;
        sqlite3_bind_text(stmt, 1, name, -1, SQLITE_TRANSIENT);
        status = writer_run(writer, stmt, err);
    }
    return status;
}

enum status label_drop(struct writer *writer, const struct access *access, const char *name,
                       struct operation_result *result, struct error *err)
{
    struct arena *arena = arena_new();
    struct reader *reader;
    const char *users = "";
    enum status status = reader_open(writer_mall(writer), &reader, err);
    if (status == ST_OK) {
        status = users_read(reader, arena, name, &users, err);
        reader_close(reader);
    }
    if (status == ST_OK && *users)
        status = error_set(err, ST_CONFLICT,
                           "the label %s is part of the rules of %s: change "
                           "those first",
                           text_quote(arena, name, strlen(name)), users);
    struct operation op = {.actor = access->principal,
                           .rights = access->rights,
                           .entity = "label",
                           .target = name,
                           .verb = OPERATION_DELETE,
                           .base_version = -1};
    if (status == ST_OK)
        status = writer_begin(writer, err);
    if (status == ST_OK) {
        status = label_forget(writer, name, err);
        if (status == ST_OK)
            status = operation_apply(writer, &op, result, err);
        if (status == ST_OK)
            status = writer_commit(writer, err);
        else
            writer_rollback(writer);
    }
    arena_free(arena);
    return status;
}

enum status label_put(struct writer *writer, const struct access *access, const char *name,
                      const char *const *cards, size_t n, bool add, struct operation_result *result,
                      struct error *err)
{
    struct arena *arena = arena_new();
    const struct label *label = NULL;
    struct reader *reader;
    enum status status = reader_open(writer_mall(writer), &reader, err);
    if (status == ST_OK) {
        status = label_find(reader, arena, name, &label, err);
        reader_close(reader);
    }
    if (status == ST_OK && label && *label->rule)
        status = error_set(err, ST_CONFLICT,
                           "the label %s has a rule, which says who carries it: change the rule",
                           text_quote(arena, name, strlen(name)));
    json_t *list = json_array(), *set = json_object();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_string(cards[i]));
    json_object_set_new(set, add ? "add" : "remove", list);
    struct operation op = {.actor = access->principal,
                           .rights = access->rights,
                           .entity = "label",
                           .target = name,
                           .verb = OPERATION_SET,
                           .base_version = -1,
                           .set = set};
    if (status == ST_OK)
        status = operation_apply(writer, &op, result, err);
    json_decref(set);
    arena_free(arena);
    return status;
}

/* ---- History ---- */

static const char *field_text(struct arena *arena, json_t *after, const char *field)
{
    const char *text = json_string_value(json_object_get(after, field));
    return text ? arena_strdup(arena, text) : NULL;
}

enum status label_history(struct reader *reader, struct arena *arena, const char *name,
                          const struct label_change **changes, size_t *n, struct error *err)
{
    VEC(struct label_change) list = {0};
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(
        reader,
        "select a.time, a.actor, a.act, a.after from operation o join audit a on a.seq = o.seq"
        " where o.entity = 'label' and o.target = ?1 order by o.seq desc",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_TRANSIENT);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        json_t *after = json_loads(column_text(stmt, 3), 0, NULL);
        struct label_change change = {
            .time = sqlite3_column_int64(stmt, 0),
            .actor = arena_strdup(arena, column_text(stmt, 1)),
            .act = arena_strdup(arena, column_text(stmt, 2)),
            .rule = field_text(arena, after, "rule"),
            .note = field_text(arena, after, "note"),
            .added = (int64_t)json_array_size(json_object_get(after, "add")),
            .removed = (int64_t)json_array_size(json_object_get(after, "remove")),
        };
        json_decref(after);
        vec_push(&list, change);
    }
    sqlite3_reset(stmt);
    *changes = vec_copy(arena, &list);
    *n = list.n;
    vec_free(&list);
    return status;
}

/* ---- Verify ---- */

enum status label_verify(struct reader *reader, struct error *err)
{
    uint64_t words[PEOPLE_SET_WORDS];
    sqlite3_stmt *stmt;
    bool row = true;
    int64_t label = 0, count = 0;
    enum status status =
        reader_prepare(reader,
                       "select p.label, p.block, p.people, s.people from label_people p"
                       " left join label_state s on s.label = p.label"
                       " union all select s.label, -1, null, s.people from label_state s"
                       " order by 1, 2 desc",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        if (sqlite3_column_int64(stmt, 0) != label)
            count = 0;
        label = sqlite3_column_int64(stmt, 0);
        if (sqlite3_column_int64(stmt, 1) < 0) {
            if (count != sqlite3_column_int64(stmt, 3))
                status = error_set(
                    err, ST_UNUSABLE, "label %lld: its sets hold %lld people, its state says %lld",
                    (long long)label, (long long)count, (long long)sqlite3_column_int64(stmt, 3));
        } else if (!people_set_decode(sqlite3_column_blob(stmt, 2),
                                      (size_t)sqlite3_column_bytes(stmt, 2), words)) {
            status = error_set(err, ST_UNUSABLE, "label %lld: the set of block %lld is damaged",
                               (long long)label, (long long)sqlite3_column_int64(stmt, 1));
        } else {
            for (size_t i = 0; i < PEOPLE_SET_WORDS; i++)
                count += __builtin_popcountll(words[i]);
        }
        if (status != ST_OK)
            break;
    }
    sqlite3_reset(stmt);
    return status;
}
