/* atrium demo: a generated mall, made once, then opened. */
#include "fixtures/mall/make.h"
#include "fixtures/mall/story.h"
#include "model/base/text.h"
#include "views/cli/commands.h"
#include "views/cli/demo_fleet.h"

#include <inttypes.h>
#include <sys/stat.h>

static const struct cli_option options[] = {
    {"members", "N", 0, "how many members (200,000)"},
    {"days", "N", 0, "how many days up to 2026-10-31 (731)"},
    {"seed", "S", 0, "another seed makes another mall; the same one the same file (1)"},
    {"story", "NAME", 0, "a published case instead: joycity-2017"},
    {"devices", "N", 0, "how many devices stand in the mall (440), and live with the console (80)"},
    {"no-console", NULL, 0, "make the file and stop"},
    {0},
};

static enum status numbers_read(struct cli *cli, int64_t *members, int64_t *days, int64_t *seed,
                                int64_t *devices, struct error *err)
{
    enum status status = cli_integer(cli, "members", 1, DEMO_MEMBERS_MOST, 200000, members, err);
    if (status == ST_OK)
        status = cli_integer(cli, "days", 1, DEMO_DAYS_MOST, 731, days, err);
    if (status == ST_OK)
        status = cli_integer(cli, "seed", 0, INT64_MAX, 1, seed, err);
    return status ? status : cli_integer(cli, "devices", 0, DEMO_DEVICES_MOST, -1, devices, err);
}

static enum status recipe_read(struct cli *cli, struct demo_recipe *recipe, struct error *err)
{
    int64_t members, days, seed, devices;
    enum status status = numbers_read(cli, &members, &days, &seed, &devices, err);
    if (status)
        return status;
    const char *story = cli_value(cli, "story");
    if (story && (cli_value(cli, "members") || cli_value(cli, "days")))
        return error_set(err, ST_USAGE,
                         "--story: the story has its own members and days: leave out %s",
                         cli_value(cli, "members") ? "--members" : "--days");
    if (story)
        status = demo_recipe_story(story, (uint64_t)seed, recipe, err);
    else
        *recipe = demo_recipe_default((uint32_t)members, (uint32_t)days, (uint64_t)seed);
    if (devices >= 0)
        recipe->devices = (uint32_t)devices;
    else if (!cli_switch(cli, "no-console") && !story)
        recipe->devices = DEMO_DEVICES_ALIVE;
    return status;
}

static void progress(void *context, const char *what, int64_t done, int64_t total)
{
    cli_progress(context, what, done, total);
}

static const char *count(struct cli *cli, int64_t n)
{
    return text_count(cli->arena, n);
}

static enum status summary_print(struct cli *cli, const struct demo_summary *s, struct error *err)
{
    if (cli->json)
        return cli_print_json(
            cli,
            json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "file", cli->mall_path,
                      "members", s->members, "reachable", s->reachable, "visitors", s->visitors,
                      "tenants", s->shops, "smart_pos", s->smart_shops, "devices", s->devices,
                      "events", s->events, "duplicates", s->duplicates, "late", s->late),
            err);
    cli_say(cli, "%s", cli->mall_path);
    cli_say(cli, "%s members, %s of them reachable, and %s visitors known by Wi-Fi only",
            count(cli, s->members), count(cli, s->reachable), count(cli, s->visitors));
    cli_say(cli, "%s shops, %s with a smart POS; %s devices", count(cli, s->shops),
            count(cli, s->smart_shops), count(cli, s->devices));
    cli_say(cli, "%s events; %s rows came twice and were left out, %s came late",
            count(cli, s->events), count(cli, s->duplicates), count(cli, s->late));
    return ST_OK;
}

static void devices_end(void *context)
{
    demo_fleet_end(context);
}

/* The console opens either way. */
static enum status devices_live(struct cli *cli, uint64_t seed, struct error *err)
{
    int64_t n;
    struct demo_fleet *fleet = NULL;
    enum status status =
        cli_integer(cli, "devices", 0, DEMO_DEVICES_MOST, DEMO_DEVICES_ALIVE, &n, err);
    if (status == ST_OK)
        status = demo_fleet_start(cli, (uint32_t)n, seed, &fleet, err);
    if (fleet) {
        cli->leave = devices_end;
        cli->leaving = fleet;
    }
    return status;
}

static enum status demo_run(struct cli *cli, struct error *err)
{
    struct demo_options make = {.progress = progress, .context = cli};
    struct demo_summary summary;
    struct stat found;
    enum status status = recipe_read(cli, &make.recipe, err);
    if (status)
        return status;
    if (stat(cli->mall_path, &found) == 0) {
        struct mall *mall;
        status = cli_mall(cli, &mall, err);
        if (status == ST_OK && cli_switch(cli, "no-console"))
            cli_say(cli, "%s is there already and stays as it is", cli->mall_path);
    } else {
        status = demo_make(cli->mall_path, &make, &summary, err);
        cli_progress(cli, "", -1, 0);
        if (status == ST_OK && cli_switch(cli, "no-console"))
            status = summary_print(cli, &summary, err);
    }
    cli->open_console = status == ST_OK && !cli_switch(cli, "no-console");
    return cli->open_console ? devices_live(cli, make.recipe.seed, err) : status;
}

const struct cli_command cli_demo = {
    .name = "demo",
    .arguments = "",
    .summary = "makes a demo mall once and opens the console on it",
    .help = "Makes a mall at the place given by -m, with the shape of life: weekdays and meals, "
            "holidays and seasons, favourite shops, families, a few people who buy most, phones "
            "with made-up addresses, late and doubled rows. The same numbers and seed give the "
            "same file on every machine. A mall that is there already is opened as it is.\n\n"
            "--story joycity-2017 makes the published case of Chaoyang Joy City instead: a "
            "million reachable members, the anniversary of 2017-09-16 with 100 smart-POS shops, "
            "and the points days of October 2017. Its figures are nowhere in the program; the "
            "console computes them from the events.",
    .options = options,
    .run = demo_run,
};
