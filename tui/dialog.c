#include "tui/dialog.h"

#include "tui/buffer.h"
#include "tui/edit.h"
#include "tui/intl.h"
#include "tui/picker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDE = 64, MARGIN = 2 };

enum dialog_kind {
    DIALOG_MESSAGE,
    DIALOG_CONFIRM,
    DIALOG_NUMBER,
    DIALOG_CHOOSE,
    DIALOG_ASK,
};

struct dialog {
    enum dialog_kind kind;
    char *title, *text, *yes;
    dialog_done *done;
    void *context;
    bool open;

    int top;     /* of a long text: first line shown */
    int lines;   /* of the text, at the last drawing */
    int room;    /* for it */
    bool on_yes; /* confirm: where the cursor is */
    int64_t number;
    bool wrong; /* Enter was pressed with another number */
    struct edit edit;
    const char *(*check)(void *context, const char *text);
    struct picker *picker;

    struct area buttons[2]; /* no, yes: for the mouse */
};

/* --- Making --- */

static struct dialog *dialog_new(enum dialog_kind kind, const char *title, const char *text,
                                 dialog_done *done, void *context)
{
    struct dialog *dialog = tui_zero(1, sizeof *dialog);

    dialog->kind = kind;
    dialog->title = tui_strdup(title ? title : "");
    dialog->text = tui_strdup(text ? text : "");
    dialog->done = done;
    dialog->context = context;
    dialog->open = true;
    return dialog;
}

struct dialog *dialog_message(const char *title, const char *text, dialog_done *done, void *context)
{
    return dialog_new(DIALOG_MESSAGE, title, text, done, context);
}

struct dialog *dialog_confirm(const char *title, const char *text, const char *yes,
                              dialog_done *done, void *context)
{
    struct dialog *dialog = dialog_new(DIALOG_CONFIRM, title, text, done, context);

    dialog->yes = tui_strdup(yes ? yes : _("Yes"));
    return dialog;
}

struct dialog *dialog_confirm_number(const char *title, const char *text, int64_t number,
                                     dialog_done *done, void *context)
{
    struct dialog *dialog = dialog_new(DIALOG_NUMBER, title, text, done, context);

    dialog->number = number;
    dialog->edit.most = 24;
    return dialog;
}

struct dialog *dialog_ask(const char *title, const char *label, const char *text,
                          const char *(*check)(void *context, const char *text), dialog_done *done,
                          void *context)
{
    struct dialog *dialog = dialog_new(DIALOG_ASK, title, label, done, context);

    dialog->check = check;
    edit_set(&dialog->edit, text ? text : "");
    return dialog;
}

static void dialog_end(struct dialog *dialog, bool accepted)
{
    if (!dialog->open)
        return;
    dialog->open = false;
    if (dialog->done)
        dialog->done(dialog->context, dialog, accepted);
}

static void chosen(void *context, struct picker *picker, bool accepted)
{
    (void)picker;
    dialog_end(context, accepted);
}

struct dialog *dialog_choose(const char *title, const char *const *choices, size_t n,
                             size_t selected, dialog_done *done, void *context)
{
    struct dialog *dialog = dialog_new(DIALOG_CHOOSE, title, "", done, context);
    struct picker_item *items = tui_zero(n, sizeof *items);

    for (size_t i = 0; i < n; i++)
        items[i] = (struct picker_item){.title = choices[i], .on = i == selected};
    dialog->picker = picker_list(title, items, n, false, chosen, dialog);
    free(items);
    return dialog;
}

void dialog_free(struct dialog *dialog)
{
    if (!dialog)
        return;
    dialog_end(dialog, false);
    picker_free(dialog->picker);
    edit_free(&dialog->edit);
    free(dialog->title);
    free(dialog->text);
    free(dialog->yes);
    free(dialog);
}

bool dialog_open(const struct dialog *dialog)
{
    return dialog->open;
}

const char *dialog_text(const struct dialog *dialog)
{
    return edit_text(&dialog->edit);
}

int dialog_choice(const struct dialog *dialog)
{
    return dialog->picker ? picker_choice(dialog->picker) : -1;
}

/* --- Keys --- */

static void scroll(struct dialog *dialog, int by)
{
    int most = dialog->lines > dialog->room ? dialog->lines - dialog->room : 0;

    dialog->top += by;
    if (dialog->top > most)
        dialog->top = most;
    if (dialog->top < 0)
        dialog->top = 0;
}

