/* What a roll-out is: its definition checked, its waves, when devices may be switched. */
#include "model/fleet/rollout.h"

#include "model/base/text.h"
#include "model/fleet/rollout_plan.h"
#include "model/fleet/select.h"

#include <stdio.h>
#include <string.h>

enum { CANARY = 1, COVERAGE = 90, SOAK_S = 600, TRIAL_S = 120, EXPIRES_S = 7 * 86400 };
enum { TRIAL_LEAST_S = 10, TRIAL_MOST_S = 86400, EXPIRES_LEAST_S = 60, SOAK_MOST_S = 31 * 86400 };
static const char waves_usual[] = "10%,50%,100%", threshold_usual[] = "5%";

static const char *const weekdays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* ---- Waves ---- */

/* One of "10%" and "25"; false for anything else. */
static bool wave_parse(const char *text, size_t n, int64_t *number, bool *percent)
{
    *percent = n && text[n - 1] == '%';
    return text_to_int64(text, *percent ? n - 1 : n, number) && *number >= 1 &&
           *number <= (*percent ? 100 : 1000000);
}

static bool waves_good(const char *text)
{
    int count = 0;
    for (const char *at = text;; at++) {
        size_t n = strcspn(at, ",");
        int64_t number;
        bool percent;
        if (!wave_parse(at, n, &number, &percent) || ++count > ROLLOUT_WAVES - 2)
            return false;
        at += n;
        if (!*at)
            return true;
    }
}

int rollout_wave_ends(const struct rollout *rollout, size_t n, size_t ends[ROLLOUT_WAVES])
{
    int count = 0;
    size_t at = (size_t)rollout->canary < n ? (size_t)rollout->canary : n;
    if (at)
        ends[count++] = at;
    for (const char *text = rollout->waves; *text && count < ROLLOUT_WAVES - 1;) {
        size_t length = strcspn(text, ",");
        int64_t number;
        bool percent;
        if (!wave_parse(text, length, &number, &percent))
            break;
        size_t end = percent ? (n * (size_t)number + 99) / 100 : at + (size_t)number;
        end = end < n ? end : n;
        if (end > at)
            ends[count++] = at = end;
        text += length + (text[length] == ',');
    }
    if (at < n)
        ends[count++] = n;
    return count;
}

/* ---- When ---- */

static bool minute_parse(const char *text, int *minute)
{
    bool good =
        strspn(text, "0123456789") == 2 && text[2] == ':' && strspn(text + 3, "0123456789") >= 2;
    if (!good)
        return false;
    int hours = (text[0] - '0') * 10 + text[1] - '0', rest = (text[3] - '0') * 10 + text[4] - '0';
    *minute = hours * 60 + rest;
    return rest < 60 && *minute <= 1440;
}

bool rollout_window_parse(const char *text, int *from, int *to)
{
    *from = *to = 0;
    if (!*text)
        return true;
    return strlen(text) == 11 && text[5] == '-' && minute_parse(text, from) &&
           minute_parse(text + 6, to) && *from != *to && *from < 1440;
}

bool rollout_weekdays_parse(const char *text, int *days)
{
    *days = 0;
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, " ,");
        int day = 0;
        while (day < 7 && (n != 3 || strncmp(weekdays[day], at, 3) != 0))
            day++;
        if (day == 7)
            return false;
        *days |= 1 << day;
        at += n;
        at += strspn(at, " ,");
    }
    return true;
}

const char *rollout_window_text(struct arena *arena, const struct rollout *r)
{
    const char *text = "";
    for (int i = 0; i < 7; i++)
        if (r->weekdays >> i & 1)
            text = arena_printf(arena, "%s%s%s", text, *text ? " " : "", weekdays[i]);
    if (r->window_from == r->window_to)
        return text;
    return arena_printf(arena, "%s%s%02d:%02d-%02d:%02d", text, *text ? " " : "",
                        r->window_from / 60, r->window_from % 60, r->window_to / 60,
                        r->window_to % 60);
}

/* The moment of so many minutes after midnight of a date. */
static int64_t moment(const struct clock *clock, int32_t date, int minutes)
{
    int year, month, day;
    date_civil(date, &year, &month, &day);
    return zone_utc(clock->zone, year, month, day, 0, minutes, 0);
}

