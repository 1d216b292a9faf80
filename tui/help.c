#include "tui/help.h"

#include "tui/intl.h"
#include "tui/memory.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { KEYS_CELLS = 20, KEYS_CELLS_NARROW = 12 };

/* A line of the page: a heading, an action, a line of text, or nothing. */
struct line {
    bool heading;
    char *keys, *summary; /* NULL: none */
    const char *name;     /* of an action, as `:` knows it */
    char *folded;         /* what a search looks through; NULL: not searched */
};

struct help {
    struct help_options options;
    bool open, searching;
    char *title, *text;
    struct line *lines;
    size_t n_lines;
    size_t *shown;
    size_t n_shown, first;
    int rows; /* of the last frame, for paging */
    struct edit search;
};

static char *fold(const char *text)
{
    utf8proc_uint8_t *folded = utf8proc_NFKC_Casefold((const utf8proc_uint8_t *)text);
    return folded ? (char *)folded : tui_strdup(text);
}

static struct line *line_add(struct help *help)
{
    help->lines = tui_resize(help->lines, help->n_lines + 1, sizeof *help->lines);
    struct line *line = &help->lines[help->n_lines++];
    *line = (struct line){0};
    return line;
}

static void action_add(struct help *help, const struct action *action, const char *keys)
{
    struct line *line = line_add(help);
    line->keys = tui_strdup(keys);
    line->summary = tui_strdup(text_translated(action->summary));
    line->name = action->name;
    char *all = tui_printf("%s %s %s", line->keys, line->summary, line->name);
    line->folded = fold(all);
    free(all);
}

static void group_add(struct help *help, const struct help_group *group)
{
    const struct keymap *keymap = help->options.keymap;
    size_t n, before = help->n_lines;
    const struct action *actions = keymap_actions(keymap, &n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(actions[i].scope, group->scope) != 0)
            continue;
        if (help->n_lines == before) {
            if (before > 0)
                line_add(help);
            struct line *heading = line_add(help);
            heading->heading = true;
            heading->summary = tui_strdup(group->title);
        }
        action_add(help, &actions[i], keymap_keys(keymap, actions[i].id));
    }
}

/* Headings and empty lines are shown while nothing is searched, else only what is found. */
static void help_filter(struct help *help)
{
    char *wanted = fold(edit_text(&help->search));
    help->n_shown = 0;
    for (size_t i = 0; i < help->n_lines; i++) {
        const struct line *line = &help->lines[i];
        if (!*wanted || (line->folded && strstr(line->folded, wanted)))
            help->shown[help->n_shown++] = i;
    }
    help->first = 0;
    free(wanted);
}

struct help *help_new(const struct help_options *options)
{
    struct help *help = tui_zero(1, sizeof *help);
    help->options = *options;
    help->open = true;
    help->title = tui_strdup(options->title ? options->title : _("Keys"));
    help->text = options->text ? tui_strdup(options->text) : NULL;
    for (size_t i = 0; i < options->n_groups; i++)
        group_add(help, &options->groups[i]);
    help->options.groups = NULL; /* was borrowed */
    help->shown = tui_zero(help->n_lines, sizeof *help->shown);
    help_filter(help);
    return help;
}

void help_free(struct help *help)
{
    if (!help)
        return;
    for (size_t i = 0; i < help->n_lines; i++) {
        free(help->lines[i].keys);
        free(help->lines[i].summary);
        free(help->lines[i].folded);
    }
    free(help->lines);
    free(help->shown);
    free(help->title);
    free(help->text);
    edit_free(&help->search);
    free(help);
}

bool help_open(const struct help *help)
{
    return help && help->open;
}

static void help_close(struct help *help)
{
    help->open = false;
    if (help->options.done)
        help->options.done(help->options.context, help);
}

static void scroll_by(struct help *help, long by)
{
    long last = (long)help->n_shown - (help->rows > 0 ? help->rows : 1);
    long at = (long)help->first + by;
    help->first = (size_t)(at < 0 || last < 0 ? 0 : at > last ? last : at);
}

static void search_key(struct help *help, uint32_t key)
{
    if (key == KEYS_ESC)
        edit_set(&help->search, "");
    if (key == KEYS_ESC || key == KEYS_ENTER)
        help->searching = false;
    else if (key == KEYS_UP || key == KEYS_DOWN)
        scroll_by(help, key == KEYS_UP ? -1 : 1);
    else if (edit_key(&help->search, NULL, key) != EDIT_CHANGED)
        return;
    if (key != KEYS_ENTER && key != KEYS_UP && key != KEYS_DOWN)
        help_filter(help);
}

