/*
 * A hub and its replicas for tests: files in a folder, the two ends of a session in memory, and a
 * plain look at what a role's replica must hold.
 */
#ifndef ATRIUM_TESTS_SYNC_WORLD_H
#define ATRIUM_TESTS_SYNC_WORLD_H

#include "model/access/access.h"
#include "model/sync/hub.h"
#include "model/sync/outbox.h"
#include "model/sync/replica.h"
#include "tests/support/event_history.h"
#include "tests/support/sync_view.h"
#include "tests/support/temp.h"

struct sync_world {
    char *folder, *hub_path;
    struct mall *hub;
    struct writer *writer; /* of the hub */
    int64_t clock;         /* what both ends take for now */
    int64_t ahead;         /* of the hub's is the replicas' clock in a session */
    struct view_words words;
    struct error err;
};

/* An empty hub with a principal of each role, named like it. Ends the test on an error. */
struct sync_world *sync_world_new(void);
/* The same with a copy of a hub's file as it is when nobody has it open. */
struct sync_world *sync_world_of(const void *bytes, size_t n);
void sync_world_free(struct sync_world *world);
void sync_world_close(struct sync_world *world); /* its files, to be copied or put back */
void sync_world_open(struct sync_world *world);
void sync_world_principal(struct sync_world *world, const char *name, const char *role);

/* "folder/NAME.mall", of the world. The caller's. */
char *sync_world_path(const struct sync_world *world, const char *name);

enum sync_side { SIDE_NONE, SIDE_HUB, SIDE_REPLICA };

/* One session of the principal's replica. What may go wrong is said beforehand. */
struct session {
    const char *principal;
    struct dice *dice;   /* NULL: nothing is random */
    int64_t cut;         /* the connection ends after so many bytes of either way; -1: not */
    int64_t damage;      /* this byte from the hub is another; -1: none */
    int64_t again;       /* bytes from here on come twice; -1: not */
    bool stay;           /* do not wait for both to be level */
    enum sync_side gone; /* whose disk ends when fault_vfs says so, and with it the program */
    /* Before each piece of work of a side, from its opening on; NULL: nothing. */
    void (*turn)(void *context, enum sync_side side);
    void *context;
    size_t bytes_in, bytes_out; /* out */
    struct sync_counts counts;  /* out */
    struct error error;         /* out: the replica's */
    unsigned char *wire;        /* out: all from the hub; to be freed, where `keep` */
    bool keep;
};
enum status sync_session(struct sync_world *world, struct session *session);

/* A session where nothing goes wrong; ends the test otherwise. */
struct sync_counts sync_all(struct sync_world *world, const char *principal);

/* NULL where the replica holds what its role may see of the hub (sync_view.h), else what differs;
 * from the arena. */
const char *sync_differ(struct sync_world *world, const char *principal, struct arena *arena);

#endif
