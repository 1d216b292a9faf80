/* atrium campaign check, new, change, clone, compare: definitions as files. */
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/campaign/plan.h"
#include "model/campaign/schedule.h"
#include "views/cli/campaign.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct definition {
    const char *file;
    struct campaign campaign;
    const struct campaign_fault *faults;
    size_t n_faults;
};

static enum status file_read(struct cli *cli, const char *name, const char **text, size_t *n,
                             struct error *err)
{
    char *bytes = arena_alloc(cli->arena, CAMPAIGN_FILE + 2);
    bool input = strcmp(name, "-") == 0;
    FILE *file = input ? stdin : fopen(name, "rb");
    *text = bytes;
    if (!file)
        return error_set(err, ST_REFUSED, "%s: %s", text_quote(cli->arena, name, strlen(name)),
                         strerror(errno));
    *n = fread(bytes, 1, CAMPAIGN_FILE + 1, file);
    bool bad = ferror(file);
    if (!input)
        fclose(file);
    return bad ? error_set(err, ST_REFUSED, "%s cannot be read: %s",
                           text_quote(cli->arena, name, strlen(name)), strerror(errno))
               : ST_OK;
}

static enum status definition_read(struct cli *cli, struct reader *reader,
                                   const struct access *access, const char *file,
                                   struct definition *d, struct error *err)
{
    const char *text = "";
    size_t n = 0;
    d->file = strcmp(file, "-") == 0 ? "stdin" : file;
    enum status status = access_require(access, RIGHT_CAMPAIGN_EDIT, "set up campaigns", err);
    if (status == ST_OK)
        status = file_read(cli, file, &text, &n, err);
    return status == ST_OK ? campaign_read(reader, access, cli->arena, text, n, &d->campaign,
                                           &d->faults, &d->n_faults, err)
                           : status;
}

/* ---- Answers ---- */

static json_t *days_json(struct cli *cli, const struct campaign *campaign)
{
    json_t *days = json_array();
    size_t n;
    const int32_t *list = schedule_days(cli->arena, campaign, INT32_MIN, INT32_MAX, &n);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(days, json_string(date_text(cli->arena, list[i])));
    return days;
}

static json_t *reach_json(const struct campaign *campaign, const struct campaign_plan *plan)
{
    json_t *reach = json_object();
    for (size_t i = 0; i < campaign->n_contacts; i++) {
        enum contact contact = campaign->contacts[i];
        json_object_set_new(reach, contact_names[contact],
                            contact == CONTACT_SCREEN ? json_null()
                                                      : json_integer(plan->can[contact]));
    }
    return reach;
}

/* `plan` NULL: the definition has faults. `code` NULL: it was not saved. */
static json_t *definition_json(struct cli *cli, const struct definition *d,
                               const struct campaign_plan *plan, const char *code)
{
    json_t *document = json_object(), *errors = json_array();
    json_object_set_new(document, "id", code ? json_string(code) : json_null());
    json_object_set_new(document, "state",
                        code ? json_string(campaign_state_names[d->campaign.state]) : json_null());
    json_object_set_new(document, "audience", plan ? json_integer(plan->audience) : json_null());
    json_object_set_new(document, "holdout", plan ? json_integer(plan->holdout) : json_null());
    json_object_set_new(document, "reach", plan ? reach_json(&d->campaign, plan) : json_object());
    json_object_set_new(document, "unreachable",
                        plan ? json_integer(plan->unreachable) : json_null());
    json_object_set_new(document, "days", days_json(cli, &d->campaign));
    for (size_t i = 0; i < d->n_faults; i++)
        json_array_append_new(errors, json_pack("{s:i s:s s:s}", "line", d->faults[i].line, "key",
                                                d->faults[i].key, "message", d->faults[i].message));
    json_object_set_new(document, "errors", errors);
    return document;
}

static void plan_say(struct cli *cli, const struct definition *d, const struct campaign_plan *plan)
{
    size_t n;
    schedule_days(cli->arena, &d->campaign, INT32_MIN, INT32_MAX, &n);
    for (size_t i = 0; i < plan->n_notes; i++)
        fprintf(stderr, "note: %s\n", plan->notes[i]);
    cli_say(cli, "%u people, %u of them held out, %u treated", plan->audience, plan->holdout,
            plan->treated);
    for (size_t i = 0; i < d->campaign.n_contacts; i++) {
        enum contact contact = d->campaign.contacts[i];
        if (contact != CONTACT_SCREEN)
            cli_say(cli, "  %-6s reaches %u, %u of them first", contact_names[contact],
                    plan->can[contact], plan->first[contact]);
    }
    if (plan->unreachable)
        cli_say(cli, "  none of these reaches %u", plan->unreachable);
    if (n)
        cli_say(cli, "%zu days", n);
    if (plan->cost_most)
        cli_say(cli, "costs %s at most", text_money(cli->arena, plan->cost_most));
}

