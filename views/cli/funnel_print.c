/* Answers of atrium funnel, as JSON, tables and CSV. */
#include "model/base/text.h"
#include "model/loop/funnel_why.h"
#include "views/cli/funnel.h"
#include "views/cli/people_list.h"

#include <string.h>

/* ---- What is asked ---- */

const char *funnel_rules_text(struct cli *cli, const struct funnel_query *query)
{
    const char *text = funnel_dialects[query->dialect];
    if (query->order)
        text = arena_printf(cli->arena, "%s · %s", text, funnel_orders[query->order]);
    for (size_t i = 0; i < n_funnel_modes; i++)
        if (query->modes & funnel_modes[i].mode)
            text = arena_printf(cli->arena, "%s · %s", text, funnel_modes[i].name);
    if (query->hold)
        text = arena_printf(cli->arena, "%s · same %s", text, funnel_holds[query->hold]);
    if (query->measure)
        text = arena_printf(cli->arena, "%s · %s", text, funnel_measures[query->measure]);
    return text;
}

static json_t *modes_json(const struct funnel_query *query)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n_funnel_modes; i++)
        if (query->modes & funnel_modes[i].mode)
            json_array_append_new(array, json_string(funnel_modes[i].name));
    return array;
}

void funnel_rules_json(const struct funnel_plan *plan, json_t *document)
{
    const struct funnel_query *query = &plan->query;
    json_object_set_new(document, "dialect", json_string(funnel_dialects[query->dialect]));
    json_object_set_new(document, "modes", modes_json(query));
    json_object_set_new(document, "order", json_string(funnel_orders[query->order]));
    json_object_set_new(document, "window_s", json_integer(query->window));
    json_object_set_new(document, "measure", json_string(funnel_measures[query->measure]));
    json_object_set_new(document, "hold",
                        query->hold ? json_string(funnel_holds[query->hold]) : json_null());
    json_object_set_new(document, "segment",
                        plan->within ? json_string(plan->within) : json_null());
}

/* ---- JSON ---- */

static json_t *steps_json(const struct funnel_query *query, const struct funnel_step *steps)
{
    json_t *array = json_array();
    for (size_t i = 0; i < query->n_steps; i++) {
        json_t *step = json_object();
        json_object_set_new(step, "n", json_integer((json_int_t)i + 1));
        json_object_set_new(step, "label", json_string(query->steps[i]));
        json_object_set_new(step, "count",
                            steps[i].hidden ? json_null() : json_integer(steps[i].count));
        json_object_set_new(step, "mean_s",
                            steps[i].timed ? json_real(steps[i].mean_s) : json_null());
        json_object_set_new(step, "median_s",
                            steps[i].timed ? json_real(steps[i].median_s) : json_null());
        if (query->measure == FUNNEL_AMOUNT)
            json_object_set_new(step, "amount", json_real((double)steps[i].amount / 100));
        json_array_append_new(array, step);
    }
    return array;
}

static json_t *groups_json(const struct funnel_query *query, const struct funnel *funnel)
{
    json_t *groups = json_array();
    for (size_t i = 0; i < funnel->n_groups; i++) {
        json_t *group = json_object();
        json_object_set_new(group, funnel_by_names[query->by], json_string(funnel->groups[i].name));
        json_object_set_new(group, "steps", steps_json(query, funnel->groups[i].steps));
        json_array_append_new(groups, group);
    }
    return groups;
}

static json_t *times_json(const struct funnel_times *times, size_t step)
{
    static const char *const names[] = {"least_s", "q1_s", "median_s", "q3_s", "most_s"};
    json_t *document = json_object(), *counts = json_array();
    json_object_set_new(document, "step", step ? json_integer((json_int_t)step + 1) : json_null());
    json_object_set_new(document, "n", times->hidden ? json_null() : json_integer(times->n));
    for (size_t q = 0; q < sizeof names / sizeof *names; q++) {
        bool told = times->n && !(times->ends_hidden && (q == 0 || q == 4));
        json_object_set_new(document, names[q],
                            told ? json_real(times->quartiles[q]) : json_null());
    }
    for (size_t b = 0; b < FUNNEL_BUCKETS; b++) {
        bool last = b + 1 == FUNNEL_BUCKETS, told = !times->hidden && !times->bucket_hidden[b];
        json_array_append_new(
            counts,
            json_pack("{s:I, s:o, s:o}", "from_s", (json_int_t)(b ? funnel_bucket_ends[b - 1] : 0),
                      "to_s", last ? json_null() : json_integer(funnel_bucket_ends[b]), "count",
                      told ? json_integer(times->counts[b]) : json_null()));
    }
    json_object_set_new(document, "buckets", counts);
    return document;
}

