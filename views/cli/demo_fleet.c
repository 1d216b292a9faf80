#include "views/cli/demo_fleet.h"

#include "fixtures/devices/farm.h"
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

struct demo_fleet {
    int child, lock; /* lock: descriptor that holds the folder */
};

struct fleet_making {
    struct cli *cli;
    struct arena *arena;
    struct farm_spec *specs;
    size_t n;
    uint64_t seed;
    const char *folder;
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
    m->n = found.n < wanted ? found.n : wanted;
    m->specs = arena_array(m->arena, struct farm_spec, m->n + 1);
    const struct farm_spec *usual = farm_specs_demo(m->arena, m->seed, (uint32_t)found.n);
    for (size_t i = 0; i < m->n; i++) {
        m->specs[i] = found.at[i * found.n / m->n];
        spec_sells(usual, found.n, &m->specs[i]);
    }
    vec_free(&found);
    return status;
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
static int port_find(const struct fleet_making *m)
{
    for (int i = 0; i < PORT_TRIES; i++) {
        int port = PORT + i * PORT_STEP;
        size_t k = 0;
        while (k < m->n && can_listen(&m->specs[k], port))
            k++;
        if (k == m->n)
            return port;
    }
    return 0;
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

static enum status specs_write(const struct fleet_making *m, struct error *err)
{
    const char *text = "";
    for (size_t i = 0; i < m->n; i++) {
        const struct farm_spec *s = &m->specs[i];
        text = arena_printf(m->arena, "%s%s\t%s\t%s\t%d\t%s\t%s\t%lld\n", text, s->code, s->kind,
                            s->host, s->port, s->tenant, s->item, (long long)s->price);
    }
    return file_write(in_folder(m, "devices"), text, err);
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
        if (faults[i].nth < m->n)
            text = arena_printf(m->arena, "%s%s %s\n", text, m->specs[faults[i].nth].code,
                                faults[i].fault);
    return file_write(in_folder(m, "faults"), text, err);
}

/* ---- What the mall knows of them ---- */

static enum status devices_import(const struct fleet_making *m, struct error *err)
{
    char pin[FARM_PIN];
    struct writer *writer;
    struct import_result result;
    const char *text = "device,kind,host,port,user,pin\n", *path = in_folder(m, "pins.csv");
    for (size_t i = 0; i < m->n; i++) {
        const struct farm_spec *s = &m->specs[i];
        farm_pin(m->seed, s->code, pin);
        text = arena_printf(m->arena, "%s%s,%s,%s,%d,atrium,%s\n", text, s->code, s->kind, s->host,
                            s->port, pin);
    }
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
static enum status calendar_set(struct fleet_making *m, int64_t *shift, struct error *err)
{
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

static enum status child_start(struct fleet_making *m, const char *program, int64_t shift,
                               struct demo_fleet *fleet, struct error *err)
{
    struct reader *reader;
    int64_t members = 0;
    enum status status = cli_reader(m->cli, &reader, err);
    if (status == ST_OK)
        status = reader_integer(reader, "select count(*) from member", 0, &members, err);
    if (status != ST_OK)
        return status;
    struct arena *a = m->arena;
    const char *const words[] = {program,
                                 "--user-key",
                                 in_folder(m, "id.pub"),
                                 "--specs",
                                 in_folder(m, "devices"),
                                 "--control",
                                 in_folder(m, "faults"),
                                 "--log",
                                 in_folder(m, "log"),
                                 "--seed",
                                 arena_printf(a, "%llu", (unsigned long long)m->seed),
                                 "--members",
                                 arena_printf(a, "%lld", (long long)members),
                                 "--shift",
                                 arena_printf(a, "%lld", (long long)shift),
                                 "--sale-ms",
                                 arena_printf(a, "%d", SALE_MS),
                                 NULL};
    fleet->child = farm_child_start(program, words, err);
    return fleet->child > 0 ? ST_OK : ST_UNUSABLE;
}

static enum status fleet_make(struct fleet_making *m, const char *program, uint32_t n,
                              struct demo_fleet *fleet, struct error *err)
{
    int64_t shift = 0;
    enum status status = specs_choose(m, n, err);
    if (status != ST_OK || !m->n)
        return status;
    int port = port_find(m);
    if (!port)
        return error_set(err, ST_UNUSABLE,
                         "no port from %d on is free at the addresses of the demo's devices", PORT);
    for (size_t i = 0; i < m->n; i++)
        m->specs[i].port = port;
    status = key_write(in_folder(m, "id"), err);
    if (status == ST_OK)
        status = specs_write(m, err);
    if (status == ST_OK)
        status = faults_write(m, err);
    if (status == ST_OK)
        status = calendar_set(m, &shift, err);
    if (status == ST_OK)
        status = devices_import(m, err);
    if (status == ST_OK)
        status = demo_packages_make(m->cli, m->n, err);
    return status == ST_OK ? child_start(m, program, shift, fleet, err) : status;
}

enum status demo_fleet_start(struct cli *cli, uint32_t n, uint64_t seed, struct demo_fleet **out,
                             struct error *err)
{
    struct demo_fleet *fleet = mem_zero(1, sizeof *fleet);
    struct fleet_making m = {.cli = cli, .arena = arena_new(), .seed = seed};
    struct mall *mall;
    *out = NULL;
    fleet->child = fleet->lock = -1;
    const char *program = program_path(m.arena);
    enum status status = n && program ? cli_mall(cli, &mall, err) : ST_OK;
    if (status == ST_OK && n && program && !mall->read_only) {
        m.folder = arena_printf(m.arena, "%s.devices", mall->path);
        bool taken = folder_take(&m, fleet);
        if (taken)
            status = fleet_make(&m, program, n, fleet, err);
        setenv("ATRIUM_IDENTITY", in_folder(&m, "id"), 1);
    }
    if (status != ST_OK) {
        fprintf(stderr, "atrium: without devices: %s\n", error_text(err));
        error_clear(err);
    }
    if (fleet->child > 0)
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
    farm_child_end(fleet->child);
    if (fleet->lock >= 0)
        close(fleet->lock);
    free(fleet);
}
