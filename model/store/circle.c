#include "model/store/circle.h"

#include "model/base/text.h"
#include "model/store/column.h"

#include <string.h>

/* From ?2 on, until ?1 comes or there is nothing further. A circle that ?1 is no part of has no
 * end: a way over so many is none either. */
static const char way_sql[] =
    "with recursive way (id, n) as (select ?2, 1 union all select d.bastion, n + 1 from way"
    " join device d on d.id = way.id where way.id <> ?1 and d.bastion <> 0 and n < 1000)"
    " select d.id, d.code from way join device d on d.id = way.id order by n";

enum { NAMED = 8 };

static const char *name_of(struct arena *arena, sqlite3_stmt *stmt)
{
    const char *code = column_text(stmt, 1);
    return text_quote(arena, code, strlen(code));
}

enum status circle_check(struct writer *writer, int64_t id, int64_t to, struct error *err)
{
    struct arena *arena = arena_new();
    const char *names = "", *name = "";
    sqlite3_stmt *stmt;
    bool circle = false;
    enum status status = writer_prepare(writer, way_sql, &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, id);
        sqlite3_bind_int64(stmt, 2, to);
        for (int n = 0; sqlite3_step(stmt) == SQLITE_ROW; n++) {
            name = name_of(arena, stmt);
            circle = sqlite3_column_int64(stmt, 0) == id;
            if (!circle && n < NAMED)
                names = arena_printf(arena, "%s%s, ", names, name);
            else if (n == NAMED)
                names = arena_printf(arena, "%s..., ", names);
        }
        sqlite3_reset(stmt);
    }
    if (status == ST_OK && circle)
        status = error_set(err, ST_REFUSED, "bastions in a circle: %s, %s%s", name, names, name);
    arena_free(arena);
    return status;
}
