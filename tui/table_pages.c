#include "tui/table_page.h"

#include <stdlib.h>
#include <string.h>

/* PAGES are kept (4,096 rows around what was looked at); at most FLIGHT requests are under way. */
enum { PAGES = 16, FLIGHT = 2, WANTED = 8 };

struct flight {
    struct table_page_request *request;
    bool dropped; /* its answer is thrown away */
};

struct kept {
    struct table_page *page;
    int64_t number; /* of the page: rows from number × TABLE_PAGE_ROWS */
    uint64_t used;  /* when it was looked at last */
};

struct table_pages {
    const struct table_pages_ops *ops;
    void *context;
    const struct table_column *columns;
    int n_columns;
    struct table *table;

    struct table_page_request *shown; /* the query that pages are of; NULL: none yet */
    struct table_page_request *asked; /* a newer one that waits for its first page */
    int64_t rows;                     /* of the query shown, as far as known */
    bool final;

    struct kept pages[PAGES];
    uint64_t clock;
    struct flight *flights; /* all that have not answered */
    size_t n_flights, cap_flights;
    int64_t wanted[WANTED]; /* pages, the most urgent last */
    int n_wanted;
    bool broken; /* a page failed: nothing more is asked until the next query */
};

/* --- Requests --- */

static struct table_page_request *request_new(const struct table_query *query)
{
    struct table_page_request *request = tui_zero(1, sizeof *request);
    size_t orders = (size_t)query->n_orders, columns = (size_t)query->n_columns;
    struct table_order *order = tui_zero(orders, sizeof *order);
    bool *shown = tui_zero(columns, sizeof *shown);

    if (orders)
        memcpy(order, query->orders, orders * sizeof *order);
    if (columns)
        memcpy(shown, query->shown, columns * sizeof *shown);
    request->query = *query;
    request->query.orders = order;
    request->query.shown = shown;
    request->query.filter = tui_strdup(query->filter);
    return request;
}

static void request_free(struct table_page_request *request)
{
    if (!request)
        return;
    free((void *)request->query.orders);
    free((void *)request->query.shown);
    free((void *)request->query.filter);
    free(request);
}

static size_t flights_alive(const struct table_pages *pages)
{
    size_t n = 0;

    for (size_t i = 0; i < pages->n_flights; i++)
        n += !pages->flights[i].dropped;
    return n;
}

static void fetch(struct table_pages *pages, struct table_page_request *request)
{
    if (pages->n_flights == pages->cap_flights) {
        pages->cap_flights = pages->cap_flights ? pages->cap_flights * 2 : 8;
        pages->flights = tui_resize(pages->flights, pages->cap_flights, sizeof *pages->flights);
    }
    pages->flights[pages->n_flights++] = (struct flight){request, false};
    pages->ops->fetch(pages->context, request);
}

/* Takes a request out of those under way; true when its answer is still wanted. */
static bool land(struct table_pages *pages, const struct table_page_request *request)
{
    for (size_t i = 0; i < pages->n_flights; i++)
        if (pages->flights[i].request == request) {
            bool wanted = !pages->flights[i].dropped;
            pages->flights[i] = pages->flights[--pages->n_flights];
            return wanted;
        }
    return false;
}

/* From the last to the first: a cancel may answer at once, which takes it out of the list. */
static void drop_flights(struct table_pages *pages)
{
    for (size_t i = 0; i < pages->n_flights; i++)
        pages->flights[i].dropped = true;
    for (size_t i = pages->n_flights; i-- > 0;)
        if (i < pages->n_flights && pages->ops->cancel)
            pages->ops->cancel(pages->context, pages->flights[i].request);
}

/* --- Pages --- */

static struct kept *page_of(struct table_pages *pages, int64_t number)
{
    for (size_t i = 0; i < PAGES; i++)
        if (pages->pages[i].page && pages->pages[i].number == number)
            return &pages->pages[i];
    return NULL;
}

static void pages_clear(struct table_pages *pages)
{
    for (size_t i = 0; i < PAGES; i++) {
        table_page_free(pages->pages[i].page);
        pages->pages[i].page = NULL;
    }
}

static void page_keep(struct table_pages *pages, struct table_page *page, int64_t number)
{
    struct kept *place = page_of(pages, number);

    for (size_t i = 0; i < PAGES && !place; i++)
        if (!pages->pages[i].page)
            place = &pages->pages[i];
    for (size_t i = 0; i < PAGES && (!place || place->page); i++)
        if (!place || pages->pages[i].used < place->used)
            place = &pages->pages[i];
    table_page_free(place->page);
    *place = (struct kept){page, number, ++pages->clock};
}

