#include "tests/support/ledger_plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 1 << 16, LOTS = 2048, HOURS_AHEAD = 8 * 3600, BOUNDARY = 4 * 3600 };

/* ---- One point ---- */

struct point {
    int lot;
    bool alive, back; /* back: given back after a burn took it */
    int taker;        /* the burn that took it, -1: none */
    int turn;         /* how many that burn had taken before */
};

struct lot {
    int64_t time, expires, points;
    int entry; /* that made it */
};

struct state {
    const struct plain_ledger *ledger;
    struct point points[POINTS];
    int n_points;
    struct lot lots[LOTS];
    int n_lots;
    int64_t shortage;
};

static int sign_of(uint16_t kind)
{
    return kind == KIND_POINTS_EARN || kind == KIND_POINTS_ADJUST ? 1 : -1;
}

/* Shanghai has no clock changes in these years: a mall day is plain arithmetic. */
static int64_t day_of(int64_t time)
{
    int64_t local = time + HOURS_AHEAD - BOUNDARY;
    return local >= 0 ? local / 86400 : -((-local + 86399) / 86400);
}

static int64_t expiry_of(const struct plain_ledger *ledger, int64_t time)
{
    int year, month, day;
    int second = day_of(time) >= date_number(2024, 7, 1);
    int months = ledger->months[second];
    if (!months)
        return POINTS_NEVER;
    date_civil((int32_t)day_of(time), &year, &month, &day);
    int all = year * 12 + month - 1 + months + 1;
    return (int64_t)date_number(all / 12, all % 12 + 1, 1) * 86400 - HOURS_AHEAD + BOUNDARY;
}

static int lot_new(struct state *s, int64_t time, int entry)
{
    s->lots[s->n_lots] = (struct lot){time, expiry_of(s->ledger, time), 0, entry};
    return s->n_lots++;
}

static void point_new(struct state *s, int lot)
{
    s->lots[lot].points++;
    s->points[s->n_points++] = (struct point){lot, s->shortage == 0, false, -1, 0};
    s->shortage -= s->shortage > 0;
}

/* The point that goes next, of one lot or (lot -1) of all; -1: there is none. */
static int point_next(const struct state *s, int lot)
{
    int best = -1;
    for (int i = 0; i < s->n_points; i++) {
        if (!s->points[i].alive || (lot >= 0 && s->points[i].lot != lot))
            continue;
        const struct lot *a = &s->lots[s->points[i].lot];
        const struct lot *b = best < 0 ? NULL : &s->lots[s->points[best].lot];
        if (!b || a->expires < b->expires ||
            (a->expires == b->expires && (a->time < b->time || (a->time == b->time && a < b))))
            best = i;
    }
    return best;
}

static bool point_take(struct state *s, int lot, int taker, int turn)
{
    int i = point_next(s, lot);
    if (i < 0)
        return false;
    s->points[i].alive = false;
    s->points[i].taker = taker;
    s->points[i].turn = turn;
    s->points[i].back = false;
    return true;
}

static void take(struct state *s, int64_t n, int taker)
{
    for (int64_t k = 0; k < n; k++)
        if (!point_take(s, -1, taker, (int)k))
            s->shortage++;
}

/* ---- The entries of a person, in order ---- */

struct ordered {
    const struct plain_entry *at[1024];
    int n;
};

static void order(const struct plain_ledger *ledger, uint32_t person, struct ordered *o)
{
    o->n = 0;
    for (size_t i = 0; i < ledger->entries.n; i++) {
        const struct plain_entry *e = &ledger->entries.at[i];
        if (e->person != person)
            continue;
        int place = o->n++;
        for (; place && (o->at[place - 1]->time > e->time ||
                         (o->at[place - 1]->time == e->time && o->at[place - 1]->kind > e->kind));
             place--)
            o->at[place] = o->at[place - 1];
        o->at[place] = e;
    }
}

static void give_back(struct state *s, const struct ordered *o, const struct plain_entry *e, int at)
{
    int64_t n = -e->amount, time = e->time;
    int burn = -1;
    const char *of = e->of_kind ? e->of : e->ref;
    for (int i = 0; i < at; i++)
        if (*of && o->at[i]->kind == KIND_POINTS_BURN && strcmp(o->at[i]->ref, of) == 0)
            burn = i;
    if (burn >= 0)
        time = o->at[burn]->time;
    for (; burn >= 0 && n > 0; n--) {
        int last = -1;
        for (int i = 0; i < s->n_points; i++)
            if (!s->points[i].alive && !s->points[i].back && s->points[i].taker == burn &&
                (last < 0 || s->points[i].turn > s->points[last].turn))
                last = i;
        if (last < 0)
            break;
        s->points[last].back = true;
        /* The point itself lives again unless it fills a shortage. */
        if (s->shortage) {
            s->shortage--;
        } else {
            int lot = s->points[last].lot;
            s->points[s->n_points++] = (struct point){lot, true, false, -1, 0};
        }
    }
    int lot = n > 0 ? lot_new(s, time, -1) : -1;
    for (; n > 0; n--)
        point_new(s, lot);
}

