#include "model/fleet/resolve.h"

#include "model/base/arena.h"

#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct look_up {
    struct look_up *next;
    char *host;
    int port;
    void *request;
    struct address address;
    const char *reason; /* NULL: found */
};

struct resolver {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct look_up *asked, **asked_end, *answered;
    bool ending;
    void (*wake)(void *context);
    void *context;
};

static int address_of(const char *host, int port, int flags, struct address *address)
{
    char service[16];
    snprintf(service, sizeof service, "%d", port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int code = getaddrinfo(host, service, &hints, &found);
    if (code)
        return code;
    memcpy(&address->at, found->ai_addr, found->ai_addrlen);
    address->size = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

bool address_numeric(const char *host, int port, struct address *address)
{
    return address_of(host, port, AI_NUMERICHOST, address) == 0;
}

static void *resolver_run(void *context)
{
    struct resolver *resolver = context;
    pthread_mutex_lock(&resolver->lock);
    while (!resolver->ending) {
        struct look_up *look_up = resolver->asked;
        if (!look_up) {
            pthread_cond_wait(&resolver->more, &resolver->lock);
            continue;
        }
        resolver->asked = look_up->next;
        if (!resolver->asked)
            resolver->asked_end = &resolver->asked;
        pthread_mutex_unlock(&resolver->lock);
        int code = address_of(look_up->host, look_up->port, AI_ADDRCONFIG, &look_up->address);
        look_up->reason = code ? gai_strerror(code) : NULL;
        pthread_mutex_lock(&resolver->lock);
        look_up->next = resolver->answered;
        resolver->answered = look_up;
        resolver->wake(resolver->context);
    }
    pthread_mutex_unlock(&resolver->lock);
    return NULL;
}

struct resolver *resolver_new(void (*wake)(void *context), void *context)
{
    struct resolver *resolver = mem_zero(1, sizeof *resolver);
    resolver->wake = wake;
    resolver->context = context;
    resolver->asked_end = &resolver->asked;
    pthread_mutex_init(&resolver->lock, NULL);
    pthread_cond_init(&resolver->more, NULL);
    if (pthread_create(&resolver->thread, NULL, resolver_run, resolver) != 0)
        abort(); /* no thread at start: as no memory */
    return resolver;
}

static void look_ups_free(struct look_up *first)
{
    while (first) {
        struct look_up *next = first->next;
        free(first->host);
        free(first);
        first = next;
    }
}

void resolver_free(struct resolver *resolver)
{
    if (!resolver)
        return;
    pthread_mutex_lock(&resolver->lock);
    resolver->ending = true;
    pthread_cond_signal(&resolver->more);
    pthread_mutex_unlock(&resolver->lock);
    pthread_join(resolver->thread, NULL);
    look_ups_free(resolver->asked);
    look_ups_free(resolver->answered);
    pthread_mutex_destroy(&resolver->lock);
    pthread_cond_destroy(&resolver->more);
    free(resolver);
}

void resolver_ask(struct resolver *resolver, const char *host, int port, void *request)
{
    struct look_up *look_up = mem_zero(1, sizeof *look_up);
    look_up->host = mem_strdup(host);
    look_up->port = port;
    look_up->request = request;
    pthread_mutex_lock(&resolver->lock);
    *resolver->asked_end = look_up;
    resolver->asked_end = &look_up->next;
    pthread_cond_signal(&resolver->more);
    pthread_mutex_unlock(&resolver->lock);
}

void resolver_collect(struct resolver *resolver, resolved_fn *fn, void *context)
{
    pthread_mutex_lock(&resolver->lock);
    struct look_up *answered = resolver->answered;
    resolver->answered = NULL;
    pthread_mutex_unlock(&resolver->lock);
    for (struct look_up *at = answered; at; at = at->next)
        fn(context, at->request, at->reason ? NULL : &at->address, at->reason);
    look_ups_free(answered);
}
