/*
 * What a campaign comes to, as the form, the page and the review show it: its audience with a line
 * of portrait, who is held out, reach by contact, days, cost and what to expect; and what is wrong.
 */
#ifndef ATRIUM_VIEWS_CAMPAIGN_FIGURES_H
#define ATRIUM_VIEWS_CAMPAIGN_FIGURES_H

#include "model/campaign/glance.h"
#include "model/campaign/plan.h"
#include "tui/draw.h"
#include "views/view.h"

struct campaign_figures {
    struct campaign campaign;
    bool counted; /* plan and glance are there */
    struct campaign_plan plan;
    struct glance glance;
    size_t n_days;
    int32_t first_day, last_day;
    const struct campaign_fault *faults;
    size_t n_faults;
    const char *money; /* of the mall: "CNY" */
};

/* Counts what can be counted of a campaign; faults are no error. `experience` of its kind, NULL:
 * not known yet. Owned by the arena. */
enum status campaign_figures_take(struct reader *reader, struct arena *arena,
                                  const struct access *access, const struct campaign *campaign,
                                  const struct campaign_experience *experience,
                                  struct campaign_figures *figures, struct error *err);

/* One line each; `part` is what people_of calls the people it is about ("audience", "sms"), NULL:
 * nobody in particular. */
struct figure_line {
    const char *text, *part;
    enum role role;
};
const struct figure_line *campaign_figure_lines(struct arena *arena,
                                                const struct campaign_figures *figures, size_t *n);

#endif
