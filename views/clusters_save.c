#include "views/clusters_save.h"

#include "model/insight/cluster_label.h"
#include "model/store/write_queue.h"

#include <string.h>

struct saving {
    struct arena *arena; /* owns all but the access */
    struct access access;
    const char *name;
    struct feature_table *table;
    struct clusters *clusters;
};

/* What clusters_save reads: who is in which cluster, the names of the features, the seed. */
static struct saving saving_copy(const struct clusters *from, const char *name)
{
    struct arena *arena = arena_new();
    struct saving saving = {.arena = arena, .name = arena_strdup(arena, name)};
    struct feature_table *table = arena_new_of(arena, struct feature_table);
    struct clusters *clusters = arena_new_of(arena, struct clusters);
    size_t n = from->table->n;
    uint32_t *people = arena_array(arena, uint32_t, n + 1);
    uint8_t *cluster = arena_alloc(arena, n + 1);
    struct cluster_group *groups = arena_array(arena, struct cluster_group, from->k);
    memcpy(people, from->table->people, n * sizeof *people);
    memcpy(cluster, from->cluster, n);
    for (size_t c = 0; c < from->k; c++)
        groups[c].n = from->groups[c].n;
    *table = (struct feature_table){.n = n, .d = from->table->d, .people = people};
    for (size_t j = 0; j < table->d; j++)
        table->feature[j].name = arena_strdup(arena, from->table->feature[j].name);
    *clusters = (struct clusters){.query = {.seed = from->query.seed},
                                  .table = table,
                                  .k = from->k,
                                  .cluster = cluster,
                                  .groups = groups};
    saving.table = table;
    saving.clusters = clusters;
    return saving;
}

static enum status saving_run(struct writer *writer, void *arguments, struct error *err)
{
    const struct saving *saving = arguments;
    return clusters_save(writer, &saving->access, saving->clusters, saving->name, err);
}

static void saving_done(void *context, void *arguments, enum status status,
                        const struct error *error)
{
    struct console *console = context;
    const struct saving *saving = arguments;
    if (status == ST_OK)
        console_say(console, _("kept as labels %s-1 to %s-%zu"), saving->name, saving->name,
                    saving->clusters->k);
    else
        console_complain(console, "%s", error_text(error));
    console_redraw(console);
}

static void saving_release(void *arguments)
{
    arena_free(((struct saving *)arguments)->arena);
}

void clusters_save_start(struct console *console, const struct clusters *clusters, const char *name)
{
    struct saving saving = saving_copy(clusters, name);
    saving.access = console->access;
    write_queue_submit(console->writes, &(struct write_request){.run = saving_run,
                                                                .done = saving_done,
                                                                .release = saving_release,
                                                                .arguments = &saving,
                                                                .size = sizeof saving,
                                                                .context = console});
}
