/*
 * Labels kept by hand, as sets: their rows (table label_member) are what counts, and beside them
 * stands each list by block of people as a set (people_set.h), which is read much faster. The
 * writer notes blocks whose rows changed (table label_stale); label_list_fold makes their sets
 * anew, and until then a reader takes such a block from the rows.
 */
#ifndef ATRIUM_PEOPLE_LABEL_LIST_H
#define ATRIUM_PEOPLE_LABEL_LIST_H

#include "model/people/people_set.h"

/* Who is in the list, added to the set. Inside reader_begin .. reader_end. */
enum status label_list_read(struct reader *reader, int64_t label, struct set *set,
                            struct error *err);

/* Makes the sets of changed blocks, in short transactions of its own. */
enum status label_list_fold(struct writer *writer, struct error *err);

/* Whether the sets of blocks that are not noted as changed are what the rows say: for verify. *n
 * is how many there are. ST_UNUSABLE names the label and block. */
enum status label_list_verify(struct reader *reader, int64_t *n, struct error *err);

#endif
