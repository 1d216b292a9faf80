/* A funnel question at work: what its lanes share and what each counts. Inside the module. */
#ifndef ATRIUM_LOOP_FUNNEL_PARTS_H
#define ATRIUM_LOOP_FUNNEL_PARTS_H

#include "model/loop/funnel_path.h"
#include "model/question/expr.h"

/* What entries are told apart by: each has a number from 0 to n - 1. */
struct funnel_split {
    enum funnel_by by;
    unsigned columns; /* of enum event_column, that the scan must read */
    size_t n;
    const char **names;        /* by number */
    int32_t first_month;       /* FUNNEL_BY_MONTH: number 0 */
    const uint32_t *of_tenant; /* FUNNEL_BY_CATEGORY: by shop */
    size_t n_tenants;
    const uint32_t *of_person; /* FUNNEL_BY_TIER and other columns of members */
    const int32_t *birth;      /* FUNNEL_BY_AGE: days; INT32_MIN: unknown */
    size_t n_people;
    const struct funnel_set *sets; /* FUNNEL_BY_LABEL, _SEGMENT: number 1 is the first */
    const struct clock *clock;
};

enum status funnel_split_make(struct reader *reader, struct arena *arena,
                              const struct funnel_query *query, uint32_t n_people,
                              struct funnel_split *split, struct error *err);
size_t funnel_split_of(const struct funnel_split *split, const struct event_run *run, size_t row);

/* FUNNEL_BY_COUPON: the codes of first steps in the period, FUNNEL_COUPONS at most; and the number
 * of an entry's. */
enum status funnel_coupon_split(struct reader *reader, struct arena *arena,
                                const struct funnel_query *query, struct funnel_split *split,
                                struct error *err);
size_t funnel_coupon_of(const struct funnel_split *split, const struct event_run *run, size_t row);

/* Numbers of categories by shop; 0: none. Owned by the arena. */
enum status funnel_categories(struct reader *reader, struct arena *arena, size_t n_tenants,
                              const uint32_t **of_tenant, struct error *err);

/* Whether a person is in the group: of labels and segments, where one may be in several. Number 0
 * are those in none. */
bool funnel_split_has(const struct funnel_split *split, uint32_t person, size_t number);

/* People at a step and their seconds since the step before. */
struct funnel_tally {
    int64_t count, sum;
    VEC(uint32_t) times;
};

/* The step's figures from all lanes' tallies; they are not changed. */
struct funnel_step funnel_step_of(struct funnel_tally *const *tallies, size_t n);

/* Sorts the seconds. */
struct funnel_times funnel_times_of(uint32_t *seconds, size_t n);

/* What the query says of one person's way, and whether events of no step matter. */
void funnel_rule_of(const struct funnel_query *query, struct funnel_rule *rule, bool *strangers);

/* ST_USAGE for what cannot be asked, whatever the mall has. */
enum status funnel_query_check(const struct funnel_query *query, struct error *err);

/* Highest person + 1. */
enum status funnel_people_number(struct reader *reader, uint32_t *n, struct error *err);

/* The kinds to scan for these matchers; all but receipt lines where strangers matter. */
const uint16_t *funnel_kinds(struct reader *reader, struct arena *arena,
                             const struct matcher *const *matchers, size_t n_matchers,
                             bool strangers, size_t *n);

/* The end of the scan: later steps may lie after the period. */
int64_t funnel_scan_end(const struct funnel_query *query);

/* Whether the query asks for what only funnel_wide_run answers. */
bool funnel_is_wide(const struct funnel_query *query);

/* Every question, one person after another: within people, a property held, turns and money,
 * distributions, groups that overlap. Inside reader_begin, the query checked. */
enum status funnel_wide_run(struct reader *reader, struct arena *arena,
                            const struct funnel_query *query, struct funnel *funnel,
                            struct error *err);

#endif
