#include "views/campaign_people.h"

#include "model/base/text.h"
#include "tui/intl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char mark[] = "\x1f";

struct campaign_question campaign_question_of(const char *argument, const struct access *access)
{
    struct campaign_question question = {.access = *access};
    size_t n = strcspn(argument, mark);
    snprintf(question.code, sizeof question.code, "%.*s", (int)n, argument);
    snprintf(question.by, sizeof question.by, "%s", argument[n] ? argument + n + 1 : "");
    return question;
}

const char *campaign_argument(struct arena *arena, const char *code, const char *by)
{
    return arena_printf(arena, "%s%s%s", code, mark, by);
}

enum status campaign_question_read(struct reader *reader, struct arena *arena,
                                   const struct campaign_question *question,
                                   const struct campaign **campaign, struct result_query *query,
                                   struct error *err)
{
    *query = (struct result_query){.margin = NAN, .name = ""};
    enum status status = campaign_find(reader, arena, question->code, campaign, err);
    if (status == ST_OK && !*campaign)
        status = error_set(err, ST_REFUSED, "there is no campaign %s",
                           text_quote(arena, question->code, strlen(question->code)));
    if (status == ST_OK && *question->by)
        status = result_by_parse(arena_strdup(arena, question->by), &query->by, &query->name, err);
    return status;
}

const char *campaign_people_line(struct arena *arena, const char *code, const char *by,
                                 enum result_arm arm, enum result_who who, const char *group)
{
    return arena_printf(arena, "result %s %s %s%s%s%s%s", result_arm_names[arm],
                        result_who_names[who], by, mark, code, mark, group);
}

static int named(const char *const *names, int n, const char *word)
{
    int i = 0;
    while (i < n && strcmp(names[i], word) != 0)
        i++;
    return i;
}

static const struct result_group *group_of(const struct campaign_result *result, const char *name)
{
    for (size_t i = 0; i < result->n_groups; i++)
        if (strcmp(result->groups[i].name, name) == 0)
            return &result->groups[i];
    return NULL;
}

static const char *people_title(struct arena *arena, const struct campaign *c, int arm, int who,
                                const char *group)
{
    static const char *const titles[RESULT_ARMS][RESULT_WHO] = {
        {N_("treated"), N_("treated who responded"), N_("treated who were reached"),
         N_("treated who used it")},
        {N_("holdout"), N_("holdout who responded"), N_("holdout who were reached"),
         N_("holdout who used it")}};
    const char *title =
        arena_printf(arena, "%s · %s", *c->name ? c->name : c->code, _(titles[arm][who]));
    return *group ? arena_printf(arena, "%s · %s", title, group) : title;
}

enum status people_of_campaign(struct reader *reader, struct arena *arena, const char *rest,
                               const struct people_question *question, struct people_found *found,
                               struct error *err)
{
    char arm_word[16] = "", who_word[16] = "";
    int at = 0;
    struct campaign_question asked = {.access = question->access};
    struct campaign_result *result = arena_new_of(arena, struct campaign_result);
    const struct campaign *campaign;
    struct result_query query;
    if (sscanf(rest, "%15s %15s %n", arm_word, who_word, &at) < 2 || !at)
        return error_set(err, ST_USAGE, "this names no people of a campaign");
    int arm = named(result_arm_names, RESULT_ARMS, arm_word);
    int who = named(result_who_names, RESULT_WHO, who_word);
    const char *code = strchr(rest + at, *mark), *group = code ? strchr(code + 1, *mark) : NULL;
    if (arm == RESULT_ARMS || who == RESULT_WHO || !group)
        return error_set(err, ST_USAGE, "this names no people of a campaign");
    snprintf(asked.by, sizeof asked.by, "%.*s", (int)(code - rest) - at, rest + at);
    snprintf(asked.code, sizeof asked.code, "%.*s", (int)(group - code) - 1, code + 1);
    group++;
    enum status status = campaign_question_read(reader, arena, &asked, &campaign, &query, err);
    if (status == ST_OK)
        status = campaign_result_run(reader, arena, &asked.access, campaign, &query, result, err);
    if (status != ST_OK)
        return status;
    const struct result_group *of = *group ? group_of(result, group) : NULL;
    if (*group && !of)
        return error_set(err, ST_REFUSED, "%s is not in this breakdown any more",
                         text_quote(arena, group, strlen(group)));
    if ((of && of->withheld) || result->hidden[arm][who])
        return error_set(err, ST_DENIED, "these are too few people to be listed for your role");
    found->people =
        result_list(arena, result, (enum result_arm)arm, (enum result_who)who, of, &found->n);
    found->title = people_title(arena, campaign, arm, who, group);
    return ST_OK;
}
