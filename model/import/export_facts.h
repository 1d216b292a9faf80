/* Exporting events, receipts and sightings. */
#ifndef ATRIUM_IMPORT_EXPORT_FACTS_H
#define ATRIUM_IMPORT_EXPORT_FACTS_H

#include "model/import/csv_out.h"

enum status facts_write(struct reader *reader, const struct export_options *options,
                        struct arena *arena, struct csv_out *out, struct error *err);

#endif
