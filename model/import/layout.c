#include "model/import/layout.h"

#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/import/lookup.h"

#include <string.h>

/* A piece of a pattern: text, or a column, or the line's number. */
struct piece {
    struct slot slot;
    bool line;
};
struct pattern {
    size_t n;
    struct piece pieces[];
};

/* What is known while binding. */
struct binding {
    struct layout *layout;
    const struct import_table *table;
    const struct import_map *map;
    const struct csv_field *header;
    size_t n_header;
    int64_t line;
    const char *source;
    struct arena *arena;
    bool *used; /* by header column: it is bound, ignored or part of a pattern */
    VEC(struct family_column) families;
    struct error *err;
};

static enum status refuse_header(struct binding *b, uint32_t column, const char *found,
                                 const char *expected)
{
    return error_set(b->err, ST_REFUSED, "%s:%lld:%u: found %s, expected %s", b->source,
                     (long long)b->line, column, found, expected);
}

static enum status refuse_map(struct binding *b, int line, const char *found, const char *expected)
{
    return error_set(b->err, ST_REFUSED, "%s:%d: found %s, expected %s", b->map->path, line,
                     text_quote(b->arena, found, strlen(found)), expected);
}

static int header_find(const struct binding *b, const char *name, size_t n)
{
    for (size_t i = 0; i < b->n_header; i++)
        if (b->header[i].n == n && memcmp(b->header[i].at, name, n) == 0)
            return (int)i;
    return -1;
}

/* "time, subject, kind, …": what a header may name. */
static const char *expected_columns(struct binding *b, const char *found)
{
    const char *names[IMPORT_COLUMNS_MAX];
    char *list = arena_strdup(b->arena, "");
    for (size_t i = 0; i < b->table->n_columns; i++) {
        names[i] = b->table->columns[i].name;
        list = arena_printf(b->arena, "%s%s%s", list, i ? ", " : "", names[i]);
    }
    const char *near = found ? text_nearest(found, names, b->table->n_columns) : NULL;
    const char *families = b->table->families ? ", attr:NAME, label:NAME" : "";
    if (near)
        return arena_printf(b->arena,
                            "a column of %s (did you mean '%s'?); a map can rename or ignore it",
                            b->table->name, near);
    return arena_printf(b->arena, "one of %s%s; a map can rename or ignore it", list, families);
}

/* The slot of one of our columns by name, made for a family; NULL for no column of ours. */
static struct slot *our_slot(struct binding *b, const char *ours, size_t n)
{
    int column = import_column_find(b->table, ours, n);
    if (column >= 0)
        return &b->layout->slots[column];
    bool label = n > 6 && memcmp(ours, "label:", 6) == 0;
    bool attribute = n > 5 && memcmp(ours, "attr:", 5) == 0;
    if (!b->table->families || !(label || attribute) || n > 6 + 64 || !text_valid(ours, n))
        return NULL;
    size_t prefix = label ? 6 : 5;
    const char *name = arena_strndup(b->arena, ours + prefix, n - prefix);
    for (size_t i = 0; i < b->families.n; i++)
        if (b->families.at[i].label == label && strcmp(b->families.at[i].name, name) == 0)
            return &b->families.at[i].slot;
    vec_push(&b->families, (struct family_column){.label = label, .name = name});
    return &b->families.at[b->families.n - 1].slot;
}

/* A foreign name to where it is: the record, or the lookup file. */
static bool source_find(struct binding *b, const char *name, size_t n, struct slot *slot)
{
    int field = header_find(b, name, n);
    if (field >= 0) {
        b->used[field] = true;
        *slot = (struct slot){.from = SLOT_FIELD, .field = (uint32_t)field};
        return true;
    }
    int column = b->layout->lookup ? lookup_column(b->layout->lookup, name, n) : -1;
    if (column >= 0)
        *slot = (struct slot){.from = SLOT_LOOKUP, .field = (uint32_t)column};
    return column >= 0;
}

static enum status bind_slot(struct binding *b, struct slot *slot, struct slot with,
                             const char *where)
{
    if (slot->from != SLOT_NONE)
        return error_set(b->err, ST_REFUSED, "%s: found a second source, expected one a column",
                         where);
    *slot = with;
    return ST_OK;
}

static enum status bind_renamed(struct binding *b)
{
    for (size_t i = 0; i < b->map->n_columns; i++) {
        const struct map_column *column = &b->map->columns[i];
        struct slot with;
        if (!source_find(b, column->theirs, strlen(column->theirs), &with))
            return refuse_map(b, column->line, column->theirs,
                              arena_printf(b->arena, "a column of %s", b->source));
        if (!column->ours)
            continue;
        struct slot *slot = our_slot(b, column->ours, strlen(column->ours));
        if (!slot)
            return refuse_map(b, column->line, column->ours, expected_columns(b, column->ours));
        enum status status =
            bind_slot(b, slot, with, arena_printf(b->arena, "%s:%d", b->map->path, column->line));
        if (status != ST_OK)
            return status;
    }
    return ST_OK;
}

