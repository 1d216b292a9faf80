/* `atrium sync`: one session of a replica with its hub. */
#include "model/base/text.h"
#include "model/sync/uplink.h"
#include "views/cli/commands.h"
#include "views/cli/stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void on_report(void *context, const struct sync_counts *counts, bool level)
{
    (void)level;
    if (counts->share < 1)
        cli_progress(context, "first copy", (int64_t)(1000 * counts->share), 1000);
}

/* A person says yes, or a script has said which key it must be. */
static bool is_confirmed(struct cli *cli, const char *hub, const char *offered)
{
    char answer[8] = "";
    const char *accept = cli_value(cli, "accept");
    if (accept)
        return strcmp(accept, offered) == 0;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return false;
    fprintf(stderr,
            "%s shows the host key %s.\nCompare it with what the hub's administrator says "
            "(ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there).\nIs it the hub's? (yes/no) ",
            hub, offered);
    return fgets(answer, sizeof answer, stdin) && strcmp(answer, "yes\n") == 0;
}

static enum status synced(struct cli *cli, struct uplink_run *run, struct error *err)
{
    enum status status = uplink_sync(run, err);
    cli_progress(cli, "", -1, 0);
    if (status != ST_DENIED || !run->unknown)
        return status;
    if (!is_confirmed(cli, uplink_hub(run->uplink), run->offered)) {
        error_wrap(err, "%s", "not connected");
        const char *text = arena_strdup(cli->arena, error_text(err));
        return error_set(err, ST_DENIED, "%s; if it is, say so: atrium sync --accept %s", text,
                         run->offered);
    }
    error_clear(err);
    uplink_pin(run->uplink, run->offered);
    status = uplink_save(run->uplink, err);
    if (status == ST_OK)
        status = uplink_sync(run, err);
    cli_progress(cli, "", -1, 0);
    return status;
}

static enum status result_print(struct cli *cli, const struct sync_counts *counts,
                                struct error *err)
{
    struct mall *mall;
    struct arena *arena = cli->arena;
    enum status status = cli_mall(cli, &mall, err);
    if (status != ST_OK)
        return status;
    const char *as_of = counts->as_of ? time_rfc3339(arena, mall->zone, counts->as_of) : NULL;
    if (cli->json)
        return cli_print_json(
            cli,
            json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:s?}", "pulled", (json_int_t)counts->pulled,
                      "pushed", (json_int_t)counts->pushed, "conflicts",
                      (json_int_t)counts->conflicts, "refused", (json_int_t)counts->refused,
                      "bytes_in", (json_int_t)counts->bytes_in, "bytes_out",
                      (json_int_t)counts->bytes_out, "as_of", as_of),
            err);
    cli_say(cli, "%s pulled, %s pushed, %s conflicts, %s refused; %s bytes in, %s out",
            text_count(arena, counts->pulled), text_count(arena, counts->pushed),
            text_count(arena, counts->conflicts), text_count(arena, counts->refused),
            text_count(arena, counts->bytes_in), text_count(arena, counts->bytes_out));
    if (counts->conflicts)
        cli_say(cli, "atrium conflict list shows what came back");
    return ST_OK;
}

static enum status run(struct cli *cli, struct error *err)
{
    struct uplink_run session = {
        .replica = cli->mall_path, .stop = &stop_asked, .report = on_report, .context = cli};
    const char *hub = cli_value(cli, "hub"), *via = cli_value(cli, "via");
    const char *identity = cli_value(cli, "identity");
    int64_t wait_s;
    enum status status = cli_duration(cli, "timeout", 60, &wait_s, err);
    if (status == ST_OK && wait_s < 1)
        status = error_set(err, ST_USAGE, "--timeout: expected at least 1s");
    session.idle_ms = 1000 * wait_s;
    if (status == ST_OK)
        status = uplink_open(cli->mall_path, &session.uplink, err);
    if (status == ST_OK)
        status = uplink_set(session.uplink, hub, via, identity, err);
    if (status == ST_OK && (hub || via || identity))
        status = uplink_save(session.uplink, err);
    if (status == ST_OK)
        status = stop_take(err);
    session.wake = stop_wake();
    if (status == ST_OK)
        status = synced(cli, &session, err);
    uplink_free(session.uplink);
    if (status == ST_OK)
        status = result_print(cli, &session.counts, err);
    if (status != ST_OK)
        return status;
    return session.counts.conflicts ? ST_CONFLICT : session.counts.refused ? ST_PARTIAL : ST_OK;
}

static const struct cli_option options[] = {
    {"hub", "URL", 0, "where the hub is: ssh://USER@HOST[:PORT]; remembered"},
    {"via", "COMMAND", 0, "or a command that speaks to it on its stdio: \"ssh hub\"; remembered"},
    {"identity", "FILE", 0, "private key to log in with (default: the agent's); remembered"},
    {"timeout", "DURATION", 0, "give up a hub that says nothing for so long (default 60s)"},
    {"accept", "FINGERPRINT", 0, "the hub's host key is this one (SHA256:…)"},
    {0},
};

const struct cli_command cli_sync = {
    .name = "sync",
    .arguments = "",
    .summary = "a replica gets what changed at its hub, and the hub what was edited here",
    .help =
        "-m REPLICA names the replica's file; where there is none, a first copy makes it, and\n"
        "goes on where it was when it is interrupted. The hub is remembered in REPLICA.hub. Its\n"
        "host key is asked about the first time and pinned then. Exit status 5: edits came back\n"
        "as conflicts (atrium conflict list); 1: some were refused (atrium outbox), or the hub\n"
        "cannot be reached.",
    .options = options,
    .least_args = 0,
    .most_args = 0,
    .run = run,
};
