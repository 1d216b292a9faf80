/*
 * The references that a bulk append met: sorted runs in memory, compressed, and a merge of them, so
 * that the same reference twice is found whatever lay between.
 */
#ifndef ATRIUM_EVENT_REFLOG_H
#define ATRIUM_EVENT_REFLOG_H

#include "model/event/bytes.h"
#include "model/event/refkey.h"

struct ref_entry {
    struct ref_key key;
    uint64_t arrival; /* lane << 56 | number within the lane */
};

/* Orders by (family, key, form, arrival). */
int ref_entry_compare(const struct ref_entry *a, const struct ref_entry *b);

/* Sorts entries that are in order of arrival. */
void ref_entries_sort(struct ref_entry *entries, size_t n);

/* One thread's runs. A zeroed log is empty. */
struct ref_log {
    VEC(struct ref_entry) fresh; /* not yet in a run */
    VEC(struct bytes) runs;
    size_t n;
};

void ref_log_add(struct ref_log *log, const struct ref_entry *entry);
void ref_log_seal(struct ref_log *log); /* fresh entries become a run */
void ref_log_free(struct ref_log *log);

/* The entries of several sealed logs in order. */
struct ref_merge;
struct ref_merge *ref_merge_new(struct ref_log *const *logs, size_t n);
void ref_merge_free(struct ref_merge *merge);
/* The next entry; NULL at the end. Valid until the next call. */
const struct ref_entry *ref_merge_next(struct ref_merge *merge);

#endif
