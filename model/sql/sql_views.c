/* The views of the SQL question. doc/sql.md is checked against this table by a test. */
#include "model/base/intl.h"
#include "model/sql/sql.h"

#include <string.h>
#include <strings.h>

#define NUMBER(name, expression, summary)                                                          \
    {                                                                                              \
        name, expression, CELL_COUNT, SQL_OPEN, NULL, NULL, summary                                \
    }
#define TEXT(name, expression, summary)                                                            \
    {                                                                                              \
        name, expression, CELL_TEXT, SQL_OPEN, NULL, NULL, summary                                 \
    }
#define TIME(name, expression, summary)                                                            \
    {                                                                                              \
        name, expression, CELL_TIME, SQL_OPEN, NULL, NULL, summary                                 \
    }
#define PERSON(name, expression, summary)                                                          \
    {                                                                                              \
        name, expression, CELL_COUNT, SQL_PERSON, expression, NULL, summary                        \
    }
#define MASKED(name, expression, privacy, owner, kind, summary)                                    \
    {                                                                                              \
        name, expression, CELL_TEXT, privacy, owner, kind, summary                                 \
    }

static const struct sql_column member_view[] = {
    PERSON("person", "m.person", "the member's number"),
    MASKED("card", "m.card", SQL_CARD, "m.person", NULL, "the card; a pseudonym for analysts"),
    MASKED("name", "m.name", SQL_NAME, "m.person", NULL, "the name"),
    MASKED("phone", "m.phone", SQL_PHONE, "m.person", NULL, "the phone number"),
    TEXT("gender", "m.gender", "f, m, or as imported"),
    MASKED("birth", "mall_date(m.birth)", SQL_UNMASKED, "m.person", NULL, "the day of birth"),
    NUMBER("age", "mall_age(m.birth)", "full years at the present"),
    TIME("joined", "m.joined", "when the card was issued"),
    TEXT("channel", "(select c.name from channel c where c.id = m.channel)",
         "where the card was issued: pos, app, …"),
    TEXT("tier", "m.tier", "level of membership"),
    TEXT("income", "m.income", "level of income"),
    TEXT("community", "m.community", "grade of the community lived in"),
    TEXT("car", "m.car", "car"),
    TEXT("house", "m.house", "house"),
    NUMBER("consent_sms", "m.consent_sms", "1: may be sent SMS"),
    NUMBER("consent_app", "m.consent_app", "1: may be sent app messages"),
    NUMBER("consent_wifi", "m.consent_wifi", "1: may be greeted on Wi-Fi"),
    NUMBER("app", "m.app", "1: has the phone app"),
};

static const struct sql_column identity_view[] = {
    PERSON("person", "i.person", "whose it is"),
    TEXT("kind", "k.name", "card, phone, app, wifi, payment"),
    MASKED("value", "i.value", SQL_IDENTITY, "i.person", "k.name", "the number or address"),
};

static const struct sql_column attribute_view[] = {
    PERSON("person", "a.person", "whose it is"),
    TEXT("name", "a.name", "the attribute"),
    MASKED("value", "a.value", SQL_ATTRIBUTE, "a.person", "a.name", "its value"),
};

static const struct sql_column interest_view[] = {
    PERSON("person", "i.person", "whose it is"),
    TEXT("topic", "i.topic", "what of"),
    NUMBER("weight", "i.weight", "how strong"),
};

static const struct sql_column relation_view[] = {
    PERSON("person", "r.person", "from whom"),
    PERSON("other", "r.other", "to whom"),
    TEXT("kind", "r.kind", "family, friend, referred, …"),
    TIME("since", "r.since", "since when"),
};

static const struct sql_column crowd_view[] = {
    NUMBER("crowd", "c.id", "the group's number"),
    TEXT("code", "c.code", "its code"),
    TEXT("name", "c.name", "its name"),
    TEXT("topic", "c.topic", "what it is about"),
};

static const struct sql_column crowd_member_view[] = {
    NUMBER("crowd", "m.crowd", "the group's number"),
    PERSON("person", "m.person", "who belongs to it"),
    TEXT("role", "m.role", "as what"),
    TIME("joined", "m.joined", "since when"),
};

