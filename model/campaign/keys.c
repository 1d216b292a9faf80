/* What can be set of a campaign: one table, and how each type is written and read. */
#include "model/campaign/keys.h"
#include "model/base/intl.h"
#include "model/base/text.h"

#include <stdio.h>
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

/* ---- Parts of values ---- */

/* The next word of a list of blanks and commas; false at its end. */
static bool word_next(const char **at, const char **word, size_t *n)
{
    *at += strspn(*at, " \t,");
    *word = *at;
    *n = strcspn(*at, " \t,");
    *at += *n;
    return *n > 0;
}

bool campaign_day_read(const char *text, size_t n, int32_t *day)
{
    int64_t year, month, date;
    int y, m, d;
    if (n != 10 || text[4] != '-' || text[7] != '-' || !text_to_int64(text, 4, &year) ||
        !text_to_int64(text + 5, 2, &month) || !text_to_int64(text + 8, 2, &date) || year < 1900)
        return false;
    *day = date_number((int)year, (int)month, (int)date);
    date_civil(*day, &y, &m, &d);
    return y == year && m == month && d == date;
}

static const char *const weekday_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static int weekday_find(const char *word, size_t n)
{
    for (int i = 0; i < 7; i++)
        if (n == 3 && strncasecmp(weekday_names[i], word, 3) == 0)
            return i;
    return -1;
}

static bool weekdays_read(const char *text, unsigned *bits)
{
    const char *word;
    size_t n;
    *bits = 0;
    while (word_next(&text, &word, &n)) {
        const char *dash = memchr(word, '-', n);
        int first = weekday_find(word, dash ? (size_t)(dash - word) : n);
        int last = dash ? weekday_find(dash + 1, n - (size_t)(dash + 1 - word)) : first;
        if (first < 0 || last < 0)
            return false;
        for (int i = first;; i = (i + 1) % 7) {
            *bits |= 1u << i;
            if (i == last)
                break;
        }
    }
    return true;
}

static const char *weekdays_write(struct arena *arena, unsigned bits)
{
    const char *text = "";
    for (int i = 0; i < 7; i++)
        if (bits >> i & 1)
            text = arena_printf(arena, "%s%s%s", text, *text ? " " : "", weekday_names[i]);
    return text;
}

static bool minutes_read(const char *text, size_t n, int *minutes)
{
    int64_t hour, minute;
    if (n != 5 || text[2] != ':' || !text_to_int64(text, 2, &hour) ||
        !text_to_int64(text + 3, 2, &minute) || hour < 0 || minute < 0 || minute > 59)
        return false;
    *minutes = (int)(hour * 60 + minute);
    return *minutes <= DAY_MINUTES;
}

static bool hours_read(const char *text, int *from, int *to)
{
    return strlen(text) == 11 && text[5] == '-' && minutes_read(text, 5, from) &&
           minutes_read(text + 6, 5, to) && *from < DAY_MINUTES && *from != *to;
}

static const char *ranges_read(struct arena *arena, const char *text, struct campaign *campaign)
{
    const char *word;
    size_t n;
    campaign->schedule.n_blackouts = 0;
    while (word_next(&text, &word, &n)) {
        struct day_range range;
        bool one = n == 10;
        if (!campaign_day_read(word, n < 10 ? n : 10, &range.first) ||
            (!one && (n != 22 || memcmp(word + 10, "..", 2) != 0 ||
                      !campaign_day_read(word + 12, 10, &range.last))))
            return arena_printf(arena, "found %s, expected days such as 2017-10-01..2017-10-08",
                                text_quote(arena, word, n));
        if (one)
            range.last = range.first;
        if (range.last < range.first)
            return arena_printf(arena, "found %s, expected the earlier day first",
                                text_quote(arena, word, n));
        if (campaign->schedule.n_blackouts == CAMPAIGN_BLACKOUTS)
            return arena_printf(arena, "expected at most %d of them", CAMPAIGN_BLACKOUTS);
        campaign->schedule.blackouts[campaign->schedule.n_blackouts++] = range;
    }
    return "";
}

static const char *ranges_write(struct arena *arena, const struct campaign *campaign)
{
    const char *text = "";
    for (size_t i = 0; i < campaign->schedule.n_blackouts; i++) {
        const struct day_range *range = &campaign->schedule.blackouts[i];
        text = arena_printf(arena, "%s%s%s%s%s", text, i ? " " : "", date_text(arena, range->first),
                            range->last == range->first ? "" : "..",
                            range->last == range->first ? "" : date_text(arena, range->last));
    }
    return text;
}

