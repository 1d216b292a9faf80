/* `atrium outbox` and `atrium conflict`: what was edited on a replica and is not settled. */
#include "model/base/text.h"
#include "model/sync/outbox_sheet.h"
#include "views/cli/commands.h"

#include <string.h>

struct box {
    struct reader *reader;
    struct writer *writer; /* where something is to change */
    struct access access;
    const struct outbox_entry *entries;
    size_t n;
};

static enum status box_open(struct cli *cli, bool done, bool writing, struct box *box,
                            struct error *err)
{
    enum status status = cli_reader(cli, &box->reader, err);
    /* What waits is to be seen and dealt with also while the replica is locked. */
    if (status == ST_OK)
        status = reader_mall(box->reader)->replica
                     ? access_of_replica(box->reader, &box->access, err)
                     : access_lookup(box->reader, cli->principal, &box->access, err);
    if (status == ST_OK)
        status =
            outbox_read(box->reader, &box->access, cli->arena, done, &box->entries, &box->n, err);
    if (status == ST_OK && writing)
        status = cli_writer(cli, &box->writer, err);
    return status;
}

static enum status entry_find(struct cli *cli, const struct box *box, const char *id,
                              const struct outbox_entry **entry, struct error *err)
{
    *entry = outbox_find(box->entries, box->n, id);
    return *entry ? ST_OK
                  : error_set(err, ST_REFUSED,
                              "%s is no edit of the outbox, or several begin so (atrium outbox "
                              "lists them)",
                              text_quote(cli->arena, id, strlen(id)));
}

static enum status say_state(struct cli *cli, const char *id, const char *state, struct error *err)
{
    if (cli->json)
        return cli_print_json(cli, json_pack("{s:s, s:s}", "id", id, "state", state), err);
    cli_say(cli, "%s: %s", id, state);
    return ST_OK;
}

/* ---- outbox ---- */

static enum status outbox_drop_one(struct cli *cli, struct error *err)
{
    struct box box = {0};
    const struct outbox_entry *entry;
    enum status status = box_open(cli, false, true, &box, err);
    if (status == ST_OK)
        status = entry_find(cli, &box, cli->args[1], &entry, err);
    if (status == ST_OK)
        status = outbox_drop(box.writer, &box.access, entry->id, err);
    return status == ST_OK ? say_state(cli, entry->id, "dropped", err) : status;
}

static enum status outbox_run(struct cli *cli, struct error *err)
{
    struct box box = {0};
    if (cli->n_args == 2 && strcmp(cli->args[0], "drop") == 0)
        return outbox_drop_one(cli, err);
    if (cli->n_args && !(cli->n_args == 1 && strcmp(cli->args[0], "list") == 0))
        return error_set(err, ST_USAGE, "outbox: found %s, expected list or drop ID",
                         text_quote(cli->arena, cli->args[0], strlen(cli->args[0])));
    enum status status = box_open(cli, cli_switch(cli, "all"), false, &box, err);
    if (status != ST_OK)
        return status;
    struct sheet *sheet = outbox_sheet(cli->arena, box.entries, box.n, time_now(), false);
    return cli_print_sheet(cli, "edits", sheet, err);
}

static const struct cli_option outbox_options[] = {
    {"all", NULL, 0, "also those that the hub has taken"},
    {0},
};

const struct cli_command cli_outbox = {
    .name = "outbox",
    .arguments = "list|drop [ID]",
    .summary = "edits made on a replica that the hub has not taken",
    .help = "Lists them, the oldest first. An id may be cut short. drop gives one up that was not\n"
            "sent yet, or was refused: what it changed is as it was before.",
    .options = outbox_options,
    .least_args = 0,
    .most_args = 2,
    .run = outbox_run,
};

/* ---- conflict ---- */

static enum status conflicts_list(struct cli *cli, struct error *err)
{
    struct box box = {0};
    enum status status = box_open(cli, false, false, &box, err);
    if (status != ST_OK)
        return status;
    struct outbox_entry *conflicts = arena_array(cli->arena, struct outbox_entry, box.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < box.n; i++)
        if (box.entries[i].state == OUTBOX_CONFLICT)
            conflicts[n++] = box.entries[i];
    return cli_print_sheet(cli, "conflicts",
                           outbox_sheet(cli->arena, conflicts, n, time_now(), false), err);
}

static struct sheet *fields_sheet(struct cli *cli, const struct outbox_entry *entry)
{
    static const struct sheet_column columns[] = {
        {"field", NULL, CELL_TEXT},
        {"before", NULL, CELL_TEXT},
        {"mine", NULL, CELL_TEXT},
        {"theirs", NULL, CELL_TEXT},
    };
    const struct outbox_field *fields;
    size_t n = outbox_fields(cli->arena, entry, &fields);
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < n; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(fields[i].name);
        cells[1] = cell_text(fields[i].before);
        cells[2] = cell_text(fields[i].mine);
        cells[3] = cell_text(fields[i].theirs);
    }
    return sheet;
}

