/*
 * Epochs: how a hub finds out that its file is a backup that was put back.
 *
 * Before a replica is told anything new the hub gives itself a new mark, in its file and in
 * FILE.epoch beside it. A file whose mark is another one is a backup: replicas know what it does
 * not, so it is another hub from now on. Beside the file stand the mark that was and the one that
 * comes, as a program may die between the two writes; and sessions take turns, as what one writes
 * first and another last would look like a backup to a third. Inside the module.
 */
#ifndef ATRIUM_SYNC_MARK_H
#define ATRIUM_SYNC_MARK_H

#include "model/store/reader.h"
#include "model/store/writer.h"

/* A text of the table `sync`, "" where there is none. */
enum status mark_text(struct reader *reader, const char *name, char *text, size_t size,
                      struct error *err);

/* When a session begins: a hub that was put back gets a new epoch. *writer is opened for that where
 * it is NULL. */
enum status mark_check(struct mall *mall, struct reader *reader, struct writer **writer,
                       struct error *err);

/* Outside a transaction. */
enum status mark_renew(struct reader *reader, struct writer *writer, struct error *err);

#endif
