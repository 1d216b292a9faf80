/* Checks of `atrium verify`: the members' columns, the sets of labels and frozen segments. */
#ifndef ATRIUM_SEGMENT_VERIFY_H
#define ATRIUM_SEGMENT_VERIFY_H

/* Before verify_run; registering twice does nothing. */
void segment_verify_register(void);

#endif
