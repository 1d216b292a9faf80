#include "tests/support/story.h"
#include "model/base/arena.h"
#include "model/base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

uint64_t draw(struct story *s, uint64_t n)
{
    return hash_mix(++s->seed) % n;
}

/* The person's number in the file; they rise together. */
static uint32_t number_of(const struct story *s, uint32_t person)
{
    if (!s->spread || person <= PEOPLE / 3)
        return person;
    return person + (person <= PEOPLE * 2 / 3 ? EVENT_BLOCK - PEOPLE / 3 : 3 * EVENT_BLOCK);
}

static void sql(struct story *s, const char *text)
{
    char *problem = NULL;

    if (sqlite3_exec(writer_db(s->writer), text, NULL, NULL, &problem) != SQLITE_OK)
        fail_msg("%s: %s", text, problem);
}

/* A row that is there already stays as it is. */
static void relation_make(struct story *s, int i)
{
    static const char *const names[] = {"family", "friend"};
    uint32_t a = 1 + (uint32_t)draw(s, PEOPLE), b = 1 + (uint32_t)draw(s, PEOPLE);
    if (i && draw(s, 4) == 0) { /* the same from the other side, perhaps of another kind */
        a = s->relation[i - 1][1];
        b = s->relation[i - 1][0];
    }
    s->relation[i][0] = a;
    s->relation[i][1] = b;
    s->relation_kind[i] = (int)draw(s, 2);
    if (draw(s, 2))
        s->relation_since[i] = s->start + (int64_t)draw(s, DAYS * 86400);
    for (int k = i - 1; k >= 0; k--)
        if (s->relation[k][0] == a && s->relation[k][1] == b &&
            s->relation_kind[k] == s->relation_kind[i])
            s->relation_since[i] = s->relation_since[k];
    sql(s, arena_printf(s->arena,
                        "insert or ignore into relation values (%u, %u, '%s', nullif(%lld, 0))",
                        number_of(s, a), number_of(s, b), names[s->relation_kind[i]],
                        (long long)s->relation_since[i]));
}

static void rows_make(struct story *s)
{
    static const char *const topics[] = {"coffee", "sport"};
    static const char *const categories[] = {"", "fashion", "food"};
    struct error err = {0};
    uint32_t id;

    assert_ok(writer_begin(s->writer, &err));
    for (uint32_t i = 1; i <= ZONES; i++)
        assert_ok(
            dict_intern(s->writer, DICT_ZONE, arena_printf(s->arena, "Z%u", i), 2, &id, &err));
    assert_ok(dict_intern(s->writer, DICT_CHANNEL, "pos", 3, &id, &err));
    assert_int_equal(id, 1);
    assert_ok(dict_intern(s->writer, DICT_CHANNEL, "app", 3, &id, &err));
    assert_ok(dict_intern(s->writer, DICT_CHANNEL, "sms", 3, &id, &err));
    for (uint32_t i = 1; i <= CAMPAIGNS; i++)
        assert_ok(
            dict_intern(s->writer, DICT_CAMPAIGN, arena_printf(s->arena, "K%u", i), 2, &id, &err));
    for (uint32_t i = 1; i <= TENANTS; i++) {
        assert_ok(
            dict_intern(s->writer, DICT_TENANT, arena_printf(s->arena, "T%u", i), 2, &id, &err));
        s->tenant_zone[i] = (uint32_t)draw(s, ZONES + 1);
        s->tenant_category[i] = i < 3 ? i : (uint32_t)draw(s, 3); /* each is there */
        s->smart[i] = draw(s, 2);
        sql(s, arena_printf(s->arena,
                            "update tenant set zone = %u, category = '%s', smart_pos = %d"
                            " where id = %u",
                            s->tenant_zone[i], categories[s->tenant_category[i]], s->smart[i], i));
    }
    for (uint32_t p = 1; p <= PEOPLE; p++) {
        int sms = (int)draw(s, 2), app = (int)draw(s, 2), wifi = (int)draw(s, 2);
        int has_phone = (int)draw(s, 2), has_app = (int)draw(s, 2), has_wifi = (int)draw(s, 2);
        s->reachable[p] = (sms && has_phone) || (app && has_app) || (wifi && has_wifi);
        sql(s, arena_printf(s->arena,
                            "insert into member (person, card, phone, consent_sms, consent_app,"
                            " consent_wifi, app) values (%u, 'C%u', '%s', %d, %d, %d, %d)",
                            number_of(s, p), p, has_phone ? arena_printf(s->arena, "1%u", p) : "",
                            sms, app, wifi, has_app));
        if (has_wifi)
            sql(s, arena_printf(s->arena, "insert into contact values (4, 'w%u', %u)", p,
                                number_of(s, p)));
    }
    for (int i = 0; i < RELATIONS; i++)
        relation_make(s, i);
    for (int c = 1; c <= CROWDS; c++) {
        sql(s, arena_printf(s->arena, "insert into crowd (id, code) values (%d, 'G%d')", c, c));
        for (uint32_t p = 1; p <= PEOPLE && c < CROWDS; p++)
            if ((s->in_crowd[c][p] = draw(s, 4) == 0))
                sql(s, arena_printf(s->arena,
                                    "insert into crowd_member (crowd, person) values (%d, %u)", c,
                                    number_of(s, p)));
    }
    for (int t = 0; t < TOPICS; t++)
        for (uint32_t p = 1; p <= PEOPLE; p++)
            if ((s->likes[t][p] = draw(s, 3) == 0))
                sql(s,
                    arena_printf(s->arena, "insert into interest (person, topic) values (%u, '%s')",
                                 number_of(s, p), topics[t]));
    sql(s, arena_printf(s->arena, "update counter set value = %u where name = 'person'",
                        number_of(s, PEOPLE)));
    assert_ok(writer_touch_rows(s->writer, &err));
    assert_ok(writer_commit(s->writer, &err));
}

