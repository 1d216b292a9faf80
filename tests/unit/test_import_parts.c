/* The parts of imports: values, date formats, names looked up while they are added, the table. */
#include "model/base/hash.h"
#include "model/import/import.h"
#include "model/import/names.h"
#include "model/import/value.h"
#include "tests/support/temp.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

/* ---- Times ---- */

static bool time_of(struct value_times *times, const char *text, int64_t *utc)
{
    *utc = -1;
    return value_time(times, text, strlen(text), utc);
}

/* The fast way agrees with time_parse on every minute around clock changes and elsewhere. */
static void test_times_agree(void **state)
{
    static const char *const zones[] = {"Asia/Shanghai",       "Europe/Berlin", "America/Sao_Paulo",
                                        "Australia/Lord_Howe", "UTC",           "+05:30"};
    (void)state;
    for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
        struct zone *zone;
        assert_ok(zone_load(zones[z], &zone, &err));
        struct value_times times = {.zone = zone};
        for (int i = 0; i < 40000; i++) {
            uint64_t random = hash_mix((uint64_t)i);
            char text[64];
            snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d",
                     2010 + (int)(random >> 8 & 15), 1 + (int)(random >> 16 & 15) % 13,
                     1 + (int)(random >> 24 & 31), (int)(random >> 32 & 31) % 25,
                     (int)(random >> 40 & 63) % 61, (int)(random >> 48 & 63) % 61);
            int64_t fast, slow;
            bool good = time_of(&times, text, &fast);
            slow = -1;
            assert_int_equal(good, time_parse(zone, text, strlen(text), &slow));
            if (good)
                assert_int_equal(fast, slow);
        }
        zone_free(zone);
    }
}

