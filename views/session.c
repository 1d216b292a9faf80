#include "views/session.h"

#include "model/base/hash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HISTORY_MOST = 100, LARGEST = 1 << 20 };

struct session {
    char *path;     /* NULL: there is no folder to keep it in */
    json_t *root;   /* never NULL */
    json_t *before; /* the stack at the start */
};

static bool folder_make(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made)
            return false;
    }
    return true;
}

/* Under $XDG_STATE_HOME/atrium, by default under ~/.local/state. */
char *state_path(const char *name)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if ((!state || *state != '/') && (!home || *home != '/'))
        return NULL;
    char *path = state && *state == '/' ? mem_printf("%s/atrium/%s", state, name)
                                        : mem_printf("%s/.local/state/atrium/%s", home, name);
    if (folder_make(path))
        return path;
    free(path);
    return NULL;
}

/* <hash of mall and principal>.json */
static char *session_path(const char *mall_path, const char *principal)
{
    char name[32];
    char *real = realpath(mall_path, NULL);
    char *key = mem_printf("%s\n%s", real ? real : mall_path, principal);
    snprintf(name, sizeof name, "%016llx.json", (unsigned long long)hash64(key, strlen(key)));
    free(key);
    free(real);
    return state_path(name);
}

static json_t *session_read(const char *path)
{
    struct stat info;
    bool fits = path && stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size < LARGEST;
    json_t *root = fits ? json_load_file(path, 0, NULL) : NULL;
    if (json_is_object(root))
        return root;
    json_decref(root);
    return json_object();
}

struct session *session_open(const char *mall_path, const char *principal)
{
    struct session *session = mem_zero(1, sizeof *session);
    session->path = mall_path ? session_path(mall_path, principal) : NULL;
    session->root = session_read(session->path);
    session->before = json_deep_copy(json_object_get(session->root, "stack"));
    return session;
}

void session_close(struct session *session)
{
    if (!session)
        return;
    json_decref(session->root);
    json_decref(session->before);
    free(session->path);
    free(session);
}

/* Written beside and renamed: the file is always whole. */
static void session_write(const struct session *session)
{
    if (!session->path)
        return;
    char *beside = mem_printf("%s.%d", session->path, (int)getpid());
    if (json_dump_file(session->root, beside, JSON_COMPACT | JSON_SORT_KEYS) == 0)
        rename(beside, session->path);
    else
        unlink(beside);
    free(beside);
}

static json_t *stack_json(const struct console *console)
{
    json_t *stack = json_array();
    for (size_t i = 0; i < console->depth; i++)
        json_array_append_new(
            stack, json_pack("[ss]", console->stack[i]->ops->name, console->stack[i]->argument));
    return stack;
}

/* Sets a member when it differs; says whether it did. */
static bool set(json_t *object, const char *name, json_t *value)
{
    bool same = json_equal(json_object_get(object, name), value);
    json_object_set_new(object, name, value);
    return !same;
}

void session_save(struct session *session, const struct console *console)
{
    bool changed = set(session->root, "stack", stack_json(console));
    changed |= set(session->root, "period", json_string(console->period_id));
    changed |= set(session->root, "compare", json_integer(console->compare));
    if (changed)
        session_write(session);
}

const char *session_period(const struct session *session)
{
    return json_string_value(json_object_get(session->root, "period"));
}

bool session_compare(const struct session *session, enum compare *compare)
{
    const json_t *value = json_object_get(session->root, "compare");
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || number >= (json_int_t)n_compare_choices)
        return false;
    *compare = (enum compare)number;
    return true;
}

bool session_place(const struct session *session, size_t at, const char **view,
                   const char **argument)
{
    const json_t *place = json_array_get(session->before, at);
    *view = json_string_value(json_array_get(place, 0));
    *argument = json_string_value(json_array_get(place, 1));
    return *view && *argument;
}

void session_forget(struct session *session)
{
    json_decref(session->before);
    session->before = NULL;
}

/* The object of this name, made when it is not there. */
static json_t *part(struct session *session, const char *name)
{
    json_t *object = json_object_get(session->root, name);
    if (!json_is_object(object)) {
        object = json_object();
        json_object_set_new(session->root, name, object);
    }
    return object;
}

const char *session_layout(const struct session *session, const char *table)
{
    return json_string_value(json_object_get(json_object_get(session->root, "tables"), table));
}

void session_layout_set(struct session *session, const char *table, const char *layout)
{
    if (set(part(session, "tables"), table, json_string(layout)))
        session_write(session);
}

size_t session_history(const struct session *session, const char *name, const char **texts,
                       size_t most)
{
    const json_t *list = json_object_get(json_object_get(session->root, "history"), name);
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(list) && n < most; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text)
            texts[n++] = text;
    }
    return n;
}

void session_history_add(struct session *session, const char *name, const char *text)
{
    json_t *all = part(session, "history"), *list = json_array();
    json_t *added = json_string(text);
    if (!added)
        return;
    json_array_append_new(list, added);
    const json_t *old = json_object_get(all, name);
    for (size_t i = 0; i < json_array_size(old) && json_array_size(list) < HISTORY_MOST; i++)
        if (!json_equal(json_array_get(old, i), added))
            json_array_append(list, json_array_get(old, i));
    json_object_set_new(all, name, list);
    session_write(session);
}
