/* The writer thread: order, copies, results, and that closing loses nothing. */
#include "model/store/write_queue.h"

#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;
static struct temp_mall t;

static int set_up(void **state)
{
    (void)state;
    t = temp_mall_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    temp_mall_free(&t);
    error_clear(&err);
    return 0;
}

struct seen {
    int n, failed;
    int64_t version;
    char id[65];
    char message[300];
};

static void note(void *context, enum status status, const struct operation_result *result,
                 const struct error *error)
{
    struct seen *seen = context;
    seen->n++;
    seen->failed += status != ST_OK;
    if (status == ST_OK) {
        assert_true(result->version > seen->version);
        seen->version = result->version;
        memcpy(seen->id, result->id, sizeof seen->id);
    } else {
        snprintf(seen->message, sizeof seen->message, "%s", error_text(error));
    }
}

/* The arguments are gone as soon as this returns. */
static void submit(struct write_queue *queue, const char *target, enum operation_verb verb,
                   const char *name, struct seen *seen)
{
    char actor[] = "wang", entity[] = "tenant", code[16];
    snprintf(code, sizeof code, "%s", target);
    json_t *set = json_pack("{s:s}", "name", name);
    struct operation op = {.actor = actor,
                           .rights = ~0u,
                           .entity = entity,
                           .target = code,
                           .verb = verb,
                           .base_version = -1,
                           .set = set};
    write_queue_operation(queue, &op, note, seen);
    json_object_clear(set);
    json_decref(set);
    memset(actor, 'x', 4);
    memset(code, 'x', 4);
}

static void test_operations_in_order(void **state)
{
    (void)state;
    struct write_queue *queue = write_queue_new(t.mall);
    struct seen seen = {0};
    submit(queue, "T1", OPERATION_CREATE, "0", &seen);
    for (int i = 1; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        submit(queue, "T1", OPERATION_SET, name, &seen);
    }
    write_queue_drain(queue);
    assert_int_equal(seen.n, 20);
    assert_int_equal(seen.failed, 0);
    assert_int_equal(seen.version, 20);
    write_queue_undo(queue, seen.id, "li", ~0u, note, &seen);
    write_queue_drain(queue);
    assert_int_equal(seen.failed, 0);
    int64_t name;
    assert_ok(reader_integer(t.reader, "select name from tenant", 0, &name, &err));
    assert_int_equal(name, 18);
    submit(queue, "T9", OPERATION_SET, "x", &seen);
    write_queue_drain(queue);
    assert_int_equal(seen.failed, 1);
    assert_string_equal(seen.message, "there is no tenant 'T9'");
    write_queue_free(queue);
}

static void test_closing_finishes_what_was_asked_for(void **state)
{
    (void)state;
    struct write_queue *queue = write_queue_new(t.mall);
    struct seen seen = {0};
    submit(queue, "T1", OPERATION_CREATE, "0", &seen);
    for (int i = 0; i < 30; i++)
        submit(queue, "T1", OPERATION_SET, "x", &seen);
    write_queue_free(queue);
    assert_int_equal(seen.n, 31);
    assert_int_equal(seen.failed, 0);
    int64_t version;
    assert_ok(reader_integer(t.reader, "select version from tenant", 0, &version, &err));
    assert_int_equal(version, 31);
}

static enum status own_run(struct writer *writer, void *arguments, struct error *error)
{
    int *number = arguments;
    enum status status = writer_begin(writer, error);
    if (status == ST_OK)
        status = writer_touch_rows(writer, error);
    *number *= 2;
    return status == ST_OK ? writer_commit(writer, error) : status;
}

static void own_done(void *context, void *arguments, enum status status, const struct error *error)
{
    (void)error;
    assert_int_equal(status, ST_OK);
    *(int *)context = *(int *)arguments;
}

static void test_own_change(void **state)
{
    (void)state;
    struct write_queue *queue = write_queue_new(t.mall);
    int number = 21, answer = 0;
    write_queue_submit(queue, &(struct write_request){.run = own_run,
                                                      .done = own_done,
                                                      .arguments = &number,
                                                      .size = sizeof number,
                                                      .context = &answer});
    number = 0;
    write_queue_drain(queue);
    assert_int_equal(answer, 42);
    assert_int_equal(write_queue_busy(queue), 0);
    write_queue_free(queue);
}

static void test_mall_that_cannot_be_written(void **state)
{
    (void)state;
    t.mall->read_only = true;
    struct write_queue *queue = write_queue_new(t.mall);
    struct seen seen = {0};
    submit(queue, "T1", OPERATION_CREATE, "0", &seen);
    write_queue_drain(queue);
    assert_int_equal(seen.failed, 1);
    assert_non_null(strstr(seen.message, "is open for reading only"));
    write_queue_free(queue);
    t.mall->read_only = false;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_operations_in_order),
        TEST(test_closing_finishes_what_was_asked_for),
        TEST(test_own_change),
        TEST(test_mall_that_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
