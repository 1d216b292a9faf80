/* In a file without a counter of its own: clang names the counters' ends itself where it puts any.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>

extern char counters_begin[] __asm__("__start___sancov_cntrs") __attribute__((weak));
extern char counters_end[] __asm__("__stop___sancov_cntrs") __attribute__((weak));
static char *counted;

#ifdef __clang__
__attribute__((no_sanitize("coverage", "address")))
#endif
void fuzz_counters_share(bool child)
{
    size_t n = counters_begin ? (size_t)(counters_end - counters_begin) : 0;
    if (n && !counted)
        counted = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (n && counted != MAP_FAILED)
        memcpy(child ? counted : counters_begin, child ? counters_begin : counted, n);
}
