#include "model/event/verify.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/event/blob.h"
#include "model/event/catalog.h"
#include "model/event/recount.h"
#include "model/event/refindex.h"

#include <stdlib.h>

static const char *count(struct verify *verify, int64_t n)
{
    return text_count(verify->arena, n);
}

static enum status finding(struct verify *verify, const struct faults *faults, int64_t n,
                           const char *things)
{
    if (faults->n == 0)
        return verify_good(verify, "%s %s", count(verify, n), things);
    return verify_bad(verify, _("%s faults in %s %s: %s"), count(verify, faults->n),
                      count(verify, n), things, faults->text);
}

static enum status chunks_check(struct verify *verify, struct error *err)
{
    struct recount *recount;
    enum status status = recount_read(verify->reader, &recount, err);
    if (status != ST_OK)
        return status;
    return finding(
        verify, &recount->chunk_faults, recount->chunks,
        arena_printf(verify->arena, _("chunks of %s events"), count(verify, recount->events)));
}

static enum status people_check(struct verify *verify, struct error *err)
{
    struct recount *recount;
    enum status status = recount_read(verify->reader, &recount, err);
    if (status != ST_OK)
        return status;
    return finding(verify, &recount->people_faults, recount->people_blocks, _("blocks of people"));
}

static enum status recent_check(struct verify *verify, struct error *err)
{
    struct recount *recount;
    enum status status = recount_read(verify->reader, &recount, err);
    if (status != ST_OK)
        return status;
    return finding(verify, &recount->recent_faults, recount->recent_blocks, _("blocks of people"));
}

/* ---- Roll-ups ---- */

static bool same_sum(const struct sum *a, const struct sum *b)
{
    return a->day == b->day && a->id == b->id && a->what == b->what && a->count == b->count &&
           a->amount == b->amount;
}

/* Both lists are sorted; the first days in which they differ are named. */
static void sums_compare(struct faults *faults, const struct sums *stored,
                         const struct sums *counted, const char *what)
{
    struct sum *left = sums_sorted(stored), *right = sums_sorted(counted);
    size_t n = stored->n < counted->n ? stored->n : counted->n;
    for (size_t i = 0; i < n; i++)
        if (!same_sum(&left[i], &right[i])) {
            int32_t day = left[i].day < right[i].day ? left[i].day : right[i].day;
            faults_add(faults, "%s of day %d", what, day);
            break;
        }
    if (stored->n != counted->n)
        faults_add(faults, "%zu cells of %s where the events make %zu", stored->n, what,
                   counted->n);
    free(left);
    free(right);
}

