/* A campaign's result in words: a sentence for the top of a screen, and a page to hand on. */
#ifndef ATRIUM_CAMPAIGN_REPORT_H
#define ATRIUM_CAMPAIGN_REPORT_H

#include "model/campaign/result.h"

enum { REPORT_COLUMNS = 64 };

/* What can be said and how surely: never more than the figures carry. Translated, owned by the
 * arena. */
const char *result_headline(struct arena *arena, const struct access *access,
                            const struct campaign_result *result);

/* A share, a difference of shares and money as the page has them: "12.1%", "+3.2 pt", "+1.10"; "–"
 * for NaN. */
const char *report_share(struct arena *arena, double share);
const char *report_points(struct arena *arena, double difference);
const char *report_money(struct arena *arena, double yuan, bool sign);
const char *report_times(struct arena *arena, double factor);

/* One page of plain text, lines of at most REPORT_COLUMNS cells of a Latin script. */
const char *campaign_report(struct arena *arena, const struct access *access,
                            const struct mall *mall, const struct campaign_result *result);

#endif