static const struct sql_column label_view[] = {
    NUMBER("label", "l.id", "the label's number"),
    TEXT("name", "l.name", "its name"),
    TEXT("rule", "l.rule", "its rule; empty for a list kept by hand"),
    TEXT("author", "l.author", "who made it"),
    TIME("as_of", "nullif(l.as_of, 0)", "when the rule was last run"),
};

static const struct sql_column label_member_view[] = {
    NUMBER("label", "m.label", "the label's number"),
    PERSON("person", "m.person", "who has it"),
};

static const struct sql_column tenant_view[] = {
    NUMBER("tenant", "t.id", "the shop's number"),
    TEXT("code", "t.code", "its code"),
    TEXT("name", "t.name", "its name"),
    TEXT("category", "t.category", "what it sells"),
    TEXT("floor", "t.floor", "where"),
    NUMBER("zone", "t.zone", "the number of the zone it stands in; 0: none"),
    NUMBER("smart_pos", "t.smart_pos", "1: has a smart POS"),
    TEXT("brand", "t.brand", "brand"),
};

static const struct sql_column zone_view[] = {
    NUMBER("zone", "z.id", "the zone's number"),
    TEXT("code", "z.code", "its code"),
    TEXT("name", "z.name", "its name"),
    TEXT("floor", "z.floor", "where"),
};

static const struct sql_column device_view[] = {
    NUMBER("device", "d.id", "the device's number"),
    TEXT("code", "d.code", "its code"),
    TEXT("kind", "d.kind", "pos, probe, screen, …"),
    TEXT("model", "d.model", "model"),
    NUMBER("tenant", "d.tenant", "the shop it serves; 0: none"),
    NUMBER("zone", "d.zone", "the zone it stands in; 0: none"),
    TEXT("floor", "d.floor", "where"),
};

static const struct sql_column campaign_view[] = {
    NUMBER("campaign", "c.id", "the campaign's number"),
    TEXT("code", "c.code", "its code"),
    TEXT("name", "c.name", "its name"),
};

static const struct sql_column item_view[] = {
    NUMBER("item", "i.id", "the article's number"),
    TEXT("name", "i.name", "its name"),
    TEXT("brand", "i.brand", "brand"),
    TEXT("category", "i.category", "category"),
    TEXT("color", "i.color", "colour"),
};

static const struct sql_column event_view[] = {
    TIME("time", "e.time", "when"),
    TEXT("kind", "e.kind", "purchase, sighting, register, …; the lines of receipts are 'line'"),
    PERSON("person", "e.person", "whose; 0: nobody"),
    NUMBER("tenant", "e.tenant", "the shop's number; 0: none"),
    NUMBER("zone", "e.zone", "the zone's number; 0: none"),
    TEXT("channel", "e.channel", "pos, app, …"),
    NUMBER("device", "e.device", "the device's number; 0: none"),
    NUMBER("amount", "e.amount", "fen, or points for kinds of points"),
    NUMBER("campaign", "e.campaign", "the campaign's number; 0: none"),
    NUMBER("item", "e.item", "of a receipt line, the article's number; 0: none"),
    NUMBER("value", "e.value", "pieces of a receipt line, dBm of a sighting"),
    MASKED("ref", "e.ref", SQL_UNMASKED, "e.person", NULL, "the reference it came with"),
};

static const struct sql_column rollup_day_view[] = {
    NUMBER("day", "r.day", "the mall day's number, see mall_date"),
    TEXT("date", "mall_date(r.day)", "the mall day, 'YYYY-MM-DD'"),
    NUMBER("tenant", "r.tenant", "the shop's number; 0: none"),
    TEXT("kind", "r.kind", "the events' kind"),
    TEXT("channel", "r.channel", "their channel"),
    NUMBER("nobody", "r.nobody", "1: events without a person"),
    NUMBER("count", "r.count", "how many"),
    NUMBER("amount", "r.amount", "sum of their amounts, fen or points"),
};

static const struct sql_column rollup_hour_view[] = {
    NUMBER("day", "r.day", "the mall day's number, see mall_date"),
    TEXT("date", "mall_date(r.day)", "the mall day, 'YYYY-MM-DD'"),
    NUMBER("hour", "r.hour", "hour of the clock, 0..23"),
    NUMBER("zone", "r.zone", "the zone's number; 0: none"),
    NUMBER("nobody", "r.nobody", "1: randomised addresses"),
    NUMBER("sightings", "r.sightings", "how many"),
};

