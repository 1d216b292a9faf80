#!/bin/sh
# Runs every test of a build: the programs, then the scripts of tests/cli. Each prints its own
# findings; the last line counts all of them.
set -u
build=$1
cd "$(dirname "$0")/.." || exit 2
passed=0 failed=0 skipped=0
log=$build/test.log
: > "$log"

count() { # NAME STATUS OUTPUT-FILE
    p=$(sed -n 's/.*\[  PASSED  \] \([0-9]*\) test.*/\1/p; s/^\([0-9]*\) passed, .*/\1/p' "$3" | awk '{n+=$1} END{print n+0}')
    f=$(sed -n 's/.*\[  FAILED  \] \([0-9]*\) test.*/\1/p; s/^[0-9]* passed, \([0-9]*\) failed.*/\1/p' "$3" | awk '{n+=$1} END{print n+0}')
    s=$(sed -n 's/.*\[  SKIPPED \] \([0-9]*\) test.*/\1/p; s/^[0-9]* passed, [0-9]* failed, \([0-9]*\) skipped.*/\1/p' "$3" | awk '{n+=$1} END{print n+0}')
    if [ "$2" != 0 ] && [ "$f" = 0 ]; then f=1; fi
    if [ "$2" = 0 ] && [ $((p + f + s)) = 0 ]; then echo "  $1 ran no test"; f=1; fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if [ "$f" != 0 ]; then
        echo "FAILED $1"
        grep -vE '^\[ +(OK|RUN) +\]' "$3" | tail -40 | sed 's/^/    /'
    else
        printf 'ok     %-44s %s passed%s\n' "$1" "$p" "$([ "$s" = 0 ] || echo ", $s skipped")"
    fi
}

out=$(mktemp)
trap 'rm -f "$out"' EXIT
export ATRIUM="$PWD/$build/atrium" ATRIUM_BUILD="$PWD/$build"
unset ATRIUM_MALL NO_COLOR
for program in "$build"/tests/unit/test_* "$build"/tests/screen/test_* "$build"/tests/fault/test_*; do
    case $program in *.*) continue ;; esac
    [ -x "$program" ] || continue
    "$program" >"$out" 2>&1 </dev/null
    status=$?
    cat "$out" >>"$log"
    count "${program#"$build"/tests/}" $status "$out"
done
for script in tests/cli/test_*.sh tests/cli/test_*.py; do
    [ -f "$script" ] || continue
    case $script in *.py) python3 "$script" >"$out" 2>&1 </dev/null ;; *) sh "$script" >"$out" 2>&1 </dev/null ;; esac
    status=$?
    cat "$out" >>"$log"
    count "${script#tests/}" $status "$out"
done
[ "$skipped" = 0 ] && echo "$passed passed, $failed failed" || echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
