/*
 * Measures the fleet's engine against simulated devices in another process: processor time and
 * memory of a session, what dead devices cost, what hung ones cost the others. Prints one JSON
 * document. Usage: bench_fleet ATRIUM-DEVICES FOLDER [DEVICES [sweep]]; FOLDER has the user
 * keys `id` (P-256), with which all is measured, and `id_ed25519`, which processor time is measured
 * with too.
 * `sweep`: processor time alone, for a profiler. ATRIUM_BENCH_PORT: where 2222 is taken.
 */
#include "fixtures/devices/farm.h"
#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/fleet/work.h"

#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ROUNDS = 5, HUNG_ROUNDS = 9, PATIENCE_MS = 120000, SEED = 1 };

struct bench {
    const char *program, *folder;
    struct arena *arena;
    struct device *devices;
    size_t n;
    int port; /* and the three after it */
    char *identity;
};

static void stop(const char *why)
{
    fprintf(stderr, "bench_fleet: %s\n", why);
    exit(1);
}

static void devices_make(struct bench *bench)
{
    const struct farm_spec *specs = farm_specs_demo(bench->arena, SEED, (uint32_t)bench->n);
    bench->devices = arena_array(bench->arena, struct device, bench->n);
    for (size_t i = 0; i < bench->n; i++) {
        char *pin = arena_alloc(bench->arena, FARM_PIN);
        farm_pin(SEED, specs[i].code, pin);
        bench->devices[i] = (struct device){.id = (uint32_t)i + 1,
                                            .code = specs[i].code,
                                            .kind = specs[i].kind,
                                            .host = specs[i].host,
                                            .port = bench->port,
                                            .user = "",
                                            .pin = pin,
                                            .quarantine = ""};
    }
}

/* The farm with a fault for every k-th device; faults[i % n_faults] for the i-th of those. */
static int farm_begin(struct bench *bench, int port, size_t every, const char *const *faults,
                      size_t n_faults)
{
    VEC(const char *) words = {0};
    struct error err = {0};
    vec_push(&words, bench->program);
    vec_push(&words, "--user-key");
    vec_push(&words, arena_printf(bench->arena, "%s.pub", bench->identity));
    vec_push(&words, "--devices");
    vec_push(&words, arena_printf(bench->arena, "%zu", bench->n));
    vec_push(&words, "--port");
    vec_push(&words, arena_printf(bench->arena, "%d", port));
    for (size_t i = 0; every && i < bench->n; i += every) {
        vec_push(&words, "--fault");
        vec_push(&words, arena_printf(bench->arena, "%s=%s", bench->devices[i].code,
                                      faults[i / every % n_faults]));
    }
    vec_push(&words, NULL);
    int child = farm_child_start(bench->program, words.at, &err);
    vec_free(&words);
    if (child < 0)
        stop(error_text(&err));
    return child;
}

