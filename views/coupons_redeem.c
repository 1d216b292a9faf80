/* Redeeming a coupon by hand: a form, and under it what the mall says to it while it is typed. */
#include "model/campaign/coupon.h"

#include "model/base/text.h"
#include "model/people/shop.h"
#include "model/store/write_queue.h"
#include "views/coupons_form.h"
#include "views/screens.h"

#include "views/console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERDICT_ROWS = 3 };

/* What is asked of the mall, and sent to it. */
struct order {
    struct access access;
    char code[64 * 4 + 1], shop[64 * 4 + 1], receipt[COUPON_REF_MOST + 1];
    int64_t amount; /* -1: none yet */
};

struct verdict {
    bool good;
    const char *text; /* translated; "" while there is nothing to say */
};

struct redeem_state {
    struct coupons_form *form;
    struct order asked; /* last */
    bool left;
};

/* ---- The verdict ---- */

/* "unknown" and "mistyped" in the words of the code's own form. */
static const char *unread_text(struct arena *arena, const char *typed, const char *reason)
{
    char code[COUPON_CODE];
    const char *why;
    if (strcmp(reason, "mistyped") == 0 && coupon_code_read(typed, strlen(typed), code) &&
        strlen(code) < COUPON_LETTERS && coupon_code_form(arena, code, &why) != COUPON_OWN)
        return arena_printf(arena, _("%zu of %d letters"), strlen(code), COUPON_LETTERS);
    return _(coupon_reason_text(reason));
}

static void *verdict_ask(struct reader *reader, struct arena *arena, const void *parameters,
                         struct error *err)
{
    const struct order *order = parameters;
    struct verdict *verdict = arena_new_of(arena, struct verdict);
    struct coupon_use use = {.code = order->code,
                             .amount = order->amount,
                             .ref = *order->receipt ? order->receipt : NULL};
    struct coupon coupon;
    const char *reason;
    struct error unknown = {0};
    verdict->text = "";
    if (!*order->code)
        return verdict;
    bool shop = *order->shop && shop_resolve(reader, order->shop, &use.tenant, &unknown) == ST_OK;
    error_clear(&unknown);
    if (coupon_check(reader, &order->access, &use, &coupon, &reason, err) != ST_OK)
        return NULL;
    const char *value = text_money(arena, coupon.value);
    bool early = reason && (strcmp(reason, "shop") == 0 || strcmp(reason, "minimum") == 0);
    if (reason && !(early && (!*order->shop || order->amount < 0)))
        verdict->text =
            *coupon.code ? _(coupon_reason_text(reason)) : unread_text(arena, order->code, reason);
    else if (*order->shop && !shop)
        verdict->text = _("there is no such shop");
    else if (!*order->shop || order->amount < 0)
        verdict->text = coupon.minimum ? arena_printf(arena, _("worth %s from %s on"), value,
                                                      text_money(arena, coupon.minimum))
                                       : arena_printf(arena, _("worth %s"), value);
    else {
        verdict->good = true;
        verdict->text =
            arena_printf(arena, _("good: %s off, %s to pay"), text_money(arena, coupon.given),
                         text_money(arena, order->amount - coupon.given));
    }
    return verdict;
}

static struct order order_read(struct view *view)
{
    struct redeem_state *state = view->state;
    struct coupons_form_values values;
    struct order order;
    coupons_form_read(state->form, &values);
    memset(&order, 0, sizeof order); /* compared as bytes */
    order.access = view->console->access;
    order.amount = values.amount;
    snprintf(order.code, sizeof order.code, "%s", values.code);
    snprintf(order.shop, sizeof order.shop, "%s", values.shop);
    snprintf(order.receipt, sizeof order.receipt, "%.*s", COUPON_REF_MOST, values.receipt);
    return order;
}

static void verdict_follow(struct view *view)
{
    struct redeem_state *state = view->state;
    struct order order = order_read(view);
    if (memcmp(&order, &state->asked, sizeof order) == 0)
        return;
    state->asked = order;
    view_ask(view, 0, _("coupon"), verdict_ask, &order, sizeof order);
}

/* ---- Redeeming ---- */

