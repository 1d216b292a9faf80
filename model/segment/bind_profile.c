/* Fields of members: words, days, ages, flags, and texts of the row. */
#include "model/segment/plan.h"

#include "model/base/text.h"
#include "model/people/regex.h"
#include "model/store/column.h"
#include "model/store/setting.h"

#include <stdlib.h>

static const struct {
    enum people_trait_id trait;
    enum profile_field field;
} places[] = {
    {TRAIT_GENDER, PROFILE_GENDER},   {TRAIT_TIER, PROFILE_TIER},
    {TRAIT_INCOME, PROFILE_INCOME},   {TRAIT_COMMUNITY, PROFILE_COMMUNITY},
    {TRAIT_CAR, PROFILE_CAR},         {TRAIT_HOUSE, PROFILE_HOUSE},
    {TRAIT_CHANNEL, PROFILE_CHANNEL}, {TRAIT_BIRTH, PROFILE_BIRTH},
    {TRAIT_AGE, PROFILE_BIRTH},       {TRAIT_JOINED, PROFILE_JOINED},
};

enum status test_pattern(const struct test *test, struct regex **pattern, struct error *err)
{
    *pattern = NULL;
    if (test->bare || (test->op != OP_MATCH && test->op != OP_UNMATCH))
        return ST_OK;
    return regex_new(test->values[0].text, pattern, err);
}

/* A pattern that cannot be read is said now, with its place. */
static enum status pattern_check(struct binder *b, const struct test *test)
{
    struct regex *pattern;
    enum status status = test_pattern(test, &pattern, b->err);
    regex_free(pattern);
    return status == ST_OK
               ? status
               : error_wrap(b->err, "%s", expr_place(b->arena, b->text, b->n, test->values[0].at));
}

/* ---- Words with an order ---- */

static enum status ranks_read(struct binder *b, struct test *test)
{
    const char *text;
    enum status status = setting_text(b->reader, b->arena, "tiers", &text, b->err);
    if (status != ST_OK)
        return status;
    const char **ranks = arena_array(b->arena, const char *, strlen(text) / 2 + 1);
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, " ,");
        if (n)
            ranks[test->n_ranks++] = arena_strndup(b->arena, at, n);
        at += n + (at[n] != 0);
    }
    test->ranks = ranks;
    return ST_OK;
}

static enum status rank_check(struct binder *b, const struct test *test)
{
    const struct people_operand *value = &test->values[0];
    const char *known = "";
    for (size_t i = 0; i < test->n_ranks; i++) {
        if (strcmp(test->ranks[i], value->text) == 0)
            return ST_OK;
        known = arena_printf(b->arena, "%s%s%s", known, i ? ", " : "", test->ranks[i]);
    }
    const char *near = text_nearest(value->text, test->ranks, test->n_ranks);
    return bind_fail(b, value,
                     arena_printf(b->arena, "a level of the setting tiers: %s%s%s%s", known,
                                  near ? "; did you mean " : "", near ? near : "",
                                  near ? "?" : ""));
}

/* ---- Notes about words that nobody has ---- */

static enum status words_note(struct binder *b, const struct people_expr *leaf,
                              const struct test *test)
{
    if (leaf->op == OP_MATCH || leaf->op == OP_UNMATCH || test->field == PROFILE_CHANNEL)
        return ST_OK;
    struct profiles *profiles;
    enum status status = profiles_open(b->reader, &profiles, b->err);
    if (status != ST_OK)
        return status;
    size_t n;
    const char *const *words = profiles_words(profiles, &n);
    int64_t stale = 0;
    status = reader_integer(b->reader, "select count(*) from profile_stale", 0, &stale, b->err);
    for (size_t v = 0; v < leaf->n_values && !stale && status == ST_OK; v++) {
        const char *text = leaf->values[v].text, *near = NULL;
        bool found = false;
        for (size_t i = 0; i < n && !found; i++)
            found = strcmp(words[i], text) == 0;
        if (found)
            continue;
        if (n > 1)
            near = text_nearest(text, words + 1, n - 1);
        bind_note(b,
                  arena_printf(b->arena, "no member has the %s %s%s%s%s", leaf->field->name,
                               text_quote(b->arena, text, leaf->values[v].size),
                               near ? "; did you mean " : "", near ? near : "", near ? "?" : ""));
    }
    profiles_close(profiles);
    return status;
}

/* ---- Each sort ---- */

static void numbers_bind(struct binder *b, const struct people_expr *leaf, struct test *test)
{
    int64_t *low = arena_array(b->arena, int64_t, leaf->n_values);
    int64_t *high = arena_array(b->arena, int64_t, leaf->n_values);
    for (size_t i = 0; i < leaf->n_values; i++) {
        low[i] = leaf->values[i].number;
        high[i] = low[i] < INT64_MAX ? low[i] + 1 : low[i];
    }
    test->low = low;
    test->high = high;
}

static enum status rows_bind(struct binder *b, const struct people_expr *leaf, struct test *test)
{
    test->type = TEST_ROWS;
    if (b->access && b->access->mask != MASK_NONE)
        return error_set(b->err, ST_DENIED,
                         "%s: %s asks for what only a role that sees people unmasked may look "
                         "through, and this one is %s",
                         expr_place(b->arena, b->text, b->n, leaf->at), leaf->field->name,
                         roles[b->access->role].name);
    return pattern_check(b, test);
}

static enum status words_bind(struct binder *b, const struct people_expr *leaf, struct test *test)
{
    test->type = TEST_WORD;
    enum status status = pattern_check(b, test);
    bool ordered = leaf->op >= OP_LT && leaf->op <= OP_GE;
    if (status == ST_OK && ordered)
        status = ranks_read(b, test);
    if (status == ST_OK && ordered)
        return rank_check(b, test);
    return status == ST_OK ? words_note(b, leaf, test) : status;
}

enum status bind_profile(struct binder *b, const struct people_expr *leaf, struct test *test)
{
    struct key key = {0};
    key_text(&key, leaf->field->name);
    key_values(&key, leaf);
    test->key = key_take(&key, b->arena);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i].trait == leaf->field->id)
            test->field = places[i].field;
    switch (leaf->field->value) {
    case PEOPLE_FLAG:
        test->type = TEST_FLAGS;
        test->key = leaf->field->name;
        b->plan->anyone = b->plan->anyone || leaf->field->id == TRAIT_ANYONE;
        return ST_OK;
    case PEOPLE_TEXT:
        return rows_bind(b, leaf, test);
    case PEOPLE_WORD:
    case PEOPLE_RANKED:
        return words_bind(b, leaf, test);
    case PEOPLE_DAY:
        test->type = TEST_RANGE;
        bind_moments(b, leaf, test->field == PROFILE_BIRTH, test);
        return ST_OK;
    default:
        test->type = TEST_AGE;
        b->plan->moves = true;
        numbers_bind(b, leaf, test);
        return ST_OK;
    }
}
