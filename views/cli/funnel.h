/* Inside of atrium funnel: what is asked, and how its answers are printed. */
#ifndef ATRIUM_CLI_FUNNEL_H
#define ATRIUM_CLI_FUNNEL_H

#include "model/loop/funnel_compare.h"
#include "model/loop/funnel_plan.h"
#include "model/loop/period.h"
#include "views/cli/cli.h"

struct funnel_run {
    struct funnel_plan plan;
    struct period period;
    struct funnel funnel;
    int list; /* -1: no list, 0: everyone's, else a step */
    /* The other side of a comparison. */
    const char *with; /* as asked; NULL: none */
    struct period other_period;
    const char *other_within;
    struct funnel other;
    struct funnel_changes changes;
};

enum status funnel_print_json(struct cli *cli, const struct funnel_run *run, struct error *err);
enum status funnel_print_tables(struct cli *cli, const struct funnel_run *run, struct error *err);

/* "mixpanel · strict_once · held: shop": whose rules, always said. */
const char *funnel_rules_text(struct cli *cli, const struct funnel_query *query);

/* What every document says of a question: dialect, modes, order, window and the like. */
void funnel_rules_json(const struct funnel_plan *plan, json_t *document);

/* --why MEMBER. */
enum status funnel_why_print(struct cli *cli, const struct funnel_plan *plan, const char *who,
                             struct error *err);

#endif
