/* Expressions over shops: a filter over the rows of the table. */
#include "model/campaign/shops.h"

#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/question/expr.h"
#include "model/question/filter.h"
#include "model/store/column.h"

#include <string.h>
#include <strings.h>

enum { FIELD_CODE, FIELD_NAME, FIELD_CATEGORY, FIELD_FLOOR, FIELD_ZONE, FIELD_BRAND, TEXTS };
static const struct filter_field fields[] = {
    [FIELD_CODE] = {"code", FILTER_TEXT, .bare = true},
    [FIELD_NAME] = {"name", FILTER_TEXT},
    [FIELD_CATEGORY] = {"category", FILTER_TEXT},
    [FIELD_FLOOR] = {"floor", FILTER_TEXT},
    [FIELD_ZONE] = {"zone", FILTER_TEXT},
    [FIELD_BRAND] = {"brand", FILTER_TEXT},
    [TEXTS] = {"smart_pos", FILTER_FLAG},
};
enum { FIELDS = sizeof fields / sizeof *fields };

struct shop_row {
    uint32_t id;
    bool smart_pos;
    const char *text[TEXTS];
};
typedef VEC(struct shop_row) shop_rows;

static enum status shops_read(sqlite3 *db, struct arena *arena, shop_rows *shops, struct error *err)
{
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v2(db,
                           "select t.id, t.smart_pos, t.code, t.name, t.category, t.floor, "
                           "coalesce(z.code, ''), t.brand from tenant t left join zone z "
                           "on z.id = t.zone order by t.id",
                           -1, &stmt, NULL) != SQLITE_OK)
        return sqlite_status(db, "reading shops", err);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        if (id < 1 || id > INT32_MAX)
            continue;
        struct shop_row row = {.id = (uint32_t)id, .smart_pos = sqlite3_column_int(stmt, 1) != 0};
        for (int i = 0; i < TEXTS; i++)
            row.text[i] = arena_strdup(arena, column_text(stmt, i + 2));
        vec_push(shops, row);
    }
    enum status status = code == SQLITE_DONE ? ST_OK : sqlite_status(db, "reading shops", err);
    sqlite3_finalize(stmt);
    return status;
}

static struct filter_value shop_value(const void *of, size_t field)
{
    const struct shop_row *shop = of;
    return field == TEXTS ? (struct filter_value){.number = shop->smart_pos}
                          : (struct filter_value){.text = shop->text[field]};
}

/* A bare word that is no shop's code is a slip, not nobody. */
static enum status words_check(const struct filter *filter, const shop_rows *shops,
                               struct arena *arena, const char *text, struct error *err)
{
    struct filter_word word;
    const char *names[FIELDS];
    for (size_t i = 0; filter_bare(filter, i, &word); i++) {
        bool known = false;
        for (size_t s = 0; s < shops->n && !known; s++)
            known = strcasecmp(shops->at[s].text[FIELD_CODE], word.text) == 0;
        if (known)
            continue;
        for (size_t f = 0; f < FIELDS; f++)
            names[f] = fields[f].name;
        const char *near = text_nearest(word.text, names, FIELDS);
        return error_set(err, ST_USAGE,
                         "%s: found %s, expected smart_pos, the code of a shop, or a field: code, "
                         "name, category, floor, zone, brand%s%s%s",
                         expr_place(arena, text, strlen(text), word.at),
                         text_quote(arena, text + word.at, word.size),
                         near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    return ST_OK;
}

enum status shops_of(sqlite3 *db, struct arena *arena, const char *text, struct set **out,
                     struct error *err)
{
    shop_rows shops = {0};
    struct filter *filter = NULL;
    struct set *set = NULL;
    enum status status = shops_read(db, arena, &shops, err);
    if (status == ST_OK)
        status = filter_new(text, fields, FIELDS, &filter, err);
    if (status == ST_OK)
        status = words_check(filter, &shops, arena, text, err);
    if (status == ST_OK)
        set = set_new(arena, shops.n ? shops.at[shops.n - 1].id + 1 : 1);
    for (size_t i = 0; i < shops.n && status == ST_OK; i++) {
        bool meets;
        status = filter_match(filter, &shops.at[i], shop_value, &meets, err);
        if (status == ST_OK && meets)
            set_add(set, shops.at[i].id);
    }
    filter_free(filter);
    vec_free(&shops);
    *out = status == ST_OK ? set : NULL;
    return status;
}
