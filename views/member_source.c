#include "views/member_source.h"

#include "tui/table.h"
#include "views/cells.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A computed list, shared by the requests that read pages of it. */
struct shared_list {
    atomic_int uses;
    struct member_list *list;
};

struct member_source {
    struct console *console;
    struct table_pages *pages;
    struct table_column columns[MEMBER_COLUMN_COUNT];
    uint32_t *among;
    size_t n_among;
    bool only_among;
    char *search;
    /* The newest list, and the query it is of. */
    struct shared_list *list;
    uint64_t generation;
    uint64_t changes; /* counts searches and data changes: a list of an older count is stale */
    uint64_t list_changes;
    size_t busy; /* tasks under way */
    bool released;
    void (*ready)(void *context);
    void *context;
};

/* One request of the table on its way through the pool. */
struct member_task {
    struct task task;
    struct member_source *source;
    struct table_page_request *request; /* NULL: warms the figures up */
    struct access access;
    char *search;
    struct shared_list *list; /* to read from; NULL: compute one */
    bool head;                /* only the first rows of it were computed */
    uint64_t changes;
    struct table_page *page;
    int64_t of;
};

static void list_drop(struct shared_list *list)
{
    if (!list || atomic_fetch_sub(&list->uses, 1) != 1)
        return;
    member_list_free(list->list);
    free(list);
}

static struct shared_list *list_take(struct shared_list *list)
{
    if (list)
        atomic_fetch_add(&list->uses, 1);
    return list;
}

/* ---- On a reader's thread ---- */

static struct member_query query_of(const struct member_task *task)
{
    const struct table_query *asked = &task->request->query;
    struct member_query query = {
        .order = MEMBER_COLUMN_COUNT,
        .pattern = *asked->filter ? asked->filter : NULL,
        .inverse = asked->inverse,
        .search = *task->search ? task->search : NULL,
        .among = task->source->only_among ? task->source->among : NULL,
        .n_among = task->source->n_among,
    };
    if (asked->n_orders) {
        query.order = (enum member_column)asked->orders[0].column;
        query.descending = asked->orders[0].descending;
    }
    for (int k = 0; asked->shown && k < asked->n_columns; k++)
        if (asked->shown[k])
            query.columns |= 1u << k;
    return query;
}

/* Everybody in order of number: the first rows are there at once, while all of them take a second
 * at five million. */
static bool head_is_enough(const struct member_task *task, const struct member_query *query)
{
    enum { HEAD_ROWS = 4096 };
    const struct table_page_request *request = task->request;
    return query->order == MEMBER_COLUMN_COUNT && !query->descending && !query->pattern &&
           !query->search && !query->among && request->n > 0 &&
           request->first + request->n <= HEAD_ROWS;
}

static enum status list_compute(struct member_task *task, struct reader *reader)
{
    struct member_query query = query_of(task);
    struct member_list *list = NULL;
    task->head = head_is_enough(task, &query);
    if (task->head)
        query.limit = (size_t)(task->request->first + task->request->n);
    enum status status = member_list_run(task->source->console->people, reader, &task->access,
                                         &query, &list, &task->task.error);
    if (status != ST_OK)
        return status;
    task->list = mem_zero(1, sizeof *task->list);
    atomic_init(&task->list->uses, 1);
    task->list->list = list;
    return ST_OK;
}

static void page_fill(struct member_task *task, const struct sheet *sheet, size_t first)
{
    const struct zone *zone = task->source->console->mall->zone;
    task->page = table_page_new(MEMBER_COLUMN_COUNT);
    struct arena *scratch = arena_new();
    for (size_t i = 0; i < sheet->n_rows; i++) {
        const struct cell *cells = sheet_row(sheet, i);
        table_page_row(task->page, task->list->list->people[first + i]);
        for (int k = 0; k < MEMBER_COLUMN_COUNT; k++) {
            enum cell_type type = member_columns[k].type;
            const char *text = cells[k].known
                                   ? cell_in_column(scratch, zone, &member_columns[k], &cells[k])
                                   : NULL;
            if (cell_is_number(type) && text)
                table_page_number(task->page, cell_number(type, &cells[k]), text, ROLE_PLAIN);
            else
                table_page_text(task->page, text, ROLE_PLAIN);
        }
        arena_reset(scratch);
    }
    arena_free(scratch);
}

