/* A portrait as panels. */
#ifndef ATRIUM_VIEWS_PORTRAIT_PANELS_H
#define ATRIUM_VIEWS_PORTRAIT_PANELS_H

#include "model/insight/portrait.h"
#include "views/console.h"
#include "views/dashboard.h"

struct portrait_answer {
    struct portrait portrait;
    const char *title;
};

/* Fills panels that dashboard_begin has made ready. Texts are borrowed from the portrait. */
void portrait_fill(struct panels *panels, const struct console *console,
                   const struct portrait *portrait);

/* What the value with the focus means, as a dialog. */
void portrait_explain(struct console *console, const struct dashboard *dashboard);

#endif
