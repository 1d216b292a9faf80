#include "tests/fuzz/fuzz.h"

#include "fixtures/mall/make.h"
#include "model/base/arena.h"
#include "tests/support/temp.h"
#include "views/modules.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char *folder;

static void folder_remove(void)
{
    temp_folder_remove(folder);
    folder = NULL;
}

const char *fuzz_folder(void)
{
    if (folder)
        return folder;
    folder = temp_folder();
    atexit(folder_remove);
    static const char *const homes[] = {"HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME",
                                        "XDG_DATA_HOME", "XDG_CACHE_HOME"};
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++)
        setenv(homes[i], folder, 1);
    return folder;
}

const char *fuzz_file(const char *name, const void *bytes, size_t size)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    file_write_all(path, bytes, size);
    return path;
}

const char *fuzz_mall(void)
{
    static char path[PATH_MAX];
    if (*path)
        return path;
    modules_start();
    snprintf(path, sizeof path, "%s/demo.mall", fuzz_folder());
    struct demo_options options = {.recipe = demo_recipe_default(60, 20, 3), .threads = 1};
    struct demo_summary summary;
    struct error err = {0};
    if (demo_make(path, &options, &summary, &err) != ST_OK) {
        fprintf(stderr, "making a mall: %s\n", error_text(&err));
        abort();
    }
    setenv("ATRIUM_NOW", "1793462400", 1); /* midnight after its last day */
    return path;
}

static struct mall *mall;
static struct reader *reader;

static void mall_end(void)
{
    reader_close(reader);
    mall_close(mall);
}

struct reader *fuzz_reader(void)
{
    struct error err = {0};
    const char *path = fuzz_mall();
    if (reader)
        return reader;
    if (mall_open(path, &mall, &err) != ST_OK || reader_open(mall, &reader, &err) != ST_OK)
        abort();
    atexit(mall_end);
    return reader;
}
