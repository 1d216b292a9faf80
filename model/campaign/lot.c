#include "model/campaign/lot.h"

#include "model/base/hash.h"

#include <stdlib.h>
#include <string.h>

uint64_t points_key(uint16_t kind, const char *ref)
{
    uint64_t key = hash64_seed(ref, strlen(ref), kind);
    return key > POINTS_OF_OWED ? key : key + POINTS_OF_OWED + 1;
}

/* ---- Order ---- */

struct placed {
    struct points_event event;
    size_t at;
};

static int compare_placed(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    if (x->event.time != y->event.time)
        return x->event.time < y->event.time ? -1 : 1;
    if (x->event.kind != y->event.kind)
        return x->event.kind < y->event.kind ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

void points_events_sort(struct points_event *events, size_t n)
{
    bool sorted = true;
    for (size_t i = 1; i < n && sorted; i++)
        sorted = events[i - 1].time < events[i].time ||
                 (events[i - 1].time == events[i].time && events[i - 1].kind <= events[i].kind);
    if (sorted)
        return;
    struct placed *placed = mem_alloc(n * sizeof *placed);
    for (size_t i = 0; i < n; i++)
        placed[i] = (struct placed){events[i], i};
    qsort(placed, n, sizeof *placed, compare_placed);
    for (size_t i = 0; i < n; i++)
        events[i] = placed[i].event;
    free(placed);
}

/* ---- Lots in the order they are burned ---- */

static bool burned_before(const struct points_fold *fold, uint32_t a, uint32_t b)
{
    const struct points_lot *x = &fold->lots.at[a], *y = &fold->lots.at[b];
    if (x->expires != y->expires)
        return x->expires < y->expires;
    if (x->time != y->time)
        return x->time < y->time;
    return a < b;
}

/* Where a lot stands, or belongs, in the list of open ones. */
static size_t open_place(const struct points_fold *fold, uint32_t lot)
{
    size_t low = 0, high = fold->open.n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (burned_before(fold, lot, fold->open.at[middle]))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void open_add(struct points_fold *fold, uint32_t lot)
{
    size_t place = open_place(fold, lot);
    vec_push(&fold->open, lot);
    memmove(fold->open.at + place + 1, fold->open.at + place,
            (fold->open.n - 1 - place) * sizeof *fold->open.at);
    fold->open.at[place] = lot;
}

static void open_remove(struct points_fold *fold, uint32_t lot)
{
    size_t place = open_place(fold, lot);
    memmove(fold->open.at + place, fold->open.at + place + 1,
            (fold->open.n - 1 - place) * sizeof *fold->open.at);
    fold->open.n--;
}

/* ---- Giving and taking ---- */

/* Points into a lot; a shortage is filled first. */
static void lot_fill(struct points_fold *fold, uint32_t lot, int64_t points)
{
    int64_t fills = points < fold->shortage ? points : fold->shortage;
    fold->shortage -= fills;
    points -= fills;
    if (points && fold->lots.at[lot].left == 0)
        open_add(fold, lot);
    fold->lots.at[lot].left += points;
}

static void lot_new(struct points_fold *fold, const struct points_event *event, int64_t time,
                    int64_t points)
{
    uint32_t lot = (uint32_t)fold->lots.n;
    if (points <= 0)
        return;
    bool named = event->kind == KIND_POINTS_EARN && event->ref && *event->ref;
    vec_push(&fold->lots, (struct points_lot){
                              .time = time,
                              .expires = points_expiry(fold->terms, time),
                              .points = points,
                              .key = named ? points_key(event->kind, event->ref) : 0,
                              .ref = event->ref,
                              .kind = event->kind,
                          });
    lot_fill(fold, lot, points);
}

/* From one lot, at most what is left of it; returns how much. */
static int64_t lot_take(struct points_fold *fold, uint32_t lot, int64_t points)
{
    struct points_lot *from = &fold->lots.at[lot];
    int64_t taken = points < from->left ? points : from->left;
    if (taken <= 0)
        return 0;
    if (taken == from->left)
        open_remove(fold, lot);
    from->left -= taken;
    vec_push(&fold->takes, (struct points_take){lot, taken, 0});
    return taken;
}

/* First to expire; what is not there is a shortage. */
static void points_take_first(struct points_fold *fold, int64_t points)
{
    while (points > 0 && fold->open.n)
        points -= lot_take(fold, fold->open.at[fold->open.n - 1], points);
    fold->shortage += points > 0 ? points : 0;
}

/* ---- Entries ---- */

static void burn_add(struct points_fold *fold, const struct points_event *event)
{
    struct points_burn burn = {.time = event->time, .points = event->amount};
    burn.key = event->ref && *event->ref ? points_key(event->kind, event->ref) : 0;
    burn.first = fold->takes.n;
    points_take_first(fold, event->amount);
    burn.n = fold->takes.n - burn.first;
    vec_push(&fold->burns, burn);
}

static uint64_t reversed_key(const struct points_event *event)
{
    if (event->of || !event->ref || !*event->ref)
        return event->of;
    return points_key(event->amount < 0 ? KIND_POINTS_BURN : KIND_POINTS_EARN, event->ref);
}

/* What was taken last is given back first: it is good for longest. What the burn took without its
 * being there, and what is given back beyond the burn, is a lot of its own. */
static void burn_reverse(struct points_fold *fold, const struct points_event *event)
{
    uint64_t key = reversed_key(event);
    int64_t points = -event->amount, time = event->time;
    for (size_t b = fold->burns.n; key && points && b-- > 0;) {
        struct points_burn *burn = &fold->burns.at[b];
        if (burn->key != key)
            continue;
        time = burn->time;
        for (size_t i = burn->n; i-- > 0 && points;) {
            struct points_take *take = &fold->takes.at[burn->first + i];
            int64_t back = take->points - take->back;
            back = points < back ? points : back;
            take->back += back;
            burn->back += back;
            points -= back;
            lot_fill(fold, take->lot, back);
        }
        break;
    }
    lot_new(fold, event, time, points);
}

static void earn_reverse(struct points_fold *fold, const struct points_event *event)
{
    uint64_t key = reversed_key(event);
    int64_t points = event->amount;
    for (uint32_t i = 0; key && key != POINTS_OF_OWED && i < fold->lots.n; i++)
        if (fold->lots.at[i].key == key) {
            points -= lot_take(fold, i, points);
            break;
        }
    points_take_first(fold, points);
}

void points_fold_begin(struct points_fold *fold)
{
    fold->sums = (struct points_sums){0};
    fold->shortage = 0;
    fold->lots.n = fold->open.n = fold->takes.n = fold->burns.n = fold->last_take = 0;
}

/* An amount of the other sign, which imports may bring, counts as its kind says: it adds what the
 * kind takes, and takes what it adds. */
static void plain_add(struct points_fold *fold, const struct points_event *event, int64_t adds)
{
    if (adds >= 0)
        lot_new(fold, event, event->time, adds);
    else
        points_take_first(fold, -adds);
}

void points_fold_add(struct points_fold *fold, const struct points_event *event)
{
    fold->last_take = fold->takes.n;
    fold->sums.balance += kind_points_sign(event->kind) * event->amount;
    switch (event->kind) {
    case KIND_POINTS_EARN:
        fold->sums.earned += event->amount;
        plain_add(fold, event, event->amount);
        break;
    case KIND_POINTS_ADJUST:
        fold->sums.adjusted += event->amount;
        plain_add(fold, event, event->amount);
        break;
    case KIND_POINTS_EXPIRE:
        fold->sums.expired += event->amount;
        plain_add(fold, event, -event->amount);
        break;
    case KIND_POINTS_BURN:
        fold->sums.burned += event->amount;
        if (event->amount >= 0)
            burn_add(fold, event);
        else
            plain_add(fold, event, -event->amount);
        break;
    case KIND_POINTS_REVERSE:
        fold->sums.reversed += event->amount;
        fold->sums.owed += event->owed;
        if (event->amount < 0)
            burn_reverse(fold, event);
        else
            earn_reverse(fold, event);
        break;
    default:
        break;
    }
}

int64_t points_fold_due(const struct points_fold *fold, int64_t at)
{
    int64_t due = 0;
    for (size_t i = fold->open.n; i-- > 0 && fold->lots.at[fold->open.at[i]].expires <= at;)
        due += fold->lots.at[fold->open.at[i]].left;
    return due;
}

void points_fold_free(struct points_fold *fold)
{
    vec_free(&fold->lots);
    vec_free(&fold->open);
    vec_free(&fold->takes);
    vec_free(&fold->burns);
}
