/*
 * Who comes in which wave of a roll-out, before it is made and as it is made: the same code says it
 * to a person who plans one and writes it into the mall file.
 */
#ifndef ATRIUM_FLEET_ROLLOUT_PREVIEW_H
#define ATRIUM_FLEET_ROLLOUT_PREVIEW_H

#include "model/fleet/rollout_plan.h"

/* What is to be known of a device beforehand. */
enum rollout_remark {
    REMARK_NONE,
    /* Left out: nothing can be sent to it. */
    REMARK_QUARANTINED,
    REMARK_UNPINNED,
    /* It comes along, but: */
    REMARK_BUSY, /* it is in another roll-out, which must end before this one starts */
    REMARK_HAS,  /* it runs the version: it counts as ok */
    REMARK_AWAY, /* it did not answer last time: it is waited for, and no canary */
    REMARK_ODD,  /* it is of another kind than most of them */
    ROLLOUT_REMARKS
};
extern const char *const rollout_remark_names[ROLLOUT_REMARKS]; /* in JSON */
extern const char *const rollout_remark_texts[ROLLOUT_REMARKS]; /* for people, to be translated */

struct rollout_place {
    const struct device *device;
    int wave; /* -1: left out */
    enum rollout_remark remark;
    const char *more; /* why it is in quarantine; the other roll-out's code; "" */
    uint64_t order;   /* within those that answer, and those that do not */
};

/* The waves of a draft, and its definition checked (as rollout_define). Places by wave and then by
 * code, those that are left out at the end; `kept` are not. Owned by the arena; points to the
 * devices. ST_REFUSED with what was found and expected; places are there all the same, without
 * waves. */
enum status rollout_places(struct arena *arena, const struct rollout_draft *draft,
                           const struct device *devices, size_t n, struct rollout *rollout,
                           struct rollout_place **places, size_t *kept, struct error *err);

struct rollout_preview {
    struct rollout rollout;
    struct rollout_place *places; /* as of rollout_places, with all remarks */
    size_t n, kept;
    struct rollout_wave waves[ROLLOUT_WAVES]; /* size, limit, need */
    int n_waves;
    bool approval;       /* it needs somebody else's before it can be started */
    int64_t free;        /* up to so many devices need none */
    const char *problem; /* of the definition; NULL: it is good */
    const char *archive; /* what is wrong with the file; NULL: nothing */
};

/* All of that as of now; reads the beginning of the archive. ST_DENIED without RIGHT_DEVICES. */
enum status rollout_preview(struct reader *reader, const struct access *access, struct arena *arena,
                            const struct rollout_draft *draft, const struct device *devices,
                            size_t n, struct rollout_preview *preview, struct error *err);

/* Up to so many devices a roll-out is started without anybody's approval (the setting
 * rollout_free_devices). */
enum status rollout_free_devices(struct reader *reader, int64_t *free, struct error *err);

#endif
