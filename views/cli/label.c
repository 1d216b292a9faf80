/* atrium label: rules and lists of people, by name. */
#include "model/segment/label.h"
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/people/member_list.h"
#include "model/segment/segment_small.h"
#include "views/cli/commands.h"
#include "views/cli/people_list.h"
#include "views/cli/verb.h"

#include <stdio.h>
#include <string.h>

enum { SAMPLE = 10, MOST = 100000000 };

static const struct cli_option options[] = {
    {"limit", "N", 0, "show, preview: list so many people (default 10; 0: everybody)"},
    {"note", "TEXT", 0, "save: what it is for"},
    {"name", "NAME", 0, "preview: compared with this label as it is now"},
    {"all", NULL, 0, "run: everywhere, not only where something changed"},
    {0},
};

static const struct sheet_column label_columns[] = {
    {"name", N_("name"), CELL_TEXT},        {"people", N_("people"), CELL_COUNT},
    {"as_of", N_("as of"), CELL_TIME},      {"run", N_("run"), CELL_TIME},
    {"stale", N_("stale"), CELL_TEXT},      {"author", N_("author"), CELL_TEXT},
    {"version", N_("version"), CELL_COUNT}, {"built_from", N_("built from"), CELL_TEXT},
    {"rule", N_("rule"), CELL_TEXT},        {"note", N_("note"), CELL_TEXT},
    {"error", N_("error"), CELL_TEXT},
};
enum { LABEL_COLUMNS = sizeof label_columns / sizeof *label_columns };

static void label_row(struct sheet *sheet, const struct access *access, const struct label *label)
{
    struct cell *cells = sheet_row_add(sheet);
    cells[0] = cell_text(label->name);
    if (label->people >= 0)
        cells[1] = small_group_cell(access, label->people, false, cell_integer(label->people));
    if (label->as_of)
        cells[2] = cell_integer(label->as_of);
    if (label->time)
        cells[3] = cell_integer(label->time);
    cells[4] = cell_text(label->stale ? "yes" : "no");
    cells[5] = cell_text(label->author);
    cells[6] = cell_integer(label->version);
    cells[7] = cell_text(label->built_from);
    cells[8] = cell_text(label->rule);
    cells[9] = cell_text(label->note);
    cells[10] = cell_text(label->error);
}

static enum status list(struct cli *cli, struct reader *reader, struct access *access,
                        struct error *err)
{
    const struct label *labels;
    size_t n;
    struct sheet *sheet = sheet_new(cli->arena, label_columns, LABEL_COLUMNS);
    enum status status = access_require(access, RIGHT_QUESTIONS, "look at labels", err);
    if (status == ST_OK)
        status = labels_list(reader, cli->arena, &labels, &n, err);
    for (size_t i = 0; status == ST_OK && i < n; i++)
        label_row(sheet, access, &labels[i]);
    return status == ST_OK ? cli_print_sheet(cli, "labels", sheet, err) : status;
}

/* Some of the people, as the asker may see them. */
static enum status people_sheet(struct cli *cli, struct reader *reader, const struct access *access,
                                const struct set *people, struct sheet **sheet, struct error *err)
{
    int64_t limit;
    size_t n;
    enum status status = cli_integer(cli, "limit", 0, MOST, SAMPLE, &limit, err);
    if (status == ST_OK)
        status = access_require(access, RIGHT_PEOPLE_SEE, "list people", err);
    if (status == ST_OK)
        status = small_group_check(access, set_count(people), err);
    if (status != ST_OK)
        return status;
    uint32_t *numbers = set_list(people, cli->arena, &n);
    struct member_list list_of = {.n = limit && n > (size_t)limit ? (size_t)limit : n,
                                  .people = numbers};
    status = member_list_rows(NULL, reader, access, &list_of, 0, list_of.n, false, cli->arena,
                              sheet, err);
    if (status == ST_OK) {
        (*sheet)->total = (int64_t)n;
        (*sheet)->truncated = n > list_of.n;
    }
    return status;
}

