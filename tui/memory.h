/*
 * Memory of the toolkit: the general allocators, ending the program with a sentence instead of
 * returning NULL. Callers free with free().
 */
#ifndef ATRIUM_TUI_MEMORY_H
#define ATRIUM_TUI_MEMORY_H

#include <stddef.h>

void *tui_zero(size_t n, size_t size);             /* n zeroed elements */
void *tui_resize(void *at, size_t n, size_t size); /* room for n elements */
char *tui_strdup(const char *text);
char *tui_strndup(const char *text, size_t n);
char *tui_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
