/* What goes wrong in the simulation. */
#include "tests/support/sync_sim.h"

#include "model/base/random.h"
#include "tests/support/fault_vfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MADE_BY_KILLED = 1000 };

void sim_say(struct simulation *s, const char *format, ...)
{
    va_list args;
    if (!s->talks)
        return;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

uint64_t sim_below(struct simulation *s, uint64_t n)
{
    return dice_below(&s->dice, n);
}

/* ---- Programs of different versions ---- */

void sim_program(struct simulation *s, int replica)
{
    sim_schema(replica < 0 ? s->hub_version : s->versions[replica]);
}

static void side_turn(void *context, enum sync_side side)
{
    struct {
        struct simulation *s;
        int replica;
    } *turning = context;
    sim_program(turning->s, side == SIDE_REPLICA ? turning->replica : -1);
}

/* ---- Sessions ---- */

static enum status session_run(struct simulation *s, int replica, struct session *one)
{
    struct {
        struct simulation *s;
        int replica;
    } turning = {s, replica};
    one->principal = s->names[replica];
    /* Of its own: how many bytes a reason has goes by the folder's name. */
    struct dice dice = {dice_next(&s->dice)};
    one->dice = &dice;
    one->turn = side_turn;
    one->context = &turning;
    enum status status = sync_session(s->world, one);
    sim_program(s, -1);
    s->counts.sessions++;
    sim_say(s, "%s: session of %zu and %zu bytes, cut %lld, damage %lld: %s %s", one->principal,
            one->bytes_in, one->bytes_out, (long long)one->cut, (long long)one->damage,
            status_name(status), error_text(&one->error));
    return status;
}

void sim_session(struct simulation *s, int replica, bool badly)
{
    struct session one = {.cut = -1, .damage = -1, .again = -1};
    uint64_t bytes = sim_below(s, 2) ? 1500 : 40000;
    bool apart = s->versions[replica] != s->hub_version;
    switch (badly ? sim_below(s, 4) : 9) {
    case 0:
    case 1:
        one.cut = (int64_t)sim_below(s, bytes);
        s->counts.cut++;
        break;
    case 2:
        one.damage = (int64_t)sim_below(s, bytes);
        s->counts.damaged++;
        break;
    case 3:
        one.again = (int64_t)sim_below(s, bytes);
        s->counts.damaged++;
        break;
    default:
        break;
    }
    enum status status = session_run(s, replica, &one);
    if (apart && status == ST_OK)
        fail_msg("%s: hub and replica of different versions had a session", one.principal);
    if (apart && !badly && status != ST_CONFLICT)
        fail_msg("%s: different versions: %s", one.principal, error_text(&one.error));
    if ((status != ST_OK && !badly && !apart) || status == ST_UNUSABLE)
        fail_msg("session of %s: %s", one.principal, error_text(&one.error));
    error_clear(&one.error);
    sim_ledger_look(s, replica, false);
}

void sim_session_gone(struct simulation *s, int replica)
{
    struct session one = {.cut = -1, .damage = -1, .again = -1};
    bool hub = sim_below(s, 3) == 0;
    char *path =
        hub ? mem_strdup(s->world->hub_path) : sync_world_path(s->world, s->names[replica]);
    one.gone = hub ? SIDE_HUB : SIDE_REPLICA;
    fault_vfs_only(path);
    fault_vfs_arm(FAULT_GONE, 1 + (int)sim_below(s, sim_below(s, 2) ? 30 : 300), true);
    session_run(s, replica, &one);
    sync_world_close(s->world); /* without a last word to the disk */
    s->counts.gone += fault_vfs_hit();
    sim_say(s, "%s: its disk ended: %d", hub ? "hub" : s->names[replica], fault_vfs_hit());
    fault_vfs_disarm();
    fault_vfs_only(NULL);
    sync_world_open(s->world);
    error_clear(&one.error);
    free(path);
    sim_ledger_look(s, replica, false);
}

/* ---- Killed ---- */

static void killed_run(struct simulation *s, void (*what)(struct simulation *s, int replica),
                       int replica, uint64_t sub)
{
    s->dice.state = sub;
    random_fix(sub | 1);
    sync_world_open(s->world);
    fault_vfs_arm(FAULT_KILL, 1 + (int)sim_below(s, sim_below(s, 2) ? 40 : 400), false);
    what(s, replica);
    fflush(NULL);
    _exit(0);
}

/* In a program of its own, which has the mall files open alone. What it drew by lot is another's,
 * and what it made has other names, whether it lived or not. */
void sim_killed(struct simulation *s, void (*what)(struct simulation *s, int replica), int replica)
{
    uint64_t sub = dice_next(&s->dice);
    int status = 0;
    sync_world_close(s->world);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        killed_run(s, what, replica, sub);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
        (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != FAULT_KILL_STATUS))
        fail_msg("a program that was to be killed failed");
    s->counts.kills += WEXITSTATUS(status) == FAULT_KILL_STATUS;
    sim_say(s, "%s: killed: %d", replica < 0 ? "hub" : s->names[replica],
            WEXITSTATUS(status) == FAULT_KILL_STATUS);
    s->made += MADE_BY_KILLED;
    s->events += MADE_BY_KILLED;
    sync_world_open(s->world);
    if (replica >= 0)
        sim_ledger_look(s, replica, false);
}

