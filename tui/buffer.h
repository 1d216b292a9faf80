/* A text that grows. */
#ifndef ATRIUM_TUI_BUFFER_H
#define ATRIUM_TUI_BUFFER_H

#include "tui/memory.h"

/* `at` is NULL while nothing was added, else n bytes and a final NUL; free it with buffer_free. */
struct buffer {
    char *at;
    size_t n, cap;
};

void buffer_add(struct buffer *buffer, const char *bytes, size_t n);
void buffer_puts(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_clear(struct buffer *buffer); /* keeps the memory */
void buffer_free(struct buffer *buffer);
const char *buffer_text(const struct buffer *buffer); /* never NULL */

#endif
