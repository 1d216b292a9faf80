/* Who did what with a campaign: read from the audit. */
#include "model/base/vec.h"
#include "model/campaign/campaign.h"
#include "model/store/column.h"

#include <jansson.h>
#include <string.h>

/* The verb that led from one state to the next; "change" where the definition changed as well. */
static const char *act_of(const char *act, const char *before, const char *after, bool changed)
{
    enum campaign_state from = campaign_state_find(before), to = campaign_state_find(after);
    if (strcmp(act, "create") == 0 || (from == STATE_NONE && to == STATE_DRAFT))
        return "create";
    for (size_t i = 0; i < n_campaign_moves && !changed; i++)
        if (campaign_moves[i].from >> from & 1 && campaign_moves[i].to == to)
            return campaign_moves[i].name;
    return "change";
}

static const char *text_of(json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* The columns that changed, in the order of the table. */
static const char *columns_changed(struct arena *arena, json_t *after)
{
    const char *changed = "";
    for (size_t i = 0; i < n_campaign_keys; i++) {
        const struct campaign_key *key = &campaign_keys[i];
        if (key->type != KEY_CODE && json_object_get(after, key->column) &&
            (i == 0 || strcmp(key->column, campaign_keys[i - 1].column) != 0))
            changed = arena_printf(arena, "%s%s%s", changed, *changed ? " " : "", key->column);
    }
    return changed;
}

static void deed_read(struct arena *arena, sqlite3_stmt *stmt, struct campaign_deed *deed)
{
    json_t *before = json_loads(column_text(stmt, 3), 0, NULL);
    json_t *after = json_loads(column_text(stmt, 4), 0, NULL);
    const char *changed = columns_changed(arena, after);
    const char *act = act_of(column_text(stmt, 2), text_of(before, "state"),
                             text_of(after, "state"), *changed != 0);
    *deed = (struct campaign_deed){
        .time = sqlite3_column_int64(stmt, 0),
        .actor = arena_strdup(arena, column_text(stmt, 1)),
        .act = act,
        .state = arena_strdup(arena, text_of(after, "state")),
        .changed = strcmp(act, "create") == 0 ? "" : changed,
        .reason = arena_strdup(arena, column_text(stmt, 5)),
    };
    json_decref(before);
    json_decref(after);
}

enum status campaign_history(struct reader *reader, struct arena *arena, const char *code,
                             const struct campaign_deed **deeds, size_t *n, struct error *err)
{
    VEC(struct campaign_deed) list = {0};
    sqlite3_stmt *stmt;
    bool row;
    enum status status =
        reader_prepare(reader,
                       "select a.time, a.actor, a.act, a.before, a.after, a.reason "
                       "from operation o join audit a on a.seq = o.seq "
                       "where o.entity = 'campaign' and o.target = ?1 "
                       "order by o.seq desc",
                       &stmt, err);
    if (status == ST_OK)
        sqlite3_bind_text(stmt, 1, code, -1, SQLITE_TRANSIENT);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct campaign_deed deed;
        deed_read(arena, stmt, &deed);
        vec_push(&list, deed);
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    *deeds = vec_copy(arena, &list);
    *n = list.n;
    vec_free(&list);
    return status;
}
