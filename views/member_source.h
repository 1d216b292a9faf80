/*
 * The members as a source of table rows: millions of them, a page at a time. Order, filter and
 * search are computed once by a task into a list of person numbers; pages are read from that list.
 */
#ifndef ATRIUM_VIEWS_MEMBER_SOURCE_H
#define ATRIUM_VIEWS_MEMBER_SOURCE_H

#include "model/people/member_list.h"
#include "tui/table_pages.h"
#include "views/console.h"

struct member_source;

struct member_source_options {
    struct console *console;
    /* Only these people; NULL: all members. Copied. */
    const uint32_t *among;
    size_t n_among;
};

struct member_source *member_source_new(const struct member_source_options *options);

/* The view no longer needs it, its table is freed: requests under way end first. */
void member_source_release(struct member_source *source);

struct table_source member_source_table(struct member_source *source);

/* What to search for, as in search_people; "" for everyone. Then call table_refresh(). */
void member_source_search(struct member_source *source, const char *text);

/* The events or rows changed: lists are computed anew. Then call table_refresh(). */
void member_source_changed(struct member_source *source);

/* False while the columns that come from events are not known yet; their computation is asked for,
 * and `ready` is called on the screen's thread when it is done. */
void member_source_figures(struct member_source *source, void (*ready)(void *context),
                           void *context);

#endif
