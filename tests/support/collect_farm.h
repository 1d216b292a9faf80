/* Simulated tills, probes and screens that a mall knows, for tests of collection. */
#ifndef ATRIUM_TESTS_COLLECT_FARM_H
#define ATRIUM_TESTS_COLLECT_FARM_H

#include "fixtures/devices/farm.h"
#include "model/fleet/collect.h"
#include "tests/support/temp.h"

enum { COLLECT_SEED = 7 };

/* Tills P0 … of the shops T0 …, then probes W0 …, then screens S0 …; all pinned. */
struct collect_farm {
    struct temp_mall mall;
    char *identity, *public_key;
    struct arena *arena;
    struct farm *farm;
    struct access access;
    size_t tills, probes, screens;
};

/* sale_ms as in farm_options. Ends the test on an error. */
void collect_farm_start(struct collect_farm *c, size_t tills, size_t probes, size_t screens,
                        int sale_ms);
/* From here on nothing is sold. */
void collect_farm_rest(struct collect_farm *c);
void collect_farm_stop(struct collect_farm *c);

/* Collects what there is; the result is the arena's. */
struct collect_result collect_farm_once(struct collect_farm *c);

/* A line of a spool of the device with this code. */
void collect_farm_line(struct collect_farm *c, const char *device, const char *spool,
                       const char *text);

/* A receipt line of a till. `member` may be "". */
void collect_farm_sell(struct collect_farm *c, size_t till, const char *receipt, int64_t time,
                       int64_t fen, const char *member);

/* One number that an SQL question has. */
int64_t collect_farm_number(struct collect_farm *c, const char *sql);
char *collect_farm_text(struct collect_farm *c, const char *sql); /* the arena's */
void collect_farm_sql(struct collect_farm *c, const char *sql);

/* Every invariant of the mall file, and: events are what the spools of all devices hold, by receipt
 * to the fen. Ends the test where not. Spools must hold receipts and sightings alone that are
 * right. */
void collect_farm_check(struct collect_farm *c);

#endif
