/* Whose purchases are the same as those of somebody known by a means of payment alone. */
#include "model/people/candidate.h"

#include "model/base/set.h"
#include "model/base/vec.h"
#include "model/event/event.h"

#include <stdlib.h>

enum { DAY = 86400, SEVERAL = -1, NOBODY = 0 };

/* A purchase of a payer, and which member bought for the same money there and then. */
struct payment {
    uint32_t tenant, payer;
    int64_t amount, time;
    int64_t member; /* NOBODY, SEVERAL */
};

struct paying {
    struct set *payers, *members;
    VEC(struct payment) payments; /* by shop, amount and time */
};

static enum status people_mark(struct reader *reader, const char *sql, struct set *set,
                               struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(reader, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int64_t person = sqlite3_column_int64(stmt, 0);
        if (person > 0 && person < set->n)
            set_add(set, (uint32_t)person);
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status payments_take(void *context, const struct event_block *block, struct error *err)
{
    struct paying *p = context;
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; run->tenant && run->amount && i < run->n; i++)
            if (run->tenant[i] && run->amount[i] > 0 && set_has(p->payers, run->person[i]))
                vec_push(&p->payments, (struct payment){run->tenant[i], run->person[i],
                                                        run->amount[i], run->time[i], NOBODY});
    }
    return ST_OK;
}

static int payment_compare(const void *a, const void *b)
{
    const struct payment *x = a, *y = b;
    if (x->tenant != y->tenant)
        return x->tenant < y->tenant ? -1 : 1;
    if (x->amount != y->amount)
        return x->amount < y->amount ? -1 : 1;
    return (x->time > y->time) - (x->time < y->time);
}

/* The first payment at that shop, of that money, not before the time. */
static size_t payment_find(const struct paying *p, const struct payment *than)
{
    size_t low = 0, high = p->payments.n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (payment_compare(&p->payments.at[middle], than) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum status purchases_take(void *context, const struct event_block *block, struct error *err)
{
    struct paying *p = context;
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; run->tenant && run->amount && i < run->n; i++) {
            if (!set_has(p->members, run->person[i]))
                continue;
            struct payment like = {.tenant = run->tenant[i],
                                   .amount = run->amount[i],
                                   .time = run->time[i] - CANDIDATE_SECONDS};
            for (size_t at = payment_find(p, &like); at < p->payments.n; at++) {
                struct payment *payment = &p->payments.at[at];
                if (payment->tenant != like.tenant || payment->amount != like.amount ||
                    payment->time > run->time[i] + CANDIDATE_SECONDS)
                    break;
                payment->member = payment->member == NOBODY || payment->member == run->person[i]
                                      ? (int64_t)run->person[i]
                                      : SEVERAL;
            }
        }
    }
    return ST_OK;
}

/* One line a pair and day, so that two purchases of a day are one. */
struct met {
    uint32_t member, payer;
    int64_t day;
};

static int met_compare(const void *a, const void *b)
{
    const struct met *x = a, *y = b;
    if (x->member != y->member)
        return x->member < y->member ? -1 : 1;
    if (x->payer != y->payer)
        return x->payer < y->payer ? -1 : 1;
    return (x->day > y->day) - (x->day < y->day);
}

static void pairs_give(const struct paying *p, struct arena *arena, uint32_t person,
                       struct presence_pair **pairs, size_t *n)
{
    VEC(struct met) met = {0};
    for (size_t i = 0; i < p->payments.n; i++) {
        const struct payment *payment = &p->payments.at[i];
        if (payment->member > 0 &&
            (!person || payment->member == person || payment->payer == person))
            vec_push(&met,
                     (struct met){(uint32_t)payment->member, payment->payer, payment->time / DAY});
    }
    if (met.n)
        qsort(met.at, met.n, sizeof *met.at, met_compare);
    *pairs = arena_array(arena, struct presence_pair, met.n + 1);
    for (size_t i = 0, to; i < met.n; i = to) {
        int days = 1;
        for (to = i + 1; to < met.n && met.at[to].member == met.at[i].member &&
                         met.at[to].payer == met.at[i].payer;
             to++)
            days += met.at[to].day != met.at[to - 1].day;
        if (days >= CANDIDATE_PAYMENTS)
            (*pairs)[(*n)++] = (struct presence_pair){met.at[i].member, met.at[i].payer, days};
    }
    vec_free(&met);
}

enum status payment_pairs(struct reader *reader, struct arena *arena, uint32_t person,
                          struct presence_pair **pairs, size_t *n, struct error *err)
{
    static const uint16_t purchase[] = {KIND_PURCHASE};
    struct paying p = {0};
    struct arena *scratch = arena_new();
    int64_t as_of, present = 0;
    uint32_t n_people = 0;
    *n = 0;
    *pairs = NULL;
    enum status status = people_end(reader, &n_people, err);
    p.payers = set_new(scratch, n_people);
    p.members = set_new(scratch, n_people);
    if (status == ST_OK)
        status = people_mark(reader, "select person from member", p.members, err);
    if (status == ST_OK)
        status = people_mark(reader,
                             "select person from contact where kind = 5 and person not in (select "
                             "person from member)",
                             p.payers, err);
    if (status == ST_OK)
        status = reader_present(reader, &as_of, &present, err);
    struct event_query query = {.from = present - (int64_t)CANDIDATE_DAYS * DAY,
                                .kinds = purchase,
                                .n_kinds = 1,
                                .columns = EVENT_TIME | EVENT_TENANT | EVENT_AMOUNT,
                                .people = true};
    if (status == ST_OK && set_count(p.payers))
        status = event_scan(reader, &query, payments_take, &p, err);
    if (p.payments.n)
        qsort(p.payments.at, p.payments.n, sizeof *p.payments.at, payment_compare);
    if (status == ST_OK && p.payments.n)
        status = event_scan(reader, &query, purchases_take, &p, err);
    if (status == ST_OK)
        pairs_give(&p, arena, person, pairs, n);
    vec_free(&p.payments);
    arena_free(scratch);
    return status;
}
