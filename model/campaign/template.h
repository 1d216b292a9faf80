/*
 * The text of a message: a template with fields of the person and of the campaign in braces.
 *
 *   {name|friend}, {points} points are waiting: {coupon} is good until {until}.
 *
 * `{field|otherwise}` takes the text behind the bar where the field is empty; `{{` and `}}` are
 * braces. What comes out is one line of clean UTF-8. SMS are counted as 3GPP TS 23.038 (7-bit
 * alphabet or UCS-2) and 23.040 (parts of a long message) have it.
 */
#ifndef ATRIUM_CAMPAIGN_TEMPLATE_H
#define ATRIUM_CAMPAIGN_TEMPLATE_H

#include "model/campaign/campaign.h"

enum template_field {
    TEMPLATE_NAME,
    TEMPLATE_CARD,
    TEMPLATE_TIER,
    TEMPLATE_POINTS,
    TEMPLATE_COUPON, /* also written {code} */
    TEMPLATE_SHOP,
    TEMPLATE_POPULAR,
    TEMPLATE_VALUE,
    TEMPLATE_MINIMUM,
    TEMPLATE_UNTIL,
    TEMPLATE_GIFT,
    TEMPLATE_CAMPAIGN,
    TEMPLATE_MALL,
    TEMPLATE_FIELDS
};

struct template_field_info {
    const char *name;    /* in braces */
    const char *summary; /* for help, translated where shown */
    const char *example; /* what a preview has in its place */
};
extern const struct template_field_info template_fields[TEMPLATE_FIELDS];

enum { TEMPLATE_MOST = 2000, TEMPLATE_VALUE_MOST = 120, SMS_PARTS_MOST = 10 };

/* A template taken apart; owned by the arena. *problem is NULL, or what is wrong with it in a
 * sentence that says at which character (and then the result is NULL). */
struct template;
const struct template *template_read(struct arena *arena, const char *text, const char **problem);

/* Which fields it has: bits 1 << enum template_field. */
unsigned template_uses(const struct template *template);

/* The text with these values (NULL: empty; cut after TEMPLATE_VALUE_MOST characters). Control
 * characters, line ends and ill-formed bytes become one space. Owned by the arena. */
char *template_fill(struct arena *arena, const struct template *template,
                    const char *const values[TEMPLATE_FIELDS]);

/* What is wrong with a campaign's message, in a sentence; NULL: nothing. An unknown field, a coupon
 * where the campaign gives none, no text where a contact needs one, an SMS of too many parts. For
 * campaign_check and the form. */
const char *template_problem(struct arena *arena, const struct campaign *campaign);

/* ---- SMS ---- */

struct sms_count {
    bool ucs2;   /* a character is not in the 7-bit alphabet */
    int units;   /* septets, or UTF-16 units */
    int parts;   /* messages that the network charges; 0 for an empty text */
    int left;    /* units that still fit the last part */
    char why[5]; /* the first character that asked for UCS-2, "" */
};

/* A pair (an escaped septet, a surrogate pair) is never split between parts. */
struct sms_count sms_count(const char *text);

/* The message with examples in place of the fields, and how an SMS of it counts: shown while it is
 * edited. NULL with *problem where it cannot be read. */
const char *template_example(struct arena *arena, const struct campaign *campaign,
                             struct sms_count *count, const char **problem);

#endif
