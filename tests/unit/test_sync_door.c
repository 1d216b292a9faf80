/* The hub's door: which keys are taken, how the line of authorized_keys is quoted, who comes in. */
#include "model/sync/door.h"
#include "model/sync/upkeep.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ED "AAAAC3NzaC1lZDI1NTE5AAAAIAuKjUuok6xsg7RkxalFTh8Y0iD4GR5UJbEa009lR+r/"

static const char *const public_keys[] = {
    "ssh-ed25519 " ED " liu@desk\n",
    "  ssh-ed25519 " ED,
    "ssh-ed25519\t" ED "\tliu\r\n\r\n",
};

static void test_keys(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct error err = {0};
    struct door_key key;
    for (size_t i = 0; i < sizeof public_keys / sizeof *public_keys; i++) {
        assert_ok(
            door_key_read(arena, "a.pub", public_keys[i], strlen(public_keys[i]), &key, &err));
        assert_string_equal(key.type, "ssh-ed25519");
        assert_string_equal(key.base64, ED);
        assert_int_equal(strncmp(key.fingerprint, "SHA256:", 7), 0);
    }
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "nothing"},
        {"ssh-ed25519", "one word"},
        {"ssh-ed25519 AAAA", "damaged"},
        {"ssh-rsa " ED, "damaged"},
        {"ssh-dss AAAAB3NzaC1kc3MAAACBAP", "ssh-dss"},
        {"no-pty ssh-ed25519 " ED, "no-pty"},
        {"command=\"sh\" ssh-ed25519 " ED, "command="},
        {"ssh-ed25519 " ED " a\nssh-ed25519 " ED " b\n", "several lines"},
        {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n", "private key"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        enum status status =
            door_key_read(arena, "a.pub", bad[i].text, strlen(bad[i].text), &key, &err);
        if (status != ST_REFUSED || !strstr(error_text(&err), bad[i].says))
            fail_msg("%s: %s", bad[i].text, error_text(&err));
    }
    assert_int_equal(door_key_read(arena, "a", "a\0b", 3, &key, &err), ST_REFUSED);
    error_clear(&err);
    arena_free(arena);
}

/* What sshd makes of the quoted command, and what the shell makes of that. */
static char *sshd_reads(struct arena *arena, const char *line)
{
    const char *at = strstr(line, "command=\"") + strlen("command=\"");
    char *out = arena_alloc(arena, strlen(at) + 1), *to = out;
    for (; *at != '"'; at++) {
        if (at[0] == '\\' && at[1] == '"')
            at++;
        *to++ = *at;
    }
    return out;
}

static void test_line(void **state)
{
    (void)state;
    static const char *const malls[] = {
        "/srv/mall/joy city.mall",
        "/srv/it's \"the\" $(mall) `x` ;rm -rf \\ &",
        "/srv/a\\\"b",
        "/srv/朝阳.mall",
        "/srv/-m",
        "/srv/ends\\",
    };
    struct arena *arena = arena_new();
    struct error err = {0};
    struct door_key key;
    const char *line;
    assert_ok(door_key_read(arena, "a.pub", public_keys[0], strlen(public_keys[0]), &key, &err));
    assert_ok(door_line(arena, "/usr/bin/atrium", "/srv/a.mall", "liu", &key, &line, &err));
    assert_string_equal(line, "restrict,command=\"'/usr/bin/atrium' -m '/srv/a.mall' serve "
                              "--principal 'liu'\" ssh-ed25519 " ED " liu");
    for (size_t i = 0; i < sizeof malls / sizeof *malls; i++) {
        assert_ok(door_line(arena, "/bin/printf", malls[i], "liu", &key, &line, &err));
        const char *command = sshd_reads(arena, line);
        assert_int_equal(strncmp(command, "'/bin/printf' -m ", 17), 0);
        /* The shell gives each word as it was. */
        const char *shell =
            arena_printf(arena, "for w in %s; do printf '%%s\\n' \"$w\"; done", command + 17);
        const char *const argv[] = {"/bin/sh", "-c", shell, NULL};
        struct run_result result = run_program(argv, NULL);
        assert_string_equal(result.out,
                            arena_printf(arena, "%s\nserve\n--principal\nliu\n", malls[i]));
        run_result_free(&result);
    }
    static const char *const bad[] = {"a.mall", "", "/srv/a\nb", "/srv/\x1b[2J", "/a\tb", "/\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(door_line(arena, "/bin/atrium", bad[i], "liu", &key, &line, &err),
                         ST_REFUSED);
    static const char *const names[] = {"", "-liu", "li u", "liu'", "刘", "a/b", "a\nb", ".."};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(door_name_check(names[i], &err), ST_REFUSED);
    char longest[DOOR_NAME_MOST + 2];
    memset(longest, 'a', sizeof longest);
    longest[DOOR_NAME_MOST + 1] = 0;
    assert_int_equal(door_name_check(longest, &err), ST_REFUSED);
    longest[DOOR_NAME_MOST] = 0;
    assert_ok(door_name_check(longest, &err));
    error_clear(&err);
    arena_free(arena);
}

static void test_admit(void **state)
{
    (void)state;
    struct temp_mall temp = temp_mall_new();
    struct arena *arena = arena_new();
    struct error err = {0};
    struct access admin = {.principal = "root", .rights = roles[ACCESS_ADMIN].rights};
    struct access nobody = {.principal = "wang", .rights = roles[ACCESS_MANAGER].rights};
    struct door_key key = {"ssh-ed25519", ED, "SHA256:one"}, other = key;
    struct sheet *sheet;
    bool made;
    assert_int_equal(door_admit(temp.writer, &nobody, "liu", "analyst", &key, &made, &err),
                     ST_DENIED);
    assert_int_equal(door_admit(temp.writer, &admin, "liu", "king", &key, &made, &err), ST_REFUSED);
    assert_int_equal(door_check(temp.reader, "liu", &err), ST_DENIED);
    assert_ok(door_admit(temp.writer, &admin, "liu", "analyst", &key, &made, &err));
    assert_true(made);
    assert_ok(door_check(temp.reader, "liu", &err));
    assert_int_equal(door_admit(temp.writer, &admin, "chen", "analyst", &key, &made, &err),
                     ST_CONFLICT);
    assert_non_null(strstr(error_text(&err), "liu"));
    other.fingerprint = "SHA256:two";
    assert_ok(door_admit(temp.writer, &admin, "liu", "operator", &other, &made, &err));
    assert_false(made);
    assert_ok(upkeep_list(temp.reader, &admin, 1700000000, arena, &sheet, &err));
    assert_int_equal(sheet->n_rows, 1);
    assert_string_equal(sheet->cells[1].text, "operator");
    assert_string_equal(sheet->cells[UPKEEP_KEY].text, "SHA256:two");
    assert_int_equal(upkeep_list(temp.reader, &nobody, 1700000000, arena, &sheet, &err), ST_DENIED);
    assert_int_equal(door_revoke(temp.writer, &nobody, "liu", &err), ST_DENIED);
    assert_ok(door_revoke(temp.writer, &admin, "liu", &err));
    assert_int_equal(door_check(temp.reader, "liu", &err), ST_DENIED);
    assert_int_not_equal(door_revoke(temp.writer, &admin, "liu", &err), ST_OK);
    error_clear(&err);
    arena_free(arena);
    temp_mall_free(&temp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_admit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
