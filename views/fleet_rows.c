#include "views/fleet_rows.h"

#include "model/question/filter.h"
#include "tui/intl.h"

#include <stdlib.h>
#include <string.h>

const char *const fleet_by_titles[FLEET_BYS] = {
    [FLEET_BY_NONE] = N_("devices"), [FLEET_BY_FLOOR] = N_("floor"),
    [FLEET_BY_SHOP] = N_("shop"),    [FLEET_BY_KIND] = N_("kind"),
    [FLEET_BY_MODEL] = N_("model"),  [FLEET_BY_VERSION] = N_("version"),
    [FLEET_BY_ZONE] = N_("zone"),
};

/* How each state looks; in the order that counts are shown. */
static const struct state_look {
    enum device_condition state;
    const char *glyph, *plain; /* plain: where only ASCII is wanted */
    enum role role;
    const char *title;
} looks[DEVICE_CONDITIONS] = {
    {DEVICE_OK, "●", "*", ROLE_UP, N_("ok")},
    {DEVICE_FAILED, "!", "!", ROLE_ERROR, N_("failed")},
    {DEVICE_QUARANTINED, "!", "!", ROLE_ERROR, N_("quarantined")},
    {DEVICE_UNKNOWN, "?", "?", ROLE_WARN, N_("unknown")},
    {DEVICE_CANCELLED, "?", "?", ROLE_DIM, N_("cancelled")},
    {DEVICE_OFFLINE, "◌", "o", ROLE_WARN, N_("offline")},
    {DEVICE_UNPINNED, "·", ".", ROLE_DIM, N_("unpinned")},
    {DEVICE_NEVER, "–", "-", ROLE_DIM, N_("not asked yet")},
};

static const struct state_look *look_of(enum device_condition state)
{
    for (size_t i = 0; i < DEVICE_CONDITIONS; i++)
        if (looks[i].state == state)
            return &looks[i];
    return &looks[DEVICE_CONDITIONS - 1];
}

const char *fleet_state_sign(enum device_condition state)
{
    const struct state_look *look = look_of(state);
    return theme_ascii() ? look->plain : look->glyph;
}

const char *fleet_state_text(struct arena *arena, enum device_condition state)
{
    return arena_printf(arena, "%s %s", fleet_state_sign(state), _(look_of(state)->title));
}

const char *fleet_state_named(const char *name)
{
    for (int i = 0; i < DEVICE_CONDITIONS; i++)
        if (strcmp(device_condition_names[i], name) == 0)
            return _(look_of((enum device_condition)i)->title);
    return name;
}

enum role fleet_state_role(enum device_condition state)
{
    return look_of(state)->role;
}

const char *fleet_counts_text(struct arena *arena, const struct device *devices, size_t n,
                              bool brief)
{
    size_t counts[DEVICE_CONDITIONS] = {0};
    const char *text = "";
    for (size_t i = 0; i < n; i++)
        counts[devices[i].state]++;
    for (size_t i = 0; i < DEVICE_CONDITIONS; i++) {
        const struct state_look *look = &looks[i];
        size_t count = counts[look->state];
        /* Looks that are alike stand beside each other: without words they are one. */
        while (brief && i + 1 < DEVICE_CONDITIONS && strcmp(looks[i + 1].glyph, look->glyph) == 0)
            count += counts[looks[++i].state];
        if (count)
            text = arena_printf(arena, "%s%s%s %zu%s%s", text,
                                !*text  ? ""
                                : brief ? " "
                                        : "  ",
                                theme_ascii() ? look->plain : look->glyph, count, brief ? "" : " ",
                                brief ? "" : _(look->title));
    }
    return text;
}

static const char *const phases[FLEET_PHASES] = {
    [PHASE_QUEUED] = N_("queue"),      [PHASE_RESOLVE] = N_("look-up"),
    [PHASE_CONNECT] = N_("connect"),   [PHASE_VERSION] = N_("greeting"),
    [PHASE_KEYS] = N_("key exchange"), [PHASE_PIN] = N_("pin"),
    [PHASE_AUTH] = N_("auth"),         [PHASE_OPEN] = N_("channel"),
    [PHASE_COMMAND] = N_("command"),   [PHASE_FIRST] = N_("first answer"),
    [PHASE_OUTPUT] = N_("output"),     [PHASE_END] = N_("end"),
    [PHASE_DONE] = N_("done"),
};

