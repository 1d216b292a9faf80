#include "tui/picker_parts.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_COLS = 56, LIST_ROWS = 18 };

/* --- All pickers --- */

struct picker *picker_new(enum picker_kind kind, const char *title, picker_done *done,
                          void *context)
{
    struct picker *picker = tui_zero(1, sizeof *picker);

    picker->kind = kind;
    picker->title = tui_strdup(title ? title : "");
    picker->done = done;
    picker->context = context;
    picker->open = true;
    return picker;
}

void picker_free(struct picker *picker)
{
    if (!picker)
        return;
    for (size_t i = 0; i < picker->n_rows; i++) {
        free(picker->rows[i].title);
        free(picker->rows[i].note);
    }
    free(picker->rows);
    free(picker->shown);
    free(picker->title);
    edit_free(&picker->edit);
    free(picker);
}

void picker_end(struct picker *picker, bool accepted)
{
    if (!picker->open)
        return;
    picker->open = false;
    if (picker->done)
        picker->done(picker->context, picker, accepted);
}

bool picker_open(const struct picker *picker)
{
    return picker->open;
}

struct area picker_window(struct picker *picker, struct area screen, int cols, int rows)
{
    struct area area;

    cols = cols > screen.cols ? screen.cols : cols;
    rows = rows > screen.rows ? screen.rows : rows;
    area = area_part(screen, (screen.rows - rows) / 2, (screen.cols - cols) / 2, rows, cols);
    draw_clear(area, ROLE_PLAIN);
    draw_frame(area, ROLE_ACCENT, picker->title);
    return area_part(area, 1, 2, area.rows - 2, area.cols - 4);
}

/* --- A list --- */

static bool has_words(const char *text, const char *words)
{
    while (*(words += strspn(words, " "))) {
        size_t n = strcspn(words, " ");
        char *word = tui_strndup(words, n);
        bool found = strcasestr(text, word) != NULL;

        free(word);
        if (!found)
            return false;
        words += n;
    }
    return true;
}

static void list_filter(struct picker *picker)
{
    size_t before = picker->n_shown ? picker->shown[picker->selected] : 0;

    picker->n_shown = 0;
    picker->selected = 0;
    for (size_t i = 0; i < picker->n_rows; i++) {
        if (!has_words(picker->rows[i].title, edit_text(&picker->edit)))
            continue;
        if (i == before)
            picker->selected = (int)picker->n_shown;
        picker->shown[picker->n_shown++] = i;
    }
}

struct picker *picker_list(const char *title, const struct picker_item *items, size_t n, bool many,
                           picker_done *done, void *context)
{
    struct picker *picker = picker_new(PICKER_LIST, title, done, context);

    picker->many = many;
    picker->rows = tui_zero(n, sizeof *picker->rows);
    picker->shown = tui_zero(n, sizeof *picker->shown);
    picker->n_rows = n;
    for (size_t i = 0; i < n; i++)
        picker->rows[i] =
            (struct picker_row){tui_strdup(items[i].title ? items[i].title : ""),
                                items[i].note ? tui_strdup(items[i].note) : NULL, items[i].on};
    list_filter(picker);
    for (size_t i = 0; i < n && !many; i++)
        if (items[i].on)
            picker->selected = (int)i;
    return picker;
}

int picker_choice(const struct picker *picker)
{
    if (picker->kind != PICKER_LIST || !picker->n_shown)
        return -1;
    return (int)picker->shown[picker->selected];
}

bool picker_is_on(const struct picker *picker, size_t i)
{
    return i < picker->n_rows && picker->rows[i].on;
}

static void list_move(struct picker *picker, int by)
{
    int last = (int)picker->n_shown - 1;

    picker->selected += by;
    if (picker->selected > last)
        picker->selected = last;
    if (picker->selected < 0)
        picker->selected = 0;
}

static void list_key(struct picker *picker, uint32_t key)
{
    int page = picker->body.rows > 2 ? picker->body.rows - 1 : 10;

    if (key == KEYS_UP || key == (KEYS_CTRL | 'p')) {
        list_move(picker, -1);
    } else if (key == KEYS_DOWN || key == (KEYS_CTRL | 'n')) {
        list_move(picker, 1);
    } else if (key == KEYS_PAGE_UP || key == KEYS_PAGE_DOWN) {
        list_move(picker, key == KEYS_PAGE_UP ? -page : page);
    } else if (key == KEYS_ESC) {
        picker_end(picker, false);
    } else if (key == KEYS_ENTER) {
        if (picker->many || picker->n_shown)
            picker_end(picker, true);
    } else if (key == ' ' && picker->many) {
        if (picker->n_shown) {
            struct picker_row *row = &picker->rows[picker->shown[picker->selected]];
            row->on = !row->on;
            list_move(picker, 1);
        }
    } else if (edit_key(&picker->edit, NULL, key) == EDIT_CHANGED) {
        list_filter(picker);
    }
}

