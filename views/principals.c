/* People and roles: who may do what in this mall, and come in to it as a hub. */
#include "model/sync/door.h"
#include "model/sync/upkeep.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/store/write_queue.h"
#include "tui/dialog.h"
#include "views/actions.h"
#include "views/screens.h"
#include "views/sheet_view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct principals_state {
    struct sheet_state sheet; /* first */
};

static void *principals_ask(struct reader *reader, struct arena *arena, const void *parameters,
                            struct error *err)
{
    struct sheet_answer *answer = arena_new_of(arena, struct sheet_answer);
    static const int words[] = {UPKEEP_STATE, UPKEEP_MAY};
    if (upkeep_list(reader, parameters, time_now(), arena, &answer->sheet, err) != ST_OK)
        return NULL;
    for (size_t i = 0; i < answer->sheet->n_rows; i++) {
        struct cell *cells = answer->sheet->cells + i * answer->sheet->n_columns;
        for (size_t w = 0; w < sizeof words / sizeof *words; w++)
            if (cells[words[w]].known)
                cells[words[w]] = cell_text(text_translated(cell_string(&cells[words[w]])));
    }
    answer->metric = -1;
    return answer;
}

static void principals_refresh(struct view *view)
{
    view_ask(view, 0, _("people and roles"), principals_ask, &view->console->access,
             sizeof view->console->access);
}

static void principals_open(struct view *view)
{
    sheet_view_open(view, "principals", C_("counted", "people"));
}

static void principals_draw(struct view *view, struct area area)
{
    const struct sheet_answer *answer = view_answer(view, 0);
    if (answer && !answer->sheet->n_rows && !view_problem(view, 0))
        draw_wrapped(
            area, 0, ROLE_DIM,
            _("Nobody but the mall file's owner may do anything here. a adds a person with "
              "a role and a public SSH key."));
    else
        sheet_view_draw(view, area);
}

static const char *selected(struct view *view, int column)
{
    struct principals_state *state = view->state;
    const struct sheet_answer *answer = view_answer(view, 0);
    int64_t row = answer && state->sheet.list.table ? list_selected(&state->sheet.list) : -1;
    return row >= 0 && (size_t)row < answer->sheet->n_rows
               ? cell_string(&sheet_row(answer->sheet, (size_t)row)[column])
               : NULL;
}

static bool may_change(struct console *console)
{
    if (!console_may(console, RIGHT_ADMIN))
        return false;
    if (console->mall->read_only)
        console_complain(console, "%s", console->mall->why_read_only);
    return !console->mall->read_only;
}

/* ---- Adding: name, role, key ---- */

struct admitting {
    struct console *console;
    struct access access;
    char name[DOOR_NAME_MOST + 1];
    const char *role;
    char *key;  /* a line, or the path of a file */
    char *line; /* for authorized_keys */
};

static void admitting_free(struct admitting *admitting)
{
    free(admitting->key);
    free(admitting->line);
    free(admitting);
}

