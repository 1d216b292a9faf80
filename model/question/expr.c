/* The language of expressions over events: words, then a parser by descent with a bounded depth. */
#include "model/question/expr.h"

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
    {"amount", EXPR_FIELD_AMOUNT, EVENT_AMOUNT, "money, or points where the kind has points"},
    {"value", EXPR_FIELD_WHOLE, EVENT_VALUE, "pieces of a receipt line, dBm of a sighting"},
    {"ref", EXPR_FIELD_TEXT, EVENT_REF, "the receipt's or coupon's number"},
    {"time", EXPR_FIELD_TIME, 0, "a moment; a bare date is its midnight"},
    {"day", EXPR_FIELD_DAY, 0, "the mall day"},
    {"hour", EXPR_FIELD_WHOLE, 0, "hour of the clock, 0 to 23"},
    {"weekday", EXPR_FIELD_WEEKDAY, 0, "mon … sun, of the mall day"},
};
const size_t n_expr_fields = sizeof expr_fields / sizeof *expr_fields;

enum token_type { T_END, T_WORD, T_STRING, T_OPEN, T_CLOSE, T_COMMA, T_OP, T_BAD };

struct token {
    enum token_type type;
    size_t at, size; /* in the text, quotes included */
    enum expr_op op;
};

struct parser {
    struct arena *arena;
    const char *text;
    size_t n;
    struct token token; /* the next one */
    int depth, nodes;
    struct error *err;
};

/* ---- Words ---- */

static bool word_byte(unsigned char byte)
{
    return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || (byte && strchr("_-.:/+#@*%", byte));
}

static const struct {
    const char *text;
    enum expr_op op;
} operators[] = {
    {"<=", OP_LE}, {">=", OP_GE}, {"!=", OP_NE}, {"<>", OP_NE}, {"!~", OP_UNMATCH},
    {"==", OP_EQ}, {"=", OP_EQ},  {"<", OP_LT},  {">", OP_GT},  {"~", OP_MATCH},
};

static struct token operator_token(const struct parser *p, size_t at)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        size_t size = strlen(operators[i].text);
        if (at + size <= p->n && memcmp(p->text + at, operators[i].text, size) == 0)
            return (struct token){T_OP, at, size, operators[i].op};
    }
    return (struct token){T_BAD, at, 1, OP_EQ};
}

static struct token string_token(const struct parser *p, size_t at)
{
    size_t end = at + 1;
    while (end < p->n && p->text[end] != p->text[at])
        end += p->text[end] == '\\' && end + 1 < p->n ? 2 : 1;
    bool closed = end < p->n;
    return (struct token){closed ? T_STRING : T_BAD, at, closed ? end + 1 - at : p->n - at, OP_EQ};
}

static void advance(struct parser *p)
{
    size_t at = p->token.at + p->token.size;
    while (at < p->n && strchr(" \t\r\n", p->text[at]) && p->text[at])
        at++;
    p->token = (struct token){T_END, at, 0, OP_EQ};
    if (at >= p->n)
        return;
    switch (p->text[at]) {
    case '(':
        p->token = (struct token){T_OPEN, at, 1, OP_EQ};
        return;
    case ')':
        p->token = (struct token){T_CLOSE, at, 1, OP_EQ};
        return;
    case ',':
        p->token = (struct token){T_COMMA, at, 1, OP_EQ};
        return;
    case '"':
    case '\'':
        p->token = string_token(p, at);
        return;
    default:
        break;
    }
    size_t end = at;
    while (end < p->n && word_byte((unsigned char)p->text[end]))
        end++;
    p->token = end > at ? (struct token){T_WORD, at, end - at, OP_EQ} : operator_token(p, at);
}

static bool token_is(const struct parser *p, const char *word)
{
    return p->token.type == T_WORD && p->token.size == strlen(word) &&
           strncasecmp(p->text + p->token.at, word, p->token.size) == 0;
}

/* ---- Messages ---- */

char *expr_place(struct arena *arena, const char *text, size_t n, size_t at)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at && i < n; i++) {
        if (text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80) {
            column++;
        }
    }
    return arena_printf(arena, "%zu:%zu", line, column);
}

static enum status fail_at(struct parser *p, size_t at, size_t size, const char *expected)
{
    const char *found = size == 0 ? "the end" : text_quote(p->arena, p->text + at, size);
    return error_set(p->err, ST_USAGE, "%s: found %s, expected %s",
                     expr_place(p->arena, p->text, p->n, at), found, expected);
}

