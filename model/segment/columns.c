/* Tests of lists and of the members' columns, a block at a time; and of the texts of rows. */
#include "model/segment/job.h"

#include "model/event/column.h"
#include "model/people/member_row.h"
#include "model/people/regex.h"
#include "model/store/column.h"

#include <stdlib.h>

/* A test of the profile, ready to be asked block by block. */
struct probe {
    struct slot *slot;
    struct regex *pattern;
    VEC(uint8_t) words; /* by number: whether the word meets the test; of flags, by flags */
    uint8_t *ages;      /* by day of birth */
    uint8_t *done;      /* blocks that were asked whole; NULL: none */
};

enum { AGE_DAYS = 1 << 17 }; /* births from 1791 to 2149 */

struct columns {
    struct job *job;
    struct profiles *profiles;
    VEC(struct probe) probes;
    const struct set *devices; /* who agrees to Wi-Fi alone and has a device */
};

/* ---- Words ---- */

static size_t rank_of(const struct test *test, const char *word)
{
    size_t rank = 0;
    while (rank < test->n_ranks && strcmp(test->ranks[rank], word) != 0)
        rank++;
    return rank;
}

/* An unknown value ("") is equal to "" and to nothing else, and meets no pattern. */
static enum status word_meets(const struct probe *probe, const char *word, bool *meets,
                              struct error *err)
{
    const struct test *test = probe->slot->test;
    *meets = false;
    if (test->op >= OP_LT && test->op <= OP_GE) {
        size_t rank = rank_of(test, word), than = rank_of(test, test->values[0].text);
        if (rank < test->n_ranks)
            *meets = test->op == OP_LT   ? rank < than
                     : test->op == OP_LE ? rank <= than
                     : test->op == OP_GT ? rank > than
                                         : rank >= than;
        return ST_OK;
    }
    bool unknown = !*word;
    if (unknown && (test->op == OP_MATCH || test->op == OP_UNMATCH ||
                    (test->op == OP_NE && *test->values[0].text)))
        return ST_OK;
    return text_meets(test, probe->pattern, word, meets, err);
}

static enum status words_know(struct columns *columns, struct probe *probe, struct error *err)
{
    struct reader *reader = columns->job->reader;
    size_t n;
    const char *const *words = profiles_words(columns->profiles, &n);
    bool channel = probe->slot->test->field == PROFILE_CHANNEL;
    if (channel)
        n = (size_t)dict_size(reader, DICT_CHANNEL) + 1;
    for (size_t i = probe->words.n; i < n; i++) {
        bool meets;
        enum status status = word_meets(
            probe, channel ? dict_name(reader, DICT_CHANNEL, (uint32_t)i) : words[i], &meets, err);
        if (status != ST_OK)
            return status;
        vec_push(&probe->words, meets);
    }
    return ST_OK;
}

/* ---- One test in one block ---- */

static const uint64_t flags_needed[TRAIT_END] = {
    [TRAIT_MEMBER] = PROFILE_MEMBER,
    [TRAIT_CONSENT_SMS] = PROFILE_SMS,
    [TRAIT_CONSENT_APP] = PROFILE_APP_CONSENT,
    [TRAIT_CONSENT_WIFI] = PROFILE_WIFI,
    [TRAIT_APP] = PROFILE_APP,
};

static uint64_t flags_word(const struct columns *columns, const struct test *test,
                           const uint64_t *values, uint32_t first, size_t n)
{
    uint64_t bits = 0, need = flags_needed[test->trait];
    if (test->trait == TRAIT_ANYONE)
        return UINT64_MAX;
    for (size_t i = 0; i < n && values; i++) {
        uint64_t v = values[i];
        bool yes = need ? v & need
                        : (v & PROFILE_SMS && v & PROFILE_PHONE) ||
                              (v & PROFILE_APP_CONSENT && v & PROFILE_APP) ||
                              (v & PROFILE_WIFI && set_has(columns->devices, first + (uint32_t)i));
        bits |= (uint64_t)yes << i;
    }
    return bits;
}

