/* atrium device config: what devices should have, what they have, and bringing both together. */
#include "model/fleet/config.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/fleet/clean.h"
#include "model/fleet/ini.h"
#include "views/cli/device.h"
#include "views/cli/device_reach.h"

#include <stdio.h>
#include <string.h>

enum { HISTORY_MOST = 1000, ANSWER_MOST = INI_MOST + 1024 };

struct asked {
    struct device_request *request;
    const char *kind; /* NULL: of the devices */
    const struct config_set *set;
};

static enum status print_json_or(struct cli *cli, json_t *document, const char *key,
                                 const struct sheet *sheet, struct error *err)
{
    if (cli->json)
        return cli_print_json(cli, document, err);
    json_decref(document);
    return cli_print_sheet(cli, key, sheet, err);
}

/* ---- show ---- */

static const struct sheet_column show_columns[] = {
    {"device", NULL, CELL_TEXT}, {"kind", NULL, CELL_TEXT},   {"own", NULL, CELL_TEXT},
    {"wanted", NULL, CELL_TEXT}, {"config", NULL, CELL_TEXT}, {"drift", NULL, CELL_TEXT},
};

static enum status show_kind(struct asked *asked, struct error *err)
{
    struct cli *cli = asked->request->cli;
    const struct config_text *text = config_of_kind(asked->set, asked->kind);
    const char *quoted = text_quote(cli->arena, asked->kind, strlen(asked->kind));
    if (!text)
        return error_set(err, ST_USAGE, "the kind %s has no desired configuration", quoted);
    if (cli->json)
        return cli_print_json(cli,
                              json_pack("{s:s, s:I, s:s}", "key", text->key, "version",
                                        (json_int_t)text->version, "text", text->text),
                              err);
    for (const char *at = text->text; *at; at += strcspn(at, "\n"), at += *at == '\n')
        cli_say(cli, "%.*s", (int)strcspn(at, "\n"), at);
    return ST_OK;
}

static enum status show(struct asked *asked, struct error *err)
{
    struct device_request *request = asked->request;
    struct arena *arena = request->cli->arena;
    json_t *devices = json_array();
    struct sheet *sheet = sheet_new(arena, show_columns, 6);
    if (asked->kind) {
        json_decref(devices);
        return show_kind(asked, err);
    }
    for (size_t i = 0; i < request->n; i++) {
        const struct device *d = &request->devices[i];
        const char *own = config_of_device(asked->set, d->code) ? "yes" : "no";
        const char *text = config_desired(arena, asked->set, d);
        const char *texts[] = {d->code,   d->kind,   own,
                               d->wanted, d->config, device_drift_names[d->drift]};
        struct cell *cells = sheet_row_add(sheet);
        json_t *o = json_object();
        for (int k = 0; k < 6; k++) {
            cells[k] = cell_text(*texts[k] ? texts[k] : NULL);
            json_object_set_new(o, show_columns[k].name,
                                *texts[k] ? json_string(texts[k]) : json_null());
        }
        json_object_set_new(o, "text", text ? json_string(text) : json_null());
        json_array_append_new(devices, o);
    }
    return print_json_or(request->cli, json_pack("{s:o}", "devices", devices), "devices", sheet,
                         err);
}

/* ---- set ---- */

static enum status file_read(struct cli *cli, const char *path, const char **text,
                             struct error *err)
{
    const char *quoted = text_quote(cli->arena, path, strlen(path));
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (!file)
        return error_set(err, ST_REFUSED, "%s: cannot be read: %m", quoted);
    char *bytes = arena_alloc(cli->arena, INI_MOST + 2);
    size_t n = fread(bytes, 1, INI_MOST + 1, file);
    bool bad = ferror(file) || memchr(bytes, 0, n);
    if (file != stdin)
        fclose(file);
    bytes[n] = '\0';
    *text = bytes;
    if (bad || n > INI_MOST)
        return error_set(err, ST_REFUSED, "%s: found %s, expected a text of at most %d bytes",
                         quoted, bad ? "no text" : "more", INI_MOST);
    return ST_OK;
}

/* "[section] key = value" as a text of its own. */
static const char *key_text(struct arena *arena, const char *given)
{
    const char *close = *given == '[' ? strchr(given, ']') : NULL;
    if (!close)
        return arena_printf(arena, "%s\n", given);
    const char *key = close + 1 + strspn(close + 1, " ");
    return arena_printf(arena, "%.*s\n%s\n", (int)(close + 1 - given), given, key);
}

