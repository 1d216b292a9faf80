#include "tui/form_parts.h"

#include <stdlib.h>
#include <string.h>

#define SCOPE "form"

const struct action form_actions[] = {
    {FORM_NEXT, "form-next", SCOPE, "Tab", ACTION_LINE, N_("Next field")},
    {FORM_BACK, "form-back", SCOPE, "Shift-Tab", ACTION_HIDDEN, N_("Field before")},
    {FORM_PAGE_NEXT, "form-page-next", SCOPE, "PgDn", ACTION_LINE, N_("Next page")},
    {FORM_PAGE_BACK, "form-page-back", SCOPE, "PgUp", ACTION_HIDDEN, N_("Page before")},
    {FORM_CHOOSE, "form-choose", SCOPE, "F4 Ctrl-o", ACTION_LINE,
     N_("Choose from a list or a calendar")},
    {FORM_SEND, "form-send", SCOPE, "Ctrl-s", ACTION_LINE, N_("Done: send")},
    {FORM_CANCEL, "form-cancel", SCOPE, "Esc", ACTION_LINE, N_("Leave without sending")},
};
const size_t form_n_actions = sizeof form_actions / sizeof *form_actions;

/* --- Lists and calendars --- */

static void chosen(void *context, struct picker *picker, bool accepted)
{
    struct form *form = context;
    struct form_field *f = form_current(form);
    struct buffer out = {0};
    int year, month, day;

    if (!accepted || !f)
        return;
    if (f->field->type == FIELD_DATE || f->field->type == FIELD_TIME) {
        const char *clock = f->field->type == FIELD_TIME ? strchr(f->value, ' ') : NULL;

        picker_date_civil(picker_day(picker), &year, &month, &day);
        buffer_printf(&out, "%04d-%02d-%02d%s", year, month, day,
                      clock                          ? clock
                      : f->field->type == FIELD_TIME ? " 00:00"
                                                     : "");
    } else {
        for (int i = 0; f->field->choices[i].name; i++)
            if (f->field->type == FIELD_CHOICE ? picker_choice(picker) == i
                                               : picker_is_on(picker, (size_t)i))
                buffer_printf(&out, "%s%s", out.n ? " " : "", f->field->choices[i].name);
    }
    form_field_set(form, f, buffer_text(&out));
    form_check_all(form);
    buffer_free(&out);
}

static struct picker *choices_picker(struct form *form, struct form_field *f)
{
    struct picker_item items[64] = {{0}};
    size_t n = 0;

    for (; f->field->choices && n < 64 && f->field->choices[n].name; n++) {
        const struct field_choice *choice = &f->field->choices[n];

        items[n].title = choice->title ? text_translated(choice->title) : choice->name;
        items[n].on = form_flag(form, f->field->name, choice->name);
    }
    return picker_list(f->field->label ? text_translated(f->field->label) : f->field->name, items,
                       n, f->field->type == FIELD_FLAGS, chosen, form);
}

static bool choose(struct form *form)
{
    struct form_field *f = form_current(form);
    const char *title;
    int64_t number;

    if (!f || !form_can_edit(f))
        return false;
    title = f->field->label ? text_translated(f->field->label) : f->field->name;
    if (!form_is_typed(f->field)) {
        form->picker = choices_picker(form, f);
        return true;
    }
    if (f->field->type != FIELD_DATE && f->field->type != FIELD_TIME)
        return false;
    if (!form_integer(form, f->field->name, &number))
        number = f->field->type == FIELD_DATE ? form->today : (int64_t)form->today * 86400;
    if (f->field->type == FIELD_TIME)
        number /= 86400;
    form->picker = picker_date(title, (int32_t)number, form->today, chosen, form);
    return true;
}

/* The next choice of a field of choices. */
static void choice_step(struct form *form, struct form_field *f, int step)
{
    int n = 0, at = -1;

    for (; f->field->choices && f->field->choices[n].name; n++)
        if (!strcmp(f->field->choices[n].name, f->value))
            at = n;
    if (!n)
        return;
    at = at < 0 ? (step > 0 ? 0 : n - 1) : (at + step + n) % n;
    form_field_set(form, f, f->field->choices[at].name);
    form_check_all(form);
}

/* --- Keys --- */

bool form_action(struct form *form, int action_id)
{
    if (form->finished || form->picker)
        return false;
    switch (action_id) {
    case FORM_NEXT:
    case FORM_BACK:
        return form_move(form, action_id == FORM_NEXT ? 1 : -1);
    case FORM_PAGE_NEXT:
    case FORM_PAGE_BACK:
        return form_go_page(form, form->page + (action_id == FORM_PAGE_NEXT ? 1 : -1));
    case FORM_CHOOSE:
        return choose(form);
    case FORM_SEND:
        return form_send(form);
    case FORM_CANCEL:
        return form_cancel(form);
    default:
        return false;
    }
}

static void line_break(struct form *form, struct form_field *f)
{
    struct edit *line = &f->edit[f->line];
    char *rest = tui_strdup(edit_text(line) + line->at);
    char *head = tui_strndup(edit_text(line), line->at);

    f->edit = tui_resize(f->edit, (size_t)f->n_lines + 1, sizeof *f->edit);
    memmove(&f->edit[f->line + 2], &f->edit[f->line + 1],
            sizeof *f->edit * (size_t)(f->n_lines - f->line - 1));
    f->edit[f->line + 1] = (struct edit){0};
    edit_set(&f->edit[f->line], head);
    edit_set(&f->edit[f->line + 1], rest);
    f->edit[f->line + 1].at = 0;
    f->n_lines++;
    f->line++;
    free(head);
    free(rest);
    form_field_edited(form, f);
}

