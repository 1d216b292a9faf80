/* Alerts of devices: what did not answer, and zones where nothing was heard. The tables are those
 * of model/fleet, which is above this module. */
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/loop/alert_parts.h"
#include "model/loop/label.h"

#include <string.h>

enum { SILENT_HOURS = 3, USUAL_DAYS = 7, MOST_GROUPS = 64 };

/* A device is silent as the selection `state in (offline, failed) and not age<10m` has it: when it
 * was last asked it did not answer, and nothing was heard of it for ten minutes (?1: now). Those in
 * quarantine and without a pin have states of their own. */
#define HEARD "max(s.seen, coalesce((select max(c.time) from collect c where c.device = d.id), 0))"
#define SILENT                                                                                     \
    "(d.quarantine = '' and d.pin <> '' and s.state in ('offline', 'failed')"                      \
    " and (" HEARD " <= 0 or ?1 - " HEARD " >= 600))"

/* ---- Devices by floor and kind ---- */

/* Devices of one kind on one floor. */
struct silence {
    const char *kind, *floor;
    int64_t devices, silent, heard; /* heard: when the last of the silent ones was; 0: never */
};

/* Whether a selection can name it: in quotation marks, without what would end them. */
static bool text_selectable(const char *text)
{
    for (const char *at = text; *at; at++)
        if (*at == '\\' || *at == '"' || (unsigned char)*at < ' ' || *at == 127)
            return false;
    return text_valid(text, strlen(text));
}

static const char *word_shown(struct arena *arena, const char *text)
{
    return text_selectable(text) ? text : text_quote(arena, text, strlen(text));
}

static const char *kind_many(struct arena *arena, const char *kind)
{
    static const struct {
        const char *kind, *many;
    } names[] = {{"probe", N_("probes")},
                 {"pos", N_("POS")},
                 {"screen", N_("screens")},
                 {"gateway", N_("gateways")},
                 {"", N_("devices")}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].kind, kind) == 0)
            return _(names[i].many);
    return word_shown(arena, kind);
}

/* "10:42" today, else the day. */
static const char *since_text(const struct watch *watch, int64_t time)
{
    const struct clock *clock = &watch->mall->clock;
    if (clock_day(clock, time) == clock_day(clock, time_now()))
        return arena_printf(watch->arena, "%.5s",
                            time_local(watch->arena, watch->mall->zone, time) + 11);
    return date_text(watch->arena, clock_day(clock, time));
}

static void silence_found(struct watch *watch, const struct silence *s)
{
    struct arena *arena = watch->arena;
    const char *who = kind_many(arena, s->kind);
    if (*s->floor) /* xgettext: "floor 3 probes" */
        who = arena_printf(arena, _("floor %s %s"), word_shown(arena, s->floor), who);
    const char *count = arena_printf(arena, _("%s: %s of %s silent"), who,
                                     text_count(arena, s->silent), text_count(arena, s->devices));
    const char *text =
        s->heard > 0 /* xgettext: "floor 3 probes: 4 of 12 silent since 10:42" */
            ? arena_printf(arena, _("%s since %s"), count, since_text(watch, s->heard))
            : count;
    alert_found(watch, RULE_DEVICES_SILENT, (double)s->silent, DIM_NONE, 0, text);
    if (text_selectable(s->kind) && text_selectable(s->floor))
        watch->found.at[watch->found.n - 1].argument =
            arena_printf(arena,
                         "kind=\"%s\" and floor=\"%s\" and state in (offline, failed)"
                         " and not age<10m",
                         s->kind, s->floor);
}

static const char *column_copy(struct watch *watch, sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    return arena_strdup(watch->arena, text ? text : "");
}

