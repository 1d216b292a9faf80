/* What atrium value prints. */
#include "views/cli/value.h"

#include "model/base/text.h"
#include "views/cli/people_list.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static json_t *real_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *money_json(double fen)
{
    return isfinite(fen) ? json_real(fen / 100) : json_null();
}

/* ---- People ---- */

enum { PERSON_COLUMNS = 8 };
static const struct sheet_column person_columns[PERSON_COLUMNS] = {
    {"subject", NULL, CELL_TEXT},     {"x", "x", CELL_COUNT},
    {"tx", "tx", CELL_REAL, 1},       {"T", "T", CELL_REAL, 1},
    {"money", NULL, CELL_MONEY},      {"alive", NULL, CELL_SHARE},
    {"expected", NULL, CELL_REAL, 2}, {"expected_money", "expected money", CELL_MONEY}};

static enum status person_row(struct cli *cli, const struct value *value,
                              const struct access *access, const struct value_person *p,
                              struct cell *cells, struct error *err)
{
    const char *subject = arena_printf(cli->arena, "#%" PRIu32, p->person);
    enum status status = access ? cli_subject(cli, access, p->person, &subject, err) : ST_OK;
    cells[0] = cell_text(subject);
    cells[1] = cell_integer(p->x);
    if (access) {
        cells[2] = cell_real(p->last / value->query.unit);
        cells[3] = cell_real(p->until / value->query.unit);
    }
    cells[4] = cell_integer(p->money);
    cells[5] = cell_real(p->alive);
    cells[6] = cell_real(p->expected);
    if (isfinite(p->worth))
        cells[7] = cell_integer(llround(p->worth));
    return status;
}

static enum status top_sheet(struct cli *cli, const struct value *value,
                             const struct access *access, size_t top, struct sheet **sheet,
                             struct error *err)
{
    enum status status = ST_OK;
    *sheet = sheet_new(cli->arena, person_columns, PERSON_COLUMNS);
    for (size_t i = 0; i < top && i < value->n && status == ST_OK; i++)
        status = person_row(cli, value, access, &value->people[value->order[i]],
                            sheet_row_add(*sheet), err);
    return status;
}

static int person_find(const void *key, const void *of)
{
    uint32_t a = *(const uint32_t *)key, b = ((const struct value_person *)of)->person;
    return a < b ? -1 : a > b;
}

static enum status person_sheet(struct cli *cli, const struct value *value,
                                const struct access *access, uint32_t person, struct sheet **sheet,
                                struct error *err)
{
    const struct value_person *p =
        bsearch(&person, value->people, value->n, sizeof *value->people, person_find);
    *sheet = sheet_new(cli->arena, person_columns, PERSON_COLUMNS);
    if (!p)
        return error_set(err, ST_REFUSED,
                         "this person has bought nothing until then: nothing can be expected");
    return person_row(cli, value, access, p, sheet_row_add(*sheet), err);
}

/* ---- Deciles ---- */

static struct sheet *deciles_sheet(struct cli *cli, const struct value *value,
                                   const struct access *access)
{
    static const struct sheet_column columns[] = {{"decile", NULL, CELL_COUNT},
                                                  {"people", NULL, CELL_COUNT},
                                                  {"alive", NULL, CELL_SHARE},
                                                  {"expected", NULL, CELL_REAL, 2},
                                                  {"expected_money", "expected money", CELL_MONEY},
                                                  {"money", "money so far", CELL_MONEY},
                                                  {"held_purchases", "held out", CELL_COUNT},
                                                  {"held_money", "held out money", CELL_MONEY}};
    bool held = value->query.calibration < value->query.at;
    struct sheet *sheet = sheet_new(cli->arena, columns, held ? 8 : 6);
    for (int d = 0; d < VALUE_DECILES; d++) {
        const struct value_group *group = &value->deciles[d];
        struct cell *cells = sheet_row_add(sheet);
        bool hidden = access && small_group(access, group->people);
        cells[0] = cell_integer(d + 1);
        for (size_t k = 1; hidden && k < sheet->n_columns; k++)
            cells[k] = small_group_cell(access, group->people, true, cells[k]);
        if (hidden)
            continue;
        cells[1] = cell_integer(group->people);
        cells[2] = cell_share(group->alive, (double)group->people);
        cells[3] = cell_real(group->expected);
        if (value->money_known)
            cells[4] = cell_integer(llround(group->worth));
        cells[5] = cell_integer(group->money);
        if (!held)
            continue;
        cells[6] = cell_integer(group->held);
        cells[7] = cell_integer(group->held_money);
    }
    return sheet;
}

/* ---- JSON ---- */

static json_t *parameters_json(const struct value *value)
{
    const struct bgnbd *m = &value->fit.model;
    return json_pack("{s:f, s:f, s:f, s:f}", "r", m->r, "alpha", m->alpha, "a", m->a, "b", m->b);
}

static json_t *spend_json(const struct value *value)
{
    const struct spend *m = &value->spend.model;
    if (!(m->p > 0))
        return json_null();
    json_t *spend =
        json_pack("{s:f, s:f, s:f, s:I, s:b}", "p", m->p, "q", m->q, "v", m->v, "people",
                  (json_int_t)value->paying, "converged", value->spend.converged);
    json_object_set_new(spend, "log_likelihood", real_json(value->spend.log_likelihood));
    json_object_set_new(spend, "mean", real_json(spend_expected(m, 0, 0)));
    return spend;
}

