#include "model/fleet/rollout_preview.h"

#include "model/base/hash.h"
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/fleet/rollout_parts.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>

const char *const rollout_remark_names[ROLLOUT_REMARKS] = {
    "", "quarantined", "unpinned", "in another roll-out", "has it", "away", "another kind"};
const char *const rollout_remark_texts[ROLLOUT_REMARKS] = {
    [REMARK_NONE] = "",
    [REMARK_QUARANTINED] = N_("in quarantine"),
    [REMARK_UNPINNED] = N_("without a pin: accept its key first"),
    [REMARK_BUSY] = N_("in another roll-out, which must end first"),
    [REMARK_HAS] = N_("runs it already"),
    [REMARK_AWAY] = N_("did not answer last time: it is waited for"),
    [REMARK_ODD] = N_("of another kind than most"),
};

/* ---- Who comes when ---- */

/* Those that are left out last; else those that answered last time first, as canaries that are away
 * say nothing; then in an order that spreads a wave over floors and shops. */
static int order_compare(const void *a, const void *b)
{
    const struct rollout_place *left = a, *right = b;
    bool left_away = left->device->state != DEVICE_OK,
         right_away = right->device->state != DEVICE_OK;
    if (left->wave != right->wave)
        return right->wave - left->wave;
    if (left_away != right_away)
        return left_away - right_away;
    if (left->order != right->order)
        return left->order < right->order ? -1 : 1;
    return strcmp(left->device->code, right->device->code);
}

static int wave_compare(const void *a, const void *b)
{
    const struct rollout_place *left = a, *right = b;
    unsigned left_wave = (unsigned)left->wave, right_wave = (unsigned)right->wave; /* -1 last */
    if (left_wave != right_wave)
        return left_wave < right_wave ? -1 : 1;
    return strcmp(left->device->code, right->device->code);
}

static void place_take(struct rollout_place *place, const struct rollout_draft *draft,
                       const struct device *device)
{
    *place = (struct rollout_place){.device = device, .more = ""};
    place->order = hash64_seed(device->code, strlen(device->code),
                               hash64_seed(draft->app, strlen(draft->app), 0));
    if (*device->quarantine) {
        place->remark = REMARK_QUARANTINED;
        place->more = device->quarantine;
    } else if (!*device->pin) {
        place->remark = REMARK_UNPINNED;
    } else if (strcmp(device->app, draft->app) == 0) {
        place->remark = REMARK_HAS;
    } else if (device->state != DEVICE_OK && device->state != DEVICE_NEVER) {
        place->remark = REMARK_AWAY;
    }
    place->wave = place->remark == REMARK_QUARANTINED || place->remark == REMARK_UNPINNED ? -1 : 0;
}

enum status rollout_places(struct arena *arena, const struct rollout_draft *draft,
                           const struct device *devices, size_t n, struct rollout *rollout,
                           struct rollout_place **out, size_t *kept, struct error *err)
{
    struct rollout_place *places = arena_array(arena, struct rollout_place, n + 1);
    size_t ends[ROLLOUT_WAVES];
    *kept = 0;
    for (size_t i = 0; i < n; i++) {
        place_take(&places[i], draft, &devices[i]);
        *kept += places[i].wave >= 0;
    }
    if (n)
        qsort(places, n, sizeof *places, order_compare);
    enum status status = rollout_define(arena, draft, *kept, rollout, err);
    if (status == ST_REFUSED && !*kept && n)
        status = error_set(err, ST_REFUSED,
                           "no device is left: all %zu are in quarantine or without a pin", n);
    if (status == ST_OK)
        rollout_wave_ends(rollout, *kept, ends);
    int wave = 0;
    for (size_t i = 0; status == ST_OK && i < *kept; i++) {
        wave += i >= ends[wave];
        places[i].wave = wave;
    }
    if (n)
        qsort(places, n, sizeof *places, wave_compare);
    *out = places;
    return status;
}

/* ---- What else is known ---- */

enum status rollout_free_devices(struct reader *reader, int64_t *free, struct error *err)
{
    return reader_integer(
        reader, "select cast(value as integer) from setting where name = 'rollout_free_devices'", 0,
        free, err);
}

static struct rollout_place *place_of(struct rollout_preview *preview, int64_t device)
{
    for (size_t i = 0; i < preview->kept; i++)
        if (preview->places[i].device->id == device)
            return &preview->places[i];
    return NULL;
}

/* As the rule of its start has it (alone_check in rollout_state.c). */
static enum status busy_mark(struct reader *reader, struct arena *arena,
                             struct rollout_preview *preview, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(reader, rollout_busy_sql, &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct rollout_place *place = place_of(preview, sqlite3_column_int64(stmt, 0));
        const char *code = column_text(stmt, 1);
        if (!place)
            continue;
        place->remark = REMARK_BUSY;
        place->more = text_quote(arena, code, strlen(code));
    }
    return status;
}

/* An archive is of one kind's application. */
static void odd_mark(struct rollout_preview *preview)
{
    const char *most = "";
    size_t best = 0;
    for (size_t i = 0; i < preview->kept; i++) {
        const char *kind = preview->places[i].device->kind;
        size_t same = 0;
        if (strcmp(kind, most) == 0)
            continue;
        for (size_t k = 0; k < preview->kept; k++)
            same += strcmp(preview->places[k].device->kind, kind) == 0;
        if (same > best) {
            best = same;
            most = kind;
        }
    }
    for (size_t i = 0; i < preview->kept; i++)
        if (!preview->places[i].remark && strcmp(preview->places[i].device->kind, most) != 0)
            preview->places[i].remark = REMARK_ODD;
}

static void waves_count(struct rollout_preview *preview)
{
    struct rollout_row *rows = mem_zero(preview->kept + 1, sizeof *rows);
    for (size_t i = 0; i < preview->kept; i++)
        rows[i].wave = preview->places[i].wave;
    preview->n_waves = rollout_waves(&preview->rollout, rows, preview->kept, preview->waves);
    free(rows);
}

enum status rollout_preview(struct reader *reader, const struct access *access, struct arena *arena,
                            const struct rollout_draft *draft, const struct device *devices,
                            size_t n, struct rollout_preview *preview, struct error *err)
{
    struct error own = {0};
    *preview = (struct rollout_preview){.n = n};
    enum status status = access_require(access, RIGHT_DEVICES, "see devices", err);
    if (status != ST_OK)
        return status;
    if (rollout_places(arena, draft, devices, n, &preview->rollout, &preview->places,
                       &preview->kept, &own) == ST_OK)
        waves_count(preview);
    else
        preview->problem = arena_strdup(arena, error_text(&own));
    error_clear(&own);
    if (rollout_archive_look(draft->path, &preview->rollout.size, &own) != ST_OK)
        preview->archive = arena_strdup(arena, error_text(&own));
    error_clear(&own);
    odd_mark(preview);
    status = rollout_free_devices(reader, &preview->free, err);
    preview->approval = (int64_t)preview->kept > preview->free;
    return status == ST_OK ? busy_mark(reader, arena, preview, err) : status;
}
