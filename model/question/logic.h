/*
 * What the expression languages share: parts joined by `and` and `or`, turned by `not`, in
 * parentheses. `not` binds closest, then `and`; words in either case. What a part is, and what is
 * made of parts, is each language's own.
 */
#ifndef ATRIUM_QUESTION_LOGIC_H
#define ATRIUM_QUESTION_LOGIC_H

#include "model/question/lexer.h"

enum logic_join { LOGIC_AND, LOGIC_OR };

struct logic {
    int depth;            /* parentheses and nots inside each other, at most */
    bool texts;           /* a part may begin with a text in quotes */
    const char *expected; /* where no part begins: "a field, not or '('" */
    /* Each makes a node of the language's own; what fails has said so. */
    enum status (*part)(void *parser, const void **node);
    enum status (*negate)(void *parser, const void *of, const void **node);
    /* Chains are left-deep. */
    enum status (*join)(void *parser, enum logic_join how, const void *left, const void *right,
                        const void **node);
};

/* Reads as far as it makes sense; the caller looks whether that is the end. ST_USAGE. */
enum status logic_parse(struct lexer *words, const struct logic *logic, void *parser,
                        const void **node);

#endif
