#include "views/device_find.h"

#include <stdio.h>

struct find_question {
    struct access access;
    char code[256];
};

static void *find_ask(struct reader *reader, struct arena *arena, const void *parameters,
                      struct error *err)
{
    const struct find_question *question = parameters;
    const struct device *device;
    struct device *found = arena_new_of(arena, struct device);
    if (device_by_code(reader, &question->access, arena, question->code, &device, err) != ST_OK)
        return NULL;
    *found = *device;
    return found;
}

void device_find(struct view *view)
{
    struct find_question question = {.access = view->console->access};
    snprintf(question.code, sizeof question.code, "%s", view->argument);
    view_ask(view, 0, _("device"), find_ask, &question, sizeof question);
}
