#include "tests/support/sshd.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/fleet/work.h"
#include "tests/support/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

#define SSHD "/usr/sbin/sshd"
enum { PATIENCE_S = 30, TURN_MS = 10 };

bool sshd_there(void)
{
    return access(SSHD, X_OK) == 0 && access("/usr/bin/ssh-keygen", X_OK) == 0;
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

/* ---- Ports ---- */

/* One that nobody has now. Another may take it before sshd does: then it does not come to listen,
 * and is started at another one. */
static int port_free(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
              getsockname(fd, (struct sockaddr *)&at, &size) == 0;
    close(fd);
    if (!ok)
        fail_msg("no free port");
    return ntohs(at.sin_port);
}

static bool port_answers(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char byte;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = connect(fd, (struct sockaddr *)&at, sizeof at) == 0 && read(fd, &byte, 1) == 1;
    close(fd);
    return ok;
}

/* ---- Processes ---- */

struct process {
    pid_t pid, parent;
    char state;
};

static bool process_read(const char *name, struct process *process)
{
    char path[300], text[1024];
    snprintf(path, sizeof path, "/proc/%.200s/stat", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *rest = strrchr(text, ')');
    int parent;
    if (!rest || sscanf(rest + 1, " %c %d", &process->state, &parent) != 2)
        return false;
    process->parent = parent;
    process->pid = (pid_t)strtol(name, NULL, 10);
    return true;
}

/* The server's children are its connections; what those run is left to find out for itself, unless
 * all is to go. */
static int children_kill(pid_t parent, bool all)
{
    DIR *folder = opendir("/proc");
    int n = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        struct process process;
        bool number = entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
        if (!number || !process_read(entry->d_name, &process) || process.parent != parent)
            continue;
        if (all)
            children_kill(process.pid, true);
        kill(process.pid, SIGKILL);
        n++;
    }
    if (folder)
        closedir(folder);
    return n;
}

int sshd_connections_kill(struct sshd_farm *farm, size_t i)
{
    return children_kill(farm->servers[i].pid, false);
}

static bool command_holds(const char *name, const char *text)
{
    char path[300], line[8192];
    snprintf(path, sizeof path, "/proc/%.200s/cmdline", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, line, sizeof line - 1) : 0;
    if (fd >= 0)
        close(fd);
    for (ssize_t k = 0; k < n; k++)
        line[k] = line[k] ? line[k] : ' ';
    line[n > 0 ? n : 0] = '\0';
    return strstr(line, text) != NULL;
}

bool process_lives(const char *text)
{
    DIR *folder = opendir("/proc");
    bool found = false;
    for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
        struct process process;
        bool number = entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
        found = number && process_read(entry->d_name, &process) && process.state != 'Z' &&
                process.pid != getpid() && command_holds(entry->d_name, text);
    }
    if (folder)
        closedir(folder);
    return found;
}

/* ---- One server ---- */

static void config_write(struct sshd_farm *farm, struct sshd *server, const char *more)
{
    struct arena *arena = arena_new();
    const char *home = server->folder;
    const char *text = arena_printf(
        arena,
        "Port %d\nListenAddress 127.0.0.1\nHostKey %s/host_key\nPidFile none\n"
        "AuthorizedKeysFile %s/authorized_keys\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPubkeyAuthentication yes\n"
        "PermitRootLogin yes\nPrintMotd no\nX11Forwarding no\nUseDNS no\nMaxStartups 200\n"
        "LogLevel VERBOSE\nPermitUserEnvironment no\n"
        "SetEnv HOME=%s PATH=%s/atrium/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin\n%s%s",
        server->port, home, home, home, home, more ? more : "", more ? "\n" : "");
    char *path = temp_path(home, "sshd_config");
    file_write_all(path, text, strlen(text));
    free(path);
    arena_free(arena);
    (void)farm;
}

static void script_put(const struct sshd *server)
{
    static const char *const folders[] = {"atrium",         "atrium/bin",   "atrium/app",
                                          "atrium/app/1.0", "atrium/spool", "atrium/log"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char *path = temp_path(server->folder, folders[i]);
        mkdir(path, 0755);
        free(path);
    }
    char *script = temp_path(server->folder, "atrium/bin/atrium-device");
    char *config = temp_path(server->folder, "atrium/config");
    char *current = temp_path(server->folder, "atrium/app/current");
    file_write_all(script, device_script, strlen(device_script));
    chmod(script, 0755);
    file_write_all(config, "till = 1\n", 9);
    if (symlink("1.0", current) != 0 && access(current, F_OK) != 0)
        fail_msg("%s: no link", current);
    free(script);
    free(config);
    free(current);
}

