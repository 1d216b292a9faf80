/* atrium member link, unlink, links. */
#include "model/people/link.h"

#include "model/base/text.h"
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

static enum status outcome_print(struct cli *cli, const struct access *access, const char *did,
                                 const struct link_result *result, struct error *err)
{
    const char *person, *target;
    enum status status = cli_subject(cli, access, result->person, &person, err);
    if (status == ST_OK)
        status = cli_subject(cli, access, result->target, &target, err);
    if (status != ST_OK)
        return status;
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
    if (status == ST_OK)
        status = member_link(writer, access, &request, &result, err);
    return status == ST_OK ? outcome_print(cli, access, "linked", &result, err) : status;
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
    return status == ST_OK ? outcome_print(cli, access, "unlinked", &result, err) : status;
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
