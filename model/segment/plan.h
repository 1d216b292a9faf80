/* A bound expression: tests of people, each once, and a tree over them. Inside the module. */
#ifndef ATRIUM_SEGMENT_PLAN_H
#define ATRIUM_SEGMENT_PLAN_H

#include "model/base/vec.h"
#include "model/people/profile.h"
#include "model/segment/segment.h"

#include <string.h>

/* ---- What people did ---- */

/* One figure of everyone's events; several tests may look at it. */
struct deed {
    const char *key; /* equal keys, equal figures */
    enum people_function_id id;
    bool simply; /* visited without a comparison: any event will do */
    int64_t from, to;
    const struct matcher *matcher;
};

/* ---- Tests ---- */

enum test_type {
    TEST_LIST,  /* people of a list in the file */
    TEST_WORD,  /* a word of the profile */
    TEST_RANGE, /* a number of the profile */
    TEST_AGE,   /* years from the profile's day of birth */
    TEST_FLAGS, /* reachable, member, consent_sms, … */
    TEST_ROWS,  /* text of the member's row */
    TEST_DEED,
};

struct test {
    const char *key; /* equal keys, equal answers */
    enum test_type type;
    enum people_trait_id trait;
    enum profile_field field;
    const struct deed *deed;
    bool bare;
    enum expr_op op; /* with low and high: a number x is met by low <= x < high */
    size_t n_values;
    const int64_t *low, *high;
    const struct people_operand *values; /* words and texts */
    const char *const *ranks;            /* words in order, for < <= > >= */
    size_t n_ranks;
    const char *name; /* TEST_LIST: of the topic, the relation, the attribute */
    int64_t id;       /* of the label, the segment */
};

enum plan_type { PLAN_ALL, PLAN_ANY, PLAN_NONE, PLAN_TEST };

struct plan_node {
    enum plan_type type;
    size_t n_parts;
    const struct plan_node **parts;
    const struct test *test;
};

struct segment_plan {
    const struct plan_node *root;
    bool anyone;
    bool moves; /* a span or an age depends on the present */
    size_t n_notes;
    const char **notes;
};

/* Whether a number meets the test's op and values. */
static inline bool number_meets(const struct test *test, int64_t x)
{
    switch (test->op) {
    case OP_NE:
        return x < test->low[0] || x >= test->high[0];
    case OP_LT:
        return x < test->low[0];
    case OP_LE:
        return x < test->high[0];
    case OP_GT:
        return x >= test->high[0];
    case OP_GE:
        return x >= test->low[0];
    default:
        break;
    }
    for (size_t i = 0; i < test->n_values; i++)
        if (x >= test->low[i] && x < test->high[i])
            return true;
    return false;
}

/* ---- Binding ---- */

enum { SEGMENTS_DEEP = 16 }; /* saved segments one inside the other */

struct binder {
    struct reader *reader;
    struct arena *arena;
    const struct access *access; /* NULL: everything */
    const char *text;            /* of the expression, for messages */
    size_t n;
    int64_t present;
    int32_t today;
    uint32_t n_people;
    struct segment_plan *plan;
    VEC(const char *) notes;
    /* "segment:NAME", "label:NAME": what is being bound, the outermost first. */
    const char *inside[SEGMENTS_DEEP];
    size_t n_inside;
    bool rules; /* labels with a rule are bound in place, as live segments are */
    struct error *err;
};

enum status bind_fail(struct binder *b, const struct people_operand *value, const char *expected);
void bind_note(struct binder *b, const char *note);

enum status bind_deed(struct binder *b, const struct people_expr *leaf, struct test *test);
enum status bind_profile(struct binder *b, const struct people_expr *leaf, struct test *test);
/* *instead is set where the list is an expression: a live segment. */
enum status bind_list(struct binder *b, const struct people_expr *leaf, struct test *test,
                      const struct plan_node **instead);

/* As segment_bind for an expression that has or is about to get a name, "segment:NAME" or
 * "label:NAME" (NULL: none): one that is built from itself is ST_USAGE. Labels with a rule are
 * bound in place where `rules`. */
enum status segment_bind_named(struct reader *reader, struct arena *arena,
                               const struct access *access, const char *text, const char *name,
                               bool rules, const struct segment_plan **plan, struct error *err);

/* The number of the next set that is kept. */
enum status people_set_edition(struct writer *writer, int64_t *edition, struct error *err);

/* The rows (key, block, people) of a set: `sql` inserts one. */
enum status people_set_write(struct writer *writer, const char *sql, int64_t key,
                             const struct set *set, struct error *err);

/* The nodes of an expression inside another. */
enum status bind_text(struct binder *b, const char *text, const struct plan_node **root);
const struct plan_node *bind_members(struct binder *b, const struct plan_node *node);

/* Fills low and high of moments: UTC seconds, or days where `days`; turns op where it counts
 * backwards. */
void bind_moments(struct binder *b, const struct people_expr *leaf, bool days, struct test *test);

/* ---- Keys: how tests and deeds are told apart ---- */

struct key {
    VEC(char) text;
};
void key_text(struct key *key, const char *text);
void key_number(struct key *key, int64_t number);
void key_values(struct key *key, const struct people_expr *leaf);
void key_events(struct key *key, const struct expr *expr);
const char *key_take(struct key *key, struct arena *arena); /* and empties it */

/* ---- Reading ---- */

/* The people of a TEST_LIST, below n_people. Owned by the arena. */
enum status list_people_read(struct reader *reader, struct arena *arena, const struct test *test,
                             uint32_t n_people, struct set **set, struct error *err);

/* Whether a text meets a test's op and values; `pattern` for ~ and !~. */
struct regex;
enum status text_meets(const struct test *test, struct regex *pattern, const char *text,
                       bool *meets, struct error *err);

/* The pattern of ~ and !~ (NULL for others), freed by the caller. */
enum status test_pattern(const struct test *test, struct regex **pattern, struct error *err);

#endif
