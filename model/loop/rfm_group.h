/*
 * The usual names for the cells of the RFM grid, by recency and frequency: who is a champion, who
 * is at risk, and what to do about it. Money does not change the name; it says whom to begin with.
 */
#ifndef ATRIUM_LOOP_RFM_GROUP_H
#define ATRIUM_LOOP_RFM_GROUP_H

#include "model/loop/rfm.h"

enum rfm_group_id {
    RFM_CHAMPIONS,
    RFM_LOYAL,
    RFM_POTENTIAL,
    RFM_NEW,
    RFM_PROMISING,
    RFM_ATTENTION,
    RFM_SLEEPY,
    RFM_AT_RISK,
    RFM_CANNOT_LOSE,
    RFM_HIBERNATING,
    RFM_GROUPS
};

struct rfm_group {
    const char *name;  /* for scripts: "at-risk" */
    const char *title; /* marked for translation */
    const char *hint;  /* what to do, marked for translation */
};
extern const struct rfm_group rfm_groups[RFM_GROUPS];

/* The group of a cell; scores 1..5. */
enum rfm_group_id rfm_group_of(int recency, int frequency);

/* RFM_GROUPS for a name that is none. */
enum rfm_group_id rfm_group_named(const char *name);

/* Whose scores these are, where 0 stands for any score, and `group` RFM_GROUPS for any group.
 * Rising; owned by the arena. */
const uint32_t *rfm_people(struct arena *arena, const struct rfm *rfm, const int score[RFM_PARTS],
                           enum rfm_group_id group, size_t *n);

#endif
