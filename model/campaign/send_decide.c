/* What stands against people's messages at this moment, and what is sent to the others. */
#include "model/campaign/coupon.h"
#include "model/campaign/schedule.h"
#include "model/campaign/send_parts.h"

/* ---- May it send now? ---- */

static enum status state_read(struct writer *writer, const struct campaign *campaign, bool *running,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "select state = 'running' and version = ?2 from campaign where id = ?1", &stmt,
        err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, campaign->id);
    sqlite3_bind_int64(stmt, 2, campaign->version);
    int code = sqlite3_step(stmt);
    *running = code == SQLITE_ROW && sqlite3_column_int(stmt, 0);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading a campaign", err);
    sqlite3_reset(stmt);
    return status;
}

enum status sending_open(struct sender *sender, const struct sending *sending, int64_t now,
                         bool *open, int64_t *next, struct error *err)
{
    const struct clock *clock = &reader_mall(sender->reader)->clock;
    *next = INT64_MAX;
    enum status status = state_read(sender->writer, sending->campaign, open, err);
    if (status != ST_OK || !*open)
        return status;
    *open = schedule_on(sending->campaign, clock, now, next);
    int64_t loud = schedule_loud(sending->campaign, clock, now);
    if (*open && loud > now) {
        *open = false;
        *next = loud;
    }
    return ST_OK;
}

/* ---- Deciding ---- */

void sending_seen(struct sending *sending, uint32_t person)
{
    if (person < sending->seen->n)
        set_add(sending->seen, person);
}

bool turn_has_messages(struct writer *writer, const struct campaign *campaign, uint32_t person,
                       enum status *status, struct error *err)
{
    sqlite3_stmt *stmt;
    *status = writer_prepare(
        writer, "select 1 from message where campaign = ?1 and person = ?2 limit 1", &stmt, err);
    if (*status != ST_OK)
        return false;
    sqlite3_bind_int64(stmt, 1, campaign->id);
    sqlite3_bind_int64(stmt, 2, person);
    bool there = sqlite3_step(stmt) == SQLITE_ROW;
    sqlite3_reset(stmt);
    return there;
}

static struct suppress_rules rules_of(struct sender *sender, const struct sending *sending,
                                      int64_t now)
{
    const struct clock *clock = &reader_mall(sender->reader)->clock;
    return (struct suppress_rules){
        .campaign = sending->campaign,
        .lines = sender->lines,
        .rivals = sender->rivals.at,
        .n_rivals = sender->rivals.n,
        .priorities = sender->priorities.at,
        .n_priorities = (uint32_t)sender->priorities.n,
        .now = now,
        .today = clock_day_start(clock, clock_day(clock, now)),
    };
}

/* Money is asked about last: whoever gets nothing anyway costs nothing. What a text costs does not
 * depend on which code is in it. */
static void turn_spend(struct sender *sender, struct sending *sending, struct arena *arena,
                       struct turn *turn, struct purse *purse)
{
    const struct campaign *c = sending->campaign;
    enum contact contact = turn->verdict.contact;
    const char *code = template_fields[TEMPLATE_COUPON].example;
    int64_t cost = sender->lines->at[contact].cost;
    if (cost && contact == CONTACT_SMS)
        cost *= sms_count(turn_text(sender, sending, arena, turn, code)).parts;
    int64_t need = cost + (campaign_gives_coupons(c) ? c->offer.value : 0);
    if (c->limits.budget && purse->spent + (need ? need : 1) > c->limits.budget) {
        turn->verdict.reason = SUPPRESS_BUDGET;
        return;
    }
    turn->cost = cost;
    purse->spent += cost;
    purse->messages += cost;
}

/* A coupon for everybody who gets a message; none left is a reason, too. */
static enum status coupons_give(struct sender *sender, struct sending *sending, struct arena *arena,
                                struct turn **turns, size_t n, struct purse *purse, int64_t now,
                                struct error *err)
{
    struct coupon_issue *issues = arena_array(arena, struct coupon_issue, n);
    struct coupon_result *results = arena_array(arena, struct coupon_result, n);
    for (size_t i = 0; i < n; i++) {
        char *ref = arena_alloc(arena, MESSAGE_KEY);
        message_key(&sender->secret, sending->campaign->id, turns[i]->person, CONTACT_NONE, ref);
        issues[i] = (struct coupon_issue){sending->campaign, turns[i]->person, now, ref};
    }
    enum status status = coupon_issue_many(sender->writer, NULL, issues, n, results, err);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        struct turn *turn = turns[i];
        if (results[i].status == ST_OK) {
            turn->coupon = arena_strdup(arena, results[i].coupon.code);
            turn->coupon_until = results[i].coupon.expires;
            continue;
        }
        turn->verdict.reason = SUPPRESS_BUDGET;
        purse->spent -= turn->cost;
        purse->messages -= turn->cost;
        turn->cost = 0;
    }
    return status;
}

/* *skip: the person keeps the turn. */
static enum status turn_decide(struct sender *sender, struct sending *sending, struct arena *arena,
                               const struct suppress_rules *rules, struct turn *turn,
                               struct purse *purse, bool *skip, struct error *err)
{
    const struct campaign *c = sending->campaign;
    enum status status = ST_OK;
    *skip = !turn->waited && turn_has_messages(sender->writer, c, turn->person, &status, err);
    if (*skip) /* a member who was joined into this one had it */
        sending_seen(sending, turn->person);
    if (status == ST_OK && !*skip)
        status = recipient_read(sender->writer, arena, turn->person, &turn->recipient, err);
    if (status == ST_OK && !*skip)
        status = suppress_judge(sender->writer, arena, rules, &turn->recipient, turn->first,
                                &turn->verdict, err);
    if (status != ST_OK || *skip || turn->verdict.reason)
        return status;
    *skip = sender->down[turn->verdict.contact];
    if (*skip)
        return ST_OK;
    turn_spend(sender, sending, arena, turn, purse);
    return ST_OK;
}

/* Whose turn it is, what stands against it, and what is sent to the others. */
enum status turns_decide(struct sender *sender, struct sending *sending, struct arena *arena,
                         struct turn *turns, size_t n, bool *skip, struct purse *purse, int64_t now,
                         struct error *err)
{
    struct suppress_rules rules = rules_of(sender, sending, now);
    struct turn **good = arena_array(arena, struct turn *, n);
    size_t n_good = 0;
    enum status status = ST_OK;
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        status = turn_decide(sender, sending, arena, &rules, &turns[i], purse, &skip[i], err);
        if (status == ST_OK && !skip[i] && !turns[i].verdict.reason)
            good[n_good++] = &turns[i];
    }
    if (status == ST_OK && n_good && campaign_gives_coupons(sending->campaign))
        status = coupons_give(sender, sending, arena, good, n_good, purse, now, err);
    for (size_t i = 0; i < n_good && status == ST_OK; i++) {
        struct turn *turn = good[i];
        if (turn->verdict.reason)
            continue;
        message_key(&sender->secret, sending->campaign->id, turn->person, turn->verdict.contact,
                    turn->key);
        turn->text = turn_text(sender, sending, arena, turn, turn->coupon);
        turn->body = turn_body(sending, arena, turn);
    }
    return status;
}
