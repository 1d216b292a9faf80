/*
 * One hub and replicas of different roles, and everything that may happen to them, by a seed: edits
 * on both sides, imports, folds, moved events, erasures, sessions that are cut or damaged at any
 * byte or where bytes come twice, programs that are killed at any write and disks that end, backups
 * of either side that are put back, clocks that jump, roles that change, programs one version
 * apart. In the end nothing goes wrong any more, and every replica holds what its role may see of
 * the hub, no edit that was acknowledged is lost, and none was applied twice.
 *
 *     SEED=17 build/tests/sync/test_simulation      one seed, and what it did
 *     SEEDS=10000 build/tests/sync/test_simulation  many, up to this one; FROM=9001 from there on,
 *                                                   LANES=1 in one program
 */
#include "model/base/random.h"
#include "model/base/text.h"
#include "tests/support/fault_vfs.h"
#include "tests/support/sync_sim.h"
#include "views/modules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SEEDS_USUAL = 200, LANES_MOST = 16 };

/* ---- Programs of three versions: the schema's migrations are this program's ---- */

#define schema_migrations schema_built_in
#define schema_version schema_built_in_version
#include "schema.c"
#undef schema_migrations
#undef schema_version

enum { BUILT_IN = sizeof schema_built_in / sizeof *schema_built_in };
extern const char *schema_migrations[];
extern int schema_version;
const char *schema_migrations[BUILT_IN + SIM_VERSIONS];
int schema_version = BUILT_IN;

static void schema_prepare(void)
{
    memcpy(schema_migrations, schema_built_in, sizeof schema_built_in);
    schema_migrations[BUILT_IN] = "create index later_1 on tenant (note);";
    schema_migrations[BUILT_IN + 1] = "create index later_2 on tenant (brand);";
}

void sim_schema(int version)
{
    schema_version = BUILT_IN + version - 1;
}

/* ---- A seed ---- */

static void hub_does(struct simulation *s, int replica)
{
    (void)replica;
    switch (sim_below(s, 5)) {
    case 0:
        sim_hub_rows(s);
        break;
    case 1:
    case 2:
        sim_hub_events(s);
        break;
    case 3:
        sim_hub_folds(s);
        break;
    default:
        sim_hub_edits(s);
    }
}

static void session_does(struct simulation *s, int replica)
{
    sim_session(s, replica, true);
}

static void killed(struct simulation *s, int replica)
{
    static void (*const all[])(struct simulation * s, int replica) = {hub_does, sim_replica_edits,
                                                                      session_does, session_does};
    size_t which = sim_below(s, sizeof all / sizeof *all);
    sim_killed(s, all[which], which ? replica : -1);
}

static void step(struct simulation *s)
{
    int replica = (int)sim_below(s, SIM_REPLICAS);
    uint64_t what = sim_below(s, 32);
    if (what < 3)
        sim_hub_rows(s);
    else if (what < 6)
        sim_hub_events(s);
    else if (what < 7)
        sim_hub_folds(s);
    else if (what < 8 && sim_below(s, 2))
        sim_hub_moves(s);
    else if (what < 8)
        sim_hub_erases(s);
    else if (what < 10)
        sim_hub_edits(s);
    else if (what < 15)
        sim_replica_edits(s, replica);
    else if (what < 17)
        sim_replica_decides(s, replica, false);
    else if (what < 18)
        sim_clock_jumps(s);
    else if (what < 19 && sim_below(s, 2))
        sim_role_changes(s);
    else if (what < 19)
        sim_version_grows(s);
    else if (what < 20 && sim_below(s, 2))
        sim_hub_backup(s);
    else if (what < 20)
        sim_replica_backup(s, replica);
    else if (what < 22)
        killed(s, replica);
    else if (what < 24)
        sim_session_gone(s, replica);
    else
        sim_session(s, replica, sim_below(s, 2));
}

static void everything_settles(struct simulation *s)
{
    sim_say(s, "everything settles");
    sim_versions_meet(s);
    for (int i = 0; i < SIM_REPLICAS; i++) {
        size_t left = 1;
        for (int again = 0; again < 20 && left; again++) {
            sim_session(s, i, false);
            left = sim_replica_decides(s, i, true);
        }
        if (left)
            fail_msg("the outbox of %s does not empty", s->names[i]);
    }
    for (int i = 0; i < SIM_REPLICAS; i++)
        sim_session(s, i, false);
}

/* The hub's file as all seeds begin with it. */
static char *beginning;
static size_t beginning_size;

static void beginning_make(void)
{
    struct simulation s = {0};
    random_fix(1);
    sim_schema(1);
    s.world = sync_world_new();
    sim_hub_begins(&s);
    sync_world_close(s.world);
    sim_file_settle(s.world->hub_path);
    beginning = file_read_all(s.world->hub_path, &beginning_size);
    sync_world_open(s.world);
    sync_world_free(s.world);
}