static double seconds(const struct timeval *time)
{
    return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return seconds(&usage.ru_utime) + seconds(&usage.ru_stime);
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double part(double *values, size_t n, double share)
{
    qsort(values, n, sizeof *values, compare);
    size_t at = (size_t)(share * (double)n);
    return n ? values[at < n ? at : n - 1] : 0;
}

/* ---- One status of all ---- */

struct sweep {
    int64_t began;
    size_t every; /* devices with a fault */
    double *ends; /* of the others, ms since it began */
    size_t n, bad;
};

static void each(const struct fleet_result *result, void *context)
{
    struct sweep *sweep = context;
    if (sweep->every && (result->device->id - 1) % sweep->every == 0)
        return;
    sweep->ends[sweep->n++] = (double)(time_monotonic_ns() - sweep->began) / 1e6;
    sweep->bad += result->job.state != DEVICE_OK || result->job.exit_status != 0;
}

struct cost {
    double cpu_ms, all_ms, last_ms, p99_ms; /* last, p99: of those without a fault */
};

static void devices_move(struct bench *bench, int port)
{
    for (size_t i = 0; i < bench->n; i++)
        bench->devices[i].port = port;
}

/* `limit_ms`: of every phase; 0: the usual ones. A fresh engine, as in a fresh command. */
static struct cost sweep_run(struct bench *bench, size_t every, int64_t limit_ms)
{
    struct error err = {0};
    struct fleet_engine *engine;
    struct fleet_options options = {.identity = bench->identity, .total_ms = limit_ms};
    for (int i = 0; limit_ms && i < FLEET_PHASES; i++)
        options.limit_ms[i] = limit_ms;
    struct sweep sweep = {.every = every, .ends = mem_zero(bench->n, sizeof(double))};
    double cpu = cpu_seconds();
    sweep.began = time_monotonic_ns();
    if (fleet_new(&options, &engine, &err) != ST_OK)
        stop(error_text(&err));
    struct fleet_work_options how = {.verb = "status", .each = each, .context = &sweep};
    struct fleet_work *work = fleet_work_begin(engine, bench->devices, bench->n, &how);
    if (!fleet_wait(engine, PATIENCE_MS))
        stop("the engine does not end");
    struct cost cost = {.all_ms = (double)(time_monotonic_ns() - sweep.began) / 1e6};
    fleet_free(engine);
    fleet_work_free(work);
    cost.cpu_ms = (cpu_seconds() - cpu) * 1e3 / (double)bench->n;
    if (sweep.bad)
        stop("a device without a fault did not answer");
    cost.p99_ms = part(sweep.ends, sweep.n, 0.99);
    cost.last_ms = part(sweep.ends, sweep.n, 1);
    free(sweep.ends);
    return cost;
}

static void identity_take(struct bench *bench, const char *name)
{
    bench->identity = arena_printf(bench->arena, "%s/%s", bench->folder, name);
}

/* Processor time with each kind of user key, in turns, as the machine is not equally fast all the
 * time, and in three parts with the other measurements between them: what else has the machine for
 * a while spoils some of the rounds only. Each has devices of its own, which let in one key. */
enum { SWEEPS = 15, SWEEPS_PART = SWEEPS / 3 };

static struct key_kind {
    const char *identity, *name; /* its file; "" or "_…" in the names of the figures */
    int port;                    /* after the bench's */
    int farm;
    double cpu[SWEEPS], wall[SWEEPS];
    int n;
} kinds[] = {{.identity = "id_ed25519", .name = "_ed25519", .port = 2},
             {.identity = "id", .name = "", .port = 3}};
enum { KINDS = sizeof kinds / sizeof *kinds };

static struct cost kind_sweep(struct bench *bench, const struct key_kind *kind)
{
    identity_take(bench, kind->identity);
    devices_move(bench, bench->port + kind->port);
    struct cost cost = sweep_run(bench, 0, 0);
    devices_move(bench, bench->port);
    identity_take(bench, "id");
    return cost;
}

static void sweeps_begin(struct bench *bench)
{
    for (int k = 0; k < KINDS; k++) {
        identity_take(bench, kinds[k].identity);
        kinds[k].farm = farm_begin(bench, bench->port + kinds[k].port, 0, NULL, 0);
        kind_sweep(bench, &kinds[k]); /* the farm makes its host keys */
    }
}

static void sweeps_part(struct bench *bench)
{
    for (int i = 0; i < SWEEPS_PART; i++)
        for (int k = 0; k < KINDS; k++) {
            struct cost cost = kind_sweep(bench, &kinds[k]);
            kinds[k].cpu[kinds[k].n] = cost.cpu_ms;
            kinds[k].wall[kinds[k].n++] = cost.all_ms;
        }
}

/* The median, the least and the most of the rounds. */
static void sweeps_end(void)
{
    for (int k = 0; k < KINDS; k++) {
        struct key_kind *kind = &kinds[k];
        size_t n = (size_t)kind->n;
        farm_child_end(kind->farm);
        printf("\"fleet_session_cpu%s_ms\": %.3f, \"fleet_session_cpu%s_best_ms\": %.3f,\n"
               "\"fleet_session_cpu%s_worst_ms\": %.3f, \"fleet_engine%s_ms\": %.0f,\n",
               kind->name, part(kind->cpu, n, 0.5), kind->name, part(kind->cpu, n, 0), kind->name,
               part(kind->cpu, n, 1), kind->name, part(kind->wall, n, 0.5));
    }
}

/* ---- Dead and hung ---- */

static void measure_dead(struct bench *bench)
{
    enum { EVERY = 20, LIMIT_MS = 3000 };
    static const char *const faults[] = {"stall:connect"};
    double last[ROUNDS], all[ROUNDS];
    int farm = farm_begin(bench, bench->port, EVERY, faults, 1);
    sweep_run(bench, EVERY, LIMIT_MS);
    for (int i = 0; i < ROUNDS; i++) {
        struct cost cost = sweep_run(bench, EVERY, LIMIT_MS);
        last[i] = cost.last_ms;
        all[i] = cost.all_ms;
    }
    farm_child_end(farm);
    printf("\"fleet_dead_live_ms\": %.0f, \"fleet_dead_all_ms\": %.0f,\n", part(last, ROUNDS, 0.5),
           part(all, ROUNDS, 0.5));
}

static void measure_hung(struct bench *bench)
{
    enum { EVERY = 10, LIMIT_MS = 3000 };
    static const char *const faults[] = {"stall:connect", "stall:version", "stall:keys",
                                         "stall:auth",    "stall:open",    "stall:command",
                                         "stall:first",   "stall:output",  "stall:end"};
    double with[HUNG_ROUNDS], without[HUNG_ROUNDS];
    int hung = farm_begin(bench, bench->port + 1, EVERY, faults, sizeof faults / sizeof *faults);
    int well = farm_begin(bench, bench->port, 0, NULL, 0);
    /* In turns, as the machine is not equally fast all the time; the first turn is not counted. */
    for (int i = -1; i < HUNG_ROUNDS; i++) {
        int at = i < 0 ? 0 : i;
        devices_move(bench, bench->port + 1);
        with[at] = sweep_run(bench, EVERY, LIMIT_MS).p99_ms;
        devices_move(bench, bench->port);
        without[at] = sweep_run(bench, EVERY, LIMIT_MS).p99_ms;
    }
    farm_child_end(hung);
    farm_child_end(well);
    double a = part(with, HUNG_ROUNDS, 0.5), b = part(without, HUNG_ROUNDS, 0.5);
    printf("\"fleet_hung_others_p99_ms\": %.0f, \"fleet_well_others_p99_ms\": %.0f,\n"
           "\"fleet_hung_others_ratio\": %.3f,\n",
           a, b, a / b);
}

/* ---- Memory ---- */

static long resident_kilobytes(void)
{
    char line[256];
    long value = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "VmRSS:", 6) == 0)
            value = strtol(line + 6, NULL, 10);
    if (file)
        fclose(file);
    return value;
}

