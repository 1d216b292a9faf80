#include "model/base/text.h"
#include "model/people/search_index.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- What is looked for, and who is found ---- */

struct search {
    struct reader *reader;
    const char *text;
    folded_text name, code; /* the searched text as a name and as a card or phone */
    folded_text row_text;   /* of the row being checked */
    piece_list name_pieces, code_pieces;
    size_t limit;
    bool more;
    VEC(uint32_t) found;
    size_t n_exact; /* of `found`, in front */
    int64_t build, built_person;
    VEC(uint32_t) tail; /* changed since the build, rising; `tail_at` is the next to look at */
    size_t tail_at;
    VEC(uint32_t) candidates, list, other;
};

static bool is_full(struct search *s)
{
    return s->more;
}

static void found_add(struct search *s, uint32_t person)
{
    for (size_t i = 0; i < s->n_exact; i++)
        if (s->found.at[i] == person)
            return;
    if (s->limit && s->found.n == s->limit)
        s->more = true;
    else
        vec_push(&s->found, person);
}

static bool all_digits(const folded_text *text)
{
    for (size_t i = 0; i < text->n; i++)
        if (text->at[i].rune < '0' || text->at[i].rune > '9')
            return false;
    return text->n > 0;
}

/* ---- Checking a row ---- */

static bool code_matches(struct search *s, const char *text, size_t n)
{
    if (!s->code.n || !text || !n)
        return false;
    /* Few letters find what is written so from the start on, as the card's index can. */
    if (s->code.n < QUAD && !all_digits(&s->code))
        return strncasecmp(text, s->text, strlen(s->text)) == 0;
    fold_code(&s->row_text, text, n);
    return folded_contains(&s->row_text, &s->code, false);
}

/* A row of name, card, phone from column `at` on. */
static bool row_matches(struct search *s, sqlite3_stmt *row, int at)
{
    const char *text = (const char *)sqlite3_column_text(row, at);
    if (text && s->name.n) {
        fold_name(&s->row_text, text, (size_t)sqlite3_column_bytes(row, at));
        bool one_letter = s->name.n == 1 && !rune_is_wide(s->name.at[0].rune);
        if (folded_contains(&s->row_text, &s->name, one_letter))
            return true;
    }
    for (int column = at + 1; column <= at + 2; column++)
        if (code_matches(s, (const char *)sqlite3_column_text(row, column),
                         (size_t)sqlite3_column_bytes(row, column)))
            return true;
    return false;
}

static enum status person_check(struct search *s, uint32_t person, struct error *err)
{
    sqlite3_stmt *row;
    bool there;
    enum status status = reader_prepare(
        s->reader, "select name, card, phone from member where person = ?1", &row, err);
    if (status)
        return status;
    sqlite3_bind_int64(row, 1, person);
    status = reader_step(s->reader, row, &there, err);
    if (!status && there && row_matches(s, row, 0))
        found_add(s, person);
    sqlite3_reset(row);
    return status;
}

/* ---- Exact ones first ---- */

