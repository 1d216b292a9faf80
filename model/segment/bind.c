/* Binding: a parsed expression becomes tests of one state of one mall, and a tree over them. */
#include "model/segment/plan.h"

#include "model/base/text.h"
#include "model/store/column.h"

#include <stdlib.h>

enum status bind_fail(struct binder *b, const struct people_operand *value, const char *expected)
{
    return error_set(b->err, ST_USAGE, "%s: found %s, expected %s",
                     expr_place(b->arena, b->text, b->n, value->at),
                     text_quote(b->arena, value->text, value->size), expected);
}

void bind_note(struct binder *b, const char *note)
{
    for (size_t i = 0; i < b->notes.n; i++)
        if (strcmp(b->notes.at[i], note) == 0)
            return;
    vec_push(&b->notes, note);
}

/* ---- Moments ---- */

/* When a day begins: of events the mall day, of the date on a member's card midnight, as dates that
 * came without a time stand there. */
static int64_t moment_of(const struct binder *b, const struct people_expr *leaf, int32_t day)
{
    const struct mall *mall = reader_mall(b->reader);
    int year, month, of_month;
    if (!leaf->field)
        return clock_day_start(&mall->clock, day);
    date_civil(day, &year, &month, &of_month);
    return zone_utc(mall->zone, year, month, of_month, 0, 0, 0);
}

void bind_moments(struct binder *b, const struct people_expr *leaf, bool days, struct test *test)
{
    const struct clock *clock = &reader_mall(b->reader)->clock;
    int64_t *low = arena_array(b->arena, int64_t, leaf->n_values);
    int64_t *high = arena_array(b->arena, int64_t, leaf->n_values);
    bool back = false;
    for (size_t i = 0; i < leaf->n_values; i++) {
        const struct people_operand *v = &leaf->values[i];
        back = back || v->ago;
        b->plan->moves = b->plan->moves || v->ago;
        int32_t first = v->ago ? b->today - (int32_t)v->number : v->first_day;
        int32_t end = v->ago ? first + 1 : v->end_day;
        if (v->exact) {
            low[i] = b->present - v->number;
            high[i] = low[i] + 1;
            if (days) {
                low[i] = clock_day(clock, low[i]);
                high[i] = low[i] + 1;
            }
        } else {
            low[i] = days ? first : moment_of(b, leaf, first);
            high[i] = days ? end : moment_of(b, leaf, end);
        }
    }
    static const enum expr_op turned[] = {
        [OP_EQ] = OP_EQ, [OP_NE] = OP_NE, [OP_LT] = OP_GT, [OP_LE] = OP_GE,
        [OP_GT] = OP_LT, [OP_GE] = OP_LE, [OP_IN] = OP_IN,
    };
    test->op = back ? turned[leaf->op] : leaf->op;
    test->low = low;
    test->high = high;
    test->n_values = leaf->n_values;
}

/* ---- The tree ---- */

static const struct plan_node *node_of(struct binder *b, const struct test *test)
{
    struct plan_node *node = arena_new_of(b->arena, struct plan_node);
    *node = (struct plan_node){.type = PLAN_TEST, .test = test};
    return node;
}

static enum status bind_leaf(struct binder *b, const struct people_expr *leaf,
                             const struct plan_node **out)
{
    struct test *test = arena_new_of(b->arena, struct test);
    const struct plan_node *instead = NULL;
    enum status status;
    test->bare = leaf->bare;
    test->op = leaf->op;
    test->values = leaf->values;
    test->n_values = leaf->n_values;
    if (leaf->field)
        test->trait = leaf->field->id;
    if (leaf->type == PEOPLE_DOES || leaf->field->value == PEOPLE_CONTENT)
        status = bind_deed(b, leaf, test);
    else if (leaf->field->value == PEOPLE_LIST || leaf->field->value == PEOPLE_VALUE ||
             leaf->field->id == TRAIT_SSID)
        status = bind_list(b, leaf, test, &instead);
    else
        status = bind_profile(b, leaf, test);
    *out = instead ? instead : node_of(b, test);
    return status;
}

static enum status bind_tree(struct binder *b, const struct people_expr *expr,
                             const struct plan_node **out)
{
    if (expr->type == PEOPLE_FIELD || expr->type == PEOPLE_DOES)
        return bind_leaf(b, expr, out);
    struct plan_node *node = arena_new_of(b->arena, struct plan_node);
    *out = node;
    node->type = expr->type == PEOPLE_AND  ? PLAN_ALL
                 : expr->type == PEOPLE_OR ? PLAN_ANY
                                           : PLAN_NONE;
    size_t n = 1;
    for (const struct people_expr *e = expr; e->type == expr->type && e->right; e = e->left)
        n++;
    node->parts = arena_array(b->arena, const struct plan_node *, n);
    node->n_parts = n;
    for (enum status status; n > 1; expr = expr->left)
        if ((status = bind_tree(b, expr->right, &node->parts[--n])) != ST_OK)
            return status;
    return bind_tree(b, node->type == PLAN_NONE ? expr->left : expr, &node->parts[0]);
}

