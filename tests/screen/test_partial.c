/* Answers from a sample of the people, before the exact ones: shown first, marked, replaced or left
 * with their mark, never listed, and no different in the end. */
#include "fixtures/mall/make.h"
#include "model/event/sample.h"
#include "model/loop/estimate.h"
#include "model/loop/funnel_small.h"
#include "tests/support/temp.h"
#include "tests/support/vterm.h"
#include "tui/locale.h"
#include "views/actions.h"
#include "views/console.h"
#include "views/dashboard.h"
#include "views/modules.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <math.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS = 130000, DAYS = 40, HELD = 2 };

static char *folder, *mall_path;
static struct vt *vt;
static struct console *console;

static int mall_make(void **state)
{
    (void)state;
    struct error err = {0};
    modules_start();
    const char *translations = getenv("ATRIUM_LOCALE");
    locale_start("atrium", translations ? translations : "build/locale", NULL);
    locale_set_language("en");
    folder = temp_folder();
    mall_path = temp_path(folder, "demo.mall");
    setenv("XDG_STATE_HOME", folder, 1);
    setenv("XDG_CONFIG_HOME", folder, 1);
    struct demo_options options = {.recipe = demo_recipe_default(MEMBERS, DAYS, 7)};
    struct demo_summary summary;
    assert_ok(demo_make(mall_path, &options, &summary, &err));
    setenv("ATRIUM_NOW", "1793462400", 1); /* 2026-10-31 16:00 UTC: midnight after its last day */
    return 0;
}

static int mall_remove(void **state)
{
    (void)state;
    free(mall_path);
    temp_folder_remove(folder);
    return 0;
}

/* ---- Readers that are held back: what answers exactly waits until it is let go ---- */

static sem_t hold, held;
static struct task holders[HELD];
static bool holding;

static enum status holder_run(struct task *task, void *thread_state)
{
    (void)task;
    (void)thread_state;
    sem_post(&held);
    sem_wait(&hold);
    return ST_OK;
}

static void exact_hold(void)
{
    sem_init(&hold, 0, 0);
    sem_init(&held, 0, 0);
    for (int i = 0; i < HELD; i++) {
        holders[i] = (struct task){.run = holder_run};
        task_submit(console->pool, &holders[i]);
    }
    for (int i = 0; i < HELD; i++)
        sem_wait(&held);
    holding = true;
}

static void exact_let_go(void)
{
    for (int i = 0; holding && i < HELD; i++)
        sem_post(&hold);
    holding = false;
    vt_settle(vt);
}

/* While the readers are held, only the early ones are waited for. */
static size_t busy(void *context)
{
    (void)context;
    return holding ? task_pool_busy(console->early) : console_busy(console);
}

static void open_console(uint32_t early_blocks)
{
    struct error err = {0};
    char *login = access_login();
    vt = vt_new(30, 100);
    struct console_options options = {
        .mall_path = mall_path,
        .principal = login,
        .input = vt_fd(vt),
        .output = vt_fd(vt),
        .still = true,
        .sealed = true,
        .forgetful = true,
        .early_blocks = early_blocks,
    };
    assert_ok(console_new(&options, &console, &err));
    vt_attach(vt, console->loop, busy, NULL);
    vt_settle(vt);
    free(login);
}

static int after_each(void **state)
{
    (void)state;
    for (int i = 0; holding && i < HELD; i++)
        sem_post(&hold);
    holding = false;
    if (console)
        console_free(console);
    console = NULL;
    if (vt)
        vt_free(vt);
    vt = NULL;
    locale_set_language("en");
    return 0;
}

static void act(int id)
{
    console_act(console, id, "");
    vt_settle(vt);
}

static struct view *open_view(const char *name, const char *argument)
{
    console_open(console, name, argument);
    vt_settle(vt);
    assert_string_equal(console_top(console)->ops->name, name);
    return console_top(console);
}

/* ---- Every screen that has them ---- */

static const struct {
    const char *name, *argument;
} places[] = {
    {"funnel", ""},
    {"funnel", "loop"},
    {"funnel-times", "30d: register -> purchase"},
    {"funnel-groups", "30d: register -> purchase ; by=tier"},
    {"retention", ""},
    {"lifecycle", ""},
    {"rfm", ""},
    {"affinity", ""},
    {"value", ""},
};
enum { PLACES = sizeof places / sizeof *places };

