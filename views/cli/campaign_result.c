/* atrium campaign result: what a campaign did. */
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/campaign/report.h"
#include "model/people/member_list.h"
#include "views/cli/campaign.h"
#include "views/cli/people_list.h"

#include <math.h>
#include <string.h>

enum { LIST_LIMIT = 50, MOST = 100000000 };

/* ---- JSON ---- */

static json_t *real_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *interval_json(struct interval interval)
{
    if (!isfinite(interval.low) || !isfinite(interval.high))
        return json_null();
    return json_pack("[f,f]", interval.low, interval.high);
}

static json_t *count_or_null(int64_t value, bool hidden)
{
    return hidden ? json_null() : json_integer(value);
}

/* Currency units. */
static json_t *money_json(int64_t fen)
{
    return json_real((double)fen / 100);
}

static json_t *arm_json(const struct campaign_result *r, enum result_arm arm)
{
    const struct result_sums *s = &r->sums[arm];
    const bool *hidden = r->hidden[arm];
    json_t *json = json_object();
    json_object_set_new(json, "people", count_or_null(s->people, hidden[0]));
    json_object_set_new(json, "responded", count_or_null(s->responded, hidden[1]));
    json_object_set_new(json, "sales", hidden[1] ? json_null() : money_json(s->sales));
    json_object_set_new(json, "reached", count_or_null(r->reached[arm], hidden[2]));
    json_object_set_new(json, "used", count_or_null(r->used[arm], hidden[3]));
    json_object_set_new(json, "rate",
                        s->people && !hidden[0] && !hidden[1]
                            ? json_real((double)s->responded / (double)s->people)
                            : json_null());
    json_object_set_new(json, "sales_per_person",
                        hidden[1] ? json_null() : real_or_null(r->per_person[arm].mean));
    return json;
}

static json_t *welch_json(const struct stat_welch *w)
{
    if (!isfinite(w->t))
        return json_null();
    json_t *json = json_pack("{s:f s:f s:f s:f s:f}", "per_person", w->difference, "t", w->t, "df",
                             w->df, "p", w->p, "error", w->error);
    json_object_set_new(json, "welch_95", interval_json(w->interval));
    return json;
}

static json_t *cuped_json(const struct cuped *cuped)
{
    json_t *json = welch_json(&cuped->welch);
    if (json_is_object(json)) {
        json_object_set_new(json, "theta", json_real(cuped->theta));
        json_object_set_new(json, "variance_reduction", json_real(cuped->reduction));
    }
    return json;
}

static json_t *growth_json(const struct result_growth *g)
{
    json_t *json = json_object();
    json_object_set_new(json, "sales", money_json(g->now));
    json_object_set_new(json, "year_before", money_json(g->then));
    json_object_set_new(json, "rate", real_or_null(g->rate));
    json_object_set_new(json, "shops", json_integer(g->shops));
    json_object_set_new(json, "left_out", json_integer(g->left_out));
    return json;
}

static json_t *touch_json(const struct campaign_result *r)
{
    json_t *json = json_object();
    json_object_set_new(json, "window_days", json_integer(RESULT_TOUCH_DAYS));
    json_object_set_new(json, "buyers", count_or_null(r->last_touch.buyers, r->withheld));
    json_object_set_new(json, "receipts", count_or_null(r->last_touch.receipts, r->withheld));
    json_object_set_new(json, "sales", r->withheld ? json_null() : money_json(r->last_touch.sales));
    return json;
}

static json_t *suppressed_json(const struct campaign_result *r, const struct access *access)
{
    json_t *json = json_object();
    for (size_t i = 0; i < r->n_suppressed; i++)
        json_object_set_new(
            json, r->suppressed[i].reason,
            count_or_null(r->suppressed[i].people, small_group(access, r->suppressed[i].people)));
    return json;
}

static json_t *days_json(struct cli *cli, const struct campaign_result *r)
{
    json_t *days = json_array();
    for (size_t i = 0; i < r->n_days; i++)
        json_array_append_new(days, json_string(date_text(cli->arena, r->days[i])));
    return days;
}

