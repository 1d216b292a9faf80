/*
 * Roll-outs of a version of the application to devices, in waves. doc/rollout.md.
 *
 * What people decide (the definition, approval, start, pause, …) are operations on the entity
 * "rollout" and keep the table of moves below, whoever makes them. How far it has come are facts,
 * written by the one process that drives it (rollout_drive.h): each step of each device is in the
 * mall file before it is taken, so that whoever comes next asks the device what is true and goes
 * on. What the next step is, is decided by pure functions (rollout_plan.h).
 */
#ifndef ATRIUM_FLEET_ROLLOUT_H
#define ATRIUM_FLEET_ROLLOUT_H

#include "model/fleet/device.h"

enum rollout_state {
    ROLLOUT_PLANNED, /* waits for somebody else's approval */
    ROLLOUT_APPROVED,
    ROLLOUT_RUNNING,
    ROLLOUT_PAUSED,
    ROLLOUT_STOPPED,   /* too many failed, or too few came through */
    ROLLOUT_RETURNING, /* its devices go back to what they ran before */
    ROLLOUT_DONE,
    ROLLOUT_RETURNED,
    ROLLOUT_CANCELLED,
    ROLLOUT_STATES
};
extern const char *const rollout_state_names[ROLLOUT_STATES]; /* in the file, JSON, and titles */

/* Where a device is. A step that does something to it is written before that is done. */
enum rollout_step {
    STEP_WAITING,
    STEP_STAGING,    /* the archive is on its way */
    STEP_STAGED,     /* the version lies there, checked; or it is ready to go back */
    STEP_SWITCHING,  /* it is told to switch: whether it did is not known */
    STEP_PROVING,    /* something was changed: a fresh connection asks what it runs */
    STEP_CONFIRMING, /* it was seen to run what it should, on trial: it may keep it */
    STEP_UNDOING,    /* it is told to end a trial that does not lead where it should */
    /* Settled: */
    STEP_OK,
    STEP_FAILED,   /* reason and version say how it is */
    STEP_REVERTED, /* it runs what it ran before */
    STEP_UNKNOWN,  /* silent since something was changed, until nobody waited any longer */
    STEP_EXPIRED,  /* never reached */
    STEP_SKIPPED,  /* the roll-out ended before it was begun */
    ROLLOUT_STEPS
};
extern const char *const rollout_step_names[ROLLOUT_STEPS]; /* in the file */

/* Why the last attempt came to nothing. */
enum rollout_wait { WAIT_NOTHING, WAIT_OFFLINE, WAIT_SALE, WAIT_REFUSED, WAIT_SILENT, WAITS };
extern const char *const rollout_wait_names[WAITS];

enum { ROLLOUT_APP = 60, ROLLOUT_WAVES = 32, ROLLOUT_ARCHIVE_MOST = 256 << 20 };

/* Texts are never NULL; owned by the arena it was read into. */
struct rollout {
    int64_t id, version;
    const char *code;
    /* The definition. */
    const char *app, *file, *sha256, *selection, *waves, *threshold;
    int64_t size, devices, canary, coverage, soak, trial, expires;
    int window_from, window_to; /* minutes of the day; the same: always */
    int weekdays;               /* bit 0 Monday; 0: every day */
    bool back;
    /* What follows from its moves. */
    enum rollout_state state;
    const char *author, *approved_by, *why;
    int64_t started, ended; /* 0: not yet */
    /* How far it is. */
    int wave;
    int64_t soaking; /* since when; 0: it is not */
    const char *driver;
    int64_t lease;
    int64_t ok, faults; /* devices, where it was read with rollout_list or rollout_find */
    bool ending;        /* its driver ends: what is on trial is finished, nothing else is begun */
};

/* A device of it. */
struct rollout_row {
    uint32_t device;
    int wave;
    enum rollout_step step;
    bool goes_back; /* its goal is what it ran before */
    bool fault;     /* counts as a failure of its wave */
    bool had;       /* it ran the version before */
    enum rollout_wait wait;
    int attempts;
    int64_t since, due, switched, looked;
    const char *old, *app, *reason; /* "" where not known */
    /* Of the process that drives it. */
    bool under_way;     /* it is being talked to */
    bool clear;         /* just now it had no sale */
    bool inherited;     /* whoever drove before may have given its command: it is asked first */
    bool changed;       /* not written yet */
    int64_t have, best; /* bytes of the archive that lie there, -1: not known; the most so far */
};

static inline bool step_settled(enum rollout_step step)
{
    return step >= STEP_OK;
}

/* From the switch until it is settled. */
static inline bool step_in_flight(enum rollout_step step)
{
    return step >= STEP_SWITCHING && step <= STEP_UNDOING;
}

/* One word for people and JSON: ok, failed, rolled back, unknown, offline-queued, waiting, … */
const char *rollout_row_word(const struct rollout_row *row);
extern const char *const rollout_row_words[]; /* all there are, to be translated; ends with NULL */

/* ---- Reading ---- */

/* All, the latest first; ST_DENIED without RIGHT_DEVICES. */
enum status rollout_list(struct reader *reader, const struct access *access, struct arena *arena,
                         const struct rollout **rollouts, size_t *n, struct error *err);