static struct simulation *simulation_new(uint64_t seed, bool talks)
{
    struct simulation *s = mem_zero(1, sizeof *s);
    random_fix(seed * 1000003 + 1);
    sim_schema(1);
    s->world = sync_world_of(beginning, beginning_size);
    s->dice = (struct dice){seed * 7919 + 1};
    s->talks = talks;
    size_t first = sim_below(s, ACCESS_COUNT);
    for (size_t i = 0; i < SIM_REPLICAS; i++)
        s->names[i] = roles[(first + i) % ACCESS_COUNT].name;
    s->hub_version = 1;
    for (int i = 0; i < SIM_REPLICAS; i++)
        s->versions[i] = 1;
    for (int i = 0; i < SIM_REPLICAS; i++)
        if (sim_below(s, 4))
            sim_session(s, i, false);
    return s;
}

static void simulation_free(struct simulation *s)
{
    free(s->backup);
    for (int i = 0; i < SIM_REPLICAS; i++)
        free(s->backups[i]);
    vec_free(&s->erased);
    vec_free(&s->ledger);
    sync_world_free(s->world);
    free(s);
    random_fix(0);
}

static struct sim_counts sums;

static void seed_run(uint64_t seed, bool talks)
{
    struct simulation *s = simulation_new(seed, talks);
    for (uint64_t i = SIM_STEPS / 2 + sim_below(s, SIM_STEPS); i; i--)
        step(s);
    everything_settles(s);
    sim_ledger_check(s);
    for (int i = 0; i < SIM_REPLICAS; i++) {
        struct arena *arena = arena_new();
        const char *differ = sync_differ(s->world, s->names[i], arena);
        if (differ)
            fail_msg("%s", differ);
        arena_free(arena);
        sim_erased_check(s, i);
    }
    const int64_t *from = (const int64_t *)&s->counts;
    for (size_t i = 0; i < sizeof sums / sizeof *from; i++)
        ((int64_t *)&sums)[i] += from[i];
    simulation_free(s);
}

/* ---- Many ---- */

static uint64_t going_on;
static uint64_t lane, lanes = 1; /* of several programs this one runs every so-many-th seed */

static void seeds_run(void **state)
{
    beginning_make();
    const char *seed = getenv("SEED"), *seeds = getenv("SEEDS"), *from = getenv("FROM");
    int64_t one = 0, n = SEEDS_USUAL, first = 1;
    (void)state;
    if (seed && text_to_int64(seed, strlen(seed), &one)) {
        seed_run((uint64_t)one, true);
        free(beginning);
        return;
    }
    if (seeds)
        text_to_int64(seeds, strlen(seeds), &n);
    if (from)
        text_to_int64(from, strlen(from), &first);
    for (going_on = (uint64_t)first + lane; going_on <= (uint64_t)n; going_on += lanes)
        seed_run(going_on, false);
    going_on = 0;
    free(beginning);
    print_message("%lld sessions, %lld cut, %lld damaged, %lld kills, %lld disks, %lld backups, "
                  "%lld versions, %lld roles, %lld edits, %lld acknowledged\n",
                  (long long)sums.sessions, (long long)sums.cut, (long long)sums.damaged,
                  (long long)sums.kills, (long long)sums.gone, (long long)sums.backups,
                  (long long)sums.versions, (long long)sums.roles, (long long)sums.edits,
                  (long long)sums.done);
}

static int lane_run(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(seeds_run)};
    schema_prepare();
    modules_start();
    fault_vfs_install();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (going_on)
        fprintf(stderr, "the seed that failed, to be played again: SEED=%llu %s\n",
                (unsigned long long)going_on, "build/tests/sync/test_simulation");
    return failed;
}

/* A program for each processor; files of small malls belong into memory. */
int main(void)
{
    pid_t programs[LANES_MOST];
    int failed = 0, status;
    const char *wanted = getenv("SEED") ? "1" : getenv("LANES");
    long n = wanted ? strtol(wanted, NULL, 10) : sysconf(_SC_NPROCESSORS_ONLN);
    if (!getenv("TMPDIR") && access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
    lanes = n < 1 ? 1 : n > LANES_MOST ? LANES_MOST : (uint64_t)n;
    if (lanes == 1)
        return lane_run();
    for (lane = 0; lane < lanes; lane++) {
        programs[lane] = fork();
        if (programs[lane] == 0)
            return lane_run();
        failed |= programs[lane] < 0;
    }
    for (uint64_t i = 0; i < lanes; i++)
        failed |= programs[i] > 0 && (waitpid(programs[i], &status, 0) < 0 || status != 0);
    return failed;
}
