/*
 * Giving events of one person to another, as when two turn out to be one, or were taken for one by
 * mistake. Chunks of both blocks are written anew in a batch of their own, which becomes visible at
 * once, as a bulk append does: a program that dies halfway has changed nothing. Roll-ups and the
 * index of references say nothing about who somebody is and stay as they are.
 *
 * Why move and not translate while reading: with moved events every reader finds a person's events
 * in one place and in order, and pays nothing when nobody is linked. A link costs the re-encoding
 * of two blocks, which is fine for something that people do by hand (doc/people.md has figures).
 */
#ifndef ATRIUM_EVENT_MOVE_H
#define ATRIUM_EVENT_MOVE_H

#include "model/event/chunk.h"
#include "model/store/writer.h"

struct event_move {
    uint32_t from, to;        /* persons, not 0 and different */
    const struct event *only; /* NULL: all events of `from`; else these, each once, as far as they
                               * are there; who has them in the record does not matter */
    size_t n_only;
    struct arena *arena;     /* keeps the references of what moved */
    struct event_list moved; /* out: with the person they belonged to; the caller's to free */
    /* Runs in the last transaction, when `moved` is complete; NULL: nothing more to do. */
    enum status (*before_visible)(struct writer *writer, struct event_move *move, void *context,
                                  struct error *err);
    void *context;
    bool replayed; /* a replica's, of what its hub did: the tail is left alone but for `from` */
};

/* All or nothing. Folds the tail first and holds the bulk lock; call without a transaction.
 * ST_CONFLICT while an import runs. */
enum status event_move(struct writer *writer, struct event_move *move, struct error *err);

/* Events of one person as compressed records, a row for each month: what a link keeps, so that it
 * can be taken back. `put` is called for each. */
typedef enum status event_pack_put(void *context, int32_t month, const struct chunk_bytes *bytes,
                                   struct error *err);
enum status event_pack(const struct clock *clock, const struct event *events, size_t n,
                       event_pack_put *put, void *context, struct error *err);

/* Keeps such a record with a link (table link_event). Inside a transaction. */
enum status link_event_keep(struct writer *writer, int64_t link, int32_t month,
                            const struct chunk_bytes *bytes, struct error *err);

/* Appends the events of such a record; references are kept in the arena. ST_UNUSABLE for damage. */
enum status event_unpack(const void *head, size_t head_size, const void *data, size_t data_size,
                         uint32_t person, struct arena *arena, struct event_list *events,
                         struct error *err);

#endif
