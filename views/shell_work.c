#include "views/shell_work.h"

#include "model/base/time.h"
#include "model/store/write_queue.h"
#include "tui/emulator.h"
#include "views/fleet_desk.h"
#include "views/session.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct shell_work {
    struct console *console;
    struct arena *arena;
    struct device *device;
    char *path, *problem;
    int rows, cols;
    struct shell *shell;
    bool announcing, over, left;
    void (*changed)(void *context);
    void *context;
};

static void work_free(struct shell_work *work)
{
    shell_free(work->shell);
    free(work->path);
    free(work->problem);
    arena_free(work->arena);
    free(work);
}

static void tell(struct shell_work *work)
{
    if (work->changed)
        work->changed(work->context);
}

/* ---- Its end is kept ---- */

struct keeping {
    struct arena *arena;
    const struct shell_record *record;
};

static enum status keep_run(struct writer *writer, void *arguments, struct error *err)
{
    return shell_keep(writer, ((struct keeping *)arguments)->record, err);
}

static void keep_done(void *context, void *arguments, enum status status, const struct error *error)
{
    (void)arguments;
    if (status != ST_OK)
        console_complain(context, "%s", error_text(error));
}

static void keep_release(void *arguments)
{
    arena_free(((struct keeping *)arguments)->arena);
}

static void record_keep(struct shell_work *work)
{
    struct keeping keeping = {.arena = arena_new()};
    keeping.record = shell_record_of(work->shell, keeping.arena, work->console->access.principal);
    struct write_request request = {.run = keep_run,
                                    .done = keep_done,
                                    .release = keep_release,
                                    .arguments = &keeping,
                                    .size = sizeof keeping,
                                    .context = work->console};
    write_queue_submit(work->console->writes, &request);
}

static void work_end(struct shell_work *work)
{
    work->over = true;
    loop_unwatch(work->console->loop, shell_fd(work->shell));
    desk_guest_remove(work->console->desk, work);
    record_keep(work);
}

static void shell_ready(void *context)
{
    struct shell_work *work = context;
    char bytes[16384];
    while (work->left && shell_take(work->shell, bytes, sizeof bytes))
        continue; /* it is recorded, and nobody looks */
    if (work->changed)
        tell(work);
    if (!shell_over(work->shell))
        return;
    work_end(work);
    if (work->left)
        work_free(work);
    else
        tell(work);
}

/* The console is left; the engine has ended by now. */
static void guest_end(void *context)
{
    struct shell_work *work = context;
    record_keep(work);
    work->over = true;
    if (work->left)
        work_free(work);
}

/* ---- Its beginning ---- */

static char *recording_path(const char *code, int64_t now)
{
    char name[128], when[32], safe[64];
    struct tm tm;
    time_t time = (time_t)now;
    size_t n = 0;
    for (; code[n] && n + 1 < sizeof safe; n++)
        safe[n] = (char)(strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_",
                                code[n])
                             ? code[n]
                             : '_');
    safe[n] = 0;
    gmtime_r(&time, &tm);
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &tm);
    for (int again = 1; again < 100; again++) {
        if (again == 1)
            snprintf(name, sizeof name, "shell/%s-%s.cast", when, safe);
        else
            snprintf(name, sizeof name, "shell/%s-%s-%d.cast", when, safe, again);
        char *path = state_path(name);
        if (!path || access(path, F_OK) != 0)
            return path;
        free(path);
    }
    return NULL;
}

static void shell_start(struct shell_work *work)
{
    struct error err = {0};
    struct fleet_engine *engine = desk_engine(work->console->desk);
    struct shell_options options = {.device = work->device,
                                    .term = EMULATOR_TERM,
                                    .rows = work->rows,
                                    .cols = work->cols,
                                    .recording = work->path};
    if (!engine) {
        work->problem = mem_strdup(_("devices cannot be reached from here"));
    } else if (shell_begin(engine, &options, &work->shell, &err) == ST_OK) {
        desk_guest_add(work->console->desk, guest_end, work);
        loop_watch(work->console->loop, shell_fd(work->shell), shell_ready, work);
    } else {
        work->problem = mem_strdup(error_text(&err));
    }
    error_clear(&err);
}

struct announcement {
    struct shell_work *work;
    char actor[64], *code, *path;
};

static enum status announcement_run(struct writer *writer, void *arguments, struct error *err)
{
    struct announcement *a = arguments;
    return shell_announce(writer, a->actor, a->code, a->path, err);
}

/* The audit has it: only now the device hears of it. */
static void announcement_done(void *context, void *arguments, enum status status,
                              const struct error *error)
{
    struct shell_work *work = ((struct announcement *)arguments)->work;
    (void)context;
    work->announcing = false;
    if (work->left || work->console->leaving) {
        if (work->left)
            work_free(work);
        return;
    }
    if (status != ST_OK)
        work->problem = mem_strdup(error_text(error));
    else
        shell_start(work);
    tell(work);
}

static void announcement_release(void *arguments)
{
    struct announcement *a = arguments;
    free(a->code);
    free(a->path);
}

static void announce(struct shell_work *work)
{
    struct announcement a = {
        .work = work, .code = mem_strdup(work->device->code), .path = mem_strdup(work->path)};
    snprintf(a.actor, sizeof a.actor, "%s", work->console->access.principal);
    struct write_request request = {.run = announcement_run,
                                    .done = announcement_done,
                                    .release = announcement_release,
                                    .arguments = &a,
                                    .size = sizeof a};
    work->announcing = true;
    write_queue_submit(work->console->writes, &request);
}

struct shell_work *shell_work_begin(struct console *console, const struct device *device, int rows,
                                    int cols, void (*changed)(void *context), void *context)
{
    char *path = NULL;
    if (!desk_engine(console->desk))
        return NULL;
    if (*device->quarantine)
        console_complain(console, "%s", _("it is in quarantine: it is given no credential"));
    else if (!(path = recording_path(device->code, time_now())))
        console_complain(console, "%s", _("there is no folder for the recording: is HOME set?"));
    if (!path)
        return NULL;
    struct shell_work *work = mem_zero(1, sizeof *work);
    work->console = console;
    work->arena = arena_new();
    work->device = devices_copy(work->arena, device, 1);
    work->path = path;
    work->rows = rows;
    work->cols = cols;
    work->changed = changed;
    work->context = context;
    announce(work);
    return work;
}

struct shell *shell_work_shell(const struct shell_work *work)
{
    return work->shell;
}

const char *shell_work_problem(const struct shell_work *work)
{
    return work->problem;
}

bool shell_work_over(const struct shell_work *work)
{
    return work->over;
}

void shell_work_resize(struct shell_work *work, int rows, int cols)
{
    if (rows == work->rows && cols == work->cols)
        return;
    work->rows = rows;
    work->cols = cols;
    if (work->shell && !work->over)
        shell_resize(work->shell, rows, cols);
}

void shell_work_leave(struct shell_work *work)
{
    if (!work)
        return;
    work->changed = NULL;
    work->left = true;
    if (work->announcing)
        return;
    if (!work->shell || work->over)
        work_free(work);
    else
        shell_leave(work->shell);
}
