#include "tests/support/edition.h"

#include "model/segment/plan.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

void test_edition_write(struct writer *writer, int64_t edition, uint32_t first, uint32_t last)
{
    struct error err = {0};
    struct arena *arena = arena_new();
    struct set *people = set_new(arena, last + 1);
    set_flip(people, first, last + 1);
    assert_ok(people_set_write(writer, "insert into people_set values (?1, ?2, ?3)", edition,
                               people, &err));
    arena_free(arena);
}