static void times_json(struct cli *cli, const struct value *value, json_t *document)
{
    const struct zone *zone = cli->mall->zone;
    json_object_set_new(document, "at",
                        json_string(time_rfc3339(cli->arena, zone, value->query.at)));
    json_object_set_new(document, "calibration",
                        json_string(time_rfc3339(cli->arena, zone, value->query.calibration)));
    if (value->query.calibration < value->query.at)
        json_object_set_new(document, "holdout",
                            json_pack("{s:I, s:f}", "purchases", (json_int_t)value->all.held,
                                      "money", (double)value->all.held_money / 100));
}

static json_t *bands_json(const struct value *value, const struct access *access)
{
    json_t *bands = json_array();
    bool hidden[VALUE_BANDS] = {false};
    if (access)
        small_groups(access, value->bands, VALUE_BANDS, hidden);
    for (int i = 0; i < VALUE_BANDS; i++)
        json_array_append_new(bands, hidden[i] ? json_null() : json_integer(value->bands[i]));
    return bands;
}

static json_t *slipping_json(const struct value *value, const struct access *access)
{
    if (access && small_group(access, value->slipping))
        return json_null();
    return json_pack("{s:I, s:f, s:f}", "people", (json_int_t)value->slipping, "money",
                     value->slipping_money / 100, "from", value->loyal / 100);
}

static json_t *document_json(struct cli *cli, const struct value *value,
                             const struct access *access)
{
    json_t *document = json_object();
    if (access)
        times_json(cli, value, document);
    json_object_set_new(document, "unit_days", real_json(value->query.unit));
    json_object_set_new(document, "horizon", real_json(value->query.horizon));
    json_object_set_new(document, "people", json_integer((json_int_t)value->n));
    json_object_set_new(document, "repeaters", json_integer(value->repeaters));
    json_object_set_new(document, "parameters", parameters_json(value));
    json_object_set_new(document, "log_likelihood", real_json(value->fit.log_likelihood));
    json_object_set_new(document, "converged", json_boolean(value->fit.converged));
    json_object_set_new(document, "at_bound", json_boolean(value->fit.bound));
    json_object_set_new(document, "spend", spend_json(value));
    json_object_set_new(document, "alive", real_json(value->all.alive));
    json_object_set_new(document, "expected_purchases", real_json(value->all.expected));
    json_object_set_new(document, "expected_money",
                        money_json(value->money_known ? value->all.worth : NAN));
    json_object_set_new(document, "alive_bands", bands_json(value, access));
    json_object_set_new(document, "slipping", slipping_json(value, access));
    json_object_set_new(document, "deciles",
                        cli_sheet_json(cli, deciles_sheet(cli, value, access)));
    return document;
}

/* ---- For people ---- */

static void words_print(struct cli *cli, const struct value *value, const struct access *access)
{
    const struct bgnbd *m = &value->fit.model;
    cli_say(cli, "%s people, %s of them bought again; unit %g days, looking %g units ahead",
            text_count(cli->arena, (int64_t)value->n), text_count(cli->arena, value->repeaters),
            value->query.unit, value->query.horizon);
    cli_say(cli, "r %.5f  alpha %.5f  a %.5f  b %.5f  log likelihood %.3f%s", m->r, m->alpha, m->a,
            m->b, value->fit.log_likelihood,
            value->fit.bound       ? "  (a parameter ran away: these data do not tell)"
            : value->fit.converged ? ""
                                   : "  (not converged)");
    if (value->spend.model.p > 0)
        cli_say(cli, "spend: p %.5f  q %.5f  v %.5f  from %s people", value->spend.model.p,
                value->spend.model.q, value->spend.model.v, text_count(cli->arena, value->paying));
    cli_say(cli, "alive %s, expected purchases %.1f, money %s; slipping away %s people",
            text_count(cli->arena, llround(value->all.alive)), value->all.expected,
            value->money_known ? text_money(cli->arena, llround(value->all.worth)) : "–",
            access && small_group(access, value->slipping)
                ? small_group_text(access, cli->arena, value->slipping)
                : text_count(cli->arena, value->slipping));
}

enum status value_print(struct cli *cli, const struct value *value, const struct access *access,
                        const uint32_t *person, size_t top, struct error *err)
{
    struct sheet *people = NULL;
    const char *key = person ? "member" : "top";
    enum status status = person ? person_sheet(cli, value, access, *person, &people, err)
                                : top_sheet(cli, value, access, top, &people, err);
    if (status != ST_OK)
        return status;
    if (cli->json) {
        json_t *document = document_json(cli, value, access);
        json_t *rows = cli_sheet_json(cli, people);
        if (person)
            json_object_set(document, key, json_array_get(rows, 0));
        else
            json_object_set(document, key, rows);
        json_decref(rows);
        return cli_print_json(cli, document, err);
    }
    if (cli->csv)
        return cli_print_sheet(cli, key, people, err);
    words_print(cli, value, access);
    status =
        person ? ST_OK : cli_print_sheet(cli, "deciles", deciles_sheet(cli, value, access), err);
    return status == ST_OK && people->n_rows ? cli_print_sheet(cli, key, people, err) : status;
}
