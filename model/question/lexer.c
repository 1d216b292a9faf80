#include "model/question/lexer.h"

#include "model/base/text.h"

#include <string.h>
#include <strings.h>

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

static struct token operator_token(const struct lexer *l, size_t at)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        size_t size = strlen(operators[i].text);
        if (at + size <= l->n && memcmp(l->text + at, operators[i].text, size) == 0)
            return (struct token){T_OP, at, size, operators[i].op};
    }
    return (struct token){T_BAD, at, 1, OP_EQ};
}

static struct token string_token(const struct lexer *l, size_t at)
{
    size_t end = at + 1;
    while (end < l->n && l->text[end] != l->text[at])
        end += l->text[end] == '\\' && end + 1 < l->n ? 2 : 1;
    bool closed = end < l->n;
    return (struct token){closed ? T_STRING : T_BAD, at, closed ? end + 1 - at : l->n - at, OP_EQ};
}

void lexer_advance(struct lexer *l)
{
    size_t at = l->token.at + l->token.size;
    while (at < l->n && strchr(" \t\r\n", l->text[at]) && l->text[at])
        at++;
    l->token = (struct token){T_END, at, 0, OP_EQ};
    if (at >= l->n)
        return;
    switch (l->text[at]) {
    case '(':
        l->token = (struct token){T_OPEN, at, 1, OP_EQ};
        return;
    case ')':
        l->token = (struct token){T_CLOSE, at, 1, OP_EQ};
        return;
    case ',':
        l->token = (struct token){T_COMMA, at, 1, OP_EQ};
        return;
    case '"':
    case '\'':
        l->token = string_token(l, at);
        return;
    default:
        break;
    }
    size_t end = at;
    while (end < l->n && word_byte((unsigned char)l->text[end]))
        end++;
    l->token = end > at ? (struct token){T_WORD, at, end - at, OP_EQ} : operator_token(l, at);
}

bool lexer_is(const struct lexer *l, const char *word)
{
    return l->token.type == T_WORD && l->token.size == strlen(word) &&
           strncasecmp(l->text + l->token.at, word, l->token.size) == 0;
}

struct token lexer_after(const struct lexer *l)
{
    struct lexer ahead = *l;
    lexer_advance(&ahead);
    return ahead.token;
}

const char *lexer_text(const struct lexer *l, const struct token *token, size_t *size)
{
    const char *from = l->text + token->at;
    if (token->type != T_STRING) {
        *size = token->size;
        return arena_strndup(l->arena, from, token->size);
    }
    char *to = arena_alloc(l->arena, token->size);
    *size = 0;
    for (size_t i = 1; i + 1 < token->size; i++) {
        if (from[i] == '\\' && i + 2 < token->size && from[i + 1] == from[0])
            i++;
        to[(*size)++] = from[i];
    }
    return to;
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

enum status lexer_fail_at(struct lexer *l, size_t at, size_t size, const char *expected)
{
    const char *found = size == 0 ? "the end" : text_quote(l->arena, l->text + at, size);
    return error_set(l->err, ST_USAGE, "%s: found %s, expected %s",
                     expr_place(l->arena, l->text, l->n, at), found, expected);
}

enum status lexer_fail(struct lexer *l, const char *expected)
{
    if (l->token.type == T_BAD && strchr("\"'", l->text[l->token.at]))
        expected = "a text with a quotation mark at its end";
    return lexer_fail_at(l, l->token.at, l->token.size, expected);
}

enum status lexer_start(struct lexer *l, struct arena *arena, const char *text, size_t from,
                        size_t to, size_t longest, struct error *err)
{
    *l = (struct lexer){
        .arena = arena, .text = text, .n = to, .token = {T_END, from, 0, OP_EQ}, .err = err};
    if (to - from > longest)
        return error_set(err, ST_USAGE, "an expression has at most %zu bytes, this one has %zu",
                         longest, to - from);
    for (size_t at = from; at < to;) {
        uint32_t rune;
        size_t size = text_rune(text + at, to - at, &rune);
        if (!text[at] || (rune == 0xFFFD && size == 1))
            return lexer_fail_at(l, at, size, "text in UTF-8");
        at += size;
    }
    lexer_advance(l);
    return ST_OK;
}