static void list_row_draw(const struct picker *picker, int at, int row)
{
    const struct picker_row *item = &picker->rows[picker->shown[at]];
    struct area area = picker->body;
    int note = item->note ? text_cells(item->note) : 0, col = 2;
    bool selected = at == picker->selected;

    if (note > area.cols / 2)
        note = area.cols / 2;
    if (picker->many)
        col += draw_text(area, row, col, item->on ? ROLE_ACCENT : ROLE_DIM,
                         item->on ? "[x] " : "[ ] ");
    draw_field(area, row, col, area.cols - col - (note ? note + 1 : 0), -1, ROLE_PLAIN,
               item->title);
    if (note)
        draw_field(area, row, area.cols - note, note, 1, ROLE_DIM, item->note);
    if (selected) {
        draw_text(area, row, 0, ROLE_ACCENT, theme_ascii() ? ">" : "▌");
        draw_mark(area, row, col, area.cols - col, ROLE_SELECTED);
    }
}

static void list_draw(struct picker *picker, struct area screen)
{
    int rows = (int)picker->n_rows + 4, wide = LIST_COLS;
    struct area area;

    for (size_t i = 0; i < picker->n_rows; i++) {
        int cells = text_cells(picker->rows[i].title) + 12;

        cells += picker->rows[i].note ? text_cells(picker->rows[i].note) : 0;
        wide = cells > wide ? cells : wide;
    }
    area =
        picker_window(picker, screen, wide > 100 ? 100 : wide, rows < LIST_ROWS ? rows : LIST_ROWS);
    struct area line = area_cut_top(&area, 1);
    int col = draw_text(line, 0, 0, ROLE_ACCENT, "/ ");

    if (area.rows > 3)
        draw_rule(area_cut_top(&area, 1), 0, ROLE_RULE);
    picker->body = area;
    if (picker->selected < picker->top)
        picker->top = picker->selected;
    if (area.rows > 0 && picker->selected >= picker->top + area.rows)
        picker->top = picker->selected - area.rows + 1;
    for (int row = 0; row < area.rows && picker->top + row < (int)picker->n_shown; row++)
        list_row_draw(picker, picker->top + row, row);
    if (!picker->n_shown)
        draw_text(area, 0, 2, ROLE_DIM, _("Nothing matches"));
    edit_draw(&picker->edit, line, 0, col, line.cols - col, ROLE_INPUT, true);
}

static void list_mouse(struct picker *picker, const struct loop_mouse *mouse)
{
    int row = mouse->row - picker->body.row, at = picker->top + row;

    if (mouse->button == 4 || mouse->button == 5) {
        list_move(picker, mouse->button == 4 ? -3 : 3);
    } else if (mouse->button == 1 && row >= 0 && row < picker->body.rows &&
               at < (int)picker->n_shown && mouse->col >= picker->body.col &&
               mouse->col < picker->body.col + picker->body.cols) {
        picker->selected = at;
        if (picker->many)
            picker->rows[picker->shown[at]].on = !picker->rows[picker->shown[at]].on;
        else
            picker_end(picker, true);
    }
}

/* --- Dispatch --- */

bool picker_key(struct picker *picker, uint32_t key)
{
    static void (*const keys[])(struct picker *, uint32_t) = {
        [PICKER_LIST] = list_key,
        [PICKER_DATES] = picker_date_key,
    };

    if (!picker->open)
        return false;
    keys[picker->kind](picker, key);
    return true;
}

bool picker_mouse(struct picker *picker, const struct loop_mouse *mouse)
{
    static void (*const mice[])(struct picker *, const struct loop_mouse *) = {
        [PICKER_LIST] = list_mouse,
        [PICKER_DATES] = picker_date_mouse,
    };

    if (!picker->open)
        return false;
    if (mouse->pressed)
        mice[picker->kind](picker, mouse);
    return true;
}

bool picker_paste(struct picker *picker, const char *text)
{
    if (!picker->open)
        return false;
    edit_insert(&picker->edit, text);
    if (picker->kind == PICKER_LIST)
        list_filter(picker);
    else
        picker_date_typed(picker);
    return true;
}

void picker_draw(struct picker *picker, struct area screen)
{
    static void (*const draws[])(struct picker *, struct area) = {
        [PICKER_LIST] = list_draw,
        [PICKER_DATES] = picker_date_draw,
    };

    draws[picker->kind](picker, screen);
}