static enum status page_read(struct member_task *task, struct reader *reader)
{
    struct arena *arena = arena_new();
    struct sheet *sheet = NULL;
    size_t first = (size_t)task->request->first;
    enum status status =
        member_list_rows(task->source->console->people, reader, &task->access, task->list->list,
                         first, (size_t)task->request->n, false, arena, &sheet, &task->task.error);
    if (status == ST_OK)
        page_fill(task, sheet, first);
    arena_free(arena);
    return status;
}

static enum status figures_warm(struct member_task *task, struct reader *reader)
{
    const struct member_numbers *numbers = NULL;
    struct people_cache *people = task->source->console->people;
    enum status status = member_numbers_get(people, reader, &numbers, &task->task.error);
    if (status == ST_OK)
        member_numbers_release(people, numbers);
    return status;
}

static enum status member_work(struct member_task *task, struct reader *reader)
{
    if (!task->request)
        return figures_warm(task, reader);
    enum status status = task->list ? ST_OK : list_compute(task, reader);
    if (status == ST_OK && (task->request->count || task->head))
        status = member_count(reader, &task->of, &task->task.error);
    if (status == ST_OK && task->request->n > 0)
        status = page_read(task, reader);
    return status;
}

static enum status member_run(struct task *base, void *thread_state)
{
    struct member_task *task = (struct member_task *)base;
    struct reader *reader = thread_state;
    if (!reader)
        return ST_UNUSABLE;
    reader_watch(reader, &base->cancel, &base->progress);
    enum status status = reader_begin(reader, &base->error);
    if (status == ST_OK) {
        status = member_work(task, reader);
        reader_end(reader);
    }
    reader_watch(reader, NULL, NULL);
    return status;
}

/* ---- On the screen's thread ---- */

static void source_end(struct member_source *source)
{
    if (!source->released || source->busy)
        return;
    table_pages_free(source->pages);
    list_drop(source->list);
    free(source->among);
    free(source->search);
    free(source);
}

/* The newest list is kept for the pages that follow. */
static void list_keep(struct member_source *source, struct member_task *task)
{
    uint64_t generation = task->request->query.generation;
    if (!task->list || task->head || task->list == source->list ||
        task->changes != source->changes || generation < source->generation)
        return;
    list_drop(source->list);
    source->list = list_take(task->list);
    source->generation = generation;
    source->list_changes = task->changes;
}

static void page_answer(struct member_source *source, struct member_task *task)
{
    if (task->task.status != ST_OK) {
        table_page_free(task->page);
        bool silent = task->task.cancelled || task->task.status == ST_CANCELLED;
        table_page_failed(source->pages, task->request,
                          silent ? NULL : error_text(&task->task.error));
        return;
    }
    list_keep(source, task);
    table_page_put(source->pages, task->request, task->page,
                   task->head ? task->of : (int64_t)task->list->list->n,
                   task->request->count ? task->of : TABLE_UNKNOWN);
}

static void member_done(struct task *base)
{
    struct member_task *task = (struct member_task *)base;
    struct member_source *source = task->source;
    source->busy--;
    if (task->request)
        page_answer(source, task);
    else if (base->status == ST_OK && !source->released && source->ready)
        source->ready(source->context);
    if (!source->released)
        console_redraw(source->console);
    list_drop(task->list);
    error_clear(&base->error);
    free(task->search);
    free(task);
    source_end(source);
}

static struct member_task *task_start(struct member_source *source,
                                      struct table_page_request *request)
{
    struct member_task *task = mem_zero(1, sizeof *task);
    task->task.run = member_run;
    task->task.done = member_done;
    task->task.title = _("members");
    task->source = source;
    task->request = request;
    task->access = source->console->access;
    task->search = mem_strdup(source->search);
    task->changes = source->changes;
    return task;
}