/* ---- Backups ---- */

static void file_copy(const char *from, const char *to)
{
    size_t n;
    char *bytes = file_read_all(from, &n);
    file_write_all(to, bytes, n);
    free(bytes);
}

static void rest_remove(const char *path)
{
    static const char *const rests[] = {"-wal", "-shm"};
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        char *name = mem_printf("%s%s", path, rests[i]);
        unlink(name);
        free(name);
    }
}

void sim_file_settle(const char *path)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "pragma wal_checkpoint(truncate)", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
}

void sim_hub_backup(struct simulation *s)
{
    bool put_back = s->backup != NULL;
    sync_world_close(s->world);
    if (!put_back) {
        s->backup = sync_world_path(s->world, "backup");
        sim_file_settle(s->world->hub_path);
        file_copy(s->world->hub_path, s->backup);
    } else {
        rest_remove(s->world->hub_path);
        file_copy(s->backup, s->world->hub_path);
        free(s->backup);
        s->backup = NULL;
        s->counts.backups++;
        s->erased.n = 0; /* the backup may have them again */
        memset(&s->world->words, 0, sizeof s->world->words);
    }
    for (size_t i = 0; i < s->ledger.n; i++) {
        struct sim_edit *edit = &s->ledger.at[i];
        if (put_back)
            edit->hub = edit->hub_in_backup;
        edit->hub_in_backup = !put_back && edit->hub;
    }
    sim_say(s, "hub: %s", put_back ? "the backup is put back" : "is backed up");
    sync_world_open(s->world);
}

void sim_replica_backup(struct simulation *s, int replica)
{
    char *path = sync_world_path(s->world, s->names[replica]);
    char **backup = &s->backups[replica];
    bool put_back = *backup != NULL;
    if (access(path, F_OK) == 0 && !put_back) {
        *backup = mem_printf("%s.backup", path);
        sim_file_settle(path);
        file_copy(path, *backup);
    } else if (put_back) {
        rest_remove(path);
        file_copy(*backup, path);
        free(*backup);
        *backup = NULL;
        s->counts.backups++;
    }
    sim_say(s, "%s: %s", s->names[replica], put_back ? "the backup is put back" : "is backed up");
    free(path);
    sim_ledger_look(s, replica, true);
}

/* ---- Clocks, roles, versions ---- */

void sim_clock_jumps(struct simulation *s)
{
    static const int days[] = {4, 4, 4, 4, 40, 70};
    int64_t most = days[sim_below(s, 6)] * 86400;
    s->world->clock += (int64_t)sim_below(s, (uint64_t)most) - 86400;
    time_fix(s->world->clock);
    sim_say(s, "the clock jumps");
}

void sim_role_changes(struct simulation *s)
{
    const char *name = s->names[sim_below(s, SIM_REPLICAS)];
    const char *role = roles[sim_below(s, ACCESS_COUNT)].name;
    sim_say(s, "hub: %s is %s from now on", name, role);
    sync_world_principal(s->world, name, role);
    s->counts.roles++;
}

/* A program is replaced by the next version's; none is ahead of another by more than one. */
void sim_version_grows(struct simulation *s)
{
    int least = s->hub_version, who = (int)sim_below(s, SIM_REPLICAS + 1) - 1;
    for (int i = 0; i < SIM_REPLICAS; i++)
        least = s->versions[i] < least ? s->versions[i] : least;
    int *version = who < 0 ? &s->hub_version : &s->versions[who];
    if (*version > least || *version == SIM_VERSIONS)
        return;
    ++*version;
    s->counts.versions++;
    sim_say(s, "%s: is of version %d from now on", who < 0 ? "hub" : s->names[who], *version);
    sync_world_close(s->world);
    sim_program(s, -1);
    sync_world_open(s->world);
}

void sim_versions_meet(struct simulation *s)
{
    int most = s->hub_version;
    for (int i = 0; i < SIM_REPLICAS; i++)
        most = s->versions[i] > most ? s->versions[i] : most;
    sync_world_close(s->world);
    s->hub_version = most;
    for (int i = 0; i < SIM_REPLICAS; i++)
        s->versions[i] = most;
    sim_program(s, -1);
    sync_world_open(s->world);
}
