/* atrium cluster: people who are alike. */
#include "model/insight/cluster.h"

#include "model/base/text.h"
#include "model/insight/cluster_label.h"
#include "views/cli/among.h"
#include "views/cli/commands.h"
#include "views/cli/people_list.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const struct cli_option options[] = {
    {"features", "NAME,NAME,…", 0, "what people are compared by; see below"},
    {"k", "N|auto", 0, "how many clusters (default auto)"},
    {"seed", "N", 0, "another number draws otherwise (default 1)"},
    {"starts", "N", 0, "the best of so many starts (default 10; 50 for 2,000 rows or fewer)"},
    {"at", "TIME", 0, "what is known ends here (default: the present)"},
    {"from", "TIME", 0, "and starts here (default: the first event)"},
    {"segment", "EXPR", 0, "only these people, an expression as in atrium segment"},
    {"scale", "standard|none", 0, "features standardised, or as they are (default standard)"},
    {"list", "N", 0, "also the people of cluster N, or all"},
    {"save", "NAME", 0, "keep the clusters as labels NAME-1, NAME-2, …"},
    {"csv-file", "FILE", 0, "rows of a file in place of people; --features are its columns"},
    {"truth", "COLUMN", 0, "with --csv-file: compare with the groups in this column"},
    {0},
};

struct asked {
    struct cluster_query query;
    const char *list;
    int64_t listed; /* 0: all */
};

static enum status options_read(struct cli *cli, struct asked *asked, struct error *err)
{
    const char *k = cli_value(cli, "k"), *scale = cli_value(cli, "scale");
    int64_t number = 0, starts = 0, seed;
    enum status status = cli_integer(cli, "seed", 0, INT64_MAX, 1, &seed, err);
    if (status == ST_OK && k && strcmp(k, "auto") != 0)
        status = cli_integer(cli, "k", 1, KMEANS_MOST, 0, &number, err);
    if (status == ST_OK && scale && strcmp(scale, "none") != 0 && strcmp(scale, "standard") != 0)
        status = error_set(err, ST_USAGE, "--scale: found %s, expected standard or none",
                           text_quote(cli->arena, scale, strlen(scale)));
    asked->list = cli_value(cli, "list");
    if (status == ST_OK && asked->list && strcmp(asked->list, "all") != 0)
        status = cli_integer(cli, "list", 1, KMEANS_MOST, 0, &asked->listed, err);
    if (status == ST_OK)
        status = cli_integer(cli, "starts", 1, 10000, 0, &starts, err);
    asked->query = (struct cluster_query){.k = (size_t)number,
                                          .starts = (int)starts,
                                          .seed = (uint64_t)seed,
                                          .raw = scale && strcmp(scale, "none") == 0};
    return status;
}

/* ---- Output ---- */

static json_t *real_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* Which clusters have too few people for this role, or would tell those. */
static void hidden_find(const struct clusters *clusters, const struct access *access, bool *hidden)
{
    int64_t sizes[KMEANS_MOST];
    for (size_t c = 0; c < clusters->k; c++) {
        sizes[c] = (int64_t)clusters->groups[c].n;
        hidden[c] = false;
    }
    if (access)
        small_groups(access, sizes, clusters->k, hidden);
}

/* A feature's value as people and scripts read it: money in currency units. */
static double told(const struct feature *feature, double value)
{
    return feature->type == CELL_MONEY ? value / 100 : value;
}

static json_t *group_json(struct cli *cli, const struct clusters *clusters, size_t c)
{
    const struct cluster_group *group = &clusters->groups[c];
    const struct feature_table *table = clusters->table;
    json_t *object = json_object(), *means = json_object(), *apart = json_object();
    json_t *centre = json_object();
    for (size_t j = 0; j < table->d; j++) {
        const struct feature *feature = &table->feature[j];
        json_object_set_new(means, feature->name, real_json(told(feature, group->mean[j])));
        json_object_set_new(apart, feature->name, real_json(group->z[j]));
        json_object_set_new(centre, feature->name, real_json(clusters->centres[c * table->d + j]));
    }
    json_object_set_new(object, "cluster", json_integer((json_int_t)c + 1));
    json_object_set_new(object, "name", json_string(cluster_words(cli->arena, clusters, c)));
    json_object_set_new(object, "size", json_integer((json_int_t)group->n));
    json_object_set_new(object, "share", json_real((double)group->n / (double)table->n));
    if (table->money)
        json_object_set_new(object, "money", json_real((double)group->money / 100));
    json_object_set_new(object, "silhouette", real_json(group->silhouette));
    json_object_set_new(object, "means", means);
    json_object_set_new(object, "apart", apart);
    json_object_set_new(object, "centre", centre);
    return object;
}

