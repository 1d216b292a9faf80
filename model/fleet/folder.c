#include "model/fleet/folder.h"

#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/fleet/clean.h"
#include "model/fleet/transfer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SHOWN_MOST = 600, LINES_BEFORE = 64, HEAD_MOST = 64, REFUSAL_MOST = 200, STATUS_NONE = 127 };

const char *const folder_kind_names[FOLDER_KINDS] = {"folder", "file", "link", "other"};

enum status folder_verb(struct arena *arena, const char *path, const char **verb, struct error *err)
{
    const char *remote = path;
    enum status status =
        !*path || strcmp(path, "/") == 0 ? ST_OK : transfer_remote(arena, path, &remote, err);
    if (status == ST_OK)
        *verb = arena_printf(arena, "list %s %d", shell_quote(arena, *remote ? remote : "."),
                             FOLDER_BYTES);
    return status;
}

/* ---- Reading an answer ---- */

static enum status unread(struct error *err, const char *why)
{
    return error_set(err, ST_REFUSED, "it did not answer as atrium-device does: %s", why);
}

/* A whole number that ends with `end`; false where there is none. */
static bool number_take(const char **at, const char *stop, char end, int64_t *value)
{
    const char *to = memchr(*at, end, (size_t)(stop - *at));
    if (!to || to - *at > 19 || !text_to_int64(*at, (size_t)(to - *at), value))
        return false;
    *at = to + 1;
    return true;
}

static bool mode_take(const char **at, const char *stop, unsigned *mode)
{
    static const char digits[] = "0123456789abcdef";
    const char *from = *at;
    *mode = 0;
    for (; *at < stop && *at - from < 8 && **at != ' '; (*at)++) {
        const char *digit = memchr(digits, **at, 16);
        if (!digit)
            return false;
        *mode = *mode << 4 | (unsigned)(digit - digits);
    }
    return *at > from && *at < stop && *(*at)++ == ' ';
}

static enum folder_kind kind_of(unsigned mode)
{
    return S_ISDIR(mode)   ? FOLDER_FOLDER
           : S_ISREG(mode) ? FOLDER_FILE
           : S_ISLNK(mode) ? FOLDER_LINK
                           : FOLDER_OTHER;
}

/* "81a4 1204 1508400000 ." before the slash that the name stands behind. */
static bool head_read(const char *at, const char *slash, struct folder_entry *entry)
{
    unsigned mode;
    int64_t size, time;
    if (slash - at > HEAD_MOST || !mode_take(&at, slash, &mode) ||
        !number_take(&at, slash, ' ', &size) || !number_take(&at, slash, ' ', &time) || size < 0 ||
        slash - at != 1 || *at != '.')
        return false;
    *entry = (struct folder_entry){
        .kind = kind_of(mode), .mode = (int)(mode & 07777), .size = size, .time = time};
    return true;
}

static void name_take(struct arena *arena, struct folder_entry *entry, const char *name, size_t n)
{
    char *copy = arena_alloc(arena, n + 1); /* it may hold zeros */
    memcpy(copy, name, n);
    copy[n] = '\0';
    entry->name = copy;
    entry->n = n;
    entry->shown = device_clean(arena, name, n, SHOWN_MOST, false, NULL);
}

/* The line before the entries; what the login shell itself may have said before is passed over. */
static const char *path_take(struct arena *arena, const char *at, const char *end,
                             struct folder *folder)
{
    for (int i = 0; i < LINES_BEFORE && at < end; i++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop)
            return NULL;
        size_t n = (size_t)(stop - at);
        if (n > 7 && memcmp(at, "folder=", 7) == 0 && !memchr(at, '\0', n)) {
            folder->path = arena_strndup(arena, at + 7, n - 7);
            return stop + 1;
        }
        at = stop + 1;
    }
    return NULL;
}

/* Behind the last entry stands a slash with the status of the search. */
static bool end_read(const char *slash, const char *end, int64_t *status)
{
    const char *at = slash + 1;
    return number_take(&at, end, '\n', status) && at == end;
}

typedef VEC(struct folder_entry) entries_t;

/* A slash is in no name: so each one in the answer says where a name begins, and the line before it
 * what it is the name of. Whatever a name holds, it cannot pretend to be another entry. */
