/* `atrium keys` and `atrium actions`: what can be pressed and done, as the console has it. */
#include "tui/action.h"
#include "views/actions.h"
#include "views/cli/commands.h"
#include "views/config.h"

static const struct sheet_column columns[] = {
    {"scope", NULL, CELL_TEXT},
    {"action", NULL, CELL_TEXT},
    {"keys", NULL, CELL_TEXT},
    {"summary", NULL, CELL_TEXT},
};

/* The keys in force: the table's, changed by the config file. */
static enum status keymap_load(struct keymap **keymap, struct error *err)
{
    size_t n;
    const struct action *actions = actions_all(&n);
    struct config config;
    *keymap = keymap_new(actions, n);
    enum status status = config_read(&config, err);
    if (status == ST_OK)
        status = config_bind(&config, *keymap, err);
    config_free(&config);
    return status;
}

static enum status list(struct cli *cli, bool only_bound, const char *name, struct error *err)
{
    struct keymap *keymap;
    enum status status = keymap_load(&keymap, err);
    if (status == ST_OK) {
        struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
        size_t n;
        const struct action *actions = keymap_actions(keymap, &n);
        for (size_t i = 0; i < n; i++) {
            const char *keys = arena_strdup(cli->arena, keymap_keys(keymap, actions[i].id));
            if (only_bound && !*keys)
                continue;
            struct cell *cells = sheet_row_add(sheet);
            cells[0] = cell_text(*actions[i].scope ? actions[i].scope : "everywhere");
            cells[1] = cell_text(actions[i].name);
            cells[2] = cell_text(keys);
            cells[3] = cell_text(text_translated(actions[i].summary));
        }
        status = cli_print_sheet(cli, name, sheet, err);
    }
    keymap_free(keymap);
    return status;
}

static enum status keys_run(struct cli *cli, struct error *err)
{
    return list(cli, true, "keys", err);
}

static enum status actions_run(struct cli *cli, struct error *err)
{
    return list(cli, false, "actions", err);
}

const struct cli_command cli_keys = {
    .name = "keys",
    .arguments = "",
    .summary = "what can be pressed, with the config file's changes",
    .run = keys_run,
};

const struct cli_command cli_actions = {
    .name = "actions",
    .arguments = "",
    .summary = "everything that can be done in the console",
    .run = actions_run,
};
