#include "model/event/sample.h"

#include <math.h>
#include <string.h>

static const char sample_key;

enum status sample_blocks(struct reader *reader, uint32_t *n, struct error *err)
{
    uint32_t people = 0;
    enum status status = people_end(reader, &people, err);
    *n = (people + EVENT_BLOCK - 1) >> EVENT_BLOCK_BITS;
    return status;
}

/* The middle of each of `wanted` equal parts. */
static void blocks_spread(struct sample *sample, uint32_t wanted)
{
    for (uint32_t i = 0; i < wanted; i++)
        sample->blocks[(2 * (uint64_t)i + 1) * sample->n_blocks / (2 * (uint64_t)wanted)] = 1;
}

/* Person 0 is nobody, and the last block has fewer. */
static uint32_t block_people(const struct sample *sample, uint32_t block)
{
    uint32_t first = block << EVENT_BLOCK_BITS;
    uint32_t end = sample->people - first < EVENT_BLOCK ? sample->people : first + EVENT_BLOCK;
    return end - first - (block == 0);
}

enum status sample_take(struct reader *reader, struct arena *arena, uint32_t wanted,
                        struct sample *sample, struct error *err)
{
    int64_t taken = 0;
    *sample = (struct sample){.share = 1};
    enum status status = people_end(reader, &sample->people, err);
    if (status != ST_OK)
        return status;
    sample->n_blocks = (sample->people + EVENT_BLOCK - 1) >> EVENT_BLOCK_BITS;
    sample->blocks = arena_array(arena, uint8_t, (size_t)sample->n_blocks + 1);
    wanted = wanted < 1 ? 1 : wanted;
    blocks_spread(sample, wanted < sample->n_blocks ? wanted : sample->n_blocks);
    for (uint32_t block = 0; block < sample->n_blocks; block++)
        if (sample->blocks[block]) {
            sample->n_taken++;
            taken += block_people(sample, block);
        }
    if (taken > 0)
        sample->share = (double)taken / (double)(sample->people - 1);
    return ST_OK;
}

void sample_look(struct reader *reader, const struct sample *sample)
{
    reader_keep(reader, &sample_key, (void *)sample, NULL);
}

const struct sample *sample_of(const struct reader *reader)
{
    return reader_kept(reader, &sample_key);
}

double sample_share(const struct reader *reader)
{
    const struct sample *sample = sample_of(reader);
    return sample ? sample->share : 1;
}

const struct set *sample_people(const struct reader *reader, struct arena *arena)
{
    const struct sample *sample = sample_of(reader);
    if (!sample)
        return NULL;
    struct set *people = set_new(arena, sample->people);
    for (uint32_t block = 0; block < sample->n_blocks; block++)
        if (sample->blocks[block]) {
            uint32_t first = block << EVENT_BLOCK_BITS;
            set_flip(people, first, first + block_people(sample, block) + (block == 0));
        }
    return people;
}

bool sample_has_block(const struct sample *sample, int32_t block)
{
    return !sample || (block >= 0 && (uint32_t)block < sample->n_blocks && sample->blocks[block]);
}

/* The golden ratio spreads the days evenly, whatever the share, and falls in step with no week. */
bool sample_has_day(const struct sample *sample, int32_t day)
{
    double turns = (double)day * 0.61803398874989485;
    return !sample || turns - floor(turns) < sample->share;
}

/* To a multiple of the power of ten below `error`. */
static double digits_kept(double value, double error)
{
    double unit = error > 1 ? pow(10, floor(log10(error))) : 1;
    return round(value / unit) * unit;
}

int64_t sample_estimate(double share, int64_t count)
{
    return sample_estimate_sum(share, count, count);
}

int64_t sample_estimate_sum(double share, int64_t sum, int64_t count)
{
    if (share >= 1 || !sum)
        return sum;
    double value = (double)sum / share, n = fabs((double)count);
    return (int64_t)digits_kept(value, n > 0 ? fabs(value) / sqrt(n) : 0);
}
