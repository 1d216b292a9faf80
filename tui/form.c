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

static void set_text(char **text, const char *value)
{
    free(*text);
    *text = value ? tui_strdup(value) : NULL;
}

/* --- Fields --- */

bool form_is_typed(const struct field *field)
{
    return field->type != FIELD_CHOICE && field->type != FIELD_FLAGS;
}

/* The edited lines as one text. Caller frees. */
static char *typed_text(const struct form_field *f)
{
    struct buffer out = {0};

    for (int i = 0; i < f->n_lines; i++) {
        buffer_puts(&out, i ? "\n" : "");
        buffer_puts(&out, edit_text(&f->edit[i]));
    }
    return out.at ? out.at : tui_strdup("");
}

static void lines_free(struct form_field *f)
{
    for (int i = 0; i < f->n_lines; i++)
        edit_free(&f->edit[i]);
    free(f->edit);
    f->edit = NULL;
    f->n_lines = f->line = 0;
}

static void lines_set(struct form_field *f, const char *text)
{
    lines_free(f);
    for (;;) {
        size_t n = f->field->type == FIELD_LINES ? strcspn(text, "\n") : strlen(text);
        char *line = tui_strndup(text, n);

        f->edit = tui_resize(f->edit, (size_t)f->n_lines + 1, sizeof *f->edit);
        f->edit[f->n_lines] = (struct edit){.secret = f->field->type == FIELD_SECRET};
        edit_set(&f->edit[f->n_lines++], line);
        free(line);
        if (!text[n])
            break;
        text += n + 1;
    }
}

static void field_check(struct form *form, struct form_field *f, const char *typed)
{
    const char *sentence = NULL;
    char *value = field_parse(f->field, typed, form->today, &sentence);

    if (value) {
        free(f->value);
        f->value = value;
        if (f->field->check && *value)
            sentence = f->field->check(form->context, form, value);
    } else {
        set_text(&f->value, typed);
    }
    set_text(&f->error, sentence);
}

void form_field_edited(struct form *form, struct form_field *f)
{
    char *typed = typed_text(f);

    set_text(&f->refused, NULL);
    field_check(form, f, typed);
    free(typed);
}

static void field_set(struct form *form, struct form_field *f, const char *value)
{
    set_text(&f->refused, NULL);
    field_check(form, f, value);
    lines_set(f, f->value);
}

/* Checks again what may look at other fields. */
static void check_all(struct form *form)
{
    for (int i = 0; i < form->n_fields; i++) {
        char *typed = typed_text(&form->fields[i]);

        field_check(form, &form->fields[i], typed);
        free(typed);
    }
}

static struct form_field *field_named(const struct form *form, const char *name)
{
    for (int i = 0; i < form->n_fields; i++)
        if (!strcmp(form->fields[i].field->name, name))
            return &form->fields[i];
    return NULL;
}

struct form_field *form_current(struct form *form)
{
    if (form->page >= form->n_pages || form->current >= form->n_fields)
        return NULL;
    return &form->fields[form->current];
}

/* --- Making and freeing --- */

struct form *form_new(const struct form_options *options)
{
    struct form *form = tui_zero(1, sizeof *form);
    int at = 0;

    form->title = tui_strdup(options->title ? options->title : "");
    form->pages = options->pages;
    form->n_pages = options->n_pages;
    form->review = options->review;
    form->today = options->today;
    form->done = options->done;
    form->context = options->context;
    for (int i = 0; i < form->n_pages; i++)
        form->n_fields += form->pages[i].n_fields;
    form->fields = tui_zero((size_t)form->n_fields, sizeof *form->fields);
    for (int page = 0; page < form->n_pages; page++)
        for (int i = 0; i < form->pages[page].n_fields; i++, at++) {
            struct form_field *f = &form->fields[at];

            f->field = &form->pages[page].fields[i];
            f->page = page;
            lines_set(f, f->field->value ? f->field->value : "");
            f->value = tui_strdup(f->field->value ? f->field->value : "");
        }
    check_all(form);
    for (int i = 0; i < form->n_fields; i++) {
        form->fields[i].start = tui_strdup(form->fields[i].value);
        lines_set(&form->fields[i], form->fields[i].value);
    }
    return form;
}

void form_free(struct form *form)
{
    if (!form)
        return;
    for (int i = 0; i < form->n_fields; i++) {
        struct form_field *f = &form->fields[i];

        lines_free(f);
        free(f->start);
        free(f->value);
        free(f->error);
        free(f->refused);
    }
    picker_free(form->picker);
    free(form->fields);
    free(form->title);
    free(form);
}

/* --- Values --- */

const char *form_value(const struct form *form, const char *name)
{
    struct form_field *f = field_named(form, name);

    return f ? f->value : "";
}

bool form_integer(const struct form *form, const char *name, int64_t *value)
{
    struct form_field *f = field_named(form, name);

    return f && !f->error && field_number(f->field, f->value, value);
}

bool form_flag(const struct form *form, const char *name, const char *choice)
{
    const char *at = form_value(form, name);
    size_t n = strlen(choice);

    for (; *at; at += strcspn(at, " "), at += strspn(at, " "))
        if (!strncmp(at, choice, n) && (!at[n] || at[n] == ' '))
            return true;
    return false;
}

void form_set(struct form *form, const char *name, const char *value)
{
    struct form_field *f = field_named(form, name);

    if (!f)
        return;
    field_set(form, f, value);
    check_all(form);
}

