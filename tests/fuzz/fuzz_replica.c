/*
 * Fuzzing a replica by a hub that says what a right one said, changed: in a first copy, and in a
 * session with answers to edits, rows, what is gone and events. Numbers, checksums and the hashes
 * of batches fit. Whatever it says, the replica takes it or ends with a reason, its file can be
 * opened, is a good database, and has the edits that nobody answered. The first byte says which
 * session.
 */
#include "model/store/column.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/sync_recorded.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEPS_MOST = 100000 };

static int64_t now(void *context)
{
    return ((struct sync_world *)context)->clock;
}

/* A batch that SQLite itself does not take is refused as well, by the words of SQLite. */
static void check(enum status status, const struct error *err)
{
    if (status == ST_OK)
        return;
    if (!err->message || strstr(err->message, "malformed") || strstr(err->message, "disk I/O"))
        abort();
}

static void talk(struct sync_world *world, const char *path, const struct wire_bytes *bytes,
                 const struct wire_ends *ends)
{
    struct sync_replica_options options = {now, world, NULL};
    struct sync_replica *replica;
    struct error err = {0};
    enum status status = sync_replica_new(path, &options, &replica, &err);
    size_t at = 0, n;
    check(status, &err);
    for (size_t i = 0; i < ends->n && status == ST_OK; i++) {
        bool more = true;
        sync_replica_feed(replica, bytes->at + at, ends->at[i] - at);
        at = ends->at[i];
        for (int k = 0; more && status == ST_OK; k++) {
            if (k > STEPS_MOST)
                abort();
            status = sync_replica_step(replica, &more, &err);
            sync_replica_out(replica, &n);
            sync_replica_sent(replica, n);
            sync_replica_level(replica);
        }
        check(status, &err);
    }
    sync_replica_free(replica);
    error_clear(&err);
}

static void file_check(const char *path)
{
    struct mall *mall;
    struct reader *reader;
    struct error err = {0};
    sqlite3_stmt *stmt;
    bool row;
    if (access(path, F_OK) != 0)
        return;
    if (mall_open(path, &mall, &err) != ST_OK || reader_open(mall, &reader, &err) != ST_OK ||
        reader_prepare(reader, "pragma integrity_check(1)", &stmt, &err) != ST_OK ||
        reader_step(reader, stmt, &row, &err) != ST_OK || !row ||
        strcmp(column_text(stmt, 0), "ok") != 0) {
        fprintf(stderr, "%s: %s\n", path, error_text(&err));
        abort();
    }
    sqlite3_reset(stmt);
    reader_close(reader);
    mall_close(mall);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_bytes bytes;
    struct wire_ends ends;
    if (size < 1)
        return 0;
    fuzz_folder();
    struct sync_world *world = recorded_world();
    const struct recorded *session = recorded_session(data[0] % RECORDED_SESSIONS);
    char *path = sync_world_path(world, "admin");
    recorded_say(&session->down, data + 1, size - 1, &bytes, &ends);
    recorded_put_back(session);
    talk(world, path, &bytes, &ends);
    file_check(path);
    free(path);
    free(bytes.at);
    free(ends.at);
    return 0;
}
