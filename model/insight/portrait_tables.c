#include "model/base/intl.h"
#include "model/insight/portrait_parts.h"

#include <string.h>

const struct portrait_part_info portrait_parts[PART_COUNT] = {
    [PART_GENDER] = {"gender", N_("gender"), N_("are %s"), "gender", true},
    [PART_AGE] = {"age", N_("age"), N_("are %s years old"), "age", false},
    [PART_INCOME] = {"income", N_("income"), N_("have an income that is %s"), "income", true},
    [PART_COMMUNITY] = {"community", N_("community grade"), N_("live in a community of grade %s"),
                        NULL, true},
    [PART_CAR] = {"car", N_("car"), N_("have this kind of car: %s"), "car", true},
    [PART_HOUSE] = {"house", N_("home"), N_("have a home that is %s"), "house", true},
    [PART_TIER] = {"tier", N_("tier"), N_("hold the tier %s"), "tier", true},
    [PART_CHANNEL] = {"channel", N_("registered by"), N_("registered by %s"), "channel", true},
    [PART_ATTRIBUTE] = {"attribute", N_("attributes"), N_("have %s"), NULL, true},
    [PART_LABEL] = {"label", N_("labels"), N_("carry the label %s"), NULL, true},
    [PART_INTEREST] = {"interest", N_("interests"), N_("are interested in %s"), "topic", true},
    [PART_RELATION] = {"relation", N_("relations"), N_("have a relation of the kind %s"),
                       "relation", true},
    [PART_CROWD] = {"group", N_("groups"), N_("belong to %s"), NULL, true},
    [PART_CONTACT] = {"contact", N_("can be reached by"), N_("can be reached by %s"), "channel",
                      false},
    [PART_CATEGORY] = {"category", N_("categories"), N_("spend on %s"), "category", true},
    [PART_GOODS] = {"goods", N_("goods"), N_("have %s on their receipts"), "category", true},
    [PART_BRAND] = {"brand", N_("brands"), N_("buy the brand %s"), NULL, true},
    [PART_COLOR] = {"color", N_("colours"), N_("choose %s"), "color", true},
    [PART_SHOP] = {"shop", N_("shops"), N_("buy at %s"), NULL, true},
    [PART_ZONE] = {"area", N_("usual areas"), N_("spend their time in %s"), NULL, true},
    [PART_WEEKDAY] = {"weekday", N_("weekdays"), N_("come on %s"), "weekday", false},
    [PART_DAYTIME] = {"daytime", N_("times of day"), N_("come %s"), "daytime", false},
    [PART_RESPONSE] = {"response", N_("answers to"), N_("answer messages by %s"), "channel", true},
};

const struct portrait_figure_info portrait_figures[FIGURE_COUNT] = {
    [FIGURE_SEEN] = {"seen", N_("seen in the mall"), PORTRAIT_SHARE},
    [FIGURE_BUYERS] = {"buyers", N_("bought"), PORTRAIT_SHARE},
    [FIGURE_SPENT] = {"spent", N_("spent by a buyer"), PORTRAIT_MONEY},
    [FIGURE_RECEIPT] = {"receipt", N_("a receipt"), PORTRAIT_MONEY},
    [FIGURE_DAYS] = {"purchase_days", N_("days with a purchase"), PORTRAIT_REAL},
    [FIGURE_PIECES] = {"pieces", N_("pieces a receipt"), PORTRAIT_REAL},
    [FIGURE_PRICE] = {"price_level", N_("price level"), PORTRAIT_REAL},
    [FIGURE_REFUNDED] = {"refunded", N_("gave something back"), PORTRAIT_SHARE},
    [FIGURE_VISITS] = {"visits", N_("visits of those seen"), PORTRAIT_REAL},
    [FIGURE_DWELL] = {"dwell_mean_s", N_("dwell of a visit"), PORTRAIT_DURATION},
    [FIGURE_RESPONDED] = {"responded", N_("answered a message"), PORTRAIT_SHARE},
    [FIGURE_ALIVE] = {"alive", N_("chance to return"), PORTRAIT_SHARE},
    [FIGURE_EXPECTED] = {"expected", N_("purchases expected"), PORTRAIT_REAL},
    [FIGURE_WORTH] = {"expected_money", N_("money expected"), PORTRAIT_MONEY},
};

/* ---- The program's own words ---- */

const char *const age_names[AGE_STAGES] = {N_("under 18"), "18–24", "25–34",          "35–44",
                                           "45–54",        "55–64", N_("65 and over")};
static const int age_ends[AGE_STAGES - 1] = {18, 25, 35, 45, 55, 65};

int age_stage(int years)
{
    int stage = 0;
    while (stage < AGE_STAGES - 1 && years >= age_ends[stage])
        stage++;
    return stage;
}

const char *const weekday_keys[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
const char *const weekday_titles[7] = {N_("Monday"),   N_("Tuesday"), N_("Wednesday"),
                                       N_("Thursday"), N_("Friday"),  N_("Saturday"),
                                       N_("Sunday")};

const char *const daytime_keys[DAYTIMES] = {"early",     "morning", "noon",
                                            "afternoon", "evening", "night"};
const char *const daytime_titles[DAYTIMES] = {N_("before 9"),      N_("from 9 to 11"),
                                              N_("from 11 to 14"), N_("from 14 to 17"),
                                              N_("from 17 to 21"), N_("after 21")};
static const int daytime_ends[DAYTIMES - 1] = {9, 11, 14, 17, 21};

/* Hours of the clock; what follows midnight belongs to the night before. */
int daytime_of_hour(int hour)
{
    int time = 0;
    while (time < DAYTIMES - 1 && hour >= daytime_ends[time])
        time++;
    return hour < 4 ? DAYTIMES - 1 : time;
}

const char *const portrait_contact_names[CONTACTS] = {"sms", "app", "wifi"};

/* As malls write it. */
static const char *gender_name(const char *text)
{
    static const char *const women[] = {"f", "F", "female", "Female", "女"};
    static const char *const men[] = {"m", "M", "male", "Male", "男"};
    for (size_t i = 0; i < sizeof women / sizeof *women; i++)
        if (strcmp(text, women[i]) == 0)
            return _("women");
    for (size_t i = 0; i < sizeof men / sizeof *men; i++)
        if (strcmp(text, men[i]) == 0)
            return _("men");
    return text;
}

const char *portrait_row_name(enum portrait_part part, const struct portrait_row *row)
{
    switch (part) {
    case PART_GENDER:
        return gender_name(row->name);
    case PART_AGE:
    case PART_WEEKDAY:
    case PART_DAYTIME:
        return *row->name ? _(row->name) : "";
    default:
        return portrait_parts[part].column ? word_translated(portrait_parts[part].column, row->name)
                                           : row->name;
    }
}