static json_t *result_json(struct cli *cli, const struct access *access,
                           const struct campaign_result *r)
{
    const struct campaign *c = r->campaign;
    json_t *json = json_object();
    json_object_set_new(json, "id", json_string(c->code));
    json_object_set_new(json, "kind", json_string(campaign_kinds[c->kind].name));
    json_object_set_new(json, "state", json_string(campaign_state_names[c->state]));
    json_object_set_new(json, "claim", json_string(r->measured ? "measured" : "influenced"));
    json_object_set_new(json, "reason", json_string(r->reason));
    json_object_set_new(json, "response", json_string(r->response_title));
    json_object_set_new(json, "from",
                        json_string(time_rfc3339(cli->arena, cli->mall->zone, r->from)));
    json_object_set_new(json, "to", json_string(time_rfc3339(cli->arena, cli->mall->zone, r->to)));
    json_object_set_new(json, "still", json_boolean(r->still));
    json_object_set_new(json, "days", days_json(cli, r));
    json_object_set_new(json, "treated", arm_json(r, ARM_TREATED));
    json_object_set_new(json, "holdout", arm_json(r, ARM_HOLDOUT));
    json_object_set_new(json, "lift", r->withheld ? json_null() : real_or_null(r->lift.lift));
    json_object_set_new(json, "z", r->withheld ? json_null() : real_or_null(r->lift.z));
    json_object_set_new(json, "p", r->withheld ? json_null() : real_or_null(r->lift.p));
    json_object_set_new(json, "newcombe_95",
                        r->withheld ? json_null() : interval_json(r->lift.newcombe));
    json_object_set_new(json, "sales_lift", r->withheld ? json_null() : welch_json(&r->sales_lift));
    json_object_set_new(json, "cuped", r->withheld ? json_null() : cuped_json(&r->cuped));
    json_object_set_new(json, "margin_per_person", real_or_null(r->margin));
    json_object_set_new(json, "points_burned", json_integer(r->points_burned));
    json_object_set_new(json, "points_given", json_integer(r->points_given));
    json_object_set_new(json, "value_given", money_json(r->value_given));
    json_object_set_new(json, "sales_touched", money_json(r->sales_touched));
    json_object_set_new(json, "receipts_touched", json_integer(r->receipts_touched));
    json_object_set_new(json, "used_by_nobody", json_integer(r->used_by_nobody));
    json_object_set_new(json, "leverage", real_or_null(r->leverage));
    json_object_set_new(json, "year_on_year", growth_json(&r->growth));
    json_object_set_new(json, "last_touch", touch_json(r));
    json_object_set_new(json, "suppressed", suppressed_json(r, access));
    if (r->by != RESULT_BY_NONE) {
        json_object_set_new(json, "by", json_string(result_bys[r->by].name));
        json_object_set_new(json, "groups",
                            cli_sheet_json(cli, result_sheet(cli->arena, access, r)));
        json_object_set_new(json, "groups_left_out", json_integer((json_int_t)r->n_left_out));
    }
    return json;
}

/* ---- Lists ---- */

/* "treated responded": whom of which arm. */
static enum status list_parse(struct cli *cli, const char *text, enum result_arm *arm,
                              enum result_who *who, struct error *err)
{
    size_t dash = strcspn(text, "-");
    const char *one = arena_strndup(cli->arena, text, dash);
    const char *two = text[dash] ? text + dash + 1 : result_who_names[RESULT_PEOPLE];
    for (int a = 0; a < RESULT_ARMS; a++)
        for (int w = 0; w < RESULT_WHO; w++)
            if (strcmp(one, result_arm_names[a]) == 0 && strcmp(two, result_who_names[w]) == 0) {
                *arm = (enum result_arm)a;
                *who = (enum result_who)w;
                return ST_OK;
            }
    return error_set(err, ST_USAGE,
                     "--list: found %s, expected treated or holdout, alone or with -responded, "
                     "-reached or -used",
                     text_quote(cli->arena, text, strlen(text)));
}

