/*
 * The portal of the mall's network reads a file: a JSON document of one message a line, with the
 * addresses of the devices it is for. It is written whole beside its place, synced and renamed, so
 * the portal never sees half of it and a crash leaves the one before. What is in it comes from the
 * rows, so writing it again changes nothing.
 */
#include "model/campaign/contact_adapter.h"

#include "model/base/text.h"
#include "model/store/column.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct portal {
    char *path;
    struct reader *reader;
};

static void portal_close(void *state)
{
    struct portal *portal = state;
    free(portal->path);
    free(portal);
}

/* Messages that are on their way or sent, of campaigns that run. */
static const char rows_sql[] =
    "select m.body from message m join campaign c on c.id = m.campaign where m.contact = 4 and"
    " m.state in (2, 3) and m.body <> '' and c.state in ('running', 'paused') order by m.campaign,"
    " m.person";

static enum status rows_write(struct portal *portal, FILE *file, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true, first = true;
    enum status status = reader_begin(portal->reader, err);
    if (status != ST_OK)
        return status;
    status = reader_prepare(portal->reader, rows_sql, &stmt, err);
    fputs("{\"messages\": [", file);
    while (status == ST_OK && (status = reader_step(portal->reader, stmt, &row, err)) == ST_OK &&
           row) {
        fprintf(file, "%s\n%s", first ? "" : ",", column_text(stmt, 0));
        first = false;
    }
    fputs("\n]}\n", file);
    reader_end(portal->reader);
    return status;
}

static enum status trouble(struct portal *portal, const char *doing, struct error *err)
{
    int cause = errno;
    struct arena *arena = arena_new();
    error_set(err, ST_REFUSED, "%s cannot be %s (%s): the portal of the network reads it",
              text_quote(arena, portal->path, strlen(portal->path)), doing, strerror(cause));
    arena_free(arena);
    return ST_REFUSED;
}

static enum status folder_sync(struct portal *portal, struct error *err)
{
    char *path = mem_strdup(portal->path);
    int folder = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = folder >= 0 && fsync(folder) == 0;
    free(path);
    enum status status = good ? ST_OK : trouble(portal, "made durable", err);
    if (folder >= 0)
        close(folder);
    return status;
}

static enum status portal_write(struct portal *portal, struct error *err)
{
    char *beside = mem_printf("%s.new", portal->path);
    FILE *file = fopen(beside, "we");
    enum status status = file ? rows_write(portal, file, err) : trouble(portal, "written", err);
    if (file && status == ST_OK && (fflush(file) != 0 || ferror(file) || fsync(fileno(file)) != 0))
        status = trouble(portal, "written", err);
    if (file && fclose(file) != 0 && status == ST_OK)
        status = trouble(portal, "written", err);
    if (status == ST_OK && rename(beside, portal->path) != 0)
        status = trouble(portal, "replaced", err);
    if (status == ST_OK)
        status = folder_sync(portal, err);
    if (status != ST_OK)
        unlink(beside);
    free(beside);
    return status;
}

static enum status portal_send(void *state, struct outgoing *messages, size_t n,
                               const atomic_bool *stop, struct arena *arena, struct error *err)
{
    struct error own = {0};
    enum status status = portal_write(state, &own);
    (void)stop;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        messages[i].outcome = status == ST_OK ? OUTCOME_SENT : OUTCOME_LATER;
        messages[i].note = status == ST_OK ? NULL : arena_strdup(arena, error_text(&own));
    }
    error_clear(&own);
    return ST_OK;
}

const struct contact_adapter contact_wifi = {
    .name = "portal",
    .idempotent = true,
    .send = portal_send,
    .close = portal_close,
};

enum status contact_wifi_open(struct reader *reader, const char *path, struct contact_line *line,
                              struct error *err)
{
    if (*path != '/')
        return error_set(err, ST_REFUSED, "expected the whole path of a file, from / on");
    struct portal *portal = mem_zero(1, sizeof *portal);
    portal->path = mem_strdup(path);
    portal->reader = reader;
    *line = (struct contact_line){.adapter = &contact_wifi, .state = portal};
    return ST_OK;
}
