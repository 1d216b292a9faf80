/* Opening and leaving the console. */
#include "views/start.h"
#include "views/screens.h"

#include "model/event/sample.h"
#include "model/people/member_list.h"
#include "model/store/write_queue.h"
#include "tui/locale.h"
#include "views/actions.h"
#include "views/change.h"
#include "views/collect_task.h"
#include "views/config.h"
#include "views/console.h"
#include "views/fleet_desk.h"
#include "views/fleet_run.h"
#include "views/fleet_transfer.h"
#include "views/import_task.h"
#include "views/malls.h"
#include "views/overlay.h"
#include "views/question.h"
#include "views/rollout_task.h"
#include "views/screens.h"
#include "views/session.h"
#include "views/watch.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* EARLY_BLOCKS: some 260,000 people; what is asked of fewer is answered at once. */
enum { READERS = 2, EARLY_BLOCKS = 16 };

static void *reader_begin_thread(void *context, struct error *err)
{
    struct console *console = context;
    struct reader *reader = NULL;
    reader_open(console->mall, &reader, err);
    return reader;
}

static void reader_end_thread(void *state)
{
    if (state)
        reader_close(state);
}

static void answers_ready(void *context)
{
    task_collect(((struct console *)context)->pool);
}

static void early_ready(void *context)
{
    task_collect(((struct console *)context)->early);
}

static void pages_ready(void *context)
{
    task_collect(((struct console *)context)->pages);
}

static void changes_ready(void *context)
{
    struct console *console = context;
    write_queue_collect(console->writes);
    if (console->sync && !console->still) /* an edit goes at once */
        sync_work_now(console->sync);
}

/* The line dropped or the machine goes down: what is open is already in the session file. */
static void quit(void *context, int signal)
{
    struct console *console = context;
    (void)signal;
    if (console->depth)
        session_save(console->session, console);
    console->leaving = true;
}

/* Who asks, and what the present is: one short question before the screen starts. */
static enum status present_read(struct console *console, const char *principal, struct error *err)
{
    struct reader *reader = NULL;
    enum status status = reader_open(console->mall, &reader, err);
    if (status == ST_OK)
        status = sync_known_read(reader, &console->sync_known, err);
    if (status == ST_OK)
        status = console->sync_known.locked
                     ? access_of_replica(reader, &console->access, err)
                     : access_lookup(reader, principal, &console->access, err);
    /* What a locked replica holds is read when a session has opened it. */
    console->present = time_now();
    bool open = status == ST_OK && !console->sync_known.locked;
    if (open)
        status = reader_present(reader, &console->as_of, &console->present, err);
    if (open && status == ST_OK)
        status = reader_versions(reader, &console->events_version, &console->rows_version, err);
    if (open && status == ST_OK)
        status = sample_blocks(reader, &console->blocks, err);
    if (reader)
        reader_close(reader);
    console->role = roles[console->access.role].name;
    return status;
}

/* The period of last time, else the last 30 days. */
static void period_begin(struct console *console)
{
    const char *kept = session_period(console->session);
    const struct clock *clock = &console->mall->clock;
    bool known =
        kept && period_parse(clock, console->present, kept, &console->period, NULL) == ST_OK;
    if (!known)
        console->period = period_named(clock, console->present, PERIOD_30_DAYS);
    console->period_id = mem_strdup(known ? kept : "30d");
    console->compare = COMPARE_BEFORE;
    session_compare(console->session, &console->compare);
    if (console->compare != COMPARE_NONE)
        console->against = period_compare(clock, &console->period, console->compare);
}

