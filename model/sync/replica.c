#include "model/sync/replica.h"

#include "model/base/random.h"
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/store/lock.h"
#include "model/store/schema.h"
#include "model/sync/apply.h"
#include "model/sync/making.h"
#include "model/sync/outbox_parts.h"
#include "model/sync/replica_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CREDIT = 16 << 20,
    COPY_CREDIT = 80 << 20, /* more than is held while an index is made, so that the line goes on */
    IN_FLIGHT = 16,
    MEANWHILE = 2000 /* steps of SQLite's: a tenth of a millisecond */
};

struct sync_replica {
    char *path, *making;
    int64_t (*now)(void *context);
    void *context;
    char *hub; /* URL or command; NULL: as it is */
    char id[33], machine[65];
    struct file_lock lock;
    struct side home, copy; /* the replica, with its outbox; a first copy under way */
    struct side *at;        /* which of them is pulled into */
    struct frame_in in;
    struct frame_out out;
    struct batch_in batch;
    struct welcome welcome;
    uint64_t taken; /* bytes of payloads, as the hub counts them */
    bool greeted, level, leaving, over;
    bool placing;  /* the copy is level, and takes its place when no edit is under way */
    bool indexing; /* the copy has all rows of tables that lack indices still */
    int reached;   /* the place it is at, before which indices were looked for */
    bool (*meanwhile)(void *context);
    void *meanwhile_context;
    int64_t sent_up_to; /* number of the outbox */
    int in_flight;
    struct sync_counts counts;
};

static int64_t replica_now(const struct sync_replica *r)
{
    return r->now ? r->now(r->context) : time_now();
}

static void say(struct sync_replica *r, enum frame_type type, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    frame_put(&r->out, type, text, strlen(text));
    free(text);
    json_decref(json);
}

/* ---- Beginning ---- */

static bool there(const char *path)
{
    struct stat found;
    return lstat(path, &found) == 0;
}

/* Whether a first copy still gets its rows. */
static bool side_copying(const struct side *side)
{
    struct position position;
    return !position_parse(side->position, &position) || position.copy;
}

static enum status copy_open(struct sync_replica *r)
{
    enum status status = side_open(&r->copy, r->making, NULL);
    if (status != ST_OK)
        return status;
    status = side_copying(&r->copy) ? making_begin(&r->copy, NULL) : making_go_on(&r->copy, NULL);
    r->indexing = status == ST_OK;
    if (status != ST_OK)
        side_close(&r->copy);
    return status;
}

/* A copy that was broken off goes on; one that cannot be opened begins again. */
static enum status sides_open(struct sync_replica *r, struct error *err)
{
    enum status status = ST_OK;
    if (there(r->path))
        status = side_open(&r->home, r->path, err);
    if (status == ST_OK && there(r->making) && copy_open(r) != ST_OK)
        side_remove(r->making);
    r->at = r->copy.writer ? &r->copy : r->home.writer ? &r->home : NULL;
    return status;
}

/* A copy that is made anew is the same replica. */
static void who(struct sync_replica *r)
{
    const char *known = *r->home.id ? r->home.id : r->copy.id;
    if (*known)
        memcpy(r->id, known, sizeof r->id);
    else
        random_hex(r->id, 16);
    if (gethostname(r->machine, sizeof r->machine) != 0)
        *r->machine = 0;
    r->machine[sizeof r->machine - 1] = 0;
}

static void hello(struct sync_replica *r)
{
    const struct side *at = r->at;
    struct position position;
    bool known = at && position_parse(at->position, &position);
    say(r, FRAME_HELLO,
        json_pack("{s:i, s:i, s:s, s:s, s:s, s:s, s:o, s:s}", "sync", SYNC_VERSION, "schema",
                  schema_version, "replica", r->id, "machine", r->machine, "epoch",
                  at ? at->epoch : "", "policy", at ? at->policy : "", "position",
                  known ? position_json(&position) : json_null(), "program", ATRIUM_VERSION));
}

enum status sync_replica_new(const char *path, const struct sync_replica_options *options,
                             struct sync_replica **out, struct error *err)
{
    *out = NULL;
    struct sync_replica *r = mem_zero(1, sizeof *r);
    r->path = mem_strdup(path);
    r->making = mem_printf("%s.making", path);
    r->now = options->now;
    r->context = options->context;
    r->hub = options->hub ? mem_strdup(options->hub) : NULL;
    r->counts.share = 1;
    enum status status = lock_open(&r->lock, path, err);
    if (status == ST_OK)
        status = lock_take(&r->lock, LOCK_SYNC, 0, err);
    if (status == ST_OK)
        status = sides_open(r, err);
    if (status != ST_OK) {
        sync_replica_free(r);
        return status;
    }
    who(r);
    hello(r);
    *out = r;
    return ST_OK;
}

