#include "model/fleet/shell.h"

#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/store/operation.h"

#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { OUTPUT_MOST = 256 << 10, INPUT_MOST = 1 << 20, SECOND_NS = 1000000000 };

struct bytes {
    char *at;
    size_t from, n; /* those from `from` on are still there */
    size_t cap;
};

struct shell {
    struct arena *arena;
    struct fleet_engine *engine;
    struct fleet_job job;
    struct recording *recording;
    char *path;
    int event; /* an eventfd */
    int64_t started, over;
    bool left, job_done;
    void (*ended)(void *context);
    void *context;
    pthread_mutex_t lock;
    struct bytes output, input; /* under the lock */
    bool shown;                 /* under the lock: the device said something */
    int64_t asked;              /* under the lock; monotonic ns of the first input unanswered */
};

static void bytes_put(struct bytes *to, const char *bytes, size_t n)
{
    if (to->from == to->n)
        to->from = to->n = 0;
    if (to->n && to->n + n > to->cap) {
        memmove(to->at, to->at + to->from, to->n - to->from);
        to->n -= to->from;
        to->from = 0;
    }
    if (to->n + n > to->cap) {
        to->cap = vec_capacity(to->cap, to->n + n);
        to->at = mem_resize(to->at, to->cap, 1);
    }
    memcpy(to->at + to->n, bytes, n);
    to->n += n;
}

static size_t bytes_take(struct bytes *from, char *bytes, size_t size)
{
    size_t n = from->n - from->from < size ? from->n - from->from : size;
    if (n)
        memcpy(bytes, from->at + from->from, n);
    from->from += n;
    return n;
}

static size_t bytes_left(const struct bytes *bytes)
{
    return bytes->n - bytes->from;
}

static void ring(struct shell *shell)
{
    uint64_t one = 1;
    ssize_t written = write(shell->event, &one, sizeof one);
    (void)written; /* full means that it is readable already */
}

/* The device waits while the operator's side or the disk does. */
static void flow(struct shell *shell)
{
    pthread_mutex_lock(&shell->lock); /* of two threads the later one is right */
    bool much = bytes_left(&shell->output) > OUTPUT_MOST;
    fleet_hold(shell->engine, &shell->job, much || recording_full(shell->recording));
    pthread_mutex_unlock(&shell->lock);
}

static bool on_output(struct fleet_job *job, bool is_stderr, const char *bytes, size_t n)
{
    struct shell *shell = job->context;
    (void)is_stderr; /* with a terminal there is only one */
    recording_output(shell->recording, bytes, n);
    pthread_mutex_lock(&shell->lock);
    bytes_put(&shell->output, bytes, n);
    shell->shown = true;
    shell->asked = 0;
    pthread_mutex_unlock(&shell->lock);
    ring(shell);
    flow(shell);
    return !recording_problem(shell->recording);
}

static int64_t on_input(struct fleet_job *job, char *buffer, size_t size)
{
    struct shell *shell = job->context;
    pthread_mutex_lock(&shell->lock);
    size_t n = bytes_take(&shell->input, buffer, size);
    pthread_mutex_unlock(&shell->lock);
    return n ? (int64_t)n : -1;
}

/* On the recording's thread. */
static void on_recorded(void *context)
{
    ring(context);
}

static void on_done(struct fleet_job *job)
{
    struct shell *shell = job->context;
    const char *problem = recording_problem(shell->recording);
    if (shell->left && shell->shown && job->state == DEVICE_CANCELLED)
        job->state = DEVICE_OK; /* whoever opened it has closed it */
    if (problem)
        snprintf(job->reason, sizeof job->reason, "%s", problem);
    shell->over = time_now();
    shell->job_done = true;
    recording_finish(shell->recording);
    if (shell->ended)
        shell->ended(shell->context);
}

static void job_make(struct shell *shell, const struct device *device, const char *term)
{
    struct device *own = arena_new_of(shell->arena, struct device);
    device_copy(shell->arena, own, device);
    shell->job = fleet_job_of(own);
    shell->job.most = SIZE_MAX;
    shell->job.lasting = true;
    shell->job.term = term;
    shell->job.output = on_output;
    shell->job.input = on_input;
    shell->job.done = on_done;
    shell->job.context = shell;
}

enum status shell_begin(struct fleet_engine *engine, const struct shell_options *options,
                        struct shell **out, struct error *err)
{
    struct shell *shell = mem_zero(1, sizeof *shell);
    *out = NULL;
    shell->arena = arena_new();
    shell->engine = engine;
    shell->path = mem_strdup(options->recording);
    shell->ended = options->ended;
    shell->context = options->context;
    shell->started = time_now();
    shell->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&shell->lock, NULL);
    job_make(shell, options->device, options->term);
    struct recording_options recording = {.path = shell->path,
                                          .title = shell->job.code,
                                          .term = options->term,
                                          .rows = options->rows,
                                          .cols = options->cols,
                                          .started = shell->started,
                                          .wake = on_recorded,
                                          .context = shell};
    enum status status = shell->event < 0
                             ? error_set(err, ST_UNUSABLE, "no descriptor is left for a shell")
                             : recording_new(&recording, &shell->recording, err);
    if (status != ST_OK) {
        shell->job_done = true;
        shell_free(shell);
        return status;
    }
    fleet_resize(engine, &shell->job, options->rows, options->cols);
    fleet_submit(engine, &shell->job);
    *out = shell;
    return ST_OK;
}

int shell_fd(const struct shell *shell)
{
    return shell->event;
}

