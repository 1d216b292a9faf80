#include "tui/locale.h"

#include <langinfo.h>
#include <libintl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    char domain[32];
    char language[64];
} chosen = {.language = "en"};

static bool characters_are_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* The user's own first: it may know widths of newer characters. */
static bool start_characters(void)
{
    static const char *const names[] = {"", "C.UTF-8", "C.utf8", "en_US.UTF-8", "zh_CN.UTF-8"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (setlocale(LC_CTYPE, names[i]) && characters_are_utf8())
            return true;
    return false;
}

/* The folder of the running program, with `name` after it. */
static bool beside_program(const char *name, char path[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (n <= 0)
        return false;
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash || (size_t)(slash - path) + strlen(name) + 2 > PATH_MAX)
        return false;
    memcpy(slash + 1, name, strlen(name) + 1);
    return access(path, R_OK) == 0;
}

/* "zh_CN.UTF-8@x" to "zh_CN"; of LANGUAGE's list "zh_CN:en" the first. "C" and "POSIX" mean
 * English.
 */
static void choose(const char *value)
{
    size_t n = strcspn(value, ".@:");
    if (n >= sizeof chosen.language)
        n = 0;
    memcpy(chosen.language, value, n);
    chosen.language[n] = '\0';
    for (size_t i = 0; i < n; i++) /* it becomes part of a path */
        if (strchr("/%\\", chosen.language[i]))
            chosen.language[0] = '\0';
    if (!chosen.language[0] || strcmp(chosen.language, "C") == 0 ||
        strcmp(chosen.language, "POSIX") == 0)
        memcpy(chosen.language, "en", 3);
}

/* gettext follows LANGUAGE whenever the locale of messages is not plain "C"; C.UTF-8 is not. */
void locale_set_language(const char *language)
{
    choose(language);
    bool english = strncmp(chosen.language, "en", 2) == 0 &&
                   (chosen.language[2] == '\0' || chosen.language[2] == '_');
    setenv("LANGUAGE", chosen.language, 1);
    if (english || !(setlocale(LC_MESSAGES, "C.UTF-8") || setlocale(LC_MESSAGES, "C.utf8")))
        setlocale(LC_MESSAGES, "C");
    textdomain(chosen.domain[0] ? chosen.domain : NULL); /* forgets what was looked up before */
}

bool locale_start(const char *domain, const char *folder, const char *prefix)
{
    setlocale(LC_ALL, "C");
    bool utf8 = start_characters();
    snprintf(chosen.domain, sizeof chosen.domain, "%s", domain);
    char path[PATH_MAX];
    if (folder)
        bindtextdomain(domain, folder);
    else if (beside_program("locale", path) || beside_program("../share/locale", path))
        bindtextdomain(domain, path);
    else if (snprintf(path, sizeof path, "%s/share/locale", prefix ? prefix : "/usr") > 0)
        bindtextdomain(domain, path);
    bind_textdomain_codeset(domain, "UTF-8");
    static const char *const variables[] = {"ATRIUM_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES",
                                            "LANG"};
    const char *wanted = "en";
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value) {
            wanted = value;
            break;
        }
    }
    locale_set_language(wanted);
    return utf8;
}

const char *locale_language(void)
{
    return chosen.language;
}
