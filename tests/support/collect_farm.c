#include "tests/support/collect_farm.h"

#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/event/event.h"
#include "tests/support/device_farm.h"
#include "tests/support/whole.h"
#include "views/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

static struct error err;

void collect_farm_sql(struct collect_farm *c, const char *sql)
{
    assert_ok(writer_begin(c->mall.writer, &err));
    char *problem = NULL;
    if (sqlite3_exec(writer_db(c->mall.writer), sql, NULL, NULL, &problem) != SQLITE_OK)
        fail_msg("%s: %s", sql, problem);
    assert_ok(writer_touch_rows(c->mall.writer, &err));
    assert_ok(writer_commit(c->mall.writer, &err));
}

int64_t collect_farm_number(struct collect_farm *c, const char *sql)
{
    int64_t value = -1;
    assert_ok(reader_integer(c->mall.reader, sql, -1, &value, &err));
    return value;
}

char *collect_farm_text(struct collect_farm *c, const char *sql)
{
    sqlite3_stmt *stmt;
    assert_ok(reader_prepare(c->mall.reader, sql, &stmt, &err));
    const char *text =
        sqlite3_step(stmt) == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : "(no row)";
    char *copy = arena_strdup(c->arena, text ? text : "");
    sqlite3_reset(stmt);
    return copy;
}

static void inventory_write(struct collect_farm *c, const struct farm_spec *specs, size_t n)
{
    char pin[FARM_PIN];
    for (size_t i = 0; i < c->tills; i++)
        collect_farm_sql(c, arena_printf(c->arena,
                                         "insert into tenant (id, code, name) values (%zu, 'T%zu',"
                                         " 'Shop %zu')",
                                         i + 1, i, i));
    for (size_t i = 0; i < n; i++) {
        farm_pin(COLLECT_SEED, specs[i].code, pin);
        collect_farm_sql(
            c, arena_printf(c->arena,
                            "insert into device (id, code, kind, host, port, user, tenant, pin)"
                            " values (%zu, '%s', '%s', '127.0.0.1', %d, 'atrium', %zu, '%s')",
                            i + 1, specs[i].code, specs[i].kind, farm_port(c->farm, specs[i].code),
                            i < c->tills ? i + 1 : 0, pin));
    }
}

void collect_farm_start(struct collect_farm *c, size_t tills, size_t probes, size_t screens,
                        int sale_ms)
{
    signal(SIGPIPE, SIG_IGN);
    modules_start();
    *c = (struct collect_farm){.mall = temp_mall_new(),
                               .arena = arena_new(),
                               .access = access_engine(),
                               .tills = tills,
                               .probes = probes,
                               .screens = screens};
    test_key_write(c->mall.folder, "id");
    c->identity = temp_path(c->mall.folder, "id");
    c->public_key = temp_path(c->mall.folder, "id.pub");
    size_t n = tills + probes + screens;
    struct farm_spec *specs = arena_array(c->arena, struct farm_spec, n + 1);
    for (size_t i = 0; i < n; i++) {
        bool till = i < tills, probe = !till && i < tills + probes;
        size_t nth = till ? i : probe ? i - tills : i - tills - probes;
        specs[i] = (struct farm_spec){.code = arena_printf(c->arena, "%c%zu",
                                                           till    ? 'P'
                                                           : probe ? 'W'
                                                                   : 'S',
                                                           nth),
                                      .kind = till    ? "pos"
                                              : probe ? "probe"
                                                      : "screen",
                                      .host = "127.0.0.1",
                                      .tenant = till ? arena_printf(c->arena, "T%zu", nth) : "",
                                      .item = "tea",
                                      .price = 3000};
    }
    struct farm_options options = {.specs = specs,
                                   .n = n,
                                   .user_key = c->public_key,
                                   .seed = COLLECT_SEED,
                                   .sale_ms = sale_ms,
                                   .members = 500};
    assert_ok(farm_start(&options, &c->farm, &err));
    inventory_write(c, specs, n);
}

void collect_farm_rest(struct collect_farm *c)
{
    farm_rest(c->farm);
}

void collect_farm_stop(struct collect_farm *c)
{
    farm_stop(c->farm);
    free(c->identity);
    free(c->public_key);
    temp_mall_free(&c->mall);
    arena_free(c->arena);
}

struct collect_result collect_farm_once(struct collect_farm *c)
{
    struct collect_result result;
    struct collect_options options = {.mall = c->mall.mall,
                                      .access = &c->access,
                                      .identity = c->identity,
                                      .once = true,
                                      .limit_ms = 1500};
    assert_ok(collect_run(&options, c->arena, &result, &err));
    return result;
}

void collect_farm_line(struct collect_farm *c, const char *device, const char *spool,
                       const char *text)
{
    char *path = mem_printf("spool/%s", spool), *line = mem_printf("%s\n", text);
    farm_file_put(c->farm, device, path, line, strlen(line), false);
    free(path);
    free(line);
}

void collect_farm_sell(struct collect_farm *c, size_t till, const char *receipt, int64_t time,
                       int64_t fen, const char *member)
{
    char device[32], *line;
    snprintf(device, sizeof device, "P%zu", till);
    line = mem_printf("{\"receipt\":\"%s\",\"time\":\"%lld\",\"tenant\":\"T%zu\",\"amount\":"
                      "\"%s%lld.%02lld\"%s%s%s,\"item\":\"tea\",\"payment\":\"wallet\"}",
                      receipt, (long long)time, till, fen < 0 ? "-" : "",
                      (long long)llabs(fen) / 100, (long long)llabs(fen) % 100,
                      *member ? ",\"member\":\"" : "", member, *member ? "\"" : "");
    collect_farm_line(c, device, "receipts", line);
    free(line);
}