static json_t *change_json(const struct funnel_change *change)
{
    if (!change->known)
        return json_null();
    json_t *document = json_pack("{s:f, s:f, s:f, s:b}", "now", change->now, "then", change->then,
                                 "points", 100 * (change->now - change->then), "few", change->few);
    json_object_set_new(document, "z", change->tested ? json_real(change->z) : json_null());
    json_object_set_new(document, "p", change->tested ? json_real(change->p) : json_null());
    return document;
}

static json_t *subjects_json(const struct funnel *funnel)
{
    return funnel->subjects_hidden ? json_null() : json_integer(funnel->subjects);
}

static const char *subjects_text(struct cli *cli, const struct funnel *funnel)
{
    return funnel->subjects_hidden ? "*" : text_count(cli->arena, funnel->subjects);
}

static json_t *compare_json(struct cli *cli, const struct funnel_run *run)
{
    json_t *document = json_object(), *changes = json_array();
    json_object_set_new(document, "with", json_string(run->with));
    json_object_set_new(
        document, "from",
        json_string(time_rfc3339(cli->arena, cli->mall->zone, run->other_period.from)));
    json_object_set_new(
        document, "to",
        json_string(time_rfc3339(cli->arena, cli->mall->zone, run->other_period.to)));
    json_object_set_new(document, "subjects", subjects_json(&run->other));
    json_object_set_new(document, "steps", steps_json(&run->plan.query, run->other.steps));
    for (size_t i = 1; i < run->plan.query.n_steps; i++)
        json_array_append_new(changes, json_pack("{s:I, s:o, s:o}", "n", (json_int_t)i + 1, "whole",
                                                 change_json(&run->changes.whole[i]), "step",
                                                 change_json(&run->changes.step[i])));
    json_object_set_new(document, "changes", changes);
    return document;
}

static enum status people_json(struct cli *cli, const struct funnel_run *run, json_t *document,
                               struct error *err)
{
    const struct funnel *funnel = &run->funnel;
    struct access access;
    size_t n;
    enum status status = cli_people_access(cli, &access, err);
    if (status != ST_OK)
        return status;
    int most = run->list ? run->list : FUNNEL_STEPS;
    const uint32_t *people = funnel_people(cli->arena, funnel, run->list, most, &n);
    status = small_group_check(&access, (int64_t)n, err);
    if (status != ST_OK)
        return status;
    json_t *array = json_array();
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        const char *subject;
        json_t *person = json_object();
        status = cli_subject(cli, &access, people[i], &subject, err);
        json_object_set_new(person, "subject", json_string(subject));
        json_object_set_new(person, "level", json_integer(funnel->levels[people[i]]));
        json_array_append_new(array, person);
    }
    json_object_set_new(document, "people", array);
    return status;
}

enum status funnel_print_json(struct cli *cli, const struct funnel_run *run, struct error *err)
{
    const struct funnel_query *query = &run->plan.query;
    const struct funnel *funnel = &run->funnel;
    json_t *document = json_object();
    funnel_rules_json(&run->plan, document);
    json_object_set_new(document, "subjects", subjects_json(funnel));
    json_object_set_new(document, "excluded", json_integer(funnel->excluded));
    json_object_set_new(document, "steps", steps_json(query, funnel->steps));
    if (query->by != FUNNEL_BY_NONE)
        json_object_set_new(document, "groups", groups_json(query, funnel));
    if (funnel->times) {
        json_t *steps = json_array();
        for (size_t i = 1; i < query->n_steps; i++)
            json_array_append_new(steps, times_json(&funnel->times[i], i));
        json_object_set_new(
            document, "times",
            json_pack("{s:o, s:o}", "steps", steps, "whole", times_json(&funnel->times[0], 0)));
    }
    if (run->with)
        json_object_set_new(document, "compare", compare_json(cli, run));
    enum status status = run->list >= 0 ? people_json(cli, run, document, err) : ST_OK;
    if (status != ST_OK) {
        json_decref(document);
        return status;
    }
    return cli_print_json(cli, document, err);
}

