/* Campaigns side by side: what each is for whom, and what it has given; and by day of a month. */
#ifndef ATRIUM_CAMPAIGN_OVERVIEW_H
#define ATRIUM_CAMPAIGN_OVERVIEW_H

#include "model/base/sheet.h"
#include "model/campaign/campaign.h"

struct campaign_row {
    const struct campaign *campaign;
    /* People of the audience, of these held out, and reached by some contact after consent; -1: not
     * known (its events alone, an audience that cannot be read any more). Reach is of campaigns
     * that are not over. */
    int64_t audience, holdout, reach;
    int64_t sums[CAMPAIGN_SUMS];
};

/* As campaign_list. Owned by the arena. */
enum status campaign_rows(struct reader *reader, struct arena *arena, const struct access *access,
                          unsigned states, const struct campaign_row **rows, size_t *n,
                          struct error *err);

/* How many there are in each state. */
enum status campaign_counts(struct reader *reader, int64_t counts[CAMPAIGN_STATES],
                            struct error *err);

/* id name kind state from to audience holdout reach budget given sent issued redeemed, owned by the
 * arena. */
struct sheet *campaign_rows_sheet(struct arena *arena, const struct campaign_row *rows, size_t n);

/* A campaign that is on on a day: not over, or it was. */
struct campaign_day {
    int32_t day;
    const struct campaign *campaign;
};

/* Those on in [from, to], by day, then as campaign_list; drafts too, cancelled ones not. Owned by
 * the arena. */
enum status campaign_days(struct reader *reader, struct arena *arena, int32_t from, int32_t to,
                          const struct campaign_day **days, size_t *n, struct error *err);

#endif
