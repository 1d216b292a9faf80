/*
 * A wire: a stream of bytes to the other end of a session and back, which never waits. A pump
 * (pump.h) moves bytes between it and a machine. There are three kinds: descriptors that are there
 * (what `atrium serve` was given by sshd), the stdio of a command (`--via`), and an SSH session of
 * libssh's.
 */
#ifndef ATRIUM_SYNC_WIRE_H
#define ATRIUM_SYNC_WIRE_H

#include "model/base/status.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire;

enum { WIRE_POLLS = 3 };

struct wire_ops {
    /* *n = 0: nothing now; *ended: there will be no more. */
    enum status (*read)(struct wire *wire, void *bytes, size_t size, size_t *n, bool *ended,
                        struct error *err);
    /* Takes as many as go without waiting; *ended: the other side takes no more. */
    enum status (*write)(struct wire *wire, const void *bytes, size_t n, size_t *taken, bool *ended,
                         struct error *err);
    /* What poll is to wait for, at most WIRE_POLLS; returns how many. */
    size_t (*polls)(struct wire *wire, struct pollfd *polls, bool reading, bool writing);
    /* Why it ended, as far as it can tell: what the other side wrote on stderr, how a command
     * ended. Cleaned; "" where there is nothing. Good until it is closed. */
    const char *(*said)(struct wire *wire);
    void (*close)(struct wire *wire);
};

struct wire {
    const struct wire_ops *ops;
};

/* Borrows both descriptors, makes them non-blocking, and puts that back at the end. */
struct wire *wire_of_descriptors(int input, int output);

/* `sh -c COMMAND` in a process group of its own, without a terminal to read from. Closing ends its
 * input, gives it a moment, then ends the group. */
enum status wire_of_command(const char *command, struct wire **wire, struct error *err);

enum { WIRE_SSH_PORT = 22 };

struct wire_ssh {
    const char *user, *host; /* user NULL: the login name */
    int port;                /* 0: the usual one */
    const char *identity;    /* a private key without a passphrase; NULL: the agent's keys */
    const char *pin;         /* the hub's host key "SHA256:…"; NULL: none is known yet */
    const atomic_bool *stop; /* true: give up connecting; may be NULL */
    int64_t wait_ms;         /* for each phase of connecting, each answer of the agent; 0: 15 s */
};

/* Connects, compares the host key **before** anything secret is sent, logs in and asks for the
 * hub's end. Waits, so it is for a thread that may. `offered` gets the hub's fingerprint as soon as
 * it is known. ST_DENIED where it is not `pin`, or there is none: *unknown says which (and whether
 * the person's known_hosts has the key, then it is used and *unknown stays false). */
enum { WIRE_FINGERPRINT = 64 };
enum status wire_of_ssh(const struct wire_ssh *ssh, char offered[WIRE_FINGERPRINT], bool *unknown,
                        struct wire **wire, struct error *err);

/* "ssh://USER@HOST[:PORT]", user and port as they are given; the texts are cut out of `copy`, which
 * the caller owns. ST_USAGE. */
enum status wire_url_read(char *copy, struct wire_ssh *ssh, struct error *err);

#endif
