/* Binding an expression to a mall: each test of a name becomes a table by number. */
#include "model/question/match_node.h"

#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/people/regex.h"
#include "model/store/column.h"

#include <string.h>
#include <strings.h>

struct binder {
    struct reader *reader;
    struct arena *arena;
    const char *text; /* of the expression */
    size_t n;
    unsigned columns;
    VEC(const char *) notes;
    struct error *err;
};

/* ---- Names of the mall ---- */

enum { ITEMS_MOST = 1 << 26 }; /* a number above this is damage */

/* Names by number; a shop has a second one. */
struct name_table {
    size_t n;
    const char **names, **others;
};

static const struct {
    const char *field, *noun;
    enum dict dict;  /* DICT_COUNT: the goods, which are no dictionary of every reader's */
    const char *sql; /* id, name[, other]; NULL: the dictionary */
    unsigned column;
} tables[] = {
    {"kind", "kind of event", DICT_KIND, NULL, 0},
    {"tenant", "shop", DICT_TENANT, NULL, EVENT_TENANT},
    {"shop", "shop", DICT_TENANT, "select id, code, name from tenant", EVENT_TENANT},
    {"category", "category", DICT_TENANT, "select id, category from tenant", EVENT_TENANT},
    {"brand", "brand", DICT_TENANT, "select id, brand from tenant", EVENT_TENANT},
    {"floor", "floor", DICT_TENANT, "select id, floor from tenant", EVENT_TENANT},
    {"zone", "zone", DICT_ZONE, NULL, EVENT_ZONE},
    {"channel", "channel", DICT_CHANNEL, NULL, EVENT_CHANNEL},
    {"device", "device", DICT_DEVICE, NULL, EVENT_DEVICE},
    {"campaign", "campaign", DICT_CAMPAIGN, NULL, EVENT_CAMPAIGN},
    {"item", "item", DICT_COUNT, "select id, name from item", EVENT_ITEM},
    {"item_brand", "brand of goods", DICT_COUNT, "select id, brand from item", EVENT_ITEM},
    {"item_category", "category of goods", DICT_COUNT, "select id, category from item", EVENT_ITEM},
    {"item_color", "colour of goods", DICT_COUNT, "select id, color from item", EVENT_ITEM},
};

static enum status table_rows(struct binder *b, const char *sql, struct name_table *table)
{
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = reader_prepare(b->reader, sql, &stmt, b->err);
    while (status == ST_OK && (status = reader_step(b->reader, stmt, &row, b->err)) == ST_OK &&
           row) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        if (id <= 0 || id >= (int64_t)table->n)
            continue;
        table->names[id] = arena_strdup(b->arena, column_text(stmt, 1));
        if (sqlite3_column_count(stmt) > 2)
            table->others[id] = arena_strdup(b->arena, column_text(stmt, 2));
    }
    return status;
}

static enum status table_read(struct binder *b, enum dict dict, const char *sql,
                              struct name_table *table)
{
    enum status status = ST_OK;
    int64_t highest = 0;
    if (dict == DICT_COUNT)
        status = reader_integer(b->reader, "select max(id) from item", 0, &highest, b->err);
    else
        highest = dict_size(b->reader, dict);
    table->n = highest >= 0 && highest < ITEMS_MOST ? (size_t)highest + 1 : 1;
    table->names = arena_array(b->arena, const char *, table->n);
    table->others = arena_array(b->arena, const char *, table->n);
    for (size_t i = 0; i < table->n; i++)
        table->names[i] = sql ? "" : dict_name(b->reader, dict, (uint32_t)i);
    return sql && status == ST_OK ? table_rows(b, sql, table) : status;
}

/* ---- Tests of names ---- */

static enum status pattern_read(struct binder *b, const struct expr_value *value,
                                struct regex **pattern)
{
    enum status status = regex_new(value->text, pattern, b->err);
    return status == ST_OK
               ? status
               : error_wrap(b->err, "%s", expr_place(b->arena, b->text, b->n, value->at));
}

static enum status set_match(struct binder *b, const struct expr *leaf,
                             const struct name_table *table, uint8_t *yes)
{
    struct regex *pattern = NULL;
    enum status status = pattern_read(b, &leaf->values[0], &pattern);
    for (size_t i = 0; i < table->n && status == ST_OK; i++) {
        bool found = false, other = false;
        if (i % 4096 == 0 && reader_cancelled(b->reader))
            status = error_set(b->err, ST_CANCELLED, "the question was cancelled");
        if (status == ST_OK)
            status = regex_match(pattern, table->names[i], &found, b->err);
        if (status == ST_OK && !found && table->others[i])
            status = regex_match(pattern, table->others[i], &other, b->err);
        yes[i] = (found || other) != (leaf->op == OP_UNMATCH);
    }
    regex_free(pattern);
    return status;
}

