#include "tui/table_rows_sort.h"

#include "tui/buffer.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ORDERS = 3, LOOK_EVERY = 256 };

enum key_kind {
    KEY_NUMBER,
    KEY_TEXT,
    KEY_UNKNOWN,
};

struct sort_key {
    union {
        double value;
        size_t text; /* where its collation key starts */
    };
    unsigned char kind;
};

struct rows_sort {
    const struct table_rows_ops *ops;
    void *context;
    struct table_order orders[ORDERS];
    int n_orders;

    bool started;
    struct sort_key *keys; /* n_orders a position */
    struct buffer texts;
    int64_t keyed; /* positions that have their keys */

    /* Bottom-up merging of positions: runs of `width` from `from`, and the merge under way. */
    uint32_t *order, *spare;
    int64_t width, from, left, right, out;
};

struct rows_sort *rows_sort_new(const struct table_rows_ops *ops, void *context,
                                const struct table_order *orders, int n_orders)
{
    struct rows_sort *sort = tui_zero(1, sizeof *sort);

    sort->ops = ops;
    sort->context = context;
    sort->n_orders = n_orders > ORDERS ? ORDERS : n_orders;
    for (int i = 0; i < sort->n_orders; i++)
        sort->orders[i] = orders[i];
    return sort;
}

void rows_sort_free(struct rows_sort *sort)
{
    if (!sort)
        return;
    free(sort->keys);
    free(sort->order);
    free(sort->spare);
    buffer_free(&sort->texts);
    free(sort);
}

static bool late(int64_t stop_at)
{
    struct timespec now;

    if (stop_at == INT64_MAX)
        return false;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 >= stop_at;
}

/* A text in the form that compares byte by byte in the order of the language. */
static size_t text_key(struct rows_sort *sort, const char *text)
{
    size_t at = sort->texts.n, n;
    char *folded = tui_strdup(text);
    char *key;

    for (char *c = folded; *c; c++)
        if ((unsigned char)*c < 0x80)
            *c = (char)tolower((unsigned char)*c);
    n = strxfrm(NULL, folded, 0);
    key = tui_zero(n + 1, 1);
    strxfrm(key, folded, n + 1);
    buffer_add(&sort->texts, key, n + 1);
    free(key);
    free(folded);
    return at;
}

static void read_keys(struct rows_sort *sort, int64_t position, uint32_t row)
{
    for (int i = 0; i < sort->n_orders; i++) {
        struct sort_key *key = &sort->keys[position * sort->n_orders + i];
        struct table_cell cell;

        memset(&cell, 0, offsetof(struct table_cell, space));
        sort->ops->cell(sort->context, row, sort->orders[i].column, &cell);
        if (cell.numeric && !isnan(cell.value)) {
            key->kind = KEY_NUMBER;
            key->value = cell.value;
        } else if (cell.text && !cell.numeric) {
            key->kind = KEY_TEXT;
            key->text = text_key(sort, cell.text);
        } else {
            key->kind = KEY_UNKNOWN;
        }
    }
}

/* True when position b belongs before position a; equal ones keep their order. */
static bool goes_before(const struct rows_sort *sort, uint32_t b, uint32_t a)
{
    for (int i = 0; i < sort->n_orders; i++) {
        const struct sort_key *x = &sort->keys[(size_t)b * (size_t)sort->n_orders + (size_t)i];
        const struct sort_key *y = &sort->keys[(size_t)a * (size_t)sort->n_orders + (size_t)i];
        int order = 0;

        if (x->kind == KEY_UNKNOWN || y->kind == KEY_UNKNOWN) {
            if (x->kind != y->kind)
                return y->kind == KEY_UNKNOWN;
            continue;
        }
        if (x->kind != y->kind)
            order = x->kind < y->kind ? -1 : 1;
        else if (x->kind == KEY_NUMBER)
            order = x->value < y->value ? -1 : x->value > y->value;
        else
            order = strcmp(sort->texts.at + x->text, sort->texts.at + y->text);
        if (order)
            return sort->orders[i].descending ? order > 0 : order < 0;
    }
    return false;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void merge_begin(struct rows_sort *sort, int64_t from, int64_t n)
{
    sort->from = from;
    sort->left = from;
    sort->right = least(from + sort->width, n);
    sort->out = from;
}

/* Goes on with the merge under way; true when the pair of runs is merged. */
static bool merge_step(struct rows_sort *sort, int64_t n, int64_t stop_at)
{
    int64_t middle = least(sort->from + sort->width, n);
    int64_t end = least(sort->from + 2 * sort->width, n);

    while (sort->out < end) {
        bool take_right = sort->left >= middle ||
                          (sort->right < end &&
                           goes_before(sort, sort->order[sort->right], sort->order[sort->left]));

        sort->spare[sort->out++] =
            take_right ? sort->order[sort->right++] : sort->order[sort->left++];
        if (sort->out % LOOK_EVERY == 0 && late(stop_at))
            return sort->out == end;
    }
    return true;
}

static bool sort_step(struct rows_sort *sort, int64_t n, int64_t stop_at)
{
    while (sort->width < n) {
        if (!merge_step(sort, n, stop_at))
            return false;
        merge_begin(sort, sort->from + 2 * sort->width, n);
        if (sort->from >= n) {
            uint32_t *sorted = sort->spare;

            sort->spare = sort->order;
            sort->order = sorted;
            sort->width *= 2;
            merge_begin(sort, 0, n);
        }
    }
    return true;
}

static void start(struct rows_sort *sort, int64_t n)
{
    sort->started = true;
    sort->keys = tui_zero((size_t)n * (size_t)sort->n_orders, sizeof *sort->keys);
    sort->order = tui_zero((size_t)n, sizeof *sort->order);
    sort->spare = tui_zero((size_t)n, sizeof *sort->spare);
    for (int64_t i = 0; i < n; i++)
        sort->order[i] = (uint32_t)i;
    sort->width = 1;
    merge_begin(sort, 0, n);
}

bool rows_sort_step(struct rows_sort *sort, uint32_t *rows, int64_t n, int64_t stop_at)
{
    if (!sort->n_orders || n < 2)
        return true;
    if (!sort->started)
        start(sort, n);
    for (; sort->keyed < n; sort->keyed++) {
        if (sort->keyed % LOOK_EVERY == LOOK_EVERY - 1 && late(stop_at))
            return false;
        read_keys(sort, sort->keyed, rows[sort->keyed]);
    }
    if (!sort_step(sort, n, stop_at))
        return false;
    for (int64_t i = 0; i < n; i++)
        sort->spare[i] = rows[sort->order[i]];
    memcpy(rows, sort->spare, sizeof *rows * (size_t)n);
    return true;
}
