/*
 * Profiles: the members' fields as columns, so that a question about everybody reads one or two
 * bytes a person and not rows.
 *
 * The mall file keeps them by field and block of people. They follow the member table: the writer
 * notes blocks whose rows changed, profile_fold makes their columns anew, and until then a reader
 * takes such a block from the rows. So an answer is never behind, only slower where much changed.
 */
#ifndef ATRIUM_PEOPLE_PROFILE_H
#define ATRIUM_PEOPLE_PROFILE_H

#include "model/event/event.h"

enum profile_field {
    PROFILE_FLAGS,  /* of enum profile_flag; 0: no member */
    PROFILE_GENDER, /* a word's number; 0: unknown */
    PROFILE_TIER,
    PROFILE_INCOME,
    PROFILE_COMMUNITY,
    PROFILE_CAR,
    PROFILE_HOUSE,
    PROFILE_CHANNEL, /* as in the dictionary */
    PROFILE_BIRTH,   /* day + PROFILE_DAY; 0: unknown */
    PROFILE_JOINED,  /* UTC seconds; 0: unknown */
    PROFILE_FIELDS
};

enum { PROFILE_DAY = 1 << 20 };

enum profile_flag {
    PROFILE_MEMBER = 1 << 0,
    PROFILE_SMS = 1 << 1, /* consents */
    PROFILE_APP_CONSENT = 1 << 2,
    PROFILE_WIFI = 1 << 3,
    PROFILE_APP = 1 << 4,   /* has the app */
    PROFILE_PHONE = 1 << 5, /* has a phone number */
};

static inline bool profile_has_words(enum profile_field field)
{
    return field >= PROFILE_GENDER && field <= PROFILE_HOUSE;
}

/* Everybody's columns in one state of the file: between reader_begin and reader_end. */
struct profiles;
enum status profiles_open(struct reader *reader, struct profiles **profiles, struct error *err);
void profiles_close(struct profiles *profiles); /* NULL is fine */

/* The fields of a block, EVENT_BLOCK values each, valid until the next call: values[f] is NULL for
 * a field that was not asked for (a bit set of 1 << enum profile_field) and for one that is 0 for
 * everybody in the block. */
enum status profiles_read(struct profiles *profiles, int32_t block, unsigned fields,
                          const uint64_t *values[PROFILE_FIELDS], struct error *err);

/* Who has a value of the field that the tester's table says yes to, of every block whose column
 * need not be made anew, a bit each in `people`; a person past its end is left out. `done` (a byte
 * for each of n_blocks) is set where that is so, also where the block has no such column. */
struct column_tester;
enum status profiles_test(struct profiles *profiles, enum profile_field field,
                          struct column_tester *tester, struct set *people, uint8_t *done,
                          uint32_t n_blocks, struct error *err);

/* The words by number; [0] is "". There may be more after profiles_read of a changed block. Valid
 * until profiles_close or the next profiles_read. */
const char *const *profiles_words(const struct profiles *profiles, size_t *n);

/* Makes the columns of changed blocks, in short transactions of its own: at the end of imports. */
enum status profile_fold(struct writer *writer, struct error *err);

/* Whether the columns of blocks that are not noted as changed are what the rows say: for verify.
 * ST_UNUSABLE names the block and field. */
enum status profile_verify(struct reader *reader, struct error *err);

#endif
