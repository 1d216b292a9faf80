/* What happens at the hub of the simulation. */
#include "tests/support/sync_sim.h"

#include "model/event/event.h"
#include "model/event/move.h"
#include "model/people/erase.h"

#include <stdio.h>
#include <string.h>

static void hub_sql(struct simulation *s, const char *sql)
{
    char *message = NULL;
    SIM_GOOD(writer_begin(s->world->writer, &s->world->err));
    if (sqlite3_exec(writer_db(s->world->writer), sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    SIM_GOOD(writer_commit(s->world->writer, &s->world->err));
}

void sim_hub_begins(struct simulation *s)
{
    char sql[1600];
    snprintf(sql, sizeof sql,
             "with recursive n(i) as (select 1 union all select i + 1 from n where i < %d)"
             " insert into member (person, card, name, phone, tier) select i, 'C' || (10000 + i),"
             " '王' || i, '1380000' || (1000 + i), 'gold' from n;"
             "insert into contact select 1, card, person from member union all"
             " select 2, phone, person from member;"
             "insert into attribute select person, 'e_mail', 'm' || person || '@example.org' from"
             " member; insert into attribute select person, 'colour', 'red' from member;"
             "update counter set value = %d where name = 'person';"
             "insert into device (id, code, kind) values (1, 'D1', 'pos'), (2, 'D2', 'probe');"
             "insert into tenant (id, code) values (1, 'T1'), (2, 'T2');"
             "insert into label (id, name) values (1, 'coffee'), (2, 'tea');"
             "insert into campaign (id, code, kind) values (1, 'P1', 'coupon'), (2, 'P2', '');"
             "insert into segment (id, name, expression) values (1, 'all', 'gold')",
             SIM_PEOPLE, SIM_PEOPLE);
    hub_sql(s, sql);
}

void sim_hub_rows(struct simulation *s)
{
    char sql[256];
    unsigned person = 1 + (unsigned)sim_below(s, SIM_PEOPLE), what = (unsigned)sim_below(s, 8);
    const char *const forms[] = {
        "update member set name = '李' || %u where person = %u",
        "insert or replace into attribute values (%2$u, 'size', %1$u)",
        "delete from attribute where name = 'size' and person %% 3 = %1$u %% 3 and %2$u",
        "insert or ignore into label_member values (1 + %1$u %% 2, %2$u)",
        "delete from label_member where label = 1 + %1$u %% 2 and person <= %2$u",
        "insert or replace into relation values (%2$u, %1$u %% 20 + 30, 'friend', null)",
        "insert or replace into message (campaign, person, contact, state, body) values (1, %2$u,"
        " 1, 1, 'dear ' || %1$u)",
        "insert or ignore into coupon (code, campaign, person, state, value, issued, expires)"
        " values ('K' || %1$u, 1, %2$u, 1, 500, 1, 0)",
    };
    snprintf(sql, sizeof sql, forms[what], (unsigned)sim_below(s, 1000), person);
    sim_say(s, "hub: %s", sql);
    hub_sql(s, sql);
}

static size_t events_make(struct simulation *s, struct event *events, size_t n, char (*refs)[32])
{
    static const uint16_t some_kinds[] = {KIND_SIGHTING, KIND_PURCHASE, KIND_POINTS_EARN,
                                          KIND_REGISTER};
    for (size_t i = 0; i < n; i++) {
        int size = 0;
        if (sim_below(s, 3))
            size = snprintf(refs[i], 32, "R%llu", (unsigned long long)++s->events);
        events[i] = (struct event){.time = 1704067200 + (int64_t)sim_below(s, 80 * 86400),
                                   .kind = some_kinds[sim_below(s, 4)],
                                   .person = (uint32_t)sim_below(s, SIM_PEOPLE + 1),
                                   .tenant = (uint32_t)sim_below(s, 3),
                                   .amount = (int64_t)sim_below(s, 1000),
                                   .ref = refs[i],
                                   .ref_size = (uint32_t)size};
    }
    return n;
}

void sim_hub_events(struct simulation *s)
{
    struct event events[40];
    char refs[40][32];
    struct error *err = &s->world->err;
    size_t n = events_make(s, events, 1 + sim_below(s, 40), refs);
    if (sim_below(s, 2)) {
        struct event_bulk *bulk;
        sim_say(s, "hub: imports %zu events", n);
        SIM_GOOD(event_bulk_begin(s->world->writer,
                                  &(struct event_bulk_options){.threads = 1, .memory = 1 << 20},
                                  &bulk, err));
        SIM_GOOD(event_bulk_add(bulk, 0, events, n, err));
        SIM_GOOD(event_bulk_commit(bulk, NULL, NULL, NULL, err));
        return;
    }
    sim_say(s, "hub: appends %zu events", n);
    SIM_GOOD(writer_begin(s->world->writer, err));
    SIM_GOOD(event_append(s->world->writer, events, n, NULL, NULL, err));
    SIM_GOOD(writer_commit(s->world->writer, err));
}

void sim_hub_moves(struct simulation *s)
{
    struct event_move move = {.from = 1 + (uint32_t)sim_below(s, SIM_PEOPLE),
                              .to = 1 + (uint32_t)sim_below(s, SIM_PEOPLE),
                              .arena = arena_new()};
    if (move.from != move.to) {
        sim_say(s, "hub: moves events of %u to %u", move.from, move.to);
        SIM_GOOD(event_move(s->world->writer, &move, &s->world->err));
    }
    vec_free(&move.moved);
    arena_free(move.arena);
}

/* Once at most: what a person was known by is nowhere any more in the end. */
void sim_hub_erases(struct simulation *s)
{
    struct access engine = access_engine();
    struct arena *arena = arena_new();
    struct erasure erasure;
    struct error err = {0};
    uint32_t person = 1 + (uint32_t)sim_below(s, SIM_PEOPLE);
    enum status status =
        member_erase(s->world->writer, &engine, person, "asked for it", arena, &erasure, &err);
    sim_say(s, "hub: erases %u: %s", person, status == ST_OK ? "ok" : error_text(&err));
    if (status == ST_OK)
        vec_push(&s->erased, person);
    else if (status != ST_REFUSED)
        fail_msg("erasing: %s", error_text(&err));
    s->erasures += status == ST_OK;
    error_clear(&err);
    arena_free(arena);
}

void sim_hub_folds(struct simulation *s)
{
    sim_say(s, "hub: folds");
    SIM_GOOD(event_fold(s->world->writer, 1, &s->world->err));
}

void sim_hub_edits(struct simulation *s)
{
    struct access admin = access_engine();
    sim_edit_make(s, s->world->writer, &admin, "hub");
}
