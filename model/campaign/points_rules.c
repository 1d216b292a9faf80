#include "model/campaign/points_rules.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/campaign/plan.h"
#include "model/campaign/schedule.h"
#include "model/campaign/shops.h"
#include "model/store/column.h"

#include <string.h>

__extension__ typedef __int128 wide;

static const int64_t amount_most = INT64_C(1000000000000000);

/* ---- Reading ---- */

static const char rules_sql[] =
    "select id, name, shops, tier, per_yuan, factor, weekdays, from_day, to_day, priority"
    " from points_rule order by priority desc, id";

static enum status rule_take(struct reader *reader, struct arena *arena, sqlite3_stmt *stmt,
                             struct points_rule *rule, struct error *err)
{
    struct set *shops = NULL;
    const char *text = column_text(stmt, 2);
    *rule = (struct points_rule){
        .id = (uint32_t)sqlite3_column_int64(stmt, 0),
        .name = arena_strdup(arena, column_text(stmt, 1)),
        .tier = arena_strdup(arena, column_text(stmt, 3)),
        .per_yuan = sqlite3_column_int64(stmt, 4),
        .factor = sqlite3_column_int64(stmt, 5),
        .weekdays = (unsigned)sqlite3_column_int(stmt, 6),
        .from = INT32_MIN,
        .to = INT32_MAX,
        .priority = sqlite3_column_int64(stmt, 9),
    };
    if (sqlite3_column_type(stmt, 7) != SQLITE_NULL)
        rule->from = sqlite3_column_int(stmt, 7);
    if (sqlite3_column_type(stmt, 8) != SQLITE_NULL)
        rule->to = sqlite3_column_int(stmt, 8);
    if (!text[strspn(text, " \t")])
        return ST_OK;
    enum status status = shops_of(reader_db(reader), arena, text, &shops, err);
    rule->shops = shops;
    if (status == ST_USAGE) {
        error_wrap(err, "rule %s: shops", rule->name);
        if (err)
            err->status = ST_REFUSED;
        return ST_REFUSED;
    }
    return status;
}

static enum status campaign_take_part(struct reader *reader, struct arena *arena,
                                      const struct campaign *campaign, struct points_campaign *part,
                                      struct error *err)
{
    struct set *shops = NULL;
    enum status status = ST_OK;
    *part = (struct points_campaign){.campaign = campaign};
    if (*campaign->offer.shops)
        status = shops_of(reader_db(reader), arena, campaign->offer.shops, &shops, err);
    part->shops = shops;
    if (status == ST_OK && campaign->edition) {
        struct access nobody = {.rights = 0};
        status = campaign_people(reader, arena, &nobody, campaign, &part->people, NULL, NULL, err);
    }
    return status;
}

static enum status campaigns_read(struct reader *reader, struct arena *arena,
                                  struct points_rules *rules, struct error *err)
{
    const struct campaign *list;
    size_t n = 0;
    unsigned states = 1u << STATE_RUNNING | 1u << STATE_ENDED | 1u << STATE_ARCHIVED;
    enum status status = campaign_list(reader, arena, states, &list, &n, err);
    struct points_campaign *multipliers = arena_array(arena, struct points_campaign, n);
    struct points_campaign *gifts = arena_array(arena, struct points_campaign, n);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        if (list[i].kind == CAMPAIGN_POINTS_MULTIPLIER && list[i].offer.factor > 100)
            status = campaign_take_part(reader, arena, &list[i],
                                        &multipliers[rules->n_multipliers++], err);
        else if (list[i].kind == CAMPAIGN_REGISTRATION && list[i].offer.points > 0)
            status = campaign_take_part(reader, arena, &list[i], &gifts[rules->n_gifts++], err);
    }
    rules->multipliers = multipliers;
    rules->gifts = gifts;
    return status;
}

