#include "views/rollout_line.h"

#include "model/base/time.h"
#include "tui/intl.h"
#include "views/rollout_text.h"

enum { BAR = 12, NARROW = 60 };

struct rollout_line {
    const struct rollout *rollout;
    struct rollout_wave waves[ROLLOUT_WAVES];
    int n_waves;
    size_t others; /* that are under way as well */
};

static bool is_under_way(const struct rollout *r)
{
    return r->state == ROLLOUT_RUNNING || r->state == ROLLOUT_PAUSED ||
           r->state == ROLLOUT_RETURNING;
}

enum status rollout_line_read(struct reader *reader, const struct access *access,
                              struct arena *arena, const struct rollout_line **out,
                              struct error *err)
{
    const struct rollout *rollouts;
    struct rollout_row *rows;
    struct rollout_line *line = arena_new_of(arena, struct rollout_line);
    size_t n, n_rows;
    *out = NULL;
    enum status status = rollout_list(reader, access, arena, &rollouts, &n, err);
    for (size_t i = 0; status == ST_OK && i < n; i++) {
        line->others += line->rollout && is_under_way(&rollouts[i]);
        if (!line->rollout && is_under_way(&rollouts[i]))
            line->rollout = &rollouts[i];
    }
    if (status != ST_OK || !line->rollout)
        return status;
    status = rollout_rows(reader, arena, line->rollout->id, &rows, &n_rows, err);
    if (status != ST_OK)
        return status;
    line->n_waves = rollout_waves(line->rollout, rows, n_rows, line->waves);
    *out = line;
    return ST_OK;
}

static int wave_draw(struct area row, int at, struct arena *arena, const struct rollout_line *line,
                     int wave)
{
    const struct rollout *r = line->rollout;
    const struct rollout_wave *w = &line->waves[wave];
    int from = at;
    at += draw_printf(row, 0, at, wave == r->wave ? ROLE_ACCENT : ROLE_DIM, "%s ",
                      rollout_wave_name(arena, r, wave));
    at += draw_printf(row, 0, at, ROLE_STRONG, "%zu/%zu ", w->ok, w->size);
    if (wave < r->wave)
        at += draw_text(row, 0, at, ROLE_UP, "✓ ");
    return at - from;
}

/* What the wave that is being switched waits for. */
static void rest_draw(struct area row, int at, const struct rollout_line *line)
{
    int bar = row.cols < NARROW ? 0 : BAR;
    const struct rollout *r = line->rollout;
    const struct rollout_wave *w = &line->waves[r->wave];
    int full = w->size ? (int)(w->ok * BAR / w->size) : 0;
    int64_t left = r->soaking ? r->soaking + r->soak - time_now() : 0;
    for (int i = 0; i < bar; i++)
        at += draw_text(row, 0, at, i < full ? ROLE_BAR : ROLE_DIM, i < full ? "█" : "·");
    at +=
        draw_printf(row, 0, at, w->faults ? ROLE_ERROR : ROLE_PLAIN, _("  failed %zu"), w->faults);
    at += draw_printf(row, 0, at, ROLE_DIM, _(" (limit %zu)"), w->limit);
    if (left > 0)
        at += draw_printf(row, 0, at, ROLE_ACCENT, _("  soak %lld:%02lld"), (long long)(left / 60),
                          (long long)(left % 60));
    if (line->others)
        draw_printf(row, 0, at, ROLE_DIM, "  +%zu", line->others);
}

void rollout_line_draw(struct area row, const struct rollout_line *line)
{
    const struct rollout *r = line->rollout;
    struct arena *arena = arena_new();
    bool narrow = row.cols < NARROW;
    int at = narrow ? 0 : draw_printf(row, 0, 0, ROLE_PLAIN, "%s ", _("Roll-out"));
    at += draw_printf(row, 0, at, ROLE_STRONG, "%s  ", r->app);
    if (r->state != ROLLOUT_RUNNING)
        at += draw_printf(row, 0, at, ROLE_WARN, "%s  ", _(rollout_state_names[r->state]));
    if (r->wave > 0 && !narrow) {
        at += wave_draw(row, at, arena, line, r->wave - 1);
        at += draw_text(row, 0, at, ROLE_DIM, "┈ ");
    }
    if (r->wave < line->n_waves) {
        at += wave_draw(row, at, arena, line, r->wave);
        rest_draw(row, at, line);
    }
    arena_free(arena);
}
