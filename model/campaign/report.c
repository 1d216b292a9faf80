#include "model/campaign/report.h"

#include "model/base/intl.h"
#include "model/base/text.h"

#include <math.h>
#include <string.h>

/* ---- Figures ---- */

const char *report_share(struct arena *arena, double share)
{
    return isfinite(share) ? arena_printf(arena, "%.1f%%", share * 100) : "–";
}

const char *report_points(struct arena *arena, double difference)
{
    return isfinite(difference) ? arena_printf(arena, _("%+.1f pt"), difference * 100) : "–";
}

const char *report_money(struct arena *arena, double yuan, bool sign)
{
    if (!isfinite(yuan) || fabs(yuan) > 9e15)
        return "–";
    const char *text = text_money(arena, llround(yuan * 100));
    return sign && yuan > 0 ? arena_printf(arena, "+%s", text) : text;
}

const char *report_times(struct arena *arena, double factor)
{
    return isfinite(factor) ? arena_printf(arena, "%.2f×", factor) : "–";
}

static const char *shown(struct arena *arena, const struct access *access, int64_t n, bool hidden)
{
    return hidden ? small_group_text(access, arena, n) : text_count(arena, n);
}

static double rate_of(const struct result_sums *sums)
{
    return sums->people ? (double)sums->responded / (double)sums->people : NAN;
}

/* ---- The sentence ---- */

static const char *influenced_words(struct arena *arena, const struct access *access,
                                    const struct campaign_result *r)
{
    const struct result_sums *t = &r->sums[ARM_TREATED];
    const bool *hidden = r->hidden[ARM_TREATED];
    const char *who = arena_printf(arena, _("%s of %s people responded (%s)"),
                                   shown(arena, access, t->responded, hidden[1]),
                                   shown(arena, access, t->people, hidden[0]),
                                   hidden[1] ? "*" : report_share(arena, rate_of(t)));
    return arena_printf(arena,
                        _("Influenced, not measured: %s. What it caused cannot be said, as %s."),
                        who, r->reason);
}

const char *result_headline(struct arena *arena, const struct access *access,
                            const struct campaign_result *r)
{
    const struct interval *i = &r->lift.newcombe;
    if (!r->measured)
        return influenced_words(arena, access, r);
    if (r->withheld)
        return _("Measured, but on too few people to be shown to your role.");
    const char *rates = arena_printf(arena, _("%s of the treated responded, %s of the holdout"),
                                     report_share(arena, rate_of(&r->sums[ARM_TREATED])),
                                     report_share(arena, rate_of(&r->sums[ARM_HOLDOUT])));
    const char *range = arena_printf(arena, _("%s to %s"), report_points(arena, i->low),
                                     report_points(arena, i->high));
    if (i->low > 0)
        return arena_printf(arena, _("Measured: it raised the response by %s (%s, 95%%). %s."),
                            report_points(arena, r->lift.lift), range, rates);
    if (i->high < 0)
        return arena_printf(arena, _("Measured: it lowered the response by %s (%s, 95%%). %s."),
                            report_points(arena, r->lift.lift), range, rates);
    return arena_printf(
        arena,
        _("Measured, no effect shown: the difference is %s and may be anything from %s. %s."),
        report_points(arena, r->lift.lift), range, rates);
}

/* ---- The page ---- */

struct page {
    struct arena *arena;
    const struct access *access;
    const struct campaign_result *r;
    const char *text;
};

__attribute__((format(printf, 2, 3))) static void page_add(struct page *page, const char *format,
                                                           ...)
{
    va_list args;
    va_start(args, format);
    page->text =
        arena_printf(page->arena, "%s%s", page->text, arena_vprintf(page->arena, format, args));
    va_end(args);
}