static void entry_apply(struct state *s, const struct ordered *o, int at)
{
    const struct plain_entry *e = o->at[at];
    int64_t n = sign_of(e->kind) * e->amount;
    if (e->kind == KIND_POINTS_REVERSE && e->amount < 0) {
        give_back(s, o, e, at);
        return;
    }
    if (n > 0) {
        int lot = lot_new(s, e->time, at);
        while (n--)
            point_new(s, lot);
        return;
    }
    n = -n;
    const char *of = e->of_kind ? e->of : e->owed_taken ? "" : e->ref;
    for (int lot = 0; e->kind == KIND_POINTS_REVERSE && *of && lot < s->n_lots; lot++) {
        int from = s->lots[lot].entry;
        if (from < 0 || o->at[from]->kind != KIND_POINTS_EARN || strcmp(o->at[from]->ref, of) != 0)
            continue;
        while (n > 0 && point_take(s, lot, -1, 0))
            n--;
        break;
    }
    take(s, n, e->kind == KIND_POINTS_BURN ? at : -1);
}

static void lots_list(const struct state *s, struct plain_account *account)
{
    int64_t left[LOTS] = {0};
    bool done[LOTS] = {false};
    for (int i = 0; i < s->n_points; i++)
        left[s->points[i].lot] += s->points[i].alive;
    for (;;) {
        int best = -1;
        for (int i = 0; i < s->n_lots; i++)
            if (left[i] && !done[i] &&
                (best < 0 || s->lots[i].expires < s->lots[best].expires ||
                 (s->lots[i].expires == s->lots[best].expires &&
                  s->lots[i].time < s->lots[best].time)))
                best = i;
        if (best < 0)
            return;
        done[best] = true;
        account->lots[account->n_lots++] = (struct plain_lot){
            s->lots[best].time, s->lots[best].expires, s->lots[best].points, left[best]};
    }
}

static int64_t held_of(const struct plain_ledger *ledger, uint32_t person, int64_t now)
{
    int64_t held = 0;
    for (size_t i = 0; i < ledger->holds.n; i++) {
        const struct plain_hold *hold = &ledger->holds.at[i];
        if (hold->person == person && strcmp(hold->state, "held") == 0 && hold->expires > now)
            held += hold->points;
    }
    return held;
}

void plain_account(const struct plain_ledger *ledger, uint32_t person, int64_t now,
                   struct plain_account *account)
{
    struct state *s = mem_zero(1, sizeof *s);
    struct ordered *o = mem_zero(1, sizeof *o);
    struct points_sums *sums = &account->sums;
    s->ledger = ledger;
    *account = (struct plain_account){0};
    order(ledger, person, o);
    for (int i = 0; i < o->n; i++) {
        int64_t amount = o->at[i]->amount;
        sums->earned += o->at[i]->kind == KIND_POINTS_EARN ? amount : 0;
        sums->burned += o->at[i]->kind == KIND_POINTS_BURN ? amount : 0;
        sums->expired += o->at[i]->kind == KIND_POINTS_EXPIRE ? amount : 0;
        sums->adjusted += o->at[i]->kind == KIND_POINTS_ADJUST ? amount : 0;
        sums->reversed += o->at[i]->kind == KIND_POINTS_REVERSE ? amount : 0;
        sums->owed += o->at[i]->owed;
        sums->balance += sign_of(o->at[i]->kind) * amount;
        account->least = sums->balance < account->least ? sums->balance : account->least;
        entry_apply(s, o, i);
    }
    account->shortage = s->shortage;
    lots_list(s, account);
    sums->held = held_of(ledger, person, now);
    for (size_t i = 0; i < account->n_lots; i++)
        sums->due += account->lots[i].expires <= now ? account->lots[i].left : 0;
    free(s);
    free(o);
}

/* ---- Requests ---- */

static int64_t least_from(const struct plain_ledger *ledger, uint32_t person, int64_t time)
{
    struct ordered *o = mem_zero(1, sizeof *o);
    int64_t balance = 0, at_time = 0, least = INT64_MAX;
    order(ledger, person, o);
    for (int i = 0; i < o->n; i++) {
        balance += sign_of(o->at[i]->kind) * o->at[i]->amount;
        if (o->at[i]->time <= time)
            at_time = balance;
        else
            least = balance < least ? balance : least;
    }
    free(o);
    return at_time < least ? at_time : least;
}