static enum status keys_text(struct cli *cli, const char **text, struct error *err)
{
    const char *given;
    *text = "";
    for (size_t i = 0; (given = cli_value_at(cli, "key", i)); i++) {
        const char *line = key_text(cli->arena, given);
        enum status status = strchr(given, '\n') || !strchr(given, '=')
                                 ? error_set(err, ST_USAGE,
                                             "--key: found %s, expected KEY=VALUE or "
                                             "\"[SECTION] KEY=VALUE\"",
                                             text_quote(cli->arena, given, strlen(given)))
                                 : ini_check(line, err);
        if (status != ST_OK)
            return status;
        *text = ini_overlay(cli->arena, *text, line);
    }
    return ST_OK;
}

struct setting {
    const char *text, *keys; /* one of them; both NULL: it is removed */
};

static enum status setting_read(struct cli *cli, struct setting *setting, struct error *err)
{
    bool keys = cli_value(cli, "key"), clear = cli_switch(cli, "clear"), file = cli->n_args == 3;
    *setting = (struct setting){0};
    if (keys + clear + file != 1)
        return error_set(err, ST_USAGE,
                         "device config set: expected one of FILE (- is stdin), --key KEY=VALUE, "
                         "--clear");
    if (file)
        return file_read(cli, cli->args[2], &setting->text, err);
    return keys ? keys_text(cli, &setting->keys, err) : ST_OK;
}

static enum status set_one(struct asked *asked, struct writer *writer, const char *key,
                           const struct setting *setting, struct sheet *sheet, struct error *err)
{
    struct cli *cli = asked->request->cli;
    const struct config_text *now = config_find(asked->set, key);
    const char *text = setting->keys ? ini_overlay(cli->arena, now ? now->text : "", setting->keys)
                                     : setting->text;
    bool same = now && text ? strcmp(now->text, text) == 0 : !now && !text;
    struct cell *cells = sheet_row_add(sheet);
    cells[0] = cell_text(key);
    cells[1] = cell_text(same ? "no" : "yes");
    cells[2] = cell_integer(text ? (int64_t)strlen(text) : 0);
    enum status status = setting->keys && now ? ini_check(now->text, err) : ST_OK;
    if (status == ST_OK)
        status = config_write(writer, &asked->request->access, key, text, now ? now->version : -1,
                              cli_value(cli, "reason"), err);
    return status;
}

static const struct sheet_column set_columns[] = {
    {"key", NULL, CELL_TEXT}, {"changed", NULL, CELL_TEXT}, {"bytes", NULL, CELL_COUNT}};

static enum status set(struct asked *asked, struct error *err)
{
    struct device_request *request = asked->request;
    struct arena *arena = request->cli->arena;
    struct setting setting;
    struct writer *writer;
    struct sheet *sheet = sheet_new(arena, set_columns, 3);
    enum status status = setting_read(request->cli, &setting, err);
    if (status == ST_OK)
        status = device_reach_agree(request, "changes what is desired", true, err);
    if (status == ST_OK)
        status = cli_writer(request->cli, &writer, err);
    if (status == ST_OK)
        status = writer_begin(writer, err);
    if (status != ST_OK)
        return status;
    if (asked->kind)
        status =
            set_one(asked, writer, config_key_of_kind(arena, asked->kind), &setting, sheet, err);
    for (size_t i = 0; !asked->kind && i < request->n && status == ST_OK; i++)
        status = set_one(asked, writer, config_key_of_device(arena, request->devices[i].code),
                         &setting, sheet, err);
    if (status == ST_OK)
        status = writer_commit(writer, err);
    else
        writer_rollback(writer);
    return status == ST_OK ? cli_print_sheet(request->cli, "configs", sheet, err) : status;
}

/* ---- diff ---- */

/* Those of whom something is desired; ST_USAGE where there are none. */
static enum status desired_only(struct asked *asked, struct error *err)
{
    struct device_request *request = asked->request;
    struct device *kept = arena_array(request->cli->arena, struct device, request->n + 1);
    size_t n = 0;
    bool queued = cli_switch(request->cli, "queued");
    for (size_t i = 0; i < request->n; i++)
        if (*request->devices[i].wanted && (!queued || request->devices[i].drift == DRIFT_QUEUED))
            kept[n++] = request->devices[i];
    size_t before = request->n;
    request->devices = kept;
    request->n = n;
    if (n || queued)
        return ST_OK;
    return error_set(err, ST_USAGE,
                     "of %zu devices none has a desired configuration: device config set", before);
}

struct differences {
    json_t *groups, *same, *failed;
    struct fleet_output *outputs;
    const char **codes;
    size_t n, n_failed;
};

