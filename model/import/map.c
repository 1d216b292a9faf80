#include "model/import/map.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAP_LINE = 200 }; /* inih's limit, its terminator included */

struct map_reading {
    struct import_map *map;
    FILE *file;
    int line;
    VEC(struct map_column) columns;
    VEC(struct map_constant) constants;
    VEC(struct map_factor) factors;
    struct error *err;
    bool failed;
};

static int refuse(struct map_reading *r, const char *found, const char *expected)
{
    if (!r->failed) {
        struct arena *a = r->map->arena;
        error_set(r->err, ST_REFUSED, "%s:%d: found %s, expected %s", r->map->path, r->line,
                  text_quote(a, found, strlen(found)), expected);
    }
    r->failed = true;
    return 0;
}

static bool parse_yes(const char *value, bool *yes)
{
    int64_t is;
    if (!*value || !value_bool(value, strlen(value), &is))
        return false;
    *yes = is != 0;
    return true;
}

static int set_delimiter(struct map_reading *r, const char *value)
{
    static const struct {
        const char *name;
        char delimiter;
    } names[] = {
        {"comma", ','}, {"tab", '\t'}, {"semicolon", ';'}, {"pipe", '|'}, {"whitespace", ' '}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, value) == 0) {
            r->map->format.delimiter = names[i].delimiter;
            return 1;
        }
    return refuse(r, value, "comma, tab, semicolon, pipe or whitespace");
}

static int set_names(struct map_reading *r, const char *value)
{
    VEC(const char *) names = {0};
    for (const char *at = value; *at;) {
        size_t blank = strspn(at, " \t,");
        size_t n = strcspn(at + blank, " \t,");
        if (n)
            vec_push(&names, arena_strndup(r->map->arena, at + blank, n));
        at += blank + n;
    }
    r->map->names = arena_array(r->map->arena, const char *, names.n);
    for (size_t i = 0; i < names.n; i++)
        r->map->names[i] = names.at[i];
    r->map->n_names = names.n;
    vec_free(&names);
    return r->map->n_names ? 1 : refuse(r, value, "names of columns");
}

static int set_date(struct map_reading *r, const char *value)
{
    const char *bad;
    r->map->date = date_format_parse(r->map->arena, value, &bad);
    return r->map->date ? 1
                        : refuse(r, bad, "a directive such as %Y %m %d %H %M %S (doc/import.md)");
}

static int set_zone(struct map_reading *r, const char *value)
{
    struct zone *zone;
    struct error err = {0};
    enum status status = zone_load(value, &zone, &err);
    error_clear(&err);
    if (status != ST_OK)
        return refuse(r, value, "a time zone such as Asia/Tokyo or +09:00");
    zone_free(zone);
    r->map->zone = arena_strdup(r->map->arena, value);
    return 1;
}

static int file_key(struct map_reading *r, const char *name, const char *value)
{
    struct import_map *map = r->map;
    static const char *const keys[] = {"kind",   "delimiter", "header", "columns", "skip",
                                       "quotes", "encoding",  "zone",   "date"};
    if (strcmp(name, "kind") == 0) {
        map->table = import_table_find(value);
        return map->table ? 1 : refuse(r, value, import_table_names(map->arena));
    }
    if (strcmp(name, "delimiter") == 0)
        return set_delimiter(r, value);
    if (strcmp(name, "header") == 0)
        return parse_yes(value, &map->header) ? 1 : refuse(r, value, "yes or no");
    if (strcmp(name, "quotes") == 0)
        return parse_yes(value, &map->format.quotes) ? 1 : refuse(r, value, "yes or no");
    if (strcmp(name, "columns") == 0)
        return set_names(r, value);
    if (strcmp(name, "skip") == 0)
        return value_integer(value, strlen(value), 0, 1000, &map->skip)
                   ? 1
                   : refuse(r, value, "a number of lines, 0 to 1000");
    if (strcmp(name, "encoding") == 0) {
        map->encoding = arena_strdup(map->arena, value);
        return 1;
    }
    if (strcmp(name, "zone") == 0)
        return set_zone(r, value);
    if (strcmp(name, "date") == 0)
        return set_date(r, value);
    const char *near = text_nearest(name, keys, sizeof keys / sizeof *keys);
    return refuse(r, name,
                  near ? arena_printf(map->arena, "a key of [file]; did you mean '%s'?", near)
                       : "a key of [file] (doc/import.md)");
}