static enum status sums_stored(struct reader *reader, const char *sql, struct sums *sums,
                               struct faults *faults, int64_t *days, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(reader, sql, &stmt, err);
    while (status == ST_OK && (status = reader_step(reader, stmt, &row, err)) == ST_OK && row) {
        int32_t day = sqlite3_column_int(stmt, 0);
        ++*days;
        if (!rollup_decode(blob_column(stmt, 1), day, NULL, sums))
            faults_add(faults, "day %d does not decode or does not match its checksum", day);
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    return status;
}

static enum status rollups_check(struct verify *verify, struct error *err)
{
    struct recount *recount;
    struct sums days = {0}, hours = {0};
    struct faults faults = {0};
    int64_t n = 0;
    enum status status = recount_read(verify->reader, &recount, err);
    if (status == ST_OK)
        status =
            sums_stored(verify->reader,
                        "select day, cells, max(batch) from rollup_day where batch in " BATCHES_DONE
                        " group by day",
                        &days, &faults, &n, err);
    if (status == ST_OK)
        status = sums_stored(
            verify->reader,
            "select day, cells, max(batch) from rollup_hour where batch in " BATCHES_DONE
            " group by day",
            &hours, &faults, &n, err);
    if (status == ST_OK) {
        struct sums counted = rollup_sums(&recount->rollup, false);
        sums_compare(&faults, &days, &counted, "sales and counts");
        sums_free(&counted);
        counted = rollup_sums(&recount->rollup, true);
        sums_compare(&faults, &hours, &counted, "sightings");
        sums_free(&counted);
        status = finding(verify, &faults, n, _("days of roll-ups"));
    }
    free(faults.text);
    sums_free(&days);
    sums_free(&hours);
    return status;
}

/* ---- The index of references ---- */

/* The keys of one layer, leaf by leaf. */
struct layer_reader {
    sqlite3_stmt *stmt;
    int64_t family, n_keys, keys_said;
    uint64_t keys[REF_LEAF_KEYS];
    size_t n, at;
    bool ended;
};

struct index_walk {
    struct reader *reader;
    struct faults faults;
    VEC(struct layer_reader *) layers;
};

static enum status layer_next(struct index_walk *walk, struct layer_reader *layer,
                              struct error *err)
{
    while (!layer->ended && ++layer->at >= layer->n) {
        bool row;
        enum status status = reader_step(walk->reader, layer->stmt, &row, err);
        if (status != ST_OK)
            return status;
        layer->ended = !row;
        layer->at = layer->n = 0;
        if (!row)
            break;
        layer->family = sqlite3_column_int64(layer->stmt, 0);
        if (!ref_leaf_decode(blob_column(layer->stmt, 2), sqlite3_column_int64(layer->stmt, 1),
                             layer->keys, &layer->n)) {
            faults_add(&walk->faults, "a leaf does not decode or does not match its checksum");
            layer->n = 0;
        }
        layer->n_keys += (int64_t)layer->n;
        layer->at = SIZE_MAX;
    }
    return ST_OK;
}

static enum status layers_open(struct index_walk *walk, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    enum status status = reader_prepare(
        walk->reader, "select batch, keys from ref_layer order by batch", &stmt, err);
    while (status == ST_OK && (status = reader_step(walk->reader, stmt, &row, err)) == ST_OK &&
           row) {
        struct layer_reader *layer = mem_zero(1, sizeof *layer);
        vec_push(&walk->layers, layer);
        layer->keys_said = sqlite3_column_int64(stmt, 1);
        if (sqlite3_prepare_v2(reader_db(walk->reader),
                               "select family, first, keys from ref_leaf where batch = ?1"
                               " order by family, first",
                               -1, &layer->stmt, NULL) != SQLITE_OK)
            status = sqlite_status(reader_db(walk->reader), "reading the index", err);
        if (status == ST_OK) {
            sqlite3_bind_int64(layer->stmt, 1, sqlite3_column_int64(stmt, 0));
            status = layer_next(walk, layer, err);
        }
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    return status;
}

/* The layer that stands at the least key; NULL at the end. */
static struct layer_reader *layers_least(struct index_walk *walk)
{
    struct layer_reader *least = NULL;
    for (size_t i = 0; i < walk->layers.n; i++) {
        struct layer_reader *layer = walk->layers.at[i];
        if (!layer->ended &&
            (!least || layer->family < least->family ||
             (layer->family == least->family && layer->keys[layer->at] < least->keys[least->at])))
            least = layer;
    }
    return least;
}

static int key_order(const struct layer_reader *layer, const struct ref_entry *entry)
{
    if (!layer || !entry)
        return layer ? -1 : 1;
    int64_t family = ref_key_family(&entry->key), key = entry->key.key;
    if (layer->family != family)
        return layer->family < family ? -1 : 1;
    return ((int64_t)layer->keys[layer->at] > key) - ((int64_t)layer->keys[layer->at] < key);
}

static enum status index_compare(struct index_walk *walk, struct recount *recount,
                                 struct error *err)
{
    struct ref_log *log = &recount->keys;
    struct ref_merge *merge = ref_merge_new(&log, 1);
    const struct ref_entry *entry = ref_merge_next(merge);
    struct ref_key last = {0};
    enum status status = ST_OK;
    while (status == ST_OK) {
        struct layer_reader *layer = layers_least(walk);
        if (!layer && !entry)
            break;
        int order = key_order(layer, entry);
        if (order < 0)
            faults_add(&walk->faults, "key %llx of family %llx is in no event",
                       (unsigned long long)layer->keys[layer->at],
                       (unsigned long long)layer->family);
        if (order > 0)
            faults_add(&walk->faults, "key %llx of form %llx is in an event, not in the index",
                       (unsigned long long)entry->key.key, (unsigned long long)entry->key.form);
        last = entry ? entry->key : last;
        if (order >= 0) {
            /* Hashes that agree in what the index keeps are one key there. */
            while ((entry = ref_merge_next(merge)) && entry->key.key == last.key &&
                   ref_key_family(&entry->key) == ref_key_family(&last))
                if (entry->key.form == last.form)
                    faults_add(&walk->faults, "key %llx of form %llx is in two events",
                               (unsigned long long)last.key, (unsigned long long)last.form);
        }
        if (order <= 0)
            status = layer_next(walk, layer, err);
    }
    ref_merge_free(merge);
    return status;
}

static enum status refs_check(struct verify *verify, struct error *err)
{
    struct recount *recount;
    struct index_walk walk = {.reader = verify->reader};
    enum status status = recount_read(verify->reader, &recount, err);
    if (status == ST_OK)
        status = layers_open(&walk, err);
    if (status == ST_OK)
        status = index_compare(&walk, recount, err);
    for (size_t i = 0; i < walk.layers.n; i++) {
        struct layer_reader *layer = walk.layers.at[i];
        if (status == ST_OK && layer->n_keys != layer->keys_said)
            faults_add(&walk.faults, "a layer says it has %lld keys and has %lld",
                       (long long)layer->keys_said, (long long)layer->n_keys);
        sqlite3_finalize(layer->stmt);
        free(layer);
    }
    if (status == ST_OK)
        status = finding(verify, &walk.faults, recount->refs, _("references"));
    vec_free(&walk.layers);
    free(walk.faults.text);
    return status;
}

void event_verify_register(void)
{
    verify_register(N_("event chunks"), chunks_check);
    verify_register(N_("event roll-ups"), rollups_check);
    verify_register(N_("columns by person"), people_check);
    verify_register(N_("what people did lately"), recent_check);
    verify_register(N_("event references"), refs_check);
}
