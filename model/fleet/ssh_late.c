#include "model/fleet/ssh_late.h"

#include "sonames.h"

#include <pthread.h>
#include <stdbool.h>

struct ssh_functions ssh_late;

static const char *const names[] = {SSH_FUNCTIONS(LATE_NAME)};

enum status ssh_load(struct error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool loaded;
    pthread_mutex_lock(&lock);
    enum status status =
        loaded ? ST_OK : late_load(SONAME_SSH, names, sizeof names / sizeof *names, &ssh_late, err);
    loaded = status == ST_OK;
    pthread_mutex_unlock(&lock);
    return status;
}
