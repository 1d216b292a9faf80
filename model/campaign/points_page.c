/* A person's ledger as rows: what came and went, and from which lots. */
#include "model/campaign/points_parts.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/store/column.h"

#include <inttypes.h>
#include <string.h>

const struct sheet_column points_entry_columns[ENTRY_COLUMNS] = {
    [ENTRY_TIME] = {"time", N_("time"), CELL_TIME},
    [ENTRY_KIND] = {"kind", N_("entry"), CELL_TEXT},
    [ENTRY_POINTS] = {"points", N_("points"), CELL_COUNT},
    [ENTRY_BALANCE] = {"balance", N_("balance"), CELL_COUNT},
    [ENTRY_LOTS] = {"lots", N_("from the lots of"), CELL_TEXT},
    [ENTRY_OWED] = {"owed", N_("owed"), CELL_COUNT},
    [ENTRY_TENANT] = {"tenant", N_("shop"), CELL_TEXT},
    [ENTRY_CAMPAIGN] = {"campaign", N_("campaign"), CELL_TEXT},
    [ENTRY_REF] = {"ref", N_("reference"), CELL_TEXT},
    [ENTRY_POSTED] = {"posted", N_("posted"), CELL_TEXT},
};
const struct sheet_column points_lot_columns[LOT_COLUMNS] = {
    [LOT_TIME] = {"time", N_("earned"), CELL_TIME},
    [LOT_EXPIRES] = {"expires", N_("good until"), CELL_TIME},
    [LOT_POINTS] = {"points", N_("points"), CELL_COUNT},
    [LOT_LEFT] = {"left", N_("left"), CELL_COUNT},
    [LOT_KIND] = {"kind", N_("entry"), CELL_TEXT},
    [LOT_REF] = {"ref", N_("reference"), CELL_TEXT},
};
const struct sheet_column points_hold_columns[HOLD_COLUMNS] = {
    [HOLD_REF] = {"ref", N_("reference"), CELL_TEXT},
    [HOLD_POINTS] = {"points", N_("points"), CELL_COUNT},
    [HOLD_MADE] = {"made", N_("reserved"), CELL_TIME},
    [HOLD_EXPIRES] = {"expires", N_("until"), CELL_TIME},
    [HOLD_STATE] = {"state", N_("state"), CELL_TEXT},
};

struct writing {
    struct reader *reader;
    struct arena *arena;
    const struct zone *zone;
    bool refs; /* an analyst could find the person by them in the till's records */
    struct points_page *page;
};

static const char *name_of(const struct writing *w, enum dict dict, uint32_t id)
{
    return id ? arena_strdup(w->arena, dict_name(w->reader, dict, id)) : NULL;
}

static const char *ref_of(const struct writing *w, const char *ref)
{
    return w->refs && ref && *ref ? arena_strdup(w->arena, ref) : NULL;
}

/* "300 of 2024-03-05, 20 of 2024-04-01", at most four of them. */
static const char *lots_text(const struct writing *w, const struct points_fold *fold)
{
    enum { SHOWN = 4 };
    char *text = NULL;
    for (size_t i = fold->last_take; i < fold->takes.n; i++) {
        const struct points_take *take = &fold->takes.at[i];
        if (i - fold->last_take == SHOWN)
            return arena_printf(w->arena, "%s, …", text);
        const char *day = time_local(w->arena, w->zone, fold->lots.at[take->lot].time);
        text = arena_printf(w->arena, "%s%s%" PRId64 " of %.10s", text ? text : "",
                            text ? ", " : "", take->points, day);
    }
    return text;
}

static void entry_write(const struct writing *w, const struct points_event *e,
                        const struct points_fold *fold)
{
    struct cell *cells = sheet_row_add(w->page->entries);
    cells[ENTRY_TIME] = cell_integer(e->time);
    cells[ENTRY_KIND] = cell_text(kind_by_id(e->kind)->name);
    cells[ENTRY_POINTS] = cell_integer(kind_points_sign(e->kind) * e->amount);
    cells[ENTRY_BALANCE] = cell_integer(fold->sums.balance);
    cells[ENTRY_LOTS] = cell_text(lots_text(w, fold));
    if (e->owed)
        cells[ENTRY_OWED] = cell_integer(e->owed);
    cells[ENTRY_TENANT] = cell_text(name_of(w, DICT_TENANT, e->tenant));
    cells[ENTRY_CAMPAIGN] = cell_text(name_of(w, DICT_CAMPAIGN, e->campaign));
    cells[ENTRY_REF] = cell_text(ref_of(w, e->ref));
    cells[ENTRY_POSTED] = cell_text(e->ours ? N_("here") : N_("imported"));
}

