/* atrium member link, unlink, links. */
#include "model/people/link.h"

#include "model/base/text.h"
#include "model/people/candidate.h"
#include "model/people/link_list.h"
#include "model/people/member_page.h"
#include "views/cli/member_verbs.h"
#include "views/cli/people_list.h"

#include <stdlib.h>
#include <string.h>

static enum status confidence_option(struct cli *cli, double *confidence, struct error *err)
{
    const char *text = cli_value(cli, "confidence");
    char *end = NULL;
    *confidence = text ? strtod(text, &end) : 1;
    if (!text || (end != text && *end == '\0' && *confidence > 0 && *confidence <= 1))
        return ST_OK;
    return error_set(err, ST_USAGE, "--confidence: found %s, expected more than 0, up to 1",
                     text_quote(cli->arena, text, strlen(text)));
}

static enum status outcome_print(struct cli *cli, const char *did, const char *person,
                                 const char *target, const struct link_result *result,
                                 struct error *err)
{
    if (cli->json)
        return cli_print_json(
            cli,
            json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:I}", "link", (json_int_t)result->id, "did",
                      did, "person", person, "target", target, "identities",
                      (json_int_t)result->identities, "events", (json_int_t)result->events, "rows",
                      (json_int_t)result->rows),
            err);
    cli_say(cli, "%s %s %s: link %lld, %s contacts, %s events, %s rows", did, person, target,
            (long long)result->id, text_count(cli->arena, result->identities),
            text_count(cli->arena, result->events), text_count(cli->arena, result->rows));
    return ST_OK;
}

enum status cli_member_link(struct cli *cli, struct reader *reader, struct access *access,
                            struct error *err)
{
    struct link_request request = {.evidence = cli_value(cli, "evidence"),
                                   .beyond_limits = cli_switch(cli, "beyond-limits")};
    struct link_result result;
    struct writer *writer;
    enum status status = confidence_option(cli, &request.confidence, err);
    if (status == ST_OK && !request.evidence)
        return error_set(err, ST_USAGE, "--evidence: expected what was seen that makes them one");
    if (status == ST_OK)
        status = member_resolve(reader, access, cli->args[1], &request.one, err);
    if (status == ST_OK)
        status = member_resolve(reader, access, cli->args[2], &request.other, err);
    if (status == ST_OK)
        status = cli_writer(cli, &writer, err);
    /* Afterwards both have the name of the one who stays. */
    const char *one, *other;
    if (status == ST_OK)
        status = cli_subject(cli, access, request.one, &one, err);
    if (status == ST_OK)
        status = cli_subject(cli, access, request.other, &other, err);
    if (status == ST_OK)
        status = member_link(writer, access, &request, &result, err);
    if (status != ST_OK)
        return status;
    bool first = result.person == request.one;
    return outcome_print(cli, "linked", first ? one : other, first ? other : one, &result, err);
}

/* --link, or the link that brought the contact named, or the latest into that person. */
static enum status link_wanted(struct cli *cli, struct reader *reader, struct access *access,
                               int64_t *link, struct error *err)
{
    uint32_t person;
    enum status status = cli_integer(cli, "link", 1, INT64_MAX, 0, link, err);
    if (status == ST_OK)
        status = member_resolve(reader, access, cli->args[1], &person, err);
    if (status == ST_OK && !*link)
        status = link_of_identity(reader, cli->args[1], link, err);
    if (status == ST_OK && !*link)
        status = link_of_person(reader, person, link, err);
    if (status == ST_OK && !*link)
        status = error_set(err, ST_REFUSED, "nobody was linked to %s",
                           text_quote(cli->arena, cli->args[1], strlen(cli->args[1])));
    return status;
}

enum status cli_member_unlink(struct cli *cli, struct reader *reader, struct access *access,
                              struct error *err)
{
    const char *reason = cli_value(cli, "reason");
    struct link_result result;
    struct writer *writer;
    int64_t link;
    enum status status = link_wanted(cli, reader, access, &link, err);
    if (status == ST_OK)
        status = cli_writer(cli, &writer, err);
    if (status == ST_OK)
        status = member_unlink(writer, access, link, reason ? reason : "unlinked", &result, err);
    const char *person, *target;
    if (status == ST_OK)
        status = cli_subject(cli, access, result.person, &person, err);
    if (status == ST_OK)
        status = cli_subject(cli, access, result.target, &target, err);
    return status == ST_OK ? outcome_print(cli, "unlinked", person, target, &result, err) : status;
}

enum status cli_member_links(struct cli *cli, struct reader *reader, struct access *access,
                             struct error *err)
{
    struct sheet *sheet;
    uint32_t person;
    enum status status = member_resolve(reader, access, cli->args[1], &person, err);
    if (status == ST_OK)
        status = link_list(reader, access, person, cli->arena, &sheet, err);
    return status == ST_OK ? cli_print_sheet(cli, "links", sheet, err) : status;
}

/* ---- Who may be one, and what contradicts itself ---- */

enum { LIST_LIMIT = 100, LIST_MOST = 100000 };

enum status cli_member_candidates(struct cli *cli, struct reader *reader, struct access *access,
                                  struct error *err)
{
    struct sheet *sheet;
    uint32_t person = 0;
    int64_t limit;
    enum status status = cli_integer(cli, "limit", 1, LIST_MOST, LIST_LIMIT, &limit, err);
    if (status == ST_OK && cli->n_args > 1)
        status = member_resolve(reader, access, cli->args[1], &person, err);
    if (status == ST_OK)
        status = candidate_list(reader, access, person, (size_t)limit, cli->arena, &sheet, err);
    return status == ST_OK ? cli_print_sheet(cli, "candidates", sheet, err) : status;
}

enum status cli_member_conflicts(struct cli *cli, struct reader *reader, struct access *access,
                                 struct error *err)
{
    struct sheet *sheet;
    int64_t limit;
    enum status status = cli_integer(cli, "limit", 1, LIST_MOST, LIST_LIMIT, &limit, err);
    if (status == ST_OK)
        status = conflict_list(reader, access, (size_t)limit, cli->arena, &sheet, err);
    return status == ST_OK ? cli_print_sheet(cli, "conflicts", sheet, err) : status;
}

enum status cli_member_unsettle(struct cli *cli, struct reader *reader, struct access *access,
                                struct error *err)
{
    struct writer *writer;
    (void)reader;
    enum status status = cli_writer(cli, &writer, err);
    if (status == ST_OK)
        status = conflict_unsettle(writer, access, cli->args[1], err);
    if (status == ST_OK && cli->json)
        return cli_print_json(cli, json_pack("{s:s}", "unsettled", cli->args[1]), err);
    return status;
}

enum status cli_member_settle(struct cli *cli, struct reader *reader, struct access *access,
                              struct error *err)
{
    struct writer *writer;
    (void)reader;
    enum status status = cli_writer(cli, &writer, err);
    if (status == ST_OK)
        status = conflict_settle(writer, access, cli->args[1], cli_value(cli, "reason"), err);
    if (status == ST_OK && cli->json)
        return cli_print_json(cli, json_pack("{s:s}", "settled", cli->args[1]), err);
    return status;
}
