/* Collection against simulated devices: what comes in is what was sold, whatever happens. */
#include "model/base/time.h"
#include "model/store/lock.h"
#include "tests/support/collect_farm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

static struct error err;
enum { DAY = 86400 };

static int64_t rows_of(const struct collect_result *result)
{
    int64_t rows = 0;
    for (size_t i = 0; i < result->n; i++)
        rows += result->devices[i].rows;
    return rows;
}

static const struct collect_device *device_of(const struct collect_result *result, const char *code)
{
    for (size_t i = 0; i < result->n; i++)
        if (strcmp(result->devices[i].code, code) == 0)
            return &result->devices[i];
    fail_msg("%s is not in the result", code);
    return NULL;
}

static void sell_some(struct collect_farm *c, int from, int n)
{
    char receipt[32], member[32];
    uint64_t state = 5 + (uint64_t)from;
    for (int i = from; i < from + n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        size_t till = (size_t)(state >> 33) % c->tills;
        snprintf(receipt, sizeof receipt, "R%d", i);
        snprintf(member, sizeof member, "M%u", (unsigned)(state >> 40) % 50);
        int64_t fen = (int64_t)(state >> 20) % 100000 - (i % 17 ? 0 : 100000);
        collect_farm_sell(c, till, receipt, time_now() - i % 5000, fen, i % 3 ? member : "");
        if (i % 4 == 0) /* a second line of it */
            collect_farm_sell(c, till, receipt, time_now() - i % 5000, 199, i % 3 ? member : "");
    }
}

static void hear_some(struct collect_farm *c, int from, int n)
{
    char device[32], line[256];
    for (int i = from; i < from + n; i++) {
        snprintf(device, sizeof device, "W%zu", (size_t)i % c->probes);
        snprintf(
            line, sizeof line,
            "{\"time\":%lld,\"device\":\"%s\",\"mac\":\"%02x:00:00:00:%02x:%02x\",\"rssi\":-60}",
            (long long)time_now() - i, device, i % 3 ? 2 : 0x3c, i >> 8 & 255, i & 255);
        collect_farm_line(c, device, "sightings", line);
    }
}

static void test_all_of_it(void **state)
{
    struct collect_farm c;
    (void)state;
    collect_farm_start(&c, 3, 2, 1, 0);
    sell_some(&c, 0, 1500); /* more than a piece of each till */
    hear_some(&c, 0, 400);
    struct collect_result result = collect_farm_once(&c);
    assert_int_equal(rows_of(&result), 1875 + 400);
    collect_farm_check(&c);
    result = collect_farm_once(&c);
    assert_int_equal(rows_of(&result), 0);
    sell_some(&c, 1500, 20);
    collect_farm_once(&c);
    collect_farm_check(&c);
    /* Devices were told that what lies before is safe. */
    size_t n;
    char *done = farm_file(c.farm, "P1", "spool/receipts.done", &n);
    assert_int_equal(strtoll(done, NULL, 10),
                     collect_farm_number(&c, "select offset from collect where device = 2"));
    free(done);
    collect_farm_stop(&c);
}

static void test_columns(void **state)
{
    struct collect_farm c;
    (void)state;
    collect_farm_start(&c, 1, 1, 0, 0);
    int64_t now = time_now();
    collect_farm_sell(&c, 0, "A-1", now - 100, 12345, "M7");
    collect_farm_sell(&c, 0, "A-2", now - 90, 5000, "");
    collect_farm_line(&c, "W0", "sightings",
                      "{\"time\":\"2026-01-05T12:00:00Z\",\"mac\":"
                      "\"02:11:22:33:44:55\"}");
    collect_farm_line(&c, "W0", "sightings",
                      "{\"time\":\"2026-01-05T12:00:00Z\",\"mac\":"
                      "\"3c:11:22:33:44:55\",\"rssi\":-70,\"more\":[1]}");
    collect_farm_once(&c);
    assert_string_equal(collect_farm_text(&c, "select receipts || ' ' || amount || ' ' ||"
                                              " card_receipts || ' ' || card_amount from"
                                              " collect_day where device = 1"),
                        "2 17345 1 12345");
    assert_string_equal(collect_farm_text(&c, "select sum(sightings) || ' ' || sum(random) from"
                                              " collect_day where device = 2"),
                        "2 1");
    assert_int_equal(collect_farm_number(&c, "select count(*) from tail where kind = 1 and device ="
                                             " 2 and person = 0 and address <> 0"),
                     1);
    assert_int_equal(collect_farm_number(&c, "select count(*) from tail where kind = 5 and device ="
                                             " 1 and tenant = 1"),
                     2);
    collect_farm_stop(&c);
}

