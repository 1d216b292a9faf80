#include "model/fleet/ssh_link.h"

#include <fcntl.h>
#include <string.h>

bool ssh_link_fingerprint(ssh_session ssh, char *text, size_t size)
{
    ssh_key key = NULL;
    unsigned char *hash = NULL;
    size_t n = 0;
    bool ok = ssh_get_server_publickey(ssh, &key) == SSH_OK &&
              ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &n) == SSH_OK;
    char *print = ok ? ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, n) : NULL;
    ok = print && strlen(print) < size;
    if (ok)
        memcpy(text, print, strlen(print) + 1);
    ssh_string_free_char(print);
    ssh_clean_pubkey_hash(&hash);
    ssh_key_free(key);
    return ok;
}

const char *ssh_link_words(ssh_session ssh)
{
    const char *words = ssh_get_error(ssh);
    if (strstr(words, "Connection reset"))
        return "it reset the connection";
    /* Without a host's name, which it needs for files that are not read, it says so once. */
    bool none = !*words || strstr(words, "known hosts");
    if (none || strstr(words, "disconnected") || strstr(words, "Broken pipe"))
        return "it closed the connection";
    return words;
}

void ssh_link_keep_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && !(flags & O_NONBLOCK))
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}
