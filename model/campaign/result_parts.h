/* What the files of a campaign's result share. Inside the module. */
#ifndef ATRIUM_CAMPAIGN_RESULT_PARTS_H
#define ATRIUM_CAMPAIGN_RESULT_PARTS_H

#include "model/base/vec.h"
#include "model/campaign/result.h"
#include "model/event/event.h"

enum { RESULT_LANES = 8 };

/* Which campaign the events name, and when. */
struct census {
    uint32_t n; /* campaigns are below */
    struct census_row {
        int64_t first, last, events; /* times; events 0: none */
        int64_t uses;                /* redeemed, burned, granted */
    } * at;
};

/* A use of the campaign: a burn, a redemption, a benefit, points given. */
struct result_use {
    int64_t time, amount;
    uint32_t person, tenant;
    uint16_t kind;
};

/* A receipt in which it was used. */
struct result_receipt {
    int64_t time, amount; /* fen, negative for a refund */
    uint32_t person, tenant;
};

/* What a person bought at a place: a shop, a brand, on a day. */
struct result_pair {
    uint32_t key, person;
    int64_t sales; /* fen */
    bool bought;   /* else goods only came back */
};

/* Everybody, by person number. */
struct result_people {
    uint32_t n;
    struct set *arm[RESULT_ARMS];
    struct set *bought, *registered, *reached, *used, *responded;
    int64_t *sales, *before; /* fen; before NULL: history does not reach that far */
    /* Whom a channel reached, and who bought where and when: for breakdowns and their lists. */
    struct set **by_channel; /* n_channels, NULL entries: nobody */
    uint32_t n_channels;
    VEC(struct result_pair) places; /* by key, then person; one of each */
};

/* One run. */
struct result_job {
    struct reader *reader;
    struct arena *arena;
    const struct campaign *campaign;
    const struct result_query *query;
    const struct census *census;
    struct campaign_result *result;
    struct result_people *people;
    const struct clock *clock;
    const struct set *shops; /* NULL: all */
    int64_t present, first_event;
    int threads;
    /* days as bits from first_day, for the scan; before: the days looked at before its time. */
    int32_t first_day, last_day; /* both included */
    uint8_t *on;                 /* by day from first_day */
    int64_t before_from;         /* 0: none */
    uint32_t *place_of;          /* by tenant: shop or brand number; NULL: by day, or none */
    uint32_t n_places, n_place_names;
    const char **place_names; /* by number */
    int64_t points_rate;      /* points that are a yuan */
    int64_t *last_by;         /* by channel: fen by last touch */
    VEC(struct result_use) uses;
    VEC(struct result_receipt) receipts;
};

/* One campaign, nothing hidden; result->people is the caller's to release. Between reader_begin and
 * reader_end. */
enum status result_one_run(struct reader *reader, struct arena *arena,
                           const struct campaign *campaign, const struct census *census,
                           const struct result_query *query, struct campaign_result *result,
                           struct error *err);
void result_people_release(struct result_people *people);

/* Of every campaign, from one parallel scan. Owned by the arena. */
enum status census_read(struct reader *reader, struct arena *arena, int threads,
                        struct census *census, struct error *err);

/* Who is in it, when its time is, and whether it can claim anything. */
enum status result_frame(struct result_job *job, struct error *err);

/* Numbers the shops, brands or categories of the breakdown. */
enum status result_places_name(struct result_job *job, struct error *err);

/* What they did. */
enum status result_scan(struct result_job *job, struct error *err);

/* Uses and the receipts they were in. */
enum status result_touched(struct result_job *job, struct error *err);

/* Its shops on its days against a year before. */
enum status result_growth_read(struct result_job *job, struct error *err);

/* Sums over the people of `among` (NULL: all of both arms). */
void result_sums_of(const struct result_people *people, const struct set *among,
                    struct result_sums sums[RESULT_ARMS]);
struct result_lift result_lift_of(const struct result_sums *sums, bool measured);

/* The groups of the breakdown asked for. */
enum status result_groups_read(struct result_job *job, struct error *err);
enum status result_crowds_read(struct reader *reader, struct arena *arena,
                               const struct result_query *query, uint32_t n_people,
                               const struct set *among, struct result_group **groups, size_t *n,
                               struct error *err);

/* Why messages were not sent. */
enum status result_suppressed_read(struct result_job *job, struct error *err);

/* Marks what a role that sees pseudonyms may not be shown. */
void result_hide_small(struct arena *arena, const struct access *access,
                       struct campaign_result *result);
void groups_hide_small(struct arena *arena, const struct access *access,
                       struct result_group *groups, size_t n);

static inline bool job_on_day(const struct result_job *job, int32_t day)
{
    return day >= job->first_day && day <= job->last_day && job->on[day - job->first_day];
}

/* The mall day of moments that mostly come in order. */
struct day_finder {
    const struct clock *clock;
    int64_t from, to;
    int32_t day;
};
static inline int32_t day_find(struct day_finder *finder, int64_t time)
{
    if (time < finder->from || time >= finder->to) {
        finder->day = clock_day(finder->clock, time);
        finder->from = clock_day_start(finder->clock, finder->day);
        finder->to = clock_day_start(finder->clock, finder->day + 1);
    }
    return finder->day;
}

#endif
