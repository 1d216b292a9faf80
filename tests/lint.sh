#!/bin/sh
# Layout (clang-format), layering (which folder may include which), and habits that compilers do not
# check. Prints what is wrong and where; exits 1 when anything is.
set -u
cd "$(dirname "$0")/.." || exit 2
bad=0
complain() { printf '%s\n' "$1" "$2"; bad=1; }

files=$(git ls-files -co --exclude-standard '*.c' '*.h')
if command -v clang-format >/dev/null 2>&1; then
    for file in $files; do
        clang-format --dry-run -Werror "$file" >/dev/null 2>&1 || complain "not laid out (make format):" "$file"
    done
else
    echo "clang-format is not installed: layout not checked"
    bad=1
fi

up() { # FOLDER PATTERN MESSAGE
    found=$(grep -rnE "$2" "$1" --include='*.c' --include='*.h')
    [ -z "$found" ] || complain "$3" "$found"
}
up tui '#include "(model|views|fixtures|tests)/' 'tui has never heard of a mall:'
up model '#include "(tui|views|fixtures|tests)/' 'model never includes a screen, a command or a fixture:'
up model '#include <(curses|ncurses|ncursesw/curses)\.h>' 'model never draws:'
up views '#include <(curses|ncurses|ncursesw/curses)\.h>' 'views draw through tui:'
up fixtures '#include "(tui|views|tests)/' 'fixtures stand on the model only:'
up tests '\b(usleep|nanosleep|sleep)\(' 'tests wait for idle, they never sleep:'
for layer in base:'store|event|import|people|loop|access' store:'import|people|loop' event:'import|people|loop'; do
    found=$(grep -rnE "#include \"model/(${layer#*:})/" "model/${layer%%:*}" 2>/dev/null)
    [ -z "$found" ] || complain "an include points the wrong way inside model:" "$found"
done
found=$(grep -nE '\b(strcpy|strcat|sprintf|gets|strtok)\(' $files | grep -v 'lint: bounded')
[ -z "$found" ] || complain "unbounded copy (say why it is bounded with 'lint: bounded'):" "$found"

[ $bad = 0 ] && echo "lint: clean"
exit $bad
