/* What sets two groups of people apart: its argument is two expressions, a line each. */
#include "model/segment/segment_small.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <stdlib.h>
#include <string.h>

struct apart_question {
    struct access access;
    char texts[]; /* A, B, and what people call them: four lines */
};

enum { APART_A, APART_B, APART_TITLE_A, APART_TITLE_B, APART_LINES };

static void lines_split(struct arena *arena, const char *text, const char *lines[APART_LINES])
{
    for (int i = 0; i < APART_LINES; i++) {
        size_t n = strcspn(text, "\n");
        lines[i] = arena_strndup(arena, text, n);
        text += n + (text[n] == '\n');
    }
}

static const struct sheet_column columns[] = {
    {"kind", N_("kind"), CELL_TEXT},     {"name", N_("trait"), CELL_TEXT},
    {"share_a", N_("of A"), CELL_SHARE}, {"share_b", N_("of B"), CELL_SHARE},
    {"lift", N_("lift"), CELL_REAL, 2},  {"a", N_("A"), CELL_COUNT},
    {"b", N_("B"), CELL_COUNT},
};

static void *apart_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    const struct apart_question *question = parameters;
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    struct segment_comparison comparison;
    const char *lines[APART_LINES];
    lines_split(arena, question->texts, lines);
    if (segment_compare(reader, arena, &question->access, lines[APART_A], lines[APART_B],
                        &comparison, err) != ST_OK)
        return NULL;
    segment_comparison_hide_small(arena, &question->access, &comparison);
    answer->sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    answer->metric = -1;
    const char *both = small_group_text(&question->access, arena, 1);
    if (!comparison.both_hidden)
        both = text_count(arena, comparison.both);
    answer->title =
        arena_printf(arena, _("A %s %s, B %s %s, both %s; alike %.1f %%"), lines[APART_TITLE_A],
                     text_count(arena, comparison.a), lines[APART_TITLE_B],
                     text_count(arena, comparison.b), both, 100 * comparison.jaccard);
    for (size_t i = 0; i < comparison.n_traits; i++) {
        const struct segment_trait *trait = &comparison.traits[i];
        struct cell *cells = sheet_row_add(answer->sheet);
        cells[0] = cell_text(_(trait->kind));
        cells[1] = cell_text(word_translated(trait->kind, trait->name));
        cells[2] = trait->hidden_a ? cell_hidden(0) : cell_share(trait->share_a, 1);
        cells[3] = trait->hidden_b ? cell_hidden(0) : cell_share(trait->share_b, 1);
        if (trait->share_b > 0 && !trait->hidden_a)
            cells[4] = cell_real(segment_lift(trait));
        cells[5] = trait->hidden_a ? cell_hidden(0) : cell_integer(trait->n_a);
        cells[6] = trait->hidden_b ? cell_hidden(0) : cell_integer(trait->n_b);
    }
    return answer;
}

static void apart_refresh(struct view *view)
{
    size_t size = sizeof(struct apart_question) + strlen(view->argument) + 1;
    struct apart_question *question = mem_zero(1, size);
    question->access = view->console->access;
    memcpy(question->texts, view->argument, strlen(view->argument));
    view_ask(view, 0, _("comparing"), apart_ask, question, size);
    free(question);
}

static void apart_open(struct view *view)
{
    sheet_view_open(view, "apart", _("differences"));
}

const struct view_ops view_apart = {
    .name = "apart",
    .title = N_("Apart"),
    .about = N_("What sets one group of people apart from another: fields, labels, interests, "
                "categories and shops of the last year, by the difference of their shares."),
    .rights = RIGHT_QUESTIONS | RIGHT_PEOPLE_SEE,
    .size = sizeof(struct sheet_state),
    .open = apart_open,
    .close = sheet_view_close,
    .refresh = apart_refresh,
    .draw = sheet_view_draw,
    .action = sheet_view_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
};
