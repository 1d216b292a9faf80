/*
 * Event kinds: one table of the built-in ones. Any other name in a file becomes a custom kind with
 * a number from KIND_CUSTOM on, kept in the mall file's `kind` table.
 */
#ifndef ATRIUM_EVENT_KIND_H
#define ATRIUM_EVENT_KIND_H

#include <stddef.h>
#include <stdint.h>

enum kind_id {
    KIND_SIGHTING = 1,
    KIND_DOOR,
    KIND_VISIT,
    KIND_REGISTER,
    KIND_PURCHASE,
    KIND_REFUND,
    KIND_LINE,
    KIND_POINTS_EARN,
    KIND_POINTS_BURN,
    KIND_POINTS_EXPIRE,
    KIND_POINTS_ADJUST,
    KIND_COUPON_ISSUE,
    KIND_COUPON_CLAIM,
    KIND_COUPON_REDEEM,
    KIND_COUPON_EXPIRE,
    KIND_MESSAGE_SENT,
    KIND_MESSAGE_OPENED,
    KIND_MESSAGE_CLICKED,
    KIND_APP_OPEN,
    KIND_GROUP_JOIN,
    KIND_GROUP_POST,
    KIND_GROUP_EVENT,
    KIND_REFERRAL,
    KIND_REVIEW,
    KIND_BENEFIT,
    KIND_POINTS_REVERSE,
    KIND_BUILT_IN_END,
    KIND_CUSTOM = 64,
};

enum kind_unit { UNIT_NONE, UNIT_MONEY, UNIT_POINTS };

enum kind_flag {
    KIND_PRESENCE = 1 << 0, /* the person was there: makes visits */
    KIND_TILL = 1 << 1,     /* happened at a till */
    KIND_ACTIVE = 1 << 2,   /* makes a member active (purchase, points, coupon, app) */
    KIND_ENGAGED = 1 << 3,  /* makes an active member engaged */
};

struct kind_info {
    uint16_t id;
    const char *name;
    enum kind_unit unit; /* of the event's amount: fen or points; custom kinds: fen */
    unsigned flags;
    const char *value;   /* what the event's `value` column holds, or NULL */
    const char *summary; /* for help and the manual */
};

/* The built-in kinds, in order of id. */
extern const struct kind_info kinds[];
extern const size_t n_kinds;

/* NULL for a custom or unknown kind. */
const struct kind_info *kind_by_id(uint16_t id);
const struct kind_info *kind_by_name(const char *name, size_t n);

/* The entries of the points ledger, and how each counts in a balance: 1 adds its amount, -1 takes
 * it away, 0 is none of them. balance = earned - burned - expired - reversed + adjusted. */
enum { POINTS_KINDS = 5 };
extern const uint16_t points_kinds[POINTS_KINDS];
static inline int kind_points_sign(uint16_t id)
{
    if (id == KIND_POINTS_EARN || id == KIND_POINTS_ADJUST)
        return 1;
    return id == KIND_POINTS_BURN || id == KIND_POINTS_EXPIRE || id == KIND_POINTS_REVERSE ? -1 : 0;
}

/* Unit and flags of any kind, custom ones included. */
enum kind_unit kind_unit(uint16_t id);
unsigned kind_flags(uint16_t id);

#endif