static bool is_asked_for(const struct table_pages *pages, int64_t number)
{
    for (size_t i = 0; i < pages->n_flights; i++)
        if (!pages->flights[i].dropped &&
            pages->flights[i].request->first == number * TABLE_PAGE_ROWS)
            return true;
    return false;
}

/* Asks for the most urgent pages, as many as may be under way. */
static void fetch_wanted(struct table_pages *pages)
{
    while (!pages->asked && !pages->broken && pages->shown && pages->n_wanted &&
           flights_alive(pages) < FLIGHT) {
        int64_t number = pages->wanted[--pages->n_wanted];

        if (page_of(pages, number) || is_asked_for(pages, number))
            continue;
        struct table_page_request *request = request_new(&pages->shown->query);
        request->first = number * TABLE_PAGE_ROWS;
        request->n = TABLE_PAGE_ROWS;
        fetch(pages, request);
    }
}

static void want(struct table_pages *pages, int64_t number)
{
    int kept = 0;

    if (number < 0 || number * TABLE_PAGE_ROWS >= pages->rows)
        return;
    for (int i = 0; i < pages->n_wanted; i++)
        if (pages->wanted[i] != number)
            pages->wanted[kept++] = pages->wanted[i];
    pages->n_wanted = kept;
    if (pages->n_wanted == WANTED) {
        memmove(pages->wanted, pages->wanted + 1, sizeof *pages->wanted * (WANTED - 1));
        pages->n_wanted--;
    }
    pages->wanted[pages->n_wanted++] = number;
}

/* --- The source --- */

static void pages_query(void *state, struct table *table, const struct table_query *query)
{
    struct table_pages *pages = state;
    struct table_page_request *request = request_new(query);

    pages->table = table;
    drop_flights(pages);
    pages->n_wanted = 0;
    pages->broken = false;
    request_free(pages->asked);
    pages->asked = request_new(query);
    request->first = query->near / TABLE_PAGE_ROWS * TABLE_PAGE_ROWS;
    request->n = TABLE_PAGE_ROWS;
    request->count = true;
    fetch(pages, request);
}

static void pages_window(void *state, struct table *table, int64_t first, int64_t n)
{
    struct table_pages *pages = state;
    int64_t from = first / TABLE_PAGE_ROWS, to = (first + n - 1) / TABLE_PAGE_ROWS;

    (void)table;
    if (n <= 0)
        return;
    /* The page behind and before, too: scrolling finds them there. */
    if ((first + n) % TABLE_PAGE_ROWS > TABLE_PAGE_ROWS / 2 && !page_of(pages, to + 1))
        want(pages, to + 1);
    if (first % TABLE_PAGE_ROWS < TABLE_PAGE_ROWS / 2 && !page_of(pages, from - 1))
        want(pages, from - 1);
    for (int64_t number = to; number >= from; number--)
        if (!page_of(pages, number))
            want(pages, number);
    fetch_wanted(pages);
}

static const struct table_page *page_at(struct table_pages *pages, int64_t row, int64_t *at)
{
    struct kept *kept = row < 0 ? NULL : page_of(pages, row / TABLE_PAGE_ROWS);

    *at = row % TABLE_PAGE_ROWS;
    if (!kept || *at >= kept->page->n_rows)
        return NULL;
    kept->used = ++pages->clock;
    return kept->page;
}

static bool pages_cell(void *state, int64_t row, int column, struct table_cell *cell)
{
    int64_t at;
    const struct table_page *page = page_at(state, row, &at);
    size_t index;

    if (!page)
        return false;
    index = (size_t)at * (size_t)page->n_columns + (size_t)column;
    if (index >= page->n_cells)
        return true; /* a row that ended early: unknown */
    const struct page_cell *kept = &page->cells[index];
    cell->text = kept->text ? page->pool.at + kept->text - 1 : NULL;
    cell->raw = kept->raw ? page->pool.at + kept->raw - 1 : NULL;
    cell->value = kept->value;
    cell->numeric = kept->numeric;
    cell->role = (enum role)kept->role;
    return true;
}

static bool pages_key(void *state, int64_t row, uint64_t *key)
{
    int64_t at;
    const struct table_page *page = page_at(state, row, &at);

    if (page)
        *key = page->keys[at];
    return page != NULL;
}

static int64_t pages_find(void *state, struct table *table, uint64_t key)
{
    struct table_pages *pages = state;

    (void)table;
    for (size_t i = 0; i < PAGES; i++)
        for (int64_t at = 0; pages->pages[i].page && at < pages->pages[i].page->n_rows; at++)
            if (pages->pages[i].page->keys[at] == key)
                return pages->pages[i].number * TABLE_PAGE_ROWS + at;
    if (pages->ops->find && pages->shown)
        return pages->ops->find(pages->context, &pages->shown->query, key);
    return TABLE_UNKNOWN;
}

