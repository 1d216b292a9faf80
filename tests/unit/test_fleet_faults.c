/* Every fault of the simulator at every phase, for the three kinds of work there are - a look at
 * the key, a verb of the script, a guarded command - in one table: what state, which phase, which
 * words; none delays another and nothing is lost. */
#include "model/base/time.h"
#include "model/fleet/clean.h"
#include "model/fleet/status.h"
#include "tests/support/device_farm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { LIMIT_MS = 1500, TOTAL_MS = 4 * LIMIT_MS * TEST_SLOW, LONG_MS = 60000, HEALTHY = 10 };

#define OK(words)                                                                                  \
    {                                                                                              \
        DEVICE_OK, PHASE_DONE, words                                                               \
    }
#define FAILED(phase, words)                                                                       \
    {                                                                                              \
        DEVICE_FAILED, PHASE_##phase, words                                                        \
    }
#define UNKNOWN(phase, words)                                                                      \
    {                                                                                              \
        DEVICE_UNKNOWN, PHASE_##phase, words                                                       \
    }
#define OFFLINE(words)                                                                             \
    {                                                                                              \
        DEVICE_OFFLINE, PHASE_CONNECT, words                                                       \
    }
#define LATE "no answer for 1.5 s"
#define CLOSED "it closed the connection"
#define RESET "it reset the connection"

enum work { LOOK, VERB, COMMAND, WORKS };

struct outcome {
    enum device_condition state;
    enum fleet_phase phase;
    const char *words; /* in the reason */
};

static const struct row {
    const char *fault;
    struct outcome of[WORKS];
} rows[] = {
    {"ok", {OK(""), OK(""), OK("")}},
    {"off", {OFFLINE("refused"), OFFLINE("refused"), OFFLINE("refused")}},
    {"stall:connect", {OFFLINE(LATE), OFFLINE(LATE), OFFLINE(LATE)}},
    {"stall:version", {FAILED(VERSION, LATE), FAILED(VERSION, LATE), FAILED(VERSION, LATE)}},
    {"stall:keys", {FAILED(KEYS, LATE), FAILED(KEYS, LATE), FAILED(KEYS, LATE)}},
    {"stall:auth", {OK(""), FAILED(AUTH, LATE), FAILED(AUTH, LATE)}},
    {"stall:open", {OK(""), FAILED(OPEN, LATE), FAILED(OPEN, LATE)}},
    {"stall:command", {OK(""), UNKNOWN(COMMAND, LATE), UNKNOWN(COMMAND, LATE)}},
    {"stall:first", {OK(""), UNKNOWN(FIRST, LATE), UNKNOWN(FIRST, LATE)}},
    {"stall:output", {OK(""), UNKNOWN(OUTPUT, LATE), UNKNOWN(OUTPUT, LATE)}},
    {"stall:end", {OK(""), UNKNOWN(END, LATE), UNKNOWN(END, LATE)}},
    {"drop:connect", {FAILED(VERSION, CLOSED), FAILED(VERSION, CLOSED), FAILED(VERSION, CLOSED)}},
    {"drop:version", {FAILED(VERSION, CLOSED), FAILED(VERSION, CLOSED), FAILED(VERSION, CLOSED)}},
    {"drop:keys", {FAILED(KEYS, CLOSED), FAILED(KEYS, CLOSED), FAILED(KEYS, CLOSED)}},
    {"drop:auth", {OK(""), FAILED(AUTH, CLOSED), FAILED(AUTH, CLOSED)}},
    {"drop:open", {OK(""), FAILED(OPEN, CLOSED), FAILED(OPEN, CLOSED)}},
    {"drop:command", {OK(""), UNKNOWN(COMMAND, CLOSED), UNKNOWN(COMMAND, CLOSED)}},
    {"drop:first", {OK(""), UNKNOWN(FIRST, CLOSED), UNKNOWN(FIRST, CLOSED)}},
    {"drop:output", {OK(""), UNKNOWN(OUTPUT, CLOSED), UNKNOWN(OUTPUT, CLOSED)}},
    {"drop:end", {OK(""), UNKNOWN(END, CLOSED), UNKNOWN(END, CLOSED)}},
    {"reset:connect", {FAILED(VERSION, RESET), FAILED(VERSION, RESET), FAILED(VERSION, RESET)}},
    {"reset:version", {FAILED(VERSION, RESET), FAILED(VERSION, RESET), FAILED(VERSION, RESET)}},
    {"reset:keys", {FAILED(KEYS, RESET), FAILED(KEYS, RESET), FAILED(KEYS, RESET)}},
    {"reset:auth", {OK(""), FAILED(AUTH, RESET), FAILED(AUTH, RESET)}},
    {"reset:open", {OK(""), FAILED(OPEN, RESET), FAILED(OPEN, RESET)}},
    {"reset:command", {OK(""), UNKNOWN(COMMAND, RESET), UNKNOWN(COMMAND, RESET)}},
    {"reset:first", {OK(""), UNKNOWN(FIRST, RESET), UNKNOWN(FIRST, RESET)}},
    {"reset:output", {OK(""), UNKNOWN(OUTPUT, RESET), UNKNOWN(OUTPUT, RESET)}},
    {"reset:end", {OK(""), UNKNOWN(END, RESET), UNKNOWN(END, RESET)}},
    {"wrongkey",
     {OK(""),
      {DEVICE_QUARANTINED, PHASE_PIN, "and not the pinned one"},
      {DEVICE_QUARANTINED, PHASE_PIN, "and not the pinned one"}}},
    {"refuse", {OK(""), FAILED(AUTH, "it does not accept"), FAILED(AUTH, "it does not accept")}},
    {"disconnect", {OK(""), FAILED(AUTH, "no login"), FAILED(AUTH, "no login")}},
    {"banner", {FAILED(KEYS, LATE), FAILED(KEYS, LATE), FAILED(KEYS, LATE)}},
    {"nochannel", {OK(""), FAILED(OPEN, "no channel"), FAILED(OPEN, "no channel")}},
    {"noexec", {OK(""), FAILED(COMMAND, "does not run"), FAILED(COMMAND, "does not run")}},
    {"noeof", {OK(""), OK(""), OK("")}},
    {"signal:KILL", {OK(""), OK(""), OK("")}},
    {"signal:corpus", {OK(""), OK(""), OK("")}},
    {"endless", {OK(""), UNKNOWN(OUTPUT, "not done after"), UNKNOWN(OUTPUT, "not done after")}},
    {"longline", {OK(""), OK(""), OK("")}},
    {"garble", {OK(""), OK(""), OK("")}},
    {"disk", {OK(""), OK(""), OK("")}},
    {"clock:-7200000", {OK(""), OK(""), OK("")}},
    {"delay:300", {OK(""), OK(""), OK("")}},
};
enum { ROWS = sizeof rows / sizeof *rows };

