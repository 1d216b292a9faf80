/* The mall's settings: one const table, from which they are checked and read. */
#ifndef ATRIUM_STORE_SETTING_H
#define ATRIUM_STORE_SETTING_H

#include "model/base/status.h"
#include "model/store/reader.h"

#include <stdbool.h>
#include <stdint.h>

enum setting_type { SETTING_TEXT, SETTING_ZONE, SETTING_CURRENCY, SETTING_INTEGER };

struct setting {
    const char *name;
    enum setting_type type;
    int64_t least, most; /* integers: range; text: bytes */
    const char *initial; /* NULL: given when the mall is made */
    bool shapes_events;  /* how events were counted depends on it: fixed once there are some */
    const char *summary;
};

extern const struct setting settings[];
extern const size_t n_settings;

const struct setting *setting_find(const char *name);

/* ST_REFUSED with name, found and expected. */
enum status setting_check(const char *name, const char *value, struct error *err);

/* What the mall file has, in the arena; where it has nothing, or no number in the setting's range,
 * what a new one begins with. */
enum status setting_text(struct reader *reader, struct arena *arena, const char *name,
                         const char **value, struct error *err);
enum status setting_integer(struct reader *reader, const char *name, int64_t *value,
                            struct error *err);

#endif
