/* The people behind a step, a cell, a label: its argument is that of views/people_of.h. */
#include "model/base/text.h"
#include "views/people_of.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <inttypes.h>

enum { SHOWN = 20000 };

static const struct sheet_column columns[] = {{"name", N_("name"), CELL_TEXT},
                                              {"card", N_("card"), CELL_TEXT},
                                              {"tier", N_("tier"), CELL_TEXT}};

static const char *column_text(struct arena *arena, sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    return arena_strdup(arena, text ? text : "");
}

static enum status person_row(struct reader *reader, struct arena *arena,
                              const struct access *access, uint32_t person, struct cell *cells,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    cells[0] = cell_text(_("visitor"));
    cells[1] = cell_text(arena_printf(arena, "#%" PRIu32, person));
    enum status status =
        reader_prepare(reader, "select name, card, tier from member where person = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    status = reader_step(reader, stmt, &row, err);
    if (status != ST_OK || !row)
        return status;
    cells[0] =
        cell_text(access_text(access, arena, PERSONAL_NAME, person, column_text(arena, stmt, 0)));
    cells[1] =
        cell_text(access_text(access, arena, PERSONAL_CARD, person, column_text(arena, stmt, 1)));
    cells[2] = cell_text(column_text(arena, stmt, 2));
    return ST_OK;
}

static void *crowd_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    const struct people_question *question = parameters;
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    struct people_found found;
    if (people_of(reader, arena, question, &found, err) != ST_OK)
        return NULL;
    const uint32_t *people = found.people;
    size_t n = found.n;
    size_t shown = n < SHOWN ? n : SHOWN;
    uint64_t *keys = arena_array(arena, uint64_t, shown + 1);
    answer->sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    answer->open = arena_array(arena, const char *, shown + 1);
    answer->screen = "member";
    answer->title = arena_printf(arena, _("%s people"), text_count(arena, (int64_t)n));
    if (*found.title)
        answer->title = arena_printf(arena, "%s · %s", found.title, answer->title);
    answer->metric = -1;
    answer->total = (int64_t)n;
    answer->keys = keys;
    for (size_t i = 0; i < shown; i++) {
        if (i % 256 == 0 && reader_cancelled(reader)) {
            error_set(err, ST_CANCELLED, "the question was cancelled");
            return NULL;
        }
        keys[i] = people[i];
        answer->open[i] = arena_printf(arena, "#%" PRIu32, people[i]);
        if (person_row(reader, arena, &question->access, people[i], sheet_row_add(answer->sheet),
                       err) != ST_OK)
            return NULL;
    }
    return answer;
}

static void crowd_refresh(struct view *view)
{
    struct people_question question = people_question_of(view->console, view->argument);
    view_ask(view, 0, _("people"), crowd_ask, &question, sizeof question);
}

static void crowd_open(struct view *view)
{
    sheet_view_open(view, "crowd", _("people"));
}

static char *crowd_people(struct view *view)
{
    return mem_strdup(view->argument);
}

const struct view_ops view_crowd = {
    .name = "crowd",
    .title = N_("People"),
    .rights = RIGHT_PEOPLE_SEE,
    .size = sizeof(struct sheet_state),
    .open = crowd_open,
    .close = sheet_view_close,
    .refresh = crowd_refresh,
    .draw = sheet_view_draw,
    .action = sheet_view_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
    .people = crowd_people,
};
