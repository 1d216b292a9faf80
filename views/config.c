#include "views/config.h"

#include "model/base/arena.h"
#include "model/base/text.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

char *config_path(void)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (config && *config == '/')
        return mem_printf("%s/atrium/config.ini", config);
    return home && *home == '/' ? mem_printf("%s/.config/atrium/config.ini", home) : NULL;
}

/* What is read into, with the first thing that was wrong. */
struct config_reading {
    struct config *config;
    const char *path;
    struct error *err;
    FILE *file;
    int line; /* last read: inih's handler is not told */
    bool bad;
};

static char *line_read(char *line, int size, void *context)
{
    struct config_reading *reading = context;
    reading->line++;
    return fgets(line, size, reading->file);
}

static int wrong(struct config_reading *reading, int line, const char *name, const char *value,
                 const char *expected)
{
    if (reading->bad)
        return 0;
    reading->bad = true;
    struct arena *arena = arena_new();
    error_set(reading->err, ST_REFUSED, "%s:%d: %s: found %s, expected %s", reading->path, line,
              text_quote(arena, name, strlen(name)), text_quote(arena, value, strlen(value)),
              expected);
    arena_free(arena);
    return 0;
}

static bool yes_or_no(const char *value, bool *yes)
{
    *yes = strcmp(value, "yes") == 0;
    return *yes || strcmp(value, "no") == 0;
}

static int screen_option(struct config_reading *reading, const char *name, const char *value,
                         int line)
{
    struct config *config = reading->config;
    if (strcmp(name, "colors") == 0) {
        int64_t colors;
        bool known = text_to_int64(value, strlen(value), &colors) &&
                     (colors == 256 || colors == 16 || colors == 8 || colors == 0);
        config->theme.colors = known ? (int)colors : -1;
        return known ? 1 : wrong(reading, line, name, value, "256, 16, 8 or 0");
    }
    if (strcmp(name, "borders") == 0) {
        config->theme.ascii = strcmp(value, "ascii") == 0;
        bool known = config->theme.ascii || strcmp(value, "lines") == 0;
        return known ? 1 : wrong(reading, line, name, value, "ascii or lines");
    }
    if (strcmp(name, "mouse") == 0)
        return yes_or_no(value, &config->mouse) ? 1
                                                : wrong(reading, line, name, value, "yes or no");
    if (strcmp(name, "language") == 0) {
        free(config->language);
        config->language = mem_strdup(value);
        return 1;
    }
    return wrong(reading, line, name, value, "one of colors, borders, mouse, language");
}

static int fleet_option(struct config_reading *reading, const char *name, const char *value,
                        int line)
{
    struct config *config = reading->config;
    if (strncmp(name, "identity.", 9) == 0 && name[9]) {
        config->identities =
            mem_resize(config->identities, config->n_identities + 1, sizeof *config->identities);
        config->identities[config->n_identities++] =
            (struct fleet_identity){mem_strdup(name + 9), mem_strdup(value)};
        return 1;
    }
    if (strcmp(name, "identity") != 0)
        return wrong(reading, line, name, value, "identity or identity.KIND");
    if (config->identity)
        return 1; /* the environment's, or that of a line before */
    config->identity = mem_strdup(value);
    return 1;
}

static int key_option(struct config *config, const char *name, const char *value, int line)
{
    config->keys = mem_resize(config->keys, config->n_keys + 1, sizeof *config->keys);
    config->keys[config->n_keys++] = (struct config_key){mem_strdup(name), mem_strdup(value), line};
    return 1;
}

static int contact_option(struct config_reading *reading, const char *name, const char *value,
                          int line)
{
    char **token = strcmp(name, "app_token") == 0   ? &reading->config->app_token
                   : strcmp(name, "sms_token") == 0 ? &reading->config->sms_token
                                                    : NULL;
    if (!token)
        return wrong(reading, line, name, "", "app_token or sms_token");
    free(*token);
    *token = mem_strdup(value);
    return 1;
}

static int option(void *context, const char *section, const char *name, const char *value)
{
    struct config_reading *reading = context;
    int line = reading->line;
    if (strcmp(section, "screen") == 0)
        return screen_option(reading, name, value, line);
    if (strcmp(section, "keys") == 0)
        return key_option(reading->config, name, value, line);
    if (strcmp(section, "contacts") == 0)
        return contact_option(reading, name, value, line);
    if (strcmp(section, "fleet") == 0)
        return fleet_option(reading, name, value, line);
    return wrong(reading, line, section, name,
                 "an option of the sections [screen], [fleet], [keys] or [contacts]");
}

enum status config_read(struct config *config, struct error *err)
{
    *config = (struct config){.theme = {.colors = -1}, .mouse = true};
    char *path = config_path();
    const char *identity = getenv("ATRIUM_IDENTITY");
    if (identity && *identity)
        config->identity = mem_strdup(identity);
    if (!path)
        return ST_OK;
    struct config_reading reading = {.config = config, .path = path, .err = err};
    FILE *file = fopen(path, "r");
    enum status status = ST_OK;
    if (!file && errno != ENOENT)
        status = error_set(err, ST_REFUSED, "%s: %s", path, strerror(errno));
    reading.file = file;
    int line = file ? ini_parse_stream(line_read, &reading, option, &reading) : 0;
    if (file)
        fclose(file);
    if (reading.bad)
        status = ST_REFUSED;
    else if (line)
        status =
            error_set(err, ST_REFUSED, "%s:%d: expected [section] or name = value", path, line);
    free(path);
    return status;
}

void config_free(struct config *config)
{
    for (size_t i = 0; i < config->n_keys; i++) {
        free(config->keys[i].action);
        free(config->keys[i].keys);
    }
    free(config->keys);
    free(config->language);
    free(config->app_token);
    free(config->sms_token);
    free(config->identity);
    for (size_t i = 0; i < config->n_identities; i++) {
        free((char *)config->identities[i].kind);
        free((char *)config->identities[i].file);
    }
    free(config->identities);
}

enum status config_bind(const struct config *config, struct keymap *keymap, struct error *err)
{
    char *path = config_path();
    enum status status = ST_OK;
    for (size_t i = 0; i < config->n_keys && status == ST_OK; i++) {
        const struct config_key *key = &config->keys[i];
        const char *problem = keymap_bind(keymap, key->action, key->keys);
        if (problem)
            status = error_set(err, ST_REFUSED, "%s:%d: %s", path ? path : "config.ini", key->line,
                               problem);
    }
    free(path);
    return status;
}
