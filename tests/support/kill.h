/*
 * Killing a program at a random moment: a child works and acknowledges over a pipe what it has been
 * told is saved; the parent ends it with SIGKILL and is told what was acknowledged.
 */
#ifndef ATRIUM_TESTS_KILL_H
#define ATRIUM_TESTS_KILL_H

#include <stdint.h>

/* Called in the child; acknowledges with kill_acknowledge and need not return. */
typedef void kill_work(void *context, int pipe);

/* One number, in one write. */
void kill_acknowledge(int pipe, int64_t number);

/* Forks, runs `work`, kills the child after a random time of at most `most_us` microseconds since
 * its first number (0) or since the fork, whichever `after_first` says. Returns the highest number
 * acknowledged, -1 for none; *n (may be NULL) is how many there were. A child that ends with a
 * status other than 0 by itself ends the test. */
int64_t kill_at_random(kill_work *work, void *context, int most_us, int after_first, uint64_t seed,
                       int64_t *n);

/* The same for a program: numbers are lines of digits on its standard output. */
int64_t kill_program_at_random(const char *const *argv, int most_us, uint64_t seed, int64_t *n);

#endif
