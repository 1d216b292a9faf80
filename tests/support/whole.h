/* Whether a mall file is whole: every check of `atrium verify` is content with it. */
#ifndef ATRIUM_TESTS_WHOLE_H
#define ATRIUM_TESTS_WHOLE_H

#include "model/store/reader.h"

/* Ends the test with what the first check found that is not content. */
void assert_whole(struct reader *reader);

/* The same for a file, by a connection of its own. */
void assert_file_whole(const char *path);

#endif
