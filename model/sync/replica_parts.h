/* A file that is pulled into, and what the hub said of it. Inside the module. */
#ifndef ATRIUM_SYNC_REPLICA_PARTS_H
#define ATRIUM_SYNC_REPLICA_PARTS_H

#include "model/access/access.h"
#include "model/base/hash.h"
#include "model/store/writer.h"

#include <jansson.h>

/* What the hub's WELCOME says. Texts are its own. */
struct welcome {
    char epoch[33], policy[SHA256_HEX];
    char *mall, *principal, *timezone, *currency, *key;
    enum access_role role;
    int64_t lock_s, time;
    bool rebuild;
};
enum status welcome_read(const json_t *json, struct welcome *welcome, struct error *err);
void welcome_free(struct welcome *welcome);

/* An opened replica. */
struct side {
    struct mall *mall;
    struct writer *writer; /* NULL: not there */
    char epoch[33], policy[SHA256_HEX];
    char id[33];        /* which of its holder's replicas it is */
    char position[256]; /* JSON */
};
/* ST_REFUSED for a mall that is nobody's replica. */
enum status side_open(struct side *side, const char *path, struct error *err);
/* A new one, empty. */
enum status side_make(struct side *side, const char *path, const struct welcome *welcome,
                      const char *id, struct error *err);
/* What the hub said now. `hub`: how it is reached; NULL: as it is. */
enum status side_greet(struct side *side, const struct welcome *welcome, const char *id,
                       const char *hub, struct error *err);
/* The hub wants it no more: from the next second on it is locked. */
enum status side_lock(struct side *side, struct error *err);
/* Its names of the table `sync` again. */
enum status side_read(struct side *side, struct error *err);
void side_close(struct side *side);
/* The file and what lies beside it. */
void side_remove(const char *path);
void side_unlink_log(const char *path);

#endif
