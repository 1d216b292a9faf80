#include "model/campaign/glance.h"

#include "model/people/member_row.h"
#include "model/people/profile.h"

#include <stdlib.h>
#include <string.h>

enum { AGES = 130, WORDS_MOST = 4096 };

struct glancing {
    struct glance *glance;
    int32_t today;
    int64_t ages[AGES];
    int64_t *tiers; /* WORDS_MOST, by word */
    uint64_t women, men;
};

/* The numbers of "f" and "m"; words may be added while blocks are read. */
static void genders_know(struct glancing *g, const struct profiles *profiles)
{
    size_t n;
    const char *const *words = profiles_words(profiles, &n);
    for (size_t i = 1; i < n && !(g->women && g->men); i++) {
        if (strcmp(words[i], "f") == 0)
            g->women = i;
        else if (strcmp(words[i], "m") == 0)
            g->men = i;
    }
}

static void person_take(struct glancing *g, uint32_t i, const uint64_t *const values[])
{
    const uint64_t *flags = values[PROFILE_FLAGS], *gender = values[PROFILE_GENDER];
    const uint64_t *tier = values[PROFILE_TIER], *birth = values[PROFILE_BIRTH];
    g->glance->people++;
    g->glance->members += flags && flags[i] & PROFILE_MEMBER;
    if (gender && gender[i]) {
        g->glance->women += gender[i] == g->women;
        g->glance->men += gender[i] == g->men;
    }
    if (tier && tier[i] && tier[i] < WORDS_MOST)
        g->tiers[tier[i]]++;
    int age = birth && birth[i] ? age_at((int64_t)birth[i] - PROFILE_DAY, g->today) : -1;
    if (age >= 0 && age < AGES) {
        g->ages[age]++;
        g->glance->with_age++;
    }
}

static enum status block_take(struct glancing *g, struct profiles *profiles,
                              const struct set *people, uint32_t block, struct error *err)
{
    const uint64_t *values[PROFILE_FIELDS] = {0};
    uint32_t first = block * EVENT_BLOCK, person = set_next(people, first);
    if (person == UINT32_MAX || person - first >= EVENT_BLOCK)
        return ST_OK;
    enum status status = profiles_read(profiles, (int32_t)block,
                                       1u << PROFILE_FLAGS | 1u << PROFILE_GENDER |
                                           1u << PROFILE_TIER | 1u << PROFILE_BIRTH,
                                       values, err);
    if (status != ST_OK)
        return status;
    genders_know(g, profiles);
    size_t end = set_words(people->n), word = first / 64, last = word + EVENT_BLOCK / 64;
    for (; word < end && word < last; word++)
        for (uint64_t bits = people->words[word]; bits; bits &= bits - 1)
            person_take(g, (uint32_t)(word * 64 - first) + (uint32_t)__builtin_ctzll(bits), values);
    return ST_OK;
}

static void middle_find(struct glancing *g)
{
    int64_t seen = 0;
    g->glance->median_age = -1;
    for (int age = 0; age < AGES && g->glance->with_age; age++)
        if ((seen += g->ages[age]) * 2 >= g->glance->with_age) {
            g->glance->median_age = age;
            return;
        }
}

static void tier_find(struct glancing *g, struct arena *arena, const struct profiles *profiles)
{
    size_t n, best = 0;
    const char *const *words = profiles_words(profiles, &n);
    for (size_t i = 1; i < n && i < WORDS_MOST; i++)
        if (g->tiers[i] > g->tiers[best])
            best = i;
    g->glance->of_tier = g->tiers[best];
    g->glance->tier = g->tiers[best] ? arena_strdup(arena, words[best]) : "";
}

enum status glance_take(struct reader *reader, struct arena *arena, const struct set *people,
                        struct glance *glance, struct error *err)
{
    struct glancing g = {.glance = glance};
    struct profiles *profiles;
    *glance = (struct glance){.tier = ""};
    enum status status = present_day(reader, &g.today, err);
    if (status == ST_OK)
        status = profiles_open(reader, &profiles, err);
    if (status != ST_OK)
        return status;
    g.tiers = mem_zero(WORDS_MOST, sizeof *g.tiers);
    for (uint32_t b = 0; (uint64_t)b * EVENT_BLOCK < people->n && status == ST_OK; b++)
        status = block_take(&g, profiles, people, b, err);
    if (status == ST_OK) {
        middle_find(&g);
        tier_find(&g, arena, profiles);
    }
    free(g.tiers);
    profiles_close(profiles);
    return status;
}