void sync_replica_free(struct sync_replica *r)
{
    if (!r)
        return;
    side_close(&r->home);
    side_close(&r->copy);
    frame_in_free(&r->in);
    frame_out_free(&r->out);
    batch_in_free(&r->batch);
    welcome_free(&r->welcome);
    lock_close(&r->lock);
    free(r->path);
    free(r->making);
    free(r->hub);
    free(r);
}

/* ---- Welcome ---- */

static void pull(struct sync_replica *r)
{
    struct position position;
    uint64_t credit = r->at == &r->copy ? COPY_CREDIT : CREDIT;
    json_t *json = json_pack("{s:I}", "bytes", (json_int_t)(r->taken + credit));
    if (r->at && position_parse(r->at->position, &position) && !position.copy)
        json_object_set_new(json, "position", position_json(&position));
    say(r, FRAME_PULL, json);
}

static enum status edits_send(struct sync_replica *r, bool *some, struct error *err)
{
    enum status status = ST_OK;
    *some = false;
    while (r->home.writer && r->in_flight < IN_FLIGHT && status == ST_OK) {
        json_t *edit = NULL;
        status = outbox_next(r->home.writer, &r->sent_up_to, &edit, err);
        if (!edit)
            break;
        say(r, FRAME_EDIT, edit);
        r->in_flight++;
        *some = true;
    }
    return status;
}

/* Another epoch: the hub of before is forgotten, and what it acknowledged is asked for again. */
static enum status epoch_changed(struct sync_replica *r, struct error *err)
{
    if (!r->home.writer || !*r->home.epoch || strcmp(r->home.epoch, r->welcome.epoch) == 0)
        return ST_OK;
    return outbox_again(r->home.writer, r->welcome.epoch, err);
}

static enum status welcomed(struct sync_replica *r, const json_t *json, struct error *err)
{
    if (r->greeted)
        return error_set(err, ST_REFUSED, "the hub said welcome twice");
    enum status status = welcome_read(json, &r->welcome, err);
    if (status == ST_OK)
        status = epoch_changed(r, err);
    if (status == ST_OK && r->welcome.rebuild) {
        side_close(&r->copy);
        side_remove(r->making);
        status = side_make(&r->copy, r->making, &r->welcome, r->id, err);
        if (status == ST_OK)
            status = making_begin(&r->copy, err);
        r->at = &r->copy;
        r->indexing = false;
        r->counts.share = 0;
    }
    if (status == ST_OK)
        status = side_greet(r->at, &r->welcome, r->id, r->hub, err);
    if (status != ST_OK)
        return status;
    bool some;
    r->greeted = true;
    pull(r);
    return edits_send(r, &some, err); /* with it, so that they wait for no batch */
}

/* ---- A copy that is complete takes its place ---- */

static enum status copy_move(struct sync_replica *r, struct error *err)
{
    enum status status = ST_OK;
    if (r->home.writer)
        status = outbox_carry(r->home.writer, r->copy.writer, err);
    if (status == ST_OK)
        status = writer_checkpoint(r->copy.writer, err);
    if (status != ST_OK)
        return status;
    side_close(&r->home);
    side_close(&r->copy);
    side_unlink_log(r->path);
    if (rename(r->making, r->path) != 0)
        return error_set(err, ST_UNUSABLE, "the new copy cannot take its place at '%s' (%s)",
                         r->path, strerror(errno));
    return ST_OK;
}

/* From the moment the outbox is carried over nobody makes another edit in the old file: whoever
 * waits for it finds that the file was replaced. */
static enum status copy_place(struct sync_replica *r, struct error *err)
{
    if (r->home.writer) /* as little as may be in the log, which goes before the file does */
        writer_checkpoint(r->home.writer, NULL);
    enum status status = lock_take(&r->lock, LOCK_WRITER, WRITER_WAIT_MS, err);
    if (status == ST_OK)
        status = copy_move(r, err);
    lock_release(&r->lock, LOCK_WRITER);
    if (status != ST_OK)
        return status;
    status = side_open(&r->home, r->path, err);
    r->at = &r->home;
    r->counts.share = 1;
    return status;
}

