/*
 * A portrait: who a group of people is, what they buy, where and when they come, whom they know and
 * what they answer to, each figure beside the mall's average. A group is any set of people, from
 * one person to everyone.
 *
 * One pass over the rows of people and one parallel pass over the period's events count the group
 * and the whole mall together. Memory is a set of bits for the group, one for the members, and
 * tables as long as the lists of shops, brands and so on; none of it grows with the events.
 *
 * A share is people of the group with something ÷ people of the group it could be of (`of`); the
 * index is that share ÷ the mall's × 100, so 100 is the average. Its interval is Wilson's 95 %
 * interval of the group's share ÷ the mall's share, the mall's being taken as known. What rests on
 * fewer than 30 people is marked small. doc/portrait.md defines every part.
 */
#ifndef ATRIUM_INSIGHT_PORTRAIT_H
#define ATRIUM_INSIGHT_PORTRAIT_H

#include "model/access/access.h"
#include "model/base/set.h"
#include "model/event/event.h"

enum portrait_part {
    /* Of members */
    PART_GENDER,
    PART_AGE,
    PART_INCOME,
    PART_COMMUNITY,
    PART_CAR,
    PART_HOUSE,
    PART_TIER,
    PART_CHANNEL,
    PART_ATTRIBUTE, /* free attributes, "name: value" */
    PART_LABEL,
    PART_INTEREST,
    PART_RELATION,
    PART_CROWD,   /* groups they belong to */
    PART_CONTACT, /* consent and an address */
    /* Of buyers in the period */
    PART_CATEGORY, /* of shops */
    PART_GOODS,    /* categories of receipt lines */
    PART_BRAND,
    PART_COLOR,
    PART_SHOP,
    /* Of people seen */
    PART_ZONE,    /* usual areas, of those with dwell in the 90 days before the period's end */
    PART_WEEKDAY, /* visits */
    PART_DAYTIME, /* visits */
    /* Of people addressed in the period by that contact */
    PART_RESPONSE,
    PART_COUNT
};

struct portrait_part_info {
    const char *name;   /* JSON key */
    const char *title;  /* marked for translation */
    const char *phrase; /* "buy %s": what to say of people with a row; marked for translation */
    const char *column; /* of word_translated, NULL: names are shown as they are */
    bool ranked;        /* rows by index in order of share; else in their own order */
};
extern const struct portrait_part_info portrait_parts[PART_COUNT];

struct portrait_row {
    const char *key;  /* the code of a shop or zone, "mon"; else the name */
    const char *name; /* as the mall's file has it; N_ marked for the program's own words */
    int64_t people[2],
        of[2]; /* the group's, the mall's; visits for PART_WEEKDAY and PART_DAYTIME */
    /* Money of it in fen: net spent (PART_CATEGORY, _SHOP: less refunds), of lines; PART_ZONE:
     * seconds of dwell. 0 elsewhere. */
    int64_t money[2];
    double share[2];         /* NaN: nobody it could be of */
    double index, low, high; /* NaN: unknown */
    /* PART_CATEGORY and PART_GOODS: the group's mean price against the mall's, × 100. */
    double price, price_low, price_high;
    bool small;  /* rests on fewer than 30 people */
    bool hidden; /* too few to be told apart for who asks: people and all that follows are 0, NaN */
};

struct portrait_facet {
    size_t n;
    const struct portrait_row *rows;
    int64_t of[2]; /* the largest base of its rows */
};

enum portrait_figure_id {
    FIGURE_SEEN,      /* members seen ÷ members */
    FIGURE_BUYERS,    /* members who bought ÷ members */
    FIGURE_SPENT,     /* net money a buyer */
    FIGURE_RECEIPT,   /* money a receipt */
    FIGURE_DAYS,      /* purchase days a buyer */
    FIGURE_PIECES,    /* pieces a receipt, of receipts with lines */
    FIGURE_PRICE,     /* price level: money ÷ what the same would cost at the mall's mean prices */
    FIGURE_REFUNDED,  /* buyers who gave something back ÷ buyers */
    FIGURE_VISITS,    /* visits a person seen */
    FIGURE_DWELL,     /* seconds a visit with dwell */
    FIGURE_RESPONDED, /* people who opened or clicked a message ÷ people addressed */
    /* By portrait_expect alone: means over those who bought up to the period's end */
    FIGURE_ALIVE,    /* the chance that they still come */
    FIGURE_EXPECTED, /* purchase days in the 13 weeks after */
    FIGURE_WORTH,    /* the money of those */
    FIGURE_COUNT
};

