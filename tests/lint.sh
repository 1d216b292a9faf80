#!/bin/sh
# Layout (clang-format), layering (which folder may include which), and habits that compilers do not
# check. Prints what is wrong and where; exits 1 when anything is. Files that have grown long are
# listed at the end, which is a report and not a complaint.
set -u
cd "$(dirname "$0")/.." || exit 2
bad=0
complain() { # MESSAGE LINES: nothing where there are no lines
    [ -z "$2" ] && return
    printf '%s\n' "$1" "$2" | sed '2,$s/^/    /'
    bad=1
}

there() { while read -r file; do [ -f "$file" ] && echo "$file"; done; }
all=$(git ls-files -co --exclude-standard | there)
sources=$(echo "$all" | grep '\.[ch]$')
headers=$(echo "$all" | grep '\.h$')
scripts=$(echo "$all" | grep -E '\.(sh|py)$')

# ---- Layout ----
if command -v clang-format >/dev/null 2>&1; then
    complain "not laid out (make format):" \
        "$(clang-format --dry-run $sources 2>&1 | sed -n 's/^\([^ :]*\):[0-9:]* warning.*/\1/p' | sort -u)"
else
    complain "clang-format is not installed: layout is not checked" "make lint-deps installs it"
fi
complain "spaces at the end of a line, or tabs in C:" \
    "$(grep -nE '[ 	]+$' $sources $scripts Makefile; grep -nP '\t' $sources)"

# ---- Who may include whom ----
up() { # FOLDER PATTERN MESSAGE
    complain "$3" "$(grep -rnE "$2" "$1" --include='*.c' --include='*.h')"
}
up tui '#include "(model|views|fixtures|tests)/' 'tui has never heard of a mall:'
up model '#include "(tui|views|fixtures|tests)/' 'model never includes a screen, a command or a fixture:'
up model '#include <(curses|ncurses|ncursesw/curses)\.h>' 'model never draws:'
up views '#include <(curses|ncurses|ncursesw/curses)\.h>' 'views draw through tui:'
up views '#include "(tests)/' 'the program never includes a test:'
up fixtures '#include "(tui|views|tests)/' 'fixtures stand on the model only:'
up tests '\b(usleep|nanosleep|sleep)\(' 'tests wait for idle, they never sleep:'

# Inside model: what each folder stands on. A new folder needs a line here.
stands_on() {
    case $1 in
    base) echo ;;
    store) echo base ;;
    event) echo 'base|store' ;;
    access) echo 'base|store' ;;
    people) echo 'base|store|event|access' ;;
    question) echo 'base|store|event|access|people' ;;
    segment) echo 'base|store|event|access|people|question' ;;
    loop) echo 'base|store|event|access|people|question|segment' ;;
    insight) echo 'base|store|event|access|people|question|segment|loop' ;;
    import) echo 'base|store|event|access|people' ;;
    sql) echo 'base|store|event|access|people|question|segment|loop' ;;
    campaign) echo 'base|store|event|access|people|question|segment|loop|insight|sync' ;;
    fleet) echo 'base|store|event|access|people|question|import' ;;
    sync) echo 'base|store|event|access|people|question|import|fleet' ;;
    *) echo unknown ;;
    esac
}
for folder in model/*/; do
    layer=$(basename "$folder")
    below=$(stands_on "$layer")
    [ "$below" = unknown ] && complain "a folder of model without a place:" "$folder"
    complain "an include points the wrong way inside model:" \
        "$(grep -rnE '#include "model/' "$folder" --include='*.c' --include='*.h' |
            grep -vE "#include \"model/(${below:+$below|}$layer)/")"
done

# ---- Habits ----
complain "unbounded copy (say why it is bounded with 'lint: bounded'):" \
    "$(grep -nE '\b(strcpy|strcat|sprintf|vsprintf|gets|strtok)\(' $sources | grep -v 'lint: bounded')"
complain "a number that cannot say it is none (use strtol and look at its end):" \
    "$(grep -nE '\b(atoi|atol|atoll|atof)\(' $sources)"
# Each word with a letter in brackets, so that this line does not find itself.
complain "work that is not done:" \
    "$(grep -nwE 'TOD[O]|FIXM[E]|XX[X]|HAC[K]|TB[D]' $sources $scripts Makefile)"
complain "a path of one machine:" \
    "$(grep -nE '"/(work|home|Users)/' $sources $scripts)"
for header in $headers; do
    guard=ATRIUM_$(echo "${header%.h}" | tr 'a-z/' 'A-Z_' | sed 's/^MODEL_//')_H
    grep -q "^#ifndef ATRIUM_.*_H$" "$header" || complain "a header without a guard ($guard):" "$header"
done
complain "a header's guard that another one has:" \
    "$(sed -n 's/^#ifndef \(ATRIUM_[A-Z0-9_]*_H\)$/\1/p' $headers | sort | uniq -d)"

# ---- Texts ----
# _() is looked up while the program runs: in a table that is made before that, N_() marks the text.
complain "_() where nothing can be looked up yet (mark with N_ and translate when it is shown):" \
    "$(awk '/^(static )?const .*= *\{$/ || /^static .*\] *= *\{$/ { inside = 1 }
        /^\};?$/ || /^\}\[?.*;$/ { inside = 0 }
        inside && /[^A-Za-z_]_\("/ { print FILENAME ":" FNR ": " $0 }' $sources)"
complain "_(N_()) marks twice:" "$(grep -nE '\b_\(N_\(|N_\(_\(' $sources)"
for po in views/po/*.po; do
    [ -f "$po" ] && command -v msgcmp >/dev/null 2>&1 || continue
    complain "texts without a translation in $po (make po):" \
        "$(make -s pot >/dev/null && msgcmp --no-fuzzy-matching "$po" build/atrium.pot 2>&1 |
            grep -v 'found .* fatal error' | head -20)"
done

# ---- Scripts ----
for script in $scripts; do
    case $script in
    *.sh) complain "not a script that sh can read:" "$(sh -n "$script" 2>&1)" ;;
    *.py) complain "not a script that python3 can read:" \
        "$(python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$script" 2>&1)" ;;
    esac
done

long=$(wc -l $sources $scripts | awk '$2 != "total" && $1 > 600 { print "    " $1 " lines: " $2 }')
[ -z "$long" ] || printf 'long files (past 600 lines, look for the second idea):\n%s\n' "$long"
long=$(awk '/^\{/ { from = FNR } /^\}/ && from { if (FNR - from > 70) print "    " FNR - from - 1 " lines: " FILENAME ":" from; from = 0 }' \
    $(echo "$sources" | grep '\.c$'))
[ -z "$long" ] || printf 'long functions (a screen is about 40 lines):\n%s\n' "$long"
[ $bad = 0 ] && echo "lint: clean"
exit $bad
