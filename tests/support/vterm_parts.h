/* What the files of the test terminal share. */
#ifndef ATRIUM_TESTS_VTERM_PARTS_H
#define ATRIUM_TESTS_VTERM_PARTS_H

#include "tests/support/vterm.h"

#include <vterm.h>

/* Only what is stuck waits so long, on a busy machine with sanitizers too. */
enum { PATIENCE_MS = 60000 };

struct vt {
    int master, slave, rows, cols;
    VTerm *model;
    VTermScreen *screen;
    bool visible, alternate, stalled, hung_up;
    struct loop *loop;
    size_t (*busy)(void *context);
    void *context;
    uint64_t sent, read_before, received, written_before;
    char *raw;
    size_t n_raw, raw_cap, mark;
    char *text, *row_text, *dump;
    pid_t child, leader; /* leader 0: the child is our own */
    int events;          /* what the leader tells of the child */
};

int64_t vt_now_ms(void);

/* Gives the model what has come, waiting at most so long; true when there was something. */
bool vt_take_output(struct vt *vt, int ms);

#endif
