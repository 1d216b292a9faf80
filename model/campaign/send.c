/* The step of the engine that runs campaigns: which of them, and whose turn it is. */
#include "model/campaign/plan.h"
#include "model/campaign/schedule.h"
#include "model/campaign/send_parts.h"
#include "model/campaign/state.h"

#include "model/base/text.h"
#include "model/people/people_set.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>

void sender_held_up(struct sender *sender, const char *format, ...)
{
    struct arena *arena = arena_new();
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    free(sender->held_up);
    sender->held_up = mem_strdup(text);
    sender->counts->held_up = sender->held_up;
    arena_free(arena);
}

static void sending_free(struct sending *sending)
{
    if (sending)
        arena_free(sending->arena);
}

enum status sender_open(struct writer *writer, struct reader *reader,
                        const struct contact_lines *lines, struct sender **out, struct error *err)
{
    struct sender *sender = mem_zero(1, sizeof *sender);
    sender->writer = writer;
    sender->reader = reader;
    sender->lines = lines;
    sender->people = people_cache_new();
    enum status status = writer_begin(writer, err);
    if (status == ST_OK)
        status = message_secret_get(writer, &sender->secret, err);
    for (int i = 1; i < CONTACT_COUNT && status == ST_OK; i++)
        status = dict_intern(writer, DICT_CHANNEL, contact_names[i], strlen(contact_names[i]),
                             &sender->channels[i], err);
    if (status == ST_OK)
        status = writer_commit(writer, err);
    if (status != ST_OK) {
        writer_rollback(writer);
        sender_close(sender);
        return status;
    }
    *out = sender;
    return ST_OK;
}

void sender_close(struct sender *sender)
{
    if (!sender)
        return;
    for (size_t i = 0; i < sender->sendings.n; i++)
        sending_free(sender->sendings.at[i]);
    if (sender->numbers)
        member_numbers_release(sender->people, sender->numbers);
    vec_free(&sender->sendings);
    vec_free(&sender->priorities);
    vec_free(&sender->rivals);
    people_cache_free(sender->people);
    free(sender->held_up);
    free(sender);
}

/* ---- Campaigns begin and end ---- */

/* When the next of them begins, goes on or ends by itself. */
static enum status moments_read(struct sender *sender, struct arena *arena, int64_t now,
                                int64_t *running, struct error *err)
{
    const struct clock *clock = &reader_mall(sender->reader)->clock;
    const struct campaign *campaigns;
    size_t n;
    unsigned states = 1u << STATE_SCHEDULED | 1u << STATE_RUNNING | 1u << STATE_PAUSED;
    enum status status = campaign_list(sender->reader, arena, states, &campaigns, &n, err);
    *running = 0;
    for (size_t i = 0; status == ST_OK && i < n; i++) {
        int64_t next;
        schedule_on(&campaigns[i], clock, now, &next);
        *running += campaigns[i].state != STATE_SCHEDULED;
        if (next > now && next < sender->counts->next)
            sender->counts->next = next;
    }
    return status;
}

/* One that cannot be moved (nobody is in its audience) holds up nobody else. */
static enum status campaigns_move(struct sender *sender, struct arena *arena, int64_t now,
                                  struct error *err)
{
    struct access access = access_engine();
    struct error own = {0};
    int64_t running = 0;
    size_t moved = 0;
    if (campaigns_advance(sender->writer, &access, now, &moved, &own) != ST_OK)
        sender_held_up(sender, "%s", error_text(&own));
    error_clear(&own);
    enum status status = moments_read(sender, arena, now, &running, err);
    sender->counts->moved += (int64_t)moved;
    sender->counts->running = running;
    return status;
}

/* What campaigns that are over left on the way: what never left was not sent, of the rest nobody
 * can say. And of contacts that would send twice, what an engine that was killed left. */
