#include "model/fleet/follow.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/fleet/clean.h"
#include "model/fleet/work.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

enum {
    HELD_FROM = 64 << 10, /* bytes that wait here before a device has to */
    BEAT_S = 10,
    SILENT_S = 35,
    ACCEPTED_S = 1, /* a command that has not failed by then runs */
    AGAIN_S = 1,    /* what was seen before comes again within it */
    BACK_MOST_S = 30,
    NOT_FOUND = 127
};

struct source {
    struct follow *follow;
    struct fleet_job job;
    struct log_source log;
    char words[256]; /* the line of stderr that has not ended */
    size_t n_words;
    char said[256]; /* the last line of stderr, cleaned */
    enum follow_state state;
    char problem[256];
    int tries;
    bool along, running, was_live, told; /* along: with the whole script; told: of this loss */
    bool silent;                         /* it was given up for being silent */
    int64_t due, accepted, beat, alive, again_until; /* monotonic ns; 0: not */
    bool answers; /* it answers signs of life, which an older script does not */
    /* Under the follow's lock. */
    char *bytes[2];
    size_t n[2], cap[2];
    int beats; /* to be sent */
};

struct follow {
    struct arena *arena;
    struct fleet_engine *engine;
    struct source *sources;
    size_t n, running;
    struct log_ring *ring;
    const char *command, *along, *again, *again_along;
    bool follow, left;
    int event;
    pthread_mutex_t lock;
};

static void ring_bell(struct follow *follow)
{
    uint64_t one = 1;
    ssize_t written = write(follow->event, &one, sizeof one);
    (void)written;
}

/* ---- On the engine's thread ---- */

static bool on_output(struct fleet_job *job, bool is_stderr, const char *bytes, size_t n)
{
    struct source *s = job->context;
    struct follow *follow = s->follow;
    pthread_mutex_lock(&follow->lock);
    if (s->n[is_stderr] + n > s->cap[is_stderr]) {
        s->cap[is_stderr] = vec_capacity(s->cap[is_stderr], s->n[is_stderr] + n);
        s->bytes[is_stderr] = mem_resize(s->bytes[is_stderr], s->cap[is_stderr], 1);
    }
    memcpy(s->bytes[is_stderr] + s->n[is_stderr], bytes, n);
    s->n[is_stderr] += n;
    bool much = s->n[0] + s->n[1] > HELD_FROM;
    pthread_mutex_unlock(&follow->lock);
    if (much)
        fleet_hold(follow->engine, job, true);
    ring_bell(follow);
    return true;
}

static int64_t on_input(struct fleet_job *job, char *buffer, size_t size)
{
    struct source *s = job->context;
    pthread_mutex_lock(&s->follow->lock);
    int beats = s->beats;
    s->beats = 0;
    pthread_mutex_unlock(&s->follow->lock);
    if (!beats || !size)
        return -1;
    *buffer = '.';
    return 1;
}

/* ---- Calls ---- */

static void note(struct source *s, const char *text)
{
    log_note(s->follow->ring, s->log.number, text);
}

static void follow_free(struct follow *follow)
{
    for (size_t i = 0; i < follow->n; i++) {
        struct source *s = &follow->sources[i];
        log_source_free(&s->log);
        free(s->bytes[0]);
        free(s->bytes[1]);
    }
    free(follow->sources);
    log_ring_free(follow->ring);
    if (follow->event >= 0)
        close(follow->event);
    pthread_mutex_destroy(&follow->lock);
    arena_free(follow->arena);
    free(follow);
}

static void call(struct source *s)
{
    struct follow *follow = s->follow;
    bool again = s->was_live;
    s->job.command = again ? (s->along ? follow->again_along : follow->again)
                           : (s->along ? follow->along : follow->command);
    s->job.hold = 0;
    s->job.reason[0] = 0;
    s->state = FOLLOW_CALLING;
    s->running = true;
    s->answers = false;
    s->silent = false;
    s->n_words = 0;
    *s->said = 0;
    s->due = s->accepted = s->beat = s->alive = 0;
    if (again)
        log_again(&s->log);
    s->again_until = 0;
    follow->running++;
    fleet_submit(follow->engine, &s->job);
}

/* Why it is not followed any more, in a sentence. */
static void problem_set(struct source *s)
{
    const struct fleet_job *job = &s->job;
    if (s->silent)
        snprintf(s->problem, sizeof s->problem, _("no answer for %d s"), SILENT_S);
    else if (job->state != DEVICE_OK)
        snprintf(s->problem, sizeof s->problem, "%s", job->reason);
    else if (job->exit_status)
        snprintf(s->problem, sizeof s->problem, _("exit status %d%s%.180s"), job->exit_status,
                 *s->said ? ": " : "", s->said);
}