struct tally {
    size_t ended[ROWS + HEALTHY]; /* how often each was handed back */
    bool stalled;
    size_t late; /* healthy ones that came after one that hung */
};

static void each(const struct fleet_result *result, void *context)
{
    struct tally *tally = context;
    size_t i = result->device->id - 1;
    tally->ended[i]++;
    tally->late += i >= ROWS && tally->stalled;
    tally->stalled = tally->stalled || strstr(result->job.reason, "no answer for");
}

/* A reset takes with it what was said just before and not read yet. */
static bool earlier_is_right(const struct row *row, const struct outcome *o,
                             const struct fleet_job *job)
{
    return strncmp(row->fault, "reset:", 6) == 0 && job->phase < o->phase &&
           job->phase >= PHASE_VERSION &&
           job->state == (job->phase >= PHASE_COMMAND ? DEVICE_UNKNOWN : DEVICE_FAILED) &&
           (strstr(job->reason, "the connection") || strstr(job->reason, "closed"));
}

static size_t outcome_check(const struct row *row, enum work work,
                            const struct fleet_result *result)
{
    const struct outcome *o = &row->of[work];
    const struct fleet_job *job = &result->job;
    /* With a look at the key alone a server that goes away right after is one that was seen. */
    bool same = job->state == o->state && strstr(job->reason, o->words) &&
                (job->phase == o->phase || o->state == DEVICE_OK);
    test_harmless(job->reason);
    test_harmless(job->exit_signal);
    if (same || earlier_is_right(row, o, job))
        return 0;
    print_error("%s, %s: found %s in %s: %s\n    expected %s in %s: %s\n", row->fault,
                work == LOOK   ? "look"
                : work == VERB ? "verb"
                               : "command",
                device_condition_names[job->state], fleet_phase_names[job->phase], job->reason,
                device_condition_names[o->state], fleet_phase_names[o->phase], o->words);
    return 1;
}

