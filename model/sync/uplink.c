/* FILE.hub. */
#include "model/sync/uplink.h"

#include "model/base/arena.h"
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/fleet/clean.h"
#include "model/sync/uplink_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST = 1 << 18, SAID_MOST = 300 };

struct uplink {
    char *path; /* FILE.hub */
    json_t *root;
    struct arena *arena;
};

static enum status file_bad(const char *path, const char *found, struct error *err)
{
    return error_set(err, ST_REFUSED,
                     "%s: %s; it says how the replica reaches its hub: remove it and name the hub "
                     "again with atrium sync --hub or --via",
                     path, found);
}

/* Whoever can write it can have a command run, so it must be ours alone. */
static enum status file_read(struct uplink *uplink, struct error *err)
{
    struct stat info;
    json_error_t where;
    int fd = open(uplink->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return ST_OK;
    const char *found = fd < 0 || fstat(fd, &info) != 0      ? strerror(errno)
                        : !S_ISREG(info.st_mode)             ? "it is no file"
                        : info.st_uid != geteuid()           ? "it belongs to somebody else"
                        : info.st_mode & (S_IWGRP | S_IWOTH) ? "others may write it"
                        : info.st_size > LARGEST             ? "it is too large"
                                                             : NULL;
    json_t *root = found ? NULL : json_loadfd(fd, JSON_REJECT_DUPLICATES, &where);
    if (fd >= 0)
        close(fd);
    if (!found && !json_is_object(root))
        found = "it is damaged";
    if (found) {
        json_decref(root);
        return file_bad(uplink->path, found, err);
    }
    json_decref(uplink->root);
    uplink->root = root;
    return ST_OK;
}

enum status uplink_open(const char *replica, struct uplink **out, struct error *err)
{
    struct uplink *uplink = mem_zero(1, sizeof *uplink);
    uplink->path = mem_printf("%s.hub", replica);
    uplink->root = json_object();
    uplink->arena = arena_new();
    enum status status = file_read(uplink, err);
    *out = status == ST_OK ? uplink : NULL;
    if (status != ST_OK)
        uplink_free(uplink);
    return status;
}

void uplink_free(struct uplink *uplink)
{
    if (!uplink)
        return;
    json_decref(uplink->root);
    arena_free(uplink->arena);
    free(uplink->path);
    free(uplink);
}

static const char *text_of(const struct uplink *uplink, const char *name)
{
    return json_string_value(json_object_get(uplink->root, name));
}

const char *uplink_hub(const struct uplink *uplink)
{
    return text_of(uplink, "hub");
}

const char *uplink_via(const struct uplink *uplink)
{
    return text_of(uplink, "via");
}

const char *uplink_pinned(const struct uplink *uplink)
{
    return text_of(uplink, "pin");
}

const char *uplink_identity(const struct uplink *uplink)
{
    return text_of(uplink, "identity");
}

static enum status text_check(const char *what, const char *text, struct error *err)
{
    if (!text || (*text && text_valid(text, strlen(text))))
        return ST_OK;
    return error_set(err, ST_USAGE, "--%s: expected text without control characters", what);
}

enum status uplink_set(struct uplink *uplink, const char *hub, const char *via,
                       const char *identity, struct error *err)
{
    enum status status = text_check("hub", hub, err);
    if (status == ST_OK)
        status = text_check("via", via, err);
    if (status == ST_OK)
        status = text_check("identity", identity, err);
    if (status == ST_OK && hub && via)
        status = error_set(err, ST_USAGE, "--hub and --via are two ways to one hub: name one");
    if (status == ST_OK && hub) {
        struct wire_ssh ssh;
        char *copy = mem_strdup(hub);
        status = wire_url_read(copy, &ssh, err);
        free(copy);
    }
    if (status != ST_OK)
        return status;
    const char *before = uplink_hub(uplink);
    if (hub && (!before || strcmp(before, hub) != 0))
        json_object_del(uplink->root, "pin");
    if (hub || via) {
        json_object_del(uplink->root, hub ? "via" : "hub");
        json_object_set_new(uplink->root, hub ? "hub" : "via", json_string(hub ? hub : via));
    }
    if (identity) {
        char *whole = realpath(identity, NULL); /* the console may run elsewhere */
        json_object_set_new(uplink->root, "identity", json_string(whole ? whole : identity));
        free(whole);
    }
    return ST_OK;
}

void uplink_pin(struct uplink *uplink, const char *fingerprint)
{
    json_object_set_new(uplink->root, "pin", json_string(fingerprint));
}

/* Written beside and renamed: the file is always whole. */
enum status uplink_save(struct uplink *uplink, struct error *err)
{
    char *beside = mem_printf("%s.%d", uplink->path, (int)getpid());
    unlink(beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 && json_dumpfd(uplink->root, fd, JSON_INDENT(1) | JSON_SORT_KEYS) == 0 &&
                fsync(fd) == 0;
    good = (fd < 0 || close(fd) == 0) && good && rename(beside, uplink->path) == 0;
    int code = errno;
    if (!good)
        unlink(beside);
    free(beside);
    return good ? ST_OK
                : error_set(err, ST_REFUSED, "%s cannot be written: %s", uplink->path,
                            strerror(code));
}

/* ---- Sessions ---- */

static const struct {
    const char *name;
    size_t at;
} numbers[] = {
    {"pulled", offsetof(struct sync_counts, pulled)},
    {"pushed", offsetof(struct sync_counts, pushed)},
    {"conflicts", offsetof(struct sync_counts, conflicts)},
    {"refused", offsetof(struct sync_counts, refused)},
    {"bytes_in", offsetof(struct sync_counts, bytes_in)},
    {"bytes_out", offsetof(struct sync_counts, bytes_out)},
    {"as_of", offsetof(struct sync_counts, as_of)},
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static json_t *counts_json(const struct sync_counts *counts)
{
    json_t *object = json_object();
    for (size_t i = 0; i < NUMBERS; i++) {
        int64_t value;
        memcpy(&value, (const char *)counts + numbers[i].at, sizeof value);
        json_object_set_new(object, numbers[i].name, json_integer(value));
    }
    return object;
}

void uplink_record(struct uplink *uplink, int64_t began, const struct sync_counts *counts,
                   const char *said)
{
    struct error none = {0};
    json_t *record = counts_json(counts), *list;
    char *clean = device_clean(uplink->arena, said, strlen(said), SAID_MOST, false, NULL);
    json_object_set_new(record, "began", json_integer(began));
    json_object_set_new(record, "seconds", json_integer(time_now() - began));
    json_object_set_new(record, "said", json_string(clean));
    file_read(uplink, &none); /* somebody else may have had a session since */
    error_clear(&none);
    list = json_object_get(uplink->root, "sessions");
    if (!json_is_array(list)) {
        list = json_array();
        json_object_set_new(uplink->root, "sessions", list);
    }
    json_array_insert_new(list, 0, record);
    while (json_array_size(list) > UPLINK_SESSIONS)
        json_array_remove(list, UPLINK_SESSIONS);
    uplink_save(uplink, &none); /* a full disk is told elsewhere */
    error_clear(&none);
}

size_t uplink_sessions(const struct uplink *uplink, struct uplink_session *sessions, size_t most)
{
    const json_t *list = json_object_get(uplink->root, "sessions");
    size_t n = json_array_size(list) < most ? json_array_size(list) : most;
    for (size_t i = 0; i < n; i++) {
        const json_t *record = json_array_get(list, i);
        const char *said = json_string_value(json_object_get(record, "said"));
        sessions[i] = (struct uplink_session){
            .began = json_integer_value(json_object_get(record, "began")),
            .seconds = json_integer_value(json_object_get(record, "seconds")),
            .counts = {.share = 1},
            .said =
                said ? device_clean(uplink->arena, said, strlen(said), SAID_MOST, false, NULL) : "",
        };
        for (size_t k = 0; k < NUMBERS; k++) {
            int64_t value = json_integer_value(json_object_get(record, numbers[k].name));
            memcpy((char *)&sessions[i].counts + numbers[k].at, &value, sizeof value);
        }
    }
    return n;
}
