#include "model/fleet/keyring.h"

#include "model/base/arena.h"
#include "model/base/vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct entry {
    char *path;
    struct login login;
};

struct keyring {
    VEC(struct entry *) entries;
};

struct keyring *keyring_new(void)
{
    return mem_zero(1, sizeof(struct keyring));
}

static void entry_free(struct entry *entry)
{
    ssh_key_free(entry->login.certified);
    ssh_key_free(entry->login.plain);
    free(entry->path);
    free(entry);
}

void keyring_free(struct keyring *keyring)
{
    if (!keyring)
        return;
    for (size_t i = 0; i < keyring->entries.n; i++)
        entry_free(keyring->entries.at[i]);
    vec_free(&keyring->entries);
    free(keyring);
}

/* The caller's to free. */
static char *path_whole(const char *path)
{
    const char *home = getenv("HOME");
    struct arena *arena = arena_new();
    const char *whole = path;
    if (home && path[0] == '~' && path[1] == '/')
        whole = arena_printf(arena, "%s%s", home, path + 1);
    else if (home && !strchr(path, '/'))
        whole = arena_printf(arena, "%s/.ssh/%s", home, path);
    char *copy = mem_strdup(whole);
    arena_free(arena);
    return copy;
}

static ssh_key key_read(const char *path)
{
    ssh_key key = NULL;
    /* An empty passphrase: without one libssh asks at the terminal, which is the screen's. */
    return ssh_pki_import_privkey_file(path, "", NULL, NULL, &key) == SSH_OK ? key : NULL;
}

/* The certificate beside the key, as ssh-keygen -s names it. */
static enum status certificate_read(struct entry *entry, struct error *err)
{
    ssh_key certificate = NULL;
    struct arena *arena = arena_new();
    const char *path = arena_printf(arena, "%s-cert.pub", entry->path);
    enum status status = ST_OK;
    if (access(path, F_OK) == 0) {
        entry->login.certified = key_read(entry->path);
        if (!entry->login.certified || ssh_pki_import_cert_file(path, &certificate) != SSH_OK ||
            ssh_pki_copy_cert_to_privkey(certificate, entry->login.certified) != SSH_OK)
            status = error_set(err, ST_USAGE,
                               "%s: is not the certificate of %s; sign its public key again "
                               "(ssh-keygen -s) or take the file away",
                               path, entry->path);
        ssh_key_free(certificate);
    }
    arena_free(arena);
    return status;
}

enum status keyring_login(struct keyring *keyring, const char *path, const struct login **login,
                          struct error *err)
{
    char *whole = path_whole(path);
    *login = NULL;
    for (size_t i = 0; i < keyring->entries.n && !*login; i++)
        if (strcmp(keyring->entries.at[i]->path, whole) == 0)
            *login = &keyring->entries.at[i]->login;
    if (*login) {
        free(whole);
        return ST_OK;
    }
    struct entry *entry = mem_zero(1, sizeof *entry);
    entry->path = whole;
    entry->login.plain = key_read(whole);
    enum status status = ST_OK;
    if (!entry->login.plain)
        status = error_set(err, ST_USAGE,
                           "%s: cannot be read as a private key without a passphrase; for keys "
                           "with one use the agent",
                           whole);
    else
        status = certificate_read(entry, err);
    if (status != ST_OK) {
        entry_free(entry);
        return status;
    }
    vec_push(&keyring->entries, entry);
    *login = &entry->login;
    return ST_OK;
}
