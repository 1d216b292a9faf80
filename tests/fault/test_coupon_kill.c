/*
 * A program killed while it issues, redeems, imports, settles and runs coupons out: whatever was
 * acknowledged is there, nothing was done twice or by half, every check of verify holds, and the
 * next one goes on from where it stopped.
 */
#include "model/campaign/coupon.h"
#include "model/event/event.h"
#include "tests/support/kill.h"
#include "tests/support/people.h"

#include "tests/support/whole.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROUNDS = 60, MOST_US = 60000, BATCH = 20, TIME = 1507000000 };

static struct error err;

struct task {
    const char *path;
    int64_t next; /* the first turn that was not acknowledged */
};

static void step(enum status status)
{
    if (status != ST_OK) {
        fprintf(stderr, "%s\n", error_text(&err));
        exit(9);
    }
}

static const struct campaign campaign = {.id = 1, .code = "many"},
                             lists = {.id = 2, .code = "list"};

/* A batch issued by reference, half of it redeemed by hand, one reported by two tills. */
static void turn_take(struct writer *writer, struct reader *reader, int64_t turn)
{
    struct coupon_issue issues[BATCH];
    struct coupon_use uses[BATCH / 2];
    struct coupon_result issued[BATCH], used[BATCH / 2];
    struct coupon_settled settled;
    char refs[BATCH][32], receipt[32];
    int64_t n;
    snprintf(receipt, sizeof receipt, "R%lld", (long long)turn);
    for (int i = 0; i < BATCH; i++) {
        snprintf(refs[i], sizeof refs[i], "%lld-%d", (long long)turn, i);
        issues[i] =
            (struct coupon_issue){.campaign = &campaign, .person = 1, .time = TIME, .ref = refs[i]};
    }
    step(coupon_issue_many(writer, NULL, issues, BATCH, issued, &err));
    for (int i = 0; i < BATCH / 2; i++)
        uses[i] = (struct coupon_use){issued[i].coupon.code, 1, 100000, TIME + 60, refs[i]};
    step(coupon_redeem_many(writer, NULL, uses, BATCH / 2, used, &err));
    for (int till = 1; till <= 2; till++) {
        char ref[96];
        snprintf(ref, sizeof ref, "%s/%s-%d", issued[BATCH - 1].coupon.code, receipt, till);
        struct event event = {.time = TIME + 600 - till,
                              .kind = KIND_COUPON_REDEEM,
                              .person = 1,
                              .tenant = (uint32_t)till,
                              .amount = 1000,
                              .ref = ref,
                              .ref_size = (uint32_t)strlen(ref)};
        step(writer_begin(writer, &err));
        step(event_append(writer, &event, 1, NULL, NULL, &err));
        step(writer_commit(writer, &err));
        step(coupon_settle(reader, writer, &settled, &err));
    }
    if (turn % 3 == 0)
        step(event_fold(writer, 0, &err));
    step(coupon_expire(writer, TIME + 200000, &n, &err));
}

static void list_take(struct writer *writer, int64_t turn)
{
    struct arena *arena = arena_new();
    struct coupon_imported imported;
    char *text = arena_strdup(arena, "");
    for (int i = 0; i < BATCH; i++)
        text = arena_printf(arena, "%sLIST%lldX%d\n", text, (long long)turn, i);
    step(coupon_import(writer, NULL, arena, &lists, text, strlen(text), "list", &imported, &err));
    if (imported.added + imported.repeated != BATCH || (imported.added && imported.repeated))
        exit(7); /* all of them or none */
    arena_free(arena);
}

static void work(void *context, int pipe)
{
    struct task *task = context;
    struct mall *mall;
    struct writer *writer;
    struct reader *reader;
    if (mall_open(task->path, &mall, &err) != ST_OK || writer_open(mall, &writer, &err) != ST_OK ||
        reader_open(mall, &reader, &err) != ST_OK)
        exit(8);
    for (int64_t turn = task->next;; turn++) {
        turn_take(writer, reader, turn);
        if (turn % 2 == 0)
            list_take(writer, turn);
        kill_acknowledge(pipe, turn);
    }
}

/* ---- What must hold ---- */

static int64_t number(struct reader *reader, const char *sql)
{
    int64_t value;
    assert_ok(reader_integer(reader, sql, -1, &value, &err));
    return value;
}

static void mall_check(const char *path, int64_t turns)
{
    struct mall *mall;
    struct reader *reader;
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(reader_open(mall, &reader, &err));
    assert_whole(reader);
    int64_t issued = number(reader, "select count(*) from coupon where campaign = 1");
    int64_t listed = number(reader, "select count(*) from coupon where campaign = 2");
    int64_t redeemed = number(reader, "select count(*) from coupon where state = 3");
    int64_t disputes = number(reader, "select count(*) from coupon_dispute");
    assert_in_range(issued, turns * BATCH, (turns + 1) * BATCH);
    assert_int_equal(issued % BATCH, 0);
    assert_int_equal(listed % BATCH, 0);
    assert_true(listed >= turns / 2 * BATCH);
    assert_in_range(redeemed, turns * (BATCH / 2 + 1), (turns + 1) * (BATCH / 2 + 1));
    assert_in_range(disputes, turns, turns + 1);
    /* The till that was first, whichever reported first. */
    assert_int_equal(number(reader, "select count(*) from coupon c join coupon_dispute d on d.code"
                                    " = c.code where c.tenant <> 2 or c.used >= d.time"),
                     0);
    reader_close(reader);
    mall_close(mall);
}

static void test_killed_at_random(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    struct task task = {.path = t.path};
    test_members_add(&t, &(struct test_member){1, "M1", "Wang", "", "", "", 0}, 1);
    test_run(&t, "insert into tenant (id, code) values (1, 'T1'), (2, 'T2');"
                 "insert into campaign (id, code, kind, value, valid, state) values (1, 'many',"
                 " 'coupon', 1000, 100000, 'running'), (2, 'list', 'coupon', 1000, 0, 'running')");
    reader_close(t.reader);
    writer_close(t.writer);
    mall_close(t.mall);
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        int64_t last = kill_at_random(work, &task, MOST_US, 1, round, NULL);
        if (last >= 0)
            task.next = last + 1;
        mall_check(t.path, task.next);
    }
    assert_true(task.next >= ROUNDS / 2);
    free(t.path);
    temp_folder_remove(t.folder);
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_killed_at_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