const char *fleet_phase_text(const char *name)
{
    for (int i = 0; i < FLEET_PHASES; i++)
        if (strcmp(fleet_phase_names[i], name) == 0)
            return _(phases[i]);
    return name;
}

/* ---- Counting texts ---- */

struct tally {
    const char *text;
    size_t n;
};

static int text_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int tally_compare(const void *a, const void *b)
{
    const struct tally *left = a, *right = b;
    if (left->n != right->n)
        return left->n > right->n ? -1 : 1;
    return strcmp(left->text, right->text);
}

/* The texts with how often each is there, the most frequent first. Sorts `texts`. */
static struct tally *tally(struct arena *arena, const char **texts, size_t n, size_t *found)
{
    struct tally *tallies = arena_array(arena, struct tally, n + 1);
    *found = 0;
    if (n)
        qsort(texts, n, sizeof *texts, text_compare);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(texts[i - 1], texts[i]) != 0)
            tallies[(*found)++] = (struct tally){texts[i], 0};
        tallies[*found - 1].n++;
    }
    if (*found)
        qsort(tallies, *found, sizeof *tallies, tally_compare);
    return tallies;
}

const char *fleet_usual_config(const struct device *devices, size_t n, const char *kind)
{
    struct arena *arena = arena_new();
    const char **configs = arena_array(arena, const char *, n + 1);
    size_t told = 0, found;
    for (size_t i = 0; i < n; i++)
        if (*devices[i].config && strcmp(devices[i].kind, kind) == 0)
            configs[told++] = devices[i].config;
    const struct tally *tallies = tally(arena, configs, told, &found);
    const char *usual = found ? tallies[0].text : "";
    arena_free(arena);
    return usual;
}

const char *fleet_kinds_text(struct arena *arena, const struct device *devices, size_t n)
{
    const char **kinds = arena_array(arena, const char *, n + 1), *text = "";
    size_t found;
    for (size_t i = 0; i < n; i++)
        kinds[i] = devices[i].kind;
    const struct tally *tallies = tally(arena, kinds, n, &found);
    for (size_t i = 0; i < found; i++)
        text = arena_printf(arena, "%s%s%zu %s", text, i ? ", " : "", tallies[i].n,
                            *tallies[i].text ? tallies[i].text : _("without a kind"));
    return text;
}

/* ---- Devices ---- */

const char *fleet_drift_text(enum device_drift drift)
{
    static const char *const texts[DEVICE_DRIFTS] = {
        [DRIFT_NONE] = "",
        [DRIFT_SAME] = "=",
        [DRIFT_OTHER] = N_("drift"),
        [DRIFT_UNKNOWN] = "?",
        [DRIFT_QUEUED] = N_("queued"),
    };
    return *texts[drift] ? _(texts[drift]) : "";
}

const char *fleet_config_text(struct arena *arena, const struct device *d, const char *usual)
{
    if (d->drift != DRIFT_NONE || !*d->config)
        return fleet_drift_text(d->drift);
    return strcmp(d->config, usual) == 0
               ? "="
               : arena_printf(arena, "%s %.6s", theme_ascii() ? "x" : "≠", d->config);
}

static const struct sheet_column device_columns[] = {
    {"device", N_("device"), CELL_TEXT}, {"shop", N_("shop"), CELL_TEXT},
    {"state", N_("state"), CELL_TEXT},   {"version", N_("version"), CELL_TEXT},
    {"config", N_("config"), CELL_TEXT}, {"load", N_("load"), CELL_REAL, 2},
    {"disk", N_("disk %"), CELL_COUNT},  {"clock", N_("clock"), CELL_REAL, 1},
    {"seen", N_("seen"), CELL_DURATION}, {"where", N_("where it stands"), CELL_TEXT},
    {"kind", N_("kind"), CELL_TEXT},     {"model", N_("model"), CELL_TEXT},
    {"floor", N_("floor"), CELL_TEXT},   {"host", N_("host"), CELL_TEXT},
    {"spool", N_("spool"), CELL_COUNT},  {"note", N_("note"), CELL_TEXT},
};