/* "r-{household}-{line}" to pieces. */
static enum status pattern_parse(struct binding *b, const struct map_constant *constant,
                                 struct slot *slot)
{
    VEC(struct piece) pieces = {0};
    enum status status = ST_OK;
    for (const char *at = constant->text; *at && status == ST_OK;) {
        size_t n = strcspn(at, "{");
        if (n) {
            vec_push(&pieces,
                     (struct piece){.slot = {.from = SLOT_TEXT, .text = at, .n = (uint32_t)n}});
            at += n;
            continue;
        }
        size_t name = strcspn(at, "}");
        struct piece piece = {.line = name == 5 && memcmp(at + 1, "line", 4) == 0};
        if (!at[name] || (!piece.line && !source_find(b, at + 1, name - 1, &piece.slot)))
            status = refuse_map(b, constant->line, at,
                                arena_printf(b->arena, "a column of %s in braces", b->source));
        else
            at += name + 1;
        vec_push(&pieces, piece);
    }
    struct pattern *pattern = arena_alloc(b->arena, sizeof *pattern + pieces.n * sizeof *pieces.at);
    pattern->n = pieces.n;
    if (pieces.n)
        memcpy(pattern->pieces, pieces.at, pieces.n * sizeof *pieces.at);
    vec_free(&pieces);
    *slot = (struct slot){.from = SLOT_PATTERN, .pattern = pattern};
    return status;
}

static enum status bind_constants(struct binding *b)
{
    for (size_t i = 0; i < b->map->n_constants; i++) {
        const struct map_constant *constant = &b->map->constants[i];
        struct slot *slot = our_slot(b, constant->ours, strlen(constant->ours));
        if (!slot)
            return refuse_map(b, constant->line, constant->ours,
                              expected_columns(b, constant->ours));
        struct slot with = {
            .from = SLOT_TEXT, .text = constant->text, .n = (uint32_t)strlen(constant->text)};
        enum status status = ST_OK;
        if (strchr(constant->text, '{'))
            status = pattern_parse(b, constant, &with);
        if (status == ST_OK)
            status = bind_slot(b, slot, with,
                               arena_printf(b->arena, "%s:%d", b->map->path, constant->line));
        if (status != ST_OK)
            return status;
    }
    return ST_OK;
}

static enum status bind_lookup(struct binding *b, const char *folder)
{
    const struct import_map *map = b->map;
    const char *path = map->lookup_file;
    if (*path != '/')
        path = arena_printf(b->arena, "%s/%s", folder, path);
    enum status status = lookup_load(path, map->lookup_key, &b->layout->lookup, b->err);
    if (status != ST_OK)
        return status;
    int field = header_find(b, map->lookup_key, strlen(map->lookup_key));
    if (field < 0)
        return refuse_header(
            b, 1,
            arena_printf(b->arena, "no column %s",
                         text_quote(b->arena, map->lookup_key, strlen(map->lookup_key))),
            "the key column of the map's [lookup]");
    b->layout->lookup_field = (uint32_t)field;
    b->used[field] = true;
    return ST_OK;
}

/* Columns that no map names: they are called what they are. */
static enum status bind_rest(struct binding *b)
{
    for (size_t i = 0; i < b->n_header; i++) {
        const struct csv_field *field = &b->header[i];
        if (b->used[i])
            continue;
        struct slot *slot = our_slot(b, field->at, field->n);
        char *quoted = text_quote(b->arena, field->at, field->n);
        if (!slot) {
            if (b->map && b->map->ignore_rest)
                continue;
            return refuse_header(b, field->column, arena_printf(b->arena, "the column %s", quoted),
                                 expected_columns(b, arena_strndup(b->arena, field->at, field->n)));
        }
        if (slot->from != SLOT_NONE)
            return refuse_header(b, field->column,
                                 arena_printf(b->arena, "the column %s a second time", quoted),
                                 "each column once");
        *slot = (struct slot){.from = SLOT_FIELD, .field = (uint32_t)i};
    }
    return ST_OK;
}

static enum status bind_factors(struct binding *b)
{
    for (size_t i = 0; b->map && i < b->map->n_factors; i++) {
        const struct map_factor *factor = &b->map->factors[i];
        int column = import_column_find(b->table, factor->ours, strlen(factor->ours));
        if (column < 0 || (b->table->columns[column].type != IMPORT_AMOUNT &&
                           b->table->columns[column].type != IMPORT_INTEGER))
            return refuse_map(b, factor->line, factor->ours, "a column of numbers");
        b->layout->slots[column].factor = factor->factor;
    }
    return ST_OK;
}

static enum status check_needed(struct binding *b)
{
    for (size_t i = 0; i < b->table->n_columns; i++)
        if (b->table->columns[i].needed && b->layout->slots[i].from == SLOT_NONE)
            return refuse_header(
                b, 1, arena_printf(b->arena, "no column '%s'", b->table->columns[i].name),
                arena_printf(b->arena, "one, as %s need it (%s); a map can name it", b->table->name,
                             b->table->columns[i].summary));
    return ST_OK;
}

