/* What an expression is built from. */
#ifndef ATRIUM_SEGMENT_SOURCES_H
#define ATRIUM_SEGMENT_SOURCES_H

#include "model/segment/language.h"

/* "label:coffee, tier, spent(90d)", each once, in the order they stand. Owned by the arena. */
const char *people_sources(struct arena *arena, const struct people_expr *expr);

/* A span as it is written. Owned by the arena. */
const char *span_text(struct arena *arena, const struct people_span *span);

/* Whether what it means moves with the present: spans like 90d, ages, "joined<30d". */
bool people_moves(const struct people_expr *expr);

/* Whether it names this label (TRAIT_LABEL) or segment (TRAIT_SEGMENT) itself. */
bool people_names(const struct people_expr *expr, enum people_trait_id trait, const char *name);

#endif