static void answer_take(struct asked *asked, const struct fleet_result *result,
                        struct differences *all)
{
    struct arena *arena = asked->request->cli->arena;
    const char *text, *reason;
    size_t n;
    if (!config_of_answer(arena, result, &text, &n, &reason)) {
        enum device_condition state =
            result->job.state == DEVICE_OK ? DEVICE_FAILED : result->job.state;
        json_array_append_new(all->failed,
                              json_pack("{s:s, s:s, s:s, s:s}", "device", result->device->code,
                                        "state", device_condition_names[state], "phase",
                                        fleet_phase_names[result->job.phase], "reason", reason));
        all->n_failed++;
        return;
    }
    const char *difference =
        config_difference(arena, text, n, config_desired(arena, asked->set, result->device));
    if (!*difference) {
        json_array_append_new(all->same, json_string(result->device->code));
        return;
    }
    all->codes[all->n] = result->device->code;
    all->outputs[all->n++] = (struct fleet_output){difference, strlen(difference), 0};
}

static void groups_make(struct arena *arena, struct differences *all)
{
    size_t n;
    const struct fleet_group *groups = fleet_fold(arena, all->outputs, all->n, &n);
    for (size_t g = 0; g < n; g++) {
        json_t *codes = json_array();
        for (size_t i = 0; i < groups[g].n; i++)
            json_array_append_new(codes, json_string(all->codes[groups[g].members[i]]));
        json_array_append_new(all->groups,
                              json_pack("{s:s#, s:o}", "difference", groups[g].output->bytes,
                                        (int)groups[g].output->n, "devices", codes));
    }
}

static void say_group(struct cli *cli, json_t *group)
{
    json_t *codes = json_object_get(group, "devices"), *code;
    const char *text = json_string_value(json_object_get(group, "difference")), *list = "";
    size_t i, n = json_array_size(codes);
    json_array_foreach(codes, i, code)
    {
        if (i < 8)
            list = arena_printf(cli->arena, "%s %s", list, json_string_value(code));
    }
    cli_say(cli, "%zu %s:%s%s", n, n == 1 ? "device" : "devices", list, n > 8 ? " …" : "");
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
        cli_say(cli, "    %.*s", (int)strcspn(text, "\n"), text);
}

static enum status differences_print(struct cli *cli, struct differences *all, struct error *err)
{
    json_t *row;
    size_t i;
    if (cli->json)
        return cli_print_json(cli,
                              json_pack("{s:o, s:o, s:o}", "groups", all->groups, "same", all->same,
                                        "failed", all->failed),
                              err);
    json_array_foreach(all->groups, i, row) say_group(cli, row);
    cli_say(cli, "%zu as desired", json_array_size(all->same));
    json_array_foreach(all->failed, i, row)
        cli_say(cli, "%s: %s in %s: %s", json_string_value(json_object_get(row, "device")),
                json_string_value(json_object_get(row, "state")),
                json_string_value(json_object_get(row, "phase")),
                json_string_value(json_object_get(row, "reason")));
    json_decref(all->groups);
    json_decref(all->same);
    json_decref(all->failed);
    return ST_OK;
}

static enum status diff(struct asked *asked, struct error *err)
{
    struct device_request *request = asked->request;
    struct arena *arena = request->cli->arena;
    struct fleet_engine *engine;
    struct fleet_work *work;
    enum status status = desired_only(asked, err);
    struct fleet_work_options how = {.verb = config_verb, .most = ANSWER_MOST};
    if (status == ST_OK)
        status = device_work(request, &how, &engine, &work, err);
    if (status != ST_OK)
        return status;
    size_t n;
    const struct fleet_result *results = fleet_work_results(work, &n);
    struct differences all = {.groups = json_array(),
                              .same = json_array(),
                              .failed = json_array(),
                              .outputs = arena_array(arena, struct fleet_output, n + 1),
                              .codes = arena_array(arena, const char *, n + 1)};
    for (size_t i = 0; i < n; i++)
        answer_take(asked, &results[i], &all);
    groups_make(arena, &all);
    device_work_end(engine, work);
    status = differences_print(request->cli, &all, err);
    if (status == ST_OK && all.n_failed)
        status = error_set(err, ST_PARTIAL, "%zu of %zu devices are not ok", all.n_failed, n);
    return status;
}

/* ---- apply ---- */

