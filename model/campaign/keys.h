/* Keys of a campaign between file, row and operation. Inside the module. */
#ifndef ATRIUM_CAMPAIGN_KEYS_H
#define ATRIUM_CAMPAIGN_KEYS_H

#include "model/base/vec.h"
#include "model/campaign/campaign.h"

/* Whether a word is one of those that a text has, with one blank between them. */
bool words_have(const char *words, const char *word, size_t n);

/* "2017-10-31", nothing else. */
bool campaign_day_read(const char *text, size_t n, int32_t *day);

/* What a row has in a column. */
struct row_cell {
    bool null;
    int64_t number;
    const char *text; /* never NULL */
};
void key_from_row(struct arena *arena, struct campaign *campaign, const struct campaign_key *key,
                  const struct row_cell *cell, const struct row_cell *cell_to);

/* Sets the columns of a key in an operation's object. */
void key_to_json(struct arena *arena, const struct campaign *campaign,
                 const struct campaign_key *key, json_t *set);

/* Where the keys of a definition stand in a file; all 0 where there is none. */
enum { KEYS_MOST = 32, SECTIONS_MOST = 8 };
struct key_places {
    int line[KEYS_MOST];        /* by key */
    int section[SECTIONS_MOST]; /* of the section that a key belongs to, by key_section */
};
size_t key_section(const struct campaign_key *key);

/* Faults while they are collected. */
struct fault_list {
    struct arena *arena;
    const struct key_places *places;
    VEC(struct campaign_fault) all;
};
void fault_add(struct fault_list *faults, int line, const char *key, const char *message);

/* Everything campaign_check looks at. `reader` may be NULL. */
enum status definition_check(struct reader *reader, const struct access *access,
                             const struct campaign *campaign, struct fault_list *faults,
                             struct error *err);

/* The faults in order of line, kept by the arena; frees the list. */
void faults_keep(struct fault_list *faults, const struct campaign_fault **kept, size_t *n);

#endif
