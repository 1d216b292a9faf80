#include "tests/support/contact_server.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct contact_server contact_server_start(const char *log, const char *mode)
{
    int in[2], out[2];
    struct contact_server server = {0};
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    fflush(NULL);
    server.pid = fork();
    if (server.pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        execlp("python3", "python3", "tests/support/contact_server.py", log, mode, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    FILE *port = fdopen(out[0], "r");
    if (!port || fscanf(port, "%d", &server.port) != 1)
        fail_msg("the server of tests/support/contact_server.py did not start");
    fclose(port);
    server.input = in[1];
    return server;
}

void contact_server_stop(struct contact_server *server)
{
    close(server->input);
    waitpid(server->pid, NULL, 0);
}
