/*
 * A canary in every column of every table that replicas get, found in the schema, so that no new
 * column is forgotten: what a role does not see (tests/support/sync_view.h) is in no byte of the
 * files beside its replica nor of the wire; also after a higher role became a lower one, and after
 * a person was erased.
 */
#include "model/people/erase.h"
#include "model/store/change.h"
#include "model/sync/frame.h"
#include "tests/support/sync_world.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct error err;

struct canary {
    char text[80];
    const char *table, *column;
    bool blob;
};
struct canaries {
    struct arena *arena;
    VEC(struct canary) all;
};

static void hub_sql(struct sync_world *world, const char *sql)
{
    char *message = NULL;
    assert_ok(writer_begin(world->writer, &err));
    if (sqlite3_exec(writer_db(world->writer), sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %.60s", message, sql);
    assert_ok(writer_commit(world->writer, &err));
}

/* One row of a table: people are number 7, other numbers 1, texts and blobs a canary each. */
static const char *row_sql(struct canaries *c, struct reader *reader, const char *table)
{
    sqlite3_stmt *stmt;
    bool row;
    const char *names = "", *values = "";
    assert_ok(reader_prepare(reader, "select name, type from pragma_table_info(?1)", &stmt, &err));
    sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
    while (reader_step(reader, stmt, &row, &err) == ST_OK && row) {
        struct canary one = {.table = table};
        const char *type = (const char *)sqlite3_column_text(stmt, 1), *value = "1";
        one.column = arena_strdup(c->arena, (const char *)sqlite3_column_text(stmt, 0));
        one.blob = strcmp(type, "BLOB") == 0;
        snprintf(one.text, sizeof one.text, "Canary-%s-%s-yranaC", table, one.column);
        bool number = strcmp(type, "INTEGER") == 0 || strcmp(type, "REAL") == 0;
        if (number)
            value = strcmp(one.column, "person") == 0 ? "7" : "1";
        else
            value = arena_printf(c->arena, one.blob ? "cast('%s' as blob)" : "'%s'", one.text);
        if (!number)
            vec_push(&c->all, one);
        names = arena_printf(c->arena, "%s%s\"%s\"", names, *names ? ", " : "", one.column);
        values = arena_printf(c->arena, "%s%s%s", values, *values ? ", " : "", value);
    }
    sqlite3_reset(stmt);
    return arena_printf(c->arena, "insert or ignore into %s (%s) values (%s)", table, names,
                        values);
}

static struct canaries canaries_put(struct sync_world *world)
{
    struct canaries c = {.arena = arena_new()};
    struct reader *reader;
    assert_ok(reader_open(world->hub, &reader, &err));
    for (size_t i = 0; i < n_change_places; i++)
        if (strcmp(change_places[i].table, "setting") != 0)
            hub_sql(world, row_sql(&c, reader, change_places[i].table));
    reader_close(reader);
    hub_sql(world, "insert into attribute values (7, 'e_mail', 'Canary-attribute-value-yranaC');"
                   "update counter set value = 9 where name = 'person'");
    return c;
}

static void canaries_free(struct canaries *c)
{
    vec_free(&c->all);
    arena_free(c->arena);
}

/* An attribute is personal by its name: the one named after the canary is not. */
static bool may_see(const char *role, const struct canary *canary)
{
    if (strcmp(canary->table, "attribute") == 0 && strcmp(canary->column, "value") == 0)
        return true;
    if (strcmp(canary->table, "principal") == 0)
        return strcmp(role, "admin") == 0;
    char has = view_column(role, canary->table, canary->column);
    if (!has)
        fail_msg("%s.%s: say in tests/support/sync_view.c who has it", canary->table,
                 canary->column);
    return has == 'f';
}

static size_t bytes_check(const struct canaries *c, const char *role, const char *where,
                          const void *bytes, size_t n)
{
    size_t found = 0;
    for (size_t i = 0; i < c->all.n; i++) {
        const struct canary *canary = &c->all.at[i];
        bool there = memmem(bytes, n, canary->text, strlen(canary->text)) != NULL;
        if (there && !may_see(role, canary))
            fail_msg("%s.%s is in %s, which is a %s's", canary->table, canary->column, where, role);
        found += there;
    }
    return found;
}

/* Every file of a principal: the replica, its log, a copy that was left, whatever else. */
static size_t files_check(struct sync_world *world, const struct canaries *c, const char *name,
                          const char *role)
{
    DIR *folder = opendir(world->folder);
    struct dirent *entry;
    size_t found = 0;
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        if (strncmp(entry->d_name, name, strlen(name)) != 0)
            continue;
        char *path = temp_path(world->folder, entry->d_name);
        size_t n;
        char *bytes = file_read_all(path, &n);
        found += bytes_check(c, role, entry->d_name, bytes, n);
        free(bytes);
        free(path);
    }
    closedir(folder);
    return found;
}

static void wire_check(const struct canaries *c, const char *role, const unsigned char *bytes,
                       size_t n)
{
    struct frame_in in = {0};
    struct frame frame;
    bool there = true;
    frame_feed(&in, bytes, n);
    while (frame_get(&in, &frame, &there, &err) == ST_OK && there)
        bytes_check(c, role, "the wire", frame.payload, frame.size);
    frame_in_free(&in);
}

static void sync_look(struct sync_world *world, const struct canaries *c, const char *name,
                      const char *role)
{
    struct session one = {.principal = name, .cut = -1, .damage = -1, .again = -1, .keep = true};
    assert_ok(sync_session(world, &one));
    wire_check(c, role, one.wire, one.bytes_in);
    free(one.wire);
    assert_true(files_check(world, c, name, role) > 0);
}

static void every_role_has_its_own(void **state)
{
    struct sync_world *world = sync_world_new();
    struct canaries c = canaries_put(world);
    (void)state;
    for (int i = 0; i < ACCESS_COUNT; i++)
        sync_look(world, &c, roles[i].name, roles[i].name);
    size_t admins = files_check(world, &c, "admin", "admin");
    if (admins < c.all.n - 4) /* so that the canaries are known to be alive */
        fail_msg("an admin has %zu of %zu canaries", admins, c.all.n);
    canaries_free(&c);
    sync_world_free(world);
}

/* An edit of what only an admin sees, made before the role went. */
static void member_edit(struct sync_world *world)
{
    struct mall *mall;
    struct writer *writer;
    char *path = sync_world_path(world, "admin");
    assert_ok(mall_open(path, &mall, &err));
    assert_ok(writer_open(mall, &writer, &err));
    json_t *set = json_pack("{s:s}", "phone", "13612345678");
    struct operation op = {.actor = "admin",
                           .rights = ~0u,
                           .entity = "member",
                           .target = "Canary-member-card-yranaC",
                           .base_version = -1,
                           .set = set};
    assert_ok(operation_apply(writer, &op, NULL, &err));
    json_decref(set);
    writer_close(writer);
    mall_close(mall);
    free(path);
}

/* Old pages, unused pages, the log, the outbox and the record: nothing of the higher role's. */
static void a_role_that_went_takes_all_with_it(void **state)
{
    (void)state;
    for (int edits = 0; edits < 2; edits++)
        for (int to = 0; to < ACCESS_ADMIN; to++) {
            struct sync_world *world = sync_world_new();
            struct canaries c = canaries_put(world);
            sync_look(world, &c, "admin", "admin");
            if (edits)
                member_edit(world);
            sync_world_principal(world, "admin", roles[to].name);
            sync_look(world, &c, "admin", roles[to].name);
            canaries_free(&c);
            sync_world_free(world);
        }
}

/* What tells who somebody is goes with the person. */
static void who_is_erased_is_in_no_file(void **state)
{
    struct sync_world *world = sync_world_new();
    struct canaries c = canaries_put(world);
    struct access engine = access_engine();
    struct arena *arena = arena_new();
    struct erasure erasure;
    (void)state;
    hub_sql(world, "delete from link; delete from link_row; delete from link_identity;"
                   "delete from link_event; delete from points_hold");
    sync_all(world, "admin");
    assert_ok(member_erase(world->writer, &engine, 7, "asked for it", arena, &erasure, &err));
    sync_all(world, "admin");
    for (size_t i = 0; i < c.all.n; i++) {
        const struct canary *canary = &c.all.at[i];
        bool tells = strcmp(canary->table, "contact") == 0 || strcmp(canary->table, "member") == 0;
        char *path = sync_world_path(world, "admin"), *log = mem_printf("%s-wal", path);
        for (int f = 0; f < 2 && tells; f++) {
            size_t n;
            char *bytes = access(f ? log : path, 0) == 0 ? file_read_all(f ? log : path, &n) : NULL;
            if (bytes && memmem(bytes, n, canary->text, strlen(canary->text)))
                fail_msg("%s.%s of who was erased is in %s", canary->table, canary->column,
                         f ? "the log" : "the file");
            free(bytes);
        }
        free(path);
        free(log);
    }
    arena_free(arena);
    canaries_free(&c);
    sync_world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_has_its_own),
        cmocka_unit_test(a_role_that_went_takes_all_with_it),
        cmocka_unit_test(who_is_erased_is_in_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
