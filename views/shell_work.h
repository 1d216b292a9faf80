/* A shell of the console: written into the audit, begun, and kept in the mall file when it is over,
 * also when its screen has gone meanwhile or the console is left. */
#ifndef ATRIUM_VIEWS_SHELL_WORK_H
#define ATRIUM_VIEWS_SHELL_WORK_H

#include "model/fleet/shell.h"
#include "views/console.h"

struct shell_work;

/* NULL: it complained. `changed` is called when there is output to take, and when the shell has
 * begun, could not begin, or is over. */
struct shell_work *shell_work_begin(struct console *console, const struct device *device, int rows,
                                    int cols, void (*changed)(void *context), void *context);

/* NULL: not begun yet, or it could not begin. */
struct shell *shell_work_shell(const struct shell_work *work);
/* Why it could not begin; NULL: it could, or will. */
const char *shell_work_problem(const struct shell_work *work);
bool shell_work_over(const struct shell_work *work);

void shell_work_resize(struct shell_work *work, int rows, int cols);

/* Nobody looks any more: it is ended, kept and freed. NULL is fine. */
void shell_work_leave(struct shell_work *work);

#endif
