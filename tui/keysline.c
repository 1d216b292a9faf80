#include "tui/keysline.h"

#include "tui/intl.h"

#include <string.h>

const char *keysline_key(uint32_t key, char name[32])
{
    static const struct {
        uint32_t key;
        const char *sign;
    } signs[] = {
        {KEYS_ENTER, "⏎"}, {KEYS_UP, "↑"}, {KEYS_DOWN, "↓"}, {KEYS_LEFT, "←"}, {KEYS_RIGHT, "→"},
    };
    for (size_t i = 0; i < sizeof signs / sizeof *signs && !theme_ascii(); i++)
        if (signs[i].key == key)
            return signs[i].sign;
    return key_name(key, name);
}

/* Draws one entry at `col` when it fits; returns the column after it. */
static int entry(struct area area, int col, uint32_t key, const char *word)
{
    char name[32];
    const char *sign = keysline_key(key, name);
    int gap = col > 0 ? 2 : 0, cells = gap + text_cells(sign) + 1 + text_cells(word);
    if (col + cells > area.cols)
        return col;
    col += gap;
    col += draw_text(area, 0, col, ROLE_ACCENT, sign) + 1;
    return col + draw_text(area, 0, col, ROLE_STATUS, word);
}

static int entries(struct area area, int col, const struct keymap *keymap, const char *scope,
                   const char *const *scopes, size_t n_scopes, bool first)
{
    size_t n;
    const struct action *actions = keymap_actions(keymap, &n);
    for (size_t i = 0; i < n; i++) {
        uint32_t key = keymap_first_key(keymap, actions[i].id);
        if ((actions[i].flags & ACTION_LINE) && first == !!(actions[i].flags & ACTION_FIRST) &&
            strcmp(actions[i].scope, scope) == 0 && key &&
            keymap_find(keymap, key, scopes, n_scopes) == &actions[i])
            col = entry(area, col, key,
                        text_translated(actions[i].word ? actions[i].word : actions[i].summary));
    }
    return col;
}

void keysline_draw(struct area area, const struct keymap *keymap, const char *const *scopes,
                   size_t n_scopes)
{
    int col = entries(area, 0, keymap, "", scopes, n_scopes, true);
    for (size_t i = 0; i < n_scopes; i++)
        col = entries(area, col, keymap, scopes[i], scopes, n_scopes, false);
    entries(area, col, keymap, "", scopes, n_scopes, false);
}
