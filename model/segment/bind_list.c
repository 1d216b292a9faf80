/* Lists of people: labels, saved segments, groups, interests, relations, attributes. */
#include "model/segment/plan.h"

#include "model/base/text.h"
#include "model/people/label_list.h"
#include "model/people/people_set.h"
#include "model/people/regex.h"
#include "model/store/column.h"

#include <stdlib.h>

/* ---- Names ---- */

/* "expected a label; did you mean …?", from a statement that lists the names. */
static enum status name_unknown(struct binder *b, const struct people_expr *leaf, const char *noun,
                                const char *sql)
{
    VEC(const char *) names = {0};
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(b->reader, sql, &stmt, b->err);
    while (status == ST_OK && names.n < 10000 &&
           (status = reader_step(b->reader, stmt, &row, b->err)) == ST_OK && row)
        vec_push(&names, arena_strdup(b->arena, column_text(stmt, 0)));
    if (status == ST_OK) {
        sqlite3_reset(stmt);
        const char *near = names.n ? text_nearest(leaf->name.text, names.at, names.n) : NULL;
        status = bind_fail(b, &leaf->name,
                           near ? arena_printf(b->arena, "the name of %s; did you mean %s?", noun,
                                               text_quote(b->arena, near, strlen(near)))
                                : arena_printf(b->arena, "the name of %s", noun));
    }
    vec_free(&names);
    return status;
}