static struct cell known_text(const char *text)
{
    return cell_text(*text ? text : NULL);
}

/* What is wrong, or where it is just now: "auth: permission denied". */
static const char *where_text(struct arena *arena, const struct device *d)
{
    if (*d->quarantine)
        return d->quarantine;
    if (d->state == DEVICE_OK || d->state == DEVICE_NEVER || d->state == DEVICE_UNPINNED)
        return "";
    return *d->phase ? arena_printf(arena, "%s: %s", fleet_phase_text(d->phase), d->reason)
                     : d->reason;
}

static void device_fill(struct arena *arena, struct cell *cells, const struct device *d,
                        const char *usual, int64_t now)
{
    cells[FLEET_COLUMN_NAME] = cell_text(d->code);
    cells[1] = known_text(*d->shop ? d->shop : *d->zone ? d->zone : "");
    cells[FLEET_COLUMN_STATE] = cell_text(fleet_state_text(arena, d->state));
    cells[3] = known_text(d->app);
    const char *config = fleet_config_text(arena, d, usual);
    if (*config)
        cells[FLEET_COLUMN_CONFIG] = cell_text(config);
    if (d->load >= 0)
        cells[5] = cell_real(d->load / 100.0);
    if (d->disk >= 0)
        cells[6] = cell_integer(d->disk);
    if (d->seen) {
        cells[7] = cell_real((double)d->clock_ms / 1000);
        cells[8] = cell_integer(now > d->seen ? now - d->seen : 0);
    }
    cells[9] = known_text(where_text(arena, d));
    const char *texts[] = {d->kind, d->model, d->floor, d->host};
    for (int k = 0; k < 4; k++)
        cells[10 + k] = known_text(texts[k]);
    if (d->spool >= 0)
        cells[14] = cell_integer(d->spool);
    cells[15] = known_text(d->note);
}

struct sheet *fleet_device_sheet(struct arena *arena, const struct device *all, size_t n_all,
                                 const struct device *shown, size_t n, int64_t now,
                                 fleet_asking_fn *asking, void *context)
{
    struct sheet *sheet =
        sheet_new(arena, device_columns, sizeof device_columns / sizeof *device_columns);
    enum { KINDS = 16 }; /* remembered at a time */
    struct {
        const char *kind, *config;
    } usual[KINDS];
    size_t kinds = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < kinds && strcmp(usual[k].kind, shown[i].kind) != 0)
            k++;
        if (k == kinds) {
            k = kinds < KINDS ? kinds++ : KINDS - 1;
            usual[k].kind = shown[i].kind;
            usual[k].config = fleet_usual_config(all, n_all, shown[i].kind);
        }
        struct cell *cells = sheet_row_add(sheet);
        device_fill(arena, cells, &shown[i], usual[k].config, now);
        const char *text = asking ? asking(arena, context, shown[i].id) : NULL;
        if (text)
            cells[9] = cell_text(text);
    }
    return sheet;
}

/* ---- Groups ---- */

/* The first is titled by what the groups are of. */
static const struct sheet_column group_columns[] = {
    {"group", NULL, CELL_TEXT},
    {"devices", N_("devices"), CELL_COUNT},
    {"ok", N_("ok"), CELL_COUNT},
    {"failed", N_("failed"), CELL_COUNT},
    {"quarantined", N_("quarantined"), CELL_COUNT},
    {"unknown", N_("unknown"), CELL_COUNT},
    {"offline", N_("offline"), CELL_COUNT},
    {"unpinned", N_("unpinned"), CELL_COUNT},
    {"never", N_("not asked yet"), CELL_COUNT},
};
enum { GROUP_COLUMNS = sizeof group_columns / sizeof *group_columns };

