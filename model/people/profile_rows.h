/* How member rows become columns; shared by reading and folding. Inside the module. */
#ifndef ATRIUM_PEOPLE_PROFILE_ROWS_H
#define ATRIUM_PEOPLE_PROFILE_ROWS_H

#include "model/base/vec.h"
#include "model/people/profile.h"

/* person, then the columns in order of enum profile_field from gender on, then what makes the
 * flags; ?1 and ?2 are the first and last person. */
static const char profile_rows_sql[] =
    "select person, gender, tier, income, community, car, house, channel, birth, joined,"
    " consent_sms, consent_app, consent_wifi, app, phone <> '' from member"
    " where person between ?1 and ?2";

static inline int64_t profile_place(int field, int32_t block)
{
    return (int64_t)field << 20 | block;
}

/* Words by number, each once. */
struct profile_words {
    struct arena *arena;
    VEC(const char *) at; /* [0] is "" */
    uint32_t *table;      /* by hash; 0: free */
    size_t size;          /* of the table, a power of two */
};
void profile_words_start(struct profile_words *words, struct arena *arena);
void profile_words_free(struct profile_words *words);
uint64_t profile_word(struct profile_words *words, const char *text); /* added where it is new */
bool profile_word_put(struct profile_words *words, int64_t id, const char *text);

/* One row of profile_rows_sql into the columns of the block that begins with `first`. */
void profile_row(sqlite3_stmt *stmt, struct profile_words *words, uint32_t first,
                 uint64_t *const values[PROFILE_FIELDS]);

/* False for damage. */
bool profile_decode(const void *data, size_t size, uint64_t *values);

#endif
