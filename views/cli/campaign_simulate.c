/* atrium campaign simulate: trying one on the mall's own history. */
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/campaign/simulate.h"
#include "views/cli/campaign.h"

#include <math.h>
#include <string.h>

static json_t *range_json(const struct simulate_range *range, double unit)
{
    if (!isfinite(range->mean))
        return json_null();
    return json_pack("{s:f s:f s:f s:f}", "mean", range->mean / unit, "low", range->low / unit,
                     "median", range->median / unit, "high", range->high / unit);
}

static json_t *simulation_json(struct cli *cli, const struct access *access,
                               const struct simulation *s)
{
    static const char *const bases[] = {"ordinary days", "points days", "coupons"};
    json_t *json = json_object(), *days = json_array();
    bool coupons = s->basis == BASIS_COUPONS;
    for (size_t i = 0; i < s->n_days; i++)
        json_array_append_new(days, json_string(date_text(cli->arena, s->days[i])));
    json_object_set_new(json, "id", json_string(s->campaign->code));
    json_object_set_new(json, "kind", json_string(campaign_kinds[s->campaign->kind].name));
    json_object_set_new(json, "days", days);
    json_object_set_new(json, "basis", json_string(bases[s->basis]));
    json_object_set_new(json, "from",
                        json_string(time_rfc3339(cli->arena, cli->mall->zone, s->from)));
    json_object_set_new(json, "at", json_string(time_rfc3339(cli->arena, cli->mall->zone, s->at)));
    json_object_set_new(json, "comparable", json_integer((json_int_t)s->comparable));
    json_object_set_new(json, "draws", json_integer(s->draws));
    json_object_set_new(json, "seed", json_integer((json_int_t)s->seed));
    json_object_set_new(json, "interval", json_pack("[f,f]", 0.05, 0.95));
    json_object_set_new(json, "audience", json_integer(s->audience));
    json_object_set_new(json, "treated", json_integer(s->treated));
    json_object_set_new(json, "shoppers", json_integer(s->shoppers));
    json_object_set_new(json, "balance", json_integer(s->balance));
    json_object_set_new(json, "people", range_json(&s->users, 1));
    json_object_set_new(json, "points", coupons ? json_null() : range_json(&s->points, 1));
    json_object_set_new(json, "value_given", range_json(&s->value, 100));
    json_object_set_new(json, "sales_touched", range_json(&s->sales, 100));
    json_object_set_new(json, "leverage", range_json(&s->leverage, 1));
    json_object_set_new(json, "liability_off",
                        coupons ? json_null() : range_json(&s->liability, 100));
    json_object_set_new(json, "budget",
                        s->campaign->limits.budget
                            ? json_real((double)s->campaign->limits.budget / 100)
                            : json_null());
    json_object_set_new(json, "budget_needed", json_real((double)s->budget / 100));
    json_object_set_new(json, "budget_enough",
                        isfinite(s->enough) ? json_real(s->enough) : json_null());
    json_object_set_new(json, "groups",
                        cli_sheet_json(cli, simulate_groups_sheet(cli->arena, access, s)));
    json_object_set_new(json, "note", json_string(s->note));
    return json;
}

static enum status simulation_print(struct cli *cli, const struct access *access,
                                    const struct simulation *s, struct error *err)
{
    if (cli->json)
        return cli_print_json(cli, simulation_json(cli, access, s), err);
    if (cli->csv)
        return cli_print_sheet(cli, "groups", simulate_groups_sheet(cli->arena, access, s), err);
    cli_say(cli, "%s", simulate_headline(cli->arena, s));
    cli_say(cli, _("%zu days; %zu comparable ones before; %d draws with the seed %llu"), s->n_days,
            s->comparable, s->draws, (unsigned long long)s->seed);
    cli_say(cli, "%s", s->note);
    cli_say(cli, "%s", "");
    enum status status = cli_print_sheet(cli, "figures", simulate_sheet(cli->arena, s), err);
    if (status != ST_OK || !s->n_groups)
        return status;
    cli_say(cli, "%s", "");
    return cli_print_sheet(cli, "groups", simulate_groups_sheet(cli->arena, access, s), err);
}

enum status cli_campaign_simulate(struct cli *cli, struct reader *reader, struct access *access,
                                  struct error *err)
{
    struct simulate_query query = {.by = cli_value(cli, "by")};
    const struct campaign *campaign = NULL;
    struct simulation simulation;
    int64_t draws = 0, seed = 1, threads = 0;
    enum status status = cli_time(cli, "at", 0, &query.at, err);
    if (status == ST_OK)
        status = cli_integer(cli, "draws", 10, 100000, 0, &draws, err);
    if (status == ST_OK)
        status = cli_integer(cli, "seed", 1, INT64_MAX, 1, &seed, err);
    if (status == ST_OK)
        status = cli_integer(cli, "threads", 1, 8, 0, &threads, err);
    if (status == ST_OK)
        status = cli_campaign_take(cli, reader, &campaign, err);
    query.draws = (int)draws;
    query.seed = (uint64_t)seed;
    query.threads = (int)threads;
    if (status == ST_OK)
        status = campaign_simulate(reader, cli->arena, access, campaign, &query, &simulation, err);
    return status == ST_OK ? simulation_print(cli, access, &simulation, err) : status;
}
