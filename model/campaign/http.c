#include "model/campaign/http.h"

#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/campaign/curl_late.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MOST = 64 << 10, TIMEOUT_S = 10, AT_ONCE = 16, CONNECT_S = 5, POLL_MS = 200 };

struct exchange {
    CURL *easy;
    struct curl_slist *headers;
    struct outgoing *message; /* NULL: at rest */
    char *answer;
    size_t n;
    bool too_long;
    char problem[CURL_ERROR_SIZE];
};

struct http {
    CURLM *multi;
    char *url, *bearer;
    long timeout_s;
    size_t n;
    struct exchange *at;
};

static size_t answer_take(char *bytes, size_t size, size_t n, void *context)
{
    struct exchange *exchange = context;
    if (exchange->n + size * n > ANSWER_MOST) {
        exchange->too_long = true;
        return 0;
    }
    memcpy(exchange->answer + exchange->n, bytes, size * n);
    exchange->n += size * n;
    return size * n;
}

static bool easy_make(const struct http *http, struct exchange *exchange)
{
    CURL *easy = exchange->easy = curl_easy_init();
    exchange->answer = mem_alloc(ANSWER_MOST + 1);
    return easy && curl_easy_setopt(easy, CURLOPT_URL, http->url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT, http->timeout_s) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "atrium/" ATRIUM_VERSION) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, answer_take) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->problem) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK;
}

static void http_close(void *state)
{
    struct http *http = state;
    if (!http)
        return;
    for (size_t i = 0; i < http->n; i++) {
        if (http->at[i].easy)
            curl_easy_cleanup(http->at[i].easy);
        curl_slist_free_all(http->at[i].headers);
        free(http->at[i].answer);
    }
    if (http->multi)
        curl_multi_cleanup(http->multi);
    free(http->at);
    free(http->url);
    free(http->bearer);
    free(http);
}

enum status http_open(const struct http_options *options, void **state, struct error *err)
{
    struct arena *arena = arena_new();
    const char *url = options->url;
    bool good =
        (strncmp(url, "http://", 7) == 0 && url[7]) || (strncmp(url, "https://", 8) == 0 && url[8]);
    if (!good || !text_valid(url, strlen(url)) || strchr(url, ' ')) {
        error_set(err, ST_REFUSED, "found %s, expected an address with http:// or https://",
                  text_quote(arena, url, strlen(url)));
        arena_free(arena);
        return ST_REFUSED;
    }
    arena_free(arena);
    enum status status = curl_load(err);
    if (status != ST_OK)
        return status;
    struct http *http = mem_zero(1, sizeof *http);
    http->url = mem_strdup(url);
    if (options->token && *options->token)
        http->bearer = mem_printf("Authorization: Bearer %s", options->token);
    http->timeout_s = options->timeout_s ? options->timeout_s : TIMEOUT_S;
    http->n = (size_t)(options->at_once ? options->at_once : AT_ONCE);
    http->at = mem_zero(http->n, sizeof *http->at);
    http->multi = curl_multi_init();
    bool made = http->multi != NULL;
    for (size_t i = 0; i < http->n && made; i++)
        made = easy_make(http, &http->at[i]);
    if (!made) {
        http_close(http);
        return error_set(err, ST_REFUSED, "the HTTP library cannot be set up for this address");
    }
    *state = http;
    return ST_OK;
}

/* ---- What an answer means ---- */

/* What the other side said, for the row: one clean line. */
static const char *note_of(struct arena *arena, long code, const char *bytes, size_t n)
{
    json_t *json = json_loadb(bytes, n, JSON_DISABLE_EOF_CHECK, NULL);
    static const char *const names[] = {"error", "message", "status", "id"};
    const char *said = NULL;
    for (size_t i = 0; !said && i < sizeof names / sizeof *names; i++)
        said = json_string_value(json_object_get(json, names[i]));
    const char *note =
        said    ? arena_printf(arena, "%ld %s", code, text_quote(arena, said, strlen(said)))
        : n > 0 ? arena_printf(arena, "%ld %s", code, text_quote(arena, bytes, n))
                : arena_printf(arena, "%ld", code);
    json_decref(json);
    return note;
}

static bool answer_is_json(const struct exchange *exchange)
{
    if (!exchange->n)
        return true;
    json_t *json = json_loadb(exchange->answer, exchange->n, 0, NULL);
    bool good = json_is_object(json);
    json_decref(json);
    return good;
}

