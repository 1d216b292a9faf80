#include "model/loop/rfm_group.h"

#include "model/base/intl.h"

#include <string.h>

const struct rfm_group rfm_groups[RFM_GROUPS] = {
    [RFM_CHAMPIONS] = {"champions", N_("champions"),
                       N_("thank them, show them what is new first, ask them to bring friends")},
    [RFM_LOYAL] = {"loyal", N_("loyal"), N_("offer the next tier; ask for a review")},
    [RFM_POTENTIAL] = {"potential-loyal", N_("could become loyal"),
                       N_("invite them to a group; recommend what goes with what they bought")},
    [RFM_NEW] = {"new", N_("new buyers"),
                 N_("welcome them, explain the points, give a reason for a second purchase")},
    [RFM_PROMISING] = {"promising", N_("promising"),
                       N_("remind them of the points they have; a small voucher soon")},
    [RFM_ATTENTION] = {"attention", N_("need attention"),
                       N_("an offer that ends soon, in the shops they know")},
    [RFM_SLEEPY] = {"sleepy", N_("about to fall asleep"),
                    N_("say what is new since their last visit; a cheap reason to come")},
    [RFM_AT_RISK] = {"at-risk", N_("at risk"),
                     N_("write personally, with a benefit worth the way")},
    [RFM_CANNOT_LOSE] = {"cannot-lose", N_("not to be lost"),
                         N_("call them; find out what went wrong; win them back at any price")},
    [RFM_HIBERNATING] = {"hibernating", N_("asleep"),
                         N_("one cheap message at a good occasion, then leave them alone")},
};

/* By recency - 1, then frequency - 1. */
static const enum rfm_group_id grid[5][5] = {
    {RFM_HIBERNATING, RFM_HIBERNATING, RFM_AT_RISK, RFM_AT_RISK, RFM_CANNOT_LOSE},
    {RFM_HIBERNATING, RFM_HIBERNATING, RFM_AT_RISK, RFM_AT_RISK, RFM_CANNOT_LOSE},
    {RFM_SLEEPY, RFM_SLEEPY, RFM_ATTENTION, RFM_LOYAL, RFM_LOYAL},
    {RFM_PROMISING, RFM_POTENTIAL, RFM_POTENTIAL, RFM_LOYAL, RFM_LOYAL},
    {RFM_NEW, RFM_POTENTIAL, RFM_POTENTIAL, RFM_CHAMPIONS, RFM_CHAMPIONS},
};

enum rfm_group_id rfm_group_of(int recency, int frequency)
{
    return grid[recency - 1][frequency - 1];
}

enum rfm_group_id rfm_group_named(const char *name)
{
    int group = 0;
    while (group < RFM_GROUPS && strcmp(rfm_groups[group].name, name) != 0)
        group++;
    return (enum rfm_group_id)group;
}

const uint32_t *rfm_people(struct arena *arena, const struct rfm *rfm, const int score[RFM_PARTS],
                           enum rfm_group_id group, size_t *n)
{
    uint32_t *found = arena_array(arena, uint32_t, rfm->n + 1);
    *n = 0;
    for (size_t i = 0; i < rfm->n; i++) {
        const uint8_t *s = rfm->score[i];
        bool in = group == RFM_GROUPS || rfm_group_of(s[RFM_RECENCY], s[RFM_FREQUENCY]) == group;
        for (int part = 0; part < RFM_PARTS; part++)
            in = in && (score[part] == 0 || s[part] == score[part]);
        if (in)
            found[(*n)++] = rfm->people[i];
    }
    return found;
}
