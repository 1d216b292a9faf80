#include "views/fleet_config_set.h"

#include "model/base/text.h"
#include "model/fleet/ini.h"
#include "views/fleet_acts.h"
#include "views/fleet_desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_LONGEST = 2000 };

struct setting {
    struct console *console;
    struct arena *arena;
    enum config_set_how how;
    const char *kind, *code; /* of the selected device */
    const char *key;         /* of the text that is changed */
    const char *text;        /* it had; "" */
    bool there;
    int64_t version;
    const char *next; /* it gets; NULL: it is removed */
    struct device *reached, *one;
    size_t n_reached;
    struct config_text of_kind, of_device; /* key NULL: there is none */
};

static void setting_free(struct setting *setting)
{
    arena_free(setting->arena);
    free(setting);
}

/* ---- The operation ---- */

static void agreed(void *context, struct dialog *dialog, bool accepted)
{
    struct setting *setting = context;
    (void)dialog;
    if (accepted) {
        json_t *set = setting->next ? json_pack("{s:s}", "text", setting->next) : json_object();
        if (set)
            console_change(setting->console, "config", setting->key,
                           !setting->next   ? OPERATION_DELETE
                           : setting->there ? OPERATION_SET
                                            : OPERATION_CREATE,
                           setting->there ? setting->version : -1, set, NULL);
        else
            console_complain(setting->console, "%s", _("this is no text in UTF-8"));
        json_decref(set);
    }
    setting_free(setting);
}

static void reach_ask(struct setting *setting, const char *deed)
{
    fleet_reach_ask(setting->console, _("What is desired"), deed, setting->reached,
                    setting->n_reached, _("Change"), agreed, setting);
}

/* ---- A key ---- */

/* "[section] key = value" as a text. */
static const char *line_text(struct arena *arena, const char *line)
{
    const char *close = *line == '[' ? strchr(line, ']') : NULL;
    if (!close)
        return arena_printf(arena, "%s\n", line);
    return arena_printf(arena, "%.*s\n%s\n", (int)(close + 1 - line), line,
                        close + 1 + strspn(close + 1, " "));
}

static const char *line_check(void *context, const char *text)
{
    struct arena *arena = arena_new();
    struct error err = {0};
    (void)context;
    bool good = strchr(text, '=') && strlen(text) <= LINE_LONGEST &&
                text_valid(text, strlen(text)) && ini_check(line_text(arena, text), &err) == ST_OK;
    error_clear(&err);
    arena_free(arena);
    return good ? NULL : _("key = value, or [section] key = value");
}

static void line_given(void *context, struct dialog *dialog, bool accepted)
{
    struct setting *setting = context;
    if (!accepted) {
        setting_free(setting);
        return;
    }
    const char *line = arena_strdup(setting->arena, dialog_text(dialog));
    setting->next = ini_overlay(setting->arena, setting->text, line_text(setting->arena, line));
    reach_ask(setting, line);
}

/* ---- A file ---- */

static const char *file_text(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *bytes = arena_alloc(arena, INI_MOST + 2);
    size_t n = fread(bytes, 1, INI_MOST + 1, file);
    bool bad = ferror(file) || n > INI_MOST || memchr(bytes, 0, n);
    fclose(file);
    bytes[n] = '\0';
    return bad ? NULL : bytes;
}

static const char *file_check(void *context, const char *text)
{
    struct arena *arena = arena_new();
    (void)context;
    bool good = *text && file_text(arena, text);
    arena_free(arena);
    return good ? NULL : _("a file here with a text of at most 64 kB");
}

static void file_given(void *context, struct dialog *dialog, bool accepted)
{
    struct setting *setting = context;
    const char *path = accepted ? arena_strdup(setting->arena, dialog_text(dialog)) : NULL;
    setting->next = path ? file_text(setting->arena, path) : NULL;
    if (setting->next)
        reach_ask(setting, arena_printf(setting->arena, _("the text of %s"), path));
    else
        setting_free(setting);
}

/* ---- Which text ---- */

static void text_chosen(struct setting *setting, bool own)
{
    struct arena *arena = setting->arena;
    const struct config_text *now = own ? &setting->of_device : &setting->of_kind;
    setting->key =
        own ? config_key_of_device(arena, setting->code) : config_key_of_kind(arena, setting->kind);
    setting->there = now->key != NULL;
    setting->text = now->key ? now->text : "";
    setting->version = now->version;
    if (own) {
        setting->reached = setting->one;
        setting->n_reached = 1;
    }
    const char *whose = own ? setting->code : setting->kind;
    const char *title = arena_printf(arena, _("What is desired of %s"), whose);
    if (setting->how == CONFIG_SET_KEY) {
        console_dialog(setting->console, dialog_ask(title, _("[section] key = value"), "",
                                                    line_check, line_given, setting));
    } else if (setting->how == CONFIG_SET_FILE) {
        console_dialog(setting->console,
                       dialog_ask(title, _("File here"), "", file_check, file_given, setting));
    } else if (setting->there) {
        reach_ask(setting, arena_printf(arena, _("Nothing is desired of %s any more"), whose));
    } else {
        console_say(setting->console, "%s", _("nothing is desired yet"));
        setting_free(setting);
    }
}

static void whose_chosen(void *context, struct dialog *dialog, bool accepted)
{
    if (accepted)
        text_chosen(context, dialog_choice(dialog) == 1);
    else
        setting_free(context);
}

static struct config_text text_copy(struct arena *arena, const struct config_text *text)
{
    if (!text)
        return (struct config_text){0};
    return (struct config_text){arena_strdup(arena, text->key), arena_strdup(arena, text->text),
                                text->version};
}

void config_set_ask(struct console *console, const struct config_answer *answer,
                    const struct device *selected, enum config_set_how how)
{
    if (!fleet_may_change(console))
        return;
    struct setting *setting = mem_zero(1, sizeof *setting);
    struct arena *arena = setting->arena = arena_new();
    struct device *kind = arena_array(arena, struct device, answer->n_all + 1);
    setting->console = console;
    setting->how = how;
    setting->kind = arena_strdup(arena, selected->kind);
    setting->code = arena_strdup(arena, selected->code);
    setting->of_kind = text_copy(arena, config_of_kind(answer->set, selected->kind));
    setting->of_device = text_copy(arena, config_of_device(answer->set, selected->code));
    for (size_t i = 0; i < answer->n_all; i++)
        if (strcmp(answer->all[i].kind, selected->kind) == 0)
            kind[setting->n_reached++] = answer->all[i];
    setting->reached = devices_copy(arena, kind, setting->n_reached);
    setting->one = devices_copy(arena, selected, 1);
    if (answer->n > 1 && *selected->kind) {
        text_chosen(setting, false);
        return;
    }
    const char *choices[] = {
        arena_printf(arena,
                     ngettext("all of kind %s: %zu device", "all of kind %s: %zu devices",
                              setting->n_reached),
                     setting->kind, setting->n_reached),
        arena_printf(arena, _("only %s, laid over that"), setting->code)};
    console_dialog(console,
                   dialog_choose(_("What is desired"), choices, 2, 1, whose_chosen, setting));
}
