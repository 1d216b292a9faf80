/* What is wrong with a definition: what is missing, what does not fit together, and expressions
 * that cannot be read. */
#include "model/base/text.h"
#include "model/campaign/keys.h"
#include "model/campaign/schedule.h"
#include "model/campaign/shops.h"
#include "model/campaign/template.h"
#include "model/segment/segment.h"

#include <string.h>

struct checking {
    struct arena *arena;
    const struct campaign *campaign;
    struct fault_list *faults;
};

/* A fault of a key, where it stands or else where its section begins. */
static void complain(struct checking *c, const char *section, const char *name, const char *message)
{
    const struct campaign_key *key = campaign_key_find(section, name);
    const struct key_places *places = c->faults->places;
    int line = places->line[key - campaign_keys];
    fault_add(c->faults, line ? line : places->section[key_section(key)],
              arena_printf(c->arena, "%s.%s", section, name), message);
}

static bool is_given(const struct checking *c, const char *section, const char *name)
{
    return c->faults->places->line[campaign_key_find(section, name) - campaign_keys] > 0;
}

static bool is_set(const struct checking *c, const char *section, const char *name)
{
    return *campaign_value(c->arena, c->campaign, campaign_key_find(section, name)) != 0;
}

/* Whether a fault about this key is there already: what follows from it is not said as well. */
static bool is_faulty(const struct checking *c, const char *section, const char *name)
{
    const char *key = arena_printf(c->arena, "%s.%s", section, name);
    for (size_t i = 0; i < c->faults->all.n; i++)
        if (strcmp(c->faults->all.at[i].key, key) == 0)
            return true;
    return false;
}

/* The words of a list, one at a time; NULL at its end. */
static const char *list_next(struct arena *arena, const char **list)
{
    size_t n = strcspn(*list, " ");
    if (!**list)
        return NULL;
    const char *word = arena_strndup(arena, *list, n);
    *list += n + ((*list)[n] == ' ');
    return word;
}

static void offer_check(struct checking *c)
{
    const struct campaign_kind_info *info = &campaign_kinds[c->campaign->kind];
    const char *list, *word;
    bool any = !*info->any, faulty = false;
    for (list = info->needs; (word = list_next(c->arena, &list));)
        if (!is_set(c, "offer", word) && !is_faulty(c, "offer", word))
            complain(c, "offer", word,
                     arena_printf(c->arena, "%s is missing: a campaign of the kind %s needs it",
                                  word, info->name));
    for (list = info->any; (word = list_next(c->arena, &list));) {
        any = any || is_set(c, "offer", word);
        faulty = faulty || is_faulty(c, "offer", word);
    }
    if (!any && !faulty) {
        const char *names = info->any;
        complain(c, "offer", list_next(c->arena, &names),
                 arena_printf(c->arena, "a campaign of the kind %s needs one of: %s", info->name,
                              info->any));
    }
    for (size_t i = 0; i < n_campaign_keys; i++)
        if (!campaign_kind_has(c->campaign->kind, &campaign_keys[i]) &&
            is_given(c, "offer", campaign_keys[i].name))
            complain(c, "offer", campaign_keys[i].name,
                     arena_printf(
                         c->arena, "a campaign of the kind %s has no %s: it has %s%s%s%s%s",
                         info->name, campaign_keys[i].name, info->needs, *info->needs ? " " : "",
                         info->any, *info->any ? " " : "", info->takes));
    if (c->campaign->offer.minimum && c->campaign->offer.value > c->campaign->offer.minimum &&
        campaign_gives_coupons(c->campaign))
        complain(c, "offer", "minimum", "less than the value: the shop would pay the customer");
}

static void what_check(struct checking *c)
{
    if (!*c->campaign->name && !is_faulty(c, "campaign", "name"))
        complain(c, "campaign", "name", "name is missing");
    if (c->campaign->kind != CAMPAIGN_UNKNOWN)
        offer_check(c);
    else if (!is_faulty(c, "campaign", "kind"))
        complain(c, "campaign", "kind",
                 "kind is missing: coupon, points-cash, points-multiplier, registration, "
                 "win-back, benefit or popular");
    if (campaign_kinds[c->campaign->kind].named && !*c->campaign->audience &&
        !is_faulty(c, "campaign", "audience"))
        complain(c, "campaign", "audience",
                 arena_printf(c->arena, "audience is missing: a campaign of the kind %s needs one",
                              campaign_kinds[c->campaign->kind].name));
}

