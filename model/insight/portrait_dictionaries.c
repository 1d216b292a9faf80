/* What events refer to by number: shops, zones, items, and the names those stand for. */
#include "model/insight/portrait_parts.h"
#include "model/loop/names.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>

/* Texts to numbers + 1; 0 for none. */
static uint32_t collected(struct name_collector *names, const char *text)
{
    return *text ? name_collect(names, text, strlen(text)) + 1 : 0;
}

static void keys_take(struct portrait_job *job, enum portrait_part part,
                      struct name_collector *names)
{
    struct part_keys *keys = &job->keys[part];
    keys->n = names->texts.n;
    keys->key = keys->name = arena_array(job->arena, const char *, keys->n);
    if (keys->n)
        memcpy(keys->name, names->texts.at, keys->n * sizeof *keys->name);
    free(names->slots);
    vec_free(&names->texts);
}

/* Codes as keys, names (or codes) as names, by number. */
static enum status coded_read(struct portrait_job *job, enum portrait_part part, enum dict dict,
                              const char *sql, struct error *err)
{
    size_t n = dict_size(job->reader, dict) + 1;
    struct part_keys keys = {.n = n,
                             .key = arena_array(job->arena, const char *, n),
                             .name = arena_array(job->arena, const char *, n)};
    sqlite3_stmt *stmt;
    bool row;
    for (size_t i = 0; i < n; i++)
        keys.key[i] = keys.name[i] = "";
    enum status status = reader_prepare(job->reader, sql, &stmt, err);
    while (status == ST_OK && (status = reader_step(job->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        if (id < 1 || id >= (int64_t)n)
            continue;
        keys.key[id] = arena_strdup(job->arena, column_text(stmt, 1));
        keys.name[id] = arena_strdup(job->arena, column_text(stmt, 2));
        if (!*keys.name[id])
            keys.name[id] = keys.key[id];
    }
    job->keys[part] = keys;
    return status;
}

static enum status tenant_brands(struct portrait_job *job, struct name_collector *brands,
                                 struct error *err)
{
    uint32_t *at = arena_array(job->scratch, uint32_t, job->keys[PART_SHOP].n);
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(job->reader, "select id, brand from tenant", &stmt, err);
    while (status == ST_OK && (status = reader_step(job->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        if (id > 0 && id < (int64_t)job->keys[PART_SHOP].n)
            at[id] = collected(brands, column_text(stmt, 1));
    }
    job->tenant_brand = at;
    return status;
}

static enum status items_read(struct portrait_job *job, struct name_collector *brands,
                              struct error *err)
{
    enum { MOST = 1 << 24 };
    struct name_collector goods = {.arena = job->arena}, colors = {.arena = job->arena};
    int64_t highest = 0;
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_integer(job->reader, "select max(id) from item", 0, &highest, err);
    if (status != ST_OK)
        return status;
    highest = highest < 0 ? 0 : highest > MOST ? MOST : highest;
    job->n_items = (uint32_t)highest + 1;
    uint32_t *brand = arena_array(job->scratch, uint32_t, job->n_items);
    uint32_t *kind = arena_array(job->scratch, uint32_t, job->n_items);
    uint32_t *color = arena_array(job->scratch, uint32_t, job->n_items);
    status = reader_prepare(job->reader, "select id, brand, category, color from item", &stmt, err);
    while (status == ST_OK && (status = reader_step(job->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        if (id < 1 || id > highest)
            continue;
        brand[id] = collected(brands, column_text(stmt, 1));
        kind[id] = collected(&goods, column_text(stmt, 2));
        color[id] = collected(&colors, column_text(stmt, 3));
    }
    job->item_brand = brand;
    job->item_goods = kind;
    job->item_color = color;
    keys_take(job, PART_GOODS, &goods);
    keys_take(job, PART_COLOR, &colors);
    return status;
}

static void own_keys(struct portrait_job *job, enum portrait_part part, const char *const *key,
                     const char *const *name, size_t n)
{
    struct part_keys keys = {.n = n,
                             .key = arena_array(job->arena, const char *, n),
                             .name = arena_array(job->arena, const char *, n)};
    memcpy(keys.key, key, n * sizeof *key);
    memcpy(keys.name, name, n * sizeof *name);
    job->keys[part] = keys;
}

enum status portrait_dictionaries(struct portrait_job *job, struct error *err)
{
    struct name_collector brands = {.arena = job->arena};
    const struct places *places = &job->ground.places;
    own_keys(job, PART_WEEKDAY, weekday_keys, weekday_titles, 7);
    own_keys(job, PART_DAYTIME, daytime_keys, daytime_titles, DAYTIMES);
    own_keys(job, PART_CATEGORY, places->categories, places->categories, places->n_categories);
    enum status status =
        coded_read(job, PART_SHOP, DICT_TENANT, "select id, code, name from tenant", err);
    if (status == ST_OK)
        status = coded_read(job, PART_ZONE, DICT_ZONE, "select id, code, name from zone", err);
    if (status == ST_OK)
        status = tenant_brands(job, &brands, err);
    if (status == ST_OK)
        status = items_read(job, &brands, err);
    keys_take(job, PART_BRAND, &brands);
    return status;
}