static void test_hostile_lines(void **state)
{
    static const char *const lines[] = {
        "", /* an empty line is no row */
        "nonsense",
        "{\"receipt\":\"B1\"}",
        "{\"receipt\":\"B2\",\"time\":1,\"tenant\":\"T1\",\"amount\":5}", /* another shop */
        "{\"receipt\":\"B3\",\"time\":\"yesterday\",\"amount\":5}",
        "{\"receipt\":\"B4\",\"time\":1767614400,\"amount\":\"1e99\"}",
        "{\"receipt\":\"B5\",\"time\":1767614400,\"amount\":5.001}",
        "{\"receipt\":[\"B6\"],\"time\":1767614400,\"amount\":5}",
        "{\"receipt\":\"B\\u001b]0;x\\u0007\",\"time\":1767614400,\"amount\":5}",
        "{\"receipt\":\"B8\\u0000\",\"time\":1767614400,\"amount\":5}",
        "{\"receipt\":\"B9\",\"receipt\":\"B9\",\"time\":1767614400,\"amount\":5}",
        "{\"receipt\":\"B\xff\",\"time\":1767614400,\"amount\":5}",
        "[[[[[[[[[[[[[[[[[[[[[[[[",
    };
    struct collect_farm c;
    (void)state;
    collect_farm_start(&c, 2, 0, 0, 0);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        collect_farm_line(&c, "P0", "receipts", lines[i]);
    char *deep = mem_alloc(60001);
    memset(deep, '[', 60000);
    deep[60000] = '\0';
    collect_farm_line(&c, "P0", "receipts", deep);
    free(deep);
    enum { LONG = 10 << 20 };
    char *much = mem_alloc(LONG + 1);
    memset(much, 'x', LONG);
    much[LONG] = '\0';
    int64_t at = 0;
    size_t n;
    free(farm_file(c.farm, "P0", "spool/receipts", &n));
    at = (int64_t)n;
    collect_farm_line(&c, "P0", "receipts", much);
    free(much);
    collect_farm_line(&c, "P0", "receipts",
                      "{\"receipt\":\"G1\",\"time\":1767614400,\"amount\":5.25}");
    sell_some(&c, 0, 50);
    struct collect_result result = collect_farm_once(&c);
    const struct collect_device *device = device_of(&result, "P0");
    assert_int_equal(device->state, DEVICE_OK);
    assert_int_equal(device->refused, 14);
    assert_int_equal(collect_farm_number(&c, "select count(*) from refused"), 14);
    assert_int_equal(collect_farm_number(&c, "select rows - refused from import where source ="
                                             " 'device P0'"),
                     0);
    assert_int_equal(collect_farm_number(&c, "select refused from import where source = 'device P0'"
                                             " and kind = 'receipts'"),
                     14);
    char sql[128];
    snprintf(sql, sizeof sql, "select message from refused where line = %lld", (long long)at);
    assert_non_null(strstr(collect_farm_text(&c, sql), "found a line of 10485761 bytes"));
    assert_non_null(strstr(collect_farm_text(&c, "select message from refused where line = 10"),
                           "column 'time'"));
    assert_int_equal(collect_farm_number(&c, "select count(*) from refused where message like"
                                             " '%P0 speaks for nobody else%'"),
                     1);
    assert_int_equal(collect_farm_number(&c, "select amount from tail where ref = 'G1'"), 525);
    assert_int_equal(collect_farm_number(&c, "select count(*) from tail where kind in (5, 6)"), 51);
    result = collect_farm_once(&c);
    assert_int_equal(rows_of(&result), 0);
    collect_farm_stop(&c);
}