struct room {
    double heap, resident; /* kB */
};

/* With so many sessions at once whose commands run. */
static struct room live_sessions(struct bench *bench, size_t n)
{
    struct error err = {0};
    struct fleet_engine *engine;
    struct fleet_numbers numbers = {0};
    struct fleet_options options = {.identity = bench->identity, .window = (int)bench->n};
    if (fleet_new(&options, &engine, &err) != ST_OK)
        stop(error_text(&err));
    struct fleet_work_options how = {.command = "echo begun; sleep 1000"};
    struct fleet_work *work = fleet_work_begin(engine, bench->devices, n, &how);
    for (int i = 0; i < 6000 && numbers.in_phase[PHASE_OUTPUT] < (int)n; i++) {
        poll(NULL, 0, 10);
        fleet_numbers(engine, &numbers);
    }
    if (numbers.in_phase[PHASE_OUTPUT] < (int)n)
        stop("not all sessions came to live at once");
    struct mallinfo2 heap = mallinfo2();
    struct room room = {(double)(heap.uordblks + heap.hblkhd) / 1024, (double)resident_kilobytes()};
    fleet_free(engine);
    fleet_work_free(work);
    return room;
}

static void measure_memory(struct bench *bench)
{
    size_t few = bench->n / 10;
    mallopt(M_ARENA_MAX, 1); /* mallinfo2 counts the first one */
    int farm = farm_begin(bench, bench->port, 0, NULL, 0);
    struct room some = live_sessions(bench, few), all = live_sessions(bench, bench->n);
    farm_child_end(farm);
    double more = (double)(bench->n - few);
    printf("\"fleet_session_heap_kb\": %.1f, \"fleet_session_rss_kb\": %.1f\n",
           (all.heap - some.heap) / more, (all.resident - some.resident) / more);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        stop("usage: bench_fleet ATRIUM-DEVICES FOLDER [DEVICES]");
    struct bench bench = {.program = argv[1], .folder = argv[2], .arena = arena_new(), .n = 1000};
    const char *port = getenv("ATRIUM_BENCH_PORT");
    bench.port = port ? (int)strtol(port, NULL, 10) : 2222;
    if (argc > 3)
        bench.n = (size_t)strtoul(argv[3], NULL, 10);
    if (bench.n < 100)
        stop("at least 100 devices");
    identity_take(&bench, "id");
    devices_make(&bench);
    printf("{\n");
    if (argc > 4) {
        sweeps_begin(&bench);
        for (int i = 0; i < SWEEPS / SWEEPS_PART; i++)
            sweeps_part(&bench);
        sweeps_end();
        printf("\"fleet_devices\": %zu}\n", bench.n);
        arena_free(bench.arena);
        return 0;
    }
    measure_memory(&bench); /* first: nothing was freed before */
    printf(",");
    sweeps_begin(&bench);
    sweeps_part(&bench);
    measure_dead(&bench);
    sweeps_part(&bench);
    measure_hung(&bench);
    sweeps_part(&bench);
    sweeps_end();
    printf("\"fleet_devices\": %zu}\n", bench.n);
    arena_free(bench.arena);
    return 0;
}
