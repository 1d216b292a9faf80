/* Folders of devices: names of any bytes, read strictly, bounded, shown harmless, and never a path
 * here. On answers made up, on simulated devices and on a real sshd with a real find. */
#include "model/fleet/folder.h"
#include "tests/support/device_farm.h"
#include "tests/support/sshd.h"
#include "tests/support/temp.h"

#include "model/base/text.h"
#include "model/fleet/clean.h"
#include "model/fleet/transfer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka comes last: it names what the others define. */
#include <cmocka.h>

enum { LONG_MS = 60000, MANY = 20000 };

static struct arena *arena;

static int arena_begin(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int arena_end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* ---- Answers made up ---- */

static enum status read_text(const char *bytes, size_t n, struct folder *folder)
{
    struct error err = {0};
    char *exact = mem_alloc(n ? n : 1); /* so that a sanitizer sees a byte too far */
    memcpy(exact, bytes, n);
    enum status status = folder_read(arena, exact, n, folder, &err);
    free(exact);
    assert_true(status == ST_OK || (status == ST_REFUSED && *error_text(&err)));
    if (status != ST_OK)
        test_harmless(error_text(&err));
    error_clear(&err);
    return status;
}

#define READ(bytes, folder) read_text(bytes, sizeof(bytes) - 1, folder)

static void an_answer_is_read(void **state)
{
    (void)state;
    struct folder folder;
    assert_int_equal(READ("hello from .bashrc\nfolder=/srv/a\n"
                          "81a4 1204 1508400000 ./z\n41ed 4096 -5 ./media\na1ff 3 0 ./a b\n"
                          "21b6 0 1 ./null\n/0\n",
                          &folder),
                     ST_OK);
    assert_string_equal(folder.path, "/srv/a");
    assert_int_equal(folder.n, 4);
    assert_false(folder.more);
    assert_string_equal(folder.entries[0].name, "media");
    assert_int_equal(folder.entries[0].kind, FOLDER_FOLDER);
    assert_int_equal(folder.entries[0].time, -5);
    assert_string_equal(folder.entries[1].name, "a b");
    assert_int_equal(folder.entries[1].kind, FOLDER_LINK);
    assert_int_equal(folder.entries[2].kind, FOLDER_OTHER);
    assert_int_equal(folder.entries[3].size, 1204);
    assert_int_equal(folder.entries[3].mode, 0644);
    assert_int_equal(READ("folder=/\n/0\n", &folder), ST_OK);
    assert_int_equal(folder.n, 0);
}

/* A name may look like an entry: it stays a name. */
static void no_name_becomes_another_entry(void **state)
{
    (void)state;
    struct folder folder;
    static const char name[] = "a\n81a4 7 1 .\n\n41ed 1 1 .";
    assert_int_equal(
        READ("folder=/x\n81a4 1 1 ./a\n81a4 7 1 .\n\n41ed 1 1 .\n81a4 2 2 ./b\n/0\n", &folder),
        ST_OK);
    assert_int_equal(folder.n, 2);
    assert_int_equal(folder.entries[0].n, sizeof name - 1);
    assert_memory_equal(folder.entries[0].name, name, sizeof name - 1);
    assert_string_equal(folder.entries[1].name, "b");
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "folder=/x",
        "folder=\n/0\n",
        "folder=x\n/0\n",
        "folder=/a/../b\n/0\n",
        "folder=/a\x1b[2J\n/0\n",
        "folder=/x\n81a4 1 1 ./a\n/0\nmore\n",
        "folder=/x\n81a4 1 1 ./a/b\n/0\n",
        "folder=/x\nxyz 1 1 ./a\n/0\n",
        "folder=/x\n81a4 -1 1 ./a\n/0\n",
        "folder=/x\n81a4 1 ./a\n/0\n",
        "folder=/x\n81a4 99999999999999999999999 1 ./a\n/0\n",
        "folder=/x\n81a4 1 1 ./\n/0\n",
        "folder=/x\nhello\n81a4 1 1 ./a\n/0\n",
        "folder=/x\n81a41111111 1 1 ./a\n/0\n",
        "folder=/x\n/127\n",
        "folder=/x\n/1\n",
        "folder=/x\n81a4 1 1 ./a\n/x\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct folder folder;
        if (read_text(texts[i], strlen(texts[i]), &folder) == ST_OK)
            fail_msg("taken: %s", texts[i]);
    }
}

