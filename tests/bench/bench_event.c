/*
 * Measures the events alone: bulk append of rows in random order and of whole blocks, bytes an
 * event, scans. Usage: bench_event [EVENTS [PEOPLE [FOLDER]]].
 *
 * The events have the shape of a mall's: 40 % sightings in bursts, purchases followed by points of
 * the same reference, registrations, messages, app and coupon events; 30 % have a reference.
 */
#include "model/event/event.h"
#include "model/store/mall.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAYS = 730, DAY = 86400, TENANTS = 300, ZONES = 60, BURST = 5 };
static const int64_t start = 1672531200; /* 2023-01-01 */

static uint64_t random_next(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static uint64_t below(uint64_t *state, uint64_t n)
{
    return (uint64_t)((unsigned __int128)random_next(state) * n >> 64);
}

/* A moment between 10:00 and 22:00 in the mall's zone (UTC+8). */
static int64_t moment(uint64_t *state)
{
    return start + (int64_t)below(state, DAYS) * DAY + 2 * 3600 + (int64_t)below(state, 12 * 3600);
}

/* The receipts of a mall are numbered as they are printed: about proportional to time. */
static uint32_t put_ref(char *ref, int64_t time, uint64_t *state, uint64_t receipts)
{
    uint64_t place = (uint64_t)(time - start) * 1000 + below(state, 1000);
    unsigned long long number =
        (unsigned long long)((double)place / ((double)DAYS * DAY * 1000) * (double)receipts);
    return (uint32_t)snprintf(ref, 16, "R%011llu", number);
}

struct made {
    struct event events[BURST];
    char ref[16];
    size_t n;
};

/* Few receipt numbers come twice in `receipts`: it is far above the number made. */
static void make_some(struct made *made, uint32_t person, uint64_t *state, uint64_t receipts)
{
    uint64_t kind = below(state, 1000);
    int64_t time = moment(state);
    struct event *event = made->events;
    *event = (struct event){.person = person, .time = time};
    made->n = 1;
    if (kind < 150) { /* a burst of sightings */
        uint32_t zone = 1 + (uint32_t)below(state, ZONES);
        for (made->n = 0; made->n < BURST; made->n++) {
            made->events[made->n] = (struct event){.person = person,
                                                   .kind = KIND_SIGHTING,
                                                   .time = time,
                                                   .zone = zone,
                                                   .device = zone + 400,
                                                   .value = -40 - (int32_t)below(state, 45)};
            time += 60 + (int64_t)below(state, 600);
            zone = below(state, 3) ? zone : 1 + (uint32_t)below(state, ZONES);
        }
    } else if (kind < 450) { /* a receipt and its points */
        event->kind = KIND_PURCHASE;
        event->tenant = 1 + (uint32_t)(below(state, TENANTS) * below(state, TENANTS) / TENANTS);
        event->channel = 1 + event->tenant % 3;
        event->amount = (int64_t)(1000 + below(state, 1 << (10 + below(state, 8)))) * 10;
        event->ref = made->ref;
        event->ref_size = put_ref(made->ref, time, state, receipts);
        made->events[1] = *event;
        made->events[1].kind = KIND_POINTS_EARN;
        made->events[1].amount = event->amount / 100;
        made->n = 2;
    } else if (kind < 500) {
        event->kind = KIND_REGISTER;
        event->channel = 1 + (uint16_t)below(state, 4);
    } else if (kind < 750) {
        event->kind = KIND_APP_OPEN;
    } else if (kind < 950) {
        event->kind = KIND_MESSAGE_SENT;
        event->campaign = 1 + (uint32_t)((time - start) / (30 * DAY));
        event->channel = 5;
    } else {
        event->kind = KIND_DOOR;
        event->zone = 1 + (uint32_t)below(state, 8);
    }
}

/* ---- Measuring ---- */

static double now(void)
{
    return (double)time_monotonic_ns() / 1e9;
}

static void must(enum status status, struct error *err)
{
    if (status == ST_OK)
        return;
    fprintf(stderr, "bench_event: %s\n", error_text(err));
    exit(1);
}

static double megabytes_used(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

/* Of all threads, so that a busy machine disturbs the figure less than it does the clock. */
static double cpu(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

struct setting {
    size_t events;
    uint32_t people;
    char *path;
};

struct adder {
    const struct setting *setting;
    struct event_bulk *bulk;
    int lane, lanes;
    struct error err;
    pthread_t thread;
};

static void *add_random(void *of)
{
    struct adder *adder = of;
    uint64_t state = (uint64_t)adder->lane + 1;
    size_t left = adder->setting->events / (size_t)adder->lanes, n = 0;
    enum { BATCH = 1024 };
    struct event *events = mem_alloc((BATCH + BURST) * sizeof *events);
    struct made *made = mem_alloc(BATCH * sizeof *made);
    size_t n_made = 0;
    while (left > 0) {
        struct made *some = &made[n_made++];
        make_some(some, 1 + (uint32_t)below(&state, adder->setting->people), &state,
                  (uint64_t)adder->setting->events * 4);
        for (size_t i = 0; i < some->n && left > 0; i++, left--)
            events[n++] = some->events[i];
        if (n >= BATCH || left == 0) {
            must(event_bulk_add(adder->bulk, adder->lane, events, n, &adder->err), &adder->err);
            n = n_made = 0;
        }
    }
    free(events);
    free(made);
    return NULL;
}

static void *add_blocks(void *of)
{
    struct adder *adder = of;
    const struct setting *setting = adder->setting;
    int32_t blocks = (int32_t)(setting->people >> EVENT_BLOCK_BITS) + 1;
    for (int32_t block = adder->lane; block < blocks; block += adder->lanes) {
        uint64_t state = (uint64_t)block + 1000;
        uint32_t first = (uint32_t)block << EVENT_BLOCK_BITS;
        size_t n = 0, most = setting->events / (size_t)blocks;
        struct event *events = mem_alloc((most + BURST) * sizeof *events);
        struct made *made = mem_alloc(most * sizeof *made), *some = made;
        for (; n < most; some++) {
            make_some(some, first + 1 + (uint32_t)below(&state, EVENT_BLOCK - 1), &state,
                      (uint64_t)setting->events * 4);
            /* Blocks must not share references. */
            if (some->n == 2) {
                some->events[0].ref_size = some->events[1].ref_size =
                    (uint32_t)snprintf(some->ref, sizeof some->ref, "R%07d%07zu", block, n);
            }
            for (size_t i = 0; i < some->n; i++)
                events[n++] = some->events[i];
        }
        must(event_bulk_add_block(adder->bulk, block, events, n, &adder->err), &adder->err);
        free(events);
        free(made);
    }
    return NULL;
}

static void append(const struct setting *setting, const char *what, void *(*run)(void *))
{
    enum { LANES = 2 };
    struct error err = {0};
    struct mall *mall;
    struct writer *writer;
    struct event_bulk *bulk;
    unlink(setting->path);
    must(mall_create(setting->path, NULL, &err), &err);
    must(mall_open(setting->path, &mall, &err), &err);
    must(writer_open(mall, &writer, &err), &err);
    struct event_bulk_options options = {.threads = LANES, .source = "bench"};
    double began = now(), cpu_began = cpu();
    must(event_bulk_begin(writer, &options, &bulk, &err), &err);
    struct adder adders[LANES];
    for (int i = 0; i < LANES; i++) {
        adders[i] = (struct adder){.setting = setting, .bulk = bulk, .lane = i, .lanes = LANES};
        pthread_create(&adders[i].thread, NULL, run, &adders[i]);
    }
    for (int i = 0; i < LANES; i++)
        pthread_join(adders[i].thread, NULL);
    double added = now(), cpu_added = cpu();
    struct event_bulk_counts counts;
    must(event_bulk_commit(bulk, NULL, NULL, &counts, &err), &err);
    double done = now(), cpu_done = cpu();
    writer_close(writer);
    mall_close(mall);
    struct stat stat_of;
    stat(setting->path, &stat_of);
    double rows = (double)(counts.added + counts.duplicates);
    printf("%-28s %6.2f s (add %5.2f, commit %5.2f; cpu %5.2f + %5.2f)  %5.2f million rows/s  "
           "%5.2f bytes/event  %lld duplicates  %4.0f MB\n",
           what, done - began, added - began, done - added, cpu_added - cpu_began,
           cpu_done - cpu_added, rows / (done - began) / 1e6,
           (double)stat_of.st_size / (double)counts.added, (long long)counts.duplicates,
           megabytes_used());
}

struct tally {
    size_t events;
    uint64_t sum;
};

static enum status count_block(void *context, const struct event_block *block, struct error *err)
{
    struct tally *tally = context;
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++) {
        tally->events += block->runs[r].n;
        tally->sum += (uint64_t)block->runs[r].time[block->runs[r].n - 1];
    }
    return ST_OK;
}

static void scan(struct reader *reader, const char *what, const struct event_query *query,
                 int threads)
{
    struct error err = {0};
    struct tally tallies[8] = {0};
    void *contexts[8];
    for (int i = 0; i < 8; i++)
        contexts[i] = &tallies[i];
    double best = 1e9, best_cpu = 1e9;
    size_t events = 0;
    for (int round = 0; round < 3; round++) {
        memset(tallies, 0, sizeof tallies);
        double began = now(), cpu_began = cpu();
        must(event_scan_parallel(reader, query, count_block, contexts, threads, &err), &err);
        double took = now() - began, cpu_took = cpu() - cpu_began;
        best_cpu = cpu_took < best_cpu ? cpu_took : best_cpu;
        best = took < best ? took : best;
        events = 0;
        for (int i = 0; i < 8; i++)
            events += tallies[i].events;
    }
    printf("scan %-18s %d thr %7.3f s (cpu %.3f, %4.1f ns a row)  %6.1f million rows/s  %zu rows\n",
           what, threads, best, best_cpu, best_cpu / (double)events * 1e9,
           (double)events / best / 1e6, events);
}

static void scans(const struct setting *setting)
{
    struct error err = {0};
    struct mall *mall;
    struct reader *reader;
    must(mall_open(setting->path, &mall, &err), &err);
    must(reader_open(mall, &reader, &err), &err);
    static const uint16_t wheel[] = {KIND_REGISTER, KIND_PURCHASE, KIND_POINTS_EARN};
    struct event_query times = {.from = INT64_MIN, .people = true};
    struct event_query all = {.from = INT64_MIN, .people = true, .columns = (1u << 11) - 1};
    struct event_query some = times, month = times, amounts = times;
    some.kinds = amounts.kinds = wheel;
    some.n_kinds = amounts.n_kinds = 3;
    amounts.columns = EVENT_AMOUNT | EVENT_TENANT;
    month.from = start + 300 * (int64_t)DAY;
    month.to = month.from + 30 * (int64_t)DAY;
    for (int threads = 1; threads <= 2; threads++) {
        scan(reader, "times, all kinds", &times, threads);
        scan(reader, "times, the wheel", &some, threads);
        scan(reader, "amount and tenant", &amounts, threads);
        scan(reader, "30 days", &month, threads);
        scan(reader, "all columns", &all, threads);
    }
    struct event_totals totals;
    double began = now();
    must(event_totals(reader, &totals, &err), &err);
    printf("totals %.3f ms: %lld events\n", (now() - began) * 1e3, (long long)totals.events);
    reader_close(reader);
    mall_close(mall);
}

int main(int argc, char **argv)
{
    struct setting setting = {.events = argc > 1 ? strtoull(argv[1], NULL, 10) : 5000000};
    setting.people =
        argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : (uint32_t)(setting.events / 20);
    setting.path = mem_printf("%s/bench_event_%d.mall", argc > 3 ? argv[3] : "/tmp", (int)getpid());
    printf("%zu events of %u people\n", setting.events, setting.people);
    append(&setting, "bulk, rows in random order", add_random);
    scans(&setting);
    append(&setting, "bulk, whole blocks", add_blocks);
    scans(&setting);
    unlink(setting.path);
    char *lock = mem_printf("%s.lock", setting.path);
    unlink(lock);
    free(lock);
    free(setting.path);
    return 0;
}
