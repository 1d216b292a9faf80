#include "model/fleet/way.h"

#include "model/base/vec.h"
#include "model/fleet/clean.h"

#include <string.h>

enum { TEXT_MOST = 400 };

struct bastion_row {
    int64_t id, over; /* over: the bastion of this one; 0: none */
    struct device_hop hop;
};

struct ways {
    struct arena *arena;
    struct bastion_row *rows; /* by id */
    size_t n;
};

static const char bastions_sql[] =
    "select id, port, bastion, code, host, user, pin, quarantine, identity, kind from device"
    " where id in (select bastion from device) order by id";

const char *way_text_read(sqlite3_stmt *stmt, int column, struct arena *arena)
{
    return device_clean_column(stmt, column, arena, TEXT_MOST);
}

static struct bastion_row row_read(sqlite3_stmt *stmt, struct arena *arena)
{
    int64_t port = sqlite3_column_int64(stmt, 1);
    return (struct bastion_row){
        .id = sqlite3_column_int64(stmt, 0),
        .over = sqlite3_column_int64(stmt, 2),
        .hop = {.port = port > 0 && port <= 65535 ? (int)port : DEVICE_PORT,
                .code = way_text_read(stmt, 3, arena),
                .host = way_text_read(stmt, 4, arena),
                .user = way_text_read(stmt, 5, arena),
                .pin = way_text_read(stmt, 6, arena),
                .quarantine = way_text_read(stmt, 7, arena),
                .identity = way_text_read(stmt, 8, arena),
                .kind = way_text_read(stmt, 9, arena),
                .trouble = ""},
    };
}

static struct bastion_row *row_of(const struct ways *ways, int64_t id)
{
    size_t low = 0, high = ways->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ways->rows[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < ways->n && ways->rows[low].id == id ? &ways->rows[low] : NULL;
}

/* "GW-1, GW-2, GW-1" */
static const char *names(const struct ways *ways, struct bastion_row *const *rows, size_t n)
{
    const char *text = rows[0]->hop.code;
    for (size_t i = 1; i < n; i++)
        text = arena_printf(ways->arena, "%s, %s", text, rows[i]->hop.code);
    return text;
}

/* Follows the way from a bastion on; "" where it ends in time. */
static const char *trouble_of(const struct ways *ways, struct bastion_row *row)
{
    struct bastion_row *seen[DEVICE_HOPS_MOST + 1];
    size_t n = 0;
    for (; row; row = row_of(ways, row->over)) {
        size_t before = 0;
        while (before < n && seen[before] != row)
            before++;
        seen[n++] = row;
        if (before + 1 < n)
            return arena_printf(ways->arena, "its bastions are a circle: %s",
                                names(ways, seen + before, n - before));
        if (n > DEVICE_HOPS_MOST)
            return arena_printf(ways->arena, "its way goes over more than %d bastions: %s",
                                DEVICE_HOPS_MOST, names(ways, seen, n));
    }
    return "";
}

enum status ways_read(struct reader *reader, struct arena *arena, const struct ways **out,
                      struct error *err)
{
    VEC(struct bastion_row) rows = {0};
    sqlite3_stmt *stmt = NULL;
    bool row = true;
    enum status status = reader_prepare(reader, bastions_sql, &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&rows, row_read(stmt, arena));
    struct ways *ways = arena_array(arena, struct ways, 1);
    *ways = (struct ways){arena, vec_copy(arena, &rows), rows.n};
    vec_free(&rows);
    for (size_t i = 0; i < ways->n; i++)
        ways->rows[i].hop.trouble = trouble_of(ways, &ways->rows[i]);
    /* Those in trouble lead nowhere, so that no way has an end that is not one. */
    for (size_t i = 0; i < ways->n; i++) {
        struct bastion_row *over = row_of(ways, ways->rows[i].over);
        if (over && !*ways->rows[i].hop.trouble)
            ways->rows[i].hop.over = &over->hop;
    }
    *out = ways;
    return status;
}

struct device_hop way_over(const struct ways *ways, int64_t bastion)
{
    const struct bastion_row *row = row_of(ways, bastion);
    return row ? row->hop
               : (struct device_hop){.code = "",
                                     .host = "",
                                     .user = "",
                                     .pin = "",
                                     .quarantine = "",
                                     .identity = "",
                                     .kind = "",
                                     .trouble = "",
                                     .port = DEVICE_PORT};
}

const struct device_hop *way_copy(struct arena *arena, const struct device_hop *from)
{
    struct device_hop *to = arena_array(arena, struct device_hop, 1);
    *to = *from;
    const char **texts[] = {&to->code,       &to->host,     &to->user, &to->pin,
                            &to->quarantine, &to->identity, &to->kind, &to->trouble};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = *texts[i] ? arena_strdup(arena, *texts[i]) : NULL;
    to->over = from->over ? way_copy(arena, from->over) : NULL;
    return to;
}

static bool hop_same(const struct device_hop *a, const struct device_hop *b)
{
    return a->port == b->port && strcmp(a->code, b->code) == 0 && strcmp(a->host, b->host) == 0 &&
           strcmp(a->user, b->user) == 0 && strcmp(a->pin, b->pin) == 0 &&
           strcmp(a->identity, b->identity) == 0;
}

bool way_same(const struct device_hop *a, const struct device_hop *b)
{
    while (a && b && hop_same(a, b)) {
        a = a->over;
        b = b->over;
    }
    return !a && !b;
}

const char *device_way_text(struct arena *arena, const struct device_hop *hop)
{
    const char *text = hop->code;
    for (const struct device_hop *at = hop->over; at; at = at->over)
        text = arena_printf(arena, "%s > %s", at->code, text);
    return hop->trouble && *hop->trouble ? arena_printf(arena, "%s: %s", text, hop->trouble) : text;
}
