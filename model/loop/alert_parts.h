/* What the rules of alert.h share. Inside the module. */
#ifndef ATRIUM_LOOP_ALERT_PARTS_H
#define ATRIUM_LOOP_ALERT_PARTS_H

#include "model/base/vec.h"
#include "model/loop/alert.h"
#include "model/loop/survey.h"

enum rule_id {
    RULE_READ_ONLY,
    RULE_STALE,
    RULE_PROBES_SILENT,
    RULE_DEVICES_SILENT,
    RULE_QUARANTINED,
    RULE_POS_DOWN,
    RULE_CATEGORY_DOWN,
    RULE_SHOP_DOWN,
    RULE_POINTS_LIABILITY,
    RULE_CONFIG_DRIFT,
    RULE_REFUSED,
    RULE_DUPLICATES,
    RULE_COUNT
};

struct watch {
    struct reader *reader;
    struct arena *arena;
    const struct mall *mall;
    int64_t as_of, present;
    int32_t today;
    struct places places;
    uint32_t pos;
    size_t n_cells;
    const struct rollup_cell *cells; /* the last five weeks */
    VEC(struct alert) found;
};

void alert_found(struct watch *watch, enum rule_id rule, double value, enum dimension dim,
                 int64_t key, const char *text);

/* Devices that do not answer, by floor and kind, and those with another configuration. */
enum status alert_devices(struct watch *watch, struct error *err);

/* Zones that are not heard of, without those whose silent probes alert_devices tells. */
enum status alert_probes(struct watch *watch, struct error *err);

#endif
