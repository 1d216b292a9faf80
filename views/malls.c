#include "views/malls.h"

#include "model/store/write_queue.h"
#include "tui/picker.h"
#include "views/session.h"
#include "views/sync_work.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MALLS_MOST = 30, LARGEST = 1 << 16 };

/* An array of {path, name, hub}, the newest first; never NULL. */
static json_t *malls_read(void)
{
    struct stat info;
    char *path = state_path("malls.json");
    bool fits = path && stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size < LARGEST;
    json_t *list = fits ? json_load_file(path, 0, NULL) : NULL;
    free(path);
    if (json_is_array(list))
        return list;
    json_decref(list);
    return json_array();
}

static void malls_write(const json_t *list)
{
    char *path = state_path("malls.json");
    char *beside = path ? mem_printf("%s.%d", path, (int)getpid()) : NULL;
    if (beside && (json_dump_file(list, beside, JSON_INDENT(1)) != 0 || rename(beside, path) != 0))
        unlink(beside);
    free(beside);
    free(path);
}

static const char *mall_text(const json_t *mall, const char *name)
{
    const char *text = json_string_value(json_object_get(mall, name));
    return text ? text : "";
}

void malls_remember(const struct console *console)
{
    char *real = realpath(console->mall->path, NULL);
    json_t *list = malls_read(), *all = json_array();
    if (real)
        json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "path", real, "name",
                                             console->mall->name, "hub", console->sync_known.hub));
    for (size_t i = 0; real && i < json_array_size(list) && json_array_size(all) < MALLS_MOST;
         i++) {
        json_t *mall = json_array_get(list, i);
        if (*mall_text(mall, "path") && strcmp(mall_text(mall, "path"), real) != 0)
            json_array_append(all, mall);
    }
    if (real && !json_equal(all, list))
        malls_write(all);
    json_decref(list);
    json_decref(all);
    free(real);
}

void malls_switch(struct console *console, const char *path)
{
    if (access(path, R_OK) != 0) {
        console_complain(console, "%s: %s", path, strerror(errno));
        return;
    }
    free(console->next_mall);
    console->next_mall = mem_strdup(path);
    console->leaving = true;
    loop_stop(console->loop);
}

struct picking {
    struct console *console;
    json_t *malls;
};

static void mall_picked(void *context, struct picker *picker, bool accepted)
{
    struct picking *picking = context;
    int choice = accepted ? picker_choice(picker) : -1;
    if (choice >= 0)
        malls_switch(picking->console,
                     mall_text(json_array_get(picking->malls, (size_t)choice), "path"));
    json_decref(picking->malls);
    free(picking);
}

void malls_pick(struct console *console)
{
    struct picker_item items[MALLS_MOST];
    struct picking *picking = mem_zero(1, sizeof *picking);
    *picking = (struct picking){console, malls_read()};
    size_t n = json_array_size(picking->malls);
    n = n < MALLS_MOST ? n : MALLS_MOST;
    for (size_t i = 0; i < n; i++) {
        const json_t *mall = json_array_get(picking->malls, i);
        items[i] = (struct picker_item){
            .title = mall_text(mall, "name"),
            .note = *mall_text(mall, "hub") ? mall_text(mall, "hub") : mall_text(mall, "path"),
            .on = i == 1 || (i == 0 && n == 1),
        };
    }
    if (n == 0) {
        console_say(console, "%s",
                    _("no other mall was open here yet: name a file behind the word"));
        mall_picked(picking, NULL, false);
        return;
    }
    console_picker(console, picker_list(_("Malls"), items, n, false, mall_picked, picking));
}