static const char *contacts_read(struct arena *arena, const char *text, struct campaign *campaign)
{
    const char *word;
    size_t n;
    campaign->n_contacts = 0;
    while (word_next(&text, &word, &n)) {
        enum contact contact = CONTACT_NONE;
        for (int i = CONTACT_POS; i < CONTACT_COUNT; i++)
            if (strlen(contact_names[i]) == n && memcmp(contact_names[i], word, n) == 0)
                contact = (enum contact)i;
        if (contact == CONTACT_NONE)
            return arena_printf(arena, "found %s, expected pos, app, sms, wifi, screen or staff",
                                text_quote(arena, word, n));
        for (size_t i = 0; i < campaign->n_contacts; i++)
            if (campaign->contacts[i] == contact)
                return arena_printf(arena, "found %s twice", contact_names[contact]);
        campaign->contacts[campaign->n_contacts++] = contact;
    }
    return "";
}

static const char *contacts_write(struct arena *arena, const struct campaign *campaign)
{
    const char *text = "";
    for (size_t i = 0; i < campaign->n_contacts; i++)
        text =
            arena_printf(arena, "%s%s%s", text, i ? " " : "", contact_names[campaign->contacts[i]]);
    return text;
}

static const char *duration_write(struct arena *arena, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        char unit;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (seconds % units[i].seconds == 0)
            return arena_printf(arena, "%lld%c", (long long)(seconds / units[i].seconds),
                                units[i].unit);
    return "";
}

/* ---- Values ---- */

#define FIELD(type, campaign, key) ((type *)((char *)(campaign) + (key)->at))
#define FIELD_TO(type, campaign, key) ((type *)((char *)(campaign) + (key)->at_to))
#define READ(type, campaign, key) (*(const type *)((const char *)(campaign) + (key)->at))
#define READ_TO(type, campaign, key) (*(const type *)((const char *)(campaign) + (key)->at_to))

static const char *hours_write(struct arena *arena, int from, int to)
{
    return from == to
               ? ""
               : arena_printf(arena, "%02d:%02d-%02d:%02d", from / 60, from % 60, to / 60, to % 60);
}

static const char *number_write(struct arena *arena, const struct campaign_key *key, int64_t number)
{
    if (key->type == KEY_SHARE)
        return arena_printf(arena, "%s%%", text_from_fen(arena, number));
    if (number == 0)
        return "";
    if (key->type == KEY_MONEY || key->type == KEY_FACTOR)
        return text_from_fen(arena, number);
    if (key->type == KEY_DURATION)
        return duration_write(arena, number);
    return arena_printf(arena, "%lld", (long long)number);
}

const char *campaign_value(struct arena *arena, const struct campaign *campaign,
                           const struct campaign_key *key)
{
    switch (key->type) {
    case KEY_TEXT:
    case KEY_CODE:
    case KEY_PEOPLE:
    case KEY_SHOPS:
    case KEY_TEMPLATE:
        return READ(char *, campaign, key);
    case KEY_KIND:
        return campaign_kinds[campaign->kind].name;
    case KEY_BOOL:
        return READ(bool, campaign, key) ? "yes" : "";
    case KEY_DATE: {
        int32_t day = READ(int32_t, campaign, key);
        return day == key->most ? "" : date_text(arena, day);
    }
    case KEY_WEEKDAYS:
        return weekdays_write(arena, campaign->schedule.weekdays);
    case KEY_HOURS:
        return hours_write(arena, READ(int, campaign, key), READ_TO(int, campaign, key));
    case KEY_RANGES:
        return ranges_write(arena, campaign);
    case KEY_CONTACTS:
        return contacts_write(arena, campaign);
    case KEY_CAP:
        return campaign->limits.per_person
                   ? arena_printf(arena, "%lld/%s", (long long)campaign->limits.per_person,
                                  duration_write(arena, campaign->limits.per_window))
                   : "";
    default:
        return number_write(arena, key, READ(int64_t, campaign, key));
    }
}

static const char *wrong(struct arena *arena, const char *text, const char *expected)
{
    return arena_printf(arena, "found %s, expected %s", text_quote(arena, text, strlen(text)),
                        expected);
}

static const char *kind_set(struct arena *arena, struct campaign *campaign, const char *text)
{
    const char *known = "", *names[CAMPAIGN_KINDS];
    for (int i = 1; i < CAMPAIGN_KINDS; i++) {
        names[i - 1] = campaign_kinds[i].name;
        known = arena_printf(arena, "%s%s%s", known, i > 1 ? ", " : "", campaign_kinds[i].name);
        if (strcmp(campaign_kinds[i].name, text) == 0) {
            campaign->kind = (enum campaign_kind)i;
            return "";
        }
    }
    const char *near = text_nearest(text, names, CAMPAIGN_KINDS - 1);
    return wrong(arena, text,
                 near ? arena_printf(arena, "one of: %s; did you mean %s?", known, near)
                      : arena_printf(arena, "one of: %s", known));
}

