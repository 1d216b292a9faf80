/* The roll-out that is under way, on one line: what the fleet's screen has below its list. */
#ifndef ATRIUM_VIEWS_ROLLOUT_LINE_H
#define ATRIUM_VIEWS_ROLLOUT_LINE_H

#include "model/fleet/rollout_plan.h"
#include "tui/draw.h"

struct rollout_line;

/* The latest that runs, pauses or goes back; *line NULL: none does. Owned by the arena. */
enum status rollout_line_read(struct reader *reader, const struct access *access,
                              struct arena *arena, const struct rollout_line **line,
                              struct error *err);

/* "Roll-out 2.4.2  canary 5/5 ✓ ┈ wave 1 212/300 ███  failed 1 (limit 6)" */
void rollout_line_draw(struct area row, const struct rollout_line *line);

#endif
