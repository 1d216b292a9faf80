/* atrium funnel … --why MEMBER. */
#include "model/loop/funnel_why.h"
#include "model/access/access.h"
#include "model/base/text.h"
#include "model/people/member_page.h"
#include "views/cli/funnel.h"
#include "views/cli/people_list.h"

#include <string.h>

/* "1, 3" of the bits set. */
static const char *bits_text(struct arena *arena, uint32_t bits)
{
    const char *text = "";
    for (; bits; bits &= bits - 1)
        text = arena_printf(arena, "%s%s%d", text, *text ? ", " : "", __builtin_ctz(bits) + 1);
    return text;
}

static json_t *bits_json(uint32_t bits)
{
    json_t *array = json_array();
    for (; bits; bits &= bits - 1)
        json_array_append_new(array, json_integer(__builtin_ctz(bits) + 1));
    return array;
}

static json_t *number_or_null(int number)
{
    return number ? json_integer(number) : json_null();
}

static json_t *event_json(struct cli *cli, const struct funnel_query *query,
                          const struct funnel_why_event *e)
{
    json_t *event = json_object();
    const char *sentence = funnel_why_sentence(cli->arena, &cli->mall->clock, query, e);
    json_object_set_new(event, "time",
                        json_string(time_rfc3339(cli->arena, cli->mall->zone, e->time)));
    json_object_set_new(event, "kind", json_string(dict_name(cli->reader, DICT_KIND, e->kind)));
    json_object_set_new(event, "tenant",
                        json_string(dict_name(cli->reader, DICT_TENANT, e->tenant)));
    json_object_set_new(event, "steps", bits_json(e->steps));
    json_object_set_new(event, "exclusions", bits_json(e->exclusions));
    json_object_set_new(event, "chain", number_or_null(e->chain));
    json_object_set_new(event, "chain_step", number_or_null(e->chain_step));
    json_object_set_new(event, "reason", json_string(funnel_reasons[e->reason]));
    json_object_set_new(event, "about", number_or_null(e->about));
    json_object_set_new(event, "ends", json_boolean(e->ends));
    json_object_set_new(event, "sentence", json_string(sentence));
    return event;
}

static json_t *chain_json(struct cli *cli, const struct funnel_chain *chain)
{
    const struct zone *zone = cli->mall->zone;
    return json_pack("{s:s, s:s, s:i, s:b}", "began", time_rfc3339(cli->arena, zone, chain->began),
                     "ends", time_rfc3339(cli->arena, zone, chain->ends), "level", chain->level,
                     "counts", chain->counts);
}

static enum status print_json(struct cli *cli, const struct funnel_plan *plan,
                              const struct funnel_why *why, const char *subject, struct error *err)
{
    json_t *document = json_object(), *events = json_array(), *chains = json_array();
    funnel_rules_json(plan, document);
    json_object_set_new(document, "subject", json_string(subject));
    json_object_set_new(document, "level", json_integer(why->excluded ? 0 : why->level));
    json_object_set_new(document, "excluded", json_boolean(why->excluded));
    json_object_set_new(document, "within", json_boolean(why->within));
    json_object_set_new(document, "missing", number_or_null(why->missing));
    json_object_set_new(document, "until",
                        why->missing
                            ? json_string(time_rfc3339(cli->arena, cli->mall->zone, why->until))
                            : json_null());
    json_object_set_new(
        document, "summary",
        json_string(funnel_why_summary(cli->arena, &cli->mall->clock, &plan->query, why)));
    for (size_t i = 0; i < why->n; i++)
        json_array_append_new(events, event_json(cli, &plan->query, &why->events[i]));
    for (size_t i = 0; i < why->n_chains; i++)
        json_array_append_new(chains, chain_json(cli, &why->chains[i]));
    json_object_set_new(document, "events", events);
    json_object_set_new(document, "chains", chains);
    return cli_print_json(cli, document, err);
}

static struct sheet *events_sheet(struct cli *cli, const struct funnel_plan *plan,
                                  const struct funnel_why *why)
{
    static const struct sheet_column columns[] = {
        {"time", NULL, CELL_TIME},     {"kind", NULL, CELL_TEXT},
        {"tenant", "shop", CELL_TEXT}, {"steps", "steps", CELL_TEXT},
        {"chain", NULL, CELL_COUNT},   {"reason", "what it did", CELL_TEXT}};
    struct sheet *sheet = sheet_new(cli->arena, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < why->n; i++) {
        const struct funnel_why_event *e = &why->events[i];
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_integer(e->time);
        cells[1] = cell_text(dict_name(cli->reader, DICT_KIND, e->kind));
        cells[2] = cell_text(dict_name(cli->reader, DICT_TENANT, e->tenant));
        cells[3] = cell_text(bits_text(cli->arena, e->steps));
        if (e->chain)
            cells[4] = cell_integer(e->chain);
        cells[5] = cell_text(funnel_why_sentence(cli->arena, &cli->mall->clock, &plan->query, e));
    }
    return sheet;
}

enum status funnel_why_print(struct cli *cli, const struct funnel_plan *plan, const char *who,
                             struct error *err)
{
    struct access access;
    struct funnel_why why;
    const char *subject;
    uint32_t person;
    enum status status = cli_people_access(cli, &access, err);
    if (status == ST_OK)
        status = member_resolve(cli->reader, &access, who, &person, err);
    if (status == ST_OK)
        status = cli_subject(cli, &access, person, &subject, err);
    if (status == ST_OK)
        status = funnel_why_run(cli->reader, cli->arena, &plan->query, person, &why, err);
    if (status != ST_OK)
        return status;
    if (cli->json)
        return print_json(cli, plan, &why, subject, err);
    if (!cli->csv) {
        cli_say(cli, "%s · %s", funnel_rules_text(cli, &plan->query), subject);
        cli_say(cli, "%s", funnel_why_summary(cli->arena, &cli->mall->clock, &plan->query, &why));
    }
    return cli_print_sheet(cli, "events", events_sheet(cli, plan, &why), err);
}
