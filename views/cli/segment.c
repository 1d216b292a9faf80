/* atrium segment: which people an expression means. */
#include "model/people/member_list.h"
#include "model/segment/compare.h"
#include "model/segment/saved.h"
#include "model/segment/segment_small.h"
#include "views/cli/commands.h"
#include "views/cli/people_list.h"
#include "views/cli/verb.h"

#include "model/base/intl.h"

#include <stdio.h>
#include <string.h>

enum { LIST_LIMIT = 50, MOST = 100000000 };

static const struct cli_option options[] = {
    {"limit", "N", 0, "list, compare: at most so many rows (default 50; 0: all)"},
    {"freeze", NULL, 0, "save: keep the people as they are now"},
    {"note", "TEXT", 0, "save: what it is for"},
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

/* Kept back where they are a few, for who sees pseudonyms. */
static json_t *count_json(const struct access *access, int64_t count)
{
    return small_group(access, count) ? json_null() : json_integer(count);
}

static const char *count_text(struct cli *cli, const struct access *access, int64_t count)
{
    return small_group(access, count) ? small_group_text(access, cli->arena, count)
                                      : arena_printf(cli->arena, "%lld", (long long)count);
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
        cli_say(cli, "%s", count_text(cli, access, answer.count));
        return ST_OK;
    }
    json_t *document = json_object();
    json_object_set_new(document, "count", count_json(access, answer.count));
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
    if (status == ST_OK)
        status = small_group_check(access, answer.count, err);
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

/* ---- Saved ones ---- */

static const struct sheet_column saved_columns[] = {
    {"name", N_("name"), CELL_TEXT},
    {"kind", N_("kind"), CELL_TEXT},
    {"people", N_("people"), CELL_COUNT},
    {"author", N_("author"), CELL_TEXT},
    {"changed", N_("changed"), CELL_TIME},
    {"as_of", N_("as of"), CELL_TIME},
    {"expression", N_("expression"), CELL_TEXT},
    {"note", N_("note"), CELL_TEXT},
};
enum { SAVED_COLUMNS = sizeof saved_columns / sizeof *saved_columns };

static void saved_row(struct sheet *sheet, const struct access *access,
                      const struct saved_segment *segment, int64_t people)
{
    struct cell *cells = sheet_row_add(sheet);
    cells[0] = cell_text(segment->name);
    cells[1] = cell_text(segment->frozen ? "frozen" : "live");
    if (people >= 0)
        cells[2] = small_group_cell(access, people, false, cell_integer(people));
    cells[3] = cell_text(segment->author);
    if (segment->changed)
        cells[4] = cell_integer(segment->changed);
    if (segment->frozen)
        cells[5] = cell_integer(segment->as_of);
    cells[6] = cell_text(segment->expression);
    cells[7] = cell_text(segment->note);
}

static enum status list_saved(struct cli *cli, struct reader *reader, struct access *access,
                              struct error *err)
{
    const struct saved_segment *segments;
    size_t n;
    struct sheet *sheet = sheet_new(cli->arena, saved_columns, SAVED_COLUMNS);
    enum status status = access_require(access, RIGHT_QUESTIONS, "look at segments", err);
    if (status == ST_OK)
        status = saved_segments(reader, cli->arena, &segments, &n, err);
    for (size_t i = 0; status == ST_OK && i < n; i++)
        saved_row(sheet, access, &segments[i], segments[i].people);
    return status == ST_OK ? cli_print_sheet(cli, "segments", sheet, err) : status;
}

/* A saved segment by its name, else what an expression means. */
static enum status show(struct cli *cli, struct reader *reader, struct access *access,
                        struct error *err)
{
    const struct saved_segment *segment;
    struct segment_answer answer;
    enum status status = saved_segment_find(reader, cli->arena, cli->args[1], &segment, err);
    const char *text = cli->args[1];
    if (status == ST_OK && segment)
        text = arena_printf(cli->arena, "anyone and segment:%s",
                            segment_name_text(cli->arena, segment->name));
    if (status == ST_OK)
        status = segment_run(reader, cli->arena, access, text, &answer, err);
    if (status != ST_OK)
        return status;
    if (!segment) {
        struct saved_segment asked = {.name = "", .expression = text, .author = "", .note = ""};
        segment = arena_new_of(cli->arena, struct saved_segment);
        memcpy((void *)segment, &asked, sizeof asked);
    }
    if (!cli->json) {
        struct sheet *sheet = sheet_new(cli->arena, saved_columns, SAVED_COLUMNS);
        notes_print(&answer);
        saved_row(sheet, access, segment, answer.count);
        return cli_print_sheet(cli, "segments", sheet, err);
    }
    json_t *document = json_pack("{s:s s:s s:s s:s s:s s:o}", "name", segment->name, "kind",
                                 segment->frozen ? "frozen" : "live", "expression",
                                 segment->expression, "author", segment->author, "note",
                                 segment->note, "count", count_json(access, answer.count));
    json_object_set_new(document, "as_of",
                        segment->frozen
                            ? json_string(time_rfc3339(cli->arena, cli->mall->zone, segment->as_of))
                            : json_null());
    json_object_set_new(document, "notes", notes_json(&answer));
    return cli_print_json(cli, document, err);
}

static enum status save(struct cli *cli, struct reader *reader, struct access *access,
                        struct error *err)
{
    struct segment_save save = {.name = cli->args[1],
                                .expression = cli->args[2],
                                .note = cli_value(cli, "note"),
                                .freeze = cli_switch(cli, "freeze"),
                                .base_version = -1};
    struct operation_result result;
    struct writer *writer;
    struct segment_answer answer;
    uint32_t people;
    enum status status = segment_run(reader, cli->arena, access, save.expression, &answer, err);
    if (status == ST_OK)
        status = cli_writer(cli, &writer, err);
    if (status == ST_OK)
        status = segment_save(writer, access, &save, &result, &people, err);
    if (status != ST_OK)
        return status;
    if (!cli->json) {
        notes_print(&answer);
        cli_say(cli, "%s: %s", save.name, count_text(cli, access, answer.count));
        return ST_OK;
    }
    json_t *document =
        json_pack("{s:s s:s s:o s:I}", "name", save.name, "kind", save.freeze ? "frozen" : "live",
                  "count", count_json(access, save.freeze ? people : answer.count), "version",
                  (json_int_t)result.version);
    json_object_set_new(document, "notes", notes_json(&answer));
    return cli_print_json(cli, document, err);
}

/* ---- Comparing ---- */

static struct sheet *traits_sheet(struct cli *cli, const struct segment_comparison *comparison,
                                  size_t limit)
{
    static const struct sheet_column columns[] = {
        {"kind", N_("kind"), CELL_TEXT},
        {"name", N_("name"), CELL_TEXT},
        {"a", N_("A"), CELL_COUNT},
        {"b", N_("B"), CELL_COUNT},
        {"share_a", N_("of A"), CELL_SHARE},
        {"share_b", N_("of B"), CELL_SHARE},
        {"difference", N_("difference"), CELL_REAL, 3},
        {"lift", N_("lift"), CELL_REAL, 2},
    };
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < comparison->n_traits && (!limit || i < limit); i++) {
        const struct segment_trait *trait = &comparison->traits[i];
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(trait->kind);
        cells[1] = cell_text(trait->name);
        cells[2] = trait->hidden_a ? cell_hidden(0) : cell_integer(trait->n_a);
        cells[3] = trait->hidden_b ? cell_hidden(0) : cell_integer(trait->n_b);
        cells[4] = trait->hidden_a ? cell_hidden(0) : cell_share(trait->share_a, 1);
        cells[5] = trait->hidden_b ? cell_hidden(0) : cell_share(trait->share_b, 1);
        if (trait->hidden_a || trait->hidden_b)
            continue;
        cells[6] = cell_real(trait->share_a - trait->share_b);
        if (trait->share_b > 0)
            cells[7] = cell_real(segment_lift(trait));
    }
    sheet->total = (int64_t)comparison->n_traits;
    sheet->truncated = sheet->n_rows < comparison->n_traits;
    return sheet;
}

