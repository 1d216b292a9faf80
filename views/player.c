#include "views/player.h"

#include "model/base/time.h"

#include <stdlib.h>
#include <string.h>

enum { HURRY_US = 1000000, CELLS_A_BYTE = 16 };

static const double speeds[] = {0.25, 0.5, 1, 2, 4, 8, 16, 32};
enum { SPEED_USUAL = 2, SPEEDS = sizeof speeds / sizeof *speeds };

struct player {
    struct replay *replay;
    struct emulator *screen;
    size_t at, to;   /* events that are shown, and that are to be */
    int64_t time_us; /* of its clock */
    int64_t since;   /* monotonic ns, when the clock was looked at last */
    int speed;
    bool plays, hurries, lost;
    /* A search. */
    struct pattern *pattern; /* NULL: none */
    bool forward, shows;     /* shows: what is looked for was on the screen at last */
    size_t from;             /* backward: where it began */
    size_t last;             /* backward: the last place found; SIZE_MAX: none */
    enum player_found found;
};

static void nothing_sent(void *context, const char *bytes, size_t n)
{
    (void)context;
    (void)bytes;
    (void)n;
}

static void anew(struct player *player)
{
    const struct replay_head *head = replay_head(player->replay);
    emulator_free(player->screen);
    player->screen = emulator_new(head->rows, head->cols, nothing_sent, NULL);
    player->at = 0;
}

struct player *player_new(struct replay *replay)
{
    struct player *player = mem_zero(1, sizeof *player);
    player->replay = replay;
    player->speed = SPEED_USUAL;
    anew(player);
    return player;
}

void player_free(struct player *player)
{
    if (!player)
        return;
    emulator_free(player->screen);
    replay_free(player->replay);
    free(player);
}

struct emulator *player_screen(struct player *player)
{
    return player->screen;
}

int64_t player_time(const struct player *player)
{
    return player->time_us;
}

size_t player_at(const struct player *player)
{
    return player->at;
}

bool player_plays(const struct player *player)
{
    return player->plays;
}

double player_speed(const struct player *player)
{
    return speeds[player->speed];
}

bool player_hurries(const struct player *player)
{
    return player->hurries;
}

bool player_lost(const struct player *player)
{
    return player->lost;
}

bool player_busy(const struct player *player)
{
    return player->pattern || player->at != player->to;
}

enum player_found player_found(const struct player *player)
{
    return player->found;
}

/* ---- Its clock ---- */

static int64_t length_of(const struct player *player)
{
    return replay_head(player->replay)->length_us;
}

static void stand(struct player *player)
{
    player->plays = false;
    player->pattern = NULL;
    player->found = FOUND_NOT_ASKED;
}

void player_play(struct player *player, bool on, int64_t now)
{
    stand(player);
    player->plays = on;
    player->since = now;
    if (on && player->time_us >= length_of(player))
        player->time_us = 0;
    if (on)
        player->to = replay_after(player->replay, player->time_us);
}

void player_faster(struct player *player, int by)
{
    player->speed += by;
    player->speed = player->speed < 0 ? 0 : player->speed >= SPEEDS ? SPEEDS - 1 : player->speed;
}

void player_hurry(struct player *player, bool on)
{
    player->hurries = on;
}

void player_tick(struct player *player, int64_t now)
{
    if (!player->plays || now <= player->since)
        return;
    player->time_us += (int64_t)((double)(now - player->since) / 1000 * speeds[player->speed]);
    player->since = now;
    size_t next = replay_after(player->replay, player->time_us);
    int64_t soon = replay_time(player->replay, next) - HURRY_US;
    if (player->hurries && player->time_us < soon)
        player->time_us = soon;
    if (player->time_us >= length_of(player)) {
        player->time_us = length_of(player);
        player->plays = false;
    }
    player->to = replay_after(player->replay, player->time_us);
}

void player_seek(struct player *player, int64_t us)
{
    int64_t length = length_of(player);
    stand(player);
    player->time_us = us < 0 ? 0 : us > length ? length : us;
    player->to = us < 0 ? 0 : replay_after(player->replay, player->time_us);
}