static void lost_say(struct source *s, int64_t wait)
{
    char text[512];
    if (s->told)
        return; /* once is enough, until it is back */
    s->told = true;
    snprintf(text, sizeof text,
             s->was_live ? _("the line is lost: %s; called again in %d s")
                         : _("not reached: %s; called again in %d s"),
             *s->problem ? s->problem : _("its log ended"), (int)wait);
    note(s, text);
}

/* Those that refuse it as a whole are not called again: only a person can settle that. */
static void call_later(struct source *s)
{
    enum device_condition state = s->job.state;
    bool settled = state == DEVICE_QUARANTINED || state == DEVICE_UNPINNED;
    problem_set(s);
    if (!s->follow->follow || settled || s->follow->left) {
        s->state = FOLLOW_ENDED;
        if (*s->problem && !s->follow->left)
            note(s, s->problem);
        return;
    }
    int64_t wait = s->tries < 5 ? 1 << s->tries : BACK_MOST_S;
    s->tries++;
    s->state = FOLLOW_WAITING;
    /* Not all of them in the same moment. */
    s->due = time_monotonic_ns() + wait * SECOND + (int64_t)(s->log.number % 20) * SECOND / 40;
    lost_say(s, wait);
}

static bool source_take(struct source *s);

static void on_done(struct fleet_job *job)
{
    struct source *s = job->context;
    struct follow *follow = s->follow;
    s->running = false;
    follow->running--;
    source_take(s);
    bool gone = job->state == DEVICE_OK && job->exit_status == NOT_FOUND;
    if (follow->left) {
        if (!follow->running)
            follow_free(follow);
        return;
    }
    log_again_end(follow->ring, &s->log);
    if (!follow->follow)
        log_source_end(follow->ring, &s->log);
    log_lost(&s->log);
    if (gone && !s->along) {
        s->along = true;
        call(s);
    } else {
        call_later(s);
    }
    ring_bell(follow);
}

/* ---- What comes ---- */

static void live(struct source *s)
{
    if (s->state != FOLLOW_CALLING)
        return;
    s->state = FOLLOW_LIVE;
    s->again_until = s->log.again ? time_monotonic_ns() + AGAIN_S * SECOND : 0;
    if (s->told)
        note(s, _("it is back"));
    s->told = false;
    s->was_live = true;
    s->tries = 0;
    *s->problem = 0;
}

/* A line of stderr: the answer to a sign of life, or what the device's tail has to say. */
static void words_end(struct source *s)
{
    struct arena *arena = arena_new();
    const char *text = device_clean(arena, s->words, s->n_words, sizeof s->said - 1, false, NULL);
    s->n_words = 0;
    if (strcmp(text, ".") == 0) {
        s->answers = true;
    } else if (*text) {
        snprintf(s->said, sizeof s->said, "%s", text);
        if (s->state == FOLLOW_LIVE)
            note(s, text);
    }
    arena_free(arena);
}

static void words_add(struct source *s, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] == '\n')
            words_end(s);
        else if (s->n_words < sizeof s->words)
            s->words[s->n_words++] = bytes[i];
}

static void bytes_give(struct source *s, bool is_stderr, const char *bytes, size_t n)
{
    struct follow *follow = s->follow;
    s->alive = time_monotonic_ns();
    if (is_stderr) {
        words_add(s, bytes, n);
    } else {
        live(s);
        log_add(follow->ring, &s->log, bytes, n);
    }
}

/* What came from it so far; true where there was anything. */
static bool source_take(struct source *s)
{
    struct follow *follow = s->follow;
    char *bytes[2];
    size_t n[2];
    pthread_mutex_lock(&follow->lock);
    for (int i = 0; i < 2; i++) {
        bytes[i] = s->bytes[i];
        n[i] = s->n[i];
        s->bytes[i] = NULL;
        s->n[i] = s->cap[i] = 0;
    }
    pthread_mutex_unlock(&follow->lock);
    for (int i = 0; i < 2; i++) {
        if (n[i] && !follow->left)
            bytes_give(s, i, bytes[i], n[i]);
        free(bytes[i]);
    }
    if (s->running)
        fleet_hold(follow->engine, &s->job, false);
    return n[0] + n[1] > 0;
}

bool follow_collect(struct follow *follow)
{
    uint64_t count, before = log_end(follow->ring);
    ssize_t quiet = read(follow->event, &count, sizeof count);
    (void)quiet;
    bool any = false;
    for (size_t i = 0; i < follow->n; i++)
        any = source_take(&follow->sources[i]) || any;
    return any || log_end(follow->ring) != before;
}

/* ---- Time ---- */

