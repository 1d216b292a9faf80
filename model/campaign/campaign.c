/* Campaigns in the mall file: reading rows, saving definitions, sums. */
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/campaign/campaign_row.h"
#include "model/campaign/keys.h"
#include "model/store/column.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Rows ---- */

char *campaign_sql(struct arena *arena, const char *where)
{
    char *sql = arena_strdup(arena, "select id, state, author, approved_by, approved, started, "
                                    "ended, edition, version");
    for (size_t i = 0; i < n_campaign_keys; i++) {
        const struct campaign_key *key = &campaign_keys[i];
        sql = arena_printf(arena, "%s, %s, %s", sql, key->column,
                           key->column_to ? key->column_to : key->column);
    }
    return arena_printf(arena, "%s from campaign %s", sql, where);
}

static struct row_cell cell_take(sqlite3_stmt *stmt, int column)
{
    struct row_cell cell = {.null = sqlite3_column_type(stmt, column) == SQLITE_NULL, .text = ""};
    if (sqlite3_column_type(stmt, column) == SQLITE_INTEGER)
        cell.number = sqlite3_column_int64(stmt, column);
    else
        cell.text = column_text(stmt, column);
    return cell;
}

struct campaign *campaign_take(struct arena *arena, sqlite3_stmt *stmt)
{
    struct campaign *c = arena_new_of(arena, struct campaign);
    *c = campaign_empty();
    c->id = (uint32_t)sqlite3_column_int64(stmt, 0);
    c->state = campaign_state_find(column_text(stmt, 1));
    c->author = arena_strdup(arena, column_text(stmt, 2));
    c->approved_by = arena_strdup(arena, column_text(stmt, 3));
    c->approved = arena_strdup(arena, column_text(stmt, 4));
    c->started = sqlite3_column_int64(stmt, 5);
    c->ended = sqlite3_column_int64(stmt, 6);
    c->edition = sqlite3_column_int64(stmt, 7);
    c->version = sqlite3_column_int64(stmt, 8);
    for (size_t i = 0; i < n_campaign_keys; i++) {
        struct row_cell cell = cell_take(stmt, 9 + 2 * (int)i),
                        to = cell_take(stmt, 10 + 2 * (int)i);
        key_from_row(arena, c, &campaign_keys[i], &cell, &to);
    }
    return c;
}

enum status campaign_of_writer(struct writer *writer, struct arena *arena, const char *code,
                               struct campaign **found, struct error *err)
{
    sqlite3_stmt *stmt;
    *found = NULL;
    enum status status = writer_prepare(writer, campaign_sql(arena, "where code = ?1"), &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, code, -1, SQLITE_STATIC);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW)
        *found = campaign_take(arena, stmt);
    else if (step != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "reading a campaign", err);
    sqlite3_reset(stmt);
    return status;
}

static enum status one_read(struct reader *reader, struct arena *arena, sqlite3_stmt *stmt,
                            const struct campaign **found, struct error *err)
{
    bool row;
    *found = NULL;
    enum status status = reader_step(reader, stmt, &row, err);
    if (status == ST_OK && row)
        *found = campaign_take(arena, stmt);
    sqlite3_reset(stmt);
    return status;
}

enum status campaign_by_id(struct reader *reader, struct arena *arena, uint32_t id,
                           const struct campaign **found, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = reader_prepare(reader, campaign_sql(arena, "where id = ?1"), &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, id);
    return one_read(reader, arena, stmt, found, err);
}

enum status campaign_find(struct reader *reader, struct arena *arena, const char *code,
                          const struct campaign **found, struct error *err)
{
    sqlite3_stmt *stmt;
    int64_t id;
    enum status status = reader_prepare(reader, campaign_sql(arena, "where code = ?1"), &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, code, -1, SQLITE_TRANSIENT);
    status = one_read(reader, arena, stmt, found, err);
    if (status == ST_OK && !*found && *code == '#' &&
        text_to_int64(code + 1, strlen(code + 1), &id) && id > 0 && id <= UINT32_MAX)
        status = campaign_by_id(reader, arena, (uint32_t)id, found, err);
    return status;
}

