/* Completion of SQL: what may stand at the cursor. A look at the words around it is enough; the
 * text need not be a whole question. */
#include "model/base/vec.h"
#include "model/sql/sql_connection.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const keywords[] = {
    "select",    "from", "where",        "group by",  "order by", "having",      "limit",
    "offset",    "join", "left join",    "on",        "using",    "and",         "or",
    "not",       "in",   "between",      "like",      "is null",  "is not null", "exists",
    "case",      "when", "then",         "else",      "end",      "as",          "distinct",
    "desc",      "asc",  "union",        "union all", "except",   "intersect",   "with",
    "recursive", "over", "partition by", "filter",    "values",   "cast",        "null",
};

enum place { PLACE_ANY, PLACE_VIEW, PLACE_COLUMN };

struct word {
    const char *at;
    size_t n;
};

struct completion {
    const struct access *access;
    const char *text;
    size_t cursor;
    VEC(struct word) words; /* of the whole text, without strings and comments */
    struct word prefix;     /* what stands before the cursor */
    struct word alias;      /* before the dot before it; n 0: none */
    enum place place;
    VEC(struct sql_candidate) found;
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (unsigned char)c >= 0x80;
}

static bool word_is(struct word word, const char *text)
{
    return word.n == strlen(text) && strncasecmp(word.at, text, word.n) == 0;
}

/* Strings, quoted names and comments are no words. */
static size_t skip_quoted(const char *text, size_t at)
{
    char c = text[at];
    if (c == '\'' || c == '"' || c == '`') {
        for (at++; text[at] && text[at] != c; at++)
            ;
        return text[at] ? at + 1 : at;
    }
    if (c == '-' && text[at + 1] == '-')
        return at + strcspn(text + at, "\n");
    return at;
}

static void words_split(struct completion *c)
{
    for (size_t at = 0; c->text[at];) {
        size_t after = skip_quoted(c->text, at);
        if (after > at) {
            at = after;
            continue;
        }
        if (!is_word(c->text[at])) {
            at++;
            continue;
        }
        size_t n = 0;
        while (is_word(c->text[at + n]))
            n++;
        vec_push(&c->words, (struct word){c->text + at, n});
        at += n;
    }
}

static void place_find(struct completion *c)
{
    size_t start = c->cursor;
    while (start > 0 && is_word(c->text[start - 1]))
        start--;
    c->prefix = (struct word){c->text + start, c->cursor - start};
    if (start > 0 && c->text[start - 1] == '.') {
        size_t end = start - 1, from = end;
        while (from > 0 && is_word(c->text[from - 1]))
            from--;
        c->alias = (struct word){c->text + from, end - from};
        c->place = PLACE_COLUMN;
        return;
    }
    for (size_t i = c->words.n; i-- > 0;) {
        if (c->words.at[i].at >= c->prefix.at)
            continue;
        if (word_is(c->words.at[i], "from") || word_is(c->words.at[i], "join"))
            c->place = PLACE_VIEW;
        /* "from a, |" */
        const char *between = c->words.at[i].at + c->words.at[i].n;
        bool comma = memchr(between, ',', (size_t)(c->prefix.at - between)) != NULL;
        for (size_t k = i; comma && k-- > 0;)
            if (word_is(c->words.at[k], "from")) {
                bool only_names = true;
                for (size_t w = k + 1; w <= i; w++)
                    only_names = only_names && !word_is(c->words.at[w], "where") &&
                                 !word_is(c->words.at[w], "by") && !word_is(c->words.at[w], "on");
                c->place = only_names ? PLACE_VIEW : c->place;
                break;
            }
        break;
    }
}

static bool begins(const struct completion *c, const char *text)
{
    return strncasecmp(text, c->prefix.at, c->prefix.n) == 0;
}

static void add(struct completion *c, const char *text, enum sql_word word, const char *summary)
{
    if (!begins(c, text))
        return;
    for (size_t i = 0; i < c->found.n; i++)
        if (strcmp(c->found.at[i].text, text) == 0 && c->found.at[i].word == word)
            return;
    vec_push(&c->found, (struct sql_candidate){text, word, summary});
}

static void add_columns(struct completion *c, const struct sql_view *view)
{
    for (size_t i = 0; i < view->n_columns; i++)
        add(c, view->columns[i].name, SQL_WORD_COLUMN, view->columns[i].summary);
}

static void add_views(struct completion *c)
{
    for (size_t i = 0; i < n_sql_views; i++)
        if (sql_view_open(&sql_views[i], c->access))
            add(c, sql_views[i].name, SQL_WORD_VIEW, sql_views[i].summary);
}

static const struct sql_view *view_of(const struct completion *c, struct word word)
{
    for (size_t i = 0; i < n_sql_views; i++)
        if (word_is(word, sql_views[i].name) && sql_view_open(&sql_views[i], c->access))
            return &sql_views[i];
    return NULL;
}

/* Columns of the views that the text names; of one when there is "alias." or "view.". */
static bool add_named_columns(struct completion *c)
{
    bool any = false;
    for (size_t i = 0; i < c->words.n; i++) {
        const struct sql_view *view = view_of(c, c->words.at[i]);
        if (!view || c->words.at[i].at == c->prefix.at)
            continue;
        size_t k = i + 1;
        if (k < c->words.n && word_is(c->words.at[k], "as"))
            k++;
        bool named = word_is(c->alias, view->name) ||
                     (k < c->words.n && c->words.at[k].n == c->alias.n &&
                      strncasecmp(c->words.at[k].at, c->alias.at, c->alias.n) == 0);
        if (c->alias.n && !named)
            continue;
        add_columns(c, view);
        any = true;
    }
    return any;
}

static void add_all(struct completion *c)
{
    bool named = add_named_columns(c);
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        add(c, keywords[i], SQL_WORD_KEYWORD, "");
    for (size_t i = 0; i < n_sql_functions; i++)
        add(c, sql_functions[i].name, SQL_WORD_FUNCTION, sql_functions[i].summary);
    add_views(c);
    for (size_t i = 0; !named && c->prefix.n && i < n_sql_views; i++)
        if (sql_view_open(&sql_views[i], c->access))
            add_columns(c, &sql_views[i]);
}

void sql_complete(const struct access *access, const char *text, size_t cursor, struct arena *arena,
                  const struct sql_candidate **candidates, size_t *n, size_t *start)
{
    size_t size = strlen(text);
    struct completion c = {.access = access, .text = text, .cursor = cursor < size ? cursor : size};
    words_split(&c);
    place_find(&c);
    if (c.place == PLACE_VIEW)
        add_views(&c);
    else if (c.place == PLACE_COLUMN)
        add_named_columns(&c);
    else
        add_all(&c);
    *candidates = vec_copy(arena, &c.found);
    *n = c.found.n;
    *start = (size_t)(c.prefix.at - text);
    vec_free(&c.words);
    vec_free(&c.found);
}