/* The rows under the header, without the status line. */
static char *body(void)
{
    const char *text = vt_text(vt);
    const char *end = strrchr(text, '\n');
    for (size_t n = strlen(text); end && end[1] == '\0'; end = memrchr(text, '\n', --n))
        continue;
    return strndup(text, end ? (size_t)(end - text) : strlen(text));
}

/* The partial answer is there first and marked; the exact one replaces it, and the screen is that
 * of a console that knows no partial answers. */
static void test_first_and_then(void **state)
{
    (void)state;
    char *exact[PLACES];
    open_console(1000);
    for (int i = 0; i < PLACES; i++) {
        open_view(places[i].name, places[i].argument);
        assert_false(vt_shows(vt, "% of people"));
        exact[i] = body();
        console_back(console);
    }
    after_each(NULL);
    open_console(2);
    for (int i = 0; i < PLACES; i++) {
        exact_hold();
        struct view *view = open_view(places[i].name, places[i].argument);
        if (!view_is_partial(view, 0) || !view_asking(view, 0))
            fail_msg("%s %s is not partial:\n%s", places[i].name, places[i].argument, vt_text(vt));
        assert_true(fabs(view_share(view, 0) - 0.25) < 0.02);
        assert_true(vt_shows(vt, "≈ 25% of people · ") || vt_shows(vt, "≈ 24% of people · "));
        assert_true(vt_shows(vt, "Esc stops"));
        char *first = body();
        assert_string_not_equal(first, exact[i]);
        exact_let_go();
        assert_true(view_share(view, 0) == 1 && !view_asking(view, 0));
        assert_false(vt_shows(vt, "% of people"));
        char *last = body();
        assert_string_equal(last, exact[i]);
        console_back(console);
        free(first);
        free(last);
        free(exact[i]);
    }
}

/* Esc stops what would be exact and leaves what is there, with its mark; the next one goes back.
 * Nobody is listed from it. */
static void test_stopped(void **state)
{
    (void)state;
    open_console(2);
    exact_hold();
    struct view *view = open_view("funnel", "");
    char *before = body();
    act(ACTION_FUNNEL_OPEN);
    assert_ptr_equal(console_top(console), view);
    assert_true(vt_shows(vt, "not all are counted yet"));
    act(ACTION_FUNNEL_SEGMENT);
    assert_null(console->dialog);
    act(ACTION_BACK);
    assert_ptr_equal(console_top(console), view);
    assert_false(view_asking(view, 0));
    assert_true(vt_shows(vt, "% of people · stopped"));
    exact_let_go();
    assert_true(view_is_partial(view, 0));
    char *after = body();
    assert_string_equal(before, after);
    act(ACTION_BACK);
    assert_ptr_not_equal(console_top(console), view);
    free(before);
    free(after);
}

/* Where an exact answer is shown, a refresh brings no partial one in between; another question
 * does. */
static void test_again(void **state)
{
    (void)state;
    open_console(2);
    struct view *view = open_view("retention", "");
    assert_true(view_share(view, 0) == 1);
    exact_hold();
    act(ACTION_REFRESH);
    assert_true(view_share(view, 0) == 1 && view_asking(view, 0));
    act(ACTION_RETENTION_LENGTH);
    assert_true(view_is_partial(view, 0));
    exact_let_go();
    assert_true(view_share(view, 0) == 1);
}

static void test_counted_while_typed(void **state)
{
    (void)state;
    open_console(2);
    exact_hold();
    open_view("segments", "tier>=gold and spent(30d)>=300");
    assert_true(vt_shows(vt, "% of people"));
    assert_true(vt_shows(vt, " of the members"));
    exact_let_go();
    assert_false(vt_shows(vt, "% of people"));
    assert_true(vt_shows(vt, " of the members"));
}

static void test_in_chinese(void **state)
{
    (void)state;
    locale_set_language("zh_CN");
    open_console(2);
    exact_hold();
    vt_resize(vt, 12, 40);
    open_view("funnel", "");
    vt_golden(vt, "partial-12x40-zh");
    vt_resize(vt, 24, 80);
    vt_golden(vt, "partial-24x80-zh");
    locale_set_language("en");
    vt_resize(vt, 60, 200);
    vt_golden(vt, "partial-60x200-en");
    exact_let_go();
}

