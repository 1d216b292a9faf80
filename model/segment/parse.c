/* The grammar of the people language: a parser by descent with a bounded depth. */
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/question/logic.h"
#include "model/segment/span.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct parser {
    struct lexer words;
    int nodes;
};

static const char any_part[] = "a label, an attribute, behaviour such as spent(90d), not or '('";

static const struct people_field *field_named(const char *name, size_t n)
{
    for (size_t i = 0; i < n_people_fields; i++)
        if (strlen(people_fields[i].name) == n && strncasecmp(people_fields[i].name, name, n) == 0)
            return &people_fields[i];
    return NULL;
}

static const struct people_function *function_named(const char *name, size_t n)
{
    for (size_t i = 0; i < n_people_functions; i++)
        if (strlen(people_functions[i].name) == n &&
            strncasecmp(people_functions[i].name, name, n) == 0)
            return &people_functions[i];
    return NULL;
}

/* "expected …; did you mean tier?" for a word that is none of the language's. */
static enum status word_unknown(struct parser *p, const struct token *word, size_t size)
{
    const char *names[TRAIT_END + DOES_END];
    size_t n = 0;
    for (size_t i = 0; i < n_people_fields; i++)
        names[n++] = people_fields[i].name;
    for (size_t i = 0; i < n_people_functions; i++)
        names[n++] = people_functions[i].name;
    struct arena *arena = p->words.arena;
    const char *near = text_nearest(arena_strndup(arena, p->words.text + word->at, size), names, n);
    return lexer_fail_at(&p->words, word->at, size,
                         near ? arena_printf(arena, "%s; did you mean %s?", any_part, near)
                              : any_part);
}

static enum status node_new(struct parser *p, enum people_type type, struct people_expr **out)
{
    if (++p->nodes > PEOPLE_NODES)
        return lexer_fail(&p->words, "an end: this expression has too many parts");
    *out = arena_new_of(p->words.arena, struct people_expr);
    (*out)->type = type;
    (*out)->at = p->words.token.at;
    (*out)->size = p->words.token.size;
    return ST_OK;
}

/* ---- Values ---- */

static enum status number_check(struct parser *p, bool fits, const struct people_operand *v,
                                size_t size, const char *expected)
{
    return fits ? ST_OK : lexer_fail_at(&p->words, v->at, size, expected);
}

static enum status moment_check(struct parser *p, struct people_operand *v, size_t size)
{
    return number_check(p, moment_read(v->text, v->size, v), v, size,
                        "a day such as 2017-10-01, or how long ago: 30d");
}

static enum status value_check(struct parser *p, const struct people_expr *leaf,
                               struct people_operand *v, size_t size)
{
    if (leaf->type == PEOPLE_DOES)
        switch (leaf->function->unit) {
        case PEOPLE_MONEY:
            return number_check(p, text_to_fen(v->text, v->size, &v->number), v, size,
                                "an amount such as 300 or 12.50");
        case PEOPLE_DURATION:
            return number_check(p, duration_read(v->text, v->size, &v->number), v, size,
                                "a duration such as 2h or 30m");
        case PEOPLE_MOMENT:
            return moment_check(p, v, size);
        default:
            return number_check(p, text_to_int64(v->text, v->size, &v->number), v, size,
                                "a whole number");
        }
    if (leaf->field->value == PEOPLE_WHOLE)
        return number_check(p, text_to_int64(v->text, v->size, &v->number), v, size,
                            "a whole number");
    return leaf->field->value == PEOPLE_DAY ? moment_check(p, v, size) : ST_OK;
}

static enum status value_take(struct parser *p, const struct people_expr *leaf,
                              struct people_operand *v)
{
    struct token token = p->words.token;
    *v = (struct people_operand){.at = token.at};
    if (token.type != T_WORD && token.type != T_STRING)
        return lexer_fail(&p->words, "a value");
    v->text = lexer_text(&p->words, &token, &v->size);
    enum status status = value_check(p, leaf, v, token.size);
    if (status == ST_OK)
        lexer_advance(&p->words);
    return status;
}

