/* Links as rows: of one person, taken back ones too. */
#ifndef ATRIUM_PEOPLE_LINK_LIST_H
#define ATRIUM_PEOPLE_LINK_LIST_H

#include "model/access/access.h"
#include "model/base/sheet.h"

/* link, time, who, contacts (masked), evidence, confidence, undone, undone by; the latest first,
 * those of everyone who was joined into the person included. Owned by the arena. Evidence
 * is shown to who may edit people, as somebody wrote it and may have named somebody. */
enum status link_list(struct reader *reader, const struct access *access, uint32_t person,
                      struct arena *arena, struct sheet **sheet, struct error *err);

#endif