static enum status row_find(struct binder *b, const char *sql, const char *name,
                            sqlite3_stmt **stmt, bool *there)
{
    enum status status = reader_prepare(b->reader, sql, stmt, b->err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(*stmt, 1, name, -1, SQLITE_TRANSIENT);
    return reader_step(b->reader, *stmt, there, b->err);
}

/* "a is built from b, which is built from a". */
static enum status circle_fail(struct binder *b, const struct people_expr *leaf, size_t first)
{
    const char *way = b->inside[first];
    for (size_t i = first + 1; i <= b->n_inside; i++)
        way = arena_printf(b->arena, "%s%s%s", way,
                           i == first + 1 ? " is built from " : ", which is built from ",
                           b->inside[i < b->n_inside ? i : first]);
    return bind_fail(b, &leaf->name,
                     arena_printf(b->arena, "something that is not built from itself: %s", way));
}

/* A live segment, or the rule of a label, is bound in its place; who is in it is asked now. */
static enum status inner_bind(struct binder *b, const struct people_expr *leaf, const char *text,
                              const struct plan_node **instead)
{
    bool anyone = b->plan->anyone;
    const char *name = arena_printf(b->arena, "%s:%s", leaf->field->name, leaf->name.text);
    for (size_t i = 0; i < b->n_inside; i++)
        if (strcmp(b->inside[i], name) == 0)
            return circle_fail(b, leaf, i);
    if (b->n_inside == SEGMENTS_DEEP)
        return bind_fail(b, &leaf->name, "fewer labels and segments one inside the other");
    b->inside[b->n_inside++] = name;
    b->plan->anyone = false;
    enum status status = bind_text(b, text, instead);
    if (status != ST_OK)
        error_wrap(b->err, "%s: in %s", expr_place(b->arena, b->text, b->n, leaf->name.at),
                   text_quote(b->arena, name, strlen(name)));
    else if (!b->plan->anyone)
        *instead = bind_members(b, *instead);
    b->plan->anyone = anyone;
    b->n_inside--;
    return status;
}

static enum status label_bind(struct binder *b, const struct people_expr *leaf, struct test *test,
                              const struct plan_node **instead)
{
    sqlite3_stmt *stmt;
    bool there;
    enum status status =
        row_find(b, "select id, rule from label where name = ?1", leaf->name.text, &stmt, &there);
    if (status != ST_OK)
        return status;
    if (!there)
        return name_unknown(b, leaf, "a label", "select name from label order by name");
    test->id = sqlite3_column_int64(stmt, 0);
    const char *rule = arena_strdup(b->arena, column_text(stmt, 1));
    sqlite3_reset(stmt);
    return *rule && b->rules ? inner_bind(b, leaf, rule, instead) : ST_OK;
}

static enum status segment_find(struct binder *b, const struct people_expr *leaf, struct test *test,
                                const struct plan_node **instead)
{
    sqlite3_stmt *stmt;
    bool there;
    enum status status =
        row_find(b, "select edition, kind, expression from segment where name = ?1",
                 leaf->name.text, &stmt, &there);
    if (status != ST_OK)
        return status;
    if (!there)
        return name_unknown(b, leaf, "a segment", "select name from segment order by name");
    test->id = sqlite3_column_int64(stmt, 0);
    bool frozen = strcmp(column_text(stmt, 1), "frozen") == 0;
    const char *text = arena_strdup(b->arena, column_text(stmt, 2));
    sqlite3_reset(stmt);
    return frozen ? ST_OK : inner_bind(b, leaf, text, instead);
}

/* A name that nothing in the mall has means nobody. */
static enum status name_note(struct binder *b, const struct people_expr *leaf, const char *noun,
                             const char *sql)
{
    sqlite3_stmt *stmt;
    bool there;
    enum status status = row_find(b, sql, leaf->name.text, &stmt, &there);
    if (status != ST_OK)
        return status;
    sqlite3_reset(stmt);
    if (!there)
        bind_note(b, arena_printf(b->arena, "this mall has no %s %s", noun,
                                  text_quote(b->arena, leaf->name.text, leaf->name.size)));
    return ST_OK;
}

static enum status attribute_bind(struct binder *b, const struct people_expr *leaf,
                                  struct test *test)
{
    if (leaf->field->id == TRAIT_SSID)
        test->name = "ssid";
    if (b->access && b->access->mask != MASK_NONE && personal_attribute(test->name))
        return error_set(b->err, ST_DENIED,
                         "%s: the attribute %s tells who people are, and this role (%s) does not "
                         "see them unmasked",
                         expr_place(b->arena, b->text, b->n, leaf->at),
                         text_quote(b->arena, test->name, strlen(test->name)),
                         roles[b->access->role].name);
    struct regex *pattern;
    enum status status = test_pattern(test, &pattern, b->err);
    regex_free(pattern);
    if (status != ST_OK)
        return error_wrap(b->err, "%s", expr_place(b->arena, b->text, b->n, test->values[0].at));
    double number;
    if (!leaf->bare && leaf->op >= OP_LT && leaf->op <= OP_GE &&
        !text_to_double(leaf->values[0].text, leaf->values[0].size, &number))
        return bind_fail(b, &leaf->values[0], "a number");
    return ST_OK;
}

enum status bind_list(struct binder *b, const struct people_expr *leaf, struct test *test,
                      const struct plan_node **instead)
{
    struct key key = {0};
    test->type = TEST_LIST;
    test->name = leaf->name.text;
    key_text(&key, leaf->field->name);
    key_text(&key, leaf->name.text ? leaf->name.text : "");
    key_values(&key, leaf);
    test->key = key_take(&key, b->arena);
    switch (leaf->field->id) {
    case TRAIT_LABEL:
        return label_bind(b, leaf, test, instead);
    case TRAIT_SEGMENT:
        return segment_find(b, leaf, test, instead);
    case TRAIT_CROWD:
        return name_note(b, leaf, "group", "select 1 from crowd where code = ?1 or name = ?1");
    case TRAIT_INTEREST:
        return name_note(b, leaf, "topic", "select 1 from interest where topic = ?1 limit 1");
    case TRAIT_RELATED:
        return name_note(b, leaf, "relation", "select 1 from relation where kind = ?1 limit 1");
    default:
        return attribute_bind(b, leaf, test);
    }
}

/* ---- Reading them ---- */

enum status text_meets(const struct test *test, struct regex *pattern, const char *text,
                       bool *meets, struct error *err)
{
    double x, y;
    bool both;
    *meets = test->bare;
    if (test->bare)
        return ST_OK;
    switch (test->op) {
    case OP_MATCH:
    case OP_UNMATCH: {
        enum status status = regex_match(pattern, text, meets, err);
        *meets = *meets != (test->op == OP_UNMATCH);
        return status;
    }
    case OP_EQ:
    case OP_NE:
    case OP_IN:
        for (size_t i = 0; i < test->n_values && !*meets; i++)
            *meets = strcmp(test->values[i].text, text) == 0;
        *meets = *meets != (test->op == OP_NE);
        return ST_OK;
    default:
        both = text_to_double(text, strlen(text), &x) &&
               text_to_double(test->values[0].text, test->values[0].size, &y);
        *meets = both && (test->op == OP_LT   ? x < y
                          : test->op == OP_LE ? x <= y
                          : test->op == OP_GT ? x > y
                                              : x >= y);
        return ST_OK;
    }
}

/* Rows of person[, value]. */
static enum status rows_take(struct reader *reader, const struct test *test, sqlite3_stmt *stmt,
                             struct set *set, struct error *err)
{
    struct regex *pattern;
    enum status status = test_pattern(test, &pattern, err);
    bool row = true, meets = true, values = sqlite3_column_count(stmt) > 1;
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int64_t person = sqlite3_column_int64(stmt, 0);
        if (person <= 0 || person >= (int64_t)set->n)
            continue;
        if (values)
            status = text_meets(test, pattern, column_text(stmt, 1), &meets, err);
        if (status == ST_OK && meets)
            set_add(set, (uint32_t)person);
    }
    regex_free(pattern);
    return status;
}

