#include "model/sync/door.h"

#include "model/base/text.h"
#include "model/fleet/ssh_late.h"
#include "model/store/column.h"
#include "model/sync/hub.h"

#include <ctype.h>
#include <string.h>

/* ---- Keys ---- */

static enum status key_refuse(struct error *err, const char *where, const char *found)
{
    return error_set(err, ST_REFUSED,
                     "%s: found %s, expected one line with a public SSH key, such as "
                     "ssh-ed25519 AAAA… (the .pub file that ssh-keygen makes)",
                     where, found);
}

static char *fingerprint_of(struct arena *arena, ssh_key key)
{
    unsigned char *hash = NULL;
    size_t n = 0;
    if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &n) != SSH_OK)
        return NULL;
    char *text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, n);
    char *kept = text ? arena_strdup(arena, text) : NULL;
    ssh_string_free_char(text);
    ssh_clean_pubkey_hash(&hash);
    return kept;
}

/* Its type is libssh's word for it, and what is written is what libssh understood, so that nothing
 * of the file but a key gets into authorized_keys. */
static enum status key_import(struct arena *arena, const char *where, const char *type,
                              const char *base64, struct door_key *out, struct error *err)
{
    enum { RSA_2048 = 360 }; /* letters of base64 that the shortest such key takes */
    ssh_key key = NULL;
    char *again = NULL;
    enum ssh_keytypes_e kind = ssh_key_type_from_name(type);
    if (kind == SSH_KEYTYPE_UNKNOWN || kind == SSH_KEYTYPE_DSS || strstr(type, "cert-v01"))
        return key_refuse(err, where, text_quote(arena, type, strlen(type)));
    if (ssh_pki_import_pubkey_base64(base64, kind, &key) != SSH_OK ||
        ssh_pki_export_pubkey_base64(key, &again) != SSH_OK) {
        ssh_key_free(key);
        return key_refuse(err, where, "a key that is damaged");
    }
    *out = (struct door_key){.type = arena_strdup(arena, ssh_key_type_to_char(ssh_key_type(key))),
                             .base64 = arena_strdup(arena, again),
                             .fingerprint = fingerprint_of(arena, key)};
    ssh_string_free_char(again);
    ssh_key_free(key);
    if (!out->fingerprint || strcmp(out->type, type) != 0)
        return key_refuse(err, where, "a key that is not of the type it says");
    if (kind == SSH_KEYTYPE_RSA && strlen(out->base64) < RSA_2048)
        return key_refuse(err, where, "an RSA key of fewer than 2048 bits");
    return ST_OK;
}

enum status door_key_read(struct arena *arena, const char *where, const char *text, size_t n,
                          struct door_key *key, struct error *err)
{
    static const char space[] = " \t\r\n";
    where = text_quote(arena, where, strlen(where));
    if (n > DOOR_KEY_MOST || memchr(text, 0, n))
        return key_refuse(err, where, "something else than text, or too much of it");
    char *line = arena_strndup(arena, text, n);
    line += strspn(line, space);
    if (strstr(line, "PRIVATE KEY"))
        return key_refuse(err, where, "a private key, which belongs to its owner alone");
    char *end = line + strcspn(line, "\r\n");
    if (end[strspn(end, space)])
        return key_refuse(err, where, "several lines");
    *end = 0;
    char *type = line, *base64 = line + strcspn(line, space);
    if (*base64)
        *base64++ = 0;
    base64 += strspn(base64, space);
    base64[strcspn(base64, space)] = 0;
    if (!*type || !*base64)
        return key_refuse(err, where, *type ? "one word" : "nothing");
    enum status status = ssh_load(err);
    return status == ST_OK ? key_import(arena, where, type, base64, key, err) : status;
}

enum status door_name_check(const char *name, struct error *err)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t n = strlen(name);
    if (n >= 1 && n <= DOOR_NAME_MOST && strspn(name, letters) == n &&
        isalnum((unsigned char)*name))
        return ST_OK;
    struct arena *arena = arena_new();
    enum status status = error_set(err, ST_REFUSED,
                                   "name: found %s, expected 1 to %d letters, digits, '.', '_' or "
                                   "'-' of ASCII, a letter or digit first",
                                   text_quote(arena, name, n), DOOR_NAME_MOST);
    arena_free(arena);
    return status;
}

/* ---- The line ---- */

/* 'it'\''s' for the shell. */
static char *shell_quote(struct arena *arena, const char *text)
{
    char *out = arena_alloc(arena, 4 * strlen(text) + 3), *at = out;
    *at++ = '\'';
    for (; *text; text++) {
        if (*text == '\'') {
            memcpy(at, "'\\'", 3);
            at += 3;
        }
        *at++ = *text;
    }
    *at++ = '\'';
    return out;
}