static uint64_t probe_word(const struct columns *columns, const struct probe *probe,
                           const uint64_t *values, uint32_t first, size_t n)
{
    const struct test *test = probe->slot->test;
    uint64_t bits = 0;
    if (test->type == TEST_FLAGS)
        return flags_word(columns, test, values, first, n);
    for (size_t i = 0; i < n; i++) {
        uint64_t v = values ? values[i] : 0;
        bool yes;
        if (test->type == TEST_WORD)
            yes = v < probe->words.n && probe->words.at[v];
        else if (test->type == TEST_AGE)
            yes = v - (PROFILE_DAY - AGE_DAYS / 2) < AGE_DAYS &&
                  probe->ages[v - (PROFILE_DAY - AGE_DAYS / 2)];
        else
            yes = v && number_meets(test, test->field == PROFILE_BIRTH ? (int64_t)v - PROFILE_DAY
                                                                       : (int64_t)v);
        bits |= (uint64_t)yes << i;
    }
    return bits;
}

static unsigned probe_field(const struct test *test)
{
    if (test->trait == TRAIT_ANYONE)
        return 0;
    return 1u << (test->type == TEST_FLAGS ? PROFILE_FLAGS : test->field);
}

static bool probe_done(const struct probe *probe, uint32_t block)
{
    return probe->done && probe->done[block];
}

static enum status block_take(struct columns *columns, uint32_t block, struct error *err)
{
    const struct job *job = columns->job;
    const uint64_t *values[PROFILE_FIELDS] = {0};
    unsigned fields = 0;
    enum status status = ST_OK;
    for (size_t p = 0; p < columns->probes.n; p++)
        if (!probe_done(&columns->probes.at[p], block))
            fields |= probe_field(columns->probes.at[p].slot->test);
    if (fields)
        status = profiles_read(columns->profiles, (int32_t)block, fields, values, err);
    for (size_t p = 0; p < columns->probes.n && status == ST_OK; p++) {
        struct probe *probe = &columns->probes.at[p];
        if (probe_done(probe, block))
            continue;
        const uint64_t *field = values[probe->slot->test->field];
        uint64_t *yes = probe->slot->yes->words + block_word((int32_t)block);
        if (probe->slot->test->type == TEST_WORD)
            status = words_know(columns, probe, err);
        for (size_t i = 0; i < block_words(job, block) && status == ST_OK; i++)
            yes[i] = probe_word(columns, probe, field ? field + i * 64 : NULL,
                                block * EVENT_BLOCK + (uint32_t)i * 64, 64);
    }
    return status;
}

/* ---- All blocks ---- */

/* Tests of a few different values ask whole columns, several people at a time. */
static enum status probe_whole(struct columns *columns, struct probe *probe, struct error *err)
{
    const struct job *job = columns->job;
    const struct test *test = probe->slot->test;
    uint64_t need = flags_needed[test->trait];
    struct column_tester *tester;
    enum status status = ST_OK;
    if (test->type == TEST_WORD)
        status = words_know(columns, probe, err);
    else if (test->type != TEST_FLAGS || !need)
        return ST_OK;
    for (uint64_t flags = 0; test->type == TEST_FLAGS && flags < PROFILE_PHONE * 2; flags++)
        vec_push(&probe->words, (flags & need) != 0);
    if (status != ST_OK)
        return status;
    tester = arena_new_of(job->arena, struct column_tester);
    tester->table = probe->words.at;
    tester->n_table = probe->words.n;
    probe->done = arena_alloc(job->arena, job->n_blocks);
    return profiles_test(columns->profiles, test->type == TEST_FLAGS ? PROFILE_FLAGS : test->field,
                         tester, probe->slot->yes, probe->done, job->n_blocks, err);
}

static const char devices_sql[] =
    "select person from member where (case when consent_sms <> 0 and phone <> ''"
    " or consent_app <> 0 and app <> 0 then 2 when consent_wifi <> 0 then 1 else 0 end) = 1"
    " and exists (select 1 from identity i where i.person = member.person and i.kind = 'wifi')";

static enum status devices_read(struct columns *columns, struct error *err)
{
    struct set *set = set_new(columns->job->arena, columns->job->n_people);
    sqlite3_stmt *stmt;
    bool row = true;
    columns->devices = set;
    enum status status = reader_prepare(columns->job->reader, devices_sql, &stmt, err);
    while (status == ST_OK &&
           (status = reader_step(columns->job->reader, stmt, &row, err)) == ST_OK && row) {
        int64_t person = sqlite3_column_int64(stmt, 0);
        if (person > 0 && person < (int64_t)set->n)
            set_add(set, (uint32_t)person);
    }
    return status;
}

