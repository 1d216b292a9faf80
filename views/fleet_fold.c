#include "views/fleet_fold.h"

#include "model/base/hash.h"
#include "model/base/vec.h"
#include "model/fleet/clean.h"
#include "model/fleet/diff.h"
#include "tui/intl.h"
#include "views/fleet_rows.h"

#include <string.h>

enum { CODES_SHOWN = 12, FIRST_LINE = 200 };

static const struct sheet_column columns[] = {
    {"devices", N_("devices"), CELL_COUNT},  {"what", N_("answer"), CELL_TEXT},
    {"exit", N_("exit"), CELL_COUNT},        {"which", N_("which"), CELL_TEXT},
    {"said", N_("what it says"), CELL_TEXT},
};

static const struct sheet_column line_columns[] = {{"mark", N_("±"), CELL_TEXT},
                                                   {"line", N_("line"), CELL_TEXT}};

/* ---- Rows ---- */

struct folding {
    struct arena *arena;
    struct fleet_work *work;
    const struct fleet_result *results;
    size_t n;
    VEC(struct folded_row) rows;
};

static void answers_fold(struct folding *f, struct folded *folded)
{
    struct fleet_output *outputs = arena_array(f->arena, struct fleet_output, f->n + 1);
    size_t *index = arena_array(f->arena, size_t, f->n + 1), n = 0, found;
    for (size_t i = 0; i < f->n; i++)
        if (f->results[i].finished && f->results[i].job.state == DEVICE_OK) {
            index[n] = i;
            outputs[n++] = f->results[i].output;
        }
    const struct fleet_group *groups = fleet_fold(f->arena, outputs, n, &found);
    for (size_t g = 0; g < found; g++) {
        size_t *members = arena_array(f->arena, size_t, groups[g].n);
        for (size_t i = 0; i < groups[g].n; i++)
            members[i] = index[groups[g].members[i]];
        *(g ? &folded->differ : &folded->same) += groups[g].n;
        vec_push(&f->rows, (struct folded_row){.output = groups[g].output,
                                               .majority = g == 0,
                                               .state = DEVICE_OK,
                                               .phase = PHASE_DONE,
                                               .reason = "",
                                               .n = groups[g].n,
                                               .members = members});
    }
}

static struct folded_row row_of(const struct folding *f, size_t i)
{
    const struct fleet_result *result = &f->results[i];
    bool running = !result->finished;
    return (struct folded_row){.running = running,
                               .state = running ? DEVICE_NEVER : result->job.state,
                               .phase = running ? fleet_work_phase(f->work, i) : result->job.phase,
                               .reason = running ? "" : result->job.reason};
}

static bool alike(const struct folded_row *a, const struct folded_row *b)
{
    return a->running == b->running && a->state == b->state && a->phase == b->phase &&
           strcmp(a->reason, b->reason) == 0;
}

/* Those without an answer, or those that run, each under what they share. */
static void others_fold(struct folding *f, bool running, size_t *count)
{
    bool *taken = arena_array(f->arena, bool, f->n + 1);
    for (size_t i = 0; i < f->n; i++) {
        const struct fleet_result *result = &f->results[i];
        bool wanted =
            running ? !result->finished : result->finished && result->job.state != DEVICE_OK;
        if (taken[i] || !wanted)
            continue;
        struct folded_row row = row_of(f, i);
        size_t *members = arena_array(f->arena, size_t, f->n - i);
        for (size_t k = i; k < f->n; k++) {
            const struct fleet_result *other = &f->results[k];
            if (taken[k] || (!running && other->job.state == DEVICE_OK) ||
                other->finished == running)
                continue;
            struct folded_row its = row_of(f, k);
            if (!alike(&row, &its))
                continue;
            taken[k] = true;
            members[row.n++] = k;
        }
        if (!row.n) /* it went on to another phase between two looks */
            members[row.n++] = i;
        row.members = members;
        *count += row.n;
        vec_push(&f->rows, row);
    }
}

static const char *codes_text(const struct folding *f, const struct folded_row *row)
{
    const char *text = "";
    for (size_t i = 0; i < row->n && i < CODES_SHOWN; i++)
        text = arena_printf(f->arena, "%s%s%s", text, i ? " " : "",
                            f->results[row->members[i]].device->code);
    return row->n > CODES_SHOWN ? arena_printf(f->arena, "%s …", text) : text;
}

static const char *what_text(struct arena *arena, const struct folded_row *row)
{
    if (row->output)
        return row->majority ? _("the majority") : _("differs");
    if (row->running)
        return arena_printf(arena, _("running: %s"),
                            fleet_phase_text(fleet_phase_names[row->phase]));
    return fleet_state_text(arena, row->state);
}

static const char *first_line(struct arena *arena, const struct fleet_output *output)
{
    const char *stop = memchr(output->bytes, '\n', output->n);
    size_t n = stop ? (size_t)(stop - output->bytes) : output->n;
    return device_clean(arena, output->bytes, n, FIRST_LINE, false, NULL);
}

