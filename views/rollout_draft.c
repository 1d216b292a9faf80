/* What a planned roll-out would come to: asked and drawn. The plan is the model's. */
#include "views/rollout_draft.h"

#include "model/base/text.h"
#include "model/base/vec.h"
#include "model/store/mall.h"
#include "views/fleet_rows.h"
#include "views/rollout_text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PACKAGES_MOST = 200, NAME_MOST = 255 };

/* ---- Archives that lie ready ---- */

static const char *packages_folder(struct arena *arena, const char *mall)
{
    return arena_printf(arena, "%s.packages", mall);
}

static const char *const suffixes[] = {".tar.gz", ".tgz", ".tar"};

static size_t stem_length(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t k = strlen(suffixes[i]);
        if (n > k && strcmp(name + n - k, suffixes[i]) == 0)
            return n - k;
    }
    return 0;
}

bool rollout_package_parse(const char *name, char kind[128], char app[128])
{
    const char *slash = strrchr(name, '/');
    name = slash ? slash + 1 : name;
    size_t n = stem_length(name), k = strcspn(name, "-");
    if (!n || !k || k + 1 >= n || k >= 128 || n - k > 128)
        return false;
    snprintf(kind, 128, "%.*s", (int)k, name);
    snprintf(app, 128, "%.*s", (int)(n - k - 1), name + k + 1);
    return app[0] >= '0' && app[0] <= '9';
}

struct package {
    const char *name;
    int64_t time;
};

static int package_compare(const void *a, const void *b)
{
    const struct package *left = a, *right = b;
    if (left->time != right->time)
        return left->time > right->time ? -1 : 1;
    return strcmp(left->name, right->name);
}

static void *packages_ask(struct reader *reader, struct arena *arena, const void *parameters,
                          struct error *err)
{
    struct rollout_packages *answer = arena_new_of(arena, struct rollout_packages);
    struct package *found = arena_array(arena, struct package, PACKAGES_MOST);
    const char **names = arena_array(arena, const char *, PACKAGES_MOST);
    (void)reader;
    (void)err;
    answer->folder = packages_folder(arena, parameters);
    answer->names = names;
    DIR *folder = opendir(answer->folder);
    for (struct dirent *entry; folder && answer->n < PACKAGES_MOST && (entry = readdir(folder));) {
        struct stat info;
        bool plain = text_valid(entry->d_name, strlen(entry->d_name)) && stem_length(entry->d_name);
        if (plain &&
            stat(arena_printf(arena, "%s/%s", answer->folder, entry->d_name), &info) == 0 &&
            S_ISREG(info.st_mode))
            found[answer->n++] =
                (struct package){arena_strdup(arena, entry->d_name), info.st_mtime};
    }
    if (folder)
        closedir(folder);
    if (answer->n)
        qsort(found, answer->n, sizeof *found, package_compare);
    for (size_t i = 0; i < answer->n; i++)
        names[i] = found[i].name;
    return answer;
}

void rollout_packages_ask(struct view *view, int slot)
{
    const char *path = view->console->mall->path;
    view_ask(view, slot, _("archives"), packages_ask, path, strlen(path) + 1);
}

/* A bare name that is not here is looked for where archives lie ready. */
static const char *file_find(struct arena *arena, const char *mall, const char *file)
{
    const char *ready = arena_printf(arena, "%s/%s", packages_folder(arena, mall), file);
    return strchr(file, '/') || access(file, R_OK) == 0 || access(ready, R_OK) != 0 ? file : ready;
}

/* ---- The question ---- */

struct outlook_question {
    struct access access;
    struct rollout_values values;
    char mall[]; /* its path */
};

static const char *selection_text(struct arena *arena, const struct rollout_values *values)
{
    const char *kind =
        *values->kind ? fleet_group_expression(arena, FLEET_BY_KIND, values->kind) : "";
    if (!kind)
        return NULL;
    if (!*values->on)
        return kind;
    return *kind ? arena_printf(arena, "%s and (%s)", kind, values->on) : values->on;
}

