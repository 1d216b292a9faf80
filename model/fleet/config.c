/* Desired configurations: reading them, and what a device of a list should have. */
#include "model/fleet/config.h"

#include "model/base/vec.h"
#include "model/fleet/ini.h"

#include <stdio.h>
#include <string.h>

enum { WANTED_DIGITS = 12 }; /* of the hash, as a device says it */

const char *const device_drift_names[DEVICE_DRIFTS] = {
    [DRIFT_NONE] = "",           [DRIFT_SAME] = "same",     [DRIFT_OTHER] = "drift",
    [DRIFT_UNKNOWN] = "unknown", [DRIFT_QUEUED] = "queued",
};

struct waiting {
    uint32_t device;
    int64_t expires;
};

struct config_set {
    const struct config_text *texts; /* by key */
    size_t n;
    const struct waiting *waiting; /* by device */
    size_t n_waiting;
};

const char *config_key_of_kind(struct arena *arena, const char *kind)
{
    return arena_printf(arena, "kind:%s", kind);
}

const char *config_key_of_device(struct arena *arena, const char *code)
{
    return arena_printf(arena, "device:%s", code);
}

/* ---- Reading ---- */

static enum status texts_read(struct reader *reader, struct arena *arena, struct config_set *set,
                              struct error *err)
{
    VEC(struct config_text) found = {0};
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status =
        reader_prepare(reader, "select key, text, version from config order by key", &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        const char *key = (const char *)sqlite3_column_text(stmt, 0);
        const char *text = (const char *)sqlite3_column_text(stmt, 1);
        vec_push(&found, (struct config_text){arena_strdup(arena, key ? key : ""),
                                              arena_strdup(arena, text ? text : ""),
                                              sqlite3_column_int64(stmt, 2)});
    }
    set->texts = vec_copy(arena, &found);
    set->n = found.n;
    vec_free(&found);
    return status;
}

static enum status waiting_read(struct reader *reader, struct arena *arena, struct config_set *set,
                                struct error *err)
{
    VEC(struct waiting) found = {0};
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(
        reader, "select device, expires from config_queue order by device", &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&found, (struct waiting){(uint32_t)sqlite3_column_int64(stmt, 0),
                                          sqlite3_column_int64(stmt, 1)});
    set->waiting = vec_copy(arena, &found);
    set->n_waiting = found.n;
    vec_free(&found);
    return status;
}

enum status config_set_read(struct reader *reader, const struct access *access, struct arena *arena,
                            const struct config_set **out, struct error *err)
{
    struct config_set *set = arena_new_of(arena, struct config_set);
    *set = (struct config_set){0};
    *out = set;
    enum status status = access_require(access, RIGHT_DEVICES, "see configurations", err);
    if (status == ST_OK)
        status = texts_read(reader, arena, set, err);
    if (status == ST_OK)
        status = waiting_read(reader, arena, set, err);
    return status;
}

