/* Where a hub is. */
#include "model/base/arena.h"
#include "model/base/text.h"
#include "model/sync/wire.h"

#include <stdlib.h>
#include <string.h>

static enum status url_bad(const char *found, struct error *err)
{
    struct arena *arena = arena_new();
    enum status status =
        error_set(err, ST_USAGE, "hub: found %s, expected ssh://USER@HOST or ssh://USER@HOST:PORT",
                  text_quote(arena, found, strlen(found)));
    arena_free(arena);
    return status;
}

enum status wire_url_read(char *copy, struct wire_ssh *ssh, struct error *err)
{
    static const char scheme[] = "ssh://";
    char *whole = mem_strdup(copy), *at = copy + strlen(scheme), *user = NULL;
    int64_t port = WIRE_SSH_PORT;
    bool good = strncmp(copy, scheme, strlen(scheme)) == 0 && text_valid(copy, strlen(copy));
    char *sign = good ? strrchr(at, '@') : NULL;
    if (sign) {
        *sign = 0;
        user = at;
        at = sign + 1;
    }
    char *end = good ? at + strcspn(at, "/") : NULL;
    good = good && (!*end || !end[1]); /* nothing behind the host but a / */
    if (good)
        *end = 0;
    char *colon = good && *at == '[' ? strchr(at, ']') : good ? strchr(at, ':') : NULL;
    if (good && *at == '[') { /* an IPv6 address */
        good = colon != NULL;
        at++;
        if (colon)
            *colon++ = 0;
    }
    if (good && colon && *colon == ':') {
        *colon++ = 0;
        good = text_to_int64(colon, strlen(colon), &port) && port > 0 && port < 65536;
    } else if (good && colon) {
        good = !*colon;
    }
    good = good && *at && *at != '-' && (!user || (*user && *user != '-'));
    enum status status = good ? ST_OK : url_bad(whole, err);
    free(whole);
    ssh->user = user;
    ssh->host = at;
    ssh->port = (int)port;
    return status;
}
