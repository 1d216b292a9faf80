/* atrium status: what is in the mall file. */
#include "model/base/text.h"
#include "model/loop/overview.h"
#include "views/cli/commands.h"

static json_t *time_json(struct cli *cli, int64_t time, bool known)
{
    return known ? json_string(time_rfc3339(cli->arena, cli->mall->zone, time)) : json_null();
}

static enum status print_json(struct cli *cli, const struct overview *o, struct error *err)
{
    json_t *document = json_object();
    const struct {
        const char *name;
        int64_t value;
    } counts[] = {
        {"members", o->members}, {"subjects", o->subjects},
        {"tenants", o->tenants}, {"devices", o->devices},
        {"zones", o->zones},     {"groups", o->groups},
        {"events", o->events},   {"receipt_lines", o->receipt_lines},
    };

    json_object_set_new(document, "mall", json_string(o->mall));
    json_object_set_new(document, "file", json_string(o->path));
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        json_object_set_new(document, counts[i].name, json_integer(counts[i].value));
    json_object_set_new(document, "first", time_json(cli, o->first, o->events > 0));
    json_object_set_new(document, "last", time_json(cli, o->last, o->events > 0));
    json_object_set_new(document, "bytes", json_integer(o->bytes));
    json_object_set_new(document, "as_of", time_json(cli, o->as_of, o->as_of != 0));
    json_object_set_new(document, "pending", json_integer(o->pending));
    json_object_set_new(document, "tail", json_integer(o->tail));
    json_object_set_new(document, "read_only", json_boolean(o->read_only));
    return cli_print_json(cli, document, err);
}

static void row_add(struct sheet *sheet, const char *what, const char *value)
{
    struct cell *cells = sheet_row_add(sheet);

    cells[0] = cell_text(what);
    cells[1] = cell_text(value);
}

static struct sheet *overview_sheet(struct cli *cli, const struct overview *o)
{
    static const struct sheet_column columns[] = {{"what", "", CELL_TEXT},
                                                  {"value", "", CELL_TEXT}};
    struct sheet *sheet = sheet_new(cli->arena, columns, 2);
    struct arena *arena = cli->arena;
    const struct zone *zone = cli->mall->zone;

    row_add(sheet, "mall", o->mall);
    row_add(sheet, "file", o->path);
    row_add(sheet, "size", arena_printf(arena, "%.1f MB", (double)o->bytes / 1e6));
    row_add(sheet, "members", text_count(arena, o->members));
    row_add(sheet, "people known", text_count(arena, o->subjects));
    row_add(sheet, "shops", text_count(arena, o->tenants));
    row_add(sheet, "devices", text_count(arena, o->devices));
    row_add(sheet, "zones", text_count(arena, o->zones));
    row_add(sheet, "groups", text_count(arena, o->groups));
    row_add(sheet, "events", text_count(arena, o->events));
    row_add(sheet, "receipt lines", text_count(arena, o->receipt_lines));
    row_add(sheet, "first event", o->events ? time_local(arena, zone, o->first) : "–");
    row_add(sheet, "last event", o->events ? time_local(arena, zone, o->last) : "–");
    row_add(sheet, "not yet folded", text_count(arena, o->tail));
    row_add(sheet, "edits waiting", text_count(arena, o->pending));
    if (o->read_only)
        row_add(sheet, "read-only", o->why_read_only ? o->why_read_only : "yes");
    return sheet;
}

static enum status run(struct cli *cli, struct error *err)
{
    struct overview overview;
    struct reader *reader;

    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = overview_read(reader, cli->arena, &overview, err);
    if (status != ST_OK)
        return status;
    return cli->json ? print_json(cli, &overview, err)
                     : cli_print_sheet(cli, "status", overview_sheet(cli, &overview), err);
}

static const struct cli_option options[] = {{0}};

const struct cli_command cli_status = {
    .name = "status",
    .arguments = "",
    .summary = "what is in the mall file, and how old it is",
    .help = "Members are people with a card on file, subjects all people known; events are counted "
            "without the lines of receipts.",
    .options = options,
    .run = run,
};
