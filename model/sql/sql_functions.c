/* The functions that views and questions call. All are deterministic and read nothing. */
#include "model/sql/sql_connection.h"

#include "model/people/member_row.h"
#include "model/people/people_set.h"

#include <string.h>

static struct sql_connection *connection_of(sqlite3_context *context)
{
    return sqlite3_user_data(context);
}

static const struct mall *mall_of(sqlite3_context *context)
{
    return reader_mall(connection_of(context)->asker);
}

static void give_text(sqlite3_context *context, const char *text)
{
    if (text)
        sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
    else
        sqlite3_result_null(context);
}

/* ---- Masks ---- */

static void give_masked(sqlite3_context *context, enum personal what, sqlite3_value *owner,
                        sqlite3_value *value)
{
    struct arena *arena = arena_new();
    give_text(context, access_text(connection_of(context)->access, arena, what,
                                   (uint32_t)sqlite3_value_int64(owner),
                                   (const char *)sqlite3_value_text(value)));
    arena_free(arena);
}

static void fn_mask(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n;
    int what = sqlite3_value_int(values[0]);
    if (what >= PERSONAL_NAME && what <= PERSONAL_ADDRESS)
        give_masked(context, (enum personal)what, values[1], values[2]);
}

static const char *text_of(sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);
    return text ? text : "";
}

/* An empty kind is nobody's identity: shown as it is. */
static void fn_identity(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n;
    const char *kind = text_of(values[0]);
    uint32_t owner = (uint32_t)sqlite3_value_int64(values[1]);
    bool analyst = connection_of(context)->access->mask == MASK_PSEUDONYM;
    if (!*kind)
        sqlite3_result_value(context, values[2]);
    else if (!(analyst && !owner))
        give_masked(context, personal_of_identity(kind), values[1], values[2]);
}

static void fn_attribute(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n;
    if (personal_attribute(text_of(values[0])))
        give_masked(context, PERSONAL_ADDRESS, values[1], values[2]);
    else
        sqlite3_result_value(context, values[2]);
}

/* A number in place of the person's, the same in all answers: the pseudonym's digits as a number.
 */
static void fn_person(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n;
    char text[PSEUDONYM_SIZE];
    int64_t person = sqlite3_value_int64(values[0]);
    if (sqlite3_value_type(values[0]) == SQLITE_NULL)
        return;
    if (person == 0) {
        sqlite3_result_int64(context, 0); /* nobody */
        return;
    }
    pseudonym_write(connection_of(context)->access->key, (uint32_t)person, text);
    sqlite3_result_int64(context, pseudonym_number(text));
}

/* ---- Times ---- */

static bool is_integer(sqlite3_value *value)
{
    return sqlite3_value_numeric_type(value) == SQLITE_INTEGER;
}

/* Years 1 to 9999: what a calendar here can write. */
static bool is_time(sqlite3_value *value)
{
    int64_t time = is_integer(value) ? sqlite3_value_int64(value) : INT64_MIN;
    return time >= -62135596800 && time < 253402300800;
}

static void fn_day(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n;
    if (!is_time(values[0]))
        return;
    struct arena *arena = arena_new();
    give_text(context, date_text(arena, clock_day(&mall_of(context)->clock,
                                                  sqlite3_value_int64(values[0]))));
    arena_free(arena);
}

static void fn_month(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n;
    if (!is_time(values[0]))
        return;
    int32_t month = clock_month(&mall_of(context)->clock, sqlite3_value_int64(values[0]));
    struct arena *arena = arena_new();
    give_text(context, arena_printf(arena, "%04d-%02d", month / 12, month % 12 + 1));
    arena_free(arena);
}

static void fn_weekday(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n;
    if (is_time(values[0]))
        sqlite3_result_int(context, date_weekday(clock_day(&mall_of(context)->clock,
                                                           sqlite3_value_int64(values[0]))));
}

static void fn_hour(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n;
    if (is_time(values[0]))
        sqlite3_result_int(context,
                           clock_hour(&mall_of(context)->clock, sqlite3_value_int64(values[0])));
}

static void fn_time(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n;
    if (!is_time(values[0]))
        return;
    struct arena *arena = arena_new();
    give_text(context, time_local(arena, mall_of(context)->zone, sqlite3_value_int64(values[0])));
    arena_free(arena);
}

static void fn_date(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n;
    int64_t day = is_integer(values[0]) ? sqlite3_value_int64(values[0]) : INT64_MIN;
    if (day < -719162 || day > 2932896)
        return;
    struct arena *arena = arena_new();
    give_text(context, date_text(arena, (int32_t)day));
    arena_free(arena);
}

static void fn_age(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n;
    int age = is_integer(values[0])
                  ? age_at(sqlite3_value_int64(values[0]), connection_of(context)->today)
                  : -1;
    if (age >= 0)
        sqlite3_result_int(context, age);
}

static void fn_seconds(sqlite3_context *context, int n, sqlite3_value **values)
{
    (void)n;
    int64_t time;
    const char *text = text_of(values[0]);
    if (time_parse(mall_of(context)->zone, text, strlen(text), &time))
        sqlite3_result_int64(context, time);
}

int sql_functions_add(struct sql_connection *c, sqlite3 *db, bool masks)
{
    enum { MASKS = 4 }; /* the first of them */
    static const struct {
        const char *name;
        int arguments;
        void (*call)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {
        {"atrium_mask", 3, fn_mask},
        {"atrium_identity", 3, fn_identity},
        {"atrium_attribute", 3, fn_attribute},
        {"atrium_person", 1, fn_person},
        {"mall_day", 1, fn_day},
        {"mall_hour", 1, fn_hour},
        {"mall_month", 1, fn_month},
        {"mall_weekday", 1, fn_weekday},
        {"mall_time", 1, fn_time},
        {"mall_date", 1, fn_date},
        {"mall_age", 1, fn_age},
        {"mall_seconds", 1, fn_seconds},
    };
    int code = people_set_functions(db);
    size_t n = sizeof functions / sizeof *functions;
    for (size_t i = masks ? 0 : MASKS; code == SQLITE_OK && i < n; i++)
        code = sqlite3_create_function_v2(db, functions[i].name, functions[i].arguments,
                                          SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, c,
                                          functions[i].call, NULL, NULL, NULL);
    return code;
}