static void escape(struct help *help)
{
    if (help->search.n == 0) {
        help_close(help);
        return;
    }
    edit_set(&help->search, "");
    help_filter(help);
}

bool help_key(struct help *help, uint32_t key)
{
    if (!help_open(help))
        return false;
    if (help->searching) {
        search_key(help, key);
        return true;
    }
    long page = help->rows > 1 ? help->rows - 1 : 1;
    switch (key) {
    case KEYS_ESC:
        escape(help);
        break;
    case 'q':
    case '?':
    case KEYS_F1:
    case KEYS_ENTER:
    case KEYS_CTRL | 'c':
        help_close(help);
        break;
    case '/':
        help->searching = true;
        break;
    case KEYS_UP:
    case 'k':
        scroll_by(help, -1);
        break;
    case KEYS_DOWN:
    case 'j':
        scroll_by(help, 1);
        break;
    case KEYS_PAGE_UP:
    case KEYS_CTRL | 'b':
        scroll_by(help, -page);
        break;
    case KEYS_PAGE_DOWN:
    case KEYS_CTRL | 'f':
    case ' ':
        scroll_by(help, page);
        break;
    case KEYS_HOME:
    case 'g':
        help->first = 0;
        break;
    case KEYS_END:
    case 'G':
        scroll_by(help, (long)help->n_shown);
        break;
    }
    return true;
}

bool help_mouse(struct help *help, const struct loop_mouse *mouse)
{
    if (!help_open(help))
        return false;
    if (mouse->pressed && (mouse->button == 4 || mouse->button == 5))
        scroll_by(help, mouse->button == 4 ? -3 : 3);
    return true;
}

bool help_paste(struct help *help, const char *text)
{
    if (!help_open(help))
        return false;
    if (help->searching) {
        edit_insert(&help->search, text);
        help_filter(help);
    }
    return true;
}

static void draw_line(struct area area, int row, const struct line *line)
{
    if (line->heading) {
        draw_text(area, row, 0, ROLE_TITLE, line->summary);
        return;
    }
    if (!line->summary)
        return;
    int cells = area.cols < 60 ? KEYS_CELLS_NARROW : KEYS_CELLS;
    draw_field(area, row, 1, cells, -1, ROLE_ACCENT, line->keys);
    struct area rest = area_part(area, row, cells + 2, 1, area.cols);
    if (area.cols >= 60) {
        struct area right = area_cut_right(&rest, text_cells(line->name) + 3);
        draw_printf(right, 0, 1, ROLE_DIM, ":%s", line->name);
    }
    draw_field(rest, 0, 0, rest.cols, -1, ROLE_PLAIN, line->summary);
}

static void draw_bottom(struct help *help, struct area line)
{
    if (help->searching || help->search.n > 0) {
        int col = draw_text(line, 0, 0, ROLE_ACCENT, "/");
        edit_draw(&help->search, line, 0, col, line.cols - col, ROLE_PLAIN, help->searching);
    } else {
        draw_text(line, 0, 1, ROLE_STATUS, _("/ search   Esc back"));
    }
    if (help->n_shown == 0)
        draw_field(line, 0, line.cols / 2, line.cols - line.cols / 2, 1, ROLE_WARN,
                   _("nothing found"));
    else if (help->n_shown > (size_t)help->rows)
        draw_field(line, 0, line.cols - 6, 5, 1, ROLE_DIM,
                   help->first + (size_t)help->rows >= help->n_shown ? _("end") : _("more"));
}

void help_draw(struct help *help, struct area screen)
{
    if (!help_open(help))
        return;
    draw_clear(screen, ROLE_PLAIN);
    draw_field(area_cut_top(&screen, 1), 0, 1, screen.cols - 2, -1, ROLE_ACCENT, help->title);
    struct area bottom = area_cut_bottom(&screen, 1);
    if (help->text && !help->search.n) {
        struct area text = area_part(screen, 0, 1, screen.rows / 2, screen.cols - 2);
        area_cut_top(&screen, draw_wrapped(text, 0, ROLE_PLAIN, help->text));
    }
    if (screen.rows > 4)
        draw_rule(area_cut_top(&screen, 1), 0, ROLE_RULE);
    struct area page = area_part(screen, 0, 1, screen.rows, screen.cols - 2);
    help->rows = page.rows;
    scroll_by(help, 0);
    for (int row = 0; row < page.rows && help->first + (size_t)row < help->n_shown; row++)
        draw_line(page, row, &help->lines[help->shown[help->first + (size_t)row]]);
    draw_cursor(page, 0, 0);
    draw_bottom(help, bottom);
}
