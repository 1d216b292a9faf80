/* atrium task: what staff are asked to do for people. */
#include "model/campaign/task.h"

#include "model/base/text.h"
#include "views/cli/commands.h"

#include <string.h>

enum { MOST = 1000000 };

static const struct cli_option options[] = {
    {"state", "STATE", CLI_REPEATED,
     "list: only open, taken, done or dropped ones (default: open and taken)"},
    {"limit", "N", 0, "list: so many (default 100; 0: all)"},
    {"note", "TEXT", 0, "done, drop: what came of it; drop needs one"},
    {0},
};

static enum status list(struct cli *cli, struct reader *reader, const struct access *access,
                        struct error *err)
{
    struct task_query query = {0};
    struct task_list tasks;
    const char *word;
    int64_t limit;
    enum status status = cli_integer(cli, "limit", 0, MOST, 100, &limit, err);
    for (size_t i = 0; (word = cli_value_at(cli, "state", i)); i++) {
        int state = task_state_named(word);
        if (state < 0)
            return error_set(err, ST_USAGE,
                             "--state: found %s, expected open, taken, done or dropped",
                             text_quote(cli->arena, word, strlen(word)));
        query.states |= 1u << state;
    }
    query.limit = (size_t)limit;
    if (status == ST_OK)
        status = task_list(reader, access, cli->arena, &query, &tasks, err);
    return status == ST_OK ? cli_print_sheet(cli, "tasks", tasks.sheet, err) : status;
}

static enum status move(struct cli *cli, const struct access *access, enum task_state to,
                        struct error *err)
{
    struct writer *writer;
    struct operation_result result;
    int64_t id;
    const char *word = cli->args[1];
    if (!text_to_int64(word, strlen(word), &id) || id < 1)
        return error_set(err, ST_USAGE, "found %s, expected the number of a task",
                         text_quote(cli->arena, word, strlen(word)));
    enum status status = cli_writer(cli, &writer, err);
    if (status == ST_OK)
        status = task_move(writer, access, id, to, cli_value(cli, "note"), -1, &result, err);
    if (status != ST_OK)
        return status;
    if (cli->json)
        return cli_print_json(cli,
                              json_pack("{s:I s:s s:I}", "task", (json_int_t)id, "state",
                                        task_state_names[to], "version",
                                        (json_int_t)result.version),
                              err);
    cli_say(cli, "task %lld: %s", (long long)id, task_state_names[to]);
    return ST_OK;
}

static enum status run(struct cli *cli, struct error *err)
{
    static const struct {
        const char *name;
        enum task_state to;
    } verbs[] = {
        {"take", TASK_TAKEN}, {"done", TASK_DONE}, {"drop", TASK_DROPPED}, {"reopen", TASK_OPEN}};
    struct reader *reader;
    struct access access;
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = access_lookup(reader, cli->principal, &access, err);
    if (status != ST_OK)
        return status;
    if (strcmp(cli->args[0], "list") == 0 && cli->n_args == 1)
        return list(cli, reader, &access, err);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(cli->args[0], verbs[i].name) == 0 && cli->n_args == 2)
            return move(cli, &access, verbs[i].to, err);
    return error_set(err, ST_USAGE,
                     "atrium task: expected list, take TASK, done TASK, drop TASK or reopen TASK");
}

const struct cli_command cli_task = {
    .name = "task",
    .arguments = "list | take TASK | done TASK | drop TASK | reopen TASK",
    .summary = "tasks for staff: what campaigns ask them to do for a person",
    .help =
        "list shows the open tasks, those due first. take says who does it, done and drop close "
        "it, with a note; what was taken goes back with reopen. A closed one stays closed; "
        "undoing is done in the console.",
    .options = options,
    .least_args = 1,
    .most_args = 2,
    .run = run,
};