static enum status screen_begin(struct console *console, const struct console_options *options,
                                struct error *err)
{
    struct config config;
    enum status status = config_read(&config, err);
    if (status == ST_OK)
        status = config_bind(&config, console->keymap, err);
    const char *asked = getenv("ATRIUM_LANG"); /* for this once */
    if (status == ST_OK && config.language && !(asked && *asked))
        locale_set_language(config.language);
    if (status == ST_OK && options->rows)
        screen_start_plain(options->rows, options->cols, &config.theme);
    else if (status == ST_OK) {
        struct screen_options screen = {.input = options->input,
                                        .output = options->output,
                                        .term = options->term,
                                        .theme = config.theme,
                                        .mouse = config.mouse};
        const char *problem = screen_start(&screen);
        if (problem)
            status = error_set(err, ST_UNUSABLE, "%s", problem);
    }
    config_free(&config);
    return status;
}

/* A program that is stopped in the middle of a question may keep a lock that others wait for:
 * questions end first and are asked again afterwards. Who takes longer than a second is left. */
static void rest(void *context, bool resting)
{
    enum { TURNS = 100, TURN_NS = 10000000 };
    struct console *console = context;
    collect_task_rest(console->collects, resting);
    rollout_task_rest(console->rollouts, resting);
    if (!resting) {
        console_refresh(console);
        return;
    }
    task_cancel_all(console->pool);
    task_cancel_all(console->early);
    task_cancel_all(console->pages);
    for (int i = 0; i < TURNS; i++) {
        task_collect(console->early);
        task_collect(console->pool);
        task_collect(console->pages);
        write_queue_collect(console->writes);
        if (!task_pool_busy(console->early) && !task_pool_busy(console->pool) &&
            !task_pool_busy(console->pages) && !write_queue_busy(console->writes))
            return;
        nanosleep(&(struct timespec){.tv_nsec = TURN_NS}, NULL);
    }
}

static void threads_begin(struct console *console)
{
    /* Questions give way to keys, and to the rows that a key asks for. */
    static const struct task_pool_ops pool_ops = {reader_begin_thread, reader_end_thread, 10};
    static const struct task_pool_ops early_ops = {reader_begin_thread, reader_end_thread, 5};
    static const struct task_pool_ops page_ops = {reader_begin_thread, reader_end_thread, 0};
    static const struct loop_ops loop_ops = {console_key, console_draw, quit, rest};
    console->people = people_cache_new();
    console->pool = task_pool_new(READERS, &pool_ops, console);
    console->early = task_pool_new(1, &early_ops, console);
    console->pages = task_pool_new(1, &page_ops, console);
    console->writes = write_queue_new(console->mall);
    console->imports = import_work_new(console);
    console->loop = loop_new(&loop_ops, console);
    console->desk = fleet_desk_new(console);
    loop_watch(console->loop, task_pool_fd(console->pool), answers_ready, console);
    loop_watch(console->loop, task_pool_fd(console->early), early_ready, console);
    loop_watch(console->loop, task_pool_fd(console->pages), pages_ready, console);
    loop_watch(console->loop, write_queue_fd(console->writes), changes_ready, console);
    if (console->sync_known.replica && !console->sealed)
        console->sync = sync_work_new(console);
    if (console->sync && !console->still)
        sync_work_now(console->sync);
}

static const char *view_title(const char *name)
{
    const struct view_ops *ops = screen_find(name);
    return ops ? text_translated(ops->title) : name;
}

/* Where one stopped last time, unless that was the first screen. */
static void resume_offer(struct console *console)
{
    const char *view, *argument, *last = NULL;
    size_t at = 0;
    for (; session_place(console->session, at, &view, &argument); at++)
        last = view;
    if (at > 1)
        console_say(console, _("you stopped at '%s'; . goes there"), view_title(last));
    if (console->mall->read_only)
        console_say(console, "%s", console->mall->why_read_only);
}

