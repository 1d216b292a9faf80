/* Redemptions that tills report as events. */
#include "model/base/text.h"
#include "model/campaign/coupon_desk.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>

/* An event that names a coupon. */
struct report {
    int64_t time, amount;
    uint32_t person, tenant;
    const char *ref;
};

struct settling {
    struct reader *reader;
    struct arena *arena;
    VEC(struct report) reports;
    struct coupon_settled *settled;
    int64_t batch, seq;         /* looked at before */
    int64_t new_batch, new_seq; /* and after this */
};

/* The code that a reference names, and the receipt's reference behind it (NULL: none). */
static bool ref_code(const char *ref, char code[COUPON_CODE], const char **receipt)
{
    const char *slash = strchr(ref, '/');
    *receipt = slash && slash[1] ? slash + 1 : NULL;
    return coupon_code_read(ref, slash ? (size_t)(slash - ref) : strlen(ref), code);
}

/* ---- What is new ---- */

/* Codes that are neither in the mall nor of our form are another system's: nothing of ours. */
static enum status report_add(struct settling *s, const struct report *report, struct error *err)
{
    char code[COUPON_CODE];
    const char *receipt;
    int64_t there = 0;
    sqlite3_stmt *stmt;
    if (!ref_code(report->ref, code, &receipt)) {
        s->settled->strangers += *report->ref != 0;
        return ST_OK;
    }
    enum status status =
        reader_prepare(s->reader, "select 1 from coupon where code = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    bool row = false;
    sqlite3_bind_text(stmt, 1, code, -1, SQLITE_STATIC);
    status = reader_step(s->reader, stmt, &row, err);
    there = row;
    sqlite3_reset(stmt);
    if (status != ST_OK)
        return status;
    if (!there && !coupon_code_fits(code)) {
        s->settled->strangers++;
        return ST_OK;
    }
    struct report copy = *report;
    copy.ref = arena_strdup(s->arena, report->ref);
    vec_push(&s->reports, copy);
    return ST_OK;
}

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct settling *s = context;
    enum status status = ST_OK;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; run->ref && i < run->n && status == ST_OK; i++)
            status = report_add(s,
                                &(struct report){.time = run->time[i],
                                                 .amount = run->amount ? run->amount[i] : 0,
                                                 .person = run->person ? run->person[i] : 0,
                                                 .tenant = run->tenant ? run->tenant[i] : 0,
                                                 .ref = run->ref[i]},
                                err);
    }
    return status;
}

/* The blocks and times of chunks that were written since. */
static enum status chunks_read(struct settling *s, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    VEC(uint8_t) blocks = {0};
    const uint16_t kind = KIND_COUPON_REDEEM;
    struct event_query query = {.from = INT64_MAX,
                                .to = INT64_MIN,
                                .kinds = &kind,
                                .n_kinds = 1,
                                .columns = EVENT_TENANT | EVENT_AMOUNT | EVENT_REF};
    enum status status = reader_prepare(
        s->reader,
        "select block, min(first), max(last) from chunk where batch > ?1 and batch in"
        " (select id from batch where state = 'done') group by block",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, s->batch);
    while ((status = reader_step(s->reader, stmt, &row, err)) == ST_OK && row) {
        int64_t block = sqlite3_column_int64(stmt, 0);
        int64_t first = sqlite3_column_int64(stmt, 1), last = sqlite3_column_int64(stmt, 2) + 1;
        query.from = first < query.from ? first : query.from;
        query.to = last > query.to ? last : query.to;
        query.nobody |= block < 0;
        query.people |= block >= 0;
        while (block >= 0 && blocks.n <= (size_t)block && blocks.n <= UINT32_MAX / EVENT_BLOCK)
            vec_push(&blocks, 0);
        if (block >= 0 && (size_t)block < blocks.n)
            blocks.at[block] = 1;
    }
    sqlite3_reset(stmt);
    query.blocks = blocks.at;
    query.n_blocks = (uint32_t)blocks.n;
    if (status == ST_OK && query.from < query.to)
        status = event_scan(s->reader, &query, block_take, s, err);
    vec_free(&blocks);
    return status;
}

static enum status tail_read(struct settling *s, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(
        s->reader,
        "select time, amount, person, tenant, ref from tail where seq > ?1 and kind = ?2", &stmt,
        err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, s->seq);
    sqlite3_bind_int(stmt, 2, KIND_COUPON_REDEEM);
    while (status == ST_OK && (status = reader_step(s->reader, stmt, &row, err)) == ST_OK && row)
        status = report_add(s,
                            &(struct report){.time = sqlite3_column_int64(stmt, 0),
                                             .amount = sqlite3_column_int64(stmt, 1),
                                             .person = (uint32_t)sqlite3_column_int64(stmt, 2),
                                             .tenant = (uint32_t)sqlite3_column_int64(stmt, 3),
                                             .ref = column_text(stmt, 4)},
                            err);
    sqlite3_reset(stmt);
    return status;
}

