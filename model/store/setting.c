#include "model/store/setting.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/store/column.h"

#include <string.h>

const struct setting settings[] = {
    {"name", SETTING_TEXT, 1, 200, NULL, false, "name of the mall"},
    {"timezone", SETTING_ZONE, 1, 64, NULL, true, "time zone of the mall"},
    {"currency", SETTING_CURRENCY, 3, 3, NULL, false, "currency of all amounts"},
    {"day_boundary", SETTING_INTEGER, 0, 86399, "14400", true,
     "seconds after midnight at which a day of the mall starts"},
    {"visit_gap", SETTING_INTEGER, 1, 86400, "1800", false,
     "seconds between the events of one visit at most"},
    {"small_sample", SETTING_INTEGER, 0, 1000000, "30", false,
     "a rate with fewer people behind it is dimmed"},
    {"tiers", SETTING_TEXT, 0, 200, "basic silver gold platinum black diamond", false,
     "membership levels, from the lowest to the highest"},
    {"small_group", SETTING_INTEGER, 0, 1000000, "10", false,
     "breakdowns into fewer people are kept back from analysts"},
    {"limit_card", SETTING_INTEGER, 1, 1000, "2", false, "cards that one person may have"},
    {"limit_phone", SETTING_INTEGER, 1, 1000, "3", false, "phone numbers that one person may have"},
    {"limit_app", SETTING_INTEGER, 1, 1000, "3", false, "app accounts that one person may have"},
    {"limit_wifi", SETTING_INTEGER, 1, 1000, "5", false, "Wi-Fi devices that one person may have"},
    {"limit_payment", SETTING_INTEGER, 1, 1000, "10", false,
     "means of payment that one person may have"},
    {"contact_app_url", SETTING_TEXT, 0, 200, "", false, "address that takes messages for the app"},
    {"contact_sms_url", SETTING_TEXT, 0, 200, "", false, "address that takes SMS"},
    {"contact_wifi_file", SETTING_TEXT, 0, 200, "", false,
     "file that the portal of the mall's network reads"},
    {"contact_app_repeat", SETTING_INTEGER, 0, 1, "1", false,
     "1: that address takes a message with the same Idempotency-Key once"},
    {"contact_sms_repeat", SETTING_INTEGER, 0, 1, "1", false,
     "1: that address takes a message with the same Idempotency-Key once"},
    {"contact_timeout", SETTING_INTEGER, 1, 300, "10", false,
     "seconds that an address has to take a message"},
    {"cost_app", SETTING_INTEGER, 0, 100000, "0", false, "what an app message costs, in fen"},
    {"cost_sms", SETTING_INTEGER, 0, 100000, "0", false, "what a part of an SMS costs, in fen"},
    {"points_per_yuan", SETTING_INTEGER, 1, 1000000, "100", false,
     "points that are worth one unit of money in the books"},
    {"points_since", SETTING_TEXT, 0, 10, "", false,
     "first day of which receipts without points of their own earn here; empty: none do"},
    {"points_breakage", SETTING_INTEGER, -1, 10000, "-1", false,
     "points expected never to be used, in hundredths of a per cent; -1: by the mall's history"},
    {"time_shift", SETTING_INTEGER, -4000000000, 4000000000, "0", false,
     "seconds that the clock goes ahead: a demo has a calendar of its own"},
    {"collect", SETTING_INTEGER, 0, 1, "1", false,
     "1: consoles and the engine collect from devices while they run"},
    {"collect_every", SETTING_INTEGER, 0, 86400, "0", false,
     "seconds between two collections; 0: as it comes"},
    {"sync_lock", SETTING_INTEGER, 0, 3650, "30", false,
     "days after which a replica that did not hear of its hub locks itself; 0: never"},
    {"sync_log", SETTING_INTEGER, 1, 3650, "60", false,
     "days for which a hub keeps its log for a replica that is silent; then it takes a new copy"},
    {"sync_keep", SETTING_INTEGER, 1, 3650, "90", false,
     "days for which a replica keeps edits that its hub acknowledged, as old as backups may be"},
    {"campaign_free_audience", SETTING_INTEGER, 0, 1000000000, "0", false,
     "a campaign for at most so many people needs no approval"},
    {"campaign_free_budget", SETTING_INTEGER, 0, 1000000000, "0", false,
     "and only with a budget of at most so much"},
    {"rollout_free_devices", SETTING_INTEGER, 0, 1000000, "0", false,
     "a roll-out to at most so many devices needs no approval"},
};
const size_t n_settings = sizeof settings / sizeof *settings;

