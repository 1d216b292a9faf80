#include "model/event/refindex.h"

#include "model/event/blob.h"
#include "model/event/column.h"
#include "model/store/reader.h"

#include <stdlib.h>

/* ---- Leaves ---- */

/* A leaf: how many keys, and the steps between them. */
static void leaf_encode(struct bytes *out, const uint64_t *keys, size_t n)
{
    uint64_t steps[REF_LEAF_KEYS];
    for (size_t i = 1; i < n; i++)
        steps[i - 1] = keys[i] - keys[i - 1];
    blob_begin(out);
    bytes_put_varint(out, n);
    column_encode(out, steps, n - 1);
    blob_end(out);
}

bool ref_leaf_decode(struct view in, int64_t first, uint64_t *keys, size_t *n)
{
    *n = view_count(&in, REF_LEAF_KEYS);
    if (in.bad || *n == 0 || first < 0 || !column_decode(&in, keys + 1, *n - 1) || view_left(&in))
        return false;
    keys[0] = (uint64_t)first;
    for (size_t i = 1; i < *n; i++) {
        if (keys[i] == 0 || keys[i] > (uint64_t)INT64_MAX - keys[i - 1])
            return false;
        keys[i] += keys[i - 1];
    }
    return true;
}

static enum status leaf_damaged(int64_t batch, int64_t family, struct error *err)
{
    return error_set(err, ST_UNUSABLE,
                     "the index of references is damaged (batch %lld, family %llx): restore a copy "
                     "of the mall file, or run `atrium verify` to see all that is damaged",
                     (long long)batch, (unsigned long long)family);
}

/* ---- Looking up ---- */

enum status ref_index_open(struct writer *writer, struct ref_index *index, struct error *err)
{
    *index = (struct ref_index){.writer = writer};
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "select batch, keys from ref_layer order by keys, batch", &stmt, err);
    if (status != ST_OK)
        return status;
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        vec_push(&index->layers, (struct ref_layer){.batch = sqlite3_column_int64(stmt, 0),
                                                    .keys = sqlite3_column_int64(stmt, 1)});
        index->keys += sqlite3_column_int64(stmt, 1);
    }
    if (code != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading the index of references", err);
    sqlite3_reset(stmt);
    return status;
}

void ref_index_free(struct ref_index *index)
{
    for (size_t i = 0; i < index->layers.n; i++)
        free(index->layers.at[i].leaf.keys);
    vec_free(&index->layers);
}

/* The leaf that would hold the key, and the range it answers for. */
static enum status leaf_load(struct writer *writer, struct ref_layer *layer, int64_t family,
                             int64_t key, struct error *err)
{
    struct ref_leaf *leaf = &layer->leaf;
    if (!leaf->keys)
        leaf->keys = mem_alloc(REF_LEAF_KEYS * sizeof *leaf->keys);
    leaf->loaded = false;
    leaf->n = 0;
    leaf->from = INT64_MIN;
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer,
                       "select first, keys, (select min(first) from ref_leaf n where"
                       " n.batch = ?1 and n.family = ?2 and n.first > ?3) from ref_leaf"
                       " where batch = ?1 and family = ?2 and first <= ?3"
                       " order by first desc limit 1",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, layer->batch);
    sqlite3_bind_int64(stmt, 2, family);
    sqlite3_bind_int64(stmt, 3, key);
    int code = sqlite3_step(stmt);
    leaf->family = family;
    leaf->next = key == INT64_MAX ? INT64_MAX : key + 1;
    if (code == SQLITE_ROW) {
        leaf->from = sqlite3_column_int64(stmt, 0);
        leaf->next =
            sqlite3_column_type(stmt, 2) == SQLITE_NULL ? INT64_MAX : sqlite3_column_int64(stmt, 2);
        if (!ref_leaf_decode(blob_column(stmt, 1), leaf->from, leaf->keys, &leaf->n))
            status = leaf_damaged(layer->batch, family, err);
    } else if (code != SQLITE_DONE) {
        status = sqlite_status(writer_db(writer), "reading the index of references", err);
    }
    sqlite3_reset(stmt);
    leaf->loaded = status == ST_OK;
    return status;
}

