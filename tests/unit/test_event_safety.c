/* Events when something is wrong: all or nothing, refusals, damage that is named. */
#include "model/event/verify.h"
#include "tests/support/event_expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- All or nothing ---- */

static enum status refuse(struct writer *writer, void *context, struct error *err)
{
    (void)writer;
    (void)context;
    return error_set(err, ST_REFUSED, "no");
}

static void test_nothing_is_left(void **state)
{
    struct fixture *f = *state;
    struct dice dice = {14};
    struct history history = history_new(), more = history_new();
    struct history_shape shape = {40000, year_2024, year_2024 + 60 * day, 10, 50, 10};
    history_add(&history, &dice, &shape, 4000);
    history_add(&more, &dice, &shape, 4000);
    history_bulk(f, &history, 0, history.n, 0, NULL);
    for (int round = 0; round < 2; round++) {
        struct event_bulk *bulk;
        OK(event_bulk_begin(f->writer, NULL, &bulk, &f->err));
        OK(event_bulk_add(bulk, 3, more.at, more.n, &f->err));
        if (round == 0)
            event_bulk_cancel(bulk);
        else
            assert_int_equal(event_bulk_commit(bulk, refuse, NULL, NULL, &f->err), ST_REFUSED);
        expect_all(f, &history, &dice);
        struct reader *reader = f->temp.reader;
        assert_int_equal(sql_integer(f, reader, "select count(*) from batch"), 1);
        assert_int_equal(sql_integer(f, reader, "select count(distinct batch) from chunk"), 1);
    }
    history_free(&history);
    history_free(&more);
}

static void test_refusals(void **state)
{
    struct fixture *f = *state;
    const struct event bad[] = {
        {.kind = 0, .time = year_2024},
        {.kind = KIND_MAX + 1, .time = year_2024},
        {.kind = KIND_DOOR, .time = INT64_MAX},
        {.kind = KIND_DOOR, .time = INT64_MIN},
        {.kind = KIND_DOOR, .time = year_2024, .ref = "a\0b", .ref_size = 3},
        {.kind = KIND_DOOR, .time = year_2024, .ref = "a", .ref_size = 2000},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct event event = bad[i];
        char *text = NULL;
        if (event.ref_size == 2000) {
            text = mem_zero(1, 2000);
            memset(text, 'x', 2000);
            event.ref = text;
        }
        OK(writer_begin(f->writer, &f->err));
        assert_int_equal(event_append(f->writer, &event, 1, NULL, NULL, &f->err), ST_REFUSED);
        writer_rollback(f->writer);
        free(text);
    }
}

/* ---- A damaged file says where ---- */

static void test_damage(void **state)
{
    struct fixture *f = *state;
    struct dice dice = {15};
    struct history history = history_new();
    struct history_shape shape = {5000, year_2024, year_2024 + 20 * day, 0, 50, 0};
    history_add(&history, &dice, &shape, 3000);
    history_bulk(f, &history, 0, history.n, 0, NULL);
    static const char *const harms[] = {
        "update chunk set data = cast(substr(data, 1, 400) || x'00' || substr(data, 402) as blob)",
        "update chunk set head = cast(substr(head, 1, 9) || x'ff' || substr(head, 11) as blob)",
        "update chunk set events = events + 1",
        "update chunk set data = x''",
        "update ref_leaf set keys = cast(substr(keys, 1, 20) || x'ee' || substr(keys, 22) as blob)",
        "update rollup_day set cells = x'00' where day = (select max(day) from rollup_day)",
        "update person_block set columns = x'0000'",
        "update person_recent set presence = x'0000'",
        "update person_recent set tills = substr(tills, 1, 40)",
        "delete from ref_leaf",
        "delete from rollup_hour where day = (select min(day) from rollup_hour)",
    };
    for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
        struct reader *reader;
        struct scanned scanned = {0};
        int bad = 0;
        sqlite3 *db = writer_db(f->writer);
        assert_int_equal(sqlite3_exec(db, "savepoint harm", NULL, NULL, NULL), SQLITE_OK);
        sqlite3_exec(db, "release harm", NULL, NULL, NULL);
        OK(writer_begin(f->writer, &f->err));
        sqlite3_exec(db, "create temp table if not exists kept as select * from chunk", 0, 0, 0);
        sqlite3_exec(db, "create temp table if not exists leaves as select * from ref_leaf", 0, 0,
                     0);
        assert_int_equal(sqlite3_exec(db, harms[i], NULL, NULL, NULL), SQLITE_OK);
        assert_true(sqlite3_changes(db) > 0);
        OK(writer_touch_events(f->writer, &f->err));
        OK(writer_commit(f->writer, &f->err));
        OK(reader_open(f->mall, &reader, &f->err));
        enum status status = event_scan(reader, &everything, scanned_block, &scanned, &f->err);
        if (i < 4) {
            assert_int_equal(status, ST_UNUSABLE);
            assert_non_null(strstr(error_text(&f->err), "chunk 1 "));
        } else {
            assert_int_equal(status, ST_OK);
        }
        event_verify_register();
        OK(verify_run(reader, f->arena, NULL, NULL, &bad, &f->err));
        assert_true(bad > 0);
        scanned_free(&scanned);
        reader_close(reader);
        OK(writer_begin(f->writer, &f->err));
        sqlite3_exec(db,
                     "delete from chunk; insert into chunk select * from kept;"
                     "delete from ref_leaf; insert into ref_leaf select * from leaves",
                     NULL, NULL, NULL);
        OK(writer_touch_events(f->writer, &f->err));
        OK(writer_commit(f->writer, &f->err));
    }
    history_free(&history);
}