static enum status key_of(struct admitting *admitting, struct arena *arena, struct door_key *key,
                          struct error *err)
{
    char bytes[DOOR_KEY_MOST + 1];
    const char *given = admitting->key;
    if (strchr(given, ' ')) /* a line, which a path seldom looks like */
        return door_key_read(arena, _("the key"), given, strlen(given), key, err);
    int fd = open(given, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
    int code = errno;
    if (fd >= 0)
        close(fd);
    if (n < 0)
        return error_set(err, ST_REFUSED, "%s: %s", text_quote(arena, given, strlen(given)),
                         strerror(code));
    return door_key_read(arena, given, bytes, (size_t)n, key, err);
}

static enum status admit_run(struct writer *writer, void *arguments, struct error *err)
{
    struct admitting *admitting = *(struct admitting **)arguments;
    struct arena *arena = arena_new();
    struct door_key key;
    const char *line = NULL;
    char self[4096];
    bool made;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    char *mall = realpath(writer_mall(writer)->path, NULL);
    self[n > 0 ? n : 0] = 0;
    enum status status = key_of(admitting, arena, &key, err);
    if (status == ST_OK)
        status = door_line(arena, self, mall ? mall : "", admitting->name, &key, &line, err);
    if (status == ST_OK)
        status = door_admit(writer, &admitting->access, admitting->name, admitting->role, &key,
                            &made, err);
    if (status == ST_OK)
        admitting->line = mem_strdup(line);
    free(mall);
    arena_free(arena);
    return status;
}

static void admit_done(void *context, void *arguments, enum status status,
                       const struct error *error)
{
    struct console *console = context;
    const struct admitting *admitting = *(struct admitting **)arguments;
    if (status != ST_OK) {
        console_complain(console, "%s", error_text(error));
        return;
    }
    struct arena *arena = arena_new();
    char *text = arena_printf(
        arena,
        _("%s may come in as %s. This line goes into ~/.ssh/authorized_keys of the user who owns "
          "the mall file on the hub (atrium hub add prints it again):\n\n%s"),
        admitting->name, word_translated("role", admitting->role), admitting->line);
    console_refresh(console);
    console_dialog(console, dialog_message(_("Added"), text, NULL, NULL));
    arena_free(arena);
}

static void admit_release(void *arguments)
{
    admitting_free(*(struct admitting **)arguments);
}

static void key_given(void *context, struct dialog *dialog, bool accepted)
{
    struct admitting *admitting = context;
    if (!accepted) {
        admitting_free(admitting);
        return;
    }
    admitting->key = mem_strdup(dialog_text(dialog));
    struct write_request request = {.run = admit_run,
                                    .done = admit_done,
                                    .release = admit_release,
                                    .arguments = &admitting,
                                    .size = sizeof admitting,
                                    .context = admitting->console};
    write_queue_submit(admitting->console->writes, &request);
}

static void role_given(void *context, struct dialog *dialog, bool accepted)
{
    struct admitting *admitting = context;
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice < 0) {
        admitting_free(admitting);
        return;
    }
    admitting->role = roles[choice].name;
    console_dialog(admitting->console, dialog_ask(_("Public SSH key"), _("the key, or its file"),
                                                  "", NULL, key_given, admitting));
}

/* Of the roles, each with what it is for. */
static void role_choose(struct console *console, size_t at, dialog_done *done, void *context)
{
    const char *titles[ACCESS_COUNT];
    struct arena *arena = arena_new();
    for (size_t i = 0; i < ACCESS_COUNT; i++)
        titles[i] = arena_printf(arena, "%s: %s", word_translated("role", roles[i].name),
                                 text_translated(roles[i].summary));
    console_dialog(console, dialog_choose(_("Role"), titles, ACCESS_COUNT, at, done, context));
    arena_free(arena);
}

static const char *name_check(void *context, const char *text)
{
    (void)context;
    return door_name_check(text, NULL) == ST_OK
               ? NULL
               : _("letters, digits, . _ and - of ASCII; a letter or digit first");
}

static void name_given(void *context, struct dialog *dialog, bool accepted)
{
    struct admitting *admitting = context;
    if (!accepted) {
        admitting_free(admitting);
        return;
    }
    snprintf(admitting->name, sizeof admitting->name, "%s", dialog_text(dialog));
    role_choose(admitting->console, 0, role_given, admitting);
}

static void person_add(struct console *console)
{
    if (!may_change(console))
        return;
    struct admitting *admitting = mem_zero(1, sizeof *admitting);
    admitting->console = console;
    admitting->access = console->access;
    console_dialog(console, dialog_ask(_("A person"), _("name to be known by here"), "", name_check,
                                       name_given, admitting));
}

/* ---- Another role; out ---- */

struct changing {
    struct console *console;
    struct access access;
    char name[200];
    char replica[REPLICA_ID + 1]; /* "": the row has none */
    bool back;                    /* it is revoked: it may come in again */
};

static struct changing *changing_of(struct view *view)
{
    const char *name = selected(view, UPKEEP_NAME);
    if (!name || !may_change(view->console))
        return NULL;
    struct changing *changing = mem_zero(1, sizeof *changing);
    const char *replica = selected(view, UPKEEP_REPLICA), *state = selected(view, UPKEEP_STATE);
    changing->console = view->console;
    changing->access = view->console->access;
    snprintf(changing->name, sizeof changing->name, "%s", name);
    snprintf(changing->replica, sizeof changing->replica, "%s", replica ? replica : "");
    changing->back = state && strcmp(state, _("revoked")) == 0;
    return changing;
}