/* ---- Spools that are not what they were ---- */

static char *spool_copy(struct collect_farm *c, const char *device, const char *spool, size_t *n)
{
    char path[64];
    snprintf(path, sizeof path, "spool/%s", spool);
    return farm_file(c->farm, device, path, n);
}

static void test_spool_that_is_another(void **state)
{
    struct collect_farm c;
    size_t n, m;
    (void)state;
    collect_farm_start(&c, 1, 1, 0, 0);
    sell_some(&c, 0, 60);
    hear_some(&c, 0, 60);
    collect_farm_once(&c);
    char *old = spool_copy(&c, "P0", "receipts", &n),
         *heard = spool_copy(&c, "W0", "sightings", &m);
    /* Shorter: it was emptied. */
    farm_file_put(c.farm, "P0", "spool/receipts", "", 0, true);
    collect_farm_sell(&c, 0, "N1", time_now(), 100, "");
    struct collect_result result = collect_farm_once(&c);
    assert_int_equal(device_of(&result, "P0")->rows, 1);
    assert_int_equal(collect_farm_number(&c, "select resets from collect where device = 1"), 1);
    /* Longer, and other: what lies before the offset is not what was collected. */
    farm_file_put(c.farm, "P0", "spool/receipts", "", 0, true);
    for (int i = 0; i < 5; i++) {
        char receipt[16];
        snprintf(receipt, sizeof receipt, "O%d", i);
        collect_farm_sell(&c, 0, receipt, time_now(), 100, "");
    }
    result = collect_farm_once(&c);
    assert_int_equal(device_of(&result, "P0")->rows, 5);
    assert_int_equal(device_of(&result, "P0")->duplicates, 0);
    assert_int_equal(collect_farm_number(&c, "select resets from collect where device = 1"), 2);
    /* All the old ones came back from a copy, and with them the first of these. */
    farm_file_put(c.farm, "P0", "spool/receipts", old, n, true);
    collect_farm_sell(&c, 0, "N1", time_now(), 100, "");
    collect_farm_sell(&c, 0, "N2", time_now(), 300, "");
    farm_file_put(c.farm, "W0", "spool/sightings", heard, m / 2 / 10 * 10, true);
    farm_file_put(c.farm, "W0", "spool/sightings", "", 0, true);
    farm_file_put(c.farm, "W0", "spool/sightings", heard, m, false);
    hear_some(&c, 60, 5);
    farm_file_put(c.farm, "W0", "spool/sightings.done", "0\n", 2, true);
    collect_farm_sql(&c, "update collect set mark = replace(mark, substr(mark, 1, 1), 'f') where"
                         " device = 2");
    result = collect_farm_once(&c);
    assert_int_equal(device_of(&result, "P0")->rows - device_of(&result, "P0")->duplicates, 1);
    assert_int_equal(device_of(&result, "W0")->rows - device_of(&result, "W0")->duplicates, 5);
    assert_int_equal(collect_farm_number(&c, "select count(*) from tail where kind in (5, 6)"),
                     60 + 1 + 5 + 1);
    assert_int_equal(collect_farm_number(&c, "select count(*) from tail where kind = 1"), 65);
    free(old);
    free(heard);
    collect_farm_stop(&c);
}