static const char *text_set(struct arena *arena, struct campaign *campaign,
                            const struct campaign_key *key, const char *text)
{
    size_t n = strlen(text);
    if (n > (size_t)key->most)
        return arena_printf(arena, "found %zu bytes, expected at most %lld", n,
                            (long long)key->most);
    if (!text_valid(text, n))
        return wrong(arena, text, "text in UTF-8 on one line");
    if (key->type == KEY_CODE && (*text == '#' || strpbrk(text, " \t,;/\\'\"")))
        return wrong(arena, text, "a word without blanks, quotes and slashes");
    char *kept = arena_strndup(arena, text, n);
    for (char *at = kept; (at = strchr(at, '\t'));)
        *at = ' ';
    *FIELD(const char *, campaign, key) = kept;
    return "";
}

static const char *cap_set(struct arena *arena, struct campaign *campaign,
                           const struct campaign_key *key, const char *text)
{
    const char *slash = strchr(text, '/');
    int64_t most, window;
    if (!slash || !text_to_int64(text, (size_t)(slash - text), &most) || most < 1 || most > 1000 ||
        !text_to_duration(slash + 1, &window) || window < 60 || window > key->most)
        return wrong(arena, text, "a number and a time, such as 2/7d");
    campaign->limits.per_person = most;
    campaign->limits.per_window = window;
    return "";
}

static const char *number_set(struct arena *arena, struct campaign *campaign,
                              const struct campaign_key *key, const char *text)
{
    size_t n = strlen(text);
    int64_t number = 0;
    bool good = false;
    const char *expected = "a whole number";
    if (key->type == KEY_SHARE) {
        expected = "a share from 0% to 90%, such as 10%";
        good = n > 1 && text[n - 1] == '%' && text_to_fen(text, n - 1, &number);
    } else if (key->type == KEY_MONEY || key->type == KEY_FACTOR) {
        expected = key->type == KEY_MONEY ? "an amount such as 50 or 12.50"
                                          : "how many times, such as 2 or 1.5";
        good = text_to_fen(text, n, &number);
    } else if (key->type == KEY_DURATION) {
        expected = "a time such as 14d or 12h";
        good = text_to_duration(text, &number);
    } else {
        good = text_to_int64(text, n, &number);
    }
    if (!good || number < 0)
        return wrong(arena, text, expected);
    if (number > key->most)
        return wrong(arena, text,
                     arena_printf(arena, "at most %s", number_write(arena, key, key->most)));
    *FIELD(int64_t, campaign, key) = number;
    return "";
}

static const char *bool_set(struct arena *arena, struct campaign *campaign,
                            const struct campaign_key *key, const char *text)
{
    bool yes = text_equal_nocase(text, "yes") || text_equal_nocase(text, "true");
    if (!yes && !text_equal_nocase(text, "no") && !text_equal_nocase(text, "false"))
        return wrong(arena, text, "yes or no");
    *FIELD(bool, campaign, key) = yes;
    return "";
}

static void key_clear(struct campaign *campaign, const struct campaign_key *key)
{
    struct campaign empty = campaign_empty();
    switch (key->type) {
    case KEY_TEXT:
    case KEY_CODE:
    case KEY_PEOPLE:
    case KEY_SHOPS:
    case KEY_TEMPLATE:
        *FIELD(const char *, campaign, key) = "";
        break;
    case KEY_KIND:
        campaign->kind = CAMPAIGN_UNKNOWN;
        break;
    case KEY_BOOL:
        *FIELD(bool, campaign, key) = false;
        break;
    case KEY_DATE:
        *FIELD(int32_t, campaign, key) = (int32_t)key->most;
        break;
    case KEY_WEEKDAYS:
        campaign->schedule.weekdays = 0;
        break;
    case KEY_HOURS:
        *FIELD(int, campaign, key) = *FIELD_TO(int, campaign, key) = 0;
        break;
    case KEY_RANGES:
    case KEY_CONTACTS:
        *FIELD_TO(size_t, campaign, key) = 0;
        break;
    case KEY_CAP:
        campaign->limits.per_person = campaign->limits.per_window = 0;
        break;
    default:
        *FIELD(int64_t, campaign, key) = READ(int64_t, &empty, key);
    }
}

