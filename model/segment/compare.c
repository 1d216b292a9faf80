#include "model/segment/compare.h"

#include "model/event/kind.h"
#include "model/people/member_row.h"
#include "model/segment/label.h"
#include "model/segment/plan.h"
#include "model/store/column.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

enum { LANES_MOST = 8, AGE_BANDS = 7 };

static const char *const age_bands[AGE_BANDS] = {"under 20", "20-29", "30-39",      "40-49",
                                                 "50-59",    "60-69", "70 and over"};

/* How many of A and of B have the thing of a number. */
struct tally {
    uint32_t a, b;
};

struct comparison {
    struct reader *reader;
    struct arena *arena;
    const struct set *a, *b;
    uint32_t n_a, n_b;
    int64_t present;
    VEC(struct segment_trait) traits;
};

static void tally_person(const struct comparison *c, struct tally *tally, uint32_t person)
{
    tally->a += set_has(c->a, person);
    tally->b += set_has(c->b, person);
}

static void trait_add(struct comparison *c, const char *kind, const char *name,
                      const struct tally *tally)
{
    if (!tally->a && !tally->b)
        return;
    struct segment_trait trait = {.kind = kind,
                                  .name = arena_strdup(c->arena, name),
                                  .n_a = tally->a,
                                  .n_b = tally->b,
                                  .share_a = c->n_a ? (double)tally->a / c->n_a : 0,
                                  .share_b = c->n_b ? (double)tally->b / c->n_b : 0};
    vec_push(&c->traits, trait);
}

/* ---- Fields of members ---- */

static const struct {
    enum profile_field field;
    const char *kind;
} word_fields[] = {
    {PROFILE_GENDER, "gender"},       {PROFILE_TIER, "tier"}, {PROFILE_INCOME, "income"},
    {PROFILE_COMMUNITY, "community"}, {PROFILE_CAR, "car"},   {PROFILE_HOUSE, "house"},
    {PROFILE_CHANNEL, "channel"},
};
enum { WORD_FIELDS = sizeof word_fields / sizeof *word_fields };

static const struct {
    uint64_t flag;
    const char *name;
} flags[] = {{PROFILE_SMS, "sms"},
             {PROFILE_APP_CONSENT, "app"},
             {PROFILE_WIFI, "wifi"},
             {PROFILE_APP, "has it"}};
enum { FLAGS = sizeof flags / sizeof *flags };

struct fields {
    VEC(struct tally) words[WORD_FIELDS];
    struct tally ages[AGE_BANDS], flags[FLAGS];
};

static void person_fields(const struct comparison *c, struct fields *f,
                          const uint64_t *const values[PROFILE_FIELDS], uint32_t person)
{
    size_t at = person % EVENT_BLOCK;
    int32_t today = clock_day(&reader_mall(c->reader)->clock, c->present);
    for (size_t i = 0; i < WORD_FIELDS; i++) {
        uint64_t word = values[word_fields[i].field] ? values[word_fields[i].field][at] : 0;
        if (word > UINT16_MAX)
            continue;
        while (f->words[i].n <= word)
            vec_push(&f->words[i], (struct tally){0});
        tally_person(c, &f->words[i].at[word], person);
    }
    for (size_t i = 0; i < FLAGS; i++)
        if (values[PROFILE_FLAGS] && values[PROFILE_FLAGS][at] & flags[i].flag)
            tally_person(c, &f->flags[i], person);
    uint64_t birth = values[PROFILE_BIRTH] ? values[PROFILE_BIRTH][at] : 0;
    int age = birth ? age_at((int64_t)birth - PROFILE_DAY, today) : -1;
    if (age >= 0)
        tally_person(c, &f->ages[age < 20 ? 0 : age >= 70 ? AGE_BANDS - 1 : age / 10 - 1], person);
}