static void server_launch(struct sshd *server)
{
    char *config = temp_path(server->folder, "sshd_config"),
         *log = temp_path(server->folder, "log");
    pid_t parent = getpid();
    server->pid = fork();
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        setpgid(0, 0);
        if (getppid() == parent)
            execl(SSHD, SSHD, "-D", "-f", config, "-E", log, (char *)NULL);
        _exit(127);
    }
    free(config);
    free(log);
}

static bool server_listens(struct sshd *server)
{
    int64_t until = time_monotonic_ns() + (int64_t)PATIENCE_S * 1000000000;
    while (time_monotonic_ns() < until) {
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
            return false;
        if (port_answers(server->port))
            return true;
        poll(NULL, 0, TURN_MS);
    }
    return false;
}

static void server_start(struct sshd_farm *farm, size_t i, const char *more)
{
    struct sshd *server = &farm->servers[i];
    for (int turn = 0; turn < 5; turn++) {
        if (turn || !server->port)
            server->port = port_free();
        config_write(farm, server, more);
        server_launch(server);
        if (server_listens(server)) {
            farm->devices[i].port = server->port;
            return;
        }
    }
    fail_msg("%s: sshd does not come to listen", server->folder);
}

static const char *host_pin(struct sshd_farm *farm, const struct sshd *server)
{
    char *path = temp_path(server->folder, "host_key.pub");
    struct run_result result = run_program(
        (const char *[]){"/usr/bin/ssh-keygen", "-l", "-E", "sha256", "-f", path, NULL}, NULL);
    char *pin = strstr(result.out, "SHA256:");
    if (!pin)
        fail_msg("%s: no fingerprint", path);
    const char *copy = arena_strndup(farm->arena, pin, strcspn(pin, " "));
    run_result_free(&result);
    free(path);
    return copy;
}

static void server_prepare(struct sshd_farm *farm, size_t i, const char *user_key)
{
    struct sshd *server = &farm->servers[i];
    server->folder = temp_path(farm->folder, arena_printf(farm->arena, "r%zu", i));
    mkdir(server->folder, 0755);
    char *key = temp_path(server->folder, "host_key");
    char *allowed = temp_path(server->folder, "authorized_keys");
    key_make(key);
    file_write_all(allowed, user_key, strlen(user_key));
    script_put(server);
    free(key);
    free(allowed);
    farm->devices[i] = (struct device){
        .id = (uint32_t)i + 1,
        .code = arena_printf(farm->arena, "R%zu", i),
        .kind = "pos",
        .host = "127.0.0.1",
        .user = farm->user,
        .pin = host_pin(farm, server),
        .quarantine = "",
        .identity = "",
        .hop = {.code = ""},
    };
}

/* ---- All of them ---- */

void sshd_farm_start(struct sshd_farm *farm, size_t n, const char *more)
{
    const struct passwd *me = getpwuid(getuid());
    *farm = (struct sshd_farm){.folder = temp_folder(), .arena = arena_new(), .n = n};
    farm->user = mem_strdup(me ? me->pw_name : "root");
    farm->identity = temp_path(farm->folder, "id");
    farm->servers = arena_array(farm->arena, struct sshd, n);
    farm->devices = arena_array(farm->arena, struct device, n);
    chmod(farm->folder, 0755);
    if (getuid() == 0)
        mkdir("/run/sshd", 0755); /* where root's sshd locks its children up */
    key_make(farm->identity);
    char *path = temp_path(farm->folder, "id.pub"), *user_key = file_read_all(path, NULL);
    for (size_t i = 0; i < n; i++) {
        server_prepare(farm, i, user_key);
        server_start(farm, i, more);
    }
    free(user_key);
    free(path);
}

void sshd_end(struct sshd_farm *farm, size_t i)
{
    struct sshd *server = &farm->servers[i];
    if (server->pid <= 0)
        return;
    children_kill(server->pid, true);
    kill(server->pid, SIGTERM);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

void sshd_again(struct sshd_farm *farm, size_t i, bool new_key)
{
    struct sshd *server = &farm->servers[i];
    sshd_end(farm, i);
    if (new_key) {
        char *key = temp_path(server->folder, "host_key");
        key_make(key);
        free(key);
    }
    server_launch(server);
    if (!server_listens(server))
        fail_msg("%s: sshd does not come to listen again", server->folder);
}

void sshd_farm_stop(struct sshd_farm *farm)
{
    for (size_t i = 0; i < farm->n; i++) {
        sshd_end(farm, i);
        free(farm->servers[i].folder);
    }
    free(farm->identity);
    free(farm->user);
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
