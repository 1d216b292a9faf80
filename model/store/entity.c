/* Every entity that people edit, and its fields. Help, validation, the console's forms and the
 * audit are read from here; doc/store.md says how to add one. */
#include "model/store/operation.h"

#include <string.h>

enum { LONG_TEXT = 2000, EXPRESSION = 8192, NAME = 200, WORD = 64 };

static const struct entity_field member_fields[] = {
    {"name", FIELD_TEXT, NULL, 0, NAME, "name"},
    {"phone", FIELD_TEXT, NULL, 0, WORD, "phone number"},
    {"gender", FIELD_CHOICE, "f m other", 0, 0, "gender"},
    {"birth", FIELD_DATE, NULL, 0, 0, "date of birth"},
    {"joined", FIELD_TIME, NULL, 0, 0, "time of registration"},
    {"channel", FIELD_REFERENCE, "channel", 0, 0, "channel of registration"},
    {"tier", FIELD_TEXT, NULL, 0, WORD, "membership level"},
    {"income", FIELD_TEXT, NULL, 0, WORD, "income level"},
    {"community", FIELD_TEXT, NULL, 0, WORD, "grade of the community lived in"},
    {"car", FIELD_TEXT, NULL, 0, WORD, "car"},
    {"house", FIELD_TEXT, NULL, 0, WORD, "house"},
    {"consent_sms", FIELD_BOOL, NULL, 0, 1, "may be sent SMS"},
    {"consent_app", FIELD_BOOL, NULL, 0, 1, "may be sent app messages"},
    {"consent_wifi", FIELD_BOOL, NULL, 0, 1, "may be greeted on Wi-Fi"},
    {"app", FIELD_BOOL, NULL, 0, 1, "has the phone app"},
};

static const struct entity_field tenant_fields[] = {
    {"name", FIELD_TEXT, NULL, 0, NAME, "name"},
    {"category", FIELD_TEXT, NULL, 0, WORD, "category"},
    {"floor", FIELD_TEXT, NULL, 0, WORD, "floor"},
    {"zone", FIELD_REFERENCE, "zone", 0, 0, "zone"},
    {"smart_pos", FIELD_BOOL, NULL, 0, 1, "has a smart POS"},
    {"brand", FIELD_TEXT, NULL, 0, NAME, "brand"},
    {"note", FIELD_TEXT, NULL, 0, LONG_TEXT, "note"},
};

static const struct entity_field zone_fields[] = {
    {"name", FIELD_TEXT, NULL, 0, NAME, "name"},
    {"floor", FIELD_TEXT, NULL, 0, WORD, "floor"},
};

static const struct entity_field device_fields[] = {
    {"kind", FIELD_TEXT, NULL, 0, WORD, "kind: pos, probe, screen, ..."},
    {"host", FIELD_TEXT, NULL, 0, 255, "host name or address"},
    {"port", FIELD_INTEGER, NULL, 0, 65535, "port (0: 22)"},
    {"user", FIELD_TEXT, NULL, 0, WORD, "user to log in as"},
    {"model", FIELD_TEXT, NULL, 0, NAME, "model"},
    {"tenant", FIELD_REFERENCE, "tenant", 0, 0, "shop it stands in"},
    {"zone", FIELD_REFERENCE, "zone", 0, 0, "zone it stands in"},
    {"floor", FIELD_TEXT, NULL, 0, WORD, "floor"},
    {"pin", FIELD_TEXT, NULL, 0, NAME, "SHA-256 fingerprint of its key"},
    {"quarantine", FIELD_TEXT, NULL, 0, NAME, "why it is given no credential; empty: it is"},
    {"identity", FIELD_TEXT, NULL, 0, 255, "file of the user key for it alone"},
    {"bastion", FIELD_REFERENCE, "device", 0, 0, "the device it is reached over"},
    {"note", FIELD_TEXT, NULL, 0, LONG_TEXT, "note"},
};

/* All of it is decided when it is made and only its moves change anything (model/fleet/rollout.h).
 */
enum { MONTH = 31 * 86400, MINUTES = 1440 };