static enum status label_get(struct cli *cli, struct reader *reader, const char *name,
                             const struct label **label, struct error *err)
{
    enum status status = label_find(reader, cli->arena, name, label, err);
    if (status == ST_OK && !*label)
        status = error_set(err, ST_REFUSED, "there is no label %s; atrium label list shows them",
                           text_quote(cli->arena, name, strlen(name)));
    return status;
}

/* The only row of a sheet as an object. */
static json_t *row_json(struct cli *cli, const struct sheet *sheet)
{
    json_t *rows = cli_sheet_json(cli, sheet);
    json_t *row = json_incref(json_array_get(rows, 0));
    json_decref(rows);
    return row;
}

static enum status history_sheet(struct cli *cli, struct reader *reader, const char *name,
                                 struct sheet **out, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"time", N_("time"), CELL_TIME},    {"actor", N_("who"), CELL_TEXT},
        {"act", N_("what"), CELL_TEXT},     {"rule", N_("rule"), CELL_TEXT},
        {"added", N_("added"), CELL_COUNT}, {"removed", N_("removed"), CELL_COUNT},
    };
    const struct label_change *changes;
    size_t n;
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    enum status status = label_history(reader, cli->arena, name, &changes, &n, err);
    for (size_t i = 0; status == ST_OK && i < n; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_integer(changes[i].time);
        cells[1] = cell_text(changes[i].actor);
        cells[2] = cell_text(changes[i].act);
        if (changes[i].rule)
            cells[3] = cell_text(changes[i].rule);
        cells[4] = cell_integer(changes[i].added);
        cells[5] = cell_integer(changes[i].removed);
    }
    *out = sheet;
    return status;
}

static enum status show(struct cli *cli, struct reader *reader, struct access *access,
                        struct error *err)
{
    const struct label *label;
    struct set *people;
    struct sheet *members, *history, *one = sheet_new(cli->arena, label_columns, LABEL_COLUMNS);
    enum status status = access_require(access, RIGHT_QUESTIONS, "look at labels", err);
    if (status == ST_OK)
        status = label_get(cli, reader, cli->args[1], &label, err);
    if (status == ST_OK)
        status = label_people(reader, cli->arena, label->name, &people, err);
    if (status == ST_OK)
        status = people_sheet(cli, reader, access, people, &members, err);
    if (status == ST_OK)
        status = history_sheet(cli, reader, label->name, &history, err);
    if (status != ST_OK)
        return status;
    label_row(one, access, label);
    if (cli->csv)
        return cli_print_sheet(cli, "members", members, err);
    if (cli->json) {
        json_t *document = row_json(cli, one);
        json_object_set_new(document, "count", json_integer(set_count(people)));
        json_object_set_new(document, "members", cli_sheet_json(cli, members));
        json_object_set_new(document, "history", cli_sheet_json(cli, history));
        return cli_print_json(cli, document, err);
    }
    const struct sheet *parts[] = {one, members, history};
    for (size_t i = 0; i < 3 && status == ST_OK; i++) {
        if (i)
            cli_say(cli, "%s", "");
        status = cli_print_sheet(cli, "label", parts[i], err);
    }
    return status;
}

/* ---- Preview ---- */

static struct sheet *overlaps_sheet(struct cli *cli, const struct label_preview *preview)
{
    static const struct sheet_column columns[] = {
        {"label", N_("label"), CELL_TEXT},
        {"people", N_("people"), CELL_COUNT},
        {"both", N_("both"), CELL_COUNT},
        {"of_rule", N_("of the rule"), CELL_SHARE},
        {"of_label", N_("of the label"), CELL_SHARE},
        {"jaccard", N_("alike"), CELL_SHARE},
    };
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < preview->n_overlaps; i++) {
        const struct label_overlap *overlap = &preview->overlaps[i];
        double both = overlap->both, either = (double)overlap->people + preview->count - both;
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(overlap->name);
        cells[1] = overlap->people_hidden ? cell_hidden(0) : cell_integer(overlap->people);
        cells[2] = overlap->hidden ? cell_hidden(0) : cell_integer(overlap->both);
        if (overlap->hidden)
            continue;
        cells[3] = cell_share(both, preview->count);
        cells[4] = cell_share(both, overlap->people);
        cells[5] = cell_share(both, either);
    }
    return sheet;
}

