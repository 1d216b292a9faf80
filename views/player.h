/*
 * A recording being played (model/fleet/replay.h) into a terminal inside the screen
 * (tui/emulator.h): nothing of the file reaches the operator's terminal but cells. What it has to
 * do for a jump or a search is done in slices, so that keys and frames have their turn.
 */
#ifndef ATRIUM_VIEWS_PLAYER_H
#define ATRIUM_VIEWS_PLAYER_H

#include "model/fleet/replay.h"
#include "tui/emulator.h"
#include "tui/table_pattern.h"

struct player;

/* Takes the recording; it stands at its beginning. */
struct player *player_new(struct replay *replay);
void player_free(struct player *player); /* NULL is fine */

/* For drawing and for tests. */
struct emulator *player_screen(struct player *player);

int64_t player_time(const struct player *player); /* microseconds */
size_t player_at(const struct player *player);    /* events that are shown */
bool player_plays(const struct player *player);
double player_speed(const struct player *player);

/* Plays from `now` (monotonic ns), from the beginning where it stood at the end; or stands still.
 */
void player_play(struct player *player, bool on, int64_t now);
/* Faster (1) or slower (-1): 1/4 to 32 times. */
void player_faster(struct player *player, int by);
/* Pauses of the recording last a second at most. */
void player_hurry(struct player *player, bool on);
bool player_hurries(const struct player *player);

/* Its clock goes on to `now`. */
void player_tick(struct player *player, int64_t now);

/* To a time, or by events; it stands still then. */
void player_seek(struct player *player, int64_t us);
void player_step(struct player *player, int by);

/* To where the screen next shows what the pattern finds and did not just before; `by` -1: the last
 * such before here. The pattern must live until it is found or something else is done. */
void player_find(struct player *player, struct pattern *pattern, int by);
enum player_found { FOUND_NOT_ASKED, FOUND_SEARCHING, FOUND_HERE, FOUND_NOTHING };
enum player_found player_found(const struct player *player);

/* Works on until `until` (monotonic ns). True: there is more to do. */
bool player_work(struct player *player, int64_t until);
bool player_busy(const struct player *player);
/* The file changed while it was played, or cannot be read any more. */
bool player_lost(const struct player *player);

#endif
