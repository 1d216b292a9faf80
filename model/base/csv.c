#include "model/base/csv.h"

#include "model/base/arena.h"

#include <stdlib.h>
#include <string.h>

/* Eight bytes at a time: a word whose high bits mark the bytes of `word` that equal `pattern`'s.
 * The lowest mark is exact; marks above it can be false, so only the lowest is used. */
#define ONES 0x0101010101010101u
#define HIGHS 0x8080808080808080u

static inline uint64_t zero_bytes(uint64_t word)
{
    return (word - ONES) & ~word & HIGHS;
}

static inline uint64_t load_word(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The first delimiter, line end or quote from `at`, or `end`. */
static inline const char *plain_end(const char *at, const char *end, uint64_t delimiter,
                                    uint64_t quote)
{
    while (end - at >= 8) {
        uint64_t word = load_word(at);
        uint64_t marks = zero_bytes(word ^ delimiter) | zero_bytes(word ^ (ONES * '\n')) |
                         zero_bytes(word ^ quote);
        if (marks)
            return at + (__builtin_ctzll(marks) >> 3);
        at += 8;
    }
    for (; at < end; at++)
        if (*at == (char)delimiter || *at == '\n' || *at == (char)quote)
            break;
    return at;
}

void csv_open(struct csv_reader *reader, const struct csv_format *format)
{
    *reader = (struct csv_reader){.format = *format, .line = 1};
    reader->fields = mem_zero(CSV_FIELDS_MAX, sizeof *reader->fields);
}

void csv_free(struct csv_reader *reader)
{
    free(reader->fields);
    free(reader->unquoted);
    *reader = (struct csv_reader){0};
}

void csv_feed(struct csv_reader *reader, const char *bytes, size_t n, int64_t line)
{
    reader->at = bytes;
    reader->end = bytes + n;
    reader->line = line;
    reader->n_fields = 0;
}

static const char *next_line(const char *at, const char *end)
{
    const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    return newline ? newline + 1 : end;
}

/* Reports a problem at `at` of the line that starts at `line_start` and goes on behind the line in
 * which `resume` stands. */
static enum csv_result bad(struct csv_reader *reader, int64_t line, const char *line_start,
                           const char *at, const char *resume, const char *found,
                           const char *expected)
{
    size_t left = (size_t)(reader->end - at);
    reader->problem = (struct csv_problem){.line = line,
                                           .column = (uint32_t)(at - line_start) + 1,
                                           .found = found,
                                           .expected = expected,
                                           .at = at,
                                           .n = left < 80 ? (uint32_t)left : 80};
    const char *next = next_line(resume, reader->end);
    reader->line = line + csv_lines(line_start, (size_t)(next - line_start));
    reader->at = next;
    return CSV_BAD;
}

/* Where the closing quote of a field stands, whose text starts at `at`; NULL where there is none
 * within the limit. *doubled says that there are "" inside. */
static const char *closing_quote(const char *at, const char *end, bool *doubled)
{
    const char *limit = end - at > CSV_FIELD_MAX ? at + CSV_FIELD_MAX : end;
    while (at < limit) {
        const char *quote = memchr(at, '"', (size_t)(limit - at));
        if (!quote)
            return NULL;
        if (quote + 1 >= end || quote[1] != '"')
            return quote;
        *doubled = true;
        at = quote + 2;
    }
    return NULL;
}

/* A copy of a quoted text with "" as ". */
static void unquote(struct csv_reader *reader, struct csv_field *field)
{
    char *out = reader->unquoted + reader->unquoted_used;
    size_t n = 0;
    for (size_t i = 0; i < field->n; i++) {
        out[n++] = field->at[i];
        i += field->at[i] == '"';
    }
    field->at = out;
    field->n = (uint32_t)n;
    reader->unquoted_used += n;
}

/* Room for the texts of a whole record, taken before the first so that they do not move. */
static void unquote_reserve(struct csv_reader *reader, const char *at)
{
    if (reader->unquoted_used)
        return;
    size_t need = (size_t)(reader->end - at);
    if (need > reader->unquoted_cap) {
        free(reader->unquoted);
        reader->unquoted = mem_alloc(need);
        reader->unquoted_cap = need;
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Where a record is being read, and where its first surplus field was. */
struct place {
    const char *at, *line_start;
    int64_t line;
    bool surplus;
    int64_t surplus_line;
    uint32_t surplus_column;
};

/* Room for the next field. A record with too many is read to its end all the same, so that the
 * reader and csv_cut agree on where that is. */
static struct csv_field *field_add(struct csv_reader *reader, struct place *place)
{
    if (reader->n_fields == CSV_FIELDS_MAX) {
        if (!place->surplus) {
            place->surplus = true;
            place->surplus_line = place->line;
            place->surplus_column = (uint32_t)(place->at - place->line_start) + 1;
        }
        reader->n_fields--;
    }
    return &reader->fields[reader->n_fields++];
}

/* The quoted field at place->at; moves behind its closing quote. */
static bool quoted_field(struct csv_reader *reader, struct place *place, struct csv_field *field)
{
    const char *open = place->at;
    bool doubled = false;
    const char *close = closing_quote(open + 1, reader->end, &doubled);
    if (!close) {
        bad(reader, place->line, place->line_start, open, open, "a quote that is not closed",
            "a closing '\"' within 64 KiB");
        return false;
    }
    field->at = open + 1;
    field->n = (uint32_t)(close - open - 1);
    size_t raw = field->n;
    if (doubled) {
        unquote_reserve(reader, open);
        unquote(reader, field);
    }
    int64_t lines = csv_lines(open, raw + 1);
    if (lines) {
        place->line += lines;
        const char *last = memrchr(open, '\n', raw + 1);
        place->line_start = last + 1;
    }
    place->at = close + 1;
    return true;
}

/* Ends a record in front of the line end at place->at (or at the end of the bytes). */
static enum csv_result record_end(struct csv_reader *reader, const struct place *place)
{
    const char *at = place->at;
    reader->end_column = (uint32_t)(at - place->line_start) + 1;
    reader->at = at < reader->end ? at + 1 : at;
    reader->line = place->line + (at < reader->end);
    if (!place->surplus)
        return CSV_RECORD;
    reader->problem = (struct csv_problem){.line = place->surplus_line,
                                           .column = place->surplus_column,
                                           .found = "more than 1,024 fields",
                                           .expected = "one field a column"};
    return CSV_BAD;
}

/* Takes the '\r' of a CRLF off the record's last field. */
static void trim_return(struct csv_reader *reader, struct csv_field *field, bool quoted)
{
    if (!quoted && field->n && field->at[field->n - 1] == '\r') {
        field->n--;
        reader->end_column--;
    }
}

static bool at_line_end(const char *at, const char *end)
{
    return at == end || *at == '\n' || (*at == '\r' && (at + 1 == end || at[1] == '\n'));
}

/* One record of fields between single delimiters; place->at is at its first byte. */
static enum csv_result delimited_record(struct csv_reader *reader, struct place *place)
{
    const char delimiter = reader->format.delimiter, *end = reader->end;
    uint64_t delimiters = ONES * (unsigned char)delimiter;
    uint64_t quotes = ONES * (unsigned char)(reader->format.quotes ? '"' : delimiter);
    for (;;) {
        struct csv_field *field = field_add(reader, place);
        const char *start = place->at;
        field->column = (uint32_t)(start - place->line_start) + 1;
        field->line = (uint32_t)(place->line - reader->record_line);
        bool quoted = reader->format.quotes && start < end && *start == '"';
        if (quoted) {
            if (!quoted_field(reader, place, field))
                return CSV_BAD;
            if (!at_line_end(place->at, end) && *place->at != delimiter)
                return bad(reader, place->line, place->line_start, place->at, place->at,
                           "text behind a closing quote", "the delimiter or the end of the line");
            if (place->at < end && *place->at == '\r')
                place->at++;
        } else {
            place->at = plain_end(start, end, delimiters, quotes);
            if (reader->format.quotes && place->at < end && *place->at == '"')
                return bad(reader, place->line, place->line_start, place->at, place->at,
                           "a quote in the middle of a field",
                           "the whole field in quotes, with each quote inside written twice");
            field->at = start;
            field->n = (uint32_t)(place->at - start);
            if (place->at - start > CSV_FIELD_MAX)
                return bad(reader, place->line, place->line_start, start, place->at,
                           "a field of more than 64 KiB", "a shorter one");
        }
        if (place->at < end && *place->at == delimiter) {
            place->at++;
            continue;
        }
        enum csv_result result = record_end(reader, place);
        trim_return(reader, field, quoted);
        return result;
    }
}

/* One record of fields between runs of blanks. */
static enum csv_result blank_record(struct csv_reader *reader, struct place *place)
{
    const char *end = reader->end;
    for (;;) {
        while (place->at < end && is_blank(*place->at))
            place->at++;
        if (at_line_end(place->at, end)) {
            if (place->at < end && *place->at == '\r')
                place->at++;
            return record_end(reader, place);
        }
        struct csv_field *field = field_add(reader, place);
        const char *start = place->at;
        field->column = (uint32_t)(start - place->line_start) + 1;
        field->line = (uint32_t)(place->line - reader->record_line);
        if (reader->format.quotes && *start == '"') {
            if (!quoted_field(reader, place, field))
                return CSV_BAD;
            if (!at_line_end(place->at, end) && !is_blank(*place->at))
                return bad(reader, place->line, place->line_start, place->at, place->at,
                           "text behind a closing quote", "a blank or the end of the line");
            continue;
        }
        while (place->at < end && !is_blank(*place->at) && !at_line_end(place->at, end)) {
            if (reader->format.quotes && *place->at == '"')
                return bad(reader, place->line, place->line_start, place->at, place->at,
                           "a quote in the middle of a field",
                           "the whole field in quotes, with each quote inside written twice");
            place->at++;
        }
        field->at = start;
        field->n = (uint32_t)(place->at - start);
        if (place->at - start > CSV_FIELD_MAX)
            return bad(reader, place->line, place->line_start, start, place->at,
                       "a field of more than 64 KiB", "a shorter one");
    }
}

enum csv_result csv_next(struct csv_reader *reader)
{
    for (;;) {
        /* Lines with nothing in them. */
        while (reader->at < reader->end && at_line_end(reader->at, reader->end)) {
            if (*reader->at == '\r')
                reader->at++;
            if (reader->at == reader->end)
                break;
            reader->at++;
            reader->line++;
        }
        reader->n_fields = 0;
        reader->unquoted_used = 0;
        if (reader->at == reader->end)
            return CSV_END;
        struct place place = {.at = reader->at, .line_start = reader->at, .line = reader->line};
        reader->record_line = reader->line;
        if (reader->format.delimiter != ' ')
            return delimited_record(reader, &place);
        enum csv_result result = blank_record(reader, &place);
        if (result != CSV_RECORD || reader->n_fields)
            return result;
    }
}

int64_t csv_lines(const char *bytes, size_t n)
{
    const char *at = bytes, *end = bytes + n;
    int64_t lines = 0;
    for (; end - at >= 8; at += 8) {
        /* Exact per byte, unlike zero_bytes: the sum of low bits cannot carry into a neighbour. */
        uint64_t word = load_word(at) ^ (ONES * '\n');
        uint64_t low = (word & ~HIGHS) + ~HIGHS;
        lines += (int64_t)(((~(low | word) & HIGHS) >> 7) * ONES >> 56);
    }
    for (; at < end; at++)
        lines += *at == '\n';
    return lines;
}

/* Whether a quote at `at` opens a field of the record that starts at `start`. */
static bool opens_field(const struct csv_format *format, const char *start, const char *at)
{
    if (at == start)
        return true;
    return format->delimiter == ' ' ? is_blank(at[-1]) : at[-1] == format->delimiter;
}

/* Behind the last line end of [at, end), or `before` where there is none. */
static const char *last_line(const char *at, const char *end, const char *before)
{
    const char *newline = at < end ? memrchr(at, '\n', (size_t)(end - at)) : NULL;
    return newline ? newline + 1 : before;
}

size_t csv_cut(const struct csv_format *format, const char *bytes, size_t n)
{
    const char *end = bytes + n, *at = bytes, *cut = bytes;
    while (at < end) {
        const char *quote = format->quotes ? memchr(at, '"', (size_t)(end - at)) : NULL;
        cut = last_line(at, quote ? quote : end, cut);
        if (!quote)
            break;
        bool doubled = false;
        const char *resume = quote; /* behind a problem the reader goes on with the next line */
        if (opens_field(format, cut, quote)) {
            const char *close = closing_quote(quote + 1, end, &doubled);
            if (!close && end - quote - 1 <= CSV_FIELD_MAX)
                break;
            if (close && close + 1 == end)
                break;
            if (close && (at_line_end(close + 1, end) || close[1] == format->delimiter ||
                          (format->delimiter == ' ' && close[1] == '\t'))) {
                at = close + 1;
                continue;
            }
            resume = close ? close + 1 : quote;
        }
        at = next_line(resume, end);
        cut = last_line(resume, at, cut);
    }
    return (size_t)(cut - bytes);
}
