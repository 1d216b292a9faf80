/* States of a campaign: the table of moves, the rule that every operation keeps, and moving. */
#include "model/campaign/state.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/campaign/campaign_row.h"
#include "model/campaign/plan.h"
#include "model/campaign/schedule.h"
#include "model/segment/plan.h"
#include "model/store/column.h"

#include <string.h>

const char *const campaign_state_names[CAMPAIGN_STATES] = {
    "",           N_("draft"), N_("in review"), N_("approved"),  N_("scheduled"), N_("running"),
    N_("paused"), N_("ended"), N_("archived"),  N_("cancelled"),
};

#define BIT(state) (1u << STATE_##state)

const struct campaign_move_row campaign_moves[] = {
    {VERB_SUBMIT, "submit", N_("Submit for review"), BIT(DRAFT), STATE_REVIEW, RIGHT_CAMPAIGN_EDIT,
     false, N_("Somebody else looks at it; where little is at stake, it is approved at once.")},
    {VERB_SUBMIT, "submit", N_("Submit for review"), BIT(DRAFT), STATE_APPROVED,
     RIGHT_CAMPAIGN_EDIT, false,
     N_("Audience and budget are small enough to go without an approval.")},
    {VERB_APPROVE, "approve", N_("Approve"), BIT(REVIEW), STATE_APPROVED, RIGHT_CAMPAIGN_APPROVE,
     false, N_("It may be started as it stands. Nobody approves their own work.")},
    {VERB_REJECT, "reject", N_("Reject"), BIT(REVIEW), STATE_DRAFT, RIGHT_CAMPAIGN_APPROVE, true,
     N_("Back to its author, with the reason.")},
    {VERB_START, "start", N_("Start"), BIT(APPROVED), STATE_SCHEDULED, RIGHT_CAMPAIGN_EDIT, false,
     N_("It starts by itself when its first day comes.")},
    {VERB_START, "start", N_("Start"), BIT(APPROVED) | BIT(SCHEDULED), STATE_RUNNING,
     RIGHT_CAMPAIGN_EDIT, false, N_("Its audience is fixed, and messages go out.")},
    {VERB_RUN, "run", N_("Its time has come"), BIT(SCHEDULED), STATE_RUNNING, RIGHT_CAMPAIGN_EDIT,
     false, N_("Its audience is fixed, and messages go out.")},
    {VERB_PAUSE, "pause", N_("Pause"), BIT(RUNNING), STATE_PAUSED, RIGHT_CAMPAIGN_EDIT, false,
     N_("Nothing is sent or given until it goes on.")},
    {VERB_RESUME, "resume", N_("Go on"), BIT(PAUSED), STATE_RUNNING, RIGHT_CAMPAIGN_EDIT, false,
     N_("It goes on with the people it has.")},
    {VERB_END, "end", N_("End"), BIT(RUNNING) | BIT(PAUSED), STATE_ENDED, RIGHT_CAMPAIGN_EDIT,
     false, N_("It is over for good; its result can be read.")},
    {VERB_CANCEL, "cancel", N_("Cancel"),
     BIT(DRAFT) | BIT(REVIEW) | BIT(APPROVED) | BIT(SCHEDULED) | BIT(RUNNING) | BIT(PAUSED),
     STATE_CANCELLED, RIGHT_CAMPAIGN_EDIT, false, N_("It is given up for good.")},
    {VERB_ARCHIVE, "archive", N_("Archive"), BIT(ENDED) | BIT(CANCELLED), STATE_ARCHIVED,
     RIGHT_CAMPAIGN_EDIT, false, N_("Out of the way; nothing of it is lost.")},
    {VERB_REOPEN, "change", N_("Change"),
     BIT(REVIEW) | BIT(APPROVED) | BIT(SCHEDULED) | BIT(PAUSED), STATE_REVIEW, RIGHT_CAMPAIGN_EDIT,
     false, N_("Its definition changed: it is reviewed again.")},
};
const size_t n_campaign_moves = sizeof campaign_moves / sizeof *campaign_moves;

enum campaign_state campaign_state_find(const char *name)
{
    for (int i = 1; i < CAMPAIGN_STATES; i++)
        if (strcmp(campaign_state_names[i], name) == 0)
            return (enum campaign_state)i;
    return STATE_NONE;
}

bool campaign_can(enum campaign_state state, enum campaign_verb verb)
{
    for (size_t i = 0; i < n_campaign_moves; i++)
        if (campaign_moves[i].verb == verb && campaign_moves[i].from >> state & 1)
            return true;
    return false;
}

static const char *campaign_verb_name(enum campaign_verb verb)
{
    for (size_t i = 0; i < n_campaign_moves; i++)
        if (campaign_moves[i].verb == verb)
            return campaign_moves[i].name;
    return "";
}

