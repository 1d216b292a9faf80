#include "model/store/change.h"

#include <string.h>

/* Tables whose keys are their own numbers, and those that go by what their rows are about. What a
 * person is known by must not stand in the log as a key: it would outlive the person. */
const struct change_place change_places[] = {
    {1, "setting", CHANGE_ALL},
    {2, "kind", CHANGE_ROW},
    {3, "channel", CHANGE_ROW},
    {4, "zone", CHANGE_ROW},
    {5, "tenant", CHANGE_ROW},
    {6, "device", CHANGE_ROW},
    {7, "device_state", CHANGE_ROW},
    {8, "device_act", CHANGE_ROW},
    {9, "campaign", CHANGE_ROW},
    {10, "item", CHANGE_ROW},
    {11, "contact", CHANGE_COLUMN, "person", NULL, 2},
    {12, "member", CHANGE_ROW},
    {13, "attribute", CHANGE_COLUMN, "person", NULL, 0},
    {14, "interest", CHANGE_COLUMN, "person", NULL, 0},
    {15, "relation", CHANGE_COLUMN, "person", NULL, 0},
    {16, "crowd", CHANGE_ROW},
    {17, "crowd_member", CHANGE_COLUMN, "person", NULL, 1},
    {18, "label", CHANGE_ROW},
    {19, "label_people", CHANGE_PAIR, "label", "block", 0, 1, 0},
    {20, "label_state", CHANGE_ROW},
    {21, "label_member", CHANGE_PAIR, "label", "person", 0, 1, 14},
    {22, "segment", CHANGE_ROW},
    {23, "people_set", CHANGE_PAIR, "edition", "block", 0, 1, 0},
    {24, "link", CHANGE_ROW},
    {25, "link_row", CHANGE_COLUMN, "link", NULL, 1},
    {26, "link_identity", CHANGE_COLUMN, "link", NULL, 0},
    {27, "link_event", CHANGE_COLUMN, "link", NULL, 1},
    {28, "conflict_settled", CHANGE_ALL},
    {29, "consent", CHANGE_COLUMN, "person", NULL, 1},
    {30, "erasure", CHANGE_ALL},
    {31, "funnel", CHANGE_ROW},
    {32, "principal", CHANGE_ALL},
    {33, "message", CHANGE_COLUMN, "person", NULL, 1},
    {34, "task", CHANGE_ROW},
    {35, "device_queue", CHANGE_ROW},
    {36, "coupon", CHANGE_ROW},
    {37, "coupon_dispute", CHANGE_COLUMN, "campaign", NULL, 2},
    {38, "campaign_sum", CHANGE_COLUMN, "campaign", NULL, 0},
    {39, "points_terms", CHANGE_ROW},
    {40, "points_hold", CHANGE_COLUMN, "person", NULL, 1},
    {41, "points_rule", CHANGE_ROW},
    {44, "collect_day", CHANGE_PAIR, "device", "day", 0, 1, 0},
    {45, "device_sample", CHANGE_PAIR, "device", "hour", 0, 1, 4},
    {46, "config", CHANGE_ROW},
    {47, "config_queue", CHANGE_ROW},
    {50, "rollout", CHANGE_ROW},
    {51, "rollout_device", CHANGE_COLUMN, "rollout", NULL, 0},
};
const size_t n_change_places = sizeof change_places / sizeof *change_places;

const char *const change_own_tables[] = {
    "counter",        "contact_kind", "profile",     "profile_word", "profile_stale",
    "label_list",     "label_stale",  "erased",      "secret",       "operation",
    "audit",          "batch",        "import",      "refused",      "chunk",
    "tail",           "ref_layer",    "ref_leaf",    "person_block", "person_recent",
    "rollup_day",     "rollup_hour",  "session",     "search_part",  "search_tail",
    "sync",           "change",       "change_set",  "event_log",    "event_delta",
    "replica",        "outbox",       "outbox_base", "archive",      "collect",
    "device_offered",
};
const size_t n_change_own_tables = sizeof change_own_tables / sizeof *change_own_tables;

const struct change_place *change_place_find(const char *table)
{
    for (size_t i = 0; i < n_change_places; i++)
        if (strcmp(change_places[i].table, table) == 0)
            return &change_places[i];
    return NULL;
}

const struct change_place *change_place_number(int number)
{
    for (size_t i = 0; i < n_change_places; i++)
        if (change_places[i].number == number)
            return &change_places[i];
    return NULL;
}

const char *change_key_sql(struct arena *arena, const struct change_place *place)
{
    switch (place->key) {
    case CHANGE_ROW:
        return "rowid";
    case CHANGE_COLUMN:
        return place->column;
    case CHANGE_PAIR:
        return arena_printf(arena, "%s << %d | %s >> %d", place->column, CHANGE_BLOCK_BITS,
                            place->second, place->shift);
    case CHANGE_ALL:
        break;
    }
    return "0";
}

const char *change_where_sql(struct arena *arena, const struct change_place *place)
{
    int mask = (1 << CHANGE_BLOCK_BITS) - 1;
    switch (place->key) {
    case CHANGE_ROW:
        return "rowid = ?1";
    case CHANGE_COLUMN:
        return arena_printf(arena, "%s = ?1", place->column);
    case CHANGE_PAIR:
        return arena_printf(arena,
                            "%s = ?1 >> %d and %s between (?1 & %d) << %d and"
                            " ((?1 & %d) + 1 << %d) - 1",
                            place->column, CHANGE_BLOCK_BITS, place->second, mask, place->shift,
                            mask, place->shift);
    case CHANGE_ALL:
        break;
    }
    return "?1 = 0";
}