/* How many cells a text takes: two for a wide character, as all of those from U+1100 on count. */
static int cells_of(const char *text)
{
    int cells = 0;
    uint32_t rune;
    for (size_t n = strlen(text), length; n; text += length, n -= length) {
        length = text_rune(text, n, &rune);
        cells += rune >= 0x1100 && !(rune >= 0x2000 && rune < 0x2E80) ? 2 : 1;
    }
    return cells;
}

/* Words of a sentence in lines; between wide characters a line may end as well. */
static void page_wrap(struct page *page, const char *text)
{
    const char *line = text;
    while (*line) {
        const char *at = line, *end = NULL;
        int cells = 0;
        while (*at) {
            uint32_t rune;
            size_t length = text_rune(at, strlen(at), &rune);
            cells += cells_of(arena_strndup(page->arena, at, length));
            if (cells > REPORT_COLUMNS)
                break;
            if (rune == ' ')
                end = at;
            at += length;
            if (rune >= 0x2E80)
                end = at;
        }
        if (!*at || !end || end == line)
            end = at;
        page_add(page, "%.*s\n", (int)(end - line), line);
        for (line = end; *line == ' ';)
            line++;
    }
}

static const char *padded(struct page *page, const char *text, int cells, bool right)
{
    int more = cells - cells_of(text);
    more = more > 0 ? more : 0;
    return right ? arena_printf(page->arena, "%*s%s", more, "", text)
                 : arena_printf(page->arena, "%s%*s", text, more, "");
}

static void page_row(struct page *page, const char *label, const char *treated, const char *holdout,
                     const char *difference, const char *range)
{
    const char *line = arena_printf(page->arena, "%s%s%s%s  %s", padded(page, label, 15, false),
                                    padded(page, treated, 9, true), padded(page, holdout, 9, true),
                                    padded(page, difference, 11, true), range);
    size_t n = strlen(line);
    while (n && line[n - 1] == ' ')
        n--;
    page_add(page, "%.*s\n", (int)n, line);
}

static const char *range_text(struct page *page, struct interval i, bool money)
{
    if (!isfinite(i.low) || !isfinite(i.high))
        return "";
    struct arena *a = page->arena;
    return arena_printf(a, "%s … %s",
                        money ? report_money(a, i.low, true) : report_points(a, i.low),
                        money ? report_money(a, i.high, true) : report_points(a, i.high));
}

static void page_head(struct page *page, const struct mall *mall)
{
    const struct campaign_result *r = page->r;
    const struct campaign *c = r->campaign;
    struct arena *a = page->arena;
    const char *name = *c->name ? c->name : c->code;
    page_add(page, "%s (%s)\n", name, c->code);
    page_add(page, "%s · %s", mall->name,
             c->kind ? _(campaign_kinds[c->kind].title) : _("known from events"));
    if (r->n_days)
        page_add(page, _(" · %s to %s, %zu days"), date_text(a, r->days[0]),
                 date_text(a, r->days[r->n_days - 1]), r->n_days);
    page_add(page, "%s\n\n", r->still ? _(" (not over yet)") : "");
    page_wrap(page, result_headline(a, page->access, r));
    page_add(page, "\n");
}

