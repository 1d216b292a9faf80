#include "model/event/kind.h"

#include "model/base/intl.h"

#include <string.h>

const struct kind_info kinds[] = {
    {KIND_SIGHTING, N_("sighting"), UNIT_NONE, KIND_PRESENCE, "dBm", "a probe heard a device"},
    {KIND_DOOR, N_("door"), UNIT_NONE, KIND_PRESENCE, NULL, "a person passed a counted door"},
    {KIND_VISIT, N_("visit"), UNIT_NONE, KIND_PRESENCE, NULL,
     "a visit as another system reported it"},
    {KIND_REGISTER, N_("register"), UNIT_NONE, 0, NULL, "a member's card was issued"},
    {KIND_PURCHASE, N_("purchase"), UNIT_MONEY, KIND_PRESENCE | KIND_TILL | KIND_ACTIVE, NULL,
     "a receipt was paid"},
    {KIND_REFUND, N_("refund"), UNIT_MONEY, KIND_PRESENCE | KIND_TILL, NULL,
     "money given back; the amount is positive"},
    {KIND_LINE, N_("line"), UNIT_MONEY, 0, "pieces", "one line of a receipt"},
    {KIND_POINTS_EARN, N_("points_earn"), UNIT_POINTS, KIND_ACTIVE, NULL, "points were credited"},
    {KIND_POINTS_BURN, N_("points_burn"), UNIT_POINTS, KIND_PRESENCE | KIND_TILL | KIND_ACTIVE,
     NULL, "points were spent"},
    {KIND_POINTS_EXPIRE, N_("points_expire"), UNIT_POINTS, 0, NULL, "points ran out"},
    {KIND_POINTS_ADJUST, N_("points_adjust"), UNIT_POINTS, 0, NULL,
     "points corrected by hand, signed"},
    {KIND_COUPON_ISSUE, N_("coupon_issue"), UNIT_MONEY, 0, NULL, "a coupon was given"},
    {KIND_COUPON_CLAIM, N_("coupon_claim"), UNIT_MONEY, KIND_ACTIVE, NULL, "a coupon was taken up"},
    {KIND_COUPON_REDEEM, N_("coupon_redeem"), UNIT_MONEY, KIND_PRESENCE | KIND_TILL | KIND_ACTIVE,
     NULL, "a coupon was redeemed at a till"},
    {KIND_COUPON_EXPIRE, N_("coupon_expire"), UNIT_MONEY, 0, NULL, "a coupon ran out unused"},
    {KIND_MESSAGE_SENT, N_("message_sent"), UNIT_NONE, 0, NULL, "a message went to a person"},
    {KIND_MESSAGE_OPENED, N_("message_opened"), UNIT_NONE, 0, NULL, "a message was opened"},
    {KIND_MESSAGE_CLICKED, N_("message_clicked"), UNIT_NONE, 0, NULL, "a message was answered"},
    {KIND_APP_OPEN, N_("app_open"), UNIT_NONE, KIND_ACTIVE, NULL, "the phone app was opened"},
    {KIND_GROUP_JOIN, N_("group_join"), UNIT_NONE, 0, NULL, "joined a group"},
    {KIND_GROUP_POST, N_("group_post"), UNIT_NONE, KIND_ENGAGED, NULL, "wrote in a group"},
    {KIND_GROUP_EVENT, N_("group_event"), UNIT_NONE, KIND_ENGAGED, NULL, "came to a group's event"},
    {KIND_REFERRAL, N_("referral"), UNIT_NONE, KIND_ENGAGED, NULL, "brought another person"},
    {KIND_REVIEW, N_("review"), UNIT_NONE, KIND_ENGAGED, NULL, "reviewed a shop"},
    {KIND_BENEFIT, N_("benefit"), UNIT_MONEY, 0, NULL, "a right or benefit was granted"},
    {KIND_POINTS_REVERSE, N_("points_reverse"), UNIT_POINTS, 0, "owed",
     "points earned were taken back; negative: points burned were given back"},
};
const size_t n_kinds = sizeof kinds / sizeof *kinds;

const uint16_t points_kinds[POINTS_KINDS] = {KIND_POINTS_EARN, KIND_POINTS_BURN, KIND_POINTS_EXPIRE,
                                             KIND_POINTS_ADJUST, KIND_POINTS_REVERSE};

const struct kind_info *kind_by_id(uint16_t id)
{
    return id >= 1 && id <= n_kinds ? &kinds[id - 1] : NULL;
}

const struct kind_info *kind_by_name(const char *name, size_t n)
{
    for (size_t i = 0; i < n_kinds; i++)
        if (strlen(kinds[i].name) == n && memcmp(kinds[i].name, name, n) == 0)
            return &kinds[i];
    return NULL;
}

enum kind_unit kind_unit(uint16_t id)
{
    const struct kind_info *kind = kind_by_id(id);
    return kind ? kind->unit : UNIT_MONEY;
}

unsigned kind_flags(uint16_t id)
{
    const struct kind_info *kind = kind_by_id(id);
    return kind ? kind->flags : 0;
}
