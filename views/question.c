/* Questions of views: a task each, after a sample of the people where that is worth it. */
#include "views/question.h"

#include "model/base/time.h"
#include "model/event/sample.h"
#include "views/console.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How long samples may take together, and a sample that is better than one at hand; and how long
 * the whole at least, for a first answer to be shown at all. In screens that are compared nothing
 * of it is measured. */
enum { EARLY_NS = 60 * 1000 * 1000, BETTER_NS = 75 * 1000 * 1000, WORTH_NS = 50 * 1000 * 1000 };
/* Of the blocks of people: the largest sample; and the only one in screens that are compared. */
enum { LARGEST_OF = 3, STILL_OF = 4 };

struct answer {
    struct arena *arena;
    void *result;
    double share; /* of the people it is from; 1: exact */
    int64_t elapsed_ns;
};

struct question {
    struct task task;  /* first: the pools hand this back */
    struct view *view; /* NULL once it is no longer wanted */
    int slot;
    bool early, still; /* from a sample, and exactly afterwards */
    view_ask_fn *ask;
    void *parameters;
    size_t size;
    struct answer *answer; /* what run() found; NULL: nothing */
    int64_t elapsed_ns;    /* of the early part */
};

static void answer_free(struct answer *answer)
{
    if (answer)
        arena_free(answer->arena);
    free(answer);
}

static void question_free(struct question *question)
{
    error_clear(&question->task.error);
    answer_free(question->answer);
    free(question->parameters);
    free(question);
}

/* ---- On a reader thread ---- */

/* Asks of whom the reader looks at; NULL with an error. */
static struct answer *answer_make(const struct question *question, struct reader *reader,
                                  struct error *err)
{
    struct answer *answer = mem_zero(1, sizeof *answer);
    void *parameters = NULL;
    answer->arena = arena_new();
    if (question->size) {
        parameters = arena_alloc(answer->arena, question->size);
        memcpy(parameters, question->parameters, question->size);
    }
    answer->share = sample_share(reader);
    answer->result = question->ask(reader, answer->arena, parameters, err);
    if (answer->result)
        return answer;
    answer_free(answer);
    return NULL;
}

static struct answer *sample_ask(const struct question *question, struct reader *reader,
                                 uint32_t blocks, struct error *err)
{
    struct arena *arena = arena_new();
    struct sample sample;
    struct answer *answer = NULL;
    if (sample_take(reader, arena, blocks, &sample, err) == ST_OK) {
        sample_look(reader, &sample);
        answer = answer_make(question, reader, err);
        sample_look(reader, NULL);
    }
    arena_free(arena);
    return answer;
}

/* What samples took so far, as a time that each question takes and one for each block. */
struct pace {
    double fixed, block; /* ns */
    double n, took;      /* of the last one */
};

static void pace_learn(struct pace *pace, double n, double took)
{
    double block = took / n;
    if (pace->n > 0 && n > pace->n)
        block = (took - pace->took) / (n - pace->n);
    pace->block = block > took / n / 8 ? block : took / n / 8;
    pace->fixed = took - pace->block * n;
    pace->n = n;
    pace->took = took;
}

/* Samples that grow as long as there is time: a small one tells how large the next may be. One that
 * takes longer than it seemed is given up for the one before. NULL where the exact answer is soon
 * there even if all of a sample's time goes into its blocks, so that what one small sample says by
 * chance cannot promise too much. */
static struct answer *early_answer(const struct question *question, struct reader *reader,
                                   struct error *err)
{
    struct pace pace = {0};
    struct answer *answer = NULL;
    uint32_t blocks = 0;
    double left = EARLY_NS, next = 1;
    int64_t end = time_monotonic_ns() + BETTER_NS;
    if (sample_blocks(reader, &blocks, err) != ST_OK)
        return NULL;
    if (question->still)
        return sample_ask(question, reader, blocks / STILL_OF, err);
    while (next >= 1 && next >= 2 * pace.n) {
        int64_t start = time_monotonic_ns();
        struct answer *better = sample_ask(question, reader, (uint32_t)next, err);
        double took = (double)(time_monotonic_ns() - start);
        answer_free(better ? answer : NULL);
        if (!better)
            return answer;
        answer = better;
        pace_learn(&pace, floor(next), took);
        if (took / pace.n * blocks < WORTH_NS) {
            answer_free(answer);
            return NULL;
        }
        reader_until(reader, end);
        left -= took;
        next = (left - pace.fixed) / pace.block;
        next = next < blocks / LARGEST_OF ? next : blocks / LARGEST_OF;
    }
    return answer;
}

/* What goes wrong early goes wrong exactly as well, and is told then. */
static enum status question_run(struct task *task, void *thread_state)
{
    struct question *question = (struct question *)task;
    struct reader *reader = thread_state;
    if (!reader)
        return task->error.message ? task->error.status
                                   : error_set(&task->error, ST_UNUSABLE, "no reader");
    reader_watch(reader, &task->cancel, question->early ? NULL : &task->progress);
    enum status status = reader_begin(reader, &task->error);
    if (status == ST_OK) {
        question->answer = question->early ? early_answer(question, reader, &task->error)
                                           : answer_make(question, reader, &task->error);
        reader_until(reader, 0);
        status = question->answer ? ST_OK : task->error.status ? task->error.status : ST_REFUSED;
        reader_end(reader);
    }
    reader_watch(reader, NULL, NULL);
    return status;
}