/* ---- Batches ---- */

/* With its last row a table gets its indices, while the hub goes on with the next. */
static void place_look(struct sync_replica *r)
{
    struct position position;
    if (!position_parse(r->at->position, &position))
        return;
    r->indexing |= !position.copy || position.place != r->reached;
    r->reached = position.place;
}

static enum status batch_apply(struct sync_replica *r, const json_t *end, struct error *err)
{
    struct apply apply = {.writer = r->at->writer,
                          .role = r->welcome.role,
                          .now = replica_now(r),
                          .copying = r->at == &r->copy && side_copying(r->at),
                          .batch = &r->batch,
                          .end = end};
    if (!batch_in_whole(&r->batch, end))
        return error_set(err, ST_REFUSED,
                         "a batch from the hub is not what its end says: nothing of it was kept");
    enum status status = apply_batch(&apply, err);
    r->batch.open = false;
    if (status != ST_OK)
        return status;
    r->counts.pulled += apply.rows + apply.events;
    if (apply.settings)
        status = mall_reload(r->at->mall, err);
    if (status == ST_OK)
        status = side_read(r->at, err);
    if (status == ST_OK && apply.copying)
        place_look(r);
    return status;
}

static enum status batch_ended(struct sync_replica *r, const json_t *end, struct error *err)
{
    struct position position;
    bool more = json_is_true(json_object_get(end, "more"));
    enum status status = batch_apply(r, end, err);
    if (status != ST_OK)
        return status;
    bool copying = position_parse(r->at->position, &position) && position.copy;
    r->level = !more;
    if (!copying)
        r->counts.as_of = json_integer_value(json_object_get(end, "time"));
    r->placing = r->at == &r->copy && !copying && !more;
    pull(r);
    return ST_OK;
}

/* ---- Answers ---- */

static enum status answered(struct sync_replica *r, const json_t *answer, struct error *err)
{
    const char *state = json_string_value(json_object_get(answer, "state"));
    if (!r->home.writer || r->in_flight == 0 || !state)
        return error_set(err, ST_REFUSED, "the hub answered an edit that was not sent");
    r->in_flight--;
    r->counts.pushed += strcmp(state, "done") == 0;
    r->counts.conflicts += strcmp(state, "conflict") == 0;
    r->counts.refused += strcmp(state, "refused") == 0;
    return outbox_answer(r->home.writer, answer, replica_now(r), err);
}

/* ---- Frames ---- */

static enum status bye(struct sync_replica *r, const json_t *json, struct error *err)
{
    const char *reason = json_string_value(json_object_get(json, "reason"));
    const char *name = json_string_value(json_object_get(json, "status"));
    enum status status = ST_CONFLICT;
    r->over = true;
    if (!reason || !*reason)
        return ST_OK;
    for (int s = ST_REFUSED; name && s <= ST_UNUSABLE; s++)
        if (strcmp(name, status_name((enum status)s)) == 0)
            status = (enum status)s;
    if (json_is_true(json_object_get(json, "revoked")) && r->home.writer)
        side_lock(&r->home, NULL);
    struct arena *arena = arena_new();
    error_set(err, status, "the hub ended the session: %s",
              text_quote(arena, reason, strlen(reason)));
    arena_free(arena);
    return status;
}

static enum status json_frame(struct sync_replica *r, const struct frame *frame, struct error *err)
{
    json_t *json = json_loadb((const char *)frame->payload, frame->size, 0, NULL);
    enum status status;
    if (!json_is_object(json))
        status = error_set(err, ST_REFUSED, "the hub sent a frame '%s' that is no JSON object",
                           frame_names[frame->type]);
    else if (frame->type == FRAME_WELCOME)
        status = welcomed(r, json, err);
    else if (frame->type == FRAME_BYE)
        status = bye(r, json, err);
    else if (!r->greeted)
        status = error_set(err, ST_REFUSED, "the hub sent a frame '%s' before its welcome",
                           frame_names[frame->type]);
    else if (frame->type == FRAME_ANSWER)
        status = answered(r, json, err);
    else if (frame->type == FRAME_END)
        status = batch_ended(r, json, err);
    else if (frame->type == FRAME_BEGIN) {
        status = ST_OK;
        batch_in_begin(&r->batch);
        r->level = false;
        if (json_is_true(json_object_get(json, "copy")))
            r->counts.share = json_number_value(json_object_get(json, "share"));
    } else
        status = error_set(err, ST_REFUSED, "the hub sent a frame '%s', which only a replica sends",
                           frame_names[frame->type]);
    json_decref(json);
    return status;
}