static enum status compare(struct cli *cli, struct reader *reader, struct access *access,
                           struct error *err)
{
    struct segment_comparison comparison;
    int64_t limit;
    enum status status = cli_integer(cli, "limit", 0, MOST, LIST_LIMIT, &limit, err);
    if (status == ST_OK)
        status = segment_compare(reader, cli->arena, access, cli->args[1], cli->args[2],
                                 &comparison, err);
    if (status != ST_OK)
        return status;
    segment_comparison_hide_small(cli->arena, access, &comparison);
    struct sheet *sheet = traits_sheet(cli, &comparison, (size_t)limit);
    if (cli->csv)
        return cli_print_sheet(cli, "apart", sheet, err);
    if (cli->json) {
        json_t *document = json_pack(
            "{s:I s:I s:o s:o}", "a", (json_int_t)comparison.a, "b", (json_int_t)comparison.b,
            "both", comparison.both_hidden ? json_null() : json_integer(comparison.both), "jaccard",
            comparison.both_hidden ? json_null() : json_real(comparison.jaccard));
        json_object_set_new(document, "apart", cli_sheet_json(cli, sheet));
        return cli_print_json(cli, document, err);
    }
    for (size_t i = 0; i < comparison.n_notes; i++)
        fprintf(stderr, "note: %s\n", comparison.notes[i]);
    if (comparison.both_hidden)
        cli_say(cli, "A %u, B %u, both <%lld", comparison.a, comparison.b,
                (long long)access->least_people);
    else
        cli_say(cli, "A %u, B %u, both %u; alike %.1f %% (Jaccard)", comparison.a, comparison.b,
                comparison.both, 100 * comparison.jaccard);
    return cli_print_sheet(cli, "apart", sheet, err);
}

