#include "model/sync/policy.h"

#include "model/base/text.h"
#include "model/event/chunk.h"
#include "model/store/schema.h"
#include "model/sync/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Tables ---- */

/* Rows that no column's rule can say. The key of pseudonyms is nobody's but the hub's; an analyst
 * has no attribute that tells who somebody is (see policy_value). */
static const struct {
    const char *table, *where;
    bool admin; /* of the administrator, too */
} filters[] = {
    {"setting", "name <> 'pseudonym_key'", true},
    {"setting", "name not like 'contact%'", false},
    {"principal", "name = ?2", false},
};

/* A policy_table's condition is one of these by its number of filters. */
static const char *filter_of(enum access_role role, const char *table)
{
    if (strcmp(table, "setting") == 0)
        return role == ACCESS_ADMIN ? filters[0].where
                                    : "name <> 'pseudonym_key' and name not like 'contact%'";
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        if (strcmp(filters[i].table, table) == 0 && (filters[i].admin || role != ACCESS_ADMIN))
            return filters[i].where;
    return NULL;
}

void policy_table(enum access_role role, const struct change_place *place,
                  struct policy_table *table)
{
    *table = (struct policy_table){.place = place};
    for (size_t i = 0; i < n_policy_columns; i++) {
        if (strcmp(policy_columns[i].table, place->table) != 0)
            continue;
        if (!table->columns)
            table->columns = &policy_columns[i];
        if (policy_columns[i].rules[role] != POLICY_OUT)
            table->sent[table->n++] = (unsigned char)table->n_columns;
        table->n_columns++;
    }
    table->where = filter_of(role, place->table);
}

unsigned policy_event_columns_out(enum access_role role)
{
    return role == ACCESS_ANALYST ? 1u << COLUMN_REF | 1u << COLUMN_ADDRESS : 0;
}

bool policy_events(enum access_role role)
{
    return role != ACCESS_TECHNICIAN;
}

void policy_hash(enum access_role role, char hex[SHA256_HEX])
{
    unsigned char digest[SHA256_SIZE];
    struct arena *arena = arena_new();
    struct bytes all = {0};
    char *head = arena_printf(arena, "sync %d schema %d role %s events %d %u\n", SYNC_VERSION,
                              schema_version, roles[role].name, policy_events(role),
                              policy_event_columns_out(role));
    bytes_put(&all, head, strlen(head));
    for (size_t i = 0; i < n_policy_columns; i++) {
        const char *filter = filter_of(role, policy_columns[i].table);
        char *line =
            arena_printf(arena, "%s %s %c %s\n", policy_columns[i].table, policy_columns[i].column,
                         policy_columns[i].rules[role], filter ? filter : "");
        bytes_put(&all, line, strlen(line));
    }
    sha256(all.at, all.n, digest);
    sha256_hex(digest, hex);
    free(all.at);
    arena_free(arena);
}

/* ---- Reading rows ---- */

const char *policy_select(struct arena *arena, const struct policy_table *table,
                          const char *condition, const char *order)
{
    char *sql = arena_printf(arena, "select %s", change_key_sql(arena, table->place));
    for (size_t i = 0; i < table->n; i++)
        sql = arena_printf(arena, "%s, %s", sql, table->columns[table->sent[i]].column);
    return arena_printf(arena, "%s from %s where %s%s%s%s%s", sql, table->place->table, condition,
                        table->where ? " and " : "", table->where ? table->where : "",
                        order ? " order by " : "", order ? order : "");
}

static void text_value(struct policy_value *value, const char *text)
{
    *value = (struct policy_value){.type = SQLITE_TEXT, .bytes = text, .size = strlen(text)};
}

/* contact_kind's rows, which never change. */
static const char *kind_name(int64_t kind)
{
    static const char *const names[] = {"", "card", "phone", "app", "wifi", "payment"};
    return kind >= 1 && kind <= 5 ? names[kind] : "";
}

static const char *stmt_text(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    return text ? text : "";
}