static enum status preview_rule(struct cli *cli, struct reader *reader, struct access *access,
                                struct error *err)
{
    struct label_preview preview;
    struct sheet *sample;
    enum status status = label_preview(reader, cli->arena, access, cli_value(cli, "name"),
                                       cli->args[1], &preview, err);
    if (status == ST_OK)
        status = people_sheet(cli, reader, access, preview.people, &sample, err);
    if (status != ST_OK)
        return status;
    label_preview_hide_small(cli->arena, access, &preview);
    bool told = preview.there && !preview.change_hidden;
    struct sheet *overlaps = overlaps_sheet(cli, &preview);
    if (cli->csv)
        return cli_print_sheet(cli, "sample", sample, err);
    if (cli->json) {
        json_t *document = json_object(), *notes = json_array();
        for (size_t i = 0; i < preview.n_notes; i++)
            json_array_append_new(notes, json_string(preview.notes[i]));
        json_object_set_new(document, "count", json_integer(preview.count));
        json_object_set_new(document, "sample", cli_sheet_json(cli, sample));
        json_object_set_new(document, "overlap", cli_sheet_json(cli, overlaps));
        json_object_set_new(document, "joining",
                            told ? json_integer(preview.joining) : json_null());
        json_object_set_new(document, "leaving",
                            told ? json_integer(preview.leaving) : json_null());
        json_object_set_new(document, "notes", notes);
        return cli_print_json(cli, document, err);
    }
    for (size_t i = 0; i < preview.n_notes; i++)
        fprintf(stderr, "note: %s\n", preview.notes[i]);
    cli_say(cli, "%u people", preview.count);
    if (told)
        cli_say(cli, "%u would get the label, %u would lose it", preview.joining, preview.leaving);
    status = cli_print_sheet(cli, "sample", sample, err);
    cli_say(cli, "%s", "");
    return status == ST_OK ? cli_print_sheet(cli, "overlap", overlaps, err) : status;
}

/* ---- Running and changing ---- */

static json_t *refreshed_json(const struct label_refreshed *done)
{
    return json_pack("{s:I s:I s:I s:I s:I s:I}", "labels", (json_int_t)done->labels, "run",
                     (json_int_t)done->run, "failed", (json_int_t)done->failed, "blocks",
                     (json_int_t)done->blocks, "whole", (json_int_t)done->whole, "milliseconds",
                     (json_int_t)done->milliseconds);
}

static enum status run_labels(struct cli *cli, struct reader *reader, struct access *access,
                              struct error *err)
{
    struct label_refreshed done;
    struct writer *writer;
    const struct label *label;
    const char *name = cli->n_args > 1 ? cli->args[1] : NULL;
    enum status status = access_require(access, RIGHT_PEOPLE_EDIT, "run labels", err);
    if (status == ST_OK && name)
        status = label_get(cli, reader, name, &label, err);
    if (status == ST_OK)
        status = cli_writer(cli, &writer, err);
    if (status == ST_OK)
        status = label_refresh(writer, reader, name, cli_switch(cli, "all"), &done, err);
    if (status != ST_OK)
        return status;
    if (cli->json)
        return cli_print_json(cli, refreshed_json(&done), err);
    cli_say(cli,
            "%zu labels with a rule, %zu of them changed something to look at, %zu failed; "
            "%lld of %lld blocks of people in %lld ms",
            done.labels, done.run, done.failed, (long long)done.blocks, (long long)done.whole,
            (long long)done.milliseconds);
    return ST_OK;
}

