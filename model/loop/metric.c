#include "model/loop/metric.h"
#include "model/base/text.h"

#include <math.h>
#include <string.h>

const char *const stage_names[STAGE_COUNT] = {"perceive", "convert", "activate", "community"};

/* One row: id, name, title, unit, better, behind, sum, part, whole, definition, question. */
#define COUNT METRIC_UNIT_COUNT
#define MONEY METRIC_UNIT_MONEY
#define POINTS METRIC_UNIT_POINTS
#define SHARE METRIC_UNIT_SHARE
#define DURATION METRIC_UNIT_DURATION
#define REAL METRIC_UNIT_REAL
#define NO_PARTS METRIC_END, METRIC_END

const struct metric metrics[METRIC_END] = {
    /* ---- Perceive ---- */
    [METRIC_VISITS] =
        {METRIC_VISITS, "visits", "visits", COUNT, BETTER_UP, STAGE_PERCEIVE, BEHIND_VISITS,
         SUM_COUNT, NO_PARTS,
         "Sightings, door and till events of one person no more than 30 minutes apart "
         "(setting visit_gap) are one visit. A visit is cut at the period's border.",
         "atrium visits"},
    [METRIC_PEOPLE_SEEN] = {METRIC_PEOPLE_SEEN, "people_seen", "people seen", COUNT, BETTER_UP,
                            STAGE_PERCEIVE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                            "Distinct persons with a visit in the period. Random MACs make no "
                            "person: their traffic is shown beside, as detections.",
                            "atrium loop"},
    [METRIC_NEW_PEOPLE] = {METRIC_NEW_PEOPLE, "new_people", "new people", COUNT, BETTER_UP,
                           STAGE_PERCEIVE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                           "People seen whose first visit ever lies in the period.", "atrium loop"},
    [METRIC_RETURNING_PEOPLE] = {METRIC_RETURNING_PEOPLE, "returning_people", "returning people",
                                 COUNT, BETTER_UP, STAGE_PERCEIVE, BEHIND_PEOPLE, SUM_COUNT,
                                 NO_PARTS, "People seen who had a visit before the period.",
                                 "atrium loop"},
    [METRIC_VISITORS] = {METRIC_VISITORS, "visitors", "visitors", COUNT, BETTER_UP, STAGE_PERCEIVE,
                         BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                         "People seen without a registration at or before the start of their first "
                         "visit of the period.",
                         "atrium loop"},
    [METRIC_MEMBERS_SEEN] =
        {METRIC_MEMBERS_SEEN, "members_seen", "members seen", COUNT, BETTER_UP, STAGE_PERCEIVE,
         BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         "People seen with a registration at or before the start of their first "
         "visit of the period.",
         "atrium loop"},
    [METRIC_DWELL_MEAN] =
        {METRIC_DWELL_MEAN, "dwell_mean_s", "mean dwell", DURATION, BETTER_UP, STAGE_PERCEIVE,
         BEHIND_VISITS, SUM_RATIO, METRIC_DWELL_TOTAL, METRIC_VISITS_WITH_DWELL,
         "Dwell is the last minus the first event of a visit. Visits of dwell 0 (a "
         "single event) are left out of the mean.",
         "atrium loop"},
    [METRIC_DWELL_TOTAL] = {METRIC_DWELL_TOTAL, "dwell_total_s", "total dwell", DURATION, BETTER_UP,
                            STAGE_PERCEIVE, BEHIND_VISITS, SUM_AMOUNT, NO_PARTS,
                            "The dwell of all visits of the period.", "atrium visits"},
    [METRIC_VISITS_WITH_DWELL] = {METRIC_VISITS_WITH_DWELL, "visits_with_dwell",
                                  "visits with dwell", COUNT, BETTER_UP, STAGE_PERCEIVE,
                                  BEHIND_VISITS, SUM_COUNT, NO_PARTS,
                                  "Visits of more than one moment: those that mean dwell is of.",
                                  "atrium visits"},
    [METRIC_VISITS_UNDER_10_MIN] =
        {METRIC_VISITS_UNDER_10_MIN, "under_10_min", "visits under 10 min", COUNT, BETTER_DOWN,
         STAGE_PERCEIVE, BEHIND_VISITS, SUM_COUNT, NO_PARTS,
         "Visits with a dwell below 600 seconds, those of a single event "
         "included.",
         "atrium visits"},
    [METRIC_DETECTIONS] = {METRIC_DETECTIONS, "detections", "detections", COUNT, BETTER_NEITHER,
                           STAGE_PERCEIVE, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                           "Sightings of devices by probes, random MACs included.",
                           "atrium visits"},
    [METRIC_RANDOM_DETECTIONS] =
        {METRIC_RANDOM_DETECTIONS, "random_detections", "detections of random MACs", COUNT,
         BETTER_NEITHER, STAGE_PERCEIVE, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
         "Sightings of randomised MACs (bit 2 of the first octet set). They "
         "are traffic and never a person.",
         "atrium visits"},
    [METRIC_RANDOM_MAC_SHARE] = {METRIC_RANDOM_MAC_SHARE, "random_mac_share", "random MACs", SHARE,
                                 BETTER_NEITHER, STAGE_PERCEIVE, BEHIND_EVENTS, SUM_RATIO,
                                 METRIC_RANDOM_DETECTIONS, METRIC_DETECTIONS,
                                 "Detections of random MACs ÷ all detections: the share of the "
                                 "traffic that people seen and returning people do not rest on.",
                                 "atrium loop"},
    [METRIC_DEVICES] = {METRIC_DEVICES, "devices", "devices", COUNT, BETTER_NEITHER, STAGE_PERCEIVE,
                        BEHIND_PEOPLE, SUM_OTHER, NO_PARTS,
                        "People with a sighting in the period, and the random MACs beside them. "
                        "The list is of the people.",
                        "atrium visits"},
    [METRIC_RANDOM_DEVICES] =
        {METRIC_RANDOM_DEVICES, "random_devices", "random MACs seen", COUNT, BETTER_NEITHER,
         STAGE_PERCEIVE, BEHIND_ADDRESSES, SUM_COUNT, NO_PARTS,
         "Distinct randomised addresses sighted. One phone makes many: this is "
         "no count of people.",
         "atrium visits"},
    [METRIC_PRESENT] = {METRIC_PRESENT, "present", "people in the mall", COUNT, BETTER_UP,
                        STAGE_PERCEIVE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                        "Distinct persons with a visit under way: by the hour, those whose visit "
                        "touches that hour.",
                        "atrium loop"},
    /* ---- Convert ---- */
    [METRIC_REGISTRATIONS] = {METRIC_REGISTRATIONS, "registrations", "registrations", COUNT,
                              BETTER_UP, STAGE_CONVERT, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                              "Events `register` in the period.", "atrium loop"},
    [METRIC_REGISTRATIONS_POS] = {METRIC_REGISTRATIONS_POS, "registrations_pos",
                                  "registrations at POS", COUNT, BETTER_UP, STAGE_CONVERT,
                                  BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                                  "Registrations whose channel is `pos`.", "atrium loop"},
    [METRIC_POS_SHARE] = {METRIC_POS_SHARE, "pos_share", "POS", SHARE, BETTER_UP, STAGE_CONVERT,
                          BEHIND_EVENTS, SUM_RATIO, METRIC_REGISTRATIONS_POS, METRIC_REGISTRATIONS,
                          "Registrations with channel `pos` ÷ all registrations.", "atrium loop"},
    [METRIC_REGISTRATIONS_APP] = {METRIC_REGISTRATIONS_APP, "registrations_app",
                                  "registrations in the app", COUNT, BETTER_UP, STAGE_CONVERT,
                                  BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                                  "Registrations whose channel is `app`.", "atrium loop"},
    [METRIC_APP_SHARE] = {METRIC_APP_SHARE, "app_share", "app", SHARE, BETTER_NEITHER,
                          STAGE_CONVERT, BEHIND_EVENTS, SUM_RATIO, METRIC_REGISTRATIONS_APP,
                          METRIC_REGISTRATIONS,
                          "Registrations with channel `app` ÷ all registrations.", "atrium loop"},
    [METRIC_NEW_MEMBERS] = {METRIC_NEW_MEMBERS, "new_members", "new members", COUNT, BETTER_UP,
                            STAGE_CONVERT, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                            "Persons whose first registration lies in the period.", "atrium loop"},
    [METRIC_SMART_POS_SHOPS] = {METRIC_SMART_POS_SHOPS, "smart_pos_shops", "smart-POS shops", COUNT,
                                BETTER_UP, STAGE_CONVERT, BEHIND_SHOPS, SUM_COUNT, NO_PARTS,
                                "Shops that have a smart POS.", "atrium tenant list"},
    [METRIC_REGISTERING_SHOPS] = {METRIC_REGISTERING_SHOPS, "registering_shops",
                                  "shops that registered", COUNT, BETTER_UP, STAGE_CONVERT,
                                  BEHIND_SHOPS, SUM_COUNT, NO_PARTS,
                                  "Shops with at least one registration in the period.",
                                  "atrium loop"},
    [METRIC_VISITORS_CONVERTED] = {METRIC_VISITORS_CONVERTED, "visitors_converted",
                                   "visitors who registered", COUNT, BETTER_UP, STAGE_CONVERT,
                                   BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                                   "Visitors of the period whose first registration lies in it.",
                                   "atrium loop"},
    [METRIC_VISITOR_TO_MEMBER] =
        {METRIC_VISITOR_TO_MEMBER, "visitor_to_member_rate", "visitor to member", SHARE, BETTER_UP,
         STAGE_CONVERT, BEHIND_PEOPLE, SUM_RATIO, METRIC_VISITORS_CONVERTED, METRIC_VISITORS,
         "Visitors seen in the period who registered in it ÷ visitors seen "
         "in the period.",
         "atrium loop"},
    [METRIC_CONVERTED_AFTER_VISIT] = {METRIC_CONVERTED_AFTER_VISIT, "converted_after_visit",
                                      "registered after a visit", COUNT, BETTER_UP, STAGE_CONVERT,
                                      BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                                      "New members whose first visit ever was at or before their "
                                      "registration: those that time to convert is of.",
                                      "atrium loop"},
    [METRIC_TIME_TO_CONVERT_MEDIAN] = {METRIC_TIME_TO_CONVERT_MEDIAN, "time_to_convert_median_s",
                                       "time to member", DURATION, BETTER_DOWN, STAGE_CONVERT,
                                       BEHIND_PEOPLE, SUM_MEDIAN, METRIC_CONVERTED_AFTER_VISIT,
                                       METRIC_CONVERTED_AFTER_VISIT,
                                       "The median of registration − first visit, of those "
                                       "registered in the period.",
                                       "atrium loop"},
    [METRIC_TIME_TO_CONVERT_MEAN] = {METRIC_TIME_TO_CONVERT_MEAN, "time_to_convert_mean_s",
                                     "mean time to member", DURATION, BETTER_DOWN, STAGE_CONVERT,
                                     BEHIND_PEOPLE, SUM_OTHER, METRIC_CONVERTED_AFTER_VISIT,
                                     METRIC_CONVERTED_AFTER_VISIT,
                                     "The mean of registration − first visit, of those registered "
                                     "in the period.",
                                     "atrium loop"},
    /* ---- Activate ---- */
    [METRIC_ACTIVE] = {METRIC_ACTIVE, "active", "active members", COUNT, BETTER_UP, STAGE_ACTIVATE,
                       BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                       "Members with at least one purchase, points, coupon or app event in the "
                       "period, at or after their registration.",
                       "atrium loop"},
    [METRIC_MEMBERS] = {METRIC_MEMBERS, "members", "members", COUNT, BETTER_UP, STAGE_ACTIVATE,
                        BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                        "Persons with a registration before the period's end.", "atrium loop"},
    [METRIC_REACHABLE] = {METRIC_REACHABLE, "reachable", "reachable members", COUNT, BETTER_UP,
                          STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                          "Members with consent and an address for at least one contact: SMS and a "
                          "phone number, the app and an app, Wi-Fi and a Wi-Fi device. Consent is "
                          "as it stands today.",
                          "atrium loop"},
    [METRIC_REACHABLE_SHARE] = {METRIC_REACHABLE_SHARE, "reachable_share", "reachable", SHARE,
                                BETTER_UP, STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_RATIO,
                                METRIC_REACHABLE, METRIC_MEMBERS, "Reachable members ÷ members.",
                                "atrium loop"},
    [METRIC_RECEIPTS] = {METRIC_RECEIPTS, "receipts", "receipts", COUNT, BETTER_UP, STAGE_ACTIVATE,
                         BEHIND_EVENTS, SUM_COUNT, NO_PARTS, "Purchases in the period.",
                         "atrium loop"},
    [METRIC_SALES] = {METRIC_SALES, "sales", "sales", MONEY, BETTER_UP, STAGE_ACTIVATE,
                      BEHIND_EVENTS, SUM_AMOUNT, NO_PARTS,
                      "Purchases less refunds of the period, all customers.", "atrium loop"},
    [METRIC_MEMBER_SALES] =
        {METRIC_MEMBER_SALES, "member_sales", "sales to members", MONEY, BETTER_UP, STAGE_ACTIVATE,
         BEHIND_EVENTS, SUM_AMOUNT, NO_PARTS,
         "Purchases less refunds of persons who were members at the time of the "
         "receipt.",
         "atrium loop"},
    [METRIC_MEMBER_SHARE] =
        {METRIC_MEMBER_SHARE, "member_share", "member share", SHARE, BETTER_UP, STAGE_ACTIVATE,
         BEHIND_EVENTS, SUM_RATIO, METRIC_MEMBER_SALES, METRIC_SALES,
         "Sales to members (at the time of sale) ÷ all sales; anonymous receipts "
         "count below the line.",
         "atrium loop"},
    [METRIC_VISITOR_SALES] = {METRIC_VISITOR_SALES, "visitor_sales", "sales to visitors", MONEY,
                              BETTER_NEITHER, STAGE_ACTIVATE, BEHIND_EVENTS, SUM_AMOUNT, NO_PARTS,
                              "Purchases less refunds of known persons who were not members at the "
                              "time.",
                              "atrium loop"},
    [METRIC_ANONYMOUS_SALES] = {METRIC_ANONYMOUS_SALES, "anonymous_sales", "anonymous sales", MONEY,
                                BETTER_DOWN, STAGE_ACTIVATE, BEHIND_EVENTS, SUM_AMOUNT, NO_PARTS,
                                "Purchases less refunds of receipts that name nobody.",
                                "atrium loop"},
    [METRIC_SHOPS_MEMBER_SHARE_80] = {METRIC_SHOPS_MEMBER_SHARE_80, "shops_member_share_80",
                                      "shops above 80 % member share", COUNT, BETTER_UP,
                                      STAGE_ACTIVATE, BEHIND_SHOPS, SUM_COUNT, NO_PARTS,
                                      "Shops with sales in the period and a member share above "
                                      "80 %.",
                                      "atrium loop"},
    [METRIC_POINTS_EARNED] = {METRIC_POINTS_EARNED, "points_earned", "points earned", POINTS,
                              BETTER_UP, STAGE_ACTIVATE, BEHIND_EVENTS, SUM_AMOUNT, NO_PARTS,
                              "The sum of points credited in the period.", "atrium loop"},
    [METRIC_POINTS_BURNED] = {METRIC_POINTS_BURNED, "points_burned", "points burned", POINTS,
                              BETTER_UP, STAGE_ACTIVATE, BEHIND_EVENTS, SUM_AMOUNT, NO_PARTS,
                              "The sum of points spent in the period.", "atrium loop"},
    [METRIC_POINTS_OUTSTANDING] =
        {METRIC_POINTS_OUTSTANDING, "points_outstanding", "points outstanding", POINTS,
         BETTER_NEITHER, STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_AMOUNT, NO_PARTS,
         "Points earned and adjusted less burned and expired, before the "
         "period's end. The list is of the people whose balance is not 0.",
         "atrium loop"},
    [METRIC_POINTS_LIABILITY] =
        {METRIC_POINTS_LIABILITY, "points_liability", "points liability", MONEY, BETTER_DOWN,
         STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_OTHER, NO_PARTS,
         "Outstanding points × (1 − expected breakage) × the value of a "
         "point (settings points_breakage, points_per_yuan). The list is of "
         "the people who hold some.",
         "atrium loop"},
    [METRIC_BUYERS] = {METRIC_BUYERS, "buyers", "buyers", COUNT, BETTER_UP, STAGE_ACTIVATE,
                       BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                       "Distinct persons with a purchase in the period.", "atrium loop"},
    [METRIC_REPEAT_BUYERS] = {METRIC_REPEAT_BUYERS, "repeat_buyers", "repeat buyers", COUNT,
                              BETTER_UP, STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                              "Buyers with purchases on at least two mall days of the period.",
                              "atrium loop"},
    [METRIC_REPEAT_RATE] = {METRIC_REPEAT_RATE, "repeat_rate", "repeat rate", SHARE, BETTER_UP,
                            STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_RATIO, METRIC_REPEAT_BUYERS,
                            METRIC_BUYERS,
                            "Buyers in the period with at least two purchases on different days ÷ "
                            "buyers.",
                            "atrium loop"},
    [METRIC_WHEEL_STARTED] =
        {METRIC_WHEEL_STARTED, "wheel_started", "cards issued", COUNT, BETTER_UP, STAGE_ACTIVATE,
         BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         "The wheel's first step: persons whose first registration lies in the "
         "period.",
         "atrium loop"},
    [METRIC_WHEEL_PURCHASED] = {METRIC_WHEEL_PURCHASED, "wheel_purchased", "then purchased", COUNT,
                                BETTER_UP, STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                                "Of those, who made a purchase within 30 days of the registration.",
                                "atrium loop"},
    [METRIC_WHEEL_EARNED] =
        {METRIC_WHEEL_EARNED, "wheel_earned", "then earned points", COUNT, BETTER_UP,
         STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         "Of those, who earned points with or after that purchase, within the 30 "
         "days.",
         "atrium loop"},
    [METRIC_WHEEL_AGAIN] =
        {METRIC_WHEEL_AGAIN, "wheel_again", "then purchased again", COUNT, BETTER_UP,
         STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         "Of those, who purchased again later than the points were earned, within "
         "the 30 days.",
         "atrium loop"},
    [METRIC_WHEEL_RATE] = {METRIC_WHEEL_RATE, "wheel_rate", "the whole wheel", SHARE, BETTER_UP,
                           STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_RATIO, METRIC_WHEEL_AGAIN,
                           METRIC_WHEEL_STARTED,
                           "Funnel register → purchase → points_earn → purchase (later than the "
                           "earn), 30-day window: those who came to its end ÷ those who started.",
                           "atrium loop"},
    [METRIC_WHEEL_ROUNDS] = {METRIC_WHEEL_ROUNDS, "wheel_rounds", "rounds of the wheel", COUNT,
                             BETTER_UP, STAGE_ACTIVATE, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                             "Purchases that followed points earned since the purchase or "
                             "registration before, within 30 days of the registration, of members "
                             "registered in the period.",
                             "atrium loop"},
    [METRIC_WHEEL_TURNS] = {METRIC_WHEEL_TURNS, "wheel_turns", "wheel turned", REAL, BETTER_UP,
                            STAGE_ACTIVATE, BEHIND_EVENTS, SUM_RATIO, METRIC_WHEEL_ROUNDS,
                            METRIC_WHEEL_STARTED,
                            "The mean number of purchase-after-points rounds per member who "
                            "started.",
                            "atrium loop"},
    [METRIC_ACTIVATED] = {METRIC_ACTIVATED, "activated", "new members become active", COUNT,
                          BETTER_UP, STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                          "New members of the period with a purchase, points, coupon or app event "
                          "within 30 days of their registration.",
                          "atrium loop"},
    [METRIC_ACTIVATION_RATE] = {METRIC_ACTIVATION_RATE, "activation_rate", "new member to active",
                                SHARE, BETTER_UP, STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_RATIO,
                                METRIC_ACTIVATED, METRIC_NEW_MEMBERS,
                                "Members registered in the period who became active within 30 days "
                                "÷ members registered in the period.",
                                "atrium loop"},
    /* ---- Community ---- */
    [METRIC_ENGAGED] = {METRIC_ENGAGED, "engaged", "engaged members", COUNT, BETTER_UP,
                        STAGE_COMMUNITY, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                        "Active members with a group post or event, a referral, a review, or a "
                        "visit together with a related person in the period.",
                        "atrium loop"},
    [METRIC_ENGAGED_RATE] = {METRIC_ENGAGED_RATE, "engaged_rate", "active to engaged", SHARE,
                             BETTER_UP, STAGE_COMMUNITY, BEHIND_PEOPLE, SUM_RATIO, METRIC_ENGAGED,
                             METRIC_ACTIVE, "Engaged members ÷ active members.", "atrium loop"},
    [METRIC_GROUPS] = {METRIC_GROUPS, "groups", "groups", COUNT, BETTER_UP, STAGE_COMMUNITY,
                       BEHIND_GROUPS, SUM_COUNT, NO_PARTS,
                       "Groups with at least one person who joined before the period's end.",
                       "atrium loop"},
    [METRIC_GROUP_MEMBERS] = {METRIC_GROUP_MEMBERS, "group_members", "people in groups", COUNT,
                              BETTER_UP, STAGE_COMMUNITY, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                              "Distinct persons in at least one group before the period's end.",
                              "atrium loop"},
    [METRIC_GROUP_POSTS] = {METRIC_GROUP_POSTS, "group_posts", "group posts", COUNT, BETTER_UP,
                            STAGE_COMMUNITY, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                            "Events `group_post` in the period.", "atrium loop"},
    [METRIC_GROUP_EVENTS] = {METRIC_GROUP_EVENTS, "group_events", "came to a group's event", COUNT,
                             BETTER_UP, STAGE_COMMUNITY, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                             "Events `group_event` in the period.", "atrium loop"},
    [METRIC_REFERRALS] = {METRIC_REFERRALS, "referrals", "referrals", COUNT, BETTER_UP,
                          STAGE_COMMUNITY, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                          "Events `referral` in the period.", "atrium loop"},
    [METRIC_REVIEWS] = {METRIC_REVIEWS, "reviews", "reviews", COUNT, BETTER_UP, STAGE_COMMUNITY,
                        BEHIND_EVENTS, SUM_COUNT, NO_PARTS, "Events `review` in the period.",
                        "atrium loop"},
    [METRIC_RELATED] = {METRIC_RELATED, "related", "connected people", COUNT, BETTER_UP,
                        STAGE_COMMUNITY, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                        "Persons with at least one relation to another person known.",
                        "atrium loop"},
    [METRIC_TOGETHER] =
        {METRIC_TOGETHER, "together", "came together", COUNT, BETTER_UP, STAGE_COMMUNITY,
         BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         "People with a visit that overlaps a visit of a person they are related to.",
         "atrium loop"},
    [METRIC_INTERESTED] = {METRIC_INTERESTED, "interested", "people with interests", COUNT,
                           BETTER_UP, STAGE_COMMUNITY, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                           "Persons with at least one interest known.", "atrium loop"},
    [METRIC_MESSAGES_SENT] = {METRIC_MESSAGES_SENT, "messages_sent", "messages sent", COUNT,
                              BETTER_NEITHER, STAGE_COMMUNITY, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                              "Events `message_sent` in the period.", "atrium loop"},
    [METRIC_MESSAGES_OPENED] = {METRIC_MESSAGES_OPENED, "messages_opened", "messages opened", COUNT,
                                BETTER_UP, STAGE_COMMUNITY, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                                "Events `message_opened` in the period.", "atrium loop"},
    [METRIC_MESSAGES_CLICKED] = {METRIC_MESSAGES_CLICKED, "messages_clicked", "messages clicked",
                                 COUNT, BETTER_UP, STAGE_COMMUNITY, BEHIND_EVENTS, SUM_COUNT,
                                 NO_PARTS, "Events `message_clicked` in the period.",
                                 "atrium loop"},
    [METRIC_OPEN_RATE] = {METRIC_OPEN_RATE, "open_rate", "opened", SHARE, BETTER_UP,
                          STAGE_COMMUNITY, BEHIND_EVENTS, SUM_RATIO, METRIC_MESSAGES_OPENED,
                          METRIC_MESSAGES_SENT, "Messages opened ÷ messages sent, in the period.",
                          "atrium loop"},
    [METRIC_CLICK_RATE] = {METRIC_CLICK_RATE, "click_rate", "clicked", SHARE, BETTER_UP,
                           STAGE_COMMUNITY, BEHIND_EVENTS, SUM_RATIO, METRIC_MESSAGES_CLICKED,
                           METRIC_MESSAGES_SENT, "Messages clicked ÷ messages sent, in the period.",
                           "atrium loop"},
    [METRIC_ADDRESSED] = {METRIC_ADDRESSED, "addressed", "people addressed", COUNT, BETTER_NEITHER,
                          STAGE_COMMUNITY, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                          "Distinct persons who were sent a message or issued a coupon in the "
                          "period.",
                          "atrium loop"},
    [METRIC_RESPONDED] = {METRIC_RESPONDED, "responded", "people who answered", COUNT, BETTER_UP,
                          STAGE_COMMUNITY, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                          "People addressed in the period who clicked a message or redeemed a "
                          "coupon in it.",
                          "atrium loop"},
    [METRIC_RESPONSE_RATE] = {METRIC_RESPONSE_RATE, "response_rate", "answered", SHARE, BETTER_UP,
                              STAGE_COMMUNITY, BEHIND_PEOPLE, SUM_RATIO, METRIC_RESPONDED,
                              METRIC_ADDRESSED, "People who answered ÷ people addressed.",
                              "atrium loop"},
    [METRIC_COUPONS_ISSUED] = {METRIC_COUPONS_ISSUED, "coupons_issued", "coupons issued", COUNT,
                               BETTER_NEITHER, STAGE_COMMUNITY, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                               "Events `coupon_issue` in the period.", "atrium loop"},
    [METRIC_COUPONS_REDEEMED] = {METRIC_COUPONS_REDEEMED, "coupons_redeemed", "coupons redeemed",
                                 COUNT, BETTER_UP, STAGE_COMMUNITY, BEHIND_EVENTS, SUM_COUNT,
                                 NO_PARTS, "Events `coupon_redeem` in the period.", "atrium loop"},
    [METRIC_REDEMPTION_RATE] = {METRIC_REDEMPTION_RATE, "redemption_rate", "redeemed", SHARE,
                                BETTER_UP, STAGE_COMMUNITY, BEHIND_EVENTS, SUM_RATIO,
                                METRIC_COUPONS_REDEEMED, METRIC_COUPONS_ISSUED,
                                "Coupons redeemed ÷ coupons issued, in the period.", "atrium loop"},
    [METRIC_BENEFITS] = {METRIC_BENEFITS, "benefits", "benefits granted", COUNT, BETTER_UP,
                         STAGE_COMMUNITY, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                         "Events `benefit` in the period.", "atrium loop"},
};