static void page_arms(struct page *page)
{
    const struct campaign_result *r = page->r;
    struct arena *a = page->arena;
    const char *people[2], *responded[2], *reached[2], *used[2], *sales[2];
    for (int arm = 0; arm < 2; arm++) {
        const struct result_sums *s = &r->sums[arm];
        const bool *hidden = r->hidden[arm];
        bool none = !s->people;
        people[arm] = shown(a, page->access, s->people, hidden[0]);
        responded[arm] = none        ? "–"
                         : hidden[1] ? small_group_text(page->access, a, s->responded)
                                     : report_share(a, rate_of(s));
        reached[arm] = none ? "–" : shown(a, page->access, r->reached[arm], hidden[2]);
        used[arm] = none ? "–" : shown(a, page->access, r->used[arm], hidden[3]);
        sales[arm] = none || hidden[1] ? "–" : report_money(a, r->per_person[arm].mean, false);
    }
    bool told = !r->withheld;
    page_row(page, "", _("treated"), _("holdout"), told && r->measured ? _("difference") : "",
             told && r->measured ? _("interval (95%)") : "");
    page_row(page, _("people"), people[0], people[1], "", "");
    page_row(page, _("reached"), reached[0], reached[1], "", "");
    page_row(page, _("used it"), used[0], used[1], "", "");
    page_row(page, _("responded"), responded[0], responded[1],
             told && r->measured ? report_points(a, r->lift.lift) : "",
             told ? range_text(page, r->lift.newcombe, false) : "");
    page_row(page, _("sales a person"), sales[0], sales[1],
             told && r->measured ? report_money(a, r->sales_lift.difference, true) : "",
             told ? range_text(page, r->sales_lift.interval, true) : "");
    if (told && isfinite(r->cuped.reduction))
        page_row(page, _("  CUPED"), "", "", report_money(a, r->cuped.welch.difference, true),
                 range_text(page, r->cuped.welch.interval, true));
    page_add(page, "\n");
    if (told && isfinite(r->lift.z))
        page_add(page, _("z = %.2f, p = %.4f; sales: t = %.2f, p = %.4f\n"), r->lift.z, r->lift.p,
                 r->sales_lift.t, r->sales_lift.p);
    if (told && isfinite(r->cuped.reduction))
        page_add(page, _("What people spent before takes %.0f%% off the variance.\n"),
                 r->cuped.reduction * 100);
}

static void page_money(struct page *page)
{
    const struct campaign_result *r = page->r;
    struct arena *a = page->arena;
    page_add(page, _("Points burned %s, value given %s.\n"), text_count(a, r->points_burned),
             text_money(a, r->value_given));
    page_add(page, _("Receipts they were used in: %s, %s: leverage %s.\n"),
             text_count(a, r->receipts_touched), text_money(a, r->sales_touched),
             report_times(a, r->leverage));
    if (isfinite(r->growth.rate))
        page_wrap(page,
                  arena_printf(a,
                               _("Its shops in its time: %s, on the same weekdays a year before "
                                 "%s: %+.1f%% (%lld shops, %lld not open in both left out)."),
                               text_money(a, r->growth.now), text_money(a, r->growth.then),
                               r->growth.rate * 100, (long long)r->growth.shops,
                               (long long)r->growth.left_out));
    if (isfinite(r->margin))
        page_add(page, _("Margin gained a person, less what was given: %s.\n"),
                 report_money(a, r->margin, true));
    if (!r->withheld)
        page_add(page, _("By last touch (%d days), for comparison only: %s receipts, %s.\n"),
                 RESULT_TOUCH_DAYS, text_count(a, r->last_touch.receipts),
                 text_money(a, r->last_touch.sales));
    if (r->n_suppressed)
        page_add(page, _("Not sent:"));
    for (size_t i = 0; i < r->n_suppressed; i++)
        page_add(page, "%s %s %s", i ? "," : "", _(r->suppressed[i].reason),
                 shown(a, page->access, r->suppressed[i].people,
                       page->access && small_group(page->access, r->suppressed[i].people)));
    page_add(page, "%s\n", r->n_suppressed ? "\n" : "");
}

static void page_method(struct page *page)
{
    page_wrap(page, arena_printf(page->arena, _("Response: %s."), _(page->r->response_title)));
    page_wrap(page, _("All the treated are compared with all the held out, whoever a message "
                      "reached. Money is net of refunds. Intervals: Newcombe's for shares, "
                      "Welch's t for money. Leverage is sales of receipts in which it was used ÷ "
                      "value given; last touch gives a receipt to the last message before it and "
                      "shows no cause."));
}

const char *campaign_report(struct arena *arena, const struct access *access,
                            const struct mall *mall, const struct campaign_result *result)
{
    struct page page = {arena, access, result, ""};
    page_head(&page, mall);
    page_arms(&page);
    page_money(&page);
    page_method(&page);
    return page.text;
}