static enum status leftovers_settle(struct sender *sender, struct error *err)
{
    static const char *const over =
        "update message set state = case when state = 1 or reason <> 0 then 4 else 6 end, reason ="
        " case when state = 1 or reason <> 0 then 9 else 0 end, due = 0, body = '', time = ?1"
        " where state in (1, 2) and campaign in (select id from campaign where state in"
        " ('ended', 'archived', 'cancelled'))";
    sqlite3_stmt *stmt;
    int64_t open = 0;
    enum status status = reader_integer(
        sender->reader,
        "select exists (select 1 from message m join campaign c on c.id = m.campaign where m.state"
        " = 1 and c.state in ('ended', 'archived', 'cancelled')) or"
        " exists (select 1 from message m join campaign c on c.id = m.campaign where m.state = 2"
        " and c.state in ('ended', 'archived', 'cancelled'))",
        0, &open, err);
    if (status != ST_OK || (!open && sender->recovered))
        return status;
    status = writer_begin(sender->writer, err);
    if (status == ST_OK)
        status = writer_prepare(sender->writer, over, &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, time_now());
        status = writer_run(sender->writer, stmt, err);
    }
    for (int i = 1; i < CONTACT_COUNT && status == ST_OK && !sender->recovered; i++) {
        if (!sender->lines->at[i].adapter || sender->lines->at[i].idempotent)
            continue;
        status = writer_prepare(sender->writer,
                                "update message set state = 6, due = 0, body = '', time = ?1 where"
                                " state = 2 and contact = ?2 and reason = 0",
                                &stmt, err);
        if (status == ST_OK) {
            sqlite3_bind_int64(stmt, 1, time_now());
            sqlite3_bind_int(stmt, 2, i);
            status = writer_run(sender->writer, stmt, err);
            sender->counts->unknown += sqlite3_changes(writer_db(sender->writer));
        }
    }
    if (status == ST_OK)
        status = writer_touch_rows(sender->writer, err);
    if (status == ST_OK)
        status = writer_commit(sender->writer, err);
    if (status != ST_OK)
        writer_rollback(sender->writer);
    sender->recovered = status == ST_OK;
    return status;
}

/* ---- Who is in a campaign ---- */

static enum status audience_read(struct sender *sender, struct sending *sending, struct error *err)
{
    uint32_t end, *people;
    size_t n;
    sqlite3_stmt *stmt;
    const struct campaign *c = sending->campaign;
    enum status status = people_end(sender->reader, &end, err);
    if (status == ST_OK)
        status = reader_prepare(
            sender->reader,
            "select block, people from people_set where edition = ?1 order by block", &stmt, err);
    if (status != ST_OK)
        return status;
    sending->treated = set_new(sending->arena, end);
    sqlite3_bind_int64(stmt, 1, c->edition);
    status = people_set_read(sender->reader, stmt, sending->treated, err);
    for (uint32_t i = set_next(sending->treated, 0); status == ST_OK && i != UINT32_MAX;
         i = set_next(sending->treated, i + 1))
        if (campaign_held_out(c, i))
            set_remove(sending->treated, i);
    struct arena *arena = arena_new();
    if (status == ST_OK)
        status = message_people(sender->reader, arena, c->id, CONTACT_COUNT, MESSAGE_STATES,
                                SUPPRESSIONS, &people, &n, err);
    if (status == ST_OK)
        sending->seen = set_of(sending->arena, end, people, n);
    arena_free(arena);
    return status;
}

static enum status sending_make(struct sender *sender, uint32_t campaign, struct sending **out,
                                struct error *err)
{
    struct arena *arena = arena_new();
    struct sending *sending = arena_new_of(arena, struct sending);
    sending->arena = arena;
    *out = NULL;
    enum status status = campaign_by_id(sender->reader, arena, campaign, &sending->campaign, err);
    if (status == ST_OK && sending->campaign && sending->campaign->edition)
        status = audience_read(sender, sending, err);
    if (status == ST_OK && sending->treated)
        status = sending_texts(sender, sending, err);
    if (status == ST_OK && sending->treated)
        *out = sending;
    else
        arena_free(arena);
    return status;
}