static const struct entity_field rollout_fields[] = {
    {"app", FIELD_TEXT, NULL, 1, WORD, "version of the application", true},
    {"file", FIELD_TEXT, NULL, 0, 255, "name of the archive", true},
    {"size", FIELD_INTEGER, NULL, 1, INT64_C(1) << 30, "bytes of the archive", true},
    {"sha256", FIELD_TEXT, NULL, 64, 64, "SHA-256 of the archive", true},
    {"selection", FIELD_TEXT, NULL, 0, EXPRESSION, "expression over devices", true},
    {"devices", FIELD_INTEGER, NULL, 1, 1000000, "devices it chose", true},
    {"canary", FIELD_INTEGER, NULL, 0, 100000, "devices of the first wave", true},
    {"waves", FIELD_TEXT, NULL, 0, NAME, "sizes of the waves: 10%,50%,100%", true},
    {"threshold", FIELD_TEXT, NULL, 1, WORD, "failures of a wave that stop it: 3 or 5%", true},
    {"coverage", FIELD_INTEGER, NULL, 1, 100, "percent of a wave before the next begins", true},
    {"soak", FIELD_INTEGER, NULL, 0, MONTH, "seconds after each wave", true},
    {"trial", FIELD_INTEGER, NULL, 10, 86400, "seconds of the dead man's timer", true},
    {"expires", FIELD_INTEGER, NULL, 60, 12 * MONTH, "seconds to wait for a device", true},
    {"window_from", FIELD_INTEGER, NULL, 0, MINUTES, "from this minute of the day", true},
    {"window_to", FIELD_INTEGER, NULL, 0, MINUTES, "to this minute of the day", true},
    {"weekdays", FIELD_INTEGER, NULL, 0, 127, "days of the week, bit 0 Monday", true},
    {"back", FIELD_BOOL, NULL, 0, 1, "goes back where it stops", true},
    {"state", FIELD_TEXT, NULL, 1, WORD, "state", true},
    {"author", FIELD_TEXT, NULL, 0, NAME, "who made it", true},
    {"approved_by", FIELD_TEXT, NULL, 0, NAME, "who approved it", true},
    {"started", FIELD_TIME, NULL, 0, 0, "when it was started", true},
    {"ended", FIELD_TIME, NULL, 0, 0, "when it ended", true},
    {"why", FIELD_TEXT, NULL, 0, 2 * NAME, "why it stopped or goes back", true},
};

static const struct entity_field config_fields[] = {
    {"text", FIELD_TEXT, NULL, 0, 1 << 16, "what devices should have", .lines = true},
};

/* What people set of a campaign has a row of model/campaign/keys.c as well; what follows from its
 * state is guarded (model/campaign/state.h). */
enum {
    MONEY_MOST = 1000000000,
    DAY_MINUTES = 1440,
    TEN_YEARS = 3660 * 86400,
    DEFINITION = 1 << 16
};

