/* An entry of a member's ledger by hand: a form, and under it what will come of it. The argument is
 * "ACT\tWHO", of a reversal "reverse\tWHO\tearn|burn\tREFERENCE". */
#include "model/campaign/ledger.h"

#include "model/base/text.h"
#include "model/people/member_page.h"
#include "model/people/shop.h"
#include "model/store/write_queue.h"
#include "views/console.h"
#include "views/points_form.h"
#include "views/screens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERDICT_ROWS = 3, TEXT = 401 };

/* What is asked of the mall, and sent to it. */
struct order {
    struct access access;
    enum points_act act, what;
    int64_t points;
    char who[160], of[TEXT], shop[TEXT], campaign[TEXT], ref[TEXT], reason[TEXT * 2];
};

struct verdict {
    bool good;
    const char *text;
};

struct post_state {
    struct points_form *form;
    struct order start, asked; /* what the argument says; last asked about */
    bool left;
};

/* ---- The argument ---- */

static void part_take(const char **from, char *to, size_t size)
{
    size_t n = strcspn(*from, "\t");
    snprintf(to, size, "%.*s", (int)(n < size ? n : size - 1), *from);
    *from += n + ((*from)[n] == '\t');
}

static struct order order_start(const struct view *view)
{
    char act[16], what[16];
    const char *rest = view->argument;
    struct order order;
    memset(&order, 0, sizeof order); /* compared as bytes */
    order.access = view->console->access;
    part_take(&rest, act, sizeof act);
    part_take(&rest, order.who, sizeof order.who);
    part_take(&rest, what, sizeof what);
    snprintf(order.of, sizeof order.of, "%s", rest);
    for (int i = 0; i < POINTS_ACTS; i++)
        if (strcmp(points_act_names[i], act) == 0)
            order.act = (enum points_act)i;
    order.what = strcmp(what, "burn") == 0 ? POINTS_BURN : POINTS_EARN;
    return order;
}

static struct order order_read(const struct view *view)
{
    const struct post_state *state = view->state;
    struct order order = state->start;
    order.points = 0;
    points_form_number(state->form, "points", &order.points);
    snprintf(order.shop, sizeof order.shop, "%s", points_form_text(state->form, "shop"));
    snprintf(order.campaign, sizeof order.campaign, "%s",
             points_form_text(state->form, "campaign"));
    snprintf(order.ref, sizeof order.ref, "%s", points_form_text(state->form, "ref"));
    snprintf(order.reason, sizeof order.reason, "%s", points_form_text(state->form, "reason"));
    return order;
}

/* ---- What will come of it ---- */

static int64_t change_of(const struct order *order, int64_t there)
{
    switch (order->act) {
    case POINTS_BURN:
    case POINTS_EXPIRE:
        return -order->points;
    case POINTS_REVERSE:
        if (order->what == POINTS_BURN)
            return order->points;
        return -(order->points < there ? order->points : there);
    default:
        return order->points;
    }
}

static void *verdict_ask(struct reader *reader, struct arena *arena, const void *parameters,
                         struct error *err)
{
    const struct order *order = parameters;
    struct verdict *verdict = arena_new_of(arena, struct verdict);
    struct points_account account;
    int64_t left = 0;
    uint32_t person, tenant;
    struct error unknown = {0};
    if (member_resolve(reader, &order->access, order->who, &person, err) != ST_OK ||
        points_account(reader, arena, person, INT64_MAX, &account, err) != ST_OK)
        return NULL;
    if (order->act == POINTS_REVERSE &&
        points_reversible(reader, person, order->what, order->of, &left, err) != ST_OK)
        return NULL;
    int64_t held = account.sums.held > account.sums.due ? account.sums.held : account.sums.due;
    int64_t free = account.sums.balance - (order->act == POINTS_BURN ? held : account.sums.held);
    const char *there = text_count(arena, free > 0 ? free : 0);
    int64_t change = change_of(order, free > 0 ? free : 0);
    verdict->text = arena_printf(arena, _("There are %s points to take."), there);
    bool no_shop = *order->shop && shop_resolve(reader, order->shop, &tenant, &unknown) != ST_OK;
    error_clear(&unknown);
    if (no_shop)
        verdict->text = _("there is no such shop");
    else if (order->act == POINTS_REVERSE && (!left || order->points > left))
        verdict->text = arena_printf(arena, _("Of the entry %s points are left to reverse."),
                                     text_count(arena, left));
    else if (order->act == POINTS_REVERSE && !order->points)
        verdict->text = arena_printf(
            arena, _("All that is left of the entry is reversed: %s points. Balance %s."),
            text_count(arena, left), text_count(arena, account.sums.balance));
    else if (order->points && change < 0 && -change > free)
        verdict->text =
            arena_printf(arena, _("There are only %s points to take: it would be refused."), there);
    else if (order->points) {
        verdict->good = true;
        verdict->text =
            arena_printf(arena, _("Balance %s, then %s."), text_count(arena, account.sums.balance),
                         text_count(arena, account.sums.balance + change));
        if (order->act == POINTS_REVERSE && order->what == POINTS_EARN && -change < order->points)
            verdict->text =
                arena_printf(arena, _("%s %s more are owed, and taken from what comes next."),
                             verdict->text, text_count(arena, order->points + change));
        else if (change > 0 && account.sums.owed)
            verdict->text = arena_printf(arena, _("%s Of that, up to %s owed are taken at once."),
                                         verdict->text, text_count(arena, account.sums.owed));
    }
    return verdict;
}