const struct setting *setting_find(const char *name)
{
    for (size_t i = 0; i < n_settings; i++)
        if (strcmp(settings[i].name, name) == 0)
            return settings + i;
    return NULL;
}

static enum status refuse(const struct setting *s, const char *value, const char *expected,
                          struct error *err)
{
    struct arena *arena = arena_new();
    error_set(err, ST_REFUSED, "%s: found %s, expected %s", s->name,
              text_quote(arena, value, strlen(value)), expected);
    arena_free(arena);
    return ST_REFUSED;
}

static enum status integer_check(const struct setting *s, const char *value, struct error *err)
{
    int64_t number;
    if (text_to_int64(value, strlen(value), &number) && number >= s->least && number <= s->most)
        return ST_OK;
    struct arena *arena = arena_new();
    refuse(s, value,
           arena_printf(arena, "a whole number from %lld to %lld", (long long)s->least,
                        (long long)s->most),
           err);
    arena_free(arena);
    return ST_REFUSED;
}

enum status setting_check(const char *name, const char *value, struct error *err)
{
    const struct setting *s = setting_find(name);
    size_t n = strlen(value);
    if (!s) {
        struct arena *arena = arena_new();
        const char *known = "";
        for (size_t i = 0; i < n_settings; i++)
            known = arena_printf(arena, "%s%s%s", known, i ? ", " : "", settings[i].name);
        error_set(err, ST_REFUSED, "setting: found %s, expected one of %s",
                  text_quote(arena, name, strlen(name)), known);
        arena_free(arena);
        return ST_REFUSED;
    }
    if (s->type == SETTING_INTEGER)
        return integer_check(s, value, err);
    if (s->type == SETTING_ZONE) {
        struct zone *zone;
        enum status status = zone_load(value, &zone, err);
        if (status == ST_OK)
            zone_free(zone);
        return status;
    }
    if (s->type == SETTING_CURRENCY)
        return n == 3 && strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3
                   ? ST_OK
                   : refuse(s, value, "three capital letters such as CNY", err);
    return n >= (size_t)s->least && n <= (size_t)s->most && text_valid(value, n)
               ? ST_OK
               : refuse(s, value, "1 to 200 bytes of text", err);
}

enum status setting_text(struct reader *reader, struct arena *arena, const char *name,
                         const char **value, struct error *err)
{
    const struct setting *s = setting_find(name);
    sqlite3_stmt *stmt;
    bool row = false;
    *value = s && s->initial ? s->initial : "";
    enum status status =
        reader_prepare(reader, "select value from setting where name = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    status = reader_step(reader, stmt, &row, err);
    if (status == ST_OK && row)
        *value = arena_strdup(arena, column_text(stmt, 0));
    sqlite3_reset(stmt);
    return status;
}

enum status setting_integer(struct reader *reader, const char *name, int64_t *value,
                            struct error *err)
{
    const struct setting *s = setting_find(name);
    struct arena *arena = arena_new();
    const char *text;
    enum status status = setting_text(reader, arena, name, &text, err);
    if (setting_check(name, text, NULL) != ST_OK)
        text = s->initial;
    text_to_int64(text, strlen(text), value);
    arena_free(arena);
    return status;
}
