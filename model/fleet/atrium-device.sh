#!/bin/sh
# atrium-device: what atrium asks of a device, in one script (doc/device.md). It needs sh, coreutils,
# and of util-linux setsid; with fallocate a spool that was collected gives its space back.
# Prints name=value lines or the bytes asked for; ends with 0, or with a sentence on stderr.
set -u
export LC_ALL=C
umask 077
home=${ATRIUM_DEVICE_HOME:-$HOME/atrium}
self=$0

die() { # STATUS MESSAGE
    printf '%s\n' "$2" >&2
    exit "$1"
}
usage() { die 2 "usage: atrium-device $1"; }
whole() { # is $1 a whole number?
    case $1 in '' | *[!0-9]*) return 1 ;; esac
    [ ${#1} -le 15 ]
}
name_ok() { # a name of one file, nothing that leads out of its folder
    case $1 in '' | .* | -* | */* | *[!A-Za-z0-9._+-]*) return 1 ;; esac
    [ ${#1} -le 100 ]
}
size_of() { stat -c %s -- "$1" 2>/dev/null || echo 0; }
sha_of() { [ ! -f "$1" ] || sha256sum <"$1" | cut -c1-64; }
# What is written is there wholly or not at all, also after the power went.
replace() { # FILE: stdin
    cat >"$1.new" && sync "$1.new" && mv -f -- "$1.new" "$1" && sync "$(dirname "$1")"
}
current() { basename "$(readlink "$home/app/current" 2>/dev/null || echo none)"; }

mkdir -p "$home/app" "$home/spool" "$home/offers" "$home/log" "$home/staging" "$home/run" ||
    die 6 "$home: cannot be made"

# ---- What it is ----

uncollected() {
    sum=0
    for file in "$home"/spool/*; do
        case $file in *.done | *.new | *'*') continue ;; esac
        done=$(cat "$file.done" 2>/dev/null || echo 0)
        sum=$((sum + $(size_of "$file") - done))
    done
    echo "$sum"
}

status() {
    load=$(cut -d' ' -f1 /proc/loadavg 2>/dev/null | tr -d .)
    disk=$(df -P "$home" 2>/dev/null | awk 'NR == 2 { sub("%", "", $5); print $5 }')
    config=$(sha_of "$home/config" | cut -c1-12)
    step=$(cut -d' ' -f1 "$home/rollout" 2>/dev/null)
    printf 'app=%s\nconfig=%s\nload=%s\ndisk=%s\ntime=%s\nspool=%s\nrollout=%s\n' "$(current)" \
        "$config" "$(echo "${load:-}" | sed 's/^0*\(.\)/\1/')" "${disk:-}" "$(date +%s%3N)" \
        "$(uncollected)" "${step:-}"
}

sale() { # the application touches this file while a sale is under way
    if [ -e "$home/run/sale" ]; then echo active=1; else echo active=0; fi
}

# ---- Spools and the log ----

spool() { # NAME OFFSET [MOST [--follow [BYTES SHA256]]]
    words='spool NAME OFFSET [MOST [--follow [BYTES SHA256]]]'
    name_ok "${1-}" && whole "${2-}" || usage "$words"
    most=${3-1048576}
    whole "$most" || usage "$words"
    case ${4-} in
    '') ;;
    --follow)
        [ $# = 4 ] || { whole "${5-}" && [ ${#6} = 64 ] && [ "$5" -le "$2" ]; } || usage "$words"
        follow "$1" "$2" "$most" "${5-}" "${6-}"
        return
        ;;
    *) usage "$words" ;;
    esac
    size=$(size_of "$home/spool/$1")
    [ "$2" -le "$size" ] || die 3 "the spool $1 ends at $size, before $2"
    printf 'size=%s\n' "$size"
    [ -e "$home/spool/$1" ] || return 0
    part "$1" "$2" "$(lines "$1" "$2" "$size" "$most")"
}
lines() { # NAME OFFSET SIZE MOST: how many bytes are whole lines
    n=$(($3 - $2))
    [ "$n" -le "$4" ] || n=$4
    # The application may be in the middle of a line, and so may MOST.
    if [ "$(part "$1" "$2" "$n" | tail -c 1 | wc -l)" = 0 ]; then
        n=$((n - $(part "$1" "$2" "$n" | tail -n 1 | wc -c)))
    fi
    echo "$n"
}
part() { tail -c "+$(($2 + 1))" -- "$home/spool/$1" | head -c "$3"; } # NAME OFFSET BYTES

spooled() { # NAME OFFSET
    name_ok "${1-}" && whole "${2-}" || usage 'spooled NAME OFFSET'
    size=$(size_of "$home/spool/$1")
    [ "$2" -le "$size" ] || die 3 "the spool $1 ends at $size, before $2"
    echo "$2" | replace "$home/spool/$1.done" || die 6 "$home/spool: cannot be written"
    # The space is given back and the offsets stay what they are; what lies just before tells the
    # next who collects that it still is this spool.
    blocks=$((($2 - 256) / 4096 * 4096))
    [ "$blocks" -le 0 ] || fallocate -p -o 0 -l "$blocks" "$home/spool/$1" 2>/dev/null || :
    printf 'collected=%s\n' "$2"
}

# A spool while it grows, and offers on the way back. What is to be collected goes to stdout, a piece
# at a time: the next follows when `spooled` said that this one is safe. Answers go to stderr.
follow() { # NAME OFFSET MOST BYTES SHA256
    id=$(date +%s%N).$$ fifo=$home/run/follow.$1.$$.fifo
    rm -f -- "$home/run/follow.$1."*.fifo
    echo "$id" >"$home/run/follow.$1" && mkfifo "$fifo" || die 6 "$home/run: cannot be written"
    pieces "$@" <"$fifo" &
    child=$!
    trap 'kill -s TERM "$child" 2>/dev/null' EXIT
    trap 'exit 0' TERM HUP INT
    exec 3>"$fifo"
    rm -f -- "$fifo"
    while read -r word a b c; do
        case $word in
        # Where the mark cannot be written it still is safe.
        spooled) (spooled "$1" "$a") >&2 || : && echo "$a" >&3 ;;
        again) echo "$a" >&3 ;;
        offer)
            name_ok "$a" && whole "$b" && whole "$c" && [ "$c" -le 65536 ] || die 2 'offer: found nonsense'
            # Read whole before anything can fail: what follows it is the next line.
            text=$(head -c "$c" && echo .)
            why=$(printf %s "${text%.}" | (offer "$a" "$b") 2>&1 >/dev/null) && echo "offer=$a" >&2 ||
                echo "offer-failed=$a $why" >&2
            ;;
        end) return ;;
        *) die 2 'found nonsense, expected spooled, again, offer or end' ;;
        esac
    done
}

pieces() { # NAME OFFSET MOST BYTES SHA256; stdin: offsets up to which all is safe
    at=$2 inode='' beat=0 looked=''
    if [ -n "$4" ] && [ "$(part "$1" $((at - $4)) "$4" | sha256sum | cut -c1-64)" != "$5" ]; then
        anew "$1"
    fi
    # Another one that follows this spool takes over.
    while read -r token <"$home/run/follow.$1" && [ "$token" = "$id" ]; do
        found=$(stat -c '%s %i' -- "$home/spool/$1" 2>/dev/null || echo '0 0')
        size=${found% *}
        [ "$size" -ge "$at" ] && { [ "$at" = 0 ] || [ "${inode:=${found#* }}" = "${found#* }" ]; } ||
            anew "$1"
        inode=${found#* } n=0
        [ "$size" = "$at" ] || [ "$size" = "$looked" ] || n=$(lines "$1" "$at" "$size" "$3")
        word=piece
        if [ "$n" = 0 ] && [ $((size - at)) -gt "$3" ] && [ "$size" != "$looked" ]; then
            # A line that is longer than a piece is told of and not sent.
            word=long looked=$size
            n=$(tail -c "+$((at + 1))" -- "$home/spool/$1" | head -n 1 | wc -c)
            [ "$(part "$1" $((at + n - 1)) 1 | wc -l)" = 1 ] || n=0
        fi
        if [ "$n" -gt 0 ]; then
            printf '%s %s %s %s %s\n' "$word" "$at" "$n" "$(date +%s%3N)" "$size"
            [ "$word" = long ] || part "$1" "$at" "$n"
            read -r at && whole "$at" || exit 0
            looked='' beat=0
            continue
        fi
        [ $((beat % 40)) != 0 ] || printf 'idle %s %s %s\n' "$at" "$(date +%s%3N)" "$size" || exit 0
        beat=$((beat + 1))
        sleep 0.5
    done
    kill -s TERM $$
}
anew() { # NAME: it is another spool than the one that was collected
    at=0 inode='' looked=''
    echo 0 | replace "$home/spool/$1.done"
    printf 'reset %s %s\n' "$(date +%s%3N)" "$(size_of "$home/spool/$1")"
}

show_log() { # [LINES] [--follow]
    lines=200 follow=
    for word in "$@"; do
        if [ "$word" = --follow ]; then follow=-F; elif whole "$word"; then lines=$word; else
            usage 'log [LINES] [--follow]'
        fi
    done
    exec tail -n "$lines" $follow -- "$home/log/app.log"
}

# ---- Files ----

receive() { # NAME SIZE SHA256 [OFFSET]: stdin from that offset on; without one, what there is
    name_ok "${1-}" && whole "${2-}" && [ ${#3} = 64 ] || usage 'receive NAME SIZE SHA256 [OFFSET]'
    part=$home/staging/$1.part
    if [ $# -lt 4 ]; then
        if [ "$(sha_of "$home/staging/$1")" = "$3" ]; then echo "have=$2" && return; fi
        echo "have=$(size_of "$part")"
        return
    fi
    whole "$4" || usage 'receive NAME SIZE SHA256 [OFFSET]'
    : >>"$part" && have=$(size_of "$part")
    [ "$4" -le "$have" ] || die 3 "it has $have bytes of $1, and not $4"
    truncate -s "$4" "$part" && cat >>"$part" || die 6 "$1: no room, or it cannot be written"
    have=$(size_of "$part")
    [ "$have" -ge "$2" ] || die 3 "have=$have of $2 bytes"
    if [ "$have" != "$2" ] || [ "$(sha_of "$part")" != "$3" ]; then
        rm -f -- "$part"
        die 3 "$1: what came is not what was sent"
    fi
    sync "$part" && mv -f -- "$part" "$home/staging/$1" && echo "have=$have"
}

place() { # NAME PATH [MODE]: a received file goes where it belongs
    name_ok "${1-}" && [ -n "${2-}" ] || usage 'place NAME PATH [MODE]'
    case $2 in /*) to=$2 ;; *) to=$home/$2 ;; esac
    [ -f "$home/staging/$1" ] || die 3 "$1 was not received"
    sha=$(sha_of "$home/staging/$1")
    cp -- "$home/staging/$1" "$to.new" && chmod "${3-644}" "$to.new" && sync "$to.new" &&
        [ "$(sha_of "$to.new")" = "$sha" ] && mv -f -- "$to.new" "$to" &&
        sync "$(dirname "$to")" || {
        rm -f -- "$to.new"
        die 6 "$to: no room, or it cannot be written"
    }
    rm -f -- "$home/staging/$1"
    printf 'sha256=%s\n' "$sha"
}

send() { # PATH [OFFSET]
    [ -n "${1-}" ] && whole "${2-0}" || usage 'send PATH [OFFSET]'
    case $1 in /*) from=$1 ;; *) from=$home/$1 ;; esac
    [ -f "$from" ] && [ -r "$from" ] || die 3 "$1: no such file, or it may not be read"
    printf 'size=%s sha256=%s\n' "$(size_of "$from")" "$(sha_of "$from")"
    tail -c "+$((${2-0} + 1))" -- "$from"
}

# ---- Commands that can be ended from another connection ----

run() { # ID SECONDS COMMAND
    name_ok "${1-}" && whole "${2-}" && [ -n "${3-}" ] || usage 'run ID SECONDS COMMAND'
    # A process group of its own: `kill` ends all of it. Without --foreground `timeout` would make
    # another one for the command, which nobody would know of; with it, it ends the command alone.
    exec setsid -w sh -c 'echo $$ >"$1" && timeout --foreground -k 2 "$2" sh -c "$3"
        status=$?; rm -f -- "$1"
        case $status in 124 | 137) trap "" TERM; kill -s TERM -- -$$ 2>/dev/null ;; esac
        exit $status' sh "$home/run/$1.pid" "$2" "$3"
}

lives() { # is there anybody of the process group but the dead that nobody buried?
    kill -s 0 -- "-$1" 2>/dev/null || return 1
    cat /proc/[0-9]*/stat 2>/dev/null |
        awk -v group="$1" '{ sub(/^.*\) /, "") } $3 == group && $1 !~ /[ZX]/ { n++ } END { exit !n }'
}

end() { # ID
    name_ok "${1-}" || usage 'kill ID'
    pid=$(cat "$home/run/$1.pid" 2>/dev/null) && whole "$pid" || {
        echo state=ended
        return
    }
    # `-s`: some shells take no `--` after `-TERM`.
    for signal in TERM KILL; do
        kill -s "$signal" -- "-$pid" 2>/dev/null
        for wait in 1 2 3 4 5 6 7 8 9 10; do
            lives "$pid" || {
                rm -f -- "$home/run/$1.pid"
                echo state=killed
                return
            }
            sleep 0.1
        done
    done
    echo state=left
}

# ---- Configuration ----

check_config() {
    [ -f "$home/config.new" ] || die 3 "there is no config.new"
    # The application's own check, where it has one.
    [ ! -x "$home/app/current/check-config" ] || "$home/app/current/check-config" "$home/config.new"
}

apply_config() { # SHA256
    [ "$(sha_of "$home/config.new")" = "${1-}" ] || die 3 "config.new is not what was checked"
    check_config || die 3 "the application refuses it"
    sync "$home/config.new" && mv -f -- "$home/config.new" "$home/config" && sync "$home" ||
        die 6 "$home/config: cannot be written"
    restart
    printf 'config=%s\n' "$(sha_of "$home/config" | cut -c1-12)"
}

restart() { [ ! -x "$home/app/current/restart" ] || "$home/app/current/restart" >/dev/null 2>&1; }

# ---- Roll-outs ----
# The file `rollout` says what is under way: trial ID OLD NEW. It is written before `current` is
# changed and removed after it is settled, so that after any interruption `boot` knows the way back.

point() { # VERSION
    ln -sfn "$1" "$home/app/current.new" && mv -fT "$home/app/current.new" "$home/app/current" &&
        sync "$home/app"
}

stage() { # VERSION SHA256: of a received archive NAME = VERSION.tar
    name_ok "${1-}" || usage 'stage VERSION SHA256'
    [ -d "$home/app/$1" ] && [ "$(cat "$home/app/$1/.sha256" 2>/dev/null)" = "$2" ] && {
        echo "staged=$1"
        return
    }
    [ "$(sha_of "$home/staging/$1.tar")" = "$2" ] || die 3 "$1.tar was not received, or is not whole"
    [ "$(current)" != "$1" ] || die 3 "$1 is in use with other contents"
    rm -rf -- "$home/app/.$1" "$home/app/$1"
    mkdir "$home/app/.$1" && tar -xf "$home/staging/$1.tar" -C "$home/app/.$1" --no-same-owner &&
        echo "$2" >"$home/app/.$1/.sha256" && sync && mv -T "$home/app/.$1" "$home/app/$1" &&
        sync "$home/app" || {
        rm -rf -- "$home/app/.$1"
        die 6 "$1: no room, or it cannot be unpacked"
    }
    rm -f -- "$home/staging/$1.tar"
    echo "staged=$1"
}

switch() { # VERSION SECONDS
    name_ok "${1-}" && whole "${2-}" || usage 'switch VERSION SECONDS'
    [ -d "$home/app/$1" ] || die 3 "$1 is not staged"
    [ ! -e "$home/rollout" ] || die 5 "under way already: $(cat "$home/rollout")"
    [ ! -e "$home/run/sale" ] || die 5 "a sale is under way"
    old=$(current)
    [ "$old" != "$1" ] || {
        echo "app=$1"
        return
    }
    id=$(date +%s%N)
    echo "trial $id $old $1" | replace "$home/rollout" || die 6 "$home: cannot be written"
    setsid sh -c 'sleep "$2"; exec "$1" deadman "$3"' sh "$self" "$2" "$id" \
        </dev/null >/dev/null 2>&1 &
    point "$1" || die 6 "$home/app: cannot be written"
    restart
    printf 'app=%s\nid=%s\n' "$(current)" "$id"
}

back() { # REASON: to what was there before the trial
    read -r word id old new <"$home/rollout" 2>/dev/null || die 5 "nothing is under way"
    [ "$word" = trial ] && name_ok "$old" && [ -d "$home/app/$old" ] || die 6 "rollout: damaged"
    point "$old" && rm -f -- "$home/rollout" && sync "$home" || die 6 "$home: cannot be written"
    restart
    printf '%s rolled back %s to %s: %s\n' "$(date -u +%FT%TZ)" "$new" "$old" "$1" \
        >>"$home/log/rollout.log"
    printf 'app=%s\n' "$(current)"
}

deadman() { # ID: of the trial whose time it was
    read -r word id old new <"$home/rollout" 2>/dev/null || return 0
    [ "$id" = "${1-}" ] || return 0
    back 'nobody confirmed it in time'
}

confirm() {
    read -r word id old new <"$home/rollout" 2>/dev/null || {
        echo "app=$(current)"
        return
    }
    [ "$(current)" = "$new" ] || die 5 "it runs $(current) and not $new"
    rm -f -- "$home/rollout" && sync "$home" && echo "app=$new"
}

boot() { # the boot hook: a restart during a trial is a failure of it
    [ ! -e "$home/rollout" ] || back 'it restarted during the trial'
}

offer() { # NAME SECONDS: stdin
    name_ok "${1-}" && whole "${2-}" || usage 'offer NAME SECONDS'
    head -c 65536 | replace "$home/offers/$1" && touch -d "@$(($(date +%s) + $2))" "$home/offers/$1" &&
        echo "offer=$1"
}

verb=${1-}
[ $# = 0 ] || shift
case $verb in
status | sale | spool | spooled | receive | place | send | run | stage | switch | confirm | boot | offer | deadman)
    "$verb" "$@"
    ;;
log) show_log "$@" ;;
kill) end "$@" ;;
config-check) check_config ;;
config-apply) apply_config "$@" ;;
rollback) back 'asked for' ;;
version) echo version=1 ;;
*) usage 'status|sale|spool|spooled|log|receive|place|send|run|kill|config-check|config-apply|stage|switch|confirm|rollback|boot|offer|version' ;;
esac
