#include "model/insight/feature.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/insight/feature_scan.h"

#include <math.h>
#include <string.h>

/* In the order of enum feature_id. */
const struct feature features[] = {
    {"recency", N_("days since the last purchase"), N_("long away"), N_("here lately"), NULL,
     CELL_REAL, true, "days since the last purchase"},
    {"frequency", N_("days with a purchase"), N_("buys often"), N_("buys rarely"), NULL, CELL_REAL,
     true, "days with a purchase"},
    {"money", N_("money"), N_("spends much"), N_("spends little"), NULL, CELL_MONEY, true,
     "net money"},
    {"basket", N_("money a purchase day"), N_("large baskets"), N_("small baskets"), NULL,
     CELL_MONEY, true, "net money by day with a purchase"},
    {"shops", N_("different shops"), N_("many shops"), N_("few shops"), NULL, CELL_REAL, true,
     "different shops bought at"},
    {"visits", N_("visits"), N_("comes often"), N_("comes rarely"), NULL, CELL_REAL, true,
     "visits, by the 30-minute rule"},
    {"dwell", N_("minutes of a visit"), N_("stays long"), N_("stays briefly"), NULL, CELL_REAL,
     true, "mean dwell of visits, minutes"},
    {"hour", N_("hour of purchases"), N_("buys late in the day"), N_("buys early in the day"), NULL,
     CELL_REAL, false, "mean hour of purchases, from the start of the mall day"},
    {"evening", N_("purchases after 18:00"), N_("evenings"), N_("daytime"), NULL, CELL_SHARE, false,
     "share of purchases from 18:00 on"},
    {"weekend", N_("purchases at weekends"), N_("weekends"), N_("working days"), NULL, CELL_SHARE,
     false, "share of purchases on Saturday and Sunday"},
    {"tenure", N_("days since registered"), N_("member for long"), N_("new member"), NULL,
     CELL_REAL, false, "days since the registration, or since first seen"},
    {"age", N_("age"), N_("older"), N_("younger"), NULL, CELL_REAL, false, "years, where known"},
};
const size_t n_features = sizeof features / sizeof *features;

const char features_usual[] = "recency,frequency,money,shops,evening,weekend";

static const struct feature category_share = {
    NULL, N_("%s, share of purchases"), N_("much %s"), N_("little %s"), NULL, CELL_SHARE, false,
    NULL};
static const struct feature file_column = {NULL, N_("%s"),  N_("high %s"), N_("low %s"),
                                           NULL, CELL_REAL, false,         NULL};

const char *feature_text(struct arena *arena, const struct feature *feature, const char *text)
{
    const char *words = gettext(text), *mark = strstr(words, "%s");
    if (!mark)
        return words;
    return arena_printf(arena, "%.*s%s%s", (int)(mark - words), words,
                        word_translated("category", feature->of ? feature->of : ""), mark + 2);
}

/* ---- Names of features ---- */

static bool feature_add(struct feature_plan *plan, const struct feature *feature, int source)
{
    for (size_t i = 0; i < plan->n; i++)
        if (strcmp(plan->feature[i].name, feature->name) == 0)
            return true;
    if (plan->n == FEATURES_MOST)
        return false;
    plan->feature[plan->n] = *feature;
    plan->source[plan->n++] = source;
    return true;
}

static bool share_add(struct arena *arena, struct feature_plan *plan, size_t category)
{
    struct feature share = category_share;
    share.of = plan->categories[category];
    share.name = arena_printf(arena, "share:%s", share.of);
    return feature_add(plan, &share, FEATURE_SHARES + (int)category);
}

static enum status too_many(struct error *err)
{
    return error_set(err, ST_USAGE, "at most %d features can be taken", FEATURES_MOST);
}

static enum status name_add(struct arena *arena, struct feature_plan *plan, const char *name,
                            struct error *err)
{
    enum { LARGEST = 8 };
    if (strcmp(name, "categories") == 0) {
        for (size_t i = 1; i < plan->n_categories && i <= LARGEST; i++)
            if (!share_add(arena, plan, i))
                return too_many(err);
        return ST_OK;
    }
    for (size_t i = 0; i < n_features; i++)
        if (strcmp(features[i].name, name) == 0)
            return feature_add(plan, &features[i], (int)i) ? ST_OK : too_many(err);
    for (size_t i = 1; strncmp(name, "share:", 6) == 0 && i < plan->n_categories; i++)
        if (strcmp(plan->categories[i], name + 6) == 0)
            return share_add(arena, plan, i) ? ST_OK : too_many(err);
    const char *known[32] = {"categories"};
    for (size_t i = 0; i < n_features; i++)
        known[i + 1] = features[i].name;
    const char *near = text_nearest(name, known, n_features + 1);
    return error_set(err, ST_USAGE, "there is no feature %s%s%s%s; see atrium cluster --help",
                     text_quote(arena, name, strlen(name)), near ? "; did you mean " : "",
                     near ? near : "", near ? "?" : "");
}

enum status feature_plan_read(struct arena *arena, const char *names, struct feature_plan *plan,
                              struct error *err)
{
    enum status status = ST_OK;
    for (const char *at = names; status == ST_OK && *at;) {
        size_t n = strcspn(at, ",");
        while (n && *at == ' ') {
            at++;
            n--;
        }
        if (n)
            status = name_add(arena, plan, arena_strndup(arena, at, n), err);
        at += n;
        at += *at == ',';
    }
    if (status == ST_OK && !plan->n)
        status = error_set(err, ST_USAGE, "no feature is named; see atrium cluster --help");
    return status;
}

/* ---- A file ---- */

static enum status column_take(struct arena *arena, const struct table_file *file, size_t column,
                               struct feature_table *table, struct error *err)
{
    if (table->d == FEATURES_MOST)
        return too_many(err);
    struct feature *feature = &table->feature[table->d];
    *feature = file_column;
    feature->name = feature->of = file->names[column];
    for (size_t i = 0; i < file->n_rows; i++) {
        double value = NAN;
        enum status status = ST_OK;
        if (*file->cells[i * file->n_columns + column])
            status = table_file_number(arena, file, i, (int)column, &value, err);
        if (status != ST_OK)
            return status;
        table->at[i * FEATURES_MOST + table->d] = (float)value;
    }
    table->d++;
    return ST_OK;
}

enum status features_of_file(struct arena *arena, const struct table_file *file, const char *names,
                             struct feature_table *table, struct error *err)
{
    enum status status = ST_OK;
    *table = (struct feature_table){.n = file->n_rows};
    table->at = arena_alloc_array(arena, file->n_rows * FEATURES_MOST + 1, sizeof *table->at);
    for (size_t k = 0; !names && k < file->n_columns && status == ST_OK; k++)
        status = column_take(arena, file, k, table, err);
    for (const char *at = names ? names : ""; status == ST_OK && *at;) {
        size_t n = strcspn(at, ",");
        const char *one[] = {arena_strndup(arena, at, n), NULL};
        int column = table_file_column(file, one);
        status = column < 0 ? error_set(err, ST_USAGE, "%s has no column %s", file->path,
                                        text_quote(arena, at, n))
                            : column_take(arena, file, (size_t)column, table, err);
        at += n;
        at += *at == ',';
    }
    for (size_t i = 0; i < table->n; i++) /* close the gaps between the rows */
        memmove(table->at + i * table->d, table->at + i * FEATURES_MOST,
                table->d * sizeof *table->at);
    if (status == ST_OK && !table->d)
        status = error_set(err, ST_USAGE, "no column is named");
    return status;
}
