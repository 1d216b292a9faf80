/* Codes of a list, all of them or none. */
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/campaign/coupon_desk.h"
#include "model/campaign/coupon_rows.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>

enum { FAULTS_MOST = 1000 };

struct line {
    char code[COUPON_CODE];
    int64_t number;
};

struct importing {
    struct arena *arena;
    const struct access *access;
    struct coupon_terms *terms;
    struct coupon_imported *imported;
    const char *source;
    int64_t time;
    VEC(struct line) lines;
    VEC(struct coupon_fault) faults;
};

static void fault_add(struct importing *im, int64_t line, const char *message)
{
    im->imported->wrong++;
    if (im->faults.n < FAULTS_MOST)
        vec_push(&im->faults, (struct coupon_fault){line, message});
}

/* ---- Reading ---- */

static bool is_blank(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
            return false;
    return true;
}

static void line_read(struct importing *im, const char *text, size_t n, int64_t number)
{
    struct line line = {.number = number};
    if (is_blank(text, n))
        return;
    im->imported->lines++;
    while (n && (text[n - 1] == '\r' || text[n - 1] == ' ' || text[n - 1] == '\t'))
        n--;
    if (memchr(text, ',', n) || memchr(text, ';', n) || memchr(text, '\t', n))
        fault_add(im, number,
                  arena_printf(im->arena, "%s: expected a code and nothing else on the line",
                               text_quote(im->arena, text, n)));
    else if (!coupon_code_read(text, n, line.code))
        fault_add(im, number,
                  arena_printf(im->arena, "%s: expected a code of %d to %d letters and digits",
                               text_quote(im->arena, text, n), COUPON_LEAST, COUPON_MOST));
    else
        vec_push(&im->lines, line);
}

static void list_read(struct importing *im, const char *text, size_t n)
{
    int64_t number = 0;
    if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        n -= 3;
    }
    while (n) {
        const char *end = memchr(text, '\n', n);
        size_t length = end ? (size_t)(end - text) : n;
        line_read(im, text, length, ++number);
        length += end != NULL;
        text += length;
        n -= length;
    }
}

static int compare_lines(const void *a, const void *b)
{
    const struct line *left = a, *right = b;
    int order = strcmp(left->code, right->code);
    return order ? order : left->number < right->number ? -1 : left->number > right->number;
}

static int compare_faults(const void *a, const void *b)
{
    const struct coupon_fault *left = a, *right = b;
    return left->line < right->line ? -1 : left->line > right->line;
}

/* ---- Checking ---- */

/* Twice on the list: the later lines are wrong. */
static void doubles_find(struct importing *im)
{
    size_t n = 0;
    if (im->lines.n)
        qsort(im->lines.at, im->lines.n, sizeof *im->lines.at, compare_lines);
    for (size_t i = 0; i < im->lines.n; i++) {
        const struct line *line = &im->lines.at[i];
        if (n && strcmp(im->lines.at[n - 1].code, line->code) == 0)
            fault_add(im, line->number,
                      arena_printf(im->arena, "%s stands on line %lld as well",
                                   text_quote(im->arena, line->code, strlen(line->code)),
                                   (long long)im->lines.at[n - 1].number));
        else
            im->lines.at[n++] = *line;
    }
    im->lines.n = n;
}

/* Codes that are there: of this campaign's list they are repeated, else in the way. */
static enum status known_find(struct importing *im, struct desk *desk, struct error *err)
{
    enum status status = ST_OK;
    size_t n = 0;
    for (size_t i = 0; i < im->lines.n && status == ST_OK; i++) {
        const struct line *line = &im->lines.at[i];
        struct coupon coupon;
        bool found = false;
        status = coupon_row_find(desk, line->code, &coupon, &found, NULL, err);
        if (!found)
            im->lines.at[n++] = *line;
        else if (!coupon.own && coupon.campaign == im->terms->campaign.id)
            im->imported->repeated++;
        else
            fault_add(im, line->number,
                      arena_printf(im->arena, "%s is a coupon of %s already",
                                   text_quote(im->arena, line->code, strlen(line->code)),
                                   coupon.own ? "this mall" : "another campaign's list"));
    }
    im->lines.n = n;
    return status;
}

static enum status campaign_fits(const struct importing *im, struct error *err)
{
    const struct campaign *c = &im->terms->campaign;
    int64_t all = im->terms->sums[SUM_ISSUED] + (int64_t)im->lines.n;
    if (!campaign_gives_coupons(c))
        return error_set(err, ST_REFUSED,
                         "campaign %s gives no coupons: its offer needs a kind "
                         "with coupons and a value",
                         c->code);
    if (c->state == STATE_ENDED || c->state == STATE_ARCHIVED || c->state == STATE_CANCELLED)
        return error_set(err, ST_CONFLICT, "campaign %s is %s: it takes no more codes", c->code,
                         campaign_state_names[c->state]);
    if (c->offer.stock && all > c->offer.stock)
        return error_set(err, ST_CONFLICT,
                         "the list has %zu new codes, with which campaign %s would have %lld; its "
                         "stock is %lld",
                         im->lines.n, c->code, (long long)all, (long long)c->offer.stock);
    return ST_OK;
}