static enum status fail_here(struct parser *p, const char *expected)
{
    if (p->token.type == T_BAD && strchr("\"'", p->text[p->token.at]))
        expected = "a text with a quotation mark at its end";
    return fail_at(p, p->token.at, p->token.size, expected);
}

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
                   : fail_at(p, v->at, size, "an amount such as 300 or 12.50");
    case EXPR_FIELD_WHOLE:
        return text_to_int64(v->text, v->size, &v->number)
                   ? ST_OK
                   : fail_at(p, v->at, size, "a whole number");
    case EXPR_FIELD_WEEKDAY:
        for (int i = 0; i < 7; i++)
            if (v->size >= 3 && strncasecmp(v->text, weekdays[i], 3) == 0) {
                v->number = i;
                return ST_OK;
            }
        return fail_at(p, v->at, size, "mon, tue, wed, thu, fri, sat or sun");
    default:
        return ST_OK;
    }
}

/* The text of a word, or of what stands in quotes: a backslash keeps the quotation mark inside. */
static void value_text(struct parser *p, struct expr_value *v)
{
    const char *from = p->text + p->token.at;
    v->at = p->token.at;
    if (p->token.type == T_WORD) {
        v->text = arena_strndup(p->arena, from, p->token.size);
        v->size = p->token.size;
        return;
    }
    char *to = arena_alloc(p->arena, p->token.size);
    for (size_t i = 1; i + 1 < p->token.size; i++) {
        if (from[i] == '\\' && i + 2 < p->token.size && from[i + 1] == from[0])
            i++;
        to[v->size++] = from[i];
    }
    v->text = to;
}

static enum status value_take(struct parser *p, const struct expr_field *field,
                              struct expr_value *v)
{
    *v = (struct expr_value){0};
    if (p->token.type != T_WORD && p->token.type != T_STRING)
        return fail_here(p, field->type == EXPR_FIELD_NAME || field->type == EXPR_FIELD_TEXT
                                ? "a name, or a text in quotes"
                                : "a value");
    value_text(p, v);
    enum status status = value_check(p, field, v, p->token.size);
    if (status == ST_OK)
        advance(p);
    return status;
}

/* ---- The grammar ---- */

static enum status parse_or(struct parser *p, const struct expr **out);

static enum status node_new(struct parser *p, enum expr_type type, struct expr **out)
{
    if (++p->nodes > EXPR_NODES)
        return fail_here(p, "an end: this expression has too many parts");
    *out = arena_new_of(p->arena, struct expr);
    (*out)->type = type;
    return ST_OK;
}