/* Within the "…" of authorized_keys only \" is read as something else than it says. */
static char *sshd_quote(struct arena *arena, const char *text)
{
    char *out = arena_alloc(arena, 2 * strlen(text) + 3), *at = out;
    *at++ = '"';
    for (; *text; text++) {
        if (*text == '"')
            *at++ = '\\';
        *at++ = *text;
    }
    *at++ = '"';
    return out;
}

static enum status path_check(struct arena *arena, const char *what, const char *path,
                              struct error *err)
{
    if (*path == '/' && text_valid(path, strlen(path)) && !strchr(path, '\t'))
        return ST_OK;
    return error_set(err, ST_REFUSED,
                     "%s: found %s, expected a path from / on without control characters", what,
                     text_quote(arena, path, strlen(path)));
}

enum status door_line(struct arena *arena, const char *program, const char *mall, const char *name,
                      const struct door_key *key, const char **line, struct error *err)
{
    enum status status = path_check(arena, "program", program, err);
    if (status == ST_OK)
        status = path_check(arena, "mall file", mall, err);
    if (status == ST_OK)
        status = door_name_check(name, err);
    if (status != ST_OK)
        return status;
    const char *command =
        arena_printf(arena, "%s -m %s serve --principal %s", shell_quote(arena, program),
                     shell_quote(arena, mall), shell_quote(arena, name));
    *line = arena_printf(arena, "restrict,command=%s %s %s %s", sshd_quote(arena, command),
                         key->type, key->base64, name);
    return ST_OK;
}

/* ---- Principals ---- */

/* One text of a row that `sql` finds by ?1; NULL: no such row. */
static enum status one_text(struct writer *writer, struct arena *arena, const char *sql,
                            const char *by, const char **text, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer, sql, &stmt, err);
    *text = NULL;
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, by, -1, SQLITE_TRANSIENT);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *text = arena_strdup(arena, column_text(stmt, 0));
    else if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading the principals", err);
    sqlite3_reset(stmt);
    return status;
}

static enum status admit(struct writer *writer, struct arena *arena, const struct access *access,
                         const char *name, const char *role, const struct door_key *key, bool *made,
                         struct error *err)
{
    const char *there, *other;
    enum status status =
        one_text(writer, arena, "select name from principal where name = ?1", name, &there, err);
    if (status == ST_OK)
        status = one_text(writer, arena, "select name from principal where key = ?1",
                          key->fingerprint, &other, err);
    if (status == ST_OK && other && strcmp(other, name) != 0)
        return error_set(err, ST_CONFLICT,
                         "the key %s is that of %s; each person needs a key of their own",
                         key->fingerprint, text_quote(arena, other, strlen(other)));
    if (status != ST_OK)
        return status;
    *made = !there;
    json_t *set = json_pack("{s:s, s:s}", "role", role, "key", key->fingerprint);
    struct operation op = {
        .actor = access->principal,
        .rights = access->rights,
        .entity = "principal",
        .target = name,
        .verb = there ? OPERATION_SET : OPERATION_CREATE,
        .base_version = -1,
        .set = set,
    };
    status = operation_apply(writer, &op, NULL, err);
    json_decref(set);
    return status;
}

enum status door_admit(struct writer *writer, const struct access *access, const char *name,
                       const char *role, const struct door_key *key, bool *made, struct error *err)
{
    struct arena *arena = arena_new();
    enum status status = access_require(access, RIGHT_ADMIN, "let people in", err);
    if (status == ST_OK)
        status = door_name_check(name, err);
    if (status == ST_OK)
        status = writer_begin(writer, err);
    if (status == ST_OK) {
        status = sync_hub_make(writer, err);
        if (status == ST_OK)
            status = admit(writer, arena, access, name, role, key, made, err);
        if (status == ST_OK)
            status = writer_commit(writer, err);
        else
            writer_rollback(writer);
    }
    arena_free(arena);
    return status;
}

enum status door_revoke(struct writer *writer, const struct access *access, const char *name,
                        struct error *err)
{
    json_t *none = json_object();
    struct operation op = {
        .actor = access->principal,
        .rights = access->rights,
        .entity = "principal",
        .target = name,
        .verb = OPERATION_DELETE,
        .base_version = -1,
        .set = none,
    };
    enum status status = operation_apply(writer, &op, NULL, err);
    json_decref(none);
    return status;
}

enum status door_check(struct reader *reader, const char *name, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status =
        reader_prepare(reader, "select 1 from principal where name = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_TRANSIENT);
    status = reader_step(reader, stmt, &row, err);
    sqlite3_reset(stmt);
    if (status == ST_OK && !row) {
        struct arena *arena = arena_new();
        status = error_set(err, ST_DENIED, "%s may not come in: it is unknown here, or was revoked",
                           text_quote(arena, name, strlen(name)));
        arena_free(arena);
    }
    return status;
}