static void test_wrong_clock(void **state)
{
    static const struct {
        const char *fault;
        int64_t ahead;
    } clocks[] = {{"clock:-95000", -95}, {"clock:259200000", 3 * DAY}, {"clock:700", 0}};
    struct collect_farm c;
    (void)state;
    collect_farm_start(&c, 3, 0, 0, 0);
    int64_t now = time_now();
    for (size_t i = 0; i < 3; i++) {
        char device[8], receipt[8];
        snprintf(device, sizeof device, "P%zu", i);
        snprintf(receipt, sizeof receipt, "C%zu", i);
        assert_ok(farm_fault(c.farm, device, clocks[i].fault, &err));
        collect_farm_sell(&c, i, receipt, now - 1000 + clocks[i].ahead, 100, "");
    }
    collect_farm_sell(&c, 2, "F", now + 5 * DAY, 100, ""); /* of a clock that was set right since */
    collect_farm_once(&c);
    for (int i = 0; i < 3; i++) {
        char sql[96];
        snprintf(sql, sizeof sql, "select time from tail where ref = 'C%d'", i);
        assert_in_range(collect_farm_number(&c, sql), now - 1002, now - 998);
    }
    assert_in_range(collect_farm_number(&c, "select time from tail where ref = 'F'"), now,
                    now + 60);
    assert_int_equal(collect_farm_number(&c, "select sum(clocked) from collect_day"), 3);
    collect_farm_stop(&c);
}

/* ---- Devices that fail ---- */

static void test_faults(void **state)
{
    static const char *const faults[] = {
        "stall:connect", "stall:version", "stall:keys",    "stall:auth",  "stall:open",
        "stall:command", "stall:first",   "drop:version",  "drop:auth",   "drop:open",
        "drop:command",  "drop:first",    "drop:output",   "reset:first", "reset:output",
        "off",           "refuse",        "nochannel",     "noexec",      "garble",
        "longline",      "die:spool:1",   "die:spooled:1", "disk",
    };
    size_t n = sizeof faults / sizeof *faults;
    struct collect_farm c;
    (void)state;
    collect_farm_start(&c, n + 1, 0, 0, 0);
    sell_some(&c, 0, 2000);
    for (size_t i = 0; i < n; i++) {
        char device[8];
        snprintf(device, sizeof device, "P%zu", i);
        assert_ok(farm_fault(c.farm, device, faults[i], &err));
    }
    struct collect_result result = collect_farm_once(&c);
    assert_int_equal(device_of(&result, "P24")->state, DEVICE_OK);
    for (size_t i = 0; i < n; i++) {
        char device[8];
        snprintf(device, sizeof device, "P%zu", i);
        bool goes = strncmp(faults[i], "die", 3) == 0 || strcmp(faults[i], "disk") == 0;
        if (!goes && device_of(&result, device)->state == DEVICE_OK)
            fail_msg("%s is ok", faults[i]);
    }
    assert_ok(farm_fault(c.farm, "*", "ok", &err));
    collect_farm_once(&c);
    collect_farm_check(&c);
    collect_farm_stop(&c);
}

/* ---- Two at once ---- */

