/* The reader of delimited text: against a plain reading of the same rules, and at every cut. */
#include "model/base/arena.h"
#include "model/base/csv.h"
#include "model/base/hash.h"
#include "model/base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What was read, as text: "line:column=[field]" for each field, "!line:column" for a problem. */
struct told {
    VEC(char) text;
};

static void tell(struct told *told, const char *format, ...)
{
    char buffer[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(buffer, sizeof buffer, format, args);
    va_end(args);
    for (int i = 0; i < n && i < (int)sizeof buffer - 1; i++)
        vec_push(&told->text, buffer[i]);
}

static void tell_bytes(struct told *told, const char *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        vec_push(&told->text, at[i]);
}

static void read_all(const struct csv_format *format, const char *bytes, size_t n, int64_t line,
                     struct told *told)
{
    struct csv_reader reader;
    csv_open(&reader, format);
    /* A copy of exactly these bytes: reading past them is found by the sanitizers. */
    char *exact = mem_alloc(n);
    memcpy(exact, bytes, n);
    csv_feed(&reader, exact, n, line);
    for (enum csv_result result; (result = csv_next(&reader)) != CSV_END;) {
        if (result == CSV_BAD) {
            tell(told, "!%d:%u\n", (int)reader.problem.line, reader.problem.column);
            continue;
        }
        for (size_t i = 0; i < reader.n_fields; i++) {
            const struct csv_field *field = &reader.fields[i];
            tell(told, "%d:%u=[", (int)(reader.record_line + field->line), field->column);
            tell_bytes(told, field->at, field->n);
            tell(told, "]");
        }
        tell(told, "\n");
    }
    csv_free(&reader);
    free(exact);
}

/* ---- The same rules, a byte at a time ---- */

struct plain {
    const struct csv_format *format;
    const char *bytes;
    size_t n, at;
    int line;
    size_t line_start;
    struct told *told;
};

static int peek(const struct plain *p, size_t ahead)
{
    return p->at + ahead < p->n ? (unsigned char)p->bytes[p->at + ahead] : -1;
}

static bool plain_line_end(const struct plain *p)
{
    return peek(p, 0) == -1 || peek(p, 0) == '\n' ||
           (peek(p, 0) == '\r' && (peek(p, 1) == '\n' || peek(p, 1) == -1));
}

static bool plain_delimiter(const struct plain *p)
{
    int c = peek(p, 0);
    return p->format->delimiter == ' ' ? c == ' ' || c == '\t'
                                       : c == (unsigned char)p->format->delimiter;
}

static void take(struct plain *p)
{
    if (p->bytes[p->at++] == '\n') {
        p->line++;
        p->line_start = p->at;
    }
}

static void plain_bad(struct plain *p, struct told *record, int line, size_t column)
{
    record->text.n = 0;
    tell(p->told, "!%d:%zu\n", line, column);
    while (peek(p, 0) != -1 && peek(p, 0) != '\n')
        take(p);
    if (peek(p, 0) == '\n')
        take(p);
}

/* A quoted field; false when it is none. */
static bool plain_quoted(struct plain *p, struct told *record)
{
    struct plain start = *p;
    take(p);
    for (;;) {
        if (peek(p, 0) == -1) {
            *p = start;
            plain_bad(p, record, start.line, start.at - start.line_start + 1);
            return false;
        }
        if (peek(p, 0) == '"' && peek(p, 1) != '"')
            break;
        if (peek(p, 0) == '"')
            take(p);
        vec_push(&record->text, (char)peek(p, 0));
        take(p);
    }
    take(p);
    if (plain_line_end(p) || plain_delimiter(p))
        return true;
    plain_bad(p, record, p->line, p->at - p->line_start + 1);
    return false;
}

static bool plain_field(struct plain *p, struct told *record)
{
    tell(record, "%d:%zu=[", p->line, p->at - p->line_start + 1);
    if (p->format->quotes && peek(p, 0) == '"') {
        if (!plain_quoted(p, record))
            return false;
    } else {
        while (!plain_line_end(p) && !plain_delimiter(p)) {
            if (p->format->quotes && peek(p, 0) == '"') {
                plain_bad(p, record, p->line, p->at - p->line_start + 1);
                return false;
            }
            vec_push(&record->text, (char)peek(p, 0));
            take(p);
        }
    }
    tell(record, "]");
    return true;
}

static void plain_record(struct plain *p)
{
    struct told record = {0};
    bool blanks = p->format->delimiter == ' ', good = true, any = false;
    for (bool more = true; good && more;) {
        while (blanks && plain_delimiter(p))
            take(p);
        if (blanks && plain_line_end(p))
            break;
        good = plain_field(p, &record);
        any = true;
        more = good && plain_delimiter(p);
        if (more && !blanks)
            take(p);
    }
    if (good) {
        if (peek(p, 0) == '\r')
            take(p);
        if (peek(p, 0) == '\n')
            take(p);
        tell_bytes(p->told, record.text.at, record.text.n);
        if (any)
            tell(p->told, "\n");
    }
    vec_free(&record.text);
}

static void read_plain(const struct csv_format *format, const char *bytes, size_t n,
                       struct told *told)
{
    struct plain p = {.format = format, .bytes = bytes, .n = n, .line = 1, .told = told};
    while (p.at < n) {
        if (plain_line_end(&p)) {
            if (peek(&p, 0) == '\r')
                take(&p);
            if (peek(&p, 0) == '\n')
                take(&p);
        } else {
            plain_record(&p);
        }
    }
}

/* ---- Tests ---- */

static void assert_same(const struct told *a, const struct told *b, const char *bytes, size_t n)
{
    if (a->text.n == b->text.n && (a->text.n == 0 || !memcmp(a->text.at, b->text.at, a->text.n)))
        return;
    print_error("of %.*s\n--- one\n%.*s--- other\n%.*s", (int)n, bytes, (int)a->text.n, a->text.at,
                (int)b->text.n, b->text.at);
    fail();
}

static const struct csv_format formats[] = {{',', true}, {';', true}, {'\t', false}, {' ', true}};

static size_t random_bytes(uint64_t *seed, const struct csv_format *format, char *out, size_t most)
{
    static const char letters[] = "ab\",\n\r; \t\"\n";
    *seed = hash_mix(*seed + 0x9E3779B97F4A7C15u);
    size_t n = *seed % most;
    for (size_t i = 0; i < n; i++) {
        *seed = hash_mix(*seed + 0x9E3779B97F4A7C15u);
        out[i] = letters[*seed % (sizeof letters - 1)];
        if (*seed >> 60 < 5)
            out[i] = format->delimiter;
    }
    return n;
}

static void reads_as_the_rules_say(void **state)
{
    (void)state;
    uint64_t seed = 1;
    char bytes[96];
    for (int round = 0; round < 60000; round++) {
        const struct csv_format *format = &formats[round % 4];
        size_t n = random_bytes(&seed, format, bytes, sizeof bytes);
        struct told fast = {0}, plain = {0};
        read_all(format, bytes, n, 1, &fast);
        read_plain(format, bytes, n, &plain);
        assert_same(&fast, &plain, bytes, n);
        vec_free(&fast.text);
        vec_free(&plain.text);
    }
}

/* A file that comes in two pieces, cut by csv_cut, reads as the whole does. */
static void reads_the_same_at_every_cut(void **state)
{
    (void)state;
    uint64_t seed = 2;
    char bytes[64];
    for (int round = 0; round < 3000; round++) {
        const struct csv_format *format = &formats[round % 4];
        size_t n = random_bytes(&seed, format, bytes, sizeof bytes);
        struct told whole = {0};
        read_all(format, bytes, n, 1, &whole);
        for (size_t piece = 0; piece <= n; piece++) {
            size_t cut = csv_cut(format, bytes, piece);
            assert_true(cut <= piece);
            assert_true(cut == 0 || bytes[cut - 1] == '\n');
            struct told parts = {0};
            read_all(format, bytes, cut, 1, &parts);
            read_all(format, bytes + cut, n - cut, 1 + csv_lines(bytes, cut), &parts);
            assert_same(&whole, &parts, bytes, n);
            vec_free(&parts.text);
        }
        vec_free(&whole.text);
    }
}

static void expect(const struct csv_format *format, const char *bytes, const char *told_text)
{
    struct told told = {0};
    read_all(format, bytes, strlen(bytes), 1, &told);
    vec_push(&told.text, 0);
    assert_string_equal(told.text.at, told_text);
    vec_free(&told.text);
}

static void knows_where_fields_are(void **state)
{
    (void)state;
    expect(&formats[0], "a,b\n\"c\"\"d\",e\r\n", "1:1=[a]1:3=[b]\n2:1=[c\"d]2:8=[e]\n");
    expect(&formats[0], "a,\"x\ny\",z", "1:1=[a]1:3=[x\ny]2:4=[z]\n");
    expect(&formats[0], ",\n\n,", "1:1=[]1:2=[]\n3:1=[]3:2=[]\n");
    expect(&formats[3], "  00001 19970101  1   11.77\r\n",
           "1:3=[00001]1:9=[19970101]1:19=[1]1:23="
           "[11.77]\n");
    expect(&formats[2], "a\t\"b\t\n", "1:1=[a]1:3=[\"b]1:6=[]\n");
}

static void tells_what_is_no_record(void **state)
{
    (void)state;
    expect(&formats[0], "a,b\"c\nd,e\n", "!1:4\n2:1=[d]2:3=[e]\n");
    expect(&formats[0], "a,\"b\"c\nd\n", "!1:6\n2:1=[d]\n");
    expect(&formats[0], "x,\"open\nd\n", "!1:3\n2:1=[d]\n");
    expect(&formats[0], "x,\"two\nlines\"z\nd\n", "!2:7\n3:1=[d]\n");
}

static void bounds_fields_and_records(void **state)
{
    (void)state;
    const struct csv_format *format = &formats[0];
    size_t n = CSV_FIELD_MAX + 100;
    char *bytes = mem_alloc(n + 4);
    memset(bytes, 'a', n);
    memcpy(bytes + n, "\nb\n", 3);
    struct told told = {0};
    read_all(format, bytes, n + 3, 1, &told);
    bytes[0] = '"';
    read_all(format, bytes, n + 3, 1, &told);
    memset(bytes, ',', n);
    read_all(format, bytes, n + 3, 1, &told);
    vec_push(&told.text, 0);
    assert_string_equal(told.text.at, "!1:1\n2:1=[b]\n!1:1\n2:1=[b]\n!1:1025\n2:1=[b]\n");
    vec_free(&told.text);
    assert_int_equal(csv_cut(format, bytes, n), 0);
    free(bytes);
}

static void counts_lines(void **state)
{
    (void)state;
    uint64_t seed = 3;
    char bytes[128];
    for (int round = 0; round < 2000; round++) {
        size_t n = random_bytes(&seed, &formats[0], bytes, sizeof bytes);
        int64_t lines = 0;
        for (size_t i = 0; i < n; i++)
            lines += bytes[i] == '\n';
        assert_int_equal(csv_lines(bytes, n), lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_where_fields_are),    cmocka_unit_test(tells_what_is_no_record),
        cmocka_unit_test(reads_as_the_rules_say),    cmocka_unit_test(reads_the_same_at_every_cut),
        cmocka_unit_test(bounds_fields_and_records), cmocka_unit_test(counts_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
