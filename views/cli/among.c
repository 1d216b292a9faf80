#include "views/cli/among.h"

#include "model/segment/segment.h"

#include <stdio.h>

enum status cli_among(struct cli *cli, struct reader *reader, const struct access *access,
                      const uint32_t **among, size_t *n, struct error *err)
{
    struct segment_answer answer;
    const char *text = cli_value(cli, "segment");
    *among = NULL;
    *n = 0;
    if (!text)
        return ST_OK;
    enum status status = segment_run(reader, cli->arena, access, text, &answer, err);
    if (status != ST_OK)
        return status;
    for (size_t i = 0; i < answer.n_notes; i++)
        fprintf(stderr, "atrium: %s\n", answer.notes[i]);
    *among = set_list(answer.people, cli->arena, n);
    return small_group_check(access, (int64_t)*n, err);
}
