/* Sections of a member's page that are rows of tables. */
#include "model/base/intl.h"
#include "model/people/member_row.h"
#include "model/people/people_set.h"
#include "model/people/person_events.h"
#include "model/store/column.h"

/* One question that gives a section: its person is ?1, its first columns are the sheet's. */
struct section_query {
    enum member_section section;
    const struct sheet_column *columns;
    int n_columns;
    const char *sql;
    int personal[6]; /* per column: 0, or enum personal + 1: masked as `owner`'s */
    int owner;       /* the SQL column with whose text that is; -1: the person of the page */
};

static const struct sheet_column relation_columns[] = {
    {"kind", N_("relation"), CELL_TEXT},  {"direction", N_("direction"), CELL_TEXT},
    {"person", N_("person"), CELL_COUNT}, {"card", N_("card"), CELL_TEXT},
    {"name", N_("name"), CELL_TEXT},      {"since", N_("since"), CELL_TIME},
};
static const struct sheet_column group_columns[] = {
    {"group", N_("code"), CELL_TEXT},    {"name", N_("group"), CELL_TEXT},
    {"topic", N_("topic"), CELL_TEXT},   {"role", N_("role"), CELL_TEXT},
    {"joined", N_("joined"), CELL_TIME},
};
static const struct sheet_column interest_columns[] = {
    {"topic", N_("topic"), CELL_TEXT},
    {"weight", N_("weight"), CELL_COUNT},
};
static const struct sheet_column label_columns[] = {
    {"label", N_("label"), CELL_TEXT},
    {"as_of", N_("as of"), CELL_TIME},
};

static const struct section_query queries[] = {
    {SECTION_RELATIONS,
     relation_columns,
     6,
     "select r.kind, r.direction, r.other, coalesce(m.card, ''), coalesce(m.name, ''), r.since"
     " from (select kind, 'to' as direction, other, since from relation where person = ?1"
     " union all select kind, 'from', person, since from relation where other = ?1) r"
     " left join member m on m.person = r.other order by 1, 2, 3",
     {0, 0, 0, PERSONAL_CARD + 1, PERSONAL_NAME + 1, 0},
     2},
    {SECTION_GROUPS,
     group_columns,
     5,
     "select c.code, c.name, c.topic, m.role, m.joined from crowd_member m join crowd c"
     " on c.id = m.crowd where m.person = ?1 order by m.joined desc, c.code",
     {0},
     -1},
    {SECTION_INTERESTS,
     interest_columns,
     2,
     "select topic, weight from interest where person = ?1 order by weight desc, topic",
     {0},
     -1},
    {SECTION_LABELS,
     label_columns,
     2,
     "select l.name, nullif(l.as_of, 0) from label l where exists (select 1 from label_member m"
     " where m.label = l.id and m.person = ?1 and l.rule = '') or l.rule <> '' and exists (select 1"
     " from label_people p where p.label = l.id and p.block = ?1 >> 14"
     " and people_has(p.people, ?1)) order by 1",
     {0},
     -1},
};

static struct cell query_cell(const struct access *access, const struct section_query *q,
                              sqlite3_stmt *stmt, int column, uint32_t owner, struct arena *arena)
{
    if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
        return (struct cell){0};
    if (q->columns[column].type != CELL_TEXT)
        return cell_integer(sqlite3_column_int64(stmt, column));
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    if (q->personal[column])
        text = access_text(access, arena, (enum personal)(q->personal[column] - 1), owner, text);
    return cell_text(text && *text ? arena_strdup(arena, text) : NULL);
}

