/*
 * The table gives the bytes in slices on the screen's thread; they gather in memory. A file is
 * written by a task, so that a slow disk delays nothing; a command gets the terminal to itself.
 */
#include "views/list_export.h"

#include "model/base/task.h"
#include "tui/buffer.h"
#include "tui/dialog.h"
#include "tui/table_export.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_BYTES = 512 << 20 };

struct list_export {
    struct list *list;
    struct console *console;
    char *where; /* file name or command */
    bool pipe;
    bool too_large;
    struct buffer bytes;
    int64_t rows;
};

/* A file being written, on its way through the pool. It outlives the list. */
struct file_task {
    struct task task;
    struct console *console;
    char *path;
    struct buffer bytes;
    int64_t rows; /* -1: a text, which replaces nothing */
};

static void export_free(struct list_export *export)
{
    if (!export)
        return;
    buffer_free(&export->bytes);
    free(export->where);
    free(export);
}

void list_export_end(struct list *list)
{
    if (list->table && list->export)
        table_export_stop(list->table);
    export_free(list->export);
    list->export = NULL;
}

static enum status file_run(struct task *task, void *thread_state)
{
    struct file_task *file = (struct file_task *)task;
    (void)thread_state;
    if (file->rows < 0 && access(file->path, F_OK) == 0)
        return error_set(&task->error, ST_REFUSED, "%s is already there", file->path);
    char *beside = mem_printf("%s.part", file->path);
    FILE *out = fopen(beside, "wb");
    bool good = out && fwrite(buffer_text(&file->bytes), 1, file->bytes.n, out) == file->bytes.n;
    good = out && fflush(out) == 0 && fsync(fileno(out)) == 0 && good;
    int why = errno;
    if (out && fclose(out) != 0)
        good = false;
    if (good && rename(beside, file->path) != 0) {
        why = errno;
        good = false;
    }
    if (!good && out)
        unlink(beside);
    free(beside);
    return good ? ST_OK : error_set(&task->error, ST_REFUSED, "%s: %s", file->path, strerror(why));
}

static void file_done(struct task *task)
{
    struct file_task *file = (struct file_task *)task;
    if (task->status == ST_OK && file->rows < 0)
        console_say(file->console, _("written to %s"), file->path);
    else if (task->status == ST_OK)
        console_say(file->console, _("%lld rows written to %s"), (long long)file->rows, file->path);
    else if (!task->cancelled)
        console_complain(file->console, "%s", error_text(&task->error));
    error_clear(&task->error);
    buffer_free(&file->bytes);
    free(file->path);
    free(file);
}

static void file_write(struct list_export *export)
{
    struct file_task *file = mem_zero(1, sizeof *file);
    file->task.run = file_run;
    file->task.done = file_done;
    file->task.title = _("writing");
    file->console = export->console;
    file->path = mem_strdup(export->where);
    file->bytes = export->bytes;
    file->rows = export->rows;
    export->bytes = (struct buffer){0};
    task_submit(file->console->pool, &file->task);
}

/* The command has the terminal until it ends, as when one leaves with Ctrl-Z. */
static void command_run(struct list_export *export)
{
    screen_suspend();
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    FILE *out = popen(export->where, "w");
    if (out)
        fwrite(buffer_text(&export->bytes), 1, export->bytes.n, out);
    int status = out ? pclose(out) : -1;
    signal(SIGPIPE, before);
    fputs(_("\n[Enter goes back to atrium] "), stdout);
    fflush(stdout);
    for (int c = getchar(); c != '\n' && c != EOF;)
        c = getchar();
    screen_resume();
    if (status != 0)
        console_complain(export->console, _("'%s' ended with status %d"), export->where,
                         status < 0 ? status : status >> 8);
    else
        console_say(export->console, _("%lld rows piped to '%s'"), (long long)export->rows,
                    export->where);
}

static bool bytes_take(void *context, const char *bytes, size_t n)
{
    struct list_export *export = context;
    export->too_large = export->bytes.n + n > MOST_BYTES;
    if (!export->too_large)
        buffer_add(&export->bytes, bytes, n);
    return !export->too_large;
}

static void bytes_done(void *context, const struct table_export_result *result)
{
    struct list_export *export = context;
    struct list *list = export->list;
    export->rows = result->rows;
    list->export = NULL;
    if (export->too_large)
        console_complain(export->console, "%s",
                         _("more than 512 MB: filter first, or use `atrium export`"));
    else if (result->stopped)
        console_complain(export->console, "%s", _("the export was stopped; nothing was written"));
    else if (export->pipe)
        command_run(export);
    else
        file_write(export);
    export_free(export);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static void export_go(struct list *list, const char *where, bool pipe)
{
    struct list_export *export = mem_zero(1, sizeof *export);
    *export = (struct list_export){
        .list = list, .console = list->view->console, .where = mem_strdup(where), .pipe = pipe};
    struct table_writer writer = {.write = bytes_take, .done = bytes_done, .context = export};
    list->export = export;
    bool marked = table_marked(list->table) > 0;
    enum table_format format = ends_with(where, ".json") ? TABLE_JSON : TABLE_CSV;
    if (!table_export(list->table, format, marked, false, &writer)) {
        list->export = NULL;
        export_free(export);
        console_complain(list->view->console, "%s", _("an export is already running"));
    }
}

static void overwrite_answered(void *context, struct dialog *dialog, bool accepted)
{
    struct list *list = context;
    (void)dialog;
    char *where = list->export_to;
    list->export_to = NULL;
    if (accepted && where)
        export_go(list, where, false);
    free(where);
}

static void where_take(struct list *list, const char *where, bool pipe)
{
    if (!*where)
        return;
    if (pipe || access(where, F_OK) != 0) {
        export_go(list, where, pipe);
        return;
    }
    free(list->export_to);
    list->export_to = mem_strdup(where);
    char *text = mem_printf(_("%s is already there. It would be replaced."), where);
    console_dialog(list->view->console, dialog_confirm(_("Replace the file?"), text, _("Replace"),
                                                       overwrite_answered, list));
    free(text);
}

static void file_asked(void *context, struct dialog *dialog, bool accepted)
{
    if (accepted)
        where_take(context, dialog_text(dialog), false);
}

static void command_asked(void *context, struct dialog *dialog, bool accepted)
{
    if (accepted)
        where_take(context, dialog_text(dialog), true);
}

bool list_export_start(struct list *list, bool pipe, const char *argument)
{
    if (list->view->console->sealed) {
        console_complain(list->view->console, "%s",
                         _("files and commands are not for this console"));
        return true;
    }
    if (*argument) {
        where_take(list, argument, pipe);
        return true;
    }
    struct dialog *dialog;
    if (pipe) {
        dialog = dialog_ask(_("Pipe rows to a command"), _("Command"), "less", NULL, command_asked,
                            list);
    } else {
        char *name = mem_printf("%s.csv", list->name);
        dialog =
            dialog_ask(_("Save rows (.csv or .json)"), _("File"), name, NULL, file_asked, list);
        free(name);
    }
    console_dialog(list->view->console, dialog);
    return true;
}

/* ---- A text ---- */

void text_export(struct console *console, const char *path, const char *text)
{
    if (!*path)
        return;
    if (console->sealed) {
        console_complain(console, "%s", _("files and commands are not for this console"));
        return;
    }
    struct file_task *file = mem_zero(1, sizeof *file);
    file->task.run = file_run;
    file->task.done = file_done;
    file->task.title = _("writing");
    file->console = console;
    file->path = mem_strdup(path);
    buffer_puts(&file->bytes, text);
    file->rows = -1;
    task_submit(console->pool, &file->task);
}
