/*
 * Consents: what a member agreed to, contact by contact, with time and source. The member's row
 * says how it stands; every change is kept beside it. Whoever sends a message looks at the
 * row at the moment of sending.
 */
#ifndef ATRIUM_PEOPLE_CONSENT_H
#define ATRIUM_PEOPLE_CONSENT_H

#include "model/access/access.h"
#include "model/base/sheet.h"

enum consent_contact { CONSENT_SMS, CONSENT_APP, CONSENT_WIFI, CONSENT_COUNT };
extern const char *const consent_names[CONSENT_COUNT]; /* "sms", "app", "wifi" */

struct consent_change {
    const char *card; /* the member's, as operations name it */
    bool set[CONSENT_COUNT], given[CONSENT_COUNT];
    const char *source; /* "form", "sms reply": 1 to 200 bytes; the operation's reason */
};

/* An operation, with its rights, audit and undo; each operation on consents writes the history. */
enum status consent_set(struct writer *writer, const struct access *access,
                        const struct consent_change *change, struct operation_result *result,
                        struct error *err);

/* contact, given, time, source, actor; the latest first. A first row without a time is how it stood
 * before anything was recorded, as an import said. Owned by the arena. */
enum status consent_history(struct reader *reader, uint32_t person, struct arena *arena,
                            struct sheet **sheet, struct error *err);

#endif