enum status campaign_list(struct reader *reader, struct arena *arena, unsigned states,
                          const struct campaign **campaigns, size_t *n, struct error *err)
{
    VEC(struct campaign) list = {0};
    sqlite3_stmt *stmt;
    bool row;
    enum status status =
        reader_prepare(reader, campaign_sql(arena, "order by priority desc, id"), &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        /* Of most malls some hundred; one that is not wanted is forgotten with the arena. */
        struct campaign *c = campaign_take(arena, stmt);
        if (!states || states >> c->state & 1)
            vec_push(&list, *c);
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    *campaigns = vec_copy(arena, &list);
    *n = list.n;
    vec_free(&list);
    return status;
}

struct campaign campaign_clone(const struct campaign *campaign)
{
    struct campaign clone = *campaign, empty = campaign_empty();
    clone.id = 0;
    clone.code = empty.code;
    clone.state = STATE_NONE;
    clone.author = clone.approved_by = clone.approved = empty.author;
    clone.started = clone.ended = clone.edition = clone.version = 0;
    return clone;
}

/* ---- What was approved ---- */

const char *campaign_line(struct arena *arena, const struct campaign *campaign)
{
    char *text = arena_strdup(arena, campaign_write(arena, campaign));
    for (char *at = text; (at = strchr(at, '\n'));)
        *at = '\t';
    return text;
}

enum status campaign_approved(struct reader *reader, struct arena *arena,
                              const struct campaign *campaign, const struct campaign **approved,
                              struct error *err)
{
    const struct campaign_fault *faults;
    size_t n;
    *approved = NULL;
    if (!*campaign->approved)
        return ST_OK;
    char *text = arena_strdup(arena, campaign->approved);
    for (char *at = text; (at = strchr(at, '\t'));)
        *at = '\n';
    (void)reader;
    struct campaign *read = arena_new_of(arena, struct campaign);
    enum status status =
        campaign_read(NULL, NULL, arena, text, strlen(text), read, &faults, &n, err);
    *approved = read;
    return status;
}

/* ---- Saving ---- */

struct saving {
    struct arena *arena;
    const struct access *access;
    struct campaign campaign; /* as it will be saved */
    const struct campaign *old;
    json_t *set;
};

/* Letters and digits of the name with a dash between words. */
static const char *code_of_name(struct arena *arena, const char *name)
{
    char code[CAMPAIGN_CODE - 8];
    size_t n = 0;
    for (const char *at = name; *at && n + 1 < sizeof code; at++) {
        if (isalnum((unsigned char)*at) && (unsigned char)*at < 0x80)
            code[n++] = (char)tolower((unsigned char)*at);
        else if (n && code[n - 1] != '-')
            code[n++] = '-';
    }
    while (n && code[n - 1] == '-')
        n--;
    return n ? arena_strndup(arena, code, n) : "campaign";
}

/* The code of a campaign that only events name and that is called so; NULL: there is none. */
static enum status code_of_events(struct reader *reader, struct arena *arena, const char *name,
                                  const char **code, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    *code = NULL;
    enum status status = reader_prepare(
        reader,
        "select code from campaign where state = '' and name = ?1 and name <> '' order by id",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_TRANSIENT);
    status = reader_step(reader, stmt, &row, err);
    if (status == ST_OK && row)
        *code = arena_strdup(arena, column_text(stmt, 0));
    sqlite3_reset(stmt);
    return status;
}

enum status campaign_code_make(struct reader *reader, struct arena *arena, const char *name,
                               const char **code, struct error *err)
{
    const char *base = code_of_name(arena, name);
    const struct campaign *taken;
    enum status status = code_of_events(reader, arena, name, code, err);
    if (status != ST_OK || *code)
        return status;
    *code = base;
    for (int i = 2;; i++) {
        status = campaign_find(reader, arena, *code, &taken, err);
        if (status != ST_OK || !taken || taken->state == STATE_NONE)
            return status;
        *code = arena_printf(arena, "%s-%d", base, i);
    }
}

/* Keys that the kind does not have are not kept: what was typed for another kind. */
static void strange_keys_clear(struct saving *s)
{
    for (size_t i = 0; i < n_campaign_keys; i++) {
        const struct campaign_key *key = &campaign_keys[i];
        bool needed = campaign_kind_has(s->campaign.kind, key);
        for (size_t j = 0; j < n_campaign_keys && !needed; j++)
            needed = campaign_keys[j].at == key->at &&
                     campaign_kind_has(s->campaign.kind, &campaign_keys[j]);
        if (!needed)
            campaign_set(s->arena, &s->campaign, key, "");
    }
}

static enum status definition_look(struct reader *reader, struct saving *s, struct error *err)
{
    const struct campaign_fault *faults;
    size_t n;
    enum status status =
        campaign_check(reader, s->access, s->arena, &s->campaign, &faults, &n, err);
    if (status == ST_OK && n)
        return error_set(err, ST_REFUSED, "%s: %s", faults[0].key, faults[0].message);
    if (status == ST_OK && !*s->campaign.code)
        status = campaign_code_make(reader, s->arena, s->campaign.name, &s->campaign.code, err);
    return status == ST_OK ? campaign_find(reader, s->arena, s->campaign.code, &s->old, err)
                           : status;
}

/* What the operation sets: of a campaign that is there only what differs. */
static void set_make(struct saving *s)
{
    const struct campaign *old = s->old;
    s->set = json_object();
    for (size_t i = 0; i < n_campaign_keys; i++) {
        const struct campaign_key *key = &campaign_keys[i];
        if (!old || strcmp(campaign_value(s->arena, old, key),
                           campaign_value(s->arena, &s->campaign, key)) != 0)
            key_to_json(s->arena, &s->campaign, key, s->set);
    }
    if (!old || old->state == STATE_NONE) {
        json_object_set_new(s->set, "state", json_string(campaign_state_names[STATE_DRAFT]));
        json_object_set_new(s->set, "author", json_string(s->access->principal));
    } else if (json_object_size(s->set) && campaign_can(old->state, VERB_REOPEN)) {
        json_object_set_new(s->set, "state", json_string(campaign_state_names[STATE_REVIEW]));
        json_object_set_new(s->set, "approved_by", json_string(""));
    }
}

static enum status saving_run(struct writer *writer, struct saving *s, int64_t base_version,
                              struct operation_result *result, struct error *err)
{
    struct reader *reader;
    enum status status = reader_open(writer_mall(writer), &reader, err);
    if (status != ST_OK)
        return status;
    strange_keys_clear(s);
    if ((status = reader_begin(reader, err)) == ST_OK) {
        status = definition_look(reader, s, err);
        reader_end(reader);
    }
    reader_close(reader);
    if (status != ST_OK)
        return status;
    if (s->old && base_version == CAMPAIGN_NEW && s->old->state != STATE_NONE)
        return error_set(err, ST_CONFLICT,
                         "there is a campaign %s already: give this one a code "
                         "of its own",
                         text_quote(s->arena, s->campaign.code, strlen(s->campaign.code)));
    set_make(s);
    if (s->old && json_object_size(s->set) == 0) {
        if (result)
            *result = (struct operation_result){.version = s->old->version};
        return ST_OK;
    }
    struct operation op = {.actor = s->access->principal,
                           .rights = s->access->rights,
                           .entity = "campaign",
                           .target = s->campaign.code,
                           .verb = s->old ? OPERATION_SET : OPERATION_CREATE,
                           .base_version = !s->old            ? -1
                                           : base_version < 0 ? s->old->version
                                                              : base_version,
                           .set = s->set};
    return operation_apply(writer, &op, result, err);
}

enum status campaign_save(struct writer *writer, const struct access *access,
                          const struct campaign *campaign, int64_t base_version, char *code,
                          struct operation_result *result, struct error *err)
{
    struct saving s = {.arena = arena_new(), .access = access, .campaign = *campaign};
    enum status status = access_require(access, RIGHT_CAMPAIGN_EDIT, "change campaigns", err);
    if (status == ST_OK)
        status = saving_run(writer, &s, base_version, result, err);
    if (status == ST_OK && code)
        snprintf(code, CAMPAIGN_CODE, "%s", s.campaign.code);
    json_decref(s.set);
    arena_free(s.arena);
    return status;
}

/* ---- Sums ---- */

const char *const campaign_sum_names[CAMPAIGN_SUMS] = {"issued", "redeemed", "given",
                                                       "points", "sent",     "messages"};

enum status campaign_sum_add(struct writer *writer, uint32_t campaign, enum campaign_sum sum,
                             int64_t by, int64_t *now, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer,
                                        "insert into campaign_sum (campaign, name, value) values "
                                        "(?1, ?2, ?3) on conflict (campaign, name) do update set "
                                        "value = value + excluded.value returning value",
                                        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, campaign);
    sqlite3_bind_text(stmt, 2, campaign_sum_names[sum], -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, by);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW && now)
        *now = sqlite3_column_int64(stmt, 0);
    if (step == SQLITE_ROW)
        step = sqlite3_step(stmt);
    if (step != SQLITE_DONE)
        status = sqlite_status(writer_db(writer), "adding to a campaign's sums", err);
    sqlite3_reset(stmt);
    return status;
}

enum status campaign_sum_get(sqlite3 *db, uint32_t campaign, enum campaign_sum sum, int64_t *value,
                             struct error *err)
{
    sqlite3_stmt *stmt;
    *value = 0;
    if (sqlite3_prepare_v2(db, "select value from campaign_sum where campaign = ?1 and name = ?2",
                           -1, &stmt, NULL) != SQLITE_OK)
        return sqlite_status(db, "reading a campaign's sums", err);
    sqlite3_bind_int64(stmt, 1, campaign);
    sqlite3_bind_text(stmt, 2, campaign_sum_names[sum], -1, SQLITE_STATIC);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW)
        *value = sqlite3_column_int64(stmt, 0);
    enum status status = step == SQLITE_ROW || step == SQLITE_DONE
                             ? ST_OK
                             : sqlite_status(db, "reading a campaign's sums", err);
    sqlite3_finalize(stmt);
    return status;
}
