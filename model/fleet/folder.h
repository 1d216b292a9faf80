/*
 * What lies in a folder of a device (verb `list` of the script). Names there are any bytes but `/`
 * and NUL, chosen by whoever could write: an answer is read strictly, counted and bounded, names
 * are shown cleaned, and none is asked for again or becomes a path here without being looked at.
 */
#ifndef ATRIUM_FLEET_FOLDER_H
#define ATRIUM_FLEET_FOLDER_H

#include "model/base/arena.h"
#include "model/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a folder that has more only the first are told, in the order in which it has them. ANSWER is
 * the most that an answer may have. */
enum { FOLDER_ENTRIES = 10000, FOLDER_BYTES = 1 << 20, FOLDER_ANSWER = FOLDER_BYTES + 4096 };

enum folder_kind { FOLDER_FOLDER, FOLDER_FILE, FOLDER_LINK, FOLDER_OTHER, FOLDER_KINDS };
extern const char *const folder_kind_names[FOLDER_KINDS]; /* as in JSON */

struct folder_entry {
    const char *name; /* as it is there: `n` bytes and a NUL behind them */
    size_t n;
    const char *shown; /* cleaned */
    enum folder_kind kind;
    int mode;           /* as chmod has it */
    int64_t size, time; /* bytes; UTC seconds of its last change */
};

struct folder {
    const char *path; /* from / on, as a verb takes it */
    const struct folder_entry *entries;
    size_t n; /* folders first, then by their bytes */
    bool more;
};

/* The verb that asks for a folder: "" is the device's own, `path` else as transfer_remote wants it,
 * or "/". ST_USAGE for one that cannot be. Owned by the arena. */
enum status folder_verb(struct arena *arena, const char *path, const char **verb,
                        struct error *err);

/* Reads the answer; ST_REFUSED with what is wrong. What it gives is owned by the arena and does not
 * need the bytes any more. */
enum status folder_read(struct arena *arena, const char *bytes, size_t n, struct folder *folder,
                        struct error *err);

/* In a device's words why it gave no answer that could be read. Owned by the arena. */
const char *folder_refusal(struct arena *arena, int exit_status, const char *bytes, size_t n);

/* The path of an entry on the device, to be asked for with a verb. ST_REFUSED where its name cannot
 * be said in one: a control character, too long. */
enum status folder_enter(struct arena *arena, const struct folder *folder,
                         const struct folder_entry *entry, const char **path, struct error *err);
/* The folder that it lies in; "/" of "/". */
const char *folder_above(struct arena *arena, const char *path);

/* A name for a file here that comes from one with this name there: nothing that leads elsewhere, no
 * option, nothing hidden, and nothing that a terminal obeys; each of those becomes `_`. *renamed:
 * it is another than there. */
const char *folder_local_name(struct arena *arena, const char *name, size_t n, bool *renamed);

#endif
