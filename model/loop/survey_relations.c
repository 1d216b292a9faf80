/* Who is related to whom, read once for a question. */
#include "model/loop/survey.h"
#include "model/store/column.h"

#include <stdlib.h>

static uint32_t relation_kind(struct name_collector *found, sqlite3_stmt *stmt)
{
    const char *text = column_text(stmt, 3);

    return name_collect(found, text, (size_t)sqlite3_column_bytes(stmt, 3));
}

static uint64_t near_key(const struct near_relation *r)
{
    return (uint64_t)r->person << 48 | (uint64_t)r->other << 32 | r->kind;
}

static int near_compare(const void *a, const void *b)
{
    uint64_t x = near_key(a), y = near_key(b);

    return (x > y) - (x < y);
}

/* The relations of one block while its rows come. Rows are in order of person and other, so those
 * whose person is the lower one come sorted, and the same seen from the other side finds its twin
 * among them. */
struct near_block {
    struct relations *relations;
    int64_t block;
    size_t from;
    bool sorted;
};

static void near_end(struct near_block *near)
{
    struct relations *relations = near->relations;
    struct near_relation *at = relations->near.at + near->from;
    size_t n = relations->near.n - near->from, kept = 0;

    if (near->sorted)
        return;
    qsort(at, n, sizeof *at, near_compare);
    for (size_t i = 0; i < n; i++) {
        if (!kept || near_key(&at[kept - 1]) != near_key(&at[i]))
            at[kept++] = at[i];
        else if (at[i].since < at[kept - 1].since)
            at[kept - 1].since = at[i].since;
    }
    relations->near.n = near->from + kept;
}

/* Blocks up to this one begin here. */
static void near_begin(struct near_block *near, int64_t block)
{
    struct relations *relations = near->relations;

    near_end(near);
    while (relations->near_from.n <= (size_t)block)
        vec_push(&relations->near_from, relations->near.n);
    *near = (struct near_block){relations, block, relations->near.n, true};
}

static void near_add(struct near_block *near, struct near_relation relation)
{
    struct relations *relations = near->relations;
    size_t low = near->from, high = relations->near.n;
    uint64_t key = near_key(&relation);

    if (low == high || !near->sorted || near_key(&relations->near.at[high - 1]) < key) {
        vec_push(&relations->near, relation);
        return;
    }
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (near_key(&relations->near.at[middle]) < key)
            low = middle + 1;
        else
            high = middle;
    }
    struct near_relation *twin = &relations->near.at[low];
    if (near_key(twin) != key) {
        vec_push(&relations->near, relation);
        near->sorted = false;
    } else if (relation.since < twin->since) {
        twin->since = relation.since;
    }
}

static void relation_take(struct near_block *near, uint32_t person, uint32_t other, uint32_t kind,
                          int64_t since)
{
    struct relations *relations = near->relations;
    uint32_t low = person < other ? person : other, high = person < other ? other : person;
    uint32_t when = since < 0 ? 0 : since > UINT32_MAX ? UINT32_MAX : (uint32_t)since;

    set_add(relations->related, person);
    set_add(relations->related, other);
    if (person >> EVENT_BLOCK_BITS == other >> EVENT_BLOCK_BITS) {
        if (near->block != person >> EVENT_BLOCK_BITS)
            near_begin(near, person >> EVENT_BLOCK_BITS);
        near_add(near, (struct near_relation){(uint16_t)(low % EVENT_BLOCK),
                                              (uint16_t)(high % EVENT_BLOCK), kind, when});
        return;
    }
    set_add(relations->far_people, person);
    set_add(relations->far_people, other);
    vec_push(&relations->far, (struct far_relation){person, other, kind, when});
}

/* Kinds in order of their names. */
static void kinds_place(struct survey_ground *ground, struct name_collector *found)
{
    struct relations *relations = &ground->relations;
    const uint32_t *place;

    ground->relation_kinds = names_finish(found, &place);
    for (size_t i = 0; i < relations->near.n; i++)
        relations->near.at[i].kind = place[relations->near.at[i].kind];
    for (size_t i = 0; i < relations->far.n; i++)
        relations->far.at[i].kind = place[relations->far.at[i].kind];
}

enum status survey_relations_read(struct survey_ground *ground, bool by_kind, struct error *err)
{
    struct name_collector found = {.arena = ground->arena};
    struct relations *relations = &ground->relations;
    struct near_block near = {.relations = relations, .block = -1, .sorted = true};
    sqlite3_stmt *stmt;
    bool row;

    if (ground->relations_known)
        return ST_OK;
    relations->related = set_new(ground->scratch, ground->n_people);
    relations->far_people = set_new(ground->scratch, ground->n_people);
    if (!by_kind)
        name_collect(&found, "", 0);
    enum status status =
        reader_prepare(ground->reader,
                       by_kind ? "select person, other, since, kind from relation order by person"
                               : "select person, other, since from relation order by person",
                       &stmt, err);
    while (status == ST_OK && (status = reader_step(ground->reader, stmt, &row, err)) == ST_OK &&
           row) {
        int64_t person = sqlite3_column_int64(stmt, 0), other = sqlite3_column_int64(stmt, 1);
        int64_t since = sqlite3_column_int64(stmt, 2); /* unknown: 0 */
        if (person != other && person >= 1 && person < ground->n_people && other >= 1 &&
            other < ground->n_people)
            relation_take(&near, (uint32_t)person, (uint32_t)other,
                          by_kind ? relation_kind(&found, stmt) : 0, since);
    }
    near_begin(&near, (int64_t)(ground->n_people >> EVENT_BLOCK_BITS) + 1);
    kinds_place(ground, &found);
    ground->sizes[DIM_RELATION] = ground->relation_kinds.n;
    ground->relations_known = status == ST_OK;
    return status;
}
