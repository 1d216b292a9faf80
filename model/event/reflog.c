#include "model/event/reflog.h"

#include <stdlib.h>

enum { RUN_ENTRIES = 1 << 21, DIGIT = 11, VALUES = 1 << DIGIT };

int ref_entry_compare(const struct ref_entry *a, const struct ref_entry *b)
{
    int64_t left = ref_key_family(&a->key), right = ref_key_family(&b->key);
    if (left != right)
        return left < right ? -1 : 1;
    if (a->key.key != b->key.key)
        return a->key.key < b->key.key ? -1 : 1;
    if (a->key.form != b->key.form)
        return a->key.form < b->key.form ? -1 : 1;
    return (a->arrival > b->arrival) - (a->arrival < b->arrival);
}

/* ---- Runs ---- */

static int compare(const void *a, const void *b)
{
    return ref_entry_compare(a, b);
}

/* One pass of a radix sort by a digit of the key. */
static void digit_sort(const struct ref_entry *from, struct ref_entry *to, size_t n, unsigned shift)
{
    size_t *counts = mem_zero(VALUES, sizeof *counts), at = 0;
    for (size_t i = 0; i < n; i++)
        counts[(uint64_t)from[i].key.key >> shift & (VALUES - 1)]++;
    for (size_t value = 0; value < VALUES; value++) {
        size_t here = counts[value];
        counts[value] = at;
        at += here;
    }
    for (size_t i = 0; i < n; i++)
        to[counts[(uint64_t)from[i].key.key >> shift & (VALUES - 1)]++] = from[i];
    free(counts);
}

/* The entries of one family arrive in order of arrival, so a stable sort by key is all it takes;
 * equal keys of hashes are settled afterwards. */
static void family_sort(struct ref_entry *entries, size_t n)
{
    uint64_t differ = 0;
    for (size_t i = 0; i < n; i++) {

        differ |= (uint64_t)(entries[i].key.key ^ entries[0].key.key);
    }
    if (n < VALUES) {
        qsort(entries, n, sizeof *entries, compare);
        return;
    }
    struct ref_entry *other = mem_alloc(n * sizeof *other), *from = entries, *to = other;
    for (unsigned shift = 0; shift < 63 && differ >> shift; shift += DIGIT) {
        if (!(differ >> shift & (VALUES - 1)))
            continue;
        digit_sort(from, to, n, shift);
        struct ref_entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != entries)
        memcpy(entries, from, n * sizeof *entries);
    free(other);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && entries[end].key.key == entries[i].key.key; end++)
            continue;
        if (end - i > 1)
            qsort(entries + i, end - i, sizeof *entries, compare);
    }
}

struct family {
    int64_t family;
    size_t n, at;
};

static int compare_families(const void *a, const void *b)
{
    int64_t left = ((const struct family *)a)->family, right = ((const struct family *)b)->family;
    return (left > right) - (left < right);
}

enum { FAMILIES_FEW = 256 };

static struct family *family_find(struct family *families, size_t n, int64_t family)
{
    for (size_t i = 0; i < n; i++)
        if (families[i].family == family)
            return &families[i];
    return NULL;
}

/* Groups by family, then sorts each; data with very many families is sorted the plain way. */
void ref_entries_sort(struct ref_entry *entries, size_t n)
{
    struct family families[FAMILIES_FEW], *last = NULL;
    size_t n_families = 0, at = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t family = ref_key_family(&entries[i].key);
        if (!last || last->family != family)
            last = family_find(families, n_families, family);
        if (!last && n_families == FAMILIES_FEW) {
            qsort(entries, n, sizeof *entries, compare);
            return;
        }
        if (!last) {
            last = &families[n_families++];
            *last = (struct family){.family = family};
        }
        last->n++;
    }
    qsort(families, n_families, sizeof *families, compare_families);
    for (size_t i = 0; i < n_families; i++) {
        families[i].at = at;
        at += families[i].n;
    }
    struct ref_entry *grouped = mem_alloc(n * sizeof *grouped);
    last = families;
    for (size_t i = 0; i < n; i++) {
        int64_t family = ref_key_family(&entries[i].key);
        if (last->family != family)
            last = family_find(families, n_families, family);
        grouped[last->at++] = entries[i];
    }
    memcpy(entries, grouped, n * sizeof *entries);
    free(grouped);
    for (size_t i = 0, start = 0; i < n_families; start += families[i++].n)
        family_sort(entries + start, families[i].n);
}

