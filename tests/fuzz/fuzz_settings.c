/*
 * Fuzzing what a person's own files hold: the config file (first byte even) and the session of a
 * console (odd), whose layouts go on to a table.
 */
#include "tests/fuzz/fuzz.h"
#include "tui/table.h"
#include "tui/table_rows.h"
#include "views/actions.h"
#include "views/config.h"
#include "views/session.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void try_config(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct config config;
    static bool made;
    if (!made) {
        char path[4096];
        snprintf(path, sizeof path, "%s/atrium", fuzz_folder());
        made = mkdir(path, 0700) == 0;
    }
    fuzz_file("atrium/config.ini", data, size);
    enum status status = config_read(&config, &err);
    size_t n;
    const struct action *actions = actions_all(&n);
    struct keymap *keymap = keymap_new(actions, n);
    if (status == ST_OK)
        status = config_bind(&config, keymap, &err);
    if (status != ST_OK && (!err.message || !strstr(err.message, "config.ini")))
        abort();
    error_clear(&err);
    config_free(&config);
    keymap_free(keymap);
}

static void no_cell(void *context, int64_t row, int column, struct table_cell *cell)
{
    (void)context, (void)row, (void)column;
    cell->text = "text";
}

/* A layout is read into columns; what the table says of them is read back to the same. */
static void try_layout(const char *layout)
{
    static const struct table_column columns[] = {
        {.name = "name", .title = "Name", .cells = 20, .weight = 1},
        {.name = "tier", .title = "Tier", .cells = 8},
        {.name = "spent", .title = "Spent", .align = 1, .cells = 12},
    };
    static const struct table_rows_ops ops = {.cell = no_cell};
    static const struct table_view_ops view = {0};
    char *said = NULL;
    for (int round = 0; round < 2; round++) {
        struct table_rows *rows = table_rows_new(&ops, NULL, columns, 3, 3, NULL);
        struct table_options options = {.source = table_rows_source(rows),
                                        .ops = &view,
                                        .noun = "rows",
                                        .layout = said ? said : layout};
        struct table *table = table_new(&options);
        char *now = table_layout(table);
        if (said && strcmp(said, now) != 0)
            abort();
        free(said);
        said = now;
        table_free(table);
        table_rows_free(rows);
    }
    free(said);
}

/* The session file has a name of its own: the only one in its folder. */
static const char *session_file(void)
{
    static char name[300];
    if (*name)
        return name;
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/atrium", fuzz_folder());
    struct session *session = session_open("/a.mall", "liu");
    session_history_add(session, "sql", "select 1");
    session_close(session);
    DIR *files = opendir(folder);
    for (struct dirent *file; files && (file = readdir(files));)
        if (strstr(file->d_name, ".json"))
            snprintf(name, sizeof name, "atrium/%s", file->d_name);
    if (files)
        closedir(files);
    if (!*name)
        abort();
    return name;
}

static void try_session(const uint8_t *data, size_t size)
{
    fuzz_file(session_file(), data, size);
    struct session *session = session_open("/a.mall", "liu");
    const char *view, *argument, *texts[20];
    enum compare compare = COMPARE_NONE;
    for (size_t i = 0; session_place(session, i, &view, &argument); i++)
        if (!view || !argument)
            abort();
    session_period(session);
    if (session_compare(session, &compare) && compare > COMPARE_NONE)
        abort();
    const char *layout = session_layout(session, "members");
    if (layout)
        try_layout(layout);
    size_t n = session_history(session, "sql", texts, 20);
    session_history_add(session, "sql", n ? texts[n - 1] : "select 1");
    session_layout_set(session, "members", "name*");
    session_forget(session);
    session_close(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    fuzz_folder();
    if (data[0] % 2)
        try_session(data + 1, size - 1);
    else
        try_config(data + 1, size - 1);
    return 0;
}
