#include "model/fleet/log_pretty.h"

#include "model/fleet/clean.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_BYTES = 8192, KEYS_MOST = 40 };

/* What comes first, in this order; what is left follows as name=value. */
static const char *const heads[][5] = {
    {"time", "ts", "timestamp", "@timestamp"},
    {"level", "severity", "lvl"},
    {"message", "msg", "event"},
};

static const char *value_text(struct arena *arena, const json_t *value)
{
    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        /* An escape in a string may have brought back what was cleaned before. */
        return device_clean(arena, text, json_string_length(value), DEPTH_BYTES, false, NULL);
    }
    char *dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    const char *text =
        dumped ? device_clean(arena, dumped, strlen(dumped), DEPTH_BYTES, false, NULL) : "";
    free(dumped);
    return text;
}

static const char *joined(struct arena *arena, const char *text, const char *gap, const char *more)
{
    return *more ? arena_printf(arena, "%s%s%s", text, *text ? gap : "", more) : text;
}

static const char *heads_take(struct arena *arena, json_t *object)
{
    const char *text = "";
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        for (size_t k = 0; k < 5 && heads[i][k]; k++) {
            json_t *value = json_object_get(object, heads[i][k]);
            if (!value || json_is_object(value) || json_is_array(value))
                continue;
            text = joined(arena, text, " ", value_text(arena, value));
            json_object_del(object, heads[i][k]);
            break;
        }
    return text;
}

const char *log_pretty(struct arena *arena, const char *text)
{
    if (*text != '{')
        return NULL;
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *value;
    if (!json_is_object(object)) {
        json_decref(object);
        return NULL;
    }
    const char *line = heads_take(arena, object), *key, *gap = "  ";
    int n = 0;
    json_object_foreach(object, key, value)
    {
        if (n++ == KEYS_MOST)
            break;
        const char *name = device_clean(arena, key, strlen(key), DEPTH_BYTES, false, NULL);
        line =
            joined(arena, line, gap, arena_printf(arena, "%s=%s", name, value_text(arena, value)));
        gap = " ";
    }
    json_decref(object);
    return line;
}
