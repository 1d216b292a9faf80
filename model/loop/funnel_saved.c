/* Funnels kept under a name, and people under a name. */
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/loop/funnel_parts.h"
#include "model/loop/funnel_plan.h"
#include "model/segment/saved.h"
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
    *funnels = vec_copy(arena, &found);
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

static enum status label_known(struct reader *reader, const char *name, bool *known,
                               struct error *err)
{
    sqlite3_stmt *stmt;
    *known = false;
    enum status status = reader_prepare(reader, "select 1 from label where name = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    status = reader_step(reader, stmt, known, err);
    sqlite3_reset(stmt);
    return status;
}

/* All the people of a list with a name, visitors too, who are otherwise left out of what an
 * expression means. */
static char *list_expression(struct arena *arena, bool segment, const char *name)
{
    return arena_printf(arena, "anyone and %s:%s", segment ? "segment" : "label",
                        segment_name_text(arena, name));
}

/* "coffee", "label:coffee" or "segment:the drop", where there is one; NULL: no name of a list. */
static enum status list_find(struct reader *reader, struct arena *arena, const char *text,
                             const char **expression, struct error *err)
{
    static const char in_segment[] = "segment:", in_label[] = "label:";
    const struct saved_segment *segment = NULL;
    const size_t n_segment = sizeof in_segment - 1, n_label = sizeof in_label - 1;
    bool segments = strncmp(text, in_segment, n_segment) == 0, known = false;
    bool labels = strncmp(text, in_label, n_label) == 0;
    const char *name = text + (segments ? n_segment : labels ? n_label : 0);
    enum status status = labels ? ST_OK : saved_segment_find(reader, arena, name, &segment, err);
    if (status == ST_OK && !segments && !segment)
        status = label_known(reader, name, &known, err);
    *expression = segment || known ? list_expression(arena, segment, name) : NULL;
    return status;
}

enum status funnel_people_named(struct reader *reader, struct arena *arena,
                                const struct access *access, const char *name,
                                const struct set **people, struct error *err)
{
    struct segment_answer answer;
    const char *expression;
    enum status status = list_find(reader, arena, name, &expression, err);
    if (status == ST_OK)
        status = segment_run(reader, arena, access, expression ? expression : name, &answer, err);
    if (status != ST_OK)
        return error_wrap(err, "the segment %s", text_quote(arena, name, strlen(name)));
    *people = answer.people;
    return ST_OK;
}

/* The names of labels, of segments, or of both. */
struct named {
    const char *name;
    bool segment;
};

static enum status names_find(struct reader *reader, struct arena *arena, bool labels,
                              bool segments, struct named **names, size_t *n, struct error *err)
{
    VEC(struct named) found = {0};
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = reader_prepare(reader,
                                        "select 1, name from segment where ?1 union all"
                                        " select 0, name from label where ?2 order by 1 desc, 2",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int(stmt, 1, segments);
    sqlite3_bind_int(stmt, 2, labels);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&found, (struct named){text_kept(arena, stmt, 1), sqlite3_column_int(stmt, 0)});
    *names = vec_copy(arena, &found);
    *n = found.n;
    vec_free(&found);
    return status;
}

enum status funnel_people_names(struct reader *reader, struct arena *arena, const char ***names,
                                size_t *n, struct error *err)
{
    struct named *found;
    enum status status = names_find(reader, arena, true, true, &found, n, err);
    if (status != ST_OK)
        return status;
    *names = arena_array(arena, const char *, *n + 1);
    for (size_t i = 0; i < *n; i++)
        (*names)[i] =
            arena_printf(arena, "%s:%s", found[i].segment ? "segment" : "label", found[i].name);
    return ST_OK;
}

/* All labels, or all segments, in as few scans as there can be. */
static enum status sets_bind(struct reader *reader, struct arena *arena,
                             const struct access *access, struct funnel_query *query,
                             struct error *err)
{
    bool labels = query->by == FUNNEL_BY_LABEL;
    struct named *names;
    size_t n;
    enum status status = names_find(reader, arena, labels, !labels, &names, &n, err);
    if (status != ST_OK || !n)
        return status;
    const struct segment_plan **plans = arena_array(arena, const struct segment_plan *, n);
    struct set **people = arena_array(arena, struct set *, n);
    struct funnel_set *sets = arena_array(arena, struct funnel_set, n);
    for (size_t i = 0; i < n && status == ST_OK; i++)
        status =
            segment_bind(reader, arena, access,
                         list_expression(arena, names[i].segment, names[i].name), &plans[i], err);
    if (status == ST_OK)
        status =
            segment_evaluate(reader, arena, plans, n, query->within, query->threads, people, err);
    for (size_t i = 0; i < n; i++)
        sets[i] = (struct funnel_set){names[i].name, people[i]};
    query->sets = sets;
    query->n_sets = n;
    return status;
}

enum status funnel_plan_bind(struct reader *reader, struct arena *arena,
                             const struct access *access, struct funnel_plan *plan,
                             struct error *err)
{
    struct funnel_query *query = &plan->query;
    enum status status = ST_OK;
    if (plan->within)
        status = funnel_people_named(reader, arena, access, plan->within, &query->within, err);
    if (status == ST_OK && (query->by == FUNNEL_BY_LABEL || query->by == FUNNEL_BY_SEGMENT))
        status = sets_bind(reader, arena, access, query, err);
    return status;
}
