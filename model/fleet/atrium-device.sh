#!/bin/sh
# atrium-device: what atrium asks of a device, in one script (doc/device.md). It needs sh, coreutils,
# and of util-linux setsid; with fallocate a spool that was collected gives its space back.
# Prints name=value lines or the bytes asked for; ends with 0, or with a sentence on stderr.
set -u
export LC_ALL=C
umask 077
home=${ATRIUM_DEVICE_HOME:-$HOME/atrium}
# Where this script lies; '' where it came along with the call and is not installed.
case $0 in */*) self=$(readlink -f -- "$0") ;; *) self=$(command -v -- "$0" || :) ;; esac

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
    printf 'app=%s\nconfig=%s\nload=%s\ndisk=%s\ntime=%s\nspool=%s\n' "$(current)" \
        "$config" "$(echo "${load:-}" | sed 's/^0*\(.\)/\1/')" "${disk:-}" "$(date +%s%3N)" \
        "$(uncollected)"
    trial_show
}

# The application touches this file while a sale is under way; one it forgot blocks for half an hour.
selling() { [ -n "$(find "$home/run/sale" -mmin -30 2>/dev/null)" ]; }
sale() { if selling; then echo active=1; else echo active=0; fi; }

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
        if [ "$word" = --follow ]; then follow=1; elif whole "$word"; then lines=$word; else
            usage 'log [LINES] [--follow]'
        fi
    done
    [ -n "$follow" ] || exec tail -n "$lines" -- "$home/log/app.log"
    # By name, so that a rotation is followed.
    tail -n "$lines" -F -- "$home/log/app.log" </dev/null &
    tail=$!
    trap 'kill "$tail" 2>/dev/null' EXIT
    trap 'exit 0' HUP INT TERM PIPE
    # A byte on stdin is a sign of life, answered on stderr. Where none comes for a while, or stdin
    # ends, nobody looks any more: tail alone would wait for a next line, perhaps for ever.
    while [ -n "$(timeout "${ATRIUM_FOLLOW_SECONDS:-45}" dd bs=1 count=1 2>/dev/null)" ] &&
        kill -s 0 "$tail" 2>/dev/null; do
        echo . >&2
    done
}

# ---- Files ----

# Where a path leads, into $to: a bare NAME lies in $2 of the folder, ./NAME and A/B in the folder,
# /A/B is what it is. Nothing leads out by dots, and no name can drive a terminal.
path_of() { # PATH FOLDER
    case $1 in */*) to=${1#./} ;; *) to=$2$1 ;; esac
    case $1 in '' | -*) return 1 ;; esac
    case $to in '' | */ | *//* | *[[:cntrl:]]*) return 1 ;; esac
    case /$to/ in */../* | */./*) return 1 ;; esac
    case $to in /*) ;; *) to=$home/$to ;; esac
}
own() { # does a verb of its own keep what lies at $to?
    case ${to#"$home"/} in
    config | rollout | rollout.* | hook | app | app/* | spool/* | run/* | bin/*) return 0 ;;
    esac
    return 1
}
free_at() { df -Pk -- "$1" 2>/dev/null | awk 'NR == 2 { printf "%.0f\n", $4 * 1024 }'; }
evict() { # whoever wrote $part and has lost its connection writes no more
    for cmdline in $(grep -laF "of=$part" /proc/[0-9]*/cmdline 2>/dev/null); do
        pid=${cmdline#/proc/}
        kill -s KILL "${pid%/cmdline}" 2>/dev/null
    done
}

