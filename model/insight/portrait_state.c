/* From counts to shares, indices and intervals; and what sets a group apart. */
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/insight/portrait_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double z95 = 1.959963984540054;

/* Wilson's 95 % interval of a share p of n. */
static void wilson(double p, double n, double *low, double *high)
{
    double z2 = z95 * z95, middle = p + z2 / (2 * n);
    double half = z95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n)), scale = 1 + z2 / n;
    *low = (middle - half) / scale;
    *high = (middle + half) / scale;
    *low = *low < 0 ? 0 : *low;
}

static double ratio(double part, double whole)
{
    return whole != 0 ? part / whole : NAN;
}

/* ---- Rows ---- */

static bool of_visits(enum portrait_part part)
{
    return part == PART_WEEKDAY || part == PART_DAYTIME;
}

/* What the rows of a part are shares of. */
static void base_of(const struct portrait_job *job, enum portrait_part part,
                    const struct tally *tally, int64_t of[SIDES])
{
    const struct sums *s = &job->sums;
    const int64_t *base = part < PART_CATEGORY                       ? job->of[part]
                          : part == PART_GOODS || part == PART_COLOR ? s->line_people
                          : part == PART_ZONE                        ? s->dwellers
                          : of_visits(part)                          ? s->visits
                                                                     : s->buyers;
    if (part == PART_ATTRIBUTE || part == PART_RESPONSE)
        base = tally->of;
    memcpy(of, base, sizeof(int64_t) * SIDES);
}

/* The group's mean price ÷ the mall's, with the interval of the group's mean. */
static void price_state(struct portrait_row *row, const struct tally *t)
{
    row->price = row->price_low = row->price_high = NAN;
    if (!t->n[GROUP] || t->gross[MALL] <= 0)
        return;
    double n = (double)t->n[GROUP], mean = (double)t->gross[GROUP] / n / 10;
    double all = (double)t->gross[MALL] / (double)t->n[MALL] / 10;
    double variance = n > 1 ? ((double)t->squares[GROUP] - n * mean * mean) / (n - 1) : NAN;
    double half = z95 * sqrt(variance > 0 ? variance / n : variance == variance ? 0 : NAN);
    row->price = 100 * mean / all;
    row->price_low = 100 * (mean - half) / all;
    row->price_high = 100 * (mean + half) / all;
}

static struct portrait_row row_of(const struct portrait_job *job, enum portrait_part part, size_t i)
{
    const struct tally *t = &job->counts[part][i];
    struct portrait_row row = {.key = job->keys[part].key[i], .name = job->keys[part].name[i]};
    base_of(job, part, t, row.of);
    memcpy(row.people, t->people, sizeof row.people);
    memcpy(row.money, t->money, sizeof row.money);
    for (int side = 0; side < SIDES; side++)
        row.share[side] = ratio((double)row.people[side], (double)row.of[side]);
    /* Visits of one person are alike: the interval rests on people. */
    int64_t base = of_visits(part) && job->sums.seen[GROUP] < row.of[GROUP] ? job->sums.seen[GROUP]
                                                                            : row.of[GROUP];
    row.small = base < PORTRAIT_SMALL;
    row.index = row.low = row.high = NAN;
    if (row.of[GROUP] && row.people[MALL]) {
        double low, high;
        wilson(row.share[GROUP], (double)base, &low, &high);
        row.index = 100 * row.share[GROUP] / row.share[MALL];
        row.low = 100 * low / row.share[MALL];
        row.high = 100 * high / row.share[MALL];
    }
    price_state(&row, t);
    return row;
}

static int by_share(const void *a, const void *b)
{
    const struct portrait_row *x = a, *y = b;
    if (x->people[GROUP] != y->people[GROUP])
        return x->people[GROUP] > y->people[GROUP] ? -1 : 1;
    if (x->people[MALL] != y->people[MALL])
        return x->people[MALL] > y->people[MALL] ? -1 : 1;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->key, y->key);
}

/* ---- Too few to be told apart for who asks ---- */

static void row_hide(struct portrait_row *row)
{
    row->hidden = true;
    row->people[GROUP] = row->of[GROUP] = row->money[GROUP] = 0;
    row->share[GROUP] = row->index = row->low = row->high = NAN;
    row->price = row->price_low = row->price_high = NAN;
}