static enum status conflict_show(struct cli *cli, struct box *box, const struct outbox_entry *entry,
                                 struct error *err)
{
    struct sheet *sheet = fields_sheet(cli, entry);
    const struct mall *mall = reader_mall(box->reader);
    const char *at = entry->at ? time_rfc3339(cli->arena, mall->zone, entry->at) : NULL;
    if (cli->json) {
        json_t *document = cli_sheet_json(cli, sheet);
        json_t *rows =
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:s, s:o}", "id", entry->id, "kind",
                      *entry->entity ? entry->entity : entry->verb, "target", entry->target,
                      "state", outbox_state_names[entry->state], "by", entry->by ? entry->by : "",
                      "at", at, "reason", entry->reason, "fields", document);
        return cli_print_json(cli, rows, err);
    }
    cli_say(cli, "%s %s: %s; the hub's is by %s, %s", entry->entity, entry->target, entry->reason,
            entry->by && *entry->by ? entry->by : "?", at ? at : "?");
    return cli_print_sheet(cli, "fields", sheet, err);
}

/* "field=value" words over mine: what a person made of both. */
static enum status merged(struct cli *cli, const struct outbox_entry *entry, json_t *set,
                          struct error *err)
{
    for (int i = 2; i < cli->n_args; i++) {
        const char *word = cli->args[i], *equals = strchr(word, '=');
        if (!equals || equals == word)
            return error_set(err, ST_USAGE, "merge: found %s, expected FIELD=VALUE",
                             text_quote(cli->arena, word, strlen(word)));
        const char *name = arena_strndup(cli->arena, word, (size_t)(equals - word));
        if (!json_object_get(entry->mine, name) && !json_object_get(entry->theirs, name))
            return error_set(err, ST_USAGE, "merge: the conflict is not about a field %s",
                             text_quote(cli->arena, name, strlen(name)));
        json_t *value = strcmp(equals + 1, "@mine") == 0     ? json_object_get(entry->mine, name)
                        : strcmp(equals + 1, "@theirs") == 0 ? json_object_get(entry->theirs, name)
                                                             : NULL;
        json_object_set_new(set, name, value ? json_deep_copy(value) : json_string(equals + 1));
    }
    return ST_OK;
}

static enum status conflict_settle(struct cli *cli, struct box *box,
                                   const struct outbox_entry *entry, struct error *err)
{
    const char *verb = cli->args[0];
    bool take = strcmp(verb, "take") == 0, merge = strcmp(verb, "merge") == 0;
    json_t *set = merge ? json_object() : outbox_mine(entry);
    enum status status = ST_OK;
    if (entry->state != OUTBOX_CONFLICT)
        status = error_set(err, ST_CONFLICT, "%s is no conflict: it is %s", entry->id,
                           outbox_state_names[entry->state]);
    if (status == ST_OK && merge)
        status = merged(cli, entry, set, err);
    if (status == ST_OK)
        status = outbox_resolve(box->writer, &box->access, entry->id, take, take ? NULL : set, err);
    json_decref(set);
    return status == ST_OK ? say_state(cli, entry->id, take ? "taken" : "sent again", err) : status;
}

static enum status conflict_run(struct cli *cli, struct error *err)
{
    static const char *const verbs[] = {"show", "take", "keep", "merge"};
    const char *word = cli->args[0];
    struct box box = {0};
    const struct outbox_entry *entry;
    bool known = false;
    if (strcmp(word, "list") == 0 && cli->n_args == 1)
        return conflicts_list(cli, err);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        known |= strcmp(verbs[i], word) == 0;
    bool merge = strcmp(word, "merge") == 0;
    if (!known || (merge ? cli->n_args < 3 : cli->n_args != 2))
        return error_set(err, ST_USAGE,
                         "conflict: found %s with %d arguments, expected list, show ID, take ID, "
                         "keep ID or merge ID FIELD=VALUE …",
                         text_quote(cli->arena, word, strlen(word)), cli->n_args - 1);
    bool show = strcmp(word, "show") == 0;
    enum status status = box_open(cli, false, !show, &box, err);
    if (status == ST_OK)
        status = entry_find(cli, &box, cli->args[1], &entry, err);
    if (status != ST_OK)
        return status;
    return show ? conflict_show(cli, &box, entry, err) : conflict_settle(cli, &box, entry, err);
}

static const struct cli_option no_options[] = {{0}};

const struct cli_command cli_conflict = {
    .name = "conflict",
    .arguments = "list|show|take|keep|merge [ID] [FIELD=VALUE…]",
    .summary = "edits of a replica that the hub has another version of",
    .help = "show has both versions side by side. take gives mine up; keep sets mine over the\n"
            "hub's; merge sets the fields that are named, to a value, @mine or @theirs. What is\n"
            "set is a new edit against the hub's version and goes with the next sync.",
    .options = no_options,
    .least_args = 1,
    .most_args = -1,
    .run = conflict_run,
};