static void task_go(struct member_source *source, struct member_task *task)
{
    source->busy++;
    /* Rows have a reader of their own: a scan of years must not keep a page waiting. */
    task_submit(task->request ? source->console->pages : source->console->pool, &task->task);
}

static void fetch(void *context, struct table_page_request *request)
{
    struct member_source *source = context;
    struct member_task *task = task_start(source, request);
    if (source->list && source->generation == request->query.generation &&
        source->list_changes == source->changes)
        task->list = list_take(source->list);
    task_go(source, task);
}

static int64_t find(void *context, const struct table_query *query, uint64_t key)
{
    const struct member_source *source = context;
    if (!source->list || source->generation != query->generation)
        return TABLE_UNKNOWN;
    const struct member_list *list = source->list->list;
    for (size_t i = 0; i < list->n; i++)
        if (list->people[i] == key)
            return (int64_t)i;
    return TABLE_UNKNOWN;
}

static const struct table_pages_ops pages_ops = {.fetch = fetch, .find = find};

static void columns_make(struct member_source *source)
{
    static const struct {
        int cells;
        unsigned flags;
    } shapes[MEMBER_COLUMN_COUNT] = {
        [MEMBER_CARD] = {12, 0},
        [MEMBER_NAME] = {16, 0},
        [MEMBER_PHONE] = {13, 0},
        [MEMBER_TIER] = {8, 0},
        [MEMBER_GENDER] = {6, 0},
        [MEMBER_AGE] = {5, 0},
        [MEMBER_JOINED] = {19, 0},
        [MEMBER_CHANNEL] = {8, TABLE_HIDDEN},
        [MEMBER_LAST_VISIT] = {19, 0},
        [MEMBER_VISITS] = {8, 0},
        [MEMBER_SPENT] = {12, 0},
        [MEMBER_PURCHASES] = {10, 0},
        [MEMBER_PURCHASE_DAYS] = {8, TABLE_HIDDEN},
        [MEMBER_LAST_PURCHASE] = {12, 0},
        [MEMBER_POINTS] = {9, 0},
        [MEMBER_CONSENT] = {14, 0},
    };
    for (int k = 0; k < MEMBER_COLUMN_COUNT; k++) {
        const char *title = member_columns[k].title;
        source->columns[k] = (struct table_column){
            .name = member_columns[k].name,
            .title = title ? _(title) : member_columns[k].name,
            .align = cell_is_number(member_columns[k].type) ? 1 : -1,
            .cells = shapes[k].cells,
            .min_cells = 5,
            .weight = k == MEMBER_NAME,
            .flags =
                shapes[k].flags | (cell_is_number(member_columns[k].type) ? TABLE_NO_FILTER : 0),
        };
    }
}

struct member_source *member_source_new(const struct member_source_options *options)
{
    struct member_source *source = mem_zero(1, sizeof *source);
    source->console = options->console;
    source->search = mem_strdup("");
    source->only_among = options->among != NULL;
    source->n_among = options->n_among;
    if (options->among) {
        source->among = mem_zero(options->n_among, sizeof *source->among);
        memcpy(source->among, options->among, options->n_among * sizeof *source->among);
    }
    columns_make(source);
    source->pages = table_pages_new(&pages_ops, source, source->columns, MEMBER_COLUMN_COUNT);
    return source;
}

void member_source_release(struct member_source *source)
{
    if (!source)
        return;
    source->released = true;
    source_end(source);
}

struct table_source member_source_table(struct member_source *source)
{
    return table_pages_source(source->pages);
}

void member_source_search(struct member_source *source, const char *text)
{
    free(source->search);
    source->search = mem_strdup(text);
    source->changes++;
}

void member_source_changed(struct member_source *source)
{
    source->changes++;
}

void member_source_figures(struct member_source *source, void (*ready)(void *context),
                           void *context)
{
    source->ready = ready;
    source->context = context;
    task_go(source, task_start(source, NULL));
}