enum status console_new(const struct console_options *options, struct console **out,
                        struct error *err)
{
    struct console *console = mem_zero(1, sizeof *console);
    console->still = options->still;
    console->sealed = options->sealed;
    console->identity = options->identity;
    console->rollout_moment = options->rollout_moment;
    console->early_blocks = options->early_blocks ? options->early_blocks : EARLY_BLOCKS;
    *out = console;
    size_t n;
    const struct action *actions = actions_all(&n);
    console->keymap = keymap_new(actions, n);
    enum status status = mall_open(options->mall_path, &console->mall, err);
    if (status == ST_OK)
        status = present_read(console, options->principal, err);
    if (status == ST_OK)
        status = screen_begin(console, options, err);
    if (status != ST_OK) {
        console_free(console);
        *out = NULL;
        return status;
    }
    console->session =
        session_open(options->forgetful ? NULL : options->mall_path, options->principal);
    period_begin(console);
    threads_begin(console);
    questions_warm(console);
    console_open(console, "loop", "");
    console->alone = options->start && options->argument;
    if (options->start)
        console_open(console, options->start, options->argument ? options->argument : "");
    else
        resume_offer(console);
    watch_begin(console);
    if (!options->forgetful)
        malls_remember(console);
    if (options->collects && !console->sync_known.replica)
        console->collects = collect_task_new(console);
    if (options->drives)
        console->rollouts = rollout_task_new(console);
    return ST_OK;
}

void console_run(struct console *console)
{
    loop_run(console->loop);
}

size_t console_busy(const struct console *console)
{
    return task_pool_busy(console->early) + task_pool_busy(console->pool) +
           task_pool_busy(console->pages) + write_queue_busy(console->writes) +
           import_work_busy(console->imports) +
           (console->sync ? sync_work_busy(console->sync) : 0) +
           (console->still && console->desk ? fleet_desk_busy(console->desk) : 0) +
           (console->still ? fleet_transfer_left(console->transfer) : 0) +
           (console->still ? rollout_task_busy(console->rollouts) : 0);
}

/* Views first, so that their questions are cancelled before the threads are waited for. */
void console_free(struct console *console)
{
    if (!console)
        return;
    if (console->loop)
        watch_end(console);
    overlay_close(console);
    console_end_views(console);
    screen_end();
    sync_work_free(console->sync);
    fleet_run_free(console->run);
    console->run = NULL;
    collect_task_free(console->collects);
    console->collects = NULL;
    rollout_task_free(console->rollouts);
    console->rollouts = NULL;
    fleet_transfer_end(console->transfer);
    fleet_desk_free(console->desk);
    fleet_transfer_free(console->transfer);
    console->transfer = NULL;
    import_work_free(console->imports);
    if (console->early)
        task_pool_free(console->early);
    if (console->pool)
        task_pool_free(console->pool);
    if (console->pages)
        task_pool_free(console->pages);
    if (console->writes)
        write_queue_free(console->writes);
    change_free(console);
    if (console->loop)
        loop_free(console->loop);
    people_cache_free(console->people);
    keymap_free(console->keymap);
    session_close(console->session);
    free(console->period_id);
    free(console->message);
    free(console->next_mall);
    if (console->mall)
        mall_close(console->mall);
    free(console);
}

enum status console_start_at(const char *mall_path, const char *principal, const char *view,
                             const char *argument, const char *identity, struct error *err)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return error_set(err, ST_USAGE,
                         "the console needs a terminal; see atrium --help for commands");
    struct console_options options = {
        .principal = principal,
        .input = STDIN_FILENO,
        .output = STDOUT_FILENO,
        .start = view,
        .argument = argument,
        .identity = identity,
        .forgetful = view != NULL,
        .collects = view == NULL,
        .drives = view == NULL,
    };
    char *mall = mem_strdup(mall_path);
    enum status status = ST_OK;
    while (mall && status == ST_OK) {
        struct console *console;
        options.mall_path = mall;
        status = console_new(&options, &console, err);
        free(mall);
        mall = NULL;
        if (status != ST_OK)
            break;
        console_run(console);
        mall = console->next_mall;
        console->next_mall = NULL;
        console_free(console);
    }
    free(mall);
    return status;
}

enum status console_start(const char *mall_path, const char *principal, struct error *err)
{
    return console_start_at(mall_path, principal, NULL, NULL, NULL, err);
}
