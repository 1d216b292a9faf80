/*
 * Signals of the loop: handlers that only note and wake, through a descriptor that can be polled.
 * They work with any threads, as no thread must have blocked them.
 */
#ifndef ATRIUM_TUI_SIGNALS_H
#define ATRIUM_TUI_SIGNALS_H

/* SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT. When one of the first four is not
 * taken by signals_next within two seconds, the terminal is restored and the program ends; that
 * needs SIGALRM. SIGPIPE is caught and ignored
 * (caught, so that programs started from here have it as usual). */
void signals_catch(void);
void signals_release(void); /* the handlers that were there before */

int signals_fd(void);   /* readable while signals_next has something */
int signals_next(void); /* a signal that came, 0: none. The same one twice counts once. */

/* Stops the process group until SIGCONT, which is then not reported. */
void signals_stop(void);

#endif
