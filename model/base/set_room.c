#include "model/base/set_room.h"

#include <sys/mman.h>

enum {
    LARGE_PAGE = 2 << 20, /* bytes: of x86-64 and, with small ones of 4 kB, of ARM */
    SMALL_SET = 128 << 10,
    SETS_AT_ONCE = 8,
    LINE = 64, /* no two sets share a line of the cache */
};

static size_t whole(size_t n, size_t of)
{
    return (n + of - 1) / of * of;
}

/* False where there is no room: the arena then has the last word. */
static bool block_add(struct set_room *room, size_t size)
{
    size = whole(size, LARGE_PAGE);
    struct set_block block = {.size = size + LARGE_PAGE};
    block.at = mmap(NULL, block.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block.at == MAP_FAILED)
        return false;
    vec_push(&room->blocks, block);
    room->next = (char *)whole((uintptr_t)block.at, LARGE_PAGE);
    room->left = size;
#ifdef MADV_HUGEPAGE
    madvise(room->next, size, MADV_HUGEPAGE); /* a wish */
#endif
    return true;
}

void set_room_begin(struct set_room *room, struct arena *arena, uint32_t n)
{
    *room = (struct set_room){.arena = arena, .n = n};
}

void set_room_end(struct set_room *room)
{
    for (size_t i = 0; i < room->blocks.n; i++)
        munmap(room->blocks.at[i].at, room->blocks.at[i].size);
    vec_free(&room->blocks);
}

struct set *set_room_take(struct set_room *room)
{
    size_t size = whole(set_words(room->n) * sizeof(uint64_t), LINE);
    if (size < SMALL_SET || (room->left < size && !block_add(room, size * SETS_AT_ONCE)))
        return set_new(room->arena, room->n);
    struct set *set = arena_new_of(room->arena, struct set);
    *set = (struct set){.n = room->n, .words = (uint64_t *)(void *)room->next};
    room->next += size;
    room->left -= size;
    return set;
}
