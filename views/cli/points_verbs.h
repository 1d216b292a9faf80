/* The parts of the command points. */
#ifndef ATRIUM_CLI_POINTS_VERBS_H
#define ATRIUM_CLI_POINTS_VERBS_H

#include "model/access/access.h"
#include "model/campaign/ledger.h"
#include "views/cli/cli.h"

/* What a verb runs with; `writer` is NULL for those that only read. */
struct points_call {
    struct cli *cli;
    struct reader *reader;
    struct writer *writer;
    struct access access;
};

/* A positional argument as a person, or as a whole number. */
enum status points_person(struct points_call *call, int at, uint32_t *person, struct error *err);
enum status points_number_at(struct points_call *call, int at, int64_t *number, struct error *err);

/* --at; `fallback` where it is not given. */
enum status points_at(struct points_call *call, int64_t fallback, int64_t *at, struct error *err);

/* The number of a dictionary's name given by an option; 0 where it is not given; ST_REFUSED where
 * it is not known. */
enum status points_named(struct points_call *call, const char *option, enum dict dict, uint32_t *id,
                         struct error *err);

/* {"balance": …, "ref": …} of what was posted, or a line. */
enum status points_posted_print(struct points_call *call, const struct points_posted *posted,
                                struct error *err);

/* Money in currency units. */
json_t *points_money_json(struct cli *cli, int64_t fen);

/* balance, survey, expire, earn by rules, rules and terms. */
enum status points_earn_verb(struct points_call *call, struct error *err);
enum status points_rules_verb(struct points_call *call, struct error *err);
enum status points_rule_verb(struct points_call *call, struct error *err);
enum status points_terms_verb(struct points_call *call, struct error *err);
enum status points_balance_verb(struct points_call *call, struct error *err);
enum status points_survey_verb(struct points_call *call, struct error *err);
enum status points_expire_verb(struct points_call *call, struct error *err);

#endif
