/*
 * Contacts that came to their person by a link: what a file says of them happened to the person
 * they are linked to, and would go with them if the link was taken back. So their names are
 * numbered as the person they were, their events are given to the one they are now, and the links
 * keep a copy.
 */
#ifndef ATRIUM_IMPORT_LINKED_H
#define ATRIUM_IMPORT_LINKED_H

#include "model/event/chunk.h"
#include "model/import/names.h"
#include "model/store/contact.h"
#include "model/store/writer.h"

struct linked;

/* The contacts of this kind; *linked is NULL where there are none. `names` learns their old
 * numbers. */
enum status linked_open(struct writer *writer, enum contact_kind kind, struct names *names,
                        struct linked **linked, struct error *err);
/* For a few rows: nothing is read yet, linked_look does so of each contact. */
enum status linked_open_few(struct writer *writer, enum contact_kind kind, struct linked **linked,
                            struct error *err);
/* The old number of a contact, 0 where it came by no link; its links are known from here on. NULL
 * is fine. */
enum status linked_look(struct linked *linked, struct writer *writer, const char *value, size_t n,
                        uint32_t *old, struct error *err);
void linked_free(struct linked *linked); /* NULL is fine */

/* Gives the events to whom they belong now, and remembers those that changed hands. NULL is fine.
 */
void linked_take(struct linked *linked, struct event *events, size_t n);

/* Inside the transaction that makes the events visible. NULL is fine. */
enum status linked_write(struct linked *linked, struct writer *writer, struct error *err);

#endif
