/* The moves of a roll-out, and the rule that every operation on one keeps. */
#include "model/fleet/rollout.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/fleet/rollout_parts.h"
#include "model/store/column.h"

#include <string.h>

const struct rollout_move_row rollout_moves[] = {
    {ROLLOUT_APPROVE, "approve", N_("Approve"), BIT(PLANNED), ROLLOUT_APPROVED, false,
     N_("It may be started as it stands. Nobody approves their own.")},
    {ROLLOUT_WITHDRAW, "withdraw", N_("Take the approval back"), BIT(APPROVED), ROLLOUT_PLANNED,
     false, N_("It waits for an approval again.")},
    {ROLLOUT_START, "start", N_("Start"), BIT(APPROVED) | BIT(PLANNED), ROLLOUT_RUNNING, true,
     N_("The archive goes to its devices, then they are switched wave by wave.")},
    {ROLLOUT_PAUSE, "pause", N_("Pause"), BIT(RUNNING), ROLLOUT_PAUSED, false,
     N_("What is on trial is finished; nothing else is begun.")},
    {ROLLOUT_RESUME, "resume", N_("Go on"), BIT(PAUSED), ROLLOUT_RUNNING, false,
     N_("It goes on where it was.")},
    {ROLLOUT_CANCEL, "cancel", N_("Cancel"),
     BIT(PLANNED) | BIT(APPROVED) | BIT(RUNNING) | BIT(PAUSED), ROLLOUT_CANCELLED, false,
     N_("What is on trial goes back; what has it keeps it; nothing else is begun.")},
    {ROLLOUT_ROLLBACK, "rollback", N_("Roll back"),
     BIT(RUNNING) | BIT(PAUSED) | BIT(STOPPED) | BIT(DONE) | BIT(CANCELLED), ROLLOUT_RETURNING,
     true, N_("All that have it go back to what they ran before.")},
    {ROLLOUT_FINISH, "finish", N_("It is done"), BIT(RUNNING), ROLLOUT_DONE, false,
     N_("Every device is settled.")},
    {ROLLOUT_STOP, "stop", N_("It stopped"), BIT(RUNNING), ROLLOUT_STOPPED, false,
     N_("Too many failed, or too few came through.")},
    {ROLLOUT_RETURN, "return", N_("It stopped and goes back"), BIT(RUNNING), ROLLOUT_RETURNING,
     false, N_("Too many failed, or too few came through.")},
    {ROLLOUT_ARRIVE, "arrive", N_("All are back"), BIT(RETURNING), ROLLOUT_RETURNED, false,
     N_("All that could go back did.")},
};
const size_t n_rollout_moves = sizeof rollout_moves / sizeof *rollout_moves;

const struct rollout_move_row *rollout_move_of(enum rollout_state state, enum rollout_verb verb)
{
    for (size_t i = 0; i < n_rollout_moves; i++)
        if (rollout_moves[i].verb == verb && rollout_moves[i].from >> state & 1)
            return &rollout_moves[i];
    return NULL;
}

size_t rollout_reach(enum rollout_verb verb, const struct rollout_row *rows, size_t n)
{
    size_t reach = 0;
    for (size_t i = 0; i < n; i++)
        reach += verb != ROLLOUT_ROLLBACK || step_in_flight(rows[i].step) ||
                 (!rows[i].had && (rows[i].step == STEP_OK || rows[i].step == STEP_UNKNOWN));
    return reach;
}

/* "approve, cancel": what a person can do. */
static const char *moves_text(struct arena *arena, enum rollout_state state)
{
    const char *text = "";
    for (size_t i = 0; i < n_rollout_moves; i++)
        if (rollout_moves[i].from >> state & 1 && rollout_moves[i].verb < ROLLOUT_FINISH)
            text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", rollout_moves[i].name);
    return *text ? text : "nothing more";
}

enum status rollout_refuse(struct arena *arena, const char *code, enum rollout_state state,
                           const char *verb, struct error *err)
{
    return error_set(err, ST_CONFLICT, "roll-out %s is %s, so it cannot %s; it can: %s",
                     text_quote(arena, code, strlen(code)), rollout_state_names[state], verb,
                     moves_text(arena, state));
}

/* ---- The rule ---- */

struct ruling {
    struct writer *writer;
    const struct operation *op;
    struct arena *arena;
    struct rollout *now; /* NULL: it is being made */
    struct error *err;
};

static const char *text_given(const struct ruling *r, const char *field)
{
    const char *text = json_string_value(json_object_get(r->op->set, field));
    return text ? text : "";
}

