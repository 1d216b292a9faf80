/* libcurl, loaded when the first message goes out over HTTP (model/base/late.h). In place of its
 * header; inside the module. */
#ifndef ATRIUM_CAMPAIGN_CURL_LATE_H
#define ATRIUM_CAMPAIGN_CURL_LATE_H

#include "model/base/late.h"

/* Its macros that look at the types of options call the functions by name. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

/* What the module calls. A new function is added here and below. */
#define CURL_FUNCTIONS(F)                                                                          \
    F(curl_easy_cleanup)                                                                           \
    F(curl_easy_getinfo)                                                                           \
    F(curl_easy_init)                                                                              \
    F(curl_easy_setopt)                                                                            \
    F(curl_easy_strerror)                                                                          \
    F(curl_global_init)                                                                            \
    F(curl_multi_add_handle)                                                                       \
    F(curl_multi_cleanup)                                                                          \
    F(curl_multi_info_read)                                                                        \
    F(curl_multi_init)                                                                             \
    F(curl_multi_perform)                                                                          \
    F(curl_multi_poll)                                                                             \
    F(curl_multi_remove_handle)                                                                    \
    F(curl_slist_append)                                                                           \
    F(curl_slist_free_all)

struct curl_functions {
    CURL_FUNCTIONS(LATE_MEMBER)
};
extern struct curl_functions curl_late;

/* Before any of them is called, and starts the library; on any thread, once or more. */
enum status curl_load(struct error *err);

/* curl.h makes macros of two, which only see to the number of arguments. */
#undef curl_easy_getinfo
#undef curl_easy_setopt

#define curl_easy_cleanup curl_late.curl_easy_cleanup
#define curl_easy_getinfo curl_late.curl_easy_getinfo
#define curl_easy_init curl_late.curl_easy_init
#define curl_easy_setopt curl_late.curl_easy_setopt
#define curl_easy_strerror curl_late.curl_easy_strerror
#define curl_global_init curl_late.curl_global_init
#define curl_multi_add_handle curl_late.curl_multi_add_handle
#define curl_multi_cleanup curl_late.curl_multi_cleanup
#define curl_multi_info_read curl_late.curl_multi_info_read
#define curl_multi_init curl_late.curl_multi_init
#define curl_multi_perform curl_late.curl_multi_perform
#define curl_multi_poll curl_late.curl_multi_poll
#define curl_multi_remove_handle curl_late.curl_multi_remove_handle
#define curl_slist_append curl_late.curl_slist_append
#define curl_slist_free_all curl_late.curl_slist_free_all

#endif
