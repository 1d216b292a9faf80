/* Work in pieces on several threads. */
#ifndef ATRIUM_BASE_PARALLEL_H
#define ATRIUM_BASE_PARALLEL_H

#include <stddef.h>

/* Calls fn(context, piece) once for each piece 0 .. n - 1, on up to `threads` threads (0: the
 * machine's), and returns when all are done. Pieces are taken in rising order. What must not depend
 * on the number of threads is kept by piece and put together by the caller, in their order. */
void parallel_run(int threads, size_t n, void (*fn)(void *context, size_t piece), void *context);

#endif
