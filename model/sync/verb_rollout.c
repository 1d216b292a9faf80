/* Moves of roll-outs that were made on a replica, made once more on the hub. */
#include "model/base/text.h"
#include "model/fleet/rollout.h"
#include "model/sync/outbox_parts.h"

#include <string.h>

/* ROLLOUT_VERBS for what no person does. */
static enum rollout_verb verb_find(const char *name)
{
    for (size_t i = 0; name && i < n_rollout_moves; i++)
        if (strcmp(rollout_moves[i].name, name) == 0 && rollout_moves[i].verb < ROLLOUT_FINISH)
            return rollout_moves[i].verb;
    return ROLLOUT_VERBS;
}

static const char *text_in(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static enum status apply(struct writer *writer, const struct access *access,
                         const struct outbox_edit *edit, struct error *err)
{
    const char *reason = text_in(edit->detail, "reason");
    enum rollout_verb verb = verb_find(text_in(edit->detail, "move"));
    if (verb == ROLLOUT_VERBS)
        return error_set(err, ST_REFUSED, "there is no such move of a roll-out");
    enum status status = rollout_move_as(writer, access, edit->id, edit->target, verb,
                                         reason && *reason ? reason : NULL, NULL, err);
    return status == ST_USAGE ? ST_REFUSED : status; /* there is none of that code */
}

static enum status theirs(struct writer *writer, const char *target, json_t *out, struct error *err)
{
    struct arena *arena = arena_new();
    struct rollout *rollout = NULL;
    enum status status = rollout_of_writer(writer, arena, target, &rollout, err);
    if (status == ST_OK && rollout)
        json_object_set_new(out, "state", json_string(rollout_state_names[rollout->state]));
    arena_free(arena);
    return status;
}

static enum status again(const char *target, json_t *detail, const json_t *out, struct error *err)
{
    const char *state = text_in(out, "state"), *name = text_in(detail, "move");
    enum rollout_verb verb = verb_find(name);
    int now = 0;
    while (state && now < ROLLOUT_STATES && strcmp(rollout_state_names[now], state) != 0)
        now++;
    if (state && now < ROLLOUT_STATES && rollout_move_of((enum rollout_state)now, verb)) {
        json_object_update(json_object_get(detail, "seen"), (json_t *)out);
        return ST_OK;
    }
    struct arena *arena = arena_new();
    enum status status =
        state && now < ROLLOUT_STATES
            ? rollout_refuse(arena, target, (enum rollout_state)now, name ? name : "", err)
            : error_set(err, ST_CONFLICT, "there is no roll-out %s at the hub",
                        text_quote(arena, target, strlen(target)));
    arena_free(arena);
    return status;
}

const struct outbox_verb outbox_rollout = {
    .name = "rollout", .apply = apply, .entity = "rollout", .theirs = theirs, .again = again};
