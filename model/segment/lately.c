/* Behaviour told by what people did lately (model/event/recent.h), without events: who was there
 * within a span that reaches up to the present, what they spent and how often they bought in the
 * last months, and that those who were not there since did nothing there. What it does not tell is
 * left to a scan: a border inside a day for people who did something on that day, a span that
 * begins before the tills that are kept. */
#include "model/segment/job.h"

#include "model/base/pipeline.h"
#include "model/event/append.h"
#include "model/event/kind.h"
#include "model/event/recent.h"

#include <stdlib.h>

/* Mall days of a span. A border inside a day leaves that day in doubt. */
struct days {
    int32_t from, to; /* [from, to) */
    bool from_inside; /* the first day counts in part */
    bool to_inside;   /* day `to` does too */
    bool open;        /* nothing happened at the end of the span or later */
};

struct lately {
    const struct figure *figure;
    enum { LATELY_ABSENT, LATELY_SEEN, LATELY_SPENT, LATELY_BOUGHT } tells;
    struct days days;
};

/* ---- Which figures ---- */

static bool kinds_are(const struct matcher *matcher, const uint16_t *wanted, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (matcher_truth(matcher, wanted[i]) != MATCH_ALWAYS)
            return false;
    for (size_t i = 0; i < matcher->n_kinds; i++) {
        bool found = matcher_truth(matcher, matcher->kinds[i]) == MATCH_NEVER;
        for (size_t k = 0; k < n && !found; k++)
            found = matcher->kinds[i] == wanted[k];
        if (!found)
            return false;
    }
    return true;
}

static bool kinds_show(const struct matcher *matcher)
{
    for (size_t i = 0; i < matcher->n_kinds; i++)
        if (!recent_wants(matcher->kinds[i]))
            return false;
    return true;
}

static bool tells_seen(const struct matcher *matcher)
{
    for (size_t i = 0; i < n_kinds; i++)
        if (recent_wants(kinds[i].id) && matcher_truth(matcher, kinds[i].id) != MATCH_ALWAYS)
            return false;
    return true;
}

static bool figure_lately(const struct figure *figure, struct lately *lately)
{
    static const uint16_t paid[] = {KIND_PURCHASE, KIND_REFUND};
    const struct deed *deed = figure->deed;
    *lately = (struct lately){.figure = figure, .tells = LATELY_ABSENT};
    if (!kinds_show(deed->matcher))
        return false;
    if (deed->simply && tells_seen(deed->matcher))
        lately->tells = LATELY_SEEN;
    else if (deed->id == DOES_SPENT && kinds_are(deed->matcher, paid, 2))
        lately->tells = LATELY_SPENT;
    else if ((deed->id == DOES_BOUGHT || deed->id == DOES_DID) && kinds_are(deed->matcher, paid, 1))
        lately->tells = LATELY_BOUGHT;
    return true;
}

static struct days days_of(const struct job *job, const struct deed *deed,
                           struct chunk_calendar *calendar)
{
    struct days days = {.from = RECENT_NEVER, .to = INT32_MAX, .open = deed->to > job->as_of};
    if (deed->from > EVENT_TIME_LEAST) {
        size_t at = chunk_calendar_find(calendar, deed->from);
        days.from = calendar->spans.at[at].number;
        days.from_inside = deed->from != calendar->spans.at[at].start;
    }
    if (!days.open) {
        size_t at = chunk_calendar_find(calendar, deed->to);
        days.to = calendar->spans.at[at].number;
        days.to_inside = deed->to != calendar->spans.at[at].start;
    }
    return days;
}

void lately_part(struct job *job)
{
    for (size_t i = 0; i < job->figures.n; i++) {
        struct lately lately;
        struct figure *figure = job->figures.at[i];
        for (size_t s = 0; s < figure->slots.n && figure_lately(figure, &lately); s++)
            figure->slots.at[s]->known = set_room_take(&job->sets);
    }
}

/* ---- The work ---- */

enum { BLOCKS_AT_ONCE = 4, LANES_MOST = 8, PLANS_FEW = 4 };

struct piece {
    size_t n;
    int32_t blocks[BLOCKS_AT_ONCE];
    struct recent_bytes stored[BLOCKS_AT_ONCE];
};

struct work {
    struct job *job;
    const struct stage *stage;
    struct recent_source source;
    unsigned parts;
    uint32_t next;
    VEC(struct lately) figures;
    size_t n_cheap; /* of them look at presence alone and come first */
};

