/* `atrium hub`: who may come in to a mall that others have replicas of. */
#include "model/sync/hub.h"
#include "model/base/text.h"
#include "model/sync/door.h"
#include "model/sync/upkeep.h"
#include "views/cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The reader, the writer and who asks. */
struct asked {
    struct reader *reader;
    struct writer *writer;
    struct access access;
};

static enum status ask(struct cli *cli, struct asked *asked, struct error *err)
{
    enum status status = cli_reader(cli, &asked->reader, err);
    if (status == ST_OK)
        status = access_lookup(asked->reader, cli->principal, &asked->access, err);
    if (status == ST_OK)
        status = access_require(&asked->access, RIGHT_ADMIN, "look after a hub", err);
    if (status == ST_OK)
        status = cli_writer(cli, &asked->writer, err);
    return status;
}

static enum status key_load(struct cli *cli, const char *path, struct door_key *key,
                            struct error *err)
{
    char bytes[DOOR_KEY_MOST + 1];
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    size_t n = 0;
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0 && n < sizeof bytes) {
        got = read(fd, bytes + n, sizeof bytes - n);
        n += got > 0 ? (size_t)got : 0;
    }
    int code = errno;
    if (fd > STDIN_FILENO)
        close(fd);
    if (got < 0)
        return error_set(err, ST_REFUSED, "--key %s: %s",
                         text_quote(cli->arena, path, strlen(path)), strerror(code));
    return door_key_read(cli->arena, path, bytes, n, key, err);
}

/* This program's own file, or the one that was named. */
static enum status program_path(struct cli *cli, const char **path, struct error *err)
{
    const char *given = cli_value(cli, "program");
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self);
    if (!given && (n <= 0 || n == (ssize_t)sizeof self))
        return error_set(err, ST_USAGE, "--program: where atrium lies is not known; name it");
    *path = given ? given : arena_strndup(cli->arena, self, (size_t)n);
    return ST_OK;
}

static enum status line_make(struct cli *cli, const char *name, const struct door_key *key,
                             const char **line, struct error *err)
{
    const char *program;
    enum status status = program_path(cli, &program, err);
    char *mall = status == ST_OK ? realpath(cli->mall_path, NULL) : NULL;
    if (status == ST_OK && !mall)
        status = error_set(err, ST_UNUSABLE, "%s: %s",
                           text_quote(cli->arena, cli->mall_path, strlen(cli->mall_path)),
                           strerror(errno));
    if (status == ST_OK)
        status = door_line(cli->arena, program, mall, name, key, line, err);
    free(mall);
    return status;
}

static enum status add(struct cli *cli, struct error *err)
{
    const char *name = cli->args[1], *role = cli_value(cli, "role"), *line;
    const char *path = cli_value(cli, "key");
    struct door_key key;
    struct asked asked;
    bool made;
    if (!role || !path)
        return error_set(err, ST_USAGE, "hub add needs --role and --key");
    enum status status = ask(cli, &asked, err);
    if (status == ST_OK)
        status = key_load(cli, path, &key, err);
    if (status == ST_OK)
        status = line_make(cli, name, &key, &line, err);
    if (status == ST_OK)
        status = door_admit(asked.writer, &asked.access, name, role, &key, &made, err);
    if (status != ST_OK)
        return status;
    if (cli->json)
        return cli_print_json(cli,
                              json_pack("{s:s, s:s, s:s, s:s, s:b}", "name", name, "role", role,
                                        "fingerprint", key.fingerprint, "line", line, "new", made),
                              err);
    puts(line); /* as it is: it goes into a file */
    fprintf(stderr, "%s is %s; the line goes into ~/.ssh/authorized_keys of the hub's user%s\n",
            name, role, made ? "" : ", in place of the one before");
    return ST_OK;
}

static enum status init(struct cli *cli, struct error *err)
{
    struct asked asked;
    enum status status = ask(cli, &asked, err);
    if (status == ST_OK)
        status = writer_begin(asked.writer, err);
    if (status != ST_OK)
        return status;
    status = sync_hub_make(asked.writer, err);
    if (status == ST_OK)
        status = writer_commit(asked.writer, err);
    writer_rollback(asked.writer);
    if (status != ST_OK)
        return status;
    if (cli->json)
        return cli_print_json(cli, json_pack("{s:s}", "hub", cli->mall_path), err);
    cli_say(cli, "%s is a hub: its changes are numbered from here on; hub add lets people in",
            cli->mall_path);
    return ST_OK;
}

static enum status list(struct cli *cli, struct error *err)
{
    struct reader *reader;
    struct access access;
    struct sheet *sheet;
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = access_lookup(reader, cli->principal, &access, err);
    if (status == ST_OK)
        status = upkeep_list(reader, &access, time_now(), cli->arena, &sheet, err);
    return status == ST_OK ? cli_print_sheet(cli, "principals", sheet, err) : status;
}