/* ---- Writing ---- */

static struct coupon line_coupon(const struct importing *im, const struct clock *clock,
                                 const struct line *line)
{
    const struct campaign *c = &im->terms->campaign;
    struct coupon coupon = {.campaign = c->id,
                            .state = COUPON_ISSUED,
                            .value = c->offer.value,
                            .minimum = c->offer.minimum,
                            .issued = im->time,
                            .expires = coupon_runs_out(c, clock, im->time)};
    memcpy(coupon.code, line->code, sizeof coupon.code);
    return coupon;
}

static enum status rows_write(struct writer *writer, void *context, struct error *err)
{
    struct importing *im = context;
    const struct campaign *c = &im->terms->campaign;
    enum status status = ST_OK;
    int64_t now;
    for (size_t i = 0; i < im->lines.n && status == ST_OK; i++) {
        struct coupon coupon = line_coupon(im, &writer_mall(writer)->clock, &im->lines.at[i]);
        bool added;
        status = coupon_row_insert(writer, &coupon, NULL, &added, err);
        if (status == ST_OK && !added)
            status = error_set(err, ST_CONFLICT, "line %lld: somebody took this code just now",
                               (long long)im->lines.at[i].number);
    }
    if (status == ST_OK)
        status = campaign_sum_add(writer, c->id, SUM_ISSUED, (int64_t)im->lines.n, &now, err);
    if (status == ST_OK && c->offer.stock && now > c->offer.stock)
        status =
            error_set(err, ST_CONFLICT, "campaign %s: %s", c->code, coupon_reason_text("stock"));
    if (status != ST_OK)
        return status;
    json_t *detail =
        json_pack("{s:s, s:I}", "source", im->source, "codes", (json_int_t)im->lines.n);
    status = audit_append(writer, im->access ? im->access->principal : "engine", "coupon import",
                          "campaign", c->code, detail, err);
    json_decref(detail);
    return status == ST_OK ? writer_touch_rows(writer, err) : status;
}

static enum status list_write(struct importing *im, struct writer *writer, struct error *err)
{
    struct event_bulk *bulk;
    struct event_bulk_counts counts;
    struct event_bulk_options options = {.source = im->source, .time = im->time};
    const struct campaign *c = &im->terms->campaign;
    enum status status = event_bulk_begin(writer, &options, &bulk, err);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < im->lines.n && status == ST_OK; i++) {
        const char *code = im->lines.at[i].code;
        struct event event = {.time = im->time,
                              .kind = KIND_COUPON_ISSUE,
                              .campaign = c->id,
                              .amount = c->offer.value,
                              .ref = code,
                              .ref_size = (uint32_t)strlen(code)};
        status = event_bulk_add(bulk, 0, &event, 1, err);
    }
    if (status != ST_OK) {
        event_bulk_cancel(bulk);
        return status;
    }
    return event_bulk_commit(bulk, rows_write, im, &counts, err);
}

/* What can be said before anything is written; looks at one state of the file. */
static enum status list_check(struct importing *im, struct desk *desk,
                              const struct campaign *campaign, struct error *err)
{
    enum status status = desk_terms(desk, campaign->id, &im->terms, err);
    if (status == ST_OK && !im->terms)
        status = error_set(err, ST_REFUSED, "there is no campaign %s", campaign->code);
    if (status == ST_OK)
        status = known_find(im, desk, err);
    if (status != ST_OK)
        return status;
    if (im->faults.n)
        qsort(im->faults.at, im->faults.n, sizeof *im->faults.at, compare_faults);
    if (im->faults.n)
        return error_set(err, ST_REFUSED, "%s:%lld: %s%s", im->source,
                         (long long)im->faults.at[0].line, im->faults.at[0].message,
                         im->imported->wrong > 1 ? "; other lines are wrong, too" : "");
    return campaign_fits(im, err);
}

enum status coupon_import(struct writer *writer, const struct access *access, struct arena *arena,
                          const struct campaign *campaign, const char *text, size_t n,
                          const char *source, struct coupon_imported *imported, struct error *err)
{
    struct desk desk;
    struct importing im = {.arena = arena,
                           .access = access,
                           .imported = imported,
                           .source = source,
                           .time = time_now()};
    *imported = (struct coupon_imported){0};
    enum status status =
        access ? access_require(access, RIGHT_CAMPAIGN_EDIT, "import coupons", err) : ST_OK;
    if (status == ST_OK)
        status = desk_begin(&desk, writer, err);
    if (status != ST_OK)
        return status;
    list_read(&im, text, n);
    doubles_find(&im);
    status = list_check(&im, &desk, campaign, err);
    if (desk.own)
        writer_rollback(writer); /* nothing was written; the bulk append has its own transactions */
    if (status == ST_OK && im.lines.n)
        status = list_write(&im, writer, err);
    if (status == ST_OK)
        imported->added = (int64_t)im.lines.n;
    imported->n_faults = im.faults.n;
    imported->faults = vec_copy(arena, &im.faults);
    vec_free(&im.lines);
    vec_free(&im.faults);
    desk_free(&desk);
    return status;
}
