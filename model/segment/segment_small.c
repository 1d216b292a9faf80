#include "model/segment/segment_small.h"

static bool overlap_hides(const struct access *access, uint32_t count,
                          const struct label_overlap *overlap)
{
    return small_group(access, count) || small_group(access, overlap->both) ||
           small_group(access, overlap->people) ||
           small_group(access, (int64_t)count - overlap->both) ||
           small_group(access, (int64_t)overlap->people - overlap->both);
}

void label_preview_hide_small(struct arena *arena, const struct access *access,
                              struct label_preview *preview)
{
    size_t n = preview->n_overlaps;
    if (!access->least_people)
        return;
    struct label_overlap *overlaps = arena_array(arena, struct label_overlap, n + 1);
    for (size_t i = 0; i < n; i++) {
        overlaps[i] = preview->overlaps[i];
        overlaps[i].hidden = overlap_hides(access, preview->count, &overlaps[i]);
        if (overlaps[i].hidden)
            overlaps[i].both = 0;
        overlaps[i].people_hidden = small_group(access, overlaps[i].people);
        if (overlaps[i].people_hidden)
            overlaps[i].people = 0;
    }
    preview->overlaps = overlaps;
    preview->hidden = small_group(access, preview->count);
    preview->change_hidden = preview->hidden || small_group(access, preview->joining) ||
                             small_group(access, preview->leaving);
    if (preview->change_hidden)
        preview->joining = preview->leaving = 0;
    if (preview->hidden)
        preview->count = 0;
}

static bool count_hide(const struct access *access, uint32_t *count)
{
    bool hidden = small_group(access, *count);
    *count = hidden ? 0 : *count;
    return hidden;
}

void segment_comparison_hide_small(struct arena *arena, const struct access *access,
                                   struct segment_comparison *comparison)
{
    size_t n = comparison->n_traits;
    if (!access->least_people)
        return;
    struct segment_trait *traits = arena_array(arena, struct segment_trait, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct segment_trait *trait = &traits[i];
        *trait = comparison->traits[i];
        trait->hidden_a = count_hide(access, &trait->n_a);
        trait->hidden_b = count_hide(access, &trait->n_b);
        trait->share_a = trait->hidden_a ? 0 : trait->share_a;
        trait->share_b = trait->hidden_b ? 0 : trait->share_b;
    }
    comparison->traits = traits;
    comparison->both_hidden = count_hide(access, &comparison->both);
    if (comparison->both_hidden)
        comparison->jaccard = 0;
}
