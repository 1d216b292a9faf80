/* Values of fields: from JSON to a column, with its range, and back for the audit. */
#include "model/base/text.h"
#include "model/store/operation_parts.h"

#include <string.h>

bool field_is_column(const struct entity_field *field)
{
    return field->type != FIELD_PEOPLE;
}

const char *reference_code(const char *entity)
{
    return strcmp(entity, "channel") == 0 ? "name" : "code";
}

static enum status refuse(struct change *change, const struct entity_field *field, json_t *given,
                          const char *expected, struct error *err)
{
    const char *text =
        json_is_string(given) ? json_string_value(given) : json_line(change->arena, given);
    return error_set(err, ST_REFUSED, "%s of %s: found %s, expected %s", field->name,
                     change_target(change), text_quote(change->arena, text, strlen(text)),
                     expected);
}

static bool is_empty(json_t *given)
{
    return json_is_null(given) || (json_is_string(given) && json_string_length(given) == 0);
}

static bool lines_valid(const char *text, size_t n)
{
    for (const char *at = text, *end = text + n, *stop; at < end; at = stop + 1) {
        stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        if (!text_valid(at, (size_t)(stop - at)))
            return false;
    }
    return true;
}

static enum status text_take(struct change *change, const struct entity_field *field, json_t *given,
                             struct value *value, struct error *err)
{
    size_t n = json_string_length(given);
    if (json_is_string(given) &&
        (change->restoring ||
         (n >= (size_t)field->least && n <= (size_t)field->most &&
          (field->lines ? lines_valid : text_valid)(json_string_value(given), n)))) {
        value->text = arena_strndup(change->arena, json_string_value(given), n);
        return ST_OK;
    }
    return refuse(change, field, given,
                  arena_printf(change->arena, "text of %lld to %lld bytes%s",
                               (long long)field->least, (long long)field->most,
                               field->lines ? "" : " on one line"),
                  err);
}

static enum status integer_take(struct change *change, const struct entity_field *field,
                                json_t *given, struct value *value, struct error *err)
{
    bool read = json_is_integer(given);
    if (read)
        value->integer = json_integer_value(given);
    else if (json_is_string(given) && field->type == FIELD_MONEY)
        read = text_to_fen(json_string_value(given), json_string_length(given), &value->integer);
    else if (json_is_string(given))
        read = text_to_int64(json_string_value(given), json_string_length(given), &value->integer);
    if (read &&
        (change->restoring || (value->integer >= field->least && value->integer <= field->most)))
        return ST_OK;
    return refuse(change, field, given,
                  arena_printf(change->arena, "a whole number from %lld to %lld",
                               (long long)field->least, (long long)field->most),
                  err);
}

static enum status bool_take(struct change *change, const struct entity_field *field, json_t *given,
                             struct value *value, struct error *err)
{
    static const struct {
        const char *word;
        bool is;
    } words[] = {{"yes", true}, {"no", false}, {"true", true}, {"false", false},
                 {"1", true},   {"0", false},  {"on", true},   {"off", false}};
    if (json_is_boolean(given)) {
        value->integer = json_is_true(given);
        return ST_OK;
    }
    if (json_is_integer(given) && (json_integer_value(given) & ~1LL) == 0) {
        value->integer = json_integer_value(given);
        return ST_OK;
    }
    for (size_t i = 0; json_is_string(given) && i < sizeof words / sizeof *words; i++)
        if (text_equal_nocase(json_string_value(given), words[i].word)) {
            value->integer = words[i].is;
            return ST_OK;
        }
    return refuse(change, field, given, "yes or no", err);
}

static enum status date_take(struct change *change, const struct entity_field *field, json_t *given,
                             struct value *value, struct error *err)
{
    struct zone *utc;
    int64_t seconds = 0;
    if (zone_load("UTC", &utc, err) != ST_OK)
        return ST_REFUSED;
    bool good = json_is_string(given) && json_string_length(given) == 10 &&
                time_parse(utc, json_string_value(given), 10, &seconds) && seconds % 86400 == 0;
    zone_free(utc);
    value->integer = seconds / 86400;
    return good ? ST_OK : refuse(change, field, given, "a date such as 1990-05-01", err);
}

