/*
 * A campaign as a file: sections and "key = value" lines, one each. A semicolon after a blank
 * begins a comment, unless a backslash stands before it. Reading goes on after a fault, so that all
 * of them are told at once.
 */
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/campaign/keys.h"

#include <stdlib.h>
#include <string.h>

/* ---- Faults ---- */

void fault_add(struct fault_list *faults, int line, const char *key, const char *message)
{
    vec_push(&faults->all,
             (struct campaign_fault){.line = line,
                                     .key = arena_strdup(faults->arena, key),
                                     .message = arena_strdup(faults->arena, message)});
}

void faults_keep(struct fault_list *faults, const struct campaign_fault **kept, size_t *n)
{
    struct campaign_fault *list = arena_array(faults->arena, struct campaign_fault, faults->all.n);
    *n = faults->all.n;
    for (size_t i = 0; i < *n; i++) { /* few: by insertion, those of one line in order of finding */
        size_t at = i;
        for (; at && list[at - 1].line > faults->all.at[i].line; at--)
            list[at] = list[at - 1];
        list[at] = faults->all.at[i];
    }
    *kept = list;
    vec_free(&faults->all);
}

size_t key_section(const struct campaign_key *key)
{
    size_t section = 0;
    for (const struct campaign_key *at = campaign_keys + 1; at <= key; at++)
        if (strcmp(at->section, at[-1].section) != 0)
            section++;
    return section;
}

/* ---- Reading ---- */

struct reading {
    struct arena *arena;
    struct campaign *campaign;
    struct fault_list *faults;
    struct key_places *places;
    const char *section; /* of the table; NULL: none, or an unknown one */
    bool unknown;        /* inside an unknown section: its keys are passed over */
    int line;
};

static void section_fail(struct reading *r, const char *found)
{
    const char *names[SECTIONS_MOST], *known = "";
    size_t n = 0;
    for (size_t i = 0; i < n_campaign_keys; i++)
        if (i == 0 || strcmp(campaign_keys[i].section, campaign_keys[i - 1].section) != 0) {
            names[n++] = campaign_keys[i].section;
            known =
                arena_printf(r->arena, "%s%s[%s]", known, i ? ", " : "", campaign_keys[i].section);
        }
    const char *near = text_nearest(found, names, n);
    fault_add(r->faults, r->line, "",
              arena_printf(r->arena, "found the section %s, expected one of %s%s%s%s",
                           text_quote(r->arena, found, strlen(found)), known,
                           near ? "; did you mean [" : "", near ? near : "", near ? "]?" : ""));
}

static void section_take(struct reading *r, char *text, size_t n)
{
    r->section = NULL;
    r->unknown = true;
    if (text[n - 1] != ']') {
        fault_add(r->faults, r->line, "",
                  arena_printf(r->arena, "found %s, expected a section such as [campaign]",
                               text_quote(r->arena, text, n)));
        return;
    }
    const char *name = arena_strndup(r->arena, text + 1, n - 2);
    for (size_t i = 0; i < n_campaign_keys && !r->section; i++)
        if (strcmp(campaign_keys[i].section, name) == 0) {
            r->section = campaign_keys[i].section;
            r->places->section[key_section(&campaign_keys[i])] = r->line;
            r->unknown = false;
        }
    if (!r->section)
        section_fail(r, name);
}

static const struct campaign_key *key_take(struct reading *r, const char *name)
{
    const struct campaign_key *key = r->section ? campaign_key_find(r->section, name) : NULL;
    const char *names[KEYS_MOST], *known = "", *elsewhere = NULL;
    size_t n = 0;
    if (key)
        return key;
    for (size_t i = 0; i < n_campaign_keys; i++) {
        if (strcmp(campaign_keys[i].section, r->section) == 0) {
            known = arena_printf(r->arena, "%s%s%s", known, n ? ", " : "", campaign_keys[i].name);
            names[n++] = campaign_keys[i].name;
        } else if (strcmp(campaign_keys[i].name, name) == 0) {
            elsewhere = campaign_keys[i].section;
        }
    }
    const char *near = text_nearest(name, names, n);
    fault_add(r->faults, r->line, "",
              elsewhere
                  ? arena_printf(r->arena, "found the key %s in [%s], expected it in [%s]",
                                 text_quote(r->arena, name, strlen(name)), r->section, elsewhere)
                  : arena_printf(r->arena, "found the key %s, expected one of [%s]: %s%s%s%s",
                                 text_quote(r->arena, name, strlen(name)), r->section, known,
                                 near ? "; did you mean " : "", near ? near : "", near ? "?" : ""));
    return NULL;
}

/* Cuts a comment off and takes away the backslashes that kept semicolons from being one. */
static void comment_cut(char *text)
{
    char *out = text;
    bool blank = true;
    for (const char *at = text; *at;) {
        size_t slashes = strspn(at, "\\");
        if (blank && at[slashes] == ';') {
            if (slashes == 0)
                break;
            memmove(out, at + 1, slashes);
            out += slashes;
            at += slashes + 1;
            blank = false;
            continue;
        }
        blank = *at == ' ' || *at == '\t';
        *out++ = *at++;
    }
    *out = 0;
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t n = strlen(text);
    while (n && (text[n - 1] == ' ' || text[n - 1] == '\t'))
        n--;
    text[n] = 0;
    return text;
}

