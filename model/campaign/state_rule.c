/* The rule that every operation on a campaign keeps, whoever makes it. */
#include "model/base/text.h"
#include "model/campaign/campaign_row.h"
#include "model/campaign/plan.h"
#include "model/campaign/state_parts.h"
#include "model/segment/plan.h"
#include "model/store/column.h"

#include <string.h>

/* ---- Whether an approval is needed ---- */

static enum status limit_read(struct reader *reader, const char *name, int64_t *value,
                              struct error *err)
{
    struct arena *arena = arena_new();
    enum status status = reader_integer(
        reader,
        arena_printf(arena, "select cast(value as integer) from setting where name = '%s'", name),
        0, value, err);
    arena_free(arena);
    return status;
}

/* Whether audience and budget are within what goes without an approval. */
enum status approval_free(struct writer *writer, const struct campaign *campaign, bool *is,
                          struct error *err)
{
    struct arena *arena = arena_new();
    struct reader *reader = NULL;
    const struct set *people = NULL;
    int64_t audience = 0, budget = 0;
    *is = false;
    enum status status = reader_open(writer_mall(writer), &reader, err);
    if (status == ST_OK)
        status = limit_read(reader, "campaign_free_audience", &audience, err);
    if (status == ST_OK)
        status = limit_read(reader, "campaign_free_budget", &budget, err);
    if (status == ST_OK && audience > 0 && campaign->limits.budget > 0 &&
        campaign->limits.budget <= budget * 100 && (status = reader_begin(reader, err)) == ST_OK) {
        status = campaign_people(reader, arena, NULL, campaign, &people, NULL, NULL, err);
        *is = status == ST_OK && set_count(people) <= audience;
        reader_end(reader);
    }
    reader_close(reader);
    arena_free(arena);
    return status;
}

/* ---- The rule ---- */

struct ruling {
    struct writer *writer;
    const struct operation *op;
    struct arena *arena;
    struct campaign *now; /* NULL: it is being made */
    enum campaign_state to;
    struct error *err;
};

/* The fields that follow from moves. */
static bool is_guarded(const char *field)
{
    return text_has_word("state author approved_by approved started ended edition", field);
}

static const char *text_given(const struct ruling *r, const char *field)
{
    return json_string_value(json_object_get(r->op->set, field));
}

static enum status refuse(const struct ruling *r, enum status status, const char *why)
{
    return error_set(r->err, status, "campaign %s: %s",
                     text_quote(r->arena, r->op->target, strlen(r->op->target)), why);
}

/* Of the guarded fields only these (blanks between) may be set. */
static enum status only(const struct ruling *r, const char *fields)
{
    const char *name;
    json_t *value;
    json_object_foreach(r->op->set, name, value)
    {
        if (is_guarded(name) && !text_has_word(fields, name))
            return refuse(
                r, ST_REFUSED,
                arena_printf(r->arena, "its %s follows from its moves and cannot be set", name));
    }
    return ST_OK;
}

static bool changes_definition(const struct operation *op)
{
    const char *name;
    json_t *value;
    json_object_foreach(op->set, name, value) if (!is_guarded(name)) return true;
    return false;
}

/* Whether the actor has a part in what would be approved: made it, or changed its definition. */
static enum status is_own_work(const struct ruling *r, bool *own)
{
    sqlite3_stmt *stmt;
    *own = strcmp(r->now->author, r->op->actor) == 0;
    enum status status =
        writer_prepare(r->writer,
                       "select a.after from operation o join audit a on a.seq = o.seq "
                       "where o.entity = 'campaign' and o.target = ?1 and a.actor = ?2",
                       &stmt, r->err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, r->op->target, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, r->op->actor, -1, SQLITE_STATIC);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW && !*own) {
        json_t *after = json_loads(column_text(stmt, 0), 0, NULL);
        struct operation then = {.set = after};
        *own = json_is_object(after) && changes_definition(&then);
        json_decref(after);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = sqlite_status(writer_db(r->writer), "looking who changed a campaign", r->err);
    sqlite3_reset(stmt);
    return status;
}

/* What is approved is the definition as it stands. */
static enum status approved_check(const struct ruling *r, const char *by)
{
    const char *text = text_given(r, "approved"), *who = text_given(r, "approved_by");
    if (!text || strcmp(text, campaign_line(r->arena, r->now)) != 0)
        return refuse(r, ST_CONFLICT, "what is approved is not its definition as it stands");
    if (!who || strcmp(who, by) != 0)
        return refuse(r, ST_REFUSED, "only who approves it can be said to have approved it");
    return only(r, "state approved approved_by");
}

static enum status approve_check(const struct ruling *r)
{
    bool own;
    enum status status = is_own_work(r, &own);
    if (status != ST_OK)
        return status;
    if (own)
        return refuse(r, ST_DENIED,
                      "you made it or changed it, and nobody approves their own work, "
                      "administrators neither; somebody else has to");
    return approved_check(r, r->op->actor);
}

static enum status submit_check(const struct ruling *r)
{
    bool is_free;
    if (r->to == STATE_REVIEW)
        return only(r, "state");
    enum status status = approval_free(r->writer, r->now, &is_free, r->err);
    if (status != ST_OK)
        return status;
    return is_free ? approved_check(r, "") : refuse(r, ST_DENIED, "it needs an approval");
}

