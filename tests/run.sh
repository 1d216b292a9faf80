#!/bin/sh
# Runs every test of a build: the programs, then the scripts of tests/cli, JOBS at a time (as many
# as there are processors). Each prints its own findings, what it took, and what could not be tried
# here; the last line counts all of them. ONLY=PATTERN runs the tests whose name has it
# (ONLY=screen). What a test said is kept in BUILD/tests/log. None may take longer than LIMIT seconds.
#
#     sh tests/run.sh BUILD
set -u
cd "$(dirname "$0")/.." || exit 2

sum() { # FILE SED-PROGRAM: the sum of the numbers that it finds
    sed -n "$2" "$1" | awk '{n+=$1} END{print n+0}'
}

seconds_now() {
    date +%s.%N
}

# One test: its line (and its findings), and a file with what there is to count.
run_one() { # BUILD TEST
    case $2 in
    *.py) name=cli/${2##*/}; interpreter=python3 ;;
    *.sh) name=cli/${2##*/}; interpreter=sh ;;
    *) name=${2#"$1"/tests/}; interpreter= ;;
    esac
    case $name in fuzz/fuzz_*) seeds=tests/fuzz/seeds/${name#fuzz/fuzz_} ;; *) seeds= ;; esac
    out=$1/tests/log/$(echo "$name" | tr / -)
    began=$(seconds_now)
    timeout -k 10 "${LIMIT:-900}" $interpreter "$2" $seeds >"$out" 2>&1 </dev/null
    status=$?
    took=$(echo "$began $(seconds_now)" | awk '{printf "%.1f", $2 - $1}')
    p=$(sum "$out" 's/.*\[  PASSED  \] \([0-9]*\) test.*/\1/p; s/^\([0-9]*\) passed, .*/\1/p')
    f=$(sum "$out" 's/.*\[  FAILED  \] \([0-9]*\) test.*/\1/p; s/^[0-9]* passed, \([0-9]*\) failed.*/\1/p')
    s=$(sum "$out" 's/.*\[  SKIPPED \] \([0-9]*\) test.*/\1/p; s/^[0-9]* passed, [0-9]* failed, \([0-9]*\) skipped.*/\1/p')
    why=
    if [ $status = 124 ] || [ $status = 137 ]; then why=" (not done after ${LIMIT:-900} s)"; fi
    if [ $status != 0 ] && [ "$f" = 0 ]; then f=1; why=${why:-" (status $status)"}; fi
    if [ $status = 0 ] && [ $((p + f + s)) = 0 ]; then f=1 why=" (it ran no test)"; fi
    echo "$p $f $s" >"$out.count"
    {
        if [ "$f" != 0 ]; then
            echo "FAILED $name$why"
            grep -avE '^\[ +(OK|RUN) +\]' "$out" | tail -60 | sed 's/^/    /'
        else
            skipped=
            [ "$s" = 0 ] || skipped=", $s skipped"
            printf 'ok     %-34s %7s s   %s passed%s\n' "$name" "$took" "$p" "$skipped"
        fi
        sed -n '/test(s)/!s/^\[  SKIPPED \]/    skipped:/p' "$out" | sort -u
    } >"$out.line"
    cat "$out.line"
}

if [ "$1" = --one ]; then
    run_one "$2" "$3"
    exit 0
fi

build=$1
if ! [ -x "$build/atrium" ]; then
    echo "run.sh: there is no $build/atrium: make all tests" >&2
    exit 2
fi
logs=$build/tests/log
rm -rf "$logs"
mkdir -p "$logs"
export ATRIUM="$PWD/$build/atrium" ATRIUM_BUILD="$PWD/$build" ATRIUM_LOCALE="$PWD/$build/locale"
unset ATRIUM_MALL ATRIUM_LANG NO_COLOR
# The long ones first, so that the last processor does not end alone.
for test in tests/cli/test_*.py tests/cli/test_*.sh "$build"/tests/fault/test_* "$build"/tests/sync/test_* \
    "$build"/tests/screen/test_* "$build"/tests/fuzz/fuzz_* "$build"/tests/unit/test_*; do
    [ -f "$test" ] || continue
    case $test in
    tests/cli/*) ;;
    *.*) continue ;;
    *) [ -f "${test#"$build"/}.c" ] || continue ;; # built from a file that is gone
    esac
    case $test in *"${ONLY:-}"*) echo "$test" ;; esac
done | xargs -P "${JOBS:-$(nproc)}" -n 1 sh tests/run.sh --one "$build"

cat "$logs"/*.count 2>/dev/null | awk '
    { passed += $1; failed += $2; skipped += $3 }
    END {
        if (skipped) print skipped " could not be tried here"
        printf "%d passed, %d failed\n", passed, failed
        exit failed > 0 || passed == 0
    }'