static enum status list_take(struct parser *p, struct people_expr *leaf)
{
    VEC(struct people_operand) values = {0};
    enum status status = ST_OK;
    if (p->words.token.type != T_OPEN)
        return lexer_fail(&p->words, "'(' and a list of values");
    do {
        struct people_operand value;
        lexer_advance(&p->words);
        status = value_take(p, leaf, &value);
        if (status == ST_OK)
            vec_push(&values, value);
        if (status == ST_OK && ++p->nodes > PEOPLE_NODES)
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

/* ---- Comparisons ---- */

enum { FITS_EQUAL = 1, FITS_ORDER = 2, FITS_PATTERN = 4 };

static unsigned leaf_fits(const struct people_expr *leaf)
{
    if (leaf->type == PEOPLE_DOES)
        return FITS_EQUAL | FITS_ORDER;
    switch (leaf->field->value) {
    case PEOPLE_WORD:
    case PEOPLE_TEXT:
    case PEOPLE_CONTENT:
        return FITS_EQUAL | FITS_PATTERN;
    case PEOPLE_WHOLE:
    case PEOPLE_DAY:
        return FITS_EQUAL | FITS_ORDER;
    case PEOPLE_RANKED:
    case PEOPLE_VALUE:
        return FITS_EQUAL | FITS_ORDER | FITS_PATTERN;
    default:
        return 0;
    }
}

static const char *fits_text(unsigned fits)
{
    return fits == (FITS_EQUAL | FITS_PATTERN) ? "=, !=, ~, !~ or in"
           : fits == (FITS_EQUAL | FITS_ORDER) ? "=, !=, <, <=, >, >= or in"
                                               : "=, !=, <, <=, >, >=, ~, !~ or in";
}

/* What may stand bare: flags, lists, "has an attribute", "did it at all". */
static bool leaf_stands_bare(const struct people_expr *leaf)
{
    return leaf->type == PEOPLE_DOES || leaf->field->value == PEOPLE_FLAG ||
           leaf->field->value == PEOPLE_LIST || leaf->field->value == PEOPLE_VALUE;
}

/* After the name: nothing, an operator and a value, or [not] in (…). */
static enum status comparison_take(struct parser *p, struct people_expr *leaf,
                                   const struct people_expr **out)
{
    unsigned fits = leaf_fits(leaf);
    bool inverse = lexer_is(&p->words, "not");
    struct token next = inverse ? lexer_after(&p->words) : p->words.token;
    bool in =
        next.type == T_WORD && next.size == 2 && strncasecmp(p->words.text + next.at, "in", 2) == 0;
    *out = leaf;
    if (fits && in) {
        struct people_expr *node = NULL;
        enum status status = inverse ? node_new(p, PEOPLE_NOT, &node) : ST_OK;
        if (status != ST_OK)
            return status;
        if (inverse) {
            node->left = leaf;
            *out = node;
            lexer_advance(&p->words);
        }
        lexer_advance(&p->words);
        leaf->op = OP_IN;
        return list_take(p, leaf);
    }
    if (p->words.token.type != T_OP && leaf_stands_bare(leaf)) {
        leaf->bare = true;
        return ST_OK;
    }
    if (!fits)
        return lexer_fail(&p->words, "and, or, or the end: this is true or not by itself");
    leaf->op = p->words.token.op;
    unsigned kind = leaf->op == OP_EQ || leaf->op == OP_NE           ? FITS_EQUAL
                    : leaf->op == OP_MATCH || leaf->op == OP_UNMATCH ? FITS_PATTERN
                                                                     : FITS_ORDER;
    if (p->words.token.type != T_OP || !(fits & kind))
        return lexer_fail(&p->words, fits_text(fits));
    lexer_advance(&p->words);
    struct people_operand *value = arena_new_of(p->words.arena, struct people_operand);
    leaf->values = value;
    leaf->n_values = 1;
    return value_take(p, leaf, value);
}

/* ---- Functions ---- */

static enum status span_take(struct parser *p, struct people_expr *leaf)
{
    size_t size;
    struct token token = p->words.token;
    if (token.type != T_WORD ||
        !span_read(lexer_text(&p->words, &token, &size), token.size, &leaf->span))
        return lexer_fail(&p->words, "a span such as 90d, 2017-10-01..2017-10-31 or ever");
    lexer_advance(&p->words);
    return ST_OK;
}

/* An expression over events in quotes; with a backslash in it places are those of its own text. */
static enum status events_quoted(struct parser *p, struct people_expr *leaf)
{
    struct lexer *words = &p->words;
    struct token token = words->token;
    size_t from = token.at + 1, to = token.at + token.size - 1, size;
    enum status status;
    leaf->events_text = words->text;
    leaf->events_size = words->n;
    if (!memchr(words->text + from, '\\', to - from)) {
        status = expr_parse_within(words->arena, words->text, from, to, &leaf->events, words->err);
    } else {
        leaf->events_text = lexer_text(words, &token, &size);
        leaf->events_size = size;
        status = expr_parse(words->arena, leaf->events_text, size, &leaf->events, words->err);
        if (status != ST_OK)
            error_wrap(words->err, "%s: inside the quotation marks",
                       expr_place(words->arena, words->text, words->n, token.at));
    }
    lexer_advance(words);
    return status;
}

/* Up to the parenthesis that closes the function. */
static enum status events_plain(struct parser *p, struct people_expr *leaf)
{
    struct lexer *words = &p->words;
    size_t from = words->token.at;
    int depth = 0;
    for (; words->token.type != T_END; lexer_advance(words)) {
        if (words->token.type == T_BAD)
            return lexer_fail(words, "an expression over events and ')'");
        if (words->token.type == T_CLOSE && depth-- == 0)
            break;
        depth += words->token.type == T_OPEN;
    }
    if (words->token.type == T_END)
        return lexer_fail(words, "')'");
    leaf->events_text = words->text;
    leaf->events_size = words->n;
    return expr_parse_within(words->arena, words->text, from, words->token.at, &leaf->events,
                             words->err);
}

static enum status events_take(struct parser *p, struct people_expr *leaf)
{
    bool quoted = p->words.token.type == T_STRING && lexer_after(&p->words).type == T_CLOSE;
    return quoted ? events_quoted(p, leaf) : events_plain(p, leaf);
}

/* "(SPAN[, EVENTS])" or "(EVENTS)"; the next token is the parenthesis. */
static enum status arguments_take(struct parser *p, struct people_expr *leaf)
{
    const struct people_function *function = leaf->function;
    bool needed = function && function->events == EVENTS_NEEDED;
    enum status status = ST_OK;
    lexer_advance(&p->words);
    if (!function || function->span)
        status = span_take(p, leaf);
    if (status == ST_OK && function && !function->span)
        status = events_take(p, leaf);
    else if (status == ST_OK && function && p->words.token.type == T_COMMA) {
        lexer_advance(&p->words);
        status = events_take(p, leaf);
    } else if (status == ST_OK && needed)
        status = lexer_fail(&p->words, "',' and an expression over events");
    if (status == ST_OK && p->words.token.type != T_CLOSE)
        status = lexer_fail(&p->words, function ? "',' or ')'" : "')'");
    if (status == ST_OK)
        lexer_advance(&p->words);
    return status;
}

/* ---- One part ---- */

/* label:NAME; the name may stand in quotes after the colon. */
static enum status named_take(struct parser *p, const struct token *word, size_t colon,
                              struct people_expr *leaf)
{
    const char *text = p->words.text + word->at;
    leaf->field = field_named(text, colon);
    if (!leaf->field || (leaf->field->value != PEOPLE_LIST && leaf->field->value != PEOPLE_VALUE))
        return leaf->field ? lexer_fail_at(&p->words, word->at, word->size,
                                           "a field without ':'; lists are label:, segment:, "
                                           "crowd:, interest:, related: and attr:")
                           : word_unknown(p, word, colon);
    lexer_advance(&p->words);
    leaf->name.at = word->at + colon + 1;
    if (colon + 1 < word->size) {
        leaf->name.size = word->size - colon - 1;
        leaf->name.text = arena_strndup(p->words.arena, text + colon + 1, leaf->name.size);
        return ST_OK;
    }
    struct token name = p->words.token;
    if (name.type != T_STRING || name.at != word->at + word->size)
        return lexer_fail_at(&p->words, name.at, name.size, "a name right after ':'");
    leaf->name.text = lexer_text(&p->words, &name, &leaf->name.size);
    leaf->size = name.at + name.size - leaf->at;
    lexer_advance(&p->words);
    return ST_OK;
}

static enum status leaf_take(struct parser *p, const struct people_expr **out)
{
    struct token word = p->words.token;
    struct people_expr *leaf = NULL;
    enum status status = node_new(p, PEOPLE_FIELD, &leaf);
    if (status != ST_OK)
        return status;
    const char *text = p->words.text + word.at;
    const char *colon = memchr(text, ':', word.size);
    if (colon) {
        status = named_take(p, &word, (size_t)(colon - text), leaf);
        return status == ST_OK ? comparison_take(p, leaf, out) : status;
    }
    bool called = lexer_after(&p->words).type == T_OPEN;
    leaf->function = function_named(text, word.size);
    leaf->field = leaf->function ? NULL : field_named(text, word.size);
    if (!leaf->function && !leaf->field)
        return word_unknown(p, &word, word.size);
    leaf->type = leaf->function ? PEOPLE_DOES : PEOPLE_FIELD;
    lexer_advance(&p->words);
    if (leaf->function && !called)
        return lexer_fail(&p->words,
                          arena_printf(p->words.arena, "'(', as in %s", leaf->function->example));
    if (leaf->field && (leaf->field->value == PEOPLE_LIST || leaf->field->value == PEOPLE_VALUE))
        return lexer_fail(&p->words,
                          arena_printf(p->words.arena, "':' and a name right after it: %s:NAME",
                                       leaf->field->name));
    if (leaf->function || (called && leaf->field->value == PEOPLE_CONTENT))
        status = arguments_take(p, leaf);
    return status == ST_OK ? comparison_take(p, leaf, out) : status;
}

/* ---- The grammar ---- */

static enum status part_parse(void *parser, const void **node)
{
    const struct people_expr *leaf = NULL;
    enum status status = leaf_take(parser, &leaf);
    *node = leaf;
    return status;
}

static enum status part_negate(void *parser, const void *of, const void **node)
{
    struct people_expr *inverse = NULL;
    enum status status = node_new(parser, PEOPLE_NOT, &inverse);
    if (status == ST_OK)
        inverse->left = of;
    *node = inverse;
    return status;
}

static enum status parts_join(void *parser, enum logic_join how, const void *left,
                              const void *right, const void **node)
{
    struct people_expr *both = NULL;
    enum status status = node_new(parser, how == LOGIC_AND ? PEOPLE_AND : PEOPLE_OR, &both);
    if (status == ST_OK) {
        both->left = left;
        both->right = right;
    }
    *node = both;
    return status;
}

enum status people_parse(struct arena *arena, const char *text, size_t n,
                         const struct people_expr **expr, struct error *err)
{
    static const struct logic grammar = {.depth = PEOPLE_DEPTH,
                                         .expected = any_part,
                                         .part = part_parse,
                                         .negate = part_negate,
                                         .join = parts_join};
    struct parser p = {0};
    const void *node = NULL;
    *expr = NULL;
    const char *copy = arena_strndup(arena, text, n);
    enum status status = lexer_start(&p.words, arena, n && memchr(text, 0, n) ? text : copy, 0, n,
                                     PEOPLE_LONGEST, err);
    if (status == ST_OK)
        status = logic_parse(&p.words, &grammar, &p, &node);
    if (status == ST_OK && p.words.token.type != T_END)
        status = lexer_fail(&p.words, "and, or, or the end");
    if (status == ST_OK)
        *expr = node;
    return status;
}

bool people_error_place(const char *message, size_t *line, size_t *column)
{
    int read = 0;
    return sscanf(message, "%zu:%zu:%n", line, column, &read) == 2 && read > 0;
}

const char *segment_name_text(struct arena *arena, const char *name)
{
    struct lexer words;
    size_t n = strlen(name);
    struct error ignored = {0};
    enum status status = lexer_start(&words, arena, name, 0, n, PEOPLE_LONGEST, &ignored);
    error_clear(&ignored);
    if (status == ST_OK && words.token.type == T_WORD && words.token.size == n)
        return arena_strdup(arena, name);
    char *text = arena_alloc(arena, 2 * n + 3), *to = text;
    *to++ = '"';
    for (size_t i = 0; i < n; i++) {
        if (name[i] == '"')
            *to++ = '\\';
        *to++ = name[i];
    }
    *to = '"';
    return text;
}
