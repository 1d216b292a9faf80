#include "model/access/access.h"

#include <inttypes.h>
#include <math.h>

/* The smallest group that is still shown; n: none. Groups of nobody hide nothing. */
static size_t next_larger(const int64_t *people, size_t n, const bool *hidden)
{
    size_t least = n;
    for (size_t i = 0; i < n; i++)
        if (!hidden[i] && people[i] > 0 && (least == n || people[i] < people[least]))
            least = i;
    return least;
}

size_t small_groups(const struct access *access, const int64_t *people, size_t n, bool *hidden)
{
    size_t count = 0;
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        hidden[i] = small_group(access, people[i]);
        count += hidden[i];
        sum += hidden[i] ? people[i] : 0;
    }
    while (count && (count == 1 || small_group(access, sum))) {
        size_t next = next_larger(people, n, hidden);
        if (next == n)
            break;
        hidden[next] = true;
        count++;
        sum += people[next];
    }
    return count;
}

struct access access_of_sample(const struct access *access, double share)
{
    struct access of_all = *access;
    if (share >= 1 || share <= 0)
        return of_all;
    /* One more than the limit: estimates are rounded. */
    of_all.sampled = true;
    if (access->least_people > 0)
        of_all.least_people = (int64_t)ceil((double)(access->least_people + 1) / share);
    return of_all;
}

const char *small_group_text(const struct access *access, struct arena *arena, int64_t people)
{
    bool told = small_group(access, people) && !access->sampled;
    return told ? arena_printf(arena, "<%" PRId64, access->least_people) : "*";
}

enum status small_group_check(const struct access *access, int64_t n, struct error *err)
{
    if (!small_group(access, n))
        return ST_OK;
    return error_set(err, ST_DENIED,
                     "this is a group of fewer than %" PRId64 " people, which %s may not see one "
                     "by one (setting small_group)",
                     access->least_people, roles[access->role].name);
}
