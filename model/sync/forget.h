/* Who was erased on the hub is erased from a replica: from its record, its outbox, what is kept
 * beside its rows, and the unused bytes of the file. Inside the module. */
#ifndef ATRIUM_SYNC_FORGET_H
#define ATRIUM_SYNC_FORGET_H

#include "model/base/vec.h"
#include "model/store/change.h"

/* What people were known by whose rows went. */
struct forgetting {
    struct arena *arena; /* NULL: nobody yet */
    VEC(const char *) texts;
};

/* Before the rows of a key go for good. */
enum status forget_note(struct forgetting *f, struct writer *writer,
                        const struct change_place *place, int64_t key, struct error *err);
/* In the same transaction, when all rows are written: what is left of those who are nowhere now. */
enum status forget_rows(struct forgetting *f, struct writer *writer, struct error *err);
/* Edits that name somebody by this text go, with what they did here; of a list only that one. */
enum status forget_edits(struct writer *writer, const char *text, struct error *err);
/* After it: what is derived from rows is made anew, and unused bytes are overwritten. */
enum status forget_bytes(struct forgetting *f, struct writer *writer, struct error *err);
void forgetting_free(struct forgetting *f);

#endif
