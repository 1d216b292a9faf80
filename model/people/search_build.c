#include "model/people/search_index.h"

#include <stdlib.h>
#include <string.h>

/*
 * Pieces of one part are sorted as words of 63 bits: the piece above, the person's place in the
 * part below. People come in rising order, so sorting by the piece alone, stably, is enough.
 */

enum { RADIX_BITS = 12, PASSES = (PIECE_BITS + RADIX_BITS - 1) / RADIX_BITS };
enum { TURN_MS = 40, DELETE_AT_ONCE = 2000 };

typedef VEC(uint64_t) word_list;

struct builder {
    struct writer *writer;
    int64_t build;  /* the number of the lists being made */
    int64_t round;  /* of changes from its beginning on */
    int64_t person; /* the highest number, and the last audit record, at its beginning */
    int64_t audit;
    int64_t turn_began;
    bool in_turn;
    sqlite3_stmt *insert;
    word_list words, scratch;
    VEC(unsigned char) bytes;
    folded_text folded;
    piece_list pieces;
};

/* ---- Short turns at the writer lock ---- */

static enum status turn_begin(struct builder *b, struct error *err)
{
    if (b->in_turn)
        return ST_OK;
    enum status status = writer_begin(b->writer, err);
    b->in_turn = status == ST_OK;
    b->turn_began = time_monotonic_ns();
    return status;
}

static enum status turn_end(struct builder *b, struct error *err)
{
    if (!b->in_turn)
        return ST_OK;
    b->in_turn = false;
    return writer_commit(b->writer, err);
}

/* Ends a turn that has lasted long enough for others to want the lock. */
static enum status turn_rest(struct builder *b, struct error *err)
{
    if (time_monotonic_ns() - b->turn_began < (int64_t)TURN_MS * 1000000)
        return ST_OK;
    return turn_end(b, err);
}

/* ---- Counters ---- */

static enum status counter_get(struct writer *writer, const char *name, int64_t *value,
                               struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer, "select value from counter where name = ?1", &stmt, err);
    if (status)
        return status;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    *value = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    return sqlite3_reset(stmt) == SQLITE_OK
               ? ST_OK
               : sqlite_status(writer_db(writer), "reading a counter", err);
}

static enum status counter_set(struct writer *writer, const char *name, int64_t value,
                               struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(
        writer, "insert or replace into counter (name, value) values (?1, ?2)", &stmt, err);
    if (status)
        return status;
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, value);
    return writer_run(writer, stmt, err);
}

/* ---- One part ---- */

static void words_sort(struct builder *b)
{
    size_t n = b->words.n;
    vec_reserve(&b->scratch, n);
    for (int pass = 0; pass < PASSES; pass++) {
        int shift = PART_BITS + pass * RADIX_BITS;
        size_t at[1 << RADIX_BITS] = {0}, sum = 0;
        uint64_t *from = b->words.at, *to = b->scratch.at;
        for (size_t i = 0; i < n; i++)
            at[from[i] >> shift & ((1 << RADIX_BITS) - 1)]++;
        for (size_t r = 0; r < 1 << RADIX_BITS; r++) {
            size_t count = at[r];
            at[r] = sum;
            sum += count;
        }
        for (size_t i = 0; i < n; i++)
            to[at[from[i] >> shift & ((1 << RADIX_BITS) - 1)]++] = from[i];
        b->words.at = to;
        b->scratch.at = from;
        size_t cap = b->words.cap;
        b->words.cap = b->scratch.cap;
        b->scratch.cap = cap;
    }
}