static const char *given(const char *text)
{
    return *text ? text : NULL;
}

static void *outlook_ask(struct reader *reader, struct arena *arena, const void *parameters,
                         struct error *err)
{
    const struct outlook_question *question = parameters;
    struct rollout_outlook *outlook = arena_new_of(arena, struct rollout_outlook);
    struct rollout_values *values = &outlook->values;
    *values = question->values;
    outlook->draft = (struct rollout_draft){.app = values->app,
                                            .path = file_find(arena, question->mall, values->file),
                                            .selection = selection_text(arena, values),
                                            .waves = given(values->waves),
                                            .threshold = given(values->threshold),
                                            .window = values->window,
                                            .weekdays = values->weekdays,
                                            .canary = values->canary,
                                            .coverage = values->coverage,
                                            .soak = values->soak,
                                            .trial = values->trial,
                                            .expires = values->expires,
                                            .back = values->back};
    enum status status = ST_USAGE;
    if (!outlook->draft.selection)
        outlook->problem = _("this name cannot be written in an expression");
    else
        status = device_list(reader, &question->access, arena, outlook->draft.selection,
                             &outlook->devices, &outlook->n, err);
    if (status == ST_OK)
        status = rollout_preview(reader, &question->access, arena, &outlook->draft,
                                 outlook->devices, outlook->n, &outlook->preview, err);
    if (status == ST_USAGE && !outlook->problem)
        outlook->problem = arena_strdup(arena, error_text(err));
    if (status == ST_USAGE)
        error_clear(err);
    return status == ST_OK || status == ST_USAGE ? outlook : NULL;
}

void rollout_outlook_ask(struct view *view, int slot, const struct rollout_values *values)
{
    const char *path = view->console->mall->path;
    size_t size = sizeof(struct outlook_question) + strlen(path) + 1;
    struct outlook_question *question = mem_zero(1, size);
    question->access = view->console->access;
    question->values = *values;
    memcpy(question->mall, path, strlen(path) + 1);
    view_ask(view, slot, _("waves"), outlook_ask, question, size);
    free(question);
}

bool rollout_outlook_good(const struct rollout_outlook *outlook)
{
    return outlook && !outlook->problem && !outlook->preview.problem && !outlook->preview.archive;
}

/* ---- Drawing ---- */

struct line {
    enum role role;
    const char *text, *codes; /* codes: the devices it is about; "" */
};
typedef VEC(struct line) lines_t;

/* The devices of a wave (-1: left out), or with a remark where that is not REMARK_NONE. */
static const char *codes_text(struct arena *arena, const struct rollout_preview *preview, int wave,
                              enum rollout_remark remark, size_t *count)
{
    VEC(char) text = {0};
    *count = 0;
    for (size_t i = 0; i < preview->n; i++) {
        const struct rollout_place *place = &preview->places[i];
        if (remark ? place->remark != remark : place->wave != wave)
            continue;
        if ((*count)++)
            vec_push(&text, ' ');
        for (const char *at = place->device->code; *at; at++)
            vec_push(&text, *at);
    }
    vec_push(&text, '\0');
    const char *copy = arena_strdup(arena, text.at);
    vec_free(&text);
    return copy;
}

/* What keeps devices away or is in the way of the start; `rest`: what is only good to know. */
static void remarks_add(struct arena *arena, const struct rollout_preview *preview, bool rest,
                        lines_t *lines)
{
    for (int remark = 1; remark < ROLLOUT_REMARKS; remark++) {
        bool out = remark == REMARK_QUARANTINED || remark == REMARK_UNPINNED;
        bool warns = out || remark == REMARK_BUSY || remark == REMARK_ODD;
        size_t n;
        const char *codes = codes_text(arena, preview, -2, (enum rollout_remark)remark, &n);
        const char *what = _(rollout_remark_texts[remark]);
        if (!n || warns == rest)
            continue;
        const char *text = out ? arena_printf(arena, _("left out: %zu, %s"), n, what)
                               : arena_printf(arena, "%zu %s", n, what);
        vec_push(lines, (struct line){warns ? ROLE_WARN : ROLE_DIM, text, codes});
    }
}

