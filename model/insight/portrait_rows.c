/* What rows say of people: one streaming pass over each table, the group and the mall together. */
#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/insight/portrait_group.h"
#include "model/insight/portrait_parts.h"
#include "model/loop/names.h"
#include "model/people/people_set.h"
#include "model/people/profile.h"
#include "model/store/column.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_MOST = 4000, RELATION_KINDS = 32 };

/* Things of one part numbered as they come. */
struct counter {
    struct portrait_job *job;
    enum portrait_part part;
    struct name_collector names;
    VEC(struct tally) counts;
    uint32_t last; /* of the row before: most rows repeat */
};

static void counter_start(struct counter *counter, struct portrait_job *job,
                          enum portrait_part part)
{
    *counter = (struct counter){.job = job, .part = part};
    counter->names.arena = job->arena;
}

/* The tally of a text; NULL where there are too many different ones. */
static struct tally *counter_at(struct counter *counter, const char *text)
{
    size_t n = strlen(text);
    if (counter->last < counter->counts.n &&
        strcmp(counter->names.texts.at[counter->last], text) == 0)
        return &counter->counts.at[counter->last];
    if (counter->counts.n >= KEYS_MOST)
        return NULL;
    counter->last = name_collect(&counter->names, text, n);
    while (counter->counts.n < counter->names.texts.n)
        vec_push(&counter->counts, (struct tally){0});
    return &counter->counts.at[counter->last];
}

static void side_add(int64_t sums[SIDES], bool in_group, int64_t by)
{
    sums[MALL] += by;
    sums[GROUP] += in_group ? by : 0;
}

/* The part's things and counts become the job's. */
static void counter_end(struct counter *counter)
{
    struct portrait_job *job = counter->job;
    size_t n = counter->counts.n;
    struct part_keys *keys = &job->keys[counter->part];
    keys->n = n;
    keys->key = keys->name = arena_array(job->arena, const char *, n);
    job->counts[counter->part] = arena_array(job->arena, struct tally, n);
    if (n) {
        memcpy(keys->name, counter->names.texts.at, n * sizeof *keys->name);
        memcpy(job->counts[counter->part], counter->counts.at, n * sizeof(struct tally));
    }
    free(counter->names.slots);
    vec_free(&counter->names.texts);
    vec_free(&counter->counts);
}

/* ---- Members: from their columns ---- */

static const struct {
    enum portrait_part part;
    enum profile_field field;
} texts[] = {
    {PART_GENDER, PROFILE_GENDER},       {PART_INCOME, PROFILE_INCOME},
    {PART_COMMUNITY, PROFILE_COMMUNITY}, {PART_CAR, PROFILE_CAR},
    {PART_HOUSE, PROFILE_HOUSE},         {PART_TIER, PROFILE_TIER},
};
enum { TEXTS = sizeof texts / sizeof *texts };

/* Counts by the word's number, one array a field. */
typedef VEC(struct tally) word_counts;

/* The keys of a part whose words are the program's. */
static void keys_own(struct portrait_job *job, enum portrait_part part, const char *const *key,
                     const char *const *name, size_t n)
{
    job->keys[part] = (struct part_keys){.n = n,
                                         .key = arena_array(job->arena, const char *, n),
                                         .name = arena_array(job->arena, const char *, n)};
    memcpy(job->keys[part].key, key, n * sizeof *key);
    memcpy(job->keys[part].name, name, n * sizeof *name);
    job->counts[part] = arena_array(job->arena, struct tally, n);
}

/* Years between two days, by the calendar. */
static int years_between(int64_t birth, int32_t day)
{
    int y, m, d, by, bm, bd;
    if (birth < INT32_MIN / 2 || birth > day)
        return -1;
    date_civil(day, &y, &m, &d);
    date_civil((int32_t)birth, &by, &bm, &bd);
    int years = y - by - (m < bm || (m == bm && d < bd));
    return years > 120 ? -1 : years;
}

static void words_take(struct portrait_job *job, const struct profiles *profiles,
                       word_counts *counts, const uint64_t *const *values, size_t i,
                       uint32_t person)
{
    bool in = set_has(job->group, person);
    size_t n = 0;
    const char *const *words = job->listed ? profiles_words(profiles, &n) : NULL;
    for (int t = 0; t < TEXTS; t++) {
        const uint64_t *column = values[texts[t].field];
        if (!column || !column[i])
            continue;
        while (counts[t].n <= column[i])
            vec_push(&counts[t], (struct tally){0});
        side_add(job->of[texts[t].part], in, 1);
        side_add(counts[t].at[column[i]].people, in, 1);
        if (column[i] < n)
            portrait_list_add(job, texts[t].part, words[column[i]], person);
    }
}