static enum outcome outcome_of_code(long code, const struct exchange *exchange)
{
    if (code >= 200 && code < 300)
        return answer_is_json(exchange) ? OUTCOME_SENT : OUTCOME_UNKNOWN;
    if (code == 401 || code == 403 || code == 407 || (code >= 300 && code < 400))
        return OUTCOME_CLOSED;
    if (code == 408 || code == 409 || code == 425 || code == 429 || code == 503)
        return OUTCOME_LATER;
    return code >= 400 && code < 500 ? OUTCOME_REFUSED : OUTCOME_UNKNOWN;
}

/* Without an answer: only where no connection came about is it sure that nothing was taken. */
static enum outcome outcome_of_failure(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return OUTCOME_LATER;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_URL_MALFORMAT:
        return OUTCOME_CLOSED;
    default:
        return OUTCOME_UNKNOWN;
    }
}

static void exchange_end(struct exchange *exchange, CURLcode code, struct arena *arena)
{
    struct outgoing *message = exchange->message;
    long status = 0;
    curl_off_t after = 0;
    exchange->message = NULL;
    exchange->answer[exchange->n] = 0;
    if (code != CURLE_OK) {
        const char *why = exchange->too_long   ? "the answer is longer than 64 kB"
                          : *exchange->problem ? exchange->problem
                                               : curl_easy_strerror(code);
        message->outcome = outcome_of_failure(code);
        message->note = text_quote(arena, why, strlen(why));
        return;
    }
    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(exchange->easy, CURLINFO_RETRY_AFTER, &after);
    message->outcome = outcome_of_code(status, exchange);
    message->after = after > 0 ? after : 0;
    message->note = note_of(arena, status, exchange->answer, exchange->n);
}

/* ---- Sending ---- */

static bool exchange_start(struct http *http, struct exchange *exchange, struct outgoing *message,
                           struct arena *arena)
{
    char *key = arena_printf(arena, "Idempotency-Key: %s", message->key);
    curl_slist_free_all(exchange->headers);
    exchange->headers = curl_slist_append(NULL, "Content-Type: application/json");
    exchange->headers = curl_slist_append(exchange->headers, "Expect:");
    exchange->headers = curl_slist_append(exchange->headers, key);
    if (http->bearer)
        exchange->headers = curl_slist_append(exchange->headers, http->bearer);
    exchange->n = 0;
    exchange->too_long = false;
    *exchange->problem = 0;
    curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->headers);
    curl_easy_setopt(exchange->easy, CURLOPT_POSTFIELDS, message->body);
    curl_easy_setopt(exchange->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)strlen(message->body));
    if (curl_multi_add_handle(http->multi, exchange->easy) != CURLM_OK)
        return false;
    exchange->message = message;
    return true;
}

/* Collects what ended; returns how many. */
static size_t ended_take(struct http *http, struct arena *arena)
{
    CURLMsg *ended;
    int left;
    size_t n = 0;
    while ((ended = curl_multi_info_read(http->multi, &left)) != NULL) {
        struct exchange *exchange = NULL;
        if (ended->msg != CURLMSG_DONE)
            continue;
        CURLcode code = ended->data.result;
        CURL *easy = ended->easy_handle;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&exchange);
        curl_multi_remove_handle(http->multi, easy);
        exchange_end(exchange, code, arena);
        n++;
    }
    return n;
}

static enum status http_send(void *state, struct outgoing *messages, size_t n,
                             const atomic_bool *stop, struct arena *arena, struct error *err)
{
    struct http *http = state;
    size_t next = 0, open = 0;
    bool closed = false;
    (void)err;
    for (size_t i = 0; i < n; i++)
        messages[i].outcome = OUTCOME_LATER; /* what was never started did not leave */
    while (open || (next < n && !closed && !(stop && atomic_load(stop)))) {
        bool take = !closed && !(stop && atomic_load(stop));
        for (size_t i = 0; i < http->n && take && next < n; i++)
            if (!http->at[i].message &&
                exchange_start(http, &http->at[i], &messages[next], arena)) {
                next++;
                open++;
            }
        int running = 0;
        curl_multi_perform(http->multi, &running);
        size_t ended = ended_take(http, arena);
        open -= ended;
        for (size_t i = 0; ended && i < next && !closed; i++)
            closed = messages[i].outcome == OUTCOME_CLOSED;
        if (open && !ended)
            curl_multi_poll(http->multi, NULL, 0, POLL_MS, NULL);
    }
    return ST_OK;
}

const struct contact_adapter contact_http = {
    .name = "http",
    .idempotent = true,
    .send = http_send,
    .close = http_close,
};
