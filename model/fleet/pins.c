#include "model/fleet/pins.h"

#include "model/base/hash.h"
#include "model/base/text.h"
#include "model/base/vec.h"

#include <string.h>

enum { PORT_SSH = 22, KEY_MOST = 8192, PRINT_LENGTH = 43 };
static const char prefix[] = "SHA256:";

struct entry {
    const char *device, *host, *print; /* device or host; the other is NULL */
    int64_t port;
    int rank; /* the less, the sooner it is shown */
};

struct pins {
    const struct entry *entries;
    size_t n;
};

/* The order of session.c. */
static const char *const types[] = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"};
enum { TYPES = sizeof types / sizeof *types };

struct reading {
    struct arena *arena;
    VEC(struct entry) entries;
    size_t skipped;
};

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_value(char digit)
{
    const char *at = digit ? strchr(base64, digit) : NULL;
    return at ? (int)(at - base64) : -1;
}

static bool base64_is(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (base64_value(text[i]) < 0)
            return false;
    return n > 0;
}

/* `text`: n digits without what pads them. Returns how many bytes. */
static size_t base64_read(const char *text, size_t n, unsigned char *bytes)
{
    size_t made = 0;
    uint32_t held = 0;
    for (size_t i = 0, bits = 0; i < n; i++) {
        held = held << 6 | (uint32_t)base64_value(text[i]);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[made++] = (unsigned char)(held >> bits);
        }
    }
    return made;
}

/* PRINT_LENGTH digits, without padding, as ssh-keygen -l writes a fingerprint. */
static void base64_write(const unsigned char digest[SHA256_SIZE], char text[PRINT_LENGTH + 1])
{
    for (size_t i = 0; i < PRINT_LENGTH; i++) {
        size_t bit = i * 6, at = bit / 8;
        uint32_t two = (uint32_t)digest[at] << 8 | (at + 1 < SHA256_SIZE ? digest[at + 1] : 0);
        text[i] = base64[two >> (10 - bit % 8) & 63];
    }
    text[PRINT_LENGTH] = '\0';
}

static bool print_is(const char *text)
{
    size_t n = strlen(prefix);
    return strncmp(text, prefix, n) == 0 && strlen(text + n) == PRINT_LENGTH &&
           base64_is(text + n, PRINT_LENGTH);
}

/* NULL where the key is not written in base64. */
static const char *print_of_key(struct arena *arena, const char *key)
{
    unsigned char digest[SHA256_SIZE];
    char text[PRINT_LENGTH + 1];
    size_t n = strlen(key), pad = 0;
    while (pad < 2 && n > pad && key[n - 1 - pad] == '=')
        pad++;
    if (n > KEY_MOST || n % 4 || !base64_is(key, n - pad))
        return NULL;
    unsigned char *blob = arena_alloc(arena, n);
    size_t size = base64_read(key, n - pad, blob);
    sha256(blob, size, digest);
    base64_write(digest, text);
    return arena_printf(arena, "%s%s", prefix, text);
}

static void host_add(struct reading *reading, char *host, const char *print, int rank)
{
    struct entry entry = {.host = host, .port = PORT_SSH, .print = print, .rank = rank};
    char *end = host[0] == '[' ? strstr(host, "]:") : NULL;
    if (strpbrk(host, "*?!|")) {
        reading->skipped++;
        return;
    }
    if (end) {
        *end = '\0';
        entry.host = host + 1;
        if (!text_to_int64(end + 2, strlen(end + 2), &entry.port))
            entry.port = -1;
    }
    vec_push(&reading->entries, entry);
}

/* HOST[,HOST] TYPE KEY. False: it is no such line. */
static bool host_line(struct reading *reading, char *hosts, const char *type, const char *key)
{
    int rank = 0;
    while (rank < TYPES && strcmp(types[rank], type) != 0)
        rank++;
    if (rank == TYPES) { /* of a kind that no session asks for, or no key at all */
        bool known = strncmp(type, "ecdsa-", 6) == 0 || strncmp(type, "sk-", 3) == 0 ||
                     strncmp(type, "ssh-", 4) == 0;
        reading->skipped += known;
        return known;
    }
    const char *print = print_of_key(reading->arena, key);
    if (!print)
        return false;
    for (char *host = hosts, *next; host; host = next) {
        next = strchr(host, ',');
        if (next)
            *next++ = '\0';
        host_add(reading, host, print, rank);
    }
    return true;
}

static bool line_read(struct reading *reading, char *line)
{
    static const char gap[] = " \t\r";
    char *words[3] = {0}, *rest = NULL;
    for (int i = 0; i < 3; i++)
        words[i] = strtok_r(i ? NULL : line, gap, &rest);
    if (!words[0] || words[0][0] == '#')
        return true;
    if (words[0][0] == '@') {
        reading->skipped++;
        return true;
    }
    char *comma = strchr(words[0], ',');
    if (!words[1] && comma && print_is(comma + 1)) {
        *comma = '\0';
        words[1] = comma + 1;
    }
    if (words[1] && print_is(words[1])) {
        vec_push(&reading->entries, ((struct entry){.device = words[0], .print = words[1]}));
        return true;
    }
    return words[2] && host_line(reading, words[0], words[1], words[2]);
}

enum status pins_read(struct arena *arena, const char *name, const char *text, size_t n,
                      const struct pins **pins, size_t *skipped, struct error *err)
{
    struct reading reading = {.arena = arena};
    char *copy = arena_strndup(arena, text, n), *next = copy;
    enum status status = ST_OK;
    for (size_t number = 1; next && *next && status == ST_OK; number++) {
        char *line = next;
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        const char *shown = text_quote(arena, line, strlen(line) < 40 ? strlen(line) : 40);
        if (!line_read(&reading, line))
            status = error_set(err, ST_REFUSED,
                               "%s:%zu: found %s, expected HOST TYPE KEY as in known_hosts, or "
                               "DEVICE SHA256:…",
                               name, number, shown);
    }
    struct pins *all = arena_new_of(arena, struct pins);
    *all = (struct pins){vec_copy(arena, &reading.entries), reading.entries.n};
    *pins = all;
    *skipped = reading.skipped;
    vec_free(&reading.entries);
    return status;
}

const char *pins_of(const struct pins *pins, const struct device *device)
{
    const struct entry *best = NULL;
    for (size_t i = 0; i < pins->n; i++) {
        const struct entry *entry = &pins->entries[i];
        if (entry->device && strcmp(entry->device, device->code) == 0)
            return entry->print;
        bool same =
            entry->host && entry->port == device->port && strcmp(entry->host, device->host) == 0;
        if (same && (!best || entry->rank < best->rank))
            best = entry;
    }
    return best ? best->print : NULL;
}