size_t shell_take(struct shell *shell, char *bytes, size_t size)
{
    uint64_t count;
    ssize_t quiet = read(shell->event, &count, sizeof count);
    (void)quiet;
    pthread_mutex_lock(&shell->lock);
    size_t n = bytes_take(&shell->output, bytes, size);
    bool more = bytes_left(&shell->output) > 0;
    pthread_mutex_unlock(&shell->lock);
    if (more)
        ring(shell);
    if (!shell->job_done)
        flow(shell);
    return n;
}

bool shell_send(struct shell *shell, const char *bytes, size_t n)
{
    pthread_mutex_lock(&shell->lock);
    bool room = bytes_left(&shell->input) + n <= INPUT_MOST;
    if (room) {
        bytes_put(&shell->input, bytes, n);
        shell->asked = shell->asked ? shell->asked : time_monotonic_ns();
    }
    pthread_mutex_unlock(&shell->lock);
    if (room)
        fleet_wake(shell->engine);
    return room;
}

void shell_resize(struct shell *shell, int rows, int cols)
{
    if (shell->job_done)
        return;
    recording_resize(shell->recording, rows, cols);
    fleet_resize(shell->engine, &shell->job, rows, cols);
}

void shell_leave(struct shell *shell)
{
    shell->left = true;
    if (!shell->job_done)
        fleet_cancel(shell->engine, &shell->job);
}

bool shell_over(struct shell *shell)
{
    struct recorded recorded;
    if (!shell->job_done || !recording_finished(shell->recording, &recorded))
        return false;
    pthread_mutex_lock(&shell->lock);
    bool taken = bytes_left(&shell->output) == 0;
    pthread_mutex_unlock(&shell->lock);
    return taken;
}

const struct fleet_job *shell_job(const struct shell *shell)
{
    return &shell->job;
}

int64_t shell_silence(const struct shell *shell)
{
    struct shell *own = (struct shell *)shell;
    pthread_mutex_lock(&own->lock);
    int64_t asked = own->asked;
    pthread_mutex_unlock(&own->lock);
    return asked && !shell->job_done ? (time_monotonic_ns() - asked) / SECOND_NS : 0;
}

void shell_free(struct shell *shell)
{
    if (!shell)
        return;
    recording_free(shell->recording);
    if (shell->event >= 0)
        close(shell->event);
    pthread_mutex_destroy(&shell->lock);
    free(shell->output.at);
    /* What was typed and not sent may have been a password. */
    if (shell->input.at)
        explicit_bzero(shell->input.at, shell->input.cap);
    free(shell->input.at);
    free(shell->path);
    arena_free(shell->arena);
    free(shell);
}

/* ---- What is kept of it ---- */

const struct shell_record *shell_record_of(struct shell *shell, struct arena *arena,
                                           const char *actor)
{
    struct shell_record *record = arena_new_of(arena, struct shell_record);
    struct recorded recorded = {0};
    recording_wait(shell->recording, &recorded);
    /* Nothing was shown: an empty file would only be in the way. */
    bool none = !shell->shown && unlink(shell->path) == 0;
    *record = (struct shell_record){
        .device = shell->job.device,
        .code = arena_strdup(arena, shell->job.code),
        .actor = arena_strdup(arena, actor),
        .path = arena_strdup(arena, shell->path),
        .from = shell->started,
        .to = shell->over,
        .state = shell->job.state,
        .reason = arena_strdup(arena, shell->job.reason),
        .exit_status = shell->job.exit_status,
        .bytes = none ? 0 : recorded.bytes,
        .sha256 = none ? "" : arena_strdup(arena, recorded.sha256),
    };
    return record;
}

/* Names of ours, so that they can be written in any file. */
static const char *file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static enum status audit_one(struct writer *writer, const char *actor, const char *code,
                             json_t *about, struct error *err)
{
    enum status status = audit_append(writer, actor, "shell", "device", code, about, err);
    json_decref(about);
    return status;
}

static enum status finish(struct writer *writer, enum status status, struct error *err)
{
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

enum status shell_announce(struct writer *writer, const char *actor, const char *code,
                           const char *path, struct error *err)
{
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    status = audit_one(writer, actor, code, json_pack("{s:s}", "recording", file_of(path)), err);
    return finish(writer, status, err);
}

static enum status act_insert(struct writer *writer, const struct shell_record *record,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer,
                                        "insert into device_act (device, time, act, actor, detail,"
                                        " state, exit, milliseconds) values (?1, ?2, 'shell', ?3,"
                                        " iif(?5, printf('%s, %d bytes, %.12s', ?4, ?5, ?6),"
                                        " 'nothing was shown'), ?7, ?8, ?9)",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, record->device);
    sqlite3_bind_int64(stmt, 2, record->from);
    sqlite3_bind_text(stmt, 3, record->actor, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 4, file_of(record->path), -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 5, record->bytes);
    sqlite3_bind_text(stmt, 6, record->sha256, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 7, device_condition_names[record->state], -1, SQLITE_STATIC);
    if (record->exit_status >= 0)
        sqlite3_bind_int(stmt, 8, record->exit_status);
    else
        sqlite3_bind_null(stmt, 8);
    sqlite3_bind_int64(stmt, 9, (record->to - record->from) * 1000);
    return writer_run(writer, stmt, err);
}

enum status shell_keep(struct writer *writer, const struct shell_record *record, struct error *err)
{
    enum status status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    json_t *about = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s}", "state",
                              device_condition_names[record->state], "reason", record->reason,
                              "recording", file_of(record->path), "from", (json_int_t)record->from,
                              "to", (json_int_t)record->to, "bytes", (json_int_t)record->bytes,
                              "sha256", record->sha256);
    status = audit_one(writer, record->actor, record->code, about, err);
    if (status == ST_OK)
        status = act_insert(writer, record, err);
    if (status == ST_OK)
        status = writer_touch_rows(writer, err);
    return finish(writer, status, err);
}
