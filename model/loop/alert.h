/*
 * What needs a look today: a const table of rules, each with its threshold, and the findings of the
 * present day, worst first.
 */
#ifndef ATRIUM_LOOP_ALERT_H
#define ATRIUM_LOOP_ALERT_H

#include "model/loop/loop.h"

enum alert_level { ALERT_NOTE, ALERT_CHANGE, ALERT_TROUBLE }; /* ●  ▼▲  ! */

/* Where Enter leads. */
enum alert_place {
    ALERT_TO_PERCEIVE,
    ALERT_TO_CONVERT,
    ALERT_TO_ACTIVATE,
    ALERT_TO_COMMUNITY,
    ALERT_TO_SHOPS,
    ALERT_TO_DATA,
    ALERT_TO_FLEET,
};

struct alert_rule {
    const char *id;    /* "probes-silent" */
    const char *title; /* marked for translation */
    enum alert_level level;
    enum alert_place place;
    double threshold;       /* in the unit that the definition names */
    const char *definition; /* what is compared with what; marked for translation */
};
extern const struct alert_rule alert_rules[];

struct alert {
    const struct alert_rule *rule;
    const char *text; /* "registrations at POS down 34% in Fashion" */
    double value;     /* what was compared with the threshold */
    enum dimension dim;
    int64_t key;          /* what it is about: a zone, tenant, category; DIM_NONE: the mall */
    const char *argument; /* of the screen that Enter leads to; NULL: the place's own */
};

/* Worst level first, then by how far beyond the threshold. Owned by the arena. */
enum status alerts_run(struct reader *reader, struct arena *arena, const struct alert **alerts,
                       size_t *n, struct error *err);

#endif
