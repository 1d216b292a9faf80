#include "model/segment/sweep.h"

/* ---- Which ---- */

static const uint32_t *column_of(const struct event_run *run, unsigned column)
{
    return column == EVENT_TENANT     ? run->tenant
           : column == EVENT_ZONE     ? run->zone
           : column == EVENT_DEVICE   ? run->device
           : column == EVENT_CAMPAIGN ? run->campaign
           : column == EVENT_ITEM     ? run->item
                                      : NULL;
}

static bool can_sweep(unsigned column)
{
    return column & (EVENT_TENANT | EVENT_ZONE | EVENT_DEVICE | EVENT_CAMPAIGN | EVENT_ITEM);
}

static struct sweep *sweep_of(struct job *job, struct stage *stage, uint16_t kind, unsigned column,
                              const struct deed *deed)
{
    for (size_t i = 0; i < stage->sweeps.n; i++) {
        struct sweep *sweep = stage->sweeps.at[i];
        if (sweep->kind == kind && sweep->column == column && sweep->from == deed->from &&
            sweep->to == deed->to && sweep->n_figures < SWEEP_FIGURES)
            return sweep;
    }
    struct sweep *sweep = arena_new_of(job->arena, struct sweep);
    *sweep = (struct sweep){.kind = kind, .column = column, .from = deed->from, .to = deed->to};
    vec_push(&stage->sweeps, sweep);
    return sweep;
}

static void sweep_add(struct job *job, struct sweep *sweep, size_t figure,
                      const struct matcher_table *table)
{
    if (table->n > sweep->n) {
        uint32_t *longer = arena_array(job->arena, uint32_t, table->n);
        if (sweep->n)
            memcpy(longer, sweep->wanted, sweep->n * sizeof *longer);
        sweep->wanted = longer;
        sweep->n = table->n;
    }
    for (size_t id = 0; id < table->n; id++)
        if (table->yes[id])
            sweep->wanted[id] |= UINT32_C(1) << sweep->n_figures;
    sweep->figures[sweep->n_figures++] = figure;
}

void sweeps_make(struct job *job, struct stage *stage)
{
    for (size_t k = 0; k < stage->query.n_kinds; k++)
        for (size_t f = 0; f < stage->figures.n; f++) {
            const struct figure *figure = stage->figures.at[f];
            struct matcher_table table;
            uint16_t kind = stage->query.kinds[k];
            if (figure->any && matcher_table(figure->deed->matcher, kind, &table) &&
                can_sweep(table.column))
                sweep_add(job, sweep_of(job, stage, kind, table.column, figure->deed), f, &table);
        }
}

bool is_swept(const struct stage *stage, size_t figure, uint16_t kind)
{
    for (size_t i = 0; i < stage->sweeps.n; i++)
        for (size_t k = 0; k < stage->sweeps.at[i]->n_figures; k++)
            if (stage->sweeps.at[i]->kind == kind && stage->sweeps.at[i]->figures[k] == figure)
                return true;
    return false;
}

/* ---- The pass ---- */

static void person_take(const struct sweep *sweep, uint32_t wanted, uint32_t at,
                        uint64_t (*seen)[JOB_WORDS])
{
    for (; wanted; wanted &= wanted - 1)
        seen[sweep->figures[__builtin_ctz(wanted)]][at / 64] |= UINT64_C(1) << (at % 64);
}

void sweep_take(const struct sweep *sweep, const struct event_run *run, uint32_t first_person,
                uint64_t (*seen)[JOB_WORDS])
{
    const uint32_t *ids = column_of(run, sweep->column);
    for (size_t i = 0; i < run->n; i++) {
        uint32_t id = ids ? ids[i] : 0, wanted = id < sweep->n ? sweep->wanted[id] : 0;
        if (wanted && run->time[i] >= sweep->from && run->time[i] < sweep->to)
            person_take(sweep, wanted, run->person[i] - first_person, seen);
    }
}