const char *campaign_set(struct arena *arena, struct campaign *campaign,
                         const struct campaign_key *key, const char *text)
{
    size_t n;
    unsigned bits;
    text += strspn(text, " \t");
    for (n = strlen(text); n && (text[n - 1] == ' ' || text[n - 1] == '\t');)
        n--;
    text = arena_strndup(arena, text, n);
    if (!*text) {
        key_clear(campaign, key);
        return "";
    }
    switch (key->type) {
    case KEY_TEXT:
    case KEY_CODE:
    case KEY_PEOPLE:
    case KEY_SHOPS:
    case KEY_TEMPLATE:
        return text_set(arena, campaign, key, text);
    case KEY_KIND:
        return kind_set(arena, campaign, text);
    case KEY_BOOL:
        return bool_set(arena, campaign, key, text);
    case KEY_DATE:
        return campaign_day_read(text, n, FIELD(int32_t, campaign, key))
                   ? ""
                   : wrong(arena, text, "a day such as 2017-10-31");
    case KEY_WEEKDAYS:
        if (!weekdays_read(text, &bits))
            return wrong(arena, text, "days of the week such as tue fri, or mon-fri");
        campaign->schedule.weekdays = bits;
        return "";
    case KEY_HOURS:
        return hours_read(text, FIELD(int, campaign, key), FIELD_TO(int, campaign, key))
                   ? ""
                   : wrong(arena, text, "hours such as 10:00-22:00");
    case KEY_RANGES:
        return ranges_read(arena, text, campaign);
    case KEY_CONTACTS:
        return contacts_read(arena, text, campaign);
    case KEY_CAP:
        return cap_set(arena, campaign, key, text);
    default:
        return number_set(arena, campaign, key, text);
    }
}

/* ---- Rows ---- */

static int minutes_of(int64_t number)
{
    return number < 0 || number > DAY_MINUTES ? 0 : (int)number;
}

/* A row's column may hold anything that a damaged file gives: what campaign_set would refuse is
 * left unset. */
void key_from_row(struct arena *arena, struct campaign *campaign, const struct campaign_key *key,
                  const struct row_cell *cell, const struct row_cell *cell_to)
{
    switch (key->type) {
    case KEY_KIND:
    case KEY_RANGES:
    case KEY_CONTACTS:
        if (*campaign_set(arena, campaign, key, cell->text))
            key_clear(campaign, key);
        break;
    case KEY_TEXT:
    case KEY_CODE:
    case KEY_PEOPLE:
    case KEY_SHOPS:
    case KEY_TEMPLATE:
        *FIELD(const char *, campaign, key) = arena_strdup(arena, cell->text);
        break;
    case KEY_BOOL:
        *FIELD(bool, campaign, key) = cell->number != 0;
        break;
    case KEY_DATE:
        *FIELD(int32_t, campaign, key) =
            cell->null || cell->number < -1000000 || cell->number > 10000000
                ? (int32_t)key->most
                : (int32_t)cell->number;
        break;
    case KEY_WEEKDAYS:
        campaign->schedule.weekdays = (unsigned)cell->number & 0x7f;
        break;
    case KEY_HOURS:
        *FIELD(int, campaign, key) = minutes_of(cell->number);
        *FIELD_TO(int, campaign, key) = minutes_of(cell_to->number);
        break;
    case KEY_CAP:
        campaign->limits.per_person = cell->number > 0 ? cell->number : 0;
        campaign->limits.per_window = cell_to->number > 0 ? cell_to->number : 0;
        break;
    default:
        *FIELD(int64_t, campaign, key) = cell->number < 0           ? 0
                                         : cell->number > key->most ? key->most
                                                                    : cell->number;
    }
}

void key_to_json(struct arena *arena, const struct campaign *campaign,
                 const struct campaign_key *key, json_t *set)
{
    int64_t number = 0, to = 0;
    switch (key->type) {
    case KEY_CODE:
        return;
    case KEY_BOOL:
        number = READ(bool, campaign, key);
        break;
    case KEY_WEEKDAYS:
        number = campaign->schedule.weekdays;
        break;
    case KEY_HOURS:
        number = READ(int, campaign, key);
        to = READ_TO(int, campaign, key);
        break;
    case KEY_SHARE:
    case KEY_MONEY:
    case KEY_COUNT:
    case KEY_FACTOR:
    case KEY_DURATION:
        number = READ(int64_t, campaign, key);
        break;
    case KEY_CAP:
        number = campaign->limits.per_person;
        to = campaign->limits.per_window;
        break;
    default:
        json_object_set_new(set, key->column, json_string(campaign_value(arena, campaign, key)));
        return;
    }
    json_object_set_new(set, key->column, json_integer(number));
    if (key->column_to)
        json_object_set_new(set, key->column_to, json_integer(to));
}
