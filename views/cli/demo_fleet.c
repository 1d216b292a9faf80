#include "views/cli/demo_fleet.h"

#include "fixtures/devices/farm.h"
#include "fixtures/devices/openssh.h"
#include "model/access/access.h"
#include "model/base/text.h"
#include "model/base/time.h"
#include "model/base/vec.h"
#include "model/fleet/ssh_late.h"
#include "model/import/import.h"
#include "model/store/column.h"
#include "model/store/operation.h"
#include "views/cli/demo_packages.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPENS = 10, CLOSES = 21, NOON_S = 13 * 3600 + 1800 };
enum { PORT = 2222, PORT_STEP = 100, PORT_TRIES = 10, SALE_MS = 8000, DAY_S = 86400 };
enum { REAL_SHARE = 3 };

struct demo_fleet {
    int simulated, real; /* children */
    int lock;            /* descriptor that holds the folder */
};

struct fleet_part {
    struct farm_spec *specs;
    size_t n;
};

struct fleet_making {
    struct cli *cli;
    struct arena *arena;
    struct fleet_part all, simulated, real; /* all: both of them */
    uint64_t seed;
    const char *folder;
    int64_t shift, members;
};

static const char *in_folder(const struct fleet_making *m, const char *name)
{
    return arena_printf(m->arena, "%s/%s", m->folder, name);
}

/* ---- Which ones ---- */

/* What a till sells, where the mall is the usual demo. */
static void spec_sells(const struct farm_spec *usual, size_t n, struct farm_spec *spec)
{
    spec->item = "";
    for (size_t i = 0; i < n; i++)
        if (strcmp(usual[i].code, spec->code) == 0 && strcmp(usual[i].tenant, spec->tenant) == 0) {
            spec->item = usual[i].item;
            spec->price = usual[i].price;
        }
}

/* The devices of the mall at this machine's addresses, every so many-th: of each kind its share. */
static enum status specs_choose(struct fleet_making *m, uint32_t wanted, struct error *err)
{
    struct reader *reader;
    sqlite3_stmt *stmt;
    VEC(struct farm_spec) found = {0};
    bool row = true;
    enum status status = cli_reader(m->cli, &reader, err);
    if (status == ST_OK)
        status = reader_prepare(reader,
                                "select d.code, d.kind, d.host, coalesce(t.code, '') from device d"
                                " left join tenant t on t.id = d.tenant where d.host glob '127.*'"
                                " order by d.id",
                                &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&found, (struct farm_spec){
                             .code = arena_strdup(m->arena, column_text(stmt, 0)),
                             .kind = arena_strdup(m->arena, column_text(stmt, 1)),
                             .host = arena_strdup(m->arena, column_text(stmt, 2)),
                             .tenant = arena_strdup(m->arena, column_text(stmt, 3)),
                         });
    struct fleet_part *all = &m->all;
    all->n = found.n < wanted ? found.n : wanted;
    all->specs = arena_array(m->arena, struct farm_spec, all->n + 1);
    const struct farm_spec *usual = farm_specs_demo(m->arena, m->seed, (uint32_t)found.n);
    for (size_t i = 0; i < all->n; i++) {
        all->specs[i] = found.at[i * found.n / all->n];
        spec_sells(usual, found.n, &all->specs[i]);
    }
    vec_free(&found);
    return status;
}

/* Every so many-th is a real one, again of each kind its share. */
static void specs_part(struct fleet_making *m)
{
    struct error why = {0};
    size_t n = m->all.n, real = n / REAL_SHARE;
    if (real > DEMO_DEVICES_REAL)
        real = DEMO_DEVICES_REAL;
    if (real && openssh_usable(in_folder(m, "real"), &why) != ST_OK) {
        fprintf(stderr, "atrium: no OpenSSH servers among the devices, all are simulated: %s\n",
                error_text(&why));
        real = 0;
    }
    m->simulated.specs = arena_array(m->arena, struct farm_spec, n + 1);
    m->real.specs = arena_array(m->arena, struct farm_spec, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct farm_spec *spec = &m->all.specs[i];
        bool turn = (i + 1) * real / n > i * real / n;
        struct fleet_part *part = turn && openssh_name_fits(spec->code) ? &m->real : &m->simulated;
        part->specs[part->n++] = *spec;
    }
}

