#include "tui/palette.h"

#include "tui/intl.h"
#include "tui/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_ROWS = 12, NAME_CELLS = 18, LETTERS_MAX = 32 };

struct row {
    const struct action *action;
    char *argument; /* of a line run before; "": none */
    int score;
    size_t order;
    size_t letters[LETTERS_MAX], n_letters; /* matched ones of the name */
};

struct palette {
    struct palette_options options;
    bool open;
    struct edit edit;
    struct row *rows; /* those run before, then the table's */
    size_t n_rows;
    size_t *shown; /* indexes of rows that fit, best first */
    size_t n_shown, selected, first;
    const struct action *action;
    char *argument, *line;
    int list_row, list_rows; /* where the list was drawn, for the mouse */
};

/* ---- How well letters fit ---- */

static bool starts_word(const char *text, size_t at)
{
    return at == 0 || text[at - 1] == '-' || text[at - 1] == ' ' || text[at - 1] == '_';
}

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* The next place of a letter: right behind the last one, else where a word starts, else anywhere.
 */
static size_t next_letter(const char *text, size_t from, char letter)
{
    if (same_letter(text[from], letter))
        return from;
    size_t anywhere = SIZE_MAX;
    for (size_t at = from; text[at]; at++) {
        if (!same_letter(text[at], letter))
            continue;
        if (starts_word(text, at))
            return at;
        if (anywhere == SIZE_MAX)
            anywhere = at;
    }
    return anywhere;
}

static int fit_from(const char *pattern, const char *text, size_t from, size_t *at)
{
    int score = 0;
    size_t last = SIZE_MAX;
    for (size_t i = 0; pattern[i]; i++) {
        size_t found = i == 0 ? from : next_letter(text, last + 1, pattern[i]);
        if (found == SIZE_MAX)
            return 0;
        score += 2 + (starts_word(text, found) ? 6 : 0) + (last + 1 == found && i > 0 ? 4 : 0);
        if (at)
            at[i] = found;
        last = found;
    }
    return score + (from == 0 ? 8 : 0);
}

int palette_fit(const char *pattern, const char *text, size_t *at)
{
    int best = 0;
    size_t best_from = 0;
    for (size_t from = 0; *pattern && text[from]; from++) {
        if (!same_letter(text[from], *pattern))
            continue;
        int score = fit_from(pattern, text, from, NULL);
        if (score > best) {
            best = score;
            best_from = from;
        }
    }
    if (best && at)
        fit_from(pattern, text, best_from, at);
    /* The shorter of two that fit alike is the nearer one. */
    return best ? best * 64 + 63 - (int)(strlen(text) < 63 ? strlen(text) : 63) : 0;
}

static bool contains(const char *text, const char *word, size_t n)
{
    for (; *text; text++) {
        size_t i = 0;
        while (i < n && text[i] && same_letter(text[i], word[i]))
            i++;
        if (i == n)
            return true;
    }
    return false;
}

static bool contains_words(const char *text, const char *words)
{
    for (const char *at = words + strspn(words, " "); *at; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        if (!contains(text, at, n))
            return false;
        at += n;
    }
    return true;
}

/* ---- The list ---- */

/* The action whose name stands before a space: then what follows is its argument. */
static const struct action *named_action(const struct palette *palette, size_t *argument_at)
{
    const char *text = edit_text(&palette->edit);
    size_t n = strcspn(text, " ");
    if (text[n] != ' ')
        return NULL;
    for (size_t i = 0; i < palette->n_rows; i++) {
        const char *name = palette->rows[i].action->name;
        if (strlen(name) == n && memcmp(name, text, n) == 0) {
            *argument_at = n + strspn(text + n, " ");
            return palette->rows[i].action;
        }
    }
    return NULL;
}

static void row_score(struct row *row, const char *text, const struct action *named)
{
    row->n_letters = 0;
    if (named) {
        row->score = row->action == named && !*row->argument;
        return;
    }
    size_t n = strlen(text);
    if (n == 0) {
        row->score = 1;
        return;
    }
    row->score = n <= LETTERS_MAX ? palette_fit(text, row->action->name, row->letters) : 0;
    if (row->score)
        row->n_letters = n;
    else if (contains_words(row->action->summary, text) ||
             contains_words(text_translated(row->action->summary), text))
        row->score = 1;
}

/* An insertion sort: a hundred rows, and equal ones keep their order. */
static void palette_filter(struct palette *palette)
{
    size_t argument_at;
    const struct action *named = named_action(palette, &argument_at);
    palette->n_shown = palette->selected = palette->first = 0;
    for (size_t i = 0; i < palette->n_rows; i++) {
        struct row *row = &palette->rows[i];
        row_score(row, edit_text(&palette->edit), named);
        if (row->score == 0)
            continue;
        size_t at = palette->n_shown++;
        for (; at > 0 && palette->rows[palette->shown[at - 1]].score < row->score; at--)
            palette->shown[at] = palette->shown[at - 1];
        palette->shown[at] = i;
    }
}

