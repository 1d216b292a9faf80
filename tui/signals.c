#include "tui/signals.h"

#include "tui/screen.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What ends the program first, so that a stop never hides it. */
static const int caught[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};
enum { N_CAUGHT = sizeof caught / sizeof *caught, N_ENDING = 4, GRACE_SECONDS = 2 };

/* Any thread may be the one that a signal interrupts. */
static atomic_bool came[N_CAUGHT];
static struct sigaction before[N_CAUGHT], pipe_before, alarm_before;
static atomic_int wake = -1;

/* The loop did not take a demand to end in time, so something in it is stuck: leave from here, as
 * if nobody had caught the signal. One signal often comes twice (from the kernel and the shell), so
 * only time tells. */
static void on_alarm(int alarm)
{
    (void)alarm;
    int number = SIGTERM;
    for (int i = 0; i < N_ENDING; i++)
        if (came[i])
            number = caught[i];
    screen_restore_now();
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(number, &action, NULL);
    sigset_t open;
    sigemptyset(&open);
    sigaddset(&open, number);
    pthread_sigmask(SIG_UNBLOCK, &open, NULL);
    raise(number);
}

static void on_signal(int number)
{
    int error = errno;
    for (int i = 0; i < N_CAUGHT; i++) {
        if (caught[i] != number)
            continue;
        if (!atomic_exchange(&came[i], true) && i < N_ENDING)
            alarm(GRACE_SECONDS);
    }
    eventfd_write(wake, 1);
    errno = error;
}

static void on_pipe(int number)
{
    (void)number; /* the write fails with EPIPE, which is handled where it happens */
}

void signals_catch(void)
{
    wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    for (int i = 0; i < N_CAUGHT; i++) {
        came[i] = false;
        sigaction(caught[i], &action, &before[i]);
    }
    action.sa_handler = on_alarm;
    sigaction(SIGALRM, &action, &alarm_before);
    action.sa_handler = on_pipe;
    sigaction(SIGPIPE, &action, &pipe_before);
}

void signals_release(void)
{
    for (int i = 0; i < N_CAUGHT; i++)
        sigaction(caught[i], &before[i], NULL);
    alarm(0);
    sigaction(SIGALRM, &alarm_before, NULL);
    sigaction(SIGPIPE, &pipe_before, NULL);
    close(wake);
    wake = -1;
}

int signals_fd(void)
{
    return wake;
}

int signals_next(void)
{
    eventfd_t count;
    eventfd_read(wake, &count);
    for (int i = 0; i < N_CAUGHT; i++)
        if (atomic_exchange(&came[i], false)) {
            if (i < N_ENDING)
                alarm(0);
            return caught[i];
        }
    return 0;
}

void signals_stop(void)
{
    struct sigaction stop = {.sa_handler = SIG_DFL}, ours, ours_cont;
    sigaction(SIGTSTP, &stop, &ours);
    sigaction(SIGCONT, &stop, &ours_cont);
    kill(0, SIGTSTP);
    sigaction(SIGTSTP, &ours, NULL);
    sigaction(SIGCONT, &ours_cont, NULL);
}