static void fields_take(struct comparison *c, const struct fields *f, const char *const *words,
                        size_t n_words)
{
    for (size_t i = 0; i < WORD_FIELDS; i++)
        for (size_t word = 1; word < f->words[i].n; word++) {
            const char *name = word_fields[i].field == PROFILE_CHANNEL
                                   ? dict_name(c->reader, DICT_CHANNEL, (uint32_t)word)
                               : word < n_words ? words[word]
                                                : "";
            if (*name)
                trait_add(c, word_fields[i].kind, name, &f->words[i].at[word]);
        }
    for (size_t i = 0; i < AGE_BANDS; i++)
        trait_add(c, "age", age_bands[i], &f->ages[i]);
    for (size_t i = 0; i < FLAGS; i++)
        trait_add(c, flags[i].flag == PROFILE_APP ? "app" : "consent", flags[i].name, &f->flags[i]);
}

static enum status fields_count(struct comparison *c, struct set *either, struct error *err)
{
    struct fields fields = {0};
    struct profiles *profiles;
    const uint64_t *values[PROFILE_FIELDS];
    size_t n;
    enum status status = profiles_open(c->reader, &profiles, err);
    for (uint32_t first = 0; first < either->n && status == ST_OK; first += EVENT_BLOCK) {
        uint32_t person = set_next(either, first);
        if (person == UINT32_MAX || person - first >= EVENT_BLOCK)
            continue;
        status = reader_cancelled(c->reader)
                     ? error_set(err, ST_CANCELLED, "the question was cancelled")
                     : profiles_read(profiles, (int32_t)(first / EVENT_BLOCK),
                                     (1u << PROFILE_FIELDS) - 1, values, err);
        for (; status == ST_OK && person != UINT32_MAX && person - first < EVENT_BLOCK;
             person = set_next(either, person + 1))
            person_fields(c, &fields, values, person);
    }
    if (status == ST_OK) {
        const char *const *words = profiles_words(profiles, &n);
        fields_take(c, &fields, words, n);
    }
    for (size_t i = 0; i < WORD_FIELDS; i++)
        vec_free(&fields.words[i]);
    profiles_close(profiles);
    return status;
}

/* ---- Labels, interests ---- */

static enum status labels_count(struct comparison *c, struct error *err)
{
    const struct label *labels;
    size_t n;
    enum status status = labels_list(c->reader, c->arena, &labels, &n, err);
    for (size_t i = 0; i < n && status == ST_OK; i++) {
        struct test test = {.trait = TRAIT_LABEL, .id = labels[i].id, .bare = true};
        struct arena *scratch = arena_new();
        struct set *set;
        status = list_people_read(c->reader, scratch, &test, c->a->n, &set, err);
        if (status == ST_OK) {
            struct tally tally = {set_count_both(set, c->a), set_count_both(set, c->b)};
            trait_add(c, "label", labels[i].name, &tally);
        }
        arena_free(scratch);
    }
    return status;
}

static enum status interests_count(struct comparison *c, struct error *err)
{
    struct named {
        const char *topic;
        struct tally tally;
    };
    VEC(struct named) topics = {0};
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status =
        reader_prepare(c->reader, "select topic, person from interest", &stmt, err);
    while (status == ST_OK && (status = reader_step(c->reader, stmt, &row, err)) == ST_OK && row) {
        const char *topic = column_text(stmt, 0);
        size_t i = 0;
        while (i < topics.n && strcmp(topics.at[i].topic, topic) != 0)
            i++;
        if (i == topics.n && i < 1000)
            vec_push(&topics, (struct named){arena_strdup(c->arena, topic), {0}});
        int64_t person = sqlite3_column_int64(stmt, 1);
        if (i < topics.n && person > 0 && person < UINT32_MAX)
            tally_person(c, &topics.at[i].tally, (uint32_t)person);
    }
    for (size_t i = 0; i < topics.n && status == ST_OK; i++)
        trait_add(c, "interest", topics.at[i].topic, &topics.at[i].tally);
    vec_free(&topics);
    return status;
}

/* ---- What they bought ---- */

struct shops {
    size_t n;
    const char **names;
    uint32_t *category; /* of each shop, in `categories`; 0: none */
    VEC(const char *) categories;
};

struct lane {
    const struct comparison *c;
    const struct shops *shops;
    struct tally *by_shop, *by_category;
    uint32_t *shop_of, *category_of; /* the person last counted there */
};

