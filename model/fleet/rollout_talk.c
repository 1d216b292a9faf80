#include "model/fleet/rollout_talk.h"

#include "model/base/text.h"
#include "model/fleet/clean.h"
#include "model/fleet/status.h"

#include <string.h>

enum { REASON = 160 };

/* Versions are words of harmless letters (rollout_define); what a device runs is looked at here. */
static const char *word_safe(const char *word)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-";
    bool good = *word && *word != '-' && *word != '.' && strspn(word, letters) == strlen(word);
    return good ? word : "''";
}

bool rollout_talk_sends(const struct rollout *rollout, const struct rollout_row *row,
                        enum rollout_command command)
{
    return command == COMMAND_SEND && row->have < rollout->size;
}

const char *rollout_talk(struct arena *arena, const struct rollout *r,
                         const struct rollout_row *row, enum rollout_command command)
{
    const char *app = word_safe(r->app), *sha = word_safe(r->sha256);
    const char *goal = row->goes_back ? word_safe(row->old) : app;
    switch (command) {
    case COMMAND_PROBE:
        return arena_printf(arena,
                            DEVICE_TOOL "status; atrium-device stage %s %s 2>/dev/null ||"
                                        " atrium-device receive %s.tar %lld %s",
                            app, sha, app, (long long)r->size, sha);
    case COMMAND_SEND:
        if (!rollout_talk_sends(r, row, command))
            return arena_printf(arena, DEVICE_TOOL "stage %s %s", app, sha);
        return arena_printf(arena,
                            DEVICE_TOOL "receive %s.tar %lld %s %lld && atrium-device stage %s %s",
                            app, (long long)r->size, sha, (long long)row->have, app, sha);
    case COMMAND_SALE:
        return DEVICE_TOOL "sale";
    case COMMAND_SWITCH:
        return arena_printf(arena, DEVICE_TOOL "switch %s %lld", goal, (long long)r->trial);
    case COMMAND_CONFIRM:
        return arena_printf(arena, DEVICE_TOOL "confirm %s", goal);
    case COMMAND_UNDO:
        return DEVICE_TOOL "rollback";
    default:
        return DEVICE_TOOL "status";
    }
}

/* The last line that says something: the script ends with a sentence. */
static const char *sentence(struct arena *arena, const struct fleet_output *output)
{
    const char *at = output->bytes;
    size_t n = output->n;
    while (n && (at[n - 1] == '\n' || at[n - 1] == '\r' || at[n - 1] == ' '))
        n--;
    size_t from = n;
    while (from && at[from - 1] != '\n')
        from--;
    return device_clean(arena, at + from, n - from, REASON, false, NULL);
}

void rollout_talk_read(struct arena *arena, enum rollout_command command,
                       const struct fleet_job *job, const struct fleet_output *output,
                       struct rollout_heard *heard)
{
    bool ended = job->state == DEVICE_OK;
    *heard = (struct rollout_heard){
        .command = command,
        .state = job->state,
        .phase = fleet_phase_names[job->phase],
        .reason = arena_strdup(arena, job->reason),
        .exit_status = job->exit_status,
        .app = ended ? device_answer_value(arena, output, "app") : "",
        .trial = ended ? device_answer_value(arena, output, "trial") : "",
        .back = ended ? device_answer_value(arena, output, "back") : "",
        .why = ended ? device_answer_value(arena, output, "why") : "",
        .staged = ended ? device_answer_value(arena, output, "staged") : "",
        .have = -1,
    };
    if (!ended)
        return;
    const char *have = device_answer_value(arena, output, "have");
    const char *active = device_answer_value(arena, output, "active");
    int64_t bytes;
    if (text_to_int64(have, strlen(have), &bytes) && bytes >= 0)
        heard->have = bytes;
    heard->sale = strcmp(active, "1") == 0;
    if (command == COMMAND_SALE && !heard->sale && strcmp(active, "0") != 0)
        heard->exit_status = heard->exit_status ? heard->exit_status : 1;
    if (heard->exit_status != 0 && !*heard->reason)
        heard->reason = *job->exit_signal ? arena_printf(arena, "it was ended by a signal")
                                          : sentence(arena, output);
    /* A device of before this script knew where a trial leads. */
    if (!*heard->trial && *device_answer_value(arena, output, "rollout"))
        heard->trial = "?";
}
