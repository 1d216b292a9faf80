/*
 * A program killed while it links, takes links back and erases: each is there whole or not at all,
 * what was acknowledged is there, every check of verify holds, and no event is lost.
 */
#include "model/people/erase.h"
#include "model/people/link.h"
#include "tests/support/event_history.h"
#include "tests/support/kill.h"
#include "tests/support/people.h"
#include "tests/support/whole.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PEOPLE = 300, FAR = 40000, EVENTS = 6000, ROUNDS = 30, MOST_US = 150000 };
static const int64_t year_2024 = 1704067200, days_100 = 100 * 86400;
static struct error err;

/* People in two blocks, each with a card and a member's row. */
static uint32_t person_at(uint32_t i)
{
    return i % 2 ? i : FAR + i;
}

static void mall_fill(struct temp_mall *t)
{
    struct arena *arena = arena_new();
    for (uint32_t i = 1; i <= PEOPLE; i++) {
        uint32_t p = person_at(i);
        struct test_member member = {p, arena_printf(arena, "C%u", p), "Wang", "", "", "", 0};
        test_members_add(t, &member, 1);
    }
    struct history history = history_new();
    struct dice dice = {7};
    struct history_shape shape = {PEOPLE, year_2024, year_2024 + days_100, 10, 50, 0};
    history_add(&history, &dice, &shape, EVENTS);
    for (size_t i = 0; i < history.n; i++)
        if (history.at[i].person)
            history.at[i].person = person_at(history.at[i].person);
    assert_ok(writer_begin(t->writer, &err));
    assert_ok(event_append(t->writer, history.at, history.n, NULL, NULL, &err));
    assert_ok(writer_commit(t->writer, &err));
    history_free(&history);
    arena_free(arena);
}

struct task {
    const char *path;
    uint32_t next; /* the first pair that nothing was done with */
};

static void step(enum status status)
{
    if (status != ST_OK)
        exit(9);
}

/* Pair after pair: linked, taken apart, linked again, and every third erased. */
static void work(void *context, int pipe)
{
    struct task *task = context;
    struct mall *mall;
    struct writer *writer;
    struct access access = test_access(ACCESS_ADMIN);
    struct link_result result;
    snprintf(access.principal, sizeof access.principal, "li");
    if (mall_open(task->path, &mall, &err) != ST_OK || writer_open(mall, &writer, &err) != ST_OK)
        exit(8);
    for (uint32_t i = task->next; i + 1 <= PEOPLE; i += 2) {
        struct link_request request = {person_at(i), person_at(i + 1), "same payment", 1, false};
        step(member_link(writer, &access, &request, &result, &err));
        step(member_unlink(writer, &access, result.id, "was wrong", &result, &err));
        step(member_link(writer, &access, &request, &result, &err));
        if (i % 3 == 0) {
            struct arena *arena = arena_new();
            struct erasure erasure;
            step(member_erase(writer, &access, result.target, "asked", arena, &erasure, &err));
            arena_free(arena);
        }
        kill_acknowledge(pipe, i);
    }
    for (;;)
        kill_acknowledge(pipe, PEOPLE);
}

static int64_t number(struct reader *reader, const char *sql)
{
    int64_t value;
    assert_ok(reader_integer(reader, sql, -1, &value, &err));
    return value;
}

/* Everybody is a member, joined into one, or erased; two of each pair that was erased as one. */
static void mall_check(const char *path, int64_t events, uint32_t *next)
{
    struct mall *mall;
    struct reader *reader;
    struct event_totals totals;
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(reader_open(mall, &reader, &err));
    assert_ok(event_totals(reader, &totals, &err));
    assert_int_equal(totals.events + totals.lines, events);
    assert_whole(reader);
    int64_t members = number(reader, "select count(*) from member");
    int64_t linked = number(reader, "select count(*) from link where undone = 0");
    int64_t erased = number(reader, "select count(*) from erasure");
    assert_int_equal(members + linked + 2 * erased, PEOPLE);
    assert_int_equal(number(reader, "select count(*) from erased"), 2 * erased);
    *next = (uint32_t)(2 * (linked + erased) + 1);
    reader_close(reader);
    mall_close(mall);
}

static void test_kill(void **state)
{
    (void)state;
    struct temp_mall temp = temp_mall_new();
    mall_fill(&temp);
    struct task task = {.path = temp.path, .next = 1};
    writer_close(temp.writer); /* only the child writes */
    temp.writer = NULL;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        int64_t highest = kill_at_random(work, &task, MOST_US, (int)(round % 2), round, NULL);
        uint32_t next;
        mall_check(temp.path, EVENTS, &next);
        assert_true(highest < 0 || next > highest || next > PEOPLE);
        task.next = next;
    }
    assert_true(task.next > 1); /* some were killed after, not before, a commit */
    temp_mall_free(&temp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
