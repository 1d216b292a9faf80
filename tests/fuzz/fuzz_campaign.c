/* Fuzzing campaign files and expressions over shops: any bytes are read or told what is wrong; what
 * is read is written the same each time, and read again says the same. */
#include "model/campaign/campaign.h"
#include "model/campaign/schedule.h"
#include "model/campaign/shops.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static struct reader *reader;

static struct campaign read_one(struct arena *arena, const char *text, size_t n, size_t *n_faults)
{
    struct campaign campaign;
    const struct campaign_fault *faults;
    if (campaign_read(reader, NULL, arena, text, n, &campaign, &faults, n_faults, NULL) != ST_OK)
        abort();
    for (size_t i = 0; i < *n_faults; i++)
        if (!*faults[i].message || (i && faults[i].line < faults[i - 1].line))
            abort();
    return campaign;
}

static void shops(struct arena *arena, const char *text)
{
    struct error err = {0};
    struct set *set;
    enum status status = shops_of(reader_db(reader), arena, text, &set, &err);
    if (status == ST_OK ? !set : status != ST_USAGE || !err.message)
        abort();
    error_clear(&err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n, again, days;
    reader = fuzz_reader();
    struct arena *arena = arena_new();
    struct campaign campaign = read_one(arena, (const char *)data, size, &n);
    if (n == 0) {
        const char *text = campaign_write(arena, &campaign);
        struct campaign same = read_one(arena, text, strlen(text), &again);
        if (again || strcmp(text, campaign_write(arena, &same)) != 0 ||
            campaign_difference(arena, &campaign, &same)->n_rows)
            abort();
        schedule_days(arena, &campaign, INT32_MIN, INT32_MAX, &days);
        schedule_on(&campaign, &reader_mall(reader)->clock, 1507604400, NULL);
        schedule_end(&campaign, &reader_mall(reader)->clock);
        schedule_loud(&campaign, &reader_mall(reader)->clock, 1507604400);
    }
    char *text = arena_strndup(arena, (const char *)data, size);
    if (strlen(text) == size)
        shops(arena, text);
    arena_free(arena);
    return 0;
}