static enum status exact_add(struct search *s, const char *sql, const char *text, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(s->reader, sql, &stmt, err);
    if (status)
        return status;
    sqlite3_bind_text(stmt, 1, text, -1, SQLITE_TRANSIENT);
    while ((status = reader_step(s->reader, stmt, &row, err)) == ST_OK && row) {
        found_add(s, (uint32_t)sqlite3_column_int64(stmt, 0));
        s->n_exact = s->found.n;
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status exact_find(struct search *s, const char *text, struct error *err)
{
    static const char *const questions[] = {
        "select person from member where card = ?1",
        "select person from member where phone = ?1 and phone <> '' order by person",
        "select distinct i.person from (select distinct kind from (select 'card' kind union all"
        " select 'phone' union all select 'app' union all select 'wifi' union all"
        " select 'payment')) k join identity i on i.kind = k.kind and i.value = ?1"
        " join member m on m.person = i.person order by i.person",
    };
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        enum status status = exact_add(s, questions[i], text, err);
        if (status)
            return status;
    }
    return ST_OK;
}

/* ---- Lists ---- */

static size_t numbers_meet(uint32_t *a, size_t n_a, const uint32_t *b, size_t n_b)
{
    size_t n = 0;
    for (size_t i = 0, k = 0; i < n_a && k < n_b;) {
        if (a[i] == b[k]) {
            a[n++] = a[i++];
            k++;
        } else if (a[i] < b[k]) {
            i++;
        } else {
            k++;
        }
    }
    return n;
}

struct piece_blob {
    const void *bytes;
    size_t size;
};

static int by_size(const void *a, const void *b)
{
    size_t x = ((const struct piece_blob *)a)->size, y = ((const struct piece_blob *)b)->size;
    return (x > y) - (x < y);
}

static enum status blob_read(struct search *s, struct arena *arena, int64_t key,
                             struct piece_blob *blob, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status =
        reader_prepare(s->reader, "select people from search_part where key = ?1", &stmt, err);
    if (status)
        return status;
    sqlite3_bind_int64(stmt, 1, key);
    status = reader_step(s->reader, stmt, &row, err);
    if (!status && row) {
        blob->size = (size_t)sqlite3_column_bytes(stmt, 0);
        void *bytes = arena_alloc(arena, blob->size);
        if (blob->size)
            memcpy(bytes, sqlite3_column_blob(stmt, 0), blob->size);
        blob->bytes = bytes;
    }
    sqlite3_reset(stmt);
    return status;
}

static bool blob_list(const struct piece_blob *blob, uint32_t **at, size_t *cap, size_t *n)
{
    if (*cap < blob->size) {
        *at = mem_resize(*at, blob->size, sizeof **at);
        *cap = blob->size;
    }
    *n = 0;
    return blob->size == 0 || list_take(blob->bytes, blob->size, *at, n);
}

/* Who in a part has all the pieces, into s->list as places in the part. */
static enum status part_meet(struct search *s, uint32_t part, const piece_list *pieces,
                             struct error *err)
{
    s->list.n = 0;
    if (!pieces->n)
        return ST_OK;
    struct arena *arena = arena_new();
    struct piece_blob *blobs = arena_array(arena, struct piece_blob, pieces->n);
    enum status status = ST_OK;
    bool none = false;
    for (size_t i = 0; !status && !none && i < pieces->n; i++) {
        status = blob_read(s, arena, piece_key(s->build, part, pieces->at[i]), &blobs[i], err);
        none = blobs[i].size == 0;
    }
    if (!status && !none) {
        qsort(blobs, pieces->n, sizeof *blobs, by_size);
        bool good = blob_list(&blobs[0], &s->list.at, &s->list.cap, &s->list.n);
        for (size_t i = 1; good && s->list.n && i < pieces->n; i++) {
            good = blob_list(&blobs[i], &s->other.at, &s->other.cap, &s->other.n);
            s->list.n = numbers_meet(s->list.at, s->list.n, s->other.at, s->other.n);
        }
        if (!good)
            status = error_set(err, ST_UNUSABLE,
                               "a search list of the mall file is damaged; `atrium verify` says "
                               "more");
    }
    arena_free(arena);
    return status;
}

static void candidates_add(struct search *s, uint32_t part)
{
    for (size_t i = 0; i < s->list.n; i++)
        vec_push(&s->candidates, part << PART_BITS | s->list.at[i]);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Who changed since the lists were built. */
static enum status tail_read(struct search *s, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(
        s->reader,
        "select person from search_tail union select m.person from audit a join member m on"
        " m.card = a.target where a.seq > (select value from counter where name = 'search_audit')"
        " and a.entity = 'member' order by 1",
        &stmt, err);
    if (status)
        return status;
    while ((status = reader_step(s->reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&s->tail, (uint32_t)sqlite3_column_int64(stmt, 0));
    sqlite3_reset(stmt);
    return status;
}

static void tail_add(struct search *s, uint32_t part)
{
    for (; s->tail_at < s->tail.n && s->tail.at[s->tail_at] >> PART_BITS <= part; s->tail_at++)
        vec_push(&s->candidates, s->tail.at[s->tail_at]);
}

static enum status part_search(struct search *s, uint32_t part, struct error *err)
{
    s->candidates.n = 0;
    enum status status = part_meet(s, part, &s->name_pieces, err);
    if (!status)
        candidates_add(s, part);
    if (!status)
        status = part_meet(s, part, &s->code_pieces, err);
    if (!status)
        candidates_add(s, part);
    tail_add(s, part);
    if (s->candidates.n)
        qsort(s->candidates.at, s->candidates.n, sizeof *s->candidates.at, by_number);
    for (size_t i = 0; !status && !is_full(s) && i < s->candidates.n; i++) {
        if (i && s->candidates.at[i] == s->candidates.at[i - 1])
            continue;
        status = person_check(s, s->candidates.at[i], err);
        if (!status && i % 256 == 0 && reader_cancelled(s->reader))
            status = error_set(err, ST_CANCELLED, "the search was cancelled");
    }
    return status;
}

/* Every row from a person on: for people newer than the lists, and for few digits, which stand in
 * so many cards and phones that going along the rows fills a screen at once. */
static enum status rows_search(struct search *s, int64_t from, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(
        s->reader,
        "select person, name, card, phone from member where person >= ?1 order by person", &stmt,
        err);
    if (status)
        return status;
    sqlite3_bind_int64(stmt, 1, from);
    while (!is_full(s) && (status = reader_step(s->reader, stmt, &row, err)) == ST_OK && row)
        if (row_matches(s, stmt, 1))
            found_add(s, (uint32_t)sqlite3_column_int64(stmt, 0));
    sqlite3_reset(stmt);
    return status;
}

static enum status parts_search(struct search *s, struct error *err)
{
    enum status status = tail_read(s, err);
    for (int64_t part = 0; !status && !is_full(s) && part <= s->built_person >> PART_BITS; part++)
        status = part_search(s, (uint32_t)part, err);
    return status || is_full(s) ? status : rows_search(s, s->built_person + 1, err);
}

/* ---- Codes too short for lists ---- */

/* Cards and phones that begin with a short text, in the cases it may be written in. */
static enum status prefix_search(struct search *s, const char *text, struct error *err)
{
    static const char *const questions[] = {
        "select person, name, card, phone from member where card >= ?1 and card < ?2",
        "select person, name, card, phone from member where phone >= ?1 and phone < ?2"
        " and phone <> ''",
    };
    enum status status = ST_OK;
    struct arena *arena = arena_new();
    for (int i = 0; !status && i < 6; i++) {
        char *from = arena_strdup(arena, text);
        for (char *c = from; *c; c++)
            if (i % 3 == 1 && *c >= 'a' && *c <= 'z')
                *c = (char)(*c - 'a' + 'A');
            else if (i % 3 == 2 && *c >= 'A' && *c <= 'Z')
                *c = (char)(*c - 'A' + 'a');
        char *to = arena_printf(arena, "%s\xF4\x8F\xBF\xBF", from);
        sqlite3_stmt *stmt;
        bool row;
        status = reader_prepare(s->reader, questions[i / 3], &stmt, err);
        if (status)
            break;
        sqlite3_bind_text(stmt, 1, from, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 2, to, -1, SQLITE_STATIC);
        while (!is_full(s) && (status = reader_step(s->reader, stmt, &row, err)) == ST_OK && row)
            if (row_matches(s, stmt, 1))
                found_add(s, (uint32_t)sqlite3_column_int64(stmt, 0));
        sqlite3_reset(stmt);
        sqlite3_clear_bindings(stmt);
    }
    arena_free(arena);
    return status;
}

/* ---- The whole ---- */

static void found_tidy(struct search *s)
{
    if (s->found.n <= s->n_exact)
        return;
    qsort(s->found.at + s->n_exact, s->found.n - s->n_exact, sizeof *s->found.at, by_number);
    size_t n = s->n_exact;
    for (size_t i = s->n_exact; i < s->found.n; i++)
        if (n == s->n_exact || s->found.at[n - 1] != s->found.at[i])
            s->found.at[n++] = s->found.at[i];
    s->found.n = n;
}

static enum status search_all(struct search *s, const char *text, struct error *err)
{
    fold_name(&s->name, text, strlen(text));
    fold_code(&s->code, text, strlen(text));
    if (!s->name.n)
        return ST_OK;
    pieces_to_find_name(&s->name_pieces, &s->name);
    pieces_of_code(&s->code_pieces, &s->code);
    enum status status = exact_find(s, text, err);
    if (!status)
        status = reader_integer(s->reader, "select value from counter where name = 'search'", 0,
                                &s->build, err);
    if (!status)
        status = reader_integer(s->reader, "select value from counter where name = 'search_person'",
                                0, &s->built_person, err);
    if (!status && s->code.n && s->code.n < QUAD) {
        if (all_digits(&s->code))
            return rows_search(s, 0, err);
        status = prefix_search(s, text, err);
    }
    if (!status && !is_full(s))
        status = parts_search(s, err);
    found_tidy(s);
    return status;
}

static enum status pseudonym_find(struct reader *reader, const struct access *access,
                                  const char *text, struct search *s, struct error *err)
{
    uint32_t person;
    int64_t there = 0;
    if (!pseudonym_read(access->key, text, &person))
        return ST_OK;
    sqlite3_stmt *stmt;
    bool row;
    enum status status =
        reader_prepare(reader, "select 1 from member where person = ?1", &stmt, err);
    if (status)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    status = reader_step(reader, stmt, &row, err);
    there = !status && row;
    sqlite3_reset(stmt);
    if (there)
        found_add(s, person);
    return status;
}

enum status search_people(struct reader *reader, const struct access *access, const char *text,
                          size_t limit, struct arena *arena, struct search_result *result,
                          struct error *err)
{
    memset(result, 0, sizeof *result);
    enum status status = access_require(access, RIGHT_PEOPLE_SEE, "search members", err);
    if (!status)
        status = reader_begin(reader, err);
    if (status)
        return status;
    struct search s = {.reader = reader, .text = text, .limit = limit};
    if (access->mask == MASK_PSEUDONYM)
        status = pseudonym_find(reader, access, text, &s, err);
    else
        status = search_all(&s, text, err);
    reader_end(reader);
    if (!status) {
        result->n = s.found.n;
        result->more = s.more;
        result->people = vec_copy(arena, &s.found);
    }
    vec_free(&s.name);
    vec_free(&s.code);
    vec_free(&s.row_text);
    vec_free(&s.name_pieces);
    vec_free(&s.code_pieces);
    vec_free(&s.found);
    vec_free(&s.tail);
    vec_free(&s.candidates);
    vec_free(&s.list);
    vec_free(&s.other);
    return status;
}
