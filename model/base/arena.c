#include "model/base/arena.h"

#include <malloc.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20, ALIGNMENT = alignof(max_align_t) };

struct block {
    struct block *next; /* the one before it in time */
    size_t size, used;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct block *top;
    size_t used;
};

static void out_of_memory(size_t size)
{
    fprintf(stderr, "atrium: the machine has no memory left (%zu bytes were wanted)\n", size);
    abort();
}

void *mem_alloc(size_t size)
{
    void *at = malloc(size ? size : 1);
    if (!at)
        out_of_memory(size);
    return at;
}

void *mem_zero(size_t n, size_t size)
{
    void *at = calloc(n ? n : 1, size ? size : 1);
    if (!at)
        out_of_memory(n);
    return at;
}

void *mem_resize(void *at, size_t n, size_t size)
{
    void *moved = reallocarray(at, n ? n : 1, size ? size : 1);
    if (!moved)
        out_of_memory(n);
    return moved;
}

void mem_ready(void *at, size_t size)
{
#ifdef MADV_POPULATE_WRITE /* Linux 5.14 */
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)at;
    uintptr_t from = (start + page - 1) & ~(page - 1), to = (start + size) & ~(page - 1);
    if (from < to)
        madvise((void *)from, to - from, MADV_POPULATE_WRITE);
#else
    (void)at, (void)size;
#endif
}

void mem_give_back(void)
{
    malloc_trim(0);
}

char *mem_strndup(const char *text, size_t n)
{
    n = strnlen(text, n);
    char *copy = mem_alloc(n + 1);
    memcpy(copy, text, n);
    copy[n] = 0;
    return copy;
}

char *mem_strdup(const char *text)
{
    return mem_strndup(text, strlen(text));
}

char *mem_printf(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        out_of_memory(0);
    va_end(args);
    return text;
}

struct arena *arena_new(void)
{
    return mem_zero(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    for (struct block *block = arena->top, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(arena);
}

/* Keeps the newest block: the largest of those that hold many things, as they double. */
void arena_reset(struct arena *arena)
{
    arena->used = 0;
    if (!arena->top)
        return;
    for (struct block *block = arena->top->next, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    arena->top->next = NULL;
    arena->top->used = 0;
}

/* Blocks double up to LARGEST_BLOCK. */
static struct block *block_add(struct arena *arena, size_t need)
{
    size_t size = FIRST_BLOCK;
    if (arena->top)
        size = arena->top->size < LARGEST_BLOCK / 2 ? arena->top->size * 2 : LARGEST_BLOCK;
    while (size < need)
        size *= 2;
    struct block *block = mem_alloc(sizeof *block + size);
    *block = (struct block){.next = arena->top, .size = size};
    arena->top = block;
    return block;
}

/* What is large has a block of its own, not a byte larger, under the newest one. Its pages are the
 * kernel's zeros until they are used. */
static void *large_alloc(struct arena *arena, size_t size)
{
    struct block *block = mem_zero(1, sizeof *block + size);
    block->size = block->used = size;
    struct block **place = arena->top ? &arena->top->next : &arena->top;
    block->next = *place;
    *place = block;
    arena->used += size;
    return block->bytes;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 4)
        out_of_memory(size);
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *block = arena->top;
    if (!block || block->size - block->used < size) {
        if (size > LARGEST_BLOCK / 2)
            return large_alloc(arena, size);
        block = block_add(arena, size);
    }
    void *at = block->bytes + block->used;
    block->used += size;
    arena->used += size;
    memset(at, 0, size);
    return at;
}

void *arena_alloc_array(struct arena *arena, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        out_of_memory(n);
    return arena_alloc(arena, bytes);
}

void *arena_copy(struct arena *arena, const void *from, size_t n, size_t size)
{
    char *copy = arena_alloc_array(arena, n + 1, size);
    if (n)
        memcpy(copy, from, n * size);
    return copy;
}

char *arena_strndup(struct arena *arena, const char *text, size_t n)
{
    n = strnlen(text, n);
    char *copy = arena_alloc(arena, n + 1);
    memcpy(copy, text, n);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *text = arena_alloc(arena, (size_t)(n < 0 ? 0 : n) + 1);
    if (n > 0)
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}
