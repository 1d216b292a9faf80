/* The audit: a chain of records, each with the hash of itself and of the one before. */
#include "model/base/hash.h"
#include "model/base/random.h"
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/store/operation_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *json_line(struct arena *arena, const json_t *value)
{
    if (!value || (json_is_object(value) && json_object_size(value) == 0))
        return arena_strdup(arena, "");
    char *line = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    char *kept = arena_strdup(arena, line ? line : "");
    free(line);
    return kept;
}

/* Each part with its length in front, so that no two lists of parts read the same. */
static void parts_hash(const void *head, size_t n_head, const char *const *parts, size_t n_parts,
                       unsigned char hash[32])
{
    struct arena *arena = arena_new();
    size_t size = n_head, at = n_head;
    for (size_t i = 0; i < n_parts; i++)
        size += strlen(parts[i]) + 24;
    char *bytes = arena_alloc(arena, size);
    memcpy(bytes, head, n_head);
    for (size_t i = 0; i < n_parts; i++) {
        char *part = arena_printf(arena, "%zu:%s", strlen(parts[i]), parts[i]);
        size_t n = strlen(part);
        memcpy(bytes + at, part, n);
        at += n;
    }
    sha256(bytes, at, hash);
    arena_free(arena);
}

void audit_payload(const void *salt, const struct audit_record *r, unsigned char payload[32])
{
    const char *const parts[] = {r->target, r->before, r->after, r->reason};
    parts_hash(salt, AUDIT_SALT, parts, sizeof parts / sizeof *parts, payload);
}

void audit_hash(const unsigned char previous[32], int64_t seq, int64_t time,
                const struct audit_record *r, const unsigned char payload[32],
                unsigned char hash[32])
{
    char numbers[2][24], hex[SHA256_HEX];
    snprintf(numbers[0], sizeof numbers[0], "%lld", (long long)seq);
    snprintf(numbers[1], sizeof numbers[1], "%lld", (long long)time);
    sha256_hex(payload, hex);
    const char *const parts[] = {numbers[0], numbers[1],   r->actor, r->act,
                                 r->entity,  r->operation, hex};
    parts_hash(previous, 32, parts, sizeof parts / sizeof *parts, hash);
}

static enum status last_read(struct writer *writer, int64_t *seq, unsigned char hash[32],
                             struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "select seq, hash from audit order by seq desc limit 1", &stmt, err);
    if (status != ST_OK)
        return status;
    *seq = 0;
    memset(hash, 0, 32);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        *seq = sqlite3_column_int64(stmt, 0);
        if (sqlite3_column_bytes(stmt, 1) == 32)
            memcpy(hash, sqlite3_column_blob(stmt, 1), 32);
    } else if (code != SQLITE_DONE) {
        status = sqlite_status(writer_db(writer), "reading the audit", err);
    }
    sqlite3_reset(stmt);
    return status;
}

enum status audit_write(struct writer *writer, const struct audit_record *record, int64_t *out,
                        struct error *err)
{
    int64_t seq, time = time_now();
    unsigned char previous[32], hash[32], payload[32], salt[AUDIT_SALT] = {0};
    sqlite3_stmt *stmt, *count;
    random_bytes(salt, sizeof salt);
    enum status status = last_read(writer, &seq, previous, err);
    if (status == ST_OK)
        status = writer_prepare(writer,
                                "insert into audit (seq, time, actor, act, entity, target, before, "
                                "after, reason, operation, hash, salt, payload) values "
                                "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                                &stmt, err);
    if (status != ST_OK)
        return status;
    audit_payload(salt, record, payload);
    audit_hash(previous, ++seq, time, record, payload, hash);
    sqlite3_bind_int64(stmt, 1, seq);
    sqlite3_bind_int64(stmt, 2, time);
    const char *const texts[] = {record->actor,  record->act,   record->entity, record->target,
                                 record->before, record->after, record->reason, record->operation};
    for (int i = 0; i < 8; i++)
        sqlite3_bind_text(stmt, 3 + i, texts[i], -1, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 11, hash, 32, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 12, salt, sizeof salt, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 13, payload, 32, SQLITE_STATIC);
    status = writer_run(writer, stmt, err);
    if (status == ST_OK)
        status = writer_prepare(writer, "update counter set value = ?1 where name = 'audit'",
                                &count, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(count, 1, seq);
    if (out)
        *out = seq;
    return writer_run(writer, count, err);
}

enum status audit_append(struct writer *writer, const char *actor, const char *act,
                         const char *entity, const char *target, json_t *detail, struct error *err)
{
    if (!writer_in_transaction(writer))
        return error_set(err, ST_REFUSED, "the audit is written inside a change");
    struct arena *arena = arena_new();
    struct audit_record record = {.actor = actor ? actor : "",
                                  .act = act,
                                  .entity = entity ? entity : "",
                                  .target = target ? target : "",
                                  .before = "",
                                  .after = json_line(arena, detail),
                                  .reason = "",
                                  .operation = ""};
    enum status status = audit_write(writer, &record, NULL, err);
    arena_free(arena);
    return status;
}