/* ---- Names ---- */

static void test_dictionaries(void **state)
{
    struct fixture *f = *state;
    struct reader *reader = f->temp.reader;
    uint32_t id, again, kind;
    OK(writer_begin(f->writer, &f->err));
    OK(dict_intern(f->writer, DICT_TENANT, "T001", 4, &id, &f->err));
    OK(dict_intern(f->writer, DICT_TENANT, "T001", 4, &again, &f->err));
    assert_int_equal(id, again);
    OK(dict_intern(f->writer, DICT_KIND, "purchase", 8, &kind, &f->err));
    assert_int_equal(kind, KIND_PURCHASE);
    OK(dict_intern(f->writer, DICT_KIND, "carwash", 7, &kind, &f->err));
    assert_int_equal(kind, KIND_CUSTOM);
    OK(writer_commit(f->writer, &f->err));
    assert_string_equal(dict_name(reader, DICT_TENANT, id), "T001");
    assert_string_equal(dict_name(reader, DICT_TENANT, id + 1), "");
    assert_string_equal(dict_name(reader, DICT_KIND, KIND_CUSTOM), "carwash");
    assert_string_equal(dict_name(reader, DICT_KIND, KIND_LINE), "line");
    assert_int_equal(dict_id(reader, DICT_KIND, "carwash", 7), KIND_CUSTOM);
    assert_int_equal(dict_size(reader, DICT_TENANT), id);
    /* What was rolled back is not remembered. */
    OK(writer_begin(f->writer, &f->err));
    OK(dict_intern(f->writer, DICT_ZONE, "Z", 1, &id, &f->err));
    writer_rollback(f->writer);
    assert_int_equal(dict_id(reader, DICT_ZONE, "Z", 1), 0);
    OK(writer_begin(f->writer, &f->err));
    OK(dict_intern(f->writer, DICT_ZONE, "Z", 1, &again, &f->err));
    OK(writer_commit(f->writer, &f->err));
    assert_int_equal(dict_id(reader, DICT_ZONE, "Z", 1), again);
    /* There is an end to kinds, and it is said. */
    OK(writer_begin(f->writer, &f->err));
    enum status status = ST_OK;
    for (int i = 0; i < 300 && status == ST_OK; i++) {
        char name[16];
        int n = snprintf(name, sizeof name, "kind%d", i);
        status = dict_intern(f->writer, DICT_KIND, name, (size_t)n, &kind, &f->err);
    }
    assert_int_equal(status, ST_REFUSED);
    writer_rollback(f->writer);
}

/* ---- What comes while a bulk append is prepared ---- */

/* Rows of the tail that came meanwhile stay, but for those whose reference the batch brings. */
static void test_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct dice dice = {16};
    struct history batch = history_new(), meanwhile = history_new(), expected = history_new();
    struct history_shape shape = {20000, year_2024, year_2024 + 60 * day, 10, 70, 0};
    history_add(&batch, &dice, &shape, 3000);
    history_add(&meanwhile, &dice, &shape, 200);
    for (size_t i = 0; i < 100; i++)
        vec_push(&meanwhile, batch.at[i * 20]);
    struct event_bulk *bulk;
    struct reader *reader = f->temp.reader;
    OK(event_bulk_begin(f->writer, NULL, &bulk, &f->err));
    OK(event_bulk_add(bulk, 0, batch.at, batch.n, &f->err));
    history_append(f, &meanwhile, 0, meanwhile.n, NULL);
    struct event_totals totals;
    OK(event_totals(reader, &totals, &f->err));
    assert_in_range(totals.events + totals.lines, 1, meanwhile.n);
    OK(event_bulk_commit(bulk, NULL, NULL, NULL, &f->err));
    for (size_t i = 0; i < batch.n; i++)
        vec_push(&expected, batch.at[i]);
    /* Without a reference nothing tells the two apart. */
    for (size_t i = 0; i < meanwhile.n; i++)
        vec_push(&expected, meanwhile.at[i]);
    OK(event_fold(f->writer, 0, &f->err));
    expect_all(f, &expected, &dice);
    history_free(&batch);
    history_free(&meanwhile);
    history_free(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_is_left, event_set_up, event_tear_down),
        cmocka_unit_test_setup_teardown(test_meanwhile, event_set_up, event_tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, event_set_up, event_tear_down),
        cmocka_unit_test_setup_teardown(test_damage, event_set_up, event_tear_down),
        cmocka_unit_test_setup_teardown(test_dictionaries, event_set_up, event_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