/* ---- Dimensions ---- */

static const char *const dimension_names[DIM_COUNT] = {
    "all",   "day",   "hour",     "week hour",  "day and hour", "zone",
    "area",  "shop",  "category", "channel",    "campaign",     "delay",
    "group", "topic", "relation", "connections"};

const char *dimension_name(enum dimension dim)
{
    return dimension_names[dim];
}

#define BY(dim) (1u << DIM_##dim)
#define BY_TIME (BY(DAY) | BY(HOUR) | BY(WEEK_HOUR) | BY(DAY_HOUR))
#define BY_SHOP (BY(TENANT) | BY(CATEGORY))
#define BY_CROWD (BY(GROUP) | BY(TOPIC))

static const unsigned metric_dims[METRIC_END] = {
    [METRIC_VISITS] = BY_TIME | BY(ZONE),
    [METRIC_PEOPLE_SEEN] = BY_TIME | BY(ZONE),
    [METRIC_DWELL_MEAN] = BY_TIME | BY(ZONE),
    [METRIC_DWELL_TOTAL] = BY_TIME | BY(ZONE),
    [METRIC_VISITS_WITH_DWELL] = BY_TIME | BY(ZONE),
    [METRIC_VISITS_UNDER_10_MIN] = BY_TIME | BY(ZONE),
    [METRIC_DETECTIONS] = BY_TIME | BY(ZONE),
    [METRIC_RANDOM_DETECTIONS] = BY_TIME | BY(ZONE),
    [METRIC_RANDOM_MAC_SHARE] = BY_TIME | BY(ZONE),
    [METRIC_PRESENT] = BY(HOUR) | BY(DAY_HOUR),
    [METRIC_REGISTRATIONS] = BY_SHOP | BY(DAY) | BY(CHANNEL),
    [METRIC_REGISTRATIONS_POS] = BY_SHOP | BY(DAY),
    [METRIC_POS_SHARE] = BY_SHOP | BY(DAY),
    [METRIC_REGISTRATIONS_APP] = BY_SHOP | BY(DAY),
    [METRIC_APP_SHARE] = BY_SHOP | BY(DAY),
    [METRIC_NEW_MEMBERS] = BY(DAY),
    [METRIC_CONVERTED_AFTER_VISIT] = BY(DELAY),
    [METRIC_ACTIVE] = BY(DAY) | BY_CROWD,
    [METRIC_RECEIPTS] = BY_SHOP | BY(DAY) | BY(AREA),
    [METRIC_SALES] = BY_SHOP | BY(DAY) | BY(AREA),
    [METRIC_MEMBER_SALES] = BY_SHOP | BY(DAY),
    [METRIC_MEMBER_SHARE] = BY_SHOP | BY(DAY),
    [METRIC_VISITOR_SALES] = BY_SHOP | BY(DAY),
    [METRIC_ANONYMOUS_SALES] = BY_SHOP | BY(DAY),
    [METRIC_POINTS_EARNED] = BY_SHOP | BY(DAY),
    [METRIC_POINTS_BURNED] = BY_SHOP | BY(DAY),
    [METRIC_BUYERS] = BY_SHOP | BY(DAY) | BY(AREA),
    [METRIC_ENGAGED] = BY(DAY) | BY_CROWD,
    [METRIC_GROUP_MEMBERS] = BY(GROUP),
    [METRIC_GROUP_POSTS] = BY(DAY),
    [METRIC_GROUP_EVENTS] = BY(DAY),
    [METRIC_REFERRALS] = BY(DAY) | BY(CHANNEL),
    [METRIC_REVIEWS] = BY_SHOP | BY(DAY),
    [METRIC_RELATED] = BY(RELATION) | BY(CONNECTIONS),
    [METRIC_TOGETHER] = BY(RELATION),
    [METRIC_INTERESTED] = BY(TOPIC),
    [METRIC_MESSAGES_SENT] = BY(DAY) | BY(CHANNEL),
    [METRIC_MESSAGES_OPENED] = BY(DAY) | BY(CHANNEL),
    [METRIC_MESSAGES_CLICKED] = BY(DAY) | BY(CHANNEL),
    [METRIC_OPEN_RATE] = BY(DAY) | BY(CHANNEL),
    [METRIC_CLICK_RATE] = BY(DAY) | BY(CHANNEL),
    [METRIC_ADDRESSED] = BY_CROWD,
    [METRIC_RESPONDED] = BY_CROWD,
    [METRIC_RESPONSE_RATE] = BY_CROWD,
    [METRIC_COUPONS_ISSUED] = BY(DAY) | BY(CAMPAIGN),
    [METRIC_COUPONS_REDEEMED] = BY(DAY) | BY(CAMPAIGN) | BY_SHOP,
    [METRIC_REDEMPTION_RATE] = BY(DAY) | BY(CAMPAIGN),
    [METRIC_BENEFITS] = BY(DAY) | BY(CAMPAIGN),
};

