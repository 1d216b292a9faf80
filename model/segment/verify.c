#include "model/segment/verify.h"

#include "model/base/intl.h"
#include "model/people/label_list.h"
#include "model/people/people_set.h"
#include "model/people/profile.h"
#include "model/segment/label.h"
#include "model/store/verify.h"

/* What a check finds is a finding; that nobody wants the answer any more is passed on. */
static enum status finding(struct verify *verify, enum status status, struct error *own,
                           struct error *err)
{
    if (status == ST_CANCELLED && err)
        *err = *own;
    if (status == ST_CANCELLED)
        return status;
    status = verify_bad(verify, "%s", error_text(own));
    error_clear(own);
    return status;
}

static enum status profiles_check(struct verify *verify, struct error *err)
{
    struct error own = {0};
    int64_t columns = 0;
    enum status status =
        reader_integer(verify->reader, "select count(*) from profile", 0, &columns, err);
    if (status != ST_OK)
        return status;
    status = profile_verify(verify->reader, &own);
    return status == ST_OK ? verify_good(verify, _("%lld columns of members"), (long long)columns)
                           : finding(verify, status, &own, err);
}

static enum status labels_check(struct verify *verify, struct error *err)
{
    struct error own = {0};
    int64_t labels = 0;
    enum status status =
        reader_integer(verify->reader, "select count(*) from label_state", 0, &labels, err);
    if (status != ST_OK)
        return status;
    status = label_verify(verify->reader, &own);
    return status == ST_OK ? verify_good(verify, _("%lld labels with a rule"), (long long)labels)
                           : finding(verify, status, &own, err);
}

static enum status lists_check(struct verify *verify, struct error *err)
{
    struct error own = {0};
    int64_t sets = 0;
    enum status status = label_list_verify(verify->reader, &sets, &own);
    return status == ST_OK ? verify_good(verify, _("%lld parts of lists"), (long long)sets)
                           : finding(verify, status, &own, err);
}

static enum status frozen_check(struct verify *verify, struct error *err)
{
    uint64_t words[PEOPLE_SET_WORDS];
    sqlite3_stmt *stmt;
    long long n = 0;
    bool row = true;
    enum status status =
        reader_prepare(verify->reader, "select edition, block, people from people_set", &stmt, err);
    while (status == ST_OK && (status = reader_step(verify->reader, stmt, &row, err)) == ST_OK &&
           row) {
        long long edition = sqlite3_column_int64(stmt, 0), block = sqlite3_column_int64(stmt, 1);
        n++;
        if (people_set_decode(sqlite3_column_blob(stmt, 2), (size_t)sqlite3_column_bytes(stmt, 2),
                              words))
            continue;
        sqlite3_reset(stmt);
        return verify_bad(verify, _("edition %lld, block %lld: the set is damaged"), edition,
                          block);
    }
    return status == ST_OK ? verify_good(verify, _("%lld parts of frozen segments"), n) : status;
}

void segment_verify_register(void)
{
    verify_register(N_("member columns"), profiles_check);
    verify_register(N_("labels"), labels_check);
    verify_register(N_("lists kept by hand"), lists_check);
    verify_register(N_("segments"), frozen_check);
}