enum status points_rules_read(struct reader *reader, struct arena *arena,
                              struct points_rules *rules, struct error *err)
{
    VEC(struct points_rule) list = {0};
    sqlite3_stmt *stmt;
    bool row = false;
    *rules = (struct points_rules){.clock = &reader_mall(reader)->clock};
    enum status status = reader_prepare(reader, rules_sql, &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        vec_push(&list, (struct points_rule){0});
        status = rule_take(reader, arena, stmt, &list.at[list.n - 1], err);
    }
    struct points_rule *copy = arena_array(arena, struct points_rule, list.n);
    for (size_t i = 0; i < list.n; i++)
        copy[i] = list.at[i];
    rules->n_rules = list.n;
    rules->rules = copy;
    vec_free(&list);
    return status == ST_OK ? campaigns_read(reader, arena, rules, err) : status;
}

/* ---- What a purchase earns ---- */

static bool rule_fits(const struct points_rule *rule, const struct points_purchase *purchase,
                      int32_t day)
{
    return (!rule->shops || set_has(rule->shops, purchase->tenant)) &&
           (!*rule->tier || strcmp(rule->tier, purchase->tier) == 0) && day >= rule->from &&
           day <= rule->to && (!rule->weekdays || rule->weekdays >> date_weekday(day) & 1);
}

bool points_campaign_open(const struct points_campaign *part, const struct clock *clock,
                          int64_t time, uint32_t tenant, uint32_t person)
{
    const struct campaign *c = part->campaign;
    if (!c->started || time < c->started || (c->ended && time >= c->ended))
        return false;
    if (part->shops && !set_has(part->shops, tenant))
        return false;
    if (part->people && (!set_has(part->people, person) || campaign_held_out(c, person)))
        return false;
    return schedule_on(c, clock, time, NULL);
}

static int64_t largest_factor(const struct points_rules *rules,
                              const struct points_purchase *purchase, int32_t day,
                              uint32_t *campaign)
{
    int64_t factor = 100;
    *campaign = 0;
    for (size_t i = 0; i < rules->n_rules; i++)
        if (!rules->rules[i].per_yuan && rules->rules[i].factor > factor &&
            rule_fits(&rules->rules[i], purchase, day))
            factor = rules->rules[i].factor;
    for (size_t i = 0; i < rules->n_multipliers; i++) {
        const struct points_campaign *part = &rules->multipliers[i];
        if (part->campaign->offer.factor > factor &&
            points_campaign_open(part, rules->clock, purchase->time, purchase->tenant,
                                 purchase->person)) {
            factor = part->campaign->offer.factor;
            *campaign = part->campaign->id;
        }
    }
    return factor;
}

int64_t points_of_purchase(const struct points_rules *rules, const struct points_purchase *purchase,
                           uint32_t *campaign)
{
    int32_t day = clock_day(rules->clock, purchase->time);
    const struct points_rule *gives = NULL;
    *campaign = 0;
    for (size_t i = 0; i < rules->n_rules && !gives; i++)
        if (rules->rules[i].per_yuan > 0 && rule_fits(&rules->rules[i], purchase, day))
            gives = &rules->rules[i];
    if (!gives || purchase->amount <= 0)
        return 0;
    int64_t amount = purchase->amount < amount_most ? purchase->amount : amount_most;
    wide points = (wide)amount * gives->per_yuan * gives->factor;
    points = points * largest_factor(rules, purchase, day, campaign) / 100000000;
    return points < POINTS_MOST ? (int64_t)points : POINTS_MOST;
}

enum status points_for_amount(struct reader *reader, struct arena *arena, uint32_t person,
                              uint32_t tenant, int64_t time, int64_t amount, int64_t *points,
                              uint32_t *campaign, struct error *err)
{
    struct points_rules rules;
    sqlite3_stmt *stmt;
    bool row = false;
    const char *tier = "";
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = points_rules_read(reader, arena, &rules, err);
    if (status == ST_OK)
        status = reader_prepare(reader, "select tier from member where person = ?1", &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, person);
        status = reader_step(reader, stmt, &row, err);
        if (status == ST_OK && row)
            tier = arena_strdup(arena, column_text(stmt, 0));
        sqlite3_reset(stmt);
    }
    struct points_purchase purchase = {person, tenant, tier, time, amount};
    if (status == ST_OK)
        *points = points_of_purchase(&rules, &purchase, campaign);
    reader_end(reader);
    if (status == ST_OK && *points == 0)
        return error_set(err, ST_CONFLICT, "no rule gives points for this receipt");
    return status;
}

