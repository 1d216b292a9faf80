/* What the console needs of questions besides view.h. */
#ifndef ATRIUM_VIEWS_QUESTION_H
#define ATRIUM_VIEWS_QUESTION_H

#include "views/view.h"

/* Cancels and frees every question and answer of a view that closes. */
void view_questions_end(struct view *view);

#endif