static enum status group_find(struct cli *cli, const struct campaign_result *r,
                              const struct result_group **group, struct error *err)
{
    const char *name = cli_value(cli, "group");
    *group = NULL;
    if (!name)
        return ST_OK;
    for (size_t i = 0; i < r->n_groups; i++)
        if (strcmp(r->groups[i].name, name) == 0) {
            *group = &r->groups[i];
            return r->groups[i].withheld
                       ? error_set(err, ST_DENIED, "this group is of too few people to be listed")
                       : ST_OK;
        }
    return error_set(err, ST_USAGE, "--group: found %s, expected a name of --by",
                     text_quote(cli->arena, name, strlen(name)));
}

static enum status people_print(struct cli *cli, struct reader *reader, struct access *access,
                                const struct campaign_result *r, const char *what,
                                struct error *err)
{
    enum result_arm arm = ARM_TREATED;
    enum result_who who = RESULT_PEOPLE;
    const struct result_group *group;
    struct sheet *sheet;
    int64_t limit;
    size_t n = 0;
    enum status status = access_require(access, RIGHT_PEOPLE_SEE, "list people", err);
    if (status == ST_OK)
        status = list_parse(cli, what, &arm, &who, err);
    if (status == ST_OK)
        status = group_find(cli, r, &group, err);
    if (status == ST_OK)
        status = cli_integer(cli, "limit", 0, MOST, LIST_LIMIT, &limit, err);
    if (status != ST_OK)
        return status;
    const uint32_t *people = result_list(cli->arena, r, arm, who, group, &n);
    status = small_group_check(access, (int64_t)n, err);
    if (status == ST_OK && r->hidden[arm][who])
        status = error_set(err, ST_DENIED, "who is not in this list is too small a group");
    struct member_list list = {.n = limit && n > (size_t)limit ? (size_t)limit : n,
                               .people = (uint32_t *)people};
    if (status == ST_OK)
        status = member_list_rows(NULL, reader, access, &list, 0, list.n, false, cli->arena, &sheet,
                                  err);
    if (status != ST_OK)
        return status;
    sheet->total = (int64_t)n;
    sheet->truncated = n > list.n;
    if (!cli->json)
        return cli_print_sheet(cli, "list", sheet, err);
    json_t *document = json_object();
    json_object_set_new(document, "count", json_integer((json_int_t)n));
    json_object_set_new(document, "list", cli_sheet_json(cli, sheet));
    return cli_print_json(cli, document, err);
}

/* ---- For people ---- */

static void lines_say(struct cli *cli, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        cli_say(cli, "%s", arena_strndup(cli->arena, text, n));
        text += n + (text[n] == '\n');
    }
}

/* ---- All campaigns ---- */

static json_t *total_json(const struct result_totals *totals, enum result_arm arm)
{
    const struct result_sums *s = &totals->sums[arm];
    const bool *hidden = totals->hidden[arm];
    json_t *json = json_object();
    json_object_set_new(json, "people", count_or_null(s->people, hidden[0]));
    json_object_set_new(json, "responded", count_or_null(s->responded, hidden[1]));
    json_object_set_new(json, "sales", hidden[1] ? json_null() : money_json(s->sales));
    json_object_set_new(json, "rate",
                        s->people && !hidden[0] && !hidden[1]
                            ? json_real((double)s->responded / (double)s->people)
                            : json_null());
    return json;
}

