#include "model/people/candidate.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/people/link.h"
#include "model/store/column.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHARED_MOST = 4 };

struct candidate {
    uint32_t one, other;
    double confidence;
    const char *evidence;
};
typedef VEC(struct candidate) candidate_vec;

/* ---- People as cells ---- */

static enum status person_cells(struct reader *reader, const struct access *access, uint32_t person,
                                struct arena *arena, struct cell *card, struct cell *name,
                                struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status = reader_prepare(
        reader,
        "select coalesce((select card from member where person = ?1), (select value from contact"
        " where person = ?1 order by kind, value limit 1)), (select name from member where person ="
        " ?1), (select kind from contact where person = ?1 order by kind limit 1)",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    status = reader_step(reader, stmt, &row, err);
    if (status == ST_OK && row) {
        enum personal what = sqlite3_column_int(stmt, 2) == 4 ? PERSONAL_ADDRESS : PERSONAL_CARD;
        *card = cell_text(access_text(access, arena, what, person, column_text(stmt, 0)));
        *name = cell_text(access_text(access, arena, PERSONAL_NAME, person, column_text(stmt, 1)));
    }
    sqlite3_reset(stmt);
    return status;
}

static enum status is_settled(struct reader *reader, const char *key, bool *settled,
                              struct error *err)
{
    sqlite3_stmt *stmt;
    *settled = false;
    enum status status =
        reader_prepare(reader, "select 1 from conflict_settled where what = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, key, -1, SQLITE_TRANSIENT);
    status = reader_step(reader, stmt, settled, err);
    sqlite3_reset(stmt);
    return status;
}

/* ---- The same phone ---- */

struct sharer {
    uint32_t person;
    const char *name, *gender;
    int64_t birth;
};

static double phone_confidence(const struct sharer *a, const struct sharer *b,
                               const char **evidence)
{
    bool named = *a->name && *b->name;
    *evidence = N_("the same phone number");
    if (named && strcmp(a->name, b->name) == 0 && a->birth != INT64_MIN && a->birth == b->birth) {
        *evidence = N_("the same phone number, name and date of birth");
        return 0.98;
    }
    if (named && strcmp(a->name, b->name) == 0) {
        *evidence = N_("the same phone number and name");
        return 0.95;
    }
    /* A family's phone: another name, sex or date of birth. */
    if (named || (*a->gender && *b->gender && strcmp(a->gender, b->gender) != 0) ||
        (a->birth != INT64_MIN && b->birth != INT64_MIN && a->birth != b->birth))
        return 0.3;
    return 0.75;
}

static void sharers_pair(const struct sharer *sharers, size_t n, uint32_t person,
                         candidate_vec *found)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++) {
            struct candidate pair = {.one = sharers[i].person, .other = sharers[k].person};
            if (person && person != pair.one && person != pair.other)
                continue;
            pair.confidence = phone_confidence(&sharers[i], &sharers[k], &pair.evidence);
            vec_push(found, pair);
        }
}

/* Phones on several members' forms, with those members. */
static const char shared_phones[] =
    "select m.phone, m.person, m.name, m.gender, m.birth from (select phone from member where phone"
    " <> '' and (?1 = 0 or phone = (select phone from member where person = ?1)) group by phone"
    " having count(*) > 1) s join member m on m.phone = s.phone and m.phone <> '' order by m.phone,"
    " m.person";

