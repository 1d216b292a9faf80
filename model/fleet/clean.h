/*
 * The one way in for text that a device sent: output, banners, file names, errors, log lines.
 * doc/fleet.md lists what an attacker may try.
 */
#ifndef ATRIUM_FLEET_CLEAN_H
#define ATRIUM_FLEET_CLEAN_H

#include "model/base/arena.h"

#include <sqlite3.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `n` bytes as text that may be shown, kept and logged: valid UTF-8 of at most `most` bytes; every
 * control character but newline and tab, C1, bidirectional marks, other invisible marks and what is
 * no UTF-8 becomes U+FFFD (a run of them one). `lines` false: newline and tab are replaced too.
 * *cut (may be NULL) says that something was left out. Owned by the arena. */
char *device_clean(struct arena *arena, const char *bytes, size_t n, size_t most, bool lines,
                   bool *cut);

/* The text of a column, without lines; "" for NULL. */
const char *device_clean_column(sqlite3_stmt *stmt, int column, struct arena *arena, size_t most);

/* Whether a character may be shown at all; newline and tab may not. */
bool device_rune_shown(uint32_t rune);

#endif