static json_t *tries_json(const struct clusters *clusters)
{
    json_t *tries = json_array();
    for (size_t i = 0; i < clusters->n_tries; i++) {
        const struct cluster_try *t = &clusters->tries[i];
        json_t *object = json_object();
        json_object_set_new(object, "k", json_integer((json_int_t)t->k));
        json_object_set_new(object, "silhouette", real_json(t->silhouette));
        json_object_set_new(object, "stability", real_json(t->stability));
        json_array_append_new(tries, object);
    }
    return tries;
}

static json_t *document_json(struct cli *cli, const struct clusters *clusters,
                             const struct access *access, double agreement)
{
    bool hidden[KMEANS_MOST];
    const struct feature_table *table = clusters->table;
    json_t *document = json_object(), *groups = json_array(), *mean = json_object();
    hidden_find(clusters, access, hidden);
    for (size_t c = 0; c < clusters->k; c++)
        json_array_append_new(groups, hidden[c] ? json_null() : group_json(cli, clusters, c));
    for (size_t j = 0; j < table->d; j++)
        json_object_set_new(mean, table->feature[j].name,
                            real_json(told(&table->feature[j], clusters->mean[j])));
    json_object_set_new(document, "rows", json_integer((json_int_t)table->n));
    json_object_set_new(document, "k", json_integer((json_int_t)clusters->k));
    json_object_set_new(document, "seed", json_integer((json_int_t)clusters->query.seed));
    json_object_set_new(document, "inertia", real_json(clusters->inertia));
    json_object_set_new(document, "silhouette", real_json(clusters->silhouette));
    json_object_set_new(document, "silhouette_rows", json_integer((json_int_t)clusters->looked_at));
    json_object_set_new(document, "stability", real_json(clusters->stability));
    if (!isnan(agreement))
        json_object_set_new(document, "adjusted_rand", json_real(agreement));
    json_object_set_new(document, "tries", tries_json(clusters));
    json_object_set_new(document, "mean", mean);
    json_object_set_new(document, "clusters", groups);
    return document;
}

/* Clusters down; size, share, what sets them apart, and the means of the features. */
static struct sheet *groups_sheet(struct cli *cli, const struct clusters *clusters,
                                  const struct access *access)
{
    bool hidden[KMEANS_MOST + 1];
    const struct feature_table *table = clusters->table;
    size_t n = 0;
    struct sheet_column *columns = arena_array(cli->arena, struct sheet_column, table->d + 5);
    columns[n++] = (struct sheet_column){"cluster", NULL, CELL_TEXT};
    columns[n++] = (struct sheet_column){"size", NULL, CELL_COUNT};
    columns[n++] = (struct sheet_column){"share", NULL, CELL_SHARE};
    columns[n++] = (struct sheet_column){"silhouette", NULL, CELL_REAL, 3};
    for (size_t j = 0; j < table->d; j++)
        columns[n++] =
            (struct sheet_column){table->feature[j].name, NULL, table->feature[j].type, 2};
    columns[n++] = (struct sheet_column){"name", NULL, CELL_TEXT};
    struct sheet *sheet = sheet_new(cli->arena, columns, n);
    hidden_find(clusters, access, hidden);
    hidden[clusters->k] = false;
    for (size_t c = 0; c <= clusters->k; c++) {
        bool all = c == clusters->k;
        const struct cluster_group *group = all ? NULL : &clusters->groups[c];
        struct cell *cells = sheet_row_add(sheet);
        double size = (double)(all ? table->n : group->n);
        cells[0] = cell_text(all ? "all" : arena_printf(cli->arena, "%zu", c + 1));
        for (size_t k = 1; hidden[c] && k < n; k++)
            cells[k] = small_group_cell(access, (int64_t)group->n, true, cells[k]);
        if (hidden[c])
            continue;
        cells[1] = cell_integer((int64_t)size);
        cells[2] = cell_share(size, (double)table->n);
        cells[3] = cell_real(all ? clusters->silhouette : group->silhouette);
        for (size_t j = 0; j < table->d; j++) {
            double mean = all ? clusters->mean[j] : group->mean[j];
            if (isnan(mean))
                continue;
            cells[4 + j] = table->feature[j].type == CELL_MONEY ? cell_integer(llround(mean))
                                                                : cell_real(mean);
        }
        cells[4 + table->d] = cell_text(all ? "" : cluster_words(cli->arena, clusters, c));
    }
    return sheet;
}

