#include "views/cli/device_reach.h"

#include "views/fleet_rows.h"

enum status device_reach_agree(struct device_request *request, const char *deed, bool must,
                               struct error *err)
{
    int64_t said = -1;
    enum status status = cli_integer(request->cli, "yes", 0, INT32_MAX, -1, &said, err);
    if (status != ST_OK)
        return status;
    bool right = said < 0 ? !must || request->n <= REACH_FREE : (size_t)said == request->n;
    if (right)
        return ST_OK;
    const char *word = request->cli->args[0], *devices = request->n == 1 ? "device" : "devices";
    const char *kinds = fleet_kinds_text(request->cli->arena, request->devices, request->n);
    if (said < 0)
        return error_set(err, ST_USAGE, "device %s %s on %zu %s: %s; if that is meant: --yes %zu",
                         word, deed, request->n, devices, kinds, request->n);
    return error_set(err, ST_USAGE,
                     "device %s %s on %zu %s%s%s, and not on %lld as --yes says; nothing was done",
                     word, deed, request->n, devices, *kinds ? ": " : "", kinds, (long long)said);
}
