/*
 * Sets of people in the mall file: by block of people, the rising numbers of who is in it or not,
 * whichever is shorter to write, or bits where that is not much longer.
 *
 *   u32  sum of the rest
 *   u8   0: the numbers in it, 1: those that are not, 2: a bit for each number
 *   of 0 and 1: varint n, then a column of n numbers (model/event/column.h), the steps from one to
 *   the next
 *
 * A block without people has no row.
 */
#ifndef ATRIUM_PEOPLE_PEOPLE_SET_H
#define ATRIUM_PEOPLE_PEOPLE_SET_H

#include "model/base/set.h"
#include "model/event/bytes.h"
#include "model/event/event.h"

enum { PEOPLE_SET_WORDS = EVENT_BLOCK / 64 };

/* Appends the bytes of one block. */
void people_set_encode(struct bytes *out, const uint64_t words[PEOPLE_SET_WORDS]);

/* False for damage. */
bool people_set_decode(const void *data, size_t size, uint64_t words[PEOPLE_SET_WORDS]);

/* The rows of "select block, people …" of a prepared and bound statement, into a set (numbers that
 * are not below its n are left out). ST_UNUSABLE for damage. */
enum status people_set_read(struct reader *reader, sqlite3_stmt *stmt, struct set *set,
                            struct error *err);

/* Adds to a connection `people_has(people, person)` - 1 where the set of the person's block has it
 * - and `people_json(people, block)`, the numbers as a JSON array; NULL for damage. Once is enough,
 * more does no harm. Returns SQLite's code. */
int people_set_functions(sqlite3 *db);

/* The words of a block of a set; past its end they are 0. */
void people_set_block(const struct set *set, int32_t block, uint64_t words[PEOPLE_SET_WORDS]);

#endif
