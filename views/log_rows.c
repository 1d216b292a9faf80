#include "views/log_rows.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/fleet/log_pretty.h"
#include "tui/intl.h"

#include <string.h>

enum { LOOK_NS = 8000000, FIND_NS = 200000000, MATCHES = 32, GONE_MOST = 4096 };

void log_rows_free(struct log_rows *rows)
{
    table_pattern_free(rows->filter);
    table_pattern_free(rows->find);
    vec_free(&rows->shown);
}

void log_rows_filter(struct log_rows *rows, struct pattern *pattern)
{
    table_pattern_free(rows->filter);
    rows->filter = pattern;
    rows->shown.n = rows->first = 0;
    rows->looked = 0;
}

void log_rows_find(struct log_rows *rows, struct pattern *pattern)
{
    table_pattern_free(rows->find);
    rows->find = pattern;
}

/* Lines that made room are no longer shown. */
static void gone_drop(struct log_rows *rows)
{
    uint64_t first = log_first(follow_lines(rows->follow));
    while (rows->first < rows->shown.n && rows->shown.at[rows->first] < first)
        rows->first++;
    if (rows->first < GONE_MOST)
        return;
    rows->shown.n -= rows->first;
    memmove(rows->shown.at, rows->shown.at + rows->first, rows->shown.n * sizeof *rows->shown.at);
    rows->top -= rows->top < rows->first ? rows->top : rows->first;
    rows->first = 0;
}

bool log_rows_look(struct log_rows *rows)
{
    const struct log_ring *ring = follow_lines(rows->follow);
    int64_t until = time_monotonic_ns() + LOOK_NS;
    if (rows->looked < log_first(ring))
        rows->looked = log_first(ring);
    for (int n = 1; rows->looked < log_end(ring); rows->looked++, n++) {
        const struct log_line *line = log_at(ring, rows->looked);
        if (!rows->filter || line->note || pattern_matches(rows->filter, line->text))
            vec_push(&rows->shown, rows->looked);
        if (n % 64 == 0 && time_monotonic_ns() > until)
            return false;
    }
    gone_drop(rows);
    if (rows->live && rows->shown.n > rows->first)
        rows->at = rows->shown.at[rows->shown.n - 1];
    return true;
}

size_t log_rows_n(const struct log_rows *rows)
{
    return rows->shown.n - rows->first;
}