/* Backspace at the start of a line joins it to the one before. */
static void line_join(struct form *form, struct form_field *f)
{
    struct edit *before = &f->edit[f->line - 1];
    size_t at = before->n;
    char *joined = tui_printf("%s%s", edit_text(before), edit_text(&f->edit[f->line]));

    edit_set(before, joined);
    before->at = at;
    free(joined);
    edit_free(&f->edit[f->line]);
    memmove(&f->edit[f->line], &f->edit[f->line + 1],
            sizeof *f->edit * (size_t)(f->n_lines - f->line - 1));
    f->n_lines--;
    f->line--;
    form_field_edited(form, f);
}

static bool lines_key(struct form *form, struct form_field *f, uint32_t key)
{
    if (key == KEYS_ENTER)
        line_break(form, f);
    else if (key == KEYS_UP && f->line > 0)
        f->line--;
    else if (key == KEYS_DOWN && f->line + 1 < f->n_lines)
        f->line++;
    else if (key == KEYS_BACKSPACE && f->line > 0 && f->edit[f->line].at == 0)
        line_join(form, f);
    else
        return false;
    return true;
}

static bool field_key(struct form *form, struct form_field *f, uint32_t key)
{
    if (!form_can_edit(f))
        return false;
    if (f->field->type == FIELD_CHOICE && (key == KEYS_LEFT || key == KEYS_RIGHT)) {
        choice_step(form, f, key == KEYS_LEFT ? -1 : 1);
        return true;
    }
    if (!form_is_typed(f->field))
        return key == ' ' && choose(form);
    if (f->field->type == FIELD_LINES && lines_key(form, f, key))
        return true;
    if (key == KEYS_UP || key == KEYS_DOWN || key == KEYS_TAB)
        return false;
    enum edit_result result = edit_key(&f->edit[f->line], NULL, key);
    if (result == EDIT_CHANGED)
        form_field_edited(form, f);
    return result != EDIT_IGNORED;
}

/* The keys of form_actions that work without a keymap, and those that move inside a page. */
static bool moving_key(struct form *form, uint32_t key)
{
    static const struct {
        uint32_t key;
        int action;
    } keys[] = {
        {KEYS_TAB, FORM_NEXT},   {KEYS_DOWN, FORM_NEXT},           {KEYS_BACK_TAB, FORM_BACK},
        {KEYS_UP, FORM_BACK},    {KEYS_PAGE_DOWN, FORM_PAGE_NEXT}, {KEYS_PAGE_UP, FORM_PAGE_BACK},
        {KEYS_F4, FORM_CHOOSE},  {KEYS_CTRL | 'o', FORM_CHOOSE},   {KEYS_CTRL | 's', FORM_SEND},
        {KEYS_ESC, FORM_CANCEL},
    };

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (key == keys[i].key)
            return form_action(form, keys[i].action) || true;
    return false;
}

/* Enter goes on; behind the last field it sends. */
static bool enter_key(struct form *form)
{
    bool last = form->page >= form->n_pages || (form->page == form->n_pages - 1 &&
                                                form_field_from(form, form->current + 1, 1) < 0);

    return last ? form_send(form) : form_move(form, 1);
}

static bool mouse_take(struct form *form, const struct loop_mouse *mouse)
{
    if (form->picker) {
        picker_mouse(form->picker, mouse);
        if (!picker_open(form->picker)) {
            picker_free(form->picker);
            form->picker = NULL;
        }
        return true;
    }
    for (int i = 0; i < form->n_fields && mouse->pressed && mouse->button == 1; i++) {
        struct area area = form->fields[i].area;

        if (form->fields[i].page == form->page && area.rows > 0 && mouse->row >= area.row &&
            mouse->row < area.row + area.rows && mouse->col >= area.col &&
            mouse->col < area.col + area.cols) {
            bool again = i == form->current;

            form_go_to(form, i);
            if (again && !form_is_typed(form->fields[i].field))
                choose(form);
            return true;
        }
    }
    return false;
}

bool form_key(struct form *form, uint32_t key)
{
    struct form_field *f = form_current(form);

    if (form->finished)
        return false;
    if (key == KEYS_MOUSE)
        return form->loop && mouse_take(form, loop_mouse(form->loop));
    if (form->picker) {
        picker_key(form->picker, key);
        if (!picker_open(form->picker)) {
            picker_free(form->picker);
            form->picker = NULL;
        }
        return true;
    }
    if (f && field_key(form, f, key))
        return true;
    if (key == KEYS_ENTER)
        return enter_key(form);
    return moving_key(form, key);
}

bool form_paste(struct form *form, const char *text)
{
    struct form_field *f = form_current(form);

    if (form->finished || !f || !form_can_edit(f) || !form_is_typed(f->field))
        return false;
    if (form->picker)
        return picker_paste(form->picker, text);
    while (*text) {
        size_t n = f->field->type == FIELD_LINES ? strcspn(text, "\n") : strlen(text);
        char *line = tui_strndup(text, n);

        edit_insert(&f->edit[f->line], line);
        free(line);
        text += n;
        if (*text++ == '\n')
            line_break(form, f);
        else
            break;
    }
    form_field_edited(form, f);
    return true;
}
