#include "views/actions.h"

#include "tui/form.h"
#include "tui/table.h"

#include <string.h>

static const struct action own_actions[] = {
#define X(id, ...) {ACTION_##id, __VA_ARGS__},
    ACTIONS(X)
#undef X
};

enum { OWN = sizeof own_actions / sizeof *own_actions, MOST = OWN + 96 };

const struct action *actions_all(size_t *n)
{
    static struct action all[MOST];
    static size_t count;
    if (!count) {
        memcpy(all, own_actions, sizeof own_actions);
        size_t more = table_n_actions < MOST - OWN ? table_n_actions : MOST - OWN;
        memcpy(all + OWN, table_actions, more * sizeof *all);
        size_t rest = MOST - OWN - more;
        size_t forms = form_n_actions < rest ? form_n_actions : rest;
        memcpy(all + OWN + more, form_actions, forms * sizeof *all);
        count = OWN + more + forms;
    }
    *n = count;
    return all;
}
