/*
 * Measures collection: from the moment a device has written a receipt into its spool until the mall
 * file shows that it is there (its offset is committed with its events), with a session to every
 * device. Prints one JSON document. Usage: bench_collect FOLDER DEVICES [RECEIPTS]; FOLDER has the
 * user key `id` and gets a mall.
 */
#include "fixtures/devices/farm.h"
#include "model/base/time.h"
#include "model/fleet/collect_service.h"
#include "model/store/mall.h"
#include "views/modules.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 7, PATIENCE_MS = 120000, LOOK_MS = 2, RECEIPTS = 600, PER_SECOND = 30 };

struct till {
    int64_t written; /* bytes in its spool */
    int64_t safe;    /* of those, in the mall file */
};

/* A receipt that is under way: where its line ends in the spool, and when it was written. */
struct receipt {
    size_t till;
    int64_t end, at_ns;
    bool there;
};

struct bench {
    struct arena *arena;
    const char *folder;
    size_t n;
    struct farm *farm;
    struct mall *mall;
    struct reader *reader;
    struct till *tills;
    struct receipt *receipts;
    size_t n_receipts, there;
    double *ms; /* of those that are there */
    struct error err;
};

static void stop(const char *why)
{
    fprintf(stderr, "bench_collect: %s\n", why);
    exit(1);
}

static void must(const struct bench *bench, enum status status)
{
    if (status != ST_OK)
        stop(error_text(&bench->err));
}

static const char *code_of(const struct bench *bench, size_t till)
{
    return arena_printf(bench->arena, "P%zu", till);
}

static void farm_begin(struct bench *bench)
{
    struct farm_spec *specs = arena_array(bench->arena, struct farm_spec, bench->n);
    for (size_t i = 0; i < bench->n; i++)
        specs[i] = (struct farm_spec){.code = code_of(bench, i),
                                      .kind = "pos",
                                      .host = "127.0.0.1",
                                      .tenant = "T",
                                      .item = "tea",
                                      .price = 3000};
    struct farm_options options = {
        .specs = specs,
        .n = bench->n,
        .user_key = arena_printf(bench->arena, "%s/id.pub", bench->folder),
        .seed = SEED,
    };
    must(bench, farm_start(&options, &bench->farm, &bench->err));
}

static void mall_begin(struct bench *bench)
{
    char pin[FARM_PIN];
    struct writer *writer;
    char *path = arena_printf(bench->arena, "%s/collect-%zu.mall", bench->folder, bench->n);
    must(bench, mall_create(path, &(struct mall_options){.name = "bench"}, &bench->err));
    must(bench, mall_open(path, &bench->mall, &bench->err));
    must(bench, writer_open(bench->mall, &writer, &bench->err));
    must(bench, writer_begin(writer, &bench->err));
    sqlite3_exec(writer_db(writer), "insert into tenant (id, code, name) values (1, 'T', 'Tea')",
                 NULL, NULL, NULL);
    for (size_t i = 0; i < bench->n; i++) {
        farm_pin(SEED, code_of(bench, i), pin);
        char *sql =
            arena_printf(bench->arena,
                         "insert into device (id, code, kind, host, port, user, tenant, pin)"
                         " values (%zu, '%s', 'pos', '127.0.0.1', %d, 'atrium', 1, '%s')",
                         i + 1, code_of(bench, i), farm_port(bench->farm, code_of(bench, i)), pin);
        if (sqlite3_exec(writer_db(writer), sql, NULL, NULL, NULL) != SQLITE_OK)
            stop(sqlite3_errmsg(writer_db(writer)));
    }
    must(bench, writer_touch_rows(writer, &bench->err));
    must(bench, writer_commit(writer, &bench->err));
    writer_close(writer);
    must(bench, reader_open(bench->mall, &bench->reader, &bench->err));
}

/* ---- Writing and looking ---- */

static void receipt_write(struct bench *bench, size_t till)
{
    struct receipt *receipt = &bench->receipts[bench->n_receipts];
    char line[200];
    int n =
        snprintf(line, sizeof line,
                 "{\"receipt\":\"R%zu\",\"time\":\"%lld\",\"tenant\":\"T\",\"amount\":\"12.50\","
                 "\"item\":\"tea\",\"payment\":\"wallet\"}\n",
                 bench->n_receipts++, (long long)time_now());
    bench->tills[till].written += n;
    *receipt = (struct receipt){till, bench->tills[till].written, time_monotonic_ns(), false};
    farm_file_put(bench->farm, code_of(bench, till), "spool/receipts", line, (size_t)n, false);
}