struct lane {
    int64_t values[EVENT_BLOCK];
    uint64_t doubt[JOB_WORDS], wanted[JOB_WORDS];
    const struct lately *lately;
    uint64_t *met; /* by slot of a figure */
};

static enum status piece_fill(void *context, void *job, bool *more, struct error *err)
{
    struct work *work = context;
    struct piece *piece = job;
    enum status status = ST_OK;
    piece->n = 0;
    for (; piece->n < BLOCKS_AT_ONCE && work->next < work->job->n_blocks && status == ST_OK;
         work->next++) {
        if (!work->stage->been[work->next])
            continue;
        piece->blocks[piece->n] = (int32_t)work->next;
        status = recent_source_fetch(&work->source, (int32_t)work->next, work->parts,
                                     &piece->stored[piece->n], err);
        piece->n++;
    }
    if (status == ST_OK && reader_cancelled(work->job->reader))
        status = error_set(err, ST_CANCELLED, "the question was cancelled");
    *more = piece->n > 0;
    return status;
}

/* ---- One figure of a block ---- */

static void till_take(void *context, uint32_t person, int32_t day, int64_t value)
{
    struct lane *lane = context;
    const struct days *days = &lane->lately->days;
    if ((day == days->from && days->from_inside) || day == days->to)
        lane->doubt[person / 64] |= UINT64_C(1) << (person % 64);
    else
        lane->values[person] = (int64_t)((uint64_t)lane->values[person] + (uint64_t)value);
}

/* Sums of those that may have some; `known` has who does not. */
static void tills_sum(struct lane *lane, const struct recent_block *block, const uint64_t *wanted,
                      size_t n, uint64_t *known)
{
    const struct days *days = &lane->lately->days;
    uint64_t among[JOB_WORDS] = {0};
    for (size_t i = 0; i < n; i++) {
        among[i] = wanted[i] & ~known[i];
        for (uint64_t left = among[i]; left; left &= left - 1)
            lane->values[i * 64 + (unsigned)__builtin_ctzll(left)] = 0;
    }
    memset(lane->doubt, 0, sizeof lane->doubt);
    recent_tills_each(block, among, days->from, days->to + days->to_inside,
                      lane->lately->tells == LATELY_BOUGHT, till_take, lane);
    for (size_t i = 0; i < n; i++)
        known[i] |= among[i] & ~lane->doubt[i];
}

static void slots_meet(const struct job *job, const struct figure *figure, uint32_t block,
                       const uint64_t *some, struct lane *lane)
{
    size_t first = block_word((int32_t)block);
    for (size_t i = 0; i < block_words(job, block); i++) {
        if (!some[i])
            continue;
        figure_meet(figure, some[i], lane->values + i * 64, lane->met);
        for (size_t s = 0; s < figure->slots.n; s++)
            figure->slots.at[s]->yes->words[first + i] |= lane->met[s];
    }
}

/* All of `some` have the same value. */
static void slot_meet_all(const struct job *job, const struct slot *slot, uint32_t block,
                          const uint64_t *some, int64_t value)
{
    uint64_t *yes = slot->yes->words + block_word((int32_t)block);
    for (size_t i = 0; i < block_words(job, block) && value_meets(slot->test, value); i++)
        yes[i] |= some[i];
}

static void figure_take(const struct job *job, struct lane *lane, const struct lately *lately,
                        const struct recent_block *block, uint32_t number)
{
    const struct days *days = &lately->days;
    const struct figure *figure = lately->figure;
    size_t n = block_words(job, number);
    const uint64_t *wanted = lane->wanted;
    uint64_t absent[JOB_WORDS], some[JOB_WORDS] = {0}, later[JOB_WORDS] = {0};
    lane->lately = lately;
    recent_seen(block, days->from, absent);
    for (size_t i = 0; i < n; i++)
        absent[i] = wanted[i] & ~absent[i];
    if (lately->tells == LATELY_SEEN) {
        recent_seen(block, days->from + days->from_inside, some);
        if (!days->open)
            recent_seen(block, days->to, later);
        for (size_t i = 0; i < n; i++)
            some[i] &= wanted[i] & ~later[i];
    } else if (lately->tells != LATELY_ABSENT && block->money.known &&
               days->from >= block->money.since) {
        uint64_t known[JOB_WORDS];
        memcpy(known, absent, sizeof known);
        tills_sum(lane, block, wanted, n, known);
        for (size_t i = 0; i < n; i++)
            some[i] = known[i] & ~absent[i];
    }
    for (size_t s = 0; s < figure->slots.n; s++) {
        const struct slot *slot = figure->slots.at[s];
        uint64_t *known = slot->known->words + block_word((int32_t)number);
        slot_meet_all(job, slot, number, absent, value_before(figure->deed));
        if (lately->tells == LATELY_SEEN)
            slot_meet_all(job, slot, number, some, 1);
        for (size_t i = 0; i < n; i++)
            known[i] |= absent[i] | some[i];
    }
    if (lately->tells != LATELY_SEEN)
        slots_meet(job, figure, number, some, lane);
}

