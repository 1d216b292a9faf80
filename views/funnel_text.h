/* A funnel as one line of text, "30d: register -> purchase -> points_earn": what is typed, kept,
 * and handed from screen to screen. */
#ifndef ATRIUM_VIEWS_FUNNEL_TEXT_H
#define ATRIUM_VIEWS_FUNNEL_TEXT_H

#include "model/loop/funnel.h"

/* The line of a saved funnel. Owned by the arena. */
char *funnel_text(struct arena *arena, const struct saved_funnel *saved);

/* Reads a line into steps and window. ST_USAGE says what is missing; expressions are checked, too.
 * Everything in the query belongs to the arena. */
enum status funnel_text_parse(struct arena *arena, const char *text, struct funnel_query *query,
                              struct error *err);

#endif
