/*
 * Messages by HTTP: POST of a JSON body with an Idempotency-Key and a bearer token, several at once
 * over a few kept connections. One attempt each; when to try again is the engine's to say.
 *
 *   2xx with a JSON object or nothing         sent; "id" or "status" of it is the note
 *   2xx with anything else, 500 502 504, a    unknown: it may have been taken
 *   broken or timed out answer
 *   no connection, 408 409 425 429 503        later; Retry-After is kept
 *   401 403 407, 3xx, an unknown host         closed: nothing will be taken until somebody acts
 *   any other 4xx                             refused
 */
#ifndef ATRIUM_CAMPAIGN_HTTP_H
#define ATRIUM_CAMPAIGN_HTTP_H

#include "model/campaign/contact_adapter.h"

struct http_options {
    const char *url;   /* http:// or https:// */
    const char *token; /* NULL or "": none */
    int timeout_s;     /* of one message; 0: 10 */
    int at_once;       /* connections; 0: 16 */
};

/* ST_REFUSED for an address that is none. */
enum status http_open(const struct http_options *options, void **state, struct error *err);

#endif
