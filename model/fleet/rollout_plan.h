/*
 * What a roll-out does next: pure functions of its rows, of what devices said, and of the time.
 * Nothing here reads a file, a clock or a device. rollout_drive.c does what they say.
 *
 * The two rules that carry it:
 * - A device is asked over a fresh connection what it runs and what trial it is in; a trial that
 *   has arrived where it should is confirmed, any other is undone, and without a trial it either
 *   is where it should be or is told to switch (rollout_judge). So it does not matter who died
 *   when.
 * - Failures of a wave and devices of it in flight never are more than its limit together
 *   (rollout_limit), so that no wave can have more failures than that however they come.
 */
#ifndef ATRIUM_FLEET_ROLLOUT_PLAN_H
#define ATRIUM_FLEET_ROLLOUT_PLAN_H

#include "model/fleet/rollout.h"

enum rollout_command {
    COMMAND_NONE,
    COMMAND_PROBE, /* what it runs; unpacks what was received; else how much of it there is */
    COMMAND_SEND,  /* the rest of the archive, then unpacks it */
    COMMAND_SALE,  /* whether a sale is under way */
    COMMAND_SWITCH,
    COMMAND_LOOK, /* what it runs, and what trial it is in */
    COMMAND_CONFIRM,
    COMMAND_UNDO,
    ROLLOUT_COMMANDS
};
extern const char *const rollout_command_names[ROLLOUT_COMMANDS]; /* in reasons */

/* What came of a command. Texts cleaned, never NULL, "" where it did not say. */
struct rollout_heard {
    enum rollout_command command;
    enum device_condition state; /* DEVICE_OK: it ran to its end */
    const char *phase, *reason;  /* where it stopped and why; or what it said to an exit status */
    int exit_status;
    const char *app, *trial; /* the version in use; where a trial leads */
    const char *back, *why;  /* which version it last went back from by itself, and why */
    const char *staged;
    bool sale;
    int64_t have;
};

/* Exit statuses of the script (doc/device.md). */
enum { DEVICE_UNDER_WAY = 5, DEVICE_SALE = 7, DEVICE_UNFIT = 8, DEVICE_NO_SCRIPT = 127 };

enum rollout_verdict { VERDICT_THERE, VERDICT_SWITCH, VERDICT_CONFIRM, VERDICT_UNDO, VERDICT_ODD };

/* `goal` and `from` are versions, `app` what runs, `trial` where a trial leads ("": none). */
enum rollout_verdict rollout_judge(const char *goal, const char *from, const char *app,
                                   const char *trial);

/* Takes in what a device said. New texts are the arena's. */
void rollout_hear(const struct rollout *rollout, struct rollout_row *row,
                  const struct rollout_heard *heard, int64_t now, struct arena *arena);

/* How many failures stop a wave of that size: at least 1. `text` is "3" or "5%". False: it is
 * neither. */
bool rollout_limit(const char *text, size_t size, size_t *limit);

struct rollout_wave {
    size_t size, ok, faults, flight, open; /* flight: without faults; open: not settled */
    size_t offline, unknown;
    size_t limit, need; /* failures that stop it; ok ones before the next may begin */
    bool through;       /* need is there and nobody holds it up */
};

/* The waves of rows that are in order of wave; how many. */
int rollout_waves(const struct rollout *rollout, const struct rollout_row *rows, size_t n,
                  struct rollout_wave waves[ROLLOUT_WAVES]);

struct rollout_plan {
    enum rollout_verb move; /* ROLLOUT_VERBS: none */
    const char *why;        /* of the move */
    int wave;
    int64_t soaking;
    size_t under_way, flight; /* flight: devices that must not be left alone */
    size_t open;
    int64_t next; /* the next moment at which there is something to do; INT64_MAX: none known */
};

/* What to do with each row (commands[i]), what becomes of the roll-out. Rows are changed to the
 * step that must be written before their command is given. Rows in order of wave. */
void rollout_decide(const struct rollout *rollout, const struct clock *clock,
                    struct rollout_row *rows, size_t n, int64_t now, struct arena *arena,
                    enum rollout_command *commands, struct rollout_plan *plan);

#endif