static void test_date_formats(void **state)
{
    static const struct {
        const char *format, *text;
        int64_t utc; /* -1: refused */
    } cases[] = {
        {"%Y%m%d", "19970101", 852076800},
        {"%Y%m%d", "1997011", -1},
        {"%Y%m%d", "199701011", -1},
        {"%Y%m%d", "19970229", -1},
        {"%d.%m.%Y %H:%M", "1.3.2024 9:05", 1709283900},
        {"%d/%b/%Y:%T %z", "17/Oct/2024:11:15:49 +0800", 1729134949},
        {"%FT%T.%f%z", "2024-10-17T03:15:49.123456Z", 1729134949},
        {"%m/%d/%y %I:%M %p", "10/17/24 12:15 AM", 1729124100},
        {"%m/%d/%y %I:%M %p", "10/17/24 12:15 pm", 1729167300},
        {"%m/%d/%y %I:%M %p", "10/17/24 13:15 pm", -1},
        {"%D %R", "10/17/69 03:15", -6554700},
        {"%s", "1729134949", 1729134949},
        {"%Q", "1729134949123", 1729134949},
        {"%Y%%%m", "2024%10", 1727740800},
        {"%e %b %Y", " 7 feb 2024", 1707264000},
        {"%e %b %Y", "7 xyz 2024", -1},
        {"%Y-%m-%d", "2024-10-17x", -1},
        {"%Y-%m-%d", "", -1},
    };
    (void)state;
    struct arena *arena = arena_new();
    struct zone *zone;
    assert_ok(zone_load("UTC", &zone, &err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *bad;
        struct value_times times = {.zone = zone,
                                    .format = date_format_parse(arena, cases[i].format, &bad)};
        assert_non_null(times.format);
        int64_t utc;
        for (int again = 0; again < 2; again++) { /* the second time from memory */
            bool good = time_of(&times, cases[i].text, &utc);
            if (good != (cases[i].utc != -1) || (good && utc != cases[i].utc))
                fail_msg("%s of %s: %lld", cases[i].format, cases[i].text, (long long)utc);
        }
    }
    static const char *const unknown[] = {"%Y-%q", "%", "", "%Y%"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        const char *bad;
        assert_null(date_format_parse(arena, unknown[i], &bad));
        assert_non_null(bad);
    }
    zone_free(zone);
    arena_free(arena);
}

static void test_dates_of_birth(void **state)
{
    (void)state;
    struct zone *zone;
    /* Midnight of that day does not exist in this zone. */
    assert_ok(zone_load("America/Sao_Paulo", &zone, &err));
    struct value_times times = {.zone = zone};
    int64_t day;
    assert_true(value_date(&times, "2017-10-15", 10, &day));
    assert_int_equal(day, date_number(2017, 10, 15));
    assert_true(value_date(&times, "1931-05-01", 10, &day));
    assert_int_equal(day, date_number(1931, 5, 1));
    assert_false(value_date(&times, "1931-05-01 10:00", 16, &day));
    assert_false(value_date(&times, "19310501", 8, &day));
    zone_free(zone);
}

/* ---- Numbers ---- */

static void assert_money(const char *text, bool good, int64_t fen)
{
    int64_t found = 0;
    if (value_money(text, strlen(text), &found) != good || (good && found != fen))
        fail_msg("'%s': %lld", text, (long long)found);
}

static void test_money(void **state)
{
    (void)state;
    assert_money("12.50", true, 1250);
    assert_money("12.5", true, 1250);
    assert_money("12", true, 1200);
    assert_money("-0.05", true, -5);
    assert_money("+3", true, 300);
    assert_money("1.500", true, 150);
    assert_money("1.505", false, 0);
    assert_money("", false, 0);
    assert_money(".", false, 0);
    assert_money("1,000", false, 0);
    assert_money(" 1", false, 0);
    assert_money("1e3", false, 0);
    assert_money("9999999999.99", true, 999999999999);
    assert_money("10000000000.01", false, 0);
    assert_money("99999999999999999999", false, 0);
    assert_money("nan", false, 0);
}

static void test_whole_numbers(void **state)
{
    (void)state;
    int64_t value;
    assert_true(value_integer("3.0", 3, 0, 9, &value) && value == 3);
    assert_false(value_integer("3.", 2, 0, 9, &value));
    assert_false(value_integer(".0", 2, 0, 9, &value));
    assert_false(value_integer("3.5", 3, 0, 9, &value));
    assert_false(value_integer("10", 2, 0, 9, &value));
    assert_false(value_integer("", 0, 0, 9, &value));
    assert_true(value_scaled("1250", 4, 0.01, &value) && value == 1250);
    assert_true(value_scaled("4.440892e-16", 12, 1, &value) && value == 0);
    assert_true(value_scaled("0.29", 4, 1, &value) && value == 29);
    assert_false(value_scaled("0.295", 5, 1, &value));
    assert_false(value_scaled("1e30", 4, 1, &value));
    assert_true(value_bool("Yes", 3, &value) && value == 1);
    assert_true(value_bool("", 0, &value) && value == 0);
    assert_false(value_bool("yep", 3, &value));
}

/* ---- Names ---- */

enum { NAMES = 200000 };

static size_t name_of(uint32_t number, char out[16])
{
    return (size_t)snprintf(out, 16, "M%u", number * 2654435761u);
}

/* Finds names while they are added: each is found with its number, or not yet. */
static void *find_names(void *context)
{
    struct names *names = context;
    char text[16];
    for (uint32_t round = 0; round < 4; round++)
        for (uint32_t i = 1; i <= NAMES; i++) {
            size_t n = name_of(i, text);
            uint64_t hash = hash64(text, n);
            names_prefetch(names, hash);
            names_prefetch_entry(names, hash);
            uint32_t number = names_find(names, text, n, hash);
            if (number != 0 && number != i)
                return names; /* not NULL: wrong */
        }
    return NULL;
}

static void test_names(void **state)
{
    (void)state;
    struct names *names = names_new();
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, find_names, names), 0);
    char text[16];
    for (uint32_t i = 1; i <= NAMES; i++) {
        size_t n = name_of(i, text);
        names_add(names, text, n, hash64(text, n), i);
    }
    for (int i = 0; i < 2; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    for (uint32_t i = 1; i <= NAMES; i++) {
        size_t n = name_of(i, text);
        assert_int_equal(names_find(names, text, n, hash64(text, n)), i);
    }
    assert_int_equal(names_find(names, "nobody", 6, hash64("nobody", 6)), 0);
    assert_int_equal(names_count(names), NAMES);
    names_free(names);
}

/* ---- The table and the interface ---- */

