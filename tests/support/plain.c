#include "tests/support/plain.h"

#include "tui/grid.h"
#include "tui/memory.h"
#include "tui/screen.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

static char *frame, *line;

void plain_start(int rows, int cols, bool ascii)
{
    struct theme_options theme = {.colors = 0, .ascii = ascii};

    screen_end();
    setlocale(LC_ALL, "C.UTF-8");
    screen_start_plain(rows, cols, &theme);
}

void plain_end(void)
{
    screen_end();
    free(frame);
    free(line);
    frame = line = NULL;
}

const char *plain_frame(void (*draw)(void *context, struct area area), void *context)
{
    screen_frame_begin();
    draw(context, screen_area());
    screen_frame_end();
    free(frame);
    frame = screen_text();
    return frame;
}

const char *plain_row(int row)
{
    const char *at = frame ? frame : "";

    for (; row > 0 && at; row--) {
        at = strchr(at, '\n');
        at += at != NULL;
    }
    free(line);
    line = at ? tui_strndup(at, strcspn(at, "\n")) : tui_strdup("");
    return line;
}

bool plain_has(const char *text)
{
    return frame && strstr(frame, text);
}

enum role plain_role(int row, int col)
{
    return (enum role)grid_row(row)[col].role;
}

enum role plain_mark(int row, int col)
{
    return (enum role)grid_row(row)[col].mark;
}

bool plain_cursor(int *row, int *col)
{
    return grid_cursor(row, col);
}
