#include "model/campaign/curl_late.h"

#include "sonames.h"

#include <pthread.h>
#include <stdbool.h>

struct curl_functions curl_late;

static const char *const names[] = {CURL_FUNCTIONS(LATE_NAME)};

enum status curl_load(struct error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool loaded;
    enum status status = ST_OK;
    pthread_mutex_lock(&lock);
    if (!loaded)
        status =
            late_load(SONAME_CURL, names, sizeof names / sizeof *names, (void *)&curl_late, err);
    if (!loaded && status == ST_OK && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        status = error_set(err, ST_UNUSABLE, "the library %s cannot be started", SONAME_CURL);
    loaded = status == ST_OK;
    pthread_mutex_unlock(&lock);
    return status;
}