static void test_table(void **state)
{
    (void)state;
    for (int i = 0; i < IMPORT_KINDS; i++) {
        const struct import_table *table = &import_tables[i];
        assert_int_equal(table->kind, i);
        assert_ptr_equal(import_table_find(table->name), table);
        assert_true(table->n_columns <= IMPORT_COLUMNS_MAX);
        for (size_t c = 0; c < table->n_columns; c++) {
            const struct import_column *column = &table->columns[c];
            assert_int_equal(import_column_find(table, column->name, strlen(column->name)), (int)c);
            assert_true(strlen(column->summary) > 0);
            if (column->type == IMPORT_CODE || column->type == IMPORT_TEXT)
                assert_true(column->most > 0);
        }
    }
    assert_null(import_table_find("people"));
    const struct import_table *events = &import_tables[IMPORT_EVENTS];
    assert_string_equal(events->columns[EVENT_FILE_REF].name, "ref");
    assert_string_equal(import_tables[IMPORT_RECEIPTS].columns[RECEIPT_FILE_QUANTITY].name,
                        "quantity");
    assert_string_equal(import_tables[IMPORT_SIGHTINGS].columns[SIGHTING_FILE_RSSI].name, "rssi");
    assert_string_equal(import_tables[IMPORT_MEMBERS].columns[MEMBER_FILE_PHONE].name, "phone");
}

struct watching {
    atomic_bool cancel;
    int calls, cancel_at;
    int64_t done, total;
};

static void on_progress(void *context, int64_t done, int64_t total)
{
    struct watching *watching = context;
    assert_true(done >= watching->done && (total == 0 || done <= total));
    watching->done = done;
    watching->total = total;
    if (++watching->calls == watching->cancel_at)
        atomic_store(&watching->cancel, true);
}

static char *large_file(const char *folder)
{
    char *path = temp_path(folder, "large.csv");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("time,subject,kind,ref\n", file);
    for (int i = 0; i < 200000; i++)
        fprintf(file, "%d,M%d,door,R%d\n", 1700000000 + i, i % 9000, i);
    fclose(file);
    return path;
}

static void test_progress_and_cancelling(void **state)
{
    (void)state;
    struct temp_mall temp = temp_mall_new();
    char *path = large_file(temp.folder);
    struct import_result result;
    int64_t value;
    for (int cancel_at = 1; cancel_at <= 4; cancel_at++) {
        struct watching watching = {.cancel_at = cancel_at};
        struct import_options options = {.table = &import_tables[IMPORT_EVENTS],
                                         .threads = 2,
                                         .cancel = &watching.cancel,
                                         .progress = on_progress,
                                         .context = &watching};
        assert_int_equal(import_run(temp.writer, path, &options, &result, &err), ST_CANCELLED);
        error_clear(&err);
        import_result_free(&result);
        assert_ok(reader_integer(temp.reader, "select count(*) from identity", -1, &value, &err));
        assert_int_equal(value, 0);
        assert_ok(reader_integer(temp.reader, "select value from counter where name = 'person'", -1,
                                 &value, &err));
        assert_int_equal(value, 0);
    }
    struct watching watching = {0};
    struct import_options options = {.table = &import_tables[IMPORT_EVENTS],
                                     .threads = 2,
                                     .progress = on_progress,
                                     .context = &watching};
    assert_ok(import_run(temp.writer, path, &options, &result, &err));
    assert_int_equal(result.imported, 200000);
    assert_int_equal(watching.done, watching.total);
    import_result_free(&result);
    assert_ok(reader_integer(temp.reader, "select value from counter where name = 'person'", -1,
                             &value, &err));
    assert_int_equal(value, 9000);
    struct arena *arena = arena_new();
    struct sheet *sheet;
    assert_ok(import_history(temp.reader, arena, 10, &sheet, &err));
    assert_int_equal(sheet->n_rows, 1);
    assert_int_equal(sheet_row(sheet, 0)[6].integer, 200000);
    arena_free(arena);
    free(path);
    temp_mall_free(&temp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_agree),    cmocka_unit_test(test_date_formats),
        cmocka_unit_test(test_dates_of_birth), cmocka_unit_test(test_money),
        cmocka_unit_test(test_whole_numbers),  cmocka_unit_test(test_names),
        cmocka_unit_test(test_table),          cmocka_unit_test(test_progress_and_cancelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
