#include "model/base/intl.h"
#include "model/loop/loop.h"

const struct delay_band delay_bands[] = {
    {N_("at once"), 3600},
    {N_("within a day"), 86400},
    {N_("1 to 3 days"), 3 * 86400},
    {N_("3 to 7 days"), 7 * 86400},
    {N_("7 to 14 days"), 14 * 86400},
    {N_("14 to 30 days"), 30 * 86400},
    {N_("30 to 90 days"), 90 * 86400},
    {N_("longer"), INT64_MAX},
};
const size_t n_delay_bands = sizeof delay_bands / sizeof *delay_bands;
