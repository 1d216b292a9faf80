/* atrium device shell: the console's screen of it, alone. */
#include "views/cli/device.h"
#include "views/start.h"

#include <unistd.h>

enum status device_shell(struct device_request *request, struct error *err)
{
    struct cli *cli = request->cli;
    if (request->n != 1)
        return error_set(err, ST_USAGE,
                         "device shell: --on selects %zu devices, expected one: its code will do",
                         request->n);
    if (*request->devices->quarantine)
        return error_set(err, ST_CONFLICT,
                         "%s is in quarantine: it is given no credential; atrium device pin",
                         request->devices->code);
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return error_set(err, ST_USAGE,
                         "device shell needs a terminal; device run gives commands without one");
    return console_start_at(cli->mall_path, cli->principal, "shell", request->devices->code,
                            cli_value(cli, "identity"), err);
}