static enum status shops_read(struct comparison *c, struct shops *shops, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    shops->n = (size_t)dict_size(c->reader, DICT_TENANT) + 1;
    shops->names = arena_array(c->arena, const char *, shops->n);
    shops->category = arena_array(c->arena, uint32_t, shops->n);
    vec_push(&shops->categories, "");
    enum status status = reader_prepare(
        c->reader, "select id, trim(code || ' ' || name), category from tenant", &stmt, err);
    while (status == ST_OK && (status = reader_step(c->reader, stmt, &row, err)) == ST_OK && row) {
        int64_t id = sqlite3_column_int64(stmt, 0);
        const char *category = column_text(stmt, 2);
        size_t k = 0;
        if (id <= 0 || id >= (int64_t)shops->n)
            continue;
        shops->names[id] = arena_strdup(c->arena, column_text(stmt, 1));
        while (k < shops->categories.n && strcmp(shops->categories.at[k], category) != 0)
            k++;
        if (k == shops->categories.n)
            vec_push(&shops->categories, arena_strdup(c->arena, category));
        shops->category[id] = (uint32_t)k;
    }
    return status;
}

/* Rows are in order of person, so a shop that counted this one last has counted it. */
static enum status purchases_take(void *context, const struct event_block *block, struct error *err)
{
    struct lane *lane = context;
    (void)err;
    for (size_t r = 0; r < block->n_runs; r++) {
        const struct event_run *run = &block->runs[r];
        for (size_t i = 0; i < run->n; i++) {
            uint32_t person = run->person[i], shop = run->tenant ? run->tenant[i] : 0;
            if (!shop || shop >= lane->shops->n)
                continue;
            uint32_t category = lane->shops->category[shop];
            if (lane->shop_of[shop] != person) {
                lane->shop_of[shop] = person;
                tally_person(lane->c, &lane->by_shop[shop], person);
            }
            if (category && lane->category_of[category] != person) {
                lane->category_of[category] = person;
                tally_person(lane->c, &lane->by_category[category], person);
            }
        }
    }
    return ST_OK;
}

static void purchases_add(struct comparison *c, const struct shops *shops, struct lane *lanes,
                          int n)
{
    for (size_t shop = 1; shop < shops->n; shop++) {
        for (int i = 1; i < n; i++) {
            lanes[0].by_shop[shop].a += lanes[i].by_shop[shop].a;
            lanes[0].by_shop[shop].b += lanes[i].by_shop[shop].b;
        }
        if (shops->names[shop])
            trait_add(c, "shop", shops->names[shop], &lanes[0].by_shop[shop]);
    }
    for (size_t k = 1; k < shops->categories.n; k++) {
        for (int i = 1; i < n; i++) {
            lanes[0].by_category[k].a += lanes[i].by_category[k].a;
            lanes[0].by_category[k].b += lanes[i].by_category[k].b;
        }
        trait_add(c, "category", shops->categories.at[k], &lanes[0].by_category[k]);
    }
}

static enum status purchases_count(struct comparison *c, struct error *err)
{
    static const uint16_t kinds_wanted[] = {KIND_PURCHASE};
    const struct people_span span = {.type = SPAN_DAYS, .count = COMPARE_DAYS};
    struct lane lanes[LANES_MOST] = {0};
    void *contexts[LANES_MOST];
    struct shops shops = {0};
    struct event_query query = {
        .kinds = kinds_wanted, .n_kinds = 1, .columns = EVENT_TENANT, .people = true};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int n = cores < 1 ? 1 : cores > LANES_MOST ? LANES_MOST : (int)cores;
    span_bounds(&span, &reader_mall(c->reader)->clock, c->present, &query.from, &query.to);
    enum status status = shops_read(c, &shops, err);
    for (int i = 0; i < n && status == ST_OK; i++) {
        lanes[i] =
            (struct lane){.c = c,
                          .shops = &shops,
                          .by_shop = arena_array(c->arena, struct tally, shops.n),
                          .shop_of = arena_array(c->arena, uint32_t, shops.n),
                          .by_category = arena_array(c->arena, struct tally, shops.categories.n),
                          .category_of = arena_array(c->arena, uint32_t, shops.categories.n)};
        contexts[i] = &lanes[i];
    }
    if (status == ST_OK)
        status = event_scan_parallel(c->reader, &query, purchases_take, contexts, n, err);
    if (status == ST_OK)
        purchases_add(c, &shops, lanes, n);
    vec_free(&shops.categories);
    return status;
}

