/* An ssh-agent that does what it should not, and a real one. One of them at a time. */
#ifndef ATRIUM_TESTS_FAKE_AGENT_H
#define ATRIUM_TESTS_FAKE_AGENT_H

#include <stdbool.h>

/* What it does with a question. */
enum agent_conduct {
    ANSWERS_NOTHING,
    ANSWERS_BY_DRIPS,
    ANSWERS_GARBAGE,
    ANSWERS_TOO_LONG,
    ANSWERS_CUT_KEYS,
    HAS_NO_KEY,
    HAS_KEYS_OF_OTHERS,
    SIGNS_NOTHING,      /* lists its key, and is silent then */
    ENDS_WHILE_SIGNING, /* lists its key, and is gone then */
    REFUSES_TO_SIGN,
};

/* Listens at `path` until it is stopped. `public_key`: the file of the one key that it has. Ends
 * the test on an error. */
void fake_agent_start(const char *path, enum agent_conduct conduct, const char *public_key);
void fake_agent_stop(void);
/* How many questions it was asked since it began. */
int fake_agent_questions(void);

/* The system's ssh-agent without a key, listening at `path`. */
bool real_agent_there(void);
void real_agent_start(const char *path);
void real_agent_stop(void);

#endif
