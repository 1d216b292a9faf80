/* Expressions over shops: a parser by descent that finds the shops as it reads. */
#include "model/campaign/shops.h"

#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/people/regex.h"
#include "model/question/lexer.h"
#include "model/store/column.h"

#include <string.h>
#include <strings.h>

enum { SHOPS_DEPTH = 64, SHOPS_LONGEST = 8192, SHOPS_TESTS = 200 };

enum { FIELD_CODE, FIELD_NAME, FIELD_CATEGORY, FIELD_FLOOR, FIELD_ZONE, FIELD_BRAND, FIELDS };
static const char *const field_names[FIELDS] = {"code",  "name", "category",
                                                "floor", "zone", "brand"};

struct shop_row {
    uint32_t id;
    bool smart_pos;
    const char *text[FIELDS];
};

struct shops_parser {
    struct lexer words;
    struct arena *arena;
    VEC(struct shop_row) shops;
    uint32_t n; /* highest number + 1 */
    int depth, tests;
};

static enum status parse_or(struct shops_parser *p, struct set **out);

/* ---- The mall's shops ---- */

static enum status shops_read(struct shops_parser *p, sqlite3 *db, struct error *err)
{
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v2(db,
                           "select t.id, t.smart_pos, t.code, t.name, t.category, t.floor, "
                           "coalesce(z.code, ''), t.brand from tenant t left join zone z "
                           "on z.id = t.zone order by t.id",
                           -1, &stmt, NULL) != SQLITE_OK)
        return sqlite_status(db, "reading shops", err);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        if (id < 1 || id > INT32_MAX)
            continue;
        struct shop_row row = {.id = (uint32_t)id, .smart_pos = sqlite3_column_int(stmt, 1) != 0};
        for (int i = 0; i < FIELDS; i++)
            row.text[i] = arena_strdup(p->arena, column_text(stmt, i + 2));
        p->n = row.id + 1;
        vec_push(&p->shops, row);
    }
    enum status status = code == SQLITE_DONE ? ST_OK : sqlite_status(db, "reading shops", err);
    sqlite3_finalize(stmt);
    return status;
}

/* ---- Tests ---- */

static enum status field_test(struct shops_parser *p, int field, enum expr_op op,
                              const struct token *value, struct set *set)
{
    struct regex *pattern = NULL;
    size_t size;
    const char *text = lexer_text(&p->words, value, &size);
    enum status status = ST_OK;
    if (op == OP_MATCH || op == OP_UNMATCH) {
        struct error why = {0};
        status = regex_new(text, &pattern, &why);
        if (status != ST_OK)
            status = lexer_fail_at(&p->words, value->at, value->size,
                                   arena_printf(p->arena, "a pattern: %s", error_text(&why)));
        error_clear(&why);
    }
    for (size_t i = 0; i < p->shops.n && status == ST_OK; i++) {
        const struct shop_row *shop = &p->shops.at[i];
        bool meets = strcasecmp(shop->text[field], text) == 0;
        if (pattern)
            status = regex_match(pattern, shop->text[field], &meets, p->words.err);
        if (status == ST_OK && meets != (op == OP_NE || op == OP_UNMATCH))
            set_add(set, shop->id);
    }
    regex_free(pattern);
    return status;
}

static enum status value_take(struct shops_parser *p, int field, enum expr_op op, struct set *set)
{
    if (p->words.token.type != T_WORD && p->words.token.type != T_STRING)
        return lexer_fail(&p->words, "a name, or a text in quotes");
    if (++p->tests > SHOPS_TESTS)
        return lexer_fail(&p->words, "an end: this expression has too many parts");
    enum status status = field_test(p, field, op, &p->words.token, set);
    if (status == ST_OK)
        lexer_advance(&p->words);
    return status;
}

static enum status list_take(struct shops_parser *p, int field, struct set *set)
{
    enum status status;
    lexer_advance(&p->words);
    if (p->words.token.type != T_OPEN)
        return lexer_fail(&p->words, "'(' and a list of names");
    do {
        lexer_advance(&p->words);
        status = value_take(p, field, OP_EQ, set);
    } while (status == ST_OK && p->words.token.type == T_COMMA);
    if (status == ST_OK && p->words.token.type != T_CLOSE)
        status = lexer_fail(&p->words, "',' or ')'");
    if (status == ST_OK)
        lexer_advance(&p->words);
    return status;
}

static void all_but(struct shops_parser *p, struct set *set)
{
    for (size_t i = 0; i < p->shops.n; i++)
        if (set_has(set, p->shops.at[i].id))
            set_remove(set, p->shops.at[i].id);
        else
            set_add(set, p->shops.at[i].id);
}

/* What follows a field: an operator and a value, or [not] in (…). */
static enum status parse_test(struct shops_parser *p, int field, struct set *set)
{
    bool inverse = lexer_is(&p->words, "not");
    enum expr_op op = p->words.token.op;
    if (inverse)
        lexer_advance(&p->words);
    if (lexer_is(&p->words, "in")) {
        enum status status = list_take(p, field, set);
        if (status == ST_OK && inverse)
            all_but(p, set);
        return status;
    }
    if (inverse || p->words.token.type != T_OP ||
        (op != OP_EQ && op != OP_NE && op != OP_MATCH && op != OP_UNMATCH))
        return lexer_fail(&p->words, inverse ? "in" : "=, !=, ~, !~ or in");
    lexer_advance(&p->words);
    return value_take(p, field, op, set);
}