/* ---- All of it ---- */

static int by_difference(const void *a, const void *b)
{
    const struct segment_trait *x = a, *y = b;
    double dx = fabs(x->share_a - x->share_b), dy = fabs(y->share_a - y->share_b);
    if (dx != dy)
        return dx > dy ? -1 : 1;
    int order = strcmp(x->kind, y->kind);
    return order ? order : strcmp(x->name, y->name);
}

static enum status both_bind(struct reader *reader, struct arena *arena,
                             const struct access *access, const char *const texts[2],
                             const struct segment_plan *plans[2],
                             struct segment_comparison *comparison, struct error *err)
{
    size_t n[2];
    for (int i = 0; i < 2; i++) {
        enum status status = segment_bind(reader, arena, access, texts[i], &plans[i], err);
        if (status != ST_OK)
            return error_wrap(err, "%c", "AB"[i]);
    }
    const char *const *notes[] = {segment_notes(plans[0], &n[0]), segment_notes(plans[1], &n[1])};
    const char **all = arena_array(arena, const char *, n[0] + n[1] + 1);
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < n[k]; i++)
            all[comparison->n_notes++] = notes[k][i];
    comparison->notes = all;
    return ST_OK;
}

static enum status traits_count(struct comparison *c, struct error *err)
{
    struct set *either = set_new(c->arena, c->a->n);
    set_or(either, c->a);
    set_or(either, c->b);
    enum status status = fields_count(c, either, err);
    if (status == ST_OK)
        status = labels_count(c, err);
    if (status == ST_OK)
        status = interests_count(c, err);
    if (status == ST_OK)
        status = purchases_count(c, err);
    if (status == ST_OK && c->traits.n)
        qsort(c->traits.at, c->traits.n, sizeof *c->traits.at, by_difference);
    return status;
}

static enum status compare_both(struct reader *reader, struct arena *arena,
                                const struct access *access, const char *const texts[2],
                                struct segment_comparison *comparison, struct error *err)
{
    const struct segment_plan *plans[2];
    struct set *sets[2];
    struct comparison c = {.reader = reader, .arena = arena};
    int64_t as_of;
    enum status status = both_bind(reader, arena, access, texts, plans, comparison, err);
    if (status == ST_OK)
        status = segment_evaluate(reader, arena, plans, 2, NULL, 0, sets, err);
    if (status == ST_OK)
        status = reader_present(reader, &as_of, &c.present, err);
    if (status != ST_OK)
        return status;
    c.a = sets[0];
    c.b = sets[1];
    c.n_a = comparison->a = set_count(c.a);
    c.n_b = comparison->b = set_count(c.b);
    comparison->both = set_count_both(c.a, c.b);
    uint32_t most = comparison->a + comparison->b - comparison->both;
    comparison->jaccard = most ? (double)comparison->both / most : 0;
    if (access && c.n_a)
        status = small_group_check(access, c.n_a, err);
    if (status == ST_OK && access && c.n_b)
        status = small_group_check(access, c.n_b, err);
    if (status == ST_OK)
        status = traits_count(&c, err);
    comparison->traits = vec_copy(arena, &c.traits);
    comparison->n_traits = c.traits.n;
    vec_free(&c.traits);
    return status;
}

enum status segment_compare(struct reader *reader, struct arena *arena, const struct access *access,
                            const char *a, const char *b, struct segment_comparison *comparison,
                            struct error *err)
{
    const char *const texts[2] = {a, b};
    *comparison = (struct segment_comparison){0};
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = compare_both(reader, arena, access, texts, comparison, err);
    reader_end(reader);
    return status;
}
