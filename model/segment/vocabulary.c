#include "model/segment/vocabulary.h"

#include "model/base/vec.h"
#include "model/store/column.h"

#include <string.h>
#include <strings.h>

static const char *const lists_sql[NAMES_LISTS] = {
    [NAMES_LABELS] = "select name from label order by name",
    [NAMES_SEGMENTS] = "select name from segment order by name",
    [NAMES_CROWDS] = "select code from crowd order by code",
    /* From name to name, not from row to row. */
    [NAMES_TOPICS] = "select distinct topic from (select topic from interest limit 200000) order by"
                     " topic",
    [NAMES_RELATIONS] = "select distinct kind from (select kind from relation limit 200000) order "
                        "by kind",
    [NAMES_ATTRIBUTES] = "select distinct name from (select name from attribute limit 200000) "
                         "order by name",
    [NAMES_TIERS] = "with recursive part (rest, word) as (select value || ' ', '' from setting"
                    " where name = 'tiers' union all select substr(rest, instr(rest, ' ') + 1),"
                    " substr(rest, 1, instr(rest, ' ') - 1) from part where rest <> '' limit 100)"
                    " select word from part where word <> ''",
    [NAMES_KINDS] = "select name from kind order by name",
    [NAMES_SHOPS] = "select code from tenant order by code",
    [NAMES_CATEGORIES] = "select distinct category from tenant where category <> '' order by 1",
    [NAMES_CHANNELS] = "select name from channel order by name",
};

