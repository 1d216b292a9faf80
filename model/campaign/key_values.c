/* Values of a campaign's keys: as text, and set from text. */
#include "model/base/text.h"
#include "model/campaign/key_parts.h"

#include <string.h>

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

void key_clear(struct campaign *campaign, const struct campaign_key *key)
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