static const struct entity_field campaign_fields[] = {
    {"name", FIELD_TEXT, NULL, 0, NAME, "name"},
    {"kind", FIELD_TEXT, NULL, 0, WORD, "what it does"},
    {"goal", FIELD_TEXT, NULL, 0, LONG_TEXT, "what it is for"},
    {"audience", FIELD_TEXT, NULL, 0, EXPRESSION, "expression over people"},
    {"holdout", FIELD_INTEGER, NULL, 0, 9000, "share that gets nothing, of 10,000"},
    {"value", FIELD_MONEY, NULL, 0, MONEY_MOST, "money off"},
    {"minimum", FIELD_MONEY, NULL, 0, MONEY_MOST, "spent at least"},
    {"points", FIELD_INTEGER, NULL, 0, 1000000, "points given, or what a yuan costs"},
    {"factor", FIELD_INTEGER, NULL, 0, 10000, "points earned, in hundredths of the usual"},
    {"gift", FIELD_TEXT, NULL, 0, NAME, "what is given"},
    {"shops", FIELD_TEXT, NULL, 0, EXPRESSION, "expression over shops"},
    {"valid", FIELD_INTEGER, NULL, 0, TEN_YEARS, "seconds a coupon lives"},
    {"stock", FIELD_INTEGER, NULL, 0, 1000000000, "coupons at most"},
    {"stacking", FIELD_BOOL, NULL, 0, 1, "with other coupons on a receipt"},
    {"from_day", FIELD_DATE, NULL, 0, 0, "first day"},
    {"to_day", FIELD_DATE, NULL, 0, 0, "last day"},
    {"weekdays", FIELD_INTEGER, NULL, 0, 127, "days of the week, bit 0 Monday"},
    {"hour_from", FIELD_INTEGER, NULL, 0, DAY_MINUTES, "from this minute of the day"},
    {"hour_to", FIELD_INTEGER, NULL, 0, DAY_MINUTES, "to this minute of the day"},
    {"blackout", FIELD_TEXT, NULL, 0, LONG_TEXT, "not on these days"},
    {"contacts", FIELD_TEXT, NULL, 0, WORD, "how people are reached, in order"},
    {"message", FIELD_TEXT, NULL, 0, LONG_TEXT, "what they are told"},
    {"per_person", FIELD_INTEGER, NULL, 0, 1000, "messages a person gets, of all campaigns"},
    {"per_window", FIELD_INTEGER, NULL, 0, TEN_YEARS, "in so many seconds"},
    {"quiet_from", FIELD_INTEGER, NULL, 0, DAY_MINUTES, "no messages from this minute of the day"},
    {"quiet_to", FIELD_INTEGER, NULL, 0, DAY_MINUTES, "to this one"},
    {"budget", FIELD_MONEY, NULL, 0, INT64_C(100000000000000), "given at most"},
    {"priority", FIELD_INTEGER, NULL, 0, 1000, "the higher goes first"},
    {"state", FIELD_TEXT, NULL, 0, WORD, "state", true},
    {"author", FIELD_TEXT, NULL, 0, NAME, "who made it", true},
    {"approved_by", FIELD_TEXT, NULL, 0, NAME, "who approved it", true},
    {"approved", FIELD_TEXT, NULL, 0, DEFINITION, "the definition that was approved", true},
    {"started", FIELD_TIME, NULL, 0, 0, "when it was started", true},
    {"ended", FIELD_TIME, NULL, 0, 0, "when it ended", true},
    {"edition", FIELD_INTEGER, NULL, 0, INT64_MAX, "its audience as a kept set", true},
};

static const struct entity_field label_fields[] = {
    {"rule", FIELD_TEXT, NULL, 0, EXPRESSION, "rule in the people language; empty: kept by hand"},
    {"note", FIELD_TEXT, NULL, 0, LONG_TEXT, "what it is for"},
    {"author", FIELD_TEXT, NULL, 0, WORD, "who keeps it"},
    {"add", FIELD_PEOPLE, "label_member", 0, PEOPLE_AT_ONCE, "cards of members who get it"},
    {"remove", FIELD_PEOPLE, "label_member", 0, PEOPLE_AT_ONCE, "cards of members who lose it"},
};

static const struct entity_field segment_fields[] = {
    {"expression", FIELD_TEXT, NULL, 1, EXPRESSION, "expression of the people language"},
    {"kind", FIELD_CHOICE, "live frozen", 0, 0,
     "live: asked anew each time; frozen: kept as it was"},
    {"author", FIELD_TEXT, NULL, 0, WORD, "who saved it"},
    {"note", FIELD_TEXT, NULL, 0, LONG_TEXT, "what it is for"},
    {"as_of", FIELD_TIME, NULL, 0, 0, "when it was frozen"},
    {"edition", FIELD_INTEGER, NULL, 0, INT64_MAX, "the frozen people"},
};

static const struct entity_field crowd_fields[] = {
    {"name", FIELD_TEXT, NULL, 0, NAME, "name"},
    {"topic", FIELD_TEXT, NULL, 0, NAME, "topic"},
    {"add", FIELD_PEOPLE, "crowd_member", 0, PEOPLE_AT_ONCE, "cards of members who join"},
    {"remove", FIELD_PEOPLE, "crowd_member", 0, PEOPLE_AT_ONCE, "cards of members who leave"},
};

static const struct entity_field funnel_fields[] = {
    {"definition", FIELD_TEXT, NULL, 1, 2 * LONG_TEXT, "window, steps and options on a line"},
    {"author", FIELD_TEXT, NULL, 0, WORD, "who keeps it"},
};

static const struct entity_field task_fields[] = {
    {"state", FIELD_CHOICE, "open taken done dropped", 1, 0, "how it stands"},
    {"actor", FIELD_TEXT, NULL, 0, WORD, "who took or closed it"},
    {"note", FIELD_TEXT, NULL, 0, LONG_TEXT, "what came of it"},
};