static void row_fill(const struct folding *f, struct cell *cells, const struct folded_row *row)
{
    cells[0] = cell_integer((int64_t)row->n);
    cells[1] = cell_text(what_text(f->arena, row));
    if (row->output && row->output->exit_status >= 0)
        cells[2] = cell_integer(row->output->exit_status);
    cells[3] = cell_text(codes_text(f, row));
    if (row->output)
        cells[4] = cell_text(first_line(f->arena, row->output));
    else if (!row->running)
        cells[4] = cell_text(arena_printf(
            f->arena, "%s: %s", fleet_phase_text(fleet_phase_names[row->phase]), row->reason));
}

/* Rows keep their place under the cursor: those of answers go by what was said. */
static uint64_t row_key(const struct folded_row *row)
{
    if (row->output)
        return hash64(row->output->bytes, row->output->n) * 31 +
               (uint64_t)(row->output->exit_status + 1);
    return hash64(row->reason, strlen(row->reason)) + (uint64_t)row->phase * 64 +
           (uint64_t)row->state * 2 + row->running;
}

struct folded *fleet_results_fold(struct arena *arena, struct fleet_work *work)
{
    struct folded *folded = arena_new_of(arena, struct folded);
    struct folding f = {.arena = arena, .work = work};
    f.results = fleet_work_results(work, &f.n);
    answers_fold(&f, folded);
    others_fold(&f, false, &folded->without);
    others_fold(&f, true, &folded->running);
    struct folded_row *rows = arena_array(arena, struct folded_row, f.rows.n + 1);
    folded->n = f.rows.n;
    folded->rows = rows;
    folded->keys = arena_array(arena, uint64_t, f.rows.n + 1);
    folded->sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < f.rows.n; i++) {
        rows[i] = f.rows.at[i];
        row_fill(&f, sheet_row_add(folded->sheet), &rows[i]);
        folded->keys[i] = row_key(&rows[i]);
    }
    vec_free(&f.rows);
    return folded;
}

const char *folded_text(struct arena *arena, const struct folded *folded)
{
    const char *text = arena_printf(arena, _("%zu identical, %zu differ, %zu no answer"),
                                    folded->same, folded->differ, folded->without);
    return folded->running ? arena_printf(arena, _("%s, %zu running"), text, folded->running)
                           : text;
}

/* ---- Lines of one ---- */

static void line_add(struct sheet *sheet, char mark, const char *text, size_t n)
{
    static const char *const marks[] = {"-", "+"};
    struct cell *cells = sheet_row_add(sheet);
    cells[0] = cell_text(mark == '-' ? marks[0] : mark == '+' ? marks[1] : "");
    cells[1] = cell_text(arena_strndup(sheet->arena, text, n));
}

static const char *output_clean(struct arena *arena, const struct fleet_output *output)
{
    return device_clean(arena, output->bytes, output->n, FOLDED_MOST, true, NULL);
}

static void trouble_lines(struct sheet *sheet, const struct fleet_result *results,
                          const struct folded_row *row)
{
    struct arena *arena = sheet->arena;
    for (size_t i = 0; i < row->n; i++) {
        const struct fleet_result *result = &results[row->members[i]];
        const char *said = output_clean(arena, &result->output);
        const char *text = arena_printf(
            arena, "%s: %s", result->device->code,
            row->running
                ? what_text(arena, row)
                : arena_printf(arena, "%s: %s", fleet_phase_text(fleet_phase_names[row->phase]),
                               row->reason));
        line_add(sheet, ' ', text, strlen(text));
        size_t n = 0;
        const struct diff_line *lines =
            result->finished && *said ? text_diff(arena, said, strlen(said), said, strlen(said), &n)
                                      : NULL;
        for (size_t k = 0; k < n; k++)
            line_add(sheet, ' ', arena_printf(arena, "    %.*s", (int)lines[k].n, lines[k].text),
                     lines[k].n + 4);
    }
}

struct sheet *fleet_row_lines(struct arena *arena, struct fleet_work *work,
                              const struct folded *folded, size_t index)
{
    const struct folded_row *row = &folded->rows[index];
    struct sheet *sheet = sheet_new(arena, line_columns, 2);
    size_t n, found;
    const struct fleet_result *results = fleet_work_results(work, &n);
    if (!row->output) {
        trouble_lines(sheet, results, row);
        return sheet;
    }
    const char *said = output_clean(arena, row->output);
    const char *usual = output_clean(arena, folded->rows[0].output);
    const struct diff_line *lines =
        text_diff(arena, usual, strlen(usual), said, strlen(said), &found);
    for (size_t i = 0; i < found; i++)
        line_add(sheet, lines[i].mark, lines[i].text, lines[i].n);
    if (!row->majority && row->output->exit_status != folded->rows[0].output->exit_status) {
        const char *text =
            arena_printf(arena, _("exit status %d, the majority's is %d"), row->output->exit_status,
                         folded->rows[0].output->exit_status);
        line_add(sheet, '+', text, strlen(text));
    }
    return sheet;
}