/* ---- What the estimates are ---- */

static struct mall *mall;
static struct reader *reader;
static struct arena *arena;

static void mall_begin(void)
{
    struct error err = {0};
    arena = arena_new();
    assert_ok(mall_open(mall_path, &mall, &err));
    assert_ok(reader_open(mall, &reader, &err));
    assert_ok(reader_begin(reader, &err));
}

static void mall_end(void)
{
    reader_end(reader);
    reader_close(reader);
    mall_close(mall);
    arena_free(arena);
}

static const char *const steps[] = {"register", "purchase"};

static struct funnel funnel_of(const struct access *access, enum funnel_by by)
{
    struct error err = {0};
    struct funnel funnel;
    struct funnel_query query = {.steps = steps,
                                 .n_steps = 2,
                                 .window = 30 * 86400,
                                 .from = INT64_MIN,
                                 .to = INT64_MAX,
                                 .by = by,
                                 .times = true};
    assert_ok(funnel_run(reader, arena, &query, &funnel, &err));
    funnel_hide_small(arena, access, &funnel);
    return funnel;
}

/* Blocks at equal distances, whose counts are those of everybody restricted to them. */
static void test_sample(void **state)
{
    (void)state;
    struct error err = {0};
    struct access all = {.rights = ~0u};
    mall_begin();
    uint32_t blocks;
    assert_ok(sample_blocks(reader, &blocks, &err));
    assert_true(blocks >= 8);
    struct funnel whole = funnel_of(&all, FUNNEL_BY_NONE);
    int64_t sum = 0;
    for (uint32_t wanted = 1; wanted <= blocks; wanted++) {
        struct sample sample;
        assert_ok(sample_take(reader, arena, wanted, &sample, &err));
        assert_int_equal(sample.n_taken, wanted);
        int gap = 0, most = 0;
        for (uint32_t b = 0; b < blocks; b++) {
            gap = sample.blocks[b] ? 0 : gap + 1;
            most = gap > most ? gap : most;
        }
        assert_true(most <= (int)(blocks / wanted) + 1);
        sample_look(reader, &sample);
        struct funnel part = funnel_of(&all, FUNNEL_BY_NONE);
        const struct set *people = sample_people(reader, arena);
        int64_t count = 0;
        for (uint32_t p = 0; p < whole.n_people; p++)
            count += set_has(people, p) && whole.levels[p] != FUNNEL_NOBODY && whole.levels[p] >= 2;
        assert_int_equal(part.steps[1].count, count);
        /* Plausible: within four standard errors of independent people, and the newcomers of a
         * block together. */
        funnel_estimate(arena, sample.share, &part);
        double error = (double)llabs(part.steps[1].count - whole.steps[1].count);
        assert_true(error < 0.35 * (double)whole.steps[1].count);
        sum += part.steps[1].count;
        sample_look(reader, NULL);
    }
    assert_true(fabs((double)sum / blocks / (double)whole.steps[1].count - 1) < 0.1);
    struct funnel again = funnel_of(&all, FUNNEL_BY_NONE);
    assert_int_equal(again.steps[1].count, whole.steps[1].count);
    mall_end();
}

static void test_digits(void **state)
{
    (void)state;
    assert_int_equal(sample_estimate(1, 12345), 12345);
    assert_int_equal(sample_estimate(0.07, 0), 0);
    assert_int_equal(sample_estimate(0.07, 3374), 48200);
    assert_int_equal(sample_estimate(0.07, -3374), -48200);
    assert_int_equal(sample_estimate(0.5, 1), 2);
    assert_int_equal(sample_estimate_sum(0.1, 1000000, 100), 10000000);
    assert_int_equal(sample_estimate_sum(0.1, 1234567, 100), 12000000);
}

/* What rests on a few people of the sample is not told to an analyst, whatever it would be of all.
 */