struct redemption {
    struct order order;
    struct coupon coupon;
};

static enum status redemption_run(struct writer *writer, void *arguments, struct error *err)
{
    struct redemption *r = arguments;
    struct coupon_use use = {.code = r->order.code,
                             .amount = r->order.amount,
                             .ref = *r->order.receipt ? r->order.receipt : NULL};
    const char *reason;
    struct reader *reader;
    bool repeated;
    enum status status = reader_open(writer_mall(writer), &reader, err);
    if (status != ST_OK)
        return status;
    status = shop_resolve(reader, r->order.shop, &use.tenant, err);
    reader_close(reader);
    if (status != ST_OK)
        return status;
    status = coupon_redeem(writer, &r->order.access, &use, &r->coupon, &reason, &repeated, err);
    if (status == ST_CONFLICT && reason)
        return error_set(err, ST_CONFLICT, "%s", _(coupon_reason_text(reason)));
    return status;
}

static void redemption_done(void *context, void *arguments, enum status status,
                            const struct error *error)
{
    struct console *console = context;
    const struct redemption *r = arguments;
    if (status != ST_OK) {
        console_complain(console, "%s", error_text(error));
        return;
    }
    struct arena *arena = arena_new();
    console_refresh(console);
    console_say(console, _("%s is redeemed: %s off"), coupon_code_print(arena, r->coupon.code),
                text_money(arena, r->coupon.given));
    arena_free(arena);
}

static void form_done(void *context, bool sent)
{
    struct view *view = context;
    struct redeem_state *state = view->state;
    state->left = true;
    if (!sent)
        return;
    struct redemption redemption = {.order = order_read(view)};
    struct write_request request = {.run = redemption_run,
                                    .done = redemption_done,
                                    .arguments = &redemption,
                                    .size = sizeof redemption,
                                    .context = view->console};
    if (view->console->mall->read_only)
        console_complain(view->console, "%s", view->console->mall->why_read_only);
    else
        write_queue_submit(view->console->writes, &request);
}

/* ---- The view ---- */

static void redeem_open(struct view *view)
{
    struct redeem_state *state = view->state;
    view->scopes[view->n_scopes++] = "form";
    state->form = coupons_form_new(view->argument, form_done, view, view->console->loop);
    verdict_follow(view);
}

static void redeem_close(struct view *view)
{
    coupons_form_free(((struct redeem_state *)view->state)->form);
}

static void redeem_draw(struct view *view, struct area area)
{
    struct redeem_state *state = view->state;
    const struct verdict *verdict = view_answer(view, 0);
    struct area below = area_cut_bottom(&area, area.rows > 12 ? VERDICT_ROWS : 1);
    if (area.rows > 12)
        area_cut_top(&area, 1);
    coupons_form_draw(state->form, area);
    if (view_problem(view, 0))
        draw_wrapped(below, 0, ROLE_ERROR, view_problem(view, 0));
    else if (verdict)
        draw_wrapped(below, 0, verdict->good ? ROLE_UP : ROLE_WARN, verdict->text);
}

/* Leaves when the form is finished: nothing of the view may be touched afterwards. */
static bool follow(struct view *view, bool taken)
{
    if (((struct redeem_state *)view->state)->left)
        console_back(view->console);
    else
        verdict_follow(view);
    return taken;
}

static bool redeem_key(struct view *view, uint32_t key)
{
    return follow(view, coupons_form_key(((struct redeem_state *)view->state)->form, key));
}

static bool redeem_action(struct view *view, int id, const char *argument)
{
    (void)argument;
    return follow(view, coupons_form_action(((struct redeem_state *)view->state)->form, id));
}

const struct view_ops view_coupon_redeem = {
    .name = "coupon-redeem",
    .title = N_("Redeem"),
    .about = N_("A coupon that is taken off a receipt by hand. What the mall says to it is shown "
                "under the form while it is typed; it is asked again when the form is sent."),
    .rights = RIGHT_CAMPAIGN_EDIT,
    .size = sizeof(struct redeem_state),
    .open = redeem_open,
    .close = redeem_close,
    .draw = redeem_draw,
    .key = redeem_key,
    .action = redeem_action,
};
