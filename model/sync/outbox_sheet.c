#include "model/sync/outbox_sheet.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/fleet/clean.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 2000 };

const char *const outbox_state_titles[OUTBOX_STATES] = {
    [OUTBOX_PENDING] = N_("to be sent"), [OUTBOX_WAITING] = N_("behind a conflict"),
    [OUTBOX_CONFLICT] = N_("conflict"),  [OUTBOX_REFUSED] = N_("refused"),
    [OUTBOX_DONE] = N_("done"),
};

/* Whoever types ids wants them first; on a screen they come last. */
static const struct sheet_column columns[OUTBOX_COLUMNS] = {
    [OUTBOX_ID] = {"id", N_("edit id"), CELL_TEXT},
    [OUTBOX_KIND] = {"kind", N_("thing"), CELL_TEXT},
    [OUTBOX_TARGET] = {"target", N_("of what"), CELL_TEXT},
    [OUTBOX_STATE] = {"state", N_("state"), CELL_TEXT},
    [OUTBOX_AGE] = {"age_s", N_("how old"), CELL_DURATION},
    [OUTBOX_REASON] = {"reason", N_("why"), CELL_TEXT},
};

/* "campaign approve", "member consent", "points" */
static const char *kind_text(struct arena *arena, const struct outbox_entry *entry)
{
    const char *more = *entry->move                                              ? entry->move
                       : *entry->entity && strcmp(entry->verb, "operation") != 0 ? entry->verb
                                                                                 : "";
    return !*entry->entity ? entry->verb
           : *more         ? arena_printf(arena, "%s %s", entry->entity, more)
                           : entry->entity;
}

static void entry_fill(struct arena *arena, struct cell *cells, const struct outbox_entry *entry,
                       int64_t now, bool people)
{
    const char *state =
        people ? _(outbox_state_titles[entry->state]) : outbox_state_names[entry->state];
    cells[OUTBOX_ID] = cell_text(entry->id);
    cells[OUTBOX_KIND] = cell_text(kind_text(arena, entry));
    cells[OUTBOX_TARGET] = cell_text(entry->target);
    cells[OUTBOX_STATE] = cell_text(state);
    cells[OUTBOX_AGE] = cell_integer(now > entry->made ? now - entry->made : 0);
    cells[OUTBOX_REASON] = cell_text(entry->reason);
}

struct sheet *outbox_sheet(struct arena *arena, const struct outbox_entry *entries, size_t n,
                           int64_t now, bool people)
{
    struct sheet_column *order = arena_array(arena, struct sheet_column, OUTBOX_COLUMNS);
    for (size_t i = 0; i < OUTBOX_COLUMNS; i++)
        order[i] = columns[people ? (i + 1) % OUTBOX_COLUMNS : i];
    struct sheet *sheet = sheet_new(arena, order, OUTBOX_COLUMNS);
    for (size_t i = 0; i < n; i++) {
        struct cell filled[OUTBOX_COLUMNS], *cells = sheet_row_add(sheet);
        entry_fill(arena, filled, entries + i, now, people);
        for (size_t k = 0; k < OUTBOX_COLUMNS; k++)
            cells[k] = filled[people ? (k + 1) % OUTBOX_COLUMNS : k];
    }
    return sheet;
}

/* ---- One conflict ---- */

static const char *value_text(struct arena *arena, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!value || json_is_null(value))
        return "";
    char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    const char *bytes = text ? text : json_is_string(value) ? json_string_value(value) : "";
    char *clean = device_clean(arena, bytes, strlen(bytes), TEXT_MOST, false, NULL);
    free(text);
    return clean;
}

/* What is to be decided comes first. */
static int by_interest(const void *a, const void *b)
{
    const struct outbox_field *one = a, *other = b;
    return one->differs != other->differs ? (one->differs ? -1 : 1)
                                          : strcmp(one->name, other->name);
}

size_t outbox_fields(struct arena *arena, const struct outbox_entry *entry,
                     const struct outbox_field **out)
{
    size_t most = json_object_size(entry->mine) + json_object_size(entry->theirs), n = 0;
    struct outbox_field *fields = arena_array(arena, struct outbox_field, most + 1);
    const json_t *sides[] = {entry->mine, entry->theirs};
    for (int side = 0; side < 2; side++) {
        const char *name;
        json_t *value;
        json_object_foreach((json_t *)sides[side], name, value)
        {
            const json_t *mine = json_object_get(entry->mine, name);
            const json_t *theirs = json_object_get(entry->theirs, name);
            if (side && mine)
                continue; /* it is there already */
            fields[n] = (struct outbox_field){
                .name = device_clean(arena, name, strlen(name), TEXT_MOST, false, NULL),
                .before = value_text(arena, entry->base, name),
                .mine = value_text(arena, mine ? entry->mine : entry->base, name),
                .theirs = value_text(arena, theirs ? entry->theirs : entry->base, name),
            };
            fields[n].differs = strcmp(fields[n].mine, fields[n].theirs) != 0;
            n++;
        }
    }
    qsort(fields, n, sizeof *fields, by_interest);
    *out = fields;
    return n;
}

const struct outbox_entry *outbox_find(const struct outbox_entry *entries, size_t n, const char *id)
{
    const struct outbox_entry *found = NULL;
    size_t size = strlen(id), fitting = 0;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(entries[i].id, id) == 0)
            return entries + i;
        if (size && strncmp(entries[i].id, id, size) == 0) {
            found = entries + i;
            fitting++;
        }
    }
    return fitting == 1 ? found : NULL;
}

json_t *outbox_mine(const struct outbox_entry *entry)
{
    return entry->mine ? json_deep_copy(entry->mine) : json_object();
}

json_t *outbox_choice(const struct outbox_entry *entry, const struct outbox_field *fields, size_t n,
                      const bool *mine)
{
    json_t *set = json_object();
    for (size_t i = 0; i < n; i++) {
        json_t *value = mine[i] ? json_object_get(entry->mine, fields[i].name) : NULL;
        if (value)
            json_object_set_new(set, fields[i].name, json_deep_copy(value));
    }
    return set;
}
