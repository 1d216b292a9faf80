#include "model/access/access.h"

#include "model/base/hash.h"
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/store/column.h"
#include "model/store/setting.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REASON_LEAST = 3, REASON_MOST = 500 };

const struct role_info roles[ACCESS_COUNT] = {
    {ACCESS_OPERATOR, "operator", RIGHT_PEOPLE_SEE | RIGHT_CAMPAIGN_EDIT | RIGHT_QUESTIONS,
     MASK_CONTACTS, N_("runs campaigns; sees members masked")},
    {ACCESS_MANAGER, "manager",
     RIGHT_PEOPLE_SEE | RIGHT_PEOPLE_REVEAL | RIGHT_PEOPLE_EDIT | RIGHT_SHOPS_EDIT |
         RIGHT_CAMPAIGN_EDIT | RIGHT_CAMPAIGN_APPROVE | RIGHT_QUESTIONS | RIGHT_SQL | RIGHT_IMPORT,
     MASK_CONTACTS, N_("approves campaigns; may reveal a member with a reason")},
    {ACCESS_ANALYST, "analyst", RIGHT_PEOPLE_SEE | RIGHT_QUESTIONS | RIGHT_SQL, MASK_PSEUDONYM,
     N_("asks questions and SQL over pseudonyms")},
    {ACCESS_TECHNICIAN, "technician", RIGHT_DEVICES | RIGHT_DEVICES_EDIT, MASK_PEOPLE,
     N_("looks after devices; sees no people")},
    {ACCESS_ADMIN, "admin",
     RIGHT_PEOPLE_SEE | RIGHT_PEOPLE_REVEAL | RIGHT_PEOPLE_EDIT | RIGHT_SHOPS_EDIT |
         RIGHT_CAMPAIGN_EDIT | RIGHT_CAMPAIGN_APPROVE | RIGHT_QUESTIONS | RIGHT_SQL |
         RIGHT_DEVICES | RIGHT_DEVICES_EDIT | RIGHT_IMPORT | RIGHT_ADMIN,
     MASK_NONE, N_("everything")},
};

const struct role_info *role_by_name(const char *name)
{
    for (size_t i = 0; i < ACCESS_COUNT; i++)
        if (strcmp(roles[i].name, name) == 0)
            return &roles[i];
    return NULL;
}

char *access_login(void)
{
    struct passwd entry, *found = NULL;
    char buffer[4096];
    if (getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found)
        return mem_strdup(found->pw_name);
    return mem_printf("%u", (unsigned)geteuid());
}

struct access access_engine(void)
{
    return (struct access){.principal = "engine",
                           .role = ACCESS_ADMIN,
                           .rights = roles[ACCESS_ADMIN].rights,
                           .mask = roles[ACCESS_ADMIN].mask};
}

/* The file's owner could change anything in it with other tools: admin is the honest name. */
static bool is_owner(const struct mall *mall, const char *principal)
{
    struct stat info;
    if (stat(mall->path, &info) != 0 || info.st_uid != geteuid())
        return false;
    char *login = access_login();
    /* A user id without a name, as in some containers, is "nobody" to the command line. */
    bool nameless = strspn(login, "0123456789") == strlen(login);
    bool same = strcmp(login, principal) == 0 || (nameless && strcmp(principal, "nobody") == 0);
    free(login);
    return same;
}

static void access_assign(struct access *access, const char *principal,
                          const struct role_info *role)
{
    snprintf(access->principal, sizeof access->principal, "%s", principal);
    access->role = role->role;
    access->rights = role->rights;
    access->mask = role->mask;
}

static bool key_of_setting(const char *hex, uint64_t key[2])
{
    unsigned long long high, low;
    if (strlen(hex) != 32 || strspn(hex, "0123456789abcdef") != 32 ||
        sscanf(hex, "%16llx%16llx", &high, &low) != 2)
        return false;
    key[0] = high;
    key[1] = low;
    return true;
}

/* Without a setting the key comes from the first link of the audit chain: as unguessable, as
 * lasting, and hidden from those who see pseudonyms. */