static struct sending *sending_kept(struct sender *sender, const struct campaign *campaign)
{
    for (size_t i = 0; i < sender->sendings.n; i++) {
        struct sending *kept = sender->sendings.at[i];
        if (kept && kept->campaign->id == campaign->id &&
            kept->campaign->version == campaign->version &&
            kept->campaign->edition == campaign->edition) {
            sender->sendings.at[i] = NULL;
            return kept;
        }
    }
    return NULL;
}

/* Those that run, highest priority first; one that cannot be read holds up nobody else. */
static enum status sendings_read(struct sender *sender, struct arena *arena, struct error *err)
{
    const struct campaign *campaigns;
    VEC(struct sending *) next = {0};
    size_t n;
    enum status status = campaign_list(sender->reader, arena, 0, &campaigns, &n, err);
    sender->priorities.n = 0;
    for (size_t i = 0; status == ST_OK && i < n; i++) {
        struct sending *sending = NULL;
        struct error own = {0};
        while (sender->priorities.n <= campaigns[i].id)
            vec_push(&sender->priorities, 0);
        sender->priorities.at[campaigns[i].id] = (int)campaigns[i].limits.priority;
        if (campaigns[i].state != STATE_RUNNING || !campaigns[i].n_contacts)
            continue;
        sending = sending_kept(sender, &campaigns[i]);
        if (!sending && sending_make(sender, campaigns[i].id, &sending, &own) != ST_OK)
            sender_held_up(sender, "%s: %s", campaigns[i].code, error_text(&own));
        error_clear(&own);
        if (sending)
            vec_push(&next, sending);
    }
    for (size_t i = 0; i < sender->sendings.n; i++)
        sending_free(sender->sendings.at[i]);
    vec_free(&sender->sendings);
    sender->sendings.at = next.at;
    sender->sendings.n = next.n;
    sender->sendings.cap = next.cap;
    return status;
}

/* ---- Whose turn it is ---- */

/* Rows of a campaign's messages that wait (of any contact) or are on their way by one contact. */
static enum status rows_due(struct sender *sender, struct sending *sending, struct arena *arena,
                            enum message_state state, enum contact contact, struct turn **turns,
                            size_t *n, struct error *err)
{
    VEC(struct turn) found = {0};
    sqlite3_stmt *stmt;
    bool row = true;
    bool waiting = state == MESSAGE_WAITING;
    enum status status = reader_prepare(
        sender->reader,
        waiting ? "select person, contact, tried, reason, key, body, cost from message where"
                  " campaign = ?1 and state = 1 and due <= ?2 limit ?3"
                : "select person, contact, tried, reason, key, body, cost from message where"
                  " campaign = ?1 and state = 2 and due <= ?2 and contact = ?4 limit ?3",
        &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, sending->campaign->id);
        sqlite3_bind_int64(stmt, 2, time_now());
        sqlite3_bind_int64(stmt, 3, (int64_t)sender->batch);
        if (!waiting)
            sqlite3_bind_int(stmt, 4, (int)contact);
    }
    while (status == ST_OK && (status = reader_step(sender->reader, stmt, &row, err)) == ST_OK &&
           row) {
        enum contact of = (enum contact)sqlite3_column_int(stmt, 1);
        struct turn turn = {.person = (uint32_t)sqlite3_column_int64(stmt, 0),
                            .tried = sqlite3_column_int(stmt, 2),
                            .known = waiting ? SUPPRESS_ENDED
                                             : (enum suppression)sqlite3_column_int(stmt, 3),
                            .waited = waiting ? of : CONTACT_NONE,
                            .verdict = {.contact = of, .address = ""},
                            .cost = sqlite3_column_int64(stmt, 6)};
        strncpy(turn.key, column_text(stmt, 4), sizeof turn.key - 1);
        turn.body = arena_strdup(arena, column_text(stmt, 5));
        for (size_t i = 0; i < sending->campaign->n_contacts; i++)
            if (sending->campaign->contacts[i] == of)
                turn.first = i;
        vec_push(&found, turn);
    }
    *turns = vec_copy(arena, &found);
    *n = found.n;
    vec_free(&found);
    return status;
}

