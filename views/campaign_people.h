/*
 * The people behind a campaign's figures, as an argument of views/people_of.h:
 *
 *   result ARM WHO BY \x1f CODE \x1f GROUP
 *
 * "treated responded tier", the campaign's code, and a line of that breakdown ("" for all).
 */
#ifndef ATRIUM_VIEWS_CAMPAIGN_PEOPLE_H
#define ATRIUM_VIEWS_CAMPAIGN_PEOPLE_H

#include "model/campaign/result.h"
#include "views/people_of.h"

/* What is asked of a campaign: by "tier", "attr:age" …; "": nothing in particular. Also the
 * argument of the screens campaign-result, campaign-groups and campaign-simulate: CODE \x1f BY. */
struct campaign_question {
    char code[CAMPAIGN_CODE];
    char by[128];
    struct access access;
};
struct campaign_question campaign_question_of(const char *argument, const struct access *access);
const char *campaign_argument(struct arena *arena, const char *code, const char *by);

/* The campaign and what `by` asks. ST_REFUSED where there is no such campaign. */
enum status campaign_question_read(struct reader *reader, struct arena *arena,
                                   const struct campaign_question *question,
                                   const struct campaign **campaign, struct result_query *query,
                                   struct error *err);

/* group "": all. */
const char *campaign_people_line(struct arena *arena, const char *code, const char *by,
                                 enum result_arm arm, enum result_who who, const char *group);

enum status people_of_campaign(struct reader *reader, struct arena *arena, const char *rest,
                               const struct people_question *question, struct people_found *found,
                               struct error *err);

#endif
