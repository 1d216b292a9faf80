/*
 * Measures the keys of the Fleet screen while every device is being asked. The mall's devices must
 * be there, and the config file under FOLDER names the user key. Usage: bench_fleet_keys ATRIUM
 * MALL FOLDER [KEYS]. Prints one JSON document.
 */
#include "tests/bench/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK_AGAIN "\022" /* Ctrl-r */
enum { RUN = 20, COUNTS_ROW = 3 };

static bool fleet_asking(struct terminal *t)
{
    return strstr(terminal_row(t, COUNTS_ROW), "being asked") != NULL;
}

static void wait_fleet(struct terminal *t, bool asking)
{
    int64_t began = now_ns();
    while (fleet_asking(t) != asking)
        terminal_wait(t, began);
}

int main(int argc, char **argv)
{
    static struct terminal t;
    static struct latencies keys;
    static struct echo echo;
    if (argc < 4) {
        fprintf(stderr, "usage: bench_fleet_keys ATRIUM MALL FOLDER [KEYS]\n");
        return 2;
    }
    size_t wanted = argc > 4 ? strtoul(argv[4], NULL, 10) : 1000;
    int64_t sweeps = 1;
    environment_set(argv[3]);
    terminal_start(&t, argv[1], argv[2]);
    console_settle(&t);
    terminal_send(&t, "N");
    wait_fleet(&t, true);
    echo_start(&echo);
    for (size_t pressed = 0; keys.n < wanted; pressed++) {
        if (!fleet_asking(&t)) {
            terminal_send(&t, ASK_AGAIN);
            wait_fleet(&t, true);
            sweeps++;
        }
        double took = key_time(&t, pressed / RUN % 2 == 0 ? "j" : "k");
        if (!fleet_asking(&t)) /* the last answer came first: not counted */
            continue;
        latency_add(&keys, took);
        echo_time(&echo);
    }
    wait_fleet(&t, false);
    terminal_end(&t);
    printf("{\n");
    latencies_print("fleet_key", &keys);
    latencies_print("fleet_echo", &echo.latencies);
    printf("\"fleet_key_sweeps\": %lld}\n", (long long)sweeps);
    echo_end(&echo);
    return 0;
}
