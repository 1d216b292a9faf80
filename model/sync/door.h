/*
 * The hub's door: who may come in, and by which line of sshd's authorized_keys file. The line says
 * `restrict` (no terminal, no forwarding) and one command, so that a key opens nothing but
 * `atrium serve` under its owner's name.
 */
#ifndef ATRIUM_SYNC_DOOR_H
#define ATRIUM_SYNC_DOOR_H

#include "model/access/access.h"

enum { DOOR_NAME_MOST = 63, DOOR_KEY_MOST = 16384 };

struct door_key {
    const char *type, *base64; /* as in authorized_keys, written anew */
    const char *fingerprint;   /* "SHA256:…" */
};

/* A public key as ssh-keygen writes it: one line, type, base64, a comment that is left out. `where`
 * is for messages. ST_REFUSED for a private key, options before the key, several lines, DSA, RSA
 * under 2048 bits. Texts are owned by the arena. */
enum status door_key_read(struct arena *arena, const char *where, const char *text, size_t n,
                          struct door_key *key, struct error *err);

/* Letters, digits and . _ - of ASCII, a letter or digit first: safe in a shell, a file's name and a
 * log. ST_REFUSED. */
enum status door_name_check(const char *name, struct error *err);

/* The line. Paths are quoted for the shell, and that for sshd; ST_REFUSED for one that is not
 * absolute or has a byte that no quoting helps with. */
enum status door_line(struct arena *arena, const char *program, const char *mall, const char *name,
                      const struct door_key *key, const char **line, struct error *err);

/* Makes the mall a hub where it is none, and records the principal, or gives one that is there
 * another role or key; *made: it was not there. ST_CONFLICT where another principal has this key.
 */
enum status door_admit(struct writer *writer, const struct access *access, const char *name,
                       const char *role, const struct door_key *key, bool *made, struct error *err);

/* From the next session, and the next batch of one that runs, the hub refuses it. */
enum status door_revoke(struct writer *writer, const struct access *access, const char *name,
                        struct error *err);

/* ST_DENIED unless a row of `principal` names it: that the mall file's owner is admin without one
 * holds on the machine, not over the wire. */
enum status door_check(struct reader *reader, const char *name, struct error *err);

/* One of DOOR_SESSIONS places that a principal has at once, until *place is closed or the program
 * ends: so that nobody who comes again and again takes the hub's memory from others. ST_CONFLICT
 * where all are taken. The places are locks of MALL.serve. */
enum { DOOR_SESSIONS = 8 };
enum status door_enter(const char *mall_path, const char *name, int *place, struct error *err);

#endif
