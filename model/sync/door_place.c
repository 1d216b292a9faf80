/* How many sessions one principal has at once. */
#include "model/sync/door.h"

#include "model/base/hash.h"
#include "model/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where a principal's places begin: far from others', as a name is hashed to 48 bits. */
static off_t place_of(const char *name, int i)
{
    return (off_t)((hash64(name, strlen(name)) >> 16) * DOOR_SESSIONS) + i;
}

enum status door_enter(const char *mall_path, const char *name, int *place, struct error *err)
{
    char *path = mem_printf("%s.serve", mall_path);
    enum status status = ST_OK;
    bool taken = false;
    *place = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*place < 0)
        status = error_set(err, ST_UNUSABLE, "'%s' cannot be opened (%s)", path, strerror(errno));
    for (int i = 0; i < DOOR_SESSIONS && status == ST_OK && !taken; i++) {
        struct flock range = {
            .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = place_of(name, i), .l_len = 1};
        taken = fcntl(*place, F_OFD_SETLK, &range) == 0;
        if (!taken && errno != EAGAIN && errno != EACCES && errno != EINTR)
            status =
                error_set(err, ST_UNUSABLE, "'%s' cannot be locked (%s)", path, strerror(errno));
    }
    if (status == ST_OK && !taken)
        status = error_set(err, ST_CONFLICT,
                           "%s has %d sessions with this hub already, which is the most: end one, "
                           "or wait until it is given up",
                           name, DOOR_SESSIONS);
    if (status != ST_OK && *place >= 0) {
        close(*place);
        *place = -1;
    }
    free(path);
    return status;
}
