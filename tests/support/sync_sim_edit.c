/* What people do at the replicas of the simulation. */
#include "tests/support/sync_sim.h"

#include "model/campaign/ledger.h"
#include "model/people/consent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool sim_open(struct simulation *s, int replica, struct sim_opened *o)
{
    char *path = sync_world_path(s->world, s->names[replica]);
    struct error err = {0};
    bool there = access(path, F_OK) == 0;
    *o = (struct sim_opened){0};
    sim_program(s, replica);
    if (there) {
        SIM_GOOD(mall_open(path, &o->mall, &s->world->err));
        SIM_GOOD(writer_open(o->mall, &o->writer, &s->world->err));
        SIM_GOOD(reader_open(o->mall, &o->reader, &s->world->err));
        there = access_lookup(o->reader, "whoever", &o->access, &err) == ST_OK;
    }
    error_clear(&err);
    free(path);
    return there;
}

void sim_close(struct simulation *s, struct sim_opened *o)
{
    reader_close(o->reader);
    writer_close(o->writer);
    mall_close(o->mall);
    sim_program(s, -1);
}

/* ---- Operations ---- */

struct wish {
    const char *entity, *target, *field;
    char value[32], name[32];
    enum operation_verb verb;
};

/* Mostly a field of something that all know; now and then something new, or something goes. */
static struct wish wish_of(struct simulation *s)
{
    static const struct {
        const char *entity, *one, *other, *field;
        bool makes, goes;
    } things[] = {
        {"device", "D1", "D2", "note", false, false},
        {"segment", "all", "all", "note", true, true},
        {"label", "coffee", "tea", "note", true, true},
        {"campaign", "P1", "P2", "goal", true, false},
    };
    size_t k = sim_below(s, 4), how = sim_below(s, 8);
    struct wish wish = {.entity = things[k].entity,
                        .target = sim_below(s, 2) ? things[k].one : things[k].other,
                        .field = things[k].field,
                        .verb = OPERATION_SET};
    snprintf(wish.value, sizeof wish.value, "value %d", ++s->made);
    if (how < 2 && things[k].makes) {
        snprintf(wish.name, sizeof wish.name, "made %d", s->made);
        wish.verb = OPERATION_CREATE;
    } else if (how == 2 && things[k].goes && s->made > 4) {
        snprintf(wish.name, sizeof wish.name, "made %d", 1 + (int)sim_below(s, (uint64_t)s->made));
        wish.verb = OPERATION_DELETE;
    }
    return wish;
}

static bool is_answer(enum status status)
{
    return status == ST_DENIED || status == ST_CONFLICT || status == ST_REFUSED;
}

void sim_edit_make(struct simulation *s, struct writer *writer, const struct access *access,
                   const char *who)
{
    struct wish wish = wish_of(s);
    struct error err = {0};
    const char *target = *wish.name ? wish.name : wish.target;
    json_t *set = wish.verb == OPERATION_DELETE ? NULL : json_pack("{s:s}", wish.field, wish.value);
    int64_t version = -1;
    json_t *now = NULL;
    if (wish.verb == OPERATION_CREATE && strcmp(wish.entity, "segment") == 0)
        json_object_set_new(set, "expression", json_string("gold"));
    if (wish.verb != OPERATION_CREATE &&
        operation_read(writer, wish.entity, target, &now, &version, &err) != ST_OK)
        version = -1;
    json_decref(now);
    if (sim_below(s, 4) == 0)
        version = -1;
    struct operation op = {.actor = access->principal,
                           .rights = access->rights,
                           .entity = wish.entity,
                           .target = target,
                           .verb = wish.verb,
                           .base_version = version,
                           .set = set};
    enum status status = operation_apply(writer, &op, NULL, &err);
    sim_say(s, "%s: %s %s %s = %s against %lld: %s", who,
            wish.verb == OPERATION_CREATE   ? "makes"
            : wish.verb == OPERATION_DELETE ? "removes"
                                            : "edits",
            wish.entity, target, wish.value, (long long)version,
            status == ST_OK ? "ok" : error_text(&err));
    if (status != ST_OK && !is_answer(status))
        fail_msg("%s: %s", who, error_text(&err));
    error_clear(&err);
    json_decref(set);
}

