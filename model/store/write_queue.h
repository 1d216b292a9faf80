/*
 * The writer thread of a process that must not wait: the console. It owns the process's writer.
 * Changes are queued, written one after another, and handed back on the thread that collects, as
 * tasks are (model/base/task.h): the descriptor becomes readable when finished changes wait.
 */
#ifndef ATRIUM_STORE_WRITE_QUEUE_H
#define ATRIUM_STORE_WRITE_QUEUE_H

#include "model/store/operation.h"
#include "model/store/writer.h"

struct write_queue;

/* The mall must outlive the queue. The writer is opened with the first change. */
struct write_queue *write_queue_new(struct mall *mall);

/* Finishes what is queued (a change that was asked for is made), collects it, and ends the thread.
 */
void write_queue_free(struct write_queue *queue);

struct write_request {
    /* On the writer thread; begins and commits by itself. */
    enum status (*run)(struct writer *writer, void *arguments, struct error *err);
    /* By write_queue_collect, on its thread; may be NULL. `error` has the message. */
    void (*done)(void *context, void *arguments, enum status status, const struct error *error);
    /* Frees what the arguments point to; on the collecting thread, after done; may be NULL. */
    void (*release)(void *arguments);
    const void *arguments; /* copied: `size` bytes */
    size_t size;
    void *context; /* for done */
};
void write_queue_submit(struct write_queue *queue, const struct write_request *request);

/* An operation, copied with all it points to; `done` gets the result, or the error's message. */
typedef void operation_done(void *context, enum status status,
                            const struct operation_result *result, const struct error *error);
void write_queue_operation(struct write_queue *queue, const struct operation *op,
                           operation_done *done, void *context);
void write_queue_undo(struct write_queue *queue, const char *id, const char *actor, unsigned rights,
                      operation_done *done, void *context);

/* As task_pool_fd, task_collect, task_pool_busy, task_pool_drain. */
int write_queue_fd(const struct write_queue *queue);
size_t write_queue_collect(struct write_queue *queue);
size_t write_queue_busy(const struct write_queue *queue);
void write_queue_drain(struct write_queue *queue);

#endif
