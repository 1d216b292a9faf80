#include "model/fleet/ini.h"

#include "model/base/text.h"
#include "model/base/vec.h"

#include <string.h>

struct line {
    const char *at; /* without its newline */
    size_t n;
    struct part {
        const char *at;
        size_t n;
    } section, key; /* key.at NULL: it has none */
    bool dropped, header;
};
typedef VEC(struct line) lines_t;
typedef VEC(char) text_t;

static struct part trimmed(const char *at, size_t n)
{
    while (n && (*at == ' ' || *at == '\t' || *at == '\r')) {
        at++;
        n--;
    }
    while (n && (at[n - 1] == ' ' || at[n - 1] == '\t' || at[n - 1] == '\r'))
        n--;
    return (struct part){at, n};
}

static bool same(struct part a, struct part b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0);
}

enum line_is { LINE_NOTHING, LINE_SECTION, LINE_KEY, LINE_WRONG };

static enum line_is line_read(struct line *line, struct part *section)
{
    struct part text = trimmed(line->at, line->n);
    const char *equals = memchr(text.at, '=', text.n);
    line->section = *section;
    if (!text.n || *text.at == '#' || *text.at == ';')
        return LINE_NOTHING;
    if (*text.at == '[') {
        if (text.n < 3 || text.at[text.n - 1] != ']')
            return LINE_WRONG;
        *section = line->section = trimmed(text.at + 1, text.n - 2);
        line->header = true;
        return line->section.n ? LINE_SECTION : LINE_WRONG;
    }
    struct part key = equals ? trimmed(text.at, (size_t)(equals - text.at)) : (struct part){0};
    if (!key.n)
        return LINE_WRONG;
    line->key = key;
    return LINE_KEY;
}

/* The lines of a text; the number of the first wrong one, 0: none. */
static size_t lines_read(const char *text, lines_t *lines)
{
    struct part section = {"", 0};
    size_t wrong = 0;
    while (*text) {
        struct line line = {.at = text, .n = strcspn(text, "\n")};
        if (line_read(&line, &section) == LINE_WRONG && !wrong)
            wrong = lines->n + 1;
        vec_push(lines, line);
        text += line.n + (text[line.n] == '\n');
    }
    return wrong;
}

enum status ini_check(const char *text, struct error *err)
{
    lines_t lines = {0};
    enum status status = ST_OK;
    size_t wrong = lines_read(text, &lines);
    if (wrong) {
        struct arena *arena = arena_new();
        const struct line *line = &lines.at[wrong - 1];
        status = error_set(err, ST_REFUSED,
                           "line %zu: found %s, expected [section], key = value, or a comment",
                           wrong, text_quote(arena, line->at, line->n));
        arena_free(arena);
    }
    vec_free(&lines);
    return status;
}

/* ---- Laying over ---- */

static void text_add(text_t *text, const char *at, size_t n)
{
    vec_reserve(text, n + 1);
    memcpy(text->at + text->n, at, n);
    text->n += n;
}

static void line_add(text_t *text, const struct line *line)
{
    text_add(text, line->at, line->n);
    text_add(text, "\n", 1);
}

static struct line *key_find(lines_t *lines, const struct line *like, bool last)
{
    struct line *found = NULL;
    for (size_t i = 0; i < lines->n && (last || !found); i++)
        if (lines->at[i].key.at && same(lines->at[i].key, like->key) &&
            same(lines->at[i].section, like->section))
            found = &lines->at[i];
    return found;
}

/* Where new keys of a section go: after the last line of it that has a key or its name. */
static size_t section_end(const lines_t *lines, struct part section, bool *there)
{
    size_t end = 0;
    *there = section.n == 0;
    for (size_t i = 0; i < lines->n; i++)
        if (same(lines->at[i].section, section) && (lines->at[i].key.at || lines->at[i].header)) {
            end = i + 1;
            *there = true;
        }
    return end;
}