static enum status phones_find(struct reader *reader, struct arena *arena, uint32_t person,
                               candidate_vec *found, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    VEC(struct sharer) sharers = {0};
    const char *phone = "";
    enum status status = reader_prepare(reader, shared_phones, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        if (strcmp(phone, column_text(stmt, 0)) != 0) {
            if (sharers.n <= SHARED_MOST)
                sharers_pair(sharers.at, sharers.n, person, found);
            sharers.n = 0;
            phone = arena_strdup(arena, column_text(stmt, 0));
        }
        struct sharer sharer = {.person = (uint32_t)sqlite3_column_int64(stmt, 1),
                                .name = arena_strdup(arena, column_text(stmt, 2)),
                                .gender = arena_strdup(arena, column_text(stmt, 3)),
                                .birth = sqlite3_column_type(stmt, 4) == SQLITE_NULL
                                             ? INT64_MIN
                                             : sqlite3_column_int64(stmt, 4)};
        vec_push(&sharers, sharer);
    }
    if (status == ST_OK && sharers.n <= SHARED_MOST)
        sharers_pair(sharers.at, sharers.n, person, found);
    sqlite3_reset(stmt);
    vec_free(&sharers);
    return status;
}

/* ---- Presence ---- */

/* How many members a visitor's device goes with. */
static int companions(const struct presence_pair *pairs, size_t n, uint32_t visitor)
{
    int count = 0;
    for (size_t i = 0; i < n; i++)
        count += pairs[i].visitor == visitor;
    return count;
}

/* What a day together is worth: of presence half of the doubt stays, of the same payments a
 * quarter. */
static const struct pairing {
    enum status (*find)(struct reader *reader, struct arena *arena, uint32_t person,
                        struct presence_pair **pairs, size_t *n, struct error *err);
    double most, doubt;
    int days_before; /* that say nothing */
    const char *evidence;
} pairings[] = {
    {presence_pairs, 0.9, 0.5, 1, N_("the device was at the till on %d days of purchases")},
    {payment_pairs, 0.97, 0.25, 0, N_("the same payments, to the minute, on %d days")},
};

static enum status pairing_find(const struct pairing *pairing, struct reader *reader,
                                struct arena *arena, uint32_t person, size_t limit,
                                candidate_vec *found, struct error *err)
{
    struct presence_pair *pairs;
    size_t n;
    enum status status = pairing->find(reader, arena, person, &pairs, &n, err);
    for (size_t i = 0; i < n && i < limit && status == ST_OK; i++) {
        int others = companions(pairs, n < limit * 4 ? n : limit * 4, pairs[i].visitor);
        struct candidate pair = {.one = pairs[i].member, .other = pairs[i].visitor};
        double doubt = pow(pairing->doubt, pairs[i].days - pairing->days_before);
        pair.confidence = pairing->most * (1 - doubt) / (others > 1 ? others : 1);
        pair.evidence = arena_printf(arena, _(pairing->evidence), pairs[i].days);
        vec_push(found, pair);
    }
    return status;
}

/* ---- The list ---- */

static int candidate_compare(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->confidence != y->confidence)
        return x->confidence > y->confidence ? -1 : 1;
    if (x->one != y->one)
        return x->one < y->one ? -1 : 1;
    return (x->other > y->other) - (x->other < y->other);
}

static enum status may_ask(const struct access *access, struct error *err)
{
    enum status status = access_require(access, RIGHT_PEOPLE_SEE, "see members", err);
    if (status == ST_OK && (access->mask == MASK_PSEUDONYM || access->mask == MASK_PEOPLE))
        status =
            error_set(err, ST_DENIED, "%s may not look for who is who", roles[access->role].name);
    return status;
}

static enum status candidate_row(struct reader *reader, const struct access *access,
                                 const struct candidate *pair, struct sheet *sheet,
                                 struct error *err)
{
    struct arena *arena = sheet->arena;
    const char *key = arena_printf(arena, "pair:%" PRIu32 ",%" PRIu32, pair->one, pair->other);
    bool settled;
    enum status status = is_settled(reader, key, &settled, err);
    if (status != ST_OK || settled)
        return status;
    struct cell *cells = sheet_row_add(sheet);
    cells[CANDIDATE_CONFIDENCE] = cell_real(pair->confidence);
    cells[CANDIDATE_EVIDENCE] = cell_text(_(pair->evidence));
    cells[CANDIDATE_ONE] = cell_integer(pair->one);
    cells[CANDIDATE_OTHER] = cell_integer(pair->other);
    cells[CANDIDATE_KEY] = cell_text(key);
    status = person_cells(reader, access, pair->one, arena, &cells[1], &cells[2], err);
    if (status == ST_OK)
        status = person_cells(reader, access, pair->other, arena, &cells[3], &cells[4], err);
    return status;
}

