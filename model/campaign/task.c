#include "model/campaign/task.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/store/column.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const task_state_names[TASK_STATES] = {"open", "taken", "done", "dropped"};
const char *const task_state_titles[TASK_STATES] = {N_("to be done"), N_("taken"), N_("finished"),
                                                    N_("given up")};

static const struct sheet_column columns[TASK_COLUMNS] = {
    [TASK_ID] = {"task", N_("task"), CELL_COUNT},
    [TASK_STATE] = {"state", N_("state"), CELL_TEXT},
    [TASK_DUE] = {"due", N_("due"), CELL_TIME},
    [TASK_NAME] = {"name", N_("name"), CELL_TEXT},
    [TASK_CARD] = {"card", N_("card"), CELL_TEXT},
    [TASK_TEXT] = {"text", N_("what to do"), CELL_TEXT},
    [TASK_CAMPAIGN] = {"campaign", N_("campaign"), CELL_TEXT},
    [TASK_SHOP] = {"shop", N_("shop"), CELL_TEXT},
    [TASK_ACTOR] = {"actor", N_("who"), CELL_TEXT},
    [TASK_NOTE] = {"note", N_("note"), CELL_TEXT},
    [TASK_MADE] = {"made", N_("made"), CELL_TIME},
};

int task_state_named(const char *name)
{
    for (int i = 0; i < TASK_STATES; i++)
        if (strcmp(task_state_names[i], name) == 0)
            return i;
    return -1;
}

/* ---- Looking ---- */

/* A list of the words for "state in (…)". */
static const char *states_text(struct arena *arena, unsigned states)
{
    const char *text = "";
    for (int i = 0; i < TASK_STATES; i++)
        if (states >> i & 1)
            text = arena_printf(arena, "%s%s'%s'", text, *text ? ", " : "", task_state_names[i]);
    return text;
}

/* The text as written, with what tells who the person is in it masked. */
static const char *text_masked(const struct access *access, struct arena *arena, uint32_t person,
                               const char *text, const char *secret, enum personal what)
{
    const char *at = *secret ? strstr(text, secret) : NULL;
    if (!at)
        return text;
    const char *shown = access_text(access, arena, what, person, secret);
    const char *rest = text_masked(access, arena, person, at + strlen(secret), secret, what);
    return arena_printf(arena, "%.*s%s%s", (int)(at - text), text, shown ? shown : "…", rest);
}

static void task_row(const struct access *access, struct arena *arena, sqlite3_stmt *stmt,
                     struct sheet *sheet)
{
    uint32_t person = (uint32_t)sqlite3_column_int64(stmt, 11);
    const char *name = arena_strdup(arena, column_text(stmt, TASK_NAME));
    const char *card = arena_strdup(arena, column_text(stmt, TASK_CARD));
    const char *phone = arena_strdup(arena, column_text(stmt, 13));
    struct cell *cells = sheet_row_add(sheet);
    for (int i = 0; i < TASK_COLUMNS; i++) {
        if (columns[i].type == CELL_TEXT)
            cells[i] = cell_text(arena_strdup(arena, column_text(stmt, i)));
        else if (sqlite3_column_int64(stmt, i))
            cells[i] = cell_integer(sqlite3_column_int64(stmt, i));
    }
    cells[TASK_NAME] = cell_text(access_text(access, arena, PERSONAL_NAME, person, name));
    cells[TASK_CARD] = cell_text(access_text(access, arena, PERSONAL_CARD, person, card));
    const char *text = cells[TASK_TEXT].text;
    text = text_masked(access, arena, person, text, name, PERSONAL_NAME);
    text = text_masked(access, arena, person, text, card, PERSONAL_CARD);
    cells[TASK_TEXT] = cell_text(text_masked(access, arena, person, text, phone, PERSONAL_PHONE));
}

