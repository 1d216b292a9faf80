/* Behaviour: which events, in which span, make which figure, and what it is compared with. */
#include "model/segment/plan.h"

#include "model/event/kind.h"

#include <stdlib.h>

/* Parts of an expression over events that no text was written for. */
static const struct expr *joined(struct binder *b, enum expr_type type, const struct expr *left,
                                 const struct expr *right)
{
    struct expr *node = arena_new_of(b->arena, struct expr);
    node->type = type;
    node->left = left;
    node->right = right;
    return node;
}

static enum status parsed(struct binder *b, const char *text, const struct expr **expr)
{
    return expr_parse(b->arena, text, strlen(text), expr, b->err);
}

static const char *presence_text(struct binder *b)
{
    const char *text = "kind in (";
    bool first = true;
    for (size_t i = 0; i < n_kinds; i++) {
        if (!(kinds[i].flags & KIND_PRESENCE))
            continue;
        text = arena_printf(b->arena, "%s%s%s", text, first ? "" : ", ", kinds[i].name);
        first = false;
    }
    return arena_printf(b->arena, "%s)", text);
}

/* brand ~ "x" and its like: the same test of a field of events. */
static const struct expr *content_leaf(struct binder *b, const struct people_expr *leaf,
                                       const char *name)
{
    struct expr *node = arena_new_of(b->arena, struct expr);
    struct expr_value *values = arena_array(b->arena, struct expr_value, leaf->n_values);
    const struct expr_field *field = expr_fields;
    while (strcmp(field->name, name) != 0)
        field++;
    for (size_t i = 0; i < leaf->n_values; i++)
        values[i] = (struct expr_value){
            .text = leaf->values[i].text, .size = leaf->values[i].size, .at = leaf->values[i].at};
    *node = (struct expr){.type = EXPR_LEAF,
                          .field = field,
                          .op = leaf->op,
                          .n_values = leaf->n_values,
                          .values = values};
    return node;
}

static enum status content_events(struct binder *b, const struct people_expr *leaf,
                                  const struct expr **events)
{
    static const char *const names[] = {
        [TRAIT_BRAND] = "item_brand", [TRAIT_ITEM] = "item", [TRAIT_GOODS] = "item_category"};
    const struct expr *line, *purchase;
    enum status status = parsed(b, "kind=line", &line);
    if (status == ST_OK)
        status = parsed(b, "kind=purchase", &purchase);
    if (status != ST_OK)
        return status;
    *events = joined(b, EXPR_AND, line, content_leaf(b, leaf, names[leaf->field->id]));
    if (leaf->field->id == TRAIT_BRAND)
        *events = joined(b, EXPR_OR, *events,
                         joined(b, EXPR_AND, purchase, content_leaf(b, leaf, "brand")));
    return ST_OK;
}

static enum status function_events(struct binder *b, const struct people_expr *leaf,
                                   const struct expr **events)
{
    const struct people_function *function = leaf->function;
    const struct expr *own;
    *events = leaf->events;
    if (*events && function->events != EVENTS_NARROW)
        return ST_OK;
    enum status status = parsed(b, function->kinds ? function->kinds : presence_text(b), &own);
    *events = leaf->events ? joined(b, EXPR_AND, own, leaf->events) : own;
    return status;
}

static void notes_take(struct binder *b, const struct people_expr *leaf,
                       const struct matcher *matcher)
{
    for (size_t i = 0; i < matcher->n_notes && (leaf->events || leaf->field); i++)
        bind_note(b, matcher->notes[i]);
}

/* What it is compared with; bare: more than nothing. */
static void values_bind(struct binder *b, const struct people_expr *leaf, struct test *test)
{
    if (leaf->field)
        test->bare = true;
    if (test->bare)
        return;
    if (leaf->function->unit == PEOPLE_MOMENT) {
        bind_moments(b, leaf, false, test);
        return;
    }
    int64_t *low = arena_array(b->arena, int64_t, leaf->n_values);
    int64_t *high = arena_array(b->arena, int64_t, leaf->n_values);
    for (size_t i = 0; i < leaf->n_values; i++) {
        low[i] = leaf->values[i].number;
        high[i] = low[i] < INT64_MAX ? low[i] + 1 : low[i];
    }
    test->low = low;
    test->high = high;
}

static void keys_make(struct binder *b, const struct people_expr *leaf, const struct expr *events,
                      struct deed *deed, struct test *test)
{
    struct key key = {0};
    key_text(&key, "deed");
    key_number(&key, deed->id);
    key_number(&key, deed->simply);
    key_number(&key, deed->from);
    key_number(&key, deed->to);
    key_events(&key, events);
    deed->key = key_take(&key, b->arena);
    key_text(&key, deed->key);
    if (leaf->function)
        key_values(&key, leaf);
    test->key = key_take(&key, b->arena);
}

enum status bind_deed(struct binder *b, const struct people_expr *leaf, struct test *test)
{
    struct deed *deed = arena_new_of(b->arena, struct deed);
    const struct expr *events = NULL;
    enum status status =
        leaf->function ? function_events(b, leaf, &events) : content_events(b, leaf, &events);
    if (status == ST_OK)
        status =
            matcher_bind(b->reader, b->arena, events, leaf->events ? leaf->events_text : b->text,
                         leaf->events ? leaf->events_size : b->n, &deed->matcher, b->err);
    if (status != ST_OK)
        return status;
    notes_take(b, leaf, deed->matcher);
    span_bounds(&leaf->span, &reader_mall(b->reader)->clock, b->present, &deed->from, &deed->to);
    b->plan->moves = b->plan->moves || span_moves(&leaf->span);
    deed->id = leaf->function ? leaf->function->id : DOES_DID;
    deed->simply = deed->id == DOES_VISITED && leaf->bare;
    if (deed->id == DOES_VISITED)
        deed->id = DOES_VISITS;
    test->type = TEST_DEED;
    test->deed = deed;
    values_bind(b, leaf, test);
    keys_make(b, leaf, events, deed, test);
    return ST_OK;
}