/* "submit, cancel" */
static const char *moves_text(struct arena *arena, enum campaign_state state)
{
    const char *text = "", *last = "";
    for (size_t i = 0; i < n_campaign_moves; i++) {
        const struct campaign_move_row *move = &campaign_moves[i];
        if (!(move->from >> state & 1) || move->verb == VERB_REOPEN || move->verb == VERB_RUN ||
            strcmp(move->name, last) == 0)
            continue;
        text = arena_printf(arena, "%s%s%s", text, *text ? ", " : "", move->name);
        last = move->name;
    }
    return *text ? text : "nothing more";
}

static const char *state_text(enum campaign_state state)
{
    return state == STATE_NONE ? "known by its events alone" : campaign_state_names[state];
}

static enum status move_refuse(struct arena *arena, const char *code, enum campaign_state state,
                               const char *verb, struct error *err)
{
    return error_set(err, ST_CONFLICT, "campaign %s is %s, so it cannot %s; it can: %s",
                     text_quote(arena, code, strlen(code)), state_text(state), verb,
                     moves_text(arena, state));
}

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
static enum status approval_free(struct writer *writer, const struct campaign *campaign, bool *is,
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
static const char *const guarded[] = {"state",   "author", "approved_by", "approved",
                                      "started", "ended",  "edition"};

static bool is_guarded(const char *field)
{
    for (size_t i = 0; i < sizeof guarded / sizeof *guarded; i++)
        if (strcmp(guarded[i], field) == 0)
            return true;
    return false;
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
        const char *at = strstr(fields, name);
        size_t n = strlen(name);
        if (is_guarded(name) &&
            !(at && (at == fields || at[-1] == ' ') && (at[n] == ' ' || at[n] == 0)))
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
}

/* ---- Moving ---- */

struct moving {
    struct arena *arena;
    const struct access *access;
    const char *code;
    enum campaign_verb verb;
    const char *reason;
    int64_t time;
    const struct campaign *campaign;
    enum campaign_state to;
    const struct set *people; /* to be kept */
    json_t *set;
};

/* What was good when it was written may not be any more: a label that is gone, a shop. */
static enum status definition_look(struct reader *reader, struct moving *m, struct error *err)
{
    const struct campaign_fault *faults;
    size_t n;
    enum status status = campaign_check(reader, NULL, m->arena, m->campaign, &faults, &n, err);
    if (status == ST_OK && n)
        return error_set(err, ST_REFUSED, "campaign %s: %s: %s",
                         text_quote(m->arena, m->code, strlen(m->code)), faults[0].key,
                         faults[0].message);
    return status;
}

static enum status start_look(struct reader *reader, struct moving *m, struct error *err)
{
    const struct clock *clock = &reader_mall(reader)->clock;
    const struct campaign *c = m->campaign;
    int64_t next;
    bool on = schedule_on(c, clock, m->time, &next);
    if (!on && next == INT64_MAX)
        return error_set(err, ST_CONFLICT, "campaign %s: none of its days is left",
                         text_quote(m->arena, m->code, strlen(m->code)));
    /* Between its first and its last day it runs, also where it is not on just now. */
    int64_t began =
        c->schedule.from == INT32_MIN ? INT64_MIN : clock_day_start(clock, c->schedule.from);
    m->to = on || m->time >= began ? STATE_RUNNING : STATE_SCHEDULED;
    if (m->to == STATE_SCHEDULED || c->edition)
        return ST_OK;
    enum status status = campaign_people(reader, m->arena, NULL, c, &m->people, NULL, NULL, err);
    if (status == ST_OK && set_count(m->people) == 0)
        return error_set(err, ST_CONFLICT, "campaign %s: nobody is in its audience",
                         text_quote(m->arena, m->code, strlen(m->code)));
    return status;
}

static enum status move_look(struct reader *reader, struct moving *m, struct writer *writer,
                             struct error *err)
{
    bool is_free = false;
    enum status status = campaign_find(reader, m->arena, m->code, &m->campaign, err);
    if (status != ST_OK)
        return status;
    if (!m->campaign)
        return error_set(err, ST_REFUSED, "there is no campaign %s",
                         text_quote(m->arena, m->code, strlen(m->code)));
    m->code = m->campaign->code;
    if (!campaign_can(m->campaign->state, m->verb))
        return move_refuse(m->arena, m->code, m->campaign->state,
                           m->verb == VERB_REOPEN ? "be changed" : campaign_verb_name(m->verb),
                           err);
    for (size_t i = 0; i < n_campaign_moves; i++)
        if (campaign_moves[i].verb == m->verb) {
            m->to = campaign_moves[i].to;
            break;
        }
    if (m->verb == VERB_SUBMIT || m->verb == VERB_APPROVE || m->verb == VERB_START)
        status = definition_look(reader, m, err);
    if (status == ST_OK && (m->verb == VERB_START || m->verb == VERB_RUN))
        return start_look(reader, m, err);
    if (status == ST_OK && m->verb == VERB_SUBMIT)
        status = approval_free(writer, m->campaign, &is_free, err);
    if (is_free)
        m->to = STATE_APPROVED;
    return status;
}

static void move_set(struct moving *m, int64_t edition)
{
    m->set = json_object();
    json_object_set_new(m->set, "state", json_string(campaign_state_names[m->to]));
    if (m->to == STATE_APPROVED) {
        json_object_set_new(m->set, "approved", json_string(campaign_line(m->arena, m->campaign)));
        json_object_set_new(m->set, "approved_by",
                            json_string(m->verb == VERB_APPROVE ? m->access->principal : ""));
    }
    if (m->verb == VERB_END || (m->verb == VERB_CANCEL && m->campaign->started))
        json_object_set_new(m->set, "ended", json_integer(m->time));
    if (m->people) {
        json_object_set_new(m->set, "started", json_integer(m->time));
        json_object_set_new(m->set, "edition", json_integer(edition));
    }
}

static enum status move_write(struct writer *writer, struct moving *m, struct error *err)
{
    int64_t edition = 0;
    enum status status = m->people ? people_set_edition(writer, &edition, err) : ST_OK;
    if (status != ST_OK)
        return status;
    move_set(m, edition);
    struct operation op = {.actor = m->access->principal,
                           .rights = m->access->rights,
                           .entity = "campaign",
                           .target = m->code,
                           .verb = OPERATION_SET,
                           .base_version = m->campaign->version,
                           .set = m->set,
                           .reason = m->reason};
    status = operation_apply(writer, &op, NULL, err);
    if (status == ST_OK && m->people)
        status = people_set_write(
            writer, "insert into people_set (edition, block, people) values (?1, ?2, ?3)", edition,
            m->people, err);
    return status;
}

static enum status moving_run(struct writer *writer, struct moving *m, struct error *err)
{
    struct reader *reader;
    m->arena = arena_new();
    enum status status = reader_open(writer_mall(writer), &reader, err);
    if (status == ST_OK) {
        if ((status = reader_begin(reader, err)) == ST_OK) {
            status = move_look(reader, m, writer, err);
            reader_end(reader);
        }
        reader_close(reader);
    }
    if (status == ST_OK && (status = writer_begin(writer, err)) == ST_OK) {
        status = move_write(writer, m, err);
        if (status == ST_OK)
            status = writer_commit(writer, err);
        else
            writer_rollback(writer);
    }
    json_decref(m->set);
    arena_free(m->arena);
    return status;
}

enum status campaign_move(struct writer *writer, const struct access *access, const char *code,
                          enum campaign_verb verb, const char *reason, enum campaign_state *state,
                          struct error *err)
{
    struct moving m = {
        .access = access, .code = code, .verb = verb, .reason = reason, .time = time_now()};
    enum status status = moving_run(writer, &m, err);
    if (status == ST_OK && state)
        *state = m.to;
    return status;
}

static enum status advance_look(struct writer *writer, struct arena *arena,
                                const struct campaign **list, size_t *n, struct error *err)
{
    struct reader *reader;
    enum status status = reader_open(writer_mall(writer), &reader, err);
    if (status != ST_OK)
        return status;
    if ((status = reader_begin(reader, err)) == ST_OK) {
        status =
            campaign_list(reader, arena, BIT(SCHEDULED) | BIT(RUNNING) | BIT(PAUSED), list, n, err);
        reader_end(reader);
    }
    reader_close(reader);
    return status;
}

enum status campaigns_advance(struct writer *writer, const struct access *access, int64_t time,
                              size_t *moved, struct error *err)
{
    struct arena *arena = arena_new();
    const struct campaign *list;
    const struct clock *clock = &writer_mall(writer)->clock;
    size_t n = 0, count = 0;
    enum status status = advance_look(writer, arena, &list, &n, err), worst = ST_OK;
    for (size_t i = 0; status == ST_OK && i < n; i++) {
        enum campaign_verb verb = CAMPAIGN_VERBS;
        if (list[i].state != STATE_SCHEDULED) {
            if (time >= schedule_end(&list[i], clock))
                verb = VERB_END;
        } else if (list[i].schedule.from == INT32_MIN ||
                   time >= clock_day_start(clock, list[i].schedule.from)) {
            verb = time >= schedule_end(&list[i], clock) ? VERB_CANCEL : VERB_RUN;
        }
        if (verb == CAMPAIGN_VERBS)
            continue;
        struct moving m = {.access = access,
                           .code = list[i].code,
                           .verb = verb,
                           .reason = verb == VERB_CANCEL ? "its days went by before it could start"
                                                         : NULL,
                           .time = time};
        enum status one = moving_run(writer, &m, worst == ST_OK ? err : NULL);
        count += one == ST_OK;
        if (one != ST_OK)
            worst = one;
    }
    arena_free(arena);
    if (moved)
        *moved = count;
    return status == ST_OK ? worst : status;
}