void player_step(struct player *player, int by)
{
    size_t events = replay_head(player->replay)->events;
    stand(player);
    if (by > 0 && player->to < events)
        player->to++;
    else if (by < 0 && player->to)
        player->to--;
    player->time_us = player->to ? replay_time(player->replay, player->to - 1) : 0;
}

/* ---- Looking for something ---- */

static bool shows(struct player *player)
{
    char *text = emulator_text(player->screen), *line = text;
    bool found = false;
    for (char *next; !found && line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        found = *line && pattern_matches(player->pattern, line);
    }
    free(text);
    return found;
}

/* What is looked for is on the screen now, and was not when it was looked last. */
static bool newly_shows(struct player *player)
{
    bool before = player->shows;
    player->shows = player->pattern && shows(player);
    return player->shows && !before;
}

void player_find(struct player *player, struct pattern *pattern, int by)
{
    stand(player);
    player->pattern = pattern;
    player->found = FOUND_SEARCHING;
    player->forward = by > 0;
    player->from = player->to;
    player->last = SIZE_MAX;
    if (player->at > player->to)
        anew(player);
    if (player->forward) {
        player->shows = player->at == player->to && shows(player);
    } else {
        anew(player);
        player->shows = false;
    }
}

static void found_at(struct player *player, size_t at)
{
    stand(player);
    player->found = at == SIZE_MAX ? FOUND_NOTHING : FOUND_HERE;
    player->to = at == SIZE_MAX ? player->from : at;
    player->time_us = player->to ? replay_time(player->replay, player->to - 1) : 0;
}

/* ---- Showing events ---- */

/* Much may scroll by within one event: a search looks at it after every half screen of lines. A
 * look reads all cells, so on a large one there are some bytes to each. */
static size_t piece_of(const struct player *player, const char *bytes, size_t n)
{
    int rows = emulator_rows(player->screen), cols = emulator_cols(player->screen), lines = 0;
    for (size_t i = 0; i < n; i++) {
        lines += bytes[i] == '\n';
        if (lines > rows / 2 && i >= (size_t)(rows * cols / CELLS_A_BYTE))
            return i;
    }
    return n;
}

/* True where it brought what is looked for. */
static bool bytes_take(struct player *player, const char *bytes, size_t n)
{
    bool newly = false;
    while (n) {
        size_t take = player->pattern ? piece_of(player, bytes, n) : n;
        emulator_take(player->screen, bytes, take);
        bytes += take;
        n -= take;
        newly |= newly_shows(player);
    }
    return newly;
}

/* The next event; true where it brought what is looked for. */
static bool event_take(struct player *player)
{
    struct replay_event event;
    if (!replay_read(player->replay, player->at, &event)) {
        player->lost = true;
        player->to = player->at;
        stand(player);
        return false;
    }
    player->at++;
    if (!event.resize)
        return bytes_take(player, event.bytes, event.n);
    emulator_resize(player->screen, event.rows, event.cols);
    return newly_shows(player);
}

static void search_on(struct player *player)
{
    size_t end = player->forward ? replay_head(player->replay)->events : player->from;
    /* Before a backward search's own place: what is on the screen there is not asked for. */
    if (player->at >= end || (!player->forward && player->at + 1 >= end)) {
        found_at(player, player->forward ? SIZE_MAX : player->last);
        return;
    }
    bool newly = event_take(player);
    if (!newly || !player->pattern)
        return;
    if (player->forward)
        found_at(player, player->at);
    else
        player->last = player->at;
}

bool player_work(struct player *player, int64_t until)
{
    if (!player->pattern && player->to < player->at)
        anew(player);
    while (player_busy(player) && !player->lost) {
        if (player->pattern && player->forward && player->at < player->from)
            event_take(player); /* a jump was under way */
        else if (player->pattern)
            search_on(player);
        else if (player->to < player->at)
            anew(player);
        else
            event_take(player);
        if (time_monotonic_ns() > until)
            return player_busy(player);
    }
    return false;
}