static bool key_of_audit(const void *hash, size_t n, uint64_t key[2])
{
    static const char purpose[] = "pseudonyms of this mall";
    unsigned char text[sizeof purpose + SHA256_SIZE] = {0}, digest[SHA256_SIZE];
    if (n != SHA256_SIZE)
        return false;
    memcpy(text, purpose, sizeof purpose);
    memcpy(text + sizeof purpose, hash, n);
    sha256(text, sizeof text, digest);
    memcpy(key, digest, 2 * sizeof *key);
    return true;
}

/* Each role has its own words for people, so that those of two roles cannot be laid side by side.
 * Who sees cards looks up those of analysts. */
static void key_of_role(struct access *access)
{
    enum access_role role = access->mask == MASK_PSEUDONYM ? access->role : ACCESS_ANALYST;
    unsigned char text[16 + 32] = {0}, digest[SHA256_SIZE];
    memcpy(text, access->key, 16);
    snprintf((char *)text + 16, 32, "%s", roles[role].name);
    sha256(text, sizeof text, digest);
    memcpy(access->key, digest, sizeof access->key);
}

static enum status read_key(struct reader *reader, struct access *access, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false, good = false;
    enum status status =
        reader_prepare(reader,
                       "select value, 0 from setting where name = 'pseudonym_key' union all"
                       " select hash, 1 from (select hash from audit order by seq limit 1)",
                       &stmt, err);
    while (!status && !good && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        const void *value = sqlite3_column_blob(stmt, 0);
        size_t n = (size_t)sqlite3_column_bytes(stmt, 0);
        if (sqlite3_column_int(stmt, 1))
            good = key_of_audit(value, n, access->key);
        else
            good = key_of_setting(column_text(stmt, 0), access->key);
    }
    if (status)
        return status;
    sqlite3_reset(stmt);
    if (good)
        key_of_role(access);
    if (!good && access->mask == MASK_PSEUDONYM)
        return error_set(err, ST_UNUSABLE,
                         "the mall file has no key for pseudonyms, so an analyst cannot be shown "
                         "anyone; an admin sets one as the setting pseudonym_key, 32 digits of "
                         "0-9 and a-f");
    return ST_OK;
}

/* ---- Replicas ---- */

static enum status replica_name(struct reader *reader, const char *name, char *text, size_t size,
                                struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    *text = 0;
    enum status status =
        reader_prepare(reader, "select value from sync where name = ?1", &stmt, err);
    if (status)
        return status;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    status = reader_step(reader, stmt, &row, err);
    if (!status && row)
        snprintf(text, size, "%s", column_text(stmt, 0));
    sqlite3_reset(stmt);
    return status;
}

static enum status read_role(struct reader *reader, const char *principal,
                             const struct role_info **role, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status =
        reader_prepare(reader, "select role from principal where name = ?1", &stmt, err);
    if (status)
        return status;
    sqlite3_bind_text(stmt, 1, principal, -1, SQLITE_TRANSIENT);
    status = reader_step(reader, stmt, &row, err);
    if (status)
        return status;
    struct arena *arena = arena_new();
    const char *shown = text_quote(arena, principal, strlen(principal));
    if (!row) {
        status = error_set(err, ST_DENIED,
                           "%s is not a principal of this mall; an admin can add one", shown);
    } else {
        const char *name = (const char *)sqlite3_column_text(stmt, 0);
        *role = role_by_name(name ? name : "");
        if (!*role)
            status = error_set(err, ST_DENIED,
                               "the role %s of principal %s is not known; expected operator, "
                               "manager, analyst, technician or admin",
                               text_quote(arena, name, name ? strlen(name) : 0), shown);
    }
    sqlite3_reset(stmt);
    arena_free(arena);
    return status;
}

/* The setting, or what it is without one. */
static enum status least_people_read(struct reader *reader, struct access *access,
                                     struct error *err)
{
    return access->mask == MASK_PSEUDONYM
               ? setting_integer(reader, "small_group", &access->least_people, err)
               : ST_OK;
}

