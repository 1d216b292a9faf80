/* A text that grows, and allocation that never returns NULL: what the toolkit needs of memory. */
#ifndef ATRIUM_TUI_BUFFER_H
#define ATRIUM_TUI_BUFFER_H

#include <stddef.h>

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

/* calloc, realloc, strdup, printf into memory of its own; out of memory ends the program with a
 * sentence. */
void *tui_zero(size_t n, size_t size);
void *tui_resize(void *at, size_t n, size_t size);
char *tui_strdup(const char *text);
char *tui_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
