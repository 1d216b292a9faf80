#include "model/import/source.h"

#include "model/base/arena.h"
#include "model/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct source {
    char *name, *encoding;
    int fd;
    iconv_t convert; /* (iconv_t)-1: none */
    int64_t done, size, line;
    struct csv_format format;
    bool at_end; /* the descriptor has nothing more */
    char *rest;  /* read (and converted), not yet given out */
    size_t rest_n, rest_cap;
    char *raw; /* bytes before conversion: of a character that was cut */
    size_t raw_n;
};

enum { RAW_MAX = 1 << 16 };

static enum status cannot_read(const struct source *source, struct error *err)
{
    return error_set(err, ST_REFUSED, "%s: cannot be read: %s", source->name, strerror(errno));
}

/* Copies a stream into a file without a name. */
static enum status spool(struct source *source, struct error *err)
{
    const char *folder = getenv("TMPDIR");
    char *path = mem_printf("%s/atrium-import-XXXXXX", folder && *folder ? folder : "/tmp");
    int file = mkostemp(path, O_CLOEXEC);
    if (file >= 0)
        unlink(path);
    free(path);
    if (file < 0)
        return error_set(err, ST_REFUSED, "%s: no temporary file can be made for it: %s",
                         source->name, strerror(errno));
    char *block = mem_alloc(SOURCE_PIECE);
    ssize_t n;
    bool good = true;
    while (good && ((n = read(source->fd, block, SOURCE_PIECE)) > 0 || (n < 0 && errno == EINTR)))
        for (ssize_t at = 0, wrote; good && at < n; at += wrote) {
            wrote = write(file, block + at, (size_t)(n - at));
            good = wrote > 0;
        }
    enum status status = good && n == 0 ? ST_OK : cannot_read(source, err);
    free(block);
    if (source->fd != STDIN_FILENO)
        close(source->fd);
    source->fd = file;
    if (status == ST_OK && lseek(file, 0, SEEK_SET) < 0)
        status = cannot_read(source, err);
    return status;
}

static enum status encoding_open(struct source *source, const char *encoding, struct error *err)
{
    if (!encoding || text_equal_nocase(encoding, "UTF-8") || text_equal_nocase(encoding, "UTF8"))
        return ST_OK;
    source->encoding = mem_strdup(encoding);
    source->convert = iconv_open("UTF-8", encoding);
    if (source->convert == (iconv_t)-1)
        return error_set(err, ST_REFUSED,
                         "the encoding '%s' is not known here, expected UTF-8, GB18030, GBK, "
                         "LATIN1 or another that iconv knows",
                         encoding);
    source->raw = mem_alloc(RAW_MAX);
    return ST_OK;
}

enum status source_open(const char *path, const char *encoding, bool again, struct source **out,
                        struct error *err)
{
    *out = NULL;
    struct source *source = mem_zero(1, sizeof *source);
    source->convert = (iconv_t)-1;
    bool standard = strcmp(path, "-") == 0;
    source->name = mem_strdup(standard ? "stdin" : path);
    source->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    enum status status = ST_OK;
    if (source->fd < 0 || fstat(source->fd, &about) < 0) {
        status = cannot_read(source, err);
    } else if (S_ISDIR(about.st_mode)) {
        status = error_set(err, ST_REFUSED, "%s: is a folder, expected a file", source->name);
    } else {
        bool plain = S_ISREG(about.st_mode) && lseek(source->fd, 0, SEEK_CUR) == 0;
        source->size = plain ? about.st_size : 0;
        status = encoding_open(source, encoding, err);
        if (status == ST_OK && again && !plain)
            status = spool(source, err);
    }
    if (status != ST_OK) {
        source_close(source);
        return status;
    }
    posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    *out = source;
    return ST_OK;
}

void source_close(struct source *source)
{
    if (!source)
        return;
    if (source->fd >= 0 && source->fd != STDIN_FILENO)
        close(source->fd);
    if (source->convert != (iconv_t)-1)
        iconv_close(source->convert);
    free(source->name);
    free(source->encoding);
    free(source->rest);
    free(source->raw);
    free(source);
}

const char *source_name(const struct source *source)
{
    return source->name;
}

int64_t source_done(const struct source *source)
{
    return source->done;
}

int64_t source_size(const struct source *source)
{
    return source->size;
}

static enum status read_some(struct source *source, char *at, size_t room, size_t *got,
                             struct error *err)
{
    ssize_t n;
    do
        n = read(source->fd, at, room);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return cannot_read(source, err);
    source->done += n;
    source->at_end = n == 0;
    *got = (size_t)n;
    return ST_OK;
}

static void rest_reserve(struct source *source, size_t more)
{
    if (source->rest_cap - source->rest_n >= more)
        return;
    source->rest_cap = (source->rest_n + more) * 2;
    source->rest = mem_resize(source->rest, source->rest_cap, 1);
}

/* Converts what was read. A byte that is none in the encoding becomes 0xFF, which no UTF-8 text
 * holds: the row it stands in is refused where it is used. */
