#include "tui/edit.h"

#include "tui/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 65536, HISTORY_MOST = 200 };

void edit_history_add(struct edit_history *history, const char *line)
{
    if (!*line || (history->n > 0 && strcmp(history->lines[history->n - 1], line) == 0))
        return;
    size_t most = history->most ? history->most : HISTORY_MOST;
    if (history->n >= most) {
        free(history->lines[0]);
        memmove(history->lines, history->lines + 1, --history->n * sizeof *history->lines);
    }
    history->lines = tui_resize(history->lines, history->n + 1, sizeof *history->lines);
    history->lines[history->n++] = tui_strdup(line);
}

void edit_history_free(struct edit_history *history)
{
    for (size_t i = 0; i < history->n; i++)
        free(history->lines[i]);
    free(history->lines);
    *history = (struct edit_history){.most = history->most};
}

static void forget_candidates(struct edit *edit)
{
    for (size_t i = 0; i < edit->n_candidates; i++)
        free(edit->candidates[i]);
    free(edit->candidates);
    edit->candidates = NULL;
    edit->n_candidates = 0;
}

void edit_free(struct edit *edit)
{
    forget_candidates(edit);
    if (edit->secret && edit->text)
        explicit_bzero(edit->text, edit->n);
    free(edit->text);
    free(edit->draft);
    free(edit->cut);
    *edit = (struct edit){0};
}

const char *edit_text(const struct edit *edit)
{
    return edit->text ? edit->text : "";
}

/* The ends of the character before and after a place. */
static size_t next_at(const struct edit *edit, size_t at)
{
    const char *text = edit_text(edit), *here = text + at;
    struct glyph glyph;
    glyph_next(&here, text + edit->n, &glyph);
    return (size_t)(here - text);
}

static size_t previous_at(const struct edit *edit, size_t at)
{
    size_t before = 0;
    for (size_t here = 0; here < at; here = next_at(edit, here))
        before = here;
    return before;
}

static bool space_at(const struct edit *edit, size_t at)
{
    return edit_text(edit)[at] == ' ';
}

static size_t word_before(const struct edit *edit)
{
    size_t at = edit->at;
    while (at > 0 && space_at(edit, previous_at(edit, at)))
        at = previous_at(edit, at);
    while (at > 0 && !space_at(edit, previous_at(edit, at)))
        at = previous_at(edit, at);
    return at;
}

static size_t word_after(const struct edit *edit)
{
    size_t at = edit->at;
    while (at < edit->n && space_at(edit, at))
        at = next_at(edit, at);
    while (at < edit->n && !space_at(edit, at))
        at = next_at(edit, at);
    return at;
}

/* Puts the cursor between characters: an inserted mark may have joined its neighbour. */
static void settle(struct edit *edit, size_t at)
{
    size_t here = 0;
    while (here < at)
        here = next_at(edit, here);
    edit->at = here;
}

static void replace(struct edit *edit, size_t from, size_t to, const char *with, size_t n)
{
    size_t length = edit->n - (to - from) + n;
    char *text = tui_zero(length + 1, 1);
    memcpy(text, edit_text(edit), from);
    memcpy(text + from, with, n);
    memcpy(text + from + n, edit_text(edit) + to, edit->n - to);
    if (edit->secret && edit->text)
        explicit_bzero(edit->text, edit->n);
    free(edit->text);
    edit->text = text;
    edit->n = length;
    edit->first = edit->first < length ? edit->first : 0;
    settle(edit, from + n);
}

/* One line: newlines and tabs become spaces, what may not be drawn is left out. Ends with NUL. */
static char *clean_line(const char *text, size_t room, size_t *n)
{
    const char *end = text + strlen(text);
    while (end > text && (end[-1] == '\n' || end[-1] == '\r'))
        end--;
    char *line = tui_zero((size_t)(end - text) + 1, 1);
    *n = 0;
    int32_t rune;
    for (size_t length; (length = rune_next(text, end, &rune)) > 0; text += length) {
        if (rune == '\n' || rune == '\t')
            rune = ' ';
        else if (rune_unsafe(rune))
            continue;
        if (*n + length > room)
            break;
        *n += rune_put((uint32_t)rune, line + *n);
    }
    return line;
}