/* Messages on their way, by each contact that takes any. */
static enum status repeats_send(struct sender *sender, struct sending *sending, bool *more,
                                struct error *err)
{
    enum status status = ST_OK;
    for (int contact = 1; contact < CONTACT_COUNT && status == ST_OK && *more; contact++) {
        size_t n = 1;
        while (n && *more && status == ST_OK && !sender->down[contact] &&
               sender->lines->at[contact].adapter && !sender_stopped(sender)) {
            struct arena *arena = arena_new();
            struct turn *turns;
            status = rows_due(sender, sending, arena, MESSAGE_INTENT, (enum contact)contact, &turns,
                              &n, err);
            if (status == ST_OK && n)
                status = turns_repeat(sender, sending, turns, n, arena, more, err);
            arena_free(arena);
        }
    }
    return status;
}

/* Those whose contact failed and who have another one. */
static enum status waiting_send(struct sender *sender, struct sending *sending, bool *more,
                                struct error *err)
{
    enum status status = ST_OK;
    size_t n = 1;
    while (n && *more && status == ST_OK && !sender_stopped(sender)) {
        struct arena *arena = arena_new();
        struct turn *turns;
        int64_t looked = sender->counts->looked;
        status = rows_due(sender, sending, arena, MESSAGE_WAITING, CONTACT_NONE, &turns, &n, err);
        if (status == ST_OK && n)
            status = turns_run(sender, sending, turns, n, arena, more, err);
        if (sender->counts->looked == looked)
            n = 0; /* nobody could be helped now */
        arena_free(arena);
    }
    return status;
}

/* Everybody who was not looked at yet, in order of person. */
static enum status new_send(struct sender *sender, struct sending *sending, bool *more,
                            struct error *err)
{
    enum status status = ST_OK;
    uint32_t at = 0;
    while (at != UINT32_MAX && *more && status == ST_OK && !sender_stopped(sender)) {
        struct arena *arena = arena_new();
        struct turn *turns = arena_array(arena, struct turn, sender->batch);
        size_t most = sender->batch;
        size_t n = 0;
        for (at = set_next(sending->treated, at); at != UINT32_MAX && n < most;
             at = set_next(sending->treated, at + 1))
            if (!set_has(sending->seen, at))
                turns[n++] = (struct turn){.person = at, .known = SUPPRESS_ENDED};
        if (n)
            status = turns_run(sender, sending, turns, n, arena, more, err);
        if (status == ST_OK && sender->events >= SEND_FOLD) {
            status = event_fold(sender->writer, SEND_FOLD, err);
            sender->events = 0;
        }
        arena_free(arena);
        if (status == ST_OK && *more)
            status = waiting_send(sender, sending, more, err);
    }
    return status;
}

/* ---- A campaign ---- */

static bool has_contact(const struct campaign *campaign, enum contact contact)
{
    for (size_t i = 0; i < campaign->n_contacts; i++)
        if (campaign->contacts[i] == contact)
            return true;
    return false;
}

/* Whether any contact of the campaign takes messages; else nobody is looked at, as being closed
 * is not the person's doing. */
static bool has_open_contact(struct sender *sender, const struct campaign *campaign)
{
    const char *why = NULL;
    for (size_t i = 0; i < campaign->n_contacts; i++) {
        const struct contact_line *line = &sender->lines->at[campaign->contacts[i]];
        if (campaign->contacts[i] == CONTACT_SCREEN)
            continue;
        if (line->adapter)
            return true;
        why = line->why ? line->why : contact_names[campaign->contacts[i]];
    }
    if (why)
        sender_held_up(sender, "%s: no contact is set up: %s", campaign->code, why);
    return false;
}

