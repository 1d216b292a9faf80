/* Inside of people: a member's row and how it becomes cells. */
#ifndef ATRIUM_PEOPLE_MEMBER_ROW_H
#define ATRIUM_PEOPLE_MEMBER_ROW_H

#include "model/people/member_list.h"

/* For "select " MEMBER_ROW_COLUMNS " from member …". */
#define MEMBER_ROW_COLUMNS                                                                         \
    "person, card, name, phone, tier, gender, birth, joined, channel, consent_sms, consent_app,"   \
    " consent_wifi, version"

struct member_row {
    uint32_t person;
    bool member; /* false: a visitor; only person and card are known */
    const char *card, *name, *phone, *tier, *gender; /* valid until the statement moves */
    int64_t birth;                                   /* day; INT64_MIN: unknown */
    int64_t joined;                                  /* 0: unknown */
    uint32_t channel;
    bool sms, app, wifi;
    int64_t version;
};

void member_row_take(sqlite3_stmt *stmt, struct member_row *row);

/* The row of a person, or of a visitor with the first card identity, texts owned by the arena;
 * *there false: nobody has this number (any more). */
enum status member_row_read(struct reader *reader, uint32_t person, struct arena *arena,
                            struct member_row *row, bool *there, struct error *err);

/* Years from a birth day to a day; -1 for unknown or impossible ones. */
int age_at(int64_t birth, int32_t day);

/* The cells of the columns that come from the row (all but those from events), masked. */
void member_row_cells(struct reader *reader, const struct access *access, struct arena *arena,
                      const struct member_row *row, int32_t today, struct cell *cells);
void member_figure_cells(const struct member_figures *figures, struct cell *cells);

/* The present as a mall day. */
enum status present_day(struct reader *reader, int32_t *day, struct error *err);

/* The figures if they are there already; NULL else. Release as with member_numbers_get. */
const struct member_numbers *member_numbers_peek(struct people_cache *cache, struct reader *reader);

#endif