/* ---- What people are about ---- */

/* The reference is the id, and so how often it was applied can be counted. */
static void points_make(struct simulation *s, struct sim_opened *o, const char *who)
{
    char ref[32];
    struct points_posted posted;
    struct error err = {0};
    snprintf(ref, sizeof ref, "adjust %d", ++s->made);
    struct points_entry entry = {.act = POINTS_ADJUST,
                                 .person = 1 + (uint32_t)sim_below(s, SIM_PEOPLE),
                                 .points = 1 + (int64_t)sim_below(s, 50),
                                 .ref = ref,
                                 .reason = "by hand"};
    enum status status = points_post(o->writer, &o->access, &entry, &posted, &err);
    sim_say(s, "%s: gives %u points: %s", who, entry.person,
            status == ST_OK ? "ok" : error_text(&err));
    if (status != ST_OK && !is_answer(status))
        fail_msg("%s: %s", who, error_text(&err));
    error_clear(&err);
}

static void consent_make(struct simulation *s, struct sim_opened *o, const char *who)
{
    char card[64] = "";
    sqlite3_stmt *stmt;
    struct error err = {0};
    int64_t person = 1 + (int64_t)sim_below(s, SIM_PEOPLE);
    SIM_GOOD(writer_prepare(o->writer, "select card from member where person = ?1", &stmt,
                            &s->world->err));
    sqlite3_bind_int64(stmt, 1, person);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        snprintf(card, sizeof card, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_reset(stmt);
    struct consent_change change = {.card = card, .source = "form"};
    size_t which = sim_below(s, CONSENT_COUNT);
    change.set[which] = true;
    change.given[which] = sim_below(s, 2);
    enum status status =
        *card ? consent_set(o->writer, &o->access, &change, NULL, &err) : ST_REFUSED;
    sim_say(s, "%s: consent of %s: %s", who, card, status == ST_OK ? "ok" : error_text(&err));
    if (status != ST_OK && !is_answer(status))
        fail_msg("%s: %s", who, error_text(&err));
    error_clear(&err);
}

void sim_replica_edits(struct simulation *s, int replica)
{
    struct sim_opened o;
    uint64_t what = sim_below(s, 6);
    if (sim_open(s, replica, &o) && o.access.rights) {
        if (what == 0)
            points_make(s, &o, s->names[replica]);
        else if (what == 1)
            consent_make(s, &o, s->names[replica]);
        else
            sim_edit_make(s, o.writer, &o.access, s->names[replica]);
    }
    sim_close(s, &o);
    sim_ledger_look(s, replica, false);
}

/* ---- What came back ---- */

static enum status decide(struct simulation *s, struct sim_opened *o,
                          const struct outbox_entry *entry, bool all, struct error *err)
{
    bool take = all || sim_below(s, 2);
    bool give_up = !all && sim_below(s, 8) == 0;
    if (entry->state == OUTBOX_CONFLICT)
        return outbox_resolve(o->writer, &o->access, entry->id, take, take ? NULL : entry->mine,
                              err);
    if (entry->state == OUTBOX_REFUSED || (entry->state == OUTBOX_PENDING && give_up))
        return outbox_drop(o->writer, &o->access, entry->id, err);
    return ST_OK;
}

size_t sim_replica_decides(struct simulation *s, int replica, bool all)
{
    struct sim_opened o;
    struct arena *arena = arena_new();
    const struct outbox_entry *entries = NULL;
    size_t n = 0;
    struct error err = {0};
    if (sim_open(s, replica, &o))
        SIM_GOOD(outbox_read(o.reader, &o.access, arena, false, &entries, &n, &s->world->err));
    for (size_t i = 0; i < n; i++) {
        enum status status = decide(s, &o, &entries[i], all, &err);
        sim_say(s, "%s: decides about %s %s, %s: %s", s->names[replica], entries[i].entity,
                entries[i].target, outbox_state_names[entries[i].state],
                status == ST_OK ? "ok" : error_text(&err));
        if (status != ST_OK)
            fail_msg("deciding: %s", error_text(&err));
    }
    sim_close(s, &o);
    sim_ledger_look(s, replica, true);
    arena_free(arena);
    return n;
}
