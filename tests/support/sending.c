#include "tests/support/sending.h"

#include "model/base/vec.h"
#include "tests/support/people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

void clock_set(int64_t time)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)time);
    setenv("ATRIUM_NOW", text, 1);
}

void sending_members(struct temp_mall *mall, uint32_t n)
{
    static const char *const statements[] = {
        "with recursive i(n) as (select 1 union all select n + 1 from i where n < %u) insert into"
        " member (person, card, name, phone, tier, consent_sms, consent_app, consent_wifi, app)"
        " select n, printf('C%%07d', n), printf('Person %%d', n), printf('138%%08d', n), 'gold', 1,"
        " 1, 1, 1 from i",
        "insert into contact select 1, card, person from member where person <= %u",
        "insert into contact select 2, phone, person from member where person <= %u",
        "update counter set value = max(value, %u) where name = 'person'",
    };
    char sql[600];
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        snprintf(sql, sizeof sql, statements[i], n);
        test_run(mall, sql);
    }
}

static struct access somebody(const char *name)
{
    struct access access = {.role = ACCESS_ADMIN, .rights = roles[ACCESS_ADMIN].rights};
    snprintf(access.principal, sizeof access.principal, "%s", name);
    return access;
}

void sending_move(struct temp_mall *mall, uint32_t campaign, enum campaign_verb verb)
{
    struct access access = somebody(verb == VERB_APPROVE ? "boss" : "author");
    struct arena *arena = arena_new();
    const struct campaign *found;
    assert_ok(campaign_by_id(mall->reader, arena, campaign, &found, &err));
    assert_ok(campaign_move(mall->writer, &access, found->code, verb, NULL, NULL, &err));
    arena_free(arena);
}

uint32_t sending_campaign(struct temp_mall *mall, const char *text)
{
    struct arena *arena = arena_new();
    struct access access = somebody("author");
    struct campaign campaign;
    const struct campaign *saved;
    const struct campaign_fault *faults;
    size_t n;
    char code[CAMPAIGN_CODE];
    assert_ok(
        campaign_read(mall->reader, NULL, arena, text, strlen(text), &campaign, &faults, &n, &err));
    if (n)
        fail_msg("line %d: %s: %s", faults[0].line, faults[0].key, faults[0].message);
    assert_ok(campaign_save(mall->writer, &access, &campaign, CAMPAIGN_NEW, code, NULL, &err));
    assert_ok(campaign_find(mall->reader, arena, code, &saved, &err));
    uint32_t id = saved->id;
    sending_move(mall, id, VERB_SUBMIT);
    sending_move(mall, id, VERB_APPROVE);
    sending_move(mall, id, VERB_START);
    arena_free(arena);
    return id;
}

/* ---- Contacts in memory ---- */

static struct fake_message *message_of(struct fake_contact *contact, const struct outgoing *out)
{
    for (size_t i = contact->n; i-- > 0;)
        if (strcmp(contact->at[i].key, out->key) == 0)
            return &contact->at[i];
    vec_reserve(contact, 1);
    struct fake_message *message = &contact->at[contact->n++];
    *message = (struct fake_message){.body = mem_strdup(out->body),
                                     .person = out->person,
                                     .campaign = out->campaign,
                                     .time = time_now()};
    snprintf(message->key, sizeof message->key, "%s", out->key);
    return message;
}

static enum status fake_send(void *state, struct outgoing *messages, size_t n,
                             const atomic_bool *stop, struct arena *arena, struct error *error)
{
    struct fake_contact *contact = state;
    (void)stop;
    (void)arena;
    (void)error;
    contact->calls++;
    for (size_t i = 0; i < n; i++) {
        struct outgoing *out = &messages[i];
        out->outcome = contact->answer ? contact->answer(contact->context, out) : OUTCOME_SENT;
        out->note = out->outcome == OUTCOME_SENT ? NULL : "fake";
        if (contact->plain || (out->outcome != OUTCOME_SENT && out->outcome != OUTCOME_UNKNOWN))
            continue;
        struct fake_message *message = message_of(contact, out);
        contact->wrong += strcmp(message->body, out->body) != 0;
        message->times++;
    }
    return ST_OK;
}

const struct contact_adapter fake_adapter = {.name = "fake", .idempotent = true, .send = fake_send};

void fake_contact_free(struct fake_contact *contact)
{
    for (size_t i = 0; i < contact->n; i++)
        free(contact->at[i].body);
    free(contact->at);
    *contact = (struct fake_contact){0};
}

struct contact_lines fake_lines(struct fake_contact *app, struct fake_contact *sms)
{
    struct contact_lines lines = {0};
    lines.at[CONTACT_POS].adapter = &contact_pos;
    lines.at[CONTACT_SCREEN].adapter = &contact_screen;
    lines.at[CONTACT_STAFF].adapter = &contact_staff;
    if (app)
        lines.at[CONTACT_APP] =
            (struct contact_line){.adapter = &fake_adapter, .state = app, .idempotent = true};
    if (sms)
        lines.at[CONTACT_SMS] =
            (struct contact_line){.adapter = &fake_adapter, .state = sms, .idempotent = true};
    return lines;
}

struct send_counts sending_step(struct temp_mall *mall, const struct contact_lines *lines)
{
    struct sender *sender;
    struct send_counts counts;
    assert_ok(sender_open(mall->writer, mall->reader, lines, &sender, &err));
    assert_ok(sender_step(sender, NULL, &counts, &err));
    counts.held_up = "";
    sender_close(sender);
    return counts;
}
