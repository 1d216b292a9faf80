/* atrium member consent, erase, erasures. */
#include "model/base/text.h"
#include "model/people/consent.h"
#include "model/people/erase.h"
#include "model/people/member_page.h"
#include "model/store/column.h"
#include "views/cli/member_verbs.h"

#include <string.h>

/* ---- consent ---- */

static enum status consent_option(struct cli *cli, enum consent_contact contact,
                                  struct consent_change *change, struct error *err)
{
    const char *text = cli_value(cli, consent_names[contact]);
    if (!text)
        return ST_OK;
    change->set[contact] = true;
    change->given[contact] = strcmp(text, "yes") == 0;
    if (change->given[contact] || strcmp(text, "no") == 0)
        return ST_OK;
    return error_set(err, ST_USAGE, "--%s: found %s, expected yes or no", consent_names[contact],
                     text_quote(cli->arena, text, strlen(text)));
}

static enum status card_of(struct cli *cli, struct reader *reader, uint32_t person,
                           const char **card, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = false;
    enum status status =
        reader_prepare(reader, "select card from member where person = ?1", &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, person);
    status = reader_step(reader, stmt, &row, err);
    if (status == ST_OK && row)
        *card = arena_strdup(cli->arena, column_text(stmt, 0));
    sqlite3_reset(stmt);
    if (status == ST_OK && !row)
        return error_set(err, ST_REFUSED, "a visitor without a card has no consents to change");
    return status;
}

enum status cli_member_consent(struct cli *cli, struct reader *reader, struct access *access,
                               struct error *err)
{
    const char *source = cli_value(cli, "source");
    struct consent_change change = {.source = source ? source : "command line"};
    struct sheet *sheet;
    struct writer *writer;
    uint32_t person;
    enum status status = member_resolve(reader, access, cli->args[1], &person, err);
    for (int i = 0; i < CONSENT_COUNT && status == ST_OK; i++)
        status = consent_option(cli, (enum consent_contact)i, &change, err);
    if (status == ST_OK && (change.set[0] || change.set[1] || change.set[2])) {
        status = card_of(cli, reader, person, &change.card, err);
        if (status == ST_OK)
            status = cli_writer(cli, &writer, err);
        if (status == ST_OK)
            status = consent_set(writer, access, &change, NULL, err);
    }
    if (status == ST_OK)
        status = consent_history(reader, person, cli->arena, &sheet, err);
    return status == ST_OK ? cli_print_sheet(cli, "consents", sheet, err) : status;
}

/* ---- erase ---- */

static enum status receipt_print(struct cli *cli, const struct erasure *erasure, bool done,
                                 struct error *err)
{
    if (cli->json) {
        json_t *document =
            json_pack("{s:b, s:s, s:o, s:b, s:b, s:I}", "done", done, "receipt", erasure->id,
                      "rows", cli_sheet_json(cli, erasure->sheet), "rewritten", erasure->rewritten,
                      "log_left", erasure->log_left, "replicas", (json_int_t)erasure->replicas);
        return cli_print_json(cli, document, err);
    }
    if (!cli->csv)
        cli_say(cli, "%s",
                done ? arena_printf(cli->arena, "receipt %s", erasure->id)
                     : "this would go, for good:");
    enum status status = cli_print_sheet(cli, "rows", erasure->sheet, err);
    if (status != ST_OK || cli->csv)
        return status;
    if (!done)
        cli_say(cli, "nothing was removed; --reason TEXT --yes removes it, and nothing brings it "
                     "back");
    if (erasure->rewritten)
        cli_say(cli, "unused parts of the file held copies: it was rewritten");
    if (erasure->replicas)
        cli_say(cli,
                "%s replicas have to pull yet: `atrium hub list` says which, and `atrium member "
                "erasures` when none is left",
                text_count(cli->arena, erasure->replicas));
    if (erasure->log_left)
        cli_say(cli, "somebody has the mall open: what their log holds goes when they close it");
    return ST_OK;
}

enum status cli_member_erase(struct cli *cli, struct reader *reader, struct access *access,
                             struct error *err)
{
    const char *reason = cli_value(cli, "reason");
    bool sure = cli_switch(cli, "yes");
    struct erasure erasure;
    struct writer *writer;
    uint32_t person;
    if (sure && !reason)
        return error_set(err, ST_USAGE, "--reason: an erasure keeps why it was done");
    enum status status = member_resolve(reader, access, cli->args[1], &person, err);
    if (status == ST_OK)
        status = cli_writer(cli, &writer, err);
    if (status == ST_OK && sure)
        status = member_erase(writer, access, person, reason, cli->arena, &erasure, err);
    else if (status == ST_OK)
        status = member_erase_preview(reader, writer, access, person, cli->arena, &erasure, err);
    return status == ST_OK ? receipt_print(cli, &erasure, sure, err) : status;
}

enum status cli_member_erasures(struct cli *cli, struct reader *reader, struct access *access,
                                struct error *err)
{
    struct sheet *sheet;
    enum status status = access_require(access, RIGHT_PEOPLE_EDIT, "read erasures", err);
    if (status == ST_OK)
        status = erasure_list(reader, cli->arena, &sheet, err);
    return status == ST_OK ? cli_print_sheet(cli, "erasures", sheet, err) : status;
}