static const struct sql_column kind_view[] = {
    NUMBER("kind", "k.id", "the kind's number"),
    TEXT("name", "k.name", "its name"),
};

static const struct sql_column import_view[] = {
    NUMBER("import", "i.id", "the import's number"),
    TEXT("kind", "i.kind", "members, events, …"),
    TEXT("source", "i.source", "the file's name"),
    TEXT("actor", "i.actor", "who read it in"),
    TIME("time", "i.time", "when"),
    NUMBER("rows", "i.rows", "rows read"),
    NUMBER("imported", "i.imported", "rows taken in"),
    NUMBER("duplicates", "i.duplicates", "rows that were there already"),
    NUMBER("refused", "i.refused", "rows left out"),
    NUMBER("milliseconds", "i.milliseconds", "how long it took"),
};

static const struct sql_column audit_view[] = {
    NUMBER("seq", "a.seq", "the record's number"),
    TIME("time", "a.time", "when"),
    TEXT("actor", "a.actor", "who"),
    TEXT("act", "a.act", "did what"),
    TEXT("entity", "a.entity", "to what kind of thing"),
    MASKED("target", "a.target", SQL_IDENTITY, "0",
           "case a.entity when 'member' then 'card' else '' end", "to which; cards are masked"),
    MASKED("before", "a.before", SQL_UNMASKED, "0", NULL, "the fields before, JSON"),
    MASKED("after", "a.after", SQL_UNMASKED, "0", NULL, "the fields after, JSON"),
    MASKED("reason", "a.reason", SQL_UNMASKED, "0", NULL, "why"),
};

#define COLUMNS(list) list, sizeof list / sizeof *list

const struct sql_view sql_views[] = {
    {"v_member", "member m", RIGHT_PEOPLE_SEE, N_("the members"), COLUMNS(member_view)},
    {"v_event", "atrium_event e", RIGHT_PEOPLE_SEE, N_("every event"), COLUMNS(event_view)},
    {"v_rollup_day", "atrium_rollup_day r", 0, N_("sums by day, shop, kind and channel; instant"),
     COLUMNS(rollup_day_view)},
    {"v_rollup_hour", "atrium_rollup_hour r", 0, N_("sightings by hour and zone; instant"),
     COLUMNS(rollup_hour_view)},
    {"v_identity", "contact i join contact_kind k on k.id = i.kind", RIGHT_PEOPLE_SEE,
     N_("what people are known by"), COLUMNS(identity_view)},
    {"v_attribute", "attribute a", RIGHT_PEOPLE_SEE, N_("further attributes of people"),
     COLUMNS(attribute_view)},
    {"v_interest", "interest i", RIGHT_PEOPLE_SEE, N_("interests of people"),
     COLUMNS(interest_view)},
    {"v_relation", "relation r", RIGHT_PEOPLE_SEE, N_("relations between people"),
     COLUMNS(relation_view)},
    {"v_crowd", "crowd c", 0, N_("groups"), COLUMNS(crowd_view)},
    {"v_crowd_member", "crowd_member m", RIGHT_PEOPLE_SEE, N_("who belongs to a group"),
     COLUMNS(crowd_member_view)},
    {"v_label", "label l", 0, N_("labels"), COLUMNS(label_view)},
    {"v_label_member",
     "(select m.label, m.person from label_member m join label l on l.id = m.label"
     " where l.rule = '' union all select p.label, j.value from label_people p"
     " join label l on l.id = p.label and l.rule <> '',"
     " json_each(people_json(p.people, p.block)) j) m",
     RIGHT_PEOPLE_SEE, N_("who has a label"), COLUMNS(label_member_view)},
    {"v_tenant", "tenant t", 0, N_("the shops"), COLUMNS(tenant_view)},
    {"v_zone", "zone z", 0, N_("the zones"), COLUMNS(zone_view)},
    {"v_device", "device d", 0, N_("the devices"), COLUMNS(device_view)},
    {"v_campaign", "campaign c", 0, N_("the campaigns"), COLUMNS(campaign_view)},
    {"v_item", "item i", 0, N_("articles of receipt lines"), COLUMNS(item_view)},
    {"v_kind", "kind k", 0, N_("kinds of events that files brought"), COLUMNS(kind_view)},
    {"v_import", "import i", 0, N_("files that were read"), COLUMNS(import_view)},
    {"v_audit", "audit a", RIGHT_PEOPLE_REVEAL, N_("what was done by whom"), COLUMNS(audit_view)},
};
const size_t n_sql_views = sizeof sql_views / sizeof *sql_views;

