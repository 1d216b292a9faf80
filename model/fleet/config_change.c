/* Changing desired configurations, their history, and what became of them on devices. */
#include "model/fleet/config.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/fleet/act.h"
#include "model/fleet/clean.h"
#include "model/fleet/diff.h"
#include "model/fleet/ini.h"
#include "model/store/operation.h"

#include <string.h>

enum { WORD = 200, DIGITS = 12 };

const char config_verb[] = "send ./config";

/* ---- The rule ---- */

static const struct ini_word words[] = {
    {"device", ""}, {"kind", ""},  {"model", ""}, {"tenant", ""},
    {"shop", ""},   {"floor", ""}, {"zone", ""},
};

/* Texts by one parameter, each of which must be lines of keys. */
static enum status texts_check(struct writer *writer, const char *sql, const char *parameter,
                               bool *found, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer, sql, &stmt, err);
    *found = false;
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, parameter, -1, SQLITE_STATIC);
    struct error inner = {0};
    while (status == ST_OK && sqlite3_step(stmt) == SQLITE_ROW) {
        struct arena *arena = arena_new();
        const char *key = (const char *)sqlite3_column_text(stmt, 0);
        const char *text = (const char *)sqlite3_column_text(stmt, 1);
        *found = true;
        if (ini_check(text ? text : "", &inner) != ST_OK)
            status = error_set(err, ST_REFUSED,
                               "one text is laid over another, which needs lines of keys: %s, %s",
                               text_quote(arena, key, strlen(key)), error_text(&inner));
        arena_free(arena);
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status device_there(struct writer *writer, const char *code, bool *there,
                                struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer, "select 1 from device where code = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, code, -1, SQLITE_STATIC);
    *there = sqlite3_step(stmt) == SQLITE_ROW;
    sqlite3_reset(stmt);
    return ST_OK;
}

/* What it is laid over, or what is laid over it, must be lines of keys as well. */
static enum status others_check(struct writer *writer, const char *target, bool *others,
                                struct error *err)
{
    bool own = strncmp(target, "device:", 7) == 0, there = true;
    enum status status = own ? device_there(writer, target + 7, &there, err) : ST_OK;
    if (status == ST_OK && !there)
        return error_set(err, ST_REFUSED, "there is no such device");
    if (status != ST_OK)
        return status;
    return own ? texts_check(writer,
                             "select c.key, c.text from device d join config c"
                             " on c.key = 'kind:' || d.kind where d.code = ?1",
                             target + 7, others, err)
               : texts_check(writer,
                             "select c.key, c.text from device d join config c"
                             " on c.key = 'device:' || d.code where d.kind = ?1",
                             target + 5, others, err);
}

static enum status config_rule(struct writer *writer, const struct operation *op, const json_t *now,
                               struct error *err)
{
    const char *target = op->target, *text;
    bool kind = strncmp(target, "kind:", 5) == 0, own = strncmp(target, "device:", 7) == 0, others;
    (void)now;
    if (!(kind && target[5]) && !(own && target[7]))
        return error_set(err, ST_REFUSED,
                         "a configuration is of kind:NAME or device:CODE and of nothing else");
    text =
        op->verb == OPERATION_DELETE ? NULL : json_string_value(json_object_get(op->set, "text"));
    if (!text)
        return ST_OK;
    enum status status = ini_words_check(text, words, sizeof words / sizeof *words, err);
    if (status == ST_OK)
        status = others_check(writer, target, &others, err);
    if (status == ST_OK && others)
        status = ini_check(text, err);
    return status;
}

void config_register(void)
{
    operation_rule_register("config", config_rule);
}

/* ---- Writing ---- */

static enum status text_now(struct writer *writer, const char *key, const char *text, bool *there,
                            bool *same, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "select text from config where key = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
    *there = sqlite3_step(stmt) == SQLITE_ROW;
    const char *now = *there ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    *same = text && now ? strcmp(text, now) == 0 : !text && !*there;
    sqlite3_reset(stmt);
    return ST_OK;
}

enum status config_write(struct writer *writer, const struct access *access, const char *key,
                         const char *text, int64_t version, const char *reason, struct error *err)
{
    bool there = false, same = false;
    enum status status = text_now(writer, key, text, &there, &same, err);
    if (status != ST_OK || same)
        return status;
    json_t *set = text ? json_pack("{s:s}", "text", text) : json_object();
    if (!set)
        return error_set(err, ST_REFUSED, "a configuration is text in UTF-8");
    struct operation op = {.actor = access->principal,
                           .rights = access->rights,
                           .entity = "config",
                           .target = key,
                           .verb = !text   ? OPERATION_DELETE
                                   : there ? OPERATION_SET
                                           : OPERATION_CREATE,
                           .base_version = version,
                           .set = set,
                           .reason = reason};
    status = operation_apply(writer, &op, NULL, err);
    json_decref(set);
    return status;
}

/* ---- History ---- */

static struct config_version version_read(sqlite3_stmt *stmt, struct arena *arena)
{
    json_t *after = json_loads((const char *)sqlite3_column_text(stmt, 5), 0, NULL);
    const char *text = json_string_value(json_object_get(after, "text"));
    struct config_version version = {.time = sqlite3_column_int64(stmt, 0),
                                     .version = sqlite3_column_int64(stmt, 1),
                                     .author = device_clean_column(stmt, 2, arena, WORD),
                                     .act = device_clean_column(stmt, 3, arena, WORD),
                                     .reason = device_clean_column(stmt, 4, arena, WORD),
                                     .text = text ? arena_strdup(arena, text) : NULL};
    json_decref(after);
    return version;
}

enum status config_history(struct reader *reader, const struct access *access, struct arena *arena,
                           const char *key, size_t most, const struct config_version **versions,
                           size_t *n, struct error *err)
{
    VEC(struct config_version) found = {0};
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = access_require(access, RIGHT_DEVICES, "see configurations", err);
    if (status == ST_OK)
        status = reader_prepare(
            reader,
            "select a.time, o.result_version, a.actor, a.act, a.reason, a.after from operation o"
            " join audit a on a.seq = o.seq where o.entity = 'config' and o.target = ?1"
            " order by o.seq desc limit ?2",
            &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_text(stmt, 1, key, -1, SQLITE_STATIC);
        sqlite3_bind_int64(stmt, 2, (sqlite3_int64)most);
    }
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&found, version_read(stmt, arena));
    *versions = vec_copy(arena, &found);
    *n = found.n;
    vec_free(&found);
    return status;
}

