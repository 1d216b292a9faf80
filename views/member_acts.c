#include "views/member_acts.h"

#include "model/store/write_queue.h"
#include "tui/dialog.h"

#include <stdlib.h>
#include <string.h>

/* What a dialog is about: the page may have been read anew when it is answered. */
struct act {
    struct console *console;
    struct view *view;
    char *target;
    int64_t version;
    uint32_t person;
};

static struct act *act_new(struct view *view, const struct member_page *page)
{
    struct act *act = mem_zero(1, sizeof *act);
    *act = (struct act){.console = view->console,
                        .view = view,
                        .target = mem_strdup(page->target ? page->target : ""),
                        .version = page->version,
                        .person = page->person};
    return act;
}

static void act_free(struct act *act)
{
    free(act->target);
    free(act);
}

/* ---- Consent ---- */

static const struct {
    const char *field, *title;
    bool on;
} consents[] = {
    {"consent_sms", N_("SMS: consent given"), true},
    {"consent_sms", N_("SMS: consent withdrawn"), false},
    {"consent_app", N_("app: consent given"), true},
    {"consent_app", N_("app: consent withdrawn"), false},
    {"consent_wifi", N_("Wi-Fi: consent given"), true},
    {"consent_wifi", N_("Wi-Fi: consent withdrawn"), false},
};
enum { CONSENTS = sizeof consents / sizeof *consents };

static void consent_chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct act *act = context;
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice >= 0) {
        json_t *set = json_pack("{s:b}", consents[choice].field, consents[choice].on);
        console_change(act->console, "member", act->target, OPERATION_SET, act->version, set,
                       "console");
        json_decref(set);
    }
    act_free(act);
}

void member_consent(struct view *view, const struct member_page *page)
{
    if (!page || !console_may(view->console, RIGHT_PEOPLE_EDIT))
        return;
    if (!page->member) {
        console_say(view->console, "%s", _("a visitor has no consents yet"));
        return;
    }
    const char *titles[CONSENTS];
    for (size_t i = 0; i < CONSENTS; i++)
        titles[i] = _(consents[i].title);
    console_dialog(view->console, dialog_choose(_("Consent"), titles, CONSENTS, 0, consent_chosen,
                                                act_new(view, page)));
}

/* ---- Reveal ---- */

enum { REVEAL_MS = 120000 };

struct reveal {
    struct access access;
    uint32_t person;
    char reason[200];
};

static enum status reveal_run(struct writer *writer, void *arguments, struct error *err)
{
    struct reveal *reveal = arguments;
    return access_reveal(&reveal->access, writer, reveal->person, reveal->reason, err);
}

/* Nobody stays unmasked on a screen that somebody walked away from. */
static void reveal_over(void *context)
{
    struct console *console = context;
    console->reveal_timer = 0;
    access_conceal(&console->access);
    console_say(console, "%s", _("masked again"));
    console_refresh(console);
}

void reveal_end(struct console *console)
{
    if (console->reveal_timer)
        loop_timer_stop(console->loop, console->reveal_timer);
    console->reveal_timer = 0;
}

static void reveal_done(void *context, void *arguments, enum status status,
                        const struct error *error)
{
    struct console *console = context;
    const struct reveal *reveal = arguments;
    if (status != ST_OK) {
        console_complain(console, "%s", error_text(error));
        return;
    }
    if (strcmp(console_top(console)->ops->name, "member") != 0)
        return; /* the page was left meanwhile: nothing stays unmasked */
    console->access.revealed = reveal->person;
    reveal_end(console);
    console->reveal_timer = loop_timer(console->loop, REVEAL_MS, false, reveal_over, console);
    console_say(console, "%s",
                _("shown in full for two minutes or until you leave; the reason is logged"));
    console_refresh(console);
}

static void reason_given(void *context, struct dialog *dialog, bool accepted)
{
    struct act *act = context;
    if (accepted) {
        struct reveal reveal = {.access = act->console->access, .person = act->person};
        snprintf(reveal.reason, sizeof reveal.reason, "%s", dialog_text(dialog));
        struct write_request request = {.run = reveal_run,
                                        .done = reveal_done,
                                        .arguments = &reveal,
                                        .size = sizeof reveal,
                                        .context = act->console};
        write_queue_submit(act->console->writes, &request);
    }
    act_free(act);
}

void member_reveal(struct view *view, const struct member_page *page)
{
    if (!page || !console_may(view->console, RIGHT_PEOPLE_REVEAL))
        return;
    console_dialog(view->console,
                   dialog_ask(_("Show this person in full"), _("Reason, for the audit"), "", NULL,
                              reason_given, act_new(view, page)));
}