static enum status query_run(struct reader *reader, const struct access *access,
                             const struct section_query *q, uint32_t person, struct arena *arena,
                             struct sheet **sheet, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    *sheet = sheet_new(arena, q->columns, (size_t)q->n_columns);
    if (q->columns == label_columns && people_set_functions(reader_db(reader)) != SQLITE_OK)
        return sqlite_status(reader_db(reader), "reading labels", err);
    enum status status = reader_prepare(reader, q->sql, &stmt, err);
    if (status)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        struct cell *cells = sheet_row_add(*sheet);
        uint32_t owner = q->owner < 0 ? person : (uint32_t)sqlite3_column_int64(stmt, q->owner);
        for (int i = 0; i < q->n_columns; i++)
            cells[i] = query_cell(access, q, stmt, i, owner, arena);
        /* A person's number would undo the pseudonym. */
        if (q->owner >= 0 && access->mask == MASK_PSEUDONYM)
            cells[q->owner] = (struct cell){0};
    }
    sqlite3_reset(stmt);
    (*sheet)->total = (int64_t)(*sheet)->n_rows;
    return status;
}

/* ---- Attributes ---- */

static const struct sheet_column pair_columns[] = {
    {"name", N_("attribute"), CELL_TEXT},
    {"value", N_("value"), CELL_TEXT},
};

static void pair_add(struct sheet *sheet, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    struct cell *cells = sheet_row_add(sheet);
    cells[0] = cell_text(arena_strdup(sheet->arena, name));
    cells[1] = cell_text(arena_strdup(sheet->arena, value));
}

static enum status attributes_of_row(struct reader *reader, const struct access *access,
                                     const struct member_row *row, int32_t today,
                                     struct sheet *sheet, struct error *err)
{
    sqlite3_stmt *stmt;
    bool there;
    struct arena *arena = sheet->arena;
    int age = age_at(row->birth, today);
    pair_add(sheet, "tier", row->tier);
    pair_add(sheet, "gender", row->gender);
    if (age >= 0)
        pair_add(sheet, "age", arena_printf(arena, "%d", age));
    if (age >= 0 && access_mask(access, row->person) == MASK_NONE)
        pair_add(sheet, "birth", date_text(arena, (int32_t)row->birth));
    enum status status = reader_prepare(
        reader, "select income, community, car, house from member where person = ?1", &stmt, err);
    if (status)
        return status;
    static const char *const names[] = {"income", "community", "car", "house"};
    sqlite3_bind_int64(stmt, 1, row->person);
    status = reader_step(reader, stmt, &there, err);
    for (int i = 0; !status && there && i < 4; i++)
        pair_add(sheet, names[i], (const char *)sqlite3_column_text(stmt, i));
    sqlite3_reset(stmt);
    return status;
}

static enum status attributes_read(struct reader *reader, const struct access *access,
                                   const struct member_row *row, int32_t today, struct arena *arena,
                                   struct sheet **sheet, struct error *err)
{
    sqlite3_stmt *stmt;
    bool there;
    *sheet = sheet_new(arena, pair_columns, 2);
    enum status status = attributes_of_row(reader, access, row, today, *sheet, err);
    if (!status)
        status = reader_prepare(reader,
                                "select name, value from attribute where person = ?1 order by name",
                                &stmt, err);
    if (status)
        return status;
    sqlite3_bind_int64(stmt, 1, row->person);
    while ((status = reader_step(reader, stmt, &there, err)) == ST_OK && there) {
        const char *name = column_text(stmt, 0);
        const char *value = column_text(stmt, 1);
        if (personal_attribute(name))
            value = access_text(access, arena, PERSONAL_ADDRESS, row->person, value);
        pair_add(*sheet, name, value);
    }
    sqlite3_reset(stmt);
    (*sheet)->total = (int64_t)(*sheet)->n_rows;
    return status;
}

/* ---- Identities, consents ---- */

/* By what a contact is known to be the person's: the first link that brought it, or the card
 * itself. What was written as evidence may name somebody: who may edit people sees it. */
