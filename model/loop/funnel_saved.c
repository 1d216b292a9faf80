/* Funnels kept under a name, and people under a name. */
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/loop/funnel_parts.h"
#include "model/loop/funnel_plan.h"
#include "model/store/column.h"

#include <string.h>

char *saved_funnel_text(struct arena *arena, const struct saved_funnel *saved)
{
    const char *steps[sizeof saved->steps / sizeof *saved->steps];
    struct funnel_plan plan = {.query = {.steps = steps,
                                         .n_steps = saved->n_steps,
                                         .window = saved->window,
                                         .modes = MODE_STRICT_ONCE}};
    for (size_t i = 0; i < saved->n_steps; i++)
        steps[i] = saved->steps[i].expr;
    return funnel_plan_text(arena, &plan);
}

static char *text_kept(struct arena *arena, sqlite3_stmt *stmt, int column)
{
    return arena_strndup(arena, column_text(stmt, column),
                         (size_t)sqlite3_column_bytes(stmt, column));
}

enum status funnels_kept(struct reader *reader, struct arena *arena,
                         const struct funnel_kept **funnels, size_t *n, struct error *err)
{
    VEC(struct funnel_kept) found = {0};
    sqlite3_stmt *stmt;
    bool row = false;
    for (size_t i = 0; i < n_saved_funnels; i++)
        vec_push(&found, (struct funnel_kept){.name = saved_funnels[i].id,
                                              .text = saved_funnel_text(arena, &saved_funnels[i]),
                                              .author = "",
                                              .built_in = &saved_funnels[i]});
    enum status status = reader_prepare(
        reader, "select name, definition, author, version from funnel order by name", &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&found, (struct funnel_kept){.name = text_kept(arena, stmt, 0),
                                              .text = text_kept(arena, stmt, 1),
                                              .author = text_kept(arena, stmt, 2),
                                              .version = sqlite3_column_int64(stmt, 3)});
    struct funnel_kept *kept = arena_array(arena, struct funnel_kept, found.n + 1);
    memcpy(kept, found.at, found.n * sizeof *kept);
    *funnels = kept;
    *n = found.n;
    vec_free(&found);
    return status;
}

enum status funnel_kept_find(struct reader *reader, struct arena *arena, const char *name,
                             struct funnel_kept *kept, struct error *err)
{
    enum { NAMED = 20 };
    const struct funnel_kept *all;
    size_t n;
    char *names = arena_strdup(arena, "");
    enum status status = funnels_kept(reader, arena, &all, &n, err);
    for (size_t i = 0; status == ST_OK && i < n; i++) {
        if (strcmp(all[i].name, name) == 0) {
            *kept = all[i];
            return ST_OK;
        }
        if (i < NAMED)
            names =
                arena_printf(arena, "%s%s%s", names, *names ? ", " : "",
                             all[i].built_in ? all[i].name
                                             : text_quote(arena, all[i].name, strlen(all[i].name)));
    }
    if (status != ST_OK)
        return status;
    return error_set(err, ST_REFUSED, "there is no saved funnel %s; there are %s%s",
                     text_quote(arena, name, strlen(name)), names, n > NAMED ? ", …" : "");
}

/* ---- People under a name ---- */

static enum status label_people(struct reader *reader, struct arena *arena, int64_t label,
                                uint32_t n_people, const struct set **people, struct error *err)
{
    struct set *set = set_new(arena, n_people);
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status =
        reader_prepare(reader, "select person from label_member where label = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, label);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int64_t person = sqlite3_column_int64(stmt, 0);
        if (person > 0 && person < n_people)
            set_add(set, (uint32_t)person);
    }
    *people = set;
    return status;
}

enum status funnel_people_named(struct reader *reader, struct arena *arena,
                                const struct access *access, const char *name,
                                const struct set **people, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    uint32_t n_people;
    (void)access; /* a label is a list with a name, which everyone may ask about */
    enum status status = funnel_people_number(reader, &n_people, err);
    if (status == ST_OK)
        status = reader_prepare(reader, "select id from label where name = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    status = reader_step(reader, stmt, &row, err);
    int64_t label = status == ST_OK && row ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    if (status == ST_OK && !row)
        return error_set(err, ST_REFUSED, "there is no label %s",
                         text_quote(arena, name, strlen(name)));
    return status == ST_OK ? label_people(reader, arena, label, n_people, people, err) : status;
}

enum status funnel_people_names(struct reader *reader, struct arena *arena, const char ***names,
                                size_t *n, struct error *err)
{
    VEC(const char *) found = {0};
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = reader_prepare(reader, "select name from label order by name", &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&found, text_kept(arena, stmt, 0));
    *names = arena_array(arena, const char *, found.n + 1);
    for (size_t i = 0; i < found.n; i++)
        (*names)[i] = found.at[i];
    *n = found.n;
    vec_free(&found);
    return status;
}

static enum status labels_bind(struct reader *reader, struct arena *arena,
                               struct funnel_query *query, struct error *err)
{
    VEC(struct funnel_set) sets = {0};
    VEC(int64_t) ids = {0};
    sqlite3_stmt *stmt;
    bool row = false;
    uint32_t n_people;
    enum status status = funnel_people_number(reader, &n_people, err);
    if (status == ST_OK)
        status = reader_prepare(reader, "select id, name from label order by name", &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        vec_push(&ids, sqlite3_column_int64(stmt, 0));
        vec_push(&sets, (struct funnel_set){text_kept(arena, stmt, 1), NULL});
    }
    struct funnel_set *kept = arena_array(arena, struct funnel_set, sets.n + 1);
    for (size_t i = 0; status == ST_OK && i < sets.n; i++) {
        kept[i].name = sets.at[i].name;
        status = label_people(reader, arena, ids.at[i], n_people, &kept[i].people, err);
    }
    query->sets = sets.n ? kept : NULL;
    query->n_sets = sets.n;
    vec_free(&sets);
    vec_free(&ids);
    return status;
}

enum status funnel_plan_bind(struct reader *reader, struct arena *arena,
                             const struct access *access, struct funnel_plan *plan,
                             struct error *err)
{
    enum status status = ST_OK;
    if (plan->within)
        status = funnel_people_named(reader, arena, access, plan->within, &plan->query.within, err);
    if (status == ST_OK && plan->query.by == FUNNEL_BY_LABEL)
        status = labels_bind(reader, arena, &plan->query, err);
    return status;
}
