#include "model/loop/names.h"
#include "model/base/hash.h"

#include <stdlib.h>
#include <string.h>

static size_t slot_of(const struct name_collector *c, const char *text, size_t n)
{
    size_t at = hash64(text, n) & (c->cap - 1);

    while (c->slots[at] && (strncmp(c->texts.at[c->slots[at] - 1], text, n) != 0 ||
                            c->texts.at[c->slots[at] - 1][n] != '\0'))
        at = (at + 1) & (c->cap - 1);
    return at;
}

static void grow(struct name_collector *c)
{
    c->cap = c->cap ? c->cap * 2 : 64;
    free(c->slots);
    c->slots = mem_zero(c->cap, sizeof *c->slots);
    for (size_t i = 0; i < c->texts.n; i++)
        c->slots[slot_of(c, c->texts.at[i], strlen(c->texts.at[i]))] = (uint32_t)i + 1;
}

uint32_t name_collect(struct name_collector *collector, const char *text, size_t n)
{
    if (collector->texts.n * 2 >= collector->cap)
        grow(collector);
    size_t at = slot_of(collector, text, n);
    if (!collector->slots[at]) {
        vec_push(&collector->texts, arena_strndup(collector->arena, text, n));
        collector->slots[at] = (uint32_t)collector->texts.n;
    }
    return collector->slots[at] - 1;
}

struct ordered {
    const char *text;
    uint32_t number;
};

static int ordered_compare(const void *a, const void *b)
{
    const struct ordered *x = a, *y = b;

    return strcmp(x->text, y->text);
}

struct names names_finish(struct name_collector *collector, const uint32_t **place)
{
    struct arena *arena = collector->arena;
    size_t n = collector->texts.n;
    struct ordered *ordered = arena_array(arena, struct ordered, n);
    const char **at = arena_array(arena, const char *, n);
    uint32_t *places = arena_array(arena, uint32_t, n);

    for (size_t i = 0; i < n; i++)
        ordered[i] = (struct ordered){collector->texts.at[i], (uint32_t)i};
    if (n)
        qsort(ordered, n, sizeof *ordered, ordered_compare);
    for (size_t i = 0; i < n; i++) {
        at[i] = ordered[i].text;
        places[ordered[i].number] = (uint32_t)i;
    }
    vec_free(&collector->texts);
    free(collector->slots);
    *place = places;
    return (struct names){n, at};
}