static int64_t later(const struct plain_ledger *ledger, uint32_t person, uint16_t kind,
                     int64_t time)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < ledger->entries.n; i++)
            moved |= ledger->entries.at[i].person == person && ledger->entries.at[i].time == time &&
                     ledger->entries.at[i].kind > kind;
        time += moved;
    }
    return time;
}

static struct plain_entry *entry_add(struct plain_ledger *ledger, uint32_t person, uint16_t kind,
                                     int64_t time, int64_t amount)
{
    static int made;
    struct plain_entry e = {
        .person = person, .kind = kind, .time = time, .amount = amount, .ours = true};
    snprintf(e.ref, sizeof e.ref, "made %d", ++made);
    vec_push(&ledger->entries, e);
    return &ledger->entries.at[ledger->entries.n - 1];
}

static int64_t due_at(const struct plain_ledger *ledger, uint32_t person, int64_t at)
{
    struct plain_account *account = mem_alloc(sizeof *account);
    plain_account(ledger, person, at, account);
    int64_t due = account->sums.due;
    free(account);
    return due;
}

static void expire(struct plain_ledger *ledger, uint32_t person, int64_t at, int64_t held)
{
    at = later(ledger, person, KIND_POINTS_EXPIRE, at);
    int64_t due = due_at(ledger, person, at) - held;
    int64_t free_points = least_from(ledger, person, at) - held;
    due = due < free_points ? due : free_points;
    if (due > 0)
        entry_add(ledger, person, KIND_POINTS_EXPIRE, at, due);
}

static void collect(struct plain_ledger *ledger, uint32_t person, int64_t at, int64_t held)
{
    int64_t owed = 0;
    for (size_t i = 0; i < ledger->entries.n; i++)
        owed += ledger->entries.at[i].person == person ? ledger->entries.at[i].owed : 0;
    at = later(ledger, person, KIND_POINTS_REVERSE, at);
    int64_t free_points = least_from(ledger, person, at) - held;
    owed = owed < free_points ? owed : free_points;
    if (owed <= 0)
        return;
    struct plain_entry *e = entry_add(ledger, person, KIND_POINTS_REVERSE, at, owed);
    e->owed = -owed;
    e->owed_taken = true;
}

void plain_expire(struct plain_ledger *ledger, uint32_t person, int64_t at, int64_t now)
{
    int64_t held = held_of(ledger, person, now);
    expire(ledger, person, at, held);
    collect(ledger, person, at, held);
}

static const uint16_t kind_of[POINTS_ACTS] = {KIND_POINTS_EARN, KIND_POINTS_BURN,
                                              KIND_POINTS_ADJUST, KIND_POINTS_EXPIRE,
                                              KIND_POINTS_REVERSE};

/* The reference again: 1 the same, -1 something else, 0 not there. */
static int known(const struct plain_ledger *ledger, const struct points_entry *entry)
{
    uint16_t kind = kind_of[entry->act];
    for (size_t i = 0; entry->ref && i < ledger->entries.n; i++) {
        const struct plain_entry *e = &ledger->entries.at[i];
        if (e->kind != kind || strcmp(e->ref, entry->ref) != 0)
            continue;
        if (e->person != entry->person)
            return -1;
        if (entry->act != POINTS_REVERSE)
            return e->amount == entry->points ? 1 : -1;
        int64_t asked = e->amount < 0 ? -e->amount : e->amount + e->owed;
        bool same = e->ours && strcmp(e->of, entry->of) == 0 && e->of_kind == kind_of[entry->what];
        return same && (!entry->points || asked == entry->points) ? 1 : -1;
    }
    return 0;
}