static void lots_write(const struct writing *w, const struct points_fold *fold)
{
    for (size_t i = fold->open.n; i-- > 0;) {
        const struct points_lot *lot = &fold->lots.at[fold->open.at[i]];
        struct cell *cells = sheet_row_add(w->page->lots);
        cells[LOT_TIME] = cell_integer(lot->time);
        if (lot->expires != POINTS_NEVER)
            cells[LOT_EXPIRES] = cell_integer(lot->expires);
        cells[LOT_POINTS] = cell_integer(lot->points);
        cells[LOT_LEFT] = cell_integer(lot->left);
        cells[LOT_KIND] = cell_text(kind_by_id(lot->kind)->name);
        cells[LOT_REF] = cell_text(ref_of(w, lot->ref));
    }
}

static enum status holds_write(const struct writing *w, uint32_t person, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status =
        reader_prepare(w->reader,
                       "select ref, points, made, expires, state from points_hold where person ="
                       " ?1 order by made desc, ref",
                       &stmt, err);
    if (status == ST_OK)
        sqlite3_bind_int64(stmt, 1, person);
    while (status == ST_OK && (status = reader_step(w->reader, stmt, &row, err)) == ST_OK && row) {
        struct cell *cells = sheet_row_add(w->page->holds);
        bool over = sqlite3_column_int64(stmt, 3) <= time_now();
        const char *state = column_text(stmt, 4);
        cells[HOLD_REF] = cell_text(ref_of(w, column_text(stmt, 0)));
        for (int i = 1; i < 4; i++)
            cells[i] = cell_integer(sqlite3_column_int64(stmt, i));
        cells[HOLD_STATE] = cell_text(
            arena_strdup(w->arena, over && strcmp(state, "held") == 0 ? "expired" : state));
    }
    return status;
}

/* The newest entry first. */
static void entries_turn(struct sheet *sheet)
{
    for (size_t i = 0, j = sheet->n_rows; i + 1 < j; i++) {
        j--;
        for (size_t c = 0; c < sheet->n_columns; c++) {
            struct cell *a = &sheet->cells[i * sheet->n_columns + c];
            struct cell *b = &sheet->cells[j * sheet->n_columns + c], kept = *a;
            *a = *b;
            *b = kept;
        }
    }
}

static enum status page_fill(struct writing *w, uint32_t person, int64_t at, struct error *err)
{
    points_events events = {0};
    struct points_terms terms = {0};
    struct points_fold fold = {.terms = &terms};
    struct arena *work = arena_new();
    enum status status = points_terms_read(w->reader, &terms, err);
    if (status == ST_OK)
        status = points_events_read(w->reader, work, person, at, &events, err);
    for (size_t i = 0; status == ST_OK && i < events.n; i++) {
        points_fold_add(&fold, &events.at[i]);
        entry_write(w, &events.at[i], &fold);
    }
    entries_turn(w->page->entries);
    lots_write(w, &fold);
    w->page->sums = fold.sums;
    w->page->sums.due = points_fold_due(&fold, at < time_now() ? at : time_now());
    if (status == ST_OK)
        status = points_held(reader_db(w->reader), person, time_now(), &w->page->sums.held, err);
    if (status == ST_OK)
        status = holds_write(w, person, err);
    points_fold_free(&fold);
    points_terms_free(&terms);
    vec_free(&events);
    arena_free(work);
    return status;
}

enum status points_page(struct reader *reader, const struct access *access, uint32_t person,
                        int64_t at, struct arena *arena, struct points_page *page,
                        struct error *err)
{
    *page = (struct points_page){
        .entries = sheet_new(arena, points_entry_columns, ENTRY_COLUMNS),
        .lots = sheet_new(arena, points_lot_columns, LOT_COLUMNS),
        .holds = sheet_new(arena, points_hold_columns, HOLD_COLUMNS),
    };
    enum status status = access_require(access, RIGHT_PEOPLE_SEE, "see members", err);
    if (status == ST_OK)
        status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    struct writing w = {reader, arena, reader_mall(reader)->zone,
                        access_mask(access, person) != MASK_PSEUDONYM, page};
    status = page_fill(&w, person, at, err);
    page->entries->total = (int64_t)page->entries->n_rows;
    reader_end(reader);
    return status;
}
