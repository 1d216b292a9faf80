/*
 * The shops: what each sold, to whom, and against which other time.
 *
 * Figures are as doc/metrics defines them. Money is fen, net of refunds. A shop is open in a period
 * when it sold anything in it; year on year leaves out shops that were not open in both periods and
 * counts them.
 */
#ifndef ATRIUM_PEOPLE_SHOP_H
#define ATRIUM_PEOPLE_SHOP_H

#include "model/access/access.h"
#include "model/base/sheet.h"
#include "model/store/reader.h"

/* All periods are [from, to). A period with from == to is not asked for. */
struct shop_query {
    int64_t from, to;
    int64_t before_from, before_to; /* what `change` compares with */
    int64_t year_from, year_to;     /* the same dates a year before: see shop_year_before */
};

/* The same dates a year before in the mall's zone (29 February: 28); aligned by weekday: 364 days
 * before. */
void shop_year_before(const struct mall *mall, int64_t from, int64_t to, bool by_weekday,
                      int64_t *year_from, int64_t *year_to);

enum shop_column {
    SHOP_TENANT, /* code */
    SHOP_NAME,
    SHOP_CATEGORY,
    SHOP_FLOOR,
    SHOP_SALES,
    SHOP_RECEIPTS,
    SHOP_BUYERS,       /* distinct persons */
    SHOP_MEMBER_SALES, /* to members at the time of sale */
    SHOP_MEMBER_SHARE,
    SHOP_REGISTRATIONS,
    SHOP_POS_CARDS, /* of them on channel pos */
    SHOP_REPEAT,    /* share of buyers with two or more purchase days */
    SHOP_BEFORE,    /* sales in the period compared with */
    SHOP_CHANGE,    /* sales ÷ before − 1 */
    SHOP_YEAR,      /* sales a year before */
    SHOP_ON_YEAR,   /* sales ÷ year − 1; unknown where not open in both */
    SHOP_SMART,     /* 1: has a smart POS */
    SHOP_COLUMN_COUNT
};
extern const struct sheet_column shop_columns[SHOP_COLUMN_COUNT];

struct shop_totals {
    int64_t sales, member_sales, receipts, buyers, registrations, pos_cards;
    int64_t before, year;
    double on_year;        /* over the shops open in both; NAN where there are none */
    int64_t on_year_shops; /* shops open in both */
    int64_t left_out;      /* shops open in only one of them */
    int64_t shops, smart;
    int64_t no_shop; /* sales without a shop, not in the rows but in the totals */
};

/* One row a shop, in order of sales; shops without any event in the periods are rows of zeros.
 * `totals` may be NULL. */
enum status shop_list(struct reader *reader, const struct access *access,
                      const struct shop_query *query, struct arena *arena, struct sheet **sheet,
                      struct shop_totals *totals, struct error *err);

/* The tenant number of a code or an exact name; ST_REFUSED with a near one where there is none. */
enum status shop_resolve(struct reader *reader, const char *text, uint32_t *tenant,
                         struct error *err);

struct shop_card {
    uint32_t tenant;
    const char *code, *name, *category, *floor, *brand, *zone;
    bool smart_pos;
    int64_t version;
    const struct cell *row; /* the shop's row of shop_columns */
    int rank, shops;        /* by sales among all shops open in the period; 0: not open */
    int category_rank, category_shops;
    int64_t members_known; /* buyers who are members now */
    struct sheet *by_day;  /* day, sales, member_sales, receipts, registrations, pos_cards */
    struct sheet *by_hour; /* hour 0..23, sales, receipts, member_share, registrations */
    struct sheet *members; /* person, card, name, tier, receipts, spent, last; most spent first */
    struct sheet *neighbours; /* tenant, name, category, buyers, support, confidence, lift */
    struct sheet *categories; /* category, shops, sales, share, rank; `own` marks the shop's */
};

enum { SHOP_TOP_MEMBERS = 100, SHOP_NEIGHBOURS = 50 };

/* Neighbours: of the buyers here in the period, how many also bought there. support = both ÷ all
 * buyers, confidence = both ÷ buyers here, lift = confidence ÷ (buyers there ÷ all buyers). The
 * members' sheet is empty for a role without people. */
enum status shop_card_read(struct reader *reader, const struct access *access, uint32_t tenant,
                           const struct shop_query *query, struct arena *arena,
                           struct shop_card *card, struct error *err);

/* The people behind a shop's figure, for a member list: buyers, or those who registered there.
 * Sorted person numbers, owned by the arena; the count is the figure. */
enum shop_people { SHOP_PEOPLE_BUYERS, SHOP_PEOPLE_REGISTERED, SHOP_PEOPLE_POS_CARDS };
enum status shop_people_list(struct reader *reader, const struct access *access, uint32_t tenant,
                             enum shop_people which, int64_t from, int64_t to, struct arena *arena,
                             const uint32_t **people, size_t *n, struct error *err);

#endif