static int descriptors_open(void)
{
    int n = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

static void test_every_fault_of_every_work(void **state)
{
    (void)state;
    struct test_fleet fleet;
    size_t wrong = 0, n;
    test_fleet_start(&fleet, ROWS + HEALTHY);
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].fault, "ok") != 0)
            test_fault(&fleet, i, rows[i].fault);
    struct fleet_engine *engine = test_engine(fleet.identity, LIMIT_MS, TOTAL_MS);
    for (int work = LOOK; work < WORKS; work++) {
        struct tally tally = {0};
        struct fleet_work_options how = {.scan = work == LOOK,
                                         .verb = work == VERB ? "status" : NULL,
                                         .command = work == COMMAND ? "echo hello" : NULL,
                                         .guarded = work == COMMAND,
                                         .each = each,
                                         .context = &tally};
        int64_t began = time_monotonic_ns();
        struct fleet_work *w = fleet_work_begin(engine, fleet.devices, fleet.n, &how);
        assert_true(fleet_wait(engine, LONG_MS));
        assert_in_range((time_monotonic_ns() - began) / 1000000, 0, 3 * TOTAL_MS);
        const struct fleet_result *results = fleet_work_results(w, &n);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(tally.ended[i], 1); /* none is lost, none comes twice */
            if (i < ROWS)
                wrong += outcome_check(&rows[i], (enum work)work, &results[i]);
            else
                assert_int_equal(results[i].job.state, DEVICE_OK);
        }
        assert_int_equal(tally.late, 0);
        fleet_work_free(w);
    }
    fleet_free(engine);
    test_fleet_stop(&fleet);
    assert_int_equal(wrong, 0);
}

/* ---- What else they do ---- */

static void test_a_wrong_clock_and_a_full_disk_are_seen(void **state)
{
    (void)state;
    struct test_fleet fleet;
    struct device_sight sights[3];
    struct arena *arena = arena_new();
    size_t n;
    test_fleet_start(&fleet, 3);
    test_fault(&fleet, 0, "clock:-7200000");
    test_fault(&fleet, 1, "disk");
    struct fleet_engine *engine = test_engine(fleet.identity, LONG_MS, LONG_MS);
    int64_t now = device_now_ms();
    struct fleet_work *work =
        fleet_work_begin(engine, fleet.devices, 3, &(struct fleet_work_options){.verb = "status"});
    assert_true(fleet_wait(engine, LONG_MS));
    for (size_t i = 0; i < 3; i++)
        device_sight_of(&fleet_work_results(work, &n)[i], arena, now, &sights[i]);
    assert_in_range(sights[0].clock_ms + 7200000 + LONG_MS, 0, 2 * LONG_MS);
    assert_int_equal(sights[1].disk, 100);
    assert_in_range(sights[2].clock_ms + LONG_MS, 0, 2 * LONG_MS);
    fleet_work_free(work);
    fleet_free(engine);
    test_fleet_stop(&fleet);
    arena_free(arena);
}

/* How it is once it answers: a busy machine, or a restart, may take a while. */
static void sight_wait(struct fleet_engine *engine, const struct device *device,
                       struct arena *arena, struct device_sight *sight)
{
    struct fleet_work_options ask = {.verb = "status"};
    int64_t until = time_monotonic_ns() + LONG_MS * INT64_C(1000000);
    *sight = (struct device_sight){0};
    while (sight->state != DEVICE_OK && time_monotonic_ns() < until) {
        size_t n;
        struct fleet_work *work = fleet_work_begin(engine, device, 1, &ask);
        assert_true(fleet_wait(engine, LONG_MS));
        device_sight_of(fleet_work_results(work, &n), arena, 0, sight);
        fleet_work_free(work);
    }
    assert_int_equal(sight->state, DEVICE_OK);
}

/* The power goes after a step of a verb: what became of it is not known, and the device comes back
 * wholly what it was or wholly what it should be. */
static void test_the_power_goes_in_the_middle_of_a_verb(void **state)
{
    (void)state;
    static const struct {
        const char *fault, *verb;
    } cases[] = {
        {"die:spooled:1", "spooled receipts 0"},
        {"die:switch:1", "switch 2.3.8 60"},
        {"die:switch:2", "switch 2.3.8 60"},
        {"die:confirm:1", "confirm"},
        {"die:rollback:1", "rollback"},
        {"die:stage:1", "stage 2.5.0 0000"},
        {"die:config-apply:1", "config-apply 0000"},
        {"die:offer:1", "offer x 60"},
    };
    enum { CASES = sizeof cases / sizeof *cases };
    struct test_fleet fleet;
    test_fleet_start(&fleet, CASES);
    struct fleet_engine *engine = test_engine(fleet.identity, LONG_MS, LONG_MS);
    struct arena *arena = arena_new();
    size_t died = 0, n;
    for (size_t i = 0; i < CASES; i++) {
        struct device_sight before, after;
        struct fleet_work_options how = {.verb = cases[i].verb};
        sight_wait(engine, &fleet.devices[i], arena, &before);
        test_fault(&fleet, i, cases[i].fault);
        struct fleet_work *work = fleet_work_begin(engine, &fleet.devices[i], 1, &how);
        assert_true(fleet_wait(engine, LONG_MS));
        const struct fleet_job *job = &fleet_work_results(work, &n)->job;
        /* A verb that refuses before the step ends as it does without the fault. */
        if (job->state != DEVICE_OK)
            assert_int_equal(job->state, DEVICE_UNKNOWN);
        died += job->state == DEVICE_UNKNOWN;
        fleet_work_free(work);
        sight_wait(engine, &fleet.devices[i], arena, &after);
        assert_string_equal(after.app, before.app); /* a restart ends a trial */
        assert_string_equal(after.config, before.config);
    }
    assert_true(died >= 2);
    fleet_free(engine);
    test_fleet_stop(&fleet);
    arena_free(arena);
}