/* What is in the file now; receipts whose end lies before their device's offset are there. */
static void look(struct bench *bench)
{
    sqlite3_stmt *stmt;
    bool row = true;
    must(bench,
         reader_prepare(bench->reader, "select device, offset from collect", &stmt, &bench->err));
    while (reader_step(bench->reader, stmt, &row, &bench->err) == ST_OK && row) {
        int64_t device = sqlite3_column_int64(stmt, 0);
        if (device >= 1 && device <= (int64_t)bench->n)
            bench->tills[device - 1].safe = sqlite3_column_int64(stmt, 1);
    }
    sqlite3_reset(stmt);
    int64_t now = time_monotonic_ns();
    for (size_t i = 0; i < bench->n_receipts; i++) {
        struct receipt *receipt = &bench->receipts[i];
        if (receipt->there || receipt->end > bench->tills[receipt->till].safe)
            continue;
        receipt->there = true;
        bench->ms[bench->there++] = (double)(now - receipt->at_ns) / 1e6;
    }
}

static void look_until_there(struct bench *bench)
{
    int64_t end = time_monotonic_ns() + (int64_t)PATIENCE_MS * 1000000;
    while (bench->there < bench->n_receipts) {
        poll(NULL, 0, LOOK_MS);
        look(bench);
        if (time_monotonic_ns() > end)
            stop("receipts do not come");
    }
}

/* Every device has its session, and something came over it. */
static void sessions_wait(struct bench *bench, const struct collect_service *service)
{
    const struct collect_numbers *numbers = collect_service_numbers(service);
    int64_t end = time_monotonic_ns() + (int64_t)PATIENCE_MS * 1000000;
    while (atomic_load(&numbers->live) < (int)bench->n) {
        poll(NULL, 0, 50);
        if (time_monotonic_ns() > end)
            stop("not every device has a session");
    }
    for (size_t i = 0; i < bench->n; i++)
        receipt_write(bench, i);
    look_until_there(bench);
}

static void receipts_measure(struct bench *bench, size_t receipts)
{
    uint64_t dice = SEED;
    int64_t began = time_monotonic_ns();
    bench->n_receipts = bench->there = 0;
    for (size_t i = 0; i < receipts; i++) {
        while (time_monotonic_ns() < began + (int64_t)i * 1000000000 / PER_SECOND) {
            poll(NULL, 0, LOOK_MS);
            look(bench);
        }
        dice = dice * 6364136223846793005u + 1442695040888963407u;
        receipt_write(bench, (size_t)(dice >> 33) % bench->n);
    }
    look_until_there(bench);
}

/* ---- Figures ---- */

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double part(const struct bench *bench, double share)
{
    size_t at = (size_t)(share * (double)bench->there);
    return bench->ms[at < bench->there ? at : bench->there - 1];
}

static void figures_print(const struct bench *bench)
{
    qsort(bench->ms, bench->there, sizeof *bench->ms, compare);
    printf("{\"collect_visible_%zu_p50_ms\": %.1f, \"collect_visible_%zu_p99_ms\": %.1f,"
           " \"collect_visible_%zu_max_ms\": %.1f}\n",
           bench->n, part(bench, 0.5), bench->n, part(bench, 0.99), bench->n, part(bench, 1));
}

static size_t count_of(const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*end || n < 1 || n > 5000)
        stop("expected a number from 1 to 5000");
    return n;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        stop("usage: bench_collect FOLDER DEVICES [RECEIPTS]");
    signal(SIGPIPE, SIG_IGN);
    modules_start();
    struct bench bench = {.arena = arena_new(), .folder = argv[1], .n = count_of(argv[2])};
    size_t receipts = argc > 3 ? count_of(argv[3]) : RECEIPTS;
    size_t most = receipts > bench.n ? receipts : bench.n;
    bench.tills = arena_array(bench.arena, struct till, bench.n);
    bench.receipts = arena_array(bench.arena, struct receipt, most);
    bench.ms = arena_array(bench.arena, double, most);
    farm_begin(&bench);
    mall_begin(&bench);
    struct access access = access_engine();
    struct collect_options options = {.mall = bench.mall,
                                      .access = &access,
                                      .identity = arena_printf(bench.arena, "%s/id", bench.folder)};
    struct collect_service *service = collect_service_start(&options);
    sessions_wait(&bench, service);
    receipts_measure(&bench, receipts);
    collect_service_stop(service);
    figures_print(&bench);
    reader_close(bench.reader);
    mall_close(bench.mall);
    farm_stop(bench.farm);
    arena_free(bench.arena);
    return 0;
}
