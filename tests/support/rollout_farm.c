#include "tests/support/rollout_farm.h"

#include "model/base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum {
    NOW = 1508400000,
    LIMIT_MS = 2000,
    TAR = 2048,
    TURNS = 100000,
    PASS_MS = 5,
    RESTART_MS = 50
};

/* A tar of one empty file, as far as the beginning of one is looked at. */
static void archive_write(struct rollout_world *w)
{
    char bytes[TAR] = "program";
    memcpy(bytes + 257, "ustar", 6);
    w->archive = temp_path(w->mall.folder, "app.tar");
    file_write_all(w->archive, bytes, sizeof bytes);
}

static void devices_insert(struct rollout_world *w)
{
    struct arena *arena = arena_new();
    for (size_t i = 0; i < w->fleet.n; i++) {
        const struct device *d = &w->fleet.devices[i];
        test_run(&w->mall,
                 arena_printf(arena,
                              "insert into device (id, code, kind, host, port, user, floor, pin)"
                              " values (%u, '%s', 'pos', '127.0.0.1', %d, 'atrium', '1', '%s')",
                              d->id, d->code, d->port, d->pin));
    }
    arena_free(arena);
}

void rollout_world_start(struct rollout_world *w, size_t n)
{
    time_fix(NOW);
    *w = (struct rollout_world){.mall = temp_mall_new(), .limit_ms = LIMIT_MS};
    rollout_register();
    w->author = test_access(ACCESS_TECHNICIAN);
    w->other = test_access(ACCESS_TECHNICIAN);
    snprintf(w->author.principal, sizeof w->author.principal, "ann");
    snprintf(w->other.principal, sizeof w->other.principal, "bob");
    test_fleet_start(&w->fleet, n);
    farm_restart_ms(w->fleet.farm, RESTART_MS);
    archive_write(w);
    devices_insert(w);
}

void rollout_world_stop(struct rollout_world *w)
{
    free(w->archive);
    test_fleet_stop(&w->fleet);
    temp_mall_free(&w->mall);
    time_fix(0);
}

struct rollout_draft rollout_world_draft(const struct rollout_world *w, const char *app)
{
    return (struct rollout_draft){.app = app,
                                  .path = w->archive,
                                  .selection = "kind=pos",
                                  .waves = "100%",
                                  .threshold = "1",
                                  .canary = 1,
                                  .coverage = 100,
                                  .soak = 0,
                                  .trial = 3600,
                                  .expires = 86400};
}

void rollout_world_begin(struct rollout_world *w, const struct rollout_draft *draft, char code[16])
{
    struct error err = {0};
    struct writer *writer = w->mall.writer;
    assert_ok(rollout_make(writer, &w->author, draft, w->fleet.devices, w->fleet.n, code, &err));
    assert_ok(rollout_move(writer, &w->other, code, ROLLOUT_APPROVE, NULL, NULL, &err));
    assert_ok(rollout_move(writer, &w->author, code, ROLLOUT_START, NULL, NULL, &err));
}

static bool takes(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    connect(fd, (struct sockaddr *)&at, sizeof at);
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    int error = ETIMEDOUT;
    socklen_t size = sizeof error;
    if (poll(&ready, 1, 1000) == 1)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    close(fd);
    return error == 0;
}

void rollout_world_up(struct rollout_world *w)
{
    int64_t until = time_monotonic_ns() + INT64_C(5000000000);
    for (size_t i = 0; i < w->fleet.n; i++)
        while (!takes(w->fleet.devices[i].port) && time_monotonic_ns() < until)
            poll(NULL, 0, PASS_MS);
}

/* Time goes on to where there is something to do. */
static bool time_pass(struct rollout_world *w, const struct rollout_turn *turn, int64_t patience)
{
    if (turn->next == INT64_MAX || turn->next > time_now() + patience)
        return false;
    if (turn->next > time_now()) {
        if (turn->flight)
            rollout_world_up(w);
        time_fix(turn->next);
    }
    return true;
}

bool rollout_world_drive(struct rollout_world *w, const char *code, int64_t patience,
                         bool (*moment)(void *context, enum rollout_moment moment), void *context,
                         struct rollout_turn *turn)
{
    struct error err = {0};
    struct rollout_driver *driver;
    static int number;
    char name[32];
    snprintf(name, sizeof name, "console %d", ++number);
    struct fleet_engine *engine = test_engine(w->fleet.identity, w->limit_ms, 4 * w->limit_ms);
    struct rollout_drive_options options = {
        .engine = engine, .name = name, .moment = moment, .context = context};
    assert_ok(rollout_driver_open(w->mall.writer, w->mall.reader, &w->author, code, &options,
                                  &driver, &err));
    enum status status = ST_OK;
    for (int i = 0; i < TURNS; i++) {
        status = rollout_driver_turn(driver, turn, &err);
        if (status != ST_OK || (turn->over && !turn->under_way))
            break;
        if (turn->under_way)
            fleet_wait(engine, PASS_MS);
        else if (turn->next > time_now() && !time_pass(w, turn, patience))
            break;
    }
    if (status != ST_OK && status != ST_CANCELLED)
        fail_msg("%s", error_text(&err));
    error_clear(&err);
    rollout_driver_close(driver);
    fleet_free(engine);
    return status == ST_OK;
}

struct rollout *rollout_world_read(struct rollout_world *w, const char *code,
                                   struct rollout_row **rows, size_t *n)
{
    struct error err = {0};
    struct rollout *rollout;
    assert_ok(rollout_find(w->mall.reader, &w->author, w->fleet.arena, code, &rollout, &err));
    assert_ok(rollout_rows(w->mall.reader, w->fleet.arena, rollout->id, rows, n, &err));
    return rollout;
}

char *rollout_world_app(struct rollout_world *w, size_t device)
{
    size_t n;
    char *app = farm_file(w->fleet.farm, w->fleet.devices[device].code, "app/current", &n);
    assert_non_null(app);
    return app;
}

void rollout_world_check(struct rollout_world *w, const char *code)
{
    struct rollout_row *rows;
    size_t n;
    const struct rollout *rollout = rollout_world_read(w, code, &rows, &n);
    assert_int_equal(n, w->fleet.n);
    for (size_t i = 0; i < n; i++) {
        size_t device = rows[i].device - 1;
        char *app = rollout_world_app(w, device);
        bool new = strcmp(app, rollout->app) == 0;
        if (!step_settled(rows[i].step) || rows[i].step == STEP_UNKNOWN)
            fail_msg("%s: %s is not settled: %s, %s", code, w->fleet.devices[device].code,
                     rollout_row_word(&rows[i]), rows[i].reason);
        if (new != (rows[i].step == STEP_OK))
            fail_msg("%s: %s is %s and runs %s: %s", code, w->fleet.devices[device].code,
                     rollout_row_word(&rows[i]), app, rows[i].reason);
        if (rows[i].fault && !*rows[i].reason)
            fail_msg("%s: %s failed without a reason", code, w->fleet.devices[device].code);
        test_harmless(rows[i].reason);
        free(app);
    }
}