static bool pages_total(void *state, int column, struct table_cell *cell)
{
    struct table_pages *pages = state;

    return pages->ops->total && pages->ops->total(pages->context, column, cell);
}

/* Answers that are still under way find nobody. */
static void pages_left(void *state)
{
    struct table_pages *pages = state;

    pages->n_wanted = 0;
    drop_flights(pages);
}

struct table_source table_pages_source(struct table_pages *pages)
{
    static const struct table_source_ops ops = {
        .query = pages_query,
        .window = pages_window,
        .cell = pages_cell,
        .key = pages_key,
        .find = pages_find,
        .total = pages_total,
        .left = pages_left,
    };

    return (struct table_source){&ops, pages, pages->columns, pages->n_columns};
}

/* --- Answers --- */

/* The rows known to be there after a page came that was not counted. */
static void count_up(struct table_pages *pages, const struct table_page_request *request,
                     const struct table_page *page)
{
    int64_t n = page ? page->n_rows : 0, seen = request->first + n;

    if (n < request->n) {
        pages->rows = seen;
        pages->final = true;
    } else if (seen + 1 > pages->rows) {
        pages->rows = seen + 1; /* one more is likely, so that one can go on */
    }
}

static void take_count(struct table_pages *pages, const struct table_page_request *request,
                       const struct table_page *page, int64_t rows, int64_t of)
{
    bool was_final = pages->final;

    if (rows >= 0) {
        pages->rows = rows;
        pages->final = true;
    } else if (!pages->final) {
        count_up(pages, request, page);
    }
    if (!was_final)
        table_counted(pages->table, request->query.generation, pages->rows,
                      of < 0 ? pages->rows : of, pages->final);
}

/* The first answer to the newest query: what was shown before goes. */
static void switch_over(struct table_pages *pages)
{
    request_free(pages->shown);
    pages->shown = pages->asked;
    pages->asked = NULL;
    pages->rows = 0;
    pages->final = false;
    pages_clear(pages);
}

/* The rows ended before the place that was looked at: the same query again, from its first row. */
static void ask_from_top(struct table_pages *pages, struct table_page *page,
                         struct table_page_request *request)
{
    struct table_page_request *again = request_new(&request->query);

    again->n = request->n;
    again->count = true;
    table_page_free(page);
    request_free(request);
    fetch(pages, again);
}

void table_page_put(struct table_pages *pages, struct table_page_request *request,
                    struct table_page *page, int64_t rows, int64_t of)
{
    if (!land(pages, request)) {
        table_page_free(page);
        request_free(request);
        fetch_wanted(pages);
        return;
    }
    int64_t first = request->first, n = page ? page->n_rows : 0;
    if (pages->asked && pages->asked->query.generation == request->query.generation) {
        if (n == 0 && first > 0 && rows < 0) {
            ask_from_top(pages, page, request);
            return;
        }
        switch_over(pages);
    }
    if (page && request->n > 0)
        page_keep(pages, page, request->first / TABLE_PAGE_ROWS);
    else
        table_page_free(page);
    take_count(pages, request, request->n > 0 ? page : NULL, rows, of);
    request_free(request);
    table_rows_ready(pages->table, first, n);
    fetch_wanted(pages);
}

void table_page_failed(struct table_pages *pages, struct table_page_request *request,
                       const char *sentence)
{
    bool wanted = land(pages, request);

    if (wanted && pages->asked && pages->asked->query.generation == request->query.generation) {
        /* The rows before stay, and they are now what the newest query gives. */
        if (pages->shown)
            pages->shown->query.generation = pages->asked->query.generation;
        request_free(pages->asked);
        pages->asked = NULL;
    }
    request_free(request);
    pages->broken |= wanted && sentence;
    if (wanted && sentence)
        table_failed(pages->table, sentence);
}

/* --- Making and freeing --- */

struct table_pages *table_pages_new(const struct table_pages_ops *ops, void *context,
                                    const struct table_column *columns, int n_columns)
{
    struct table_pages *pages = tui_zero(1, sizeof *pages);

    pages->ops = ops;
    pages->context = context;
    pages->columns = columns;
    pages->n_columns = n_columns;
    return pages;
}

void table_pages_free(struct table_pages *pages)
{
    if (!pages)
        return;
    pages_clear(pages);
    request_free(pages->shown);
    request_free(pages->asked);
    free(pages->flights);
    free(pages);
}

size_t table_pages_busy(const struct table_pages *pages)
{
    return pages->n_flights;
}
