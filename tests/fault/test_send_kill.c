/*
 * Nobody gets a message twice. An engine sends campaigns to a server that fails in every way it
 * can; the engine is killed at a random moment, 500 times. The server's log is the witness: no key
 * ever came with two bodies, nobody got two messages of a campaign, nobody who was held out got
 * one; and in the end the mall says of each message what the server says.
 */
#include "model/campaign/plan.h"
#include "model/event/event.h"
#include "tests/support/contact_server.h"
#include "tests/support/kill.h"
#include "tests/support/people.h"
#include "tests/support/sending.h"
#include "tests/support/whole.h"
#include "views/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { KILLS = 500, PEOPLE = 1500, WINDOW_US = 60000, FINISH_ROUNDS = 400 };

static struct error err;

struct work {
    char *path, *log;
    int64_t now;
    int campaigns;
    struct contact_server server;
};

/* ---- The child ---- */

static void must(enum status status)
{
    if (status == ST_OK)
        return;
    fprintf(stderr, "child: %s\n", error_text(&err));
    _exit(1);
}

static void engine(void *context, int pipe)
{
    struct work *work = context;
    struct mall *mall;
    struct reader *reader;
    struct writer *writer;
    struct sender *sender;
    struct contact_lines lines;
    struct contact_tokens tokens = {.app = "app-token", .sms = "sms-token"};
    struct send_counts counts;
    must(mall_open(work->path, &mall, &err));
    must(writer_open(mall, &writer, &err));
    must(reader_open(mall, &reader, &err));
    must(contact_lines_open(reader, &tokens, &lines, &err));
    must(sender_open(writer, reader, &lines, &sender, &err));
    kill_acknowledge(pipe, 1);
    for (;;) {
        must(sender_step(sender, NULL, &counts, &err));
        if (!counts.looked && !counts.sent) /* nothing is left: wait for the end */
            pause();
    }
}

/* ---- The parent ---- */

static void campaign_add(struct work *work)
{
    char text[700];
    struct temp_mall mall = {.path = work->path};
    assert_ok(mall_open(work->path, &mall.mall, &err));
    assert_ok(writer_open(mall.mall, &mall.writer, &err));
    assert_ok(reader_open(mall.mall, &mall.reader, &err));
    snprintf(text, sizeof text,
             "[campaign]\nname = Kill %d\nkind = coupon\naudience = member\nholdout = 20%%\n"
             "[offer]\nvalue = 10\n"
             "[contacts]\norder = app sms\nmessage = {name}: {coupon} is yours.\n",
             ++work->campaigns);
    sending_campaign(&mall, text);
    reader_close(mall.reader);
    writer_close(mall.writer);
    mall_close(mall.mall);
}

static int64_t number_of(struct work *work, const char *sql)
{
    struct mall *mall;
    struct reader *reader;
    int64_t n;
    assert_ok(mall_open(work->path, &mall, &err));
    assert_ok(reader_open(mall, &reader, &err));
    assert_ok(reader_integer(reader, sql, 0, &n, &err));
    reader_close(reader);
    mall_close(mall);
    return n;
}

/* Lets an engine work until nothing is left, with a clock that goes on. */
static void finish(struct work *work)
{
    struct mall *mall;
    struct reader *reader;
    struct writer *writer;
    struct sender *sender;
    struct contact_lines lines;
    struct contact_tokens tokens = {.app = "app-token", .sms = "sms-token"};
    struct send_counts counts = {.waiting = 1};
    int64_t open = 1;
    assert_ok(mall_open(work->path, &mall, &err));
    assert_ok(writer_open(mall, &writer, &err));
    assert_ok(reader_open(mall, &reader, &err));
    assert_ok(contact_lines_open(reader, &tokens, &lines, &err));
    assert_ok(sender_open(writer, reader, &lines, &sender, &err));
    for (int i = 0; (open || counts.waiting) && i < FINISH_ROUNDS; i++) {
        clock_set(work->now += 3600);
        assert_ok(sender_step(sender, NULL, &counts, &err));
        assert_ok(reader_integer(reader, "select count(*) from message where state in (1, 2)", 0,
                                 &open, &err));
    }
    assert_int_equal(open, 0);
    assert_int_equal(counts.waiting, 0);
    sender_close(sender);
    contact_lines_close(&lines);
    reader_close(reader);
    writer_close(writer);
    mall_close(mall);
}

/* ---- The witness ---- */

struct seen {
    char key[64], sha[65], campaign[65], contact[16], to[64], what[16], token[32];
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct seen *)a)->key, ((const struct seen *)b)->key);
}

static int by_person(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    int order = strcmp(x->campaign, y->campaign);
    return order ? order : strcmp(x->to, y->to);
}

/* App accounts are cards here, SMS phones; both end with the person's number. */
static uint32_t person_of(const struct seen *seen)
{
    return (uint32_t)strtoul(seen->to + (*seen->to == 'C' ? 1 : 3), NULL, 10);
}

