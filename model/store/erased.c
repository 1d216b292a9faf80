#include "model/store/erased.h"

#include "model/base/hash.h"
#include "model/base/vec.h"
#include "model/store/reader.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { KEY = 32, KEPT = 16 };

struct erased_hash {
    unsigned char at[KEPT];
};

struct erased {
    unsigned char key[KEY];
    VEC(struct erased_hash) hashes;
};

/* HMAC-SHA256 (RFC 2104), the first half of it. */
static void keyed_hash(const unsigned char key[KEY], const char *value, size_t n,
                       unsigned char hash[KEPT])
{
    unsigned char inner[64], outer[64 + SHA256_SIZE], digest[SHA256_SIZE];
    unsigned char *text = mem_alloc(sizeof inner + n);
    memset(inner, 0x36, sizeof inner);
    memset(outer, 0x5c, 64);
    for (size_t i = 0; i < KEY; i++) {
        inner[i] ^= key[i];
        outer[i] ^= key[i];
    }
    memcpy(text, inner, sizeof inner);
    memcpy(text + sizeof inner, value, n);
    sha256(text, sizeof inner + n, outer + 64);
    sha256(outer, sizeof outer, digest);
    memcpy(hash, digest, KEPT);
    free(text);
}

/* *there false: nobody was erased yet. */
static enum status key_read(struct writer *writer, unsigned char key[KEY], bool *there,
                            struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "select value from secret where name = 'erased'", &stmt, err);
    if (status != ST_OK)
        return status;
    int code = sqlite3_step(stmt);
    *there = code == SQLITE_ROW;
    if (code == SQLITE_ROW && sqlite3_column_bytes(stmt, 0) == KEY)
        memcpy(key, sqlite3_column_blob(stmt, 0), KEY);
    else if (code == SQLITE_ROW)
        status = error_set(err, ST_UNUSABLE,
                           "the key of erased people is damaged: restore a copy of the mall file");
    else if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading about erased people", err);
    sqlite3_reset(stmt);
    return status;
}

static int hash_compare(const void *a, const void *b)
{
    return memcmp(a, b, KEPT);
}

enum status erased_open(struct writer *writer, struct erased **out, struct error *err)
{
    bool there = false;
    struct erased *erased = mem_zero(1, sizeof *erased);
    *out = NULL;
    enum status status = key_read(writer, erased->key, &there, err);
    sqlite3_stmt *stmt = NULL;
    if (status == ST_OK && there)
        status = writer_prepare(writer, "select hash from erased order by hash", &stmt, err);
    if (status == ST_OK && stmt) {
        int code;
        while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
            struct erased_hash hash = {{0}};
            if (sqlite3_column_bytes(stmt, 0) == KEPT)
                memcpy(hash.at, sqlite3_column_blob(stmt, 0), KEPT);
            vec_push(&erased->hashes, hash);
        }
        if (code != SQLITE_DONE)
            status = sqlite_status(writer_db(writer), "reading about erased people", err);
        sqlite3_reset(stmt);
    }
    if (status != ST_OK || erased->hashes.n == 0) {
        erased_free(erased);
        return status;
    }
    *out = erased;
    return ST_OK;
}

void erased_free(struct erased *erased)
{
    if (!erased)
        return;
    vec_free(&erased->hashes);
    free(erased);
}

bool erased_has(const struct erased *erased, const char *value, size_t n)
{
    unsigned char hash[KEPT];
    if (!erased || !n)
        return false;
    keyed_hash(erased->key, value, n, hash);
    return bsearch(hash, erased->hashes.at, erased->hashes.n, sizeof *erased->hashes.at,
                   hash_compare) != NULL;
}

static enum status key_make(struct writer *writer, unsigned char key[KEY], struct error *err)
{
    sqlite3_stmt *stmt;
    if (getrandom(key, KEY, 0) != KEY)
        abort();
    enum status status =
        writer_prepare(writer, "insert into secret values ('erased', ?1)", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_blob(stmt, 1, key, KEY, SQLITE_STATIC);
    return writer_run(writer, stmt, err);
}

enum status erased_add(struct writer *writer, const char *value, size_t n, struct error *err)
{
    unsigned char key[KEY], hash[KEPT];
    bool there;
    sqlite3_stmt *stmt;
    enum status status = key_read(writer, key, &there, err);
    if (status == ST_OK && !there)
        status = key_make(writer, key, err);
    if (status == ST_OK)
        status = writer_prepare(writer, "insert or ignore into erased values (?1)", &stmt, err);
    if (status != ST_OK)
        return status;
    keyed_hash(key, value, n, hash);
    sqlite3_bind_blob(stmt, 1, hash, KEPT, SQLITE_STATIC);
    return writer_run(writer, stmt, err);
}
