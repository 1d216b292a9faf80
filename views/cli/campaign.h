/*
 * atrium campaign: its verbs are rows of tables, one table and one file for a group of verbs. A new
 * group gets a table here and a line in campaign.c.
 */
#ifndef ATRIUM_CLI_CAMPAIGN_H
#define ATRIUM_CLI_CAMPAIGN_H

#include "model/access/access.h"
#include "model/campaign/campaign.h"
#include "views/cli/verb.h"

/* Each ends with a row whose name is NULL. */
extern const struct cli_verb campaign_definition_verbs[]; /* campaign_definition.c */
extern const struct cli_verb campaign_state_verbs[];      /* campaign_states.c */
extern const struct cli_verb campaign_result_verbs[];     /* campaign_result.c */

/* Of campaign_simulate.c. */
enum status cli_campaign_simulate(struct cli *cli, struct reader *reader, struct access *access,
                                  struct error *err);

/* The campaign of the first word after the verb; ST_REFUSED where there is none. */
enum status cli_campaign_take(struct cli *cli, struct reader *reader,
                              const struct campaign **campaign, struct error *err);

/* id and state, as every verb that changes something answers. */
enum status cli_campaign_state(struct cli *cli, const char *code, enum campaign_state state,
                               struct error *err);

#endif