static void pair_take(struct reading *r, char *text)
{
    char *equals = strchr(text, '=');
    if (!equals) {
        fault_add(r->faults, r->line, "",
                  arena_printf(r->arena, "found %s, expected KEY = VALUE",
                               text_quote(r->arena, text, strlen(text))));
        return;
    }
    *equals = 0;
    comment_cut(equals + 1);
    const char *name = trim(text), *value = trim(equals + 1);
    if (!r->section) {
        if (!r->unknown)
            fault_add(r->faults, r->line, "", "expected a section such as [campaign] first");
        r->unknown = true;
        return;
    }
    const struct campaign_key *key = key_take(r, name);
    if (!key)
        return;
    const char *place = arena_printf(r->arena, "%s.%s", key->section, key->name);
    int *line = &r->places->line[key - campaign_keys];
    if (*line) {
        fault_add(r->faults, r->line, place,
                  arena_printf(r->arena, "%s stands in line %d already", key->name, *line));
        return;
    }
    *line = r->line;
    const char *message = campaign_set(r->arena, r->campaign, key, value);
    if (*message)
        fault_add(r->faults, r->line, place, arena_printf(r->arena, "%s: %s", key->name, message));
}

static void line_take(struct reading *r, const char *bytes, size_t n)
{
    if (n && bytes[n - 1] == '\r')
        n--;
    if (!text_valid(bytes, n)) {
        fault_add(r->faults, r->line, "",
                  arena_printf(r->arena, "found %s, expected text in UTF-8",
                               text_quote(r->arena, bytes, n)));
        return;
    }
    char *text = trim(arena_strndup(r->arena, bytes, n));
    if (!*text || *text == ';' || *text == '#')
        return;
    if (*text == '[') {
        comment_cut(text);
        text = trim(text);
        section_take(r, text, strlen(text));
    } else {
        pair_take(r, text);
    }
}

enum status campaign_read(struct reader *reader, const struct access *access, struct arena *arena,
                          const char *text, size_t n, struct campaign *campaign,
                          const struct campaign_fault **faults, size_t *n_faults, struct error *err)
{
    struct key_places places = {0};
    struct fault_list list = {.arena = arena, .places = &places};
    struct reading r = {
        .arena = arena, .campaign = campaign, .faults = &list, .places = &places, .line = 1};
    *campaign = campaign_empty();
    if (n > CAMPAIGN_FILE) {
        fault_add(&list, 0, "",
                  arena_printf(arena, "found %zu bytes, expected at most %d", n, CAMPAIGN_FILE));
        faults_keep(&list, faults, n_faults);
        return ST_OK;
    }
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        n -= 3;
    }
    for (size_t at = 0; at < n; r.line++) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t length = end ? (size_t)(end - text) - at : n - at;
        line_take(&r, text + at, length);
        at += length + 1;
    }
    enum status status = definition_check(reader, access, campaign, &list, err);
    faults_keep(&list, faults, n_faults);
    return status;
}

/* ---- Writing ---- */

/* The value with a backslash before each semicolon that would begin a comment. */
static const char *value_escape(struct arena *arena, const char *value)
{
    char *text = arena_alloc(arena, 2 * strlen(value) + 1), *out = text;
    bool blank = true;
    for (const char *at = value; *at; at++) {
        if (blank && at[strspn(at, "\\")] == ';')
            *out++ = '\\';
        blank = *at == ' ';
        *out++ = *at;
    }
    return text;
}

const char *campaign_write(struct arena *arena, const struct campaign *campaign)
{
    const char *text = "", *section = "";
    for (size_t i = 0; i < n_campaign_keys; i++) {
        const struct campaign_key *key = &campaign_keys[i];
        const char *value = campaign_value(arena, campaign, key);
        if (!*value || !campaign_kind_has(campaign->kind, key))
            continue;
        if (strcmp(section, key->section) != 0)
            text = arena_printf(arena, "%s%s[%s]\n", text, *section ? "\n" : "", key->section);
        section = key->section;
        text = arena_printf(arena, "%s%s = %s\n", text, key->name, value_escape(arena, value));
    }
    return text;
}

/* ---- Comparing ---- */

static const char *comparable(struct arena *arena, const struct campaign *campaign,
                              const struct campaign_key *key)
{
    return campaign_kind_has(campaign->kind, key) ? campaign_value(arena, campaign, key) : "";
}

struct sheet *campaign_difference(struct arena *arena, const struct campaign *before,
                                  const struct campaign *after)
{
    static const struct sheet_column columns[] = {
        {"key", "key", CELL_TEXT}, {"before", "before", CELL_TEXT}, {"after", "after", CELL_TEXT}};
    struct sheet *sheet = sheet_new(arena, columns, 3);
    for (size_t i = 0; i < n_campaign_keys; i++) {
        const struct campaign_key *key = &campaign_keys[i];
        const char *was = comparable(arena, before, key), *is = comparable(arena, after, key);
        if (key->type == KEY_CODE || strcmp(was, is) == 0)
            continue;
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(arena_printf(arena, "%s.%s", key->section, key->name));
        cells[1] = cell_text(was);
        cells[2] = cell_text(is);
    }
    return sheet;
}
