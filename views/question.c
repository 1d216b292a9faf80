/* Questions of views: one task each, with the arena its answer lives in. */
#include "views/question.h"

#include "views/console.h"

#include <stdlib.h>
#include <string.h>

struct question {
    struct task task;  /* first: the pool hands this back */
    struct view *view; /* NULL once it is no longer wanted */
    int slot;
    struct arena *arena;
    view_ask_fn *ask;
    const void *parameters;
    void *result;
    char *problem;
};

static enum status question_run(struct task *task, void *thread_state)
{
    struct question *question = (struct question *)task;
    struct reader *reader = thread_state;
    if (!reader)
        return task->error.message ? task->error.status
                                   : error_set(&task->error, ST_UNUSABLE, "no reader");
    reader_watch(reader, &task->cancel, &task->progress);
    enum status status = reader_begin(reader, &task->error);
    if (status == ST_OK) {
        question->result =
            question->ask(reader, question->arena, question->parameters, &task->error);
        status = question->result ? ST_OK : task->error.status ? task->error.status : ST_REFUSED;
        reader_end(reader);
    }
    reader_watch(reader, NULL, NULL);
    return status;
}

static void question_free(struct question *question)
{
    if (!question)
        return;
    error_clear(&question->task.error);
    arena_free(question->arena);
    free(question->problem);
    free(question);
}

/* The answer replaces the one before; a failure keeps what was shown and adds why. What was shown
 * is freed when the view has moved over to the new answer. */
static void question_done(struct task *task)
{
    struct question *question = (struct question *)task;
    struct view *view = question->view;
    if (!view || view->asked[question->slot] != question) {
        question_free(question);
        return;
    }
    int slot = question->slot;
    struct question *before = NULL;
    view->asked[slot] = NULL;
    if (task->status != ST_OK) {
        free(view->problem[slot]);
        view->problem[slot] = task->status == ST_CANCELLED
                                  ? mem_strdup(_("stopped; Ctrl-r asks again"))
                                  : mem_strdup(error_text(&task->error));
        question_free(question);
    } else {
        free(view->problem[slot]);
        view->problem[slot] = NULL;
        before = view->answer[slot];
        view->answer[slot] = question;
    }
    if (view->ops->answered)
        view->ops->answered(view, slot);
    question_free(before);
    console_redraw(view->console);
}

void view_ask(struct view *view, int slot, const char *title, view_ask_fn *ask,
              const void *parameters, size_t size)
{
    view_cancel(view, slot);
    struct question *question = mem_zero(1, sizeof *question);
    question->task.run = question_run;
    question->task.done = question_done;
    question->task.title = title;
    question->view = view;
    question->slot = slot;
    question->arena = arena_new();
    question->ask = ask;
    if (size) {
        void *copy = arena_alloc(question->arena, size);
        memcpy(copy, parameters, size);
        question->parameters = copy;
    }
    view->asked[slot] = question;
    task_submit(view->console->pool, &question->task);
}

void view_cancel(struct view *view, int slot)
{
    struct question *question = view->asked[slot];
    if (!question)
        return;
    view->asked[slot] = NULL;
    question->view = NULL;
    task_cancel(&question->task);
}

void *view_answer(const struct view *view, int slot)
{
    return view->answer[slot] ? view->answer[slot]->result : NULL;
}

bool view_asking(const struct view *view, int slot)
{
    return view->asked[slot] != NULL;
}

int view_asking_progress(const struct view *view, int slot)
{
    return view->asked[slot] ? atomic_load(&view->asked[slot]->task.progress) : 1000;
}

const char *view_problem(const struct view *view, int slot)
{
    return view->problem[slot];
}

int64_t view_answer_ns(const struct view *view, int slot)
{
    return view->answer[slot] ? view->answer[slot]->task.elapsed_ns : 0;
}

struct arena *view_answer_take(struct view *view, int slot, void **answer)
{
    struct question *question = view->answer[slot];
    *answer = NULL;
    if (!question)
        return NULL;
    view->answer[slot] = NULL;
    *answer = question->result;
    struct arena *arena = question->arena;
    question->arena = NULL;
    question_free(question);
    return arena;
}

void view_questions_end(struct view *view)
{
    for (int slot = 0; slot < VIEW_SLOTS; slot++) {
        view_cancel(view, slot);
        question_free(view->answer[slot]);
        free(view->problem[slot]);
        view->answer[slot] = NULL;
        view->problem[slot] = NULL;
    }
}