enum status vocabulary_read(struct reader *reader, struct arena *arena,
                            struct vocabulary *vocabulary, struct error *err)
{
    enum status status = ST_OK;
    *vocabulary = (struct vocabulary){0};
    for (int i = 0; i < NAMES_LISTS && status == ST_OK; i++) {
        VEC(const char *) names = {0};
        sqlite3_stmt *stmt;
        bool row = true;
        status = reader_prepare(reader, lists_sql[i], &stmt, err);
        while (status == ST_OK && names.n < VOCABULARY_MOST &&
               (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
            vec_push(&names, arena_strdup(arena, column_text(stmt, 0)));
        if (status == ST_OK)
            sqlite3_reset(stmt);
        vocabulary->names[i] = arena_array(arena, const char *, names.n + 1);
        vocabulary->n[i] = names.n;
        for (size_t k = 0; k < names.n; k++)
            vocabulary->names[i][k] = names.at[k];
        vec_free(&names);
    }
    return status;
}

/* ---- What fits ---- */

struct fitting {
    struct arena *arena;
    const char *typed;
    size_t n_typed;
    VEC(const char *) items;
};

static void fit(struct fitting *f, const char *item)
{
    if (strlen(item) > f->n_typed && strncasecmp(item, f->typed, f->n_typed) == 0)
        vec_push(&f->items, item);
}

/* Names, written as the language wants them after `before`; what is typed of one may lack the
 * quotation mark that it needs. */
static void fit_names(struct fitting *f, const struct vocabulary *v, enum vocabulary_list list,
                      const char *before)
{
    size_t n_before = strlen(before);
    const char *typed = f->typed + n_before;
    size_t n_typed = f->n_typed - n_before;
    if (n_typed && *typed == '"') {
        typed++;
        n_typed--;
    }
    for (size_t i = 0; v && i < v->n[list]; i++)
        if (strncasecmp(v->names[list][i], typed, n_typed) == 0)
            vec_push(&f->items, arena_printf(f->arena, "%s%s", before,
                                             segment_name_text(f->arena, v->names[list][i])));
}

/* After `label:` and its like, the names of that list. */
static bool fit_named(struct fitting *f, const struct vocabulary *v)
{
    static const struct {
        const char *before;
        enum vocabulary_list list;
    } named[] = {{"label:", NAMES_LABELS},      {"segment:", NAMES_SEGMENTS},
                 {"crowd:", NAMES_CROWDS},      {"interest:", NAMES_TOPICS},
                 {"related:", NAMES_RELATIONS}, {"attr:", NAMES_ATTRIBUTES}};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (f->n_typed >= strlen(named[i].before) &&
            strncasecmp(f->typed, named[i].before, strlen(named[i].before)) == 0) {
            fit_names(f, v, named[i].list, named[i].before);
            return true;
        }
    return false;
}

/* The word before an mark that stands before `at`: "tier" in "tier >= go". */
static bool fit_values(struct fitting *f, const struct vocabulary *v, const char *text, size_t at)
{
    static const struct {
        const char *field;
        enum vocabulary_list list;
    } fields[] = {{"tier", NAMES_TIERS},       {"kind", NAMES_KINDS},
                  {"tenant", NAMES_SHOPS},     {"shop", NAMES_SHOPS},
                  {"channel", NAMES_CHANNELS}, {"category", NAMES_CATEGORIES}};
    size_t end = at;
    while (end > 0 && text[end - 1] == ' ')
        end--;
    size_t mark = end;
    while (mark > 0 && strchr("<>=!", text[mark - 1]))
        mark--;
    if (mark == end)
        return false;
    while (mark > 0 && text[mark - 1] == ' ')
        mark--;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        size_t n = strlen(fields[i].field);
        if (mark >= n && strncasecmp(text + mark - n, fields[i].field, n) == 0) {
            fit_names(f, v, fields[i].list, "");
            return true;
        }
    }
    return true;
}

/* Whether `at` stands inside the parentheses of a function, behind its span. */
static bool is_inside(const char *text, size_t at)
{
    int depth = 0;
    bool comma = false;
    for (size_t i = at; i > 0; i--) {
        comma = comma || (text[i - 1] == ',' && depth == 0);
        if (text[i - 1] == ')')
            depth++;
        else if (text[i - 1] == '(' && depth-- == 0)
            return comma || (i > 4 && (strncasecmp(text + i - 5, "last", 4) == 0)) ||
                   (i > 5 && strncasecmp(text + i - 6, "first", 5) == 0);
    }
    return false;
}

static void fit_words(struct fitting *f, const struct vocabulary *v, bool inside)
{
    static const char *const joints[] = {"and ", "or ", "not "};
    for (size_t i = 0; inside && i < n_expr_fields; i++)
        fit(f, expr_fields[i].name);
    if (inside)
        fit_names(f, v, NAMES_KINDS, "");
    for (size_t i = 0; !inside && i < n_people_fields; i++) {
        bool named =
            people_fields[i].value == PEOPLE_LIST || people_fields[i].value == PEOPLE_VALUE;
        fit(f,
            named ? arena_printf(f->arena, "%s:", people_fields[i].name) : people_fields[i].name);
    }
    for (size_t i = 0; !inside && i < n_people_functions; i++)
        fit(f, arena_printf(f->arena, "%s(", people_functions[i].name));
    for (size_t i = 0; i < sizeof joints / sizeof *joints; i++)
        fit(f, joints[i]);
}

static bool is_word(char c)
{
    return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || (c && strchr("_-.:", c));
}

/* Where the word before `at` begins; after `label:` it may stand in quotes, with spaces in it. */
static size_t word_start(const char *text, size_t at)
{
    size_t start = at, quote = 0;
    for (size_t i = 0; i < at; i++)
        if (text[i] == '"')
            quote = quote ? 0 : i + 1;
    if (quote > 1 && text[quote - 2] == ':')
        start = quote - 1;
    while (start > 0 && is_word(text[start - 1]))
        start--;
    return start;
}

void people_complete(struct arena *arena, const struct vocabulary *vocabulary, const char *text,
                     size_t at, const char *const **items, size_t *n, size_t *from)
{
    *from = word_start(text, at);
    struct fitting f = {.arena = arena, .typed = text + *from, .n_typed = at - *from};
    if (!fit_named(&f, vocabulary) && !fit_values(&f, vocabulary, text, *from))
        fit_words(&f, vocabulary, is_inside(text, *from));
    const char **kept = arena_array(arena, const char *, f.items.n + 1);
    for (size_t i = 0; i < f.items.n; i++)
        kept[i] = f.items.at[i];
    *items = kept;
    *n = f.items.n;
    vec_free(&f.items);
}