static enum status drop(struct cli *cli, struct reader *reader, struct access *access,
                        struct error *err)
{
    struct writer *writer;
    (void)reader;
    enum status status = cli_writer(cli, &writer, err);
    if (status == ST_OK)
        status = segment_drop(writer, access, cli->args[1], NULL, err);
    if (status == ST_OK && cli->json)
        return cli_print_json(cli, json_pack("{s:s}", "dropped", cli->args[1]), err);
    return status;
}

static enum status run(struct cli *cli, struct error *err)
{
    static const struct cli_verb verbs[] = {
        {"count", 1, 1, count_people}, {"list", 0, 0, list_saved},
        {"list", 1, 1, list_people},   {"show", 1, 1, show},
        {"save", 2, 2, save},          {"drop", 1, 1, drop},
        {"compare", 2, 2, compare},    {0}};
    return cli_verb_run(cli, (const struct cli_verb *[]){verbs}, 1, err);
}

const struct cli_command cli_segment = {
    .name = "segment",
    .arguments = "count EXPR | list [EXPR] | show NAME|EXPR | save NAME EXPR | drop NAME | "
                 "compare A B",
    .summary = "the people that an expression means: how many, who; saved ones",
    .help =
        "An expression is about people: labels, attributes and behaviour in a span of time, as in "
        "label:coffee and tier>=gold and spent(90d)>=300 and not visited(30d). It is about "
        "members, unless it has the word anyone in it. doc/segment.md has the language. save keeps "
        "it under a name, as segment:NAME in other expressions; with --freeze the people stay as "
        "they are now. list without an expression lists what is saved. "
        "compare takes two expressions: how many they share, and what sets A apart from B by "
        "fields, labels, interests, categories and shops of the last year, the greatest "
        "difference first.",
    .options = options,
    .least_args = 1,
    .most_args = 3,
    .run = run,
};
