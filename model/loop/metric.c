#include "model/loop/metric.h"
#include "model/base/intl.h"
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
        {METRIC_VISITS, "visits", N_("visits"), COUNT, BETTER_UP, STAGE_PERCEIVE, BEHIND_VISITS,
         SUM_COUNT, NO_PARTS,
         N_("Sightings, door and till events of one person no more than 30 minutes apart "
            "(setting visit_gap) are one visit. A visit is cut at the period's border."),
         "atrium visits"},
    [METRIC_PEOPLE_SEEN] = {METRIC_PEOPLE_SEEN, "people_seen", N_("people seen"), COUNT, BETTER_UP,
                            STAGE_PERCEIVE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                            N_("Distinct persons with a visit in the period. Random MACs make no "
                               "person: their traffic is shown beside, as detections."),
                            "atrium loop"},
    [METRIC_NEW_PEOPLE] = {METRIC_NEW_PEOPLE, "new_people", N_("new people"), COUNT, BETTER_UP,
                           STAGE_PERCEIVE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                           N_("People seen whose first visit ever lies in the period."),
                           "atrium loop"},
    [METRIC_RETURNING_PEOPLE] = {METRIC_RETURNING_PEOPLE, "returning_people",
                                 N_("returning people"), COUNT, BETTER_UP, STAGE_PERCEIVE,
                                 BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                                 N_("People seen who had a visit before the period."),
                                 "atrium loop"},
    [METRIC_VISITORS] =
        {METRIC_VISITORS, "visitors", N_("visitors"), COUNT, BETTER_UP, STAGE_PERCEIVE,
         BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         N_("People seen without a registration at or before the start of their first "
            "visit of the period."),
         "atrium loop"},
    [METRIC_MEMBERS_SEEN] =
        {METRIC_MEMBERS_SEEN, "members_seen", N_("members seen"), COUNT, BETTER_UP, STAGE_PERCEIVE,
         BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         N_("People seen with a registration at or before the start of their first "
            "visit of the period."),
         "atrium loop"},
    [METRIC_DWELL_MEAN] =
        {METRIC_DWELL_MEAN, "dwell_mean_s", N_("mean dwell"), DURATION, BETTER_UP, STAGE_PERCEIVE,
         BEHIND_VISITS, SUM_RATIO, METRIC_DWELL_TOTAL, METRIC_VISITS_WITH_DWELL,
         N_("Dwell is the last minus the first event of a visit. Visits of dwell 0 (a "
            "single event) are left out of the mean."),
         "atrium loop"},
    [METRIC_DWELL_TOTAL] = {METRIC_DWELL_TOTAL, "dwell_total_s", N_("total dwell"), DURATION,
                            BETTER_UP, STAGE_PERCEIVE, BEHIND_VISITS, SUM_AMOUNT, NO_PARTS,
                            N_("The dwell of all visits of the period."), "atrium visits"},
    [METRIC_VISITS_WITH_DWELL] =
        {METRIC_VISITS_WITH_DWELL, "visits_with_dwell", N_("visits with dwell"), COUNT, BETTER_UP,
         STAGE_PERCEIVE, BEHIND_VISITS, SUM_COUNT, NO_PARTS,
         N_("Visits of more than one moment: those that mean dwell is of."), "atrium visits"},
    [METRIC_VISITS_UNDER_10_MIN] =
        {METRIC_VISITS_UNDER_10_MIN, "under_10_min", N_("visits under 10 min"), COUNT, BETTER_DOWN,
         STAGE_PERCEIVE, BEHIND_VISITS, SUM_COUNT, NO_PARTS,
         N_("Visits with a dwell below 600 seconds, those of a single event "
            "included."),
         "atrium visits"},
    [METRIC_DETECTIONS] = {METRIC_DETECTIONS, "detections", N_("detections"), COUNT, BETTER_NEITHER,
                           STAGE_PERCEIVE, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                           N_("Sightings of devices by probes, random MACs included."),
                           "atrium visits"},
    [METRIC_RANDOM_DETECTIONS] =
        {METRIC_RANDOM_DETECTIONS, "random_detections", N_("detections of random MACs"), COUNT,
         BETTER_NEITHER, STAGE_PERCEIVE, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
         N_("Sightings of randomised MACs (bit 2 of the first octet set). They "
            "are traffic and never a person."),
         "atrium visits"},
    [METRIC_RANDOM_MAC_SHARE] =
        {METRIC_RANDOM_MAC_SHARE, "random_mac_share", N_("random MACs"), SHARE, BETTER_NEITHER,
         STAGE_PERCEIVE, BEHIND_EVENTS, SUM_RATIO, METRIC_RANDOM_DETECTIONS, METRIC_DETECTIONS,
         N_("Detections of random MACs ÷ all detections: the share of the "
            "traffic that people seen and returning people do not rest on."),
         "atrium loop"},
    [METRIC_DEVICES] = {METRIC_DEVICES, "devices", N_("devices"), COUNT, BETTER_NEITHER,
                        STAGE_PERCEIVE, BEHIND_DEVICES, SUM_COUNT, NO_PARTS,
                        N_("People with a sighting in the period, and the random MACs beside "
                           "them. The list has both."),
                        "atrium visits"},
    [METRIC_RANDOM_DEVICES] =
        {METRIC_RANDOM_DEVICES, "random_devices", N_("random MACs seen"), COUNT, BETTER_NEITHER,
         STAGE_PERCEIVE, BEHIND_ADDRESSES, SUM_COUNT, NO_PARTS,
         N_("Distinct randomised addresses sighted. One phone makes many: this is "
            "no count of people."),
         "atrium visits"},
    [METRIC_PRESENT] =
        {METRIC_PRESENT, "present", N_("people in the mall"), COUNT, BETTER_UP,
         STAGE_PERCEIVE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         N_("Distinct persons with a visit under way: by the hour, those whose visit "
            "touches that hour."),
         "atrium loop"},
    /* ---- Convert ---- */
    [METRIC_REGISTRATIONS] = {METRIC_REGISTRATIONS, "registrations", N_("registrations"), COUNT,
                              BETTER_UP, STAGE_CONVERT, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                              N_("Events `register` in the period."), "atrium loop"},
    [METRIC_REGISTRATIONS_POS] = {METRIC_REGISTRATIONS_POS, "registrations_pos",
                                  N_("registrations at POS"), COUNT, BETTER_UP, STAGE_CONVERT,
                                  BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                                  N_("Registrations whose channel is `pos`."), "atrium loop"},
    [METRIC_POS_SHARE] = {METRIC_POS_SHARE, "pos_share", N_("POS"), SHARE, BETTER_UP, STAGE_CONVERT,
                          BEHIND_EVENTS, SUM_RATIO, METRIC_REGISTRATIONS_POS, METRIC_REGISTRATIONS,
                          N_("Registrations with channel `pos` ÷ all registrations."),
                          "atrium loop"},
    [METRIC_REGISTRATIONS_APP] = {METRIC_REGISTRATIONS_APP, "registrations_app",
                                  N_("registrations in the app"), COUNT, BETTER_UP, STAGE_CONVERT,
                                  BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                                  N_("Registrations whose channel is `app`."), "atrium loop"},
    [METRIC_APP_SHARE] = {METRIC_APP_SHARE, "app_share", N_("app"), SHARE, BETTER_NEITHER,
                          STAGE_CONVERT, BEHIND_EVENTS, SUM_RATIO, METRIC_REGISTRATIONS_APP,
                          METRIC_REGISTRATIONS,
                          N_("Registrations with channel `app` ÷ all registrations."),
                          "atrium loop"},
    [METRIC_NEW_MEMBERS] = {METRIC_NEW_MEMBERS, "new_members", N_("new members"), COUNT, BETTER_UP,
                            STAGE_CONVERT, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                            N_("Persons whose first registration lies in the period."),
                            "atrium loop"},
    [METRIC_SMART_POS_SHOPS] = {METRIC_SMART_POS_SHOPS, "smart_pos_shops", N_("smart-POS shops"),
                                COUNT, BETTER_UP, STAGE_CONVERT, BEHIND_SHOPS, SUM_COUNT, NO_PARTS,
                                N_("Shops that have a smart POS."), "atrium tenant list"},
    [METRIC_REGISTERING_SHOPS] = {METRIC_REGISTERING_SHOPS, "registering_shops",
                                  N_("shops that registered"), COUNT, BETTER_UP, STAGE_CONVERT,
                                  BEHIND_SHOPS, SUM_COUNT, NO_PARTS,
                                  N_("Shops with at least one registration in the period."),
                                  "atrium loop"},
    [METRIC_VISITORS_CONVERTED] =
        {METRIC_VISITORS_CONVERTED, "visitors_converted", N_("visitors who registered"),
         COUNT, BETTER_UP, STAGE_CONVERT, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         N_("Visitors of the period whose first registration lies in it."), "atrium loop"},
    [METRIC_VISITOR_TO_MEMBER] =
        {METRIC_VISITOR_TO_MEMBER, "visitor_to_member_rate", N_("visitor to member"), SHARE,
         BETTER_UP, STAGE_CONVERT, BEHIND_PEOPLE, SUM_RATIO, METRIC_VISITORS_CONVERTED,
         METRIC_VISITORS,
         N_("Visitors seen in the period who registered in it ÷ visitors seen "
            "in the period."),
         "atrium loop"},
    [METRIC_CONVERTED_AFTER_VISIT] =
        {METRIC_CONVERTED_AFTER_VISIT, "converted_after_visit", N_("registered after a visit"),
         COUNT, BETTER_UP, STAGE_CONVERT, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         N_("New members whose first visit ever was at or before their "
            "registration: those that time to convert is of."),
         "atrium loop"},
    [METRIC_TIME_TO_CONVERT_MEDIAN] = {METRIC_TIME_TO_CONVERT_MEDIAN, "time_to_convert_median_s",
                                       N_("time to member"), DURATION, BETTER_DOWN, STAGE_CONVERT,
                                       BEHIND_PEOPLE, SUM_MEDIAN, METRIC_CONVERTED_AFTER_VISIT,
                                       METRIC_CONVERTED_AFTER_VISIT,
                                       N_("The median of registration − first visit, of those "
                                          "registered in the period."),
                                       "atrium loop"},
    [METRIC_TIME_TO_CONVERT_MEAN] =
        {
            METRIC_TIME_TO_CONVERT_MEAN, "time_to_convert_mean_s", N_("mean time to member"),
            DURATION, BETTER_DOWN, STAGE_CONVERT, BEHIND_PEOPLE, SUM_OTHER,
            METRIC_CONVERTED_AFTER_VISIT, METRIC_CONVERTED_AFTER_VISIT,
            N_("The mean of registration − first visit, of those registered "
               "in the period."),
            "atrium loop"},
    /* ---- Activate ---- */
    [METRIC_ACTIVE] = {METRIC_ACTIVE, "active", N_("active members"), COUNT, BETTER_UP,
                       STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                       N_("Members with at least one purchase, points, coupon or app event in the "
                          "period, at or after their registration."),
                       "atrium loop"},
    [METRIC_MEMBERS] = {METRIC_MEMBERS, "members", N_("members"), COUNT, BETTER_UP, STAGE_ACTIVATE,
                        BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                        N_("Persons with a registration before the period's end."), "atrium loop"},
    [METRIC_REACHABLE] =
        {METRIC_REACHABLE, "reachable", N_("reachable members"), COUNT, BETTER_UP, STAGE_ACTIVATE,
         BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         N_("Members with consent and an address for at least one contact: SMS and a "
            "phone number, the app and an app, Wi-Fi and a Wi-Fi device. Consent is "
            "as it stands today."),
         "atrium loop"},
    [METRIC_REACHABLE_SHARE] = {METRIC_REACHABLE_SHARE, "reachable_share", N_("reachable"), SHARE,
                                BETTER_UP, STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_RATIO,
                                METRIC_REACHABLE, METRIC_MEMBERS,
                                N_("Reachable members ÷ members."), "atrium loop"},
    [METRIC_RECEIPTS] = {METRIC_RECEIPTS, "receipts", N_("receipts"), COUNT, BETTER_UP,
                         STAGE_ACTIVATE, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                         N_("Purchases in the period."), "atrium loop"},
    [METRIC_SALES] = {METRIC_SALES, "sales", N_("sales"), MONEY, BETTER_UP, STAGE_ACTIVATE,
                      BEHIND_EVENTS, SUM_AMOUNT, NO_PARTS,
                      N_("Purchases less refunds of the period, all customers."), "atrium loop"},
    [METRIC_MEMBER_SALES] =
        {METRIC_MEMBER_SALES, "member_sales", N_("sales to members"), MONEY, BETTER_UP,
         STAGE_ACTIVATE, BEHIND_EVENTS, SUM_AMOUNT, NO_PARTS,
         N_("Purchases less refunds of persons who were members at the time of the "
            "receipt."),
         "atrium loop"},
    [METRIC_MEMBER_SHARE] =
        {METRIC_MEMBER_SHARE, "member_share", N_("member share"), SHARE, BETTER_UP, STAGE_ACTIVATE,
         BEHIND_EVENTS, SUM_RATIO, METRIC_MEMBER_SALES, METRIC_SALES,
         N_("Sales to members (at the time of sale) ÷ all sales; anonymous receipts "
            "count below the line."),
         "atrium loop"},
    [METRIC_VISITOR_SALES] =
        {METRIC_VISITOR_SALES, "visitor_sales", N_("sales to visitors"), MONEY, BETTER_NEITHER,
         STAGE_ACTIVATE, BEHIND_EVENTS, SUM_AMOUNT, NO_PARTS,
         N_("Purchases less refunds of known persons who were not members at the "
            "time."),
         "atrium loop"},
    [METRIC_ANONYMOUS_SALES] = {METRIC_ANONYMOUS_SALES, "anonymous_sales", N_("anonymous sales"),
                                MONEY, BETTER_DOWN, STAGE_ACTIVATE, BEHIND_EVENTS, SUM_AMOUNT,
                                NO_PARTS,
                                N_("Purchases less refunds of receipts that name nobody."),
                                "atrium loop"},
    [METRIC_SHOPS_MEMBER_SHARE_80] = {METRIC_SHOPS_MEMBER_SHARE_80, "shops_member_share_80",
                                      /* xgettext:no-c-format */
                                      N_("shops above 80 % member share"), COUNT, BETTER_UP,
                                      STAGE_ACTIVATE, BEHIND_SHOPS, SUM_COUNT, NO_PARTS,
                                      N_("Shops with sales in the period and a member share above "
                                         "80 %."),
                                      "atrium loop"},
    [METRIC_POINTS_EARNED] = {METRIC_POINTS_EARNED, "points_earned", N_("points earned"), POINTS,
                              BETTER_UP, STAGE_ACTIVATE, BEHIND_EVENTS, SUM_AMOUNT, NO_PARTS,
                              N_("The sum of points credited in the period."), "atrium loop"},
    [METRIC_POINTS_BURNED] = {METRIC_POINTS_BURNED, "points_burned", N_("points burned"), POINTS,
                              BETTER_UP, STAGE_ACTIVATE, BEHIND_EVENTS, SUM_AMOUNT, NO_PARTS,
                              N_("The sum of points spent in the period."), "atrium loop"},
    [METRIC_POINTS_OUTSTANDING] =
        {METRIC_POINTS_OUTSTANDING, "points_outstanding", N_("points outstanding"), POINTS,
         BETTER_NEITHER, STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_AMOUNT, NO_PARTS,
         N_("Points earned and adjusted less burned, expired and reversed, before the "
            "period's end. The list is of the people whose balance is not 0."),
         "atrium loop"},
    [METRIC_POINTS_LIABILITY] =
        {METRIC_POINTS_LIABILITY, "points_liability", N_("points liability"), MONEY, BETTER_DOWN,
         STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_OTHER, NO_PARTS,
         N_("Outstanding points × (1 − expected breakage) × the value of a "
            "point. Breakage is the share of the points burned or expired in the last 24 "
            "full months that expired, unless the setting points_breakage says another; "
            "the value is the setting points_per_yuan. The list is of the people who "
            "hold some."),
         "atrium loop"},
    [METRIC_BUYERS] = {METRIC_BUYERS, "buyers", N_("buyers"), COUNT, BETTER_UP, STAGE_ACTIVATE,
                       BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                       N_("Distinct persons with a purchase in the period."), "atrium loop"},
    [METRIC_REPEAT_BUYERS] = {METRIC_REPEAT_BUYERS, "repeat_buyers", N_("repeat buyers"), COUNT,
                              BETTER_UP, STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                              N_("Buyers with purchases on at least two mall days of the period."),
                              "atrium loop"},
    [METRIC_REPEAT_RATE] =
        {METRIC_REPEAT_RATE, "repeat_rate", N_("repeat rate"), SHARE, BETTER_UP, STAGE_ACTIVATE,
         BEHIND_PEOPLE, SUM_RATIO, METRIC_REPEAT_BUYERS, METRIC_BUYERS,
         N_("Buyers in the period with at least two purchases on different days ÷ "
            "buyers."),
         "atrium loop"},
    [METRIC_WHEEL_STARTED] =
        {METRIC_WHEEL_STARTED, "wheel_started", N_("cards issued"), COUNT, BETTER_UP,
         STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         N_("The wheel's first step: persons whose first registration lies in the "
            "period."),
         "atrium loop"},
    [METRIC_WHEEL_PURCHASED] =
        {METRIC_WHEEL_PURCHASED, "wheel_purchased", N_("then purchased"), COUNT, BETTER_UP,
         STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         N_("Of those, who made a purchase within 30 days of the registration."), "atrium loop"},
    [METRIC_WHEEL_EARNED] =
        {METRIC_WHEEL_EARNED, "wheel_earned", N_("then earned points"), COUNT, BETTER_UP,
         STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         N_("Of those, who earned points with or after that purchase, within the 30 "
            "days."),
         "atrium loop"},
    [METRIC_WHEEL_AGAIN] =
        {METRIC_WHEEL_AGAIN, "wheel_again", N_("then purchased again"), COUNT, BETTER_UP,
         STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         N_("Of those, who purchased again later than the points were earned, within "
            "the 30 days."),
         "atrium loop"},
    [METRIC_WHEEL_RATE] =
        {METRIC_WHEEL_RATE, "wheel_rate", N_("the whole wheel"), SHARE, BETTER_UP, STAGE_ACTIVATE,
         BEHIND_PEOPLE, SUM_RATIO, METRIC_WHEEL_AGAIN, METRIC_WHEEL_STARTED,
         N_("Funnel register → purchase → points_earn → purchase (later than the "
            "earn), 30-day window: those who came to its end ÷ those who started."),
         "atrium loop"},
    [METRIC_WHEEL_ROUNDS] =
        {METRIC_WHEEL_ROUNDS, "wheel_rounds", N_("rounds of the wheel"), COUNT, BETTER_UP,
         STAGE_ACTIVATE, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
         N_("Purchases that followed points earned since the purchase or "
            "registration before, within 30 days of the registration, of members "
            "registered in the period."),
         "atrium loop"},
    [METRIC_WHEEL_TURNS] = {METRIC_WHEEL_TURNS, "wheel_turns", N_("wheel turned"), REAL, BETTER_UP,
                            STAGE_ACTIVATE, BEHIND_EVENTS, SUM_RATIO, METRIC_WHEEL_ROUNDS,
                            METRIC_WHEEL_STARTED,
                            N_("The mean number of purchase-after-points rounds per member who "
                               "started."),
                            "atrium loop"},
    [METRIC_ACTIVATED] =
        {METRIC_ACTIVATED, "activated", N_("new members become active"), COUNT, BETTER_UP,
         STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         N_("New members of the period with a purchase, points, coupon or app event "
            "within 30 days of their registration."),
         "atrium loop"},
    [METRIC_ACTIVATION_RATE] =
        {METRIC_ACTIVATION_RATE, "activation_rate", N_("new member to active"), SHARE, BETTER_UP,
         STAGE_ACTIVATE, BEHIND_PEOPLE, SUM_RATIO, METRIC_ACTIVATED, METRIC_NEW_MEMBERS,
         N_("Members registered in the period who became active within 30 days "
            "÷ members registered in the period."),
         "atrium loop"},
    /* ---- Community ---- */
    [METRIC_ENGAGED] = {METRIC_ENGAGED, "engaged", N_("engaged members"), COUNT, BETTER_UP,
                        STAGE_COMMUNITY, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                        N_("Active members with a group post or event, a referral, a review, or a "
                           "visit together with a related person in the period."),
                        "atrium loop"},
    [METRIC_ENGAGED_RATE] = {METRIC_ENGAGED_RATE, "engaged_rate", N_("active to engaged"), SHARE,
                             BETTER_UP, STAGE_COMMUNITY, BEHIND_PEOPLE, SUM_RATIO, METRIC_ENGAGED,
                             METRIC_ACTIVE, N_("Engaged members ÷ active members."), "atrium loop"},
    [METRIC_GROUPS] = {METRIC_GROUPS, "groups", N_("groups"), COUNT, BETTER_UP, STAGE_COMMUNITY,
                       BEHIND_GROUPS, SUM_COUNT, NO_PARTS,
                       N_("Groups with at least one person who joined before the period's end."),
                       "atrium loop"},
    [METRIC_GROUP_MEMBERS] = {METRIC_GROUP_MEMBERS, "group_members", N_("people in groups"), COUNT,
                              BETTER_UP, STAGE_COMMUNITY, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                              N_("Distinct persons in at least one group before the period's end."),
                              "atrium loop"},
    [METRIC_GROUP_POSTS] = {METRIC_GROUP_POSTS, "group_posts", N_("group posts"), COUNT, BETTER_UP,
                            STAGE_COMMUNITY, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                            N_("Events `group_post` in the period."), "atrium loop"},
    [METRIC_GROUP_EVENTS] = {METRIC_GROUP_EVENTS, "group_events", N_("came to a group's event"),
                             COUNT, BETTER_UP, STAGE_COMMUNITY, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                             N_("Events `group_event` in the period."), "atrium loop"},
    [METRIC_REFERRALS] = {METRIC_REFERRALS, "referrals", N_("referrals"), COUNT, BETTER_UP,
                          STAGE_COMMUNITY, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                          N_("Events `referral` in the period."), "atrium loop"},
    [METRIC_REVIEWS] = {METRIC_REVIEWS, "reviews", N_("reviews"), COUNT, BETTER_UP, STAGE_COMMUNITY,
                        BEHIND_EVENTS, SUM_COUNT, NO_PARTS, N_("Events `review` in the period."),
                        "atrium loop"},
    [METRIC_RELATED] = {METRIC_RELATED, "related", N_("connected people"), COUNT, BETTER_UP,
                        STAGE_COMMUNITY, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                        N_("Persons with at least one relation to another person known."),
                        "atrium loop"},
    [METRIC_TOGETHER] =
        {METRIC_TOGETHER, "together", N_("came together"), COUNT, BETTER_UP, STAGE_COMMUNITY,
         BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
         N_("People with a visit that overlaps a visit of a person they are related to."),
         "atrium loop"},
    [METRIC_INTERESTED] = {METRIC_INTERESTED, "interested", N_("people with interests"), COUNT,
                           BETTER_UP, STAGE_COMMUNITY, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                           N_("Persons with at least one interest known."), "atrium loop"},
    [METRIC_MESSAGES_SENT] = {METRIC_MESSAGES_SENT, "messages_sent", N_("messages sent"), COUNT,
                              BETTER_NEITHER, STAGE_COMMUNITY, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                              N_("Events `message_sent` in the period."), "atrium loop"},
    [METRIC_MESSAGES_OPENED] = {METRIC_MESSAGES_OPENED, "messages_opened", N_("messages opened"),
                                COUNT, BETTER_UP, STAGE_COMMUNITY, BEHIND_EVENTS, SUM_COUNT,
                                NO_PARTS, N_("Events `message_opened` in the period."),
                                "atrium loop"},
    [METRIC_MESSAGES_CLICKED] = {METRIC_MESSAGES_CLICKED, "messages_clicked",
                                 N_("messages clicked"), COUNT, BETTER_UP, STAGE_COMMUNITY,
                                 BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                                 N_("Events `message_clicked` in the period."), "atrium loop"},
    [METRIC_OPEN_RATE] = {METRIC_OPEN_RATE, "open_rate", N_("opened"), SHARE, BETTER_UP,
                          STAGE_COMMUNITY, BEHIND_EVENTS, SUM_RATIO, METRIC_MESSAGES_OPENED,
                          METRIC_MESSAGES_SENT,
                          N_("Messages opened ÷ messages sent, in the period."), "atrium loop"},
    [METRIC_CLICK_RATE] = {METRIC_CLICK_RATE, "click_rate", N_("clicked"), SHARE, BETTER_UP,
                           STAGE_COMMUNITY, BEHIND_EVENTS, SUM_RATIO, METRIC_MESSAGES_CLICKED,
                           METRIC_MESSAGES_SENT,
                           N_("Messages clicked ÷ messages sent, in the period."), "atrium loop"},
    [METRIC_ADDRESSED] = {METRIC_ADDRESSED, "addressed", N_("people addressed"), COUNT,
                          BETTER_NEITHER, STAGE_COMMUNITY, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                          N_("Distinct persons who were sent a message or issued a coupon in the "
                             "period."),
                          "atrium loop"},
    [METRIC_RESPONDED] = {METRIC_RESPONDED, "responded", N_("people who answered"), COUNT,
                          BETTER_UP, STAGE_COMMUNITY, BEHIND_PEOPLE, SUM_COUNT, NO_PARTS,
                          N_("People addressed in the period who clicked a message or redeemed a "
                             "coupon in it."),
                          "atrium loop"},
    [METRIC_RESPONSE_RATE] = {METRIC_RESPONSE_RATE, "response_rate", N_("answered"), SHARE,
                              BETTER_UP, STAGE_COMMUNITY, BEHIND_PEOPLE, SUM_RATIO,
                              METRIC_RESPONDED, METRIC_ADDRESSED,
                              N_("People who answered ÷ people addressed."), "atrium loop"},
    [METRIC_COUPONS_ISSUED] = {METRIC_COUPONS_ISSUED, "coupons_issued", N_("coupons issued"), COUNT,
                               BETTER_NEITHER, STAGE_COMMUNITY, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                               N_("Events `coupon_issue` in the period."), "atrium loop"},
    [METRIC_COUPONS_REDEEMED] = {METRIC_COUPONS_REDEEMED, "coupons_redeemed",
                                 N_("coupons redeemed"), COUNT, BETTER_UP, STAGE_COMMUNITY,
                                 BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                                 N_("Events `coupon_redeem` in the period."), "atrium loop"},
    [METRIC_REDEMPTION_RATE] = {METRIC_REDEMPTION_RATE, "redemption_rate", N_("redeemed"), SHARE,
                                BETTER_UP, STAGE_COMMUNITY, BEHIND_EVENTS, SUM_RATIO,
                                METRIC_COUPONS_REDEEMED, METRIC_COUPONS_ISSUED,
                                N_("Coupons redeemed ÷ coupons issued, in the period."),
                                "atrium loop"},
    [METRIC_BENEFITS] = {METRIC_BENEFITS, "benefits", N_("benefits granted"), COUNT, BETTER_UP,
                         STAGE_COMMUNITY, BEHIND_EVENTS, SUM_COUNT, NO_PARTS,
                         N_("Events `benefit` in the period."), "atrium loop"},
};

/* ---- Dimensions ---- */

static const char *const dimension_names[DIM_COUNT] = {
    N_("all"),   N_("day"),   N_("hour"),     N_("week hour"),  N_("day and hour"), N_("zone"),
    N_("area"),  N_("shop"),  N_("category"), N_("channel"),    N_("campaign"),     N_("delay"),
    N_("group"), N_("topic"), N_("relation"), N_("connections")};

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
