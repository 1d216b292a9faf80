#include "model/fleet/stream.h"

#include "model/base/text.h"
#include "model/base/time.h"
#include "model/fleet/clean.h"
#include "model/fleet/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MOST = 160, WORDS_MOST = 400, ANSWERS_MOST = 4096 };

static void bytes_put(stream_bytes *to, const char *bytes, size_t n)
{
    if (!n)
        return;
    vec_reserve(to, n);
    memcpy(to->at + to->n, bytes, n);
    to->n += n;
}

static void news(struct stream *stream)
{
    uint64_t one = 1;
    ssize_t written = write(stream->hub->news, &one, sizeof one);
    (void)written; /* full means that it is readable already */
}

static bool refuse(struct stream *stream, const char *what, const char *bytes, size_t n)
{
    struct arena *arena = arena_new();
    snprintf(stream->nonsense, sizeof stream->nonsense, "%s: %s", what,
             device_clean(arena, bytes, n, 60, false, NULL));
    arena_free(arena);
    return false;
}

/* ---- Its clock ---- */

/* It looked at its clock between the command and now: the offset is known to within that. */
static void clock_measure(struct stream *stream, int64_t device_ms)
{
    int64_t low = device_ms - device_now_ms();
    if (stream->heard) {
        /* A later word may have been on its way for long, but never came before it was said. */
        stream->clock_moved = stream->clock_moved || low > stream->clock_high + STREAM_CLOCK_MS;
        return;
    }
    const int64_t *took = stream->job.phase_ns;
    int64_t high = low + (took[PHASE_COMMAND] + took[PHASE_FIRST]) / 1000000;
    stream->heard = true;
    stream->clock_high = high;
    stream->clock_ms = low > STREAM_CLOCK_MS || high < -STREAM_CLOCK_MS ? (low + high) / 2 : 0;
}

/* ---- What it says ---- */

/* The numbers after a word, all of them and nothing else. */
static bool numbers_read(const char *at, const char *end, int64_t *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (at >= end || *at++ != ' ')
            return false;
        const char *stop = at;
        while (stop < end && *stop != ' ')
            stop++;
        if (stop - at > 15 || !text_to_int64(at, (size_t)(stop - at), &numbers[i]) ||
            numbers[i] < 0)
            return false;
        at = stop;
    }
    return at == end;
}

static bool word_is(const char *line, size_t n, const char *word)
{
    size_t length = strlen(word);
    return n > length && memcmp(line, word, length) == 0 && line[length] == ' ';
}

/* piece OFFSET BYTES TIME SIZE, long OFFSET BYTES TIME SIZE, idle OFFSET TIME SIZE, reset TIME SIZE
 */
static bool line_take(struct stream *stream, const char *line, size_t n)
{
    static const struct {
        const char *word;
        size_t numbers;
    } words[] = {{"piece", 4}, {"long", 4}, {"idle", 3}, {"reset", 2}};
    int64_t number[4] = {0};
    size_t which = 0, last = sizeof words / sizeof *words;
    while (which < last && !word_is(line, n, words[which].word))
        which++;
    if (stream->ready)
        return refuse(stream, "found a word where it waits for ours", line, n);
    if (which == last ||
        !numbers_read(line + strlen(words[which].word), line + n, number, words[which].numbers))
        return refuse(stream, "found no word of a spool", line, n);
    size_t numbers = words[which].numbers;
    clock_measure(stream, number[numbers - 2]);
    stream->size = number[numbers - 1];
    if (which == 3) {
        stream->reset = true;
        stream->offset = 0;
        return true;
    }
    if (number[0] != stream->offset)
        return refuse(stream, "found a piece of elsewhere", line, n);
    stream->idle = which == 2;
    if (which == 2)
        return true;
    if (stream->ready || number[1] < 1 || (which == 0 && number[1] > STREAM_PIECE))
        return refuse(stream, "found a piece that was not asked for", line, n);
    stream->bytes.n = 0;
    stream->wanted = which == 0 ? (size_t)number[1] : 0;
    stream->skipped = which == 1 ? number[1] : 0;
    stream->ready = which == 1;
    return true;
}

static bool output_take(struct stream *stream, const char *bytes, size_t n)
{
    while (n) {
        if (stream->wanted) {
            size_t take = n < stream->wanted ? n : stream->wanted;
            bytes_put(&stream->bytes, bytes, take);
            stream->wanted -= take;
            stream->ready = stream->wanted == 0;
            bytes += take;
            n -= take;
            continue;
        }
        const char *stop = memchr(bytes, '\n', n);
        size_t take = stop ? (size_t)(stop - bytes) : n;
        if (stream->line.n + take > LINE_MOST)
            return refuse(stream, "found no word of a spool", bytes, n);
        bytes_put(&stream->line, bytes, take);
        bytes += take + (stop != NULL);
        n -= take + (stop != NULL);
        if (stop && !line_take(stream, stream->line.at ? stream->line.at : "", stream->line.n))
            return false;
        if (stop)
            stream->line.n = 0;
    }
    return true;
}

