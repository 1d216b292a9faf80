/* The language of expressions over events: words, then a parser by descent with a bounded depth. */
#include "model/question/logic.h"

#include "model/base/text.h"
#include "model/base/vec.h"

#include <string.h>
#include <strings.h>

const struct expr_field expr_fields[] = {
    {"kind", EXPR_FIELD_NAME, 0, "what happened: purchase, register, …"},
    {"tenant", EXPR_FIELD_NAME, EVENT_TENANT, "the shop's code"},
    {"shop", EXPR_FIELD_NAME, EVENT_TENANT, "the shop's code or name"},
    {"category", EXPR_FIELD_NAME, EVENT_TENANT, "the shop's category"},
    {"brand", EXPR_FIELD_NAME, EVENT_TENANT, "the shop's brand"},
    {"floor", EXPR_FIELD_NAME, EVENT_TENANT | EVENT_ZONE,
     "the floor of the shop, else of the zone"},
    {"zone", EXPR_FIELD_NAME, EVENT_ZONE, "the zone's code"},
    {"channel", EXPR_FIELD_NAME, EVENT_CHANNEL, "pos, app, …"},
    {"device", EXPR_FIELD_NAME, EVENT_DEVICE, "the device's code"},
    {"campaign", EXPR_FIELD_NAME, EVENT_CAMPAIGN, "the campaign's code"},
    {"item", EXPR_FIELD_NAME, EVENT_ITEM, "name of the goods of a receipt line"},
    {"item_brand", EXPR_FIELD_NAME, EVENT_ITEM, "their brand"},
    {"item_category", EXPR_FIELD_NAME, EVENT_ITEM, "their category"},
    {"item_color", EXPR_FIELD_NAME, EVENT_ITEM, "their colour"},
    {"amount", EXPR_FIELD_AMOUNT, EVENT_AMOUNT, "money, or points where the kind has points"},
    {"value", EXPR_FIELD_WHOLE, EVENT_VALUE, "pieces of a receipt line, dBm of a sighting"},
    {"ref", EXPR_FIELD_TEXT, EVENT_REF, "the receipt's or coupon's number"},
    {"time", EXPR_FIELD_TIME, 0, "a moment; a bare date is its midnight"},
    {"day", EXPR_FIELD_DAY, 0, "the mall day"},
    {"hour", EXPR_FIELD_WHOLE, 0, "hour of the clock, 0 to 23"},
    {"weekday", EXPR_FIELD_WEEKDAY, 0, "mon … sun, of the mall day"},
};
const size_t n_expr_fields = sizeof expr_fields / sizeof *expr_fields;

struct parser {
    struct lexer words;
    int nodes;
};

/* ---- Values ---- */

static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static const struct expr_field *field_named(const char *name, size_t n)
{
    for (size_t i = 0; i < n_expr_fields; i++)
        if (strlen(expr_fields[i].name) == n && strncasecmp(expr_fields[i].name, name, n) == 0)
            return &expr_fields[i];
    return NULL;
}

static enum status value_check(struct parser *p, const struct expr_field *field,
                               struct expr_value *v, size_t size)
{
    switch (field->type) {
    case EXPR_FIELD_AMOUNT:
        return text_to_fen(v->text, v->size, &v->number)
                   ? ST_OK
                   : lexer_fail_at(&p->words, v->at, size, "an amount such as 300 or 12.50");
    case EXPR_FIELD_WHOLE:
        return text_to_int64(v->text, v->size, &v->number)
                   ? ST_OK
                   : lexer_fail_at(&p->words, v->at, size, "a whole number");
    case EXPR_FIELD_WEEKDAY:
        for (int i = 0; i < 7; i++)
            if (v->size >= 3 && strncasecmp(v->text, weekdays[i], 3) == 0) {
                v->number = i;
                return ST_OK;
            }
        return lexer_fail_at(&p->words, v->at, size, "mon, tue, wed, thu, fri, sat or sun");
    default:
        return ST_OK;
    }
}

