#include "views/sheet_view.h"

#include "model/base/text.h"
#include "views/actions.h"
#include "views/dashboard.h"

static struct list *list_of(const struct view *view)
{
    return &((struct sheet_state *)view->state)->list;
}

static void row_open(struct view *view, int64_t row)
{
    const struct sheet_answer *answer = view_answer(view, 0);
    const char *argument = answer && answer->open && row >= 0 ? answer->open[row] : NULL;
    if (argument && answer->screen)
        console_open(view->console, answer->screen, argument);
    else
        console_say(view->console, "%s", _("nothing is behind this row"));
}

void sheet_view_open(struct view *view, const char *name, const char *noun)
{
    list_begin(list_of(view), view, name, noun);
    list_of(view)->open = row_open;
    view->ops->refresh(view);
}

void sheet_view_close(struct view *view)
{
    list_end(list_of(view));
}

static void rows_said(struct console *console, size_t shown, int64_t total)
{
    struct arena *arena = arena_new();
    console_say(console, _("the first %s of %s are shown"), text_count(arena, (int64_t)shown),
                text_count(arena, total));
    arena_free(arena);
}

void sheet_view_answered(struct view *view, int slot)
{
    const struct sheet_answer *answer = view_answer(view, slot);
    if (!answer || view_problem(view, slot))
        return;
    list_show(list_of(view), answer->sheet, answer->keys);
    if (answer->total > (int64_t)answer->sheet->n_rows)
        rows_said(view->console, answer->sheet->n_rows, answer->total);
}

void sheet_view_draw(struct view *view, struct area area)
{
    const char *problem = view_problem(view, 0);
    if (problem)
        draw_wrapped(area, 0, ROLE_ERROR, problem);
    else
        list_draw(list_of(view), area, true);
    if (view_is_partial(view, 0))
        draw_dim(area);
}

bool sheet_view_key(struct view *view, uint32_t key)
{
    return list_key(list_of(view), key);
}

bool sheet_view_action(struct view *view, int id, const char *argument)
{
    const struct sheet_answer *answer = view_answer(view, 0);
    if (id == ACTION_LIST_INFO && answer && answer->metric >= 0) {
        dashboard_explain(view->console, answer->metric, answer->title, NULL);
        return true;
    }
    return list_action(list_of(view), id, argument);
}

const char *sheet_view_subtitle(struct view *view)
{
    const struct sheet_answer *answer = view_answer(view, 0);
    return answer ? answer->title : NULL;
}