/* The digits of a number, behind `at`; returns where they end. */
static char *digits_put(char *at, uint64_t number)
{
    char digits[20];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + number % 10);
    while (number /= 10);
    while (n)
        *at++ = digits[--n];
    return at;
}

/* "SHOWN#KEY", or "SHOWN#KEY.NUMBER". By the million, so without printf. */
static void numbered_value(struct policy_value *value, struct arena *arena, const char *shown,
                           int64_t key, int number)
{
    size_t n = strlen(shown);
    char *text = arena_alloc(arena, n + 44), *at = text + n;
    memcpy(text, shown, n);
    *at++ = '#';
    at = digits_put(at, (uint64_t)key);
    if (number >= 0) {
        *at++ = '.';
        at = digits_put(at, (uint64_t)number);
    }
    *value = (struct policy_value){.type = SQLITE_TEXT, .bytes = text, .size = (size_t)(at - text)};
}

static const char *masked_contact(struct arena *arena, enum personal personal, const char *text)
{
    return personal == PERSONAL_CARD    ? mask_card(arena, text)
           : personal == PERSONAL_PHONE ? mask_phone(arena, text)
                                        : mask_address(arena, text);
}

/* The column of the statement with the kind of contact or the attribute's name: both are the first
 * but one in their tables, and sent to whoever gets the value. */
static bool value_masked(char rule, const struct policy_row *row, int column,
                         struct policy_value *value)
{
    struct arena *arena = row->arena;
    const char *text = stmt_text(row->stmt, column), *shown;
    bool analyst = row->access->mask == MASK_PSEUDONYM;
    switch ((enum policy_rule)rule) {
    case POLICY_NAME:
        text_value(value, mask_name(arena, text));
        return true;
    case POLICY_PHONE:
        text_value(value, mask_phone(arena, text));
        return true;
    case POLICY_CARD:
        numbered_value(value, arena, mask_card(arena, text), row->key, -1);
        return true;
    case POLICY_CONTACT:
        shown = masked_contact(
            arena, personal_of_identity(kind_name(sqlite3_column_int64(row->stmt, 1))), text);
        numbered_value(value, arena, analyst ? "" : shown, row->key, row->number);
        return true;
    case POLICY_ATTRIBUTE:
        if (!personal_attribute(stmt_text(row->stmt, column - 1)))
            text_value(value, text);
        else if (analyst)
            return false;
        else
            text_value(value, mask_address(arena, text));
        return true;
    case POLICY_PSEUDONYM: {
        char word[PSEUDONYM_SIZE];
        pseudonym_write(row->access->key, (uint32_t)row->key, word);
        text_value(value, arena_strdup(arena, word));
        return true;
    }
    case POLICY_NUMBER:
        numbered_value(value, arena, "", row->key, -1);
        return true;
    case POLICY_KEEP:
    case POLICY_OUT:
        break;
    }
    return false;
}

bool policy_value(const struct policy_table *table, const struct policy_row *row, size_t i,
                  struct policy_value *value)
{
    int column = (int)i + 1;
    char rule = table->columns[table->sent[i]].rules[row->access->role];
    *value = (struct policy_value){.type = sqlite3_column_type(row->stmt, column)};
    if (rule != POLICY_KEEP)
        return value->type == SQLITE_NULL || value_masked(rule, row, column, value);
    switch (value->type) {
    case SQLITE_INTEGER:
        value->integer = sqlite3_column_int64(row->stmt, column);
        break;
    case SQLITE_FLOAT:
        value->real = sqlite3_column_double(row->stmt, column);
        break;
    case SQLITE_TEXT:
    case SQLITE_BLOB:
        value->bytes = sqlite3_column_blob(row->stmt, column);
        value->size = (size_t)sqlite3_column_bytes(row->stmt, column);
        break;
    default:
        break;
    }
    return true;
}

uint32_t policy_person_of_card(const char *card)
{
    const char *mark = strrchr(card, '#');
    int64_t number;
    if (!mark || strncmp(card, "*****", 5) != 0 ||
        !text_to_int64(mark + 1, strlen(mark + 1), &number) || number < 1 || number > UINT32_MAX)
        return 0;
    return (uint32_t)number;
}
