/* Reading spans and moments of the people language. Inside the module. */
#ifndef ATRIUM_SEGMENT_SPAN_H
#define ATRIUM_SEGMENT_SPAN_H

#include "model/segment/language.h"

/* 90d, 12h, 2017-10-01..2017-10-31, 2017-10-01.., 2017-10, ever. */
bool span_read(const char *text, size_t n, struct people_span *span);

/* A day, month or year: mall days [*first, *end). */
bool days_read(const char *text, size_t n, int32_t *first, int32_t *end);

/* What a moment is compared with: a day, month, year, or a duration before the present. */
bool moment_read(const char *text, size_t n, struct people_operand *operand);

bool duration_read(const char *text, size_t n, int64_t *seconds);

#endif