enum status candidate_list(struct reader *reader, const struct access *access, uint32_t person,
                           size_t limit, struct arena *arena, struct sheet **sheet,
                           struct error *err)
{
    static const struct sheet_column columns[] = {
        {"confidence", N_("confidence"), CELL_SHARE},
        {"card", N_("card"), CELL_TEXT},
        {"name", N_("name"), CELL_TEXT},
        {"other_card", N_("contact"), CELL_TEXT},
        {"other_name", N_("name"), CELL_TEXT},
        {"evidence", N_("evidence"), CELL_TEXT},
        {"person", N_("person"), CELL_COUNT},
        {"other", N_("other person"), CELL_COUNT},
        {"key", N_("key"), CELL_TEXT},
    };
    candidate_vec found = {0};
    *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    enum status status = may_ask(access, err);
    if (status == ST_OK)
        status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = phones_find(reader, arena, person, &found, err);
    for (size_t i = 0; i < sizeof pairings / sizeof *pairings && status == ST_OK; i++)
        status = pairing_find(&pairings[i], reader, arena, person, limit, &found, err);
    if (found.n)
        qsort(found.at, found.n, sizeof *found.at, candidate_compare);
    for (size_t i = 0; i < found.n && (*sheet)->n_rows < limit && status == ST_OK; i++)
        status = candidate_row(reader, access, &found.at[i], *sheet, err);
    (*sheet)->truncated = found.n > limit;
    (*sheet)->total = (*sheet)->truncated ? -1 : (int64_t)(*sheet)->n_rows;
    reader_end(reader);
    vec_free(&found);
    return status;
}

/* ---- Conflicts ---- */

/* key, kind, people as numbers with commas, what in words */
static const char conflicts[] =
    "select 'phone:' || group_concat(person, ','), 'phone', group_concat(person, ','),"
    " '' from (select m.phone, m.person from (select phone from member where phone <> '' group by"
    " phone having count(*) > 1) s join member m on m.phone = s.phone and m.phone <> '' order by"
    " m.phone, m.person) group by phone"
    " union all select 'limit:' || k.name || ':' || c.person, k.name, c.person, c.n || ' > ' ||"
    " coalesce(s.value, '') from (select person, kind, count(*) as n from contact group by person,"
    " kind having count(*) > 1) c join contact_kind k on k.id = c.kind join setting s on s.name ="
    " 'limit_' || k.name where c.n > cast(s.value as integer)"
    " union all select 'random:' || person, 'random', person, '' from contact where kind = 4 and"
    " substr(value, 2, 1) in ('2', '3', '6', '7', 'a', 'b', 'e', 'f') and value like"
    " '__:__:__:__:__:__'";

static const struct {
    const char *kind, *what;
} conflict_words[] = {
    {"phone", N_("one phone number on several members")},
    {"device", N_("a device that goes with several cards")},
    {"random", N_("a randomised address among the contacts")},
};

static const struct sheet_column conflict_columns[] = {
    {"people", N_("people"), CELL_TEXT}, {"what", N_("what"), CELL_TEXT},
    {"kind", N_("kind"), CELL_TEXT},     {"person", N_("person"), CELL_COUNT},
    {"key", N_("key"), CELL_TEXT},
};