static enum status time_take(struct change *change, const struct entity_field *field, json_t *given,
                             struct value *value, struct error *err)
{
    static const int64_t least = -2208988800, most = 253402300799; /* 1900 .. 9999 */
    const struct zone *zone = writer_mall(change->writer)->zone;
    bool good = json_is_integer(given);
    if (good)
        value->integer = json_integer_value(given);
    else if (json_is_string(given))
        good =
            time_parse(zone, json_string_value(given), json_string_length(given), &value->integer);
    if (good && value->integer >= least && value->integer <= most)
        return ST_OK;
    return refuse(change, field, given, "a time such as 2024-10-17 11:15:00", err);
}

static bool word_among(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = words; *at;) {
        size_t length = strcspn(at, " ");
        if (length == n && memcmp(at, word, n) == 0)
            return true;
        at += length + (at[length] == ' ');
    }
    return false;
}

static enum status choice_take(struct change *change, const struct entity_field *field,
                               json_t *given, struct value *value, struct error *err)
{
    if (is_empty(given) && field->least == 0) {
        value->text = "";
        return ST_OK;
    }
    if (json_is_string(given) &&
        (change->restoring || word_among(field->choices, json_string_value(given)))) {
        value->text = arena_strdup(change->arena, json_string_value(given));
        return ST_OK;
    }
    return refuse(change, field, given, arena_printf(change->arena, "one of: %s", field->choices),
                  err);
}

static enum status reference_take(struct change *change, const struct entity_field *field,
                                  json_t *given, struct value *value, struct error *err)
{
    if (is_empty(given)) {
        value->integer = 0;
        return ST_OK;
    }
    char *expected = arena_printf(change->arena, "the %s of a known %s",
                                  reference_code(field->choices), field->choices);
    if (!json_is_string(given))
        return refuse(change, field, given, expected, err);
    sqlite3_stmt *stmt;
    char *sql = arena_printf(change->arena, "select id from %s where %s = ?1", field->choices,
                             reference_code(field->choices));
    enum status status = writer_prepare(change->writer, sql, &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_text(stmt, 1, json_string_value(given), -1, SQLITE_STATIC);
    int code = sqlite3_step(stmt);
    value->integer = code == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        status = sqlite_status(writer_db(change->writer), "looking up a reference", err);
    sqlite3_reset(stmt);
    if (status == ST_OK && value->integer == 0)
        status = refuse(change, field, given, expected, err);
    return status;
}

static enum status people_take(struct change *change, const struct entity_field *field,
                               json_t *given, struct value *value, struct error *err)
{
    size_t i;
    json_t *card;
    bool good = json_is_array(given) && json_array_size(given) <= PEOPLE_AT_ONCE;
    if (good)
        json_array_foreach(given, i, card) good = good && json_is_string(card);
    if (!good)
        return refuse(change, field, json_is_array(given) ? json_array_get(given, 0) : given,
                      arena_printf(change->arena, "a list of at most %d cards", PEOPLE_AT_ONCE),
                      err);
    value->people = given;
    return ST_OK;
}

enum status value_parse(struct change *change, const struct entity_field *field, json_t *given,
                        struct value *value, struct error *err)
{
    *value = (struct value){.set = true};
    switch (field->type) {
    case FIELD_TEXT:
        return text_take(change, field, given, value, err);
    case FIELD_INTEGER:
    case FIELD_MONEY:
        return integer_take(change, field, given, value, err);
    case FIELD_BOOL:
        return bool_take(change, field, given, value, err);
    case FIELD_DATE:
        value->null = is_empty(given);
        return value->null ? ST_OK : date_take(change, field, given, value, err);
    case FIELD_TIME:
        value->null = is_empty(given);
        return value->null ? ST_OK : time_take(change, field, given, value, err);
    case FIELD_CHOICE:
        return choice_take(change, field, given, value, err);
    case FIELD_REFERENCE:
        return reference_take(change, field, given, value, err);
    case FIELD_PEOPLE:
        return people_take(change, field, given, value, err);
    }
    return error_set(err, ST_REFUSED, "%s: this field has no type", field->name);
}

json_t *value_canonical(const struct change *change, const struct entity_field *field,
                        const struct value *value)
{
    if (value->null)
        return json_null();
    if (field->type == FIELD_BOOL)
        return json_boolean(value->integer != 0);
    if (field->type == FIELD_DATE)
        return json_string(date_text(change->arena, (int32_t)value->integer));
    if (value->text)
        return json_string(value->text);
    return json_integer(value->integer);
}