static bool offered(const struct palette_options *options, const struct action *action)
{
    return !(action->flags & ACTION_HIDDEN) &&
           keymap_in_scopes(action, options->scopes, options->n_scopes);
}

static void row_add(struct palette *palette, const struct action *action, const char *argument)
{
    for (size_t i = 0; i < palette->n_rows; i++)
        if (palette->rows[i].action == action && strcmp(palette->rows[i].argument, argument) == 0)
            return;
    palette->rows = tui_resize(palette->rows, palette->n_rows + 1, sizeof *palette->rows);
    palette->rows[palette->n_rows++] =
        (struct row){.action = action, .argument = tui_strdup(argument)};
}

static void add_recent(struct palette *palette, const char *line)
{
    const struct palette_options *options = &palette->options;
    size_t n = strcspn(line, " ");
    char *name = tui_strndup(line, n);
    const struct action *action =
        keymap_action(options->keymap, name, options->scopes, options->n_scopes);
    if (action && offered(options, action))
        row_add(palette, action, line + n + strspn(line + n, " "));
    free(name);
}

static void complete_argument(void *context, const char *text, size_t at,
                              struct edit_completions *completions)
{
    struct palette *palette = context;
    size_t argument_at = 0;
    const struct action *action = named_action(palette, &argument_at);
    if (!action || !palette->options.complete || at < argument_at)
        return;
    char *typed = tui_strndup(text + argument_at, at - argument_at);
    struct edit_completions found = {.from = at - argument_at};
    palette->options.complete(palette->options.context, action, typed, &found);
    *completions = found;
    completions->from += argument_at;
    free(typed);
}

struct palette *palette_new(const struct palette_options *options)
{
    struct palette *palette = tui_zero(1, sizeof *palette);
    palette->options = *options;
    palette->open = true;
    palette->edit.complete = complete_argument;
    palette->edit.context = palette;
    for (size_t i = 0; i < options->n_recent; i++)
        add_recent(palette, options->recent[i]);
    size_t n;
    const struct action *actions = keymap_actions(options->keymap, &n);
    for (size_t i = 0; i < n; i++)
        if (offered(options, &actions[i]))
            row_add(palette, &actions[i], "");
    palette->shown = tui_zero(palette->n_rows, sizeof *palette->shown);
    palette->options.recent = NULL; /* was borrowed */
    palette->options.scopes = NULL;
    palette_filter(palette);
    return palette;
}

void palette_free(struct palette *palette)
{
    if (!palette)
        return;
    for (size_t i = 0; i < palette->n_rows; i++)
        free(palette->rows[i].argument);
    free(palette->rows);
    free(palette->shown);
    free(palette->argument);
    free(palette->line);
    edit_free(&palette->edit);
    free(palette);
}

/* ---- Keys ---- */

bool palette_open(const struct palette *palette)
{
    return palette && palette->open;
}

static void close_with(struct palette *palette, const struct action *action, const char *argument)
{
    palette->open = false;
    palette->action = action;
    palette->argument = tui_strdup(argument);
    for (size_t n = strlen(argument); n > 0 && palette->argument[n - 1] == ' ';)
        palette->argument[--n] = '\0';
    palette->line = action ? tui_printf("%s%s%s", action->name, *palette->argument ? " " : "",
                                        palette->argument)
                           : tui_strdup("");
    if (palette->options.done)
        palette->options.done(palette->options.context, palette, action != NULL);
}

static const struct row *selected_row(const struct palette *palette)
{
    return palette->n_shown ? &palette->rows[palette->shown[palette->selected]] : NULL;
}

static void accept(struct palette *palette)
{
    size_t argument_at = 0;
    const struct action *named = named_action(palette, &argument_at);
    const struct row *row = selected_row(palette);
    if (named)
        close_with(palette, named, edit_text(&palette->edit) + argument_at);
    else if (row)
        close_with(palette, row->action, row->argument);
}

static void select_by(struct palette *palette, long by)
{
    long last = (long)palette->n_shown - 1, at = (long)palette->selected + by;
    palette->selected = (size_t)(at < 0 || last < 0 ? 0 : at > last ? last : at);
}

/* Fills in the selected line, so that an argument can be typed or changed. */
static void fill_in(struct palette *palette)
{
    const struct row *row = selected_row(palette);
    if (!row)
        return;
    char *line = tui_printf("%s %s", row->action->name, row->argument);
    edit_set(&palette->edit, line);
    free(line);
    palette_filter(palette);
}

static void edit_with(struct palette *palette, uint32_t key)
{
    if (edit_key(&palette->edit, NULL, key) == EDIT_CHANGED)
        palette_filter(palette);
}

