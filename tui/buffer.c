#include "tui/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void buffer_reserve(struct buffer *buffer, size_t more)
{
    size_t need = buffer->n + more + 1;

    if (need <= buffer->cap)
        return;
    buffer->cap = buffer->cap * 2 > need ? buffer->cap * 2 : need;
    buffer->at = tui_resize(buffer->at, buffer->cap, 1);
}

void buffer_add(struct buffer *buffer, const char *bytes, size_t n)
{
    buffer_reserve(buffer, n);
    if (n)
        memcpy(buffer->at + buffer->n, bytes, n);
    buffer->n += n;
    buffer->at[buffer->n] = '\0';
}

void buffer_puts(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        return;
    buffer_reserve(buffer, (size_t)n);
    va_start(args, format);
    vsnprintf(buffer->at + buffer->n, (size_t)n + 1, format, args);
    va_end(args);
    buffer->n += (size_t)n;
}

void buffer_clear(struct buffer *buffer)
{
    buffer->n = 0;
    if (buffer->at)
        buffer->at[0] = '\0';
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->at);
    *buffer = (struct buffer){0};
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->at ? buffer->at : "";
}
