/* Inside of insight: everybody's purchases as the value model needs them. */
#ifndef ATRIUM_INSIGHT_VALUE_SCAN_H
#define ATRIUM_INSIGHT_VALUE_SCAN_H

#include "model/insight/value.h"

/* One parallel pass over purchases and refunds; people rising, without what the model adds. */
enum status value_scan(struct reader *reader, struct arena *arena, const struct value_query *query,
                       struct value_person **people, size_t *n, struct error *err);

#endif