static void convert_raw(struct source *source)
{
    char *from = source->raw;
    size_t left = source->raw_n;
    while (left) {
        rest_reserve(source, left * 4 + 8);
        char *to = source->rest + source->rest_n;
        size_t room = source->rest_cap - source->rest_n;
        size_t before = room;
        size_t result = iconv(source->convert, &from, &left, &to, &room);
        source->rest_n += before - room;
        if (result != (size_t)-1 || errno == E2BIG)
            continue;
        if (errno == EINVAL && !source->at_end)
            break; /* a character that goes on in the next bytes */
        rest_reserve(source, 1);
        source->rest[source->rest_n++] = (char)0xFF;
        from++;
        left--;
        iconv(source->convert, NULL, NULL, NULL, NULL);
    }
    memmove(source->raw, from, left);
    source->raw_n = left;
}

/* Reads until the rest holds `want` bytes or nothing is left to read. */
static enum status rest_fill(struct source *source, size_t want, struct error *err)
{
    while (source->rest_n < want && !source->at_end) {
        size_t got;
        enum status status;
        if (source->convert == (iconv_t)-1) {
            rest_reserve(source, want - source->rest_n);
            status =
                read_some(source, source->rest + source->rest_n, want - source->rest_n, &got, err);
            if (status == ST_OK)
                source->rest_n += got;
        } else {
            status =
                read_some(source, source->raw + source->raw_n, RAW_MAX - source->raw_n, &got, err);
            if (status == ST_OK) {
                source->raw_n += got;
                convert_raw(source);
            }
        }
        if (status != ST_OK)
            return status;
    }
    return ST_OK;
}

static void rest_drop(struct source *source, size_t n)
{
    source->rest_n -= n;
    memmove(source->rest, source->rest + n, source->rest_n);
}

/* Leaves out one line, however long. */
static enum status line_drop(struct source *source, struct error *err)
{
    for (;;) {
        char *newline = source->rest_n ? memchr(source->rest, '\n', source->rest_n) : NULL;
        if (newline) {
            rest_drop(source, (size_t)(newline + 1 - source->rest));
            source->line++;
            return ST_OK;
        }
        source->rest_n = 0;
        if (source->at_end)
            return ST_OK;
        enum status status = rest_fill(source, SOURCE_PIECE, err);
        if (status != ST_OK)
            return status;
    }
}

enum status source_start(struct source *source, const struct csv_format *format, int64_t skip,
                         struct error *err)
{
    source->format = *format;
    source->line = 1;
    enum status status = rest_fill(source, SOURCE_PIECE, err);
    if (status != ST_OK)
        return status;
    if (source->rest_n >= 3 && memcmp(source->rest, "\xEF\xBB\xBF", 3) == 0)
        rest_drop(source, 3);
    if (source->convert == (iconv_t)-1 && source->rest_n >= 2 &&
        (memcmp(source->rest, "\xFF\xFE", 2) == 0 || memcmp(source->rest, "\xFE\xFF", 2) == 0))
        return error_set(err, ST_REFUSED,
                         "%s:1:1: found UTF-16, expected UTF-8; a map with encoding = UTF-16 reads "
                         "it",
                         source->name);
    while (skip-- > 0 && status == ST_OK)
        status = line_drop(source, err);
    return status;
}

/* Gives the first n bytes of the rest to a piece: the memory changes hands, what is left over moves
 * to the piece's old one. */
static void piece_take(struct source *source, struct piece_bytes *piece, size_t n)
{
    size_t left = source->rest_n - n;
    if (piece->cap < left + SOURCE_PIECE) {
        free(piece->at);
        piece->cap = left + SOURCE_PIECE * 2;
        piece->at = mem_alloc(piece->cap);
    }
    memcpy(piece->at, source->rest + n, left);
    char *at = piece->at;
    size_t cap = piece->cap;
    piece->at = source->rest;
    piece->cap = source->rest_cap;
    piece->n = n;
    source->rest = at;
    source->rest_cap = cap;
    source->rest_n = left;
}

/* A record that does not end within the limit: its first line is left out. */
static enum status piece_too_long(struct source *source, struct piece_bytes *piece,
                                  struct error *err)
{
    piece->too_long = true;
    piece->n = 0;
    return line_drop(source, err);
}

enum status source_next(struct source *source, struct piece_bytes *piece, struct error *err)
{
    piece->n = 0;
    piece->too_long = false;
    piece->line = source->line;
    for (size_t want = SOURCE_PIECE;; want *= 2) {
        enum status status = rest_fill(source, want, err);
        if (status != ST_OK)
            return status;
        /* What is behind the wanted bytes waits: pieces stay small whatever was read. */
        size_t have = source->rest_n < want ? source->rest_n : want;
        bool all = source->at_end && have == source->rest_n;
        size_t cut = all ? have : csv_cut(&source->format, source->rest, have);
        if (cut == 0 && have > CSV_RECORD_MAX)
            return piece_too_long(source, piece, err);
        if (cut == 0 && !all)
            continue;
        if (cut)
            piece_take(source, piece, cut);
        source->line += cut ? csv_lines(piece->at, cut) : 0;
        return ST_OK;
    }
}

enum status source_rewind(struct source *source, struct error *err)
{
    if (lseek(source->fd, 0, SEEK_SET) < 0)
        return cannot_read(source, err);
    if (source->convert != (iconv_t)-1)
        iconv(source->convert, NULL, NULL, NULL, NULL);
    source->done = 0;
    source->at_end = false;
    source->rest_n = source->raw_n = 0;
    return ST_OK;
}