static void name_missing(struct binder *b, const char *noun, const struct expr_value *value,
                         const struct name_table *table)
{
    const char *near = text_nearest(value->text, table->names + 1, table->n - 1);
    char *quoted = text_quote(b->arena, value->text, value->size);
    bool hint = near && *near;
    vec_push(&b->notes,
             arena_printf(b->arena, "this mall has no %s %s%s%s%s", noun, quoted,
                          hint ? "; did you mean " : "", hint ? near : "", hint ? "?" : ""));
}

static void set_equal(struct binder *b, const struct expr *leaf, const char *noun,
                      const struct name_table *table, uint8_t *yes)
{
    for (size_t v = 0; v < leaf->n_values; v++) {
        const char *text = leaf->values[v].text;
        bool found = false;
        for (size_t i = 0; i < table->n; i++)
            if (strcmp(table->names[i], text) == 0 ||
                (table->others[i] && strcmp(table->others[i], text) == 0)) {
                found = true;
                yes[i] = 1;
            }
        if (!found && *text)
            name_missing(b, noun, &leaf->values[v], table);
    }
    for (size_t i = 0; i < table->n && leaf->op == OP_NE; i++)
        yes[i] ^= 1;
}

static enum status set_make(struct binder *b, const struct expr *leaf, const char *noun,
                            const struct name_table *table, struct name_set *set)
{
    uint8_t *yes = arena_alloc(b->arena, table->n);
    *set = (struct name_set){yes, table->n};
    if (leaf->op == OP_MATCH || leaf->op == OP_UNMATCH)
        return set_match(b, leaf, table, yes);
    set_equal(b, leaf, noun, table, yes);
    return ST_OK;
}

static enum status bind_names(struct binder *b, const struct expr *leaf, struct match_node *node)
{
    struct name_table table;
    size_t t = 0;
    while (strcmp(tables[t].field, leaf->field->name) != 0)
        t++;
    bool floor = strcmp(leaf->field->name, "floor") == 0;
    node->type = floor ? NODE_FLOOR : NODE_NAMES;
    node->column = tables[t].column;
    enum status status = table_read(b, tables[t].dict, tables[t].sql, &table);
    if (status == ST_OK)
        status = set_make(b, leaf, tables[t].noun, &table, &node->set);
    if (status != ST_OK || !floor)
        return status;
    size_t notes = b->notes.n;
    status = table_read(b, DICT_ZONE, "select id, floor from zone", &table);
    if (status == ST_OK)
        status = set_make(b, leaf, "floor", &table, &node->zone);
    b->notes.n = notes;
    return status;
}

/* ---- Tests of numbers ---- */

static enum status time_value(struct binder *b, const struct expr *leaf, size_t i, int64_t *low,
                              int64_t *high)
{
    const struct mall *mall = reader_mall(b->reader);
    const struct expr_value *v = &leaf->values[i];
    int64_t time;
    bool day = leaf->field->type == EXPR_FIELD_DAY;
    if (!time_parse(mall->zone, v->text, v->size, &time))
        return error_set(
            b->err, ST_USAGE, "%s: found %s, expected %s",
            expr_place(b->arena, b->text, b->n, v->at), text_quote(b->arena, v->text, v->size),
            day ? "a day such as 2017-10-01" : "a time such as 2017-10-01 or \"2017-10-01 12:30\"");
    *low = time;
    *high = time + 1;
    if (day) {
        struct civil civil = zone_civil(mall->zone, time);
        int32_t number = date_number(civil.year, civil.month, civil.day);
        *low = clock_day_start(&mall->clock, number);
        *high = clock_day_start(&mall->clock, number + 1);
    }
    return ST_OK;
}

static enum status bind_number(struct binder *b, const struct expr *leaf, struct match_node *node)
{
    int64_t *low = arena_array(b->arena, int64_t, leaf->n_values);
    int64_t *high = arena_array(b->arena, int64_t, leaf->n_values);
    enum status status = ST_OK;
    for (size_t i = 0; i < leaf->n_values && status == ST_OK; i++) {
        low[i] = leaf->values[i].number;
        high[i] = low[i] < INT64_MAX ? low[i] + 1 : low[i];
        if (leaf->field->type == EXPR_FIELD_TIME || leaf->field->type == EXPR_FIELD_DAY)
            status = time_value(b, leaf, i, &low[i], &high[i]);
    }
    node->low = low;
    node->high = high;
    node->type = leaf->field->type == EXPR_FIELD_AMOUNT    ? NODE_AMOUNT
                 : leaf->field->type == EXPR_FIELD_WEEKDAY ? NODE_WEEKDAY
                 : leaf->field->type != EXPR_FIELD_WHOLE   ? NODE_TIME
                 : strcmp(leaf->field->name, "hour") == 0  ? NODE_HOUR
                                                           : NODE_VALUE;
    return status;
}