/* ---- Where they listen ---- */

static bool can_listen(const struct farm_spec *spec, int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bool ok = inet_pton(AF_INET, spec->host, &at.sin_addr) == 1 &&
              bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* A port that is free at all of their addresses; 0: none was found. */
static int port_find(const struct fleet_part *part)
{
    for (int i = 0; i < PORT_TRIES; i++) {
        int port = PORT + i * PORT_STEP;
        size_t k = 0;
        while (k < part->n && can_listen(&part->specs[k], port))
            k++;
        if (k == part->n)
            return port;
    }
    return 0;
}

/* Simulated ones have one port at all addresses, real ones what the system gives each. */
static enum status ports_give(struct fleet_making *m, struct error *err)
{
    int port = port_find(&m->simulated);
    if (!port)
        return error_set(err, ST_UNUSABLE,
                         "no port from %d on is free at the addresses of the demo's devices", PORT);
    for (size_t i = 0; i < m->simulated.n; i++)
        m->simulated.specs[i].port = port;
    for (size_t i = 0; i < m->real.n; i++) {
        struct farm_spec *spec = &m->real.specs[i];
        spec->port = openssh_port(spec->host);
        if (!spec->port)
            return error_set(err, ST_UNUSABLE, "%s: no port is free there", spec->host);
    }
    return ST_OK;
}

/* ---- Files of the folder ---- */

static enum status key_write(const char *path, struct error *err)
{
    struct stat about;
    ssh_key key = NULL;
    char *public = mem_printf("%s.pub", path);
    bool ok = stat(path, &about) == 0 && stat(public, &about) == 0;
    if (!ok && ssh_load(err) == ST_OK)
        ok = ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) == SSH_OK &&
             ssh_pki_export_privkey_file(key, NULL, NULL, NULL, path) == SSH_OK &&
             ssh_pki_export_pubkey_file(key, public) == SSH_OK && chmod(path, 0600) == 0;
    if (key)
        ssh_key_free(key);
    free(public);
    return ok ? ST_OK : error_set(err, ST_UNUSABLE, "%s: a key could not be written", path);
}

static enum status file_write(const char *path, const char *text, struct error *err)
{
    FILE *file = fopen(path, "we");
    bool ok = file && fputs(text, file) >= 0;
    if (file && fclose(file) != 0)
        ok = false;
    return ok ? ST_OK : error_set(err, ST_UNUSABLE, "%s: cannot be written", path);
}

static enum status specs_write(const struct fleet_making *m, const char *name,
                               const struct fleet_part *part, struct error *err)
{
    const char *text = "";
    for (size_t i = 0; i < part->n; i++) {
        const struct farm_spec *s = &part->specs[i];
        text = arena_printf(m->arena, "%s%s\t%s\t%s\t%d\t%s\t%s\t%lld\n", text, s->code, s->kind,
                            s->host, s->port, s->tenant, s->item, (long long)s->price);
    }
    return file_write(in_folder(m, name), text, err);
}

/* A few are faulty, as in life; the file may be edited while they run. */
static enum status faults_write(const struct fleet_making *m, struct error *err)
{
    static const struct {
        size_t nth;
        const char *fault;
    } faults[] = {{5, "stall:auth"}, {17, "off"}, {29, "clock:-95000"}, {41, "disk"}};
    const char *text =
        "# DEVICE FAULT; read again when this file changes (atrium-devices --help)\n";
    struct stat about;
    if (stat(in_folder(m, "faults"), &about) == 0)
        return ST_OK;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i].nth < m->simulated.n)
            text = arena_printf(m->arena, "%s%s %s\n", text, m->simulated.specs[faults[i].nth].code,
                                faults[i].fault);
    return file_write(in_folder(m, "faults"), text, err);
}

/* ---- What the mall knows of them ---- */

static const char *rows_add(const struct fleet_making *m, const struct fleet_part *part,
                            const char *user, const char *text)
{
    char pin[FARM_PIN];
    for (size_t i = 0; i < part->n; i++) {
        const struct farm_spec *s = &part->specs[i];
        farm_pin(m->seed, s->code, pin);
        text = arena_printf(m->arena, "%s%s,%s,%s,%d,%s,%s\n", text, s->code, s->kind, s->host,
                            s->port, user, pin);
    }
    return text;
}

