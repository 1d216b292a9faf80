#include "model/question/filter.h"

#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/people/regex.h"
#include "model/question/logic.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum node_type { NODE_AND, NODE_OR, NODE_NOT, NODE_TEST };

struct test_value {
    const char *text;
    int64_t number;
};

struct node {
    enum node_type type;
    const struct node *left, *right;
    size_t field; /* n_fields: any of the bare ones */
    enum expr_op op;
    size_t n_values;
    const struct test_value *values;
    struct regex *pattern;
};

struct filter {
    struct arena *arena;
    const struct filter_field *fields;
    size_t n_fields;
    const struct node *root; /* NULL: everything */
    VEC(struct regex *) patterns;
    VEC(struct filter_word) bare;
};

struct parser {
    struct filter *filter;
    struct lexer words;
    int nodes;
};

int version_compare(const char *a, const char *b)
{
    for (;;) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            a += strspn(a, "0");
            b += strspn(b, "0");
            size_t n = strspn(a, "0123456789"), m = strspn(b, "0123456789");
            int order = n != m ? (n < m ? -1 : 1) : strncmp(a, b, n);
            if (order)
                return order;
            a += n;
            b += m;
            continue;
        }
        if (*a != *b || !*a)
            return (unsigned char)*a < (unsigned char)*b ? -1 : *a != *b;
        a++;
        b++;
    }
}

/* ---- Reading ---- */

static bool flag_number(const char *text, int64_t *number)
{
    static const char *const words[] = {"no", "yes", "false", "true", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0) {
            *number = i % 2;
            return true;
        }
    return false;
}

static const char *value_number(const struct filter_field *field, struct test_value *value)
{
    size_t n = strlen(value->text);
    switch (field->type) {
    case FILTER_NUMBER:
        return text_to_int64(value->text, n, &value->number) ? NULL : "a whole number";
    case FILTER_DECIMAL:
        return text_to_fen(value->text, n, &value->number) ? NULL : "a number such as 3 or 0.25";
    case FILTER_DURATION:
        return text_to_duration(value->text, &value->number) ? NULL
                                                             : "a duration such as 30s or 5m";
    case FILTER_FLAG:
        return flag_number(value->text, &value->number) ? NULL : "yes or no";
    default:
        return NULL;
    }
}

static enum status value_take(struct parser *p, const struct filter_field *field,
                              struct test_value *value)
{
    struct token token = p->words.token;
    if (token.type != T_WORD && token.type != T_STRING)
        return lexer_fail(&p->words, "a value, or a text in quotes");
    size_t size;
    value->text = lexer_text(&p->words, &token, &size);
    const char *expected = field ? value_number(field, value) : NULL;
    if (expected)
        return lexer_fail_at(&p->words, token.at, token.size, expected);
    lexer_advance(&p->words);
    return ST_OK;
}

static enum status node_new(struct parser *p, enum node_type type, struct node **out)
{
    if (++p->nodes > EXPR_NODES)
        return lexer_fail(&p->words, "an end: this expression has too many parts");
    *out = arena_new_of(p->filter->arena, struct node);
    (*out)->type = type;
    return ST_OK;
}

static const char *operators_of(enum filter_type type)
{
    return type == FILTER_TEXT   ? "=, !=, ~, !~ or in"
           : type == FILTER_FLAG ? "= or !="
                                 : "=, !=, <, <=, >, >= or in";
}

static bool operator_fits(enum filter_type type, enum expr_op op)
{
    if (op == OP_EQ || op == OP_NE)
        return true;
    bool pattern = op == OP_MATCH || op == OP_UNMATCH;
    return type == FILTER_TEXT ? pattern : type != FILTER_FLAG && !pattern;
}

static enum status parse_values(struct parser *p, struct node *node)
{
    const struct filter_field *field = &p->filter->fields[node->field];
    VEC(struct test_value) values = {0};
    enum status status = ST_OK;
    if (p->words.token.type != T_OPEN)
        return lexer_fail(&p->words, "'(' and a list of values");
    do {
        struct test_value value = {0};
        lexer_advance(&p->words);
        status = value_take(p, field, &value);
        if (status == ST_OK)
            vec_push(&values, value);
    } while (status == ST_OK && p->words.token.type == T_COMMA && ++p->nodes <= EXPR_NODES);
    if (status == ST_OK && p->words.token.type != T_CLOSE)
        status = lexer_fail(&p->words, "',' or ')'");
    if (status == ST_OK) {
        node->values = vec_copy(p->filter->arena, &values);
        node->n_values = values.n;
        lexer_advance(&p->words);
    }
    vec_free(&values);
    return status;
}

