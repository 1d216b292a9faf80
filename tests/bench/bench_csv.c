/*
 * Writes the events of a mall as the CSV that the other programs of the benchmark import: in order
 * of time, as a mall's own log would be, not sorted by person as an export is. The same mall gives
 * the same bytes. Receipt lines are left out (they come with receipts); the rest is in the columns
 * of `import events`. Usage: bench_csv MALL FILE [EVENTS]; prints what it wrote as JSON.
 *
 * One month of mall days is formatted and sorted in memory at a time, so 100 million events take
 * about half a gigabyte.
 */
#include "model/base/vec.h"
#include "model/event/event.h"
#include "model/store/mall.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MOST = 1024 };

/* One formatted line: where it is in the month's text. */
struct line {
    int64_t time;
    uint64_t at; /* rises with the order of the scan, so equal times keep it */
    uint32_t size, person;
    int64_t hundredths;
};

struct writing {
    struct reader *reader;
    const struct zone *zone;
    FILE *file;
    VEC(const char *) subjects; /* by person */
    struct arena *names;
    VEC(char) text;
    VEC(struct line) lines;
    unsigned char *seen; /* by person, of those written */
    int64_t rows, most, people, hundredths;
};

static void must(enum status status, struct error *err)
{
    if (status == ST_OK)
        return;
    fprintf(stderr, "bench_csv: %s\n", error_text(err));
    exit(1);
}

/* What people are called: their card, else whatever else is known of them. */
static void subjects_read(struct writing *w)
{
    struct error err = {0};
    sqlite3_stmt *stmt;
    bool row;
    must(reader_prepare(w->reader,
                        "select person, value from identity where person > 0 "
                        "order by person, kind <> 'card', kind = 'wifi', kind, value",
                        &stmt, &err),
         &err);
    for (;;) {
        must(reader_step(w->reader, stmt, &row, &err), &err);
        if (!row)
            break;
        size_t person = (size_t)sqlite3_column_int64(stmt, 0);
        while (w->subjects.n <= person)
            vec_push(&w->subjects, NULL);
        if (!w->subjects.at[person])
            w->subjects.at[person] =
                arena_strdup(w->names, (const char *)sqlite3_column_text(stmt, 1));
    }
    sqlite3_reset(stmt);
}

static char *put(char *to, const char *text)
{
    size_t n = strlen(text);
    memcpy(to, text, n);
    return to + n;
}

static char *put_two(char *to, int number)
{
    *to++ = (char)('0' + number / 10);
    *to++ = (char)('0' + number % 10);
    return to;
}

static char *put_time(char *to, const struct zone *zone, int64_t time)
{
    struct civil c = zone_civil(zone, time);
    to = put_two(to, c.year / 100);
    to = put_two(to, c.year % 100);
    *to++ = '-';
    to = put_two(to, c.month);
    *to++ = '-';
    to = put_two(to, c.day);
    *to++ = ' ';
    to = put_two(to, c.hour);
    *to++ = ':';
    to = put_two(to, c.minute);
    *to++ = ':';
    return put_two(to, c.second);
}

/* Money is in fen, points are whole; an event that has neither leaves the cell empty. */
static char *put_amount(char *to, uint16_t kind, int64_t amount, int64_t *hundredths)
{
    enum kind_unit unit = kind_unit(kind);
    *hundredths = unit == UNIT_POINTS ? amount * 100 : amount;
    if (unit == UNIT_POINTS)
        return to + sprintf(to, "%" PRId64, amount); /* lint: bounded, by LINE_MOST */
    if (unit == UNIT_NONE && amount == 0)
        return to;
    uint64_t size = (uint64_t)(amount < 0 ? -amount : amount);
    const char *sign = amount < 0 ? "-" : "";
    to += sprintf(to, "%s%" PRIu64, sign, size / 100);   /* lint: bounded, by LINE_MOST */
    return to + sprintf(to, ".%02d", (int)(size % 100)); /* lint: bounded, by LINE_MOST */
}

static char *put_name(struct writing *w, char *to, enum dict dict, uint32_t id)
{
    *to++ = ',';
    return id ? put(to, dict_name(w->reader, dict, id)) : to;
}

static void row_format(struct writing *w, const struct event_run *run, size_t i)
{
    const struct kind_info *info = kind_by_id(run->kind);
    uint32_t person = run->person ? run->person[i] : 0;
    struct line line = {.time = run->time[i], .at = w->text.n, .person = person};
    vec_reserve(&w->text, LINE_MOST);
    char *begin = w->text.at + w->text.n, *to = put_time(begin, w->zone, line.time);
    *to++ = ',';
    to = put(to, person ? w->subjects.at[person] : "-");
    *to++ = ',';
    to = put(to, info ? info->name : dict_name(w->reader, DICT_KIND, run->kind));
    to = put_name(w, to, DICT_TENANT, run->tenant ? run->tenant[i] : 0);
    to = put_name(w, to, DICT_ZONE, run->zone ? run->zone[i] : 0);
    to = put_name(w, to, DICT_DEVICE, run->device ? run->device[i] : 0);
    to = put_name(w, to, DICT_CHANNEL, run->channel ? run->channel[i] : 0);
    *to++ = ',';
    to = put_amount(to, run->kind, run->amount ? run->amount[i] : 0, &line.hundredths);
    to = put_name(w, to, DICT_CAMPAIGN, run->campaign ? run->campaign[i] : 0);
    *to++ = ',';
    to = put(to, run->ref && run->ref[i] ? run->ref[i] : "");
    *to++ = '\n';
    line.size = (uint32_t)(to - begin);
    w->text.n += line.size;
    vec_push(&w->lines, line);
}