static enum status devices_import(const struct fleet_making *m, struct error *err)
{
    struct writer *writer;
    struct import_result result;
    const char *text = "device,kind,host,port,user,pin\n", *path = in_folder(m, "pins.csv");
    text = rows_add(m, &m->simulated, "atrium", text);
    text = rows_add(m, &m->real, openssh_user(), text);
    enum status status = file_write(path, text, err);
    if (status == ST_OK)
        status = cli_writer(m->cli, &writer, err);
    if (status != ST_OK)
        return status;
    struct import_options options = {.table = &import_tables[IMPORT_DEVICES],
                                     .actor = m->cli->principal};
    status = import_run(writer, path, &options, &result, err);
    import_result_free(&result);
    return status;
}

/* At night the mall is closed, and nothing would be to be seen: it is early afternoon then. */
static int64_t opened_s(const struct clock *clock, int64_t now)
{
    int hour = clock_hour(clock, now);
    int64_t noon = clock_day_start(clock, clock_day(clock, now)) - clock->boundary + NOON_S;
    return hour < OPENS || hour >= CLOSES ? noon - now : 0;
}

/* A generated mall ends on a certain day: its calendar goes on from there. Once it is set it stays.
 */
static enum status calendar_set(struct fleet_making *m, struct error *err)
{
    int64_t *shift = &m->shift;
    struct reader *reader;
    struct writer *writer;
    int64_t as_of = 0, present;
    enum status status = cli_reader(m->cli, &reader, err);
    if (status == ST_OK)
        status = reader_integer(
            reader, "select cast(value as integer) from setting where name = 'time_shift'", 0,
            shift, err);
    if (status == ST_OK)
        status = reader_present(reader, &as_of, &present, err);
    const struct clock *clock = &m->cli->mall->clock;
    int64_t days = clock_day(clock, as_of) + 1 - clock_day(clock, time_now());
    if (status != ST_OK || *shift || !as_of || days == 0 || days == 1)
        return status;
    *shift = days * DAY_S + opened_s(clock, time_now() + days * DAY_S);
    status = cli_writer(m->cli, &writer, err);
    if (status != ST_OK)
        return status;
    json_t *set = json_object();
    json_object_set_new(set, "value", json_sprintf("%lld", (long long)*shift));
    struct operation op = {.actor = m->cli->principal,
                           .rights = access_engine().rights,
                           .entity = "setting",
                           .target = "time_shift",
                           .verb = OPERATION_SET,
                           .base_version = -1,
                           .set = set,
                           .reason = "a demo's calendar goes on from its last day"};
    status = operation_apply(writer, &op, NULL, err);
    json_decref(set);
    if (status == ST_OK)
        time_shift_set(*shift);
    return status;
}

/* ---- The child ---- */

/* The simulator lies beside the program. */
static const char *program_path(struct arena *arena)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    char *slash = n > 0 ? memrchr(path, '/', (size_t)n) : NULL;
    if (!slash)
        return NULL;
    *slash = '\0';
    const char *program = arena_printf(arena, "%s/atrium-devices", path);
    return access(program, X_OK) == 0 ? program : NULL;
}

