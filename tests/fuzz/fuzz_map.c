/* Fuzzing maps of foreign files: a map, or a refusal that says where. */
#include "model/import/map.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct import_map *map = NULL;
    const char *path = fuzz_file("foreign.ini", data, size);
    enum status status = import_map_load(path, &map, &err);
    if (status == ST_OK && !map)
        abort();
    if (status != ST_OK && (map || !err.message || !strstr(err.message, "foreign.ini")))
        abort();
    if (map)
        for (size_t i = 0; i < map->n_columns; i++)
            if (!map->columns[i].theirs || map->columns[i].line < 1)
                abort();
    import_map_free(map);
    error_clear(&err);
    return 0;
}
