/*
 * Words for people: _("text") is the text in the user's language, N_("text") marks one that is
 * translated where it is shown. locale_start decides the language.
 */
#ifndef ATRIUM_TUI_INTL_H
#define ATRIUM_TUI_INTL_H

#include <libintl.h>

#define _(text) gettext(text)
#define N_(text) text

/* "" is not translated (gettext would answer with the catalogue's header). */
static inline const char *text_translated(const char *text)
{
    return text && *text ? gettext(text) : "";
}

#endif