/* Events come in bursts, so that some lie within a visit's gap and some just beside it. */
static struct event event_draw(struct story *s, uint32_t person, int64_t time)
{
    static const uint16_t common[] = {KIND_SIGHTING, KIND_SIGHTING, KIND_PURCHASE, KIND_DOOR,
                                      KIND_POINTS_EARN};
    struct event e = {.time = time, .person = person};

    e.kind = draw(s, 2) ? common[draw(s, 5)] : (uint16_t)(1 + draw(s, KIND_BUILT_IN_END - 1));
    if (draw(s, 3))
        e.tenant = (uint32_t)draw(s, TENANTS + 1);
    if (e.kind == KIND_SIGHTING || draw(s, 3) == 0)
        e.zone = (uint32_t)draw(s, ZONES + 1);
    e.channel = (uint16_t)draw(s, CHANNELS + 1);
    e.campaign = (uint32_t)draw(s, CAMPAIGNS + 1);
    if (kind_unit(e.kind) != UNIT_NONE)
        e.amount = (int64_t)draw(s, 50000);
    if ((e.kind == KIND_POINTS_ADJUST || e.kind == KIND_POINTS_REVERSE) && draw(s, 2))
        e.amount = -e.amount;
    if (!person && e.kind == KIND_SIGHTING)
        e.address = 1 + draw(s, 40);
    return e;
}

static void events_make(struct story *s)
{
    static const int64_t steps[] = {0, 1, 60, 599, 600, 601, 1799, 1800, 1801, 7200};
    struct error err = {0};
    size_t added;

    while (s->n + 12 < MOST_EVENTS) {
        uint32_t person = draw(s, 5) ? 1 + (uint32_t)draw(s, PEOPLE) : 0;
        int64_t time = s->start + (int64_t)draw(s, DAYS * 86400);
        for (uint64_t i = 1 + draw(s, 10); i > 0; i--) {
            s->events[s->n++] = event_draw(s, person, time);
            time += steps[draw(s, 10)];
        }
    }
    struct event *numbered = mem_alloc(s->n * sizeof *numbered);
    for (size_t i = 0; i < s->n; i++) {
        numbered[i] = s->events[i];
        numbered[i].person = number_of(s, s->events[i].person);
    }
    size_t half = s->n / 2;
    assert_ok(writer_begin(s->writer, &err));
    assert_ok(event_append(s->writer, numbered, half, &added, NULL, &err));
    assert_ok(writer_commit(s->writer, &err));
    if (draw(s, 2))
        assert_ok(event_fold(s->writer, 0, &err));
    assert_ok(writer_begin(s->writer, &err));
    assert_ok(event_append(s->writer, numbered + half, s->n - half, &added, NULL, &err));
    assert_ok(writer_commit(s->writer, &err));
    free(numbered);
}

struct story *story_new(uint64_t seed)
{
    static const char *const zones[] = {"Asia/Shanghai", "America/New_York", "Europe/Berlin"};
    struct mall_options options = {.name = "test", .timezone = zones[seed % 3]};
    struct story *s = mem_zero(1, sizeof *s);
    struct error err = {0};

    s->seed = seed << 32;
    s->spread = seed % 2;
    s->arena = arena_new();
    s->folder = temp_folder();
    s->path = temp_path(s->folder, "test.mall");
    assert_ok(mall_create(s->path, &options, &err));
    assert_ok(mall_open(s->path, &s->mall, &err));
    assert_ok(writer_open(s->mall, &s->writer, &err));
    /* From the middle of September: the clocks of two of the zones change on the way. */
    s->start = zone_utc(s->mall->zone, 2023, 9, 15, 0, 0, 0);
    rows_make(s);
    events_make(s);
    assert_ok(reader_open(s->mall, &s->reader, &err));
    return s;
}

void story_free(struct story *s)
{
    reader_close(s->reader);
    writer_close(s->writer);
    mall_close(s->mall);
    free(s->path);
    temp_folder_remove(s->folder);
    arena_free(s->arena);
    free(s);
}