static bool scroll_key(struct dialog *dialog, uint32_t key)
{
    int page = dialog->room > 1 ? dialog->room - 1 : 1;

    if (key == KEYS_UP || key == 'k')
        scroll(dialog, -1);
    else if (key == KEYS_DOWN || key == 'j')
        scroll(dialog, 1);
    else if (key == KEYS_PAGE_UP)
        scroll(dialog, -page);
    else if (key == KEYS_PAGE_DOWN)
        scroll(dialog, page);
    else
        return false;
    return true;
}

static void message_key(struct dialog *dialog, uint32_t key)
{
    if (key == KEYS_ENTER || key == KEYS_ESC || key == ' ' || key == 'q')
        dialog_end(dialog, key != KEYS_ESC);
    else
        scroll_key(dialog, key);
}

static void confirm_key(struct dialog *dialog, uint32_t key)
{
    if (key == 'y' || key == 'Y')
        dialog_end(dialog, true);
    else if (key == 'n' || key == 'N' || key == KEYS_ESC || key == 'q')
        dialog_end(dialog, false);
    else if (key == KEYS_ENTER)
        dialog_end(dialog, dialog->on_yes);
    else if (key == KEYS_LEFT || key == KEYS_RIGHT || key == KEYS_TAB || key == KEYS_BACK_TAB ||
             key == 'h' || key == 'l')
        dialog->on_yes = !dialog->on_yes;
    else
        scroll_key(dialog, key);
}

/* True when exactly the number was typed, with or without separators. */
static bool number_typed(const struct dialog *dialog)
{
    char wanted[32];
    const char *typed = edit_text(&dialog->edit);
    size_t at = 0;

    snprintf(wanted, sizeof wanted, "%lld", (long long)dialog->number);
    for (; *typed; typed++) {
        if (*typed == ',' || *typed == ' ')
            continue;
        if (wanted[at] != *typed)
            return false;
        at++;
    }
    return at > 0 && !wanted[at];
}

static void number_key(struct dialog *dialog, uint32_t key)
{
    if (key == KEYS_ESC) {
        dialog_end(dialog, false);
    } else if (key == KEYS_ENTER) {
        dialog->wrong = !number_typed(dialog);
        if (!dialog->wrong)
            dialog_end(dialog, true);
    } else if (!(key == KEYS_UP || key == KEYS_DOWN || key == KEYS_PAGE_UP ||
                 key == KEYS_PAGE_DOWN) ||
               !scroll_key(dialog, key)) {
        if (edit_key(&dialog->edit, NULL, key) == EDIT_CHANGED)
            dialog->wrong = false;
    }
}

static const char *ask_error(const struct dialog *dialog)
{
    return dialog->check ? dialog->check(dialog->context, edit_text(&dialog->edit)) : NULL;
}

static void ask_key(struct dialog *dialog, uint32_t key)
{
    if (key == KEYS_ESC)
        dialog_end(dialog, false);
    else if (key != KEYS_ENTER)
        edit_key(&dialog->edit, NULL, key);
    else if (!ask_error(dialog))
        dialog_end(dialog, true);
}

bool dialog_key(struct dialog *dialog, uint32_t key)
{
    if (!dialog->open)
        return false;
    switch (dialog->kind) {
    case DIALOG_MESSAGE:
        message_key(dialog, key);
        break;
    case DIALOG_CONFIRM:
        confirm_key(dialog, key);
        break;
    case DIALOG_NUMBER:
        number_key(dialog, key);
        break;
    case DIALOG_CHOOSE:
        picker_key(dialog->picker, key);
        break;
    case DIALOG_ASK:
        ask_key(dialog, key);
        break;
    }
    return true;
}

bool dialog_paste(struct dialog *dialog, const char *text)
{
    if (!dialog->open)
        return false;
    if (dialog->kind == DIALOG_CHOOSE)
        return picker_paste(dialog->picker, text);
    /* A pasted number would be no proof that it was read. */
    if (dialog->kind == DIALOG_ASK)
        edit_insert(&dialog->edit, text);
    return true;
}

static bool inside(struct area area, const struct loop_mouse *mouse)
{
    return mouse->row >= area.row && mouse->row < area.row + area.rows && mouse->col >= area.col &&
           mouse->col < area.col + area.cols;
}

