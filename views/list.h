/*
 * A list: a table on a screen, with what every list of the console can do: remembered columns,
 * export to a file, pipe to a command, copy. A screen with rows in memory shows a sheet; one with
 * rows that come from elsewhere gives its own table source.
 */
#ifndef ATRIUM_VIEWS_LIST_H
#define ATRIUM_VIEWS_LIST_H

#include "model/base/sheet.h"
#include "tui/table.h"
#include "views/console.h"

struct list {
    struct view *view;
    const char *name;                             /* for the remembered layout: "shops" */
    const char *noun;                             /* translated: "shops" */
    void (*open)(struct view *view, int64_t row); /* Enter; NULL: rows open nothing */
    bool (*dim)(struct view *view, int64_t row);  /* rows that rest on little; NULL: none */
    enum role (*role)(struct view *view, int64_t row, int column); /* of a cell; NULL: plain */
    struct table *table; /* NULL until something is shown */

    /* Of a sheet. */
    struct table_rows *rows;
    struct table_column *columns;
    const struct sheet *sheet;
    const uint64_t *keys;
    struct arena *scratch;
    struct arena *own;          /* of the columns */
    struct list_export *export; /* under way */
    char *export_to;            /* being asked about */
};

/* `name` and `noun` must outlive the list. Adds the scopes "table" and "list" to the view. */
void list_begin(struct list *list, struct view *view, const char *name, const char *noun);
void list_end(struct list *list);

/* Shows a sheet, which must live until another is shown or the list ends. `keys` (may be NULL: row
 * numbers) say which row is which when the data changes. */
void list_show(struct list *list, const struct sheet *sheet, const uint64_t *keys);

/* Shows rows of another source. The source must outlive the list. */
void list_source(struct list *list, const struct table_source *source, bool free_filter);

/* The row of the sheet (or of the source) that is selected; -1: none. */
int64_t list_selected(const struct list *list);

void list_draw(struct list *list, struct area area, bool focus);

/* For the view's key and action slots. */
bool list_key(struct list *list, uint32_t key);
bool list_action(struct list *list, int id, const char *argument);

#endif
