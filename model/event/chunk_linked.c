#include "model/event/chunk_parts.h"
#include "model/event/column.h"

#include <stdlib.h>

/* How many rows follow each row of the base: one but for some. */
static bool counts_except(struct chunk_link *link, struct view *in, size_t n, uint64_t *total)
{
    struct exceptions others;
    if (!exceptions_read(&others, in, n))
        return false;
    uint64_t widest = 0;
    memset(link->counts, 1, n);
    for (size_t i = 0; i < others.n; i++) {
        widest |= others.values[i];
        link->counts[others.rows[i]] = (uint8_t)others.values[i];
    }
    *total = n - others.n;
    for (size_t i = 0; i < others.n; i++)
        *total += (uint8_t)others.values[i];
    link->single = widest <= 1;
    exceptions_free(&others);
    return widest <= LINK_FOLLOWERS;
}

static bool counts_each(struct chunk_link *link, struct view *in, size_t n, uint64_t *total)
{
    uint64_t *counts = mem_alloc(n * sizeof *counts), widest = 0;
    bool good = column_decode(in, counts, n);
    for (size_t i = 0; good && i < n; i++) {
        widest |= counts[i];
        link->counts[i] = (uint8_t)counts[i];
        *total += link->counts[i];
    }
    link->single = widest <= 1;
    free(counts);
    return good && widest <= LINK_FOLLOWERS;
}

static bool counts_read(struct chunk_link *link, const struct chunk_segment *segment,
                        const unsigned char *data)
{
    struct view in;
    const struct chunk_part *part = &segment->parts[COLUMN_PEOPLE];
    uint64_t total = 0;
    if (!part_view(part, data, &in))
        return false;
    link->counts = mem_alloc(segment->base->n);
    return (part->form == FORM_SAME ? counts_except(link, &in, segment->base->n, &total)
                                    : counts_each(link, &in, segment->base->n, &total)) &&
           view_left(&in) == 0 && total == segment->n;
}

/* The people of the base, how many rows each has, and how many of the segment follow those. */
static bool people_read(struct chunk_link *link, const struct chunk_segment *segment,
                        const unsigned char *data)
{
    size_t n = segment->base->n_people, n_people = 0;
    const uint8_t *counts = link->counts;
    uint64_t *person = mem_alloc(2 * n * sizeof *person), *rows = person + n;
    bool good = segment_people(segment->base, data, person, rows);
    link->people = mem_alloc(n * sizeof *link->people);
    for (size_t i = 0; good && i < n; i++) {
        uint32_t followers = 0;
        for (uint64_t row = 0; row < rows[i]; row++)
            followers += *counts++;
        n_people += followers > 0;
        link->people[i] = (struct link_person){(uint32_t)person[i], (uint32_t)rows[i], followers};
    }
    free(person);
    return good && n_people == segment->n_people;
}

/* NULL for damage. Most often one row follows each of the base: then there are no counts, and what
 * the base has is what the segment has. */
static const struct chunk_link *link_read(const struct chunk_segment *segment,
                                          const unsigned char *data)
{
    struct chunk_link *link = segment->link;
    const struct chunk_segment *base = segment->base;
    const struct chunk_part *part = &segment->parts[COLUMN_PEOPLE];
    if (link->read)
        return link;
    if (part->form == FORM_SAME && part->size == 1 && part->in_head[0] == 0)
        link->read = base->n == segment->n && base->n_people == segment->n_people;
    else
        link->read = counts_read(link, segment, data) && people_read(link, segment, data);
    if (link->read)
        return link;
    free(link->counts);
    free(link->people);
    *link = (struct chunk_link){0};
    return NULL;
}

bool linked_people(const struct chunk_segment *segment, const unsigned char *data, uint64_t *person,
                   uint64_t *count)
{
    const struct chunk_link *link = link_read(segment, data);
    if (!link || !link->counts)
        return link && segment_people(segment->base, data, person, count);
    for (size_t i = 0; i < segment->base->n_people; i++)
        if (link->people[i].followers) {
            *person++ = link->people[i].person;
            *count++ = link->people[i].followers;
        }
    return true;
}

/* The times of one person's rows that have followers, as often as those have. */
static void person_times(const uint8_t *counts, uint32_t rows, uint64_t time, const uint64_t *steps,
                         uint64_t **start, uint64_t **step)
{
    uint64_t before = 0;
    bool first = true;
    for (uint32_t row = 0; row < rows; row++) {
        time += row ? steps[row - 1] : 0;
        for (unsigned more = counts[row]; more > 0; more--, before = time, first = false)
            if (first)
                *(*start)++ = time;
            else
                *(*step)++ = time - before;
    }
}

bool linked_times(const struct chunk_segment *segment, const unsigned char *data, uint64_t *start,
                  uint64_t *step)
{
    const struct chunk_link *link = link_read(segment, data);
    const struct chunk_segment *base = segment->base;
    if (!link || !link->counts)
        return link && plain_times(base, data, start, step);
    uint64_t *starts = mem_alloc(base->n * sizeof *starts), *steps = starts + base->n_people;
    const uint8_t *counts = link->counts;
    bool good = segment_times(base, data, starts, steps);
    for (size_t i = 0; good && i < base->n_people; i++) {
        const struct link_person *person = &link->people[i];
        if (link->single && person->followers == person->rows) {
            *start++ = starts[i];
            for (uint32_t row = 1; row < person->rows; row++)
                *step++ = steps[row - 1];
        } else {
            person_times(counts, person->rows, starts[i], steps, &start, &step);
        }
        counts += person->rows;
        steps += person->rows - 1;
    }
    free(starts);
    return good;
}

/* For each row the word of the base's row: `to` has room for the segment's n, and has them all when
 * the base's end. */
static void words_follow(const struct chunk_link *link, const uint64_t *of_base, uint64_t *to,
                         size_t n)
{
    if (link->single) {
        for (size_t i = 0, at = 0; at < n; i++) {
            to[at] = of_base[i];
            at += link->counts[i];
        }
        return;
    }
    const uint64_t *end = to + n;
    for (size_t i = 0; to < end; i++)
        for (unsigned more = link->counts[i]; more > 0; more--)
            *to++ = of_base[i];
}

bool linked_column(const struct chunk_segment *segment, const unsigned char *data,
                   enum chunk_column column, uint64_t *values)
{
    const struct chunk_link *link = link_read(segment, data);
    const struct chunk_segment *base = segment->base;
    if (!link || !link->counts)
        return link && segment_column(base, data, column, values);
    uint64_t *of_base = mem_alloc(base->n * sizeof *of_base);
    bool good = segment_column(base, data, column, of_base);
    if (good)
        words_follow(link, of_base, values, segment->n);
    free(of_base);
    return good;
}

bool linked_refs(const struct chunk_segment *segment, const unsigned char *data, struct bytes *text,
                 size_t *starts)
{
    _Static_assert(sizeof *starts == sizeof(uint64_t), "a place in the text is a word");
    const struct chunk_link *link = link_read(segment, data);
    if (!link || !link->counts)
        return link && segment_refs(segment->base, data, text, starts);
    size_t *of_base = mem_alloc(segment->base->n * sizeof *of_base);
    bool good = segment_refs(segment->base, data, text, of_base);
    if (good)
        words_follow(link, of_base, starts, segment->n);
    free(of_base);
    return good;
}
