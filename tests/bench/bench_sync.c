/*
 * Measures a replica: what the log costs an import, a first copy, and catching up new events, both
 * ends in one program and no wire between. Usage: bench_sync [EVENTS [NEW [FOLDER]]]. With PLAIN in
 * the environment only the import that the log's cost is compared with.
 */
#include "model/base/vec.h"
#include "model/event/event.h"
#include "model/sync/hub.h"
#include "model/sync/outbox.h"
#include "model/sync/replica.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum { PEOPLE = 500000, DAY = 86400 };

static struct error err;

static void need(enum status status, const char *what)
{
    if (status == ST_OK)
        return;
    fprintf(stderr, "%s: %s\n", what, error_text(&err));
    exit(1);
}

static double cpu(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static uint64_t next(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

/* 40 % sightings, 30 % purchases with numbered references, the rest app events, of `days` days. */
static void events_import(struct writer *writer, int64_t n, int64_t first, int days,
                          uint64_t *state, int64_t *number, double *took)
{
    struct event_bulk *bulk;
    double before = cpu();
    need(event_bulk_begin(writer, NULL, &bulk, &err), "import");
    for (int64_t i = 0; i < n; i++) {
        char ref[32];
        unsigned kind = (unsigned)(next(state) % 10);
        struct event event = {.time = first + (int64_t)(next(state) % ((uint64_t)days * DAY)),
                              .person = 1 + (uint32_t)(next(state) % PEOPLE),
                              .kind = kind < 4   ? KIND_SIGHTING
                                      : kind < 7 ? KIND_PURCHASE
                                                 : KIND_APP_OPEN};
        if (event.kind == KIND_SIGHTING)
            event.zone = 1 + (uint32_t)(next(state) % 60);
        if (event.kind == KIND_PURCHASE) {
            event.tenant = 1 + (uint32_t)(next(state) % 300);
            event.amount = (int64_t)(next(state) % 100000);
            event.ref = ref;
            event.ref_size = (uint32_t)snprintf(ref, sizeof ref, "R%lld", (long long)++*number);
        }
        need(event_bulk_add(bulk, 0, &event, 1, &err), "import");
    }
    need(event_bulk_commit(bulk, NULL, NULL, NULL, &err), "import");
    *took = cpu() - before;
}

/* Until both are level. */
static struct sync_counts level(struct mall *mall, const char *path, double *hub_took,
                                double *replica_took, long *memory)
{
    struct sync_hub *hub;
    struct sync_replica *replica;
    struct sync_hub_options of_hub = {.principal = "admin"};
    struct sync_replica_options of_replica = {.hub = "bench"};
    *hub_took = *replica_took = 0;
    need(sync_hub_new(mall, &of_hub, &hub, &err), "hub");
    need(sync_replica_new(path, &of_replica, &replica, &err), "replica");
    while (!sync_replica_level(replica)) {
        bool more;
        size_t n;
        double before = cpu();
        need(sync_replica_step(replica, &more, &err), "replica");
        const unsigned char *bytes = sync_replica_out(replica, &n);
        if (n)
            sync_hub_feed(hub, bytes, n);
        sync_replica_sent(replica, n);
        double between = cpu();
        *replica_took += between - before;
        need(sync_hub_step(hub, &more, &err), "hub");
        *hub_took += cpu() - between;
        bytes = sync_hub_out(hub, &n);
        if (n)
            sync_replica_feed(replica, bytes, n);
        sync_hub_sent(hub, n);
    }
    struct sync_counts counts = sync_replica_counts(replica);
    sync_replica_free(replica);
    sync_hub_free(hub);
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    *memory = use.ru_maxrss / 1024;
    return counts;
}

static void run(struct writer *writer, const char *sql)
{
    need(writer_begin(writer, &err), "begin");
    if (sqlite3_exec(writer_db(writer), sql, NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(writer_db(writer)));
        exit(1);
    }
    need(writer_commit(writer, &err), "commit");
}

/* What the new events take as zstd alone: their log's columns once more compressed. */
static int64_t zstd_size(struct writer *writer)
{
    sqlite3_stmt *stmt;
    int64_t size = 0;
    VEC(unsigned char) all = {0};
    need(writer_prepare(writer,
                        "select head, data from event_delta where batch = (select max(id) from"
                        " batch) order by block, month",
                        &stmt, &err),
         "deltas");
    while (sqlite3_step(stmt) == SQLITE_ROW)
        for (int i = 0; i < 2; i++) {
            size_t n = (size_t)sqlite3_column_bytes(stmt, i);
            vec_reserve(&all, n);
            memcpy(all.at + all.n, sqlite3_column_blob(stmt, i), n);
            all.n += n;
        }
    sqlite3_reset(stmt);
    if (all.n) {
        void *out = mem_alloc(ZSTD_compressBound(all.n));
        size = (int64_t)ZSTD_compress(out, ZSTD_compressBound(all.n), all.at, all.n, 3);
        free(out);
    }
    vec_free(&all);
    return size;
}

int main(int argc, char **argv)
{
    int64_t n = argc > 1 ? strtoll(argv[1], NULL, 10) : 5000000;
    int64_t fresh = argc > 2 ? strtoll(argv[2], NULL, 10) : 1000000;
    const char *folder = argc > 3 ? argv[3] : "/tmp";
    char *path = mem_printf("%s/bench-sync-%d.mall", folder, (int)getpid());
    char *other = mem_printf("%s/bench-sync-%d.replica", folder, (int)getpid());
    const int64_t first = 1704067200;
    struct mall *mall;
    struct writer *writer;
    uint64_t state = 1;
    int64_t number = 0;
    double took, plain, logged, hub_took, replica_took;
    long memory;
    struct stat found;
    need(mall_create(path, NULL, &err), "make");
    need(mall_open(path, &mall, &err), "open");
    need(writer_open(mall, &writer, &err), "open");
    run(writer, "update counter set value = 500000 where name = 'person';"
                "insert into principal (name, role) values ('admin', 'admin');"
                "with recursive i(n) as (select 1 union all select n + 1 from i where n < 500000)"
                " insert into member (person, card, name, phone) select n, 'C' || n, 'N' || n,"
                " '138' || (10000000 + n) from i");
    events_import(writer, n, first, 60, &state, &number, &took);
    events_import(writer, fresh, first + 30 * DAY, 30, &state, &number, &plain);
    if (getenv("PLAIN")) { /* the other half of a pair: the same import without a log */
        events_import(writer, fresh, first + 30 * DAY, 30, &state, &number, &plain);
        printf("%.2f\n", plain);
        unlink(path);
        return 0;
    }
    need(writer_begin(writer, &err), "begin");
    need(sync_hub_make(writer, &err), "hub");
    need(writer_commit(writer, &err), "commit");
    struct sync_counts copy = level(mall, other, &hub_took, &replica_took, &memory);
    stat(path, &found);
    printf("first copy of %lld events and 500,000 members: hub %.2f s, replica %.2f s of CPU, "
           "%.1f MB (file %.1f MB), memory %ld MB with the import's\n",
           (long long)(n + fresh), hub_took, replica_took, (double)copy.bytes_in / 1e6,
           (double)found.st_size / 1e6, memory);
    events_import(writer, fresh, first + 30 * DAY, 30, &state, &number, &logged);
    printf("import of %lld events into months that have some: %.2f s of CPU, with the log %.2f s\n",
           (long long)fresh, plain, logged);
    int64_t size = zstd_size(writer);
    struct sync_counts caught = level(mall, other, &hub_took, &replica_took, &memory);
    printf("catching up %lld events: hub %.2f s, replica %.2f s of CPU, %.2f MB, %.2f of their "
           "zstd size\n",
           (long long)fresh, hub_took, replica_took, (double)caught.bytes_in / 1e6,
           size ? (double)caught.bytes_in / (double)size : 0);
    writer_close(writer);
    mall_close(mall);
    unlink(path);
    unlink(other);
    free(path);
    free(other);
    return 0;
}
