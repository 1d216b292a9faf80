/* What a person does with a roll-out: a choice of moves, the reach stated and its number typed. */
#ifndef ATRIUM_VIEWS_ROLLOUT_ACTS_H
#define ATRIUM_VIEWS_ROLLOUT_ACTS_H

#include "views/console.h"
#include "views/rollout_text.h"

struct rollout_subject {
    const struct rollout *rollout;
    const struct rollout_row *rows;
    size_t n;
    const struct device *devices; /* the inventory */
    size_t n_devices;
};

/* What can be done with it as it is, to choose from. */
void rollout_act_choose(struct console *console, const struct rollout_subject *subject);

/* That one; says so where its state has no such move. */
void rollout_act(struct console *console, const struct rollout_subject *subject,
                 enum rollout_verb verb);

#endif