/* ST_USAGE where there is none of this code. */
enum status rollout_find(struct reader *reader, const struct access *access, struct arena *arena,
                         const char *code, struct rollout **rollout, struct error *err);
/* Its devices, by wave and then by code. */
enum status rollout_rows(struct reader *reader, struct arena *arena, int64_t rollout,
                         struct rollout_row **rows, size_t *n, struct error *err);

/* As the writer sees them inside its transaction; *rollout NULL: there is none. */
enum status rollout_of_writer(struct writer *writer, struct arena *arena, const char *code,
                              struct rollout **rollout, struct error *err);
enum status rollout_rows_of_writer(struct writer *writer, struct arena *arena, int64_t rollout,
                                   struct rollout_row **rows, size_t *n, struct error *err);

/* ---- Making one ---- */

struct rollout_draft {
    const char *app;                                   /* the version: letters, digits, . _ + - */
    const char *path;                                  /* the archive, a tar of the whole version */
    const char *selection;                             /* as people wrote it */
    const char *waves, *threshold, *window, *weekdays; /* NULL: as usual */
    int64_t canary, coverage, soak, trial, expires;    /* negative: as usual */
    bool back;
};

/* Makes a definition of a draft for so many devices: checks every part of it (ST_REFUSED with what
 * was found and expected). Reads nothing. */
enum status rollout_define(struct arena *arena, const struct rollout_draft *draft, size_t devices,
                           struct rollout *rollout, struct error *err);

/* Keeps the archive in the mall file, chooses who comes in which wave (as rollout_preview.h shows
 * it beforehand; who is in quarantine or without a pin is left out), and makes the roll-out ("R1",
 * …), planned. Begins and commits by itself, the archive in several transactions. */
enum status rollout_make(struct writer *writer, const struct access *access,
                         const struct rollout_draft *draft, const struct device *devices, size_t n,
                         char code[16], struct error *err);

/* The archive; the caller's to free. ST_UNUSABLE where it is not what it was. */
enum status rollout_archive_read(struct reader *reader, const struct rollout *rollout, char **bytes,
                                 struct error *err);

/* Until how many devices of `n` each wave goes; how many waves there are. The last goes to n. */
int rollout_wave_ends(const struct rollout *rollout, size_t n, size_t ends[ROLLOUT_WAVES]);

/* ---- Moves ---- */

enum rollout_verb {
    ROLLOUT_APPROVE,
    ROLLOUT_WITHDRAW, /* the approval is taken back */
    ROLLOUT_START,
    ROLLOUT_PAUSE,
    ROLLOUT_RESUME,
    ROLLOUT_CANCEL,
    ROLLOUT_ROLLBACK,
    /* What follows from how it goes: */
    ROLLOUT_FINISH,
    ROLLOUT_STOP,
    ROLLOUT_RETURN,
    ROLLOUT_ARRIVE, /* all that could go back did */
    ROLLOUT_VERBS
};

struct rollout_move_row {
    enum rollout_verb verb;
    const char *name, *title; /* on the command line; on screens, to be translated */
    unsigned from;            /* bits 1 << enum rollout_state */
    enum rollout_state to;
    bool reaches; /* devices change: their number is typed */
    const char *summary;
};
extern const struct rollout_move_row rollout_moves[];
extern const size_t n_rollout_moves;

/* NULL: not from this state. */
const struct rollout_move_row *rollout_move_of(enum rollout_state state, enum rollout_verb verb);

/* Moves it: ST_CONFLICT where its state has no such move, or a device of it is in another one that
 * is under way; ST_DENIED for the role and for who approves what is their own. `why` may be NULL.
 * Begins and commits by itself, or is part of the caller's transaction. */
enum status rollout_move(struct writer *writer, const struct access *access, const char *code,
                         enum rollout_verb verb, const char *why, enum rollout_state *state,
                         struct error *err);

/* The same under an operation's id, for a hub that makes a replica's move. */
enum status rollout_move_as(struct writer *writer, const struct access *access, const char *id,
                            const char *code, enum rollout_verb verb, const char *why,
                            enum rollout_state *state, struct error *err);

/* ST_CONFLICT: which state it is in, and what can be done there. */
enum status rollout_refuse(struct arena *arena, const char *code, enum rollout_state state,
                           const char *verb, struct error *err);

/* How many devices a move changes: all of a start, those that have it of a rollback. */
size_t rollout_reach(enum rollout_verb verb, const struct rollout_row *rows, size_t n);

/* The rule of the entity; before there are threads. */
void rollout_register(void);

/* ---- When devices may be switched ---- */

/* *next: when that changes; INT64_MAX for never. Hours past midnight belong to the day they began
 * on. */
bool rollout_window_open(const struct rollout *rollout, const struct clock *clock, int64_t time,
                         int64_t *next);

/* "02:00-05:00" and "mon tue"; false for what is none. Texts of them, "" for always. */
bool rollout_window_parse(const char *text, int *from, int *to);
bool rollout_weekdays_parse(const char *text, int *weekdays);
const char *rollout_window_text(struct arena *arena, const struct rollout *rollout);

#endif
