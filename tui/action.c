#include "tui/action.h"

#include "tui/intl.h"
#include "tui/memory.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 8 }; /* of one action */

struct binding {
    uint32_t keys[KEYS_MAX];
    size_t n;
    char *text; /* the keys for people */
};

struct keymap {
    const struct action *actions;
    struct binding *bindings; /* one an action */
    size_t n;
    char *sentence;
    char **conflicts;
    size_t n_conflicts;
};

/* Reads names between spaces; false when one is not a key, which *bad then points to. */
static bool keys_read(const char *names, struct binding *binding, char bad[32])
{
    binding->n = 0;
    for (const char *at = names + strspn(names, " "); *at; at += strspn(at, " ")) {
        size_t n = strcspn(at, " ");
        char name[32] = "";
        memcpy(name, at, n < sizeof name ? n : sizeof name - 1);
        uint32_t key = key_by_name(name);
        if (key == 0 || n >= sizeof name || binding->n == KEYS_MAX) {
            memcpy(bad, name, sizeof name);
            return false;
        }
        binding->keys[binding->n++] = key;
        at += n;
    }
    return true;
}

static char *keys_text(const struct binding *binding)
{
    char *text = tui_strdup(""), name[32];
    for (size_t i = 0; i < binding->n; i++) {
        char *longer = tui_printf("%s%s%s", text, i ? " " : "", key_name(binding->keys[i], name));
        free(text);
        text = longer;
    }
    return text;
}

struct keymap *keymap_new(const struct action *actions, size_t n)
{
    struct keymap *keymap = tui_zero(1, sizeof *keymap);
    keymap->actions = actions;
    keymap->n = n;
    keymap->bindings = tui_zero(n, sizeof *keymap->bindings);
    char bad[32];
    for (size_t i = 0; i < n; i++) {
        keys_read(actions[i].keys, &keymap->bindings[i], bad); /* keymap_conflicts complains */
        keymap->bindings[i].text = keys_text(&keymap->bindings[i]);
    }
    return keymap;
}

static void forget_conflicts(struct keymap *keymap)
{
    for (size_t i = 0; i < keymap->n_conflicts; i++)
        free(keymap->conflicts[i]);
    free(keymap->conflicts);
    keymap->conflicts = NULL;
    keymap->n_conflicts = 0;
}

void keymap_free(struct keymap *keymap)
{
    if (!keymap)
        return;
    for (size_t i = 0; i < keymap->n; i++)
        free(keymap->bindings[i].text);
    free(keymap->bindings);
    forget_conflicts(keymap);
    free(keymap->sentence);
    free(keymap);
}

static bool has_key(const struct binding *binding, uint32_t key)
{
    for (size_t i = 0; i < binding->n; i++)
        if (binding->keys[i] == key)
            return true;
    return false;
}

static bool is_named(const struct action *action, const char *name)
{
    size_t n = strlen(action->scope);
    return strcmp(action->name, name) == 0 ||
           (n > 0 && strncmp(name, action->scope, n) == 0 && name[n] == '.' &&
            strcmp(action->name, name + n + 1) == 0);
}

/* Another action of the same scope that has one of these keys, and which. */
static const struct action *taken(const struct keymap *keymap, size_t at, const char *name,
                                  const struct binding *wanted, uint32_t *key)
{
    for (size_t i = 0; i < keymap->n; i++) {
        if (i == at || (name && is_named(&keymap->actions[i], name)) ||
            strcmp(keymap->actions[i].scope, keymap->actions[at].scope) != 0)
            continue;
        for (size_t k = 0; k < wanted->n; k++)
            if (has_key(&keymap->bindings[i], wanted->keys[k])) {
                *key = wanted->keys[k];
                return &keymap->actions[i];
            }
    }
    return NULL;
}

static const char *complain(struct keymap *keymap, char *sentence)
{
    free(keymap->sentence);
    keymap->sentence = sentence;
    return sentence;
}

/* The name as it may be shown: it comes from a file. */
static const char *complain_unknown(struct keymap *keymap, const char *name)
{
    char *clean = text_clean(name, 40);
    char *sentence = tui_printf(_("there is no action '%s'; `atrium actions` lists them"), clean);
    free(clean);
    return complain(keymap, sentence);
}

static const char *complain_key(struct keymap *keymap, const char *name, const char *bad)
{
    char *clean = text_clean(bad, 20);
    char *sentence = tui_printf(_("'%s' for %s is not a key; keys are written q, Ctrl-r, PgDn, "
                                  "Enter, F5, with spaces between (at most %d)"),
                                clean, name, KEYS_MAX);
    free(clean);
    return complain(keymap, sentence);
}