static void waves_add(struct arena *arena, const struct rollout_preview *preview, lines_t *lines)
{
    for (int w = 0; w < preview->n_waves; w++) {
        const struct rollout_wave *wave = &preview->waves[w];
        size_t n;
        const char *name = rollout_wave_name(arena, &preview->rollout, w);
        const char *codes = codes_text(arena, preview, w, REMARK_NONE, &n);
        const char *text = arena_printf(
            arena, ngettext("%s: %zu device, %zu must be ok", "%s: %zu devices, %zu must be ok", n),
            name, n, wave->need);
        text = arena_printf(arena,
                            ngettext("%s, %zu failure stops it", "%s, %zu failures stop it",
                                     (unsigned long)wave->limit),
                            text, wave->limit);
        vec_push(lines, (struct line){ROLE_PLAIN, text, codes});
    }
}

static const char *approval_text(struct arena *arena, const struct rollout_preview *preview)
{
    if (preview->approval)
        return _("Somebody else approves it before it can be started.");
    return arena_printf(arena,
                        ngettext("It needs no approval, as up to %lld device does not.",
                                 "It needs no approval, as up to %lld devices do not.",
                                 (unsigned long)preview->free),
                        (long long)preview->free);
}

static void lines_make(struct arena *arena, const struct rollout_outlook *outlook, lines_t *lines)
{
    const struct rollout_preview *preview = &outlook->preview;
    const char *problems[] = {outlook->problem, preview->problem, preview->archive};
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
        if (problems[i])
            vec_push(lines, (struct line){ROLE_ERROR, problems[i], ""});
    if (outlook->problem)
        return;
    struct device *coming = arena_array(arena, struct device, preview->kept + 1);
    for (size_t i = 0; i < preview->kept; i++)
        coming[i] = *preview->places[i].device;
    if (preview->kept) {
        const char *reach = rollout_reach_text(arena, coming, preview->kept);
        vec_push(lines, (struct line){ROLE_STRONG, reach, ""});
        vec_push(lines, (struct line){preview->approval ? ROLE_WARN : ROLE_DIM,
                                      approval_text(arena, preview), ""});
    }
    remarks_add(arena, preview, false, lines);
    if (!preview->problem)
        waves_add(arena, preview, lines);
    remarks_add(arena, preview, true, lines);
}

static int rows_of(const char *text, int cols)
{
    return cols > 0 && *text ? (text_cells(text) + cols - 1) / cols : 0;
}

/* All of it where there is room; else a row for each, with as many devices as go into it. */
void rollout_outlook_draw(struct area area, const struct rollout_outlook *outlook)
{
    struct arena *arena = arena_new();
    lines_t lines = {0};
    int needed = 0, row = 0;
    lines_make(arena, outlook, &lines);
    for (size_t i = 0; i < lines.n; i++)
        needed += rows_of(lines.at[i].text, area.cols) + rows_of(lines.at[i].codes, area.cols - 4);
    for (size_t i = 0; i < lines.n && row < area.rows; i++) {
        const struct line *line = &lines.at[i];
        struct area rest = area_part(area, row, 0, area.rows - row, area.cols);
        if (!*line->codes || needed <= area.rows) {
            int used = draw_wrapped(rest, 0, line->role, line->text);
            struct area under = area_part(rest, used, 2, rest.rows - used, rest.cols - 2);
            row += used + (*line->codes ? draw_wrapped(under, 0, ROLE_DIM, line->codes) : 0);
            continue;
        }
        int at = draw_text(rest, 0, 0, line->role, line->text) + 2;
        if (at < area.cols)
            draw_field(rest, 0, at, area.cols - at, -1, ROLE_DIM, line->codes);
        row++;
    }
    vec_free(&lines);
    arena_free(arena);
}
