#include "views/people_of.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/campaign/message.h"
#include "model/campaign/plan.h"
#include "model/insight/portrait.h"
#include "model/insight/portrait_group.h"
#include "model/loop/drill.h"
#include "model/loop/funnel_plan.h"
#include "model/loop/retention.h"
#include "model/loop/rfm_group.h"
#include "model/people/member_page.h"
#include "model/segment/label.h"
#include "model/segment/segment.h"
#include "model/store/column.h"
#include "views/campaign_people.h"
#include "views/console.h"
#include "views/figures.h"
#include "views/insight_people.h"
#include "views/points_people.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef enum status source_fn(struct reader *reader, struct arena *arena, const char *rest,
                              const struct people_question *question, struct people_found *found,
                              struct error *err);

static enum status of_funnel(struct reader *reader, struct arena *arena, const char *rest,
                             const struct people_question *question, struct people_found *found,
                             struct error *err)
{
    struct funnel_plan plan;
    struct funnel funnel;
    int least = 0, most = 0, at = 0;
    if (sscanf(rest, "%d %d %n", &least, &most, &at) < 2)
        return error_set(err, ST_USAGE, "this names no step");
    enum status status = funnel_plan_parse(arena, rest + at, &plan, err);
    plan.query.from = question->period.from;
    plan.query.to = question->period.until;
    plan.query.by = FUNNEL_BY_NONE;
    if (status == ST_OK)
        status = funnel_plan_bind(reader, arena, &question->access, &plan, err);
    if (status == ST_OK)
        status = funnel_run(reader, arena, &plan.query, &funnel, err);
    if (status == ST_OK)
        found->people = funnel_people(arena, &funnel, least, most, &found->n);
    found->title = least == most ? arena_printf(arena, _("dropped after step %d"), least)
                                 : arena_printf(arena, _("made step %d"), least);
    return status;
}

static enum status of_rfm(struct reader *reader, struct arena *arena, const char *rest,
                          const struct people_question *question, struct people_found *found,
                          struct error *err)
{
    struct rfm rfm;
    int score[RFM_PARTS] = {0};
    if (sscanf(rest, "%d %d", &score[RFM_RECENCY], &score[RFM_FREQUENCY]) != 2)
        return error_set(err, ST_USAGE, "this names no cell");
    enum status status = rfm_run(reader, arena, question->present, 0, &rfm, err);
    if (status == ST_OK)
        found->people = rfm_people(arena, &rfm, score, RFM_GROUPS, &found->n);
    found->title = arena_printf(arena, _("recency %d, frequency %d"), score[RFM_RECENCY],
                                score[RFM_FREQUENCY]);
    return status;
}

static enum status of_rfm_group(struct reader *reader, struct arena *arena, const char *rest,
                                const struct people_question *question, struct people_found *found,
                                struct error *err)
{
    static const int any[RFM_PARTS];
    struct rfm rfm;
    enum rfm_group_id group = rfm_group_named(rest);
    if (group == RFM_GROUPS)
        return error_set(err, ST_USAGE, "this names no group");
    enum status status = rfm_run(reader, arena, question->present, 0, &rfm, err);
    if (status == ST_OK)
        found->people = rfm_people(arena, &rfm, any, group, &found->n);
    found->title = _(rfm_groups[group].title);
    return status;
}

static enum status of_retention(struct reader *reader, struct arena *arena, const char *rest,
                                const struct people_question *question, struct people_found *found,
                                struct error *err)
{
    struct retention_query query = {.list = true};
    struct retention retention;
    int period, mode, measure, first, rolling, by, group, at = 0;
    if (sscanf(rest, "%d %d %d %d %d %" SCNd64 " %" SCNd64 " %d %d %d %d %n", &period, &mode,
               &measure, &first, &rolling, &query.from, &query.to, &query.list_row,
               &query.list_column, &by, &group, &at) < 11 ||
        period < 0 || period >= BUCKET_LENGTHS || by < 0 || by >= FUNNEL_BY_COUNT ||
        query.from >= query.to || (group >= 0 && strlen(rest + at) <= (size_t)group))
        return error_set(err, ST_USAGE, "this names no cell");
    rest += at;
    if (group >= 0) {
        query.list_group = arena_strndup(arena, rest, (size_t)group);
        rest += group + 1;
    }
    query.by = query.list_group ? (enum funnel_by)by : FUNNEL_BY_NONE;
    const char *arrow = strstr(rest, "->");
    query.start = arrow ? arena_strndup(arena, rest, (size_t)(arrow - rest)) : rest;
    query.back = arrow ? arrow + 2 : query.start;
    query.period = (enum bucket_length)period;
    query.on_or_after = mode;
    query.list_money = measure;
    query.first_time = first;
    query.rolling = rolling;
    query.periods = query.list_column + 1;
    enum status status = retention_bind(reader, arena, &question->access, &query, err);
    if (status == ST_OK)
        status = retention_run(reader, arena, &query, &retention, err);
    if (status != ST_OK)
        return status;
    found->people = retention.people;
    found->n = retention.n_people;
    found->title =
        arena_printf(arena, "%s +%d", retention.rows[query.list_row].period, query.list_column);
    return ST_OK;
}

