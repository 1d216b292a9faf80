/*
 * Statuses and errors: the one way a function says that it could not do its work.
 *
 * A function that can fail returns an `enum status` and takes a `struct error *` as its last
 * argument. The status is for programs (it is the exit status of a command, see doc/manual), the
 * message is for people: it says where, what was found, what was expected, and what to do next.
 */
#ifndef ATRIUM_BASE_STATUS_H
#define ATRIUM_BASE_STATUS_H

#include <stdarg.h>
#include <stddef.h>

/* The values up to ST_UNUSABLE are the exit statuses that scripts rely on. */
enum status {
    ST_OK = 0,
    ST_PARTIAL = 1,   /* part of it failed; the rest was done */
    ST_USAGE = 2,     /* the command line is wrong */
    ST_REFUSED = 3,   /* the input was refused; nothing was written */
    ST_DENIED = 4,    /* this principal may not do that */
    ST_CONFLICT = 5,  /* somebody changed it first, or it is not in a state that allows it */
    ST_UNUSABLE = 6,  /* the mall file cannot be used */
    ST_CANCELLED = 7, /* the asker no longer wants the answer */
};

/* An error owns its message. A zeroed error is an empty one. */
struct error {
    enum status status;
    char *message; /* UTF-8, one sentence or more, no trailing newline; NULL when there is none */
};

/* Sets `err` (which may be NULL) and returns `status`, so that `return error_set(...)` reads well.
 * An earlier message is freed. Outside text must be quoted with `text_quote` first. */
enum status error_set(struct error *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum status error_vset(struct error *err, enum status status, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Puts "context: " in front of the message and returns the error's status. */
enum status error_wrap(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The message, or a general sentence for the status where there is none. Never NULL. */
const char *error_text(const struct error *err);

/* Frees the message and makes the error empty. */
void error_clear(struct error *err);

/* A name for a status: "ok", "refused", ... Never NULL. */
const char *status_name(enum status status);

#endif