static void words_of_person(struct builder *b, uint32_t person, sqlite3_stmt *row)
{
    b->pieces.n = 0;
    for (int column = 1; column <= 3; column++) {
        const char *text = (const char *)sqlite3_column_text(row, column);
        size_t n = (size_t)sqlite3_column_bytes(row, column);
        if (!text || !n)
            continue;
        if (column == 1) {
            fold_name(&b->folded, text, n);
            pieces_of_name(&b->pieces, &b->folded);
        } else {
            fold_code(&b->folded, text, n);
            pieces_of_code(&b->pieces, &b->folded);
        }
    }
    for (size_t i = 0; i < b->pieces.n; i++)
        vec_push(&b->words, b->pieces.at[i] << PART_BITS | (person & (PART_SIZE - 1)));
}

static enum status list_write(struct builder *b, int64_t key, struct error *err)
{
    enum status status = turn_begin(b, err);
    if (status)
        return status;
    sqlite3_bind_int64(b->insert, 1, key);
    sqlite3_bind_blob(b->insert, 2, b->bytes.at, (int)b->bytes.n, SQLITE_STATIC);
    status = writer_run(b->writer, b->insert, err);
    return status ? status : turn_rest(b, err);
}

static enum status part_write(struct builder *b, uint32_t part, struct error *err)
{
    words_sort(b);
    for (size_t i = 0; i < b->words.n;) {
        uint64_t piece = b->words.at[i] >> PART_BITS;
        uint32_t last = 0;
        uint64_t word = UINT64_MAX;
        b->bytes.n = 0;
        for (; i < b->words.n && b->words.at[i] >> PART_BITS == piece; i++) {
            if (b->words.at[i] == word)
                continue; /* the piece stands twice in one person's text */
            word = b->words.at[i];
            uint32_t person = (uint32_t)(word & (PART_SIZE - 1));
            vec_reserve(&b->bytes, 4);
            b->bytes.n += list_put(b->bytes.at + b->bytes.n, person - last);
            last = person;
        }
        enum status status = list_write(b, piece_key(b->build, part, piece), err);
        if (status)
            return status;
    }
    b->words.n = 0;
    return ST_OK;
}

/* ---- The whole ---- */

/* Lists of a build that did not come to its end, or of the one that was replaced. */
static enum status lists_delete(struct builder *b, int64_t build, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(b->writer,
                                        "delete from search_part where key in (select key from "
                                        "search_part where key between ?1 and ?2 limit ?3)",
                                        &stmt, err);
    for (int deleted = DELETE_AT_ONCE; !status && deleted == DELETE_AT_ONCE;) {
        status = turn_begin(b, err);
        if (status)
            break;
        sqlite3_bind_int64(stmt, 1, piece_key(build, 0, 0));
        sqlite3_bind_int64(stmt, 2, piece_key(build, 0, 0) | (((int64_t)1 << 60) - 1));
        sqlite3_bind_int(stmt, 3, DELETE_AT_ONCE);
        status = writer_run(b->writer, stmt, err);
        deleted = sqlite3_changes(writer_db(b->writer));
        if (!status)
            status = turn_rest(b, err);
    }
    return status ? status : turn_end(b, err);
}

static enum status integer_of(struct writer *writer, const char *sql, int64_t *value,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = writer_prepare(writer, sql, &stmt, err);
    if (status)
        return status;
    *value = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    return sqlite3_reset(stmt) == SQLITE_OK
               ? ST_OK
               : sqlite_status(writer_db(writer), "reading the state of the search", err);
}

/* Changes from here on carry a new round, so that the end can tell them from those read. */
static enum status round_begin(struct builder *b, struct error *err)
{
    enum status status = turn_begin(b, err);
    if (!status)
        status = counter_get(b->writer, "search", &b->build, err);
    if (!status)
        status = counter_get(b->writer, "search_round", &b->round, err);
    if (!status)
        status = integer_of(b->writer, "select max(person) from member", &b->person, err);
    if (!status)
        status = integer_of(b->writer, "select max(seq) from audit", &b->audit, err);
    if (status)
        return status;
    b->build++;
    b->round++;
    status = counter_set(b->writer, "search_round", b->round, err);
    return status ? status : turn_end(b, err);
}

