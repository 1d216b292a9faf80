/* Inside of people: all events of one person in order of time, and what follows from them. */
#ifndef ATRIUM_PEOPLE_PERSON_EVENTS_H
#define ATRIUM_PEOPLE_PERSON_EVENTS_H

#include "model/event/event.h"
#include "model/people/member_page.h"

struct person_event {
    int64_t time, amount;
    uint32_t tenant, zone, device, campaign;
    uint16_t kind, channel;
    const char *ref;
};

struct person_events {
    size_t n;
    const struct person_event *at;
};

/* Events in [from, to) (to = 0: no end) of these kinds (NULL: all but receipt lines), oldest first,
 * owned by the arena. Inside reader_begin. */
enum status person_events_read(struct reader *reader, uint32_t person, int64_t from, int64_t to,
                               const uint16_t *kinds_asked, size_t n_kinds_asked,
                               struct arena *arena, struct person_events *events,
                               struct error *err);

/* Sections of a page that come from events. */
enum status section_shops(struct reader *reader, const struct person_events *events,
                          struct arena *arena, struct sheet **sheet, struct error *err);
enum status section_areas(struct reader *reader, const struct person_events *events, int64_t from,
                          struct arena *arena, struct sheet **sheet, struct error *err);
enum status section_devices(struct reader *reader, const struct person_events *events,
                            struct arena *arena, struct sheet **sheet, struct error *err);

/* Sections that come from rows; those not in this list are left alone. */
struct member_row;
enum status sections_of_rows(struct reader *reader, const struct access *access,
                             const struct member_row *row, int32_t today, struct arena *arena,
                             struct sheet **sections, struct error *err);

#endif
