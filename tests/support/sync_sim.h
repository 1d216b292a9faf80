/*
 * The simulation of tests/sync/test_simulation.c: one hub, replicas, and everything that may happen
 * to them, by a seed. What was acknowledged to whom is kept in a ledger that shares nothing with
 * the outbox: plain lists, and what the tables say to SQLite itself.
 */
#ifndef ATRIUM_TESTS_SYNC_SIM_H
#define ATRIUM_TESTS_SYNC_SIM_H

#include "tests/support/sync_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { SIM_REPLICAS = 3, SIM_PEOPLE = 24, SIM_STEPS = 28, SIM_VERSIONS = 3, SIM_TEXT = 72 };

/* An edit that was made at a replica, or one at the hub: who answered for it. */
struct sim_edit {
    char id[SIM_TEXT], verb[16], entity[24], target[SIM_TEXT], value[32], state[16];
    int64_t points;
    int replica;       /* who made it; -1: the hub */
    bool here;         /* the replica's outbox has it */
    bool acknowledged; /* the replica was told that it is done */
    bool hub;          /* since when the hub has not gone back behind it */
    bool hub_in_backup;
    bool person; /* about one, who may be erased */
};

struct simulation {
    struct sync_world *world;
    struct dice dice;
    bool talks;
    const char *names[SIM_REPLICAS];
    uint64_t events; /* given references so far */
    int made;        /* things made, for names */
    char *backup;    /* of the hub's file; NULL: none */
    char *backups[SIM_REPLICAS];
    VEC(uint32_t) erased; /* and not put back since */
    int erasures;
    VEC(struct sim_edit) ledger;
    int hub_version, versions[SIM_REPLICAS];
    struct sim_counts {
        int64_t sessions, cut, damaged, kills, gone, backups, versions, roles, edits, done;
    } counts;
};

#define SIM_GOOD(call)                                                                             \
    do {                                                                                           \
        enum status good_status = (call);                                                          \
        if (good_status != ST_OK)                                                                  \
            fail_msg("%s: %s: %s", #call, status_name(good_status), error_text(&s->world->err));   \
    } while (0)

__attribute__((format(printf, 2, 3))) void sim_say(struct simulation *s, const char *format, ...);
uint64_t sim_below(struct simulation *s, uint64_t n);

/* ---- sync_sim_hub.c: what happens at the hub ---- */

void sim_hub_begins(struct simulation *s);
void sim_hub_rows(struct simulation *s);
void sim_hub_events(struct simulation *s);
void sim_hub_moves(struct simulation *s);
void sim_hub_erases(struct simulation *s);
void sim_hub_folds(struct simulation *s);
void sim_hub_edits(struct simulation *s);

/* ---- sync_sim_edit.c: what people do at replicas ---- */

struct sim_opened {
    struct mall *mall;
    struct writer *writer;
    struct reader *reader;
    struct access access;
};
/* False where there is none, or it is locked. */
bool sim_open(struct simulation *s, int replica, struct sim_opened *o);
void sim_close(struct simulation *s, struct sim_opened *o);

struct access;
void sim_edit_make(struct simulation *s, struct writer *writer, const struct access *access,
                   const char *who);
void sim_replica_edits(struct simulation *s, int replica);
/* Conflicts and refused edits are dealt with in one of the ways there are; `all`: until nothing
 * waits for a person, by giving up. Returns how many entries were open. */
size_t sim_replica_decides(struct simulation *s, int replica, bool all);

/* ---- sync_sim_trouble.c: what goes wrong ---- */

/* Which program runs now: that of the hub (-1) or of a replica, which may be of another version. */
void sim_program(struct simulation *s, int replica);
void sim_session(struct simulation *s, int replica, bool badly);
/* One side's disk ends at a random write, and the program with it; the other goes on. */
void sim_session_gone(struct simulation *s, int replica);
/* The program that does `what` is killed at a random write; a replica's number or -1. */
void sim_killed(struct simulation *s, void (*what)(struct simulation *s, int replica), int replica);
/* All of a file that nobody has open into the file itself. */
void sim_file_settle(const char *path);
void sim_hub_backup(struct simulation *s);
void sim_replica_backup(struct simulation *s, int replica);
void sim_clock_jumps(struct simulation *s);
void sim_role_changes(struct simulation *s);
void sim_version_grows(struct simulation *s);
void sim_versions_meet(struct simulation *s);

/* Of the program that runs; the test's own definition of it. */
void sim_schema(int version);

/* ---- sync_sim_ledger.c ---- */

/* Looks at a replica's outbox after something happened there. `may_go`: a person dealt with edits,
 * or the file is an older one. */
void sim_ledger_look(struct simulation *s, int replica, bool may_go);
/* In the end, with both sides level. */
void sim_ledger_check(struct simulation *s);
void sim_erased_check(struct simulation *s, int replica);

#endif
