#include "views/sync_work.h"

#include "model/base/time.h"
#include "views/console.h"
#include "views/malls.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PAUSE_S = 1,        /* after a session that ended as it should */
    RETRY_S = 5,        /* after one that failed, doubled each time */
    RETRY_MOST_S = 300, /* up to this */
    TELL_MS = 200,      /* progress is told so often */
};

struct sync_work {
    struct console *console;
    char *replica;
    pthread_t thread;
    bool begun;
    int wake, told; /* eventfds: to the thread, to the screen */
    atomic_bool stop;
    atomic_int wanted;    /* sessions asked for and not had: in a still console */
    atomic_bool accepted; /* the key on offer */
    bool once;            /* a still console: a session each time it is asked for */

    pthread_mutex_t lock; /* of what follows */
    struct sync_glance said;
    struct sync_glance seen; /* the screen's copy */

    /* The thread's own. */
    int64_t last_told, bytes_in;
    int failures;
    ino_t file;
};

enum status sync_known_read(struct reader *reader, struct sync_known *known, struct error *err)
{
    struct arena *arena = arena_new();
    struct sync_state state;
    enum status status = sync_state_read(reader, arena, time_now(), &state, err);
    memset(known, 0, sizeof *known);
    if (status == ST_OK && state.replica) {
        *known = (struct sync_known){
            .replica = true,
            .locked = state.locked,
            .as_of = state.as_of,
            .heard = state.heard,
            .lock_at = state.lock_at,
            .pending = state.pending + state.sent,
            .conflicts = state.conflicts,
            .refused = state.refused,
        };
        snprintf(known->hub, sizeof known->hub, "%s", state.hub ? state.hub : "");
        snprintf(known->principal, sizeof known->principal, "%s",
                 state.principal ? state.principal : "");
    }
    arena_free(arena);
    return status;
}

/* ---- The thread ---- */

static void tell(struct sync_work *work)
{
    uint64_t one = 1;
    if (write(work->told, &one, sizeof one) < 0)
        return; /* it is readable already */
}

static void phase_set(struct sync_work *work, enum sync_phase phase, const char *said)
{
    pthread_mutex_lock(&work->lock);
    work->said.phase = phase;
    if (said)
        snprintf(work->said.said, sizeof work->said.said, "%s", said);
    pthread_mutex_unlock(&work->lock);
    tell(work);
}

static ino_t file_number(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? info.st_ino : 0;
}

static void on_report(void *context, const struct sync_counts *counts, bool level)
{
    struct sync_work *work = context;
    int64_t now = time_monotonic_ns() / 1000000;
    enum sync_phase phase = level ? SYNC_LEVEL : SYNC_WORKS;
    bool heard = counts->bytes_in != work->bytes_in;
    pthread_mutex_lock(&work->lock);
    bool changed = work->said.phase != phase;
    work->said.phase = phase;
    work->said.counts = *counts;
    /* Made anew while the session stays open. */
    if (level && changed)
        work->said.remade |= file_number(work->replica) != work->file;
    if (heard)
        work->said.heard = time_now();
    pthread_mutex_unlock(&work->lock);
    work->bytes_in = counts->bytes_in;
    if (changed || (heard && now - work->last_told >= TELL_MS)) {
        work->last_told = now;
        tell(work);
    }
}

/* Seconds until the next try. */
static int64_t session_ended(struct sync_work *work, const struct uplink_run *run,
                             enum status status, const struct error *err)
{
    bool asks = status == ST_DENIED && run->unknown;
    bool failed = status != ST_OK && status != ST_CANCELLED;
    int64_t wait = PAUSE_S;
    work->failures = failed ? work->failures + 1 : 0;
    for (int i = 1; i <= work->failures && wait < RETRY_MOST_S; i++)
        wait = i == 1 ? RETRY_S : 2 * wait;
    wait = wait < RETRY_MOST_S ? wait : RETRY_MOST_S;
    pthread_mutex_lock(&work->lock);
    work->said.phase = asks ? SYNC_ASKS : work->once && !failed ? SYNC_OFF : SYNC_PAUSES;
    work->said.counts = run->counts;
    work->said.next_try = time_now() + wait;
    work->said.remade |= file_number(work->replica) != work->file;
    snprintf(work->said.said, sizeof work->said.said, "%s", failed ? error_text(err) : "");
    snprintf(work->said.offered, sizeof work->said.offered, "%s", asks ? run->offered : "");
    pthread_mutex_unlock(&work->lock);
    tell(work);
    return asks ? INT32_MAX / 1000 : wait;
}

