/*
 * Small groups in what segments and labels count: what is kept back from who sees pseudonyms
 * (small_group of model/access). Numbers that are hidden become 0.
 */
#ifndef ATRIUM_SEGMENT_SEGMENT_SMALL_H
#define ATRIUM_SEGMENT_SEGMENT_SMALL_H

#include "model/segment/compare.h"
#include "model/segment/label.h"

/* A rule that means a few people tells nothing else; who would get and lose a label are hidden
 * together, as either follows from the other; an overlap is hidden where those in both, or those in
 * one alone, are a few. */
void label_preview_hide_small(struct arena *arena, const struct access *access,
                              struct label_preview *preview);

/* Who are in both, and each count of a trait with its share. (segment_compare refuses an A or B of
 * a few.) */
void segment_comparison_hide_small(struct arena *arena, const struct access *access,
                                   struct segment_comparison *comparison);

#endif
