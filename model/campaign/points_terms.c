#include "model/campaign/points_terms.h"

#include "model/event/append.h"
#include "model/store/column.h"

#include <stdio.h>
#include <string.h>

bool points_day_read(const char *text, int32_t *day)
{
    int y, m, d, n = 0;
    int year, month, of_month;
    if (strlen(text) != 10 || strspn(text, "0123456789-") != 10 ||
        sscanf(text, "%4d-%2d-%2d%n", &y, &m, &d, &n) != 3 || n != 10 || y < 1900)
        return false;
    *day = date_number(y, m, d);
    date_civil(*day, &year, &month, &of_month);
    return year == y && month == m && of_month == d;
}

enum status points_terms_read(struct reader *reader, struct points_terms *terms, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    int32_t day;
    *terms = (struct points_terms){.clock = &reader_mall(reader)->clock};
    enum status status =
        reader_prepare(reader, "select since, months from points_terms order by since", &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int64_t months = sqlite3_column_int64(stmt, 1);
        if (!points_day_read(column_text(stmt, 0), &day))
            continue; /* the operation refuses such a row */
        months = months < 0 ? 0 : months > 1200 ? 1200 : months;
        vec_push(&terms->terms,
                 (struct points_term){clock_day_start(terms->clock, day), (int32_t)months});
    }
    return status;
}

void points_terms_copy(struct points_terms *to, const struct points_terms *from)
{
    *to = (struct points_terms){.clock = from->clock};
    for (size_t i = 0; i < from->terms.n; i++)
        vec_push(&to->terms, from->terms.at[i]);
}

void points_terms_free(struct points_terms *terms)
{
    vec_free(&terms->terms);
    vec_free(&terms->spans);
}

/* The stretch of time around a moment in which everything has one expiry: a month of mall days, cut
 * where terms begin. */
static struct points_span span_make(const struct points_terms *terms, int64_t time)
{
    struct points_span span = {INT64_MIN, INT64_MAX, POINTS_NEVER};
    int32_t months = 0;
    for (size_t i = 0; i < terms->terms.n; i++) {
        const struct points_term *term = &terms->terms.at[i];
        if (term->since > time) {
            span.to = term->since;
            break;
        }
        span.from = term->since;
        months = term->months;
    }
    if (!months || time < EVENT_TIME_LEAST || time > EVENT_TIME_MOST)
        return span;
    int32_t month = clock_month(terms->clock, time);
    int64_t from = clock_day_start(terms->clock, month_first_day(month));
    int64_t to = clock_day_start(terms->clock, month_first_day(month + 1));
    span.from = from > span.from ? from : span.from;
    span.to = to < span.to ? to : span.to;
    span.expires = clock_day_start(terms->clock, month_first_day(month + months + 1));
    return span;
}

int64_t points_expiry(struct points_terms *terms, int64_t time)
{
    if (terms->terms.n == 0)
        return POINTS_NEVER;
    if (time >= terms->last.from && time < terms->last.to)
        return terms->last.expires;
    size_t low = 0, high = terms->spans.n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (terms->spans.at[middle].to <= time)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == terms->spans.n || terms->spans.at[low].from > time) {
        vec_push(&terms->spans, (struct points_span){0});
        for (size_t i = terms->spans.n - 1; i > low; i--)
            terms->spans.at[i] = terms->spans.at[i - 1];
        terms->spans.at[low] = span_make(terms, time);
    }
    terms->last = terms->spans.at[low];
    return terms->last.expires;
}
