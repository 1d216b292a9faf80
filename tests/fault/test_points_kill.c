/*
 * A program killed while it posts points one by one, reserves and settles, gives points for
 * receipts and expires what is due: what was acknowledged is there, an entry is there whole or not
 * at all, nothing was earned or expired twice, and every check of verify holds.
 */
#include "model/campaign/points_award.h"
#include "model/campaign/points_expire.h"
#include "model/campaign/points_mall.h"
#include "tests/support/kill.h"
#include "tests/support/people.h"
#include "tests/support/whole.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PEOPLE = 40, PURCHASES = 400, ROUNDS = 40, MOST_US = 120000, OLD = 100 };
static struct error err;

static int64_t day(int n)
{
    return test_time(2024, 1, 10, 12, 0) + (int64_t)n * 86400;
}

static uint32_t person_at(int i)
{
    return i % 2 ? (uint32_t)(1 + i) : (uint32_t)(EVENT_BLOCK + i + 1);
}

static void mall_fill(struct temp_mall *t)
{
    struct points_posted posted;
    struct access access = test_access(ACCESS_ADMIN);
    for (int i = 0; i < PEOPLE; i++) {
        char card[16], ref[16];
        snprintf(card, sizeof card, "C%d", i);
        snprintf(ref, sizeof ref, "old%d", i);
        struct test_member member = {person_at(i), card, "", "", "", "", 0};
        test_members_add(t, &member, 1);
        struct points_entry old = {.act = POINTS_EARN,
                                   .person = person_at(i),
                                   .points = OLD,
                                   .time = day(-300),
                                   .ref = ref};
        assert_ok(points_post(t->writer, &access, &old, &posted, &err));
    }
    test_run(t, "insert into points_terms (since, months) values ('2020-01-01', 6);"
                "insert into points_rule (name, per_yuan) values ('base', 100)");
    struct test_event *events = mem_zero(PURCHASES, sizeof *events);
    for (int i = 0; i < PURCHASES; i++)
        events[i] = (struct test_event){.time = day(i % 30) + i,
                                        .person = person_at(i % PEOPLE),
                                        .kind = "purchase",
                                        .tenant = "T1",
                                        .amount = 10000,
                                        .ref = mem_printf("P%d", i)};
    test_events_add(t, events, PURCHASES);
    for (int i = 0; i < PURCHASES; i++)
        free((char *)events[i].ref);
    free(events);
}

struct task {
    const char *path;
    int next; /* the first number that nothing was done with */
};

static void step(enum status status)
{
    if (status != ST_OK && status != ST_CONFLICT)
        exit(9);
    error_clear(&err);
}

/* Number after number: an entry each, some reserved and settled, and now and then a run. */
static void work(void *context, int pipe)
{
    struct task *task = context;
    struct mall *mall;
    struct writer *writer;
    struct points_posted posted;
    struct points_run run;
    struct points_awards awards;
    struct access access = test_access(ACCESS_ADMIN);
    if (mall_open(task->path, &mall, &err) != ST_OK || writer_open(mall, &writer, &err) != ST_OK)
        exit(8);
    for (int i = task->next;; i++) {
        char ref[32], held[32];
        snprintf(ref, sizeof ref, "N%d", i);
        snprintf(held, sizeof held, "H%d", i);
        struct points_entry entry = {.act = i % 3 ? POINTS_EARN : POINTS_BURN,
                                     .person = person_at(i % PEOPLE),
                                     .points = 1 + i % 7,
                                     .time = day(40),
                                     .ref = ref};
        struct points_hold hold = {.person = entry.person, .points = 2, .ref = held};
        if (i % 9 == 0)
            step(points_award_run(writer, &access, day(-1), NULL, NULL, &awards, &err));
        if (i % 11 == 0)
            step(points_expire_run(writer, &access, day(50), NULL, NULL, &run, &err));
        if (i % 4 == 0) {
            step(points_reserve(writer, &access, &hold, &posted, &err));
            step(points_settle(writer, &access, held, 0, day(45), &posted, &err));
        }
        step(points_post(writer, &access, &entry, &posted, &err));
        kill_acknowledge(pipe, i);
    }
}

static void mall_check(const char *path, int acknowledged)
{
    struct mall *mall;
    struct reader *reader;
    struct arena *arena = arena_new();
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(reader_open(mall, &reader, &err));
    assert_whole(reader);
    for (int i = 0; i < PEOPLE; i++) {
        struct points_page page;
        struct access access = test_access(ACCESS_ADMIN);
        int64_t receipts = 0, posted = 0, old = 0;
        assert_ok(points_page(reader, &access, person_at(i), INT64_MAX, arena, &page, &err));
        assert_true(page.sums.balance >= 0);
        for (size_t k = 0; k < page.entries->n_rows; k++) {
            const struct cell *cells = sheet_row(page.entries, k);
            const char *ref = cells[ENTRY_REF].text;
            bool earn = strcmp(cells[ENTRY_KIND].text, "points_earn") == 0;
            receipts += earn && *ref == 'P' ? cells[ENTRY_POINTS].integer : 0;
            posted += earn && *ref == 'N';
            old -=
                !strcmp(cells[ENTRY_KIND].text, "points_expire") ? cells[ENTRY_POINTS].integer : 0;
        }
        assert_true(receipts == 0 || receipts == PURCHASES / PEOPLE * 100);
        assert_true(old <= OLD);
        int64_t least = 0;
        for (int n = 0; n <= acknowledged; n++)
            least += n % PEOPLE == i && n % 3;
        assert_true(posted >= least);
    }
    arena_free(arena);
    reader_close(reader);
    mall_close(mall);
}

static void kills_while_posting(void **state)
{
    (void)state;
    char now[32];
    snprintf(now, sizeof now, "%" PRId64, day(44));
    setenv("ATRIUM_NOW", now, 1);
    struct temp_mall t = temp_mall_new();
    mall_fill(&t);
    char *path = mem_strdup(t.path);
    reader_close(t.reader);
    writer_close(t.writer);
    mall_close(t.mall);
    struct task task = {path, 0};
    for (int round = 0; round < ROUNDS; round++) {
        int64_t last = kill_at_random(work, &task, MOST_US, round % 2, (uint64_t)round + 1, NULL);
        task.next = last >= 0 ? (int)last + 1 : task.next;
        mall_check(path, task.next - 1);
    }
    assert_true(task.next > ROUNDS);
    temp_folder_remove(t.folder);
    free(t.path);
    free(path);
    unsetenv("ATRIUM_NOW");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kills_while_posting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