/* Rows of few people, and those whose others are few; where everybody stands in one row, also the
 * next larger one, from which the total would give a small one away. */
static void rows_hide(const struct portrait_job *job, enum portrait_part part,
                      struct portrait_row *rows, size_t n)
{
    const struct access *access = job->access;
    bool parted = part < PART_ATTRIBUTE, *hidden = arena_array(job->scratch, bool, n);
    int64_t *people = arena_array(job->scratch, int64_t, n);
    if (!access->least_people || job->query->one || of_visits(part))
        return;
    for (size_t i = 0; i < n; i++)
        people[i] = rows[i].people[GROUP];
    if (parted)
        small_groups(access, people, n, hidden);
    for (size_t i = 0; i < n; i++)
        if (hidden[i] || small_group(access, rows[i].people[GROUP]) ||
            small_group(access, rows[i].of[GROUP] - rows[i].people[GROUP]) ||
            small_group(access, rows[i].people[MALL]))
            row_hide(&rows[i]);
}

static void facet_state(const struct portrait_job *job, struct portrait *portrait,
                        enum portrait_part part)
{
    struct portrait_facet *facet = &portrait->facets[part];
    size_t n = job->keys[part].n;
    struct portrait_row *rows = arena_array(job->arena, struct portrait_row, n);
    for (size_t i = 0; i < n; i++) {
        const struct tally *t = &job->counts[part][i];
        if (!t->people[MALL] && !t->of[MALL] && !t->money[MALL])
            continue;
        rows[facet->n] = row_of(job, part, i);
        for (int side = 0; side < SIDES; side++)
            if (rows[facet->n].of[side] > facet->of[side])
                facet->of[side] = rows[facet->n].of[side];
        facet->n++;
    }
    rows_hide(job, part, rows, facet->n);
    if (portrait_parts[part].ranked && facet->n)
        qsort(rows, facet->n, sizeof *rows, by_share);
    facet->rows = rows;
}

/* ---- Figures ---- */

/* A share of people. */
static void share_figure(const struct portrait_job *job, struct portrait *portrait,
                         enum portrait_figure_id id, const int64_t part[SIDES],
                         const int64_t whole[SIDES])
{
    struct portrait_figure *f = &portrait->figures[id];
    double low, high;
    f->n = whole[GROUP];
    f->known = whole[GROUP] > 0 &&
               (portrait->one || (!small_group(job->access, part[GROUP]) &&
                                  !small_group(job->access, whole[GROUP] - part[GROUP])));
    f->small = f->n < PORTRAIT_SMALL;
    for (int side = 0; side < SIDES; side++)
        f->value[side] = ratio((double)part[side], (double)whole[side]);
    f->index = f->low = f->high = NAN;
    if (!f->known || !part[MALL])
        return;
    wilson(f->value[GROUP], (double)whole[GROUP], &low, &high);
    f->index = 100 * f->value[GROUP] / f->value[MALL];
    f->low = 100 * low / f->value[MALL];
    f->high = 100 * high / f->value[MALL];
}

/* A mean over n things of so many people; squares are of sums ÷ unit. */
struct mean {
    const int64_t *sum, *n, *people;
    const uint64_t *squares; /* NULL: no interval */
    double unit;
};

static void mean_figure(struct portrait *portrait, enum portrait_figure_id id,
                        const struct mean *mean)
{
    struct portrait_figure *f = &portrait->figures[id];
    double n = (double)mean->n[GROUP];
    f->n = mean->people[GROUP];
    f->known = n > 0;
    f->small = f->n < PORTRAIT_SMALL;
    for (int side = 0; side < SIDES; side++)
        f->value[side] = ratio((double)mean->sum[side], (double)mean->n[side]);
    f->index = f->low = f->high = NAN;
    if (!f->known || !(f->value[MALL] > 0))
        return;
    f->index = 100 * f->value[GROUP] / f->value[MALL];
    if (!mean->squares || n < 2)
        return;
    double m = f->value[GROUP] / mean->unit;
    double variance = ((double)mean->squares[GROUP] - n * m * m) / (n - 1);
    double rests = (double)f->n < n ? (double)f->n : n; /* things of one person are alike */
    double half = z95 * sqrt(variance > 0 ? variance / rests : 0) * mean->unit;
    f->low = 100 * (f->value[GROUP] - half) / f->value[MALL];
    f->high = 100 * (f->value[GROUP] + half) / f->value[MALL];
}