enum portrait_unit { PORTRAIT_SHARE, PORTRAIT_MONEY, PORTRAIT_REAL, PORTRAIT_DURATION };

struct portrait_figure_info {
    const char *name, *title; /* title marked for translation */
    enum portrait_unit unit;
};
extern const struct portrait_figure_info portrait_figures[FIGURE_COUNT];

struct portrait_figure {
    bool known;
    double value[2];         /* group, mall; money in fen, seconds */
    double index, low, high; /* NaN: unknown */
    int64_t n;               /* people of the group behind it */
    bool small;
};

/* What sets the group apart, most telling first. */
struct portrait_apart {
    enum portrait_part part;
    const struct portrait_row *row;
};

struct portrait_query {
    const struct set *group;
    int64_t from, to; /* [from, to) */
    bool one;         /* the group is one person, asked for by name */
    int threads;      /* 0: the machine's */
    /* Also who of the group is behind a row, by its part and key; NULL: nobody is asked for. Not
     * for PART_WEEKDAY and PART_DAYTIME, which count visits. */
    const char *list_key;
    enum portrait_part list_part;
};

enum { PORTRAIT_SMALL = 30, PORTRAIT_AREA_DAYS = 90, PORTRAIT_WEEKS = 60 };

struct portrait {
    int64_t from, to, area_from;
    bool one;
    int64_t people;     /* of the group, whoever they are */
    int64_t members[2]; /* of the group, of the mall */
    /* The group is smaller than may be broken down for who asks: nothing below is filled in. */
    bool withheld;
    int64_t withheld_below;
    struct portrait_figure figures[FIGURE_COUNT];
    struct portrait_facet facets[PART_COUNT];
    int64_t sales[2];  /* net money of people */
    int64_t buyers[2]; /* people with a purchase */
    int64_t seen[2];   /* people with a visit */
    int64_t visits[2];
    int64_t hours[2][7]
                 [24]; /* visits by weekday (0: Monday) and hour of the clock of their start */
    /* Net money of the group and of the mall by equal stretches of the period, for a sparkline. */
    size_t n_spans;
    const int64_t *spans[2];
    bool price_of_lines;    /* price levels are of receipt lines, a piece; else of receipts */
    int64_t related_inside; /* relations with both ends in the group */
    size_t n_apart;
    const struct portrait_apart *apart;
    size_t n_listed; /* as many as the row's people[0] says */
    const uint32_t *listed;
};

/* Exact. Inside one state of the file; owned by the arena. ST_DENIED where `access` may see neither
 * questions nor people. */
enum status portrait_run(struct reader *reader, struct arena *arena, const struct access *access,
                         const struct portrait_query *query, struct portrait *portrait,
                         struct error *err);

/* The last three figures: the expected value of the group and of the mall (model/insight/value.h),
 * which needs memory for everyone who ever bought. Unknown where too few did to expect anything. */
enum status portrait_expect(struct reader *reader, struct arena *arena, const struct access *access,
                            const struct portrait_query *query,
                            struct portrait_figure figures[FIGURE_COUNT], struct error *err);

/* "More of these 4,120 people than usual buy coffee (36% against 20%) …; fewer come on Monday …":
 * the first `most` of `apart` in the user's language, "" where nothing is. Owned by the arena. */
const char *portrait_sentence(struct arena *arena, const struct portrait *portrait, size_t most);

/* Whether the people of its rows can be listed. */
bool portrait_lists(enum portrait_part part);

/* A row's name in the user's language. */
const char *portrait_row_name(enum portrait_part part, const struct portrait_row *row);

#endif
