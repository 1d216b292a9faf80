#include "model/sync/position.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

json_t *position_json(const struct position *p)
{
    return json_pack("{s:b, s:I, s:I, s:i, s:I, s:i, s:i, s:I}", "copy", p->copy, "seq",
                     (json_int_t)p->seq, "batch", (json_int_t)p->batch, "place", p->place, "key",
                     (json_int_t)p->key, "block", (int)p->block, "month", (int)p->month, "tail",
                     (json_int_t)p->tail);
}

bool position_read(const json_t *json, struct position *p)
{
    int copy, place, block, month;
    json_int_t seq, batch, key, tail;
    *p = (struct position){0};
    if (!json || json_unpack((json_t *)json, "{s:b, s:I, s:I, s:i, s:I, s:i, s:i, s:I}", "copy",
                             &copy, "seq", &seq, "batch", &batch, "place", &place, "key", &key,
                             "block", &block, "month", &month, "tail", &tail) != 0)
        return false;
    *p = (struct position){copy, seq, batch, place, key, block, month, tail};
    return seq >= 0 && batch >= 0 && tail >= 0 && place >= 0 && place <= COPY_DONE;
}

char *position_text(const struct position *position)
{
    json_t *json = position_json(position);
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}

bool position_parse(const char *text, struct position *position)
{
    json_t *json = json_loads(text, 0, NULL);
    bool good = position_read(json, position);
    json_decref(json);
    return good;
}
