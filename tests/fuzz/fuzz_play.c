/* Fuzzing the play script, and through it the whole console: sealed, so that no file is written and
 * no command is run, on a mall of its own and in a folder of its own. */
#include "model/access/access.h"
#include "tests/fuzz/fuzz.h"
#include "tui/locale.h"
#include "views/cli/play.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *principal;
    if (!principal) {
        locale_start("atrium", NULL, NULL);
        principal = access_login();
    }
    struct error err = {0};
    const char *mall = fuzz_mall();
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (here < 0 || chdir(fuzz_folder()) != 0)
        abort();
    struct play_options options = {.mall_path = mall,
                                   .principal = principal,
                                   .name = "script",
                                   .rows = 24,
                                   .cols = 80,
                                   .sealed = true,
                                   .screens = json_array()};
    FILE *script = size ? fmemopen((void *)data, size, "r") : NULL;
    if (script) {
        enum status status = play_script(script, &options, &err);
        if (status != ST_OK && (!err.message || !strstr(err.message, "script:")))
            abort();
        fclose(script);
    }
    if (fchdir(here) != 0)
        abort();
    close(here);
    json_decref(options.screens);
    error_clear(&err);
    return 0;
}
