#include "model/event/event.h"

void event_cursor_start(struct event_cursor *cursor, const struct event_block *block)
{
    cursor->block = block;
    cursor->n = 0;
    for (size_t i = 0; i < block->n_runs; i++)
        cursor->at[i] = cursor->end[i] = 0;
}

/* Where the events of a person that starts at `from` end; a person has a few in each run. */
static uint32_t person_end(const struct event_run *run, uint32_t from)
{
    uint32_t person = run->person[from];
    while (from < run->n && run->person[from] == person)
        from++;
    return from;
}

bool event_cursor_person(struct event_cursor *cursor, uint32_t *person)
{
    const struct event_block *block = cursor->block;
    bool any = false;
    for (size_t i = 0; i < block->n_runs; i++) {
        const struct event_run *run = &block->runs[i];
        uint32_t at = cursor->at[i] = cursor->end[i];
        if (at < run->n && (!any || run->person[at] < *person)) {
            *person = run->person[at];
            any = true;
        }
    }
    cursor->n = 0;
    for (size_t i = 0; any && i < block->n_runs; i++) {
        const struct event_run *run = &block->runs[i];
        if (cursor->at[i] < run->n && run->person[cursor->at[i]] == *person) {
            cursor->end[i] = person_end(run, cursor->at[i]);
            cursor->active[cursor->n++] = (uint8_t)i;
        }
    }
    return any;
}

bool event_cursor_next(struct event_cursor *cursor, const struct event_run **run, size_t *row)
{
    const struct event_run *runs = cursor->block->runs;
    size_t best = SIZE_MAX, n = 0;
    int64_t time = 0;
    for (size_t i = 0; i < cursor->n; i++) {
        uint8_t at = cursor->active[i];
        if (cursor->at[at] == cursor->end[at])
            continue;
        cursor->active[n++] = at;
        int64_t here = runs[at].time[cursor->at[at]];
        if (best == SIZE_MAX || here < time) {
            best = at;
            time = here;
        }
    }
    cursor->n = (uint32_t)n;
    if (best == SIZE_MAX)
        return false;
    *run = &runs[best];
    *row = cursor->at[best]++;
    return true;
}
