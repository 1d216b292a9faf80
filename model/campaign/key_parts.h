/* Parts of values of a campaign's keys. Inside the module. */
#ifndef ATRIUM_CAMPAIGN_KEY_PARTS_H
#define ATRIUM_CAMPAIGN_KEY_PARTS_H

#include "model/campaign/keys.h"

enum { DAY_MINUTES = 1440 };

bool weekdays_read(const char *text, unsigned *bits);
const char *weekdays_write(struct arena *arena, unsigned bits);
bool hours_read(const char *text, int *from, int *to);

/* "" or what is wrong. */
const char *ranges_read(struct arena *arena, const char *text, struct campaign *campaign);
const char *ranges_write(struct arena *arena, const struct campaign *campaign);
const char *contacts_read(struct arena *arena, const char *text, struct campaign *campaign);
const char *contacts_write(struct arena *arena, const struct campaign *campaign);
const char *duration_write(struct arena *arena, int64_t seconds);

/* As if it had never been set. */
void key_clear(struct campaign *campaign, const struct campaign_key *key);

/* Where a key's value stands in a campaign. */
#define FIELD(type, campaign, key) ((type *)((char *)(campaign) + (key)->at))
#define FIELD_TO(type, campaign, key) ((type *)((char *)(campaign) + (key)->at_to))
#define READ(type, campaign, key) (*(const type *)((const char *)(campaign) + (key)->at))
#define READ_TO(type, campaign, key) (*(const type *)((const char *)(campaign) + (key)->at_to))

#endif