static enum status people_sheet(struct cli *cli, const struct asked *asked,
                                const struct clusters *clusters, const struct access *access,
                                struct sheet **sheet, struct error *err)
{
    static const struct sheet_column columns[] = {{"subject", NULL, CELL_TEXT},
                                                  {"cluster", NULL, CELL_COUNT}};
    const struct feature_table *table = clusters->table;
    bool hidden[KMEANS_MOST];
    *sheet = sheet_new(cli->arena, columns, 2);
    hidden_find(clusters, access, hidden);
    if (asked->listed > (int64_t)clusters->k)
        return error_set(err, ST_USAGE, "--list: there are %zu clusters", clusters->k);
    if (asked->listed && hidden[asked->listed - 1])
        return error_set(err, ST_DENIED, "too few people to be told apart for your role");
    for (size_t i = 0; i < table->n; i++) {
        enum status status = ST_OK;
        if (hidden[clusters->cluster[i]])
            continue;
        if (asked->listed && clusters->cluster[i] + 1 != asked->listed)
            continue;
        const char *subject = arena_printf(cli->arena, "%zu", i + 1);
        if (access)
            status = cli_subject(cli, access, table->people[i], &subject, err);
        if (status != ST_OK)
            return status;
        struct cell *cells = sheet_row_add(*sheet);
        cells[0] = cell_text(subject);
        cells[1] = cell_integer(clusters->cluster[i] + 1);
    }
    return ST_OK;
}

static void tries_print(struct cli *cli, const struct clusters *clusters)
{
    for (size_t i = 0; i < clusters->n_tries; i++)
        cli_say(cli, "k %zu: silhouette %.4f, stability %.3f%s", clusters->tries[i].k,
                clusters->tries[i].silhouette, clusters->tries[i].stability,
                clusters->tries[i].k == clusters->k ? "  ← taken" : "");
}

static enum status print(struct cli *cli, const struct asked *asked,
                         const struct clusters *clusters, const struct access *access,
                         double agreement, struct error *err)
{
    struct sheet *people = NULL;
    enum status status = ST_OK;
    if (asked->list)
        status = people_sheet(cli, asked, clusters, access, &people, err);
    if (status != ST_OK)
        return status;
    if (cli->json) {
        json_t *document = document_json(cli, clusters, access, agreement);
        if (people)
            json_object_set_new(document, "people", cli_sheet_json(cli, people));
        return cli_print_json(cli, document, err);
    }
    if (cli->csv)
        return people ? cli_print_sheet(cli, "people", people, err)
                      : cli_print_sheet(cli, "clusters", groups_sheet(cli, clusters, access), err);
    tries_print(cli, clusters);
    cli_say(cli, "%zu clusters, silhouette %.4f of %zu rows, inertia %.6g", clusters->k,
            clusters->silhouette, clusters->looked_at, clusters->inertia);
    if (!isnan(agreement))
        cli_say(cli, "adjusted Rand index with the column: %.4f", agreement);
    status = cli_print_sheet(cli, "clusters", groups_sheet(cli, clusters, access), err);
    return status == ST_OK && people ? cli_print_sheet(cli, "people", people, err) : status;
}

/* ---- A file ---- */

static enum status truth_compare(struct cli *cli, const struct table_file *file, const char *name,
                                 const struct clusters *clusters, double *agreement,
                                 struct error *err)
{
    const char *names[] = {name, NULL}, *seen[256];
    int column = table_file_column(file, names);
    size_t n = 0;
    uint8_t *truth = arena_alloc(cli->arena, file->n_rows + 1);
    if (column < 0)
        return error_set(err, ST_USAGE, "--truth: %s has no column %s", file->path,
                         text_quote(cli->arena, name, strlen(name)));
    for (size_t i = 0; i < file->n_rows; i++) {
        const char *cell = file->cells[i * file->n_columns + (size_t)column];
        size_t at = 0;
        while (at < n && strcmp(seen[at], cell) != 0)
            at++;
        if (at == 256)
            return error_set(err, ST_REFUSED, "--truth: more than 256 different groups");
        if (at == n)
            seen[n++] = cell;
        truth[i] = (uint8_t)at;
    }
    *agreement = rand_adjusted(clusters->cluster, truth, file->n_rows);
    return ST_OK;
}

