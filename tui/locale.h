/*
 * Locale: characters are UTF-8 whatever is installed on the machine, numbers are written the same
 * everywhere (LC_NUMERIC stays C), and the language is the user's, also where no such locale was
 * generated.
 */
#ifndef ATRIUM_TUI_LOCALE_H
#define ATRIUM_TUI_LOCALE_H

#include <stdbool.h>

/*
 * Call once, before other threads start. Translations of `domain` ("atrium") are looked for in
 * `folder`/LANGUAGE/LC_MESSAGES/domain.mo; NULL: in "locale" beside the program (a build), in
 * "../share/locale" from it (installed), then in `prefix`/share/locale. False when the machine has
 * no UTF-8 characters at all, not even C.UTF-8.
 */
bool locale_start(const char *domain, const char *folder, const char *prefix);

/* The language in force as the environment wants it: ATRIUM_LANG, else LANGUAGE, LC_ALL,
 * LC_MESSAGES, LANG: "zh_CN", "en"; "en" when none is named. Static. */
const char *locale_language(void);

/* Changes the language ("zh_CN", "en"), also while running; the caller redraws. */
void locale_set_language(const char *language);

#endif
