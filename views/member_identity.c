#include "views/member_identity.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/people/erase.h"
#include "model/people/link.h"
#include "model/store/write_queue.h"
#include "tui/dialog.h"
#include "views/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 512, LINKS_SHOWN = 40 };

/* From the first question to the answer of the writer; what is asked for is filled in on the way.
 */
struct act {
    struct console *console;
    struct access access;
    uint32_t person, other;
    char who[160], text[TEXT]; /* the other's contact; evidence or reason */
    double confidence;
    int64_t link, events;
    int64_t links[LINKS_SHOWN];
    size_t n_links;
    /* Out */
    char outcome[160];
    int64_t made; /* the link that was made; 0: none */
};

static struct act *act_new(struct view *view, uint32_t person)
{
    struct act *act = mem_zero(1, sizeof *act);
    act->console = view->console;
    act->access = view->console->access;
    act->person = person;
    return act;
}

/* ---- On the writer's thread ---- */

/* A contact as somebody typed it, looked up with the writer's own connection. */
static enum status other_find(struct writer *writer, struct act *act, struct error *err)
{
    struct reader *reader;
    enum status status = reader_open(writer_mall(writer), &reader, err);
    if (status != ST_OK)
        return status;
    status = member_resolve(reader, &act->access, act->who, &act->other, err);
    reader_close(reader);
    return status;
}

static enum status join_run(struct writer *writer, void *arguments, struct error *err)
{
    struct act *act = arguments;
    struct link_result result;
    enum status status = act->other ? ST_OK : other_find(writer, act, err);
    struct link_request request = {.one = act->person,
                                   .other = act->other,
                                   .evidence = act->text,
                                   .confidence = act->confidence};
    if (status == ST_OK)
        status = member_link(writer, &act->access, &request, &result, err);
    if (status == ST_OK)
        act->made = result.id;
    if (status == ST_OK)
        snprintf(act->outcome, sizeof act->outcome,
                 _("joined: link %lld, %lld contacts, %lld events; u undoes it"),
                 (long long)result.id, (long long)result.identities, (long long)result.events);
    return status;
}

static enum status part_run(struct writer *writer, void *arguments, struct error *err)
{
    struct act *act = arguments;
    struct link_result result;
    enum status status = member_unlink(writer, &act->access, act->link, act->text, &result, err);
    if (status == ST_OK)
        snprintf(act->outcome, sizeof act->outcome,
                 _("taken apart: %lld contacts and %lld events are back where they were"),
                 (long long)result.identities, (long long)result.events);
    return status;
}

static enum status remove_run(struct writer *writer, void *arguments, struct error *err)
{
    struct act *act = arguments;
    struct arena *arena = arena_new();
    struct erasure erasure;
    enum status status =
        member_erase(writer, &act->access, act->person, act->text, arena, &erasure, err);
    if (status == ST_OK)
        snprintf(act->outcome, sizeof act->outcome, _("erased; receipt %s"), erasure.id);
    arena_free(arena);
    return status;
}

static enum status join_undo(struct writer *writer, const struct access *access, int64_t link,
                             const char *reason, struct error *err)
{
    struct link_result result;
    return member_unlink(writer, access, link, reason, &result, err);
}

static void act_done(void *context, void *arguments, enum status status, const struct error *error)
{
    struct console *console = context;
    const struct act *act = arguments;
    if (status == ST_OK) {
        change_note_back(console, act->made ? join_undo : NULL, act->made, "undone");
        console_say(console, "%s", act->outcome);
    } else {
        console_complain(console, "%s", error_text(error));
    }
    console_refresh(console);
}

static void act_submit(struct act *act, enum status (*run)(struct writer *, void *, struct error *))
{
    struct console *console = act->console;
    struct write_request request = {
        .run = run, .done = act_done, .arguments = act, .size = sizeof *act, .context = console};
    if (console->mall->read_only)
        console_complain(console, "%s", console->mall->why_read_only);
    else
        write_queue_submit(console->writes, &request);
    free(act);
}

/* ---- Joining ---- */

static void evidence_given(void *context, struct dialog *dialog, bool accepted)
{
    struct act *act = context;
    if (!accepted) {
        free(act);
        return;
    }
    snprintf(act->text, sizeof act->text, "%s", dialog_text(dialog));
    act_submit(act, join_run);
}

static void other_given(void *context, struct dialog *dialog, bool accepted)
{
    struct act *act = context;
    if (!accepted || !*dialog_text(dialog)) {
        free(act);
        return;
    }
    snprintf(act->who, sizeof act->who, "%s", dialog_text(dialog));
    console_dialog(act->console, dialog_ask(_("Why are they one?"), _("what was seen"), "", NULL,
                                            evidence_given, act));
}