# stdin from OFFSET on, or from where it says `have=` with `resume`; without, what there is. It lies
# beside its name until all of it is there and has the hash.
receive() { # PATH SIZE SHA256 [OFFSET|resume [MODE]]
    usage='receive PATH SIZE SHA256 [OFFSET|resume [MODE]]'
    path_of "${1-}" staging/ && whole "${2-}" && [ ${#3} = 64 ] || usage "$usage"
    case $3 in *[!0-9a-f]*) usage "$usage" ;; esac
    case ${5-} in '' | [0-7][0-7][0-7]) ;; *) usage "$usage" ;; esac
    ! own || die 4 "$1: has a verb of its own, and is not to be written over"
    [ ! -d "$to" ] || die 3 "$1 is a folder"
    dir=$(dirname "$to") base=$(basename "$to")
    part=$dir/.$base.$(echo "$3" | cut -c1-12).part
    if [ "$(size_of "$to")" = "$2" ] && [ -f "$to" ] && [ "$(sha_of "$to")" = "$3" ]; then
        rm -f -- "$part"
        printf 'have=%s\nsha256=%s\n' "$2" "$3"
        return
    fi
    if [ $# -lt 4 ]; then
        echo "have=$(size_of "$part")"
        return
    fi
    case $dir in "$home"/*) mkdir -p "$dir" ;; esac
    [ -d "$dir" ] && [ -w "$dir" ] || die 6 "$1: there is no such folder, or it may not be written"
    evict
    for old in "$dir/.$base".????????????.part; do
        [ "$old" = "$part" ] || rm -f -- "$old"
    done
    have=$(size_of "$part") at=$4
    [ "$have" -le "$2" ] || { rm -f -- "$part" && have=0; }
    [ "$at" != resume ] || at=$have
    whole "$at" || usage "$usage"
    [ "$at" -le "$have" ] || die 3 "it has $have bytes of $1, and not $at"
    room=$(free_at "$dir")
    [ "${room:-$2}" -ge $(($2 - at)) ] || die 6 "$1: no room: $room bytes are free of $(($2 - at))"
    truncate -s "$at" -- "$part" || die 6 "$1: cannot be written"
    [ "$4" != resume ] || echo "have=$at"
    # Without notrunc some dd throw away what lies before, where that is less than a block.
    trouble=$(dd of="$part" bs=65536 seek="$at" oflag=seek_bytes conv=notrunc status=none \
        2>&1 >/dev/null) || case $trouble in
    *'No space left'* | *quota*) die 6 "$1: no room: the disk is full" ;;
    *) die 6 "$1: cannot be written" ;;
    esac
    have=$(size_of "$part")
    [ "$have" -ge "$2" ] || die 3 "have=$have of $2 bytes"
    if [ "$have" != "$2" ] || [ "$(sha_of "$part")" != "$3" ]; then
        rm -f -- "$part"
        die 3 "$1: what came is not what was sent"
    fi
    mode=$(stat -c %a -- "$to" 2>/dev/null || echo 644)
    chmod "${5:-$mode}" "$part" && sync "$part" && mv -fT -- "$part" "$to" && sync "$dir" ||
        die 6 "$1: cannot be put in its place"
    [ -n "${quiet-}" ] || printf 'have=%s\nsha256=%s\n' "$2" "$3"
}

# With a SHA256 the other one says what the first OFFSET bytes it has are: where they are others, all
# is sent. What is appended meanwhile is not part of it.
send() { # PATH [OFFSET [SHA256]]
    path_of "${1-}" '' && whole "${2-0}" || usage 'send PATH [OFFSET [SHA256]]'
    [ -f "$to" ] && [ -r "$to" ] || die 3 "$1: no such file, or it may not be read"
    size=$(size_of "$to") at=${2-0}
    [ "$at" -le "$size" ] || at=0
    [ $# -lt 3 ] || [ "$(head -c "$at" -- "$to" | sha256sum | cut -c1-64)" = "$3" ] || at=0
    sha=$(head -c "$size" -- "$to" | sha256sum | cut -c1-64)
    printf 'size=%s sha256=%s offset=%s\n' "$size" "$sha" "$at"
    tail -c "+$((at + 1))" -- "$to" | head -c $((size - at))
}

# What lies in a folder: of each entry mode, size, time and ./NAME, as it is. No name holds a slash,
# so each slash says where one begins; behind the last stands /STATUS, which what is cut has not.
list() { # [PATH [MOST]]
    case ${1-} in
    '' | .) to=$home ;;
    /) to=/ ;;
    *) path_of "$1" '' || usage 'list [PATH [MOST]]' ;;
    esac
    whole "${2-1048576}" || usage 'list [PATH [MOST]]'
    [ -d "$to" ] || die 3 "${1-}: there is no such folder"
    [ -r "$to" ] && cd "$to" 2>/dev/null || die 3 "${1-}: it may not be looked into"
    printf 'folder=%s\n' "$(pwd)"
    most=${2-1048576}
    {
        find . ! -name . -prune -print0 2>/dev/null | head -c "$most" |
            xargs -0 -r stat -c '%f %s %Y %n' 2>/dev/null
        echo "/$?"
    } | head -c "$most"
}

install() { # SIZE SHA256: stdin is this script, which is put where it is found from now on
    whole "${1-}" && [ ${#2} = 64 ] || usage 'install SIZE SHA256'
    new=$home/bin/.atrium-device.new
    mkdir -p "$home/bin" && cat >"$new" || die 6 "$home/bin: no room, or it cannot be written"
    [ "$(size_of "$new")" = "$1" ] && [ "$(sha_of "$new")" = "$2" ] ||
        die 3 'what came is not what was sent'
    case $(sh "$new" version) in version=*) ;; *) die 3 'it does not run here' ;; esac
    chmod 755 "$new" && sync "$new" && mv -fT -- "$new" "$home/bin/atrium-device" &&
        sync "$home/bin" || die 6 "$home/bin: cannot be written"
    printf 'have=%s\nsha256=%s\n' "$1" "$2"
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

# Asked again after it was done, it says so: whoever did not hear the answer may repeat it.
apply_config() { # SHA256
    if [ "$(sha_of "$home/config.new")" != "${1-}" ] || [ -z "${1-}" ]; then
        [ -n "${1-}" ] && [ "$(sha_of "$home/config")" = "$1" ] ||
            die 3 "config.new is not what was checked"
        printf 'config=%s\n' "$(echo "$1" | cut -c1-12)"
        return
    fi
    check_config >&2 || die 3 "the application refuses it"
    sync "$home/config.new" && mv -f -- "$home/config.new" "$home/config" && sync "$home" ||
        die 6 "$home/config: cannot be written"
    restart
    printf 'config=%s\n' "$(sha_of "$home/config" | cut -c1-12)"
}

configure() { # SIZE SHA256: stdin is the configuration from now on, as `receive … resume` and apply
    whole "${1-}" && [ ${#2} = 64 ] || usage 'configure SIZE SHA256'
    if [ "$(sha_of "$home/config")" = "$2" ]; then
        printf 'have=%s\nsha256=%s\n' "$1" "$2"
        return
    fi
    rm -f -- "$home/config.new"
    quiet=1
    receive ./config.new "$1" "$2" resume
    apply_config "$2" >/dev/null
    printf 'sha256=%s\n' "$2"
}

restart() { [ ! -x "$home/app/current/restart" ] || "$home/app/current/restart" >/dev/null 2>&1; }

# ---- Roll-outs ----
# The file `rollout` says what is under way: trial ID OLD NEW UNTIL BOOT (UNTIL in seconds of uptime).
# It is there before `current` is changed and goes when that is settled. Who settles it renames it
# first, which only one can: to rollout.ok, and the new version stays; to rollout.back, and the old
# one comes back, however often that is interrupted. rollout.last: what it last went back from.

boot_id() { cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown; }
uptime_s() { cut -d. -f1 /proc/uptime 2>/dev/null || date +%s; }
trial_read() { # FILE: into word id old new until boot
    word='' id='' old='' new='' until='' boot=''
    read -r word id old new until boot <"$home/$1" 2>/dev/null || [ -n "$word" ] || return 1
    [ "$word" = trial ] && name_ok "$old" && name_ok "$new" && return 0
    die 6 "$1: damaged"
}
trial_show() {
    if [ -e "$home/rollout.back" ]; then
        printf 'rollout=back\ntrial=%s\n' "$(cut -d' ' -f4 "$home/rollout.back" 2>/dev/null)"
    elif [ -e "$home/rollout" ]; then
        printf 'rollout=trial\ntrial=%s\n' "$(cut -d' ' -f4 "$home/rollout" 2>/dev/null)"
    else
        printf 'rollout=\n'
    fi
    read -r last why 2>/dev/null <"$home/rollout.last" && printf 'back=%s\nwhy=%s\n' "$last" "$why"
    return 0
}

point() { # VERSION; none: there was none
    if [ "$1" = none ]; then rm -f -- "$home/app/current" && sync "$home/app" && return; fi
    ln -sfn "$1" "$home/app/current.new" && mv -fT "$home/app/current.new" "$home/app/current" &&
        sync "$home/app"
}

stage() { # VERSION SHA256: of a received archive NAME = VERSION.tar
    name_ok "${1-}" && [ ${#2} = 64 ] || usage 'stage VERSION SHA256'
    rm -f -- "$home/rollout.last" # what became of it another time says nothing about this one
    [ -d "$home/app/$1" ] && [ "$(cat "$home/app/$1/.sha256" 2>/dev/null)" = "$2" ] && {
        rm -f -- "$home/staging/$1.tar"
        echo "staged=$1"
        return
    }
    [ "$(sha_of "$home/staging/$1.tar")" = "$2" ] || die 3 "$1.tar was not received, or is not whole"
    [ "$(current)" != "$1" ] || die 3 "$1 is in use with other contents"
    [ ! -e "$home/rollout" ] && [ ! -e "$home/rollout.back" ] || die 5 "a trial is under way"
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

# What calls `boot` after a restart: a line in the file `hook`, of whoever starts the application, or
# this user's crontab, or this user's systemd where that starts without a login.
arm() {
    [ -n "$self" ] && [ -f "$self" ] || die 6 "atrium-device is not installed: nothing would go back"
    if [ -s "$home/hook" ]; then echo "hook=$(head -c 40 "$home/hook" | head -n 1)" && return; fi
    call="ATRIUM_DEVICE_HOME='$home' sh '$self' boot"
    if command -v crontab >/dev/null 2>&1; then
        crontab -l 2>/dev/null | grep -qF "$call" || {
            crontab -l 2>/dev/null
            echo "@reboot $call"
        } | crontab - 2>/dev/null
        if crontab -l 2>/dev/null | grep -qF "$call"; then echo hook=cron && return; fi
    fi
    units=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
    if command -v systemctl >/dev/null 2>&1 && mkdir -p "$units" 2>/dev/null; then
        printf '[Unit]\nDescription=atrium boot hook\n[Service]\nType=oneshot\n%s\n%s\n' \
            "ExecStart=/bin/sh -c \"$call\"" '[Install]
WantedBy=default.target' >"$units/atrium-boot.service"
        systemctl --user enable atrium-boot.service >/dev/null 2>&1 &&
            loginctl enable-linger >/dev/null 2>&1 && echo hook=systemd && return
    fi
    die 6 "no boot hook: neither cron nor systemd takes one here; doc/device.md says what else does"
}

switch() { # VERSION SECONDS
    name_ok "${1-}" && whole "${2-}" || usage 'switch VERSION SECONDS'
    [ -d "$home/app/$1" ] || die 3 "$1 is not staged"
    [ ! -e "$home/rollout" ] && [ ! -e "$home/rollout.back" ] || die 5 "a trial is under way"
    ! selling || die 7 "a sale is under way"
    from=$(current)
    [ "$from" != "$1" ] || {
        echo "app=$1"
        return
    }
    hook=$(arm) || exit 6
    id=$(date +%s%N)
    echo "trial $id $from $1 $(($(uptime_s) + $2)) $(boot_id)" >"$home/rollout.new" &&
        sync "$home/rollout.new" || die 6 "$home: cannot be written"
    # A link is made by one only, and is there wholly or not at all.
    ln "$home/rollout.new" "$home/rollout" 2>/dev/null || die 5 "a trial is under way"
    rm -f -- "$home/rollout.new" "$home/rollout.last" && sync "$home"
    setsid sh -c 'sleep "$2"; exec sh "$1" deadman "$3"' sh "$self" "$2" "$id" \
        </dev/null >/dev/null 2>&1 &
    point "$1" || die 6 "$home/app: cannot be written"
    restart
    printf 'app=%s\nid=%s\n%s\n' "$(current)" "$id" "$hook"
}

back() { # REASON: to what was there before the trial
    [ -e "$home/rollout.back" ] || {
        trial_read rollout || die 5 "nothing is under way"
        mv -T "$home/rollout" "$home/rollout.back" 2>/dev/null || die 5 "it was settled just now"
    }
    trial_read rollout.back || die 5 "it was settled just now"
    [ "$old" = none ] || [ -d "$home/app/$old" ] || die 6 "$old is not there any more"
    if [ "$1" = 'asked for' ]; then rm -f -- "$home/rollout.last"; else
        echo "$new $1" | replace "$home/rollout.last"
    fi
    point "$old" && rm -f -- "$home/rollout.back" && sync "$home" || die 6 "$home: cannot be written"
    restart
    printf '%s rolled back %s to %s: %s\n' "$(date -u +%FT%TZ)" "$new" "$old" "$1" \
        >>"$home/log/rollout.log"
    printf 'app=%s\n' "$(current)"
}

deadman() { # ID: of the trial whose time it was
    trial_read rollout || return 0
    [ "$id" = "${1-}" ] || return 0
    back 'nobody confirmed it in time'
}

confirm() { # [VERSION]
    [ -e "$home/rollout" ] || [ -e "$home/rollout.back" ] || {
        echo "app=$(current)"
        return
    }
    trial_read rollout || die 5 "it goes back already"
    [ "${1-$new}" = "$new" ] || die 5 "the trial is of $new"
    [ "$(current)" = "$new" ] || die 5 "it runs $(current) and not $new"
    [ ! -x "$home/app/current/check" ] || "$home/app/current/check" >/dev/null 2>&1 ||
        die 8 "$new says of itself that it is not well"
    mv -T "$home/rollout" "$home/rollout.ok" 2>/dev/null || die 5 "its time was over"
    sync "$home" && rm -f -- "$home/rollout.ok" "$home/rollout.last"
    # This version and the one before stay; older ones give their room back.
    for folder in "$home"/app/*/; do
        name=$(basename "$folder")
        case $name in "$new" | "$old" | current) ;; *) rm -rf -- "$home/app/$name" ;; esac
    done
    echo "app=$new"
}

