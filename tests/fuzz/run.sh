#!/bin/sh
# Runs each fuzz target for SECONDS from its seeds and what earlier runs kept. Ends with 1 when any
# of them found something; says which file repeats it.
#
#     sh tests/fuzz/run.sh BUILD SECONDS NAME...
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1 seconds=$2
shift 2
bad=0
for name in "$@"; do
    corpus=$build/corpus/$name found=$build/found/$name log=$build/fuzz/$name.log
    seeds=tests/fuzz/seeds/$name
    mkdir -p "$corpus" "$found"
    dictionary=
    [ -f "tests/fuzz/$name.dict" ] && dictionary=-dict=tests/fuzz/$name.dict
    if "$build/fuzz/$name" -max_total_time="$seconds" -max_len=4096 -timeout=20 -rss_limit_mb=3000 \
        -print_final_stats=1 -artifact_prefix="$found/" $dictionary "$corpus" "$seeds" >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        paths=$(sed -n 's/.*cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
        printf 'ok     %-12s %s s, %s inputs, %s places of the code\n' "$name" "$seconds" "$runs" "$paths"
    else
        bad=1
        printf 'FOUND  %s\n' "$name"
        tail -40 "$log" | sed 's/^/    /'
    fi
done
exit $bad