bool metric_has(enum metric_id metric, enum dimension dim)
{
    return dim == DIM_NONE || (metric_dims[metric] >> dim & 1);
}

const struct metric *metric_find(const char *name)
{
    for (size_t i = 0; i < METRIC_END; i++)
        if (strcmp(metrics[i].name, name) == 0)
            return &metrics[i];
    return NULL;
}

/* ---- Figures ---- */

enum cell_type metric_cell_type(const struct metric *metric)
{
    switch (metric->unit) {
    case METRIC_UNIT_MONEY:
        return CELL_MONEY;
    case METRIC_UNIT_SHARE:
        return CELL_SHARE;
    case METRIC_UNIT_DURATION:
        return CELL_DURATION;
    case METRIC_UNIT_REAL:
        return CELL_REAL;
    default:
        return CELL_COUNT;
    }
}

static bool is_real(const struct metric *metric)
{
    return metric->unit == METRIC_UNIT_SHARE || metric->unit == METRIC_UNIT_REAL;
}

struct cell figure_cell(const struct metric *metric, const struct figure *figure)
{
    if (!figure->known)
        return (struct cell){0};
    return is_real(metric) ? cell_real(figure->real) : cell_integer(figure->integer);
}

char *figure_text(struct arena *arena, const struct metric *metric, const struct figure *figure)
{
    if (!figure->known)
        return arena_strdup(arena, "–");
    switch (metric->unit) {
    case METRIC_UNIT_MONEY:
        return text_money(arena, figure->integer);
    case METRIC_UNIT_SHARE:
        return arena_printf(arena, "%.1f%%", figure->real * 100);
    case METRIC_UNIT_DURATION:
        return text_duration(arena, figure->integer);
    case METRIC_UNIT_REAL:
        return arena_printf(arena, "%.2f", figure->real);
    default:
        return text_count(arena, figure->integer);
    }
}

bool figure_change(const struct metric *metric, const struct figure *now,
                   const struct figure *before, double *change, bool *points)
{
    *points = metric->unit == METRIC_UNIT_SHARE;
    *change = 0;
    if (!now->known || !before->known)
        return false;
    if (*points) {
        *change = now->real - before->real;
        return true;
    }
    if (before->real == 0)
        return false;
    *change = (now->real - before->real) / fabs(before->real);
    return true;
}
