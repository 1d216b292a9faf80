#include "model/sync/replica_parts.h"

#include "model/base/text.h"
#include "model/store/change.h"
#include "model/store/column.h"
#include "model/store/lock_clock.h"
#include "model/store/sqlite.h"
#include "model/sync/apply.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- What the hub says ---- */

static bool copy_text(const json_t *json, const char *name, char *to, size_t size)
{
    const char *text = json_string_value(json_object_get(json, name));
    if (!text || strlen(text) >= size)
        return false;
    memcpy(to, text, strlen(text) + 1);
    return true;
}

static bool take_text(const json_t *json, const char *name, char **to)
{
    const char *text = json_string_value(json_object_get(json, name));
    if (!text || strlen(text) > 1000)
        return false;
    free(*to);
    *to = mem_strdup(text);
    return true;
}

enum status welcome_read(const json_t *json, struct welcome *w, struct error *err)
{
    const char *role = json_string_value(json_object_get(json, "role"));
    const struct role_info *known = role ? role_by_name(role) : NULL;
    w->lock_s = json_integer_value(json_object_get(json, "lock_s"));
    w->time = json_integer_value(json_object_get(json, "time"));
    w->rebuild = json_is_true(json_object_get(json, "rebuild"));
    if (!known || !copy_text(json, "epoch", w->epoch, sizeof w->epoch) ||
        !copy_text(json, "policy", w->policy, sizeof w->policy) ||
        !take_text(json, "mall", &w->mall) || !take_text(json, "principal", &w->principal) ||
        !take_text(json, "timezone", &w->timezone) || !take_text(json, "currency", &w->currency) ||
        !take_text(json, "key", &w->key))
        return error_set(err, ST_REFUSED, "the hub's welcome lacks its parts");
    w->role = known->role;
    return ST_OK;
}

void welcome_free(struct welcome *w)
{
    free(w->mall);
    free(w->principal);
    free(w->timezone);
    free(w->currency);
    free(w->key);
    *w = (struct welcome){0};
}

/* ---- Files ---- */

void side_unlink_log(const char *path)
{
    static const char *const rests[] = {"-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        char *name = mem_printf("%s%s", path, rests[i]);
        unlink(name);
        free(name);
    }
}

void side_remove(const char *path)
{
    char *lock = mem_printf("%s.lock", path);
    unlink(path);
    unlink(lock);
    side_unlink_log(path);
    free(lock);
}

enum status side_read(struct side *side, struct error *err)
{
    sqlite3_stmt *stmt;
    int code;
    enum status status = writer_prepare(side->writer, "select name, value from sync", &stmt, err);
    if (status != ST_OK)
        return status;
    *side->epoch = *side->policy = *side->position = *side->id = 0;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *name = column_text(stmt, 0), *value = column_text(stmt, 1);
        if (strcmp(name, "epoch") == 0)
            snprintf(side->epoch, sizeof side->epoch, "%s", value);
        if (strcmp(name, "policy") == 0)
            snprintf(side->policy, sizeof side->policy, "%s", value);
        if (strcmp(name, "replica") == 0)
            snprintf(side->id, sizeof side->id, "%s", value);
        if (strcmp(name, "position") == 0)
            snprintf(side->position, sizeof side->position, "%s", value);
    }
    if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(side->writer), "reading the replica's state", err);
    sqlite3_reset(stmt);
    return status;
}

enum status side_open(struct side *side, const char *path, struct error *err)
{
    enum status status = mall_open(path, &side->mall, err);
    if (status == ST_OK && !side->mall->replica)
        status = error_set(err, ST_REFUSED,
                           "'%s' is a mall of its own and nobody's replica: name another file for "
                           "the replica",
                           path);
    if (status == ST_OK)
        status = writer_open(side->mall, &side->writer, err);
    if (status == ST_OK)
        status = side_read(side, err);
    if (status != ST_OK)
        side_close(side);
    return status;
}

void side_close(struct side *side)
{
    writer_close(side->writer);
    mall_close(side->mall);
    *side = (struct side){0};
}

static enum status names_put(struct side *side, const struct welcome *w, const char *id,
                             const char *hub, struct error *err)
{
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%lld", (long long)w->lock_s);
    const char *const names[][2] = {
        {"principal", w->principal},
        {"role", roles[w->role].name},
        {"epoch", w->epoch},
        {"policy", w->policy},
        {"lock", seconds},
        {"key", w->key},
        {"replica", id},
        {"hub", hub},
    };
    enum status status = ST_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names && status == ST_OK; i++)
        if (names[i][1])
            status = sync_put(side->writer, names[i][0], names[i][1], err);
    return status;
}

enum status side_greet(struct side *side, const struct welcome *w, const char *id, const char *hub,
                       struct error *err)
{
    enum status status = writer_begin(side->writer, err);
    if (status == ST_OK) {
        change_capture(side->writer, false);
        status = names_put(side, w, id, hub, err);
    }
    if (status == ST_OK)
        status = writer_commit(side->writer, err);
    writer_rollback(side->writer);
    return status == ST_OK ? side_read(side, err) : status;
}

enum status side_lock(struct side *side, struct error *err)
{
    enum status status = writer_begin(side->writer, err);
    if (status == ST_OK) {
        change_capture(side->writer, false);
        status = lock_clock_shut(writer_db(side->writer), err);
    }
    if (status == ST_OK)
        status = writer_commit(side->writer, err);
    writer_rollback(side->writer);
    return status;
}

enum status side_make(struct side *side, const char *path, const struct welcome *w, const char *id,
                      struct error *err)
{
    struct mall_options options = {
        .name = w->mall, .timezone = w->timezone, .currency = w->currency};
    enum status status = mall_create(path, &options, err);
    if (status == ST_OK)
        status = mall_open(path, &side->mall, err);
    if (status == ST_OK)
        status = writer_open(side->mall, &side->writer, err);
    if (status == ST_OK)
        status = side_greet(side, w, id, NULL, err);
    if (status == ST_OK) /* now it is a replica */
        status = mall_reload(side->mall, err);
    if (status != ST_OK)
        side_close(side);
    return status;
}
