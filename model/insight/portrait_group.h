/* Groups of people that have no question of their own: who carries a label, who bought at a shop.
 */
#ifndef ATRIUM_INSIGHT_PORTRAIT_GROUP_H
#define ATRIUM_INSIGHT_PORTRAIT_GROUP_H

#include "model/base/set.h"
#include "model/event/event.h"

/* Rising person numbers, owned by the arena. ST_REFUSED for a name that nothing has. */
enum status group_of_label(struct reader *reader, struct arena *arena, const char *name,
                           const uint32_t **people, size_t *n, struct error *err);

/* Adds who carries a label, by its number: those its rule found, and those of a hand-kept list. */
enum status group_label_set(struct reader *reader, int64_t label, struct set *set,
                            struct error *err);

/* Who has a purchase at the shop of this code in [from, to). */
enum status group_of_shop(struct reader *reader, struct arena *arena, const char *code,
                          int64_t from, int64_t to, const uint32_t **people, size_t *n,
                          struct error *err);

/* All members. */
enum status group_of_everyone(struct reader *reader, struct arena *arena, const uint32_t **people,
                              size_t *n, struct error *err);

/* One more than the highest number a person can have: the size of a set of people. */
enum status people_numbers(struct reader *reader, uint32_t *n, struct error *err);

#endif