static const char *value_of(const struct device *d, enum fleet_by by)
{
    switch (by) {
    case FLEET_BY_FLOOR:
        return d->floor;
    case FLEET_BY_SHOP:
        return d->shop;
    case FLEET_BY_KIND:
        return d->kind;
    case FLEET_BY_MODEL:
        return d->model;
    case FLEET_BY_VERSION:
        return d->app;
    case FLEET_BY_ZONE:
        return d->zone;
    default:
        return "";
    }
}

static int name_compare(const void *a, const void *b)
{
    return version_compare(((const struct fleet_group_row *)a)->name,
                           ((const struct fleet_group_row *)b)->name);
}

static size_t groups_count(struct arena *arena, const struct device *devices, size_t n,
                           enum fleet_by by, struct fleet_group_row **out)
{
    const char **names = arena_array(arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++)
        names[i] = value_of(&devices[i], by);
    size_t found;
    const struct tally *tallies = tally(arena, names, n, &found);
    struct fleet_group_row *groups = arena_array(arena, struct fleet_group_row, found + 1);
    for (size_t g = 0; g < found; g++) {
        groups[g] = (struct fleet_group_row){.name = tallies[g].text, .n = tallies[g].n};
        for (size_t i = 0; i < n; i++)
            if (strcmp(value_of(&devices[i], by), groups[g].name) == 0)
                groups[g].states[devices[i].state]++;
    }
    if (found)
        qsort(groups, found, sizeof *groups, name_compare);
    *out = groups;
    return found;
}

struct sheet *fleet_group_sheet(struct arena *arena, const struct device *devices, size_t n,
                                enum fleet_by by, const struct fleet_group_row **out)
{
    struct fleet_group_row *groups;
    size_t found = groups_count(arena, devices, n, by, &groups);
    struct sheet_column *columns = arena_array(arena, struct sheet_column, GROUP_COLUMNS);
    memcpy(columns, group_columns, sizeof group_columns);
    columns[0].name = fleet_by_titles[by];
    columns[0].title = fleet_by_titles[by];
    struct sheet *sheet = sheet_new(arena, columns, GROUP_COLUMNS);
    static const enum device_condition shown[] = {
        DEVICE_OK,      DEVICE_FAILED,   DEVICE_QUARANTINED, DEVICE_UNKNOWN,
        DEVICE_OFFLINE, DEVICE_UNPINNED, DEVICE_NEVER};
    for (size_t g = 0; g < found; g++) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(*groups[g].name ? groups[g].name : _("(none)"));
        cells[1] = cell_integer((int64_t)groups[g].n);
        for (size_t k = 0; k < sizeof shown / sizeof *shown; k++)
            cells[2 + k] = cell_integer((int64_t)groups[g].states[shown[k]]);
        cells[5].integer += (int64_t)groups[g].states[DEVICE_CANCELLED];
    }
    *out = groups;
    return sheet;
}

const char *fleet_group_expression(struct arena *arena, enum fleet_by by, const char *name)
{
    static const char *const fields[FLEET_BYS] = {
        [FLEET_BY_NONE] = "device", [FLEET_BY_FLOOR] = "floor", [FLEET_BY_SHOP] = "shop",
        [FLEET_BY_KIND] = "kind",   [FLEET_BY_MODEL] = "model", [FLEET_BY_VERSION] = "version",
        [FLEET_BY_ZONE] = "zone"};
    size_t n = strlen(name);
    if (!n)
        return by == FLEET_BY_VERSION ? "not version>=0"
                                      : arena_printf(arena, "%s=\"\"", fields[by]);
    if (name[n - 1] == '\\')
        return NULL;
    char *quoted = arena_alloc(arena, 2 * n + 1), *to = quoted;
    for (size_t i = 0; i < n; i++) {
        if (name[i] == '"')
            *to++ = '\\';
        *to++ = name[i];
    }
    return arena_printf(arena, "%s=\"%s\"", fields[by], quoted);
}