/* Those before it in the list with a higher priority, as long as they send today. */
static void rivals_find(struct sender *sender, size_t index, int64_t now)
{
    const struct clock *clock = &reader_mall(sender->reader)->clock;
    const struct campaign *campaign = sender->sendings.at[index]->campaign;
    sender->rivals.n = 0;
    for (size_t i = 0; i < index; i++) {
        const struct sending *other = sender->sendings.at[i];
        bool open = false;
        for (size_t k = 0; k < other->campaign->n_contacts && !open; k++)
            open = other->campaign->contacts[k] != CONTACT_SCREEN &&
                   sender->lines->at[other->campaign->contacts[k]].adapter;
        if (open && other->campaign->limits.priority > campaign->limits.priority &&
            schedule_has_day(other->campaign, clock_day(clock, now)))
            vec_push(&sender->rivals,
                     (struct rival){other->campaign->id, other->treated, other->seen});
    }
}

static enum status numbers_get(struct sender *sender, const struct sending *sending,
                               struct error *err)
{
    if (sender->numbers || !(template_uses(sending->template) >> TEMPLATE_POINTS & 1))
        return ST_OK;
    return member_numbers_get(sender->people, sender->reader, &sender->numbers, err);
}

static enum status campaign_run(struct sender *sender, size_t index, struct error *err)
{
    struct sending *sending = sender->sendings.at[index];
    int64_t now = time_now(), next;
    bool more;
    enum status status = writer_begin(sender->writer, err);
    if (status != ST_OK)
        return status;
    status = sending_open(sender, sending, now, &more, &next, err);
    writer_rollback(sender->writer);
    if (next < sender->counts->next)
        sender->counts->next = next;
    if (status == ST_OK && more && has_contact(sending->campaign, CONTACT_SCREEN) &&
        !sending->screens_told)
        status = screens_tell(sender, sending, err);
    if (status != ST_OK || !more || !has_open_contact(sender, sending->campaign))
        return status;
    rivals_find(sender, index, now);
    status = numbers_get(sender, sending, err);
    if (status == ST_OK)
        status = repeats_send(sender, sending, &more, err);
    if (status == ST_OK)
        status = waiting_send(sender, sending, &more, err);
    if (status == ST_OK)
        status = new_send(sender, sending, &more, err);
    return status;
}

static void waiting_count(struct sender *sender)
{
    for (size_t i = 0; i < sender->sendings.n; i++) {
        const struct sending *s = sender->sendings.at[i];
        sender->counts->waiting += set_count(s->treated) - set_count_both(s->treated, s->seen);
    }
}

enum status sender_step(struct sender *sender, const atomic_bool *stop, struct send_counts *counts,
                        struct error *err)
{
    struct arena *arena = arena_new();
    int64_t now = time_now();
    *counts = (struct send_counts){.held_up = "", .next = INT64_MAX};
    sender->counts = counts;
    sender->stop = stop;
    memset(sender->down, 0, sizeof sender->down);
    memset(sender->bad, 0, sizeof sender->bad);
    sender->batch = 2 * SEND_BATCH_LEAST;
    enum status status = campaigns_move(sender, arena, now, err);
    if (status == ST_OK)
        status = leftovers_settle(sender, err);
    if (status == ST_OK)
        status = sendings_read(sender, arena, err);
    for (size_t i = 0; i < sender->sendings.n && status == ST_OK && !sender_stopped(sender); i++)
        status = campaign_run(sender, i, err);
    waiting_count(sender);
    if (sender->numbers)
        member_numbers_release(sender->people, sender->numbers);
    sender->numbers = NULL;
    arena_free(arena);
    return status;
}
