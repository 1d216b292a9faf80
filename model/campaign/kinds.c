/* Kinds of campaigns and contacts: const tables. */
#include "model/base/intl.h"
#include "model/campaign/campaign.h"

const char *const contact_names[CONTACT_COUNT] = {"",     "pos",    "app",  "sms",
                                                  "wifi", "screen", "staff"};

#define COUPON_KEYS "minimum shops valid stock stacking"

const struct campaign_kind_info campaign_kinds[CAMPAIGN_KINDS] = {
    [CAMPAIGN_UNKNOWN] = {"", N_("unknown"), "", "", "", "", false, false},
    [CAMPAIGN_COUPON] = {"coupon", N_("coupon"), N_("A coupon: money off above a minimum."),
                         "value", "", COUPON_KEYS, true, false},
    [CAMPAIGN_POINTS_CASH] = {"points-cash", N_("points pay"),
                              N_("On these days points pay in part or in full."), "points_per_yuan",
                              "", "minimum shops", false, false},
    [CAMPAIGN_POINTS_MULTIPLIER] = {"points-multiplier", N_("more points"),
                                    N_("On these days purchases earn a multiple of the points."),
                                    "factor", "", "minimum shops", false, false},
    [CAMPAIGN_REGISTRATION] = {"registration", N_("registration"),
                               N_("A gift for who registers, mostly at the POS."), "",
                               "points value gift", COUPON_KEYS, true, false},
    [CAMPAIGN_WIN_BACK] = {"win-back", N_("win back"),
                           N_("A coupon for people who have stayed away."), "value", "",
                           COUPON_KEYS, true, true},
    [CAMPAIGN_BENEFIT] = {"benefit", N_("benefit"), N_("A right or a gift for a named list."), "",
                          "gift value points", COUPON_KEYS, true, true},
    [CAMPAIGN_POPULAR] = {"popular", N_("what most like"),
                          N_("Newcomers are told what most people like."), "", "", "shops", false,
                          false},
};
