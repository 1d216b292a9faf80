/*
 * Measures sending alone: messages planned, checked and written (intents, outcomes, events) through
 * a contact that takes everything at once. Usage: bench_send [MESSAGES].
 */
#include "model/campaign/state.h"
#include "tests/support/sending.h"
#include "views/modules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <cmocka.h>

static double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static const char *const definitions[] = {
    "[campaign]\nname = Bench %d\nkind = popular\naudience = member\nholdout = 0%%\n"
    "[schedule]\nfrom = 2024-01-01\nto = 2024-12-31\n"
    "[contacts]\norder = sms\nmessage = {name}, what most people like: {popular}.\n"
    "[limits]\nper_person = 5/7d\nquiet = 22:00-09:00\n",
    "[campaign]\nname = Bench %d\nkind = coupon\naudience = member\nholdout = 0%%\n"
    "[offer]\nvalue = 50\nminimum = 500\nvalid = 14d\n"
    "[schedule]\nfrom = 2024-01-01\nto = 2024-12-31\n"
    "[contacts]\norder = sms\nmessage = {name}, {coupon} is 50 off 500 until {until}.\n"
    "[limits]\nper_person = 5/7d\nquiet = 22:00-09:00\n",
};

static void measure(struct temp_mall *mall, const struct contact_lines *lines, int index,
                    const char *what)
{
    char text[1000];
    snprintf(text, sizeof text, definitions[index], index);
    sending_campaign(mall, text);
    int64_t began = time_monotonic_ns();
    double cpu = cpu_seconds();
    struct send_counts counts = sending_step(mall, lines);
    printf("%-28s %8lld messages  %6.2f s  cpu %6.2f s\n", what, (long long)counts.sent,
           (double)(time_monotonic_ns() - began) / 1e9, cpu_seconds() - cpu);
}

int main(int argc, char **argv)
{
    uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000;
    struct fake_contact contact = {.plain = true};
    struct contact_lines lines = fake_lines(NULL, &contact);
    modules_start();
    clock_set(1710468000); /* 2024-03-15 10:00 in Shanghai */
    struct temp_mall mall = temp_mall_new();
    sending_members(&mall, n);
    measure(&mall, &lines, 0, "messages");
    measure(&mall, &lines, 1, "messages with coupons");
    temp_mall_free(&mall);
    return 0;
}