static void ages_know(struct columns *columns, struct probe *probe)
{
    probe->ages = arena_alloc(columns->job->arena, AGE_DAYS);
    for (int32_t i = 0; i < AGE_DAYS; i++) {
        int age = age_at(i - AGE_DAYS / 2, columns->job->today);
        probe->ages[i] = age >= 0 && number_meets(probe->slot->test, age);
    }
}

static enum status probe_add(struct columns *columns, struct slot *slot, struct error *err)
{
    struct probe probe = {.slot = slot};
    const struct test *test = slot->test;
    enum status status = ST_OK;
    if (test->type == TEST_WORD)
        status = test_pattern(test, &probe.pattern, err);
    if (test->type == TEST_AGE)
        ages_know(columns, &probe);
    if (test->trait == TRAIT_REACHABLE && !columns->devices)
        status = devices_read(columns, err);
    if (status == ST_OK)
        status = probe_whole(columns, &probe, err);
    vec_push(&columns->probes, probe);
    return status;
}

static enum status probes_make(struct columns *columns, struct error *err)
{
    struct job *job = columns->job;
    enum status status = ST_OK;
    for (size_t i = 0; i < job->slots.n && status == ST_OK; i++) {
        struct slot *slot = job->slots.at[i];
        if (slot->test->type == TEST_LIST)
            status = list_people_read(job->reader, job->arena, slot->test, job->n_people,
                                      &slot->yes, err);
        else if (slot->test->type != TEST_DEED && slot->test->type != TEST_ROWS)
            status = probe_add(columns, slot, err);
    }
    return status;
}

enum status columns_run(struct job *job, struct error *err)
{
    struct columns columns = {.job = job};
    enum status status = profiles_open(job->reader, &columns.profiles, err);
    if (status == ST_OK)
        status = probes_make(&columns, err);
    for (uint32_t block = 0; block < job->n_blocks && columns.probes.n && status == ST_OK; block++)
        status = reader_cancelled(job->reader)
                     ? error_set(err, ST_CANCELLED, "the question was cancelled")
                     : block_take(&columns, block, err);
    for (size_t i = 0; i < columns.probes.n; i++) {
        regex_free(columns.probes.at[i].pattern);
        vec_free(&columns.probes.at[i].words);
    }
    vec_free(&columns.probes);
    profiles_close(columns.profiles);
    return status;
}

/* ---- Texts of rows ---- */

static enum status row_test(struct job *job, struct slot *slot, struct regex *pattern,
                            uint32_t block, struct error *err)
{
    static const char *const sql[TRAIT_END] = {
        [TRAIT_CARD] = "select person, card from member where person between ?1 and ?2",
        [TRAIT_NAME] = "select person, name from member where person between ?1 and ?2",
        [TRAIT_PHONE] = "select person, phone from member where person between ?1 and ?2",
    };
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(job->reader, sql[slot->test->trait], &stmt, err);
    if (status != ST_OK)
        return status;
    sqlite3_bind_int64(stmt, 1, (int64_t)block * EVENT_BLOCK);
    sqlite3_bind_int64(stmt, 2, (int64_t)block * EVENT_BLOCK + EVENT_BLOCK - 1);
    while (status == ST_OK && (status = reader_step(job->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t person = sqlite3_column_int64(stmt, 0);
        const char *text = column_text(stmt, 1);
        bool meets = false, unknown = !*text && slot->test->op != OP_EQ && slot->test->op != OP_IN;
        if (unknown || !set_has(job->wanted, (uint32_t)person))
            continue;
        status = text_meets(slot->test, pattern, text, &meets, err);
        if (status == ST_OK && meets)
            set_add(slot->yes, (uint32_t)person);
    }
    sqlite3_reset(stmt);
    return status;
}

enum status rows_run(struct job *job, struct stage *stage, struct error *err)
{
    enum status status = ST_OK;
    for (size_t i = 0; i < job->slots.n && status == ST_OK; i++) {
        struct slot *slot = job->slots.at[i];
        struct regex *pattern = NULL;
        if (slot->test->type != TEST_ROWS)
            continue;
        status = test_pattern(slot->test, &pattern, err);
        for (uint32_t block = 0; block < job->n_blocks && status == ST_OK; block++)
            if (stage->been[block])
                status = row_test(job, slot, pattern, block, err);
        regex_free(pattern);
    }
    return status;
}
