/* The people behind a step of a funnel or a cell of the RFM grid. Its argument is "funnel LEAST
 * MOST DIALECT LINE" or "rfm RECENCY FREQUENCY". */
#include "model/base/text.h"
#include "model/loop/rfm.h"
#include "views/funnel_text.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LINE = 2048, SHOWN = 20000 };

struct crowd_question {
    char argument[LINE];
    int64_t from, to, present;
    struct access access;
};

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

static enum status funnel_crowd(struct reader *reader, struct arena *arena,
                                const struct crowd_question *question, const uint32_t **people,
                                size_t *n, struct error *err)
{
    struct funnel_query query = {.from = question->from, .to = question->to};
    struct funnel funnel;
    char dialect[16] = "";
    int least = 0, most = 0, at = 0;
    if (sscanf(question->argument, "funnel %d %d %15s %n", &least, &most, dialect, &at) < 3)
        return error_set(err, ST_USAGE, "this names no step");
    for (int i = 0; i < DIALECT_COUNT; i++)
        if (strcmp(dialect, funnel_dialects[i]) == 0)
            query.dialect = (enum funnel_dialect)i;
    query.modes = query.dialect == DIALECT_CLICKHOUSE ? MODE_STRICT_ONCE : 0;
    enum status status = funnel_text_parse(arena, question->argument + at, &query, err);
    if (status == ST_OK)
        status = funnel_run(reader, arena, &query, &funnel, err);
    if (status == ST_OK)
        *people = funnel_people(arena, &funnel, least, most, n);
    return status;
}

static enum status rfm_crowd(struct reader *reader, struct arena *arena,
                             const struct crowd_question *question, const uint32_t **people,
                             size_t *n, struct error *err)
{
    struct rfm rfm;
    int recency, frequency;
    if (sscanf(question->argument, "rfm %d %d", &recency, &frequency) != 2)
        return error_set(err, ST_USAGE, "this names no cell");
    enum status status = rfm_run(reader, arena, question->present, 0, &rfm, err);
    if (status != ST_OK)
        return status;
    uint32_t *found = arena_array(arena, uint32_t, rfm.n + 1);
    for (size_t i = 0; i < rfm.n; i++)
        if (rfm.score[i][RFM_RECENCY] == recency && rfm.score[i][RFM_FREQUENCY] == frequency)
            found[(*n)++] = rfm.people[i];
    *people = found;
    return ST_OK;
}

static void *crowd_ask(struct reader *reader, struct arena *arena, const void *parameters,
                       struct error *err)
{
    const struct crowd_question *question = parameters;
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    const uint32_t *people = NULL;
    size_t n = 0;
    bool rfm = strncmp(question->argument, "rfm ", 4) == 0;
    enum status status =
        (rfm ? rfm_crowd : funnel_crowd)(reader, arena, question, &people, &n, err);
    if (status != ST_OK)
        return NULL;
    size_t shown = n < SHOWN ? n : SHOWN;
    uint64_t *keys = arena_array(arena, uint64_t, shown + 1);
    answer->sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    answer->open = arena_array(arena, const char *, shown + 1);
    answer->screen = "member";
    answer->title = arena_printf(arena, _("%s people"), text_count(arena, (int64_t)n));
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
    const struct console *console = view->console;
    struct crowd_question question = {.from = console->period.from,
                                      .to = console->period.until,
                                      .present = console->present,
                                      .access = console->access};
    snprintf(question.argument, sizeof question.argument, "%s", view->argument);
    view_ask(view, 0, _("people"), crowd_ask, &question, sizeof question);
}

static void crowd_open(struct view *view)
{
    sheet_view_open(view, "crowd", _("people"));
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
};