static enum status of_lifecycle(struct reader *reader, struct arena *arena, const char *rest,
                                const struct people_question *question, struct people_found *found,
                                struct error *err)
{
    struct lifecycle_query query = {.list = true};
    struct lifecycle lifecycle;
    int period, state, at = 0;
    (void)question;
    if (sscanf(rest, "%d %" SCNd64 " %" SCNd64 " %zu %d %n", &period, &query.from, &query.to,
               &query.list_period, &state, &at) < 5 ||
        period < 0 || period >= BUCKET_LENGTHS || state < 0 || state >= LIFECYCLE_STATES ||
        query.from >= query.to)
        return error_set(err, ST_USAGE, "this names no state");
    query.period = (enum bucket_length)period;
    query.list_state = (enum lifecycle_state)state;
    query.event = rest + at;
    enum status status = lifecycle_run(reader, arena, &query, &lifecycle, err);
    if (status != ST_OK)
        return status;
    found->people = lifecycle.people;
    found->n = lifecycle.n_people;
    found->title =
        arena_printf(arena, "%s, %s", bucket_title(arena, &lifecycle.periods, query.list_period),
                     _(lifecycle_names[state]));
    return ST_OK;
}

static enum status of_figure(struct reader *reader, struct arena *arena, const char *rest,
                             const struct people_question *question, struct people_found *found,
                             struct error *err)
{
    struct drill_query query = {.period = question->period};
    struct drill drill;
    if (!figure_behind_parse(rest, &query.metric, &query.dim, &query.key) ||
        metrics[query.metric].behind != BEHIND_PEOPLE)
        return error_set(err, ST_USAGE, "this names no figure of people");
    enum status status = drill_run(reader, arena, &query, &drill, err);
    if (status != ST_OK)
        return status;
    found->people = drill.ids;
    found->n = (size_t)drill.count;
    found->title = drill_title(reader, arena, &query);
    return ST_OK;
}

static enum status of_label(struct reader *reader, struct arena *arena, const char *rest,
                            const struct people_question *question, struct people_found *found,
                            struct error *err)
{
    struct set *people;
    (void)question;
    found->title = arena_printf(arena, _("label %s"), rest);
    enum status status = label_people(reader, arena, rest, &people, err);
    if (status == ST_OK && !people)
        status =
            error_set(err, ST_REFUSED, "there is no label %s; label list shows those there are",
                      text_quote(arena, rest, strlen(rest)));
    if (status == ST_OK)
        found->people = set_list(people, arena, &found->n);
    return status;
}

/* The name, where an expression is nothing but a name, bare or in quotes; else NULL. */
static const char *name_alone(struct arena *arena, const char *text)
{
    size_t n = strlen(text);
    if (n > 2 && *text == '"' && strcspn(text + 1, "\"\\") == n - 2)
        return arena_strndup(arena, text + 1, n - 2);
    return strpbrk(text, " ()\"") ? NULL : text;
}

static enum status of_segment(struct reader *reader, struct arena *arena, const char *rest,
                              const struct people_question *question, struct people_found *found,
                              struct error *err)
{
    struct segment_answer answer;
    enum status status = segment_run(reader, arena, &question->access, rest, &answer, err);
    if (status != ST_OK)
        return status;
    const char *saved = "anyone and segment:";
    size_t n = strlen(saved);
    found->title = strncmp(rest, saved, n) == 0 ? name_alone(arena, rest + n) : NULL;
    if (!found->title)
        found->title = rest;
    found->people = set_list(answer.people, arena, &found->n);
    return ST_OK;
}