static enum status apply(struct asked *asked, struct error *err)
{
    struct device_request *request = asked->request;
    int64_t queue = 0;
    enum status status = cli_duration(request->cli, "queue", 0, &queue, err);
    if (status == ST_OK)
        status = desired_only(asked, err);
    /* Who waits was agreed to when it was told to wait. */
    if (status == ST_OK)
        status = device_reach_agree(request, "applies the configuration",
                                    !cli_switch(request->cli, "queued"), err);
    if (status != ST_OK)
        return status;
    request->queue_until = queue ? time_now() + queue : 0;
    struct transfer_options options = {
        .kind = TRANSFER_CONFIG,
        .texts = config_texts(request->cli->arena, asked->set, request->devices, request->n)};
    return device_transfer(request, "config", "the desired configuration", &options, err);
}

/* ---- history ---- */

static const struct sheet_column history_columns[] = {
    {"key", NULL, CELL_TEXT},    {"version", NULL, CELL_COUNT}, {"time", NULL, CELL_TIME},
    {"author", NULL, CELL_TEXT}, {"act", NULL, CELL_TEXT},      {"reason", NULL, CELL_TEXT},
    {"bytes", NULL, CELL_COUNT}, {"text", NULL, CELL_TEXT},
};

static enum status history_add(struct asked *asked, const char *key, struct sheet *sheet,
                               struct error *err)
{
    struct cli *cli = asked->request->cli;
    const struct config_version *versions;
    size_t n = 0;
    enum status status = config_history(asked->request->reader, &asked->request->access, cli->arena,
                                        key, HISTORY_MOST, &versions, &n, err);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        const struct config_version *v = &versions[i];
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(key);
        cells[1] = cell_integer(v->version);
        cells[2] = cell_integer(v->time);
        cells[3] = cell_text(v->author);
        cells[4] = cell_text(v->act);
        cells[5] = cell_text(*v->reason ? v->reason : NULL);
        cells[6] = v->text ? cell_integer((int64_t)strlen(v->text)) : (struct cell){0};
        if (sheet->n_columns > 7)
            cells[7] = cell_text(v->text);
    }
    return status;
}

static enum status history(struct asked *asked, struct error *err)
{
    struct device_request *request = asked->request;
    struct arena *arena = request->cli->arena;
    bool texts = request->cli->json || request->cli->csv;
    struct sheet *sheet = sheet_new(arena, history_columns, texts ? 8 : 7);
    enum status status = ST_OK;
    if (asked->kind)
        status = history_add(asked, config_key_of_kind(arena, asked->kind), sheet, err);
    for (size_t i = 0; !asked->kind && i < request->n && status == ST_OK; i++)
        status =
            history_add(asked, config_key_of_device(arena, request->devices[i].code), sheet, err);
    return status == ST_OK ? cli_print_sheet(request->cli, "versions", sheet, err) : status;
}

/* ---- The command ---- */

static const struct {
    const char *name;
    bool changes;
    enum status (*run)(struct asked *asked, struct error *err);
} words[] = {
    {"show", false, show},  {"set", true, set},          {"diff", true, diff},
    {"apply", true, apply}, {"history", false, history},
};

/* Those of the kind, all of them. */
static void kind_only(struct device_request *request, const char *kind)
{
    struct device *kept = arena_array(request->cli->arena, struct device, request->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < request->n; i++)
        if (strcmp(request->devices[i].kind, kind) == 0)
            kept[n++] = request->devices[i];
    request->devices = kept;
    request->n = n;
}

enum status device_config(struct device_request *request, struct error *err)
{
    struct cli *cli = request->cli;
    const char *word = cli->n_args > 1 ? cli->args[1] : "", *on = cli_value(cli, "on");
    const char *names[sizeof words / sizeof *words];
    struct asked asked = {.request = request, .kind = cli_value(cli, "kind")};
    size_t which = 0, n = sizeof words / sizeof *words;
    for (size_t i = 0; i < n; i++)
        names[i] = words[i].name;
    while (which < n && strcmp(names[which], word) != 0)
        which++;
    if (which == n || (cli->n_args > 2 && strcmp(word, "set") != 0))
        return error_set(err, ST_USAGE,
                         "device config: found %s, expected show, set FILE, diff, apply or history",
                         text_quote(cli->arena, word, strlen(word)));
    if (!on == !asked.kind)
        return error_set(err, ST_USAGE,
                         "device config %s: one of --on EXPR, for devices, and --kind KIND, for "
                         "all of a kind",
                         word);
    enum status status = ST_OK;
    if (words[which].changes)
        status = access_require(&request->access, RIGHT_DEVICES | RIGHT_DEVICES_EDIT,
                                "do this to devices", err);
    if (asked.kind)
        kind_only(request, asked.kind);
    if (status == ST_OK)
        status = config_set_read(request->reader, &request->access, cli->arena, &asked.set, err);
    return status == ST_OK ? words[which].run(&asked, err) : status;
}
