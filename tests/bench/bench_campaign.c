/*
 * The audience of a campaign and its plan - who is held out, whom each contact reaches after
 * consent - for everybody of a mall. Usage: bench_campaign MALL. Prints JSON, a line an audience:
 * the best of three rounds, milliseconds of wall-clock and of processor time, and once more for the
 * first round, in which nothing is in memory yet.
 */
#include "model/base/time.h"
#include "model/campaign/glance.h"
#include "model/campaign/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { ROUNDS = 3 };

static struct error err;

static void need(enum status status)
{
    if (status == ST_OK)
        return;
    fprintf(stderr, "bench_campaign: %s\n", error_text(&err));
    exit(1);
}

static double cpu_ms(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e3 +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e3;
}

static void plan_measure(struct reader *reader, const char *audience, bool wifi)
{
    struct campaign campaign = campaign_empty();
    double best = 1e12, best_cpu = 1e12, first = 0;
    uint32_t people = 0;
    campaign.code = "bench";
    campaign.audience = audience;
    campaign.n_contacts = wifi ? 4 : 3;
    campaign.contacts[0] = CONTACT_APP;
    campaign.contacts[1] = CONTACT_SMS;
    campaign.contacts[2] = CONTACT_POS;
    campaign.contacts[3] = CONTACT_WIFI;
    for (int round = 0; round < ROUNDS; round++) {
        struct arena *arena = arena_new();
        struct campaign_plan plan;
        struct glance glance;
        int64_t start = time_monotonic_ns();
        double cpu = cpu_ms();
        need(campaign_plan_make(reader, arena, NULL, &campaign, &plan, &err));
        double ms = (double)(time_monotonic_ns() - start) / 1e6;
        cpu = cpu_ms() - cpu;
        need(reader_begin(reader, &err));
        need(glance_take(reader, arena, plan.people, &glance, &err));
        reader_end(reader);
        people = plan.audience;
        first = round ? first : ms;
        best = ms < best ? ms : best;
        best_cpu = cpu < best_cpu ? cpu : best_cpu;
        arena_free(arena);
    }
    printf("{\"what\": \"audience and plan\", \"audience\": \"%s\", \"wifi\": %s, \"people\": %u, "
           "\"ms\": %.0f, \"cpu_ms\": %.0f, \"first_ms\": %.0f}\n",
           audience, wifi ? "true" : "false", people, best, best_cpu, first);
}

int main(int argc, char **argv)
{
    static const char *const audiences[] = {"member", "reachable",
                                            "gender=f and age>=25 and age<40 and tier>=silver"};
    struct mall *mall;
    struct reader *reader;
    if (argc != 2) {
        fprintf(stderr, "usage: bench_campaign MALL\n");
        return 2;
    }
    need(mall_open(argv[1], &mall, &err));
    need(reader_open(mall, &reader, &err));
    for (size_t i = 0; i < sizeof audiences / sizeof *audiences; i++)
        plan_measure(reader, audiences[i], false);
    plan_measure(reader, "member", true);
    reader_close(reader);
    mall_close(mall);
    return 0;
}
