/* What the console needs of questions besides view.h. */
#ifndef ATRIUM_VIEWS_QUESTION_H
#define ATRIUM_VIEWS_QUESTION_H

#include "views/view.h"

/* Opens what first answers are read with, so that the first of them need not wait for that. */
void questions_warm(struct console *console);

/* Cancels and frees every question and answer of a view that closes. */
void view_questions_end(struct view *view);

#endif
