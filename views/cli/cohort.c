#include "views/cli/cohort.h"

#include "model/base/text.h"
#include "model/segment/segment.h"
#include "views/cli/people_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum status cohort_length(struct cli *cli, enum bucket_length *length, struct error *err)
{
    const char *text = cli_value(cli, "period");
    *length = BUCKET_MONTH;
    for (int i = 0; text && i < BUCKET_LENGTHS; i++)
        if (strcmp(text, bucket_names[i]) == 0)
            *length = (enum bucket_length)i;
    if (!text || strcmp(text, bucket_names[*length]) == 0)
        return ST_OK;
    return error_set(err, ST_USAGE, "--period: found %s, expected day, week or month",
                     text_quote(cli->arena, text, strlen(text)));
}

enum status cohort_stretch(struct cli *cli, int64_t *from, int64_t *to, struct error *err)
{
    struct event_totals totals;
    struct reader *reader;
    int64_t as_of, present;
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = reader_present(reader, &as_of, &present, err);
    if (status == ST_OK)
        status = event_totals(reader, &totals, err);
    if (status == ST_OK)
        status = cli_time(cli, "from", totals.events ? totals.first : present, from, err);
    if (status == ST_OK)
        status = cli_time(cli, "to", totals.events ? totals.last + 1 : present + 1, to, err);
    if (status == ST_OK && *from >= *to)
        return error_set(err, ST_USAGE, "--from: expected a time before --to");
    return status;
}

enum status cohort_of(struct cli *cli, const char *text, const struct set **people,
                      struct error *err)
{
    struct segment_answer answer;
    struct reader *reader;
    struct access access;
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = access_lookup(reader, cli->principal, &access, err);
    if (status == ST_OK)
        status = segment_run(reader, cli->arena, &access, text, &answer, err);
    if (status != ST_OK)
        return status;
    cohort_notes(answer.notes, answer.n_notes);
    *people = answer.people;
    return ST_OK;
}

enum status cohort_among(struct cli *cli, const struct set **among, struct error *err)
{
    const char *text = cli_value(cli, "segment");
    struct access access;
    *among = NULL;
    enum status status = text ? cohort_of(cli, text, among, err) : ST_OK;
    if (status == ST_OK && text)
        status = access_lookup(cli->reader, cli->principal, &access, err);
    return status == ST_OK && text ? small_group_check(&access, set_count(*among), err) : status;
}

void cohort_notes(const char *const *notes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fprintf(stderr, "atrium: %s\n", notes[i]);
}

int64_t cohort_period(struct cli *cli, const struct buckets *buckets, const char *text, size_t n)
{
    int64_t number;
    for (size_t i = 0; i < buckets->n; i++) {
        const char *title = bucket_title(cli->arena, buckets, i);
        if (strlen(title) == n && memcmp(title, text, n) == 0)
            return (int64_t)i;
    }
    return text_to_int64(text, n, &number) && number >= 0 && number < (int64_t)buckets->n ? number
                                                                                          : -1;
}

struct sheet *cohort_people(struct cli *cli, const uint32_t *people, const int64_t *money, size_t n,
                            struct error *err)
{
    static const struct sheet_column columns[] = {{"subject", NULL, CELL_TEXT},
                                                  {"revenue", NULL, CELL_MONEY}};
    struct sheet *sheet = sheet_new(cli->arena, columns, money ? 2 : 1);
    struct access access;
    enum status status = cli_people_access(cli, &access, err);
    if (status == ST_OK)
        status = small_group_check(&access, (int64_t)n, err);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        const char *subject;
        status = cli_subject(cli, &access, people[i], &subject, err);
        struct cell *cells = sheet_row_add(sheet);
        cells[0] = cell_text(subject);
        if (money)
            cells[1] = cell_integer(money[i]);
    }
    return status == ST_OK ? sheet : NULL;
}

json_t *cohort_count(const struct access *access, int64_t people)
{
    return small_group(access, people < 0 ? -people : people) ? json_null() : json_integer(people);
}
