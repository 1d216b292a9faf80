#include "views/cli/people_list.h"
#include "model/store/column.h"

#include <inttypes.h>

enum status cli_people_access(struct cli *cli, struct access *access, struct error *err)
{
    struct reader *reader;
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = access_lookup(reader, cli->principal, access, err);
    if (status == ST_OK)
        status = access_require(access, RIGHT_PEOPLE_SEE, "list people", err);
    return status;
}

enum status cli_subject(struct cli *cli, const struct access *access, uint32_t person,
                        const char **subject, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    *subject = arena_printf(cli->arena, "#%" PRIu32, person);
    enum status status = reader_prepare(
        cli->reader,
        "select value from identity where person = ?1 order by kind <> 'card', kind, value limit 1",
        &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    status = reader_step(cli->reader, stmt, &row, err);
    if (status == ST_OK && row) {
        const char *text = access_text(access, cli->arena, PERSONAL_CARD, person,
                                       arena_strdup(cli->arena, column_text(stmt, 0)));
        *subject = text ? text : *subject;
    }
    sqlite3_reset(stmt);
    return status;
}
