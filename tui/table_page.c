#include "tui/table_page.h"

#include <stdlib.h>
#include <string.h>

struct table_page *table_page_new(int n_columns)
{
    struct table_page *page = tui_zero(1, sizeof *page);

    page->n_columns = n_columns;
    return page;
}

void table_page_free(struct table_page *page)
{
    if (!page)
        return;
    free(page->keys);
    free(page->cells);
    buffer_free(&page->pool);
    free(page);
}

void table_page_row(struct table_page *page, uint64_t key)
{
    size_t full = (size_t)page->n_rows * (size_t)page->n_columns;

    while (page->n_cells < full) /* cells left out of the row before are unknown */
        table_page_text(page, NULL, ROLE_PLAIN);
    if ((size_t)page->n_rows == page->cap_rows) {
        page->cap_rows = page->cap_rows ? page->cap_rows * 2 : 64;
        page->keys = tui_resize(page->keys, page->cap_rows, sizeof *page->keys);
    }
    page->keys[page->n_rows++] = key;
}

static uint32_t put_text(struct table_page *page, const char *text)
{
    size_t at = page->pool.n;

    if (!text || at >= UINT32_MAX - 1)
        return 0;
    buffer_add(&page->pool, text, strlen(text) + 1);
    return (uint32_t)at + 1;
}

void table_page_cell(struct table_page *page, const struct table_cell *cell)
{
    if (page->n_cells >= (size_t)page->n_rows * (size_t)page->n_columns)
        return; /* more cells than columns */
    if (page->n_cells == page->cap_cells) {
        page->cap_cells = page->cap_cells ? page->cap_cells * 2 : 256;
        page->cells = tui_resize(page->cells, page->cap_cells, sizeof *page->cells);
    }
    page->cells[page->n_cells++] = (struct page_cell){
        .text = put_text(page, cell->text),
        .raw = put_text(page, cell->raw),
        .value = cell->value,
        .role = (unsigned char)cell->role,
        .numeric = cell->numeric,
    };
}

void table_page_text(struct table_page *page, const char *text, enum role role)
{
    struct table_cell cell;

    memset(&cell, 0, offsetof(struct table_cell, space));
    cell.text = text;
    cell.role = role;
    table_page_cell(page, &cell);
}

void table_page_number(struct table_page *page, double value, const char *text, enum role role)
{
    struct table_cell cell;

    memset(&cell, 0, offsetof(struct table_cell, space));
    cell.text = text;
    cell.value = value;
    cell.numeric = true;
    cell.role = role;
    table_page_cell(page, &cell);
}
