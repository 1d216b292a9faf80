/*
 * Fuzzing the line of authorized_keys: whatever program, mall file, name and key an administrator
 * gives, the line is refused, or sshd and then a shell read it back as exactly those words. Both
 * are written here once more, from their manuals. Four texts with a zero byte between them.
 */
#include "model/sync/door.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void wrong(const char *what, const char *line)
{
    fprintf(stderr, "%s: %s\n", what, line);
    abort();
}

/* sshd(8): options are commas apart, a "…" goes on to the next one that has no \ before it, and in
 * it \" is read as ". Returns what stands behind it. */
static const char *option_read(const char *line, char *command)
{
    static const char begin[] = "restrict,command=\"";
    const char *at = line + sizeof begin - 1;
    if (strncmp(line, begin, sizeof begin - 1) != 0)
        wrong("it does not restrict", line);
    for (; *at && *at != '"'; at++) {
        if (at[0] == '\\' && at[1] == '"')
            at++;
        *command++ = *at;
    }
    *command = 0;
    if (*at != '"')
        wrong("the command has no end", line);
    return at + 1;
}

/* The shell's words: '…', \c outside of quotes, blanks between; anything else that means something
 * to a shell must not be there. */
static size_t words_read(const char *command, char words[][4096], size_t most)
{
    size_t n = 0;
    while (*command) {
        char *to = words[n];
        if (n == most)
            wrong("too many words", command);
        for (; *command && *command != ' '; command++) {
            if (*command == '\'') {
                for (command++; *command && *command != '\''; command++)
                    *to++ = *command;
                if (!*command)
                    wrong("a quote has no end", words[n]);
            } else if (*command == '\\' && command[1]) {
                *to++ = *++command;
            } else if (strchr("$`\"|&;<>()*?[]#~!{}\t\n\\", *command)) {
                wrong("the shell reads this as something else", command);
            } else {
                *to++ = *command;
            }
        }
        *to = 0;
        n++;
        while (*command == ' ')
            command++;
    }
    return n;
}

static void line_check(const char *line, const char *const words[3], const struct door_key *key)
{
    static char command[65536], is[16][4096];
    const char *must[] = {words[0], "-m", words[1], "serve", "--principal", words[2]};
    if (strpbrk(line, "\n\r") || strlen(line) >= sizeof command)
        wrong("more than a line", line);
    const char *rest = option_read(line, command);
    size_t n = words_read(command, is, 16);
    if (n != 6)
        wrong("not six words", command);
    for (size_t i = 0; i < 6; i++)
        if (strcmp(is[i], must[i]) != 0)
            wrong(must[i], line);
    char *tail = mem_printf(" %s %s %s", key->type, key->base64, words[2]);
    if (strcmp(tail, rest) != 0 || strchr(key->type, ' ') || strchr(key->base64, ' '))
        wrong("the key", line);
    free(tail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char usual[] = "ssh-ed25519 "
                                "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9"
                                "GKJl somebody";
    struct arena *arena = arena_new();
    struct error err = {0};
    const char *words[4] = {"", "", "", ""}, *line;
    struct door_key key;
    char *text = arena_alloc(arena, size + 1);
    if (size)
        memcpy(text, data, size);
    text[size] = 0;
    size_t n = 0, at = 0;
    for (; n < 4 && at <= size; at += strlen(text + at) + 1)
        words[n++] = text + at;
    enum status status = door_key_read(arena, "key", words[3], strlen(words[3]), &key, &err);
    if (status != ST_OK) {
        if (status != ST_REFUSED || !err.message)
            abort();
        error_clear(&err);
        if (door_key_read(arena, "key", usual, sizeof usual - 1, &key, &err) != ST_OK)
            wrong("the usual key", error_text(&err));
    }
    bool fits = strlen(words[0]) < 4000 && strlen(words[1]) < 4000;
    status = door_line(arena, words[0], words[1], words[2], &key, &line, &err);
    if (status == ST_OK && fits)
        line_check(line, words, &key);
    else if (status != ST_OK && (status != ST_REFUSED || !err.message))
        abort();
    error_clear(&err);
    arena_free(arena);
    return 0;
}
