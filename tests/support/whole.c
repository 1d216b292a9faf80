#include "tests/support/whole.h"

#include "model/campaign/coupon.h"
#include "model/campaign/message_verify.h"
#include "model/campaign/points_verify.h"
#include "model/event/verify.h"
#include "model/segment/verify.h"
#include "model/store/verify.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void report(void *context, const struct verify_result *result)
{
    int *reported = context;
    ++*reported;
    if (!result->good)
        fail_msg("verify: %s: %s", result->check, result->finding);
}

void assert_whole(struct reader *reader)
{
    struct error err = {0};
    struct arena *arena = arena_new();
    int bad = -1, reported = 0;
    event_verify_register();
    coupon_verify_register();
    message_verify_register();
    points_verify_register();
    segment_verify_register();
    assert_ok(verify_run(reader, arena, report, &reported, &bad, &err));
    assert_int_equal(bad, 0);
    assert_true(reported > 0);
    arena_free(arena);
}

void assert_file_whole(const char *path)
{
    struct error err = {0};
    struct mall *mall;
    struct reader *reader;
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(reader_open(mall, &reader, &err));
    assert_whole(reader);
    reader_close(reader);
    mall_close(mall);
}