/* A device that shows another key than its pin is put away, and the others go on. */
static void test_wrong_key(void **state)
{
    struct collect_farm c;
    (void)state;
    collect_farm_start(&c, 4, 1, 0, 0);
    sell_some(&c, 0, 200);
    assert_ok(farm_fault(c.farm, "P1", "wrongkey", &err));
    assert_ok(farm_fault(c.farm, "P2", "refuse", &err));
    struct collect_result result = collect_farm_once(&c);
    assert_int_equal(device_of(&result, "P1")->state, DEVICE_QUARANTINED);
    assert_int_equal(device_of(&result, "P2")->state, DEVICE_FAILED);
    assert_int_equal(device_of(&result, "P0")->state, DEVICE_OK);
    assert_true(device_of(&result, "P0")->rows > 0 && device_of(&result, "P3")->rows > 0);
    assert_string_equal(collect_farm_text(&c, "select group_concat(code) from device"
                                              " where quarantine <> ''"),
                        "P1");
    assert_string_equal(collect_farm_text(&c, "select state || ' ' || phase || ' ' || (offered <>"
                                              " pin) from device_state s join device d"
                                              " on d.id = s.device where code = 'P1'"),
                        "quarantined pin 1");
    assert_int_equal(collect_farm_number(&c, "select count(*) from audit where entity = 'device'"
                                             " and target = 'P1'"),
                     1);
    assert_int_equal(farm_seen_of(c.farm, "P1").signatures, 0);
    /* Its own key again does not bring it back: somebody has to look. */
    assert_ok(farm_fault(c.farm, "P1", "ok", &err));
    assert_ok(farm_fault(c.farm, "P2", "ok", &err));
    int connections = farm_seen_of(c.farm, "P1").connections;
    sell_some(&c, 200, 200);
    result = collect_farm_once(&c);
    assert_int_equal(farm_seen_of(c.farm, "P1").connections, connections);
    assert_true(device_of(&result, "P2")->rows > 0);
    collect_farm_sql(&c, "update device set quarantine = '' where code = 'P1'");
    collect_farm_once(&c);
    collect_farm_check(&c);
    collect_farm_stop(&c);
}

/* What a card says that came to its person by a link is that person's now, and the link keeps a
 * copy. */
static void test_a_linked_card(void **state)
{
    struct collect_farm c;
    (void)state;
    collect_farm_start(&c, 1, 0, 0, 0);
    collect_farm_sql(&c, "insert into contact (kind, value, person) values (1, 'M7', 11),"
                         " (1, 'M8', 12);"
                         "insert into link (id, person, target, evidence, confidence, actor, time)"
                         " values (1, 10, 11, 'phone', 1, 'a', 1);"
                         "insert into link_identity (link, kind, value) values (1, 1, 'M7');"
                         "update counter set value = 100 where name = 'person'");
    collect_farm_sell(&c, 0, "A-1", time_now() - 90, 5000, "M7");
    collect_farm_sell(&c, 0, "A-2", time_now() - 80, 5000, "M8");
    collect_farm_once(&c);
    assert_string_equal(collect_farm_text(&c, "select group_concat(person) from (select person"
                                              " from tail where kind = 5 order by person)"),
                        "11,12");
    assert_string_equal(collect_farm_text(&c, "select group_concat(link) from link_event"), "1");
    collect_farm_stop(&c);
}

static void test_one_at_a_time(void **state)
{
    struct collect_farm c;
    struct file_lock lock;
    struct collect_result result;
    (void)state;
    collect_farm_start(&c, 1, 0, 0, 0);
    sell_some(&c, 0, 10);
    assert_ok(lock_open(&lock, c.mall.path, &err));
    assert_ok(lock_take(&lock, LOCK_COLLECT, 0, &err));
    struct collect_options options = {
        .mall = c.mall.mall, .access = &c.access, .identity = c.identity, .once = true};
    assert_int_equal(collect_run(&options, c.arena, &result, &err), ST_CONFLICT);
    assert_non_null(strstr(error_text(&err), "collecting from the devices"));
    error_clear(&err);
    lock_close(&lock);
    collect_farm_once(&c);
    collect_farm_check(&c);
    struct access nobody = {.role = ACCESS_OPERATOR};
    options.access = &nobody;
    assert_int_equal(collect_run(&options, c.arena, &result, &err), ST_DENIED);
    error_clear(&err);
    collect_farm_stop(&c);
}

/* ---- As it comes ---- */

struct follower {
    struct collect_farm *farm;
    struct collect_numbers numbers;
    atomic_bool stop;
    enum status status;
    pthread_mutex_t lock;
    pthread_cond_t came;
    int64_t rows;
};

static void committed(void *context)
{
    struct follower *f = context;
    pthread_mutex_lock(&f->lock);
    f->rows = atomic_load(&f->numbers.rows);
    pthread_cond_broadcast(&f->came);
    pthread_mutex_unlock(&f->lock);
}