static void identity_cells(const struct access *access, sqlite3_stmt *stmt, uint32_t person,
                           struct arena *arena, struct cell *cells)
{
    const char *kind = arena_strdup(arena, column_text(stmt, 0));
    bool linked = sqlite3_column_type(stmt, 2) != SQLITE_NULL;
    cells[0] = cell_text(kind);
    cells[1] = cell_text(
        access_text(access, arena, personal_of_identity(kind), person, column_text(stmt, 1)));
    if (!linked)
        cells[2] = cell_text("own");
    else if (access_may(access, RIGHT_PEOPLE_EDIT))
        cells[2] = cell_text(arena_strdup(arena, column_text(stmt, 3)));
    cells[3] = cell_real(linked ? sqlite3_column_double(stmt, 4) : 1);
    if (linked)
        cells[4] = cell_integer(sqlite3_column_int64(stmt, 2));
}

static enum status identities_read(struct reader *reader, const struct access *access,
                                   uint32_t person, struct arena *arena, struct sheet **sheet,
                                   struct error *err)
{
    static const struct sheet_column columns[] = {
        {"kind", N_("kind"), CELL_TEXT},         {"value", N_("value"), CELL_TEXT},
        {"evidence", N_("evidence"), CELL_TEXT}, {"confidence", N_("confidence"), CELL_SHARE},
        {"link", N_("link"), CELL_COUNT},
    };
    sqlite3_stmt *stmt;
    bool row;
    *sheet = sheet_new(arena, columns, sizeof columns / sizeof *columns);
    enum status status = reader_prepare(
        reader,
        "select k.name, c.value, l.id, l.evidence, l.confidence from contact c join contact_kind k"
        " on k.id = c.kind left join link l on l.id = (select min(i.link) from link_identity i"
        " join link a on a.id = i.link and a.undone = 0 where i.value = c.value and i.kind ="
        " c.kind) where c.person = ?1 order by c.kind, c.value",
        &stmt, err);
    if (status)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    while ((status = reader_step(reader, stmt, &row, err)) == ST_OK && row)
        identity_cells(access, stmt, person, arena, sheet_row_add(*sheet));
    sqlite3_reset(stmt);
    (*sheet)->total = (int64_t)(*sheet)->n_rows;
    return status;
}

static void consents_fill(const struct access *access, const struct member_row *row,
                          struct arena *arena, struct sheet **sheet)
{
    static const struct sheet_column columns[] = {
        {"contact", N_("contact"), CELL_TEXT},
        {"consent", N_("consent"), CELL_TEXT},
        {"address", N_("address"), CELL_TEXT},
    };
    const struct {
        const char *contact;
        bool consent;
        const char *address;
    } rows[] = {
        {"sms", row->sms, access_text(access, arena, PERSONAL_PHONE, row->person, row->phone)},
        {"app", row->app, NULL},
        {"wifi", row->wifi, NULL},
    };
    *sheet = sheet_new(arena, columns, 3);
    for (size_t i = 0; row->member && i < 3; i++) {
        struct cell *cells = sheet_row_add(*sheet);
        cells[0] = cell_text(rows[i].contact);
        cells[1] = cell_text(rows[i].consent ? "yes" : "no");
        cells[2] = cell_text(rows[i].address && *rows[i].address ? rows[i].address : NULL);
    }
    (*sheet)->total = (int64_t)(*sheet)->n_rows;
}

enum status sections_of_rows(struct reader *reader, const struct access *access,
                             const struct member_row *row, int32_t today, struct arena *arena,
                             struct sheet **sections, struct error *err)
{
    enum status status =
        attributes_read(reader, access, row, today, arena, &sections[SECTION_ATTRIBUTES], err);
    if (!status)
        status =
            identities_read(reader, access, row->person, arena, &sections[SECTION_IDENTITIES], err);
    for (size_t i = 0; !status && i < sizeof queries / sizeof *queries; i++)
        status = query_run(reader, access, &queries[i], row->person, arena,
                           &sections[queries[i].section], err);
    consents_fill(access, row, arena, &sections[SECTION_CONSENTS]);
    return status;
}
