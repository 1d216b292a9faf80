/* Devices and groups of them as rows of a list. Nothing here asks or waits. */
#ifndef ATRIUM_VIEWS_FLEET_ROWS_H
#define ATRIUM_VIEWS_FLEET_ROWS_H

#include "model/base/sheet.h"
#include "model/fleet/engine.h"
#include "tui/theme.h"

enum fleet_by {
    FLEET_BY_NONE,
    FLEET_BY_FLOOR,
    FLEET_BY_SHOP,
    FLEET_BY_KIND,
    FLEET_BY_MODEL,
    FLEET_BY_VERSION,
    FLEET_BY_ZONE,
    FLEET_BYS
};
extern const char *const fleet_by_titles[FLEET_BYS]; /* marked for translation */

/* Columns of both sheets. */
enum {
    FLEET_COLUMN_NAME,
    FLEET_COLUMN_SHOP,
    FLEET_COLUMN_STATE,
    FLEET_COLUMN_VERSION,
    FLEET_COLUMN_CONFIG,
    FLEET_COLUMN_WHERE = 9
};
enum { FLEET_HUNG_S = 3 };

/* "● ok", in the user's language. Owned by the arena. */
const char *fleet_state_text(struct arena *arena, enum device_condition state);
/* The sign alone, one cell. */
const char *fleet_state_sign(enum device_condition state);
/* The word alone, by its name in JSON. */
const char *fleet_state_named(const char *name);
enum role fleet_state_role(enum device_condition state);

/* A phase by its name (engine.h) in the user's language; a name that is none comes back as it is.
 */
const char *fleet_phase_text(const char *name);

/* "=" as desired, "drift", "?" not known, "queued"; "" where nothing is desired. */
const char *fleet_drift_text(enum device_drift drift);
/* The same of a device; where nothing is desired of it "=" as most of its kind, or "≠ 0a1b2c". */
const char *fleet_config_text(struct arena *arena, const struct device *device, const char *usual);

/* The configuration that most devices of the kind have; "": none of them told. */
const char *fleet_usual_config(const struct device *devices, size_t n, const char *kind);

/* "● 380 ok  ! 12 failed  …"; `brief`: "● 380 ! 14 …", without words. */
const char *fleet_counts_text(struct arena *arena, const struct device *devices, size_t n,
                              bool brief);

/* Where a device is being asked at present; NULL: it is not. Owned by the arena. */
typedef const char *fleet_asking_fn(struct arena *arena, void *context, uint32_t device);

/* One row a device; `all`: those that the usual configuration is found among. */
struct sheet *fleet_device_sheet(struct arena *arena, const struct device *all, size_t n_all,
                                 const struct device *shown, size_t n, int64_t now,
                                 fleet_asking_fn *asking, void *context);

struct fleet_group_row {
    const char *name; /* "" where they have none */
    size_t n;
    size_t states[DEVICE_CONDITIONS];
};

/* Groups in order of their names, versions as versions. */
struct sheet *fleet_group_sheet(struct arena *arena, const struct device *devices, size_t n,
                                enum fleet_by by, const struct fleet_group_row **groups);

/* An expression that selects a group; NULL where its name cannot be written in one. Owned by the
 * arena. */
const char *fleet_group_expression(struct arena *arena, enum fleet_by by, const char *name);

/* "12 pos, 2 screen": what kinds these are, the most frequent first. Owned by the arena. */
const char *fleet_kinds_text(struct arena *arena, const struct device *devices, size_t n);

#endif
