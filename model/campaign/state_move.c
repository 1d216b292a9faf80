/* Moving campaigns from state to state. */
#include "model/base/text.h"
#include "model/campaign/campaign_row.h"
#include "model/campaign/plan.h"
#include "model/campaign/schedule.h"
#include "model/campaign/state_parts.h"
#include "model/segment/plan.h"

#include <string.h>

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
    m->begins = true;
    enum status status = campaign_people(reader, m->arena, NULL, c, &m->people, NULL, NULL, err);
    if (status == ST_OK && set_count(m->people) == 0)
        return error_set(err, ST_CONFLICT, "campaign %s: nobody is in its audience",
                         text_quote(m->arena, m->code, strlen(m->code)));
    return status;
}

/* Who vouches for a definition vouches for the one that was seen. */
static enum status seen_look(struct moving *m, struct error *err)
{
    bool vouches = m->verb == VERB_SUBMIT || m->verb == VERB_APPROVE || m->verb == VERB_START;
    m->line = campaign_line(m->arena, m->campaign);
    if (!vouches || !m->seen || strcmp(m->seen, m->line) == 0)
        return ST_OK;
    return error_set(err, ST_CONFLICT, "campaign %s: it was changed since you saw it: look again",
                     text_quote(m->arena, m->code, strlen(m->code)));
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
    status = seen_look(m, err);
    if (status == ST_OK &&
        (m->verb == VERB_SUBMIT || m->verb == VERB_APPROVE || m->verb == VERB_START))
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
        json_object_set_new(m->set, "approved", json_string(m->line));
        json_object_set_new(m->set, "approved_by",
                            json_string(m->verb == VERB_APPROVE ? m->access->principal : ""));
    }
    if (m->verb == VERB_END || (m->verb == VERB_CANCEL && m->campaign->started))
        json_object_set_new(m->set, "ended", json_integer(m->time));
    if (m->begins)
        json_object_set_new(m->set, "started", json_integer(m->time));
    if (edition)
        json_object_set_new(m->set, "edition", json_integer(edition));
}

/* Who is in it is fixed where it runs, and that is the hub. */
static enum status move_write(struct writer *writer, struct moving *m, struct error *err)
{
    int64_t edition = 0;
    bool fix = m->people && !writer_mall(writer)->replica;
    enum status status = fix ? people_set_edition(writer, &edition, err) : ST_OK;
    if (status != ST_OK)
        return status;
    move_set(m, edition);
    json_t *seen = json_pack("{s:s, s:s}", "state", campaign_state_names[m->campaign->state],
                             "definition", m->line);
    struct operation op = {.id = m->id,
                           .actor = m->access->principal,
                           .rights = m->access->rights,
                           .entity = "campaign",
                           .target = m->code,
                           .verb = OPERATION_SET,
                           .base_version = m->campaign->version,
                           .set = m->set,
                           .reason = m->reason,
                           .move = campaign_verb_name(m->verb),
                           .seen = seen};
    status = operation_apply(writer, &op, NULL, err);
    json_decref(seen);
    if (status == ST_OK && fix)
        status = people_set_write(
            writer, "insert into people_set (edition, block, people) values (?1, ?2, ?3)", edition,
            m->people, err);
    return status;
}

enum status moving_run(struct writer *writer, struct moving *m, struct error *err)
{
    struct reader *reader;
    bool own = !writer_in_transaction(writer);
    m->arena = arena_new();
    enum status status = reader_open(writer_mall(writer), &reader, err);
    if (status == ST_OK) {
        if ((status = reader_begin(reader, err)) == ST_OK) {
            status = move_look(reader, m, writer, err);
            reader_end(reader);
        }
        reader_close(reader);
    }
    if (status == ST_OK && own)
        status = writer_begin(writer, err);
    if (status == ST_OK) {
        status = move_write(writer, m, err);
        if (own && status == ST_OK)
            status = writer_commit(writer, err);
        else if (own)
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