const char *form_error(const struct form *form, const char *name)
{
    struct form_field *f = field_named(form, name);

    return !f ? NULL : f->refused ? f->refused : f->error;
}

bool form_changed(const struct form *form)
{
    for (int i = 0; i < form->n_fields; i++)
        if (strcmp(form->fields[i].start, form->fields[i].value))
            return true;
    return false;
}

const char *form_field(const struct form *form)
{
    return form->page < form->n_pages && form->current < form->n_fields
               ? form->fields[form->current].field->name
               : NULL;
}

int form_page_number(const struct form *form)
{
    return form->page;
}

/* --- Moving --- */

static bool can_edit(const struct form_field *f)
{
    return !(f->field->flags & FIELD_READ_ONLY);
}

static void leave(struct form *form)
{
    struct form_field *f = form_current(form);

    if (!f)
        return;
    f->touched = true;
    if (!f->error)
        lines_set(f, f->value); /* what was typed becomes canonical */
    check_all(form);
}

static void go_to(struct form *form, int field)
{
    leave(form);
    form->current = field;
    form->page = form->fields[field].page;
    form->fields[field].line = 0;
}

/* The next field of the page that can be edited; -1: none. */
static int field_from(const struct form *form, int from, int step)
{
    for (int i = from; i >= 0 && i < form->n_fields; i += step)
        if (form->fields[i].page == form->page && can_edit(&form->fields[i]))
            return i;
    return -1;
}

static int page_first(const struct form *form, int page)
{
    for (int i = 0; i < form->n_fields; i++)
        if (form->fields[i].page == page && can_edit(&form->fields[i]))
            return i;
    for (int i = 0; i < form->n_fields; i++)
        if (form->fields[i].page == page)
            return i;
    return 0;
}

static bool go_page(struct form *form, int page)
{
    if (page < 0 || page > form->n_pages - !form->review)
        return false;
    leave(form);
    form->page = page;
    form->top = 0;
    if (page < form->n_pages)
        form->current = page_first(form, page);
    return true;
}

const char *form_check(struct form *form, bool go)
{
    check_all(form);
    for (int i = 0; i < form->n_fields; i++) {
        struct form_field *f = &form->fields[i];

        if (!f->error && !f->refused)
            continue;
        f->touched = true;
        if (go)
            go_to(form, i);
        return f->field->name;
    }
    return NULL;
}

void form_refuse(struct form *form, const char *name, const char *sentence)
{
    struct form_field *f = field_named(form, name);

    if (!f)
        return;
    set_text(&f->refused, sentence);
    form->finished = false;
    go_to(form, (int)(f - form->fields));
}

static bool send(struct form *form)
{
    leave(form);
    for (int i = 0; i < form->n_fields; i++)
        form->fields[i].touched = true;
    if (form_check(form, true))
        return true;
    if (form->review && form->page < form->n_pages)
        return go_page(form, form->n_pages);
    form->finished = true;
    if (form->done)
        form->done(form->context, form, true);
    return true;
}

static bool cancel(struct form *form)
{
    form->finished = true;
    if (form->done)
        form->done(form->context, form, false);
    return true;
}

/* The next field, or the next page behind the last one. */
static bool move(struct form *form, int step)
{
    int next;

    if (form->page >= form->n_pages) {
        form->top += step;
        return true;
    }
    next = field_from(form, form->current + step, step);
    if (next >= 0)
        go_to(form, next);
    else if (step > 0 && (form->page + 1 < form->n_pages || form->review))
        go_page(form, form->page + 1);
    else if (step < 0 && form->page > 0) {
        go_page(form, form->page - 1);
        for (int i = 0; i < form->n_fields; i++)
            if (form->fields[i].page == form->page && can_edit(&form->fields[i]))
                form->current = i;
    } else {
        leave(form);
    }
    return true;
}

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
    field_set(form, f, buffer_text(&out));
    check_all(form);
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

    if (!f || !can_edit(f))
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
    field_set(form, f, f->field->choices[at].name);
    check_all(form);
}

/* --- Keys --- */

bool form_action(struct form *form, int action_id)
{
    if (form->finished || form->picker)
        return false;
    switch (action_id) {
    case FORM_NEXT:
    case FORM_BACK:
        return move(form, action_id == FORM_NEXT ? 1 : -1);
    case FORM_PAGE_NEXT:
    case FORM_PAGE_BACK:
        return go_page(form, form->page + (action_id == FORM_PAGE_NEXT ? 1 : -1));
    case FORM_CHOOSE:
        return choose(form);
    case FORM_SEND:
        return send(form);
    case FORM_CANCEL:
        return cancel(form);
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
    if (!can_edit(f))
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
    bool last = form->page >= form->n_pages ||
                (form->page == form->n_pages - 1 && field_from(form, form->current + 1, 1) < 0);

    return last ? send(form) : move(form, 1);
}

bool form_key(struct form *form, uint32_t key)
{
    struct form_field *f = form_current(form);

    if (form->finished)
        return false;
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

    if (form->finished || !f || !can_edit(f) || !form_is_typed(f->field))
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

bool form_mouse(struct form *form, const struct loop_mouse *mouse)
{
    if (form->finished)
        return false;
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

            go_to(form, i);
            if (again && !form_is_typed(form->fields[i].field))
                choose(form);
            return true;
        }
    }
    return false;
}