/* In order of time, so that the first of two is settled first; each once. */
static int compare_reports(const void *a, const void *b)
{
    const struct report *left = a, *right = b;
    if (left->time != right->time)
        return left->time < right->time ? -1 : 1;
    return strcmp(left->ref, right->ref);
}

static void reports_sort(struct settling *s)
{
    size_t n = 0;
    if (s->reports.n)
        qsort(s->reports.at, s->reports.n, sizeof *s->reports.at, compare_reports);
    for (size_t i = 0; i < s->reports.n; i++)
        if (!n || compare_reports(&s->reports.at[n - 1], &s->reports.at[i]) != 0)
            s->reports.at[n++] = s->reports.at[i];
    s->reports.n = n;
}

/* The tail's numbers begin anew when it is folded, which makes a batch. */
static enum status news_read(struct settling *s, struct error *err)
{
    enum status status = reader_begin(s->reader, err);
    if (status != ST_OK)
        return status;
    status = reader_integer(s->reader, "select value from counter where name = 'coupon_batch'", 0,
                            &s->batch, err);
    if (status == ST_OK)
        status = reader_integer(s->reader, "select value from counter where name = 'coupon_seq'", 0,
                                &s->seq, err);
    if (status == ST_OK)
        status = reader_integer(s->reader, "select max(id) from batch where state = 'done'", 0,
                                &s->new_batch, err);
    if (status == ST_OK)
        status = reader_integer(s->reader, "select max(seq) from tail", 0, &s->new_seq, err);
    if (status == ST_OK && s->new_batch != s->batch) {
        s->batch = s->new_batch < s->batch ? 0 : s->batch;
        s->seq = 0;
        status = chunks_read(s, err);
    }
    if (status == ST_OK)
        status = tail_read(s, err);
    reader_end(s->reader);
    reports_sort(s);
    return status;
}

/* ---- One of them ---- */

static enum status dispute_has(struct desk *desk, const char *ref, bool *has, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        desk_prepare(desk, "select 1 from coupon_dispute where ref = ?1", &stmt, err);
    *has = false;
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, ref, -1, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    *has = code == SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = sqlite_status(desk->db, "reading disputes about coupons", err);
    sqlite3_reset(stmt);
    return status;
}

static enum status dispute_add(struct desk *desk, const struct report *report,
                               const struct coupon *coupon, const char *reason, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        desk->writer,
        "insert or ignore into coupon_dispute (ref, code, campaign, reason, time, tenant, value)"
        " values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, report->ref, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, coupon->code, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, coupon->campaign);
    sqlite3_bind_text(stmt, 4, reason, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 5, report->time);
    sqlite3_bind_int64(stmt, 6, report->tenant);
    sqlite3_bind_int64(stmt, 7, report->amount);
    status = writer_run(desk->writer, stmt, err);
    return status == ST_OK ? writer_touch_rows(desk->writer, err) : status;
}

/* Judges a report as if the coupon were free, and redeems the coupon where it holds. */
static enum status report_take(struct desk *desk, const struct report *report, const char *receipt,
                               struct coupon *coupon, const char **reason, struct error *err)
{
    struct coupon_use use = {.code = coupon->code, .tenant = report->tenant, .amount = -1};
    if (receipt && strlen(receipt) <= COUPON_REF_MOST)
        use.ref = receipt;
    enum status status = coupon_judge(desk, &use, report->time, coupon, reason, err);
    if (status != ST_OK || *reason)
        return status;
    if (report->amount > 0 && report->amount < coupon->given)
        coupon->given = report->amount;
    if (!coupon->person)
        coupon->person = report->person;
    return coupon_take(desk, &use, report->time, coupon, false, err);
}

/* The redemption that stands in the row, as a report. */
static struct report row_report(struct desk *desk, const struct coupon *row, const char *receipt)
{
    return (struct report){.time = row->used,
                           .amount = row->given,
                           .tenant = row->tenant,
                           .ref = coupon_event_ref(desk->arena, row->code, receipt)};
}

