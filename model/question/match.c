/* Matching rows of a run, a strip at a time, one column after another. */
#include "model/question/match_node.h"

#include "model/base/hash.h"

#include <string.h>

enum { STRIP = 512 };

static bool in_set(const struct name_set *set, uint32_t id)
{
    return id < set->n && set->yes[id];
}

enum match_truth node_truth(const struct match_node *node, uint16_t kind)
{
    bool depends = false;
    enum match_truth truth;
    switch (node->type) {
    case NODE_NAMES:
        if (node->column)
            return MATCH_DEPENDS;
        return in_set(&node->set, kind) ? MATCH_ALWAYS : MATCH_NEVER;
    case NODE_NONE:
        truth = node_truth(node->parts[0], kind);
        return truth == MATCH_DEPENDS ? truth : truth == MATCH_ALWAYS ? MATCH_NEVER : MATCH_ALWAYS;
    case NODE_ALL:
    case NODE_ANY:
        for (size_t i = 0; i < node->n_parts; i++) {
            truth = node_truth(node->parts[i], kind);
            if (truth == (node->type == NODE_ALL ? MATCH_NEVER : MATCH_ALWAYS))
                return truth;
            depends |= truth == MATCH_DEPENDS;
        }
        return depends ? MATCH_DEPENDS : node->type == NODE_ALL ? MATCH_ALWAYS : MATCH_NEVER;
    default:
        return MATCH_DEPENDS;
    }
}

static bool number_meets(const struct match_node *node, int64_t x)
{
    int64_t low = node->low[0], high = node->high[0];
    switch (node->op) {
    case OP_NE:
        return x < low || x >= high;
    case OP_LT:
        return x < low;
    case OP_LE:
        return x < high;
    case OP_GT:
        return x >= high;
    case OP_GE:
        return x >= low;
    default:
        break;
    }
    for (size_t i = 0; i < node->n_values; i++)
        if (x >= node->low[i] && x < node->high[i])
            return true;
    return false;
}

