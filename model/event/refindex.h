/*
 * The index of references in chunks: is (kind, ref) there already? Sorted keys (refkey.h) in leaves
 * of a few thousand, as layers: a batch writes its keys as a layer of its own and takes in those
 * existing layers that are not much larger, so there are only a few. The tail has its own index.
 */
#ifndef ATRIUM_EVENT_REFINDEX_H
#define ATRIUM_EVENT_REFINDEX_H

#include "model/event/bytes.h"
#include "model/event/refkey.h"
#include "model/store/writer.h"

enum { REF_LEAF_KEYS = 4096 };

struct ref_leaf {
    bool loaded;
    int64_t family, from; /* the leaf's range of keys is [from, next) */
    int64_t next;         /* INT64_MAX: the family's last */
    uint64_t *keys;
    size_t n;
};

struct ref_layer {
    int64_t batch, keys;
    struct ref_leaf leaf; /* the last one looked into */
};

struct ref_index {
    struct writer *writer;
    VEC(struct ref_layer) layers; /* the smallest first */
    int64_t keys;
};

/* The layers that count now; to be freed. Reads with the writer's connection. */
enum status ref_index_open(struct writer *writer, struct ref_index *index, struct error *err);
void ref_index_free(struct ref_index *index);

/* Whether some layer has the key. Rising keys are fastest. */
enum status ref_index_has(struct ref_index *index, const struct ref_key *key, bool *has,
                          struct error *err);

/* All keys of a layer in order. */
struct ref_walk {
    struct writer *writer;
    int64_t batch, family, first;
    bool started, ended;
    uint64_t *keys;
    size_t n, at;
};
/* ST_OK with walk->ended true at the end, else the key is (walk->family, walk->keys[walk->at]). */
enum status ref_walk_next(struct ref_walk *walk, struct error *err);
void ref_walk_free(struct ref_walk *walk);

/* Leaves from keys in rising order. A full one is handed to `put`. */
struct ref_builder {
    enum status (*put)(void *context, int64_t family, int64_t first, const struct bytes *leaf,
                       struct error *err);
    void *context;
    int64_t family, n_keys;
    uint64_t keys[REF_LEAF_KEYS];
    size_t n;
    struct bytes bytes;
};
enum status ref_builder_add(struct ref_builder *builder, int64_t family, int64_t key,
                            struct error *err);
enum status ref_builder_end(struct ref_builder *builder, struct error *err);

/* Decodes a leaf's keys; false for damage. `keys` has room for REF_LEAF_KEYS. */
bool ref_leaf_decode(struct view in, int64_t first, uint64_t *keys, size_t *n);

#endif