const char *keymap_bind(struct keymap *keymap, const char *name, const char *keys)
{
    struct binding wanted;
    char bad[32] = "";
    bool known = false;
    for (size_t i = 0; i < keymap->n; i++)
        known = known || is_named(&keymap->actions[i], name);
    if (!known)
        return complain_unknown(keymap, name);
    if (!keys_read(keys, &wanted, bad))
        return complain_key(keymap, name, bad);
    for (size_t i = 0; i < keymap->n; i++) {
        uint32_t key;
        char text[32];
        const struct action *other =
            is_named(&keymap->actions[i], name) ? taken(keymap, i, name, &wanted, &key) : NULL;
        if (other)
            return complain(keymap, tui_printf(_("%s is already the key of %s: give that another "
                                                 "one first"),
                                               key_name(key, text), other->name));
    }
    for (size_t i = 0; i < keymap->n; i++) {
        if (!is_named(&keymap->actions[i], name))
            continue;
        free(keymap->bindings[i].text);
        keymap->bindings[i] = wanted;
        keymap->bindings[i].text = keys_text(&wanted);
    }
    return NULL;
}

static const struct action *find_in(const struct keymap *keymap, uint32_t key, const char *scope)
{
    for (size_t i = 0; i < keymap->n; i++)
        if (strcmp(keymap->actions[i].scope, scope) == 0 && has_key(&keymap->bindings[i], key))
            return &keymap->actions[i];
    return NULL;
}

const struct action *keymap_find(const struct keymap *keymap, uint32_t key,
                                 const char *const *scopes, size_t n_scopes)
{
    const struct action *found = NULL;
    for (size_t i = 0; i < n_scopes && !found; i++)
        found = find_in(keymap, key, scopes[i]);
    return found ? found : find_in(keymap, key, "");
}

static const struct binding *binding_of(const struct keymap *keymap, int action_id)
{
    for (size_t i = 0; i < keymap->n; i++)
        if (keymap->actions[i].id == action_id)
            return &keymap->bindings[i];
    return NULL;
}

const char *keymap_keys(const struct keymap *keymap, int action_id)
{
    const struct binding *binding = binding_of(keymap, action_id);
    return binding ? binding->text : "";
}

uint32_t keymap_first_key(const struct keymap *keymap, int action_id)
{
    const struct binding *binding = binding_of(keymap, action_id);
    return binding && binding->n ? binding->keys[0] : 0;
}

const struct action *keymap_actions(const struct keymap *keymap, size_t *n)
{
    *n = keymap->n;
    return keymap->actions;
}

static const struct action *named_in(const struct keymap *keymap, const char *name,
                                     const char *scope)
{
    for (size_t i = 0; i < keymap->n; i++)
        if (strcmp(keymap->actions[i].scope, scope) == 0 &&
            strcmp(keymap->actions[i].name, name) == 0)
            return &keymap->actions[i];
    return NULL;
}

const struct action *keymap_action(const struct keymap *keymap, const char *name,
                                   const char *const *scopes, size_t n_scopes)
{
    const struct action *found = NULL;
    for (size_t i = 0; i < n_scopes && !found; i++)
        found = named_in(keymap, name, scopes[i]);
    return found ? found : named_in(keymap, name, "");
}

bool keymap_in_scopes(const struct action *action, const char *const *scopes, size_t n_scopes)
{
    if (!*action->scope)
        return true;
    for (size_t i = 0; i < n_scopes; i++)
        if (strcmp(action->scope, scopes[i]) == 0)
            return true;
    return false;
}

static void conflict_add(struct keymap *keymap, char *sentence)
{
    keymap->conflicts =
        tui_resize(keymap->conflicts, keymap->n_conflicts + 1, sizeof *keymap->conflicts);
    keymap->conflicts[keymap->n_conflicts++] = sentence;
}

size_t keymap_conflicts(struct keymap *keymap, const char *const **sentences)
{
    forget_conflicts(keymap);
    for (size_t i = 0; i < keymap->n; i++) {
        const struct action *action = &keymap->actions[i];
        struct binding defaults;
        uint32_t key;
        char bad[32] = "", name[32];
        if (!keys_read(action->keys, &defaults, bad))
            conflict_add(keymap, tui_printf(_("'%s' for %s is not a key"), bad, action->name));
        const struct action *other = taken(keymap, i, NULL, &keymap->bindings[i], &key);
        if (other && other > action) /* each pair once */
            conflict_add(keymap, tui_printf(_("%s is the key of both %s and %s"),
                                            key_name(key, name), action->name, other->name));
    }
    *sentences = (const char *const *)keymap->conflicts;
    return keymap->n_conflicts;
}