/* ---- On the screen's thread ---- */

/* The answer replaces the one before, which is freed when the view has moved over to it. */
static void answer_show(struct view *view, int slot, struct answer *answer)
{
    struct answer *before = view->answer[slot];
    free(view->problem[slot]);
    view->problem[slot] = NULL;
    view->answer[slot] = answer;
    if (view->ops->answered)
        view->ops->answered(view, slot);
    answer_free(before);
}

/* A failure keeps what was shown and adds why. */
static void problem_show(struct view *view, int slot, struct question *question)
{
    const struct task *task = &question->task;
    free(view->problem[slot]);
    view->problem[slot] = task->cancelled || task->status == ST_CANCELLED
                              ? mem_strdup(_("stopped; Ctrl-r asks again"))
                              : mem_strdup(error_text(&task->error));
    if (view->ops->answered)
        view->ops->answered(view, slot);
}

/* The early answer, if there is one, and the same question to those who answer exactly. */
static void early_done(struct view *view, struct question *question)
{
    struct answer *answer = question->answer;
    int slot = question->slot;
    question->early = false;
    question->answer = NULL;
    question->elapsed_ns = question->task.elapsed_ns;
    error_clear(&question->task.error);
    task_submit(view->console->pool, &question->task);
    if (answer) {
        answer->elapsed_ns = question->elapsed_ns;
        answer_show(view, slot, answer);
        console_redraw(view->console);
    }
}

static void question_done(struct task *task)
{
    struct question *question = (struct question *)task;
    struct view *view = question->view;
    int slot = question->slot;
    if (view)
        view->console->asked_ns += task->elapsed_ns;
    if (!view || view->asked[slot] != question) {
        question_free(question);
        return;
    }
    if (question->early && !task->cancelled) {
        early_done(view, question);
        return;
    }
    view->asked[slot] = NULL;
    if (task->status == ST_OK && !question->early) {
        struct answer *answer = question->answer;
        answer->elapsed_ns = question->elapsed_ns + task->elapsed_ns;
        question->answer = NULL;
        answer_show(view, slot, answer);
    } else {
        problem_show(view, slot, question);
    }
    question_free(question);
    console_redraw(view->console);
}

static void ask(struct view *view, int slot, const char *title, bool early, view_ask_fn *function,
                const void *parameters, size_t size)
{
    struct console *console = view->console;
    view_cancel(view, slot);
    struct question *question = mem_zero(1, sizeof *question);
    question->task.run = question_run;
    question->task.done = question_done;
    question->task.title = title;
    question->view = view;
    question->slot = slot;
    question->early = early;
    question->still = console->still;
    question->ask = function;
    if (size) {
        question->parameters = mem_alloc(size);
        question->size = size;
        memcpy(question->parameters, parameters, size);
    }
    view->asked[slot] = question;
    task_submit(early ? console->early : console->pool, &question->task);
}

void view_ask(struct view *view, int slot, const char *title, view_ask_fn *function,
              const void *parameters, size_t size)
{
    ask(view, slot, title, false, function, parameters, size);
}

void view_ask_early(struct view *view, int slot, const char *title, view_ask_fn *function,
                    const void *parameters, size_t size)
{
    const struct console *console = view->console;
    bool kept = console->refreshing && view_share(view, slot) == 1;
    ask(view, slot, title, console->blocks >= console->early_blocks && !kept, function, parameters,
        size);
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

double view_share(const struct view *view, int slot)
{
    return view->answer[slot] ? view->answer[slot]->share : 0;
}

bool view_is_partial(const struct view *view, int slot)
{
    return view->answer[slot] && view->answer[slot]->share < 1;
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
    return view->answer[slot] ? view->answer[slot]->elapsed_ns : 0;
}

struct arena *view_answer_take(struct view *view, int slot, void **result)
{
    struct answer *answer = view->answer[slot];
    *result = NULL;
    if (!answer)
        return NULL;
    view->answer[slot] = NULL;
    *result = answer->result;
    struct arena *arena = answer->arena;
    answer->arena = NULL;
    answer_free(answer);
    return arena;
}

/* The connection is opened by the thread's first task; the list of chunks stays with it. */
static enum status warm_run(struct task *task, void *thread_state)
{
    struct event_totals totals;
    return thread_state ? event_totals(thread_state, &totals, &task->error) : ST_UNUSABLE;
}

static void warm_done(struct task *task)
{
    error_clear(&task->error);
    free(task);
}

void questions_warm(struct console *console)
{
    if (console->blocks < console->early_blocks)
        return;
    struct task *task = mem_zero(1, sizeof *task);
    task->run = warm_run;
    task->done = warm_done;
    task_submit(console->early, task);
}

void view_questions_end(struct view *view)
{
    for (int slot = 0; slot < VIEW_SLOTS; slot++) {
        view_cancel(view, slot);
        answer_free(view->answer[slot]);
        free(view->problem[slot]);
        view->answer[slot] = NULL;
        view->problem[slot] = NULL;
    }
}
