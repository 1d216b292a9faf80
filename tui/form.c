#include "tui/form_parts.h"

#include <stdlib.h>
#include <string.h>

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
        form->checking = f->field->name;
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

void form_field_set(struct form *form, struct form_field *f, const char *value)
{
    set_text(&f->refused, NULL);
    field_check(form, f, value);
    lines_set(f, f->value);
}

/* Checks again what may look at other fields. */
void form_check_all(struct form *form)
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
    form->loop = options->loop;
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
    form_check_all(form);
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

const char *form_checking(const struct form *form)
{
    return form->checking ? form->checking : "";
}

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
    form_field_set(form, f, value);
    form_check_all(form);
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

bool form_can_edit(const struct form_field *f)
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
    form_check_all(form);
}

void form_go_to(struct form *form, int field)
{
    leave(form);
    form->current = field;
    form->page = form->fields[field].page;
    form->fields[field].line = 0;
}

/* The next field of the page that can be edited; -1: none. */
int form_field_from(const struct form *form, int from, int step)
{
    for (int i = from; i >= 0 && i < form->n_fields; i += step)
        if (form->fields[i].page == form->page && form_can_edit(&form->fields[i]))
            return i;
    return -1;
}

static int page_first(const struct form *form, int page)
{
    for (int i = 0; i < form->n_fields; i++)
        if (form->fields[i].page == page && form_can_edit(&form->fields[i]))
            return i;
    for (int i = 0; i < form->n_fields; i++)
        if (form->fields[i].page == page)
            return i;
    return 0;
}

bool form_go_page(struct form *form, int page)
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
    form_check_all(form);
    for (int i = 0; i < form->n_fields; i++) {
        struct form_field *f = &form->fields[i];

        if (!f->error && !f->refused)
            continue;
        f->touched = true;
        if (go)
            form_go_to(form, i);
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
    form_go_to(form, (int)(f - form->fields));
}

bool form_send(struct form *form)
{
    leave(form);
    for (int i = 0; i < form->n_fields; i++)
        form->fields[i].touched = true;
    if (form_check(form, true))
        return true;
    if (form->review && form->page < form->n_pages)
        return form_go_page(form, form->n_pages);
    form->finished = true;
    if (form->done)
        form->done(form->context, form, true);
    return true;
}

bool form_cancel(struct form *form)
{
    form->finished = true;
    if (form->done)
        form->done(form->context, form, false);
    return true;
}

/* The next field, or the next page behind the last one. */
bool form_move(struct form *form, int step)
{
    int next;

    if (form->page >= form->n_pages) {
        form->top += step;
        return true;
    }
    next = form_field_from(form, form->current + step, step);
    if (next >= 0)
        form_go_to(form, next);
    else if (step > 0 && (form->page + 1 < form->n_pages || form->review))
        form_go_page(form, form->page + 1);
    else if (step < 0 && form->page > 0) {
        form_go_page(form, form->page - 1);
        for (int i = 0; i < form->n_fields; i++)
            if (form->fields[i].page == form->page && form_can_edit(&form->fields[i]))
                form->current = i;
    } else {
        leave(form);
    }
    return true;
}
