/* What must hold of messages: rows, sums and events say the same, and nobody got what they must
 * not. */
#include "model/campaign/message_verify.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/campaign/message.h"
#include "model/campaign/plan.h"
#include "model/event/event.h"
#include "model/store/column.h"
#include "model/store/verify.h"

#include <stdlib.h>
#include <string.h>

/* ---- Rows by themselves ---- */

static enum status rows_check(struct verify *verify, struct error *err)
{
    return verify_none(
        verify,
        "select 'campaign ' || campaign || ', person ' || person || ', contact ' || contact from"
        " message where state not between 1 and 6 or contact not between 1 and 6 or reason not"
        " between 0 and 9 or (state = 4 and reason = 0) or (state in (3, 5, 6) and reason <> 0) or"
        " (state = 2 and (key = '' or body = '')) or (state in (4, 5, 6) and body <> '') or cost <"
        " 0 or campaign not in (select id from campaign)",
        "select count(*) from message", _("messages"), err);
}

/* A person has one message of a campaign that was taken or may have been: by one contact. Members
 * who were joined may each have had one. */
static enum status once_check(struct verify *verify, struct error *err)
{
    return verify_none(
        verify,
        "select 'campaign ' || campaign || ', person ' || person from message where state in (2, 3,"
        " 6) and person > 0 and person not in (select target from link where undone = 0) group by"
        " campaign, person having count(*) > 1",
        "select count(*) from message where state in (2, 3, 6)", _("messages sent"), err);
}

/* ---- Rows and those held out ---- */

static enum status campaign_held_check(struct verify *verify, const struct campaign *campaign,
                                       int64_t *n, uint32_t *bad, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(
        verify->reader,
        "select person from message where campaign = ?1 and person > 0 and person not in (select"
        " target from link where undone = 0)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, campaign->id);
    while ((status = reader_step(verify->reader, stmt, &row, err)) == ST_OK && row) {
        uint32_t person = (uint32_t)sqlite3_column_int64(stmt, 0);
        ++*n;
        if (campaign_held_out(campaign, person) && !*bad)
            *bad = person;
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status held_check(struct verify *verify, struct error *err)
{
    const struct campaign *campaigns;
    size_t n;
    int64_t rows = 0;
    enum status status = campaign_list(verify->reader, verify->arena, 0, &campaigns, &n, err);
    for (size_t i = 0; status == ST_OK && i < n; i++) {
        uint32_t bad = 0;
        if (!campaigns[i].edition)
            continue;
        status = campaign_held_check(verify, &campaigns[i], &rows, &bad, err);
        if (status == ST_OK && bad)
            return verify_bad(verify, _("campaign %s looked at person #%u, who is held out"),
                              campaigns[i].code, bad);
    }
    return status == ST_OK ? verify_good(verify, _("%lld people looked at"), (long long)rows)
                           : status;
}

/* ---- Rows and events ---- */

struct counts {
    size_t n; /* campaigns */
    int64_t *sent;
};

static enum status events_count(void *context, const struct event_block *block, struct error *err)
{
    struct counts *counts = context;
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++)
        for (size_t i = 0; block->runs[r].campaign && i < block->runs[r].n; i++) {
            const char *ref = block->runs[r].ref ? block->runs[r].ref[i] : "";
            uint32_t campaign = block->runs[r].campaign[i];
            const char *dash = strrchr(ref, '-');
            /* Of the engine's own: other systems may report messages of the same campaign. */
            if (campaign < counts->n && *ref == 'M' && dash &&
                strtoul(dash + 1, NULL, 10) == campaign)
                counts->sent[campaign]++;
        }
    return ST_OK;
}

/* Every event has its number, the sum is their number, and there are no more rows than events:
 * fewer where a person was erased, as the events stay. */
static enum status counts_check(struct verify *verify, const struct counts *counts,
                                struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    int64_t all = 0;
    enum status status = reader_prepare(
        verify->reader,
        "select c.id, c.code, coalesce((select value from campaign_sum s where s.campaign = c.id "
        "and"
        " s.name = 'sent'), 0), (select count(*) from message m where m.campaign = c.id and m.state"
        " = 3) from campaign c",
        &stmt, err);
    while (status == ST_OK && (status = reader_step(verify->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t id = sqlite3_column_int64(stmt, 0), sum = sqlite3_column_int64(stmt, 2);
        int64_t rows = sqlite3_column_int64(stmt, 3);
        int64_t events = id > 0 && (size_t)id < counts->n ? counts->sent[id] : 0;
        const char *code = column_text(stmt, 1);
        if (!sum && !rows) /* not this mall's engine sent them */
            continue;
        all += events;
        if (events == sum && rows <= events)
            continue;
        code = text_quote(verify->arena, code, strlen(code));
        sqlite3_reset(stmt);
        return verify_bad(verify, _("campaign %s: %lld messages, %lld events, the sum says %lld"),
                          code, (long long)rows, (long long)events, (long long)sum);
    }
    return status == ST_OK ? verify_good(verify, _("%lld messages sent"), (long long)all) : status;
}

static enum status events_check(struct verify *verify, struct error *err)
{
    static const uint16_t kind[] = {KIND_MESSAGE_SENT};
    struct event_query query = {.from = INT64_MIN,
                                .kinds = kind,
                                .n_kinds = 1,
                                .columns = EVENT_TIME | EVENT_CAMPAIGN | EVENT_REF,
                                .nobody = true,
                                .people = true};
    struct counts counts = {.n = dict_size(verify->reader, DICT_CAMPAIGN) + 1};
    counts.sent = arena_array(verify->arena, int64_t, counts.n);
    enum status status = event_scan(verify->reader, &query, events_count, &counts, err);
    return status == ST_OK ? counts_check(verify, &counts, err) : status;
}

void message_verify_register(void)
{
    verify_register(N_("messages"), rows_check);
    verify_register(N_("messages, once a person"), once_check);
    verify_register(N_("messages and the holdout"), held_check);
    verify_register(N_("messages and events"), events_check);
}
