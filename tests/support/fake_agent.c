#include "tests/support/fake_agent.h"

#include <libssh/libssh.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { DRIP_MS = 100 };

static struct {
    enum agent_conduct conduct;
    int listener, stop[2];
    pthread_t thread;
    unsigned char key[512]; /* as the protocol has it */
    size_t key_n;
    atomic_int questions;
} fake;

static pid_t real;

/* A list of the agent's keys that libssh loses (doc/fleet.md, traps). Whose it is can be seen only
 * where whole stacks are kept, as libssh is built without frame pointers. */
#if LIBSSH_VERSION_INT < SSH_VERSION_INT(0, 11, 0)
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:ssh_userauth_agent\n";
}

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "fast_unwind_on_malloc=0";
}
#endif

/* ---- What it says ---- */

/* False: the test ends, or the other side is gone. */
static bool wait_for(int fd, int ms)
{
    struct pollfd fds[2] = {{.fd = fake.stop[0], .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    poll(fds, fd < 0 ? 1 : 2, ms);
    return !(fds[0].revents & POLLIN);
}

static bool take(int fd, unsigned char *bytes, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = wait_for(fd, -1) ? recv(fd, bytes + at, n - at, 0) : -1;
        if (got <= 0)
            return false;
        at += (size_t)got;
    }
    return true;
}

static size_t put_number(unsigned char *to, size_t number)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(number >> (24 - 8 * i));
    return 4;
}

static size_t put_text(unsigned char *to, const void *text, size_t n)
{
    memcpy(to + put_number(to, n), text, n);
    return n + 4;
}

/* The list of its keys, with the type and the length before it. */
static size_t list_put(unsigned char *to, bool other)
{
    size_t at = 4, n = fake.conduct == HAS_NO_KEY ? 0 : 1;
    to[at++] = 12;
    at += put_number(to + at, n);
    if (n)
        at += put_text(to + at, fake.key, fake.key_n);
    if (n && other)
        to[at - 1] ^= 1; /* another point: another key, or none */
    if (n)
        at += put_text(to + at, "test", 4);
    put_number(to, at - 4);
    return at;
}

static void drip(int fd, const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n && wait_for(-1, DRIP_MS); i++)
        send(fd, bytes + i, 1, MSG_NOSIGNAL);
}

/* False: the conversation ends. */
static bool answer(int fd, int type)
{
    unsigned char bytes[1024] = {0};
    bool keys = type == 11;
    size_t n = 0;
    atomic_fetch_add(&fake.questions, 1);
    switch (fake.conduct) {
    case ANSWERS_NOTHING:
        return true;
    case ANSWERS_BY_DRIPS:
        drip(fd, bytes, list_put(bytes, false));
        return true;
    case ANSWERS_GARBAGE:
        n = put_number(bytes, 3) + 3;
        memcpy(bytes + 4, "\x63\x1b]", 3);
        break;
    case ANSWERS_TOO_LONG:
        n = put_number(bytes, 0x7FFFFFFF);
        break;
    case ANSWERS_CUT_KEYS:
        n = list_put(bytes, false);
        put_number(bytes + 5, 2); /* a second one that is not there */
        break;
    case SIGNS_NOTHING:
    case ENDS_WHILE_SIGNING:
    case REFUSES_TO_SIGN:
        if (keys) {
            n = list_put(bytes, false);
            break;
        }
        if (fake.conduct == SIGNS_NOTHING)
            return true;
        if (fake.conduct == ENDS_WHILE_SIGNING)
            return false;
        n = put_number(bytes, 1) + 1;
        bytes[4] = 5;
        break;
    default:
        n = list_put(bytes, fake.conduct == HAS_KEYS_OF_OTHERS);
    }
    send(fd, bytes, n, MSG_NOSIGNAL);
    return true;
}

static void *fake_run(void *context)
{
    (void)context;
    while (wait_for(fake.listener, -1)) {
        int fd = accept(fake.listener, NULL, NULL);
        unsigned char head[5], rest[4096];
        bool more = fd >= 0;
        while (more && take(fd, head, 5)) {
            size_t n = ((size_t)head[2] << 8 | head[3]) - 1;
            more = n < sizeof rest && take(fd, rest, n) && answer(fd, head[4]);
        }
        if (fd >= 0)
            close(fd);
    }
    return NULL;
}

/* ---- Its beginning and end ---- */

static int letter_value(int c)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(letters, c) : NULL;
    return at ? (int)(at - letters) : -1;
}

static void key_read(const char *path)
{
    char line[512] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    fake.key_n = 0;
    uint32_t bits = 0;
    int n = 0;
    for (const char *at = strchr(line, ' ') + 1; letter_value(*at) >= 0; at++) {
        bits = bits << 6 | (uint32_t)letter_value(*at);
        n += 6;
        if (n >= 8)
            fake.key[fake.key_n++] = (unsigned char)(bits >> (n -= 8));
    }
}

void fake_agent_start(const char *path, enum agent_conduct conduct, const char *public_key)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    unlink(path);
    key_read(public_key);
    fake.conduct = conduct;
    atomic_store(&fake.questions, 0);
    fake.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fake.listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fake.listener, 4), 0);
    assert_int_equal(pipe(fake.stop), 0);
    assert_int_equal(pthread_create(&fake.thread, NULL, fake_run, NULL), 0);
}

void fake_agent_stop(void)
{
    assert_int_equal(write(fake.stop[1], "x", 1), 1);
    pthread_join(fake.thread, NULL);
    close(fake.listener);
    close(fake.stop[0]);
    close(fake.stop[1]);
}

int fake_agent_questions(void)
{
    return atomic_load(&fake.questions);
}

/* ---- The real one ---- */

static const char real_agent[] = "/usr/bin/ssh-agent";

bool real_agent_there(void)
{
    return access(real_agent, X_OK) == 0;
}

void real_agent_start(const char *path)
{
    unlink(path);
    real = fork();
    if (real == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        execl(real_agent, "ssh-agent", "-D", "-a", path, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 1000 && access(path, F_OK) != 0; i++)
        poll(NULL, 0, 10);
}

void real_agent_stop(void)
{
    kill(real, SIGTERM);
    waitpid(real, NULL, 0);
}