/* Cards of a list of numbers: "M1, M2, …". */
static enum status people_text(struct reader *reader, const struct access *access, const char *list,
                               struct arena *arena, const char **text, int64_t *first,
                               struct error *err)
{
    enum { SHOWN = 5 };
    enum status status = ST_OK;
    int n = 0;
    *text = "";
    *first = 0;
    for (const char *at = list; *at && status == ST_OK; n++) {
        struct cell card = {0}, name = {0};
        char *end;
        unsigned long person = strtoul(at, &end, 10);
        if (end == at)
            break;
        *first = *first ? *first : (int64_t)person;
        if (n < SHOWN)
            status = person_cells(reader, access, (uint32_t)person, arena, &card, &name, err);
        if (n < SHOWN)
            *text = arena_printf(arena, "%s%s%s", *text, n ? ", " : "", cell_string(&card));
        else if (n == SHOWN)
            *text = arena_printf(arena, "%s, …", *text);
        at = *end == ',' ? end + 1 : end;
    }
    return status;
}

static enum status conflict_add(struct reader *reader, const struct access *access, const char *key,
                                const char *kind, const char *list, const char *what,
                                struct sheet *sheet, struct error *err)
{
    struct arena *arena = sheet->arena;
    bool settled;
    int64_t first;
    const char *people;
    enum status status = is_settled(reader, key, &settled, err);
    if (status != ST_OK || settled)
        return status;
    status = people_text(reader, access, list, arena, &people, &first, err);
    if (status != ST_OK)
        return status;
    const char *words = arena_printf(arena, _("more contacts than one person may have: %s"), what);
    for (size_t i = 0; i < sizeof conflict_words / sizeof *conflict_words; i++)
        if (strcmp(kind, conflict_words[i].kind) == 0)
            words = _(conflict_words[i].what);
    struct cell *cells = sheet_row_add(sheet);
    cells[0] = cell_text(people);
    cells[1] = cell_text(words);
    cells[2] = cell_text(kind);
    cells[CONFLICT_PERSON] = cell_integer(first);
    cells[CONFLICT_KEY] = cell_text(key);
    return ST_OK;
}

/* Devices that go with two members or more. */
static enum status devices_add(struct reader *reader, const struct access *access, size_t limit,
                               struct sheet *sheet, struct error *err)
{
    struct presence_pair *pairs;
    size_t n;
    struct arena *arena = sheet->arena;
    enum status status = presence_pairs(reader, arena, 0, &pairs, &n, err);
    n = n < limit * 4 ? n : limit * 4;
    for (size_t i = 0; i < n && sheet->n_rows < limit && status == ST_OK; i++) {
        const char *list =
            arena_printf(arena, "%" PRIu32 ",%" PRIu32, pairs[i].visitor, pairs[i].member);
        bool before = false;
        int more = 0;
        for (size_t k = 0; k < n; k++) {
            if (k == i || pairs[k].visitor != pairs[i].visitor)
                continue;
            before |= k < i;
            list = arena_printf(arena, "%s,%" PRIu32, list, pairs[k].member);
            more++;
        }
        if (more && !before)
            status = conflict_add(reader, access, arena_printf(arena, "device:%s", list), "device",
                                  list, "", sheet, err);
    }
    return status;
}

struct found {
    const char *texts[4];
};

enum status conflict_list(struct reader *reader, const struct access *access, size_t limit,
                          struct arena *arena, struct sheet **sheet, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    VEC(struct found) found = {0};
    *sheet = sheet_new(arena, conflict_columns, sizeof conflict_columns / sizeof *conflict_columns);
    enum status status = may_ask(access, err);
    if (status == ST_OK)
        status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = reader_prepare(reader, conflicts, &stmt, err);
    while (status == ST_OK && found.n < limit &&
           (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        vec_reserve(&found, 1);
        for (int i = 0; i < 4; i++)
            found.at[found.n].texts[i] = arena_strdup(arena, column_text(stmt, i));
        found.n++;
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    for (size_t i = 0; i < found.n && status == ST_OK; i++) {
        const char **texts = found.at[i].texts;
        status = conflict_add(reader, access, texts[0], texts[1], texts[2], texts[3], *sheet, err);
    }
    if (status == ST_OK)
        status = devices_add(reader, access, limit, *sheet, err);
    (*sheet)->total = (int64_t)(*sheet)->n_rows;
    reader_end(reader);
    vec_free(&found);
    return status;
}