void edit_insert(struct edit *edit, const char *text)
{
    size_t most = edit->most ? edit->most : MOST, n;
    char *line = clean_line(text, most > edit->n ? most - edit->n : 0, &n);
    replace(edit, edit->at, edit->at, line, n);
    free(line);
}

static void set(struct edit *edit, const char *text)
{
    edit->at = 0;
    replace(edit, 0, edit->n, "", 0);
    edit_insert(edit, text);
}

void edit_set(struct edit *edit, const char *text)
{
    forget_candidates(edit);
    free(edit->draft);
    edit->draft = NULL;
    if (edit->history)
        edit->history_at = edit->history->n;
    char *copy = tui_strdup(text); /* it may be a part of what is replaced */
    set(edit, copy);
    free(copy);
}

bool edit_remember(struct edit *edit)
{
    if (!edit->history || edit->secret || edit->n == 0)
        return false;
    edit_history_add(edit->history, edit_text(edit));
    edit->history_at = edit->history->n;
    return true;
}

static enum edit_result cut(struct edit *edit, size_t from, size_t to, bool keep)
{
    if (from == to)
        return EDIT_MOVED;
    if (keep && !edit->secret) {
        free(edit->cut);
        edit->cut = tui_strndup(edit_text(edit) + from, to - from);
    }
    replace(edit, from, to, "", 0);
    return EDIT_CHANGED;
}

static enum edit_result move(struct edit *edit, size_t at)
{
    edit->at = at;
    return EDIT_MOVED;
}

/* The draft is kept while older lines are looked at. */
static enum edit_result walk_history(struct edit *edit, bool older)
{
    struct edit_history *history = edit->history;
    if (!history)
        return EDIT_IGNORED;
    size_t at = edit->history_at < history->n ? edit->history_at : history->n;
    if (older ? at == 0 : at == history->n)
        return EDIT_MOVED;
    if (at == history->n) {
        free(edit->draft);
        edit->draft = tui_strdup(edit_text(edit));
    }
    edit->history_at = older ? at - 1 : at + 1;
    if (edit->history_at < history->n)
        set(edit, history->lines[edit->history_at]);
    else
        set(edit, edit->draft ? edit->draft : "");
    return EDIT_CHANGED;
}

static size_t common_start(char *const *items, size_t n)
{
    size_t length = strlen(items[0]);
    for (size_t i = 1; i < n; i++) {
        size_t same = 0;
        while (same < length && items[i][same] == items[0][same])
            same++;
        length = same;
    }
    while (length > 0 && ((unsigned char)items[0][length] & 0xC0) == 0x80)
        length--; /* not in the middle of a character */
    return length;
}

static enum edit_result use_candidate(struct edit *edit, const char *text, size_t n)
{
    replace(edit, edit->candidate_from, edit->at, text, n);
    return EDIT_CHANGED;
}

/* The first Tab fills in what all candidates have in common, further ones go round. */
static enum edit_result complete(struct edit *edit)
{
    if (!edit->complete)
        return EDIT_IGNORED;
    if (edit->n_candidates > 0) {
        const char *next = edit->candidates[edit->candidate++ % edit->n_candidates];
        return use_candidate(edit, next, strlen(next));
    }
    struct edit_completions found = {.from = edit->at};
    edit->complete(edit->context, edit_text(edit), edit->at, &found);
    if (found.n == 0 || found.from > edit->at)
        return EDIT_MOVED;
    edit->candidates = tui_zero(found.n, sizeof *edit->candidates);
    for (size_t i = 0; i < found.n; i++)
        edit->candidates[i] = tui_strdup(found.items[i]);
    edit->n_candidates = found.n;
    edit->candidate = 0;
    edit->candidate_from = found.from;
    size_t n = common_start(edit->candidates, found.n);
    if (n > edit->at - found.from || found.n == 1) {
        use_candidate(edit, edit->candidates[0], n);
        if (found.n == 1)
            forget_candidates(edit);
        return EDIT_CHANGED;
    }
    return complete(edit);
}

static enum edit_result type(struct edit *edit, uint32_t key)
{
    if (key >= 0x110000 || rune_unsafe((int32_t)key))
        return EDIT_IGNORED;
    char text[5] = {0};
    rune_put(key, text);
    size_t before = edit->n;
    edit_insert(edit, text);
    return edit->n != before ? EDIT_CHANGED : EDIT_MOVED;
}

