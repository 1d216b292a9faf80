/* Values of a campaign's keys from rows and into operations. */
#include "model/campaign/key_parts.h"

static int minutes_of(int64_t number)
{
    return number < 0 || number > DAY_MINUTES ? 0 : (int)number;
}

/* A row's column may hold anything that a damaged file gives: what campaign_set would refuse is
 * left unset. */
void key_from_row(struct arena *arena, struct campaign *campaign, const struct campaign_key *key,
                  const struct row_cell *cell, const struct row_cell *cell_to)
{
    switch (key->type) {
    case KEY_KIND:
    case KEY_RANGES:
    case KEY_CONTACTS:
        if (*campaign_set(arena, campaign, key, cell->text))
            key_clear(campaign, key);
        break;
    case KEY_TEXT:
    case KEY_CODE:
    case KEY_PEOPLE:
    case KEY_SHOPS:
    case KEY_TEMPLATE:
        *FIELD(const char *, campaign, key) = arena_strdup(arena, cell->text);
        break;
    case KEY_BOOL:
        *FIELD(bool, campaign, key) = cell->number != 0;
        break;
    case KEY_DATE:
        *FIELD(int32_t, campaign, key) =
            cell->null || cell->number < -1000000 || cell->number > 10000000
                ? (int32_t)key->most
                : (int32_t)cell->number;
        break;
    case KEY_WEEKDAYS:
        campaign->schedule.weekdays = (unsigned)cell->number & 0x7f;
        break;
    case KEY_HOURS:
        *FIELD(int, campaign, key) = minutes_of(cell->number);
        *FIELD_TO(int, campaign, key) = minutes_of(cell_to->number);
        break;
    case KEY_CAP:
        campaign->limits.per_person = cell->number > 0 ? cell->number : 0;
        campaign->limits.per_window = cell_to->number > 0 ? cell_to->number : 0;
        break;
    default:
        *FIELD(int64_t, campaign, key) = cell->number < 0           ? 0
                                         : cell->number > key->most ? key->most
                                                                    : cell->number;
    }
}

void key_to_json(struct arena *arena, const struct campaign *campaign,
                 const struct campaign_key *key, json_t *set)
{
    int64_t number = 0, to = 0;
    switch (key->type) {
    case KEY_CODE:
        return;
    case KEY_BOOL:
        number = READ(bool, campaign, key);
        break;
    case KEY_WEEKDAYS:
        number = campaign->schedule.weekdays;
        break;
    case KEY_HOURS:
        number = READ(int, campaign, key);
        to = READ_TO(int, campaign, key);
        break;
    case KEY_SHARE:
    case KEY_MONEY:
    case KEY_COUNT:
    case KEY_FACTOR:
    case KEY_DURATION:
        number = READ(int64_t, campaign, key);
        break;
    case KEY_CAP:
        number = campaign->limits.per_person;
        to = campaign->limits.per_window;
        break;
    default:
        json_object_set_new(set, key->column, json_string(campaign_value(arena, campaign, key)));
        return;
    }
    json_object_set_new(set, key->column, json_integer(number));
    if (key->column_to)
        json_object_set_new(set, key->column_to, json_integer(to));
}
