/* Which contacts are open, by the mall's settings. */
#include "model/campaign/contact_adapter.h"
#include "model/campaign/http.h"

#include "model/base/text.h"
#include "model/store/setting.h"

#include <string.h>

/* A contact that cannot be opened is closed and says why; the others work. */
static void closed(struct contact_lines *lines, enum contact contact, const char *setting,
                   struct error *err)
{
    lines->at[contact].why = arena_printf(lines->arena, "%s: %s", setting, error_text(err));
    error_clear(err);
}

static enum status http_line(struct reader *reader, struct contact_lines *lines,
                             enum contact contact, const char *setting, const char *token,
                             int64_t timeout, struct error *err)
{
    const char *url;
    struct error own = {0};
    struct contact_line *line = &lines->at[contact];
    enum status status = setting_text(reader, lines->arena, setting, &url, err);
    if (status != ST_OK || !*url)
        return status;
    struct http_options options = {.url = url, .token = token, .timeout_s = (int)timeout};
    if (http_open(&options, &line->state, &own) == ST_OK)
        line->adapter = &contact_http;
    else
        closed(lines, contact, setting, &own);
    return ST_OK;
}

static enum status wifi_line(struct reader *reader, struct contact_lines *lines, struct error *err)
{
    const char *path;
    struct error own = {0};
    enum status status = setting_text(reader, lines->arena, "contact_wifi_file", &path, err);
    if (status == ST_OK && *path &&
        contact_wifi_open(reader, path, &lines->at[CONTACT_WIFI], &own) != ST_OK)
        closed(lines, CONTACT_WIFI, "contact_wifi_file", &own);
    return status;
}

enum status contact_lines_open(struct reader *reader, const struct contact_tokens *tokens,
                               struct contact_lines *lines, struct error *err)
{
    static const struct {
        enum contact contact;
        const char *setting;
    } costs[] = {{CONTACT_SMS, "cost_sms"}, {CONTACT_APP, "cost_app"}},
      repeats[] = {{CONTACT_SMS, "contact_sms_repeat"}, {CONTACT_APP, "contact_app_repeat"}};
    *lines = (struct contact_lines){.arena = arena_new()};
    lines->at[CONTACT_POS].adapter = &contact_pos;
    lines->at[CONTACT_SCREEN].adapter = &contact_screen;
    lines->at[CONTACT_STAFF].adapter = &contact_staff;
    int64_t timeout = 0;
    enum status status = setting_integer(reader, "contact_timeout", &timeout, err);
    if (status == ST_OK)
        status =
            http_line(reader, lines, CONTACT_APP, "contact_app_url", tokens->app, timeout, err);
    if (status == ST_OK)
        status =
            http_line(reader, lines, CONTACT_SMS, "contact_sms_url", tokens->sms, timeout, err);
    if (status == ST_OK)
        status = wifi_line(reader, lines, err);
    for (size_t i = 0; i < sizeof costs / sizeof *costs && status == ST_OK; i++)
        status = setting_integer(reader, costs[i].setting, &lines->at[costs[i].contact].cost, err);
    for (int i = 0; i < CONTACT_COUNT; i++)
        lines->at[i].idempotent = lines->at[i].adapter && lines->at[i].adapter->idempotent;
    for (size_t i = 0; i < sizeof repeats / sizeof *repeats && status == ST_OK; i++) {
        struct contact_line *line = &lines->at[repeats[i].contact];
        int64_t repeat;
        status = setting_integer(reader, repeats[i].setting, &repeat, err);
        line->idempotent = line->idempotent && repeat;
    }
    if (status != ST_OK)
        contact_lines_close(lines);
    return status;
}

void contact_lines_close(struct contact_lines *lines)
{
    for (int i = 0; i < CONTACT_COUNT; i++)
        if (lines->at[i].adapter && lines->at[i].adapter->close)
            lines->at[i].adapter->close(lines->at[i].state);
    if (lines->arena)
        arena_free(lines->arena);
    *lines = (struct contact_lines){0};
}
