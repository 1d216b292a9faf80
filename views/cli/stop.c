#include "views/cli/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

atomic_bool stop_asked;
static int wake[2] = {-1, -1};

static void on_signal(int number)
{
    int cause = errno;
    (void)number;
    atomic_store(&stop_asked, true);
    if (write(wake[1], "", 1) < 0)
        errno = 0; /* it is full: whoever reads it wakes anyway */
    errno = cause;
}

enum status stop_take(struct error *err)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return error_set(err, ST_REFUSED, "no pipe can be made: %s", strerror(errno));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &(struct sigaction){.sa_handler = on_signal}, NULL);
    signal(SIGPIPE, SIG_IGN);
    return ST_OK;
}

int stop_wake(void)
{
    return wake[0];
}