/* Of two redemptions the first in time holds; the later one is disputed. */
static enum status contest(struct desk *desk, const struct report *report, const char *receipt,
                           struct coupon *row, const char *row_receipt, const char **reason,
                           struct error *err)
{
    struct coupon_terms *terms;
    struct coupon earlier = *row;
    struct report standing = row_report(desk, row, row_receipt);
    *reason = "used";
    if (compare_reports(report, &standing) >= 0)
        return ST_OK;
    enum status status = desk_terms(desk, row->campaign, &terms, err);
    if (status != ST_OK || !terms)
        return status;
    int64_t given = row->given;
    terms_add(terms, SUM_GIVEN, -given); /* so that it is not counted against the other */
    status = report_take(desk, report, receipt, &earlier, reason, err);
    if (status != ST_OK)
        return status;
    if (*reason) {
        terms_add(terms, SUM_GIVEN, given);
        return ST_OK;
    }
    terms_add(terms, SUM_REDEEMED, -1);
    return dispute_add(desk, &standing, row, "used", err);
}

static enum status settle_one(struct desk *desk, const struct report *report,
                              struct coupon_settled *settled, struct error *err)
{
    struct coupon coupon = {0};
    const char *receipt, *row_receipt = NULL, *reason = NULL;
    bool found = false, known = false;
    if (!ref_code(report->ref, coupon.code, &receipt))
        return ST_OK;
    enum status status = dispute_has(desk, report->ref, &known, err);
    if (status == ST_OK)
        status = coupon_row_find(desk, coupon.code, &coupon, &found, &row_receipt, err);
    if (status != ST_OK)
        return status;
    if (found && coupon.state == COUPON_REDEEMED) {
        struct report standing = row_report(desk, &coupon, row_receipt);
        known |= compare_reports(report, &standing) == 0 && report->tenant == standing.tenant;
        if (!known)
            status = contest(desk, report, receipt, &coupon, row_receipt, &reason, err);
    } else if (!known && found) {
        status = report_take(desk, report, receipt, &coupon, &reason, err);
    } else if (!found) {
        reason = "unknown";
    }
    if (status == ST_OK && !known && reason)
        status = dispute_add(desk, report, &coupon, reason, err);
    ++*(known ? &settled->known : reason ? &settled->disputes : &settled->redeemed);
    return status;
}

static enum status cursor_write(struct desk *desk, const struct settling *s, struct error *err)
{
    const struct {
        const char *name;
        int64_t value;
    } rows[] = {{"coupon_batch", s->new_batch}, {"coupon_seq", s->new_seq}};
    enum status status = ST_OK;
    for (size_t i = 0; i < 2 && status == ST_OK; i++) {
        sqlite3_stmt *stmt;
        status = writer_prepare(desk->writer,
                                "insert or replace into counter (name, value) values (?1, ?2)",
                                &stmt, err);
        if (status != ST_OK)
            break;
        sqlite3_bind_text(stmt, 1, rows[i].name, -1, SQLITE_STATIC);
        sqlite3_bind_int64(stmt, 2, rows[i].value);
        status = writer_run(desk->writer, stmt, err);
    }
    return status;
}

/* The place is kept with the last of them: who is stopped before looks at some again, which changes
 * nothing. */
static enum status reports_settle(struct settling *s, struct writer *writer, struct error *err)
{
    enum status status = ST_OK;
    size_t at = 0;
    do {
        struct desk desk;
        size_t end = s->reports.n - at > COUPON_BATCH ? at + COUPON_BATCH : s->reports.n;
        status = desk_begin(&desk, writer, err);
        if (status != ST_OK)
            break;
        for (; at < end && status == ST_OK; at++)
            status = settle_one(&desk, &s->reports.at[at], s->settled, err);
        if (status == ST_OK && at == s->reports.n)
            status = cursor_write(&desk, s, err);
        status = desk_end(&desk, status, err);
    } while (status == ST_OK && at < s->reports.n);
    return status;
}

enum status coupon_settle(struct reader *reader, struct writer *writer,
                          struct coupon_settled *settled, struct error *err)
{
    struct settling s = {.reader = reader, .arena = arena_new(), .settled = settled};
    *settled = (struct coupon_settled){0};
    int64_t batch = 0, seq = 0;
    enum status status = news_read(&s, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select value from counter where name = 'coupon_batch'", 0,
                                &batch, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select value from counter where name = 'coupon_seq'", 0,
                                &seq, err);
    settled->events = (int64_t)s.reports.n + settled->strangers;
    if (status == ST_OK && (s.reports.n || batch != s.new_batch || seq != s.new_seq))
        status = reports_settle(&s, writer, err);
    vec_free(&s.reports);
    arena_free(s.arena);
    return status;
}
