#include "tui/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* abort() rather than exit(): its signal puts the terminal back. */
static void *or_die(void *at)
{
    if (!at) {
        fputs("atrium: out of memory\n", stderr);
        abort();
    }
    return at;
}

void *tui_zero(size_t n, size_t size)
{
    return or_die(calloc(n ? n : 1, size ? size : 1));
}

void *tui_resize(void *at, size_t n, size_t size)
{
    return or_die(reallocarray(at, n ? n : 1, size ? size : 1));
}

char *tui_strdup(const char *text)
{
    return or_die(strdup(text));
}

char *tui_strndup(const char *text, size_t n)
{
    return or_die(strndup(text, n));
}

char *tui_printf(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    return or_die(n < 0 ? NULL : text);
}
