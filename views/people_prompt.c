#include "views/people_prompt.h"

#include "model/base/text.h"
#include "model/event/sample.h"
#include "model/people/member_list.h"
#include "model/segment/segment_small.h"
#include "model/segment/vocabulary.h"
#include "views/session.h"

#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 40, HISTORY = 100 };

struct prompt_question {
    struct access access;
    bool rule;
    size_t name_size; /* the name stands behind the text */
    char text[];
};

static uint32_t people_estimate(double share, uint32_t count)
{
    return (uint32_t)sample_estimate(share, count);
}

static void preview_estimate(struct arena *arena, double share, struct label_preview *preview)
{
    size_t n = preview->n_overlaps;
    struct label_overlap *overlaps = arena_array(arena, struct label_overlap, n + 1);
    if (share >= 1)
        return;
    preview->count = people_estimate(share, preview->count);
    preview->joining = people_estimate(share, preview->joining);
    preview->leaving = people_estimate(share, preview->leaving);
    for (size_t i = 0; i < n; i++) {
        overlaps[i] = preview->overlaps[i];
        overlaps[i].people = people_estimate(share, overlaps[i].people);
        overlaps[i].both = people_estimate(share, overlaps[i].both);
    }
    preview->overlaps = overlaps;
}

static void *count_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    const struct prompt_question *question = parameters;
    struct prompt_answer *answer = arena_new_of(arena, struct prompt_answer);
    const char *name = question->text + strlen(question->text) + 1;
    struct segment_answer found;
    enum status status = member_count(reader, &answer->members, err);
    answer->text = arena_strdup(arena, question->text);
    double share = sample_share(reader);
    if (status == ST_OK && question->rule)
        status = label_preview(reader, arena, &question->access, *name ? name : NULL,
                               question->text, &answer->preview, err);
    else if (status == ST_OK) {
        status = segment_run(reader, arena, &question->access, question->text, &found, err);
        answer->preview = (struct label_preview){.people = found.people,
                                                 .count = found.count,
                                                 .n_notes = found.n_notes,
                                                 .notes = found.notes};
    }
    if (status != ST_OK)
        return NULL;
    struct access access = question->access;
    access.sampled = share < 1;
    if (small_group(&access, answer->preview.count))
        answer->hidden = small_group_text(&access, arena, answer->preview.count);
    label_preview_hide_small(arena, &access, &answer->preview);
    preview_estimate(arena, share, &answer->preview);
    return answer;
}

static void *names_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    struct vocabulary *vocabulary = arena_new_of(arena, struct vocabulary);
    (void)parameters;
    return vocabulary_read(reader, arena, vocabulary, err) == ST_OK ? vocabulary : NULL;
}

static void count_now(struct people_prompt *prompt)
{
    const char *text = edit_text(&prompt->edit), *name = prompt->name ? prompt->name : "";
    size_t n = strlen(text) + 1, n_name = strlen(name) + 1;
    prompt->timer = 0;
    if (!*text) {
        view_cancel(prompt->view, prompt->count_slot);
        return;
    }
    struct prompt_question *question = mem_zero(1, sizeof *question + n + n_name);
    question->access = prompt->view->console->access;
    question->rule = prompt->rule;
    question->name_size = n_name;
    memcpy(question->text, text, n);
    memcpy(question->text + n, name, n_name);
    view_ask_early(prompt->view, prompt->count_slot, _("people"), count_ask, question,
                   sizeof *question + n + n_name);
    free(question);
}

static void timer_fired(void *context)
{
    count_now(context);
}

/* A pause after the last key, so that a word being typed is not counted letter by letter. */
static void count_soon(struct people_prompt *prompt)
{
    struct console *console = prompt->view->console;
    view_cancel(prompt->view, prompt->count_slot);
    if (prompt->timer)
        loop_timer_stop(console->loop, prompt->timer);
    prompt->timer = 0;
    if (console->still)
        count_now(prompt);
    else
        prompt->timer = loop_timer(console->loop, WAIT_MS, false, timer_fired, prompt);
}

static void complete(void *context, const char *text, size_t at,
                     struct edit_completions *completions)
{
    struct people_prompt *prompt = context;
    arena_reset(prompt->completing);
    people_complete(prompt->completing, view_answer(prompt->view, prompt->names_slot), text, at,
                    &completions->items, &completions->n, &completions->from);
}

void people_prompt_begin(struct people_prompt *prompt, struct view *view, const char *history,
                         int count_slot, int names_slot, bool rule)
{
    const char *lines[HISTORY];
    *prompt = (struct people_prompt){.view = view,
                                     .count_slot = count_slot,
                                     .names_slot = names_slot,
                                     .rule = rule,
                                     .completing = arena_new(),
                                     .name = mem_strdup("")};
    size_t n = session_history(view->console->session, history, lines, HISTORY);
    while (n-- > 0)
        edit_history_add(&prompt->history, lines[n]);
    prompt->edit.history = &prompt->history;
    prompt->edit.complete = complete;
    prompt->edit.context = prompt;
    prompt->edit.most = PEOPLE_LONGEST;
    view_ask(view, names_slot, _("names"), names_ask, "", 1);
}