/* Wherever it is cut, what is read is the beginning of it, and it says that there is more. */
static void a_cut_answer_is_its_beginning(void **state)
{
    (void)state;
    static const char whole[] = "folder=/x\n81a4 1 1 ./a\n81a4 2 2 ./b\nb\n81a4 3 3 ./c\n/0\n";
    struct folder folder;
    for (size_t n = 10; n < sizeof whole - 1; n++) {
        enum status status = read_text(whole, n, &folder);
        if (status != ST_OK)
            continue;
        assert_true(folder.more || n == sizeof whole - 1);
        assert_in_range(folder.n, 0, 3);
        if (folder.n > 1)
            assert_string_equal(folder.entries[1].name, "b\nb");
    }
    assert_int_equal(read_text(whole, sizeof whole - 1, &folder), ST_OK);
    assert_int_equal(folder.n, 3);
}

static void a_million_entries_are_bounded(void **state)
{
    (void)state;
    enum { ENTRIES = 1000000, LINE = 32 };
    char *bytes = mem_alloc((size_t)ENTRIES * LINE + 64);
    size_t n = (size_t)snprintf(bytes, 32, "folder=/x\n");
    for (int i = 0; i < ENTRIES; i++)
        n += (size_t)snprintf(bytes + n, LINE, "81a4 1 1 ./f%d\n", i);
    n += (size_t)snprintf(bytes + n, LINE, "/0\n");
    struct folder folder;
    assert_int_equal(read_text(bytes, n, &folder), ST_OK);
    assert_int_equal(folder.n, FOLDER_ENTRIES);
    assert_true(folder.more);
    free(bytes);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

/* Any bytes are an answer or none; whatever is taken is bounded and harmless to look at, and what
 * is made of it for here leads nowhere. */
static void any_bytes(void **state)
{
    (void)state;
    static const char parts[18][12] = {
        "a",       "\x1b]0", "\xff", "\xe2", "-",  "b",        "..",    ".",     "\n",
        "folder=", "/",      "./",   "/0",   "1 ", "folder=/", "81a4 ", "41ed ", "\n81a4 1 1 ./"};
    uint64_t seed = 7;
    size_t taken = 0;
    for (int round = 0; round < 40000; round++) {
        char text[1024] = "folder=/x\n";
        size_t n = next_random(&seed) % 4 ? 10 : 0;
        for (size_t pieces = next_random(&seed) % 24; pieces; pieces--) {
            size_t which = next_random(&seed) % (next_random(&seed) % 4 ? 8 : 18);
            if (next_random(&seed) % 8 && n && text[n - 1] == '\n')
                n += (size_t)snprintf(text + n, 32, "81a4 %d 1 ./", round);
            memcpy(text + n, parts[which], strlen(parts[which]));
            n += strlen(parts[which]);
            if (next_random(&seed) % 2)
                text[n++] = '\n';
            if (next_random(&seed) % 8 == 0)
                text[n++] = '\0';
        }
        if (next_random(&seed) % 2)
            n += (size_t)snprintf(text + n, 32, "\n/0\n");
        struct folder folder;
        if (read_text(text, n, &folder) != ST_OK)
            continue;
        taken += folder.n > 0;
        for (size_t i = 0; i < folder.n; i++) {
            const struct folder_entry *entry = &folder.entries[i];
            bool renamed;
            assert_true(entry->n > 0 && !memchr(entry->name, '/', entry->n));
            test_harmless(entry->shown);
            const char *local = folder_local_name(arena, entry->name, entry->n, &renamed);
            assert_true(*local && !strchr("-.~/", *local) && !strchr(local, '/'));
        }
        arena_reset(arena);
    }
    assert_true(taken > 300);
}

/* ---- Names here ---- */

static void name_is(const char *name, size_t n, const char *expected)
{
    bool renamed;
    const char *local = folder_local_name(arena, name, n, &renamed);
    assert_string_equal(local, expected);
    assert_int_equal(renamed, strlen(expected) != n || memcmp(name, expected, n) != 0);
}

#define NAME_IS(name, expected) name_is(name, sizeof(name) - 1, expected)

static void a_name_here_leads_nowhere(void **state)
{
    (void)state;
    NAME_IS("app.log", "app.log");
    NAME_IS("报表 10月.csv", "报表 10月.csv");
    NAME_IS("..", "_..");
    NAME_IS(".", "_.");
    NAME_IS("", "_");
    NAME_IS("../../etc/passwd", "_.._.._etc_passwd");
    NAME_IS("-rf", "_-rf");
    NAME_IS(".bashrc", "_.bashrc");
    NAME_IS("~root", "_~root");
    NAME_IS("a\\b", "a_b");
    NAME_IS("a\0b", "a_b");
    NAME_IS("a\nb\x1b]0;x\x07", "a_b_]0;x_");
    NAME_IS("a\xe2\x80\xae"
            "gpj.exe",
            "a_gpj.exe");
    NAME_IS("a\xff\xc2\x9b"
            "b",
            "a__b");
    char name[4000], expected[TRANSFER_NAME + 1];
    memset(name, 'n', sizeof name);
    memset(expected, 'n', TRANSFER_NAME);
    expected[TRANSFER_NAME] = 0;
    name_is(name, sizeof name, expected);
    for (const struct farm_text *text = farm_corpus; text->name; text++) {
        bool renamed;
        test_harmless(folder_local_name(arena, text->bytes, text->n, &renamed));
    }
}

static void paths_go_up_and_down(void **state)
{
    (void)state;
    struct error err = {0};
    struct folder root = {.path = "/"}, deep = {.path = "/a/b"};
    struct folder_entry entry = {.name = "c", .n = 1, .shown = "c"};
    const char *path, *verb;
    assert_ok(folder_enter(arena, &root, &entry, &path, &err));
    assert_string_equal(path, "/c");
    assert_ok(folder_enter(arena, &deep, &entry, &path, &err));
    assert_string_equal(path, "/a/b/c");
    assert_string_equal(folder_above(arena, "/a/b"), "/a");
    assert_string_equal(folder_above(arena, "/a"), "/");
    assert_string_equal(folder_above(arena, "/"), "/");
    static const struct {
        const char *bytes;
        size_t n;
    } names[] = {{"..", 2}, {".", 1}, {"a\0b", 3}, {"a\nb", 3}, {"\x1b[2J", 4}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        entry = (struct folder_entry){.name = names[i].bytes, .n = names[i].n, .shown = "x"};
        assert_int_not_equal(folder_enter(arena, &deep, &entry, &path, &err), ST_OK);
        error_clear(&err);
    }
    assert_ok(folder_verb(arena, "", &verb, &err));
    assert_string_equal(verb, "list '.' 1048576");
    assert_ok(folder_verb(arena, "it's", &verb, &err));
    assert_string_equal(verb, "list './it'\\''s' 1048576");
    assert_int_equal(folder_verb(arena, "a/../b", &verb, &err), ST_USAGE);
    error_clear(&err);
}

/* ---- On devices ---- */

static void look(struct fleet_engine *engine, const struct device *device, const char *path,
                 struct folder *folder, const char *refused)
{
    struct error err = {0};
    const char *verb;
    assert_ok(folder_verb(arena, path, &verb, &err));
    struct fleet_work_options how = {.verb = verb, .most = FOLDER_ANSWER};
    struct fleet_work *work = fleet_work_begin(engine, device, 1, &how);
    assert_true(fleet_wait(engine, LONG_MS));
    size_t n;
    const struct fleet_result *result = fleet_work_results(work, &n);
    assert_int_equal(result->job.state, DEVICE_OK);
    if (refused) {
        assert_int_equal(result->job.exit_status, 3);
        assert_non_null(
            strstr(folder_refusal(arena, 3, result->output.bytes, result->output.n), refused));
    } else {
        if (result->job.exit_status)
            fail_msg("%s: %.*s", path, (int)result->output.n, result->output.bytes);
        assert_ok(folder_read(arena, result->output.bytes, result->output.n, folder, &err));
    }
    fleet_work_free(work);
}

static const struct folder_entry *entry_of(const struct folder *folder, const char *name, size_t n)
{
    for (size_t i = 0; i < folder->n; i++)
        if (folder->entries[i].n == n && memcmp(folder->entries[i].name, name, n) == 0)
            return &folder->entries[i];
    return NULL;
}

static void simulated_devices_have_folders(void **state)
{
    (void)state;
    struct test_fleet fleet;
    struct folder folder;
    test_fleet_start(&fleet, 2);
    struct fleet_engine *engine = test_engine(fleet.identity, LONG_MS, LONG_MS);
    farm_file_put(fleet.farm, "D0", "media/menu.bin", "12345", 5, true);
    look(engine, &fleet.devices[0], "", &folder, NULL);
    const struct folder_entry *media = entry_of(&folder, "media", 5);
    assert_non_null(media);
    assert_int_equal(media->kind, FOLDER_FOLDER);
    struct error err = {0};
    const char *path;
    assert_ok(folder_enter(arena, &folder, media, &path, &err));
    look(engine, &fleet.devices[0], path, &folder, NULL);
    assert_int_equal(folder.n, 1);
    assert_int_equal(folder.entries->size, 5);
    look(engine, &fleet.devices[0], "nowhere", &folder, "no such folder");
    test_fault(&fleet, 1, "names");
    look(engine, &fleet.devices[1], "", &folder, NULL);
    for (const struct farm_text *text = farm_corpus; text->name; text++) {
        char name[256];
        for (size_t i = 0; i < text->n; i++)
            name[i] = (char)(text->bytes[i] == '/' ? '_' : text->bytes[i]);
        const struct folder_entry *entry = entry_of(&folder, name, text->n);
        if (!entry)
            fail_msg("%s is not there", text->name);
        test_harmless(entry->shown);
    }
    fleet_free(engine);
    test_fleet_stop(&fleet);
}

static void got_file_is(struct fleet_engine *engine, const struct device *device,
                        const char *remote, const char *folder, const char *local,
                        const char *content, size_t n)
{
    struct error err = {0};
    struct transfer *transfer;
    struct transfer_options options = {.kind = TRANSFER_GET, .remote = remote};
    options.local = arena_printf(arena, "%s/%s", folder, local);
    assert_ok(transfer_begin(engine, device, 1, &options, &transfer, &err));
    struct pollfd fds[] = {{.fd = fleet_fd(engine), .events = POLLIN},
                           {.fd = transfer_fd(transfer), .events = POLLIN}};
    for (int i = 0; transfer_left(transfer) && i < LONG_MS / 10; i++) {
        poll(fds, 2, 10);
        fleet_collect(engine);
        transfer_step(transfer);
    }
    size_t results;
    const struct transfer_result *result = transfer_results(transfer, &results);
    if (result->job.state != DEVICE_OK)
        fail_msg("%s: %s", local, result->job.reason);
    size_t size;
    char *found = file_read_all(options.local, &size);
    assert_int_equal(size, n);
    assert_memory_equal(found, content, n);
    free(found);
    transfer_free(transfer);
}

/* The whole corpus as names of real files, as far as a file system takes them. */
static void a_real_folder_of_the_corpus(struct sshd_farm *farm, struct fleet_engine *engine)
{
    char *names = temp_path(farm->servers[0].folder, "atrium/names"), name[256];
    char *here = temp_path(farm->folder, "here");
    struct folder folder;
    size_t got = 0;
    assert_int_equal(mkdir(names, 0755), 0);
    assert_int_equal(mkdir(here, 0755), 0);
    for (const struct farm_text *text = farm_corpus; text->name; text++) {
        for (size_t i = 0; i < text->n; i++)
            name[i] = (char)(text->bytes[i] == '/' || !text->bytes[i] ? '_' : text->bytes[i]);
        name[text->n] = '\0';
        char *path = temp_path(names, name);
        file_write_all(path, text->name, strlen(text->name));
        free(path);
    }
    look(engine, farm->devices, "names", &folder, NULL);
    for (const struct farm_text *text = farm_corpus; text->name; text++) {
        for (size_t i = 0; i < text->n; i++)
            name[i] = (char)(text->bytes[i] == '/' || !text->bytes[i] ? '_' : text->bytes[i]);
        const struct folder_entry *entry = entry_of(&folder, name, text->n);
        struct error err = {0};
        const char *path;
        bool renamed;
        if (!entry)
            fail_msg("%s is not there", text->name);
        test_harmless(entry->shown);
        assert_int_equal(entry->size, strlen(text->name));
        if (folder_enter(arena, &folder, entry, &path, &err) == ST_OK) {
            const char *local = folder_local_name(arena, entry->name, entry->n, &renamed);
            got_file_is(engine, farm->devices, path, here, local, text->name, strlen(text->name));
            got++;
        }
        error_clear(&err);
    }
    assert_true(got >= 8); /* those without control characters */
    free(names);
    free(here);
}

static void a_real_device_has_folders(void **state)
{
    (void)state;
    struct sshd_farm farm;
    struct folder folder;
    if (!sshd_there())
        skip();
    sshd_farm_start(&farm, 1, NULL);
    struct fleet_engine *engine = test_engine(farm.identity, LONG_MS, LONG_MS);
    look(engine, farm.devices, "", &folder, NULL);
    assert_non_null(entry_of(&folder, "app", 3));
    assert_int_equal(entry_of(&folder, "app", 3)->kind, FOLDER_FOLDER);
    look(engine, farm.devices, folder_above(arena, folder.path), &folder, NULL);
    assert_non_null(entry_of(&folder, "atrium", 6));
    look(engine, farm.devices, "/", &folder, NULL);
    assert_non_null(entry_of(&folder, "proc", 4));
    look(engine, farm.devices, "app/current", &folder, NULL); /* a link is followed */
    look(engine, farm.devices, "nowhere", &folder, "no such folder");
    a_real_folder_of_the_corpus(&farm, engine);

    char *many = temp_path(farm.servers[0].folder, "atrium/many");
    assert_int_equal(mkdir(many, 0755), 0);
    int dir = open(many, O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < MANY; i++) {
        char name[32];
        snprintf(name, sizeof name, "file-%d", i);
        close(openat(dir, name, O_CREAT | O_WRONLY, 0644));
    }
    close(dir);
    look(engine, farm.devices, "many", &folder, NULL);
    assert_int_equal(folder.n, FOLDER_ENTRIES);
    assert_true(folder.more);
    chmod(many, 0);
    if (geteuid())
        look(engine, farm.devices, "many", &folder, "may not be looked into");
    chmod(many, 0755);
    free(many);
    fleet_free(engine);
    sshd_farm_stop(&farm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_is_read, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(no_name_becomes_another_entry, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(nonsense_is_refused, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(a_cut_answer_is_its_beginning, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(a_million_entries_are_bounded, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(any_bytes, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(a_name_here_leads_nowhere, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(paths_go_up_and_down, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(simulated_devices_have_folders, arena_begin, arena_end),
        cmocka_unit_test_setup_teardown(a_real_device_has_folders, arena_begin, arena_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