static bool source_tick(struct source *s, int64_t now)
{
    if (s->state == FOLLOW_WAITING && now >= s->due) {
        call(s);
        return true;
    }
    enum fleet_phase phase = __atomic_load_n(&s->job.phase, __ATOMIC_RELAXED);
    if (!s->running || !s->follow->follow || phase < PHASE_FIRST)
        return false;
    s->accepted = s->accepted ? s->accepted : now;
    s->alive = s->alive ? s->alive : now;
    if (now - s->accepted > ACCEPTED_S * SECOND)
        live(s); /* a log without a line is one too */
    if (s->again_until && now > s->again_until) {
        s->again_until = 0;
        log_again_end(s->follow->ring, &s->log);
    }
    if (now - s->beat > BEAT_S * SECOND) {
        s->beat = now;
        pthread_mutex_lock(&s->follow->lock);
        s->beats = 1;
        pthread_mutex_unlock(&s->follow->lock);
        fleet_wake(s->follow->engine);
    }
    if (s->answers && now - s->alive > SILENT_S * SECOND) {
        s->silent = true;
        s->alive = now;
        fleet_cancel(s->follow->engine, &s->job);
    }
    return true;
}

bool follow_tick(struct follow *follow)
{
    int64_t now = time_monotonic_ns();
    bool changed = false;
    for (size_t i = 0; i < follow->n; i++)
        changed = source_tick(&follow->sources[i], now) || changed;
    return changed;
}

/* ---- Life ---- */

static void source_make(struct follow *follow, struct source *s, const struct device *device,
                        uint32_t number)
{
    struct device *own = arena_new_of(follow->arena, struct device);
    device_copy(follow->arena, own, device);
    s->follow = follow;
    s->log.number = number;
    s->job = fleet_job_of(own);
    s->job.most = SIZE_MAX;
    s->job.lasting = follow->follow;
    s->job.output = on_output;
    s->job.input = follow->follow ? on_input : NULL;
    s->job.done = on_done;
    s->job.context = s;
    if (!*device->quarantine)
        return;
    s->state = FOLLOW_ENDED;
    snprintf(s->problem, sizeof s->problem, "%.200s", device->quarantine);
    note(s, s->problem);
}

static const char *verb_alone(struct follow *follow, int lines)
{
    return arena_printf(follow->arena, DEVICE_TOOL "log %d%s", lines,
                        follow->follow ? " --follow" : "");
}

static const char *verb_along(struct follow *follow, int lines)
{
    return arena_printf(follow->arena, "exec sh -c %s atrium-device log %d%s",
                        shell_quote(follow->arena, device_script), lines,
                        follow->follow ? " --follow" : "");
}

struct follow *follow_begin(struct fleet_engine *engine, const struct device *devices, size_t n,
                            const struct follow_options *options)
{
    struct follow *follow = mem_zero(1, sizeof *follow);
    follow->arena = arena_new();
    follow->engine = engine;
    follow->follow = options->follow;
    follow->n = n;
    follow->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    follow->ring = log_ring_new(options->zone);
    follow->command = verb_alone(follow, options->lines);
    follow->along = verb_along(follow, options->lines);
    follow->again = verb_alone(follow, LOG_AGAIN);
    follow->again_along = verb_along(follow, LOG_AGAIN);
    pthread_mutex_init(&follow->lock, NULL);
    follow->sources = mem_zero(n ? n : 1, sizeof *follow->sources);
    for (size_t i = 0; i < n; i++) {
        source_make(follow, &follow->sources[i], &devices[i], (uint32_t)i);
        if (follow->sources[i].state != FOLLOW_ENDED)
            call(&follow->sources[i]);
    }
    return follow;
}

int follow_fd(const struct follow *follow)
{
    return follow->event;
}

const struct log_ring *follow_lines(const struct follow *follow)
{
    return follow->ring;
}

size_t follow_sources(const struct follow *follow)
{
    return follow->n;
}

const char *follow_code(const struct follow *follow, size_t source)
{
    return follow->sources[source].job.code;
}

enum follow_state follow_state(const struct follow *follow, size_t source)
{
    return follow->sources[source].state;
}

void follow_count(const struct follow *follow, size_t states[FOLLOW_ENDED + 1])
{
    memset(states, 0, (FOLLOW_ENDED + 1) * sizeof *states);
    for (size_t i = 0; i < follow->n; i++)
        states[follow->sources[i].state]++;
}

const char *follow_problem(const struct follow *follow, size_t source)
{
    const char *problem = follow->sources[source].problem;
    return *problem ? problem : NULL;
}

void follow_leave(struct follow *follow)
{
    if (!follow)
        return;
    follow->left = true;
    for (size_t i = 0; i < follow->n; i++)
        if (follow->sources[i].running)
            fleet_cancel(follow->engine, &follow->sources[i].job);
    if (!follow->running)
        follow_free(follow);
}
