/* atrium segment: which people an expression means. */
#include "model/segment/segment.h"
#include "model/people/member_list.h"
#include "views/cli/commands.h"
#include "views/cli/people_list.h"

#include <stdio.h>
#include <string.h>

enum { LIST_LIMIT = 50, MOST = 100000000 };

static const struct cli_option options[] = {
    {"limit", "N", 0, "list: at most so many people (default 50; 0: everybody)"},
    {0},
};

/* Names that the mall does not have are no errors; people are told. */
static void notes_print(const struct segment_answer *answer)
{
    for (size_t i = 0; i < answer->n_notes; i++)
        fprintf(stderr, "note: %s\n", answer->notes[i]);
}

static json_t *notes_json(const struct segment_answer *answer)
{
    json_t *notes = json_array();
    for (size_t i = 0; i < answer->n_notes; i++)
        json_array_append_new(notes, json_string(answer->notes[i]));
    return notes;
}

static enum status count_people(struct cli *cli, struct reader *reader, struct access *access,
                                struct error *err)
{
    struct segment_answer answer;
    enum status status = segment_run(reader, cli->arena, access, cli->args[1], &answer, err);
    if (status != ST_OK)
        return status;
    if (!cli->json) {
        notes_print(&answer);
        cli_say(cli, "%u", answer.count);
        return ST_OK;
    }
    json_t *document = json_object();
    json_object_set_new(document, "count", json_integer(answer.count));
    json_object_set_new(document, "present",
                        json_string(time_rfc3339(cli->arena, cli->mall->zone, answer.present)));
    json_object_set_new(document, "notes", notes_json(&answer));
    return cli_print_json(cli, document, err);
}

static enum status list_people(struct cli *cli, struct reader *reader, struct access *access,
                               struct error *err)
{
    struct segment_answer answer;
    struct sheet *sheet;
    int64_t limit;
    size_t n;
    enum status status = cli_integer(cli, "limit", 0, MOST, LIST_LIMIT, &limit, err);
    if (status == ST_OK)
        status = access_require(access, RIGHT_PEOPLE_SEE, "list people", err);
    if (status == ST_OK)
        status = segment_run(reader, cli->arena, access, cli->args[1], &answer, err);
    if (status != ST_OK)
        return status;
    uint32_t *people = set_list(answer.people, cli->arena, &n);
    struct member_list list = {.n = limit && n > (size_t)limit ? (size_t)limit : n,
                               .people = people};
    status =
        member_list_rows(NULL, reader, access, &list, 0, list.n, false, cli->arena, &sheet, err);
    if (status != ST_OK)
        return status;
    sheet->total = (int64_t)n;
    sheet->truncated = n > list.n;
    if (!cli->json) {
        notes_print(&answer);
        return cli_print_sheet(cli, "list", sheet, err);
    }
    json_t *document = json_object();
    json_object_set_new(document, "count", json_integer(answer.count));
    json_object_set_new(document, "list", cli_sheet_json(cli, sheet));
    json_object_set_new(document, "notes", notes_json(&answer));
    return cli_print_json(cli, document, err);
}

static enum status run(struct cli *cli, struct error *err)
{
    static const struct {
        const char *name;
        enum status (*run)(struct cli *, struct reader *, struct access *, struct error *);
    } verbs[] = {{"count", count_people}, {"list", list_people}};
    struct reader *reader;
    struct access access;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(cli->args[0], verbs[i].name) != 0)
            continue;
        enum status status = cli_reader(cli, &reader, err);
        if (status == ST_OK)
            status = access_lookup(reader, cli->principal, &access, err);
        return status == ST_OK ? verbs[i].run(cli, reader, &access, err) : status;
    }
    return error_set(err, ST_USAGE, "atrium segment: expected count EXPR or list EXPR");
}

const struct cli_command cli_segment = {
    .name = "segment",
    .arguments = "count EXPR | list EXPR",
    .summary = "the people that an expression means: how many, who",
    .help =
        "An expression is about people: labels, attributes and behaviour in a span of time, as in\n"
        "label:coffee and tier>=gold and spent(90d)>=300 and not visited(30d)\n"
        "It is about members, unless it has the word anyone in it.",
    .options = options,
    .least_args = 2,
    .most_args = 2,
    .run = run,
};
