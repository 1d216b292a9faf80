#include "model/import/csv_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUT_BYTES = 1 << 18, OUT_ROOM = 64 };

void csv_out_begin(struct csv_out *out, const struct zone *zone, export_sink *sink, void *context,
                   struct error *err)
{
    *out = (struct csv_out){.sink = sink, .context = context, .zone = zone, .err = err};
    out->bytes = mem_alloc(OUT_BYTES);
}

static void flush(struct csv_out *out)
{
    if (out->n && out->status == ST_OK)
        out->status = out->sink(out->context, out->bytes, out->n, out->err);
    out->n = 0;
}

enum status csv_out_end(struct csv_out *out)
{
    flush(out);
    free(out->bytes);
    out->bytes = NULL;
    return out->status;
}

static void put(struct csv_out *out, const char *at, size_t n)
{
    while (n) {
        size_t room = OUT_BYTES - out->n, part = n < room ? n : room;
        memcpy(out->bytes + out->n, at, part);
        out->n += part;
        at += part;
        n -= part;
        if (out->n == OUT_BYTES)
            flush(out);
    }
}

static void field_begin(struct csv_out *out)
{
    if (out->in_row)
        put(out, ",", 1);
    out->in_row = true;
}

void csv_out_text(struct csv_out *out, const char *at, size_t n)
{
    field_begin(out);
    bool quotes = false;
    for (size_t i = 0; i < n && !quotes; i++)
        quotes = at[i] == ',' || at[i] == '"' || at[i] == '\n' || at[i] == '\r';
    if (!quotes) {
        put(out, at, n);
        return;
    }
    put(out, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        if (at[i] == '"')
            put(out, "\"", 1);
        put(out, at + i, 1);
    }
    put(out, "\"", 1);
}

void csv_out_empty(struct csv_out *out)
{
    field_begin(out);
}

void csv_out_integer(struct csv_out *out, int64_t value)
{
    char text[24];
    field_begin(out);
    put(out, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)value));
}

void csv_out_money(struct csv_out *out, int64_t fen)
{
    char text[32];
    uint64_t size = fen < 0 ? -(uint64_t)fen : (uint64_t)fen;
    field_begin(out);
    put(out, text,
        (size_t)snprintf(text, sizeof text, "%s%llu.%02u", fen < 0 ? "-" : "",
                         (unsigned long long)(size / 100), (unsigned)(size % 100)));
}

/* Learns the local day of a moment. Where a clock changes in it, only that moment is known. */
static void day_learn(struct csv_out *out, int64_t utc)
{
    struct civil c = zone_civil(out->zone, utc);
    int32_t offset = zone_offset(out->zone, utc);
    int32_t seconds = c.hour * 3600 + c.minute * 60 + c.second;
    out->from = utc - seconds;
    out->to = out->from + 86400;
    if (zone_offset(out->zone, out->from) != offset ||
        zone_offset(out->zone, out->to - 1) != offset) {
        out->from = utc;
        out->to = utc + 1;
    }
    snprintf(out->date, sizeof out->date, "%04u-%02u-%02u", (unsigned)c.year % 10000,
             (unsigned)c.month % 100, (unsigned)c.day % 100);
    unsigned minutes = (unsigned)abs(offset) / 60;
    if (offset == 0)
        memcpy(out->offset, "Z", 2);
    else
        snprintf(out->offset, sizeof out->offset, "%c%02u:%02u", offset < 0 ? '-' : '+',
                 minutes / 60 % 100, minutes % 60);
}

void csv_out_time(struct csv_out *out, int64_t utc)
{
    field_begin(out);
    if (utc < out->from || utc >= out->to)
        day_learn(out, utc);
    int64_t seconds = out->to - out->from == 86400 ? utc - out->from : -1;
    if (seconds < 0) {
        struct civil c = zone_civil(out->zone, utc);
        seconds = c.hour * 3600 + c.minute * 60 + c.second;
    }
    char text[32];
    put(out, text,
        (size_t)snprintf(text, sizeof text, "%sT%02u:%02u:%02u%s", out->date,
                         (unsigned)(seconds / 3600) % 100, (unsigned)(seconds / 60 % 60),
                         (unsigned)(seconds % 60), out->offset));
}

void csv_out_date(struct csv_out *out, int64_t day)
{
    int year, month, date;
    char text[48];
    date_civil((int32_t)day, &year, &month, &date);
    field_begin(out);
    put(out, text, (size_t)snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, date));
}

void csv_out_row(struct csv_out *out, bool header)
{
    put(out, "\n", 1);
    out->in_row = false;
    out->rows += !header;
}