static void test_small_groups(void **state)
{
    (void)state;
    struct error err = {0};
    struct access all = {.rights = ~0u}, analyst = {.rights = ~0u, .least_people = 10};
    struct sample sample;
    mall_begin();
    assert_ok(sample_take(reader, arena, 1, &sample, &err));
    sample_look(reader, &sample);
    struct funnel seen = funnel_of(&all, FUNNEL_BY_SHOP),
                  kept = funnel_of(&analyst, FUNNEL_BY_SHOP);
    funnel_estimate(arena, sample.share, &kept);
    assert_int_equal(seen.n_groups, kept.n_groups);
    size_t hidden = 0;
    for (size_t g = 0; g < seen.n_groups; g++)
        for (int s = 0; s < 2; s++) {
            const struct funnel_step *step = &kept.groups[g].steps[s];
            int64_t people = seen.groups[g].steps[s].count;
            hidden += step->hidden;
            assert_true(step->hidden || people == 0 || people >= 10);
            assert_true(!step->hidden || (step->count == 0 && step->below == 0));
        }
    assert_true(hidden > 0);
    struct access estimated = access_of_sample(&analyst, sample.share);
    for (int64_t n = 1; n < 2000; n++)
        if (n < 10)
            assert_true(small_group(&estimated, sample_estimate(sample.share, n)));
    assert_string_equal(small_group_text(&estimated, arena, 1), "*");
    assert_false(small_group(&estimated, sample_estimate(sample.share, 20)));
    for (double share = 0.003; share < 1; share += 0.003) {
        estimated = access_of_sample(&analyst, share);
        for (int64_t n = 1; n < 10; n++)
            assert_true(small_group(&estimated, sample_estimate(share, n)));
    }
    sample_look(reader, NULL);
    mall_end();
}

/* Roll-ups have no visits by day: until the exact answer is there the panel says that it is being
 * counted, not that there is nothing. */
static void what_is_not_counted_yet_is_not_nothing(void **state)
{
    enum { QUICK, EXACT };
    (void)state;
    open_console(UINT32_MAX);
    struct view *view = console_top(console);
    void *result;
    assert_non_null(view_answer(view, QUICK));
    exact_hold();
    arena_free(view_answer_take(view, EXACT, &result));
    console_refresh(console);
    view->ops->answered(view, QUICK);
    console_redraw(console);
    vt_settle(vt);
    assert_true(view_asking(view, EXACT));
    assert_non_null(strstr(vt_dump(vt), "counting"));
    assert_null(strstr(vt_dump(vt), "nothing in this period"));
    exact_let_go();
    assert_null(strstr(vt_dump(vt), "counting"));
}

/* An exact answer stays while the present moves within a day: what it is compared with ends a
 * little later then, and the next answer is asked for meanwhile. */
static void an_answer_stays_while_the_present_moves(void **state)
{
    enum { EXACT = 1 };
    (void)state;
    open_console(UINT32_MAX);
    const struct clock *clock = &console->mall->clock;
    struct period set = console->period;
    const struct stages *exact = view_answer(console_top(console), EXACT);
    assert_true(dashboard_fits(console, exact));
    struct period against = period_compare(clock, &set, console->compare);
    console->period = period_of(clock, console->present - 7200, set.from, set.to);
    struct period earlier = period_compare(clock, &console->period, console->compare);
    assert_true(earlier.to != against.to);
    assert_true(dashboard_fits(console, exact));
    console->period = period_named(clock, console->present, PERIOD_90_DAYS);
    assert_false(dashboard_fits(console, exact));
    console->period = set;
    console->compare = COMPARE_YEAR;
    assert_false(dashboard_fits(console, exact));
    console->compare = COMPARE_NONE;
    assert_false(dashboard_fits(console, exact));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digits),
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_small_groups),
        cmocka_unit_test_teardown(test_first_and_then, after_each),
        cmocka_unit_test_teardown(test_stopped, after_each),
        cmocka_unit_test_teardown(test_again, after_each),
        cmocka_unit_test_teardown(test_counted_while_typed, after_each),
        cmocka_unit_test_teardown(test_in_chinese, after_each),
        cmocka_unit_test_teardown(what_is_not_counted_yet_is_not_nothing, after_each),
        cmocka_unit_test_teardown(an_answer_stays_while_the_present_moves, after_each),
    };
    return cmocka_run_group_tests(tests, mall_make, mall_remove);
}
