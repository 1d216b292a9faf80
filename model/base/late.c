#include "model/base/late.h"

#include <dlfcn.h>
#include <string.h>

enum status late_load(const char *library, const char *const *names, size_t n, void *functions,
                      struct error *err)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return error_set(err, ST_UNUSABLE, "the library %s cannot be loaded: install it (%s)",
                         library, dlerror());
    for (size_t i = 0; i < n; i++) {
        void *found = dlsym(handle, names[i]);
        if (!found)
            return error_set(err, ST_UNUSABLE,
                             "the library %s has no %s: install the version that this program was "
                             "built with",
                             library, names[i]);
        memcpy((char *)functions + i * sizeof found, &found, sizeof found);
    }
    return ST_OK;
}