static enum status block_take(void *context, const struct event_block *block, struct error *err)
{
    struct writing *w = context;
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++)
        for (size_t i = 0; i < block->runs[r].n && block->runs[r].kind != KIND_LINE; i++)
            row_format(w, &block->runs[r], i);
    return ST_OK;
}

static int line_compare(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return a->at < b->at ? -1 : 1;
}

static void month_write(struct writing *w)
{
    qsort(w->lines.at, w->lines.n, sizeof *w->lines.at, line_compare);
    for (size_t i = 0; i < w->lines.n && w->rows < w->most; i++, w->rows++) {
        const struct line *line = &w->lines.at[i];
        if (fwrite(w->text.at + line->at, 1, line->size, w->file) != line->size) {
            perror("bench_csv");
            exit(1);
        }
        w->hundredths += line->hundredths;
        w->people += line->person && !w->seen[line->person];
        w->seen[line->person] = 1;
    }
    w->text.n = w->lines.n = 0;
}

static void events_write(struct writing *w, const struct clock *clock)
{
    struct error err = {0};
    struct event_totals totals;
    must(event_totals(w->reader, &totals, &err), &err);
    struct event_query query = {.columns = EVENT_TENANT | EVENT_ZONE | EVENT_CHANNEL |
                                           EVENT_DEVICE | EVENT_AMOUNT | EVENT_CAMPAIGN | EVENT_REF,
                                .nobody = true,
                                .people = true};
    fputs("time,subject,kind,tenant,zone,device,channel,amount,campaign,ref\n", w->file);
    int32_t last = clock_month(clock, totals.last);
    for (int32_t month = clock_month(clock, totals.first); month <= last; month++) {
        query.from = clock_day_start(clock, month_first_day(month));
        query.to = clock_day_start(clock, month_first_day(month + 1));
        must(event_scan(w->reader, &query, block_take, w, &err), &err);
        month_write(w);
        if (w->rows == w->most)
            break;
    }
}

/* What the columns can hold, for a reader that wants to know it beforehand. */
static void values_print(const struct writing *w)
{
    static const char *const columns[DICT_COUNT] = {
        [DICT_KIND] = "kind", [DICT_CHANNEL] = "channel", [DICT_TENANT] = "tenant",
        [DICT_ZONE] = "zone", [DICT_DEVICE] = "device",   [DICT_CAMPAIGN] = "campaign",
    };
    for (int dict = 0; dict < DICT_COUNT; dict++) {
        const char *comma = "";
        printf("%s\"%s\": [", dict ? ", " : "", columns[dict]);
        for (size_t i = 0; dict == DICT_KIND && i < n_kinds; i++, comma = ", ")
            printf("%s\"%s\"", comma, kinds[i].name);
        for (uint32_t id = 1; id <= dict_size(w->reader, dict); id++) {
            const char *name = dict_name(w->reader, dict, id);
            if (*name && !(dict == DICT_KIND && kind_by_name(name, strlen(name)))) {
                printf("%s\"%s\"", comma, name);
                comma = ", ";
            }
        }
        printf("]");
    }
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct mall *mall;
    struct writing w = {.most = INT64_MAX, .names = arena_new()};
    if (argc < 3) {
        fprintf(stderr, "usage: bench_csv MALL FILE [EVENTS]\n");
        return 2;
    }
    if (argc > 3)
        w.most = strtoll(argv[3], NULL, 10);
    must(mall_open(argv[1], &mall, &err), &err);
    must(reader_open(mall, &w.reader, &err), &err);
    must(reader_begin(w.reader, &err), &err);
    w.file = fopen(argv[2], "w");
    if (!w.file) {
        perror(argv[2]);
        return 1;
    }
    setvbuf(w.file, NULL, _IOFBF, 1 << 20);
    w.zone = mall->zone;
    subjects_read(&w);
    w.seen = mem_zero(w.subjects.n + 1, 1);
    events_write(&w, &mall->clock);
    if (fclose(w.file) != 0) {
        perror(argv[2]);
        return 1;
    }
    printf("{\"rows\": %" PRId64 ", \"hundredths\": %" PRId64 ", \"people\": %" PRId64
           ", \"values\": {",
           w.rows, w.hundredths, w.people);
    values_print(&w);
    printf("}}\n");
    reader_end(w.reader);
    reader_close(w.reader);
    mall_close(mall);
    vec_free(&w.subjects);
    vec_free(&w.text);
    vec_free(&w.lines);
    free(w.seen);
    arena_free(w.names);
    return 0;
}
