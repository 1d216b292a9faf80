#include "model/insight/cluster_label.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/store/column.h"

#include <string.h>

/* Rows of a transaction: few, so that others get their turn. */
enum { AT_ONCE = 20000, NAME_MOST = 60 };

struct saving {
    struct writer *writer;
    const struct access *access;
    const struct clusters *clusters;
    const char *name;
    int64_t first; /* number of the first label */
    struct error *err;
};

static enum status sql_run(struct saving *s, const char *sql, int64_t a, int64_t b,
                           int64_t *changed)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(s->writer, sql, &stmt, s->err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, a);
    if (sqlite3_bind_parameter_count(stmt) > 1)
        sqlite3_bind_int64(stmt, 2, b);
    status = writer_run(s->writer, stmt, s->err);
    if (changed)
        *changed = sqlite3_changes64(writer_db(s->writer));
    return status;
}

/* People of labels that are no more, in turns; also those that a broken run left behind. */
static enum status strays_remove(struct saving *s)
{
    int64_t changed = 1;
    enum status status = ST_OK;
    while (changed && status == ST_OK) {
        status = writer_begin(s->writer, s->err);
        if (status != ST_OK)
            return status;
        status = sql_run(s,
                         "delete from label_member where (label, person) in (select m.label, "
                         "m.person from label_member m where not exists (select 1 from label l "
                         "where l.id = m.label) limit ?1)",
                         AT_ONCE, 0, &changed);
        if (status == ST_OK)
            status = writer_commit(s->writer, s->err);
        else
            writer_rollback(s->writer);
    }
    return status;
}

static enum status first_find(struct saving *s)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(s->writer,
                                        "select max(coalesce((select max(id) from label), 0), "
                                        "coalesce((select max(label) from label_member), 0)) + 1",
                                        &stmt, s->err);
    if (status != ST_OK)
        return status;
    s->first = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 1;
    sqlite3_reset(stmt);
    return ST_OK;
}

/* Under numbers that no label has yet, so that nobody sees them. */
static enum status people_write(struct saving *s)
{
    const struct clusters *c = s->clusters;
    enum status status = ST_OK;
    for (size_t at = 0; at < c->table->n && status == ST_OK;) {
        size_t to = at + AT_ONCE < c->table->n ? at + AT_ONCE : c->table->n;
        status = writer_begin(s->writer, s->err);
        if (status != ST_OK)
            return status;
        for (; at < to && status == ST_OK; at++)
            status = sql_run(s, "insert into label_member (label, person) values (?1, ?2)",
                             s->first + c->cluster[at], c->table->people[at], NULL);
        if (status == ST_OK)
            status = writer_commit(s->writer, s->err);
        else
            writer_rollback(s->writer);
    }
    return status;
}

/* A label that a rule makes is not replaced. */
static enum status rule_check(struct saving *s, const char *name)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(s->writer, "select rule from label where name = ?1", &stmt, s->err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_TRANSIENT);
    bool ruled = sqlite3_step(stmt) == SQLITE_ROW && *column_text(stmt, 0);
    sqlite3_reset(stmt);
    return ruled ? error_set(s->err, ST_CONFLICT,
                             "the label %s has a rule of its own: choose another name", name)
                 : ST_OK;
}

static enum status label_write(struct saving *s, struct arena *arena, size_t cluster)
{
    const char *name = arena_printf(arena, "%s-%zu", s->name, cluster + 1);
    sqlite3_stmt *stmt;
    enum status status = rule_check(s, name);
    if (status == ST_OK)
        status = writer_prepare(s->writer,
                                "insert into label (id, name, rule, author, as_of) values "
                                "(?1, ?2, '', ?3, ?4) on conflict (name) do update set id = ?1, "
                                "author = ?3, as_of = ?4, version = version + 1",
                                &stmt, s->err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, s->first + (int64_t)cluster);
    sqlite3_bind_text(stmt, 2, name, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(stmt, 3, s->access->principal, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(stmt, 4, time_now());
    return writer_run(s->writer, stmt, s->err);
}

/* Labels NAME-7 of a run with more clusters. */
static enum status rest_remove(struct saving *s, struct arena *arena)
{
    sqlite3_stmt *stmt;
    enum status status = ST_OK;
    for (size_t c = s->clusters->k; c < KMEANS_MOST && status == ST_OK; c++) {
        status = writer_prepare(s->writer, "delete from label where name = ?1 and rule = ''", &stmt,
                                s->err);
        if (status != ST_OK)
            return status;
        sqlite3_bind_text(stmt, 1, arena_printf(arena, "%s-%zu", s->name, c + 1), -1,
                          SQLITE_TRANSIENT);
        status = writer_run(s->writer, stmt, s->err);
    }
    return status;
}

static enum status audit_write(struct saving *s)
{
    json_t *detail = json_object(), *sizes = json_array(), *names = json_array();
    for (size_t c = 0; c < s->clusters->k; c++)
        json_array_append_new(sizes, json_integer((json_int_t)s->clusters->groups[c].n));
    for (size_t j = 0; j < s->clusters->table->d; j++)
        json_array_append_new(names, json_string(s->clusters->table->feature[j].name));
    json_object_set_new(detail, "sizes", sizes);
    json_object_set_new(detail, "features", names);
    json_object_set_new(detail, "seed", json_integer((json_int_t)s->clusters->query.seed));
    enum status status =
        audit_append(s->writer, s->access->principal, "cluster", "label", s->name, detail, s->err);
    json_decref(detail);
    return status;
}

static enum status labels_show(struct saving *s)
{
    struct arena *arena = arena_new();
    enum status status = writer_begin(s->writer, s->err);
    for (size_t c = 0; c < s->clusters->k && status == ST_OK; c++)
        status = label_write(s, arena, c);
    if (status == ST_OK)
        status = rest_remove(s, arena);
    if (status == ST_OK)
        status = audit_write(s);
    if (status == ST_OK)
        status = writer_touch_rows(s->writer, s->err);
    if (status == ST_OK)
        status = writer_commit(s->writer, s->err);
    else
        writer_rollback(s->writer);
    arena_free(arena);
    return status;
}

static enum status rules_check(struct saving *s)
{
    struct arena *arena = arena_new();
    enum status status = ST_OK;
    for (size_t c = 0; c < s->clusters->k && status == ST_OK; c++)
        status = rule_check(s, arena_printf(arena, "%s-%zu", s->name, c + 1));
    arena_free(arena);
    return status;
}

enum status clusters_save(struct writer *writer, const struct access *access,
                          const struct clusters *clusters, const char *name, struct error *err)
{
    struct saving s = {
        .writer = writer, .access = access, .clusters = clusters, .name = name, .err = err};
    size_t n = strlen(name);
    if (!clusters->table->people)
        return error_set(err, ST_USAGE, "rows of a file have no labels");
    enum status status = access_require(access, RIGHT_PEOPLE_EDIT, "save labels", err);
    if (status == ST_OK && (n == 0 || n > NAME_MOST || !text_valid(name, n)))
        status = error_set(err, ST_REFUSED, "found a name of %zu bytes, expected 1 to %d of text",
                           n, NAME_MOST);
    if (status == ST_OK)
        status = writer_bulk_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = rules_check(&s);
    if (status == ST_OK)
        status = strays_remove(&s);
    if (status == ST_OK)
        status = first_find(&s);
    if (status == ST_OK)
        status = people_write(&s);
    if (status == ST_OK)
        status = labels_show(&s);
    if (status == ST_OK)
        status = strays_remove(&s);
    writer_bulk_end(writer);
    return status;
}
