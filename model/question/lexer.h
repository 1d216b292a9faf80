/* Words of the expression languages: names, texts in quotes, operators, parentheses. A lexer looks
 * one word ahead and knows how to say what it found where. */
#ifndef ATRIUM_QUESTION_LEXER_H
#define ATRIUM_QUESTION_LEXER_H

#include "model/question/expr.h"

enum token_type { T_END, T_WORD, T_STRING, T_OPEN, T_CLOSE, T_COMMA, T_OP, T_BAD };

struct token {
    enum token_type type;
    size_t at, size; /* in the text, quotes included */
    enum expr_op op;
};

struct lexer {
    struct arena *arena;
    const char *text;
    size_t n;           /* where it ends */
    struct token token; /* the next one */
    struct error *err;
};

/* At the first word from `from` on. ST_USAGE where the text is too long or not UTF-8. */
enum status lexer_start(struct lexer *lexer, struct arena *arena, const char *text, size_t from,
                        size_t to, size_t longest, struct error *err);
void lexer_advance(struct lexer *lexer);

/* Whether the next token is this bare word, in either case. */
bool lexer_is(const struct lexer *lexer, const char *word);

/* The token after the next one. */
struct token lexer_after(const struct lexer *lexer);

/* The text of a word, or of what stands in quotes: a backslash keeps the quotation mark inside.
 * Ends with NUL; owned by the arena. */
const char *lexer_text(const struct lexer *lexer, const struct token *token, size_t *size);

/* "line:column: found …, expected …": ST_USAGE. */
enum status lexer_fail_at(struct lexer *lexer, size_t at, size_t size, const char *expected);
enum status lexer_fail(struct lexer *lexer, const char *expected);

#endif