/* ---- Tables ---- */

enum { C_N, C_LABEL, C_COUNT, C_OF_BEFORE, C_WHOLE, C_MEAN, C_MEDIAN, C_AMOUNT, C_END };

static struct sheet *steps_sheet(struct cli *cli, const struct funnel_run *run)
{
    static const struct sheet_column columns[C_END] = {{"n", "step", CELL_COUNT},
                                                       {"label", NULL, CELL_TEXT},
                                                       {"count", "people", CELL_COUNT},
                                                       {"of_before", "of before", CELL_SHARE},
                                                       {"whole", "whole way", CELL_SHARE},
                                                       {"mean_s", "mean", CELL_DURATION},
                                                       {"median_s", "median", CELL_DURATION},
                                                       {"amount", "amount", CELL_MONEY}};
    const struct funnel_query *query = &run->plan.query;
    const struct funnel_step *steps = run->funnel.steps;
    struct sheet_column *own = arena_array(cli->arena, struct sheet_column, C_END);
    memcpy(own, columns, sizeof columns);
    own[C_COUNT].title = query->measure ? "turns" : "people";
    bool money = query->measure == FUNNEL_AMOUNT;
    struct sheet *sheet = sheet_new(cli->arena, own, money ? C_END : C_AMOUNT);
    for (size_t i = 0; i < query->n_steps; i++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[C_N] = cell_integer((int64_t)i + 1);
        cells[C_LABEL] = cell_text(query->steps[i]);
        cells[C_COUNT] =
            steps[i].hidden ? cell_hidden(steps[i].below) : cell_integer(steps[i].count);
        if (steps[i].hidden)
            continue;
        if (i)
            cells[C_OF_BEFORE] = cell_share((double)steps[i].count, (double)steps[i - 1].count);
        cells[C_WHOLE] = cell_share((double)steps[i].count, (double)steps[0].count);
        if (steps[i].timed) {
            cells[C_MEAN] = cell_integer((int64_t)(steps[i].mean_s + 0.5));
            cells[C_MEDIAN] = cell_integer((int64_t)(steps[i].median_s + 0.5));
        }
        if (money)
            cells[C_AMOUNT] = cell_integer(steps[i].amount);
    }
    return sheet;
}

static struct sheet *groups_sheet(struct cli *cli, const struct funnel_run *run)
{
    const struct funnel *funnel = &run->funnel;
    const struct funnel_query *query = &run->plan.query;
    size_t n = query->n_steps;
    bool money = query->measure == FUNNEL_AMOUNT;
    struct sheet_column *columns = arena_array(cli->arena, struct sheet_column, n + 2);
    columns[0] = (struct sheet_column){funnel_by_names[query->by], NULL, CELL_TEXT};
    for (size_t i = 0; i < n; i++)
        columns[i + 1] = (struct sheet_column){arena_printf(cli->arena, "step_%zu", i + 1),
                                               arena_printf(cli->arena, "%zu", i + 1),
                                               money ? CELL_MONEY : CELL_COUNT};
    columns[n + 1] = (struct sheet_column){"whole", "whole way", CELL_SHARE};
    struct sheet *sheet = sheet_new(cli->arena, columns, n + 2);
    for (size_t g = 0; g < funnel->n_groups; g++) {
        const struct funnel_step *steps = funnel->groups[g].steps;
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(funnel->groups[g].name);
        for (size_t i = 0; i < n; i++)
            cells[i + 1] = steps[i].hidden ? cell_hidden(steps[i].below)
                                           : cell_integer(money ? steps[i].amount : steps[i].count);
        if (!steps[0].hidden && !steps[n - 1].hidden)
            cells[n + 1] = cell_share((double)steps[n - 1].count, (double)steps[0].count);
    }
    return sheet;
}

