/* What a question needs to know beside the events: shops, devices, channels, how many people. */
#include "model/loop/survey.h"
#include "model/store/column.h"

#include <string.h>

static enum status categories_read(struct survey_ground *ground, struct error *err)
{
    VEC(const char *) names = {0};
    sqlite3_stmt *stmt;
    bool row;

    vec_push(&names, "");
    enum status status = reader_prepare(
        ground->reader, "select distinct category from tenant where category <> '' order by 1",
        &stmt, err);
    while (status == ST_OK && (status = reader_step(ground->reader, stmt, &row, err)) == ST_OK &&
           row)
        vec_push(&names, arena_strdup(ground->arena, column_text(stmt, 0)));
    const char **at = arena_array(ground->arena, const char *, names.n);
    memcpy(at, names.at, names.n * sizeof *at);
    ground->places.categories = at;
    ground->places.n_categories = (uint32_t)names.n;
    vec_free(&names);
    return status;
}

static uint32_t category_place(const struct places *places, const char *text)
{
    for (uint32_t i = 0; i < places->n_categories; i++)
        if (strcmp(places->categories[i], text) == 0)
            return i;
    return 0;
}

static enum status tenants_read(struct survey_ground *ground, struct error *err)
{
    struct places *places = &ground->places;
    uint32_t n = dict_size(ground->reader, DICT_TENANT) + 1;
    uint32_t *zone = arena_array(ground->arena, uint32_t, n);
    uint32_t *category = arena_array(ground->arena, uint32_t, n);
    bool *smart = arena_array(ground->arena, bool, n);
    sqlite3_stmt *stmt;
    bool row;

    places->n_tenants = n;
    places->tenant_zone = zone;
    places->tenant_category = category;
    places->smart_pos = smart;
    enum status status = reader_prepare(
        ground->reader, "select id, zone, category, smart_pos from tenant", &stmt, err);
    while (status == ST_OK && (status = reader_step(ground->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        if (id < 1 || id >= n)
            continue;
        zone[id] = (uint32_t)sqlite3_column_int64(stmt, 1);
        category[id] = category_place(places, column_text(stmt, 2));
        smart[id] = sqlite3_column_int(stmt, 3) != 0;
        if (zone[id] >= ground->sizes[DIM_ZONE])
            zone[id] = 0;
    }
    return status;
}

static enum status devices_read(struct survey_ground *ground, struct error *err)
{
    struct places *places = &ground->places;
    uint32_t n = dict_size(ground->reader, DICT_DEVICE) + 1;
    uint32_t *zone = arena_array(ground->arena, uint32_t, n);
    sqlite3_stmt *stmt;
    bool row;

    places->n_devices = n;
    places->device_zone = zone;
    enum status status =
        reader_prepare(ground->reader, "select id, zone, tenant from device", &stmt, err);
    while (status == ST_OK && (status = reader_step(ground->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t id = sqlite3_column_int64(stmt, 0), tenant = sqlite3_column_int64(stmt, 2);
        if (id < 1 || id >= n)
            continue;
        zone[id] = (uint32_t)sqlite3_column_int64(stmt, 1);
        if (!zone[id] && tenant > 0 && tenant < places->n_tenants)
            zone[id] = places->tenant_zone[tenant];
        if (zone[id] >= ground->sizes[DIM_ZONE])
            zone[id] = 0;
    }
    return status;
}

enum status survey_places_read(struct survey_ground *ground, struct reader *reader,
                               struct arena *arena, struct error *err)
{
    int64_t groups = 0;

    *ground = (struct survey_ground){.reader = reader, .arena = arena, .mall = reader_mall(reader)};
    ground->pos = dict_id(reader, DICT_CHANNEL, "pos", 3);
    ground->app = dict_id(reader, DICT_CHANNEL, "app", 3);
    ground->sizes[DIM_ZONE] = dict_size(reader, DICT_ZONE) + 1;
    ground->places.n_zones = (uint32_t)ground->sizes[DIM_ZONE];
    ground->sizes[DIM_CHANNEL] = dict_size(reader, DICT_CHANNEL) + 1;
    ground->sizes[DIM_CAMPAIGN] = dict_size(reader, DICT_CAMPAIGN) + 1;
    enum status status = categories_read(ground, err);
    if (status == ST_OK)
        status = tenants_read(ground, err);
    if (status == ST_OK)
        status = devices_read(ground, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select max(id) from crowd", 0, &groups, err);
    ground->sizes[DIM_NONE] = 1;
    ground->sizes[DIM_HOUR] = 24;
    ground->sizes[DIM_WEEK_HOUR] = 7 * 24;
    ground->sizes[DIM_TENANT] = ground->places.n_tenants;
    ground->sizes[DIM_CATEGORY] = ground->places.n_categories;
    ground->sizes[DIM_AREA] = ground->sizes[DIM_ZONE] * ground->places.n_categories;
    ground->sizes[DIM_DELAY] = n_delay_bands;
    ground->sizes[DIM_GROUP] = (size_t)groups + 1;
    ground->sizes[DIM_CONNECTIONS] = CONNECTIONS_MOST + 1;
    return status;
}

enum status survey_ground_read(struct survey_ground *ground, struct reader *reader,
                               struct arena *arena, struct error *err)
{
    enum status status = survey_places_read(ground, reader, arena, err);

    ground->scratch = arena_new();
    ground->part_to = 1000;
    return status == ST_OK ? people_end(reader, &ground->n_people, err) : status;
}

void survey_ground_end(struct survey_ground *ground)
{
    vec_free(&ground->relations.near);
    vec_free(&ground->relations.near_from);
    vec_free(&ground->relations.far);
    vec_free(&ground->interests);
    arena_free(ground->scratch);
    ground->scratch = NULL;
}
