/* What can be set of a campaign: one table. */
#include "model/campaign/keys.h"
#include "model/base/intl.h"
#include "model/base/text.h"

#include <string.h>

#define AT(field) offsetof(struct campaign, field)

enum {
    MONEY_MOST = 1000000000,
    LONG_TEXT = 2000,
    EXPRESSION = 8192,
    NAME = 200,
    DAY_MINUTES = 1440
};

const struct campaign_key campaign_keys[] = {
    {"campaign", "name", KEY_TEXT, "name", NULL, N_("Name"), N_("what people call it"), AT(name), 0,
     NAME},
    {"campaign", "code", KEY_CODE, "code", NULL, N_("Code"), N_("short name; made from the name"),
     AT(code), 0, CAMPAIGN_CODE - 1},
    {"campaign", "kind", KEY_KIND, "kind", NULL, N_("Kind"), N_("what it does"), AT(kind), 0, 0},
    {"campaign", "goal", KEY_TEXT, "goal", NULL, N_("Goal"), N_("what it is for"), AT(goal), 0,
     LONG_TEXT},
    {"campaign", "audience", KEY_PEOPLE, "audience", NULL, N_("Audience"),
     N_("expression over people; empty: reachable"), AT(audience), 0, EXPRESSION},
    {"campaign", "holdout", KEY_SHARE, "holdout", NULL, N_("Holdout"),
     N_("share that gets nothing, to compare with"), AT(holdout), 0, 9000},
    {"offer", "value", KEY_MONEY, "value", NULL, N_("Value"), N_("money off"), AT(offer.value), 0,
     MONEY_MOST},
    {"offer", "minimum", KEY_MONEY, "minimum", NULL, N_("Minimum"), N_("spent at least"),
     AT(offer.minimum), 0, MONEY_MOST},
    {"offer", "points_per_yuan", KEY_COUNT, "points", NULL, N_("Points per yuan"),
     N_("points that pay one yuan"), AT(offer.points), 0, 1000000},
    {"offer", "points", KEY_COUNT, "points", NULL, N_("Points"), N_("points given"),
     AT(offer.points), 0, 1000000},
    {"offer", "factor", KEY_FACTOR, "factor", NULL, N_("Factor"), N_("points earned, times"),
     AT(offer.factor), 0, 10000},
    {"offer", "gift", KEY_TEXT, "gift", NULL, N_("Gift"), N_("what is given"), AT(offer.gift), 0,
     NAME},
    {"offer", "shops", KEY_SHOPS, "shops", NULL, N_("Shops"),
     N_("expression over shops; empty: all"), AT(offer.shops), 0, EXPRESSION},
    {"offer", "valid", KEY_DURATION, "valid", NULL, N_("Valid for"),
     N_("a coupon lives so long; empty: to the end"), AT(offer.valid), 0,
     INT64_C(10) * 366 * 86400},
    {"offer", "stock", KEY_COUNT, "stock", NULL, N_("Stock"), N_("coupons at most"),
     AT(offer.stock), 0, 1000000000},
    {"offer", "stacking", KEY_BOOL, "stacking", NULL, N_("Stacking"),
     N_("with other coupons on a receipt"), AT(offer.stacking), 0, 0},
    {"schedule", "from", KEY_DATE, "from_day", NULL, N_("First day"), N_("first day"),
     AT(schedule.from), 0, INT32_MIN},
    {"schedule", "to", KEY_DATE, "to_day", NULL, N_("Last day"), N_("last day"), AT(schedule.to), 0,
     INT32_MAX},
    {"schedule", "weekdays", KEY_WEEKDAYS, "weekdays", NULL, N_("Weekdays"),
     N_("on these days of the week"), AT(schedule.weekdays), 0, 0},
    {"schedule", "hours", KEY_HOURS, "hour_from", "hour_to", N_("Hours"), N_("at these hours"),
     AT(schedule.hour_from), AT(schedule.hour_to), 0},
    {"schedule", "blackout", KEY_RANGES, "blackout", NULL, N_("Left out"), N_("not on these days"),
     AT(schedule.blackouts), AT(schedule.n_blackouts), 0},
    {"contacts", "order", KEY_CONTACTS, "contacts", NULL, N_("Contacts"),
     N_("how people are reached, in order"), AT(contacts), AT(n_contacts), 0},
    {"contacts", "message", KEY_TEMPLATE, "message", NULL, N_("Message"), N_("what they are told"),
     AT(message), 0, LONG_TEXT},
    {"limits", "per_person", KEY_CAP, "per_person", "per_window", N_("Per person"),
     N_("messages a person gets, of all campaigns"), AT(limits.per_person), AT(limits.per_window),
     INT64_C(10) * 366 * 86400},
    {"limits", "quiet", KEY_HOURS, "quiet_from", "quiet_to", N_("Quiet hours"),
     N_("no messages at these hours"), AT(limits.quiet_from), AT(limits.quiet_to), 0},
    {"limits", "budget", KEY_MONEY, "budget", NULL, N_("Budget"), N_("given at most"),
     AT(limits.budget), 0, INT64_C(100000000000000)},
    {"limits", "priority", KEY_COUNT, "priority", NULL, N_("Priority"), N_("the higher goes first"),
     AT(limits.priority), 0, 1000},
};
const size_t n_campaign_keys = sizeof campaign_keys / sizeof *campaign_keys;

struct campaign campaign_empty(void)
{
    return (struct campaign){.code = "",
                             .name = "",
                             .goal = "",
                             .audience = "",
                             .holdout = CAMPAIGN_HOLDOUT,
                             .offer = {.gift = "", .shops = ""},
                             .schedule = {.from = INT32_MIN, .to = INT32_MAX},
                             .message = "",
                             .author = "",
                             .approved_by = "",
                             .approved = ""};
}

const struct campaign_key *campaign_key_find(const char *section, const char *name)
{
    for (size_t i = 0; i < n_campaign_keys; i++)
        if (strcmp(campaign_keys[i].section, section) == 0 &&
            strcmp(campaign_keys[i].name, name) == 0)
            return &campaign_keys[i];
    return NULL;
}

bool words_have(const char *words, const char *word, size_t n)
{
    for (const char *at = words; *at;) {
        size_t length = strcspn(at, " ");
        if (length == n && memcmp(at, word, n) == 0)
            return true;
        at += length + (at[length] == ' ');
    }
    return false;
}

bool campaign_kind_has(enum campaign_kind kind, const struct campaign_key *key)
{
    const struct campaign_kind_info *info = &campaign_kinds[kind];
    size_t n = strlen(key->name);
    return strcmp(key->section, "offer") != 0 || words_have(info->needs, key->name, n) ||
           words_have(info->any, key->name, n) || words_have(info->takes, key->name, n);
}