enum status task_list(struct reader *reader, const struct access *access, struct arena *arena,
                      const struct task_query *query, struct task_list *list, struct error *err)
{
    unsigned states = query->states ? query->states : 1u << TASK_OPEN | 1u << TASK_TAKEN;
    const char *where = states_text(arena, states);
    VEC(uint32_t) people = {0};
    VEC(int64_t) versions = {0};
    sqlite3_stmt *stmt;
    bool row = true;
    int64_t total = 0;
    *list = (struct task_list){.sheet = sheet_new(arena, columns, TASK_COLUMNS)};
    enum status status = access_require(access, RIGHT_PEOPLE_SEE, "see tasks", err);
    if (status == ST_OK)
        status = reader_integer(
            reader, arena_printf(arena, "select count(*) from task where state in (%s)", where), 0,
            &total, err);
    if (status == ST_OK)
        status = reader_prepare(
            reader,
            arena_printf(arena,
                         "select t.id, t.state, t.due, coalesce(m.name, ''), coalesce(m.card, ''),"
                         " t.text, coalesce(c.code, ''), coalesce(s.code, ''), t.actor, t.note,"
                         " t.made, t.person, t.version, coalesce(m.phone, '') from task t left join"
                         " member m on m.person = t.person left join campaign c on c.id ="
                         " t.campaign left join tenant s on s.id = t.tenant where t.state in (%s)"
                         " order by t.due = 0, t.due, t.id limit ?1 offset ?2",
                         where),
            &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, query->limit ? (int64_t)query->limit : -1);
    sqlite3_bind_int64(stmt, 2, (int64_t)query->from);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        task_row(access, arena, stmt, list->sheet);
        vec_push(&people, (uint32_t)sqlite3_column_int64(stmt, 11));
        vec_push(&versions, sqlite3_column_int64(stmt, 12));
    }
    list->sheet->total = total;
    list->sheet->truncated = (int64_t)(query->from + people.n) < total;
    uint32_t *of = arena_array(arena, uint32_t, people.n);
    int64_t *version = arena_array(arena, int64_t, versions.n);
    for (size_t i = 0; i < people.n; i++) {
        of[i] = people.at[i];
        version[i] = versions.at[i];
    }
    list->people = of;
    list->versions = version;
    vec_free(&people);
    vec_free(&versions);
    return status;
}

/* ---- Moving ---- */

/* How it stands, as the writer sees it. */
static enum status task_look(struct writer *writer, int64_t id, enum task_state *state,
                             char actor[64], struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "select state, actor from task where id = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, id);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        int found = task_state_named(column_text(stmt, 0));
        *state = found < 0 ? TASK_OPEN : (enum task_state)found;
        strncpy(actor, column_text(stmt, 1), 63);
    } else if (code == SQLITE_DONE) {
        status = error_set(err, ST_REFUSED,
                           "there is no task %" PRId64 "; atrium task list shows"
                           " those there are",
                           id);
    } else {
        status = sqlite_status(writer_db(writer), "reading a task", err);
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status move_check(const struct access *access, int64_t id, enum task_state state,
                              const char *actor, enum task_state to, const char *note,
                              struct error *err)
{
    if (state == TASK_DONE || state == TASK_DROPPED)
        return error_set(err, ST_CONFLICT, "task %" PRId64 " is %s already, by %s", id,
                         task_state_names[state], *actor ? actor : "nobody");
    if (to == TASK_TAKEN && state == TASK_TAKEN && strcmp(actor, access->principal) != 0)
        return error_set(err, ST_CONFLICT, "task %" PRId64 " was taken by %s", id, actor);
    if (to == TASK_DROPPED && (!note || !*note))
        return error_set(err, ST_REFUSED, "dropping a task needs a note that says why");
    return ST_OK;
}

enum status task_move(struct writer *writer, const struct access *access, int64_t id,
                      enum task_state to, const char *note, int64_t base_version,
                      struct operation_result *result, struct error *err)
{
    enum task_state state = TASK_OPEN;
    char actor[64] = "", target[24];
    bool own = !writer_in_transaction(writer);
    enum status status = own ? writer_begin(writer, err) : ST_OK;
    if (status == ST_OK)
        status = task_look(writer, id, &state, actor, err);
    if (status == ST_OK)
        status = move_check(access, id, state, actor, to, note, err);
    if (status == ST_OK) {
        json_t *set = json_object();
        json_object_set_new(set, "state", json_string(task_state_names[to]));
        json_object_set_new(set, "actor", json_string(to == TASK_OPEN ? "" : access->principal));
        if (note && *note)
            json_object_set_new(set, "note", json_string(note));
        snprintf(target, sizeof target, "%" PRId64, id);
        struct operation op = {.actor = access->principal,
                               .rights = access->rights,
                               .entity = "task",
                               .target = target,
                               .verb = OPERATION_SET,
                               .base_version = base_version,
                               .set = set};
        status = operation_apply(writer, &op, result, err);
        json_decref(set);
    }
    if (own && status == ST_OK)
        status = writer_commit(writer, err);
    if (own && status != ST_OK)
        writer_rollback(writer);
    return status;
}