static bool leaf_has(const struct ref_leaf *leaf, uint64_t key)
{
    size_t low = 0, high = leaf->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (leaf->keys[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < leaf->n && leaf->keys[low] == key;
}

enum status ref_index_has(struct ref_index *index, const struct ref_key *key, bool *has,
                          struct error *err)
{
    int64_t family = ref_key_family(key);
    enum status status = ST_OK;
    *has = false;
    for (size_t i = 0; i < index->layers.n && status == ST_OK && !*has; i++) {
        struct ref_layer *layer = &index->layers.at[i];
        const struct ref_leaf *leaf = &layer->leaf;
        if (!leaf->loaded || leaf->family != family || key->key < leaf->from ||
            key->key >= leaf->next)
            status = leaf_load(index->writer, layer, family, key->key, err);
        *has = status == ST_OK && leaf_has(leaf, (uint64_t)key->key);
    }
    return status;
}

/* ---- Walking ---- */

static enum status walk_leaf(struct ref_walk *walk, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(walk->writer,
                       walk->started ? "select family, first, keys from ref_leaf where"
                                       " batch = ?1 and (family, first) > (?2, ?3)"
                                       " order by family, first limit 1"
                                     : "select family, first, keys from ref_leaf where"
                                       " batch = ?1 order by family, first limit 1",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, walk->batch);
    if (walk->started) {
        sqlite3_bind_int64(stmt, 2, walk->family);
        sqlite3_bind_int64(stmt, 3, walk->first);
    }
    int code = sqlite3_step(stmt);
    walk->started = true;
    walk->at = walk->n = 0;
    if (code == SQLITE_ROW) {
        walk->family = sqlite3_column_int64(stmt, 0);
        walk->first = sqlite3_column_int64(stmt, 1);
        if (!ref_leaf_decode(blob_column(stmt, 2), walk->first, walk->keys, &walk->n))
            status = leaf_damaged(walk->batch, walk->family, err);
    } else if (code == SQLITE_DONE) {
        walk->ended = true;
    } else {
        status = sqlite_status(writer_db(walk->writer), "reading the index of references", err);
    }
    sqlite3_reset(stmt);
    return status;
}

enum status ref_walk_next(struct ref_walk *walk, struct error *err)
{
    if (!walk->keys)
        walk->keys = mem_alloc(REF_LEAF_KEYS * sizeof *walk->keys);
    if (walk->ended || ++walk->at < walk->n)
        return ST_OK;
    return walk_leaf(walk, err);
}

void ref_walk_free(struct ref_walk *walk)
{
    free(walk->keys);
}

/* ---- Building ---- */

static enum status builder_flush(struct ref_builder *builder, struct error *err)
{
    if (builder->n == 0)
        return ST_OK;
    leaf_encode(&builder->bytes, builder->keys, builder->n);
    builder->n_keys += (int64_t)builder->n;
    builder->n = 0;
    return builder->put(builder->context, builder->family, (int64_t)builder->keys[0],
                        &builder->bytes, err);
}

enum status ref_builder_add(struct ref_builder *builder, int64_t family, int64_t key,
                            struct error *err)
{
    enum status status = ST_OK;
    if (builder->n == REF_LEAF_KEYS || (builder->n && builder->family != family))
        status = builder_flush(builder, err);
    builder->family = family;
    builder->keys[builder->n++] = (uint64_t)key;
    return status;
}

enum status ref_builder_end(struct ref_builder *builder, struct error *err)
{
    enum status status = builder_flush(builder, err);
    free(builder->bytes.at);
    builder->bytes = (struct bytes){0};
    return status;
}
