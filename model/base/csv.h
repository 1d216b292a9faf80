/*
 * Delimited text: a bounded reader over memory that knows exactly where it is.
 *
 * A record is a line of fields. A field may be quoted with '"' when it starts with one; inside,
 * '""' stands for '"', and delimiters and line ends are text. Lines end with LF or CRLF. Lines with
 * nothing in them are passed over. What cannot be a record (a quote in the middle of a field, text
 * behind a closing quote, a quote that is never closed, a field past CSV_FIELD_MAX) is reported
 * with its place, and reading goes on behind the end of the line where it stands.
 *
 * A large file is read in pieces: csv_cut finds where the last whole record of a piece ends, by the
 * same rules, so that pieces can be read on several threads.
 */
#ifndef ATRIUM_BASE_CSV_H
#define ATRIUM_BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CSV_FIELD_MAX = 64 * 1024, /* bytes of a field, quotes included */
    CSV_FIELDS_MAX = 1024,     /* fields of a record */
    CSV_RECORD_MAX = 1 << 20,  /* bytes of a record: what a piece must be able to hold */
};

struct csv_format {
    char delimiter; /* ' ' stands for any run of blanks and tabs */
    bool quotes;    /* false: '"' is a letter like others */
};

struct csv_field {
    const char *at; /* without quotes, not terminated */
    uint32_t n;
    uint32_t column; /* byte of its first character (or quote) in its line, from 1 */
    uint32_t line;   /* its line within the record, from 0 */
};

/* What is wrong with a record, in words for a message: "found …, expected …". */
struct csv_problem {
    int64_t line;
    uint32_t column;
    const char *found, *expected;
    const char *at; /* the bytes there, for quoting; n may be 0 */
    uint32_t n;
};

struct csv_reader {
    struct csv_format format;
    const char *at, *end;
    int64_t line; /* of the next byte to read */

    /* The record that csv_next found; valid until the next call. */
    struct csv_field *fields;
    size_t n_fields;
    int64_t record_line;
    uint32_t end_column; /* one past the last byte of the record, in its last line */
    struct csv_problem problem;

    char *unquoted; /* texts of fields with "" in them */
    size_t unquoted_used, unquoted_cap;
};

enum csv_result { CSV_END, CSV_RECORD, CSV_BAD };

/* A reader without memory to read; ends with csv_free. */
void csv_open(struct csv_reader *reader, const struct csv_format *format);
void csv_free(struct csv_reader *reader);

/* Reads these bytes from now on; they stay the caller's. `line` is the number of the first line. */
void csv_feed(struct csv_reader *reader, const char *bytes, size_t n, int64_t line);

/* CSV_RECORD: fields; CSV_BAD: problem, with the record passed over; CSV_END. */
enum csv_result csv_next(struct csv_reader *reader);

/* How many of these bytes, which start at a record, are whole records; 0: not even one. */
size_t csv_cut(const struct csv_format *format, const char *bytes, size_t n);

/* Lines that end in these bytes. */
int64_t csv_lines(const char *bytes, size_t n);

#endif
