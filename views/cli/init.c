/* atrium init: an empty mall. */
#include "model/base/text.h"
#include "views/cli/commands.h"

#include <string.h>

static const struct cli_option options[] = {
    {"name", "NAME", 0, "the mall's name (default: the file's)"},
    {"timezone", "ZONE", 0, "its time zone (default: Asia/Shanghai)"},
    {"currency", "CODE", 0, "its currency, three letters (default: CNY)"},
    {0},
};

static enum status currency_check(struct cli *cli, const char *currency, struct error *err)
{
    size_t n = currency ? strlen(currency) : 0;
    bool good = !currency || n == 3;

    for (size_t i = 0; good && i < n; i++)
        good = currency[i] >= 'A' && currency[i] <= 'Z';
    return good ? ST_OK
                : error_set(err, ST_USAGE,
                            "--currency: found %s, expected three capital letters such as CNY",
                            text_quote(cli->arena, currency, n));
}

static enum status run(struct cli *cli, struct error *err)
{
    const char *path = cli->args[0];
    struct mall_options given = {.name = cli_value(cli, "name"),
                                 .timezone = cli_value(cli, "timezone"),
                                 .currency = cli_value(cli, "currency")};

    enum status status = currency_check(cli, given.currency, err);
    if (status == ST_OK)
        status = mall_create(path, &given, err);
    if (status != ST_OK)
        return status;
    cli->mall_path = path;
    struct mall *mall;
    status = cli_mall(cli, &mall, err);
    if (status != ST_OK)
        return status;
    if (cli->json) {
        json_t *document = json_object();
        json_object_set_new(document, "mall", json_string(mall->name));
        json_object_set_new(document, "file", json_string(path));
        json_object_set_new(document, "timezone", json_string(zone_name(mall->zone)));
        json_object_set_new(document, "currency", json_string(mall->currency));
        return cli_print_json(cli, document, err);
    }
    cli_say(cli, "%s: an empty mall, %s, %s, %s", path, mall->name, zone_name(mall->zone),
            mall->currency);
    return ST_OK;
}

const struct cli_command cli_init = {
    .name = "init",
    .arguments = "FILE",
    .summary = "makes an empty mall file",
    .help = "An existing file is never touched.",
    .options = options,
    .least_args = 1,
    .most_args = 1,
    .run = run,
};