static enum status value_take(struct parser *p, const struct expr_field *field,
                              struct expr_value *v)
{
    *v = (struct expr_value){0};
    if (p->words.token.type != T_WORD && p->words.token.type != T_STRING)
        return lexer_fail(&p->words,
                          field->type == EXPR_FIELD_NAME || field->type == EXPR_FIELD_TEXT
                              ? "a name, or a text in quotes"
                              : "a value");
    v->at = p->words.token.at;
    v->text = lexer_text(&p->words, &p->words.token, &v->size);
    enum status status = value_check(p, field, v, p->words.token.size);
    if (status == ST_OK)
        lexer_advance(&p->words);
    return status;
}

/* ---- The grammar ---- */

static enum status node_new(struct parser *p, enum expr_type type, struct expr **out)
{
    if (++p->nodes > EXPR_NODES)
        return lexer_fail(&p->words, "an end: this expression has too many parts");
    *out = arena_new_of(p->words.arena, struct expr);
    (*out)->type = type;
    return ST_OK;
}

static enum status parse_list(struct parser *p, struct expr *leaf)
{
    VEC(struct expr_value) values = {0};
    enum status status = ST_OK;
    if (p->words.token.type != T_OPEN)
        return lexer_fail(&p->words, "'(' and a list of values");
    do {
        struct expr_value value;
        lexer_advance(&p->words);
        status = value_take(p, leaf->field, &value);
        if (status == ST_OK)
            vec_push(&values, value);
        if (status == ST_OK && (p->nodes += 1) > EXPR_NODES)
            status = lexer_fail(&p->words, "an end: this expression has too many parts");
    } while (status == ST_OK && p->words.token.type == T_COMMA);
    if (status == ST_OK && p->words.token.type != T_CLOSE)
        status = lexer_fail(&p->words, "',' or ')'");
    if (status == ST_OK) {
        leaf->values = vec_copy(p->words.arena, &values);
        leaf->n_values = values.n;
        lexer_advance(&p->words);
    }
    vec_free(&values);
    return status;
}

static bool op_fits(const struct expr_field *field, enum expr_op op)
{
    bool equal = op == OP_EQ || op == OP_NE;
    bool pattern = op == OP_MATCH || op == OP_UNMATCH;
    switch (field->type) {
    case EXPR_FIELD_NAME:
        return equal || pattern;
    case EXPR_FIELD_TEXT:
    case EXPR_FIELD_WEEKDAY:
        return equal;
    default:
        return !pattern;
    }
}

/* What follows a field's name: an operator and a value, or [not] in (…). */
static enum status parse_test(struct parser *p, const struct expr_field *field,
                              const struct expr **out)
{
    struct expr *leaf = NULL, *inverse = NULL;
    enum status status = node_new(p, EXPR_LEAF, &leaf);
    if (status != ST_OK)
        return status;
    leaf->field = field;
    *out = leaf;
    if (lexer_is(&p->words, "not")) {
        lexer_advance(&p->words);
        if (!lexer_is(&p->words, "in"))
            return lexer_fail(&p->words, "in");
        if ((status = node_new(p, EXPR_NOT, &inverse)) != ST_OK)
            return status;
        inverse->left = leaf;
        *out = inverse;
    }
    if (lexer_is(&p->words, "in")) {
        lexer_advance(&p->words);
        leaf->op = OP_IN;
        return parse_list(p, leaf);
    }
    leaf->op = p->words.token.op;
    if (p->words.token.type != T_OP || !op_fits(field, leaf->op))
        return lexer_fail(&p->words,
                          field->type == EXPR_FIELD_NAME ? "=, !=, ~, !~ or in"
                          : field->type == EXPR_FIELD_TEXT || field->type == EXPR_FIELD_WEEKDAY
                              ? "=, != or in"
                              : "=, !=, <, <=, >, >= or in");
    lexer_advance(&p->words);
    struct expr_value *value = arena_new_of(p->words.arena, struct expr_value);
    leaf->values = value;
    leaf->n_values = 1;
    return value_take(p, field, value);
}