static const struct entity_field points_terms_fields[] = {
    {"months", FIELD_INTEGER, NULL, 0, 1200, "good to the end of that month after; 0: for ever"},
};

static const struct entity_field points_rule_fields[] = {
    {"shops", FIELD_TEXT, NULL, 0, EXPRESSION, "expression over shops; empty: all"},
    {"tier", FIELD_TEXT, NULL, 0, WORD, "membership level; empty: all"},
    {"per_yuan", FIELD_INTEGER, NULL, 0, 1000000, "points for 100 yuan; 0: only multiplies"},
    {"factor", FIELD_INTEGER, NULL, 0, 10000, "in hundredths: 200 doubles"},
    {"weekdays", FIELD_INTEGER, NULL, 0, 127, "days of the week, bit 0 Monday; 0: every day"},
    {"from_day", FIELD_DATE, NULL, 0, 0, "first day"},
    {"to_day", FIELD_DATE, NULL, 0, 0, "last day"},
    {"priority", FIELD_INTEGER, NULL, 0, 1000, "the highest that fits gives the points"},
};

static const struct entity_field setting_fields[] = {
    {"value", FIELD_TEXT, NULL, 0, NAME, "value"},
};

static const struct entity_field principal_fields[] = {
    {"role", FIELD_CHOICE, "operator manager analyst technician admin", 1, 0, "role"},
    {"key", FIELD_TEXT, NULL, 0, WORD, "fingerprint of the SSH key that a hub knows it by"},
};

#define FIELDS(list) list, sizeof list / sizeof *list

/* What events refer to by number can be made but not removed: the events stay. */
static const struct entity entities[] = {
    {"member", "member", "card", RIGHT_PEOPLE_EDIT, FIELDS(member_fields), true, false},
    {"tenant", "tenant", "code", RIGHT_SHOPS_EDIT, FIELDS(tenant_fields), true, false},
    {"zone", "zone", "code", RIGHT_SHOPS_EDIT, FIELDS(zone_fields), true, false},
    {"device", "device", "code", RIGHT_DEVICES_EDIT, FIELDS(device_fields), true, false},
    {"rollout", "rollout", "code", RIGHT_DEVICES_EDIT, FIELDS(rollout_fields), true, false},
    {"config", "config", "key", RIGHT_DEVICES_EDIT, FIELDS(config_fields), true, true},
    {"campaign", "campaign", "code", RIGHT_CAMPAIGN_EDIT, FIELDS(campaign_fields), true, false},
    {"label", "label", "name", RIGHT_PEOPLE_EDIT, FIELDS(label_fields), true, true},
    {"segment", "segment", "name", RIGHT_QUESTIONS, FIELDS(segment_fields), true, true},
    {"crowd", "crowd", "code", RIGHT_PEOPLE_EDIT, FIELDS(crowd_fields), true, true},
    {"funnel", "funnel", "name", RIGHT_QUESTIONS, FIELDS(funnel_fields), true, true},
    {"task", "task", "id", RIGHT_CAMPAIGN_EDIT, FIELDS(task_fields), false, false},
    {"points_terms", "points_terms", "since", RIGHT_CAMPAIGN_APPROVE, FIELDS(points_terms_fields),
     true, true},
    {"points_rule", "points_rule", "name", RIGHT_CAMPAIGN_APPROVE, FIELDS(points_rule_fields), true,
     true},
    {"setting", "setting", "name", RIGHT_ADMIN, FIELDS(setting_fields), false, false},
    {"principal", "principal", "name", RIGHT_ADMIN, FIELDS(principal_fields), true, true},
};

const struct entity *entity_all(size_t *n)
{
    *n = sizeof entities / sizeof *entities;
    return entities;
}

const struct entity *entity_find(const char *name)
{
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (strcmp(entities[i].name, name) == 0)
            return entities + i;
    return NULL;
}

const struct entity_field *entity_field_find(const struct entity *entity, const char *name)
{
    for (size_t i = 0; i < entity->n_fields; i++)
        if (strcmp(entity->fields[i].name, name) == 0)
            return entity->fields + i;
    return NULL;
}
