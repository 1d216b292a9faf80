/* Help for tests: a temporary folder, an empty mall in it, running a program. */
#ifndef ATRIUM_TESTS_TEMP_H
#define ATRIUM_TESTS_TEMP_H

#include "model/store/mall.h"
#include "model/store/reader.h"
#include "model/store/writer.h"

#include <stddef.h>

/* How many times as long what has a limit may take in a build with sanitizers. */
#if defined __SANITIZE_THREAD__
enum { TEST_SLOW = 5 };
#elif defined __SANITIZE_ADDRESS__
enum { TEST_SLOW = 3 };
#else
enum { TEST_SLOW = 1 };
#endif

/* A fresh folder under $TMPDIR or /tmp; the path is the caller's. temp_folder_remove deletes the
 * folder with everything in it and frees the path. */
char *temp_folder(void);
void temp_folder_remove(char *folder);

/* "folder/name", the caller's to free. */
char *temp_path(const char *folder, const char *name);

/* An empty mall in a fresh folder, opened, with a reader and a writer. Ends the test on an error.
 */
struct temp_mall {
    char *folder, *path;
    struct mall *mall;
    struct reader *reader;
    struct writer *writer;
};
struct temp_mall temp_mall_new(void);
void temp_mall_free(struct temp_mall *temp);

/* Runs a program to its end; the output is the caller's to free. `argv` ends with NULL; `input` may
 * be NULL. The status is what the program returned, 128 + signal where a signal ended it. */
struct run_result {
    int status;
    char *out, *err;
    size_t out_size, err_size;
};
struct run_result run_program(const char *const *argv, const char *input);
void run_result_free(struct run_result *result);

/* A whole file; ends with NUL; the caller's. file_write replaces. Both end the test on an error. */
char *file_read_all(const char *path, size_t *size);
void file_write_all(const char *path, const void *bytes, size_t size);

/* Ends the test with the error's message unless the status is ST_OK. */
#define assert_ok(call)                                                                            \
    do {                                                                                           \
        enum status assert_status = (call);                                                        \
        if (assert_status != ST_OK)                                                                \
            fail_msg("%s: %s: %s", #call, status_name(assert_status), error_text(&err));           \
    } while (0)

#endif