static struct cell bucket_cell(const struct funnel_times *times, size_t bucket)
{
    return times->hidden || times->bucket_hidden[bucket] ? cell_hidden(0)
                                                         : cell_integer(times->counts[bucket]);
}

/* A row a bucket, a column a step, the whole way last; quartiles below. */
static struct sheet *times_sheet(struct cli *cli, const struct funnel_run *run)
{
    size_t n = run->plan.query.n_steps;
    const struct funnel_times *times = run->funnel.times;
    struct sheet_column *columns = arena_array(cli->arena, struct sheet_column, n + 1);
    columns[0] = (struct sheet_column){"took", "took", CELL_TEXT};
    for (size_t i = 1; i < n; i++)
        columns[i] =
            (struct sheet_column){arena_printf(cli->arena, "step_%zu", i + 1),
                                  arena_printf(cli->arena, "%zu to %zu", i, i + 1), CELL_COUNT};
    columns[n] = (struct sheet_column){"whole", "whole way", CELL_COUNT};
    struct sheet *sheet = sheet_new(cli->arena, columns, n + 1);
    for (size_t b = 0; b < FUNNEL_BUCKETS; b++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(funnel_bucket_names[b]);
        for (size_t i = 1; i <= n; i++)
            cells[i] = bucket_cell(&times[i % n], b);
    }
    return sheet;
}

static struct sheet *quartiles_sheet(struct cli *cli, const struct funnel_run *run)
{
    static const struct sheet_column columns[] = {{"way", "way", CELL_TEXT},
                                                  {"n", "n", CELL_COUNT},
                                                  {"least_s", "least", CELL_DURATION},
                                                  {"q1_s", "1/4", CELL_DURATION},
                                                  {"median_s", "median", CELL_DURATION},
                                                  {"q3_s", "3/4", CELL_DURATION},
                                                  {"most_s", "most", CELL_DURATION}};
    size_t n = run->plan.query.n_steps;
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 1; i <= n; i++) {
        const struct funnel_times *times = &run->funnel.times[i % n];
        struct cell *cells = sheet_row_add(sheet);
        cells[0] =
            cell_text(i == n ? "whole way" : arena_printf(cli->arena, "%zu to %zu", i, i + 1));
        cells[1] = times->hidden ? cell_hidden(times->below) : cell_integer(times->n);
        for (int q = 0; times->n && q <= 4; q++)
            cells[2 + q] = times->ends_hidden && q % 4 == 0
                               ? cell_hidden(0)
                               : cell_integer((int64_t)(times->quartiles[q] + 0.5));
    }
    return sheet;
}

static const char *hint(struct cli *cli, const struct funnel_change *change)
{
    if (!change->known)
        return "–";
    const char *few = change->few ? arena_printf(cli->arena, " (fewer than %d)", FUNNEL_FEW) : "";
    if (!change->tested)
        return few;
    return arena_printf(cli->arena, "z %+.2f, p %.4f%s", change->z, change->p, few);
}

static struct cell count_cell(const struct funnel_step *step)
{
    return step->hidden ? cell_hidden(step->below) : cell_integer(step->count);
}

static struct sheet *compare_sheet(struct cli *cli, const struct funnel_run *run)
{
    static const struct sheet_column columns[] = {{"n", "step", CELL_COUNT},
                                                  {"label", NULL, CELL_TEXT},
                                                  {"now", "this", CELL_COUNT},
                                                  {"then", "other", CELL_COUNT},
                                                  {"now_share", "of entries", CELL_SHARE},
                                                  {"then_share", "of entries", CELL_SHARE},
                                                  {"points", "points", CELL_REAL, 1},
                                                  {"hint", "two-proportion test", CELL_TEXT}};
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < run->plan.query.n_steps; i++) {
        const struct funnel_change *change = &run->changes.whole[i];
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_integer((int64_t)i + 1);
        cells[1] = cell_text(run->plan.query.steps[i]);
        cells[2] = count_cell(&run->funnel.steps[i]);
        cells[3] = count_cell(&run->other.steps[i]);
        if (!i || !change->known)
            continue;
        cells[4] = cell_real(change->now);
        cells[5] = cell_real(change->then);
        cells[6] = cell_real(100 * (change->now - change->then));
        cells[7] = cell_text(hint(cli, change));
    }
    return sheet;
}

