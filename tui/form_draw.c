#include "tui/form_parts.h"

#include <stdlib.h>

enum { SIDE_BY_SIDE = 60, LABEL_MOST = 28 };

/* How the fields of a page stand: labels at the left, or above on a narrow screen. */
struct form_frame {
    struct area area; /* of the fields */
    int label;        /* cells of the labels; 0: above the input */
};

static const char *label_of(const struct field *field)
{
    return field->label ? text_translated(field->label) : field->name;
}

static int label_cells(const struct form *form, int most)
{
    int cells = 0;

    for (int i = 0; i < form->n_fields; i++) {
        int n = text_cells(label_of(form->fields[i].field));
        cells = n > cells ? n : cells;
    }
    return cells > most ? most : cells;
}

static int input_rows(const struct field *field)
{
    return field->type != FIELD_LINES ? 1 : field->rows > 0 ? field->rows : 3;
}

/* A field takes its input, a row for what is said about it, and its label where that is above. The
 * row is kept even while nothing is said, so that a message moves nothing. */
static int field_rows(const struct form_frame *frame, const struct field *field)
{
    return input_rows(field) + 1 + (frame->label == 0);
}

static void draw_value(struct form *form, struct form_field *f, struct area area, bool focus)
{
    const struct field *field = f->field;
    bool fixed = field->flags & FIELD_READ_ONLY;
    enum role role = fixed ? ROLE_DIM : ROLE_INPUT;
    struct buffer out = {0};

    (void)form;
    if (form_is_typed(field) && !fixed) {
        int first = f->line >= area.rows ? f->line - area.rows + 1 : 0;

        for (int i = 0; i < area.rows; i++)
            if (first + i < f->n_lines)
                edit_draw(&f->edit[first + i], area, i, 0, area.cols, role,
                          focus && first + i == f->line);
            else
                draw_field(area, i, 0, area.cols, -1, role, "");
        return;
    }
    field_show(&out, field, f->value);
    if (field->type == FIELD_CHOICE && !fixed) {
        buffer_puts(&out, out.n ? " " : "");
        buffer_puts(&out, theme_ascii() ? "v" : "▾");
    }
    draw_field(area, 0, 0, area.cols, -1, role, buffer_text(&out));
    if (focus) {
        draw_mark(area, 0, 0, area.cols, ROLE_SELECTED);
        draw_cursor(area, 0, 0);
    }
    buffer_free(&out);
}

static void draw_message(const struct form_field *f, struct area area, bool focus)
{
    bool empty = !*f->value;

    if (f->refused)
        draw_field(area, 0, 0, area.cols, -1, ROLE_ERROR, f->refused);
    else if (f->error && (f->touched || !empty))
        draw_field(area, 0, 0, area.cols, -1, ROLE_ERROR, f->error);
    else if (f->field->hint && focus)
        draw_field(area, 0, 0, area.cols, -1, ROLE_DIM, text_translated(f->field->hint));
}

static void draw_one(struct form *form, struct form_field *f, const struct form_frame *frame,
                     int row)
{
    const struct field *field = f->field;
    bool focus = f == form_current(form) && !form->picker;
    struct area area = frame->area, input;
    int rows = input_rows(field), top = row + (frame->label == 0);
    char *label = tui_printf("%s%s", label_of(field), field->flags & FIELD_REQUIRED ? " *" : "");

    draw_field(area, row, 0, frame->label ? frame->label + 2 : area.cols, -1,
               focus ? ROLE_ACCENT : ROLE_PLAIN, label);
    free(label);
    input = area_part(area, top, frame->label ? frame->label + 3 : 0, rows, area.cols);
    f->area = input;
    draw_value(form, f, input, focus);
    draw_message(f, area_part(area, top + rows, frame->label ? frame->label + 3 : 0, 1, area.cols),
                 focus);
}

/* The page's fields, scrolled by whole fields so that the current one is in sight. */
static void draw_fields(struct form *form, struct form_frame *frame)
{
    int from = -1, used = 0, row = 0;

    for (int i = 0; i < form->n_fields; i++) {
        form->fields[i].area = (struct area){0};
        if (form->fields[i].page != form->page)
            continue;
        from = from < 0 ? i : from;
        if (i > form->current)
            continue;
        used += field_rows(frame, form->fields[i].field);
        while (used > frame->area.rows && from < i)
            used -= field_rows(frame, form->fields[from++].field);
    }
    for (int i = from; i >= 0 && i < form->n_fields && form->fields[i].page == form->page; i++) {
        if (row >= frame->area.rows)
            break;
        draw_one(form, &form->fields[i], frame, row);
        row += field_rows(frame, form->fields[i].field);
    }
}

/* All values before they are sent. */
static void draw_review(struct form *form, struct form_frame *frame)
{
    int row = 0, most = form->n_fields > frame->area.rows ? form->n_fields - frame->area.rows : 0;

    form->top = form->top < 0 ? 0 : form->top > most ? most : form->top;
    for (int i = form->top; i < form->n_fields && row < frame->area.rows; i++, row++) {
        struct form_field *f = &form->fields[i];
        struct buffer out = {0};
        int label = frame->label ? frame->label : frame->area.cols / 3;

        field_show(&out, f->field, f->value);
        draw_field(frame->area, row, 0, label, -1, ROLE_DIM, label_of(f->field));
        draw_field(frame->area, row, label + 2, frame->area.cols - label - 2, -1,
                   f->error ? ROLE_ERROR : ROLE_PLAIN,
                   out.n ? buffer_text(&out) : symbol(SYMBOL_NONE));
        buffer_free(&out);
    }
    draw_cursor(frame->area, 0, 0);
}

/* Title and how far one is: "New campaign   2 of 4 · Offer". */
static void draw_head(const struct form *form, struct area area)
{
    int pages = form->n_pages + form->review, col = draw_text(area, 0, 0, ROLE_STRONG, form->title);
    const char *page = form->page < form->n_pages ? form->pages[form->page].title : N_("Review");

    if (pages < 2)
        return;
    char *text = tui_printf(_("%d of %d · %s"), form->page + 1, pages, text_translated(page));
    draw_field(area, 0, col + 2, area.cols - col - 2, 1, ROLE_DIM, text);
    free(text);
}

void form_draw(struct form *form, struct area area)
{
    struct area screen = area;
    struct form_frame frame = {0};

    draw_head(form, area_cut_top(&area, 1));
    if (area.rows > 6)
        draw_rule(area_cut_top(&area, 1), 0, ROLE_RULE);
    frame.area = area;
    if (area.cols >= SIDE_BY_SIDE)
        frame.label = label_cells(form, LABEL_MOST);
    if (form->page < form->n_pages)
        draw_fields(form, &frame);
    else
        draw_review(form, &frame);
    if (form->picker)
        picker_draw(form->picker, screen);
}
