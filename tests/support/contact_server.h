/* tests/support/contact_server.py as a child of the test. */
#ifndef ATRIUM_TESTS_CONTACT_SERVER_H
#define ATRIUM_TESTS_CONTACT_SERVER_H

#include <sys/types.h>

struct contact_server {
    pid_t pid;
    int input; /* closing it ends the server */
    int port;
};

/* Ends the test where there is no python3. */
struct contact_server contact_server_start(const char *log, const char *mode);
void contact_server_stop(struct contact_server *server);

#endif
