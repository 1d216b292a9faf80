#include "model/fleet/device.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/fleet/config.h"
#include "model/fleet/select.h"
#include "model/fleet/way.h"

#include <string.h>

const char *const device_condition_names[DEVICE_CONDITIONS] = {
    [DEVICE_NEVER] = "never",       [DEVICE_OK] = "ok",
    [DEVICE_FAILED] = "failed",     [DEVICE_UNKNOWN] = "unknown",
    [DEVICE_OFFLINE] = "offline",   [DEVICE_QUARANTINED] = "quarantined",
    [DEVICE_UNPINNED] = "unpinned", [DEVICE_CANCELLED] = "cancelled",
};

static const char device_sql[] =
    "select d.id, d.port, d.version, s.time, s.seen, s.milliseconds, s.clock, s.spool, s.load,"
    " s.disk, d.code, d.kind, d.host, d.user, d.model, d.floor, d.pin, d.quarantine, d.note,"
    " t.code, t.name, z.code, s.state, s.phase, s.reason, s.app, s.config, s.offered, d.identity,"
    " d.bastion,"
    " (select max(c.time) from collect c where c.device = d.id)"
    " from device d left join device_state s on s.device = d.id"
    " left join tenant t on t.id = d.tenant left join zone z on z.id = d.zone"
    " order by d.code";
enum { FIRST_TEXT = 10 };

static int64_t column_number(sqlite3_stmt *stmt, int column, int64_t none)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? none
                                                            : sqlite3_column_int64(stmt, column);
}

static enum device_condition condition_named(const char *name)
{
    for (int i = 0; i < DEVICE_CONDITIONS; i++)
        if (strcmp(device_condition_names[i], name) == 0)
            return (enum device_condition)i;
    return DEVICE_NEVER;
}

static struct device device_read(sqlite3_stmt *stmt, const struct ways *ways, struct arena *arena)
{
    struct device device = {
        .id = (uint32_t)sqlite3_column_int64(stmt, 0),
        .port = (int)column_number(stmt, 1, 0),
        .version = column_number(stmt, 2, 0),
        .time = column_number(stmt, 3, 0),
        .seen = column_number(stmt, 4, 0),
        .milliseconds = column_number(stmt, 5, 0),
        .clock_ms = column_number(stmt, 6, 0),
        .spool = column_number(stmt, 7, -1),
        .load = (int)column_number(stmt, 8, -1),
        .disk = (int)column_number(stmt, 9, -1),
    };
    const char **texts[] = {
        &device.code,   &device.kind,    &device.host,     &device.user,
        &device.model,  &device.floor,   &device.pin,      &device.quarantine,
        &device.note,   &device.tenant,  &device.shop,     &device.zone,
        NULL,           &device.phase,   &device.reason,   &device.app,
        &device.config, &device.offered, &device.identity,
    };
    int texts_n = (int)(sizeof texts / sizeof *texts);
    for (int i = 0; i < texts_n; i++)
        if (texts[i])
            *texts[i] = way_text_read(stmt, FIRST_TEXT + i, arena);
        else
            device.state = condition_named(way_text_read(stmt, FIRST_TEXT + i, arena));
    if (device.port <= 0 || device.port > 65535)
        device.port = DEVICE_PORT;
    device.hop = way_over(ways, column_number(stmt, FIRST_TEXT + texts_n, 0));
    device.reported = column_number(stmt, FIRST_TEXT + texts_n + 1, 0);
    /* What it said before it was quarantined, or before its pin was taken back, is no state. */
    if (*device.quarantine)
        device.state = DEVICE_QUARANTINED;
    else if (!*device.pin)
        device.state = DEVICE_UNPINNED;
    return device;
}

enum status device_list(struct reader *reader, const struct access *access, struct arena *arena,
                        const char *on, const struct device **devices, size_t *n, struct error *err)
{
    VEC(struct device) found = {0};
    struct device_select *select = NULL;
    sqlite3_stmt *stmt = NULL;
    enum status status = access_require(access, RIGHT_DEVICES, "see devices", err);
    if (status == ST_OK)
        status = device_select_new(on, &select, err);
    if (status == ST_OK)
        status = reader_prepare(reader, device_sql, &stmt, err);
    const struct config_set *configs;
    if (status == ST_OK)
        status = config_set_read(reader, access, arena, &configs, err);
    const struct ways *ways = NULL;
    if (status == ST_OK)
        status = ways_read(reader, arena, &ways, err);
    struct config_memory *memory = status == ST_OK ? config_memory_new(arena, configs) : NULL;
    int64_t now = time_now();
    bool row = true;
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct device device = device_read(stmt, ways, arena);
        bool selected = false;
        config_look(memory, &device, now);
        status = device_selected(select, &device, now, &selected, err);
        if (selected)
            vec_push(&found, device);
    }
    device_select_free(select);
    *devices = vec_copy(arena, &found);
    *n = found.n;
    vec_free(&found);
    return status;
}

enum status device_by_code(struct reader *reader, const struct access *access, struct arena *arena,
                           const char *code, const struct device **device, struct error *err)
{
    const struct device *devices;
    size_t n;
    enum status status = device_list(reader, access, arena, NULL, &devices, &n, err);
    *device = NULL;
    for (size_t i = 0; status == ST_OK && i < n; i++)
        if (strcmp(devices[i].code, code) == 0)
            *device = &devices[i];
    return status == ST_OK && !*device ? error_set(err, ST_USAGE, "there is no device %s",
                                                   text_quote(arena, code, strlen(code)))
                                       : status;
}

void device_copy(struct arena *arena, struct device *to, const struct device *from)
{
    *to = *from;
    const char **texts[] = {&to->code,   &to->kind,    &to->host,       &to->user,   &to->model,
                            &to->floor,  &to->pin,     &to->quarantine, &to->note,   &to->tenant,
                            &to->shop,   &to->zone,    &to->phase,      &to->reason, &to->app,
                            &to->config, &to->offered, &to->identity,   &to->wanted};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = *texts[i] ? arena_strdup(arena, *texts[i]) : NULL;
    to->hop = *way_copy(arena, &from->hop);
}