/* ---- What the spools hold, read plainly ---- */

struct sold {
    char receipt[64];
    uint32_t device;
    int64_t fen;
    bool found;
};
struct sold_list {
    VEC(struct sold) all;
    VEC(char *) heard;
    struct arena *arena;
};

static void line_count(struct sold_list *list, uint32_t device, const char *line, size_t n)
{
    json_t *object = json_loadb(line, n, 0, NULL);
    const char *receipt = json_string_value(json_object_get(object, "receipt"));
    const char *amount = json_string_value(json_object_get(object, "amount"));
    if (!object)
        fail_msg("a spool holds no JSON: %.*s", (int)n, line);
    if (!receipt) {
        /* The same phone in the same second as loud is the same sighting. */
        char *text = arena_strndup(list->arena, line, n);
        size_t k = 0;
        while (k < list->heard.n && strcmp(list->heard.at[k], text) != 0)
            k++;
        if (k == list->heard.n)
            vec_push(&list->heard, text);
    } else {
        long long whole = 0, part = 0;
        sscanf(amount, "%lld.%lld", &whole, &part);
        int64_t fen = *amount == '-' ? whole * 100 - part : whole * 100 + part;
        size_t i = 0;
        while (i < list->all.n &&
               (list->all.at[i].device != device || strcmp(list->all.at[i].receipt, receipt) != 0))
            i++;
        if (i == list->all.n) {
            struct sold sold = {.device = device};
            snprintf(sold.receipt, sizeof sold.receipt, "%s", receipt);
            vec_push(&list->all, sold);
        }
        list->all.at[i].fen += fen;
    }
    json_decref(object);
}

static void spool_count(struct collect_farm *c, struct sold_list *list, size_t i)
{
    char code[32];
    size_t n = 0;
    bool till = i < c->tills;
    snprintf(code, sizeof code, "%c%zu", till ? 'P' : 'W', till ? i : i - c->tills);
    char *bytes = farm_file(c->farm, code, till ? "spool/receipts" : "spool/sightings", &n);
    for (const char *at = bytes, *stop; bytes && at < bytes + n; at = stop + 1) {
        stop = memchr(at, '\n', (size_t)(bytes + n - at));
        line_count(list, (uint32_t)i + 1, at, (size_t)(stop - at));
    }
    free(bytes);
}

struct found {
    struct sold_list *list;
    size_t purchases, sightings;
};

static enum status on_block(void *context, const struct event_block *block, struct error *problem)
{
    struct found *found = context;
    (void)problem;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; i < run->n; i++) {
            if (run->kind == KIND_SIGHTING) {
                found->sightings++;
                continue;
            }
            size_t k = 0;
            while (k < found->list->all.n &&
                   (strcmp(found->list->all.at[k].receipt, run->ref[i]) != 0 ||
                    found->list->all.at[k].device != run->device[i]))
                k++;
            if (k == found->list->all.n)
                fail_msg("the receipt %s was never sold", run->ref[i]);
            int64_t sign = run->kind == KIND_REFUND ? -1 : 1;
            if (found->list->all.at[k].fen != sign * run->amount[i])
                fail_msg("the receipt %s is of %lld fen, and not %lld", run->ref[i],
                         (long long)found->list->all.at[k].fen, (long long)(sign * run->amount[i]));
            found->list->all.at[k].found = true;
            found->purchases++;
        }
    }
    return ST_OK;
}

void collect_farm_check(struct collect_farm *c)
{
    static const uint16_t kinds_wanted[] = {KIND_SIGHTING, KIND_PURCHASE, KIND_REFUND};
    struct sold_list list = {.arena = c->arena};
    struct found found = {.list = &list};
    for (size_t i = 0; i < c->tills + c->probes; i++)
        spool_count(c, &list, i);
    struct event_query query = {.from = INT64_MIN,
                                .kinds = kinds_wanted,
                                .n_kinds = 3,
                                .columns = EVENT_TIME | EVENT_REF | EVENT_AMOUNT | EVENT_DEVICE,
                                .nobody = true,
                                .people = true};
    assert_ok(reader_begin(c->mall.reader, &err));
    assert_ok(event_scan(c->mall.reader, &query, on_block, &found, &err));
    reader_end(c->mall.reader);
    for (size_t i = 0; i < list.all.n; i++)
        if (!list.all.at[i].found)
            fail_msg("the receipt %s of device %u is missing", list.all.at[i].receipt,
                     list.all.at[i].device);
    assert_int_equal(found.purchases, list.all.n);
    assert_int_equal(found.sightings, list.heard.n);
    assert_int_equal(collect_farm_number(c, "select coalesce(sum(receipts), 0) from collect_day"),
                     list.all.n);
    int64_t fen = 0;
    for (size_t i = 0; i < list.all.n; i++)
        fen += list.all.at[i].fen;
    assert_int_equal(collect_farm_number(c, "select coalesce(sum(amount), 0) from collect_day"),
                     fen);
    assert_whole(c->mall.reader);
    vec_free(&list.all);
    vec_free(&list.heard);
}
