/* Who is in a list, and its windows. The order is member_order.c's. */
#include "model/people/member_list.h"

#include "model/base/intl.h"
#include "model/base/vec.h"
#include "model/people/member_order.h"
#include "model/people/member_row.h"
#include "model/people/regex.h"
#include "model/people/search.h"

#include <stdlib.h>
#include <string.h>

enum { LOOK_EVERY = 1024 };

static const unsigned text_columns = 1u << MEMBER_CARD | 1u << MEMBER_NAME | 1u << MEMBER_PHONE |
                                     1u << MEMBER_TIER | 1u << MEMBER_GENDER |
                                     1u << MEMBER_CHANNEL | 1u << MEMBER_CONSENT;

struct filter {
    struct reader *reader;
    const struct access *access;
    struct regex *pattern; /* NULL: everyone passes */
    bool inverse;
    unsigned columns;
    struct arena *arena; /* of one row */
};

/* ---- Filtering ---- */

static enum status row_passes(struct filter *filter, const struct member_row *row, bool *passes,
                              struct error *err)
{
    *passes = true;
    if (!filter->pattern)
        return ST_OK;
    struct cell cells[MEMBER_COLUMN_COUNT] = {0};
    bool found = false;
    enum status status = ST_OK;
    member_row_cells(filter->reader, filter->access, filter->arena, row, 0, cells);
    for (int i = 0; !status && !found && i < MEMBER_COLUMN_COUNT; i++) {
        if (!(filter->columns >> i & 1) || member_columns[i].type != CELL_TEXT)
            continue;
        const char *text = cells[i].known ? cells[i].text : "";
        status = regex_match(filter->pattern, text, &found, err);
        const char *shown = word_translated(member_columns[i].title, text);
        if (!status && !found && shown != text) /* what stands on the screen is found, too */
            status = regex_match(filter->pattern, shown, &found, err);
    }
    arena_reset(filter->arena);
    *passes = found != filter->inverse;
    return status;
}

static enum status look(struct reader *reader, size_t done, int64_t total, struct error *err)
{
    if (done % LOOK_EVERY)
        return ST_OK;
    reader_progress(reader, (int64_t)done, total);
    return reader_cancelled(reader) ? error_set(err, ST_CANCELLED, "the list was cancelled")
                                    : ST_OK;
}

/* ---- Who ---- */

typedef VEC(uint32_t) number_list;