/* The first time it runs its audience is kept as a new edition. */
static enum status run_check(const struct ruling *r)
{
    int64_t next, edition = json_integer_value(json_object_get(r->op->set, "edition"));
    if (r->now->edition)
        return only(r, "state");
    if (writer_mall(r->writer)->replica) /* its hub keeps it */
        return only(r, "state started");
    enum status status = people_set_edition(r->writer, &next, r->err);
    if (status != ST_OK)
        return status;
    if (edition != next)
        return refuse(r, ST_REFUSED, "its audience must be kept when it starts");
    return only(r, "state started edition");
}

static enum status move_check(const struct ruling *r, const struct campaign_move_row *move)
{
    if ((r->op->rights & move->rights) != move->rights)
        return refuse(r, ST_DENIED,
                      arena_printf(r->arena, "%s may not %s it: that needs the right to %s",
                                   text_quote(r->arena, r->op->actor, strlen(r->op->actor)),
                                   move->name,
                                   move->rights & RIGHT_CAMPAIGN_APPROVE ? "approve campaigns"
                                                                         : "change campaigns"));
    if (move->reason && (!r->op->reason || strlen(r->op->reason) < 3))
        return refuse(
            r, ST_REFUSED,
            arena_printf(r->arena, "%s needs a reason of at least 3 characters", move->name));
    switch (move->verb) {
    case VERB_SUBMIT:
        return submit_check(r);
    case VERB_APPROVE:
        return approve_check(r);
    case VERB_END:
    case VERB_CANCEL:
        return only(r, "state ended");
    default:
        return move->to == STATE_RUNNING ? run_check(r) : only(r, "state");
    }
}

/* A move without a change: some row must allow it; where several do, one that finds no fault. */
static enum status moves_check(struct ruling *r)
{
    bool known = false;
    enum status status = ST_OK;
    if (r->to == r->now->state)
        return only(r, "state");
    for (size_t i = 0; i < n_campaign_moves; i++) {
        const struct campaign_move_row *move = &campaign_moves[i];
        if (move->verb == VERB_REOPEN || !(move->from >> r->now->state & 1) || move->to != r->to)
            continue;
        known = true;
        status = move_check(r, move);
        if (status == ST_OK)
            return ST_OK;
    }
    return known ? status
                 : move_refuse(r->arena, r->op->target, r->now->state,
                               arena_printf(r->arena, "become %s", state_text(r->to)), r->err);
}

static enum status change_check(const struct ruling *r)
{
    enum campaign_state state = r->now->state;
    if (state == STATE_NONE || state == STATE_DRAFT)
        return state == r->to ? only(r, "state")
                              : refuse(r, ST_REFUSED, "a change and a move are two operations");
    if (!campaign_can(state, VERB_REOPEN))
        return refuse(r, ST_CONFLICT,
                      arena_printf(r->arena,
                                   state == STATE_RUNNING
                                       ? "it is %s: pause it before it is changed"
                                       : "it is %s and stays as it is: clone it",
                                   state_text(state)));
    if (r->to != STATE_REVIEW)
        return refuse(r, ST_REFUSED, "a change puts it back into review");
    if (r->now->edition &&
        (json_object_get(r->op->set, "audience") || json_object_get(r->op->set, "holdout") ||
         json_object_get(r->op->set, "kind")))
        return refuse(r, ST_CONFLICT,
                      "it has started: who is in it, the holdout and the kind stay, or its result "
                      "would compare unlike people; end it and clone it");
    const char *by = text_given(r, "approved_by");
    if (by && *by)
        return refuse(r, ST_REFUSED, "a change takes the approval away");
    return only(r, "state approved_by");
}

/* A new one is a draft of its author; so is one that only events named when it is taken up. */
static enum status make_check(const struct ruling *r)
{
    const char *author = text_given(r, "author");
    if (r->to == STATE_NONE)
        return only(r, "");
    if (r->to != STATE_DRAFT)
        return refuse(r, ST_REFUSED, "a new campaign is a draft");
    if (!author || strcmp(author, r->op->actor) != 0)
        return refuse(r, ST_REFUSED, "its author is who makes it");
    return only(r, "state author");
}

static enum status campaign_rule(struct writer *writer, const struct operation *op,
                                 const json_t *now, struct error *err)
{
    struct ruling r = {.writer = writer, .op = op, .arena = arena_new(), .err = err};
    enum status status = ST_OK;
    (void)now;
    if (op->verb != OPERATION_CREATE)
        status = campaign_of_writer(writer, r.arena, op->target, &r.now, err);
    if (status == ST_OK) {
        const char *state = text_given(&r, "state");
        enum campaign_state from = r.now ? r.now->state : STATE_NONE;
        r.to = state ? campaign_state_find(state) : from;
        if (state && *state && r.to == STATE_NONE)
            status = refuse(&r, ST_REFUSED, "there is no such state");
        else if (!r.now || (from == STATE_NONE && r.to != STATE_NONE))
            status = make_check(&r);
        else if (changes_definition(op))
            status = change_check(&r);
        else if (r.to != from || json_object_size(op->set))
            status = moves_check(&r);
    }
    arena_free(r.arena);
    return status;
}

void campaign_register(void)
{
    operation_rule_register("campaign", campaign_rule);
    campaign_outbox_register();
}
