/* Rows of a person while they change hands: read as JSON, given to another, brought back. Inside
 * the module. */
#ifndef ATRIUM_PEOPLE_LINK_ROWS_H
#define ATRIUM_PEOPLE_LINK_ROWS_H

#include "model/base/arena.h"
#include "model/store/writer.h"

#include <jansson.h>

/* Tables with a row for each thing a person has, in the order they are moved; `owner` is the
 * column with the person. */
struct person_table {
    const char *table, *owner;
    const char *what; /* for receipts, marked for translation */
    /* Of rows that live on by themselves, as coupons do: the column with their key, and what is set
     * when their person is erased. They change hands and are never removed. NULL: of others. */
    const char *key, *forget;
};
extern const struct person_table person_tables[];
extern const size_t n_person_tables;
const struct person_table *person_table_find(const char *place); /* "table.owner"; NULL: none */
char *person_table_place(struct arena *arena, const struct person_table *table);

/* Everything of `person` in a table, as an array of objects. */
enum status rows_read(struct writer *writer, const struct person_table *table, uint32_t person,
                      json_t **rows, struct error *err);

/* Adds a row with another owner, unless there is one with its key (*added false) or it would relate
 * a person to itself. */
enum status row_add(struct writer *writer, const struct person_table *table, const json_t *row,
                    uint32_t person, bool *added, struct error *err);

/* Removes the row with these very values and that owner, where there is one. */
enum status row_remove(struct writer *writer, const struct person_table *table, const json_t *row,
                       uint32_t person, bool *removed, struct error *err);

/* Of a table with a key: gives the row, as it is now, from one person to another, and all rows of a
 * person that is erased to the number that stands for nobody. */
enum status row_give(struct writer *writer, const struct person_table *table, const json_t *row,
                     uint32_t from, uint32_t to, struct error *err);
enum status rows_forget(struct writer *writer, const struct person_table *table, uint32_t person,
                        uint32_t nobody, int64_t *n, struct error *err);

enum status rows_remove_all(struct writer *writer, const struct person_table *table,
                            uint32_t person, int64_t *n, struct error *err);

#endif