/* ---- On devices ---- */

bool config_of_answer(struct arena *arena, const struct fleet_result *result, const char **text,
                      size_t *n, const char **reason)
{
    const struct fleet_output *output = &result->output;
    *text = "";
    *n = 0;
    *reason = "";
    if (result->job.state != DEVICE_OK) {
        *reason = arena_strdup(arena, result->job.reason);
        return false;
    }
    if (output->exit_status == 3 && memmem(output->bytes, output->n, "no such file", 12))
        return true;
    const char *line = memchr(output->bytes, '\n', output->n);
    const char *hash =
        line ? memmem(output->bytes, (size_t)(line - output->bytes), " sha256=", 8) : NULL;
    if (output->exit_status != 0 || !hash || line - hash < 8 + 64) {
        *reason = device_clean(arena, output->bytes, output->n, WORD, false, NULL);
        return false;
    }
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX];
    *text = line + 1;
    *n = output->n - (size_t)(line + 1 - output->bytes);
    sha256(*text, *n, digest);
    sha256_hex(digest, hex);
    *reason = "its configuration changed while it was read, or is too long";
    return memcmp(hex, hash + 8, 64) == 0;
}

const char *config_difference(struct arena *arena, const char *has, size_t n, const char *wanted)
{
    size_t size = strlen(wanted), lines;
    if (n == size && memcmp(has, wanted, n) == 0)
        return "";
    const char *clean = device_clean(arena, has, n, INI_MOST, true, NULL);
    const struct diff_line *diff = text_diff(arena, clean, strlen(clean), wanted, size, &lines);
    VEC(char) text = {0};
    for (size_t i = 0; i < lines; i++) {
        if (diff[i].mark == ' ')
            continue;
        vec_push(&text, diff[i].mark);
        for (size_t k = 0; k < diff[i].n; k++)
            vec_push(&text, diff[i].text[k]);
        vec_push(&text, '\n');
    }
    const char *result = text.n ? arena_strndup(arena, text.at, text.n)
                                : "~ only in bytes that cannot be shown, or at the end\n";
    vec_free(&text);
    return result;
}

static enum status queue_drop(struct writer *writer, uint32_t device, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "delete from config_queue where device = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, device);
    return writer_run(writer, stmt, err);
}

static enum status applied_keep(struct writer *writer, const struct transfer_result *result,
                                struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer,
        "update device_state set config = substr(?2, 1, 12), wanted = substr(?2, 1, 12)"
        " where device = ?1",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, result->device->id);
    sqlite3_bind_text(stmt, 2, result->sha256, -1, SQLITE_TRANSIENT);
    status = writer_run(writer, stmt, err);
    return status == ST_OK ? queue_drop(writer, result->device->id, err) : status;
}

static enum status queue_add(struct writer *writer, const char *actor, uint32_t device,
                             int64_t until, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer,
                                        "insert or replace into config_queue"
                                        " (device, actor, time, expires) values (?1, ?2, ?3, ?4)",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, device);
    sqlite3_bind_text(stmt, 2, actor, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(stmt, 3, time_now());
    sqlite3_bind_int64(stmt, 4, until);
    return writer_run(writer, stmt, err);
}

/* One that said no, or shows another key, is not asked again by itself. */
static bool may_wait(const struct transfer_result *result)
{
    return result->job.state == DEVICE_OFFLINE || result->job.state == DEVICE_UNKNOWN;
}

enum status config_applied_keep(struct writer *writer, const char *actor,
                                const struct transfer_result *results, size_t n,
                                int64_t queue_until, struct error *err)
{
    struct arena *arena = arena_new();
    enum status status = device_acts_keep(writer, actor, "config", "the desired configuration",
                                          transfer_outcomes(arena, results, n), n, err);
    arena_free(arena);
    if (status == ST_OK)
        status = writer_begin(writer, err);
    for (size_t i = 0; i < n && status == ST_OK; i++)
        if (results[i].finished && results[i].job.state == DEVICE_OK)
            status = applied_keep(writer, &results[i], err);
        else if (!may_wait(&results[i]))
            status = queue_drop(writer, results[i].device->id, err);
        else if (queue_until)
            status = queue_add(writer, actor, results[i].device->id, queue_until, err);
    if (status == ST_OK)
        status = writer_touch_rows(writer, err);
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}