void ref_log_seal(struct ref_log *log)
{
    if (log->fresh.n == 0)
        return;
    ref_entries_sort(log->fresh.at, log->fresh.n);
    struct bytes run = {0};
    struct ref_entry last = {0};
    bytes_put_varint(&run, log->fresh.n);
    for (size_t i = 0; i < log->fresh.n; i++) {
        const struct ref_entry *entry = &log->fresh.at[i];
        /* An even number is a step of the key; an odd one says that the form changes as well. */
        bool same = i > 0 && entry->key.form == last.key.form;
        uint64_t step = (uint64_t)entry->key.key - (same ? (uint64_t)last.key.key : 0);
        if (same && step < UINT64_C(1) << 62) {
            bytes_put_varint(&run, step << 1);
        } else {
            bytes_put_varint(&run, 1);
            bytes_put(&run, &entry->key, sizeof entry->key);
        }
        bytes_put_varint(&run, entry->arrival & UINT64_C(0xFFFFFFFFFFFFFF));
        bytes_put_u8(&run, (unsigned)(entry->arrival >> 56));
        last = *entry;
    }
    vec_push(&log->runs, run);
    vec_free(&log->fresh);
}

void ref_log_add(struct ref_log *log, const struct ref_entry *entry)
{
    vec_push(&log->fresh, *entry);
    log->n++;
    if (log->fresh.n >= RUN_ENTRIES)
        ref_log_seal(log);
}

void ref_log_free(struct ref_log *log)
{
    for (size_t i = 0; i < log->runs.n; i++)
        free(log->runs.at[i].at);
    vec_free(&log->runs);
    vec_free(&log->fresh);
}

/* ---- Merging ---- */

struct run_reader {
    struct view in;
    size_t left;
    struct ref_entry entry;
};

struct ref_merge {
    VEC(struct run_reader) readers; /* a heap, the least entry first */
    struct ref_entry entry;
};

static bool reader_next(struct run_reader *reader)
{
    if (reader->left == 0)
        return false;
    reader->left--;
    uint64_t step = view_varint(&reader->in);
    if (step & 1)
        memcpy(&reader->entry.key, view_take(&reader->in, sizeof reader->entry.key),
               sizeof reader->entry.key);
    else
        reader->entry.key.key += (int64_t)(step >> 1);
    uint64_t number = view_varint(&reader->in);
    reader->entry.arrival = number | (uint64_t)view_u8(&reader->in) << 56;
    return true;
}

static void heap_sink(struct ref_merge *merge, size_t at)
{
    struct run_reader *readers = merge->readers.at, moved = readers[at];
    for (size_t child; (child = 2 * at + 1) < merge->readers.n; at = child) {
        if (child + 1 < merge->readers.n &&
            ref_entry_compare(&readers[child + 1].entry, &readers[child].entry) < 0)
            child++;
        if (ref_entry_compare(&moved.entry, &readers[child].entry) <= 0)
            break;
        readers[at] = readers[child];
    }
    readers[at] = moved;
}

struct ref_merge *ref_merge_new(struct ref_log *const *logs, size_t n)
{
    struct ref_merge *merge = mem_zero(1, sizeof *merge);
    for (size_t i = 0; i < n; i++)
        for (size_t run = 0; run < logs[i]->runs.n; run++) {
            const struct bytes *bytes = &logs[i]->runs.at[run];
            struct run_reader reader = {.in = view_of(bytes->at, bytes->n)};
            reader.left = (size_t)view_varint(&reader.in);
            if (reader_next(&reader))
                vec_push(&merge->readers, reader);
        }
    for (size_t at = merge->readers.n / 2; at-- > 0;)
        heap_sink(merge, at);
    return merge;
}

void ref_merge_free(struct ref_merge *merge)
{
    if (!merge)
        return;
    vec_free(&merge->readers);
    free(merge);
}

const struct ref_entry *ref_merge_next(struct ref_merge *merge)
{
    if (merge->readers.n == 0)
        return NULL;
    struct run_reader *first = merge->readers.at;
    merge->entry = first->entry;
    if (!reader_next(first))
        *first = merge->readers.at[--merge->readers.n];
    if (merge->readers.n)
        heap_sink(merge, 0);
    return &merge->entry;
}
