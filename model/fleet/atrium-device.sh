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

spool() { # NAME OFFSET [MOST]
    name_ok "${1-}" && whole "${2-}" || usage 'spool NAME OFFSET [MOST]'
    most=${3-1048576}
    whole "$most" || usage 'spool NAME OFFSET [MOST]'
    size=$(size_of "$home/spool/$1")
    [ "$2" -le "$size" ] || die 3 "the spool $1 ends at $size, before $2"
    printf 'size=%s\n' "$size"
    [ -e "$home/spool/$1" ] || return 0
    n=$((size - $2))
    [ "$n" -le "$most" ] || n=$most
    # The application may be in the middle of a line, and so may MOST: whole lines only.
    if [ "$(part "$1" "$2" "$n" | tail -c 1 | wc -l)" = 0 ]; then
        n=$((n - $(part "$1" "$2" "$n" | tail -n 1 | wc -c)))
    fi
    part "$1" "$2" "$n"
}
part() { tail -c "+$(($2 + 1))" -- "$home/spool/$1" | head -c "$3"; } # NAME OFFSET BYTES

spooled() { # NAME OFFSET
    name_ok "${1-}" && whole "${2-}" || usage 'spooled NAME OFFSET'
    size=$(size_of "$home/spool/$1")
    [ "$2" -le "$size" ] || die 3 "the spool $1 ends at $size, before $2"
    echo "$2" | replace "$home/spool/$1.done" || die 6 "$home/spool: cannot be written"
    # The space is given back and the offsets stay what they are.
    blocks=$(($2 / 4096 * 4096))
    [ "$blocks" = 0 ] || fallocate -p -o 0 -l "$blocks" "$home/spool/$1" 2>/dev/null || :
    printf 'collected=%s\n' "$2"
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
status | sale | spool | spooled | receive | place | send | run | stage | arm | switch | confirm | boot | offer | deadman)
    "$verb" "$@"
    ;;
log) show_log "$@" ;;
kill) end "$@" ;;
config-check) check_config ;;
config-apply) apply_config "$@" ;;
rollback) back 'asked for' ;;
version) echo version=1 ;;
*) usage 'status|sale|spool|spooled|log|receive|place|send|run|kill|config-check|config-apply|stage|arm|switch|confirm|rollback|boot|offer|version' ;;
esac
