/* The people behind a figure of expected value, those of whom most is expected first. */
#include "model/base/text.h"
#include "views/insight_people.h"
#include "views/person_rows.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { SHOWN = 20000 };

static const struct sheet_column columns[] = {
    {"name", N_("name"), CELL_TEXT},
    {"card", N_("card"), CELL_TEXT},
    {"alive", N_("alive"), CELL_SHARE},
    {"expected", N_("purchases to expect"), CELL_REAL, 2},
    {"worth", N_("money to expect"), CELL_MONEY},
    {"money", N_("spent so far"), CELL_MONEY},
    {"purchases", N_("days with a purchase"), CELL_COUNT},
};

static enum status rows_make(struct reader *reader, struct arena *arena,
                             const struct access *access, const struct value_chosen *chosen,
                             struct sheet_answer *answer, struct error *err)
{
    size_t shown = chosen->n < SHOWN ? chosen->n : SHOWN;
    uint64_t *keys = arena_array(arena, uint64_t, shown + 1);
    answer->open = arena_array(arena, const char *, shown + 1);
    answer->keys = keys;
    for (size_t i = 0; i < shown; i++) {
        const struct value_person *p = &chosen->value.people[chosen->at[i]];
        struct cell *cells = sheet_row_add(answer->sheet);
        if (i % 256 == 0 && reader_cancelled(reader))
            return error_set(err, ST_CANCELLED, "the question was cancelled");
        enum status status = person_row_cells(reader, arena, access, p->person, cells, err);
        if (status != ST_OK)
            return status;
        keys[i] = p->person;
        answer->open[i] = arena_printf(arena, "#%" PRIu32, p->person);
        cells[2] = cell_real(p->alive);
        cells[3] = cell_real(round(p->expected * 100) / 100);
        if (isfinite(p->worth))
            cells[4] = cell_integer(llround(p->worth));
        cells[5] = cell_integer(p->money);
        cells[6] = cell_integer((int64_t)p->x + 1);
    }
    return ST_OK;
}

static void *people_ask(struct reader *reader, struct arena *arena, const void *parameters,
                        struct error *err)
{
    const struct people_question *question = parameters;
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    struct value_chosen chosen;
    const char *rest = question->argument;
    if (strncmp(rest, "value ", 6) != 0) {
        error_set(err, ST_USAGE, "this names no people by their value");
        return NULL;
    }
    if (value_choose(reader, arena, rest + 6, &chosen, err) != ST_OK ||
        small_group_check(&question->access, (int64_t)chosen.n, err) != ST_OK)
        return NULL;
    answer->sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    answer->screen = "member";
    answer->title = arena_printf(arena, _("%s · %s people"), chosen.title,
                                 text_count(arena, (int64_t)chosen.n));
    answer->metric = -1;
    answer->total = (int64_t)chosen.n;
    return rows_make(reader, arena, &question->access, &chosen, answer, err) == ST_OK ? answer
                                                                                      : NULL;
}

static void people_refresh(struct view *view)
{
    struct people_question question = people_question_of(view->console, view->argument);
    view_ask(view, 0, _("people"), people_ask, &question, sizeof question);
}

static void people_open(struct view *view)
{
    sheet_view_open(view, "value-people", C_("counted", "people"));
}

const struct view_ops view_value_people = {
    .name = "value-people",
    .title = N_("People by value"),
    .rights = RIGHT_PEOPLE_SEE,
    .size = sizeof(struct sheet_state),
    .open = people_open,
    .close = sheet_view_close,
    .refresh = people_refresh,
    .draw = sheet_view_draw,
    .action = sheet_view_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
};
