#include "model/base/status.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *name, *sentence;
} statuses[] = {
    [ST_OK] = {"ok", "nothing went wrong"},
    [ST_PARTIAL] = {"partial", "part of it failed"},
    [ST_USAGE] = {"usage", "the command line is wrong"},
    [ST_REFUSED] = {"refused", "the input was refused"},
    [ST_DENIED] = {"denied", "this is not allowed"},
    [ST_CONFLICT] = {"conflict", "somebody changed it first"},
    [ST_UNUSABLE] = {"unusable", "the mall file cannot be used"},
    [ST_CANCELLED] = {"cancelled", "the question was cancelled"},
};

enum status error_vset(struct error *err, enum status status, const char *format, va_list args)
{
    if (!err)
        return status;
    char *message = NULL;
    if (vasprintf(&message, format, args) < 0)
        message = NULL;
    free(err->message);
    err->status = status;
    err->message = message;
    return status;
}

enum status error_set(struct error *err, enum status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    error_vset(err, status, format, args);
    va_end(args);
    return status;
}

enum status error_wrap(struct error *err, const char *format, ...)
{
    if (!err)
        return ST_REFUSED;
    char *context = NULL, *message = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&context, format, args) < 0)
        context = NULL;
    va_end(args);
    if (context && asprintf(&message, "%s: %s", context, error_text(err)) >= 0) {
        free(err->message);
        err->message = message;
    }
    free(context);
    return err->status;
}

const char *error_text(const struct error *err)
{
    if (err && err->message)
        return err->message;
    enum status status = err ? err->status : ST_OK;
    return status <= ST_CANCELLED ? statuses[status].sentence : "unknown status";
}

void error_clear(struct error *err)
{
    if (!err)
        return;
    free(err->message);
    *err = (struct error){0};
}

const char *status_name(enum status status)
{
    return status <= ST_CANCELLED ? statuses[status].name : "unknown";
}
