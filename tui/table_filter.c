#include "tui/table_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_error(struct table *table, char *error)
{
    free(table->error);
    table->error = error;
}

/* What is wrong and where: PCRE2's own words and the character, counted from 1. */
static char *pattern_error(const char *filter, size_t at, char *why)
{
    size_t characters = 1;
    char *text;

    for (size_t i = 0; i < at && filter[i]; i++)
        characters += ((unsigned char)filter[i] & 0xC0) != 0x80;
    text = tui_printf(_("character %zu: %s"), characters, why);
    free(why);
    return text;
}

/* A pattern of the words of a free filter, for showing what was found. */
static struct pattern *words_pattern(const char *filter)
{
    struct buffer out = {0};
    struct pattern *pattern;
    char *error = NULL;
    size_t at;

    while (*(filter += strspn(filter, " "))) {
        size_t n = strcspn(filter, " ");

        buffer_puts(&out, out.n ? "|" : "(?i)");
        for (size_t i = 0; i < n; i++) {
            if ((unsigned char)filter[i] < 0x80 && strchr("\\^$.|?*+()[]{}", filter[i]))
                buffer_puts(&out, "\\");
            buffer_add(&out, &filter[i], 1);
        }
        filter += n;
    }
    pattern = out.n ? table_pattern_new(buffer_text(&out), &error, &at) : NULL;
    free(error);
    buffer_free(&out);
    return pattern;
}

/* The pattern to highlight with: none where rows are shown that do not match. */
static bool compile(const struct table *table, const char *filter, struct pattern **pattern,
                    char **error)
{
    bool inverse = filter[0] == '!';
    size_t at = 0;

    *pattern = NULL;
    if (table->free_filter) {
        *pattern = words_pattern(filter);
        return true;
    }
    if (!filter[inverse])
        return true;
    *pattern = table_pattern_new(filter + inverse, error, &at);
    if (!*pattern) {
        *error = pattern_error(filter, at + inverse, *error);
        return false;
    }
    if (inverse) {
        table_pattern_free(*pattern);
        *pattern = NULL;
    }
    return true;
}

bool table_filter_set(struct table *table, const char *filter)
{
    struct pattern *pattern;
    char *error = NULL;
    bool shorter;

    if (!compile(table, filter, &pattern, &error)) {
        set_error(table, error);
        table_redraw(table);
        return false;
    }
    set_error(table, NULL);
    table_redraw(table);
    if (!strcmp(filter, table->filter)) {
        table_pattern_free(pattern);
        return true;
    }
    table_pattern_free(table->pattern);
    table->pattern = pattern;
    shorter = !*filter;
    free(table->filter);
    table->filter = tui_strdup(filter);
    /* A new filter is read from the top; without one the row found stays in sight. */
    table_ask(table, !shorter);
    return true;
}

const char *table_filter(const struct table *table)
{
    return table->filter;
}

const char *table_filter_error(const struct table *table)
{
    return table->error;
}

bool table_filter_clear(struct table *table)
{
    if (!*table->filter)
        return false;
    return table_filter_set(table, "");
}

/* --- Typing --- */

void table_filter_open(struct table *table)
{
    table->typing = TYPING_FILTER;
    free(table->before);
    table->before = tui_strdup(table->filter);
    edit_set(&table->edit, table->filter);
    table_redraw(table);
}

void table_goto_open(struct table *table)
{
    table->typing = TYPING_ROW;
    edit_set(&table->edit, "");
    table_redraw(table);
}

/* The row typed, counted from 1, with or without separators; false: not a row number. */
static bool typed_row(const char *text, int64_t *row)
{
    int64_t value = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text == ',' || *text == ' ')
            continue;
        if (*text < '0' || *text > '9' || value > INT64_MAX / 10 - 10)
            return false;
        value = value * 10 + (*text - '0');
    }
    *row = value - 1;
    return value > 0;
}

static void goto_typed(struct table *table)
{
    int64_t row;

    if (typed_row(edit_text(&table->edit), &row) && table->rows > 0)
        table_select(table, row < table->rows ? row : table->rows - 1);
}

void table_typing_end(struct table *table, bool keep)
{
    enum table_typing typing = table->typing;

    table->typing = TYPING_NOTHING;
    if (typing == TYPING_FILTER && !keep && table->before)
        table_filter_set(table, table->before);
    if (typing == TYPING_ROW && keep)
        goto_typed(table);
    set_error(table, NULL); /* what was right last stays in force */
    table_redraw(table);
}

static void typed(struct table *table)
{
    int64_t row;

    if (table->typing == TYPING_FILTER)
        table_filter_set(table, edit_text(&table->edit));
    else
        set_error(table, *edit_text(&table->edit) && !typed_row(edit_text(&table->edit), &row)
                             ? tui_strdup(_("not a row number"))
                             : NULL);
    table_redraw(table);
}

bool table_typing(const struct table *table)
{
    return table->typing != TYPING_NOTHING;
}

bool table_key(struct table *table, uint32_t key)
{
    if (table->typing == TYPING_NOTHING)
        return false;
    switch (key) {
    case KEYS_ENTER:
        table_typing_end(table, true);
        return true;
    case KEYS_ESC:
        table_typing_end(table, false);
        return true;
    case KEYS_UP:
    case KEYS_DOWN:
        return table_action(table, key == KEYS_UP ? TABLE_UP : TABLE_DOWN) || true;
    case KEYS_PAGE_UP:
    case KEYS_PAGE_DOWN:
        return table_action(table, key == KEYS_PAGE_UP ? TABLE_PAGE_UP : TABLE_PAGE_DOWN) || true;
    case KEYS_BACKSPACE:
        if (!table->edit.n) {
            table_typing_end(table, true);
            return true;
        }
        break;
    default:
        break;
    }
    if (edit_key(&table->edit, table->loop, key) == EDIT_CHANGED)
        typed(table);
    table_redraw(table);
    return true;
}

bool table_paste(struct table *table, const char *text)
{
    if (table->typing == TYPING_NOTHING)
        return false;
    edit_insert(&table->edit, text);
    typed(table);
    return true;
}

void table_typing_draw(struct table *table, struct area area)
{
    edit_draw(&table->edit, area, 0, 0, area.cols, ROLE_INPUT, table->focus);
}