static void member_take(struct portrait_job *job, const uint64_t *const *values, size_t i,
                        int32_t today, const struct set *wifi, uint32_t person)
{
    bool in = set_has(job->group, person);
    uint64_t flags = values[PROFILE_FLAGS][i];
    uint64_t birth = values[PROFILE_BIRTH] ? values[PROFILE_BIRTH][i] : 0;
    uint64_t channel = values[PROFILE_CHANNEL] ? values[PROFILE_CHANNEL][i] : 0;
    int years = birth ? years_between((int64_t)birth - PROFILE_DAY, today) : -1;
    set_add(job->members, person);
    side_add(job->n_members, in, 1);
    if (years >= 0) {
        side_add(job->of[PART_AGE], in, 1);
        side_add(job->counts[PART_AGE][age_stage(years)].people, in, 1);
        portrait_list_add(job, PART_AGE, age_names[age_stage(years)], person);
    }
    if (channel && channel < job->keys[PART_CHANNEL].n) {
        side_add(job->of[PART_CHANNEL], in, 1);
        side_add(job->counts[PART_CHANNEL][channel].people, in, 1);
        portrait_list_add(job, PART_CHANNEL, job->keys[PART_CHANNEL].key[channel], person);
    }
    const bool reached[CONTACTS] = {
        (flags & PROFILE_SMS) && (flags & PROFILE_PHONE),
        (flags & PROFILE_APP_CONSENT) && (flags & PROFILE_APP),
        (flags & PROFILE_WIFI) && set_has(wifi, person),
    };
    for (int contact = 0; contact < CONTACTS; contact++)
        if (reached[contact]) {
            side_add(job->counts[PART_CONTACT][contact].people, in, 1);
            portrait_list_add(job, PART_CONTACT, portrait_contact_names[contact], person);
        }
}