static void *follow(void *context)
{
    struct follower *f = context;
    struct collect_result result;
    struct error problem = {0};
    struct arena *arena = arena_new();
    struct collect_options options = {.mall = f->farm->mall.mall,
                                      .access = &f->farm->access,
                                      .identity = f->farm->identity,
                                      .stop = &f->stop,
                                      .numbers = &f->numbers,
                                      .committed = committed,
                                      .context = f};
    f->status = collect_run(&options, arena, &result, &problem);
    error_clear(&problem);
    arena_free(arena);
    return NULL;
}

static void rows_wait(struct follower *f, int64_t rows)
{
    pthread_mutex_lock(&f->lock);
    while (f->rows < rows)
        pthread_cond_wait(&f->came, &f->lock);
    pthread_mutex_unlock(&f->lock);
}

static void test_follow(void **state)
{
    struct collect_farm c;
    pthread_t thread;
    (void)state;
    collect_farm_start(&c, 4, 0, 0, 0);
    struct follower f = {.farm = &c};
    pthread_mutex_init(&f.lock, NULL);
    pthread_cond_init(&f.came, NULL);
    sell_some(&c, 0, 40);
    pthread_create(&thread, NULL, follow, &f);
    rows_wait(&f, 50);
    sell_some(&c, 40, 40);
    rows_wait(&f, 100);
    /* A connection that ends is made again. */
    assert_ok(farm_fault(c.farm, "P0", "die:spooled:1", &err));
    sell_some(&c, 80, 40);
    rows_wait(&f, 150);
    atomic_store(&f.stop, true);
    pthread_join(thread, NULL);
    assert_int_equal(f.status, ST_OK);
    collect_farm_check(&c);
    collect_farm_stop(&c);
}

/* ---- Offers ---- */

static void offer_put(struct collect_farm *c, const char *key, const char *kind, int device,
                      int tenant, int person, int64_t expires)
{
    collect_farm_sql(c, arena_printf(c->arena,
                                     "insert into device_queue (device, kind, tenant, person, key,"
                                     " payload, expires, time) values (%d, '%s', %d, %d, '%s',"
                                     " '{\"for\":\"%s\"}', %lld, %lld)",
                                     device, kind, tenant, person, key, key, (long long)expires,
                                     (long long)time_now() - 10));
}

static void offer_is(struct collect_farm *c, const char *key, const char *state)
{
    const char *found =
        collect_farm_text(c, arena_printf(c->arena,
                                          "select state || iif(reason <> '', ': ' || reason, '')"
                                          " from device_queue where key = '%s'",
                                          key));
    if (strcmp(found, state) != 0)
        fail_msg("%s is %s, and not %s", key, found, state);
}

static bool device_has(struct collect_farm *c, const char *device, const char *key)
{
    char path[64];
    size_t n;
    snprintf(path, sizeof path, "offers/%s", key);
    char *bytes = farm_file(c->farm, device, path, &n);
    bool has = bytes && strstr(bytes, key);
    free(bytes);
    return has;
}

