/* atrium member: find people, show one. */
#include "model/base/text.h"
#include "model/people/member_page.h"
#include "model/people/search.h"
#include "views/cli/commands.h"
#include "views/cli/member_verbs.h"
#include "views/cli/verb.h"

#include <string.h>

enum { FIND_LIMIT = 50, EVENTS_SHOWN = 20, MOST = 1000000 };

static const struct cli_option options[] = {
    {"limit", "N", 0, "find, candidates, conflicts: at most so many (default 50; 100)"},
    {"events", "N", 0, "show: the last N events (default 20)"},
    {"from", "TIME", 0, "show: events from here on"},
    {"to", "TIME", 0, "show: events before this"},
    {"reveal", "REASON", 0, "show: unmasked; the reason is kept in the audit"},
    {"evidence", "TEXT", 0, "link: what was seen that makes them one"},
    {"confidence", "C", 0, "link: more than 0, up to 1 (default 1)"},
    {"beyond-limits", NULL, 0, "link: even where the settings limit_... are exceeded"},
    {"link", "N", 0, "unlink: the number of the link"},
    {"reason", "TEXT", 0, "unlink, settle, erase: why; kept in the audit"},
    {"sms", "YES|NO", 0, "consent: to text messages"},
    {"app", "YES|NO", 0, "consent: to messages in the app"},
    {"wifi", "YES|NO", 0, "consent: to being greeted on Wi-Fi"},
    {"source", "TEXT", 0, "consent: where it was given (default: console)"},
    {"yes", NULL, 0, "erase: do it; without, only say what would go"},
    {0},
};

/* ---- find ---- */

static const enum member_column found_columns[] = {
    MEMBER_CARD, MEMBER_NAME,   MEMBER_PHONE,   MEMBER_TIER,    MEMBER_GENDER,
    MEMBER_AGE,  MEMBER_JOINED, MEMBER_CHANNEL, MEMBER_CONSENT,
};
enum { FOUND_COLUMNS = sizeof found_columns / sizeof *found_columns };

static struct sheet *found_sheet(struct cli *cli, const struct sheet *rows, bool more)
{
    struct sheet_column *columns = arena_array(cli->arena, struct sheet_column, FOUND_COLUMNS);
    for (size_t k = 0; k < FOUND_COLUMNS; k++)
        columns[k] = member_columns[found_columns[k]];
    struct sheet *sheet = sheet_new(cli->arena, columns, FOUND_COLUMNS);
    for (size_t i = 0; i < rows->n_rows; i++) {
        struct cell *cells = sheet_row_add(sheet);
        for (size_t k = 0; k < FOUND_COLUMNS; k++)
            cells[k] = sheet_row(rows, i)[found_columns[k]];
    }
    sheet->truncated = more;
    return sheet;
}

static enum status find(struct cli *cli, struct reader *reader, struct access *access,
                        struct error *err)
{
    struct search_result result;
    struct sheet *rows;
    int64_t limit;
    enum status status = cli_integer(cli, "limit", 1, MOST, FIND_LIMIT, &limit, err);
    if (status == ST_OK)
        status =
            search_people(reader, access, cli->args[1], (size_t)limit, cli->arena, &result, err);
    if (status != ST_OK)
        return status;
    struct member_list list = {.n = result.n, .people = result.people};
    status =
        member_list_rows(NULL, reader, access, &list, 0, list.n, false, cli->arena, &rows, err);
    if (status != ST_OK)
        return status;
    return cli_print_sheet(cli, "members", found_sheet(cli, rows, result.more), err);
}

/* ---- show ---- */

static json_t *text_json(const char *text)
{
    return text && *text ? json_string(text) : json_null();
}

static json_t *head_json(struct cli *cli, const struct member_page *page)
{
    json_t *head = json_object();
    json_object_set_new(head, "card", text_json(page->card));
    json_object_set_new(head, "name", text_json(page->name));
    json_object_set_new(head, "phone", text_json(page->phone));
    json_object_set_new(head, "member", json_boolean(page->member));
    json_object_set_new(head, "tier", text_json(page->tier));
    json_object_set_new(head, "gender", text_json(page->gender));
    json_object_set_new(head, "age", page->age >= 0 ? json_integer(page->age) : json_null());
    json_object_set_new(head, "channel", text_json(page->channel));
    json_object_set_new(head, "joined",
                        page->joined
                            ? json_string(time_rfc3339(cli->arena, cli->mall->zone, page->joined))
                            : json_null());
    json_object_set_new(head, "revealed", json_boolean(page->revealed));
    return head;
}

static enum status page_json(struct cli *cli, const struct member_page *page,
                             const struct sheet *events, struct error *err)
{
    json_t *document = head_json(cli, page);
    for (int i = 0; i < SECTION_COUNT; i++) {
        json_t *rows = cli_sheet_json(cli, page->sections[i]);
        if (i == SECTION_NUMBERS) {
            json_object_set(document, member_sections[i].name, json_array_get(rows, 0));
            json_decref(rows);
        } else {
            json_object_set_new(document, member_sections[i].name, rows);
        }
    }
    json_object_set_new(document, "events", cli_sheet_json(cli, events));
    json_object_set_new(document, "events_total", json_integer(events->total));
    return cli_print_json(cli, document, err);
}