static size_t log_read(struct work *work, struct seen **at)
{
    FILE *file = fopen(work->log, "r");
    size_t n = 0, cap = 0;
    struct seen seen;
    *at = NULL;
    assert_non_null(file);
    while (fscanf(file, "%63s %64s %64s %15s %63s %15s %31s", seen.key, seen.sha, seen.campaign,
                  seen.contact, seen.to, seen.what, seen.token) == 7) {
        if (n == cap)
            *at = mem_resize(*at, cap = cap ? 2 * cap : 1024, sizeof **at);
        (*at)[n++] = seen;
    }
    fclose(file);
    return n;
}

static void keys_check(struct seen *at, size_t n)
{
    qsort(at, n, sizeof *at, by_key);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(at[i].token, strcmp(at[i].contact, "app") == 0 ? "Bearer_app-token"
                                                                           : "Bearer_sms-token");
        if (i && strcmp(at[i].key, at[i - 1].key) == 0 && strcmp(at[i].sha, at[i - 1].sha) != 0)
            fail_msg("key %s came with two bodies", at[i].key);
    }
}

/* Those delivered, once each by person and campaign, by whatever contact. */
static size_t people_check(struct work *work, struct seen *at, size_t n)
{
    struct mall *mall;
    struct reader *reader;
    struct arena *arena = arena_new();
    size_t delivered = 0;
    assert_ok(mall_open(work->path, &mall, &err));
    assert_ok(reader_open(mall, &reader, &err));
    for (size_t i = 0; i < n; i++) {
        const struct campaign *campaign;
        if (strcmp(at[i].what, "delivered") != 0)
            continue;
        if (*at[i].to != 'C') /* a phone: the same person's card */
            snprintf(at[i].to, sizeof at[i].to, "C%07u", person_of(&at[i]));
        assert_ok(campaign_find(reader, arena, at[i].campaign, &campaign, &err));
        assert_non_null(campaign);
        assert_false(campaign_held_out(campaign, person_of(&at[i])));
        at[delivered++] = at[i];
        if (delivered % 1000 == 0)
            arena_reset(arena);
    }
    qsort(at, delivered, sizeof *at, by_person);
    for (size_t i = 1; i < delivered; i++)
        if (by_person(&at[i], &at[i - 1]) == 0)
            fail_msg("%s got two messages of %s", at[i].to, at[i].campaign);
    reader_close(reader);
    mall_close(mall);
    arena_free(arena);
    return delivered;
}

static void test_kills(void **state)
{
    struct temp_mall mall = temp_mall_new();
    struct work work = {.path = mall.path, .now = 1710468000};
    char sql[300];
    (void)state;
    work.log = temp_path(mall.folder, "log");
    clock_set(work.now);
    sending_members(&mall, PEOPLE);
    work.server = contact_server_start(work.log, "bad");
    snprintf(sql, sizeof sql,
             "update setting set value = 'http://127.0.0.1:%d/' || name where name in"
             " ('contact_app_url', 'contact_sms_url')",
             work.server.port);
    test_run(&mall, sql);
    test_run(&mall, "update setting set value = '1' where name = 'contact_timeout'");
    reader_close(mall.reader);
    writer_close(mall.writer);
    mall_close(mall.mall);
    for (int i = 0; i < KILLS; i++) {
        if (number_of(&work, "select count(*) from campaign where state = 'running'") == 0 ||
            number_of(&work, "select count(*) from message") >=
                (int64_t)work.campaigns * PEOPLE * 75 / 100)
            campaign_add(&work);
        clock_set(work.now += 7);
        kill_at_random(engine, &work, WINDOW_US, 1, (uint64_t)i + 1, NULL);
    }
    finish(&work);
    contact_server_stop(&work.server);

    struct seen *at;
    size_t n = log_read(&work, &at);
    int64_t sent = number_of(&work, "select count(*) from message where state = 3");
    int64_t unknown = number_of(&work, "select count(*) from message where state = 6");
    keys_check(at, n);
    size_t delivered = people_check(&work, at, n);
    print_message("%d campaigns, %zu requests, %zu delivered, %lld sent, %lld unknown\n",
                  work.campaigns, n, delivered, (long long)sent, (long long)unknown);
    assert_true(delivered > PEOPLE / 2);
    assert_int_equal(delivered, sent);
    assert_int_equal(unknown, 0);
    assert_int_equal(number_of(&work, "select sum(value) from campaign_sum where name = 'sent'"),
                     sent);
    /* A coupon for each person and campaign, however often it was tried. */
    assert_int_equal(number_of(&work, "select count(*) - count(distinct campaign * 1000000 +"
                                      " person) from coupon"),
                     0);
    assert_file_whole(work.path);
    free(at);
    free(work.log);
    free(mall.path);
    temp_folder_remove(mall.folder);
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kills)};
    modules_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
