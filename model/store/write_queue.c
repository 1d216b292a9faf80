#include "model/store/write_queue.h"

#include "model/base/task.h"

#include <stdlib.h>
#include <string.h>

struct write_queue {
    struct task_pool *pool;
};

/* One queued change; the copy of its arguments follows it. */
struct queued {
    struct task task;
    struct write_request request;
    max_align_t arguments[];
};

static void *writer_begin_thread(void *context, struct error *err)
{
    struct writer *writer;
    return writer_open(context, &writer, err) == ST_OK ? writer : NULL;
}

static void writer_end_thread(void *writer)
{
    writer_close(writer);
}

struct write_queue *write_queue_new(struct mall *mall)
{
    static const struct task_pool_ops ops = {.thread_begin = writer_begin_thread,
                                             .thread_end = writer_end_thread};
    struct write_queue *queue = mem_zero(1, sizeof *queue);
    queue->pool = task_pool_new(1, &ops, mall);
    return queue;
}

void write_queue_free(struct write_queue *queue)
{
    if (!queue)
        return;
    task_pool_drain(queue->pool);
    task_pool_free(queue->pool);
    free(queue);
}

static enum status queued_run(struct task *task, void *thread_state)
{
    struct queued *queued = (struct queued *)task;
    if (!thread_state)
        return task->error.status; /* the writer could not be opened: the message says why */
    return queued->request.run(thread_state, queued->arguments, &task->error);
}

static void queued_done(struct task *task)
{
    struct queued *queued = (struct queued *)task;
    const struct write_request *request = &queued->request;
    if (request->done)
        request->done(request->context, queued->arguments, task->status, &task->error);
    if (request->release)
        request->release(queued->arguments);
    error_clear(&task->error);
    free(queued);
}

void write_queue_submit(struct write_queue *queue, const struct write_request *request)
{
    struct queued *queued = mem_zero(1, sizeof *queued + request->size);
    queued->request = *request;
    if (request->size)
        memcpy(queued->arguments, request->arguments, request->size);
    queued->request.arguments = queued->arguments;
    queued->task.run = queued_run;
    queued->task.done = queued_done;
    task_submit(queue->pool, &queued->task);
}

int write_queue_fd(const struct write_queue *queue)
{
    return task_pool_fd(queue->pool);
}

size_t write_queue_collect(struct write_queue *queue)
{
    return task_collect(queue->pool);
}

size_t write_queue_busy(const struct write_queue *queue)
{
    return task_pool_busy(queue->pool);
}

void write_queue_drain(struct write_queue *queue)
{
    task_pool_drain(queue->pool);
}

/* ---- Operations ---- */

struct queued_operation {
    struct operation op; /* for an undo: the id, actor and rights of it */
    struct operation_result result;
    operation_done *done;
    void *context;
};

static char *copy(const char *text)
{
    return text ? mem_strdup(text) : NULL;
}

static enum status operation_run(struct writer *writer, void *arguments, struct error *err)
{
    struct queued_operation *q = arguments;
    return operation_apply(writer, &q->op, &q->result, err);
}

static enum status undo_run(struct writer *writer, void *arguments, struct error *err)
{
    struct queued_operation *q = arguments;
    return operation_undo(writer, q->op.id, q->op.actor, q->op.rights, &q->result, err);
}

static void operation_finished(void *context, void *arguments, enum status status,
                               const struct error *error)
{
    (void)context;
    struct queued_operation *q = arguments;
    if (q->done)
        q->done(q->context, status, &q->result, error);
}

static void operation_release(void *arguments)
{
    struct queued_operation *q = arguments;
    const char *texts[] = {q->op.id, q->op.actor, q->op.entity, q->op.target, q->op.reason};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free((char *)texts[i]);
    json_decref(q->op.set);
}

static void operation_submit(struct write_queue *queue, const struct operation *op,
                             enum status (*run)(struct writer *, void *, struct error *),
                             operation_done *done, void *context)
{
    struct queued_operation q = {.op = *op, .done = done, .context = context};
    q.op.id = copy(op->id);
    q.op.actor = copy(op->actor);
    q.op.entity = copy(op->entity);
    q.op.target = copy(op->target);
    q.op.reason = copy(op->reason);
    q.op.set = json_deep_copy(op->set);
    struct write_request request = {.run = run,
                                    .done = operation_finished,
                                    .release = operation_release,
                                    .arguments = &q,
                                    .size = sizeof q};
    write_queue_submit(queue, &request);
}

void write_queue_operation(struct write_queue *queue, const struct operation *op,
                           operation_done *done, void *context)
{
    operation_submit(queue, op, operation_run, done, context);
}

void write_queue_undo(struct write_queue *queue, const char *id, const char *actor, unsigned rights,
                      operation_done *done, void *context)
{
    struct operation op = {.id = id, .actor = actor, .rights = rights};
    operation_submit(queue, &op, undo_run, done, context);
}
