/*
 * Words for people: _("text") is the text in the user's language, N_("text") marks one that is
 * translated where it is shown. locale_start decides the language.
 */
#ifndef ATRIUM_TUI_INTL_H
#define ATRIUM_TUI_INTL_H

#include <libintl.h>

#define _(text) gettext(text)
#define N_(text) text

/* A text that is said in two ways: C_("counted", "people") after a number is not the title of a
 * column. */
#define C_(context, text) text_of_context(context "\004" text, text)

static inline const char *text_of_context(const char *id, const char *text)
{
    const char *found = gettext(id);
    return found == id ? text : found;
}

/* "" is not translated (gettext would answer with the catalogue's header). */
static inline const char *text_translated(const char *text)
{
    return text && *text ? gettext(text) : "";
}

#endif