const struct config_text *config_find(const struct config_set *set, const char *key)
{
    size_t low = 0, high = set->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(set->texts[middle].key, key);
        if (order == 0)
            return &set->texts[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static const struct config_text *find_of(const struct config_set *set, const char *what,
                                         const char *name)
{
    char key[512];
    int n = snprintf(key, sizeof key, "%s:%s", what, name);
    return n > 0 && (size_t)n < sizeof key ? config_find(set, key) : NULL;
}

const struct config_text *config_of_kind(const struct config_set *set, const char *kind)
{
    return find_of(set, "kind", kind);
}

const struct config_text *config_of_device(const struct config_set *set, const char *code)
{
    return find_of(set, "device", code);
}

/* ---- What a device should have ---- */

static const char *fill(struct arena *arena, const char *text, const struct device *d)
{
    const struct ini_word words[] = {
        {"device", d->code}, {"kind", d->kind},   {"model", d->model}, {"tenant", d->tenant},
        {"shop", d->shop},   {"floor", d->floor}, {"zone", d->zone},
    };
    return ini_words_fill(arena, text, words, sizeof words / sizeof *words);
}

static const char *merged(struct arena *arena, const struct config_text *kind,
                          const struct config_text *own)
{
    if (!kind || !own)
        return kind ? kind->text : own ? own->text : NULL;
    return ini_overlay(arena, kind->text, own->text);
}

const char *config_desired(struct arena *arena, const struct config_set *set,
                           const struct device *device)
{
    const char *text =
        merged(arena, config_of_kind(set, device->kind), config_of_device(set, device->code));
    return text ? fill(arena, text, device) : NULL;
}

static void wanted_hash(const char *text, char wanted[WANTED_DIGITS + 1])
{
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX];
    sha256(text, strlen(text), digest);
    sha256_hex(digest, hex);
    memcpy(wanted, hex, WANTED_DIGITS);
    wanted[WANTED_DIGITS] = '\0';
}

/* Most devices have nothing of their own, and their kind's text no words: the same hash. */
struct config_memory {
    struct arena *arena;
    const struct config_set *set;
    const char *kind, *wanted; /* of the last one; wanted NULL: not the same for all of it */
};

struct config_memory *config_memory_new(struct arena *arena, const struct config_set *set)
{
    struct config_memory *memory = arena_new_of(arena, struct config_memory);
    *memory = (struct config_memory){.arena = arena, .set = set};
    return memory;
}

static const char *wanted_make(struct config_memory *memory, const struct device *device)
{
    struct arena *arena = arena_new();
    const char *text = config_desired(arena, memory->set, device);
    char wanted[WANTED_DIGITS + 1] = "";
    if (text)
        wanted_hash(text, wanted);
    arena_free(arena);
    return arena_strdup(memory->arena, wanted);
}

static const char *wanted_of(struct config_memory *memory, const struct device *device)
{
    if (!memory->set->n)
        return "";
    if (config_of_device(memory->set, device->code))
        return wanted_make(memory, device);
    if (memory->kind && strcmp(memory->kind, device->kind) == 0)
        return memory->wanted ? memory->wanted : wanted_make(memory, device);
    const struct config_text *kind = config_of_kind(memory->set, device->kind);
    const char *wanted = wanted_make(memory, device);
    memory->kind = device->kind;
    memory->wanted = kind && ini_has_words(kind->text) ? NULL : wanted;
    return wanted;
}

static bool waits(const struct config_set *set, uint32_t device, int64_t now)
{
    size_t low = 0, high = set->n_waiting;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (set->waiting[middle].device == device)
            return set->waiting[middle].expires > now;
        if (set->waiting[middle].device < device)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

void config_look(struct config_memory *memory, struct device *device, int64_t now)
{
    device->wanted = wanted_of(memory, device);
    device->drift = DRIFT_NONE;
    if (!*device->wanted)
        return;
    if (*device->config && strcmp(device->config, device->wanted) == 0)
        device->drift = DRIFT_SAME;
    else if (waits(memory->set, device->id, now))
        device->drift = DRIFT_QUEUED;
    else
        device->drift = *device->config ? DRIFT_OTHER : DRIFT_UNKNOWN;
}

const struct transfer_text *config_texts(struct arena *arena, const struct config_set *set,
                                         const struct device *devices, size_t n)
{
    struct transfer_text *texts = arena_array(arena, struct transfer_text, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *text = config_desired(arena, set, &devices[i]);
        texts[i] = (struct transfer_text){text ? text : "", text ? strlen(text) : 0};
    }
    return texts;
}

struct config_waiting config_waiting_of(struct arena *arena, const struct config_set *set,
                                        const struct device *devices, size_t n, bool answering)
{
    struct device *found = arena_array(arena, struct device, n + 1);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (devices[i].drift == DRIFT_QUEUED && !*devices[i].quarantine &&
            (!answering || devices[i].state == DEVICE_OK))
            found[kept++] = devices[i];
    return (struct config_waiting){found, config_texts(arena, set, found, kept), kept};
}
