/* Events by hand, for tests about people. */
#include "model/event/event.h"
#include "tests/support/people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct error err;

static uint32_t intern(struct temp_mall *mall, enum dict dict, const char *name)
{
    uint32_t id = 0;
    if (name)
        assert_ok(dict_intern(mall->writer, dict, name, strlen(name), &id, &err));
    return id;
}

void test_events_add(struct temp_mall *mall, const struct test_event *events, size_t n)
{
    assert_ok(writer_begin(mall->writer, &err));
    for (size_t i = 0; i < n; i++) {
        const struct test_event *t = &events[i];
        struct event e = {.time = t->time, .amount = t->amount, .person = t->person};
        e.kind = (uint16_t)intern(mall, DICT_KIND, t->kind);
        e.tenant = intern(mall, DICT_TENANT, t->tenant);
        e.zone = intern(mall, DICT_ZONE, t->zone);
        e.device = intern(mall, DICT_DEVICE, t->device);
        e.channel = (uint16_t)intern(mall, DICT_CHANNEL, t->channel);
        e.ref = t->ref;
        e.ref_size = t->ref ? (uint32_t)strlen(t->ref) : 0;
        assert_ok(event_append(mall->writer, &e, 1, NULL, NULL, &err));
    }
    assert_ok(writer_commit(mall->writer, &err));
}

int64_t test_time(int year, int month, int day, int hour, int minute)
{
    return ((int64_t)date_number(year, month, day) * 24 + hour - 8) * 3600 + minute * 60;
}