boot() { # the boot hook: a restart during a trial is a failure of it
    rm -f -- "$home/rollout.ok" "$home/rollout.new"
    [ ! -e "$home/rollout" ] && [ ! -e "$home/rollout.back" ] || back 'it restarted during the trial'
}

# Whoever calls finds a trial that nobody guards any longer: its hook or its timer did not come.
overdue() {
    if [ -e "$home/rollout.back" ]; then back 'it was interrupted going back' >/dev/null; fi
    [ -e "$home/rollout" ] && trial_read rollout && whole "$until" || return 0
    if [ "$boot" != "$(boot_id)" ]; then
        back 'it restarted during the trial' >/dev/null
    elif [ "$(uptime_s)" -gt "$((until + 5))" ]; then
        back 'nobody confirmed it in time' >/dev/null
    fi
}

offer() { # NAME SECONDS: stdin
    name_ok "${1-}" && whole "${2-}" || usage 'offer NAME SECONDS'
    head -c 65536 | replace "$home/offers/$1" && touch -d "@$(($(date +%s) + $2))" "$home/offers/$1" &&
        echo "offer=$1"
}

verb=${1-}
[ $# = 0 ] || shift
case $verb in status | sale | switch | confirm | rollback | stage) (overdue) 2>/dev/null ;; esac
case $verb in
status | sale | spool | spooled | receive | send | list | install | configure | run | stage | arm | switch | confirm | boot | offer | deadman)
    "$verb" "$@"
    ;;
log) show_log "$@" ;;
kill) end "$@" ;;
config-check) check_config ;;
config-apply) apply_config "$@" ;;
rollback) back 'asked for' ;;
version) echo version=1 ;;
*) usage 'status|sale|spool|spooled|log|receive|send|list|install|run|kill|configure|config-check|config-apply|stage|arm|switch|confirm|rollback|boot|offer|version' ;;
esac
