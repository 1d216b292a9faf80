/* What a rule would mean, before it is saved: how many, and how it lies with the labels there are.
 */
#include "model/event/sample.h"
#include "model/segment/label.h"
#include "model/segment/plan.h"

#include <stdlib.h>

static int most_first(const void *a, const void *b)
{
    const struct label_overlap *x = a, *y = b;
    if (x->both != y->both)
        return x->both > y->both ? -1 : 1;
    return strcmp(x->name, y->name);
}

static enum status overlaps_read(struct reader *reader, struct arena *arena, const char *name,
                                 struct label_preview *preview, struct error *err)
{
    const struct label *labels;
    size_t n;
    enum status status = labels_list(reader, arena, &labels, &n, err);
    if (status != ST_OK)
        return status;
    struct label_overlap *overlaps = arena_array(arena, struct label_overlap, n);
    struct arena *scratch = arena_new();
    const struct set *looked_at = sample_people(reader, arena);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        struct test test = {.trait = TRAIT_LABEL, .id = labels[i].id, .bare = true};
        struct set *set;
        arena_reset(scratch);
        if (reader_cancelled(reader))
            status = error_set(err, ST_CANCELLED, "the question was cancelled");
        else
            status = list_people_read(reader, scratch, &test, preview->people->n, &set, err);
        if (status != ST_OK)
            break;
        if (looked_at)
            set_and(set, looked_at);
        uint32_t people = set_count(set), both = set_count_both(set, preview->people);
        if (name && strcmp(labels[i].name, name) == 0) {
            preview->there = true;
            preview->joining = preview->count - both;
            preview->leaving = people - both;
        } else {
            overlaps[preview->n_overlaps++] =
                (struct label_overlap){.name = labels[i].name, .people = people, .both = both};
        }
    }
    if (status == ST_OK && preview->n_overlaps)
        qsort(overlaps, preview->n_overlaps, sizeof *overlaps, most_first);
    preview->overlaps = overlaps;
    arena_free(scratch);
    return status;
}

static enum status preview_make(struct reader *reader, struct arena *arena,
                                const struct access *access, const char *name, const char *rule,
                                struct label_preview *preview, struct error *err)
{
    const struct segment_plan *plan;
    struct set *people;
    enum status status =
        segment_bind_named(reader, arena, access, rule,
                           name ? arena_printf(arena, "label:%s", name) : NULL, true, &plan, err);
    if (status == ST_OK)
        status = segment_evaluate(reader, arena, &plan, 1, NULL, 0, &people, err);
    if (status != ST_OK)
        return status;
    preview->people = people;
    preview->count = set_count(people);
    preview->notes = segment_notes(plan, &preview->n_notes);
    return overlaps_read(reader, arena, name, preview, err);
}

enum status label_preview(struct reader *reader, struct arena *arena, const struct access *access,
                          const char *name, const char *rule, struct label_preview *preview,
                          struct error *err)
{
    *preview = (struct label_preview){0};
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = preview_make(reader, arena, access, name, rule, preview, err);
    reader_end(reader);
    return status;
}