static void verdict_follow(struct view *view)
{
    struct post_state *state = view->state;
    struct order order = order_read(view);
    if (memcmp(&order, &state->asked, sizeof order) == 0)
        return;
    state->asked = order;
    view_ask(view, 0, _("points"), verdict_ask, &order, sizeof order);
}

/* ---- Posting ---- */

struct posting {
    struct order order;
    struct points_posted posted;
};

static enum status named(struct reader *reader, const struct order *order,
                         struct points_entry *entry, struct error *err)
{
    enum status status = member_resolve(reader, &order->access, order->who, &entry->person, err);
    if (status == ST_OK && *order->shop)
        status = shop_resolve(reader, order->shop, &entry->tenant, err);
    if (status != ST_OK || !*order->campaign)
        return status;
    status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    entry->campaign = dict_id(reader, DICT_CAMPAIGN, order->campaign, strlen(order->campaign));
    reader_end(reader);
    return entry->campaign ? ST_OK
                           : error_set(err, ST_REFUSED, "%s", _("there is no such campaign"));
}

static enum status post_run(struct writer *writer, void *arguments, struct error *err)
{
    struct posting *p = arguments;
    const struct order *order = &p->order;
    struct reader *reader;
    struct points_entry entry = {.act = order->act,
                                 .what = order->what,
                                 .points = order->points,
                                 .of = *order->of ? order->of : NULL,
                                 .ref = *order->ref ? order->ref : NULL,
                                 .reason = *order->reason ? order->reason : NULL};
    enum status status = reader_open(writer_mall(writer), &reader, err);
    if (status != ST_OK)
        return status;
    status = named(reader, order, &entry, err);
    reader_close(reader);
    return status == ST_OK ? points_post(writer, &order->access, &entry, &p->posted, err) : status;
}

static void post_done(void *context, void *arguments, enum status status, const struct error *error)
{
    struct console *console = context;
    const struct posting *p = arguments;
    if (status != ST_OK) {
        console_complain(console, "%s", error_text(error));
        return;
    }
    struct arena *arena = arena_new();
    console_refresh(console);
    console_say(console,
                p->posted.repeated ? _("%s was posted before; balance %s")
                                   : _("%s is posted; balance %s"),
                p->posted.ref, text_count(arena, p->posted.sums.balance));
    arena_free(arena);
}

static void form_done(void *context, bool sent)
{
    struct view *view = context;
    struct post_state *state = view->state;
    state->left = true;
    if (!sent)
        return;
    struct posting posting = {.order = order_read(view)};
    struct write_request request = {.run = post_run,
                                    .done = post_done,
                                    .arguments = &posting,
                                    .size = sizeof posting,
                                    .context = view->console};
    if (view->console->mall->read_only)
        console_complain(view->console, "%s", view->console->mall->why_read_only);
    else
        write_queue_submit(view->console->writes, &request);
}

/* ---- The view ---- */

static const char *field_start(void *context, const char *name)
{
    const struct post_state *state = ((struct view *)context)->state;
    return strcmp(name, "of") == 0 ? state->start.of : "";
}

static void post_open(struct view *view)
{
    static const enum points_form_kind forms[POINTS_ACTS] = {[POINTS_EARN] = POINTS_FORM_EARN,
                                                             [POINTS_BURN] = POINTS_FORM_BURN,
                                                             [POINTS_ADJUST] = POINTS_FORM_ADJUST,
                                                             [POINTS_REVERSE] =
                                                                 POINTS_FORM_REVERSE};
    struct post_state *state = view->state;
    struct points_form_ops ops = {.value = field_start,
                                  .done = form_done,
                                  .context = view,
                                  .loop = view->console->loop,
                                  .today = clock_day(&view->console->mall->clock, time_now())};
    view->scopes[view->n_scopes++] = "form";
    state->start = order_start(view);
    state->form = points_form_new(forms[state->start.act], &ops);
    verdict_follow(view);
}

static void post_close(struct view *view)
{
    points_form_free(((struct post_state *)view->state)->form);
}

static void post_draw(struct view *view, struct area area)
{
    struct post_state *state = view->state;
    const struct verdict *verdict = view_answer(view, 0);
    struct area below = area_cut_bottom(&area, area.rows > 12 ? VERDICT_ROWS : 1);
    points_form_draw(state->form, area);
    if (view_problem(view, 0))
        draw_wrapped(below, 0, ROLE_ERROR, view_problem(view, 0));
    else if (verdict)
        draw_wrapped(below, 0, verdict->good ? ROLE_UP : ROLE_WARN, verdict->text);
}

/* Leaves when the form is finished: nothing of the view may be touched afterwards. */
static bool follow(struct view *view, bool taken)
{
    if (((struct post_state *)view->state)->left)
        console_back(view->console);
    else
        verdict_follow(view);
    return taken;
}

static bool post_key(struct view *view, uint32_t key)
{
    return follow(view, points_form_key(((struct post_state *)view->state)->form, key));
}

static bool post_action(struct view *view, int id, const char *argument)
{
    (void)argument;
    return follow(view, points_form_action(((struct post_state *)view->state)->form, id));
}

const struct view_ops view_points_post = {
    .name = "points-post",
    .title = N_("Post points"),
    .about = N_("An entry of a member's ledger by hand. What will come of it is shown under the "
                "form; the last page shows everything once more before it is sent. Entries are "
                "never changed: what was wrong is reversed or adjusted by another one."),
    .rights = RIGHT_PEOPLE_SEE | RIGHT_CAMPAIGN_EDIT,
    .size = sizeof(struct post_state),
    .open = post_open,
    .close = post_close,
    .draw = post_draw,
    .key = post_key,
    .action = post_action,
};