bool palette_key(struct palette *palette, uint32_t key)
{
    size_t argument_at;
    if (!palette_open(palette))
        return false;
    switch (key) {
    case KEYS_ESC:
    case KEYS_CTRL | 'c':
    case KEYS_CTRL | 'g':
        close_with(palette, NULL, "");
        break;
    case KEYS_ENTER:
        accept(palette);
        break;
    case KEYS_UP:
    case KEYS_CTRL | 'p':
    case KEYS_BACK_TAB:
        select_by(palette, -1);
        break;
    case KEYS_DOWN:
    case KEYS_CTRL | 'n':
        select_by(palette, 1);
        break;
    case KEYS_PAGE_UP:
        select_by(palette, -LIST_ROWS);
        break;
    case KEYS_PAGE_DOWN:
        select_by(palette, LIST_ROWS);
        break;
    case KEYS_TAB:
        if (named_action(palette, &argument_at))
            edit_with(palette, key);
        else
            fill_in(palette);
        break;
    case KEYS_BACKSPACE:
        if (palette->edit.n == 0)
            close_with(palette, NULL, "");
        else
            edit_with(palette, key);
        break;
    default:
        edit_with(palette, key);
    }
    return true;
}

bool palette_paste(struct palette *palette, const char *text)
{
    if (!palette_open(palette))
        return false;
    edit_insert(&palette->edit, text);
    palette_filter(palette);
    return true;
}

bool palette_mouse(struct palette *palette, const struct loop_mouse *mouse)
{
    if (!palette_open(palette))
        return false;
    int row = mouse->row - palette->list_row;
    if (!mouse->pressed)
        return true;
    if (mouse->button == 4 || mouse->button == 5)
        select_by(palette, mouse->button == 4 ? -1 : 1);
    else if (row >= 0 && row < palette->list_rows &&
             palette->first + (size_t)row < palette->n_shown) {
        palette->selected = palette->first + (size_t)row;
        accept(palette);
    }
    return true;
}

/* ---- Drawing ---- */

static void draw_name(struct area line, int cells, const struct row *row)
{
    struct draw_match matches[LETTERS_MAX];
    for (size_t i = 0; i < row->n_letters; i++)
        matches[i] = (struct draw_match){row->letters[i], row->letters[i] + 1};
    if (*row->argument) {
        char *text = tui_printf("%s %s", row->action->name, row->argument);
        draw_field_matches(line, 0, 1, cells, -1, ROLE_ACCENT, text, matches, row->n_letters);
        free(text);
    } else {
        draw_field_matches(line, 0, 1, cells, -1, ROLE_ACCENT, row->action->name, matches,
                           row->n_letters);
    }
}

static void draw_row(const struct palette *palette, struct area line, const struct row *row,
                     bool selected)
{
    int cells = line.cols < NAME_CELLS * 2 ? line.cols / 2 : NAME_CELLS;
    draw_clear(line, ROLE_PLAIN);
    draw_name(line, cells, row);
    struct area rest = area_part(line, 0, cells + 2, 1, line.cols - cells - 3);
    if (line.cols >= 60) {
        const char *keys = keymap_keys(palette->options.keymap, row->action->id);
        struct area right = area_cut_right(&rest, text_cells(keys) + 2);
        draw_text(right, 0, 2, ROLE_DIM, keys);
    }
    draw_field(rest, 0, 0, rest.cols, -1, ROLE_PLAIN, text_translated(row->action->summary));
    if (selected)
        draw_mark(line, 0, 0, line.cols, ROLE_SELECTED);
}

void palette_draw(struct palette *palette, struct area screen)
{
    if (!palette_open(palette) || screen.rows < 1)
        return;
    struct area line = area_cut_bottom(&screen, 1);
    draw_clear(line, ROLE_PLAIN);
    int col = draw_text(line, 0, 0, ROLE_ACCENT, ":");
    edit_draw(&palette->edit, line, 0, col, line.cols - col, ROLE_PLAIN, true);
    int room = screen.rows - 2 < LIST_ROWS ? screen.rows - 2 : LIST_ROWS;
    room = room > 0 ? room : 0;
    int n = palette->n_shown < (size_t)room ? (int)palette->n_shown : room;
    struct area list = area_cut_bottom(&screen, n > 0 ? n : palette->n_shown ? 0 : 1);
    struct area rule = area_cut_bottom(&screen, 1);
    draw_rule(rule, 0, ROLE_RULE);
    palette->list_row = list.row;
    palette->list_rows = n;
    if (palette->n_shown == 0) {
        draw_clear(list, ROLE_PLAIN);
        draw_text(list, 0, 1, ROLE_DIM, _("no action of that name"));
        return;
    }
    if (palette->selected < palette->first)
        palette->first = palette->selected;
    if (n > 0 && palette->selected >= palette->first + (size_t)n)
        palette->first = palette->selected - (size_t)n + 1;
    for (int i = 0; i < n; i++) {
        size_t at = palette->first + (size_t)i;
        draw_row(palette, area_part(list, i, 0, 1, list.cols), &palette->rows[palette->shown[at]],
                 at == palette->selected);
    }
}

const struct action *palette_action(const struct palette *palette)
{
    return palette->action;
}

const char *palette_argument(const struct palette *palette)
{
    return palette->argument ? palette->argument : "";
}

const char *palette_line(const struct palette *palette)
{
    return palette->line ? palette->line : "";
}