static enum edit_result paste(struct edit *edit, const char *text)
{
    size_t before = edit->n;
    edit_insert(edit, text);
    return edit->n != before ? EDIT_CHANGED : EDIT_MOVED;
}

static enum edit_result edit_any_key(struct edit *edit, const struct loop *loop, uint32_t key)
{
    switch (key) {
    case KEYS_LEFT:
    case KEYS_CTRL | 'b':
        return move(edit, previous_at(edit, edit->at));
    case KEYS_RIGHT:
    case KEYS_CTRL | 'f':
        return move(edit, next_at(edit, edit->at));
    case KEYS_HOME:
    case KEYS_CTRL | 'a':
        return move(edit, 0);
    case KEYS_END:
    case KEYS_CTRL | 'e':
        return move(edit, edit->n);
    case KEYS_CTRL | KEYS_LEFT:
    case KEYS_ALT | KEYS_LEFT:
    case KEYS_ALT | 'b':
        return move(edit, word_before(edit));
    case KEYS_CTRL | KEYS_RIGHT:
    case KEYS_ALT | KEYS_RIGHT:
    case KEYS_ALT | 'f':
        return move(edit, word_after(edit));
    case KEYS_BACKSPACE:
        return cut(edit, previous_at(edit, edit->at), edit->at, false);
    case KEYS_DELETE:
    case KEYS_CTRL | 'd':
        return cut(edit, edit->at, next_at(edit, edit->at), false);
    case KEYS_CTRL | 'w':
    case KEYS_ALT | KEYS_BACKSPACE:
        return cut(edit, word_before(edit), edit->at, true);
    case KEYS_ALT | 'd':
        return cut(edit, edit->at, word_after(edit), true);
    case KEYS_CTRL | 'u':
        return cut(edit, 0, edit->at, true);
    case KEYS_CTRL | 'k':
        return cut(edit, edit->at, edit->n, true);
    case KEYS_CTRL | 'y':
        return paste(edit, edit->cut ? edit->cut : "");
    case KEYS_UP:
    case KEYS_CTRL | 'p':
        return walk_history(edit, true);
    case KEYS_DOWN:
    case KEYS_CTRL | 'n':
        return walk_history(edit, false);
    case KEYS_PASTE:
        return loop ? paste(edit, loop_paste(loop)) : EDIT_IGNORED;
    case KEYS_TAB:
        return complete(edit);
    }
    return type(edit, key);
}

enum edit_result edit_key(struct edit *edit, const struct loop *loop, uint32_t key)
{
    if (key != KEYS_TAB)
        forget_candidates(edit);
    return edit_any_key(edit, loop, key);
}

static int cells_between(const struct edit *edit, size_t from, size_t to)
{
    const char *at = edit_text(edit) + from, *end = edit_text(edit) + to;
    struct glyph glyph;
    int cells = 0;
    while (glyph_next(&at, end, &glyph))
        cells += edit->secret ? 1 : glyph.cells;
    return cells;
}

/* Scrolls by no more than is needed to see the cursor, which needs a cell of its own. */
static void scroll(struct edit *edit, int cells)
{
    size_t first = 0; /* the text may have changed under it */
    while (first < edit->first && first < edit->at)
        first = next_at(edit, first);
    for (int used = cells_between(edit, first, edit->at); used >= cells && first < edit->at;) {
        size_t next = next_at(edit, first);
        used -= cells_between(edit, first, next);
        first = next;
    }
    /* Where room is left on the right, more of the left is shown. */
    while (first > 0 && cells_between(edit, previous_at(edit, first), edit->n) < cells)
        first = previous_at(edit, first);
    edit->first = first;
}

void edit_draw(struct edit *edit, struct area area, int row, int col, int cells, enum role role,
               bool focus)
{
    struct area field = area_part(area, row, col, 1, cells);
    if (field.rows < 1 || field.cols < 1)
        return;
    scroll(edit, field.cols);
    draw_clear(field, role);
    int shown = 0;
    if (edit->secret) {
        int n = cells_between(edit, edit->first, edit->n);
        while (shown < n && shown < field.cols)
            shown += draw_text(field, 0, shown, role, symbol(SYMBOL_BULLET));
    } else {
        draw_text(field, 0, 0, role, edit_text(edit) + edit->first);
    }
    if (focus)
        draw_cursor(field, 0, cells_between(edit, edit->first, edit->at));
}