static bool folder_take(struct fleet_making *m, struct demo_fleet *fleet)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (mkdir(m->folder, 0700) != 0 && errno != EEXIST)
        return false;
    fleet->lock = open(in_folder(m, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return fleet->lock >= 0 && fcntl(fleet->lock, F_OFD_SETLK, &whole) == 0;
}

/* Its words that both children have, and up to four of its own. *ready: as farm_child_begin. */
static int child_begin(struct fleet_making *m, const char *program, const char *specs,
                       const char *log, const char *const own[4], int *ready, struct error *err)
{
    struct arena *a = m->arena;
    const char *const words[] = {program,
                                 "--user-key",
                                 in_folder(m, "id.pub"),
                                 "--specs",
                                 in_folder(m, specs),
                                 "--log",
                                 in_folder(m, log),
                                 "--seed",
                                 arena_printf(a, "%llu", (unsigned long long)m->seed),
                                 "--members",
                                 arena_printf(a, "%lld", (long long)m->members),
                                 "--shift",
                                 arena_printf(a, "%lld", (long long)m->shift),
                                 "--sale-ms",
                                 arena_printf(a, "%d", SALE_MS),
                                 own[0],
                                 own[1],
                                 own[2],
                                 own[3],
                                 NULL};
    return farm_child_begin(program, words, ready, err);
}

static enum status files_write(struct fleet_making *m, struct error *err)
{
    enum status status = key_write(in_folder(m, "id"), err);
    if (status == ST_OK)
        status = specs_write(m, "devices", &m->simulated, err);
    if (status == ST_OK)
        status = specs_write(m, "servers", &m->real, err);
    return status == ST_OK ? faults_write(m, err) : status;
}

static enum status mall_tell(struct fleet_making *m, struct error *err)
{
    enum status status = devices_import(m, err);
    return status == ST_OK ? demo_packages_make(m->cli, m->all.n, err) : status;
}

/* The servers come up while the mall is told of them all, and the console does not wait for the
 * last of them: who asks one too early asks it again. */
static enum status children_start(struct fleet_making *m, const char *program,
                                  struct demo_fleet *fleet, struct error *err)
{
    const char *const servers[4] = {"--real", in_folder(m, "real")};
    const char *const devices[4] = {"--control", in_folder(m, "faults"), "--state",
                                    in_folder(m, "state")};
    int ready, real_ready = -1;
    if (m->real.n)
        fleet->real = child_begin(m, program, "servers", "servers.log", servers, &real_ready, err);
    enum status status = mall_tell(m, err);
    if (status == ST_OK)
        fleet->simulated = child_begin(m, program, "devices", "log", devices, &ready, err);
    if (status == ST_OK && (fleet->simulated < 0 || !farm_child_ready(ready, -1)))
        status = error_set(err, ST_UNUSABLE, "%s: could not be started", program);
    if (real_ready >= 0)
        farm_child_ready(real_ready, 0);
    return status;
}

static enum status fleet_make(struct fleet_making *m, const char *program, uint32_t n,
                              struct demo_fleet *fleet, struct error *err)
{
    struct reader *reader;
    enum status status = specs_choose(m, n, err);
    if (status != ST_OK || !m->all.n)
        return status;
    specs_part(m);
    status = ports_give(m, err);
    if (status == ST_OK)
        status = files_write(m, err);
    if (status == ST_OK)
        status = calendar_set(m, err);
    if (status == ST_OK)
        status = cli_reader(m->cli, &reader, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select count(*) from member", 0, &m->members, err);
    return status == ST_OK ? children_start(m, program, fleet, err) : status;
}

enum status demo_fleet_start(struct cli *cli, uint32_t n, uint64_t seed, struct demo_fleet **out,
                             struct error *err)
{
    struct demo_fleet *fleet = mem_zero(1, sizeof *fleet);
    struct fleet_making m = {.cli = cli, .arena = arena_new(), .seed = seed};
    struct mall *mall;
    *out = NULL;
    fleet->simulated = fleet->real = fleet->lock = -1;
    const char *program = program_path(m.arena);
    enum status status = n && program ? cli_mall(cli, &mall, err) : ST_OK;
    if (status == ST_OK && n && program && !mall->read_only) {
        m.folder = arena_printf(m.arena, "%s.devices", mall->path);
        bool taken = folder_take(&m, fleet);
        if (taken)
            status = fleet_make(&m, program, n, fleet, err);
        setenv("ATRIUM_IDENTITY", in_folder(&m, "id"), 1);
    }
    bool alive = status == ST_OK && fleet->simulated > 0;
    if (status != ST_OK) {
        fprintf(stderr, "atrium: without devices: %s\n", error_text(err));
        error_clear(err);
    }
    if (alive)
        *out = fleet;
    else
        demo_fleet_end(fleet);
    arena_free(m.arena);
    return ST_OK;
}

void demo_fleet_end(struct demo_fleet *fleet)
{
    if (!fleet)
        return;
    farm_child_end(fleet->simulated);
    farm_child_end(fleet->real);
    if (fleet->lock >= 0)
        close(fleet->lock);
    free(fleet);
}