static enum status look_at_silence(struct watch *watch, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(
        watch->reader,
        "select kind, floor, count(*), sum(silent), max(iif(silent, heard, 0)) from"
        " (select d.kind, d.floor, coalesce(" HEARD ", 0) as heard, coalesce(" SILENT ", 0)"
        " as silent from device d left join device_state s on s.device = d.id)"
        " group by kind collate nocase, floor collate nocase having sum(silent) > 0"
        " order by sum(silent) desc, floor, kind limit ?2",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, time_now());
    sqlite3_bind_int64(stmt, 2, MOST_GROUPS);
    while ((status = reader_step(watch->reader, stmt, &row, err)) == ST_OK && row) {
        struct silence silence = {column_copy(watch, stmt, 0), column_copy(watch, stmt, 1),
                                  sqlite3_column_int64(stmt, 2), sqlite3_column_int64(stmt, 3),
                                  sqlite3_column_int64(stmt, 4)};
        silence_found(watch, &silence);
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status look_at_drift(struct watch *watch, struct error *err)
{
    int64_t drift = 0;
    enum status status = reader_integer(watch->reader,
                                        "select count(*) from device_state s"
                                        " join device d on d.id = s.device where s.wanted <> ''"
                                        " and s.config <> '' and s.config <> s.wanted",
                                        0, &drift, err);
    if (status == ST_OK && drift >= (int64_t)alert_rules[RULE_CONFIG_DRIFT].threshold)
        alert_found(watch, RULE_CONFIG_DRIFT, (double)drift, DIM_NONE, 0,
                    arena_printf(watch->arena,
                                 ngettext("%lld device has another configuration than desired",
                                          "%lld devices have another configuration than desired",
                                          (unsigned long)drift),
                                 (long long)drift));
    return status;
}

static enum status look_at_quarantine(struct watch *watch, struct error *err)
{
    int64_t n = 0;
    enum status status = reader_integer(
        watch->reader, "select count(*) from device where quarantine <> ''", 0, &n, err);
    if (status != ST_OK || n < (int64_t)alert_rules[RULE_QUARANTINED].threshold)
        return status;
    alert_found(watch, RULE_QUARANTINED, (double)n, DIM_NONE, 0,
                arena_printf(watch->arena,
                             ngettext("%lld device is in quarantine",
                                      "%lld devices are in quarantine", (unsigned long)n),
                             (long long)n));
    watch->found.at[watch->found.n - 1].argument = "quarantined";
    return ST_OK;
}

enum status alert_devices(struct watch *watch, struct error *err)
{
    enum status status = look_at_silence(watch, err);
    if (status == ST_OK)
        status = look_at_quarantine(watch, err);
    return status == ST_OK ? look_at_drift(watch, err) : status;
}

/* ---- Zones ---- */

/* Sightings by zone: in the full hours looked at today, in the hour that runs, and in those full
 * hours of the days before together. */
struct zone_heard {
    int64_t today, now, before;
    bool told; /* its silent probes are among the devices' alerts */
};

/* What the whole mall heard in each of the hours looked at. */
struct mall_heard {
    int64_t hours[SILENT_HOURS], now;
};

static enum status zones_told(struct watch *watch, struct zone_heard *heard, size_t n_zones,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status =
        reader_prepare(watch->reader,
                       "select distinct d.zone from device d join device_state s on s.device = d.id"
                       " where d.kind = 'probe' collate nocase and " SILENT,
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, time_now());
    while ((status = reader_step(watch->reader, stmt, &row, err)) == ST_OK && row) {
        int64_t zone = sqlite3_column_int64(stmt, 0);
        if (zone > 0 && zone < (int64_t)n_zones)
            heard[zone].told = true;
    }
    sqlite3_reset(stmt);
    return status;
}

static void hours_add(const struct watch *watch, const struct rollup_hour *cells, size_t n,
                      struct zone_heard *heard, size_t n_zones, struct mall_heard *mall)
{
    int hour = clock_hour(&watch->mall->clock, watch->present);
    for (size_t i = 0; i < n; i++) {
        int ago = (hour - cells[i].hour + 24) % 24;
        bool today = cells[i].day == watch->today;
        if (ago > SILENT_HOURS || cells[i].zone >= n_zones || (!ago && !today))
            continue;
        struct zone_heard *zone = &heard[cells[i].zone];
        *(!ago ? &zone->now : today ? &zone->today : &zone->before) += cells[i].sightings;
        if (today)
            *(ago ? &mall->hours[ago - 1] : &mall->now) += cells[i].sightings;
    }
}

/* A zone is silent where the others are heard. Where nothing was heard in the whole mall during
 * some of those hours, it is the data that has a gap; one finding says so while it lasts. */
static void zones_judge(struct watch *watch, const struct zone_heard *heard, size_t n_zones,
                        const struct mall_heard *mall)
{
    double usual_all = 0;
    int gaps = 0;
    for (int i = 0; i < SILENT_HOURS; i++)
        gaps += mall->hours[i] == 0;
    for (size_t zone = 1; zone < n_zones; zone++) {
        double usual = (double)heard[zone].before / USUAL_DAYS;
        usual_all += usual;
        if (!gaps && !heard[zone].told && !heard[zone].today && !heard[zone].now &&
            usual >= alert_rules[RULE_PROBES_SILENT].threshold)
            alert_found(
                watch, RULE_PROBES_SILENT, usual, DIM_ZONE, (int64_t)zone,
                arena_printf(watch->arena, _("probes in %s silent for %d h"),
                             label_of(watch->reader, watch->arena, NULL, DIM_ZONE, (int64_t)zone),
                             SILENT_HOURS));
    }
    if (gaps == SILENT_HOURS && !mall->now &&
        usual_all >= alert_rules[RULE_PROBES_SILENT].threshold)
        alert_found(
            watch, RULE_PROBES_SILENT, usual_all, DIM_NONE, 0,
            arena_printf(watch->arena, _("no probe of the mall was heard for %d h"), SILENT_HOURS));
}

/* Whether other things than sightings came of the hours looked at. Where nothing did, nobody
 * collected then: a mall whose data begins just now has no silence. */
static enum status mall_was_awake(struct watch *watch, int64_t from, int64_t to, bool *awake,
                                  struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        reader_prepare(watch->reader,
                       "select 1 where exists (select 1 from tail where time >= ?1 and time < ?2)"
                       " or exists (select 1 from chunk where last >= ?1 and last < ?2)",
                       &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, from);
    sqlite3_bind_int64(stmt, 2, to);
    status = reader_step(watch->reader, stmt, awake, err);
    sqlite3_reset(stmt);
    return status;
}

enum status alert_probes(struct watch *watch, struct error *err)
{
    size_t n_zones = dict_size(watch->reader, DICT_ZONE) + 1, n;
    struct zone_heard *heard = arena_array(watch->arena, struct zone_heard, n_zones);
    struct mall_heard mall = {0};
    int64_t opened = clock_day_start(&watch->mall->clock, watch->today);
    int64_t hour = watch->present - (watch->present - opened) % 3600;
    const struct rollup_hour *cells;
    bool awake = false;

    /* Early in the mall day there are no three hours to look at. */
    if (watch->present - opened < (SILENT_HOURS + 1) * 3600)
        return ST_OK;
    enum status status = rollup_hours(watch->reader, watch->arena, watch->today - USUAL_DAYS,
                                      watch->today + 1, &cells, &n, err);
    if (status == ST_OK)
        status = zones_told(watch, heard, n_zones, err);
    if (status == ST_OK)
        status = mall_was_awake(watch, hour - SILENT_HOURS * 3600, hour, &awake, err);
    if (status != ST_OK || !awake)
        return status;
    hours_add(watch, cells, n, heard, n_zones, &mall);
    zones_judge(watch, heard, n_zones, &mall);
    return ST_OK;
}
