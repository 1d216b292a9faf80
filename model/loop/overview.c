#include "model/loop/overview.h"

#include <sys/stat.h>

static int64_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

enum status overview_read(struct reader *reader, struct arena *arena, struct overview *overview,
                          struct error *err)
{
    const struct mall *mall = reader_mall(reader);
    struct event_totals totals = {0};
    int64_t present;
    const struct {
        const char *sql;
        int64_t *value;
    } counts[] = {
        {"select count(*) from member", &overview->members},
        {"select count(*) from outbox where state <> 'done'", &overview->pending},
        {"select count(*) from tenant", &overview->tenants},
        {"select count(*) from device", &overview->devices},
        {"select count(*) from zone", &overview->zones},
        {"select count(*) from crowd", &overview->groups},
        {"select count(*) from tail", &overview->tail},
        {"select value from counter where name = 'person'", &overview->subjects},
    };

    *overview = (struct overview){.mall = arena_strdup(arena, mall->name),
                                  .path = arena_strdup(arena, mall->path),
                                  .read_only = mall->read_only};
    if (mall->why_read_only)
        overview->why_read_only = arena_strdup(arena, mall->why_read_only);
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; status == ST_OK && i < sizeof counts / sizeof *counts; i++)
        status = reader_integer(reader, counts[i].sql, 0, counts[i].value, err);
    if (status == ST_OK)
        status = event_totals(reader, &totals, err);
    if (status == ST_OK)
        status = reader_present(reader, &overview->as_of, &present, err);
    reader_end(reader);
    overview->events = totals.events;
    overview->receipt_lines = totals.lines;
    overview->first = totals.first;
    overview->last = totals.last;
    overview->bytes = size_of(mall->path) + size_of(arena_printf(arena, "%s-wal", mall->path));
    return status;
}
