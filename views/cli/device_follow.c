/* atrium device log --follow: the logs of many devices, merged as they come. */
#include "model/base/text.h"
#include "model/fleet/follow.h"
#include "model/people/regex.h"
#include "views/cli/device.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { LINES = 200, TICK_MS = 500 };

struct following {
    struct cli *cli;
    struct follow *follow;
    struct regex *filter; /* NULL: none */
    const struct zone *zone;
    struct arena *arena;
    uint64_t next; /* number of the next line to print */
    int width;     /* of the longest code */
    bool colours, gone;
};

static void line_json(struct following *f, const struct log_line *line)
{
    json_t *o =
        json_pack("{s:s, s:s, s:s}", "time", time_rfc3339(f->arena, f->zone, line->time), "device",
                  follow_code(f->follow, line->source), line->note ? "note" : "line", line->text);
    if (o && line->cut)
        json_object_set_new(o, "cut", json_integer(line->cut));
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    if (text)
        printf("%s\n", text);
    free(text);
    json_decref(o);
}

/* A device keeps its colour; these read on black and on white. */
static void line_plain(struct following *f, const struct log_line *line)
{
    static const int colours[] = {31, 133, 28, 130, 67, 167, 97, 65};
    const char *code = follow_code(f->follow, line->source);
    if (f->colours)
        printf("\033[38;5;%dm%-*s\033[m ",
               colours[line->source % (sizeof colours / sizeof *colours)], f->width, code);
    else
        printf("%-*s ", f->width, code);
    printf("%s%s%s", line->note ? "-- " : "", line->text, line->cut ? "…" : "");
    if (line->cut > 1)
        printf(" (+%s)", text_count(f->arena, line->cut));
    printf("\n");
}

static enum status lines_print(struct following *f, struct error *err)
{
    const struct log_ring *ring = follow_lines(f->follow);
    enum status status = ST_OK;
    if (f->next < log_first(ring)) {
        fprintf(stderr, "%llu lines were too many to print\n",
                (unsigned long long)(log_first(ring) - f->next));
        f->next = log_first(ring);
    }
    for (; f->next < log_end(ring) && status == ST_OK && !f->gone; f->next++) {
        const struct log_line *line = log_at(ring, f->next);
        bool found = true;
        if (f->filter && !line->note)
            status = regex_match(f->filter, line->text, &found, err);
        if (status != ST_OK || !found)
            continue;
        if (f->cli->json)
            line_json(f, line);
        else
            line_plain(f, line);
    }
    f->gone = f->gone || fflush(stdout) != 0;
    arena_reset(f->arena);
    return status;
}

/* All have ended for good: quarantined, without a pin. */
static bool nobody_left(const struct follow *follow)
{
    size_t states[FOLLOW_ENDED + 1];
    follow_count(follow, states);
    return states[FOLLOW_ENDED] == follow_sources(follow);
}

/* Until Ctrl-C, or nobody reads any more. */
static enum status follow_loop(struct following *f, struct fleet_engine *engine, int signals,
                               struct error *err)
{
    enum status status = ST_OK;
    struct pollfd fds[] = {{.fd = fleet_fd(engine), .events = POLLIN},
                           {.fd = follow_fd(f->follow), .events = POLLIN},
                           {.fd = signals, .events = POLLIN},
                           {.fd = STDOUT_FILENO}};
    while (status == ST_OK && !f->gone && !nobody_left(f->follow)) {
        poll(fds, sizeof fds / sizeof *fds, TICK_MS);
        if (fds[2].revents || fds[3].revents & (POLLERR | POLLHUP))
            break;
        fleet_collect(engine);
        follow_collect(f->follow);
        follow_tick(f->follow);
        status = lines_print(f, err);
    }
    return status == ST_OK ? lines_print(f, err) : status;
}

static enum status outcome(const struct follow *follow, struct error *err)
{
    size_t failed = 0, n = follow_sources(follow);
    for (size_t i = 0; i < n; i++)
        failed += follow_problem(follow, i) != NULL;
    return failed ? error_set(err, ST_PARTIAL, "%zu of %zu devices are not ok", failed, n) : ST_OK;
}

static enum status follow_run(struct following *f, struct device_request *request, int lines,
                              struct error *err)
{
    struct fleet_engine *engine;
    struct follow_options options = {.lines = lines, .follow = true, .zone = f->zone};
    sigset_t set, before;
    enum status status = device_engine(request, &engine, err);
    if (status != ST_OK)
        return status;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, &before);
    int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    f->follow = follow_begin(engine, request->devices, request->n, &options);
    status = follow_loop(f, engine, signals, err);
    if (status == ST_OK)
        status = outcome(f->follow, err);
    follow_leave(f->follow);
    fleet_free(engine);
    if (signals >= 0)
        close(signals);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}

enum status device_follow(struct device_request *request, struct error *err)
{
    struct cli *cli = request->cli;
    struct following f = {.cli = cli, .zone = cli->mall->zone};
    const char *pattern = cli_value(cli, "filter");
    int64_t lines;
    if (request->n > FOLLOW_DEVICES_MOST)
        return error_set(err, ST_USAGE,
                         "device log --follow: --on selects %zu devices, at most %d are followed",
                         request->n, FOLLOW_DEVICES_MOST);
    enum status status = cli_integer(cli, "lines", 1, LOG_LINES_MOST, LINES, &lines, err);
    if (status == ST_OK && pattern)
        status = regex_new(pattern, &f.filter, err);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < request->n; i++) {
        int width = (int)strlen(request->devices[i].code);
        f.width = width > f.width ? width : f.width;
    }
    f.arena = arena_new();
    f.colours = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    status = follow_run(&f, request, (int)lines, err);
    arena_free(f.arena);
    regex_free(f.filter);
    return status;
}