bool dialog_mouse(struct dialog *dialog, const struct loop_mouse *mouse)
{
    if (!dialog->open)
        return false;
    if (dialog->kind == DIALOG_CHOOSE)
        return picker_mouse(dialog->picker, mouse);
    if (!mouse->pressed)
        return true;
    if (mouse->button == 4 || mouse->button == 5)
        scroll(dialog, mouse->button == 4 ? -3 : 3);
    else if (mouse->button == 1 && inside(dialog->buttons[1], mouse))
        dialog_end(dialog, true);
    else if (mouse->button == 1 && inside(dialog->buttons[0], mouse))
        dialog_end(dialog, false);
    return true;
}

/* --- Drawing --- */

/* A framed window in the middle, large enough for `lines` of text and `more` rows under it. */
static struct area window(struct area screen, int cols, int rows)
{
    struct area area;

    cols = cols > screen.cols ? screen.cols : cols;
    rows = rows > screen.rows ? screen.rows : rows;
    area = area_part(screen, (screen.rows - rows) / 2, (screen.cols - cols) / 2, rows, cols);
    draw_clear(area, ROLE_PLAIN);
    return area;
}

static void draw_lines(struct dialog *dialog, struct area area, const struct text_line *lines)
{
    dialog->room = area.rows;
    scroll(dialog, 0);
    for (int i = 0; i < area.rows && dialog->top + i < dialog->lines; i++) {
        const struct text_line *line = &lines[dialog->top + i];
        char *text = tui_strndup(dialog->text + line->from, line->to - line->from);

        draw_text(area, i, 0, ROLE_PLAIN, text);
        free(text);
    }
    if (dialog->top + area.rows < dialog->lines)
        draw_below(area, ROLE_ACCENT);
}

static void draw_button(struct dialog *dialog, struct area area, int *col, int which,
                        const char *text, bool on)
{
    int cells = text_cells(text) + 2;

    dialog->buttons[which] = area_part(area, 0, *col, 1, cells);
    draw_printf(area, 0, *col, on ? ROLE_SELECTED : ROLE_PLAIN, " %s ", text);
    if (on)
        draw_cursor(area, 0, *col + 1);
    *col += cells + 2;
}

static void draw_number(struct dialog *dialog, struct area area)
{
    char *label = tui_printf(_("Type %lld to go on:"), (long long)dialog->number);
    int col = draw_text(area, 0, 0, ROLE_STRONG, label) + 1;

    edit_draw(&dialog->edit, area, 0, col, area.cols - col < 12 ? area.cols - col : 12, ROLE_INPUT,
              true);
    if (dialog->wrong)
        draw_text(area, 1, 0, ROLE_ERROR,
                  _("That is another number. Esc leaves everything as it is."));
    free(label);
}

static void draw_ask(struct dialog *dialog, struct area area)
{
    const char *error = ask_error(dialog);

    edit_draw(&dialog->edit, area, 0, 0, area.cols, ROLE_INPUT, true);
    if (error)
        draw_wrapped(area, 1, ROLE_ERROR, error);
}

static void draw_answers(struct dialog *dialog, struct area area)
{
    int col = 0;

    switch (dialog->kind) {
    case DIALOG_MESSAGE:
        draw_button(dialog, area, &col, 1, _("OK"), true);
        break;
    case DIALOG_CONFIRM:
        draw_button(dialog, area, &col, 0, _("No"), !dialog->on_yes);
        draw_button(dialog, area, &col, 1, dialog->yes, dialog->on_yes);
        break;
    case DIALOG_NUMBER:
        draw_number(dialog, area);
        break;
    case DIALOG_ASK:
        draw_ask(dialog, area);
        break;
    case DIALOG_CHOOSE:
        break;
    }
}

void dialog_draw(struct dialog *dialog, struct area screen)
{
    int cols = screen.cols < WIDE + 2 * MARGIN ? screen.cols : WIDE + 2 * MARGIN;
    int below = dialog->kind == DIALOG_NUMBER || dialog->kind == DIALOG_ASK ? 2 : 1;
    struct text_line *lines = NULL;
    struct area area, answers;

    if (dialog->kind == DIALOG_CHOOSE) {
        picker_draw(dialog->picker, screen);
        return;
    }
    dialog->lines = (int)text_wrap(dialog->text, cols - 2 * MARGIN, &lines);
    area = window(screen, cols, dialog->lines + below + 3);
    draw_frame(area, ROLE_ACCENT, dialog->title);
    area = area_part(area, 1, MARGIN, area.rows - 2, area.cols - 2 * MARGIN);
    answers = area_cut_bottom(&area, below);
    if (area.rows > 1 && area.rows > dialog->lines)
        area_cut_bottom(&area, 1);
    draw_lines(dialog, area, lines);
    draw_answers(dialog, answers);
    free(lines);
}