static enum status changed_print(struct cli *cli, struct reader *reader,
                                 const struct access *access, const char *name, struct error *err)
{
    const struct label *label;
    struct sheet *one = sheet_new(cli->arena, label_columns, LABEL_COLUMNS);
    enum status status = label_get(cli, reader, name, &label, err);
    if (status != ST_OK)
        return status;
    label_row(one, access, label);
    if (!cli->json) {
        cli_say(cli, "%s: %s", name,
                small_group(access, label->people)
                    ? small_group_text(access, cli->arena, label->people)
                    : arena_printf(cli->arena, "%lld", (long long)label->people));
        return ST_OK;
    }
    json_t *document = row_json(cli, one);
    json_object_set_new(document, "count",
                        small_group(access, label->people) ? json_null()
                                                           : json_integer(label->people));
    return cli_print_json(cli, document, err);
}

static enum status save(struct cli *cli, struct reader *reader, struct access *access,
                        struct error *err)
{
    const char *name = cli->args[1], *rule = cli->n_args > 2 ? cli->args[2] : "";
    struct writer *writer;
    enum status status = cli_writer(cli, &writer, err);
    if (status == ST_OK)
        status = label_save(writer, access, name, rule, cli_value(cli, "note"), NULL, err);
    if (status == ST_OK && *rule)
        status = label_refresh(writer, reader, name, false, NULL, err);
    return status == ST_OK ? changed_print(cli, reader, access, name, err) : status;
}

static enum status put(struct cli *cli, struct reader *reader, struct access *access,
                       struct error *err)
{
    struct writer *writer;
    enum status status = cli_writer(cli, &writer, err);
    if (status == ST_OK)
        status = label_put(writer, access, cli->args[1], cli->args + 2, (size_t)cli->n_args - 2,
                           strcmp(cli->args[0], "add") == 0, NULL, err);
    return status == ST_OK ? changed_print(cli, reader, access, cli->args[1], err) : status;
}

static enum status drop(struct cli *cli, struct reader *reader, struct access *access,
                        struct error *err)
{
    struct writer *writer;
    (void)reader;
    enum status status = cli_writer(cli, &writer, err);
    if (status == ST_OK)
        status = label_drop(writer, access, cli->args[1], NULL, err);
    if (status == ST_OK && cli->json)
        return cli_print_json(cli, json_pack("{s:s}", "dropped", cli->args[1]), err);
    return status;
}

static enum status run(struct cli *cli, struct error *err)
{
    static const struct cli_verb verbs[] = {{"list", 0, 0, list},
                                            {"show", 1, 1, show},
                                            {"save", 1, 2, save},
                                            {"run", 0, 1, run_labels},
                                            {"preview", 1, 1, preview_rule},
                                            {"drop", 1, 1, drop},
                                            {"add", 2, VERB_WORDS_ANY, put},
                                            {"remove", 2, VERB_WORDS_ANY, put},
                                            {0}};
    return cli_verb_run(cli, (const struct cli_verb *[]){verbs}, 1, err);
}

const struct cli_command cli_label = {
    .name = "label",
    .arguments = "list | show NAME | save NAME [RULE] | run [NAME] | preview RULE | drop NAME | "
                 "add NAME CARD … | remove NAME CARD …",
    .summary = "labels: rules and lists of people, what they mean, who carries them",
    .help =
        "A label has a rule in the people language (doc/segment.md), or is a list kept by hand. "
        "save checks the rule, keeps it and runs it; without a rule it makes a list, which add and "
        "remove change. run looks again only where something changed since; --all looks "
        "everywhere. preview says what a rule would mean: how many, some of them, and how it "
        "overlaps the labels there are.",
    .options = options,
    .least_args = 1,
    .most_args = -1,
    .run = run,
};