static void mark_column(const struct name_set *set, const uint32_t *ids, size_t from, size_t n,
                        uint8_t *out)
{
    if (!ids) {
        memset(out, in_set(set, 0), n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = in_set(set, ids[from + i]);
}

static void mark_names(const struct match_node *node, const struct event_run *run, size_t from,
                       size_t n, uint8_t *out)
{
    switch (node->column) {
    case 0:
        memset(out, in_set(&node->set, run->kind), n);
        return;
    case EVENT_CHANNEL:
        for (size_t i = 0; i < n; i++)
            out[i] = in_set(&node->set, run->channel ? run->channel[from + i] : 0);
        return;
    case EVENT_TENANT:
        mark_column(&node->set, run->tenant, from, n, out);
        return;
    case EVENT_ZONE:
        mark_column(&node->set, run->zone, from, n, out);
        return;
    case EVENT_DEVICE:
        mark_column(&node->set, run->device, from, n, out);
        return;
    case EVENT_ITEM:
        mark_column(&node->set, run->item, from, n, out);
        return;
    default:
        mark_column(&node->set, run->campaign, from, n, out);
        return;
    }
}

/* Of the shop; of the zone where there is no shop. */
static void mark_floor(const struct match_node *node, const struct event_run *run, size_t from,
                       size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t tenant = run->tenant ? run->tenant[from + i] : 0;
        uint32_t zone = run->zone ? run->zone[from + i] : 0;
        out[i] = tenant ? in_set(&node->set, tenant) : in_set(&node->zone, zone);
    }
}

/* Amounts are compared in hundredths, so points count a hundred each. */
static void mark_amount(const struct match_node *node, const struct event_run *run, size_t from,
                        size_t n, uint8_t *out)
{
    int64_t scale = kind_unit(run->kind) == UNIT_POINTS ? 100 : 1;
    for (size_t i = 0; i < n; i++)
        out[i] = number_meets(node, run->amount ? run->amount[from + i] * scale : 0);
}

static bool ref_meets(const struct match_node *node, const char *ref)
{
    bool found = false;
    for (size_t i = 0; i < node->n_values && !found; i++)
        found = strcmp(ref, node->texts[i].text) == 0;
    return found != (node->op == OP_NE);
}

static int64_t number_of(const struct match_node *node, const struct event_run *run, size_t row)
{
    switch (node->type) {
    case NODE_VALUE:
        return run->value ? run->value[row] : 0;
    case NODE_HOUR:
        return clock_hour(node->clock, run->time[row]);
    case NODE_WEEKDAY:
        return date_weekday(clock_day(node->clock, run->time[row]));
    default:
        return run->time[row];
    }
}

static void mark(const struct match_node *node, const struct event_run *run, size_t from, size_t n,
                 uint8_t *out);

/* Parts that the kind settles - `kind=purchase` among purchases - change nothing and are left out;
 * where one settled the whole, nobody asked. */
static void mark_parts(const struct match_node *node, const struct event_run *run, size_t from,
                       size_t n, uint8_t *out)
{
    uint8_t part[STRIP];
    bool all = node->type == NODE_ALL, any = false;
    for (size_t k = 0; k < node->n_parts; k++) {
        if (node_truth(node->parts[k], run->kind) == (all ? MATCH_ALWAYS : MATCH_NEVER))
            continue;
        mark(node->parts[k], run, from, n, any ? part : out);
        for (size_t i = 0; i < n && any; i++)
            out[i] = all ? out[i] & part[i] : out[i] | part[i];
        any = true;
    }
    if (!any)
        memset(out, all, n);
}

static void mark(const struct match_node *node, const struct event_run *run, size_t from, size_t n,
                 uint8_t *out)
{
    switch (node->type) {
    case NODE_ALL:
    case NODE_ANY:
        mark_parts(node, run, from, n, out);
        return;
    case NODE_NONE:
        mark(node->parts[0], run, from, n, out);
        for (size_t i = 0; i < n; i++)
            out[i] ^= 1;
        return;
    case NODE_NAMES:
        mark_names(node, run, from, n, out);
        return;
    case NODE_FLOOR:
        mark_floor(node, run, from, n, out);
        return;
    case NODE_AMOUNT:
        mark_amount(node, run, from, n, out);
        return;
    case NODE_REF:
        for (size_t i = 0; i < n; i++)
            out[i] = ref_meets(node, run->ref ? run->ref[from + i] : "");
        return;
    default:
        for (size_t i = 0; i < n; i++)
            out[i] = number_meets(node, number_of(node, run, from + i));
        return;
    }
}

void matcher_mark(const struct matcher *matcher, const struct event_run *run, uint32_t bit,
                  uint32_t *masks)
{
    enum match_truth truth = matcher_truth(matcher, run->kind);
    uint8_t yes[STRIP];
    if (truth == MATCH_ALWAYS)
        for (size_t i = 0; i < run->n; i++)
            masks[i] |= bit;
    if (truth != MATCH_DEPENDS)
        return;
    for (size_t from = 0; from < run->n; from += STRIP) {
        size_t n = run->n - from < STRIP ? run->n - from : STRIP;
        mark(matcher->root, run, from, n, yes);
        for (size_t i = 0; i < n; i++)
            masks[from + i] |= yes[i] ? bit : 0;
    }
}

/* The one part that the kind leaves open; NULL where there are more. */
static const struct match_node *part_open(const struct match_node *node, uint16_t kind)
{
    const struct match_node *open = NULL;
    for (size_t i = 0; i < node->n_parts; i++) {
        if (node_truth(node->parts[i], kind) != MATCH_DEPENDS)
            continue;
        if (open)
            return NULL;
        open = node->parts[i];
    }
    return open;
}

bool matcher_table(const struct matcher *matcher, uint16_t kind, struct matcher_table *table)
{
    const struct match_node *node = matcher->root;
    if (matcher_truth(matcher, kind) != MATCH_DEPENDS)
        return false;
    while (node && (node->type == NODE_ALL || node->type == NODE_ANY))
        node = part_open(node, kind);
    if (!node || node->type != NODE_NAMES || !node->column)
        return false;
    *table = (struct matcher_table){node->column, node->set.yes, node->set.n};
    return true;
}

static uint64_t set_meaning(const struct name_set *set, unsigned column, uint64_t hash,
                            const uint32_t upto[MATCHER_TABLES], uint32_t sizes[MATCHER_TABLES])
{
    int table = column ? __builtin_ctz(column) : 0;
    if (table >= MATCHER_TABLES)
        return hash;
    if (set->n > sizes[table])
        sizes[table] = (uint32_t)set->n;
    for (size_t i = 0; i < set->n && i < upto[table]; i++)
        if (set->yes[i])
            hash = hash_mix(hash ^ (i + 1));
    return hash_mix(hash + 1);
}

static uint64_t node_meaning(const struct match_node *node, uint64_t hash,
                             const uint32_t upto[MATCHER_TABLES], uint32_t sizes[MATCHER_TABLES])
{
    if (node->type == NODE_NAMES)
        return set_meaning(&node->set, node->column, hash, upto, sizes);
    if (node->type == NODE_FLOOR) {
        hash = set_meaning(&node->set, EVENT_TENANT, hash, upto, sizes);
        return set_meaning(&node->zone, EVENT_ZONE, hash, upto, sizes);
    }
    for (size_t i = 0; i < node->n_parts; i++)
        hash = node_meaning(node->parts[i], hash, upto, sizes);
    return hash;
}

uint64_t matcher_meaning(const struct matcher *matcher, const uint32_t upto[MATCHER_TABLES],
                         uint32_t sizes[MATCHER_TABLES])
{
    return node_meaning(matcher->root, 1, upto, sizes);
}