/* Rows of person, other: both are related. */
static enum status pairs_take(struct reader *reader, sqlite3_stmt *stmt, struct set *set,
                              struct error *err)
{
    enum status status;
    bool row;
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        for (int side = 0; side < 2; side++) {
            int64_t person = sqlite3_column_int64(stmt, side);
            if (person > 0 && person < (int64_t)set->n)
                set_add(set, (uint32_t)person);
        }
    return status;
}

static const char *list_sql(enum people_trait_id trait)
{
    switch (trait) {
    case TRAIT_SEGMENT:
        return "select block, people from people_set where edition = ?1";
    case TRAIT_CROWD:
        return "select m.person from crowd c join crowd_member m on m.crowd = c.id"
               " where c.code = ?1 or c.name = ?1";
    case TRAIT_INTEREST:
        return "select person from interest where topic = ?1";
    case TRAIT_RELATED:
        return "select person, other from relation where kind = ?1";
    default:
        return "select person, value from attribute where name = ?1";
    }
}

/* A label with a rule has whom its last run found, the others their list. */
static enum status label_people_read(struct reader *reader, int64_t label, struct set *set,
                                     struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false, rule = false;
    enum status status =
        reader_prepare(reader, "select 1 from label where id = ?1 and rule <> ''", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, label);
    status = reader_step(reader, stmt, &row, err);
    rule = row;
    sqlite3_reset(stmt);
    if (status != ST_OK || !rule)
        return status == ST_OK ? label_list_read(reader, label, set, err) : status;
    status = reader_prepare(reader, "select block, people from label_people where label = ?1",
                            &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, label);
    status = people_set_read(reader, stmt, set, err);
    sqlite3_reset(stmt);
    return status;
}

enum status list_people_read(struct reader *reader, struct arena *arena, const struct test *test,
                             uint32_t n_people, struct set **set, struct error *err)
{
    sqlite3_stmt *stmt;
    *set = set_new(arena, n_people);
    if (test->trait == TRAIT_LABEL)
        return label_people_read(reader, test->id, *set, err);
    enum status status = reader_prepare(reader, list_sql(test->trait), &stmt, err);
    if (status != ST_OK)
        return status;
    if (test->trait == TRAIT_SEGMENT)
        sqlite3_bind_int64(stmt, 1, test->id);
    else
        sqlite3_bind_text(stmt, 1, test->name, -1, SQLITE_STATIC);
    if (test->trait == TRAIT_SEGMENT)
        status = people_set_read(reader, stmt, *set, err);
    else if (test->trait == TRAIT_RELATED)
        status = pairs_take(reader, stmt, *set, err);
    else
        status = rows_take(reader, test, stmt, *set, err);
    sqlite3_reset(stmt);
    return status;
}
