/*
 * Coupons issued and redeemed: many in a transaction, as a till's collection is, and single ones
 * with a commit each. Usage: bench_coupon MALL [N]; MALL is an empty mall or a demo mall, in which
 * a campaign is made. Prints JSON: how many a second of wall-clock and of processor time.
 */
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/campaign/coupon.h"
#include "model/event/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { BATCH = 1000, SINGLES = 300 };

struct watch {
    int64_t wall, cpu;
};

static int64_t cpu_ns(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * INT64_C(1000000000) +
           (use.ru_utime.tv_usec + use.ru_stime.tv_usec) * INT64_C(1000);
}

static struct watch watch_start(void)
{
    return (struct watch){time_monotonic_ns(), cpu_ns()};
}

static void watch_print(const struct watch *start, const char *name, int64_t n)
{
    double wall = (double)(time_monotonic_ns() - start->wall) / 1e9;
    double cpu = (double)(cpu_ns() - start->cpu) / 1e9;
    printf("{\"what\": \"%s\", \"n\": %lld, \"per_second\": %.0f, \"per_cpu_second\": %.0f}\n",
           name, (long long)n, (double)n / wall, (double)n / cpu);
}

static struct error err;

static void need(enum status status)
{
    if (status == ST_OK)
        return;
    fprintf(stderr, "bench_coupon: %s\n", error_text(&err));
    exit(1);
}

static void campaign_make(struct writer *writer)
{
    need(writer_begin(writer, &err));
    if (sqlite3_exec(writer_db(writer),
                     "insert or ignore into tenant (id, code, smart_pos) values (1, 'T1', 1);"
                     "insert or ignore into campaign (id, code, kind, value, minimum, shops,"
                     " weekdays, budget, state) values (900001, 'bench-coupons', 'coupon', 1000,"
                     " 5000, 'smart_pos', 127, 100000000000, 'running')",
                     NULL, NULL, NULL) != SQLITE_OK)
        exit(1);
    need(writer_commit(writer, &err));
}

static char (*issue_all(struct writer *writer, int64_t n))[COUPON_CODE]
{
    struct campaign campaign = {.id = 900001, .code = "bench-coupons"};
    struct coupon_issue *issues = mem_zero(BATCH, sizeof *issues);
    struct coupon_result *results = mem_zero(BATCH, sizeof *results);
    char(*codes)[COUPON_CODE] = mem_zero((size_t)n, sizeof *codes);
    struct watch watch = watch_start();
    for (int64_t at = 0; at < n; at += BATCH) {
        size_t some = (size_t)(n - at < BATCH ? n - at : BATCH);
        for (size_t i = 0; i < some; i++)
            issues[i] = (struct coupon_issue){.campaign = &campaign,
                                              .person = (uint32_t)(at + (int64_t)i) % 5000 + 1,
                                              .time = 1793000000};
        need(coupon_issue_many(writer, NULL, issues, some, results, &err));
        for (size_t i = 0; i < some; i++)
            memcpy(codes[at + (int64_t)i], results[i].coupon.code, COUPON_CODE);
    }
    watch_print(&watch, "issue, 1,000 a transaction", n);
    free(issues);
    free(results);
    return codes;
}

static void redeem_all(struct writer *writer, char (*codes)[COUPON_CODE], int64_t n, size_t batch,
                       const char *name)
{
    struct coupon_use *uses = mem_zero(batch, sizeof *uses);
    struct coupon_result *results = mem_zero(batch, sizeof *results);
    char(*refs)[48] = mem_zero(batch, sizeof *refs);
    struct watch watch = watch_start();
    for (int64_t at = 0; at < n; at += (int64_t)batch) {
        size_t some = n - at < (int64_t)batch ? (size_t)(n - at) : batch;
        for (size_t i = 0; i < some; i++) {
            snprintf(refs[i], sizeof refs[i], "R%zu-%010lld", batch, (long long)(at + (int64_t)i));
            uses[i] = (struct coupon_use){codes[at + (int64_t)i], 1, 12000, 1793100000, refs[i]};
        }
        need(coupon_redeem_many(writer, NULL, uses, some, results, &err));
        for (size_t i = 0; i < some; i++)
            if (results[i].status != ST_OK) {
                fprintf(stderr, "bench_coupon: refused: %s\n", results[i].reason);
                exit(1);
            }
    }
    watch_print(&watch, name, n);
    free(uses);
    free(results);
    free(refs);
}

int main(int argc, char **argv)
{
    struct mall *mall;
    struct writer *writer;
    int64_t n = 100000;
    if (argc < 2 || (argc > 2 && (!text_to_int64(argv[2], strlen(argv[2]), &n) || n < 1)))
        return 2;
    need(mall_open(argv[1], &mall, &err));
    need(writer_open(mall, &writer, &err));
    campaign_make(writer);
    char(*codes)[COUPON_CODE] = issue_all(writer, n + SINGLES);
    need(event_fold(writer, 0, &err)); /* so that the index of references has layers */
    redeem_all(writer, codes, n, BATCH, "redeem, 1,000 a transaction");
    redeem_all(writer, codes + n, SINGLES, 1, "redeem, a commit each");
    free(codes);
    writer_close(writer);
    mall_close(mall);
    return 0;
}
