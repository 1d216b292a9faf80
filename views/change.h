/* Changes from the console: operations on the writer's thread. */
#ifndef ATRIUM_VIEWS_CHANGE_H
#define ATRIUM_VIEWS_CHANGE_H

#include "views/console.h"

/* Of a change that is no operation - people joined, a conflict settled - what takes it back, on the
 * writer's thread: `number` and `text` are what it was called with. */
typedef enum status change_back_run(struct writer *writer, const struct access *access,
                                    int64_t number, const char *text, struct error *err);

/* What was just done, so that `u` takes it back; the text is copied, NULL run: nothing can be. An
 * operation is noted by its id. */
void change_note_back(struct console *console, change_back_run *run, int64_t number,
                      const char *text);
void change_note(struct console *console, const char *operation);
void change_free(struct console *console);

/* Undoes this console's last change that was not undone yet. */
void change_undo(struct console *console);

#endif