static enum status refuse(const struct ruling *r, enum status status, const char *why)
{
    return error_set(r->err, status, "roll-out %s: %s",
                     text_quote(r->arena, r->op->target, strlen(r->op->target)), why);
}

/* Only these fields (blanks between) are set. */
static enum status only(const struct ruling *r, const char *fields)
{
    const char *name;
    json_t *value;
    json_object_foreach(r->op->set, name, value)
    {
        if (!text_has_word(fields, name))
            return refuse(r, ST_REFUSED,
                          arena_printf(r->arena,
                                       "its %s was decided when it was made; make another one",
                                       name));
    }
    return ST_OK;
}

static enum status integer_read(const struct ruling *r, const char *sql, int64_t id, int64_t *value)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(r->writer, sql, &stmt, r->err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, id);
    *value = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_reset(stmt);
    return ST_OK;
}

static enum status approve_check(const struct ruling *r)
{
    enum status status = only(r, "state approved_by");
    if (status == ST_OK && strcmp(r->now->author, r->op->actor) == 0)
        status = refuse(r, ST_DENIED,
                        "you made it, and nobody approves their own, administrators neither; "
                        "somebody else has to");
    if (status == ST_OK && strcmp(text_given(r, "approved_by"), r->op->actor) != 0)
        status = refuse(r, ST_REFUSED, "only who approves it can be said to have approved it");
    return status;
}

#define BUSY_SQL                                                                                   \
    "select t.device, o.code, o.state, o.id from rollout_device t join rollout o on o.id ="        \
    " t.rollout where o.state in ('running', 'paused', 'rolling back') or (o.state in ('stopped'," \
    " 'cancelled') and t.step in ('switching', 'proving', 'confirming', 'undoing'))"
const char rollout_busy_sql[] = BUSY_SQL;