static enum status parse_one_value(struct parser *p, struct node *node)
{
    struct token at = p->words.token;
    struct test_value *value = arena_new_of(p->filter->arena, struct test_value);
    enum status status = value_take(p, &p->filter->fields[node->field], value);
    node->values = value;
    node->n_values = 1;
    if (status != ST_OK || (node->op != OP_MATCH && node->op != OP_UNMATCH))
        return status;
    status = regex_new(value->text, &node->pattern, p->words.err);
    if (status != ST_OK)
        return error_wrap(p->words.err, "%s",
                          expr_place(p->filter->arena, p->words.text, p->words.n, at.at));
    vec_push(&p->filter->patterns, node->pattern);
    return ST_OK;
}

/* After a field's name: an operator and a value, [not] in (…), or nothing after a flag. */
static enum status parse_test(struct parser *p, size_t field, const struct node **out)
{
    enum filter_type type = p->filter->fields[field].type;
    struct node *test = NULL, *inverse = NULL;
    enum status status = node_new(p, NODE_TEST, &test);
    if (status != ST_OK)
        return status;
    test->field = field;
    *out = test;
    bool negated = lexer_is(&p->words, "not");
    if (negated) {
        lexer_advance(&p->words);
        if (!lexer_is(&p->words, "in"))
            return lexer_fail(&p->words, "in");
        if ((status = node_new(p, NODE_NOT, &inverse)) != ST_OK)
            return status;
        inverse->left = test;
        *out = inverse;
    }
    if (lexer_is(&p->words, "in") && type != FILTER_FLAG) {
        lexer_advance(&p->words);
        test->op = OP_IN;
        return parse_values(p, test);
    }
    if (p->words.token.type == T_OP && operator_fits(type, p->words.token.op)) {
        test->op = p->words.token.op;
        lexer_advance(&p->words);
        return parse_one_value(p, test);
    }
    if (type != FILTER_FLAG || p->words.token.type == T_OP)
        return lexer_fail(&p->words, operators_of(type));
    static const struct test_value yes = {"yes", 1};
    test->values = &yes;
    test->n_values = 1;
    return ST_OK;
}

static size_t field_named(const struct filter *filter, const char *name, size_t n)
{
    for (size_t i = 0; i < filter->n_fields; i++)
        if (strlen(filter->fields[i].name) == n &&
            strncasecmp(filter->fields[i].name, name, n) == 0)
            return i;
    return filter->n_fields;
}

/* "flor=2": no field, but followed as one. */
static enum status field_unknown(struct parser *p, struct token word)
{
    const struct filter *filter = p->filter;
    const char **names = arena_array(filter->arena, const char *, filter->n_fields);
    char *expected = arena_strdup(filter->arena, "a field (");
    for (size_t i = 0; i < filter->n_fields; i++) {
        names[i] = filter->fields[i].name;
        expected = arena_printf(filter->arena, "%s%s%s", expected, i ? ", " : "", names[i]);
    }
    const char *near = text_nearest(
        arena_strndup(filter->arena, p->words.text + word.at, word.size), names, filter->n_fields);
    expected = near ? arena_printf(filter->arena, "%s); did you mean %s?", expected, near)
                    : arena_printf(filter->arena, "%s)", expected);
    return lexer_fail_at(&p->words, word.at, word.size, expected);
}

static enum status parse_word(struct parser *p, const struct node **out)
{
    struct token word = p->words.token;
    size_t field = field_named(p->filter, p->words.text + word.at, word.size);
    struct parser ahead = *p;
    lexer_advance(&ahead.words);
    bool tested = ahead.words.token.type == T_OP || lexer_is(&ahead.words, "in");
    if (word.type == T_WORD && field < p->filter->n_fields &&
        (tested || p->filter->fields[field].type == FILTER_FLAG || lexer_is(&ahead.words, "not"))) {
        *p = ahead;
        return parse_test(p, field, out);
    }
    if (word.type == T_WORD && tested)
        return field_unknown(p, word);
    struct node *test = NULL;
    enum status status = node_new(p, NODE_TEST, &test);
    if (status != ST_OK)
        return status;
    struct test_value *value = arena_new_of(p->filter->arena, struct test_value);
    test->field = p->filter->n_fields;
    test->values = value;
    test->n_values = 1;
    *out = test;
    status = value_take(p, NULL, value);
    if (status == ST_OK)
        vec_push(&p->filter->bare, (struct filter_word){value->text, word.at, word.size});
    return status;
}

/* ---- The grammar ---- */

static enum status part_parse(void *parser, const void **out)
{
    const struct node *node = NULL;
    enum status status = parse_word(parser, &node);
    *out = node;
    return status;
}

static enum status part_negate(void *parser, const void *of, const void **out)
{
    struct node *node = NULL;
    enum status status = node_new(parser, NODE_NOT, &node);
    if (status == ST_OK)
        node->left = of;
    *out = node;
    return status;
}