/* All members, in order of person; `stop_at` people are enough (0: all). */
static enum status take_members(struct filter *filter, size_t stop_at, number_list *people,
                                bool *truncated, struct error *err)
{
    struct reader *reader = filter->reader;
    sqlite3_stmt *stmt;
    bool there;
    int64_t total = 0;
    size_t done = 0;
    enum status status =
        reader_prepare(reader,
                       filter->pattern ? "select " MEMBER_ROW_COLUMNS " from member order by person"
                                       : "select person from member order by person",
                       &stmt, err);
    if (!status && !stop_at)
        status = member_count(reader, &total, err);
    if (status)
        return status;
    while (!status && (status = reader_step(reader, stmt, &there, err)) == ST_OK && there) {
        bool passes = true;
        struct member_row row;
        if (filter->pattern) {
            member_row_take(stmt, &row);
            status = row_passes(filter, &row, &passes, err);
        }
        if (!status && passes && stop_at && people->n == stop_at) {
            *truncated = true;
            break;
        }
        if (!status && passes)
            vec_push(people, (uint32_t)sqlite3_column_int64(stmt, 0));
        if (!status)
            status = look(reader, ++done, total, err);
    }
    sqlite3_reset(stmt);
    return status;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void numbers_tidy(number_list *list)
{
    size_t n = 0;
    if (list->n)
        qsort(list->at, list->n, sizeof *list->at, by_number);
    for (size_t i = 0; i < list->n; i++)
        if (list->at[i] && (n == 0 || list->at[n - 1] != list->at[i]))
            list->at[n++] = list->at[i];
    list->n = n;
}

static void numbers_copy(number_list *list, const uint32_t *people, size_t n)
{
    vec_reserve(list, n);
    if (n)
        memcpy(list->at, people, n * sizeof *people);
    list->n = n;
    numbers_tidy(list);
}

static void numbers_meet(number_list *list, const number_list *other)
{
    size_t n = 0;
    for (size_t i = 0, k = 0; i < list->n && k < other->n;) {
        if (list->at[i] == other->at[k]) {
            list->at[n++] = list->at[i++];
            k++;
        } else if (list->at[i] < other->at[k]) {
            i++;
        } else {
            k++;
        }
    }
    list->n = n;
}

/* The people asked for by number or by search, before the pattern; *all: no such wish. */
static enum status take_named(struct reader *reader, const struct access *access,
                              const struct member_query *query, number_list *people, bool *all,
                              struct error *err)
{
    *all = !query->among && !(query->search && *query->search);
    if (query->among)
        numbers_copy(people, query->among, query->n_among);
    if (!query->search || !*query->search)
        return ST_OK;
    struct arena *arena = arena_new();
    struct search_result found;
    enum status status = search_people(reader, access, query->search, 0, arena, &found, err);
    if (!status && query->among) {
        number_list other = {0};
        numbers_copy(&other, found.people, found.n);
        numbers_meet(people, &other);
        vec_free(&other);
    } else if (!status) {
        numbers_copy(people, found.people, found.n);
    }
    arena_free(arena);
    return status;
}

static enum status filter_named(struct filter *filter, number_list *people, struct error *err)
{
    enum status status = ST_OK;
    size_t kept = 0;
    if (!filter->pattern)
        return ST_OK;
    struct arena *arena = arena_new();
    for (size_t i = 0; !status && i < people->n; i++) {
        struct member_row row;
        bool there = false, passes = false;
        status = member_row_read(filter->reader, people->at[i], arena, &row, &there, err);
        if (!status && there)
            status = row_passes(filter, &row, &passes, err);
        if (passes)
            people->at[kept++] = people->at[i];
        arena_reset(arena);
        if (!status)
            status = look(filter->reader, i + 1, (int64_t)people->n, err);
    }
    people->n = kept;
    arena_free(arena);
    return status;
}

static enum status take_people(struct filter *filter, const struct member_query *query,
                               number_list *people, bool *whole, bool *truncated, struct error *err)
{
    bool all;
    size_t stop_at = query->order == MEMBER_COLUMN_COUNT ? query->limit : 0;
    enum status status = take_named(filter->reader, filter->access, query, people, &all, err);
    *whole = all && !filter->pattern;
    if (status)
        return status;
    return all ? take_members(filter, stop_at, people, truncated, err)
               : filter_named(filter, people, err);
}

/* ---- The list ---- */

static enum status list_fill(struct people_cache *cache, struct filter *filter,
                             const struct member_query *query, struct member_list *list,
                             struct error *err)
{
    number_list people = {0};
    bool whole;
    enum status status =
        reader_versions(filter->reader, &list->events_version, &list->rows_version, err);
    if (!status)
        status = take_people(filter, query, &people, &whole, &list->truncated, err);
    if (!status && query->order != MEMBER_COLUMN_COUNT)
        status = member_order(cache, filter->reader, filter->access, query->order,
                              query->descending, whole, people.at, people.n, err);
    else if (!status && query->descending)
        for (size_t i = 0; i < people.n / 2; i++) {
            uint32_t person = people.at[i];
            people.at[i] = people.at[people.n - 1 - i];
            people.at[people.n - 1 - i] = person;
        }
    if (query->limit && people.n > query->limit) {
        people.n = query->limit;
        list->truncated = true;
    }
    list->people = people.at;
    list->n = people.n;
    return status;
}

enum status member_list_run(struct people_cache *cache, struct reader *reader,
                            const struct access *access, const struct member_query *query,
                            struct member_list **out, struct error *err)
{
    *out = NULL;
    struct filter filter = {.reader = reader,
                            .access = access,
                            .inverse = query->inverse,
                            .columns = query->columns ? query->columns : text_columns};
    enum status status = access_require(access, RIGHT_PEOPLE_SEE, "see members", err);
    if (!status && query->pattern && *query->pattern)
        status = regex_new(query->pattern, &filter.pattern, err);
    if (!status)
        status = reader_begin(reader, err);
    if (status) {
        regex_free(filter.pattern);
        return status;
    }
    struct member_list *list = mem_zero(1, sizeof *list);
    filter.arena = arena_new();
    status = list_fill(cache, &filter, query, list, err);
    reader_end(reader);
    arena_free(filter.arena);
    regex_free(filter.pattern);
    if (status)
        member_list_free(list);
    else
        *out = list;
    return status;
}

void member_list_free(struct member_list *list)
{
    if (!list)
        return;
    free(list->people);
    free(list);
}

/* ---- A window of rows ---- */

static enum status row_add(struct reader *reader, const struct access *access,
                           const struct member_numbers *numbers, uint32_t person, int32_t today,
                           struct sheet *sheet, struct error *err)
{
    struct member_row row;
    bool there;
    struct cell *cells = sheet_row_add(sheet);
    enum status status = member_row_read(reader, person, sheet->arena, &row, &there, err);
    if (status || !there)
        return status;
    member_row_cells(reader, access, sheet->arena, &row, today, cells);
    if (numbers) {
        struct member_figures figures = member_figures_of(numbers, person);
        member_figure_cells(&figures, cells);
    }
    return ST_OK;
}

enum status member_list_rows(struct people_cache *cache, struct reader *reader,
                             const struct access *access, const struct member_list *list,
                             size_t first, size_t n, bool wait, struct arena *arena,
                             struct sheet **sheet, struct error *err)
{
    const struct member_numbers *numbers = NULL;
    int32_t today = 0;
    *sheet = sheet_new(arena, member_columns, MEMBER_COLUMN_COUNT);
    (*sheet)->total = (int64_t)list->n;
    enum status status = access_require(access, RIGHT_PEOPLE_SEE, "see members", err);
    if (!status)
        status = reader_begin(reader, err);
    if (status)
        return status;
    status = present_day(reader, &today, err);
    if (!status && cache && wait)
        status = member_numbers_get(cache, reader, &numbers, err);
    else if (!status)
        numbers = member_numbers_peek(cache, reader);
    size_t end = first < list->n && n < list->n - first ? first + n : list->n;
    for (size_t i = first; !status && i < end; i++)
        status = row_add(reader, access, numbers, list->people[i], today, *sheet, err);
    member_numbers_release(cache, numbers);
    reader_end(reader);
    return status;
}
