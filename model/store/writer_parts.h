/* What the files of the writer share. Inside the module. */
#ifndef ATRIUM_STORE_WRITER_PARTS_H
#define ATRIUM_STORE_WRITER_PARTS_H

#include "model/store/writer.h"

/* The writer lock without a transaction: for what SQLite does outside of one. */
enum status writer_quiet_begin(struct writer *writer, struct error *err);
void writer_quiet_end(struct writer *writer);

#endif