static enum status all_print(struct cli *cli, const struct access *access,
                             const struct result_query *query, const struct result_totals *totals,
                             struct error *err)
{
    struct sheet *sheet = results_sheet(cli->arena, access, totals);
    struct sheet *groups =
        result_groups_sheet(cli->arena, access, query->by, totals->groups, totals->n_groups);
    if (cli->json) {
        bool by = query->by != RESULT_BY_NONE;
        json_t *json = json_object();
        json_object_set_new(json, "campaigns", cli_sheet_json(cli, sheet));
        json_object_set_new(json, "treated", total_json(totals, ARM_TREATED));
        json_object_set_new(json, "holdout", total_json(totals, ARM_HOLDOUT));
        json_object_set_new(json, "by", json_string(by ? result_bys[query->by].name : "contact"));
        json_object_set_new(json, "groups", cli_sheet_json(cli, groups));
        return cli_print_json(cli, json, err);
    }
    if (cli->csv)
        return cli_print_sheet(cli, "campaigns", query->by ? groups : sheet, err);
    enum status status =
        cli_print_sheet(cli, "campaigns", result_sheet_slim(cli->arena, sheet), err);
    const struct result_sums *t = &totals->sums[ARM_TREATED];
    if (status == ST_OK && !totals->hidden[ARM_TREATED][0] && !totals->hidden[ARM_TREATED][1])
        cli_say(
            cli, "in all: %s of %s responded, %s", text_count(cli->arena, t->responded),
            text_count(cli->arena, t->people),
            report_share(cli->arena, t->people ? (double)t->responded / (double)t->people : NAN));
    return status == ST_OK
               ? cli_print_sheet(cli, "groups", result_sheet_slim(cli->arena, groups), err)
               : status;
}

/* ---- The verb ---- */

static enum status query_read(struct cli *cli, struct result_query *query, struct error *err)
{
    const char *by = cli_value(cli, "by"), *margin = cli_value(cli, "margin");
    int64_t threads = 0;
    *query = (struct result_query){.margin = NAN, .name = ""};
    enum status status = by ? result_by_parse(by, &query->by, &query->name, err) : ST_OK;
    if (status == ST_OK)
        status = cli_integer(cli, "threads", 1, 8, 0, &threads, err);
    query->threads = (int)threads;
    if (status != ST_OK || !margin)
        return status;
    size_t n = strlen(margin);
    bool percent = n && margin[n - 1] == '%';
    if (!text_to_double(margin, n - percent, &query->margin) || !(query->margin > 0) ||
        query->margin > (percent ? 100 : 1))
        return error_set(err, ST_USAGE, "--margin: found %s, expected a share such as 35%%",
                         text_quote(cli->arena, margin, n));
    query->margin /= percent ? 100 : 1;
    return ST_OK;
}

static enum status one_print(struct cli *cli, struct reader *reader, struct access *access,
                             const struct campaign_result *r, struct error *err)
{
    const char *list = cli_value(cli, "list");
    if (list)
        return people_print(cli, reader, access, r, list, err);
    if (cli->json)
        return cli_print_json(cli, result_json(cli, access, r), err);
    if (cli->csv || (r->by != RESULT_BY_NONE && !cli_switch(cli, "report"))) {
        struct sheet *sheet = result_sheet(cli->arena, access, r);
        return cli_print_sheet(cli, "groups",
                               cli->csv ? sheet : result_sheet_slim(cli->arena, sheet), err);
    }
    lines_say(cli, campaign_report(cli->arena, access, cli->mall, r));
    return ST_OK;
}

static enum status result(struct cli *cli, struct reader *reader, struct access *access,
                          struct error *err)
{
    struct result_query query;
    const struct campaign *campaign;
    enum status status = query_read(cli, &query, err);
    if (status != ST_OK)
        return status;
    if (cli->n_args < 2) {
        struct result_totals totals;
        status = campaign_results_all(reader, cli->arena, access, &query, &totals, err);
        return status == ST_OK ? all_print(cli, access, &query, &totals, err) : status;
    }
    struct campaign_result *answer = arena_new_of(cli->arena, struct campaign_result);
    status = cli_campaign_take(cli, reader, &campaign, err);
    if (status == ST_OK)
        status = campaign_result_run(reader, cli->arena, access, campaign, &query, answer, err);
    if (status == ST_OK && cli->csv && query.by == RESULT_BY_NONE && !cli_value(cli, "list")) {
        const struct result_totals one = {.n = 1, .results = answer};
        return cli_print_sheet(cli, "campaigns", results_sheet(cli->arena, access, &one), err);
    }
    return status == ST_OK ? one_print(cli, reader, access, answer, err) : status;
}

const struct cli_verb campaign_result_verbs[] = {
    {"result", 0, 1, result},
    {"simulate", 1, 1, cli_campaign_simulate},
    {0},
};