static enum status word_unknown(struct shops_parser *p, const struct token *word)
{
    size_t size;
    const char *names[FIELDS + 1] = {"smart_pos"}, *text = lexer_text(&p->words, word, &size);
    memcpy(names + 1, field_names, sizeof field_names);
    const char *near = text_nearest(text, names, FIELDS + 1);
    return lexer_fail_at(
        &p->words, word->at, word->size,
        arena_printf(p->arena,
                     "smart_pos, the code of a shop, or a field: code, name, category, floor, "
                     "zone, brand%s%s%s",
                     near ? "; did you mean " : "", near ? near : "", near ? "?" : ""));
}

static int field_find(const struct shops_parser *p, const struct token *word)
{
    for (int i = 0; i < FIELDS; i++)
        if (word->type == T_WORD && strlen(field_names[i]) == word->size &&
            strncasecmp(field_names[i], p->words.text + word->at, word->size) == 0)
            return i;
    return FIELDS;
}

/* A field and its test, smart_pos, or the code of a shop. */
static enum status parse_word(struct shops_parser *p, struct set *set)
{
    struct token word = p->words.token;
    struct token after = lexer_after(&p->words);
    int field = field_find(p, &word);
    size_t size;
    const char *text = lexer_text(&p->words, &word, &size);
    bool known = false;
    if (field < FIELDS) {
        lexer_advance(&p->words);
        return parse_test(p, field, set);
    }
    if (word.type == T_WORD && strcasecmp(text, "smart_pos") == 0) {
        for (size_t i = 0; i < p->shops.n; i++)
            if (p->shops.at[i].smart_pos)
                set_add(set, p->shops.at[i].id);
        lexer_advance(&p->words);
        return ST_OK;
    }
    for (size_t i = 0; i < p->shops.n && !known; i++)
        if (strcasecmp(p->shops.at[i].text[FIELD_CODE], text) == 0) {
            set_add(set, p->shops.at[i].id);
            known = true;
        }
    if (!known || after.type == T_OP)
        return word_unknown(p, &word);
    lexer_advance(&p->words);
    return ST_OK;
}

/* ---- The grammar ---- */

static enum status parse_part(struct shops_parser *p, struct set **out)
{
    enum status status;
    if (++p->depth > SHOPS_DEPTH)
        return lexer_fail(&p->words, "fewer parentheses one inside the other");
    if (lexer_is(&p->words, "not")) {
        lexer_advance(&p->words);
        status = parse_part(p, out);
        if (status == ST_OK)
            all_but(p, *out);
    } else if (p->words.token.type == T_OPEN) {
        lexer_advance(&p->words);
        status = parse_or(p, out);
        if (status == ST_OK && p->words.token.type != T_CLOSE)
            status = lexer_fail(&p->words, "and, or, or ')'");
        if (status == ST_OK)
            lexer_advance(&p->words);
    } else if ((p->words.token.type != T_WORD && p->words.token.type != T_STRING) ||
               lexer_is(&p->words, "and") || lexer_is(&p->words, "or") ||
               lexer_is(&p->words, "in")) {
        status = lexer_fail(&p->words, "smart_pos, a shop's code, a field, not or '('");
    } else {
        *out = set_new(p->arena, p->n);
        status = ++p->tests > SHOPS_TESTS
                     ? lexer_fail(&p->words, "an end: this expression has too many parts")
                     : parse_word(p, *out);
    }
    p->depth--;
    return status;
}

static enum status parse_and(struct shops_parser *p, struct set **out)
{
    enum status status = parse_part(p, out);
    while (status == ST_OK && lexer_is(&p->words, "and")) {
        struct set *more;
        lexer_advance(&p->words);
        status = parse_part(p, &more);
        if (status == ST_OK)
            set_and(*out, more);
    }
    return status;
}

static enum status parse_or(struct shops_parser *p, struct set **out)
{
    enum status status = parse_and(p, out);
    while (status == ST_OK && lexer_is(&p->words, "or")) {
        struct set *more;
        lexer_advance(&p->words);
        status = parse_and(p, &more);
        if (status == ST_OK)
            set_or(*out, more);
    }
    return status;
}

enum status shops_of(sqlite3 *db, struct arena *arena, const char *text, struct set **shops,
                     struct error *err)
{
    struct shops_parser p = {.arena = arena, .n = 1};
    *shops = NULL;
    enum status status = shops_read(&p, db, err);
    if (status == ST_OK && text[strspn(text, " \t")] == 0) {
        *shops = set_new(arena, p.n);
        all_but(&p, *shops);
    } else if (status == ST_OK) {
        status = lexer_start(&p.words, arena, text, 0, strlen(text), SHOPS_LONGEST, err);
        if (status == ST_OK)
            status = parse_or(&p, shops);
        if (status == ST_OK && p.words.token.type != T_END)
            status = lexer_fail(&p.words, "and, or, or the end");
    }
    vec_free(&p.shops);
    return status;
}
