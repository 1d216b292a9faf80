/* Campaigns as rows of the mall file. Inside the module. */
#ifndef ATRIUM_CAMPAIGN_ROW_H
#define ATRIUM_CAMPAIGN_ROW_H

#include "model/campaign/campaign.h"

/* "select … from campaign " and what follows. Owned by the arena. */
char *campaign_sql(struct arena *arena, const char *where);

/* A row of such a statement. */
struct campaign *campaign_take(struct arena *arena, sqlite3_stmt *stmt);

/* The campaign as the writer's transaction sees it; *found NULL: there is none. */
enum status campaign_of_writer(struct writer *writer, struct arena *arena, const char *code,
                               struct campaign **found, struct error *err);

/* The definition on one line, with tabs for ends of lines: what `approved` holds. */
const char *campaign_line(struct arena *arena, const struct campaign *campaign);

#endif