/* ---- Rows ---- */

static const char *weekdays_text(struct arena *arena, unsigned weekdays)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    const char *text = NULL;
    for (int i = 0; i < 7; i++)
        if (weekdays >> i & 1)
            text = arena_printf(arena, "%s%s%s", text ? text : "", text ? " " : "", names[i]);
    return text;
}

struct sheet *points_rules_sheet(struct reader *reader, struct arena *arena, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"name", N_("rule"), CELL_TEXT},          {"points", N_("points for 100 yuan"), CELL_COUNT},
        {"factor", N_("times"), CELL_REAL},       {"shops", N_("shops"), CELL_TEXT},
        {"tier", N_("tier"), CELL_TEXT},          {"weekdays", N_("weekdays"), CELL_TEXT},
        {"from", N_("from"), CELL_DAY},           {"to", N_("to"), CELL_DAY},
        {"priority", N_("priority"), CELL_COUNT},
    };
    struct sheet *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = reader_prepare(reader, rules_sql, &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(arena_strdup(arena, column_text(stmt, 1)));
        if (sqlite3_column_int64(stmt, 4))
            cells[1] = cell_integer(sqlite3_column_int64(stmt, 4));
        cells[2] = cell_real((double)sqlite3_column_int64(stmt, 5) / 100);
        for (int i = 2; i < 4; i++)
            if (*column_text(stmt, i))
                cells[i + 1] = cell_text(arena_strdup(arena, column_text(stmt, i)));
        cells[5] = cell_text(weekdays_text(arena, (unsigned)sqlite3_column_int(stmt, 6)));
        for (int i = 7; i < 9; i++)
            if (sqlite3_column_type(stmt, i) != SQLITE_NULL)
                cells[i - 1] = cell_integer(sqlite3_column_int64(stmt, i));
        cells[8] = cell_integer(sqlite3_column_int64(stmt, 9));
    }
    return status == ST_OK ? sheet : NULL;
}

struct sheet *points_terms_sheet(struct reader *reader, struct arena *arena, struct error *err)
{
    static const struct sheet_column columns[] = {
        {"since", N_("earned from"), CELL_TEXT},
        {"months", N_("months good"), CELL_COUNT},
    };
    struct sheet *sheet = sheet_new(arena, columns, 2);
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = reader_prepare(
        reader, "select since, months from points_terms order by since desc", &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(arena_strdup(arena, column_text(stmt, 0)));
        if (sqlite3_column_int64(stmt, 1))
            cells[1] = cell_integer(sqlite3_column_int64(stmt, 1));
    }
    return status == ST_OK ? sheet : NULL;
}

/* ---- What people enter ---- */

static enum status terms_rule(struct writer *writer, const struct operation *op, const json_t *now,
                              struct error *err)
{
    int32_t day;
    (void)writer;
    (void)now;
    if (points_day_read(op->target, &day))
        return ST_OK;
    struct arena *arena = arena_new();
    error_set(err, ST_REFUSED, "terms are named by their first day: found %s, expected 2024-01-01",
              text_quote(arena, op->target, strlen(op->target)));
    arena_free(arena);
    return ST_REFUSED;
}

static enum status rule_rule(struct writer *writer, const struct operation *op, const json_t *now,
                             struct error *err)
{
    struct set *shops;
    struct arena *arena = arena_new();
    const char *text = json_string_value(json_object_get(op->set, "shops"));
    (void)now;
    enum status status = ST_OK;
    if (text && *text)
        status = shops_of(writer_db(writer), arena, text, &shops, err);
    if (status == ST_USAGE) {
        error_wrap(err, "shops");
        status = ST_REFUSED;
        if (err)
            err->status = status;
    }
    arena_free(arena);
    return status;
}

void points_register(void)
{
    operation_rule_register("points_terms", terms_rule);
    operation_rule_register("points_rule", rule_rule);
}
