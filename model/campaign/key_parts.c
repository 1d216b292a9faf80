/* Parts of values: days, hours, lists of contacts, as they are written. */
#include "model/campaign/key_parts.h"
#include "model/base/text.h"

#include <string.h>
#include <strings.h>

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

bool weekdays_read(const char *text, unsigned *bits)
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

const char *weekdays_write(struct arena *arena, unsigned bits)
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

bool hours_read(const char *text, int *from, int *to)
{
    return strlen(text) == 11 && text[5] == '-' && minutes_read(text, 5, from) &&
           minutes_read(text + 6, 5, to) && *from < DAY_MINUTES && *from != *to;
}

const char *ranges_read(struct arena *arena, const char *text, struct campaign *campaign)
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

const char *ranges_write(struct arena *arena, const struct campaign *campaign)
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

const char *contacts_read(struct arena *arena, const char *text, struct campaign *campaign)
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

const char *contacts_write(struct arena *arena, const struct campaign *campaign)
{
    const char *text = "";
    for (size_t i = 0; i < campaign->n_contacts; i++)
        text =
            arena_printf(arena, "%s%s%s", text, i ? " " : "", contact_names[campaign->contacts[i]]);
    return text;
}

const char *duration_write(struct arena *arena, int64_t seconds)
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