static enum status bind_leaf(struct binder *b, const struct expr *leaf, struct match_node *node)
{
    b->columns |= leaf->field->column;
    node->op = leaf->op;
    node->n_values = leaf->n_values;
    node->clock = &reader_mall(b->reader)->clock;
    if (leaf->field->type == EXPR_FIELD_NAME)
        return bind_names(b, leaf, node);
    if (leaf->field->type != EXPR_FIELD_TEXT)
        return bind_number(b, leaf, node);
    node->type = NODE_REF;
    node->texts = leaf->values;
    return ST_OK;
}

/* ---- The tree ---- */

static enum status bind(struct binder *b, const struct expr *expr, const struct match_node **out)
{
    struct match_node *node = arena_new_of(b->arena, struct match_node);
    *out = node;
    if (expr->type == EXPR_LEAF)
        return bind_leaf(b, expr, node);
    node->type = expr->type == EXPR_AND ? NODE_ALL : expr->type == EXPR_OR ? NODE_ANY : NODE_NONE;
    size_t n = 1;
    for (const struct expr *e = expr; e->type == expr->type && e->right; e = e->left)
        n++;
    node->parts = arena_array(b->arena, const struct match_node *, n);
    node->n_parts = n;
    for (enum status status; n > 1; expr = expr->left)
        if ((status = bind(b, expr->right, &node->parts[--n])) != ST_OK)
            return status;
    return bind(b, node->type == NODE_NONE ? expr->left : expr, &node->parts[0]);
}

static void kinds_find(struct binder *b, struct matcher *matcher)
{
    size_t n = (size_t)dict_size(b->reader, DICT_KIND) + 1;
    uint8_t *truth = arena_alloc(b->arena, n);
    uint16_t *numbers = arena_array(b->arena, uint16_t, n);
    for (size_t kind = 1; kind < n; kind++) {
        truth[kind] = MATCH_NEVER;
        if (*dict_name(b->reader, DICT_KIND, (uint32_t)kind))
            truth[kind] = (uint8_t)node_truth(matcher->root, (uint16_t)kind);
        if (truth[kind] != MATCH_NEVER)
            numbers[matcher->n_kinds++] = (uint16_t)kind;
    }
    matcher->truth = truth;
    matcher->n_truth = n;
    matcher->kinds = numbers;
}

enum status matcher_bind(struct reader *reader, struct arena *arena, const struct expr *expr,
                         const char *text, size_t n, const struct matcher **out, struct error *err)
{
    struct binder b = {.reader = reader, .arena = arena, .text = text, .n = n, .err = err};
    struct matcher *matcher = arena_new_of(arena, struct matcher);
    enum status status = bind(&b, expr, &matcher->root);
    if (status == ST_OK) {
        kinds_find(&b, matcher);
        matcher->columns = b.columns | EVENT_TIME;
        matcher->notes = arena_array(arena, const char *, b.notes.n);
        matcher->n_notes = b.notes.n;
        if (b.notes.n)
            memcpy(matcher->notes, b.notes.at, b.notes.n * sizeof *b.notes.at);
        *out = matcher;
    }
    vec_free(&b.notes);
    return status;
}

enum status matcher_new(struct reader *reader, struct arena *arena, const char *text,
                        const struct matcher **out, struct error *err)
{
    const struct expr *expr;
    size_t n = strlen(text);
    enum status status = expr_parse(arena, text, n, &expr, err);
    return status == ST_OK ? matcher_bind(reader, arena, expr, text, n, out, err) : status;
}

const uint16_t *matchers_kinds(struct arena *arena, const struct matcher *const *matchers, size_t n,
                               size_t *n_found)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++)
        most = matchers[i]->n_truth > most ? matchers[i]->n_truth : most;
    uint16_t *kinds_of = arena_array(arena, uint16_t, most + 1);
    *n_found = 0;
    for (size_t kind = 1; kind < most; kind++)
        for (size_t i = 0; i < n; i++)
            if (matcher_truth(matchers[i], (uint16_t)kind) != MATCH_NEVER) {
                kinds_of[(*n_found)++] = (uint16_t)kind;
                break;
            }
    return kinds_of;
}
