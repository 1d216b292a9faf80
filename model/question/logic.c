#include "model/question/logic.h"

struct reading {
    struct lexer *words;
    const struct logic *logic;
    void *parser;
    int depth;
};

static enum status chain_read(struct reading *r, enum logic_join how, const void **node);

static bool part_begins(const struct reading *r)
{
    enum token_type type = r->words->token.type;
    return (type == T_WORD || (type == T_STRING && r->logic->texts)) &&
           !lexer_is(r->words, "and") && !lexer_is(r->words, "or") && !lexer_is(r->words, "in");
}

static enum status part_read(struct reading *r, const void **node)
{
    enum status status;
    const void *of = NULL;
    if (++r->depth > r->logic->depth)
        return lexer_fail(r->words, "fewer parentheses one inside the other");
    if (lexer_is(r->words, "not")) {
        lexer_advance(r->words);
        status = part_read(r, &of);
        if (status == ST_OK)
            status = r->logic->negate(r->parser, of, node);
    } else if (r->words->token.type == T_OPEN) {
        lexer_advance(r->words);
        status = chain_read(r, LOGIC_OR, node);
        if (status == ST_OK && r->words->token.type != T_CLOSE)
            status = lexer_fail(r->words, "and, or, or ')'");
        if (status == ST_OK)
            lexer_advance(r->words);
    } else if (!part_begins(r)) {
        status = lexer_fail(r->words, r->logic->expected);
    } else {
        status = r->logic->part(r->parser, node);
    }
    r->depth--;
    return status;
}

/* Parts joined by one word: of `or` each is a chain of `and`. */
static enum status chain_read(struct reading *r, enum logic_join how, const void **node)
{
    const char *word = how == LOGIC_AND ? "and" : "or";
    enum status status = how == LOGIC_AND ? part_read(r, node) : chain_read(r, LOGIC_AND, node);
    while (status == ST_OK && lexer_is(r->words, word)) {
        const void *left = *node, *right = NULL;
        lexer_advance(r->words);
        status = how == LOGIC_AND ? part_read(r, &right) : chain_read(r, LOGIC_AND, &right);
        if (status == ST_OK)
            status = r->logic->join(r->parser, how, left, right, node);
    }
    return status;
}

enum status logic_parse(struct lexer *words, const struct logic *logic, void *parser,
                        const void **node)
{
    struct reading reading = {.words = words, .logic = logic, .parser = parser};
    *node = NULL;
    return chain_read(&reading, LOGIC_OR, node);
}