static void schedule_check(struct checking *c)
{
    int32_t from = c->campaign->schedule.from, to = c->campaign->schedule.to;
    size_t n;
    if (from != INT32_MIN && to != INT32_MAX && to < from) {
        complain(c, "schedule", "to", "to is before from");
        return;
    }
    if (from == INT32_MIN || to == INT32_MAX || is_faulty(c, "schedule", "weekdays") ||
        is_faulty(c, "schedule", "blackout"))
        return;
    if ((int64_t)to - from > SCHEDULE_LONGEST)
        complain(c, "schedule", "to", "more than ten years after from");
    else if (schedule_days(c->arena, c->campaign, from, to, &n), n == 0)
        complain(c, "schedule", is_set(c, "schedule", "blackout") ? "blackout" : "weekdays",
                 "no day is left");
}

static void message_check(struct checking *c)
{
    const char *problem = template_problem(c->arena, c->campaign);
    if (problem && !is_faulty(c, "contacts", "message"))
        complain(c, "contacts", "message", arena_printf(c->arena, "message: %s", problem));
}

/* ---- Expressions ---- */

static enum status audience_check(struct checking *c, struct reader *reader,
                                  const struct access *access, struct error *err)
{
    const struct segment_plan *plan;
    struct error why = {0};
    if (!*c->campaign->audience)
        return ST_OK;
    enum status status = segment_bind(reader, c->arena, access, c->campaign->audience, &plan, &why);
    if (status == ST_USAGE || status == ST_DENIED || status == ST_REFUSED)
        complain(c, "campaign", "audience",
                 arena_printf(c->arena, "audience: %s", error_text(&why)));
    else if (status != ST_OK)
        error_set(err, status, "%s", error_text(&why));
    error_clear(&why);
    return status == ST_OK || status == ST_USAGE || status == ST_DENIED || status == ST_REFUSED
               ? ST_OK
               : status;
}

static enum status shops_check(struct checking *c, struct reader *reader, struct error *err)
{
    struct set *shops;
    struct error why = {0};
    if (!*c->campaign->offer.shops)
        return ST_OK;
    enum status status =
        shops_of(reader_db(reader), c->arena, c->campaign->offer.shops, &shops, &why);
    if (status == ST_USAGE)
        complain(c, "offer", "shops", arena_printf(c->arena, "shops: %s", error_text(&why)));
    else if (status == ST_OK && set_count(shops) == 0)
        complain(c, "offer", "shops", "shops: no shop is meant by it");
    else if (status != ST_OK)
        error_set(err, status, "%s", error_text(&why));
    error_clear(&why);
    return status == ST_USAGE ? ST_OK : status;
}

enum status definition_check(struct reader *reader, const struct access *access,
                             const struct campaign *campaign, struct fault_list *faults,
                             struct error *err)
{
    struct checking c = {.arena = faults->arena, .campaign = campaign, .faults = faults};
    what_check(&c);
    schedule_check(&c);
    message_check(&c);
    if (!reader)
        return ST_OK;
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    if (!is_faulty(&c, "campaign", "audience"))
        status = audience_check(&c, reader, access, err);
    if (status == ST_OK && !is_faulty(&c, "offer", "shops"))
        status = shops_check(&c, reader, err);
    reader_end(reader);
    return status;
}

enum status campaign_check(struct reader *reader, const struct access *access, struct arena *arena,
                           const struct campaign *campaign, const struct campaign_fault **faults,
                           size_t *n_faults, struct error *err)
{
    struct key_places nowhere = {0};
    struct fault_list list = {.arena = arena, .places = &nowhere};
    enum status status = definition_check(reader, access, campaign, &list, err);
    faults_keep(&list, faults, n_faults);
    return status;
}