bool rollout_window_open(const struct rollout *r, const struct clock *clock, int64_t time,
                         int64_t *next)
{
    struct civil now = zone_civil(clock->zone, time);
    int32_t today = date_number(now.year, now.month, now.day);
    bool always = r->window_from == r->window_to, open = false;
    int to = always ? 1440 : r->window_to, from = always ? 0 : r->window_from;
    int64_t until = INT64_MIN;
    *next = INT64_MAX;
    if (always && (r->weekdays & 127) % 127 == 0)
        return true;
    /* Yesterday's hours may go past midnight; a week later everything comes again. */
    for (int32_t date = today - 1; date <= today + 8; date++) {
        if (r->weekdays && !(r->weekdays >> date_weekday(date) & 1))
            continue;
        int64_t first = moment(clock, date, from);
        int64_t last = moment(clock, to > from ? date : date + 1, to);
        if (last <= time || (open && first > until))
            continue;
        if (first <= time || (open && first <= until)) {
            open = true;
            until = last > until ? last : until;
        } else if (!open) {
            *next = first;
            return false;
        }
    }
    *next = open ? until : INT64_MAX;
    return open;
}

/* ---- The definition ---- */

/* The script on the device takes these names and no others. */
static bool app_good(const char *app)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-";
    return *app && *app != '.' && *app != '-' && strlen(app) <= ROLLOUT_APP &&
           strspn(app, letters) == strlen(app) && strcmp(app, "none") != 0 &&
           strcmp(app, "current") != 0;
}

static enum status wrong(struct arena *arena, const char *what, const char *found,
                         const char *expected, struct error *err)
{
    return error_set(err, ST_REFUSED, "%s: found %s, expected %s", what,
                     text_quote(arena, found, strlen(found)), expected);
}

static int64_t usual(int64_t value, int64_t otherwise)
{
    return value < 0 ? otherwise : value;
}

static enum status numbers_check(const struct rollout *r, size_t devices, struct error *err)
{
    const struct {
        const char *name, *unit;
        int64_t value, least, most;
    } numbers[] = {
        {"canary", "devices", r->canary, 0, (int64_t)devices},
        {"coverage", "per cent", r->coverage, 1, 100},
        {"soak", "seconds", r->soak, 0, SOAK_MOST_S},
        {"trial", "seconds", r->trial, TRIAL_LEAST_S, TRIAL_MOST_S},
        {"expires", "seconds", r->expires, EXPIRES_LEAST_S, 12 * (int64_t)SOAK_MOST_S},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].value < numbers[i].least || numbers[i].value > numbers[i].most)
            return error_set(err, ST_REFUSED, "%s: found %lld, expected %lld to %lld %s",
                             numbers[i].name, (long long)numbers[i].value,
                             (long long)numbers[i].least, (long long)numbers[i].most,
                             numbers[i].unit);
    return ST_OK;
}

enum status rollout_define(struct arena *arena, const struct rollout_draft *draft, size_t devices,
                           struct rollout *rollout, struct error *err)
{
    struct device_select *select = NULL;
    const char *window = draft->window ? draft->window : "";
    const char *days = draft->weekdays ? draft->weekdays : "";
    const char *slash = strrchr(draft->path, '/');
    size_t limit;
    *rollout = (struct rollout){
        .code = "",
        .app = draft->app,
        .file = slash ? slash + 1 : draft->path,
        .sha256 = "",
        .selection = draft->selection ? draft->selection : "",
        .waves = draft->waves ? draft->waves : waves_usual,
        .threshold = draft->threshold ? draft->threshold : threshold_usual,
        .devices = (int64_t)devices,
        .canary = usual(draft->canary, devices > CANARY ? CANARY : 0),
        .coverage = usual(draft->coverage, COVERAGE),
        .soak = usual(draft->soak, SOAK_S),
        .trial = usual(draft->trial, TRIAL_S),
        .expires = usual(draft->expires, EXPIRES_S),
        .back = draft->back,
        .state = ROLLOUT_PLANNED,
        .author = "",
        .approved_by = "",
        .why = "",
        .driver = "",
    };
    if (!app_good(draft->app))
        return wrong(arena, "version", draft->app,
                     "a name such as 2.4.2: letters, digits, . _ + -, 60 at most", err);
    if (!devices)
        return error_set(err, ST_REFUSED, "no device is selected");
    if (!waves_good(rollout->waves))
        return wrong(arena, "waves", rollout->waves,
                     "sizes such as 10%,50%,100% (of all, so far) or 5,20 (devices)", err);
    if (!rollout_limit(rollout->threshold, devices, &limit))
        return wrong(arena, "threshold", rollout->threshold, "a number such as 3, or 5%", err);
    if (!rollout_window_parse(window, &rollout->window_from, &rollout->window_to))
        return wrong(arena, "window", window, "hours such as 02:00-05:00", err);
    if (!rollout_weekdays_parse(days, &rollout->weekdays))
        return wrong(arena, "weekdays", days, "days such as mon tue", err);
    if (!text_valid(rollout->file, strlen(rollout->file)) || strlen(rollout->file) > 255)
        return wrong(arena, "archive", rollout->file, "a name in UTF-8 of at most 255 bytes", err);
    enum status status = device_select_new(rollout->selection, &select, err);
    device_select_free(select);
    return status == ST_OK ? numbers_check(rollout, devices, err) : status;
}