void member_join(struct view *view, const struct member_page *page)
{
    if (!page || !console_may(view->console, RIGHT_PEOPLE_EDIT))
        return;
    struct act *act = act_new(view, page->person);
    act->confidence = 1;
    console_dialog(view->console,
                   dialog_ask(_("Join with another contact of the same person"),
                              _("card, phone, account or address"), "", NULL, other_given, act));
}

void member_join_pair(struct view *view, uint32_t one, uint32_t other, const char *evidence,
                      double confidence)
{
    if (!console_may(view->console, RIGHT_PEOPLE_EDIT))
        return;
    struct act *act = act_new(view, one);
    act->other = other;
    act->confidence = confidence;
    console_dialog(view->console,
                   dialog_ask(_("Join these two; why are they one?"), _("what was seen"), evidence,
                              NULL, evidence_given, act));
}

/* ---- Taking apart ---- */

static void reason_given(void *context, struct dialog *dialog, bool accepted)
{
    struct act *act = context;
    if (!accepted) {
        free(act);
        return;
    }
    snprintf(act->text, sizeof act->text, "%s", dialog_text(dialog));
    act_submit(act, part_run);
}

static void link_chosen(void *context, struct dialog *dialog, bool accepted)
{
    struct act *act = context;
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice < 0 || (size_t)choice >= act->n_links) {
        free(act);
        return;
    }
    act->link = act->links[choice];
    console_dialog(act->console, dialog_ask(_("Take apart"), _("reason, for the audit"), "", NULL,
                                            reason_given, act));
}

/* "link 3: card *****002, phone 138****1234 (same payment)". */
static size_t links_read(struct arena *arena, const struct member_page *page, int64_t *links,
                         const char **titles)
{
    const struct sheet *sheet = page->sections[SECTION_IDENTITIES];
    size_t n = 0;
    for (size_t i = 0; i < sheet->n_rows; i++) {
        const struct cell *cells = sheet_row(sheet, i);
        size_t at = 0;
        if (!cells[4].known)
            continue;
        while (at < n && links[at] != cells[4].integer)
            at++;
        if (at == LINKS_SHOWN)
            break;
        if (at == n) {
            links[n] = cells[4].integer;
            titles[n++] = arena_printf(arena, _("link %lld · %s"), (long long)cells[4].integer,
                                       cell_string(&cells[2]));
        }
        titles[at] = arena_printf(arena, "%s · %s %s", titles[at],
                                  word_translated("kind", cells[0].text), cell_string(&cells[1]));
    }
    return n;
}

void member_part(struct view *view, const struct member_page *page)
{
    const char *titles[LINKS_SHOWN];
    if (!page || !console_may(view->console, RIGHT_PEOPLE_EDIT))
        return;
    struct act *act = act_new(view, page->person);
    struct arena *arena = arena_new();
    act->n_links = links_read(arena, page, act->links, titles);
    if (act->n_links) {
        console_dialog(view->console, dialog_choose(_("Which link was a mistake?"), titles,
                                                    act->n_links, 0, link_chosen, act));
    } else {
        console_say(view->console, "%s", _("nobody was joined with this person"));
        free(act);
    }
    arena_free(arena);
}

/* ---- Erasing ---- */

static void number_given(void *context, struct dialog *dialog, bool accepted)
{
    struct act *act = context;
    (void)dialog;
    if (accepted)
        act_submit(act, remove_run);
    else
        free(act);
}

static void erase_reason_given(void *context, struct dialog *dialog, bool accepted)
{
    struct act *act = context;
    if (!accepted) {
        free(act);
        return;
    }
    snprintf(act->text, sizeof act->text, "%s", dialog_text(dialog));
    struct arena *arena = arena_new();
    const char *reach = arena_printf(
        arena,
        _("Removes everything about person %u for good: %s contacts, attributes, "
          "interests, relations, consents and what changes of them were written down. %s events "
          "stay, of nobody. No import brings them back, and nothing undoes it."),
        (unsigned)act->person, text_count(arena, act->link), text_count(arena, act->events));
    console_dialog(act->console, dialog_confirm_number(_("Erase this person"), reach, act->person,
                                                       number_given, act));
    arena_free(arena);
}

void member_remove(struct view *view, const struct member_page *page)
{
    if (!page || !console_may(view->console, RIGHT_PEOPLE_EDIT))
        return;
    struct act *act = act_new(view, page->person);
    act->events = page->events;
    act->link = (int64_t)page->sections[SECTION_IDENTITIES]->n_rows;
    console_dialog(view->console,
                   dialog_ask(_("Erase this person: why?"), _("reason, for the receipt"), "", NULL,
                              erase_reason_given, act));
}