void people_prompt_end(struct people_prompt *prompt)
{
    if (prompt->timer)
        loop_timer_stop(prompt->view->console->loop, prompt->timer);
    edit_free(&prompt->edit);
    edit_history_free(&prompt->history);
    arena_free(prompt->completing);
    free(prompt->name);
}

void people_prompt_refresh(struct people_prompt *prompt)
{
    view_ask(prompt->view, prompt->names_slot, _("names"), names_ask, "", 1);
    if (*edit_text(&prompt->edit))
        count_now(prompt);
}

void people_prompt_edit(struct people_prompt *prompt, const char *name, const char *text)
{
    char *kept = mem_strdup(name);
    free(prompt->name);
    prompt->name = kept;
    prompt->writing = true;
    edit_set(&prompt->edit, text);
    count_now(prompt);
}

const char *people_prompt_text(const struct people_prompt *prompt)
{
    return edit_text(&prompt->edit);
}

/* ---- Drawing ---- */

/* A mark under the word that a message points at. */
static void place_draw(const struct people_prompt *prompt, struct area row, int from, size_t column)
{
    const char *text = edit_text(&prompt->edit);
    size_t at = 0, n = strlen(text);
    uint32_t rune;
    for (size_t i = 1; i < column && at < n; i++)
        at += text_rune(text + at, n - at, &rune);
    if (at < prompt->edit.first)
        return;
    char *before = mem_strndup(text + prompt->edit.first, at - prompt->edit.first);
    int col = from + text_cells(before);
    free(before);
    if (col < row.cols)
        draw_text(row, 0, col, ROLE_ERROR, "^");
}

static void count_draw(const struct people_prompt *prompt, struct area row)
{
    const struct prompt_answer *answer = view_answer(prompt->view, prompt->count_slot);
    struct arena *arena = arena_new();
    bool current = answer && strcmp(answer->text, edit_text(&prompt->edit)) == 0;
    if (current) {
        const struct label_preview *preview = &answer->preview;
        bool partial = view_is_partial(prompt->view, prompt->count_slot);
        int at = draw_printf(row, 0, 0, partial ? ROLE_DIM : ROLE_ACCENT, _("%s people"),
                             answer->hidden ? answer->hidden : text_count(arena, preview->count));
        if (answer->members > 0 && !answer->hidden)
            at += draw_printf(row, 0, at, ROLE_DIM, _(" · %.1f %% of the members"),
                              100.0 * preview->count / (double)answer->members);
        if (preview->there && !preview->change_hidden)
            at += draw_printf(row, 0, at, ROLE_WARN, _(" · %s would get the label, %s lose it"),
                              text_count(arena, preview->joining),
                              text_count(arena, preview->leaving));
        if (preview->n_notes)
            draw_printf(row, 0, at, ROLE_WARN, " · %s", preview->notes[0]);
    } else if (!*edit_text(&prompt->edit)) {
        draw_text(row, 0, 0, ROLE_DIM,
                  _("for example: tier>=gold and spent(90d)>=300 and not visited(30d)"));
    } else {
        draw_text(row, 0, 0, ROLE_DIM, _("counting …"));
    }
    arena_free(arena);
}

void people_prompt_draw(struct people_prompt *prompt, struct area *area)
{
    const char *problem = view_problem(prompt->view, prompt->count_slot);
    const char *label = *prompt->name ? prompt->name : prompt->rule ? _("rule") : _("segment");
    struct area row = area_cut_top(area, 1);
    size_t line, column;
    int at = draw_printf(row, 0, 0, ROLE_ACCENT, "%s>", label) + 1;
    edit_draw(&prompt->edit, row, 0, at, row.cols - at, ROLE_INPUT, prompt->writing);
    if (!problem || !*edit_text(&prompt->edit) || view_asking(prompt->view, prompt->count_slot)) {
        count_draw(prompt, area_cut_top(area, 1));
        return;
    }
    if (people_error_place(problem, &line, &column))
        place_draw(prompt, area_cut_top(area, 1), at, column);
    int used = draw_wrapped(*area, 0, ROLE_ERROR, problem);
    area_cut_top(area, used);
}

bool people_prompt_key(struct people_prompt *prompt, uint32_t key, bool below)
{
    struct view *view = prompt->view;
    if (key == KEYS_ESC || (key == KEYS_DOWN && below && !*edit_text(&prompt->edit))) {
        prompt->writing = false;
        return key != KEYS_ESC || below;
    }
    if (key == (KEYS_CTRL | 'c') && view_asking(view, prompt->count_slot))
        return false;
    enum edit_result result = edit_key(&prompt->edit, view->console->loop, key);
    if (result == EDIT_CHANGED)
        count_soon(prompt);
    return result != EDIT_IGNORED;
}
