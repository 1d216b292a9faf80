/* `atrium serve`: the hub's end of a session, as sshd starts it for somebody's key. Whoever is on
 * the other side may be hostile, so it first gives up whatever it will not need. */
#include "model/base/text.h"
#include "model/sync/door.h"
#include "model/sync/frame.h"
#include "model/sync/pump.h"
#include "views/cli/commands.h"
#include "views/cli/stop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __has_feature /* of clang */
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

enum {
    FILES_MOST = 128,
    DATA_MOST = 512 << 20, /* bytes of its own; a session takes a tenth */
    NICE = 5,              /* the hub's own console and engine go first */
    TICK_MS = 1000,        /* looks so often for what others changed */
    IDLE_S = 30 * 60,      /* a client that says nothing for so long is let go */
    IDLE_MOST_S = 24 * 3600,
};

/* ---- Before anything is read ---- */

static enum status identity_check(struct error *err)
{
    uid_t real, effective, saved;
    gid_t group, effective_group, saved_group;
    getresuid(&real, &effective, &saved);
    getresgid(&group, &effective_group, &saved_group);
    if (real == 0 || effective == 0 || saved == 0)
        return error_set(err, ST_DENIED,
                         "serve does not run as root; let the hub be a user of its own, who owns "
                         "the mall file (doc/operations.md)");
    if (real != effective || effective != saved || group != effective_group ||
        effective_group != saved_group)
        return error_set(err, ST_DENIED, "serve does not run from a setuid or setgid program");
    return ST_OK;
}

/* sshd, or whoever runs it, gives 0, 1 and 2; everything else is not ours. */
static enum status descriptors_check(struct error *err)
{
    struct stat info;
    for (int fd = 0; fd <= 2; fd++)
        if (fstat(fd, &info) != 0)
            return error_set(err, ST_DENIED, "serve needs descriptors 0, 1 and 2");
    if (isatty(0) || isatty(1))
        return error_set(err, ST_USAGE,
                         "serve speaks to a program, not to a terminal; see "
                         "atrium hub --help");
    close_range(3, ~0u, 0);
    return ST_OK;
}

/* What the client may have had a hand in (SSH_ORIGINAL_COMMAND, LANG, …) is not looked at. */
static enum status environment_clean(const struct cli *cli, struct error *err)
{
    const char *mall = getenv("ATRIUM_MALL");
    if (mall && strcmp(mall, cli->mall_path) == 0)
        return error_set(err, ST_USAGE, "serve takes its mall from -m MALL alone");
    if (clearenv() != 0 || setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1) != 0 ||
        setenv("LANG", "C.UTF-8", 1) != 0)
        return error_set(err, ST_UNUSABLE, "the environment cannot be cleaned");
    return ST_OK;
}

static enum status limit(int what, rlim_t most, struct error *err)
{
    struct rlimit limits;
    if (getrlimit(what, &limits) == 0 && limits.rlim_max < most)
        most = limits.rlim_max;
    limits = (struct rlimit){most, most};
    return setrlimit(what, &limits) == 0
               ? ST_OK
               : error_set(err, ST_UNUSABLE, "a limit cannot be set: %s", strerror(errno));
}

static enum status limits_set(struct error *err)
{
    umask(077);
    enum status status = limit(RLIMIT_CORE, 0, err);
    if (status == ST_OK)
        status = limit(RLIMIT_NOFILE, FILES_MOST, err);
#if !SANITIZED /* which maps more than any limit, and uses little of it */
    if (status == ST_OK)
        status = limit(RLIMIT_DATA, DATA_MOST, err);
#endif
    if (status == ST_OK &&
        (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0))
        status = error_set(err, ST_UNUSABLE, "rights cannot be given up: %s", strerror(errno));
    errno = 0;
    if (status == ST_OK && nice(NICE) == -1 && errno)
        errno = 0; /* it is as nice as it may be already */
    return status;
}

/* ---- The session ---- */

/* A last frame for a session that does not begin, so that the other side says why. */
static void refusal_say(enum status status, const struct error *err)
{
    struct frame_out out = {0};
    json_t *json =
        json_pack("{s:s, s:s}", "reason", error_text(err), "status", status_name(status));
    char *text = json_dumps(json, JSON_COMPACT);
    size_t n;
    if (text) {
        frame_put(&out, FRAME_BYE, text, strlen(text));
        const unsigned char *bytes = frame_next(&out, &n);
        if (write(STDOUT_FILENO, bytes, n) < 0)
            errno = 0; /* nobody is there to hear it */
    }
    frame_out_free(&out);
    free(text);
    json_decref(json);
}

static enum status session_serve(struct cli *cli, const char *principal, int64_t idle_s,
                                 struct error *err)
{
    struct sync_hub_options options = {.principal = principal};
    struct sync_hub *hub;
    int place;
    enum status status = door_enter(cli->mall->path, principal, &place, err);
    if (status == ST_OK)
        status = sync_hub_new(cli->mall, &options, &hub, err);
    if (status != ST_OK) { /* the place is given up with the program */
        refusal_say(status, err);
        return status;
    }
    struct wire *wire = wire_of_descriptors(STDIN_FILENO, STDOUT_FILENO);
    struct pump_end end = pump_end_of_hub(hub);
    status = pump_run(
        wire, &end,
        &(struct pump_options){
            .stop = &stop_asked, .wake = stop_wake(), .tick_ms = TICK_MS, .idle_ms = idle_s * 1000},
        err);
    wire->ops->close(wire);
    sync_hub_free(hub);
    close(place);
    /* A client that went, or a hub that is shut down, is how sessions end. */
    if (status == ST_PARTIAL || status == ST_CANCELLED) {
        error_clear(err);
        return ST_OK;
    }
    return status;
}

static enum status run(struct cli *cli, struct error *err)
{
    const char *principal = cli_value(cli, "principal");
    struct reader *reader;
    struct mall *mall;
    int64_t idle_s;
    enum status status = identity_check(err);
    if (status == ST_OK)
        status = descriptors_check(err);
    if (status == ST_OK)
        status = environment_clean(cli, err);
    if (status == ST_OK)
        status = limits_set(err);
    if (status == ST_OK)
        status = cli_duration(cli, "idle", IDLE_S, &idle_s, err);
    if (status == ST_OK && (idle_s < 1 || idle_s > IDLE_MOST_S))
        status = error_set(err, ST_USAGE, "--idle: expected 1s to 24h");
    if (status == ST_OK)
        status = door_name_check(principal, err);
    if (status == ST_OK)
        status = stop_take(err);
    if (status == ST_OK)
        status = cli_mall(cli, &mall, err);
    if (status == ST_OK)
        status = reader_open(mall, &reader, err);
    if (status != ST_OK)
        return status;
    status = door_check(reader, principal, err);
    reader_close(reader);
    if (status == ST_OK)
        return session_serve(cli, principal, idle_s, err);
    refusal_say(status, err);
    return status;
}

static const struct cli_option options[] = {
    {"principal", "NAME", CLI_REQUIRED, "who is on the other side, as the forced command says"},
    {"idle", "DURATION", 0, "ends a session in which nothing was said for so long (default 30m)"},
    {0},
};

const struct cli_command cli_serve = {
    .name = "serve",
    .arguments = "",
    .summary = "the hub's end of a session, on stdin and stdout",
    .help =
        "For the forced command of authorized_keys, which `atrium hub add` writes. Takes nothing\n"
        "from the client but frames, refuses to run as root or setuid, empties its environment,\n"
        "closes what it was not given to use, and limits what it may take.",
    .options = options,
    .least_args = 0,
    .most_args = 0,
    .run = run,
};
