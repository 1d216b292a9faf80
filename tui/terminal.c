#include "tui/terminal.h"

#include "tui/intl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { LAST_WORDS_MS = 200 }; /* how long a stopped terminal may hold up the way out */

static struct {
    volatile sig_atomic_t open;   /* our modes are in force */
    volatile sig_atomic_t middle; /* a frame is partly written */
    int input, output;
    bool output_is_ours; /* a description of our own, so O_NONBLOCK touches nobody else */
    int output_flags;    /* to put back where it is not */
    bool gone;
    uint64_t written;
    struct termios saved, raw;
    char enter[256], modes[64], leave[256];
} terminal;

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { N_FATAL = sizeof fatal / sizeof *fatal };
static struct sigaction fatal_before[N_FATAL];
static void *signal_stack;

const char *terminal_check(int input, int output)
{
    if (!isatty(input))
        return _("standard input is not a terminal: the console needs one; the commands of `atrium "
                 "--help` do not");
    if (!isatty(output))
        return _("standard output is not a terminal: the console needs one; the commands of "
                 "`atrium --help` do not");
    return NULL;
}

/* Restores the old handler; a real fault comes again by itself when the instruction is repeated, a
 * signal that was sent is sent again. */
static void on_fatal(int number, siginfo_t *info, void *context)
{
    (void)context;
    terminal_restore_now();
    for (int i = 0; i < N_FATAL; i++)
        if (fatal[i] == number)
            sigaction(number, &fatal_before[i], NULL);
    if (info->si_code <= 0)
        raise(number);
}

static void catch_fatal(void)
{
    /* A stack of its own, so that an overflown stack can still be reported. */
    stack_t stack = {.ss_size = 64 * 1024}, before;
    if (sigaltstack(NULL, &before) == 0 && (before.ss_flags & SS_DISABLE)) {
        stack.ss_sp = signal_stack = malloc(stack.ss_size);
        if (signal_stack)
            sigaltstack(&stack, NULL);
    }
    struct sigaction action = {.sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    for (int i = 0; i < N_FATAL; i++)
        sigaction(fatal[i], &action, &fatal_before[i]);
}

static void release_fatal(void)
{
    for (int i = 0; i < N_FATAL; i++)
        sigaction(fatal[i], &fatal_before[i], NULL);
    if (signal_stack) {
        stack_t none = {.ss_flags = SS_DISABLE};
        sigaltstack(&none, NULL);
        free(signal_stack);
        signal_stack = NULL;
    }
}

/* O_NONBLOCK belongs to the open file, which the shell and others share; so the terminal is opened
 * anew where that is allowed (not after su, for example). */
static void open_output(int output)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", output);
    int own = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    terminal.output_is_ours = own >= 0;
    terminal.output = own >= 0 ? own : output;
    terminal.output_flags = fcntl(output, F_GETFL);
}

static void output_blocks(bool blocks)
{
    if (terminal.output_is_ours || terminal.output_flags < 0)
        return;
    fcntl(terminal.output, F_SETFL,
          blocks ? terminal.output_flags : terminal.output_flags | O_NONBLOCK);
}

const char *terminal_open(int input, int output, const struct terminal_strings *strings)
{
    if (tcgetattr(input, &terminal.saved) != 0)
        return _("this terminal does not tell its modes");
    terminal.raw = terminal.saved;
    cfmakeraw(&terminal.raw);
    terminal.raw.c_cc[VMIN] = 1;
    terminal.raw.c_cc[VTIME] = 0;
    terminal.input = input;
    terminal.gone = false;
    const char *mouse_on = strings->mouse ? "\033[?1000h\033[?1006h" : "";
    const char *mouse_off = strings->mouse ? "\033[?1006l\033[?1000l" : "";
    snprintf(terminal.modes, sizeof terminal.modes, "\033[?2004h%s", mouse_on);
    snprintf(terminal.enter, sizeof terminal.enter, "%s%s", strings->enter_screen, terminal.modes);
    /* CAN ends an escape sequence that was cut. */
    snprintf(terminal.leave, sizeof terminal.leave, "\030\033[?2026l%s\033[?2004l%s%s%s", mouse_off,
             strings->plain, strings->leave_screen, strings->show_cursor);
    open_output(output);
    output_blocks(false);
    tcsetattr(input, TCSANOW, &terminal.raw);
    terminal.open = 1;
    catch_fatal();
    terminal_write(terminal.modes, strlen(terminal.modes));
    return NULL;
}

/* Writes all of it, waiting at most so long in one piece. Safe in a signal handler. */
static void write_within(const char *bytes, size_t n, int ms)
{
    while (n > 0) {
        ssize_t sent = write(terminal.output, bytes, n);
        if (sent > 0) {
            terminal.written += (uint64_t)sent;
            bytes += sent;
            n -= (size_t)sent;
            continue;
        }
        if (sent < 0 && errno == EINTR)
            continue;
        struct pollfd ready = {.fd = terminal.output, .events = POLLOUT};
        if (sent == 0 || errno != EAGAIN || poll(&ready, 1, ms) <= 0)
            return;
    }
}

/* TCSANOW: waiting for the output to drain would wait for ever on a stopped terminal. */
void terminal_restore_now(void)
{
    if (!terminal.open)
        return;
    int error = errno;
    terminal.open = 0;
    /* Leading CAN only where a frame was cut: some terminals draw it. */
    const char *leave = terminal.leave + (terminal.middle ? 0 : 1);
    write_within(leave, strlen(leave), LAST_WORDS_MS);
    tcsetattr(terminal.input, TCSANOW, &terminal.saved);
    output_blocks(true);
    errno = error;
}

void terminal_leave(const char *pending, size_t n)
{
    if (!terminal.open)
        return;
    write_within(pending, n, LAST_WORDS_MS);
    terminal_restore_now();
}

/* After a stop that could not be caught the alternate screen was never left, and entering it twice
 * would forget where the cursor was before. */
void terminal_enter(void)
{
    const char *enter = terminal.open ? terminal.modes : terminal.enter;
    output_blocks(false);
    tcsetattr(terminal.input, TCSANOW, &terminal.raw);
    terminal.open = 1;
    terminal.middle = 0;
    write_within(enter, strlen(enter), LAST_WORDS_MS);
}

void terminal_close(const char *pending, size_t n)
{
    terminal_leave(pending, n);
    release_fatal();
    if (terminal.output_is_ours)
        close(terminal.output);
}

void terminal_size(int fd, int *rows, int *cols)
{
    struct winsize size = {0};
    *rows = 24;
    *cols = 80;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        *rows = size.ws_row;
        *cols = size.ws_col;
    }
}

int terminal_input(void)
{
    return terminal.input;
}

int terminal_output(void)
{
    return terminal.output;
}

size_t terminal_write(const char *bytes, size_t n)
{
    size_t done = 0;
    terminal.middle = 1;
    while (done < n && !terminal.gone) {
        ssize_t sent = write(terminal.output, bytes + done, n - done);
        if (sent > 0)
            done += (size_t)sent;
        else if (sent < 0 && errno == EAGAIN)
            break;
        else if (sent == 0 || errno != EINTR)
            terminal.gone = true;
    }
    terminal.middle = done < n;
    terminal.written += done;
    return done;
}

bool terminal_gone(void)
{
    return terminal.gone;
}

uint64_t terminal_bytes(void)
{
    return terminal.written;
}
