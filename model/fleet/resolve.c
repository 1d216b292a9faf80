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

/* A name whose server does not answer takes many seconds: the others go past it. */
enum { THREADS_MOST = 8 };

struct resolver {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct look_up *asked, **asked_end, *answered;
    int threads, idle, waiting; /* waiting: asked for and not taken yet */
    bool ending;                /* nobody owns it any more: the last thread frees it */
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

static void look_ups_free(struct look_up *first)
{
    while (first) {
        struct look_up *next = first->next;
        free(first->host);
        free(first);
        first = next;
    }
}

static void resolver_destroy(struct resolver *resolver)
{
    look_ups_free(resolver->asked);
    look_ups_free(resolver->answered);
    pthread_mutex_destroy(&resolver->lock);
    pthread_cond_destroy(&resolver->more);
    free(resolver);
}

/* The first that was asked for; NULL at the end. Under the lock. */
static struct look_up *look_up_take(struct resolver *resolver)
{
    while (!resolver->asked && !resolver->ending) {
        resolver->idle++;
        pthread_cond_wait(&resolver->more, &resolver->lock);
        resolver->idle--;
    }
    struct look_up *look_up = resolver->ending ? NULL : resolver->asked;
    if (look_up) {
        resolver->waiting--;
        resolver->asked = look_up->next;
        if (!resolver->asked)
            resolver->asked_end = &resolver->asked;
    }
    return look_up;
}

static void *resolver_run(void *context)
{
    struct resolver *resolver = context;
    struct look_up *look_up;
    pthread_mutex_lock(&resolver->lock);
    while ((look_up = look_up_take(resolver))) {
        pthread_mutex_unlock(&resolver->lock);
        int code = address_of(look_up->host, look_up->port, AI_ADDRCONFIG, &look_up->address);
        look_up->reason = code ? gai_strerror(code) : NULL;
        pthread_mutex_lock(&resolver->lock);
        look_up->next = resolver->answered;
        resolver->answered = look_up;
        if (!resolver->ending)
            resolver->wake(resolver->context);
    }
    bool last = --resolver->threads == 0;
    pthread_mutex_unlock(&resolver->lock);
    if (last)
        resolver_destroy(resolver);
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
    return resolver;
}

/* What runs is left to end by itself: a look-up cannot be broken off, and nobody should wait. */
void resolver_free(struct resolver *resolver)
{
    if (!resolver)
        return;
    pthread_mutex_lock(&resolver->lock);
    resolver->ending = true;
    bool none = resolver->threads == 0;
    pthread_cond_broadcast(&resolver->more);
    pthread_mutex_unlock(&resolver->lock);
    if (none)
        resolver_destroy(resolver);
}

/* Under the lock. Without any thread at all nothing would ever be answered: as without memory. */
static void thread_add(struct resolver *resolver)
{
    pthread_t thread;
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &detached, resolver_run, resolver) == 0)
        resolver->threads++;
    else if (!resolver->threads)
        abort();
    pthread_attr_destroy(&detached);
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
    resolver->waiting++;
    if (resolver->waiting > resolver->idle && resolver->threads < THREADS_MOST)
        thread_add(resolver);
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