/* The index of the first line from this number on; shown.n: none. */
static size_t index_of(const struct log_rows *rows, uint64_t number)
{
    size_t low = rows->first, high = rows->shown.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows->shown.at[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* That of the selected line, or of one near it where it is not shown. */
static size_t index_selected(const struct log_rows *rows)
{
    size_t index = index_of(rows, rows->at);
    return index == rows->shown.n && index > rows->first ? index - 1 : index;
}

static void select_index(struct log_rows *rows, size_t index)
{
    if (index >= rows->shown.n)
        return;
    rows->at = rows->shown.at[index];
    rows->live = false;
}

void log_rows_move(struct log_rows *rows, int64_t by)
{
    if (!log_rows_n(rows))
        return;
    int64_t index = (int64_t)index_selected(rows) + by;
    int64_t first = (int64_t)rows->first, last = (int64_t)rows->shown.n - 1;
    if (by > 0 && index > last)
        log_rows_ends(rows, true);
    else
        select_index(rows, (size_t)(index < first ? first : index));
}

void log_rows_ends(struct log_rows *rows, bool last)
{
    if (log_rows_n(rows))
        select_index(rows, last ? rows->shown.n - 1 : rows->first);
    rows->live = last;
}

/* What is drawn of a line, which is also what is searched. */
static const char *line_text(const struct log_rows *rows, struct arena *arena,
                             const struct log_line *line)
{
    const char *pretty = rows->raw || line->note ? NULL : log_pretty(arena, line->text);
    return pretty ? pretty : line->text;
}

bool log_rows_next(struct log_rows *rows, int by)
{
    const struct log_ring *ring = follow_lines(rows->follow);
    int64_t until = time_monotonic_ns() + FIND_NS;
    struct arena *arena = arena_new();
    bool found = false;
    if (rows->find && log_rows_n(rows))
        for (int64_t i = (int64_t)index_selected(rows) + by;
             !found && i >= (int64_t)rows->first && i < (int64_t)rows->shown.n &&
             time_monotonic_ns() < until;
             i += by) {
            arena_reset(arena);
            found = pattern_matches(rows->find,
                                    line_text(rows, arena, log_at(ring, rows->shown.at[i])));
            if (found)
                select_index(rows, (size_t)i);
        }
    arena_free(arena);
    return found;
}

bool log_rows_time(struct log_rows *rows, int64_t time)
{
    const struct log_ring *ring = follow_lines(rows->follow);
    for (size_t i = rows->first; i < rows->shown.n; i++)
        if (log_at(ring, rows->shown.at[i])->time >= time) {
            select_index(rows, i);
            return true;
        }
    return false;
}

/* ---- Drawing ---- */

static const enum role colours[] = {ROLE_ACCENT, ROLE_UP,   ROLE_MARKED, ROLE_WARN,
                                    ROLE_BAR,    ROLE_DOWN, ROLE_STRONG};

static const char *text_full(const struct log_rows *rows, struct arena *arena,
                             const struct log_line *line)
{
    const char *text = line_text(rows, arena, line);
    if (line->note)
        return arena_printf(arena, "%s%s %s", symbol(SYMBOL_HLINE), symbol(SYMBOL_HLINE), text);
    if (line->cut > 1)
        return arena_printf(arena, _("%s… and %s bytes more"), text, text_count(arena, line->cut));
    return line->cut ? arena_printf(arena, "%s…", text) : text;
}

static void row_draw(struct log_rows *rows, struct area row, const struct log_line *line, int width,
                     struct arena *arena)
{
    struct draw_match matches[MATCHES];
    const char *text = text_full(rows, arena, line);
    if (width) {
        draw_field(row, 0, 0, width, -1, colours[line->source % (sizeof colours / sizeof *colours)],
                   follow_code(rows->follow, line->source));
        area_cut_left(&row, width + 1);
    }
    size_t skipped = rows->shift ? text_fit(text, rows->shift, NULL) : 0;
    text += skipped;
    size_t n = rows->find ? pattern_ranges(rows->find, text, matches, MATCHES) : 0;
    draw_field_matches(row, 0, 0, row.cols, -1, line->note ? ROLE_WARN : ROLE_PLAIN, text, matches,
                       n);
}

/* The selected row stays in sight; where one follows, it is the last. */
static void top_set(struct log_rows *rows, size_t selected, size_t height)
{
    size_t n = rows->shown.n;
    if (rows->live)
        rows->top = n - rows->first > height ? n - height : rows->first;
    if (rows->top > selected)
        rows->top = selected;
    if (selected >= rows->top + height)
        rows->top = selected + 1 - height;
    if (rows->top < rows->first)
        rows->top = rows->first;
}

void log_rows_draw(struct log_rows *rows, struct area area)
{
    const struct log_ring *ring = follow_lines(rows->follow);
    struct arena *arena = arena_new();
    int width = 0;
    gone_drop(rows);
    if (!log_rows_n(rows) || area.rows < 1) {
        arena_free(arena);
        return;
    }
    for (size_t i = 0; follow_sources(rows->follow) > 1 && i < follow_sources(rows->follow); i++) {
        int cells = text_cells(follow_code(rows->follow, i));
        width = cells > width ? cells : width;
    }
    width = width > area.cols / 3 ? area.cols / 3 : width;
    size_t selected = index_selected(rows);
    top_set(rows, selected, (size_t)area.rows);
    for (int i = 0; i < area.rows && rows->top + (size_t)i < rows->shown.n; i++) {
        size_t index = rows->top + (size_t)i;
        struct area row = area_part(area, i, 0, 1, area.cols);
        row_draw(rows, row, log_at(ring, rows->shown.at[index]), width, arena);
        if (index == selected && !rows->live)
            draw_mark(row, 0, 0, row.cols, ROLE_SELECTED);
        if (index == selected)
            draw_cursor(row, 0, 0);
        arena_reset(arena);
    }
    arena_free(arena);
}