/* What became of an offer. Other words are kept for the reason it ended by. */
static void words_take(struct stream *stream, const char *line, size_t n)
{
    static const char had[] = "offer=", failed[] = "offer-failed=";
    bool good = n > sizeof had - 1 && memcmp(line, had, sizeof had - 1) == 0;
    bool bad = !good && n > sizeof failed - 1 && memcmp(line, failed, sizeof failed - 1) == 0;
    if ((!good && !bad) || stream->answers.n >= ANSWERS_MOST)
        return;
    const char *name = line + (good ? sizeof had - 1 : sizeof failed - 1), *end = line + n;
    const char *stop = memchr(name, ' ', (size_t)(end - name));
    size_t length = (size_t)((stop ? stop : end) - name);
    struct stream_answer answer = {{0}, {0}};
    if (length >= sizeof answer.name)
        return;
    memcpy(answer.name, name, length);
    struct arena *arena = arena_new();
    if (bad)
        snprintf(answer.reason, sizeof answer.reason, "%s",
                 stop ? device_clean(arena, stop + 1, (size_t)(end - stop - 1), 100, false, NULL)
                      : "it was refused");
    if (bad && !*answer.reason)
        snprintf(answer.reason, sizeof answer.reason, "it was refused");
    arena_free(arena);
    vec_push(&stream->answers, answer);
}

static void errors_take(struct stream *stream, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\n') {
            words_take(stream, stream->words.at ? stream->words.at : "", stream->words.n);
            stream->words.n = 0;
        } else if (stream->words.n < WORDS_MOST) {
            vec_push(&stream->words, bytes[i]);
        }
    }
}

/* ---- On the engine's thread ---- */

static bool on_output(struct fleet_job *job, bool is_stderr, const char *bytes, size_t n)
{
    struct stream *stream = job->context;
    pthread_mutex_lock(&stream->hub->lock);
    bool good = !*stream->nonsense;
    stream->active = time_monotonic_ns();
    if (is_stderr)
        errors_take(stream, bytes, n);
    else if (good)
        good = output_take(stream, bytes, n);
    pthread_mutex_unlock(&stream->hub->lock);
    news(stream);
    return good;
}

static int64_t on_input(struct fleet_job *job, char *buffer, size_t size)
{
    struct stream *stream = job->context;
    pthread_mutex_lock(&stream->hub->lock);
    size_t n = stream->answer.n < size ? stream->answer.n : size;
    int64_t given = n ? (int64_t)n : stream->ending ? 0 : -1;
    if (n) {
        memcpy(buffer, stream->answer.at, n);
        stream->answer.n -= n;
        memmove(stream->answer.at, stream->answer.at + n, stream->answer.n);
    }
    pthread_mutex_unlock(&stream->hub->lock);
    return given;
}

/* ---- From the collector's ---- */

void stream_clear(struct stream *stream)
{
    stream->line.n = stream->words.n = stream->bytes.n = stream->answer.n = 0;
    stream->answers.n = 0;
    stream->wanted = 0;
    stream->skipped = stream->clock_ms = stream->clock_high = 0;
    stream->ready = stream->reset = stream->idle = stream->heard = stream->clock_moved = false;
    stream->ending = false;
    *stream->nonsense = '\0';
}

void stream_begin(struct stream *stream, int64_t offset, int64_t marked, const char *mark,
                  void (*done)(struct fleet_job *job))
{
    const struct device *device = &stream->device;
    stream_clear(stream);
    stream->offset = offset;
    stream->open = true;
    stream->active = time_monotonic_ns();
    if (!stream->session)
        stream->session = arena_new();
    arena_reset(stream->session);
    const char *known =
        *mark ? arena_printf(stream->session, " %lld %s", (long long)marked, mark) : "";
    const char *verb = arena_printf(stream->session, "spool %s %lld %d --follow%s",
                                    stream->spool ? stream->spool : "none", (long long)offset,
                                    STREAM_PIECE, known);
    const char *command = stream->along
                              ? arena_printf(stream->session, "exec sh -c %s atrium-device %s",
                                             shell_quote(stream->session, device_script), verb)
                              : arena_printf(stream->session, DEVICE_TOOL "%s", verb);
    stream->job = fleet_job_of(device);
    stream->job.command = command;
    stream->job.most = SIZE_MAX;
    stream->job.output = on_output;
    stream->job.input = on_input;
    stream->job.done = done;
    stream->job.context = stream;
    fleet_submit(stream->hub->engine, &stream->job);
}

static void answer_print(struct stream *stream, const char *format, long long number)
{
    char text[64];
    int n = snprintf(text, sizeof text, format, number);
    bytes_put(&stream->answer, text, (size_t)n);
}

void stream_safe(struct stream *stream, int64_t offset)
{
    pthread_mutex_lock(&stream->hub->lock);
    stream->offset = offset;
    stream->ready = stream->reset = false;
    stream->bytes.n = 0;
    stream->skipped = 0;
    answer_print(stream, "spooled %lld\n", (long long)offset);
    pthread_mutex_unlock(&stream->hub->lock);
}

/* Under the lock. */
void stream_again(struct stream *stream)
{
    stream->ready = false;
    stream->bytes.n = 0;
    answer_print(stream, "again %lld\n", (long long)stream->offset);
}

void stream_offer(struct stream *stream, const char *name, int64_t seconds, const char *text,
                  size_t n)
{
    char line[192];
    int length =
        snprintf(line, sizeof line, "offer %.100s %lld %zu\n", name, (long long)seconds, n);
    pthread_mutex_lock(&stream->hub->lock);
    bytes_put(&stream->answer, line, (size_t)length);
    bytes_put(&stream->answer, text, n);
    pthread_mutex_unlock(&stream->hub->lock);
}

void stream_end(struct stream *stream)
{
    pthread_mutex_lock(&stream->hub->lock);
    if (!stream->ending)
        bytes_put(&stream->answer, "end\n", 4);
    stream->ending = true;
    pthread_mutex_unlock(&stream->hub->lock);
}

void stream_free(struct stream *stream)
{
    if (!stream)
        return;
    vec_free(&stream->line);
    vec_free(&stream->words);
    vec_free(&stream->bytes);
    vec_free(&stream->answer);
    vec_free(&stream->answers);
    arena_free(stream->session);
    arena_free(stream->arena);
    free(stream);
}
