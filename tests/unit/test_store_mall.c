/* Making and opening mall files, and refusing what is not one. */
#include "model/store/mall.h"

#include "model/store/reader.h"
#include "model/store/schema.h"
#include "model/store/sqlite.h"
#include "model/store/writer.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct error err;

static void test_create_and_open(void **state)
{
    (void)state;
    struct temp_mall t = temp_mall_new();
    assert_string_equal(t.mall->name, "Test mall");
    assert_string_equal(t.mall->currency, "CNY");
    assert_string_equal(zone_name(t.mall->zone), "Asia/Shanghai");
    assert_int_equal(t.mall->clock.boundary, 14400);
    assert_int_equal(t.mall->visit_gap, 1800);
    assert_false(t.mall->read_only);
    int64_t events, rows, as_of, present;
    assert_ok(reader_versions(t.reader, &events, &rows, &err));
    assert_ok(writer_begin(t.writer, &err));
    assert_ok(writer_touch_rows(t.writer, &err));
    assert_ok(writer_commit(t.writer, &err));
    int64_t events_now, rows_now;
    assert_ok(reader_versions(t.reader, &events_now, &rows_now, &err));
    assert_int_equal(events_now, events);
    assert_int_equal(rows_now, rows + 1);
    assert_ok(reader_present(t.reader, &as_of, &present, &err));
    assert_int_equal(as_of, 0);
    assert_true(present > 0);
    temp_mall_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_and_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