/* ---- For long ---- */

/* Random faults on many devices, again and again: descriptors and memory stay level. FLEET_SOAK_S
 * says for how long; `make soak` does it for five minutes. */
static long resident_kilobytes(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static uint64_t random_next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static void faults_shuffle(struct test_fleet *fleet, uint64_t *seed)
{
    for (size_t i = 0; i < fleet->n; i++) {
        test_fault(fleet, i, "ok");
        const char *fault = rows[random_next(seed) % ROWS].fault;
        if (random_next(seed) % 3 == 0 && strcmp(fault, "longline") != 0)
            test_fault(fleet, i, fault);
    }
}

static void soak_round(struct test_fleet *fleet, struct fleet_engine *engine, uint64_t *seed)
{
    static const struct fleet_work_options works[] = {
        {.scan = true},
        {.verb = "status"},
        {.command = "echo hello", .guarded = true},
        {.command = "echo x; sleep 100", .guarded = true, .timeout_s = 1},
        {.command = "yes", .most = 100000},
        {.verb = "log 20"},
    };
    struct fleet_work *running[3];
    faults_shuffle(fleet, seed);
    for (int i = 0; i < 3; i++)
        running[i] = fleet_work_begin(engine, fleet->devices, fleet->n,
                                      &works[random_next(seed) % (sizeof works / sizeof *works)]);
    fleet_wait(engine, 1 + (int64_t)(random_next(seed) % 800));
    for (int i = 0; i < 3; i++)
        fleet_work_cancel(running[i]);
    assert_true(fleet_wait(engine, LONG_MS));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fleet_work_left(running[i]), 0);
        fleet_work_free(running[i]);
    }
}

static void test_random_faults_for_long_leave_nothing(void **state)
{
    (void)state;
    enum { ROUNDS_LEAST = 3, MANY = 200, FEW = 40 };
    const char *wanted = getenv("FLEET_SOAK_S");
    int64_t seconds = wanted ? strtol(wanted, NULL, 10) : 0;
    struct test_fleet fleet;
    uint64_t seed = 11;
    test_fleet_start(&fleet, seconds ? MANY : FEW);
    struct fleet_engine *engine = test_engine(fleet.identity, 300, 1500);
    int64_t until = time_monotonic_ns() + seconds * 1000000000;
    int open_at_first = 0;
    long memory_at_first = 0, rounds = 0, most = 0;
    do {
        soak_round(&fleet, engine, &seed);
        rounds++;
        for (size_t i = 0; i < fleet.n; i++)
            test_fault(&fleet, i, "ok");
        struct fleet_work *work = test_command(engine, fleet.devices, fleet.n, "true");
        fleet_work_free(work);
        if (rounds == ROUNDS_LEAST) {
            open_at_first = descriptors_open();
            memory_at_first = resident_kilobytes();
        }
        most = resident_kilobytes() > most ? resident_kilobytes() : most;
    } while (rounds < ROUNDS_LEAST || time_monotonic_ns() < until);
    print_message("%ld rounds; descriptors %d, then %d; memory %ld kB, then %ld, most %ld\n",
                  rounds, open_at_first, descriptors_open(), memory_at_first, resident_kilobytes(),
                  most);
    /* The simulator's connections are in this process too, and end a moment later. */
    int64_t patience = time_monotonic_ns() + 10 * INT64_C(1000000000);
    while (descriptors_open() > open_at_first + 10 && time_monotonic_ns() < patience)
        poll(NULL, 0, 10);
    assert_true(descriptors_open() <= open_at_first + 10);
    assert_true(resident_kilobytes() <= memory_at_first * 3 / 2 + 20000);
    fleet_free(engine);
    test_fleet_stop(&fleet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_fault_of_every_work),
        cmocka_unit_test(test_a_wrong_clock_and_a_full_disk_are_seen),
        cmocka_unit_test(test_the_power_goes_in_the_middle_of_a_verb),
        cmocka_unit_test(test_random_faults_for_long_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
