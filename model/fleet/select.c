#include "model/fleet/select.h"

#include "model/question/filter.h"

#include <stdlib.h>

enum field {
    FIELD_CODE,
    FIELD_KIND,
    FIELD_MODEL,
    FIELD_FLOOR,
    FIELD_ZONE,
    FIELD_TENANT,
    FIELD_SHOP,
    FIELD_HOST,
    FIELD_USER,
    FIELD_STATE,
    FIELD_PHASE,
    FIELD_VERSION,
    FIELD_CONFIG,
    FIELD_DRIFT,
    FIELD_LOAD,
    FIELD_DISK,
    FIELD_CLOCK,
    FIELD_AGE,
    FIELD_SPOOL,
    FIELD_PINNED,
    FIELD_QUARANTINED,
    FIELD_BASTION,
};

static const struct filter_field fields[] = {
    {"device", FILTER_TEXT, true, "its code"},
    {"kind", FILTER_TEXT, true, "pos, probe, screen, gateway, …"},
    {"model", FILTER_TEXT, false, "its model"},
    {"floor", FILTER_TEXT, false, "the floor it stands on"},
    {"zone", FILTER_TEXT, false, "the zone it stands in"},
    {"tenant", FILTER_TEXT, false, "the code of the shop it serves"},
    {"shop", FILTER_TEXT, false, "the name of the shop it serves"},
    {"host", FILTER_TEXT, false, "host name or address"},
    {"user", FILTER_TEXT, false, "user to log in as"},
    {"state", FILTER_TEXT, false, "ok, failed, unknown, offline, quarantined, unpinned, never"},
    {"phase", FILTER_TEXT, false, "where it stopped: connect, auth, …"},
    {"version", FILTER_VERSION, false, "of its application"},
    {"config", FILTER_TEXT, false, "hash of its configuration"},
    {"drift", FILTER_FLAG, false, "its configuration is not the desired one"},
    {"load", FILTER_DECIMAL, false, "its load"},
    {"disk", FILTER_NUMBER, false, "percent of the disk used"},
    {"clock", FILTER_DURATION, false, "how far its clock is off, either way"},
    {"age", FILTER_DURATION, false, "since it last answered or reported"},
    {"spool", FILTER_NUMBER, false, "bytes it holds that were not collected"},
    {"pinned", FILTER_FLAG, false, "its host key is known"},
    {"quarantined", FILTER_FLAG, false, "it is given no credential"},
    {"bastion", FILTER_TEXT, false, "the device it is reached over"},
};

struct device_select {
    struct filter *filter;
};

struct row {
    const struct device *device;
    int64_t now;
};

static struct filter_value text_or_unknown(const char *text)
{
    return (struct filter_value){.unknown = !*text, .text = text};
}

static struct filter_value number_of(bool known, int64_t number)
{
    return (struct filter_value){.unknown = !known, .number = number};
}

/* It answered, or something it reported came. */
static int64_t heard(const struct device *d)
{
    return d->seen > d->reported ? d->seen : d->reported;
}

static struct filter_value value_get(const void *context, size_t field)
{
    const struct row *row = context;
    const struct device *d = row->device;
    switch ((enum field)field) {
    case FIELD_CODE:
        return (struct filter_value){.text = d->code};
    case FIELD_KIND:
        return (struct filter_value){.text = d->kind};
    case FIELD_MODEL:
        return (struct filter_value){.text = d->model};
    case FIELD_FLOOR:
        return (struct filter_value){.text = d->floor};
    case FIELD_ZONE:
        return (struct filter_value){.text = d->zone};
    case FIELD_TENANT:
        return (struct filter_value){.text = d->tenant};
    case FIELD_SHOP:
        return (struct filter_value){.text = d->shop};
    case FIELD_HOST:
        return (struct filter_value){.text = d->host};
    case FIELD_USER:
        return (struct filter_value){.text = d->user};
    case FIELD_STATE:
        return (struct filter_value){.text = device_condition_names[d->state]};
    case FIELD_PHASE:
        return (struct filter_value){.text = d->phase};
    case FIELD_VERSION:
        return text_or_unknown(d->app);
    case FIELD_CONFIG:
        return text_or_unknown(d->config);
    case FIELD_DRIFT:
        return number_of(*d->config && d->drift != DRIFT_NONE, d->drift != DRIFT_SAME);
    case FIELD_LOAD:
        return number_of(d->load >= 0, d->load);
    case FIELD_DISK:
        return number_of(d->disk >= 0, d->disk);
    case FIELD_CLOCK:
        return number_of(d->seen > 0, (d->clock_ms < 0 ? -d->clock_ms : d->clock_ms) / 1000);
    case FIELD_AGE:
        return number_of(heard(d) > 0, row->now - heard(d));
    case FIELD_SPOOL:
        return number_of(d->spool >= 0, d->spool);
    case FIELD_PINNED:
        return number_of(true, *d->pin != '\0');
    case FIELD_QUARANTINED:
        return number_of(true, *d->quarantine != '\0');
    case FIELD_BASTION:
        return (struct filter_value){.text = d->hop.code};
    }
    return (struct filter_value){.unknown = true};
}

enum status device_select_new(const char *text, struct device_select **out, struct error *err)
{
    struct filter *filter;
    *out = NULL;
    enum status status =
        filter_new(text ? text : "", fields, sizeof fields / sizeof *fields, &filter, err);
    if (status != ST_OK)
        return status;
    *out = mem_zero(1, sizeof **out);
    (*out)->filter = filter;
    return ST_OK;
}

void device_select_free(struct device_select *select)
{
    if (!select)
        return;
    filter_free(select->filter);
    free(select);
}

enum status device_selected(struct device_select *select, const struct device *device, int64_t now,
                            bool *selected, struct error *err)
{
    struct row row = {device, now};
    return filter_match(select->filter, &row, value_get, selected, err);
}