static enum status entries_read(struct arena *arena, const char *at, const char *end,
                                entries_t *entries, struct folder *folder, struct error *err)
{
    const char *name = NULL;
    struct folder_entry entry = {0}, next;
    int64_t status = 0;
    for (const char *from = at;;) {
        const char *slash = from < end ? memchr(from, '/', (size_t)(end - from)) : NULL;
        folder->more = !slash || entries->n >= FOLDER_ENTRIES;
        if (folder->more)
            break; /* the last one may be cut */
        const char *line = slash;
        while (line > from && line[-1] != '\n')
            line--;
        if (line == from && name)
            return unread(err, "a name with a slash in it");
        if (line > from && !name)
            return unread(err, "something before its first entry");
        if (name && line - 1 == name)
            return unread(err, "an entry without a name");
        if (name) {
            name_take(arena, &entry, name, (size_t)(line - 1 - name));
            vec_push(entries, entry);
        }
        if (line == slash) {
            if (!end_read(slash, end, &status))
                return unread(err, "something after its last entry");
            break;
        }
        if (!head_read(line, slash, &next))
            return unread(err, "an entry that is none");
        entry = next;
        from = name = slash + 1;
    }
    if (status && !entries->n)
        return error_set(err, ST_REFUSED, "it could not list the folder: %s",
                         status == STATUS_NONE ? "it has no find" : "find failed");
    return ST_OK;
}

static int entry_compare(const void *a, const void *b)
{
    const struct folder_entry *x = a, *y = b;
    bool inside_x = x->kind == FOLDER_FOLDER, inside_y = y->kind == FOLDER_FOLDER;
    size_t n = x->n < y->n ? x->n : y->n;
    int order = inside_y - inside_x;
    order = order ? order : memcmp(x->name, y->name, n);
    return order ? order : (x->n > y->n) - (x->n < y->n);
}

enum status folder_read(struct arena *arena, const char *bytes, size_t n, struct folder *folder,
                        struct error *err)
{
    entries_t entries = {0};
    const char *verb;
    *folder = (struct folder){.path = ""};
    const char *at = path_take(arena, bytes, bytes + n, folder);
    if (!at)
        return unread(err, "it does not say which folder it is");
    if (*folder->path != '/' || folder_verb(arena, folder->path, &verb, err) != ST_OK)
        return unread(err, "a folder whose name cannot be asked for");
    enum status status = entries_read(arena, at, bytes + n, &entries, folder, err);
    if (status == ST_OK) {
        if (entries.n)
            qsort(entries.at, entries.n, sizeof *entries.at, entry_compare);
        folder->entries = vec_copy(arena, &entries);
        folder->n = entries.n;
    }
    vec_free(&entries);
    return status;
}

const char *folder_refusal(struct arena *arena, int exit_status, const char *bytes, size_t n)
{
    while (n && bytes[n - 1] == '\n')
        n--;
    const char *said = device_clean(arena, bytes, n, REFUSAL_MOST, false, NULL);
    if (exit_status == 2 && strstr(said, "usage:"))
        return "its atrium-device is of another version: atrium device install";
    return *said ? said : arena_printf(arena, "it ended with status %d", exit_status);
}

/* ---- Paths and names ---- */

enum status folder_enter(struct arena *arena, const struct folder *folder,
                         const struct folder_entry *entry, const char **path, struct error *err)
{
    const char *slash = strcmp(folder->path, "/") == 0 ? "" : "/";
    if (strlen(entry->name) != entry->n)
        return error_set(err, ST_REFUSED, "%s: a zero in a name, which no verb can say",
                         entry->shown);
    return transfer_remote(arena, arena_printf(arena, "%s%s%s", folder->path, slash, entry->name),
                           path, err);
}

const char *folder_above(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return !slash || slash == path ? "/" : arena_strndup(arena, path, (size_t)(slash - path));
}

const char *folder_local_name(struct arena *arena, const char *name, size_t n, bool *renamed)
{
    char *safe = arena_alloc(arena, n + 3);
    size_t used = 0;
    /* An option, a hidden file, a folder above, somebody's home. */
    if (!n || strchr("-.~", *name))
        safe[used++] = '_';
    for (size_t at = 0; at < n;) {
        uint32_t rune;
        size_t size = text_rune(name + at, n - at, &rune);
        bool ill = rune == 0xFFFD && size == 1;
        bool good = !ill && device_rune_shown(rune) && rune != '/' && rune != '\\';
        if (used + size > TRANSFER_NAME)
            break;
        if (good)
            memcpy(safe + used, name + at, size);
        else
            safe[used] = '_';
        used += good ? size : 1;
        at += size;
    }
    safe[used] = '\0';
    *renamed = used != n || memcmp(safe, name, n) != 0;
    return safe;
}