static void line_insert(lines_t *lines, size_t at, struct line line)
{
    vec_push(lines, line);
    memmove(lines->at + at + 1, lines->at + at, (lines->n - 1 - at) * sizeof line);
    lines->at[at] = line;
}

static void key_lay(struct arena *arena, lines_t *lines, const struct line *over)
{
    struct line *first = key_find(lines, over, false), kept = *over;
    bool there;
    if (first) {
        for (struct line *twice; (twice = key_find(lines, over, true)) != first;) {
            twice->key.at = NULL;
            twice->dropped = true;
        }
        *first = kept;
        return;
    }
    size_t at = section_end(lines, over->section, &there);
    if (!there) {
        const char *header = arena_printf(arena, "[%.*s]", (int)over->section.n, over->section.at);
        if (lines->n && lines->at[lines->n - 1].n)
            vec_push(lines, (struct line){.at = "", .section = lines->at[lines->n - 1].section});
        vec_push(lines,
                 (struct line){
                     .at = header, .n = strlen(header), .section = over->section, .header = true});
        at = lines->n;
    }
    line_insert(lines, at, kept);
}

const char *ini_overlay(struct arena *arena, const char *base, const char *over)
{
    lines_t lines = {0}, above = {0};
    text_t text = {0};
    lines_read(base, &lines);
    lines_read(over, &above);
    for (size_t i = 0; i < above.n; i++)
        if (above.at[i].key.at && key_find(&above, &above.at[i], true) == &above.at[i])
            key_lay(arena, &lines, &above.at[i]);
    for (size_t i = 0; i < lines.n; i++)
        if (!lines.at[i].dropped)
            line_add(&text, &lines.at[i]);
    char *result = arena_strndup(arena, text.at ? text.at : "", text.n);
    vec_free(&lines);
    vec_free(&above);
    vec_free(&text);
    return result;
}

/* ---- Words ---- */

/* The next `{word}` from `at` on, with its braces; NULL: none. */
static const char *word_next(const char *at, size_t *n)
{
    for (; (at = strchr(at, '{')); at++) {
        *n = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz");
        if (*n && at[*n + 1] == '}') {
            *n += 2;
            return at;
        }
    }
    return NULL;
}

static const struct ini_word *word_find(const struct ini_word *words, size_t n, const char *at,
                                        size_t length)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(words[i].name) == length - 2 && strncmp(words[i].name, at + 1, length - 2) == 0)
            return &words[i];
    return NULL;
}

bool ini_has_words(const char *text)
{
    size_t n;
    return word_next(text, &n) != NULL;
}

enum status ini_words_check(const char *text, const struct ini_word *words, size_t n,
                            struct error *err)
{
    size_t length;
    for (const char *at = text; (at = word_next(at, &length)); at += length) {
        if (word_find(words, n, at, length))
            continue;
        size_t line = 1;
        for (const char *back = text; back < at; back++)
            line += *back == '\n';
        struct arena *arena = arena_new();
        const char *known = "";
        for (size_t i = 0; i < n; i++)
            known = arena_printf(arena, "%s%s{%s}", known, i ? " " : "", words[i].name);
        error_set(err, ST_REFUSED, "line %zu: found %s, expected one of %s", line,
                  text_quote(arena, at, length), known);
        arena_free(arena);
        return ST_REFUSED;
    }
    return ST_OK;
}

const char *ini_words_fill(struct arena *arena, const char *text, const struct ini_word *words,
                           size_t n)
{
    text_t filled = {0};
    const char *at = text;
    size_t length;
    for (const char *next; (next = word_next(at, &length)); at = next + length) {
        const struct ini_word *word = word_find(words, n, next, length);
        text_add(&filled, at, (size_t)(next - at));
        text_add(&filled, word ? word->value : next, word ? strlen(word->value) : length);
    }
    text_add(&filled, at, strlen(at));
    char *result = arena_strndup(arena, filled.at, filled.n);
    vec_free(&filled);
    return result;
}