/* "amonut>=3": no field, but followed as one. */
static enum status field_unknown(struct parser *p, struct token word)
{
    const char *names[sizeof expr_fields / sizeof *expr_fields];
    for (size_t i = 0; i < n_expr_fields; i++)
        names[i] = expr_fields[i].name;
    const char *near = text_nearest(
        arena_strndup(p->words.arena, p->words.text + word.at, word.size), names, n_expr_fields);
    char *expected = arena_strdup(p->words.arena, "a field (");
    for (size_t i = 0; i < n_expr_fields; i++)
        expected = arena_printf(p->words.arena, "%s%s%s", expected, i ? ", " : "", names[i]);
    expected = near ? arena_printf(p->words.arena, "%s); did you mean %s?", expected, near)
                    : arena_printf(p->words.arena, "%s)", expected);
    return lexer_fail_at(&p->words, word.at, word.size, expected);
}

static enum status parse_word(struct parser *p, const struct expr **out)
{
    struct token word = p->words.token;
    const struct expr_field *field = field_named(p->words.text + word.at, word.size);
    if (word.type == T_WORD) {
        struct parser ahead = *p;
        lexer_advance(&ahead.words);
        bool tested = ahead.words.token.type == T_OP || lexer_is(&ahead.words, "in");
        if (field) {
            *p = ahead;
            return parse_test(p, field, out);
        }
        if (tested)
            return field_unknown(p, word);
    }
    struct expr *leaf = NULL;
    enum status status = node_new(p, EXPR_LEAF, &leaf);
    if (status != ST_OK)
        return status;
    struct expr_value *value = arena_new_of(p->words.arena, struct expr_value);
    leaf->field = field_named("kind", 4);
    leaf->op = OP_EQ;
    leaf->values = value;
    leaf->n_values = 1;
    *out = leaf;
    return value_take(p, leaf->field, value);
}

/* ---- The grammar ---- */

static enum status part_parse(void *parser, const void **node)
{
    const struct expr *leaf = NULL;
    enum status status = parse_word(parser, &leaf);
    *node = leaf;
    return status;
}

static enum status part_negate(void *parser, const void *of, const void **node)
{
    struct expr *inverse = NULL;
    enum status status = node_new(parser, EXPR_NOT, &inverse);
    if (status == ST_OK)
        inverse->left = of;
    *node = inverse;
    return status;
}

static enum status parts_join(void *parser, enum logic_join how, const void *left,
                              const void *right, const void **node)
{
    struct expr *both = NULL;
    enum status status = node_new(parser, how == LOGIC_AND ? EXPR_AND : EXPR_OR, &both);
    if (status == ST_OK) {
        both->left = left;
        both->right = right;
    }
    *node = both;
    return status;
}

static const struct logic grammar = {.depth = EXPR_DEPTH,
                                     .texts = true,
                                     .expected = "a kind, a field, not or '('",
                                     .part = part_parse,
                                     .negate = part_negate,
                                     .join = parts_join};

enum status expr_parse_within(struct arena *arena, const char *text, size_t from, size_t to,
                              const struct expr **expr, struct error *err)
{
    struct parser p = {0};
    const void *node = NULL;
    *expr = NULL;
    enum status status = lexer_start(&p.words, arena, text, from, to, EXPR_LONGEST, err);
    if (status == ST_OK)
        status = logic_parse(&p.words, &grammar, &p, &node);
    if (status == ST_OK && p.words.token.type != T_END)
        status = lexer_fail(&p.words, "and, or, or the end");
    if (status == ST_OK)
        *expr = node;
    return status;
}

enum status expr_parse(struct arena *arena, const char *text, size_t n, const struct expr **expr,
                       struct error *err)
{
    return expr_parse_within(arena, text, 0, n, expr, err);
}