static enum status faults_say(struct cli *cli, const struct definition *d, struct error *err)
{
    for (size_t i = 0; i < d->n_faults && !cli->json; i++) {
        if (d->faults[i].line)
            fprintf(stderr, "%s:%d: %s\n", d->file, d->faults[i].line, d->faults[i].message);
        else
            fprintf(stderr, "%s: %s\n", d->file, d->faults[i].message);
    }
    if (cli->json)
        cli_print_json(cli, definition_json(cli, d, NULL, NULL), NULL);
    return error_set(
        err, ST_REFUSED, "%s:%d: %s%s", d->file, d->faults[0].line, d->faults[0].message,
        d->n_faults > 1 ? arena_printf(cli->arena, " (and %zu more)", d->n_faults - 1) : "");
}

static enum status definition_answer(struct cli *cli, struct reader *reader,
                                     const struct access *access, const struct definition *d,
                                     const char *code, struct error *err)
{
    struct campaign_plan plan;
    enum status status = campaign_plan_make(reader, cli->arena, access, &d->campaign, &plan, err);
    if (status != ST_OK)
        return status;
    if (cli->json)
        return cli_print_json(cli, definition_json(cli, d, &plan, code), err);
    if (code)
        cli_say(cli, "%s: %s", code, campaign_state_names[d->campaign.state]);
    plan_say(cli, d, &plan);
    return ST_OK;
}

/* ---- Verbs ---- */

static enum status check(struct cli *cli, struct reader *reader, struct access *access,
                         struct error *err)
{
    struct definition d;
    enum status status = definition_read(cli, reader, access, cli->args[1], &d, err);
    if (status == ST_OK && !d.n_faults && !*d.campaign.code)
        status = campaign_code_make(reader, cli->arena, d.campaign.name, &d.campaign.code, err);
    if (status != ST_OK)
        return status;
    return d.n_faults ? faults_say(cli, &d, err)
                      : definition_answer(cli, reader, access, &d, NULL, err);
}

static enum status save(struct cli *cli, struct reader *reader, struct access *access,
                        struct definition *d, int64_t base_version, struct error *err)
{
    struct writer *writer;
    const struct campaign *saved;
    char code[CAMPAIGN_CODE];
    enum status status = cli_writer(cli, &writer, err);
    if (status == ST_OK)
        status = campaign_save(writer, access, &d->campaign, base_version, code, NULL, err);
    if (status == ST_OK)
        status = campaign_find(reader, cli->arena, code, &saved, err);
    if (status != ST_OK)
        return status;
    d->campaign = *saved;
    return definition_answer(cli, reader, access, d, code, err);
}

static enum status code_take(struct cli *cli, struct campaign *campaign, struct error *err)
{
    const char *code = cli_value(cli, "code");
    const char *message =
        code ? campaign_set(cli->arena, campaign, campaign_key_find("campaign", "code"), code) : "";
    return *message ? error_set(err, ST_USAGE, "--code: %s", message) : ST_OK;
}

static enum status new_one(struct cli *cli, struct reader *reader, struct access *access,
                           struct error *err)
{
    struct definition d;
    enum status status = definition_read(cli, reader, access, cli->args[1], &d, err);
    if (status == ST_OK && d.n_faults)
        return faults_say(cli, &d, err);
    if (status == ST_OK)
        status = code_take(cli, &d.campaign, err);
    return status == ST_OK ? save(cli, reader, access, &d, CAMPAIGN_NEW, err) : status;
}

static enum status change(struct cli *cli, struct reader *reader, struct access *access,
                          struct error *err)
{
    struct definition d;
    const struct campaign *old;
    enum status status = cli_campaign_take(cli, reader, &old, err);
    if (status == ST_OK)
        status = definition_read(cli, reader, access, cli->args[2], &d, err);
    if (status == ST_OK && d.n_faults)
        return faults_say(cli, &d, err);
    if (status != ST_OK)
        return status;
    d.campaign.code = old->code;
    return save(cli, reader, access, &d, old->version, err);
}

static enum status clone(struct cli *cli, struct reader *reader, struct access *access,
                         struct error *err)
{
    struct definition d = {.file = ""};
    const struct campaign *old;
    enum status status = cli_campaign_take(cli, reader, &old, err);
    if (status != ST_OK)
        return status;
    d.campaign = campaign_clone(old);
    status = code_take(cli, &d.campaign, err);
    return status == ST_OK ? save(cli, reader, access, &d, CAMPAIGN_NEW, err) : status;
}

static enum status compare(struct cli *cli, struct reader *reader, struct access *access,
                           struct error *err)
{
    const struct campaign *a, *b;
    enum status status = access_require(access, RIGHT_QUESTIONS, "look at campaigns", err);
    if (status == ST_OK)
        status = cli_campaign_take(cli, reader, &a, err);
    if (status == ST_OK)
        status = campaign_find(reader, cli->arena, cli->args[2], &b, err);
    if (status != ST_OK)
        return status;
    if (!b)
        return error_set(err, ST_REFUSED, "there is no campaign %s (atrium campaign list)",
                         text_quote(cli->arena, cli->args[2], strlen(cli->args[2])));
    return cli_print_sheet(cli, "differences", campaign_difference(cli->arena, a, b), err);
}

const struct cli_verb campaign_definition_verbs[] = {
    {"check", 1, 1, check}, {"new", 1, 1, new_one},     {"change", 2, 2, change},
    {"clone", 1, 1, clone}, {"compare", 2, 2, compare}, {0},
};
