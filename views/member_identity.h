/* What can be done about who a person is: joining two, taking them apart again, erasing. Each asks
 * for what it needs, does it on the writer's thread and refreshes. */
#ifndef ATRIUM_VIEWS_MEMBER_IDENTITY_H
#define ATRIUM_VIEWS_MEMBER_IDENTITY_H

#include "model/people/member_page.h"
#include "views/console.h"

/* Asks for the other contact and the evidence. */
void member_join(struct view *view, const struct member_page *page);

/* The same for a pair that is known: what was seen and how sure it is are given. */
void member_join_pair(struct view *view, uint32_t one, uint32_t other, const char *evidence,
                      double confidence);

/* Asks which link into this person to take back, and why. */
void member_part(struct view *view, const struct member_page *page);

/* States what would go, asks for a reason and for the person's number; there is no way back. */
void member_remove(struct view *view, const struct member_page *page);

#endif