/* Who holds the file is who the hub says; the role's key came with the copy. */
enum status access_of_replica(struct reader *reader, struct access *access, struct error *err)
{
    char principal[sizeof access->principal], name[32], key[40];
    enum status status = replica_name(reader, "principal", principal, sizeof principal, err);
    if (!status)
        status = replica_name(reader, "role", name, sizeof name, err);
    if (!status)
        status = replica_name(reader, "key", key, sizeof key, err);
    if (status)
        return status;
    const struct role_info *role = role_by_name(name);
    if (!role)
        return error_set(err, ST_DENIED,
                         "this replica does not say whose it is: bring it up to date with `atrium "
                         "sync`");
    access_assign(access, principal, role);
    access->masked = role->mask == MASK_CONTACTS;
    if (role->mask == MASK_PSEUDONYM && !key_of_setting(key, access->key))
        return error_set(err, ST_UNUSABLE,
                         "this replica has no key for pseudonyms: bring it up to date with `atrium "
                         "sync`");
    return least_people_read(reader, access, err);
}

enum status access_lookup(struct reader *reader, const char *principal, struct access *access,
                          struct error *err)
{
    memset(access, 0, sizeof *access);
    access->mask = MASK_PEOPLE;
    access->role = ACCESS_TECHNICIAN;
    if (strlen(principal) >= sizeof access->principal || !*principal)
        return error_set(err, ST_DENIED,
                         "a principal's name has 1 to %zu characters, this one has %zu",
                         sizeof access->principal - 1, strlen(principal));
    if (reader_mall(reader)->replica) {
        enum status unlocked = mall_unlocked(reader_mall(reader), err);
        return unlocked ? unlocked : access_of_replica(reader, access, err);
    }
    const struct role_info *role = &roles[ACCESS_ADMIN];
    if (!is_owner(reader_mall(reader), principal)) {
        enum status status = read_role(reader, principal, &role, err);
        if (status)
            return status;
    }
    access_assign(access, principal, role);
    enum status status = least_people_read(reader, access, err);
    return status ? status : read_key(reader, access, err);
}

enum status access_require(const struct access *access, unsigned rights, const char *what,
                           struct error *err)
{
    if (access_may(access, rights))
        return ST_OK;
    struct arena *arena = arena_new();
    char *who = arena_strdup(arena, "");
    for (size_t i = 0; i < ACCESS_COUNT; i++)
        if ((roles[i].rights & rights) == rights)
            who = arena_printf(arena, "%s%s%s", who, *who ? ", " : "", roles[i].name);
    enum status status = error_set(err, ST_DENIED, "%s (%s) may not %s; these roles may: %s",
                                   text_quote(arena, access->principal, strlen(access->principal)),
                                   roles[access->role].name, what, who);
    arena_free(arena);
    return status;
}

static enum status reveal_record(struct access *access, struct writer *writer, uint32_t person,
                                 const char *reason, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer,
        "select coalesce((select card from member where person = ?1), '#' || ?1) where exists"
        " (select 1 from member where person = ?1) or exists"
        " (select 1 from identity where person = ?1)",
        &stmt, err);
    if (status)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    if (sqlite3_step(stmt) != SQLITE_ROW) {
        sqlite3_reset(stmt);
        return error_set(err, ST_REFUSED, "there is no person #%u in this mall", person);
    }
    char *target = mem_strdup(column_text(stmt, 0));
    sqlite3_reset(stmt);
    json_t *detail = json_pack("{s:s}", "reason", reason);
    status = audit_append(writer, access->principal, "reveal", "member", target, detail, err);
    json_decref(detail);
    free(target);
    return status;
}

enum status access_reveal(struct access *access, struct writer *writer, uint32_t person,
                          const char *reason, struct error *err)
{
    enum status status = access_require(access, RIGHT_PEOPLE_REVEAL, "reveal a member", err);
    if (status)
        return status;
    if (access->masked)
        return error_set(err, ST_DENIED,
                         "this replica holds no names and contacts to reveal: do it on the hub");
    size_t n = reason ? strlen(reason) : 0;
    if (n < REASON_LEAST || n > REASON_MOST || !text_valid(reason, n))
        return error_set(err, ST_REFUSED,
                         "a reveal needs a reason of %d to %d characters for the audit; this one "
                         "has %zu",
                         REASON_LEAST, REASON_MOST, n);
    status = writer_begin(writer, err);
    if (status)
        return status;
    status = reveal_record(access, writer, person, reason, err);
    if (!status)
        status = writer_commit(writer, err);
    if (status)
        writer_rollback(writer);
    else
        access->revealed = person;
    return status;
}
