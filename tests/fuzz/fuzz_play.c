/* Fuzzing the play script, and through it the whole console: sealed, so that no file is written and
 * no command is run, and on a mall of its own. */
#include "model/access/access.h"
#include "tests/fuzz/fuzz.h"
#include "tui/locale.h"
#include "views/cli/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *principal;
    if (!principal) {
        locale_start("atrium", NULL, NULL);
        principal = access_login();
    }
    struct error err = {0};
    struct play_options options = {.mall_path = fuzz_mall(),
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
    json_decref(options.screens);
    error_clear(&err);
    return 0;
}
