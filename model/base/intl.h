/* Words for people in the model: N_("text") marks a text of a const table, translated where it is
 * shown; _("text") is one that the model puts together itself, such as a period's title. Messages
 * of errors are English everywhere, and so is what machines read (see locale_set_language). */
#ifndef ATRIUM_BASE_INTL_H
#define ATRIUM_BASE_INTL_H

#include <libintl.h>

#define _(text) gettext(text)
#define N_(text) text

/* A word that stands in the data but that every mall has, such as the channel "pos", in the user's
 * language; `column` says what kind of word it is: the title of its
 * column ("channel", "gender"). Other words and columns
 * come back as they are. */
const char *word_translated(const char *column, const char *word);

#endif
