#include "model/fleet/work.h"

#include "model/base/vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_S = 60, MARK_MOST = 32, OUTPUT_MOST = 1 << 20 };

/* What guards a command: it leads a process group of its own and says its number first. */
#define MARK "atrium-group "
static const char guard[] =
    "exec setsid -w sh -c 'echo \"" MARK "$$\" >&2; timeout --foreground -k 2 \"$1\" sh -c \"$2\"; "
    "s=$?; case $s in 124|137) trap \"\" TERM; kill -s TERM -- -$$ 2>/dev/null;; esac; exit $s' sh "
    "%lld %s";

/* Ends the group $1: 0 killed, 1 it is still there, 3 it had ended before. The dead that nobody
 * buried answer to signal 0 as if they lived. */
static const char killer[] =
    "lives() {\n"
    "    kill -s 0 -- \"-$1\" 2>/dev/null || return 1\n"
    "    [ -r /proc/self/stat ] && command -v awk >/dev/null 2>&1 || return 0\n"
    "    cat /proc/[0-9]*/stat 2>/dev/null | awk -v group=\"$1\" '{ sub(/^.*\\) /, \"\") }\n"
    "        $3 == group && $1 !~ /[ZX]/ { n++ } END { exit !n }'\n"
    "}\n"
    "lives \"$1\" || exit 3\n"
    "kill -s TERM -- \"-$1\" 2>/dev/null\n"
    "for i in 1 2 3 4 5 6 7 8 9; do\n"
    "    sleep 0.2 2>/dev/null || sleep 1\n"
    "    lives \"$1\" || exit 0\n"
    "    [ $i -lt 3 ] || kill -s KILL -- \"-$1\" 2>/dev/null\n"
    "done\n"
    "exit 1";
enum { KILLER_KILLED = 0, KILLER_LEFT = 1, KILLER_ENDED = 3 };

struct piece {
    struct fleet_result result;
    struct fleet_work *work;
    VEC(char) bytes;
    VEC(char) mark; /* the first line of stderr, while it may be the guard's */
    bool marked;
    long group;      /* 0: not known */
    bool sent_along; /* the script is part of the command now */
    struct fleet_job killer;
};

struct fleet_work {
    struct fleet_engine *engine;
    struct arena *arena;
    struct fleet_work_options options;
    const char *command, *along; /* along: with the whole script, for devices without it */
    size_t n, left;
    struct piece *pieces;
    struct fleet_result *results;
};

char *shell_quote(struct arena *arena, const char *text)
{
    size_t n = 2;
    for (const char *at = text; *at; at++)
        n += *at == '\'' ? 4 : 1;
    char *quoted = arena_alloc(arena, n + 1), *to = quoted;
    *to++ = '\'';
    for (const char *at = text; *at; at++) {
        if (*at == '\'') {
            memcpy(to, "'\\''", 4);
            to += 4;
        } else {
            *to++ = *at;
        }
    }
    *to = '\'';
    return quoted;
}

const char *device_verb_command(struct arena *arena, const char *verb, bool along)
{
    return along ? arena_printf(arena, "exec sh -c %s atrium-device %s",
                                shell_quote(arena, device_script), verb)
                 : arena_printf(arena, DEVICE_TOOL "%s", verb);
}

/* The guard's line is not of the command's output, and does not count for its limit. */
static void keep(struct piece *piece, const char *bytes, size_t n)
{
    size_t most = piece->work->options.most, room = most - piece->bytes.n;
    if (n > room) {
        n = room;
        piece->result.job.cut = true;
    }
    for (size_t i = 0; i < n; i++)
        vec_push(&piece->bytes, bytes[i]);
}

/* Takes the guard's line off stderr. Returns how many bytes were its. */
static size_t mark_take(struct piece *piece, const char *bytes, size_t n)
{
    size_t i = 0;
    for (; i < n && !piece->marked; i++) {
        vec_push(&piece->mark, bytes[i]);
        piece->marked = bytes[i] == '\n' || piece->mark.n >= MARK_MOST;
    }
    if (!piece->marked)
        return i;
    size_t length = strlen(MARK);
    vec_push(&piece->mark, '\0');
    if (strncmp(piece->mark.at, MARK, length) == 0)
        piece->group = strtol(piece->mark.at + length, NULL, 10);
    else
        keep(piece, piece->mark.at, piece->mark.n - 1);
    return i;
}

static bool on_output(struct fleet_job *job, bool is_stderr, const char *bytes, size_t n)
{
    struct piece *piece = job->context;
    if (is_stderr && piece->work->options.guarded && !piece->marked) {
        size_t taken = mark_take(piece, bytes, n);
        bytes += taken;
        n -= taken;
    }
    keep(piece, bytes, n);
    return true;
}

static void piece_done(struct piece *piece)
{
    struct fleet_work *work = piece->work;
    struct fleet_result *result = &piece->result;
    if (!piece->marked && piece->mark.n)
        keep(piece, piece->mark.at, piece->mark.n);
    result->output = (struct fleet_output){piece->bytes.at ? piece->bytes.at : "", piece->bytes.n,
                                           result->job.exit_status};
    result->finished = true;
    work->results[piece - work->pieces] = *result;
    work->left--;
    if (work->options.each)
        work->options.each(result, work->options.context);
}

