/* Moves that were made on a replica, made once more on the hub: by its states, rights and guards of
 * that moment, and with its effects. */
#include "model/base/text.h"
#include "model/campaign/campaign_row.h"
#include "model/campaign/state_parts.h"
#include "model/sync/outbox.h"

#include <string.h>

/* CAMPAIGN_VERBS for what no person does. */
static enum campaign_verb verb_find(const char *name)
{
    for (size_t i = 0; name && i < n_campaign_moves; i++)
        if (strcmp(campaign_moves[i].name, name) == 0 && campaign_moves[i].verb < VERB_REOPEN &&
            campaign_moves[i].verb != VERB_RUN)
            return campaign_moves[i].verb;
    return CAMPAIGN_VERBS;
}

static const char *text_in(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static enum status apply(struct writer *writer, const struct access *access,
                         const struct outbox_edit *edit, struct error *err)
{
    const char *reason = text_in(edit->detail, "reason");
    struct moving m = {.access = access,
                       .code = edit->target,
                       .verb = verb_find(text_in(edit->detail, "move")),
                       .reason = reason && *reason ? reason : NULL,
                       .time = time_now(),
                       .id = edit->id,
                       .seen = text_in(json_object_get(edit->detail, "seen"), "definition")};
    if (m.verb == CAMPAIGN_VERBS)
        return error_set(err, ST_REFUSED, "there is no such move of a campaign");
    if (!m.seen) /* who vouches for a definition says which */
        m.seen = "";
    return moving_run(writer, &m, err);
}

static enum status theirs(struct writer *writer, const char *target, json_t *out, struct error *err)
{
    struct arena *arena = arena_new();
    struct campaign *campaign = NULL;
    enum status status = campaign_of_writer(writer, arena, target, &campaign, err);
    if (status == ST_OK && campaign) {
        json_object_set_new(out, "state", json_string(campaign_state_names[campaign->state]));
        json_object_set_new(out, "definition", json_string(campaign_line(arena, campaign)));
    }
    arena_free(arena);
    return status;
}

/* The move against theirs: where their state has it. */
static enum status again(const char *target, json_t *detail, const json_t *out, struct error *err)
{
    const char *state = text_in(out, "state"), *name = text_in(detail, "move");
    enum campaign_verb verb = verb_find(name);
    enum campaign_state now = state ? campaign_state_find(state) : STATE_NONE;
    json_t *seen = json_object_get(detail, "seen"), *fields = json_object_get(detail, "fields");
    if (verb == CAMPAIGN_VERBS || !campaign_can(now, verb)) {
        struct arena *arena = arena_new();
        enum status status = move_refuse(arena, target, now, name ? name : "be moved", err);
        arena_free(arena);
        return status;
    }
    json_object_update(seen, (json_t *)out);
    if (json_object_get(fields, "approved") && json_object_get(out, "definition"))
        json_object_set(fields, "approved", json_object_get(out, "definition"));
    return ST_OK;
}

void campaign_outbox_register(void)
{
    static const struct outbox_verb verb = {
        .name = "campaign", .apply = apply, .entity = "campaign", .theirs = theirs, .again = again};
    outbox_verb_register(&verb);
}