static enum status parse_list(struct parser *p, struct expr *leaf)
{
    VEC(struct expr_value) values = {0};
    enum status status = ST_OK;
    if (p->token.type != T_OPEN)
        return fail_here(p, "'(' and a list of values");
    do {
        struct expr_value value;
        advance(p);
        status = value_take(p, leaf->field, &value);
        if (status == ST_OK)
            vec_push(&values, value);
        if (status == ST_OK && (p->nodes += 1) > EXPR_NODES)
            status = fail_here(p, "an end: this expression has too many parts");
    } while (status == ST_OK && p->token.type == T_COMMA);
    if (status == ST_OK && p->token.type != T_CLOSE)
        status = fail_here(p, "',' or ')'");
    if (status == ST_OK) {
        struct expr_value *kept = arena_array(p->arena, struct expr_value, values.n);
        memcpy(kept, values.at, values.n * sizeof *kept);
        leaf->values = kept;
        leaf->n_values = values.n;
        advance(p);
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
    if (token_is(p, "not")) {
        advance(p);
        if (!token_is(p, "in"))
            return fail_here(p, "in");
        if ((status = node_new(p, EXPR_NOT, &inverse)) != ST_OK)
            return status;
        inverse->left = leaf;
        *out = inverse;
    }
    if (token_is(p, "in")) {
        advance(p);
        leaf->op = OP_IN;
        return parse_list(p, leaf);
    }
    leaf->op = p->token.op;
    if (p->token.type != T_OP || !op_fits(field, leaf->op))
        return fail_here(p, field->type == EXPR_FIELD_NAME ? "=, !=, ~, !~ or in"
                            : field->type == EXPR_FIELD_TEXT || field->type == EXPR_FIELD_WEEKDAY
                                ? "=, != or in"
                                : "=, !=, <, <=, >, >= or in");
    advance(p);
    struct expr_value *value = arena_new_of(p->arena, struct expr_value);
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
    const char *near =
        text_nearest(arena_strndup(p->arena, p->text + word.at, word.size), names, n_expr_fields);
    char *expected = arena_strdup(p->arena, "a field (");
    for (size_t i = 0; i < n_expr_fields; i++)
        expected = arena_printf(p->arena, "%s%s%s", expected, i ? ", " : "", names[i]);
    expected = near ? arena_printf(p->arena, "%s); did you mean %s?", expected, near)
                    : arena_printf(p->arena, "%s)", expected);
    return fail_at(p, word.at, word.size, expected);
}

static enum status parse_word(struct parser *p, const struct expr **out)
{
    struct token word = p->token;
    const struct expr_field *field = field_named(p->text + word.at, word.size);
    if (word.type == T_WORD) {
        struct parser ahead = *p;
        advance(&ahead);
        bool tested = ahead.token.type == T_OP || token_is(&ahead, "in");
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
    struct expr_value *value = arena_new_of(p->arena, struct expr_value);
    leaf->field = field_named("kind", 4);
    leaf->op = OP_EQ;
    leaf->values = value;
    leaf->n_values = 1;
    *out = leaf;
    return value_take(p, leaf->field, value);
}

static enum status parse_part(struct parser *p, const struct expr **out)
{
    static const char *const expected = "a kind, a field, not or '('";
    if (++p->depth > EXPR_DEPTH)
        return fail_here(p, "fewer parentheses one inside the other");
    enum status status;
    if (token_is(p, "not")) {
        struct expr *node = NULL;
        advance(p);
        if ((status = node_new(p, EXPR_NOT, &node)) == ST_OK)
            status = parse_part(p, &node->left);
        *out = node;
    } else if (p->token.type == T_OPEN) {
        advance(p);
        status = parse_or(p, out);
        if (status == ST_OK && p->token.type != T_CLOSE)
            status = fail_here(p, "and, or, or ')'");
        if (status == ST_OK)
            advance(p);
    } else if ((p->token.type != T_WORD && p->token.type != T_STRING) || token_is(p, "and") ||
               token_is(p, "or") || token_is(p, "in")) {
        status = fail_here(p, expected);
    } else {
        status = parse_word(p, out);
    }
    p->depth--;
    return status;
}

/* A chain of parts joined by one word; left-deep, so its depth is bounded by EXPR_NODES. */
static enum status parse_chain(struct parser *p, const char *word, enum expr_type type,
                               enum status (*part)(struct parser *, const struct expr **),
                               const struct expr **out)
{
    enum status status = part(p, out);
    while (status == ST_OK && token_is(p, word)) {
        struct expr *node = NULL;
        advance(p);
        status = node_new(p, type, &node);
        if (status != ST_OK)
            return status;
        node->left = *out;
        status = part(p, &node->right);
        *out = node;
    }
    return status;
}

static enum status parse_and(struct parser *p, const struct expr **out)
{
    return parse_chain(p, "and", EXPR_AND, parse_part, out);
}

static enum status parse_or(struct parser *p, const struct expr **out)
{
    return parse_chain(p, "or", EXPR_OR, parse_and, out);
}

enum status expr_parse_within(struct arena *arena, const char *text, size_t from, size_t to,
                              const struct expr **expr, struct error *err)
{
    struct parser p = {.arena = arena, .text = text, .n = to, .token = {.at = from}, .err = err};
    *expr = NULL;
    if (to - from > EXPR_LONGEST)
        return error_set(err, ST_USAGE, "an expression has at most %d bytes, this one has %zu",
                         EXPR_LONGEST, to - from);
    for (size_t at = from; at < to;) {
        uint32_t rune;
        size_t size = text_rune(text + at, to - at, &rune);
        if (!text[at] || (rune == 0xFFFD && size == 1))
            return fail_at(&p, at, size, "text in UTF-8");
        at += size;
    }
    advance(&p);
    enum status status = parse_or(&p, expr);
    if (status == ST_OK && p.token.type != T_END)
        status = fail_here(&p, "and, or, or the end");
    return status;
}

enum status expr_parse(struct arena *arena, const char *text, size_t n, const struct expr **expr,
                       struct error *err)
{
    return expr_parse_within(arena, text, 0, n, expr, err);
}
