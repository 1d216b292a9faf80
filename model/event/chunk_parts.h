/*
 * Inside the chunk decoder. chunk_decode.c reads what a segment has itself, chunk_linked.c what it
 * has of its base.
 */
#ifndef ATRIUM_EVENT_CHUNK_PARTS_H
#define ATRIUM_EVENT_CHUNK_PARTS_H

#include "model/event/chunk.h"

/* The bytes of a column, proved by their checksum. */
bool part_view(const struct chunk_part *part, const unsigned char *data, struct view *view);

/* The steps and starts of a plain segment, not yet compared with what the head says. */
bool plain_times(const struct chunk_segment *segment, const unsigned char *data, uint64_t *start,
                 uint64_t *step);

/* As segment_people and so on, of a linked segment. The column is the base's, by row of the
 * segment. */
bool linked_people(const struct chunk_segment *segment, const unsigned char *data, uint64_t *person,
                   uint64_t *count);
bool linked_times(const struct chunk_segment *segment, const unsigned char *data, uint64_t *start,
                  uint64_t *step);
bool linked_column(const struct chunk_segment *segment, const unsigned char *data,
                   enum chunk_column column, uint64_t *values);
bool linked_refs(const struct chunk_segment *segment, const unsigned char *data, struct bytes *text,
                 size_t *starts);

#endif
