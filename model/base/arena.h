/*
 * Memory with an owner. An arena holds what lives as long as one frame, one query or one request:
 * allocate freely, free all at once. `mem_*` are the general allocators for what lives longer; they
 * never return NULL: a console that cannot get a few bytes ends with a sentence, as the mall file
 * is safe without it.
 */
#ifndef ATRIUM_BASE_ARENA_H
#define ATRIUM_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* NULL is fine */

/* Forgets everything and keeps the memory for the next use. */
void arena_reset(struct arena *arena);

/* Zeroed bytes, aligned for any type; `size` may be 0. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);
#define arena_new_of(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array(arena, type, n) ((type *)arena_alloc_array((arena), (n), sizeof(type)))
void *arena_alloc_array(struct arena *arena, size_t n, size_t size);

/* A copy of `n` elements; one that is zeroed comes after them. `from` may be NULL where n is 0. */
void *arena_copy(struct arena *arena, const void *from, size_t n, size_t size);

/* Copies; the result ends with NUL. `arena_strndup` copies at most n bytes. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t n);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *arena);

/* malloc, calloc, realloc, strdup that end the program with a message instead of returning NULL. */
void *mem_alloc(size_t size);
void *mem_zero(size_t n, size_t size);
void *mem_resize(void *at, size_t n, size_t size);
char *mem_strdup(const char *text);
char *mem_strndup(const char *text, size_t n);
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Memory that is about to be filled, all of it: its pages come at once, which takes a fifth of what
 * it takes to come upon them one by one. Nothing else changes. */
void mem_ready(void *at, size_t size);

/* Gives freed memory that the heaps still hold back to the machine: after work that took much. */
void mem_give_back(void);

#endif
