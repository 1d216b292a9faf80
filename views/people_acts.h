/* Changes of segments and labels from the console, on the writer's thread; the outcome is said in
 * the status line, and the views are asked again. */
#ifndef ATRIUM_VIEWS_PEOPLE_ACTS_H
#define ATRIUM_VIEWS_PEOPLE_ACTS_H

#include "views/console.h"

enum people_act {
    ACT_SEGMENT_SAVE,
    ACT_SEGMENT_FREEZE,
    ACT_SEGMENT_DROP,
    ACT_LABEL_SAVE, /* and runs it */
    ACT_LABEL_RUN,  /* name "": all */
    ACT_LABEL_DROP,
};

/* Texts are copied. */
void people_act(struct console *console, enum people_act act, const char *name, const char *text);

/* Asks for a name (`name` to start with), then saves `text` under it. */
void people_act_named(struct console *console, enum people_act act, const char *name,
                      const char *text);

/* Asks first. */
void people_act_drop(struct console *console, enum people_act act, const char *name);

#endif
