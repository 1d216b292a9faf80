/* What the files of linking share. Inside the module. */
#ifndef ATRIUM_PEOPLE_LINK_PARTS_H
#define ATRIUM_PEOPLE_LINK_PARTS_H

#include "model/people/link.h"
#include "model/people/link_rows.h"

/* A link or an unlink while it is done. */
struct linking {
    const struct access *access;
    const struct link_request *request; /* NULL: undoing */
    const char *reason;
    int64_t link;
    uint32_t person, target;
    struct arena *arena;
    struct link_result *result;
};

/* ST_REFUSED unless evidence or a reason is a line of a few bytes at least. */
enum status link_text_check(const char *text, const char *what, struct error *err);

/* The card of a person, or "#number", for the audit. */
enum status link_person_name(struct linking *linking, struct writer *writer, uint32_t person,
                             char **name, struct error *err);

/* A record under the names of both, so that each one's history has it. */
enum status link_audit(struct linking *linking, struct writer *writer, const char *act,
                       const char *person, const char *target, struct error *err);

/* A member's row as JSON, NULL for a visitor; and back. */
enum status member_json(struct writer *writer, uint32_t person, json_t **row, struct error *err);
enum status member_restore(struct writer *writer, const json_t *row, struct error *err);

/* Keeps a row with a link; reads those of one place (NULL: all), as an array of
 * {id, place, moved, row}. */
enum status link_row_keep(struct writer *writer, int64_t link, const char *place, bool moved,
                          const json_t *row, struct error *err);
enum status link_rows_kept(struct writer *writer, int64_t link, const char *place, json_t **rows,
                           struct error *err);

/* Fills empty fields of the target's member row from `from`, a row as member_json has it, and keeps
 * what it changed with the link. An opt-out of either holds. */
enum status member_fill(struct writer *writer, int64_t link, uint32_t target, const json_t *from,
                        struct error *err);
/* Takes that back, but for fields that were changed since. */
enum status member_unfill(struct writer *writer, int64_t link, uint32_t target, struct error *err);

#endif
