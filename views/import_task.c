#include "views/import_task.h"

#include "model/segment/label.h"

#include <stdlib.h>

struct import_job {
    struct task task; /* first */
    struct import_work *work;
    const struct import_table *table;
    char *path, *map, *actor;
    bool skip_bad;
    struct import_result result;
};

struct import_work {
    struct console *console;
    struct task_pool *pool; /* one thread, made with the first import */
    struct import_job *running;
    atomic_llong done, total;
    char *path, *problem;
};

struct import_work *import_work_new(struct console *console)
{
    struct import_work *work = mem_zero(1, sizeof *work);
    work->console = console;
    return work;
}

void import_work_free(struct import_work *work)
{
    if (!work)
        return;
    if (work->pool) {
        loop_unwatch(work->console->loop, task_pool_fd(work->pool));
        task_pool_free(work->pool);
    }
    free(work->path);
    free(work->problem);
    free(work);
}

static void progress(void *context, int64_t done, int64_t total)
{
    struct import_work *work = context;
    atomic_store(&work->done, done);
    atomic_store(&work->total, total);
}

static enum status map_load(struct import_job *job, struct import_map **map)
{
    struct arena *arena = arena_new();
    const char *path;
    *map = NULL;
    enum status status =
        *job->map ? import_map_find(arena, job->map, &path, &job->task.error) : ST_OK;
    if (status == ST_OK && *job->map)
        status = import_map_load(path, map, &job->task.error);
    arena_free(arena);
    return status;
}

/* The labels' rules, where the import changed something. The import is done either way; a label
 * that could not be run is marked in the list of labels. */
static void labels_follow(struct import_job *job, struct writer *writer)
{
    struct error ignored = {0};
    struct reader *reader;
    if (reader_open(job->work->console->mall, &reader, &ignored) == ST_OK) {
        reader_watch(reader, &job->task.cancel, NULL);
        label_refresh(writer, reader, NULL, false, NULL, &ignored);
        reader_close(reader);
    }
    error_clear(&ignored);
}

static enum status import_task_run(struct task *task, void *thread_state)
{
    struct import_job *job = (struct import_job *)task;
    struct import_map *map;
    struct writer *writer = NULL;
    (void)thread_state;
    enum status status = map_load(job, &map);
    if (status == ST_OK)
        status = writer_open(job->work->console->mall, &writer, &task->error);
    if (status == ST_OK) {
        struct import_options options = {
            .table = job->table,
            .map = map,
            .skip_bad = job->skip_bad,
            .actor = job->actor,
            .cancel = &task->cancel,
            .progress = progress,
            .context = job->work,
        };
        status = import_run(writer, job->path, &options, &job->result, &task->error);
        if (status == ST_OK || status == ST_PARTIAL)
            labels_follow(job, writer);
    }
    if (writer)
        writer_close(writer);
    import_map_free(map);
    return status;
}

static void outcome_say(struct console *console, const struct import_job *job)
{
    const struct import_result *r = &job->result;
    if (job->task.status == ST_OK || job->task.status == ST_PARTIAL)
        console_say(console, _("%lld rows: %lld imported, %lld duplicates, %lld refused, %.1f s"),
                    (long long)r->rows, (long long)r->imported, (long long)r->duplicates,
                    (long long)r->refused, r->seconds);
    else
        console_complain(console, "%s", error_text(&job->task.error));
}

static void import_task_done(struct task *task)
{
    struct import_job *job = (struct import_job *)task;
    struct import_work *work = job->work;
    work->running = NULL;
    free(work->problem);
    bool good = task->status == ST_OK || task->status == ST_PARTIAL;
    work->problem = good ? NULL : mem_strdup(error_text(&task->error));
    if (!work->console->leaving) {
        outcome_say(work->console, job);
        console_refresh(work->console);
    }
    error_clear(&task->error);
    import_result_free(&job->result);
    free(job->path);
    free(job->map);
    free(job->actor);
    free(job);
}

static void ready(void *context)
{
    task_collect(((struct import_work *)context)->pool);
}

void import_work_start(struct import_work *work, const struct import_table *table, const char *path,
                       const char *map, bool skip_bad)
{
    struct console *console = work->console;
    if (work->running) {
        console_complain(console, "%s", _("an import is running; Ctrl-c stops it"));
        return;
    }
    if (!work->pool) {
        work->pool = task_pool_new(1, &(struct task_pool_ops){0}, NULL);
        loop_watch(console->loop, task_pool_fd(work->pool), ready, work);
    }
    struct import_job *job = mem_zero(1, sizeof *job);
    job->task.run = import_task_run;
    job->task.done = import_task_done;
    job->task.title = _("importing");
    job->work = work;
    job->table = table;
    job->path = mem_strdup(path);
    job->map = mem_strdup(map ? map : "");
    job->actor = mem_strdup(console->access.principal);
    job->skip_bad = skip_bad;
    free(work->path);
    work->path = mem_strdup(path);
    atomic_store(&work->done, 0);
    atomic_store(&work->total, 0);
    work->running = job;
    task_submit(work->pool, &job->task);
}

void import_work_cancel(struct import_work *work)
{
    if (work->running)
        task_cancel(&work->running->task);
}

bool import_work_progress(const struct import_work *work, int64_t *done, int64_t *total)
{
    *done = atomic_load(&work->done);
    *total = atomic_load(&work->total);
    return work->running != NULL;
}

const char *import_work_problem(const struct import_work *work)
{
    return work->problem;
}

const char *import_work_path(const struct import_work *work)
{
    return work->path;
}

size_t import_work_busy(const struct import_work *work)
{
    return work->pool ? task_pool_busy(work->pool) : 0;
}