static enum status of_shop(struct reader *reader, struct arena *arena, const char *rest,
                           const struct people_question *question, struct people_found *found,
                           struct error *err)
{
    found->title = arena_printf(arena, _("buyers at %s"), rest);
    return group_of_shop(reader, arena, rest, question->period.from, question->period.until,
                         &found->people, &found->n, err);
}

static enum status of_member(struct reader *reader, struct arena *arena, const char *rest,
                             const struct people_question *question, struct people_found *found,
                             struct error *err)
{
    const struct access *access = &question->access;
    uint32_t *person = arena_array(arena, uint32_t, 1);
    sqlite3_stmt *stmt;
    bool row = false;
    found->people = person;
    found->n = 1;
    found->title = _("visitor");
    enum status status = member_resolve(reader, access, rest, person, err);
    if (status == ST_OK)
        status =
            reader_prepare(reader, "select name, card from member where person = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, *person);
    status = reader_step(reader, stmt, &row, err);
    if (status == ST_OK && row) {
        const char *name = arena_strdup(arena, column_text(stmt, 0));
        const char *card = arena_strdup(arena, column_text(stmt, 1));
        name = access_text(access, arena, PERSONAL_NAME, *person, name);
        card = access_text(access, arena, PERSONAL_CARD, *person, card);
        found->title = arena_printf(arena, "%s%s%s", name ? name : "", name && *name ? " " : "",
                                    card ? card : "");
    }
    sqlite3_reset(stmt);
    return status;
}

static int part_named(const char *name, size_t n)
{
    int part = 0;
    while (part < PART_COUNT && (strlen(portrait_parts[part].name) != n ||
                                 memcmp(portrait_parts[part].name, name, n) != 0))
        part++;
    return part;
}

static enum status of_part(struct reader *reader, struct arena *arena, const char *rest,
                           const struct people_question *question, struct people_found *found,
                           struct error *err)
{
    struct people_question inner = *question;
    struct people_found others;
    struct portrait portrait;
    size_t word = strcspn(rest, " "), n = 0;
    int part = part_named(rest, word), at = 0;
    uint32_t size = 0;
    if (part == PART_COUNT || sscanf(rest + word, " %zu %n", &n, &at) != 1 ||
        strnlen(rest + word + at, n + 1) <= n)
        return error_set(err, ST_USAGE, "this names no row of a portrait");
    const char *key = arena_strndup(arena, rest + word + at, n);
    snprintf(inner.argument, sizeof inner.argument, "%s", rest + word + at + n + 1);
    enum status status = people_of(reader, arena, &inner, &others, err);
    if (status == ST_OK)
        status = people_numbers(reader, &size, err);
    if (status != ST_OK)
        return status;
    struct portrait_query query = {.group = set_of(arena, size, others.people, others.n),
                                   .from = question->period.from,
                                   .to = question->period.until,
                                   .list_key = key,
                                   .list_part = (enum portrait_part)part};
    status = portrait_run(reader, arena, &question->access, &query, &portrait, err);
    found->people = portrait.listed;
    found->n = portrait.n_listed;
    found->title =
        arena_printf(arena, "%s · %s: %s", others.title, _(portrait_parts[part].title), key);
    return status;
}

static enum status of_everyone(struct reader *reader, struct arena *arena, const char *rest,
                               const struct people_question *question, struct people_found *found,
                               struct error *err)
{
    (void)question;
    (void)rest;
    found->title = _("all members");
    return group_of_everyone(reader, arena, &found->people, &found->n, err);
}

/* The words of views/outgoing.c, a tab between them. */
static enum status of_message(struct reader *reader, struct arena *arena, const char *rest,
                              const struct people_question *question, struct people_found *found,
                              struct error *err)
{
    const char *words[4];
    const struct campaign *campaign = NULL;
    uint32_t *people;
    (void)question;
    for (int i = 0; i < 4; i++) {
        size_t n = strcspn(rest, "\t");
        words[i] = arena_strndup(arena, rest, n);
        rest += n + (rest[n] == '\t');
    }
    int contact = contact_named(words[1]), state = message_state_named(words[2]);
    int reason = suppression_named(words[3]);
    enum status status = campaign_find(reader, arena, words[0], &campaign, err);
    if (status != ST_OK)
        return status;
    if (!campaign || contact < 0 || state < 0 || reason < 0)
        return error_set(err, ST_USAGE, "this names no messages");
    status = message_people(reader, arena, campaign->id, (enum contact)contact,
                            (enum message_state)state, (enum suppression)reason, &people, &found->n,
                            err);
    found->people = people;
    found->title = arena_printf(arena, "%s · %s · %s%s%s", campaign->code,
                                word_translated("contact", words[1]), _(words[2]),
                                reason ? ": " : "", reason ? _(suppression_titles[reason]) : "");
    return status;
}

static const struct set *campaign_part(struct arena *arena, const struct campaign_plan *plan,
                                       const char *part, size_t n)
{
    struct set *set = set_new(arena, plan->people->n);
    set_or(set, plan->people);
    if (n == 4 && memcmp(part, "held", n) == 0)
        return plan->held;
    if (n == 8 && memcmp(part, "audience", n) == 0)
        return set;
    set_minus(set, plan->held);
    if (n == 7 && memcmp(part, "treated", n) == 0)
        return set;
    for (int i = CONTACT_POS; i < CONTACT_COUNT; i++) {
        if (strlen(contact_names[i]) == n && memcmp(contact_names[i], part, n) == 0)
            return plan->by[i];
        if (plan->by[i])
            set_minus(set, plan->by[i]);
    }
    return n == 11 && memcmp(part, "unreachable", n) == 0 ? set : NULL;
}

static enum status of_campaign(struct reader *reader, struct arena *arena, const char *rest,
                               const struct people_question *question, struct people_found *found,
                               struct error *err)
{
    const struct campaign *campaign = NULL;
    struct campaign_plan plan;
    const struct set *set = NULL;
    size_t word = strcspn(rest, " ");
    enum status status =
        campaign_find(reader, arena, rest + word + (rest[word] == ' '), &campaign, err);
    if (status == ST_OK && campaign)
        status = campaign_plan_make(reader, arena, &question->access, campaign, &plan, err);
    if (status == ST_OK && campaign)
        set = campaign_part(arena, &plan, rest, word);
    if (status != ST_OK)
        return status;
    if (!set)
        return error_set(err, ST_USAGE, "this names no people of a campaign");
    found->people = set_list(set, arena, &found->n);
    found->title = arena_printf(arena, "%s · %.*s", campaign->name, (int)word, rest);
    return ST_OK;
}

static const struct {
    const char *name;
    source_fn *of;
} sources[] = {
    {"funnel", of_funnel},        {"rfm", of_rfm},
    {"rfm-group", of_rfm_group},  {"retention", of_retention},
    {"lifecycle", of_lifecycle},  {"behind", of_figure},
    {"label", of_label},          {"shop", of_shop},
    {"member", of_member},        {"everyone", of_everyone},
    {"segment", of_segment},      {"part", of_part},
    {"campaign", of_campaign},    {"affinity", people_of_pair},
    {"value", people_of_value},   {"cluster", people_of_cluster},
    {"message", of_message},      {"result", people_of_campaign},
    {"points", people_of_points},
};

/* Lists of too few people are kept back; one person asked for by name is no list. */
static enum status found_checked(enum status status, const struct people_question *question,
                                 const struct people_found *found, struct error *err)
{
    bool named = strncmp(question->argument, "member ", 7) == 0;
    return status != ST_OK || named ? status
                                    : small_group_check(&question->access, (int64_t)found->n, err);
}

enum status people_of(struct reader *reader, struct arena *arena,
                      const struct people_question *question, struct people_found *found,
                      struct error *err)
{
    const char *argument = question->argument;
    size_t word = strcspn(argument, " ");
    const char *rest = argument + word + (argument[word] == ' ');
    *found = (struct people_found){.title = ""};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (strlen(sources[i].name) == word && memcmp(sources[i].name, argument, word) == 0)
            return found_checked(sources[i].of(reader, arena, rest, question, found, err), question,
                                 found, err);
    return error_set(err, ST_USAGE, "%s names no people", text_quote(arena, argument, word));
}

struct people_question people_question_of(const struct console *console, const char *argument)
{
    struct people_question question = {
        .period = console->period, .present = console->present, .access = console->access};
    snprintf(question.argument, sizeof question.argument, "%s", argument);
    return question;
}
