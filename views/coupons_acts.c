#include "views/coupons_acts.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/campaign/coupon.h"
#include "model/people/member_page.h"
#include "model/segment/segment.h"
#include "model/store/write_queue.h"
#include "tui/dialog.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_LEAST = 3, WHY_MOST = 200 };

static bool may_change(struct console *console)
{
    if (!console_may(console, RIGHT_CAMPAIGN_EDIT))
        return false;
    if (console->mall->read_only)
        console_complain(console, "%s", console->mall->why_read_only);
    return !console->mall->read_only;
}

/* ---- Void ---- */

struct voiding {
    struct console *console;
    struct access access;
    char **codes, *why;
    size_t n, done; /* done: how many were made void */
};

static void voiding_free(struct voiding *v)
{
    for (size_t i = 0; i < v->n; i++)
        free(v->codes[i]);
    free(v->codes);
    free(v->why);
    free(v);
}

/* All of them or none: one that was used meanwhile stops it. */
static enum status voiding_run(struct writer *writer, void *arguments, struct error *err)
{
    struct voiding *v = *(struct voiding **)arguments;
    enum status status = writer_begin(writer, err);
    for (size_t i = 0; i < v->n && status == ST_OK; i++) {
        struct coupon coupon;
        const char *reason;
        bool repeated;
        status =
            coupon_void(writer, &v->access, v->codes[i], v->why, &coupon, &reason, &repeated, err);
        v->done += status == ST_OK && !repeated;
    }
    if (status == ST_OK)
        return writer_commit(writer, err);
    writer_rollback(writer);
    return status;
}

static void voiding_done(void *context, void *arguments, enum status status,
                         const struct error *error)
{
    struct console *console = context;
    const struct voiding *v = *(struct voiding **)arguments;
    if (status != ST_OK) {
        console_complain(console, "%s", error_text(error));
        return;
    }
    console_refresh(console);
    console_say(console, ngettext("%zu coupon is void", "%zu coupons are void", v->done), v->done);
}

static void voiding_release(void *arguments)
{
    voiding_free(*(struct voiding **)arguments);
}

static void number_given(void *context, struct dialog *dialog, bool accepted)
{
    struct voiding *v = context;
    (void)dialog;
    if (!accepted) {
        voiding_free(v);
        return;
    }
    struct write_request request = {.run = voiding_run,
                                    .done = voiding_done,
                                    .release = voiding_release,
                                    .arguments = &v,
                                    .size = sizeof v,
                                    .context = v->console};
    write_queue_submit(v->console->writes, &request);
}

static void why_given(void *context, struct dialog *dialog, bool accepted)
{
    struct voiding *v = context;
    if (!accepted) {
        voiding_free(v);
        return;
    }
    struct arena *arena = arena_new();
    const char *text =
        v->n == 1
            ? arena_printf(arena, _("Makes the coupon %s worthless. There is no way back."),
                           coupon_code_print(arena, v->codes[0]))
            : arena_printf(arena, _("Makes %zu coupons worthless. There is no way back."), v->n);
    v->why = mem_strdup(dialog_text(dialog));
    console_dialog(v->console,
                   dialog_confirm_number(_("Make void"), text, (int64_t)v->n, number_given, v));
    arena_free(arena);
}

static const char *why_check(void *context, const char *text)
{
    size_t n = strlen(text);
    (void)context;
    return n < WHY_LEAST ? _("a few words, for the audit") : n > WHY_MOST ? _("too long") : NULL;
}

void coupons_void(struct console *console, const char *const *codes, size_t n)
{
    if (!n || !may_change(console))
        return;
    struct voiding *v = mem_zero(1, sizeof *v);
    v->console = console;
    v->access = console->access;
    v->codes = mem_zero(n, sizeof *v->codes);
    v->n = n;
    for (size_t i = 0; i < n; i++)
        v->codes[i] = mem_strdup(codes[i]);
    console_dialog(console, dialog_ask(_("Make void"), _("Reason, for the audit"), "", why_check,
                                       why_given, v));
}

/* ---- Issue ---- */

/* First the writer's thread finds out who is meant; the number is asked back before it gives. */
struct issuing {
    struct console *console;
    struct access access;
    uint32_t campaign;
    char *code, *text, *ref;
    bool one, agreed;
    bool asking; /* a dialog has it */
    struct arena *arena;
    uint32_t *people;
    size_t n;
    const struct campaign *found;
    int64_t done, repeated, held;
    char coupon[COUPON_CODE];
};

static void issuing_free(struct issuing *i)
{
    free(i->code);
    free(i->text);
    free(i->ref);
    arena_free(i->arena);
    free(i);
}

/* A person, else what an expression means. */
static enum status people_find(struct issuing *i, struct reader *reader, struct error *err)
{
    struct segment_answer answer;
    struct error nobody = {0};
    uint32_t person;
    i->one = member_resolve(reader, &i->access, i->text, &person, &nobody) == ST_OK;
    error_clear(&nobody);
    if (i->one) {
        i->people = arena_array(i->arena, uint32_t, 1);
        i->people[0] = person;
        i->n = 1;
        return ST_OK;
    }
    enum status status = segment_run(reader, i->arena, &i->access, i->text, &answer, err);
    if (status == ST_OK)
        i->people = set_list(answer.people, i->arena, &i->n);
    return status;
}

static enum status issuing_find(struct issuing *i, struct writer *writer, struct error *err)
{
    struct reader *reader;
    enum status status = reader_open(writer_mall(writer), &reader, err);
    if (status != ST_OK)
        return status;
    status = campaign_by_id(reader, i->arena, i->campaign, &i->found, err);
    if (status == ST_OK && !i->found)
        status = error_set(err, ST_CONFLICT, "campaign %s is gone", i->code);
    if (status == ST_OK)
        status = people_find(i, reader, err);
    reader_close(reader);
    return status;
}