static int64_t session_run(struct sync_work *work)
{
    struct error err = {0};
    struct uplink_run run = {
        .replica = work->replica,
        .stop = &work->stop,
        .wake = work->wake,
        .stay = !work->once,
        .report = on_report,
        .context = work,
        .counts = {.share = 1},
    };
    enum status status = uplink_open(work->replica, &run.uplink, &err);
    const char *hub = status == ST_OK ? uplink_hub(run.uplink) : NULL;
    hub = hub || status != ST_OK ? hub : uplink_via(run.uplink);
    if (status == ST_OK && !hub) {
        phase_set(work, SYNC_OFF, "");
        uplink_free(run.uplink);
        return INT32_MAX / 1000;
    }
    if (status == ST_OK && atomic_exchange(&work->accepted, false)) {
        uplink_pin(run.uplink, work->said.offered); /* which nobody else writes */
        status = uplink_save(run.uplink, &err);
    }
    pthread_mutex_lock(&work->lock);
    snprintf(work->said.hub, sizeof work->said.hub, "%s", hub ? hub : "");
    pthread_mutex_unlock(&work->lock);
    phase_set(work, SYNC_REACHES, NULL);
    work->bytes_in = 0;
    if (status == ST_OK)
        status = uplink_sync(&run, &err);
    int64_t wait = session_ended(work, &run, status, &err);
    uplink_free(run.uplink);
    error_clear(&err);
    return wait;
}

static void rest(struct sync_work *work, int64_t seconds)
{
    uint64_t drained;
    struct pollfd wake = {.fd = work->wake, .events = POLLIN};
    while (!atomic_load(&work->stop) && poll(&wake, 1, (int)(seconds * 1000)) < 0 && errno == EINTR)
        ;
    if (read(work->wake, &drained, sizeof drained) < 0)
        return; /* the time was over */
}

static void *work_run(void *context)
{
    struct sync_work *work = context;
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE); /* of a command that ended */
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    while (!atomic_load(&work->stop)) {
        int64_t wait = session_run(work);
        if (work->once && atomic_load(&work->wanted) > 0)
            atomic_fetch_sub(&work->wanted, 1);
        tell(work);
        if (work->once && atomic_load(&work->wanted) > 0)
            continue;
        rest(work, work->once ? INT32_MAX / 1000 : wait);
        while (work->once && !atomic_load(&work->stop) && !atomic_load(&work->wanted))
            rest(work, INT32_MAX / 1000);
    }
    return NULL;
}

/* ---- The screen's side ---- */

static void told_ready(void *context)
{
    struct sync_work *work = context;
    uint64_t drained;
    if (read(work->told, &drained, sizeof drained) < 0)
        return;
    if (sync_work_glance(work)->remade && !work->console->next_mall && !work->console->still)
        malls_switch(work->console, work->replica); /* what is open is the file of before */
    console_redraw(work->console);
}

struct sync_work *sync_work_new(struct console *console)
{
    struct sync_work *work = mem_zero(1, sizeof *work);
    *work = (struct sync_work){
        .console = console,
        .replica = mem_strdup(console->mall->path),
        .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
        .told = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
        .once = console->still,
        .said = {.counts = {.share = 1}},
    };
    work->file = file_number(work->replica);
    pthread_mutex_init(&work->lock, NULL);
    loop_watch(console->loop, work->told, told_ready, work);
    return work;
}

void sync_work_free(struct sync_work *work)
{
    uint64_t one = 1;
    if (!work)
        return;
    atomic_store(&work->stop, true);
    if (work->begun && write(work->wake, &one, sizeof one) == (ssize_t)sizeof one)
        pthread_join(work->thread, NULL);
    loop_unwatch(work->console->loop, work->told);
    close(work->wake);
    close(work->told);
    pthread_mutex_destroy(&work->lock);
    free(work->replica);
    free(work);
}

void sync_work_now(struct sync_work *work)
{
    uint64_t one = 1;
    if (work->once)
        atomic_fetch_add(&work->wanted, 1);
    if (!work->begun)
        work->begun = pthread_create(&work->thread, NULL, work_run, work) == 0;
    else if (write(work->wake, &one, sizeof one) < 0)
        return; /* it is awake already */
}

size_t sync_work_busy(const struct sync_work *work)
{
    return (size_t)atomic_load(&work->wanted);
}

void sync_work_accept(struct sync_work *work)
{
    atomic_store(&work->accepted, true);
    sync_work_now(work);
}

const struct sync_glance *sync_work_glance(struct sync_work *work)
{
    pthread_mutex_lock(&work->lock);
    work->seen = work->said;
    pthread_mutex_unlock(&work->lock);
    return &work->seen;
}
