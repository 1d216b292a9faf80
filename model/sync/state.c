/* What a screen shows of a replica. */
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/store/column.h"
#include "model/store/lock_clock.h"
#include "model/store/reader.h"
#include "model/sync/outbox.h"
#include "model/sync/replica.h"

#include <string.h>

static void name_take(struct arena *arena, struct sync_state *state, const char *name,
                      const char *value)
{
    int64_t number = 0;
    bool is_number = text_to_int64(value, strlen(value), &number);
    const struct {
        const char *name, **text;
        int64_t *number;
    } all[] = {
        {"hub", &state->hub, NULL},
        {"principal", &state->principal, NULL},
        {"role", &state->role, NULL},
        {"as_of", NULL, &state->as_of},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(all[i].name, name) != 0)
            continue;
        if (all[i].number && is_number)
            *all[i].number = number;
        if (all[i].text && text_valid(value, strlen(value)))
            *all[i].text = arena_strdup(arena, value);
    }
}

static enum status entries_count(struct reader *reader, struct sync_state *state, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status =
        reader_prepare(reader, "select state, count(*) from outbox group by state", &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        const char *name = column_text(stmt, 0);
        int64_t n = sqlite3_column_int64(stmt, 1);
        if (strcmp(name, outbox_state_names[OUTBOX_PENDING]) == 0 ||
            strcmp(name, outbox_state_names[OUTBOX_WAITING]) == 0)
            state->pending += n;
        else if (strcmp(name, outbox_state_names[OUTBOX_DONE]) == 0)
            state->sent += n;
        else if (strcmp(name, outbox_state_names[OUTBOX_CONFLICT]) == 0)
            state->conflicts += n;
        else if (strcmp(name, outbox_state_names[OUTBOX_REFUSED]) == 0)
            state->refused += n;
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    return status;
}

/* Not inside reader_begin: a locked replica still says how it stands. */
enum status sync_state_read(struct reader *reader, struct arena *arena, int64_t now,
                            struct sync_state *state, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    struct lock_clock clock;
    *state = (struct sync_state){.hub = "", .principal = "", .role = ""};
    enum status status = reader_prepare(reader, "select name, value from sync", &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        const char *name = column_text(stmt, 0);
        state->replica |= strcmp(name, "principal") == 0;
        name_take(arena, state, name, column_text(stmt, 1));
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    if (status == ST_OK && state->replica)
        status = lock_clock_read(reader_db(reader), &clock, err);
    if (status != ST_OK || !state->replica)
        return status;
    /* By this computer's clock, as they are told. */
    int64_t ahead = lock_clock_now(&clock, now) - now;
    state->heard = clock.heard ? clock.heard - ahead : 0;
    state->lock_at = clock.lock > 0 && clock.heard ? state->heard + clock.lock : 0;
    state->locked = lock_clock_locked(&clock, now);
    return entries_count(reader, state, err);
}