/* Parts the cells by how much work they are. */
static void cells_part(struct layout *layout, struct arena *arena)
{
    size_t n = layout->table->n_columns + layout->n_families;
    layout->direct = arena_array(arena, struct direct_cell, n);
    layout->other = arena_array(arena, struct other_cell, n);
    for (size_t i = 0; i < n; i++) {
        const struct slot *slot = i < layout->table->n_columns
                                      ? &layout->slots[i]
                                      : &layout->families[i - layout->table->n_columns].slot;
        if (slot->from == SLOT_FIELD)
            layout->direct[layout->n_direct++] = (struct direct_cell){(uint32_t)i, slot->field};
        else if (slot->from != SLOT_NONE)
            layout->other[layout->n_other++] = (struct other_cell){(uint32_t)i, slot};
    }
}

enum status layout_bind(struct layout *layout, const struct import_table *table,
                        const struct import_map *map, const struct csv_field *header,
                        size_t n_header, int64_t line, const char *source, const char *folder,
                        struct arena *arena, struct error *err)
{
    *layout = (struct layout){.table = table, .n_fields = n_header};
    struct binding b = {.layout = layout,
                        .table = table,
                        .map = map,
                        .header = header,
                        .n_header = n_header,
                        .line = line,
                        .source = source,
                        .arena = arena,
                        .used = arena_array(arena, bool, n_header),
                        .err = err};
    enum status status = ST_OK;
    if (map && map->lookup_file)
        status = bind_lookup(&b, folder);
    if (status == ST_OK && map)
        status = bind_renamed(&b);
    if (status == ST_OK && map)
        status = bind_constants(&b);
    if (status == ST_OK)
        status = bind_rest(&b);
    if (status == ST_OK)
        status = bind_factors(&b);
    if (status == ST_OK)
        status = check_needed(&b);
    layout->n_families = b.families.n;
    layout->families = arena_array(arena, struct family_column, b.families.n);
    for (size_t i = 0; i < b.families.n; i++)
        layout->families[i] = b.families.at[i];
    vec_free(&b.families);
    cells_part(layout, arena);
    if (status != ST_OK)
        layout_end(layout);
    return status;
}

void layout_end(struct layout *layout)
{
    lookup_free(layout->lookup);
    layout->lookup = NULL;
}

/* ---- Rows ---- */

struct row_source {
    const struct csv_reader *csv;
    const struct lookup_text *joined; /* the lookup file's row, or NULL */
    struct arena *arena;
};

static struct row_cell slot_cell(const struct slot *slot, const struct row_source *row);

static struct row_cell pattern_cell(const struct pattern *pattern, const struct row_source *row)
{
    char *text = arena_strdup(row->arena, "");
    for (size_t i = 0; i < pattern->n; i++) {
        if (pattern->pieces[i].line) {
            text = arena_printf(row->arena, "%s%lld", text, (long long)row->csv->record_line);
            continue;
        }
        struct row_cell piece = slot_cell(&pattern->pieces[i].slot, row);
        text = arena_printf(row->arena, "%s%.*s", text, (int)piece.n, piece.at);
    }
    return (struct row_cell){
        .at = text, .n = (uint32_t)strlen(text), .column = 1, .line = row->csv->record_line};
}

static struct row_cell slot_cell(const struct slot *slot, const struct row_source *row)
{
    struct row_cell cell = {.at = "", .column = 1, .line = row->csv->record_line};
    if (slot->from == SLOT_FIELD) {
        const struct csv_field *field = &row->csv->fields[slot->field];
        cell.at = field->at;
        cell.n = field->n;
        cell.column = field->column;
        cell.line += field->line;
    } else if (slot->from == SLOT_LOOKUP && row->joined) {
        cell.at = row->joined[slot->field].at;
        cell.n = row->joined[slot->field].n;
    } else if (slot->from == SLOT_TEXT) {
        cell.at = slot->text;
        cell.n = slot->n;
    } else if (slot->from == SLOT_PATTERN) {
        cell = pattern_cell(slot->pattern, row);
    }
    return cell;
}

void layout_cells(const struct layout *layout, struct row_cell *cells)
{
    for (size_t i = 0; i < layout->table->n_columns + layout->n_families; i++)
        cells[i] = (struct row_cell){.at = "", .column = 1};
}

void layout_row(const struct layout *layout, const struct csv_reader *csv, struct arena *arena,
                struct row_cell *cells)
{
    for (size_t i = 0; i < layout->n_direct; i++) {
        const struct csv_field *field = &csv->fields[layout->direct[i].field];
        struct row_cell *cell = &cells[layout->direct[i].cell];
        cell->at = field->at;
        cell->n = field->n;
        cell->column = field->column;
        cell->line = csv->record_line + field->line;
    }
    if (!layout->n_other)
        return;
    struct row_source row = {.csv = csv, .arena = arena};
    if (layout->lookup) {
        const struct csv_field *key = &csv->fields[layout->lookup_field];
        row.joined = lookup_row(layout->lookup, key->at, key->n);
    }
    for (size_t i = 0; i < layout->n_other; i++)
        cells[layout->other[i].cell] = slot_cell(layout->other[i].slot, &row);
}