static int lookup_key(struct map_reading *r, const char *name, const char *value)
{
    if (strcmp(name, "file") == 0)
        r->map->lookup_file = arena_strdup(r->map->arena, value);
    else if (strcmp(name, "key") == 0)
        r->map->lookup_key = arena_strdup(r->map->arena, value);
    else
        return refuse(r, name, "'file' or 'key' in [lookup]");
    return 1;
}

static int multiply_key(struct map_reading *r, const char *name, const char *value)
{
    double factor;
    if (!text_to_double(value, strlen(value), &factor) || factor == 0)
        return refuse(r, value, "a factor other than 0, such as 0.01");
    vec_push(&r->factors, (struct map_factor){arena_strdup(r->map->arena, name), factor, r->line});
    return 1;
}

static int column_key(struct map_reading *r, const char *name, const char *value)
{
    bool ignored = strcmp(value, "ignore") == 0;
    if (strcmp(name, "*") == 0) {
        if (!ignored)
            return refuse(r, value, "'ignore', the only thing that * can be");
        r->map->ignore_rest = true;
        return 1;
    }
    if (!*value)
        return refuse(r, value, "a column of atrium's, or 'ignore'");
    struct map_column column = {.theirs = arena_strdup(r->map->arena, name),
                                .ours = ignored ? NULL : arena_strdup(r->map->arena, value),
                                .line = r->line};
    vec_push(&r->columns, column);
    return 1;
}

static int constant_key(struct map_reading *r, const char *name, const char *value)
{
    struct map_constant constant = {.ours = arena_strdup(r->map->arena, name),
                                    .text = arena_strdup(r->map->arena, value),
                                    .line = r->line};
    vec_push(&r->constants, constant);
    return 1;
}

/* For inih: 1 = understood. */
static int on_key(void *context, const char *section, const char *name, const char *value)
{
    static const struct {
        const char *section;
        int (*key)(struct map_reading *, const char *, const char *);
    } sections[] = {{"file", file_key},
                    {"columns", column_key},
                    {"constants", constant_key},
                    {"multiply", multiply_key},
                    {"lookup", lookup_key}};
    struct map_reading *r = context;
    if (r->failed)
        return 0;
    if (!text_valid(name, strlen(name)) || !text_valid(value, strlen(value)))
        return refuse(r, value, "UTF-8 text");
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (strcmp(section, sections[i].section) == 0)
            return sections[i].key(r, name, value);
    return refuse(r, section, "[file], [columns], [constants], [multiply] or [lookup]");
}

/* For inih: one line, counted; one that is too long would be read as two. */
static char *next_line(char *line, int size, void *stream)
{
    struct map_reading *r = stream;
    if (r->failed || !fgets(line, size, r->file))
        return NULL;
    r->line++;
    if (!strchr(line, '\n') && !feof(r->file)) {
        refuse(r, line, "lines of less than 200 bytes");
        return NULL;
    }
    return line;
}

static void reading_keep(struct map_reading *r)
{
    struct import_map *map = r->map;
    map->n_columns = r->columns.n;
    map->columns = arena_array(map->arena, struct map_column, r->columns.n);
    for (size_t i = 0; i < r->columns.n; i++)
        map->columns[i] = r->columns.at[i];
    map->n_constants = r->constants.n;
    map->constants = arena_array(map->arena, struct map_constant, r->constants.n);
    for (size_t i = 0; i < r->constants.n; i++)
        map->constants[i] = r->constants.at[i];
    map->n_factors = r->factors.n;
    map->factors = arena_array(map->arena, struct map_factor, r->factors.n);
    for (size_t i = 0; i < r->factors.n; i++)
        map->factors[i] = r->factors.at[i];
    vec_free(&r->columns);
    vec_free(&r->constants);
    vec_free(&r->factors);
}

