/*
 * What of a log is to be seen: the lines that a filter lets through, the one that is selected, and
 * what is marked in them. Looking through many lines is done in slices, so that no pattern holds up
 * the screen.
 */
#ifndef ATRIUM_VIEWS_LOG_ROWS_H
#define ATRIUM_VIEWS_LOG_ROWS_H

#include "model/base/vec.h"
#include "model/fleet/follow.h"
#include "tui/draw.h"
#include "tui/table_pattern.h"

struct log_rows {
    const struct follow *follow;
    struct pattern *filter, *find; /* NULL: none */
    VEC(uint64_t) shown;           /* numbers of lines, rising */
    size_t first;                  /* index of the first that is still there */
    uint64_t looked;               /* lines before this number were looked at */
    uint64_t at;                   /* number of the selected line */
    bool live;                     /* the newest is selected, whatever comes */
    size_t top;                    /* index of the first row drawn */
    int shift;                     /* cells that are scrolled to the right */
    bool raw;                      /* lines of JSON as they are */
};

void log_rows_free(struct log_rows *rows);

/* Another filter or search; takes the pattern. */
void log_rows_filter(struct log_rows *rows, struct pattern *pattern);
void log_rows_find(struct log_rows *rows, struct pattern *pattern);

/* Looks at new lines, for some milliseconds; false where there are more. */
bool log_rows_look(struct log_rows *rows);

/* Lines that pass the filter and are still there. */
size_t log_rows_n(const struct log_rows *rows);

void log_rows_move(struct log_rows *rows, int64_t by);
void log_rows_ends(struct log_rows *rows, bool last);
/* To the next (by 1) or previous (by -1) line that the search finds; false: there is none. It looks
 * for some milliseconds. */
bool log_rows_next(struct log_rows *rows, int by);
/* To the first line of that time or later; false: there is none. */
bool log_rows_time(struct log_rows *rows, int64_t time);

/* The device's code stands before its lines where there are several. */
void log_rows_draw(struct log_rows *rows, struct area area);

#endif
