/*
 * Fuzzing recordings: any bytes are a recording, as far as they are one, or refused with a line;
 * what is played of it is the same whichever way it was reached, and bounded. Most inputs would
 * fail in the first line, so one whose first byte is even gets a header that is right.
 */
#include "model/base/hash.h"
#include "tests/fuzz/fuzz.h"
#include "views/player.h"

#include <stdlib.h>
#include <string.h>

static const char header[] = "{\"version\": 2, \"width\": 20, \"height\": 5}\n";

static uint64_t screen_hash(struct player *player)
{
    char *text = emulator_text(player_screen(player));
    uint64_t hash = hash64(text, strlen(text));
    free(text);
    return hash;
}

static void work(struct player *player)
{
    while (player_work(player, 0))
        continue;
    if (player_busy(player) || player_lost(player))
        abort();
}

static void play(struct player *player, const struct replay_head *head)
{
    player_seek(player, head->length_us);
    work(player);
    uint64_t end = screen_hash(player);
    if (player_at(player) != head->events)
        abort();
    for (int i = 0; i < 8; i++)
        player_step(player, -1);
    work(player);
    for (int i = 0; i < 8; i++) {
        player_step(player, 1);
        work(player);
    }
    if (screen_hash(player) != end)
        abort();
    char *error = NULL;
    size_t wrong;
    struct pattern *pattern = table_pattern_new("a.*b", &error, &wrong);
    player_find(player, pattern, -1);
    work(player);
    player_find(player, pattern, 1);
    work(player);
    player_seek(player, -1);
    work(player);
    if (player_at(player) != 0)
        abort();
    player_play(player, true, 1);
    player_tick(player, INT64_C(1) << 60);
    work(player);
    if (screen_hash(player) != end || player_plays(player))
        abort();
    table_pattern_free(pattern);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static atomic_bool cancel;
    struct replay *replay;
    struct error err = {0};
    if (size < 1)
        return 0;
    bool headed = !(data[0] & 1);
    size_t n = (headed ? sizeof header - 1 : 0) + size - 1;
    char *bytes = malloc(n + 1);
    if (!bytes)
        return 0;
    memcpy(bytes, header, headed ? sizeof header - 1 : 0);
    memcpy(bytes + n - (size - 1), data + 1, size - 1);
    enum status status = replay_open(fuzz_file("a.cast", bytes, n), &cancel, &replay, &err);
    free(bytes);
    if (status != ST_OK) {
        if (status != ST_REFUSED || !err.message || replay)
            abort();
        error_clear(&err);
        return 0;
    }
    struct replay_head head = *replay_head(replay);
    if (head.bytes != (int64_t)n || head.cols < 1 || head.rows < 1 ||
        (int64_t)head.cols * head.rows > REPLAY_CELLS_MOST)
        abort();
    struct player *player = player_new(replay);
    play(player, &head);
    player_free(player);
    return 0;
}