static enum status page_tables(struct cli *cli, const struct member_page *page,
                               const struct sheet *events, struct error *err)
{
    enum status status = ST_OK;
    cli_say(cli, "%s  %s  %s%s", *page->card ? page->card : "–", *page->name ? page->name : "–",
            *page->phone ? page->phone : "–", page->member ? "" : "  (visitor)");
    for (int i = 0; status == ST_OK && i < SECTION_COUNT; i++) {
        if (!page->sections[i]->n_rows)
            continue;
        cli_say(cli, "%s", "");
        cli_say(cli, "%s", member_sections[i].title);
        status = cli_print_sheet(cli, member_sections[i].name, page->sections[i], err);
    }
    if (status != ST_OK || !events->n_rows)
        return status;
    cli_say(cli, "%s", "");
    cli_say(cli, "Events");
    return cli_print_sheet(cli, "events", events, err);
}

static enum status reveal(struct cli *cli, struct access *access, uint32_t person,
                          struct error *err)
{
    struct writer *writer;
    const char *reason = cli_value(cli, "reveal");
    if (!reason)
        return ST_OK;
    enum status status = cli_writer(cli, &writer, err);
    return status == ST_OK ? access_reveal(access, writer, person, reason, err) : status;
}

static enum status show(struct cli *cli, struct reader *reader, struct access *access,
                        struct error *err)
{
    struct timeline_query query = {.from = INT64_MIN};
    struct member_page page;
    struct sheet *events;
    uint32_t person;
    int64_t n;
    enum status status = cli_integer(cli, "events", 0, MOST, EVENTS_SHOWN, &n, err);
    if (status == ST_OK)
        status = cli_time(cli, "from", INT64_MIN, &query.from, err);
    if (status == ST_OK)
        status = cli_time(cli, "to", 0, &query.to, err);
    if (status == ST_OK)
        status = member_resolve(reader, access, cli->args[1], &person, err);
    if (status == ST_OK)
        status = reveal(cli, access, person, err);
    if (status == ST_OK)
        status = member_page_read(reader, access, person, cli->arena, &page, err);
    query.n = n ? (size_t)n : 1;
    if (status == ST_OK)
        status = member_timeline(reader, access, person, &query, cli->arena, &events, err);
    if (status != ST_OK)
        return status;
    if (!n)
        events->n_rows = 0;
    if (cli->csv)
        return cli_print_sheet(cli, "events", events, err);
    return cli->json ? page_json(cli, &page, events, err) : page_tables(cli, &page, events, err);
}

static const struct cli_verb verbs[] = {
    {"find", 1, 1, find},
    {"show", 1, 1, show},
    {"link", 2, 2, cli_member_link},
    {"unlink", 1, 1, cli_member_unlink},
    {"links", 1, 1, cli_member_links},
    {"candidates", 0, 1, cli_member_candidates},
    {"conflicts", 0, 0, cli_member_conflicts},
    {"settle", 1, 1, cli_member_settle},
    {"unsettle", 1, 1, cli_member_unsettle},
    {"consent", 1, 1, cli_member_consent},
    {"erase", 1, 1, cli_member_erase},
    {"erasures", 0, 0, cli_member_erasures},
    {0},
};

static enum status run(struct cli *cli, struct error *err)
{
    return cli_verb_run(cli, (const struct cli_verb *[]){verbs}, 1, err);
}

const struct cli_command cli_member = {
    .name = "member",
    .arguments = "find TEXT | show CARD | link CARD CARD | unlink CARD | links CARD |"
                 " candidates | conflicts | settle KEY | unsettle KEY | consent CARD | erase CARD "
                 "| erasures",
    .summary = "a person: find, show, join with another, consents, erase",
    .help =
        "find looks for a piece of a name, a card or a phone number. show takes a card, a phone, "
        "another identity or a pseudonym and prints the person's attributes, figures, shops, "
        "areas, relations and last events; with --csv the events alone. What is masked depends "
        "on the role; --reveal shows one person unmasked and keeps the reason in the audit. "
        "link makes one person of two, with evidence; unlink gives each back exactly what it had: "
        "by a contact that came with the link, by the person, or by --link. links lists them. "
        "candidates (of "
        "one person, or of all) proposes pairs that may be one; conflicts lists what contradicts "
        "itself; settle says that a listed key is fine, with --reason; unsettle takes that back. "
        "consent shows what somebody agreed to and when, and with --sms, --app or --wifi changes "
        "it. erase says what it would remove; with --reason and --yes it removes it for good and "
        "prints a receipt; erasures lists the receipts.",
    .options = options,
    .least_args = 1,
    .most_args = 3,
    .run = run,
};