static void other_role(void *context, struct dialog *dialog, bool accepted)
{
    struct changing *changing = context;
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice >= 0) {
        json_t *set = json_pack("{s:s}", "role", roles[choice].name);
        console_change(changing->console, "principal", changing->name, OPERATION_SET, -1, set,
                       NULL);
        json_decref(set);
    }
    free(changing);
}

static void role_change(struct view *view)
{
    const char *role = selected(view, UPKEEP_ROLE);
    struct changing *changing = changing_of(view);
    const struct role_info *now = role ? role_by_name(role) : NULL;
    if (changing)
        role_choose(view->console, now ? (size_t)now->role : 0, other_role, changing);
}

static void revoke_said(void *context, struct dialog *dialog, bool accepted)
{
    struct changing *changing = context;
    (void)dialog;
    if (accepted) {
        json_t *none = json_object();
        console_change(changing->console, "principal", changing->name, OPERATION_DELETE, -1, none,
                       NULL);
        json_decref(none);
    }
    free(changing);
}

/* ---- One machine of a person ---- */

static enum status replica_run(struct writer *writer, void *arguments, struct error *err)
{
    const struct changing *changing = arguments;
    char full[REPLICA_ID + 1];
    return upkeep_revoke(writer, &changing->access, changing->name, changing->replica,
                         changing->back, full, err);
}

static void replica_done(void *context, void *arguments, enum status status,
                         const struct error *error)
{
    struct console *console = context;
    const struct changing *changing = arguments;
    if (status != ST_OK)
        console_complain(console, "%s", error_text(error));
    else
        console_say(console,
                    changing->back ? _("this replica of %s may come in again")
                                   : _("this replica of %s locks itself when it comes"),
                    changing->name);
    console_refresh(console);
}

static void person_ask(struct changing *changing);

static void which_said(void *context, struct dialog *dialog, bool accepted)
{
    struct changing *changing = context;
    int choice = accepted ? dialog_choice(dialog) : -1;
    if (choice == 1) {
        person_ask(changing);
        return;
    }
    struct write_request request = {.run = replica_run,
                                    .done = replica_done,
                                    .arguments = changing,
                                    .size = sizeof *changing,
                                    .context = changing->console};
    if (choice == 0)
        write_queue_submit(changing->console->writes, &request);
    free(changing);
}

/* The person with all machines, or this one alone. */
static void person_revoke(struct view *view)
{
    struct changing *changing = changing_of(view);
    if (changing && *changing->replica) {
        const char *choices[] = {changing->back ? _("let this replica in again")
                                                : _("only this replica: it locks itself"),
                                 _("the person, on every machine")};
        console_dialog(view->console,
                       dialog_choose(_("Revoke"), choices, 2, 0, which_said, changing));
    } else if (changing) {
        person_ask(changing);
    }
}

static void person_ask(struct changing *changing)
{
    struct arena *arena = arena_new();
    char *text = arena_printf(
        arena,
        _("%s may do nothing here any more: not in the console, and not from a replica, whose "
          "session ends with its next batch. What the replica holds locks itself."),
        changing->name);
    console_dialog(changing->console,
                   dialog_confirm(_("Revoke"), text, _("Revoke"), revoke_said, changing));
    arena_free(arena);
}

static bool principals_action(struct view *view, int id, const char *argument)
{
    switch (id) {
    case ACTION_PRINCIPALS_ADD:
        person_add(view->console);
        return true;
    case ACTION_PRINCIPALS_ROLE:
        role_change(view);
        return true;
    case ACTION_PRINCIPALS_REVOKE:
        person_revoke(view);
        return true;
    default:
        return sheet_view_action(view, id, argument);
    }
}

const struct view_ops view_principals = {
    .name = "people-roles",
    .title = N_("People and roles"),
    .about = N_("Who may do what in this mall, and by which SSH key a hub knows them. a adds a "
                "person, e gives another role, d revokes the person or one replica, at once. "
                "Each machine has a row: how far it is behind the hub, and how many erasures it "
                "has not heard of."),
    .number = ACTION_GO_PRINCIPALS - ACTION_GO_LOOP + 1,
    .rights = RIGHT_ADMIN,
    .size = sizeof(struct principals_state),
    .open = principals_open,
    .close = sheet_view_close,
    .refresh = principals_refresh,
    .draw = principals_draw,
    .action = principals_action,
    .key = sheet_view_key,
    .answered = sheet_view_answered,
};