static enum status issuing_give(struct issuing *i, struct writer *writer, struct error *err)
{
    struct campaign campaign = {.id = i->campaign, .code = i->code};
    struct coupon_issue order = {.campaign = &campaign, .person = i->people[0]};
    struct coupon coupon;
    if (!i->one)
        return coupon_issue_people(writer, &i->access, i->found, i->people, i->n, i->ref, &i->done,
                                   &i->repeated, &i->held, err);
    enum status status = coupon_issue(writer, &i->access, &order, &coupon, NULL, err);
    if (status == ST_OK) {
        i->done = 1;
        memcpy(i->coupon, coupon.code, sizeof i->coupon);
    }
    return status;
}

static enum status issuing_run(struct writer *writer, void *arguments, struct error *err)
{
    struct issuing *i = *(struct issuing **)arguments;
    enum status status = i->agreed ? ST_OK : issuing_find(i, writer, err);
    return status == ST_OK && (i->one || i->agreed) ? issuing_give(i, writer, err) : status;
}

static void issuing_submit(struct issuing *i);

static void people_agreed(void *context, struct dialog *dialog, bool accepted)
{
    struct issuing *i = context;
    (void)dialog;
    i->agreed = accepted;
    i->asking = false;
    if (accepted)
        issuing_submit(i);
    else
        issuing_free(i);
}

static void issued_say(struct issuing *i, enum status status, const struct error *error)
{
    struct console *console = i->console;
    struct arena *arena = arena_new();
    if (i->done)
        console_refresh(console);
    if (status != ST_OK && i->done)
        console_complain(console, _("%s issued, then: %s"), text_count(arena, i->done),
                         error_text(error));
    else if (status != ST_OK)
        console_complain(console, "%s", error_text(error));
    else if (i->one)
        console_say(console, _("issued: %s"), coupon_code_print(arena, i->coupon));
    else if (i->held)
        console_say(console, _("%s issued, %s are held out"), text_count(arena, i->done),
                    text_count(arena, i->held));
    else
        console_say(console, _("%s issued"), text_count(arena, i->done));
    arena_free(arena);
}

static void issuing_done(void *context, void *arguments, enum status status,
                         const struct error *error)
{
    struct issuing *i = *(struct issuing **)arguments;
    struct console *console = context;
    if (status != ST_OK || i->one || i->agreed) {
        issued_say(i, status, error);
    } else if (!i->n) {
        console_say(console, "%s", _("the expression means nobody"));
    } else {
        struct arena *arena = arena_new();
        i->asking = true;
        console_dialog(console, dialog_confirm_number(
                                    _("Issue coupons"),
                                    arena_printf(arena, _("Gives %s people a coupon of %s each."),
                                                 text_count(arena, (int64_t)i->n), i->code),
                                    (int64_t)i->n, people_agreed, i));
        arena_free(arena);
    }
}

static void issuing_release(void *arguments)
{
    struct issuing *i = *(struct issuing **)arguments;
    if (!i->asking)
        issuing_free(i);
}

static void issuing_submit(struct issuing *i)
{
    struct write_request request = {.run = issuing_run,
                                    .done = issuing_done,
                                    .release = issuing_release,
                                    .arguments = &i,
                                    .size = sizeof i,
                                    .context = i->console};
    write_queue_submit(i->console->writes, &request);
}

static void whom_given(void *context, struct dialog *dialog, bool accepted)
{
    struct issuing *i = context;
    if (!accepted || !*dialog_text(dialog)) {
        issuing_free(i);
        return;
    }
    i->text = mem_strdup(dialog_text(dialog));
    issuing_submit(i);
}

void coupons_issue(struct console *console, uint32_t campaign, const char *code)
{
    if (!may_change(console))
        return;
    struct issuing *i = mem_zero(1, sizeof *i);
    i->console = console;
    i->access = console->access;
    i->campaign = campaign;
    i->code = mem_strdup(code);
    i->ref = mem_printf("console-%" PRId64 "-%" PRIu32, time_now(), campaign);
    i->arena = arena_new();
    console_dialog(console,
                   dialog_ask(_("Issue a coupon"), _("to a card, or to whom an expression means"),
                              "", NULL, whom_given, i));
}

/* ---- Settle and run out ---- */

struct running {
    struct coupon_settled settled;
    int64_t expired;
};

static enum status running_run(struct writer *writer, void *arguments, struct error *err)
{
    struct running *running = arguments;
    struct reader *reader;
    enum status status = reader_open(writer_mall(writer), &reader, err);
    if (status != ST_OK)
        return status;
    status = coupon_settle(reader, writer, &running->settled, err);
    reader_close(reader);
    return status == ST_OK ? coupon_expire(writer, time_now(), &running->expired, err) : status;
}

static void running_done(void *context, void *arguments, enum status status,
                         const struct error *error)
{
    struct console *console = context;
    const struct running *r = arguments;
    if (status != ST_OK) {
        console_complain(console, "%s", error_text(error));
        return;
    }
    console_refresh(console);
    console_say(console, _("%lld redeemed by reports of tills, %lld disputed, %lld ran out"),
                (long long)r->settled.redeemed, (long long)r->settled.disputes,
                (long long)r->expired);
}

void coupons_run(struct console *console)
{
    struct running running = {.expired = 0};
    struct write_request request = {.run = running_run,
                                    .done = running_done,
                                    .arguments = &running,
                                    .size = sizeof running,
                                    .context = console};
    if (may_change(console))
        write_queue_submit(console->writes, &request);
}