static enum status parts_join(void *parser, enum logic_join how, const void *left,
                              const void *right, const void **out)
{
    struct node *node = NULL;
    enum status status = node_new(parser, how == LOGIC_AND ? NODE_AND : NODE_OR, &node);
    if (status == ST_OK) {
        node->left = left;
        node->right = right;
    }
    *out = node;
    return status;
}

static const struct logic grammar = {.depth = EXPR_DEPTH,
                                     .texts = true,
                                     .expected = "a field, a name, not or '('",
                                     .part = part_parse,
                                     .negate = part_negate,
                                     .join = parts_join};

enum status filter_new(const char *text, const struct filter_field *fields, size_t n_fields,
                       struct filter **out, struct error *err)
{
    struct filter *filter = mem_zero(1, sizeof *filter);
    filter->arena = arena_new();
    filter->fields = fields;
    filter->n_fields = n_fields;
    struct parser p = {.filter = filter};
    text = arena_strdup(filter->arena, text);
    enum status status =
        lexer_start(&p.words, filter->arena, text, 0, strlen(text), EXPR_LONGEST, err);
    const void *root = NULL;
    if (status == ST_OK && p.words.token.type != T_END)
        status = logic_parse(&p.words, &grammar, &p, &root);
    filter->root = root;
    if (status == ST_OK && p.words.token.type != T_END)
        status = lexer_fail(&p.words, "and, or, or the end");
    if (status != ST_OK) {
        filter_free(filter);
        filter = NULL;
    }
    *out = filter;
    return status;
}

void filter_free(struct filter *filter)
{
    if (!filter)
        return;
    for (size_t i = 0; i < filter->patterns.n; i++)
        regex_free(filter->patterns.at[i]);
    vec_free(&filter->patterns);
    vec_free(&filter->bare);
    arena_free(filter->arena);
    free(filter);
}

bool filter_bare(const struct filter *filter, size_t i, struct filter_word *word)
{
    if (i < filter->bare.n)
        *word = filter->bare.at[i];
    return i < filter->bare.n;
}

/* ---- Matching ---- */

static int order_of(enum filter_type type, const struct filter_value *found,
                    const struct test_value *value)
{
    switch (type) {
    case FILTER_TEXT:
        return strcasecmp(found->text, value->text);
    case FILTER_VERSION:
        return version_compare(found->text, value->text);
    default:
        return found->number < value->number ? -1 : found->number > value->number;
    }
}

static bool order_fits(enum expr_op op, int order)
{
    switch (op) {
    case OP_LT:
        return order < 0;
    case OP_LE:
        return order <= 0;
    case OP_GT:
        return order > 0;
    case OP_GE:
        return order >= 0;
    case OP_NE:
        return order != 0;
    default:
        return order == 0;
    }
}

static enum status test_match(const struct filter *filter, const struct node *node, const void *row,
                              filter_get *get, bool *matches, struct error *err)
{
    *matches = false;
    if (node->field == filter->n_fields) {
        for (size_t i = 0; i < filter->n_fields && !*matches; i++) {
            struct filter_value found = {0};
            if (filter->fields[i].bare)
                found = get(row, i);
            *matches = filter->fields[i].bare && !found.unknown &&
                       order_of(filter->fields[i].type, &found, node->values) == 0;
        }
        return ST_OK;
    }
    struct filter_value found = get(row, node->field);
    bool unlike = node->op == OP_NE || node->op == OP_UNMATCH;
    *matches = found.unknown && unlike;
    if (found.unknown)
        return ST_OK;
    if (node->pattern) {
        enum status status = regex_match(node->pattern, found.text, matches, err);
        *matches = *matches != unlike;
        return status;
    }
    enum filter_type type = filter->fields[node->field].type;
    for (size_t i = 0; i < node->n_values && !*matches; i++)
        *matches = order_fits(node->op, order_of(type, &found, &node->values[i]));
    return ST_OK;
}

static enum status node_match(const struct filter *filter, const struct node *node, const void *row,
                              filter_get *get, bool *matches, struct error *err)
{
    if (node->type == NODE_TEST)
        return test_match(filter, node, row, get, matches, err);
    enum status status = node_match(filter, node->left, row, get, matches, err);
    if (node->type == NODE_NOT)
        *matches = !*matches;
    else if (status == ST_OK && *matches == (node->type == NODE_AND))
        status = node_match(filter, node->right, row, get, matches, err);
    return status;
}

enum status filter_match(struct filter *filter, const void *row, filter_get *get, bool *matches,
                         struct error *err)
{
    *matches = true;
    return filter->root ? node_match(filter, filter->root, row, get, matches, err) : ST_OK;
}
