#include "model/import/names.h"

#include "model/base/arena.h"
#include "model/base/hash.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Entries lie in chunks that never move; an entry's place counts units of 4 bytes over all chunks.
 */
enum { UNIT = 4, CHUNK_BITS = 18, CHUNK_UNITS = 1 << CHUNK_BITS, CHUNKS = 1 << 14 };

struct entry {
    uint32_t number;
    uint16_t n;
    char name[];
};

struct slots {
    struct slots *outgrown; /* an earlier table, kept for readers that are still in it */
    uint64_t mask;
    _Atomic uint64_t at[]; /* the hash's upper half and the entry's place; 0: free */
};

struct names {
    struct slots *_Atomic slots;
    size_t count;
    uint64_t used; /* units handed out; unit 0 is never used */
    char *_Atomic chunks[CHUNKS];
};

static struct slots *slots_new(uint64_t n, struct slots *outgrown)
{
    struct slots *slots = mem_zero(1, sizeof *slots + n * sizeof slots->at[0]);
    slots->mask = n - 1;
    slots->outgrown = outgrown;
    return slots;
}

struct names *names_new(void)
{
    struct names *names = mem_zero(1, sizeof *names);
    atomic_init(&names->slots, slots_new(1024, NULL));
    names->used = 1;
    return names;
}

void names_free(struct names *names)
{
    if (!names)
        return;
    for (struct slots *slots = atomic_load(&names->slots), *next; slots; slots = next) {
        next = slots->outgrown;
        free(slots);
    }
    for (size_t i = 0; i < CHUNKS; i++)
        free(atomic_load_explicit(&names->chunks[i], memory_order_relaxed));
    free(names);
}

static const struct entry *entry_at(const struct names *names, uint32_t place)
{
    char *chunk = atomic_load_explicit(&names->chunks[place >> CHUNK_BITS], memory_order_relaxed);
    return (const struct entry *)(const void *)(chunk + (size_t)(place & (CHUNK_UNITS - 1)) * UNIT);
}

uint32_t names_find(const struct names *names, const char *name, size_t n, uint64_t hash)
{
    const struct slots *slots = atomic_load_explicit(&names->slots, memory_order_acquire);
    for (uint64_t i = hash & slots->mask;; i = (i + 1) & slots->mask) {
        uint64_t slot = atomic_load_explicit(&slots->at[i], memory_order_acquire);
        if (slot == 0)
            return 0;
        if (slot >> 32 != hash >> 32)
            continue;
        const struct entry *entry = entry_at(names, (uint32_t)slot);
        if (entry->n == n && memcmp(entry->name, name, n) == 0)
            return entry->number;
    }
}

void names_prefetch(const struct names *names, uint64_t hash)
{
    const struct slots *slots = atomic_load_explicit(&names->slots, memory_order_acquire);
    __builtin_prefetch((const void *)&slots->at[hash & slots->mask]);
}

void names_prefetch_entry(const struct names *names, uint64_t hash)
{
    const struct slots *slots = atomic_load_explicit(&names->slots, memory_order_acquire);
    uint64_t slot = atomic_load_explicit(&slots->at[hash & slots->mask], memory_order_acquire);
    if (slot)
        __builtin_prefetch(entry_at(names, (uint32_t)slot));
}

static void slots_put(struct slots *slots, uint64_t hash, uint32_t place)
{
    uint64_t i = hash & slots->mask;
    while (atomic_load_explicit(&slots->at[i], memory_order_relaxed))
        i = (i + 1) & slots->mask;
    atomic_store_explicit(&slots->at[i], (hash >> 32) << 32 | place, memory_order_release);
}

/* A slot keeps only half of its hash, which is not enough to place it in a larger table: the hash
 * is taken from the name again. */
static void names_grow(struct names *names)
{
    struct slots *old = atomic_load_explicit(&names->slots, memory_order_relaxed);
    struct slots *slots = slots_new((old->mask + 1) * 2, old);
    for (uint64_t i = 0; i <= old->mask; i++) {
        uint64_t slot = atomic_load_explicit(&old->at[i], memory_order_relaxed);
        if (slot) {
            const struct entry *entry = entry_at(names, (uint32_t)slot);
            slots_put(slots, hash64(entry->name, entry->n), (uint32_t)slot);
        }
    }
    atomic_store_explicit(&names->slots, slots, memory_order_release);
}

/* Room for an entry within one chunk. */
static uint32_t entry_place(struct names *names, size_t units)
{
    if ((names->used & (CHUNK_UNITS - 1)) + units > CHUNK_UNITS)
        names->used = (names->used | (CHUNK_UNITS - 1)) + 1;
    uint64_t place = names->used;
    size_t chunk = (size_t)(place >> CHUNK_BITS);
    if (chunk >= CHUNKS) {
        mem_alloc(SIZE_MAX / 8); /* more than 16 GiB of names: ends with the sentence for it */
        abort();
    }
    if (!atomic_load_explicit(&names->chunks[chunk], memory_order_relaxed))
        atomic_store_explicit(&names->chunks[chunk], mem_alloc((size_t)CHUNK_UNITS * UNIT),
                              memory_order_relaxed);
    names->used += units;
    return (uint32_t)place;
}

void names_add(struct names *names, const char *name, size_t n, uint64_t hash, uint32_t number)
{
    struct slots *slots = atomic_load_explicit(&names->slots, memory_order_relaxed);
    if (names->count >= slots->mask / 4 * 3) {
        names_grow(names);
        slots = atomic_load_explicit(&names->slots, memory_order_relaxed);
    }
    uint32_t place = entry_place(names, (offsetof(struct entry, name) + n + UNIT - 1) / UNIT);
    struct entry *entry = (struct entry *)(uintptr_t)entry_at(names, place);
    entry->number = number;
    entry->n = (uint16_t)n;
    memcpy(entry->name, name, n);
    slots_put(slots, hash, place);
    names->count++;
}

size_t names_count(const struct names *names)
{
    return names->count;
}