static enum status frame_take(struct sync_replica *r, const struct frame *frame, struct error *err)
{
    if (frame->type != FRAME_ROWS && frame->type != FRAME_GONE && frame->type != FRAME_EVENTS)
        return json_frame(r, frame, err);
    r->taken += frame->size;
    return batch_in_add(&r->batch, frame, err);
}

void sync_replica_feed(struct sync_replica *r, const void *bytes, size_t n)
{
    r->counts.bytes_in += (int64_t)n;
    if (!r->over)
        frame_feed(&r->in, bytes, n);
}

size_t sync_replica_held(const struct sync_replica *r)
{
    return frame_held(&r->in);
}

static enum status step(struct sync_replica *r, bool *more, struct error *err)
{
    struct frame frame;
    bool whole, some = false;
    enum status status = frame_get(&r->in, &frame, &whole, err);
    if (status == ST_OK && whole) {
        status = frame_take(r, &frame, err);
        *more = !r->over;
        return status;
    }
    if (status == ST_OK && r->in.ended) {
        r->over = true;
        return r->leaving ? ST_OK
                          : error_set(err, ST_PARTIAL,
                                      "the connection to the hub ended: what was pulled is kept, "
                                      "and the rest comes the next time");
    }
    if (status == ST_OK && r->greeted && !r->leaving)
        status = edits_send(r, &some, err);
    /* What is on its way is answered first: the old file knows whom it is about. */
    if (status == ST_OK && r->placing && !some && !r->in_flight) {
        r->placing = false;
        status = copy_place(r, err);
        if (status == ST_OK)
            pull(r);
        some = true;
    }
    *more = some;
    return status;
}

void sync_replica_meanwhile(struct sync_replica *r, bool (*fn)(void *context), void *context)
{
    r->meanwhile = fn;
    r->meanwhile_context = context;
}

static int index_progress(void *context)
{
    struct sync_replica *r = context;
    return !r->meanwhile(r->meanwhile_context);
}

/* One index at a time, so that whoever waits for the step can tell that it goes on. */
static enum status copy_index(struct sync_replica *r, bool *more, struct error *err)
{
    bool done;
    sqlite3 *db = writer_db(r->copy.writer);
    sqlite3_progress_handler(db, MEANWHILE, r->meanwhile ? index_progress : NULL, r);
    enum status status = making_index(&r->copy, &done, err);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    r->indexing = !done;
    *more = true;
    return status;
}

enum status sync_replica_step(struct sync_replica *r, bool *more, struct error *err)
{
    struct error own = {0};
    *more = false;
    if (r->over)
        return ST_OK;
    enum status status = r->indexing ? copy_index(r, more, &own) : step(r, more, &own);
    if (status != ST_OK) {
        if (!r->over)
            say(r, FRAME_BYE, json_pack("{s:s}", "reason", error_text(&own)));
        r->over = true;
        *more = false;
    }
    if (err && status != ST_OK) {
        error_clear(err);
        *err = own;
    } else {
        error_clear(&own);
    }
    return status;
}

const unsigned char *sync_replica_out(const struct sync_replica *r, size_t *n)
{
    return frame_next(&r->out, n);
}

void sync_replica_sent(struct sync_replica *r, size_t n)
{
    r->counts.bytes_out += (int64_t)n;
    frame_took(&r->out, n);
}

bool sync_replica_level(const struct sync_replica *r)
{
    int64_t left = 0;
    if (!r->greeted || !r->level || r->at != &r->home || r->in_flight)
        return false;
    return outbox_left(r->home.writer, r->sent_up_to, &left, NULL) == ST_OK && left == 0;
}

void sync_replica_leave(struct sync_replica *r)
{
    if (!r->over && !r->leaving)
        say(r, FRAME_BYE, json_pack("{s:s}", "reason", ""));
    r->leaving = true;
}

bool sync_replica_over(const struct sync_replica *r)
{
    size_t n;
    sync_replica_out(r, &n);
    return (r->over || r->leaving) && n == 0;
}

struct sync_counts sync_replica_counts(const struct sync_replica *r)
{
    return r->counts;
}
