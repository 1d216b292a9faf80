/* A roll-out that is being planned in the console: its values, what it would come to, and the
 * archives that lie ready. */
#ifndef ATRIUM_VIEWS_ROLLOUT_DRAFT_H
#define ATRIUM_VIEWS_ROLLOUT_DRAFT_H

#include "model/fleet/rollout_preview.h"
#include "tui/draw.h"
#include "views/console.h"

/* As the form has them; negative numbers: as usual. Compared as bytes: all zero before. */
struct rollout_values {
    char file[1024], app[128], kind[128], on[8192];
    char waves[300], threshold[32], window[32], weekdays[40];
    int64_t canary, coverage, soak, trial, expires;
    bool back;
};

/* What they come to. */
struct rollout_outlook {
    struct rollout_values values;
    struct rollout_draft draft; /* points to the values and the answer's arena */
    const struct device *devices;
    size_t n;
    struct rollout_preview preview;
    const char *problem; /* the devices cannot be chosen so; NULL: they can */
};

/* Asks for it in a slot of the view. */
void rollout_outlook_ask(struct view *view, int slot, const struct rollout_values *values);

/* True: it can be made. */
bool rollout_outlook_good(const struct rollout_outlook *outlook);

/* Draws it from the top of the area: who, what is in the way, the waves and their devices. It wants
 * so many rows where it may have `most`. */
int rollout_outlook_rows(const struct rollout_outlook *outlook, int cols, int most);
void rollout_outlook_draw(struct area area, const struct rollout_outlook *outlook);

/* ---- Archives that lie ready: FILE.packages beside the mall file ---- */

/* Names, the newest first. */
struct rollout_packages {
    const char *folder; /* its path */
    const char *const *names;
    size_t n;
};
void rollout_packages_ask(struct view *view, int slot);

/* "pos-2.4.2.tar" names a kind and a version; false where a name does not. Both buffers are as
 * those of rollout_values. */
bool rollout_package_parse(const char *name, char kind[128], char app[128]);

/* ---- Making it ---- */

/* States the reach and asks for its number, then makes it and opens its page. `failed` is called
 * where it was not made, also when the person thought better of it. */
void rollout_make_ask(struct console *console, const struct rollout_outlook *outlook,
                      void (*failed)(struct console *console));

#endif