enum status bind_text(struct binder *b, const char *text, const struct plan_node **root)
{
    const struct people_expr *expr;
    const char *outer = b->text;
    size_t n = b->n;
    b->text = text;
    b->n = strlen(text);
    enum status status = people_parse(b->arena, text, b->n, &expr, b->err);
    if (status == ST_OK)
        status = bind_tree(b, expr, root);
    b->text = outer;
    b->n = n;
    return status;
}

/* Whether only members can meet it: what is tested is in their rows alone, and not that it is
 * unknown. */
static bool test_of_members(const struct test *test)
{
    if (test->type == TEST_LIST || test->type == TEST_DEED || test->trait == TRAIT_ANYONE)
        return false;
    for (size_t i = 0; test->type == TEST_WORD && i < test->n_values; i++)
        if (!*test->values[i].text)
            return false;
    return true;
}

static bool node_of_members(const struct plan_node *node)
{
    if (node->type == PLAN_TEST)
        return test_of_members(node->test);
    bool any = false, all = true;
    for (size_t i = 0; i < node->n_parts; i++) {
        bool members = node_of_members(node->parts[i]);
        any = any || members;
        all = all && members;
    }
    return node->type == PLAN_ALL ? any : node->type == PLAN_ANY && all;
}

/* "… and member": a segment without `anyone` is of members wherever it stands. */
const struct plan_node *bind_members(struct binder *b, const struct plan_node *node)
{
    if (node_of_members(node))
        return node;
    struct test *member = arena_new_of(b->arena, struct test);
    *member =
        (struct test){.key = "member", .type = TEST_FLAGS, .trait = TRAIT_MEMBER, .bare = true};
    struct plan_node *both = arena_new_of(b->arena, struct plan_node);
    both->type = PLAN_ALL;
    both->n_parts = 2;
    both->parts = arena_array(b->arena, const struct plan_node *, 2);
    both->parts[0] = node_of(b, member);
    both->parts[1] = node;
    return both;
}

static enum status bind_all(struct binder *b, struct error *err)
{
    int64_t as_of, highest;
    enum status status = reader_present(b->reader, &as_of, &b->present, err);
    if (status == ST_OK)
        status = reader_integer(b->reader, "select value from counter where name = 'person'", 0,
                                &highest, err);
    if (status != ST_OK)
        return status;
    b->today = clock_day(&reader_mall(b->reader)->clock, b->present);
    const struct plan_node *root;
    status = bind_text(b, b->text, &root);
    if (status != ST_OK)
        return status;
    b->plan->root = b->plan->anyone ? root : bind_members(b, root);
    b->plan->n_notes = b->notes.n;
    b->plan->notes = arena_array(b->arena, const char *, b->notes.n);
    for (size_t i = 0; i < b->notes.n; i++)
        b->plan->notes[i] = b->notes.at[i];
    return ST_OK;
}

static enum status bind_whole(struct binder *b)
{
    const struct access *access = b->access;
    enum status status =
        access ? access_require(access, RIGHT_QUESTIONS, "ask which people a segment has", b->err)
               : ST_OK;
    if (status == ST_OK)
        status = reader_begin(b->reader, b->err);
    if (status != ST_OK)
        return status;
    status = bind_all(b, b->err);
    reader_end(b->reader);
    vec_free(&b->notes);
    return status;
}

enum status segment_bind_named(struct reader *reader, struct arena *arena,
                               const struct access *access, const char *text, const char *name,
                               bool rules, const struct segment_plan **out, struct error *err)
{
    struct segment_plan *plan = arena_new_of(arena, struct segment_plan);
    struct binder b = {.reader = reader,
                       .arena = arena,
                       .access = access,
                       .text = text,
                       .plan = plan,
                       .rules = rules,
                       .err = err};
    if (name)
        b.inside[b.n_inside++] = name;
    *out = plan;
    return bind_whole(&b);
}

enum status segment_bind(struct reader *reader, struct arena *arena, const struct access *access,
                         const char *text, const struct segment_plan **out, struct error *err)
{
    return segment_bind_named(reader, arena, access, text, NULL, false, out, err);
}

const char *const *segment_notes(const struct segment_plan *plan, size_t *n)
{
    *n = plan->n_notes;
    return plan->notes;
}