static void killer_done(struct fleet_job *job)
{
    struct piece *piece = job->context;
    struct fleet_job *killed = &piece->result.job;
    int outcome = job->state == DEVICE_OK ? job->exit_status : -1;
    /* It said that a signal ended it: then it is no surprise that it is gone. */
    bool gone =
        outcome == KILLER_KILLED || (outcome == KILLER_ENDED && killed->state == DEVICE_CANCELLED);
    killed->state = gone ? DEVICE_CANCELLED : DEVICE_UNKNOWN;
    snprintf(killed->reason, sizeof killed->reason, "%s",
             gone                      ? "killed"
             : outcome == KILLER_LEFT  ? "left: it could not be killed"
             : outcome == KILLER_ENDED ? "ended: it had ended before it was killed"
                                       : "unknown: it could not be asked whether it still runs");
    piece_done(piece);
}

/* A command that was cancelled and may still run is ended from a second connection, which also
 * tells what became of it. */
static bool killer_send(struct piece *piece)
{
    struct fleet_job *job = &piece->result.job;
    bool begun = job->state == DEVICE_UNKNOWN ||
                 (job->state == DEVICE_CANCELLED && job->phase >= PHASE_COMMAND);
    /* A signal that went over the channel may have ended what waited for the group, and not it. */
    if (piece->group <= 1 || !begun || !job->cancel)
        return false;
    struct arena *arena = piece->work->arena;
    const char *command = arena_printf(arena, "exec sh -c %s atrium-kill %ld",
                                       shell_quote(arena, killer), piece->group);
    piece->killer = fleet_job_of(piece->result.device);
    piece->killer.command = command;
    piece->killer.done = killer_done;
    piece->killer.context = piece;
    fleet_submit(piece->work->engine, &piece->killer);
    return true;
}

/* A shell says 127 of a command that it does not find. */
static bool script_send_along(struct piece *piece)
{
    struct fleet_job *job = &piece->result.job;
    if (!piece->work->along || piece->sent_along || job->exit_status != 127)
        return false;
    piece->sent_along = true;
    piece->bytes.n = 0;
    job->command = piece->work->along;
    fleet_submit(piece->work->engine, job);
    return true;
}

static void on_done(struct fleet_job *job)
{
    struct piece *piece = job->context;
    if (script_send_along(piece))
        return;
    if (!piece->work->options.guarded || !killer_send(piece))
        piece_done(piece);
}

static void piece_begin(struct fleet_work *work, struct piece *piece, const struct device *device)
{
    piece->work = work;
    piece->result.device = device;
    piece->result.job = fleet_job_of(device);
    piece->result.job.command = work->command;
    piece->result.job.most = work->options.most + (work->options.guarded ? MARK_MOST : 0);
    piece->result.job.scan = work->options.scan;
    piece->result.job.output = on_output;
    piece->result.job.done = on_done;
    piece->result.job.context = piece;
    work->results[piece - work->pieces] = piece->result;
    if (*device->quarantine && !work->options.scan) {
        struct fleet_job *job = &piece->result.job;
        job->state = DEVICE_QUARANTINED;
        job->exit_status = -1;
        snprintf(job->reason, sizeof job->reason, "%.150s", device->quarantine);
        piece_done(piece);
    } else {
        fleet_submit(work->engine, &piece->result.job);
    }
}

struct fleet_work *fleet_work_begin(struct fleet_engine *engine, const struct device *devices,
                                    size_t n, const struct fleet_work_options *options)
{
    struct fleet_work *work = mem_zero(1, sizeof *work);
    work->engine = engine;
    work->arena = arena_new();
    work->options = *options;
    work->options.most = options->most ? options->most : OUTPUT_MOST;
    work->n = work->left = n;
    work->pieces = mem_zero(n ? n : 1, sizeof *work->pieces);
    work->results = mem_zero(n ? n : 1, sizeof *work->results);
    work->command = options->command;
    if (options->verb) {
        work->command = device_verb_command(work->arena, options->verb, false);
        work->along = device_verb_command(work->arena, options->verb, true);
    } else if (options->guarded && options->command)
        work->command = arena_printf(
            work->arena, guard, (long long)(options->timeout_s ? options->timeout_s : TIMEOUT_S),
            shell_quote(work->arena, options->command));
    for (size_t i = 0; i < n; i++)
        piece_begin(work, &work->pieces[i], &devices[i]);
    return work;
}

void fleet_work_cancel(struct fleet_work *work)
{
    for (size_t i = 0; i < work->n; i++)
        if (!work->pieces[i].result.finished)
            fleet_cancel(work->engine, &work->pieces[i].result.job);
}

size_t fleet_work_left(const struct fleet_work *work)
{
    return work->left;
}

enum fleet_phase fleet_work_phase(const struct fleet_work *work, size_t i)
{
    return __atomic_load_n(&work->pieces[i].result.job.phase, __ATOMIC_RELAXED);
}

const struct fleet_result *fleet_work_results(const struct fleet_work *work, size_t *n)
{
    *n = work->n;
    return work->results;
}

void fleet_work_free(struct fleet_work *work)
{
    if (!work)
        return;
    for (size_t i = 0; i < work->n; i++) {
        vec_free(&work->pieces[i].bytes);
        vec_free(&work->pieces[i].mark);
    }
    free(work->pieces);
    free(work->results);
    arena_free(work->arena);
    free(work);
}
