#include "views/campaign_figures.h"

#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/campaign/schedule.h"
#include "tui/intl.h"

#include <math.h>

static enum status counts_take(struct reader *reader, struct arena *arena,
                               const struct access *access, struct campaign_figures *f,
                               struct error *err)
{
    struct error why = {0};
    enum status status = campaign_plan_make(reader, arena, access, &f->campaign, &f->plan, &why);
    /* An audience that cannot be read is among the faults. */
    if (status == ST_USAGE || status == ST_DENIED) {
        error_clear(&why);
        return ST_OK;
    }
    if (status == ST_OK)
        status = glance_take(reader, arena, f->plan.people, &f->glance, &why);
    f->counted = status == ST_OK;
    if (status != ST_OK)
        error_set(err, status, "%s", error_text(&why));
    error_clear(&why);
    return status;
}

enum status campaign_figures_take(struct reader *reader, struct arena *arena,
                                  const struct access *access, const struct campaign *campaign,
                                  const struct campaign_experience *experience,
                                  struct campaign_figures *f, struct error *err)
{
    *f = (struct campaign_figures){.campaign = *campaign};
    const int32_t *days = schedule_days(arena, campaign, INT32_MIN, INT32_MAX, &f->n_days);
    if (f->n_days) {
        f->first_day = days[0];
        f->last_day = days[f->n_days - 1];
    }
    f->money = arena_strdup(arena, reader_mall(reader)->currency);
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = campaign_check(reader, access, arena, campaign, &f->faults, &f->n_faults, err);
    if (status == ST_OK && !*f->campaign.code)
        status = campaign_code_make(reader, arena, campaign->name, &f->campaign.code, err);
    if (status == ST_OK)
        status = counts_take(reader, arena, access, f, err);
    if (f->counted && experience)
        campaign_expect(&f->campaign, &f->plan, experience);
    reader_end(reader);
    return status;
}

/* ---- Lines ---- */

struct lines {
    struct arena *arena;
    VEC(struct figure_line) all;
};

static void line_add(struct lines *lines, enum role role, const char *part, const char *text)
{
    vec_push(&lines->all, (struct figure_line){text, part, role});
}

static const char *percent(struct arena *arena, double part, double whole)
{
    return whole > 0 ? arena_printf(arena, "%.0f %%", 100 * part / whole) : "–";
}

static void people_lines(struct lines *l, const struct campaign_figures *f)
{
    const struct campaign_plan *plan = &f->plan;
    const struct glance *g = &f->glance;
    struct arena *arena = l->arena;
    line_add(l, ROLE_STRONG, "audience",
             arena_printf(arena, _("%s people"), text_count(arena, plan->audience)));
    const char *portrait = "";
    if (g->women + g->men)
        portrait =
            arena_printf(arena, _("%s women"),
                         percent(arena, (double)g->women, (double)g->women + (double)g->men));
    if (g->median_age >= 0)
        portrait = arena_printf(arena, "%s%s%s", portrait, *portrait ? " · " : "",
                                arena_printf(arena, _("half under %d"), g->median_age + 1));
    if (g->of_tier)
        portrait = arena_printf(arena, "%s%s%s %s", portrait, *portrait ? " · " : "",
                                percent(arena, (double)g->of_tier, (double)g->people), g->tier);
    if (*portrait)
        line_add(l, ROLE_PLAIN, NULL, portrait);
    line_add(
        l, ROLE_PLAIN, "held",
        arena_printf(arena, _("%s held out, to compare with"), text_count(arena, plan->holdout)));
    line_add(l, ROLE_PLAIN, "treated",
             arena_printf(arena, _("%s treated"), text_count(arena, plan->treated)));
}

static void reach_lines(struct lines *l, const struct campaign_figures *f)
{
    const struct campaign_plan *plan = &f->plan;
    struct arena *arena = l->arena;
    for (size_t i = 0; i < f->campaign.n_contacts; i++) {
        enum contact contact = f->campaign.contacts[i];
        if (contact == CONTACT_SCREEN)
            line_add(l, ROLE_PLAIN, NULL,
                     arena_printf(arena, "  %-6s %s", contact_names[contact],
                                  _("everybody who walks by")));
        else
            line_add(l, ROLE_PLAIN, contact_names[contact],
                     arena_printf(arena, _("  %-6s reaches %s, %s of them first"),
                                  contact_names[contact], text_count(arena, plan->can[contact]),
                                  text_count(arena, plan->first[contact])));
    }
    if (plan->unreachable)
        line_add(l, ROLE_WARN, "unreachable",
                 arena_printf(arena, _("  none of these reaches %s"),
                              text_count(arena, plan->unreachable)));
}

static void cost_lines(struct lines *l, const struct campaign_figures *f)
{
    const struct campaign_plan *plan = &f->plan;
    struct arena *arena = l->arena;
    if (f->n_days)
        line_add(l, ROLE_PLAIN, NULL,
                 f->n_days == 1
                     ? arena_printf(arena, _("1 day, %s"), date_text(arena, f->first_day))
                     : arena_printf(arena, _("%zu days, %s to %s"), f->n_days,
                                    date_text(arena, f->first_day), date_text(arena, f->last_day)));
    line_add(l, ROLE_PLAIN, NULL,
             plan->cost_most ? arena_printf(arena, _("costs %s %s at most"),
                                            text_money(arena, plan->cost_most), f->money)
                             : _("no bound of its cost: set a budget"));
    if (!isnan(plan->response_expected))
        line_add(l, ROLE_PLAIN, NULL,
                 arena_printf(arena, _("expect: %.1f %% use it, %s %s, as in %u campaigns before"),
                              100 * plan->response_expected, text_money(arena, plan->cost_expected),
                              f->money, plan->response_of));
}

const struct figure_line *campaign_figure_lines(struct arena *arena,
                                                const struct campaign_figures *f, size_t *n)
{
    struct lines l = {.arena = arena};
    for (size_t i = 0; i < f->n_faults; i++)
        line_add(&l, ROLE_ERROR, NULL,
                 arena_printf(arena, "%s %s", symbol(SYMBOL_ALERT), f->faults[i].message));
    if (f->counted) {
        people_lines(&l, f);
        reach_lines(&l, f);
        cost_lines(&l, f);
        for (size_t i = 0; i < f->plan.n_notes; i++)
            line_add(&l, ROLE_WARN, NULL, f->plan.notes[i]);
    }
    struct figure_line *kept = vec_copy(arena, &l.all);
    *n = l.all.n;
    vec_free(&l.all);
    return kept;
}