/* Who has a device that the Wi-Fi could speak to. */
static enum status wifi_read(struct portrait_job *job, struct set *wifi, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row;
    enum status status = reader_prepare(
        job->reader,
        "select person from contact where kind = (select id from contact_kind where name = 'wifi')",
        &stmt, err);
    while (status == ST_OK && (status = reader_step(job->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t person = sqlite3_column_int64(stmt, 0);
        if (person > 0 && person < wifi->n)
            set_add(wifi, (uint32_t)person);
    }
    return status;
}

static void channel_keys(struct portrait_job *job)
{
    size_t n = dict_size(job->reader, DICT_CHANNEL) + 1;
    struct part_keys keys = {.n = n, .name = arena_array(job->arena, const char *, n)};
    for (size_t i = 0; i < n; i++)
        keys.name[i] = arena_strdup(job->arena, dict_name(job->reader, DICT_CHANNEL, (uint32_t)i));
    keys.key = keys.name;
    job->keys[PART_CHANNEL] = job->keys[PART_RESPONSE] = keys;
    job->counts[PART_CHANNEL] = arena_array(job->arena, struct tally, n);
}

/* A field's words that somebody has become the part's keys. */
static void words_end(struct portrait_job *job, enum portrait_part part, word_counts *counts,
                      const char *const *words, size_t n_words)
{
    struct part_keys *keys = &job->keys[part];
    keys->key = keys->name = arena_array(job->arena, const char *, counts->n);
    job->counts[part] = arena_array(job->arena, struct tally, counts->n);
    for (size_t i = 1; i < counts->n && i < n_words; i++)
        if (counts->at[i].people[MALL]) {
            keys->name[keys->n] = arena_strdup(job->arena, words[i]);
            job->counts[part][keys->n++] = counts->at[i];
        }
    vec_free(counts);
}

static enum status members_scan(struct portrait_job *job, struct profiles *profiles,
                                word_counts *counts, const struct set *wifi, struct error *err)
{
    const unsigned fields = 1u << PROFILE_FLAGS | 1u << PROFILE_GENDER | 1u << PROFILE_TIER |
                            1u << PROFILE_INCOME | 1u << PROFILE_COMMUNITY | 1u << PROFILE_CAR |
                            1u << PROFILE_HOUSE | 1u << PROFILE_CHANNEL | 1u << PROFILE_BIRTH;
    int32_t today = clock_day(&reader_mall(job->reader)->clock, job->to - 1);
    for (uint32_t first = 0; first < job->members->n; first += EVENT_BLOCK) {
        const uint64_t *values[PROFILE_FIELDS] = {0};
        enum status status =
            profiles_read(profiles, (int32_t)(first / EVENT_BLOCK), fields, values, err);
        if (status != ST_OK)
            return status;
        if (reader_cancelled(job->reader))
            return error_set(err, ST_CANCELLED, "the question was cancelled");
        if (!values[PROFILE_FLAGS])
            continue;
        for (uint32_t i = 0; i < EVENT_BLOCK; i++) {
            if (!(values[PROFILE_FLAGS][i] & PROFILE_MEMBER))
                continue;
            member_take(job, values, i, today, wifi, first + i);
            words_take(job, profiles, counts, values, i, first + i);
        }
    }
    return ST_OK;
}

static enum status members_read(struct portrait_job *job, struct error *err)
{
    word_counts counts[TEXTS] = {0};
    struct profiles *profiles = NULL;
    struct set *wifi = set_new(job->scratch, job->members->n);
    enum status status = wifi_read(job, wifi, err);
    if (status == ST_OK)
        status = profiles_open(job->reader, &profiles, err);
    if (status == ST_OK)
        status = members_scan(job, profiles, counts, wifi, err);
    size_t n = 0;
    const char *const *words = status == ST_OK ? profiles_words(profiles, &n) : NULL;
    for (int t = 0; t < TEXTS; t++)
        words_end(job, texts[t].part, &counts[t], words, n);
    profiles_close(profiles);
    return status;
}

/* ---- Tables of (person, text), each pair once ---- */

/* Rows of a member: its person is column 0, its text column 1. */
static enum status pairs_read(struct portrait_job *job, enum portrait_part part, const char *sql,
                              struct error *err)
{
    struct counter counter;
    sqlite3_stmt *stmt;
    bool row;
    counter_start(&counter, job, part);
    enum status status = reader_prepare(job->reader, sql, &stmt, err);
    while (status == ST_OK && (status = reader_step(job->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t person = sqlite3_column_int64(stmt, 0);
        const char *text = column_text(stmt, 1);
        struct tally *tally = NULL;
        if (*text && person > 0 && person < job->members->n &&
            set_has(job->members, (uint32_t)person))
            tally = counter_at(&counter, text);
        if (!tally)
            continue;
        side_add(tally->people, set_has(job->group, (uint32_t)person), 1);
        portrait_list_add(job, part, text, (uint32_t)person);
    }
    counter_end(&counter);
    for (int side = 0; side < SIDES; side++)
        job->of[part][side] = job->n_members[side];
    return status;
}

/* ---- Labels ---- */

struct label_row {
    int64_t id;
    const char *name;
};

static enum status labels_read(struct portrait_job *job, struct error *err)
{
    VEC(struct label_row) labels = {0};
    struct set *in = set_new(job->scratch, job->members->n);
    sqlite3_stmt *stmt;
    bool row;
    enum status status =
        reader_prepare(job->reader, "select id, name from label order by name", &stmt, err);
    while (status == ST_OK && (status = reader_step(job->reader, stmt, &row, err)) == ST_OK && row)
        vec_push(&labels, (struct label_row){sqlite3_column_int64(stmt, 0),
                                             arena_strdup(job->arena, column_text(stmt, 1))});
    struct part_keys *keys = &job->keys[PART_LABEL];
    keys->key = keys->name = arena_array(job->arena, const char *, labels.n);
    job->counts[PART_LABEL] = arena_array(job->arena, struct tally, labels.n);
    for (size_t i = 0; i < labels.n && status == ST_OK; i++) {
        memset(in->words, 0, set_words(in->n) * sizeof *in->words);
        status = group_label_set(job->reader, labels.at[i].id, in, err);
        set_and(in, job->members);
        keys->name[keys->n] = labels.at[i].name;
        job->counts[PART_LABEL][keys->n].people[MALL] = set_count(in);
        job->counts[PART_LABEL][keys->n++].people[GROUP] = set_count_both(in, job->group);
        if (job->listed && job->query->list_part == PART_LABEL &&
            strcmp(labels.at[i].name, job->query->list_key) == 0) {
            set_or(job->listed, in);
            set_and(job->listed, job->group);
        }
    }
    for (int side = 0; side < SIDES; side++)
        job->of[PART_LABEL][side] = job->n_members[side];
    vec_free(&labels);
    return status;
}

/* ---- Free attributes: of those who have one of that name ---- */

static enum status attributes_read(struct portrait_job *job, struct error *err)
{
    struct counter counter, bases;
    struct arena *line = arena_new();
    VEC(uint32_t) base_of = {0};
    sqlite3_stmt *stmt;
    bool row;
    counter_start(&counter, job, PART_ATTRIBUTE);
    counter_start(&bases, job, PART_ATTRIBUTE);
    enum status status =
        reader_prepare(job->reader, "select person, name, value from attribute", &stmt, err);
    while (status == ST_OK && (status = reader_step(job->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t person = sqlite3_column_int64(stmt, 0);
        const char *name = column_text(stmt, 1), *value = column_text(stmt, 2);
        if (!*name || !*value || personal_attribute(name) || person <= 0 ||
            person >= job->members->n || !set_has(job->members, (uint32_t)person))
            continue;
        bool in = set_has(job->group, (uint32_t)person);
        struct tally *base = counter_at(&bases, name);
        arena_reset(line);
        struct tally *tally = counter_at(&counter, arena_printf(line, "%s: %s", name, value));
        if (base)
            side_add(base->people, in, 1);
        if (!base || !tally)
            continue;
        side_add(tally->people, in, 1);
        portrait_list_add(job, PART_ATTRIBUTE, counter.names.texts.at[counter.last],
                          (uint32_t)person);
        while (base_of.n < counter.counts.n)
            vec_push(&base_of, bases.last);
    }
    for (size_t i = 0; i < base_of.n; i++)
        memcpy(counter.counts.at[i].of, bases.counts.at[base_of.at[i]].people,
               sizeof counter.counts.at[i].of);
    counter_end(&bases);
    counter_end(&counter);
    vec_free(&base_of);
    arena_free(line);
    return status;
}

/* ---- Relations: a person counts once a kind, whichever end it is ---- */

struct related {
    struct counter counter;
    struct set *seen[RELATION_KINDS];
};

static void related_add(struct related *related, const char *kind, int64_t person)
{
    struct portrait_job *job = related->counter.job;
    if (person <= 0 || person >= job->members->n || !set_has(job->members, (uint32_t)person))
        return;
    struct tally *tally = counter_at(&related->counter, kind);
    uint32_t at = related->counter.last;
    if (!tally || at >= RELATION_KINDS)
        return;
    if (!related->seen[at])
        related->seen[at] = set_new(job->scratch, job->members->n);
    if (set_has(related->seen[at], (uint32_t)person))
        return;
    set_add(related->seen[at], (uint32_t)person);
    side_add(tally->people, set_has(job->group, (uint32_t)person), 1);
    portrait_list_add(job, PART_RELATION, kind, (uint32_t)person);
}

static enum status relations_read(struct portrait_job *job, struct error *err)
{
    struct related related = {0};
    sqlite3_stmt *stmt;
    bool row;
    counter_start(&related.counter, job, PART_RELATION);
    enum status status =
        reader_prepare(job->reader, "select person, other, kind from relation", &stmt, err);
    while (status == ST_OK && (status = reader_step(job->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t person = sqlite3_column_int64(stmt, 0), other = sqlite3_column_int64(stmt, 1);
        const char *kind = column_text(stmt, 2);
        bool referred = strcmp(kind, "referred") == 0;
        if (!*kind)
            continue;
        if (person > 0 && other > 0 && person <= UINT32_MAX && other <= UINT32_MAX &&
            set_has(job->group, (uint32_t)person) && set_has(job->group, (uint32_t)other))
            job->related_inside++;
        related_add(&related, kind, person);
        related_add(&related, referred ? N_("referred by another") : kind, other);
    }
    counter_end(&related.counter);
    for (int side = 0; side < SIDES; side++)
        job->of[PART_RELATION][side] = job->n_members[side];
    return status;
}

/* ---- All of it ---- */

enum status portrait_rows(struct portrait_job *job, struct error *err)
{
    static const struct {
        enum portrait_part part;
        const char *sql;
    } pairs[] = {
        {PART_INTEREST, "select person, topic from interest"},
        {PART_CROWD, "select m.person, coalesce(nullif(c.name, ''), c.code) from crowd c"
                     " join crowd_member m on m.crowd = c.id"},
    };
    keys_own(job, PART_AGE, age_names, age_names, AGE_STAGES);
    keys_own(job, PART_CONTACT, portrait_contact_names, portrait_contact_names, CONTACTS);
    channel_keys(job);
    enum status status = members_read(job, err);
    for (int side = 0; side < SIDES; side++)
        job->of[PART_CONTACT][side] = job->n_members[side];
    if (status == ST_OK)
        status = labels_read(job, err);
    if (status == ST_OK)
        status = attributes_read(job, err);
    if (status == ST_OK)
        status = relations_read(job, err);
    for (size_t i = 0; status == ST_OK && i < sizeof pairs / sizeof *pairs; i++)
        status = pairs_read(job, pairs[i].part, pairs[i].sql, err);
    return status;
}