static enum status people_print(struct cli *cli, const struct funnel_run *run, struct error *err)
{
    static const struct sheet_column columns[] = {{"subject", NULL, CELL_TEXT},
                                                  {"level", NULL, CELL_COUNT}};
    struct sheet *sheet = sheet_new(cli->arena, columns, 2);
    struct access access;
    size_t n;
    enum status status = cli_people_access(cli, &access, err);
    const uint32_t *people = funnel_people(cli->arena, &run->funnel, run->list,
                                           run->list ? run->list : FUNNEL_STEPS, &n);
    if (status == ST_OK)
        status = small_group_check(&access, (int64_t)n, err);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        const char *subject;
        status = cli_subject(cli, &access, people[i], &subject, err);
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(subject);
        cells[1] = cell_integer(run->funnel.levels[people[i]]);
    }
    return status == ST_OK ? cli_print_sheet(cli, "people", sheet, err) : status;
}

static void head_say(struct cli *cli, const struct funnel_run *run)
{
    const struct funnel_query *query = &run->plan.query;
    cli_say(cli, "%s · window %s%s%s · %s people with an event of a step",
            funnel_rules_text(cli, query), text_duration(cli->arena, query->window),
            run->plan.within ? " · " : "", run->plan.within ? run->plan.within : "",
            subjects_text(cli, &run->funnel));
    if (run->funnel.excluded)
        cli_say(cli, "%s people removed by an exclusion",
                text_count(cli->arena, run->funnel.excluded));
}

static enum status compare_print(struct cli *cli, const struct funnel_run *run, struct error *err)
{
    cli_say(cli, "beside %s: %s, %s people with an event of a step", run->with,
            period_title(cli->arena, &cli->mall->clock, &run->other_period),
            subjects_text(cli, &run->other));
    return cli_print_sheet(cli, "compare", compare_sheet(cli, run), err);
}

/* CSV has one table: the list, else the times, the comparison, the groups, the steps. */
static enum status print_csv(struct cli *cli, const struct funnel_run *run, struct error *err)
{
    if (run->list >= 0)
        return people_print(cli, run, err);
    if (run->funnel.times)
        return cli_print_sheet(cli, "times", times_sheet(cli, run), err);
    if (run->with)
        return cli_print_sheet(cli, "compare", compare_sheet(cli, run), err);
    if (run->plan.query.by != FUNNEL_BY_NONE)
        return cli_print_sheet(cli, "groups", groups_sheet(cli, run), err);
    return cli_print_sheet(cli, "steps", steps_sheet(cli, run), err);
}

enum status funnel_print_tables(struct cli *cli, const struct funnel_run *run, struct error *err)
{
    if (cli->csv)
        return print_csv(cli, run, err);
    head_say(cli, run);
    enum status status = cli_print_sheet(cli, "steps", steps_sheet(cli, run), err);
    if (status == ST_OK && run->plan.query.by != FUNNEL_BY_NONE)
        status = cli_print_sheet(cli, "groups", groups_sheet(cli, run), err);
    if (status == ST_OK && run->funnel.times)
        status = cli_print_sheet(cli, "quartiles", quartiles_sheet(cli, run), err);
    if (status == ST_OK && run->funnel.times)
        status = cli_print_sheet(cli, "times", times_sheet(cli, run), err);
    if (status == ST_OK && run->with)
        status = compare_print(cli, run, err);
    return status == ST_OK && run->list >= 0 ? people_print(cli, run, err) : status;
}
