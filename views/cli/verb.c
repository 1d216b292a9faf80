#include "views/cli/verb.h"

#include "model/base/text.h"
#include "model/base/vec.h"

#include <string.h>

enum status cli_verb_refuse(struct cli *cli, const char *const *names, size_t n, struct error *err)
{
    const char *word = cli->args[0], *command = cli->command->name, *known = "";
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], word) == 0)
            return error_set(err, ST_USAGE,
                             "%s %s: not with %d word%s after it; see atrium %s --help", command,
                             word, cli->n_args - 1, cli->n_args == 2 ? "" : "s", command);
        if (!i || strcmp(names[i], names[i - 1]) != 0)
            known = arena_printf(cli->arena, "%s%s%s", known, i ? ", " : "", names[i]);
    }
    const char *near = text_nearest(word, names, n);
    return error_set(err, ST_USAGE, "%s: found %s, expected one of %s%s%s%s", command,
                     text_quote(cli->arena, word, strlen(word)), known,
                     near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

enum status cli_verb_run(struct cli *cli, const struct cli_verb *const *tables, size_t n_tables,
                         struct error *err)
{
    VEC(const char *) names = {0};
    struct reader *reader;
    struct access access;
    enum status status;
    int words = cli->n_args - 1;
    for (size_t t = 0; t < n_tables; t++)
        for (const struct cli_verb *verb = tables[t]; verb->name; verb++) {
            vec_push(&names, verb->name);
            if (strcmp(verb->name, cli->args[0]) != 0 || words < verb->least || words > verb->most)
                continue;
            vec_free(&names);
            status = cli_reader(cli, &reader, err);
            if (status == ST_OK)
                status = access_lookup(reader, cli->principal, &access, err);
            return status == ST_OK ? verb->run(cli, reader, &access, err) : status;
        }
    status = cli_verb_refuse(cli, names.at, names.n, err);
    vec_free(&names);
    return status;
}
