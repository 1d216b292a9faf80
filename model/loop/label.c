#include "model/loop/label.h"
#include "model/base/intl.h"

#include <string.h>

/* The first text of a statement with one number bound; NULL where there is none or it is empty. */
static const char *text_by(struct reader *reader, struct arena *arena, const char *sql, int64_t key)
{
    struct error ignored = {0};
    const char *text = NULL;
    sqlite3_stmt *stmt;
    bool row = false;

    if (reader_prepare(reader, sql, &stmt, &ignored) == ST_OK) {
        sqlite3_bind_int64(stmt, 1, key);
        if (reader_step(reader, stmt, &row, &ignored) == ST_OK && row &&
            sqlite3_column_bytes(stmt, 0) > 0)
            text = arena_strdup(arena, (const char *)sqlite3_column_text(stmt, 0));
        sqlite3_reset(stmt);
    }
    error_clear(&ignored);
    return text;
}

/* How each dimension's names are found; the others are computed below. */
static const char *const label_sql[DIM_COUNT] = {
    [DIM_ZONE] = "select iif(name <> '', name, code) from zone where id = ?1",
    [DIM_TENANT] = "select iif(name <> '', name, code) from tenant where id = ?1",
    [DIM_CHANNEL] = "select name from channel where id = ?1",
    [DIM_CAMPAIGN] = "select iif(name <> '', name, code) from campaign where id = ?1",
    [DIM_GROUP] = "select iif(name <> '', name, code) from crowd where id = ?1",
    [DIM_CATEGORY] = "select distinct category from tenant where category <> '' order by 1"
                     " limit 1 offset ?1 - 1",
    [DIM_TOPIC] = "select distinct topic from interest order by topic limit 1 offset ?1",
    [DIM_RELATION] = "select distinct kind from relation order by kind limit 1 offset ?1",
};

static const char *known_name(const struct survey_ground *ground, enum dimension dim, int64_t key)
{
    const char *text = NULL;
    size_t at = (size_t)key;

    if (!ground || key < 0)
        return NULL;
    if (dim == DIM_CATEGORY && at < ground->places.n_categories)
        text = ground->places.categories[at];
    if (dim == DIM_TOPIC && at < ground->topics.n)
        text = ground->topics.at[at];
    if (dim == DIM_RELATION && at < ground->relation_kinds.n)
        text = ground->relation_kinds.at[at];
    return text && *text ? text : NULL;
}

static const char *area_label(struct reader *reader, struct arena *arena,
                              const struct survey_ground *ground, int64_t key)
{
    struct error ignored = {0};
    int64_t n = 0;

    reader_integer(reader, "select count(distinct category) + 1 from tenant where category <> ''",
                   1, &n, &ignored);
    error_clear(&ignored);
    if (n < 1)
        n = 1;
    return arena_printf(arena, "%s · %s", label_of(reader, arena, ground, DIM_ZONE, key / n),
                        label_of(reader, arena, ground, DIM_CATEGORY, key % n));
}

static const char *const weekday_names[] = {N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"),
                                            N_("Fri"), N_("Sat"), N_("Sun")};

const char *label_of(struct reader *reader, struct arena *arena, const struct survey_ground *ground,
                     enum dimension dim, int64_t key)
{
    const char *text = known_name(ground, dim, key);

    switch (dim) {
    case DIM_NONE:
        return "";
    case DIM_DAY:
        return date_text(arena, (int32_t)key);
    case DIM_HOUR:
        return arena_printf(arena, "%02d:00", (int)key);
    case DIM_WEEK_HOUR:
        return arena_printf(arena, "%s %02d:00", _(weekday_names[key / 24 % 7]), (int)(key % 24));
    case DIM_DAY_HOUR:
        return arena_printf(arena, "%s %02d:00", date_text(arena, (int32_t)(key / 24)),
                            (int)(key % 24));
    case DIM_DELAY:
        return key >= 0 && key < (int64_t)n_delay_bands ? _(delay_bands[key].title) : "–";
    case DIM_CONNECTIONS:
        return arena_printf(arena, "%d%s", (int)key, key >= CONNECTIONS_MOST ? "+" : "");
    case DIM_AREA:
        return area_label(reader, arena, ground, key);
    default:
        break;
    }
    if (!text && label_sql[dim] && !(dim == DIM_CATEGORY && key == 0))
        text = text_by(reader, arena, label_sql[dim], key);
    if (dim == DIM_CHANNEL || dim == DIM_RELATION || dim == DIM_CATEGORY || dim == DIM_TOPIC)
        text = word_translated(dimension_name(dim), text);
    return text ? text : "–";
}