static enum status round_end(struct builder *b, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status = turn_begin(b, err);
    if (!status)
        status = writer_prepare(b->writer, "delete from search_tail where round < ?1", &stmt, err);
    if (!status) {
        sqlite3_bind_int64(stmt, 1, b->round);
        status = writer_run(b->writer, stmt, err);
    }
    const struct {
        const char *name;
        int64_t value;
    } counters[] = {{"search", b->build}, {"search_person", b->person}, {"search_audit", b->audit}};
    for (size_t i = 0; !status && i < sizeof counters / sizeof *counters; i++)
        status = counter_set(b->writer, counters[i].name, counters[i].value, err);
    if (!status)
        status = writer_touch_rows(b->writer, err);
    return status ? status : turn_end(b, err);
}

static enum status part_read(struct builder *b, uint32_t part, struct error *err)
{
    sqlite3_stmt *rows;
    enum status status = writer_prepare(
        b->writer, "select person, name, card, phone from member where person between ?1 and ?2",
        &rows, err);
    if (status)
        return status;
    sqlite3_bind_int64(rows, 1, (int64_t)part << PART_BITS);
    sqlite3_bind_int64(rows, 2, ((int64_t)part << PART_BITS) + PART_SIZE - 1);
    while (sqlite3_step(rows) == SQLITE_ROW)
        words_of_person(b, (uint32_t)sqlite3_column_int64(rows, 0), rows);
    return sqlite3_reset(rows) == SQLITE_OK
               ? ST_OK
               : sqlite_status(writer_db(b->writer), "reading members", err);
}

static enum status parts_build(struct builder *b, search_progress *progress, void *context,
                               struct error *err)
{
    enum status status = writer_prepare(
        b->writer, "insert into search_part (key, people) values (?1, ?2)", &b->insert, err);
    for (int64_t part = 0; !status && part <= b->person >> PART_BITS; part++) {
        if (progress)
            progress(context, part << PART_BITS, b->person + 1);
        status = part_read(b, (uint32_t)part, err);
        if (!status)
            status = part_write(b, (uint32_t)part, err);
    }
    return status ? status : turn_end(b, err);
}

enum status search_build(struct writer *writer, search_progress *progress, void *context,
                         struct error *err)
{
    struct builder b = {.writer = writer};
    enum status status = writer_bulk_begin(writer, err);
    if (status)
        return status;
    status = round_begin(&b, err);
    if (!status)
        status = lists_delete(&b, b.build, err);
    if (!status)
        status = parts_build(&b, progress, context, err);
    if (!status)
        status = round_end(&b, err);
    if (!status)
        status = lists_delete(&b, b.build - 1, err);
    if (b.in_turn)
        writer_rollback(writer);
    writer_bulk_end(writer);
    vec_free(&b.words);
    vec_free(&b.scratch);
    vec_free(&b.bytes);
    vec_free(&b.folded);
    vec_free(&b.pieces);
    return status;
}

enum status search_fold(struct writer *writer, struct error *err)
{
    int64_t changed = 0;
    enum status status = integer_of(
        writer,
        "select (select count(*) from search_tail)"
        " + (select count(*) from audit where seq > (select value from counter where name ="
        " 'search_audit') and entity = 'member')"
        " + (select count(*) from (select 1 from member where person > (select value from counter"
        " where name = 'search_person') limit 4097))",
        &changed, err);
    if (status || changed <= SEARCH_TAIL)
        return status;
    return search_build(writer, NULL, NULL, err);
}

enum status search_touch(struct writer *writer, uint32_t person, struct error *err)
{
    sqlite3_stmt *stmt;
    enum status status =
        writer_prepare(writer,
                       "insert or replace into search_tail (person, round) values"
                       " (?1, (select value from counter where name = 'search_round'))",
                       &stmt, err);
    if (status)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    return writer_run(writer, stmt, err);
}