static enum status file_run(struct cli *cli, const struct asked *asked, struct error *err)
{
    struct table_file file;
    struct feature_table table;
    struct clusters clusters;
    double agreement = NAN;
    const char *truth = cli_value(cli, "truth");
    if (cli_value(cli, "save"))
        return error_set(err, ST_USAGE, "--save keeps clusters of people, not of a file");
    enum status status = table_file_read(cli->arena, cli_value(cli, "csv-file"), &file, err);
    if (status == ST_OK)
        status = features_of_file(cli->arena, &file, cli_value(cli, "features"), &table, err);
    if (status == ST_OK)
        status = clusters_run(cli->arena, &table, &asked->query, &clusters, err);
    if (status == ST_OK && truth)
        status = truth_compare(cli, &file, truth, &clusters, &agreement, err);
    return status == ST_OK ? print(cli, asked, &clusters, NULL, agreement, err) : status;
}

/* ---- A mall ---- */

static enum status save(struct cli *cli, const struct clusters *clusters,
                        const struct access *access, struct error *err)
{
    struct writer *writer;
    enum status status = cli_writer(cli, &writer, err);
    return status == ST_OK ? clusters_save(writer, access, clusters, cli_value(cli, "save"), err)
                           : status;
}

static enum status mall_run(struct cli *cli, struct asked *asked, struct error *err)
{
    int64_t as_of, present;
    struct access access;
    struct reader *reader;
    struct feature_table table;
    struct clusters clusters;
    struct feature_query query = {.names = cli_value(cli, "features")};
    enum status status = cli_reader(cli, &reader, err);
    if (status == ST_OK)
        status = cli_people_access(cli, &access, err);
    if (status == ST_OK)
        status = reader_present(reader, &as_of, &present, err);
    if (status == ST_OK)
        status = cli_time(cli, "at", present, &query.at, err);
    if (status == ST_OK)
        status = cli_time(cli, "from", INT64_MIN, &query.from, err);
    if (status == ST_OK)
        status = cli_among(cli, reader, &access, &query.among, &query.n_among, err);
    if (status == ST_OK)
        status = features_read(reader, cli->arena, &query, &table, err);
    if (status == ST_OK)
        status = clusters_run(cli->arena, &table, &asked->query, &clusters, err);
    if (status == ST_OK && cli_value(cli, "save"))
        status = save(cli, &clusters, &access, err);
    return status == ST_OK ? print(cli, asked, &clusters, &access, NAN, err) : status;
}

static enum status run(struct cli *cli, struct error *err)
{
    struct asked asked = {0};
    enum status status = options_read(cli, &asked, err);
    if (status != ST_OK)
        return status;
    if (cli_value(cli, "csv-file"))
        return file_run(cli, &asked, err);
    if (cli_value(cli, "truth"))
        return error_set(err, ST_USAGE, "--truth compares the rows of --csv-file");
    return mall_run(cli, &asked, err);
}

const struct cli_command cli_cluster = {
    .name = "cluster",
    .arguments = "",
    .summary = "groups of people who are alike, found in their behaviour",
    .help =
        "K-means over features of everybody who bought. Features: recency, frequency, money, "
        "basket, shops, visits, dwell, hour, evening, weekend, tenure, age, share:CATEGORY, and "
        "categories for the shares of the largest ones; by default "
        "recency,frequency,money,shops,evening,weekend. Those spread over decades are taken as "
        "logarithms; all are standardised to mean 0 and standard deviation 1; unknown is the "
        "mean. With --k auto the number with the best silhouette is taken among those whose "
        "clusters come out again (adjusted Rand index 0.75 at least, mean of ten bootstrap "
        "samples). Silhouettes look at 4,000 rows at most, all of them in a smaller set. A "
        "cluster is named by the largest differences of its centre from everybody's mean. The "
        "same seed gives the same clusters.",
    .options = options,
    .run = run,
};
