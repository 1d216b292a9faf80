#include "tests/support/sshd.h"

#include "fixtures/devices/farm.h"
#include "fixtures/devices/openssh.h"
#include "fixtures/devices/tree.h"
#include "model/base/text.h"
#include "model/base/time.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { PATIENCE_S = 30, TURN_MS = 2, PORTS_TRIED = 5 };

bool sshd_there(void)
{
    return openssh_usable("/", NULL) == ST_OK && access("/usr/bin/ssh-keygen", X_OK) == 0;
}

void sshd_run(const char *const *words)
{
    struct run_result result = run_program(words, NULL);
    if (result.status != 0)
        fail_msg("%s: status %d: %s", words[0], result.status, result.err);
    run_result_free(&result);
}

static void key_make(const char *path)
{
    unlink(path);
    sshd_run(
        (const char *[]){"/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path, NULL});
}

int sshd_connections_kill(struct sshd_farm *farm, size_t i)
{
    return tree_kill(farm->servers[i].pid, false);
}

/* ---- One server ---- */

/* A host key that nobody else has; returns its fingerprint, owned by the farm. */
static const char *host_key_new(struct sshd_farm *farm, size_t i)
{
    struct error err = {0};
    uint64_t seed;
    char *pin = arena_alloc(farm->arena, FARM_PIN);
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        fail_msg("no random number");
    char *key = farm_host_key(seed, farm->devices[i].code);
    farm_pin(seed, farm->devices[i].code, pin);
    assert_ok(openssh_key_put(&farm->servers[i], key, &err));
    free(key);
    return pin;
}

static bool server_listens(struct openssh *server)
{
    int64_t until = time_monotonic_ns() + (int64_t)PATIENCE_S * 1000000000;
    while (server->pid && time_monotonic_ns() < until) {
        if (openssh_listens(server))
            return true;
        poll(NULL, 0, TURN_MS);
    }
    return false;
}

static void server_start(struct sshd_farm *farm, size_t i)
{
    struct openssh *server = &farm->servers[i];
    struct error err = {0};
    for (int turn = 0; turn < PORTS_TRIED; turn++) {
        server->port = openssh_port(server->host);
        assert_ok(openssh_launch(server, farm->more, &err));
        if (server_listens(server)) {
            farm->devices[i].port = server->port;
            return;
        }
        openssh_end(server);
    }
    fail_msg("%s: sshd does not come to listen", server->folder);
}

static void server_prepare(struct sshd_farm *farm, size_t i, const char *user_key)
{
    struct openssh *server = &farm->servers[i];
    struct error err = {0};
    *server = (struct openssh){.folder = arena_printf(farm->arena, "%s/r%zu", farm->folder, i),
                               .host = "127.0.0.1"};
    farm->devices[i] = (struct device){
        .id = (uint32_t)i + 1,
        .code = arena_printf(farm->arena, "R%zu", i),
        .kind = "pos",
        .host = server->host,
        .user = farm->user,
        .quarantine = "",
        .identity = "",
        .hop = {.code = ""},
    };
    assert_ok(openssh_make(server, "", user_key, &err));
    assert_ok(openssh_put(server, "atrium/config", "till = 1\n", 0644, &err));
    assert_ok(openssh_put(server, "atrium/app/1.0/VERSION", "1.0\n", 0644, &err));
    char *current = temp_path(server->folder, "atrium/app/current");
    if (symlink("1.0", current) != 0)
        fail_msg("%s: no link", current);
    free(current);
    farm->devices[i].pin = host_key_new(farm, i);
}

/* ---- All of them ---- */

void sshd_farm_start(struct sshd_farm *farm, size_t n, const char *more)
{
    *farm = (struct sshd_farm){.folder = temp_folder(), .arena = arena_new(), .n = n};
    farm->user = openssh_user();
    farm->more = more ? arena_strdup(farm->arena, more) : NULL;
    farm->identity = temp_path(farm->folder, "id");
    farm->servers = arena_array(farm->arena, struct openssh, n);
    farm->devices = arena_array(farm->arena, struct device, n);
    key_make(farm->identity);
    char *path = temp_path(farm->folder, "id.pub"), *user_key = file_read_all(path, NULL);
    for (size_t i = 0; i < n; i++) {
        server_prepare(farm, i, user_key);
        server_start(farm, i);
    }
    free(user_key);
    free(path);
}

void sshd_end(struct sshd_farm *farm, size_t i)
{
    openssh_end(&farm->servers[i]);
}

void sshd_again(struct sshd_farm *farm, size_t i, bool new_key)
{
    struct openssh *server = &farm->servers[i];
    struct error err = {0};
    sshd_end(farm, i);
    if (new_key)
        host_key_new(farm, i);
    assert_ok(openssh_launch(server, farm->more, &err));
    if (!server_listens(server))
        fail_msg("%s: sshd does not come to listen again", server->folder);
}

void sshd_farm_stop(struct sshd_farm *farm)
{
    for (size_t i = 0; i < farm->n; i++)
        sshd_end(farm, i);
    free(farm->identity);
    temp_folder_remove(farm->folder);
    arena_free(farm->arena);
}

size_t sshd_log_count(const struct sshd_farm *farm, size_t i, const char *text)
{
    char *path = temp_path(farm->servers[i].folder, "log"), *log = file_read_all(path, NULL);
    size_t n = 0;
    for (char *at = log; (at = strstr(at, text)); at += strlen(text))
        n++;
    free(log);
    free(path);
    return n;
}