/* One machine's alone; or that one again. */
static enum status replica_out(struct cli *cli, struct asked *asked, const char *id, bool back,
                               struct error *err)
{
    char full[REPLICA_ID + 1];
    enum status status =
        upkeep_revoke(asked->writer, &asked->access, cli->args[1], id, back, full, err);
    if (status != ST_OK)
        return status;
    if (cli->json)
        return cli_print_json(
            cli,
            json_pack("{s:s, s:s}", back ? "readmitted" : "revoked", cli->args[1], "replica", full),
            err);
    cli_say(cli,
            back ? "the replica %.8s of %s may come in again"
                 : "the replica %.8s of %s may not come in any more; it locks itself when it "
                   "tries. Who has its key can make another: for a machine that was stolen, "
                   "revoke the person and give another key",
            full, cli->args[1]);
    return ST_OK;
}

static enum status let_in(struct cli *cli, struct error *err)
{
    const char *id = cli_value(cli, "replica");
    struct asked asked;
    if (!id)
        return error_set(err, ST_USAGE, "hub readmit needs --replica (hub list shows them)");
    enum status status = ask(cli, &asked, err);
    return status == ST_OK ? replica_out(cli, &asked, id, true, err) : status;
}

/* What the engine does every hour. */
static enum status prune(struct cli *cli, struct error *err)
{
    struct asked asked;
    struct upkeep_log log;
    int64_t removed = 0;
    enum status status = ask(cli, &asked, err);
    if (status == ST_OK)
        status = upkeep_run(asked.writer, time_now(), &removed, err);
    if (status == ST_OK)
        status = upkeep_log_read(asked.reader, &log, err);
    if (status != ST_OK)
        return status;
    if (cli->json)
        return cli_print_json(cli,
                              json_pack("{s:I, s:I, s:I, s:I, s:I}", "removed", (json_int_t)removed,
                                        "seq", (json_int_t)log.seq, "floor", (json_int_t)log.floor,
                                        "changes", (json_int_t)log.changes, "events",
                                        (json_int_t)log.events),
                              err);
    cli_say(cli, "%s removed; the log goes from %lld to %lld: %s changes, %s batches of events",
            text_count(cli->arena, removed), (long long)log.floor, (long long)log.seq,
            text_count(cli->arena, log.changes), text_count(cli->arena, log.events));
    return ST_OK;
}

static enum status take_out(struct cli *cli, struct error *err)
{
    const char *id = cli_value(cli, "replica");
    struct asked asked;
    enum status status = ask(cli, &asked, err);
    if (status == ST_OK && id)
        return replica_out(cli, &asked, id, false, err);
    if (status == ST_OK)
        status = door_revoke(asked.writer, &asked.access, cli->args[1], err);
    if (status != ST_OK)
        return status;
    if (cli->json)
        return cli_print_json(cli, json_pack("{s:s}", "revoked", cli->args[1]), err);
    cli_say(cli, "%s may not come in any more; take the line out of authorized_keys too",
            cli->args[1]);
    return ST_OK;
}

static const struct hub_verb {
    const char *name;
    int args;
    enum status (*run)(struct cli *cli, struct error *err);
} verbs[] = {
    {"init", 1, init},       {"add", 2, add},        {"list", 1, list},
    {"revoke", 2, take_out}, {"readmit", 2, let_in}, {"prune", 1, prune},
};

static enum status run(struct cli *cli, struct error *err)
{
    const char *word = cli->args[0];
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, word) == 0 && cli->n_args == verbs[i].args)
            return verbs[i].run(cli, err);
    return error_set(
        err, ST_USAGE,
        "hub: found %s with %d arguments, expected init, add NAME, list, revoke NAME, readmit "
        "NAME or prune",
        text_quote(cli->arena, word, strlen(word)), cli->n_args - 1);
}

static const struct cli_option options[] = {
    {"role", "ROLE", 0, "add: operator, manager, analyst, technician or admin"},
    {"key", "FILE", 0, "add: the person's public SSH key (- reads stdin)"},
    {"program", "PATH", 0, "add: where atrium lies on the hub (default: this program)"},
    {"replica", "ID", 0, "revoke, readmit: this one of the person's replicas alone"},
    {0},
};

const struct cli_command cli_hub = {
    .name = "hub",
    .arguments = "init|add|list|revoke|readmit|prune [NAME]",
    .summary = "who may have a replica of this mall, and how far each is",
    .help = "init makes the mall a hub; the first add does so, too. add records a person with a "
            "role and the fingerprint of a public key, and prints the\n"
            "line for ~/.ssh/authorized_keys of the user who owns the mall file on the hub. The\n"
            "line opens nothing but `atrium serve` under that name. Adding somebody again changes\n"
            "role or key. list has a row for each replica: when it was last heard of, how far it\n"
            "is behind, and how many erasures it has not heard of. revoke takes effect at once,\n"
            "also in a session that runs; with --replica only that one is shut out, and locks\n"
            "itself. prune takes away what no replica needs of the log of changes, as the engine\n"
            "does every hour; one that was silent for longer than the setting sync_log says takes\n"
            "a new copy when it comes back.",
    .options = options,
    .least_args = 1,
    .most_args = 2,
    .run = run,
};
