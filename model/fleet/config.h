/*
 * Desired configurations: one text for all devices of a kind, and what single devices have of
 * their own.
 *
 * A text lies in the mall file under a key, "kind:pos" or "device:P2-0147", and is changed by
 * operations: audited, undone, in conflict as everything is; its history is the audit's. What a
 * device should have is its kind's text with its own keys laid over it (ini.h), and {device}
 * {kind} {model} {tenant} {shop} {floor} {zone} replaced by what it is. A device whose kind has no
 * text has its own as it stands. What a device said it has (device_state.config) is compared with
 * that wherever devices are listed: struct device has `wanted` and `drift`.
 */
#ifndef ATRIUM_FLEET_CONFIG_H
#define ATRIUM_FLEET_CONFIG_H

#include "model/fleet/transfer.h"
#include "model/store/writer.h"

/* The rule of the entity "config": its keys and texts (operation.h). Before there are threads. */
void config_register(void);

const char *config_key_of_kind(struct arena *arena, const char *kind);
const char *config_key_of_device(struct arena *arena, const char *code);

struct config_text {
    const char *key, *text;
    int64_t version;
};

/* All texts and what waits to be applied, as of one moment. Owned by the arena. ST_DENIED without
 * RIGHT_DEVICES. */
struct config_set;
enum status config_set_read(struct reader *reader, const struct access *access, struct arena *arena,
                            const struct config_set **set, struct error *err);
/* NULL: there is none. */
const struct config_text *config_find(const struct config_set *set, const char *key);
const struct config_text *config_of_kind(const struct config_set *set, const char *kind);
const struct config_text *config_of_device(const struct config_set *set, const char *code);

/* What the device should have; NULL: nothing is desired of it. Owned by the arena. */
const char *config_desired(struct arena *arena, const struct config_set *set,
                           const struct device *device);

/* Fills in `wanted` and `drift`; owned by the arena. `memory` of equal kinds is kept in it. */
struct config_memory;
struct config_memory *config_memory_new(struct arena *arena, const struct config_set *set);
void config_look(struct config_memory *memory, struct device *device, int64_t now);

/* Those of the devices that wait for what they should have (DRIFT_QUEUED), and the texts for
 * transfer_options.texts; `answering`: only those that answered last time. Owned by the arena. */
struct config_waiting {
    const struct device *devices;
    const struct transfer_text *texts;
    size_t n;
};
struct config_waiting config_waiting_of(struct arena *arena, const struct config_set *set,
                                        const struct device *devices, size_t n, bool answering);

/* ---- Changing ---- */

/* Sets the text under a key, or removes it (NULL); `version` it was made against, -1: any. The
 * same text again changes nothing. As operation_apply; part of the caller's transaction or by
 * itself. */
enum status config_write(struct writer *writer, const struct access *access, const char *key,
                         const char *text, int64_t version, const char *reason, struct error *err);

struct config_version {
    int64_t time, version;
    const char *author, *act, *reason; /* cleaned */
    const char *text;                  /* NULL: it was removed */
};
/* The last versions of a text, the newest first, at most `most`. */
enum status config_history(struct reader *reader, const struct access *access, struct arena *arena,
                           const char *key, size_t most, const struct config_version **versions,
                           size_t *n, struct error *err);

/* ---- On devices ---- */

/* The verb that gives a device's configuration (fleet_work_options.verb), and the bytes of its
 * answer: false with a reason where it is none or not whole. A device without one has "". */
extern const char config_verb[];
bool config_of_answer(struct arena *arena, const struct fleet_result *result, const char **text,
                      size_t *n, const char **reason);

/* Lines that differ, "-" only what it has and "+" only what it should have, each ended by a
 * newline and cleaned; "" where both are equal. Owned by the arena. */
const char *config_difference(struct arena *arena, const char *has, size_t n, const char *wanted);

/* The texts of `n` devices for transfer_options.texts; devices of which nothing is desired must
 * not be among them. */
const struct transfer_text *config_texts(struct arena *arena, const struct config_set *set,
                                         const struct device *devices, size_t n);

/* After a transfer of kind TRANSFER_CONFIG: what is known now of those that have it, the acts, and
 * with `queue_until` (UTC seconds, 0: no) those that did not answer wait to be asked again. Begins
 * and commits by itself. */
enum status config_applied_keep(struct writer *writer, const char *actor,
                                const struct transfer_result *results, size_t n,
                                int64_t queue_until, struct error *err);

#endif
