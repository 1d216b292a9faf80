/* Keeping clusters as labels, off the screen's thread. */
#ifndef ATRIUM_VIEWS_CLUSTERS_SAVE_H
#define ATRIUM_VIEWS_CLUSTERS_SAVE_H

#include "model/insight/cluster.h"
#include "views/console.h"

/* Copies what it needs; the status line says how it ended, and the views ask again. */
void clusters_save_start(struct console *console, const struct clusters *clusters,
                         const char *name);

#endif
