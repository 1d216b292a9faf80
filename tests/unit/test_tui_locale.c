/* Language and characters from an environment of any kind, on machines without the locale. */
#include "tui/intl.h"
#include "tui/locale.h"
#include "tui/memory.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

static char folder[] = "/tmp/atrium-locale-XXXXXX";

/* A catalogue in gettext's binary form: the header and one message. */
static void write_catalogue(const char *path)
{
    static const char header[] = "Content-Type: text/plain; charset=UTF-8\n";
    static const char word[] = "member", translated[] = "会员";
    unsigned n = 7 * 4, ids = n, strings = n + 16, data = n + 32;
    unsigned table[15] = {0x950412de, 0, 2, ids, strings, 0, 0};
    table[7] = 0, table[8] = data;
    table[9] = sizeof word - 1, table[10] = data + 1;
    table[11] = sizeof header - 1, table[12] = data + 1 + sizeof word;
    table[13] = sizeof translated - 1, table[14] = table[12] + sizeof header;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fwrite(table, 4, 15, file);
    fputc(0, file);
    fwrite(word, 1, sizeof word, file);
    fwrite(header, 1, sizeof header, file);
    fwrite(translated, 1, sizeof translated, file);
    fclose(file);
}

static int make_folder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    char *path = tui_printf("mkdir -p %s/zh_CN/LC_MESSAGES", folder);
    assert_int_equal(system(path), 0);
    free(path);
    path = tui_printf("%s/zh_CN/LC_MESSAGES/words.mo", folder);
    write_catalogue(path);
    free(path);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    char *command = tui_printf("rm -r %s", folder);
    int status = system(command);
    free(command);
    return status;
}

static void test_language(void **state)
{
    (void)state;
    static const char *const names[] = {"ATRIUM_LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};
    static const struct {
        const char *values[5], *language, *word;
    } cases[] = {
        {{NULL, NULL, NULL, NULL, NULL}, "en", "member"},
        {{NULL, NULL, NULL, NULL, "zh_CN.UTF-8"}, "zh_CN", "会员"},
        {{NULL, NULL, NULL, NULL, "zh_CN.GB18030"}, "zh_CN", "会员"},
        {{NULL, NULL, NULL, "zh_CN.UTF-8", "en_US.UTF-8"}, "zh_CN", "会员"},
        {{NULL, NULL, "C", NULL, "zh_CN.UTF-8"}, "en", "member"},
        {{NULL, "zh_CN:en", NULL, NULL, "de_DE.UTF-8"}, "zh_CN", "会员"},
        {{"en", "zh_CN", NULL, NULL, "zh_CN.UTF-8"}, "en", "member"},
        {{"zh_CN", NULL, "POSIX", NULL, NULL}, "zh_CN", "会员"},
        {{"../../etc", NULL, NULL, NULL, NULL}, "en", "member"},
        {{NULL, NULL, NULL, NULL, "xx_YY.UTF-8"}, "xx_YY", "member"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t k = 0; k < 5; k++)
            if (cases[i].values[k])
                setenv(names[k], cases[i].values[k], 1);
            else
                unsetenv(names[k]);
        assert_true(locale_start("words", folder, NULL));
        assert_string_equal(locale_language(), cases[i].language);
        assert_string_equal(_("member"), cases[i].word);
        assert_int_equal(wcwidth(0x4E2D), 2); /* characters are UTF-8 in every case */
        char number[16];
        snprintf(number, sizeof number, "%.1f", 1.5);
        assert_string_equal(number, "1.5");
    }
}

static void test_language_changes_while_running(void **state)
{
    (void)state;
    assert_true(locale_start("words", folder, NULL));
    locale_set_language("zh_CN");
    assert_string_equal(_("member"), "会员");
    locale_set_language("en");
    assert_string_equal(_("member"), "member");
    locale_set_language("zh_CN");
    assert_string_equal(_("member"), "会员");
    assert_string_equal(text_translated(""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_language),
        cmocka_unit_test(test_language_changes_while_running),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