static void test_offers(void **state)
{
    struct collect_farm c;
    int64_t now = time_now();
    (void)state;
    collect_farm_start(&c, 3, 0, 2, 0);
    collect_farm_sql(&c, "insert into member (person, card) values (1, 'M1'), (2, 'M2')");
    collect_farm_sql(&c, "insert into consent (person, contact, given, time, source, actor) values"
                         " (2, 'sms', 0, unixepoch(), 'form', 'x')");
    offer_put(&c, "shop", "pos", 0, 2, 1, now + 3600);
    offer_put(&c, "all", "pos", 0, 0, 1, now + 3600);
    offer_put(&c, "one", "pos", 3, 0, 0, 0);
    offer_put(&c, "over", "pos", 0, 1, 1, now - 1);
    offer_put(&c, "gone", "pos", 0, 1, 9, now + 3600);
    offer_put(&c, "refused", "pos", 0, 1, 2, now + 3600);
    offer_put(&c, "nowhere", "pos", 0, 77, 1, now + 3600);
    offer_put(&c, "screens", "screen", 0, 0, 0, now + 3600);
    offer_put(&c, "../evil", "screen", 0, 0, 0, now + 3600);
    sell_some(&c, 0, 30);
    collect_farm_once(&c);
    collect_farm_once(&c);
    offer_is(&c, "shop", "done");
    offer_is(&c, "all", "done");
    offer_is(&c, "one", "done");
    offer_is(&c, "over", "expired");
    offer_is(&c, "gone", "failed: gone");
    offer_is(&c, "refused", "failed: opt-out");
    offer_is(&c, "nowhere", "failed: no device serves the shop");
    offer_is(&c, "screens", "done");
    offer_is(&c, "../evil", "failed: no device can take it");
    assert_true(device_has(&c, "P1", "shop") && !device_has(&c, "P0", "shop"));
    assert_true(device_has(&c, "P0", "all") && device_has(&c, "P1", "all") &&
                device_has(&c, "P2", "all"));
    assert_true(device_has(&c, "P2", "one") && !device_has(&c, "P0", "one"));
    assert_true(device_has(&c, "S0", "screens") && device_has(&c, "S1", "screens"));
    for (int i = 0; i < 3; i++) {
        char device[4] = {'P', (char)('0' + i), 0};
        assert_false(device_has(&c, device, "over") || device_has(&c, device, "gone") ||
                     device_has(&c, device, "refused"));
    }
    collect_farm_stop(&c);
}

static void test_offers_later(void **state)
{
    struct collect_farm c;
    int64_t now = time_now();
    (void)state;
    collect_farm_start(&c, 2, 0, 1, 0);
    collect_farm_sql(&c, "insert into campaign (id, code, state) values (1, 'C1', 'paused')");
    assert_ok(farm_fault(c.farm, "P0", "off", &err));
    assert_ok(farm_fault(c.farm, "S0", "disk", &err));
    offer_put(&c, "both", "pos", 0, 0, 0, now + 3600);
    offer_put(&c, "full", "screen", 0, 0, 0, now + 3600);
    offer_put(&c, "held", "pos", 0, 0, 0, now + 3600);
    collect_farm_sql(&c, "update device_queue set campaign = 1 where key = 'held'");
    collect_farm_once(&c);
    offer_is(&c, "both", "taken"); /* one has it, the other not yet */
    offer_is(&c, "held", "waiting");
    assert_true(device_has(&c, "P1", "both") && !device_has(&c, "P1", "held"));
    assert_int_equal(collect_farm_number(&c, "select had from device_queue where key = 'both'"), 1);
    assert_int_equal(collect_farm_number(&c, "select tries from device_offered where device = 3"),
                     1);
    assert_ok(farm_fault(c.farm, "*", "ok", &err));
    collect_farm_sql(&c, "update campaign set state = 'running'");
    collect_farm_once(&c);
    collect_farm_once(&c);
    offer_is(&c, "both", "done");
    offer_is(&c, "held", "done");
    offer_is(&c, "full", "done");
    assert_true(device_has(&c, "P0", "both") && device_has(&c, "P0", "held"));
    collect_farm_stop(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_it),     cmocka_unit_test(test_columns),
        cmocka_unit_test(test_hostile_lines), cmocka_unit_test(test_spool_that_is_another),
        cmocka_unit_test(test_wrong_clock),   cmocka_unit_test(test_faults),
        cmocka_unit_test(test_wrong_key),     cmocka_unit_test(test_a_linked_card),
        cmocka_unit_test(test_one_at_a_time), cmocka_unit_test(test_follow),
        cmocka_unit_test(test_offers),        cmocka_unit_test(test_offers_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
