/* The change log while a transaction is open; the writer's. Inside the module. */
#ifndef ATRIUM_STORE_CHANGE_PARTS_H
#define ATRIUM_STORE_CHANGE_PARTS_H

#include "model/store/change.h"

#include "model/base/vec.h"

struct change_log {
    bool on, any;
    bool capture; /* a replica's: keys are noted, and forgotten at commit */
    enum status (*before_commit)(struct writer *writer, struct error *err);
    struct change_keys {
        VEC(uint64_t) list; /* some more than once */
        uint64_t **blocks;  /* by key >> CHANGE_SET_BITS, where the list became too long */
        bool many;
    } keys[CHANGE_PLACES];
    VEC(int64_t) batches; /* that became visible */
    int64_t tail;         /* up to here the tail was folded */
    struct {
        const char *name; /* SQLite's pointer */
        const struct change_place *place;
    } met[16];
};

/* Reads whether the mall is a hub; when the writer opens and whenever another process wrote. */
enum status change_log_look(struct change_log *log, sqlite3 *db, struct error *err);

/* One row of the preupdate hook. */
void change_log_row(struct change_log *log, sqlite3 *db, int what, const char *table,
                    sqlite3_int64 before, sqlite3_int64 after);

enum status change_log_write(struct change_log *log, struct writer *writer, struct error *err);
void change_log_forget(struct change_log *log);
void change_log_free(struct change_log *log);

/* Of the writer. */
struct change_log *writer_changes(struct writer *writer);

#endif