/* What the group paid ÷ what the same things would have cost at the mall's mean price of each
 * category. Its interval takes the numbers bought as given. */
static void price_level(const struct portrait_job *job, struct portrait *portrait)
{
    enum portrait_part part = job->sums.line_people[MALL] ? PART_GOODS : PART_CATEGORY;
    struct portrait_figure *f = &portrait->figures[FIGURE_PRICE];
    double paid = 0, expected = 0, variance = 0;
    for (size_t i = 0; i < job->keys[part].n; i++) {
        const struct tally *t = &job->counts[part][i];
        double n = (double)t->n[GROUP], sum = (double)t->gross[GROUP] / 10;
        if (!t->n[GROUP] || t->gross[MALL] <= 0)
            continue;
        paid += sum;
        expected += n * ((double)t->gross[MALL] / (double)t->n[MALL] / 10);
        if (n > 1)
            variance += n * ((double)t->squares[GROUP] - sum * sum / n) / (n - 1);
    }
    portrait->price_of_lines = part == PART_GOODS;
    f->n = part == PART_GOODS ? job->sums.line_people[GROUP] : job->sums.buyers[GROUP];
    f->known = expected > 0;
    f->small = f->n < PORTRAIT_SMALL;
    f->value[GROUP] = f->index = f->known ? 100 * paid / expected : NAN;
    f->value[MALL] = 100;
    double half = z95 * sqrt(variance > 0 ? variance : 0);
    f->low = f->known ? 100 * (paid - half) / expected : NAN;
    f->high = f->known ? 100 * (paid + half) / expected : NAN;
}

static void figures_state(const struct portrait_job *job, struct portrait *portrait)
{
    const struct sums *s = &job->sums;
    share_figure(job, portrait, FIGURE_SEEN, s->members_seen, job->n_members);
    share_figure(job, portrait, FIGURE_BUYERS, s->members_buying, job->n_members);
    share_figure(job, portrait, FIGURE_REFUNDED, s->refunders, s->buyers);
    share_figure(job, portrait, FIGURE_RESPONDED, s->responded, s->addressed);
    const struct {
        enum portrait_figure_id id;
        struct mean mean;
    } means[] = {
        {FIGURE_SPENT, {s->net, s->buyers, s->buyers, s->net_squares, 10}},
        {FIGURE_RECEIPT, {s->gross, s->receipts, s->buyers, s->receipt_squares, 10}},
        {FIGURE_DAYS, {s->days, s->buyers, s->buyers, s->day_squares, 1}},
        {FIGURE_PIECES, {s->pieces, s->lined, s->line_people, s->piece_squares, 1}},
        {FIGURE_VISITS, {s->visits, s->seen, s->seen, s->visit_squares, 1}},
        {FIGURE_DWELL, {s->dwell, s->dwelt, s->seen, s->dwell_squares, 1}},
    };
    for (size_t i = 0; i < sizeof means / sizeof *means; i++)
        mean_figure(portrait, means[i].id, &means[i].mean);
    price_level(job, portrait);
    for (int id = FIGURE_ALIVE; id <= FIGURE_WORTH; id++)
        portrait->figures[id] =
            (struct portrait_figure){.value = {NAN, NAN}, .index = NAN, .low = NAN, .high = NAN};
    for (int id = 0; id < FIGURE_COUNT && !portrait->one; id++)
        if (small_group(job->access, portrait->figures[id].n)) {
            portrait->figures[id].known = false;
            portrait->figures[id].n = 0;
        }
}

void portrait_state(const struct portrait_job *job, struct portrait *portrait)
{
    const struct sums *s = &job->sums;
    for (int side = 0; side < SIDES; side++) {
        portrait->members[side] = job->n_members[side];
        portrait->sales[side] = s->net[side];
        portrait->buyers[side] = s->buyers[side];
        portrait->seen[side] = s->seen[side];
        portrait->visits[side] = s->visits[side];
        portrait->spans[side] = job->spans[side];
    }
    portrait->n_spans = job->n_spans;
    memcpy(portrait->hours, job->hours, sizeof portrait->hours);
    portrait->related_inside = job->related_inside;
    figures_state(job, portrait);
    for (int part = 0; part < PART_COUNT; part++)
        facet_state(job, portrait, (enum portrait_part)part);
}