static enum status map_check(const struct import_map *map, struct error *err)
{
    if (!map->header && !map->n_names)
        return error_set(err, ST_REFUSED,
                         "%s: found header = no without names, expected columns = … in [file]",
                         map->path);
    if (!map->lookup_file != !map->lookup_key)
        return error_set(err, ST_REFUSED, "%s: found half a [lookup], expected both file and key",
                         map->path);
    return ST_OK;
}

enum status import_map_load(const char *path, struct import_map **out, struct error *err)
{
    *out = NULL;
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set(err, ST_REFUSED, "%s: the map cannot be read: %s", path, strerror(errno));
    struct arena *arena = arena_new();
    struct import_map *map = arena_new_of(arena, struct import_map);
    map->arena = arena;
    map->path = arena_strdup(arena, path);
    map->format = (struct csv_format){.delimiter = ',', .quotes = true};
    map->header = true;
    struct map_reading r = {.map = map, .file = file, .err = err};
    int bad_line = ini_parse_stream(next_line, &r, on_key, &r);
    fclose(file);
    reading_keep(&r);
    enum status status = r.failed ? ST_REFUSED : ST_OK;
    if (!r.failed && bad_line != 0)
        status = error_set(err, ST_REFUSED,
                           "%s:%d: found a line that is neither [section], NAME = VALUE nor a "
                           "comment, expected one of these",
                           path, bad_line);
    if (status == ST_OK)
        status = map_check(map, err);
    if (status == ST_OK)
        *out = map;
    else
        import_map_free(map);
    return status;
}

void import_map_free(struct import_map *map)
{
    if (map)
        arena_free(map->arena);
}

enum { MAP_FOLDERS = 4 };

/* The folders in which maps are looked for; the last is a checkout's. */
static size_t map_folders(struct arena *arena, const char *folders[MAP_FOLDERS])
{
    size_t n = 0;
    const char *own = getenv("ATRIUM_MAPS");
    if (own && *own)
        folders[n++] = own;
    folders[n++] = ATRIUM_PREFIX "/share/atrium/maps";
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    for (int up = 0; length > 0 && up < 2; up++)
        while (length > 0 && program[--length] != '/')
            continue;
    if (length > 0) {
        folders[n++] = arena_printf(arena, "%.*s/share/atrium/maps", (int)length, program);
        folders[n++] = arena_printf(arena, "%.*s/fixtures/maps", (int)length, program);
    }
    return n;
}

static void names_in(struct arena *arena, const char *folder, char **names)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        size_t length = strlen(entries[i]->d_name);
        if (length > 4 && strcmp(entries[i]->d_name + length - 4, ".ini") == 0)
            *names = arena_printf(arena, "%s%s%.*s", *names, **names ? ", " : "", (int)(length - 4),
                                  entries[i]->d_name);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

enum status import_map_find(struct arena *arena, const char *name, const char **path,
                            struct error *err)
{
    *path = name;
    struct stat found;
    if (stat(name, &found) == 0 && !S_ISDIR(found.st_mode))
        return ST_OK;
    const char *folders[MAP_FOLDERS];
    size_t n = map_folders(arena, folders);
    char *names = arena_strdup(arena, "");
    for (size_t i = 0; i < n; i++) {
        *path = arena_printf(arena, "%s/%s.ini", folders[i], name);
        if (!strchr(name, '/') && access(*path, R_OK) == 0)
            return ST_OK;
        names_in(arena, folders[i], &names);
    }
    return error_set(err, ST_REFUSED,
                     "--map: found %s, expected a map's file or one of the maps there are: %s",
                     text_quote(arena, name, strlen(name)), *names ? names : "(none)");
}