const struct sql_view *sql_view_find(const char *name)
{
    for (size_t i = 0; i < n_sql_views; i++)
        if (strcasecmp(sql_views[i].name, name) == 0)
            return &sql_views[i];
    return NULL;
}

const struct sql_function sql_functions[] = {
    {"mall_day", "time", "the mall day of a time, 'YYYY-MM-DD' (a day starts at the boundary)"},
    {"mall_hour", "time", "the hour of the clock, 0..23, in the mall's zone"},
    {"mall_month", "time", "the month of the mall day, 'YYYY-MM'"},
    {"mall_weekday", "time", "the weekday of the mall day, 0 (Monday) .. 6"},
    {"mall_time", "time", "'YYYY-MM-DD HH:MM:SS' in the mall's zone"},
    {"mall_date", "day", "'YYYY-MM-DD' of a day number"},
    {"mall_age", "day", "full years from a day number to the present"},
    {"mall_seconds", "text", "the UTC seconds of 'YYYY-MM-DD[ HH:MM:SS]' in the mall's zone"},
    {"abs", NULL, ""},
    {"avg", NULL, ""},
    {"cast", NULL, ""},
    {"ceil", NULL, ""},
    {"ceiling", NULL, ""},
    {"char", NULL, ""},
    {"coalesce", NULL, ""},
    {"count", NULL, ""},
    {"cume_dist", NULL, ""},
    {"date", NULL, ""},
    {"datetime", NULL, ""},
    {"dense_rank", NULL, ""},
    {"exp", NULL, ""},
    {"first_value", NULL, ""},
    {"floor", NULL, ""},
    {"format", NULL, ""},
    {"glob", NULL, ""},
    {"group_concat", NULL, ""},
    {"hex", NULL, ""},
    {"ifnull", NULL, ""},
    {"iif", NULL, ""},
    {"instr", NULL, ""},
    {"json", NULL, ""},
    {"json_array", NULL, ""},
    {"json_extract", NULL, ""},
    {"json_group_array", NULL, ""},
    {"json_group_object", NULL, ""},
    {"json_object", NULL, ""},
    {"json_type", NULL, ""},
    {"json_valid", NULL, ""},
    {"julianday", NULL, ""},
    {"lag", NULL, ""},
    {"last_value", NULL, ""},
    {"lead", NULL, ""},
    {"length", NULL, ""},
    {"like", NULL, ""},
    {"likelihood", NULL, ""},
    {"likely", NULL, ""},
    {"ln", NULL, ""},
    {"log", NULL, ""},
    {"log10", NULL, ""},
    {"log2", NULL, ""},
    {"lower", NULL, ""},
    {"ltrim", NULL, ""},
    {"max", NULL, ""},
    {"min", NULL, ""},
    {"mod", NULL, ""},
    {"nth_value", NULL, ""},
    {"ntile", NULL, ""},
    {"nullif", NULL, ""},
    {"percent_rank", NULL, ""},
    {"pow", NULL, ""},
    {"power", NULL, ""},
    {"printf", NULL, ""},
    {"quote", NULL, ""},
    {"random", NULL, ""},
    {"rank", NULL, ""},
    {"replace", NULL, ""},
    {"round", NULL, ""},
    {"row_number", NULL, ""},
    {"rtrim", NULL, ""},
    {"sign", NULL, ""},
    {"sqrt", NULL, ""},
    {"strftime", NULL, ""},
    {"substr", NULL, ""},
    {"substring", NULL, ""},
    {"sum", NULL, ""},
    {"time", NULL, ""},
    {"total", NULL, ""},
    {"trim", NULL, ""},
    {"trunc", NULL, ""},
    {"typeof", NULL, ""},
    {"unicode", NULL, ""},
    {"unixepoch", NULL, ""},
    {"unlikely", NULL, ""},
    {"upper", NULL, ""},
};
const size_t n_sql_functions = sizeof sql_functions / sizeof *sql_functions;
