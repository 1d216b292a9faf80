/* Other processes on the test terminal: what they show, and how they end. */
#include "tests/support/vterm_parts.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

pid_t vt_spawn(struct vt *vt, int (*child)(int fd, void *context), void *context)
{
    fflush(NULL);
    vt->child = fork();
    assert_true(vt->child >= 0);
    if (vt->child == 0) {
        close(vt->master);
        login_tty(vt->slave);
        _exit(child(STDIN_FILENO, context));
    }
    close(vt->slave);
    vt->slave = -1;
    return vt->child;
}

static int run_program(int fd, void *context)
{
    (void)fd;
    char *const *argv = context;
    execv(argv[0], argv);
    return 127;
}

/* Passes on what happens to the job, and waits for it to end. */
static void lead(int events, pid_t job)
{
    int status = 0;
    if (write(events, &job, sizeof job) != sizeof job)
        _exit(1);
    do {
        if (waitpid(job, &status, WUNTRACED) != job ||
            write(events, &status, sizeof status) != sizeof status)
            _exit(1);
    } while (WIFSTOPPED(status));
    _exit(0);
}

/* A stop is only possible where somebody of the session, outside of the process group, could
 * continue it: a session leader stands between, as a shell does. */
pid_t vt_spawn_job(struct vt *vt, int (*child)(int fd, void *context), void *context)
{
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    fflush(NULL);
    vt->leader = fork();
    assert_true(vt->leader >= 0);
    if (vt->leader == 0) {
        close(vt->master);
        login_tty(vt->slave);
        pid_t job = fork();
        if (job != 0)
            lead(fds[1], job);
        setpgid(0, 0);
        signal(SIGTTOU, SIG_IGN);
        tcsetpgrp(STDIN_FILENO, getpid());
        signal(SIGTTOU, SIG_DFL);
        close(fds[0]);
        close(fds[1]);
        _exit(child(STDIN_FILENO, context));
    }
    close(fds[1]);
    close(vt->slave);
    vt->slave = -1;
    vt->events = fds[0];
    assert_int_equal(read(vt->events, &vt->child, sizeof vt->child), sizeof vt->child);
    return vt->child;
}

pid_t vt_child(const struct vt *vt)
{
    return vt->child;
}

void vt_forget_child(struct vt *vt)
{
    vt->child = 0;
}

int vt_master(const struct vt *vt)
{
    return vt->master;
}

void vt_pump(struct vt *vt, int ms)
{
    vt_take_output(vt, ms);
}

void vt_wait_raw(struct vt *vt, const char *bytes)
{
    int64_t until = vt_now_ms() + PATIENCE_MS;
    for (;;) {
        size_t n;
        const char *raw = vt_raw(vt, &n);
        if (memmem(raw, n, bytes, strlen(bytes)))
            return;
        vt_take_output(vt, 100);
        if (vt_now_ms() > until)
            fail_msg("'%s' did not come:\n%s", bytes, vt_text(vt));
    }
}

/* True when the child's state changed, as waitpid tells. */
static bool child_changed(struct vt *vt, int *status)
{
    if (!vt->leader)
        return waitpid(vt->child, status, WNOHANG | WUNTRACED) == vt->child;
    struct pollfd ready = {.fd = vt->events, .events = POLLIN};
    return poll(&ready, 1, 0) > 0 && read(vt->events, status, sizeof *status) == sizeof *status;
}

void vt_wait_stop(struct vt *vt)
{
    int64_t until = vt_now_ms() + PATIENCE_MS;
    int status = 0;
    while (!child_changed(vt, &status)) {
        vt_take_output(vt, 10);
        if (vt_now_ms() > until)
            fail_msg("the program did not stop:\n%s", vt_text(vt));
    }
    if (!WIFSTOPPED(status))
        fail_msg("the program ended instead of stopping: %d", status);
    while (vt_take_output(vt, 20))
        ;
}

int vt_hang_up(struct vt *vt)
{
    close(vt->master);
    vt->master = -1;
    vt->hung_up = true;
    return vt_wait_exit(vt);
}

pid_t vt_spawn_program(struct vt *vt, const char *const *argv)
{
    return vt_spawn(vt, run_program, (void *)argv);
}

void vt_wait_for(struct vt *vt, const char *text)
{
    int64_t until = vt_now_ms() + PATIENCE_MS;
    while (!vt_shows(vt, text)) {
        vt_take_output(vt, 100);
        if (vt_now_ms() > until || (vt->hung_up && !vt_shows(vt, text)))
            fail_msg("'%s' did not appear:\n%s", text, vt_text(vt));
    }
}

int vt_wait_exit(struct vt *vt)
{
    int64_t until = vt_now_ms() + PATIENCE_MS;
    int status = 0;
    for (;;) {
        vt_take_output(vt, 10);
        if (child_changed(vt, &status) && !WIFSTOPPED(status))
            break;
        if (vt_now_ms() > until)
            fail_msg("the program did not end:\n%s", vt_text(vt));
    }
    while (vt_take_output(vt, 50))
        ;
    vt->child = 0;
    return status;
}