/* Tills only of those that presence left undecided, where it is cheap to know who they are. */
static void block_take(const struct work *work, struct lane *lane, const struct recent_block *block,
                       uint32_t number)
{
    const struct job *job = work->job;
    bool any = true;
    memcpy(lane->wanted, job->wanted->words + block_word((int32_t)number),
           block_words(job, number) * sizeof *lane->wanted);
    for (size_t f = 0; f < work->figures.n && any; f++) {
        if (f == work->n_cheap && f > 0 && job->n_plans <= PLANS_FEW)
            any = block_want(job, STAGE_LATELY, number, lane->wanted);
        if (any)
            figure_take(job, lane, &work->figures.at[f], block, number);
    }
    /* What is settled here, the thread that goes on needs not look at. */
    if (any && job->n_plans <= PLANS_FEW)
        block_want(job, STAGE_LATELY, number, lane->wanted);
}

static enum status piece_work(void *context, void *lane, void *job, struct error *err)
{
    struct work *work = context;
    const struct piece *piece = job;
    enum status status = ST_OK;
    for (size_t i = 0; i < piece->n && status == ST_OK; i++) {
        struct recent_block block;
        status = recent_source_open(&work->source, piece->blocks[i], work->parts, &piece->stored[i],
                                    &block, err);
        if (status == ST_OK && block.presence.known)
            block_take(work, lane, &block, (uint32_t)piece->blocks[i]);
    }
    return status;
}

/* ---- All blocks ---- */

static void figures_find(struct work *work)
{
    struct chunk_calendar calendar =
        chunk_calendar_make(&reader_mall(work->job->reader)->clock, true);
    work->parts = RECENT_PRESENCE;
    /* The cheap ones first: twice through, tills the second time. */
    for (size_t k = 0; k < 2 * work->job->figures.n; k++) {
        struct lately lately;
        bool tills = k >= work->job->figures.n;
        if (!figure_lately(work->job->figures.at[k % work->job->figures.n], &lately) ||
            tills != (lately.tells == LATELY_SPENT || lately.tells == LATELY_BOUGHT))
            continue;
        lately.days = days_of(work->job, lately.figure->deed, &calendar);
        if (tills)
            work->parts |= RECENT_MONEY;
        vec_push(&work->figures, lately);
        work->n_cheap += !tills;
    }
    chunk_calendar_free(&calendar);
}

enum status lately_run(struct job *job, struct stage *stage, struct error *err)
{
    struct work work = {.job = job, .stage = stage};
    const struct pipeline pipeline = {piece_fill, piece_work, &work};
    struct piece pieces[LANES_MOST + 2] = {0};
    void *lanes[LANES_MOST], *jobs[LANES_MOST + 2];
    /* Reading is more than half of the work, so the thread that reads counts as one. */
    int threads = lanes_wanted(job), n = threads > 1 ? threads - 1 : 1;
    int n_jobs = threads > 1 ? n + 2 : 1;
    figures_find(&work);
    for (int i = 0; i < n; i++) {
        struct lane *lane = lanes[i] = mem_alloc(sizeof *lane);
        lane->met = arena_array(job->arena, uint64_t, job->slots.n);
    }
    for (int i = 0; i < n_jobs; i++)
        jobs[i] = &pieces[i];
    enum status status = recent_source_begin(&work.source, job->reader, err);
    if (status == ST_OK)
        status = pipeline_run(&pipeline, lanes, n, jobs, n_jobs, err);
    for (int i = 0; i < n; i++)
        free(lanes[i]);
    for (int i = 0; i < n_jobs; i++)
        for (int k = 0; k < BLOCKS_AT_ONCE; k++)
            recent_bytes_free(&pieces[i].stored[k]);
    vec_free(&work.figures);
    recent_source_end(&work.source);
    return status;
}