/* A device is in one roll-out at a time. */
static enum status alone_check(const struct ruling *r)
{
    static const char sql[] =
        "select d.code, t.code, t.state from rollout_device m join (" BUSY_SQL
        ") t on t.device = m.device and t.id <> m.rollout join device d on d.id = m.device where"
        " m.rollout = ?1 limit 1";
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(r->writer, sql, &stmt, r->err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, r->now->id);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *device = column_text(stmt, 0), *other = column_text(stmt, 1);
        status =
            refuse(r, ST_CONFLICT,
                   arena_printf(r->arena, "%s is in the roll-out %s, which is %s",
                                text_quote(r->arena, device, strlen(device)),
                                text_quote(r->arena, other, strlen(other)), column_text(stmt, 2)));
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status start_check(const struct ruling *r)
{
    int64_t free_devices = 0;
    enum status status = only(r, "state started");
    if (status == ST_OK && r->now->state == ROLLOUT_PLANNED) {
        status = integer_read(r,
                              "select cast(value as integer) from setting where name ="
                              " 'rollout_free_devices' and ?1",
                              1, &free_devices);
        if (status == ST_OK && r->now->devices > free_devices)
            status = refuse(r, ST_DENIED, "it needs the approval of somebody else first");
    }
    return status == ST_OK ? alone_check(r) : status;
}

static enum status move_check(const struct ruling *r, const struct rollout_move_row *move)
{
    enum status status;
    switch (move->verb) {
    case ROLLOUT_APPROVE:
        return approve_check(r);
    case ROLLOUT_WITHDRAW:
        return only(r, "state approved_by");
    case ROLLOUT_START:
        return start_check(r);
    case ROLLOUT_ROLLBACK:
        status = only(r, "state why");
        return status == ST_OK ? alone_check(r) : status;
    default:
        return only(r, "state why ended");
    }
}

static enum status make_check(const struct ruling *r)
{
    if (strcmp(text_given(r, "state"), rollout_state_names[ROLLOUT_PLANNED]) != 0)
        return refuse(r, ST_REFUSED, "a new one is planned");
    if (strcmp(text_given(r, "author"), r->op->actor) != 0)
        return refuse(r, ST_REFUSED, "its author is who makes it");
    if (json_object_get(r->op->set, "approved_by") || json_object_get(r->op->set, "started") ||
        json_object_get(r->op->set, "ended") || json_object_get(r->op->set, "why"))
        return refuse(r, ST_REFUSED, "nothing has been done with it yet");
    return ST_OK;
}

/* Some move must lead there; where several do, one that finds no fault. */
static enum status moves_check(const struct ruling *r)
{
    const char *state = text_given(r, "state");
    enum status status = ST_OK;
    bool known = false;
    if (!*state)
        return only(r, "");
    for (size_t i = 0; i < n_rollout_moves; i++) {
        const struct rollout_move_row *move = &rollout_moves[i];
        if (!(move->from >> r->now->state & 1) || strcmp(rollout_state_names[move->to], state) != 0)
            continue;
        known = true;
        status = move_check(r, move);
        if (status == ST_OK)
            return ST_OK;
    }
    return known ? status
                 : rollout_refuse(r->arena, r->op->target, r->now->state,
                                  arena_printf(r->arena, "become %s",
                                               text_quote(r->arena, state, strlen(state))),
                                  r->err);
}

static enum status rollout_rule(struct writer *writer, const struct operation *op,
                                const json_t *now, struct error *err)
{
    struct ruling r = {.writer = writer, .op = op, .arena = arena_new(), .err = err};
    enum status status = ST_OK;
    (void)now;
    if (op->verb != OPERATION_CREATE)
        status = rollout_of_writer(writer, r.arena, op->target, &r.now, err);
    if (status == ST_OK && !r.now) {
        status = make_check(&r);
    } else if (status == ST_OK) {
        status = moves_check(&r);
    }
    arena_free(r.arena);
    return status;
}

void rollout_register(void)
{
    operation_rule_register("rollout", rollout_rule);
}

/* ---- Moving ---- */

static json_t *move_set(const struct rollout *rollout, const struct rollout_move_row *move,
                        const char *principal, const char *why)
{
    json_t *set = json_pack("{s:s}", "state", rollout_state_names[move->to]);
    int64_t now = time_now();
    if (move->verb == ROLLOUT_APPROVE)
        json_object_set_new(set, "approved_by", json_string(principal));
    if (move->verb == ROLLOUT_WITHDRAW)
        json_object_set_new(set, "approved_by", json_string(""));
    if (move->verb == ROLLOUT_START)
        json_object_set_new(set, "started", json_integer(now));
    if (move->to == ROLLOUT_STOPPED || move->to == ROLLOUT_DONE || move->to == ROLLOUT_RETURNED ||
        (move->to == ROLLOUT_CANCELLED && rollout->started))
        json_object_set_new(set, "ended", json_integer(now));
    if (why && *why && move->verb >= ROLLOUT_CANCEL)
        json_object_set_new(set, "why", json_string(why));
    return set;
}

static enum status move_apply(struct writer *writer, const struct access *access,
                              const struct rollout *rollout, const struct rollout_move_row *move,
                              const char *id, const char *why, struct error *err)
{
    json_t *set = move_set(rollout, move, access->principal, why);
    json_t *seen = json_pack("{s:s}", "state", rollout_state_names[rollout->state]);
    struct operation op = {.id = id,
                           .actor = access->principal,
                           .rights = access->rights,
                           .entity = "rollout",
                           .target = rollout->code,
                           .verb = OPERATION_SET,
                           .base_version = rollout->version,
                           .set = set,
                           .reason = why,
                           .move = move->name,
                           .seen = seen};
    enum status status = operation_apply(writer, &op, NULL, err);
    json_decref(seen);
    json_decref(set);
    return status;
}

enum status rollout_move(struct writer *writer, const struct access *access, const char *code,
                         enum rollout_verb verb, const char *why, enum rollout_state *state,
                         struct error *err)
{
    return rollout_move_as(writer, access, NULL, code, verb, why, state, err);
}

enum status rollout_move_as(struct writer *writer, const struct access *access, const char *id,
                            const char *code, enum rollout_verb verb, const char *why,
                            enum rollout_state *state, struct error *err)
{
    struct arena *arena = arena_new();
    struct rollout *rollout = NULL;
    bool own = !writer_in_transaction(writer);
    enum status status = own ? writer_begin(writer, err) : ST_OK;
    if (status == ST_OK)
        status = rollout_of_writer(writer, arena, code, &rollout, err);
    if (status == ST_OK && !rollout)
        status = error_set(err, ST_USAGE, "there is no roll-out %s",
                           text_quote(arena, code, strlen(code)));
    const struct rollout_move_row *move = rollout ? rollout_move_of(rollout->state, verb) : NULL;
    if (status == ST_OK && !move) {
        const char *name = "be moved so";
        for (size_t i = 0; i < n_rollout_moves; i++)
            name = rollout_moves[i].verb == verb ? rollout_moves[i].name : name;
        status = rollout_refuse(arena, code, rollout->state, name, err);
    }
    if (status == ST_OK)
        status = move_apply(writer, access, rollout, move, id, why, err);
    if (status == ST_OK && state)
        *state = move->to;
    if (own && status == ST_OK)
        status = writer_commit(writer, err);
    else if (own)
        writer_rollback(writer);
    arena_free(arena);
    return status;
}
