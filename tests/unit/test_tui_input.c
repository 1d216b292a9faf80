/* Bytes of terminals to keys: every dialect, replies, cuts at any place, and noise. */
#include "tui/input.h"
#include "tui/locale.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The keys that bytes make, as names between spaces; "late" at the end of them. */
static char *decode(const char *bytes, size_t n, size_t part)
{
    struct input input = {0};
    char *text = NULL, name[32];
    size_t length;
    FILE *out = open_memstream(&text, &length);
    uint32_t key;
    for (size_t at = 0; at < n; at += part) {
        input_add(&input, bytes + at, n - at < part ? n - at : part);
        while ((key = input_key(&input, false)) != 0)
            fprintf(out, "%s ", key_name(key, name));
    }
    while ((key = input_key(&input, true)) != 0)
        fprintf(out, "%s ", key_name(key, name));
    assert_int_equal(input_patience(&input), -1);
    fclose(out);
    input_free(&input);
    return text;
}

static void test_dialects(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *keys;
    } cases[] = {
        {"abc", "a b c "},
        {"\r\t\x7f\b", "Enter Tab Backspace Backspace "},
        {"\x01\x1a\x1c", "Ctrl-a Ctrl-z Ctrl-\\ "},
        {"中é", "中 é "},
        {"\x1b", "Esc "},
        {"\x1b\x1b", "Esc Esc "},
        {"\x1bx\x1b中\x1b\r", "Alt-x Alt-中 Alt-Enter "},
        {"\x1b[", "Alt-[ "},
        {"\x1bO", "Alt-O "},
        {"\x1b[A\x1bOB\x1b[C", "Up Down Right "},
        {"\x1b[1;5D\x1b[1;3A\x1b[1;2B\x1b[1;7H", "Ctrl-Left Alt-Up Down Ctrl-Alt-Home "},
        {"\x1b[1~\x1b[4~\x1b[7~\x1b[8~\x1b[H\x1bOF", "Home End Home End Home End "},
        {"\x1b[2~\x1b[3~\x1b[5~\x1b[6~\x1b[3;5~", "Insert Delete PgUp PgDn Ctrl-Delete "},
        {"\x1bOP\x1b[11~\x1b[[A\x1b[15~\x1b[24~\x1b[1;5P", "F1 F1 F1 F5 F12 Ctrl-F1 "},
        {"\x1bOa\x1b[5^\x1bO5C", "Ctrl-Up Ctrl-PgUp Ctrl-Right "},
        {"\x1b[Z\x1b[1;2Z", "Shift-Tab Shift-Tab "},
        {"\x1b[97;5u\x1b[27;5;98~\x1b[13;2u\x1b[97;2u", "Ctrl-a Ctrl-b Enter A "},
        {"\x1b[<0;3;4M\x1b[<0;3;4m\x1b[<35;3;4M\x1b[<64;1;1M", "Mouse Mouse Mouse "},
        {"\x1b[M !!q", "Mouse q "},
        /* replies and reports are nobody's keys */
        {"\x1b[?62;1;2cq", "q "},
        {"\x1b[24;80Rq", "q "},
        {"\x1b[I\x1b[Oq", "q "},
        {"\x1b]11;rgb:0000/0000/0000\x1b\\q", "q "},
        {"\x1b]0;title\aq", "q "},
        {"\x1bP1+r544e=78\x1b\\q", "q "},
        {"\x1b_Gi=1;OK\x1b\\q", "q "},
        {"\x1b[12\x1b[Aq", "Up q "},    /* a sequence that broke off */
        {"\xff\xc3q\xe4\xb8q", "q q "}, /* ill-formed */
        {"\xc2\x9bq", "q "},
        {"\x1b[200~a\x1b[Ab\x1b[201~q", "Paste q "},
        {"\x1b[200~never ends", "Paste "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *keys = decode(cases[i].bytes, strlen(cases[i].bytes), 1000);
        assert_string_equal(keys, cases[i].keys);
        free(keys);
    }
}

static void test_a_long_sequence_is_swallowed(void **state)
{
    (void)state;
    char bytes[300] = "\x1b[";
    memset(bytes + 2, '1', 250);
    memcpy(bytes + 252, "zq", 3);
    char *keys = decode(bytes, strlen(bytes), 1000);
    assert_string_equal(keys, "q ");
    free(keys);
}

/* However the line cuts the bytes, the keys are the same. */
static void test_cuts_change_nothing(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a",
                                         "中",
                                         "\x1b[A",
                                         "\x1bOP",
                                         "\x1b[1;5D",
                                         "\x1b[<0;3;4M",
                                         "\x1b[200~pa\nste中\x1b[201~",
                                         "\x1b]0;t\a",
                                         "\x1bx",
                                         "\r",
                                         "\x1b[?1;2c",
                                         "\x1b[M !!",
                                         "👍"};
    srandom(3);
    for (int round = 0; round < 300; round++) {
        char bytes[1024] = "";
        for (int i = 0; i < 12; i++)
            strcat(bytes, pieces[(size_t)random() % 13]); /* lint: bounded, 12 short pieces */
        char *whole = decode(bytes, strlen(bytes), 1024);
        char *cut = decode(bytes, strlen(bytes), 1 + (size_t)random() % 5);
        assert_string_equal(cut, whole);
        free(whole);
        free(cut);
    }
}

static void test_noise(void **state)
{
    (void)state;
    static const char likely[] = "\x1b[O;?<01~uMmA]P\\\a\x80\xe4";
    srandom(9);
    for (int round = 0; round < 2000; round++) {
        struct input input = {0};
        for (int i = 0; i < 20; i++) {
            char bytes[16];
            for (size_t k = 0; k < sizeof bytes; k++)
                bytes[k] =
                    random() % 3 ? likely[(size_t)random() % (sizeof likely - 1)] : (char)random();
            input_add(&input, bytes, sizeof bytes);
            for (uint32_t key; (key = input_key(&input, i % 4 == 0)) != 0;) {
                uint32_t plain = key & ~(uint32_t)(KEYS_CTRL | KEYS_ALT);
                assert_true(plain < 0x110000 || (plain > KEYS_BASE && plain < KEYS_END_OF_KEYS));
            }
        }
        while (input_key(&input, true))
            ;
        assert_int_equal(input_patience(&input), -1);
        input_free(&input);
    }
}

int main(void)
{
    locale_start("atrium", NULL, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dialects),
        cmocka_unit_test(test_a_long_sequence_is_swallowed),
        cmocka_unit_test(test_cuts_change_nothing),
        cmocka_unit_test(test_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
