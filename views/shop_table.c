/* A sheet of a shop's score card, whole; its argument is "T267:days". */
#include "model/people/shop.h"
#include "views/screens.h"
#include "views/sheet_view.h"
#include "views/shop_query.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The sheets by name, and what their rows open. */
static const struct shop_sheet {
    const char *name, *title;
    size_t offset; /* of the sheet in struct shop_card */
    const char *screen, *key;
} shop_sheets[] = {
    {"days", N_("by day"), offsetof(struct shop_card, by_day), NULL, NULL},
    {"hours", N_("by hour"), offsetof(struct shop_card, by_hour), NULL, NULL},
    {"members", N_("who spent most"), offsetof(struct shop_card, members), "member", "person"},
    {"neighbours", N_("neighbours"), offsetof(struct shop_card, neighbours), "shop", "tenant"},
    {"categories", N_("categories"), offsetof(struct shop_card, categories), NULL, NULL},
};

struct shop_table_question {
    struct shop_query query;
    struct access access;
    char shop[128];
    char sheet[32];
};

static const struct shop_sheet *sheet_find(const char *name)
{
    for (size_t i = 0; i < sizeof shop_sheets / sizeof *shop_sheets; i++)
        if (strcmp(shop_sheets[i].name, name) == 0)
            return &shop_sheets[i];
    return NULL;
}

static void opens_fill(struct sheet_answer *answer, struct arena *arena,
                       const struct shop_sheet *shape)
{
    const struct sheet *sheet = answer->sheet;
    answer->screen = shape->screen;
    answer->open = arena_array(arena, const char *, sheet->n_rows + 1);
    for (size_t k = 0; shape->key && k < sheet->n_columns; k++) {
        if (strcmp(sheet->columns[k].name, shape->key) != 0)
            continue;
        for (size_t i = 0; i < sheet->n_rows; i++) {
            const struct cell *cell = &sheet_row(sheet, i)[k];
            answer->open[i] = sheet->columns[k].type == CELL_TEXT
                                  ? cell->text
                                  : arena_printf(arena, "#%lld", (long long)cell->integer);
        }
    }
}

static void *shop_table_ask(struct reader *reader, struct arena *arena, const void *parameters,
                            struct error *err)
{
    const struct shop_table_question *question = parameters;
    const struct shop_sheet *shape = sheet_find(question->sheet);
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    struct shop_card card;
    uint32_t tenant;
    if (!shape) {
        error_set(err, ST_USAGE, "a shop has no table '%s'", question->sheet);
        return NULL;
    }
    if (shop_resolve(reader, question->shop, &tenant, err) != ST_OK ||
        shop_card_read(reader, &question->access, tenant, &question->query, arena, &card, err) !=
            ST_OK)
        return NULL;
    memcpy(&answer->sheet, (char *)&card + shape->offset, sizeof answer->sheet);
    answer->title = arena_printf(arena, "%s, %s", card.name, _(shape->title));
    answer->metric = -1;
    opens_fill(answer, arena, shape);
    return answer;
}

static void shop_table_refresh(struct view *view)
{
    struct shop_table_question question = {.query = shop_query_of(view->console),
                                           .access = view->console->access};
    const char *colon = strrchr(view->argument, ':');
    int n = colon ? (int)(colon - view->argument) : 0;
    snprintf(question.shop, sizeof question.shop, "%.*s", n, view->argument);
    snprintf(question.sheet, sizeof question.sheet, "%s", colon ? colon + 1 : "");
    view_ask(view, 0, _("score card"), shop_table_ask, &question, sizeof question);
}

static void shop_table_open(struct view *view)
{
    const char *colon = strrchr(view->argument, ':');
    sheet_view_open(view, colon ? colon + 1 : "shop-table", _("rows"));
}

const struct view_ops view_shop_table = {
    .name = "shop-table",
    .title = N_("Table"),
    .rights = RIGHT_QUESTIONS,
    .size = sizeof(struct sheet_state),
    .open = shop_table_open,
    .close = sheet_view_close,
    .refresh = shop_table_refresh,
    .draw = sheet_view_draw,
    .action = sheet_view_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
    .subtitle = sheet_view_subtitle,
};
