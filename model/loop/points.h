/*
 * The mall's points from the roll-ups, at once: how many by month, what becomes of them, and what
 * those outstanding will cost.
 *
 * Expected breakage (IFRS 15, B46: expected where history shows it) is a rule over the mall's own
 * history: of the points whose fate is known - burned or expired - in the last 24 full months
 * before the month of the present, the share that expired. Without 12 full months since the first
 * entry, or without 100 entries of fate in them, nothing is expected to break, which keeps the
 * liability on the high side. The setting points_breakage, in hundredths of a per cent, says
 * otherwise.
 */
#ifndef ATRIUM_LOOP_POINTS_H
#define ATRIUM_LOOP_POINTS_H

#include "model/event/event.h"

/* People's points, not nobody's. */
struct points_month {
    int32_t month; /* year * 12 + month - 1 of the mall day */
    int64_t earned, burned, expired, reversed, adjusted;
    int64_t fates; /* entries of burning and expiring */
};

enum breakage_source { BREAKAGE_NONE, BREAKAGE_HISTORY, BREAKAGE_SETTING };

struct points_history {
    struct points_month all; /* month 0 */
    size_t n_months;         /* from the first to the last month with entries, all of them */
    const struct points_month *months;
    double breakage; /* 0 to 1 */
    enum breakage_source source;
    int64_t known_burned, known_expired; /* what the history's rule counted */
    int64_t per_yuan; /* points that are worth a yuan (setting points_per_yuan) */
};

/* Owned by the arena. */
enum status points_history_read(struct reader *reader, struct arena *arena,
                                struct points_history *history, struct error *err);

/* earned - burned - expired - reversed + adjusted */
int64_t points_month_balance(const struct points_month *month);

/* points × (1 − breakage) ÷ per_yuan, in fen; 0 for fewer than no points. */
int64_t points_liability(const struct points_history *history, int64_t points);

#endif
