/* What can be done with a member: consents given or withdrawn, the person shown in full. */
#ifndef ATRIUM_VIEWS_MEMBER_ACTS_H
#define ATRIUM_VIEWS_MEMBER_ACTS_H

#include "model/people/member_page.h"
#include "views/console.h"

/* Asks which consent to change; NULL: no page is shown yet. */
void member_consent(struct view *view, const struct member_page *page);

/* Asks for a reason, logs it, and shows this person unmasked for two minutes or until the view
 * closes, which calls reveal_end. */
void reveal_end(struct console *console);
void member_reveal(struct view *view, const struct member_page *page);

#endif
