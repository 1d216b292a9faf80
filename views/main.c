#include "tui/locale.h"
#include "views/cli/cli.h"
#include "views/modules.h"

#include <malloc.h>

/* What a question needed is given back to the machine when it ends: large pieces are mapped on
 * their own, and of the others a heap keeps no more than a few megabytes. Every thread has a heap
 * of its own, so that a question never makes the screen's thread wait for memory. */
static void memory_start(void)
{
    enum { LARGE = 1 << 17, LEFT = 1 << 22, HEAPS = 64 };
    mallopt(M_MMAP_THRESHOLD, LARGE);
    mallopt(M_TRIM_THRESHOLD, LEFT);
    mallopt(M_MMAP_MAX, 1 << 20);
    mallopt(M_ARENA_MAX, HEAPS);
}

int main(int argc, char **argv)
{
    memory_start();
    locale_start("atrium", NULL, ATRIUM_PREFIX);
    modules_start();
    return cli_main(argc, argv);
}