static enum status reverse(struct plain_ledger *ledger, const struct points_entry *entry,
                           int64_t time, int64_t held)
{
    const struct plain_entry *of = NULL;
    int64_t left = 0;
    for (size_t i = 0; i < ledger->entries.n; i++) {
        const struct plain_entry *e = &ledger->entries.at[i];
        if (!of && e->person == entry->person && e->kind == kind_of[entry->what] &&
            strcmp(e->ref, entry->of) == 0)
            of = e;
    }
    if (!of)
        return ST_CONFLICT;
    left = of->amount;
    for (size_t i = 0; i < ledger->entries.n; i++) {
        const struct plain_entry *e = &ledger->entries.at[i];
        if (e->person == entry->person && e->kind == KIND_POINTS_REVERSE &&
            e->of_kind == kind_of[entry->what] && strcmp(e->of, entry->of) == 0)
            left -= e->amount < 0 ? -e->amount : e->amount + e->owed;
    }
    int64_t n = entry->points ? entry->points : left;
    if (left <= 0 || n > left)
        return ST_CONFLICT;
    time = time < of->time ? of->time : time;
    time = later(ledger, entry->person, KIND_POINTS_REVERSE, time);
    int64_t there = least_from(ledger, entry->person, time) - held;
    there = there < 0 ? 0 : there < n ? there : n;
    bool back = entry->what == POINTS_BURN;
    struct plain_entry *e =
        entry_add(ledger, entry->person, KIND_POINTS_REVERSE, time, back ? -n : there);
    e->owed = back ? 0 : n - there;
    e->of_kind = kind_of[entry->what];
    snprintf(e->of, sizeof e->of, "%s", entry->of);
    snprintf(e->ref, sizeof e->ref, "%s", entry->ref);
    if (back)
        collect(ledger, entry->person, time, held);
    return ST_OK;
}

enum status plain_post(struct plain_ledger *ledger, const struct points_entry *entry, int64_t now)
{
    uint16_t kind = kind_of[entry->act];
    int64_t held = held_of(ledger, entry->person, now);
    int64_t time = entry->time ? entry->time : now;
    size_t before = ledger->entries.n;
    int again = known(ledger, entry);
    if (again)
        return again > 0 ? ST_OK : ST_CONFLICT;
    if (entry->act == POINTS_REVERSE)
        return reverse(ledger, entry, time, held);
    if (entry->act == POINTS_BURN)
        expire(ledger, entry->person, time, held);
    time = later(ledger, entry->person, kind, time);
    int64_t takes = -sign_of(kind) * entry->points;
    if (takes > 0 && takes > least_from(ledger, entry->person, time) - (held - entry->settles)) {
        ledger->entries.n = before;
        return ST_CONFLICT;
    }
    struct plain_entry *e = entry_add(ledger, entry->person, kind, time, entry->points);
    snprintf(e->ref, sizeof e->ref, "%s", entry->ref);
    if (takes < 0)
        collect(ledger, entry->person, e->time, held);
    return ST_OK;
}

static struct plain_hold *hold_find(struct plain_ledger *ledger, const char *ref)
{
    for (size_t i = 0; i < ledger->holds.n; i++)
        if (strcmp(ledger->holds.at[i].ref, ref) == 0)
            return &ledger->holds.at[i];
    return NULL;
}

enum status plain_reserve(struct plain_ledger *ledger, const struct points_hold *hold, int64_t now)
{
    struct plain_hold *there = hold_find(ledger, hold->ref);
    int64_t held = held_of(ledger, hold->person, now);
    size_t before = ledger->entries.n;
    if (there)
        return there->person == hold->person && there->points == hold->points ? ST_OK : ST_CONFLICT;
    expire(ledger, hold->person, now, held);
    if (hold->points > least_from(ledger, hold->person, now) - held) {
        ledger->entries.n = before;
        return ST_CONFLICT;
    }
    struct plain_hold made = {
        .person = hold->person, .points = hold->points, .expires = hold->expires, .state = "held"};
    snprintf(made.ref, sizeof made.ref, "%s", hold->ref);
    vec_push(&ledger->holds, made);
    return ST_OK;
}

enum status plain_settle(struct plain_ledger *ledger, const char *ref, int64_t points, int64_t now)
{
    struct plain_hold *hold = hold_find(ledger, ref);
    if (!hold || strcmp(hold->state, "held") != 0 || hold->expires <= now || points > hold->points)
        return ST_CONFLICT;
    struct points_entry entry = {.act = POINTS_BURN,
                                 .person = hold->person,
                                 .points = points ? points : hold->points,
                                 .ref = ref,
                                 .settles = hold->points};
    enum status status = plain_post(ledger, &entry, now);
    if (status == ST_OK)
        hold->state = "settled";
    return status;
}

enum status plain_release(struct plain_ledger *ledger, const char *ref, int64_t now)
{
    struct plain_hold *hold = hold_find(ledger, ref);
    if (hold && strcmp(hold->state, "released") == 0)
        return ST_OK;
    if (!hold || strcmp(hold->state, "held") != 0 || hold->expires <= now)
        return ST_CONFLICT;
    hold->state = "released";
    return ST_OK;
}

void plain_free(struct plain_ledger *ledger)
{
    vec_free(&ledger->entries);
    vec_free(&ledger->holds);
}
