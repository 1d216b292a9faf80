/*
 * The config file: $XDG_CONFIG_HOME/atrium/config.ini (~/.config by default), INI.
 *   [screen]  colors = 256|16|8|0   borders = ascii|lines   mouse = yes|no   language = en|zh_CN
 *   [fleet]   identity = FILE       (the private key that devices are logged in to with;
 *                                   ATRIUM_IDENTITY in the environment goes before it)
 *             identity.KIND = FILE  (the one for devices of that kind)
 *   [keys]    ACTION = KEY …        (names as `atrium keys` lists them)
 *   [contacts] app_token = TEXT   sms_token = TEXT
 */
#ifndef ATRIUM_VIEWS_CONFIG_H
#define ATRIUM_VIEWS_CONFIG_H

#include "model/base/status.h"
#include "model/fleet/engine.h"
#include "tui/action.h"
#include "tui/theme.h"

#include <stdbool.h>
#include <stddef.h>

struct config {
    struct theme_options theme;
    bool mouse;
    char *app_token, *sms_token;       /* NULL: none */
    char *language;                    /* NULL: the environment's */
    char *identity;                    /* NULL: the agent's keys */
    struct fleet_identity *identities; /* of kinds of devices */
    size_t n_identities;
    struct config_key {
        char *action, *keys;
        int line;
    } * keys;
    size_t n_keys;
};

/* Reads the file; where there is none the defaults hold. ST_REFUSED names file, line, what was
 * found and what was expected. */
enum status config_read(struct config *config, struct error *err);
void config_free(struct config *config);

/* Binds the keys of the file. ST_REFUSED with the line, and the conflict where there is one. */
enum status config_bind(const struct config *config, struct keymap *keymap, struct error *err);

/* Where the file is looked for; owned by the caller; NULL: there is no home. */
char *config_path(void);

#endif
