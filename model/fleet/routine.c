#include "model/fleet/routine.h"

#include "model/base/intl.h"

#include <string.h>

#define AT_HOME "cd \"${ATRIUM_DEVICE_HOME:-$HOME/atrium}\" && "
/* Nobody stands before a till whose application goes away. */
#define NO_SALE "{ [ ! -e run/sale ] || { echo 'a sale is under way' >&2; exit 5; }; } && "

static const struct routine routines[] = {
    {"uptime", "", ROUTINE_LOOKS, N_("how long it has been up, and its load"), "uptime"},
    {"clock", "", ROUTINE_LOOKS, N_("its clock, and whether it is kept right"),
     "date '+%F %T %z'; timedatectl show -p NTPSynchronized 2>/dev/null || true"},
    {"network", "", ROUTINE_LOOKS, N_("addresses and the way out"),
     "ip -brief address; ip route show default"},
    {"disk", "", ROUTINE_LOOKS, N_("what is full, and what fills it"),
     "df -h / \"$HOME\"; " AT_HOME "du -sh -- * | sort -rh | head -8"},
    {"processes", "", ROUTINE_LOOKS, N_("what works most"),
     "ps -eo pid,pcpu,rss,args --sort=-pcpu | head -8"},
    {"sales", "pos", ROUTINE_LOOKS, N_("its last five receipts"),
     AT_HOME "tail -n 5 spool/receipts"},
    {"heard", "probe gateway", ROUTINE_LOOKS, N_("its last five sightings"),
     AT_HOME "tail -n 5 spool/sightings"},
    {"offers", "screen pos", ROUTINE_LOOKS, N_("what it is told to show"), AT_HOME "ls -l offers"},
    {"restart-app", "", ROUTINE_CHANGES, N_("restart the application; not during a sale"),
     AT_HOME NO_SALE "app/current/restart"},
    {"set-clock", "", ROUTINE_CHANGES, N_("set its clock right"),
     "sudo -n systemctl restart systemd-timesyncd 2>/dev/null || sudo -n chronyc makestep"},
    {"free-disk", "", ROUTINE_FINAL, N_("remove old logs and what was never placed"),
     AT_HOME "find log -type f -name '*.[0-9]*' -delete && find staging -type f -mtime +1 -delete "
             "&& df -h ."},
    {"reboot", "", ROUTINE_FINAL, N_("restart the device; not during a sale"),
     AT_HOME NO_SALE "sudo -n /sbin/reboot"},
};

const struct routine *routines_all(size_t *n)
{
    *n = sizeof routines / sizeof *routines;
    return routines;
}

const struct routine *routine_find(const char *name)
{
    for (size_t i = 0; i < sizeof routines / sizeof *routines; i++)
        if (strcmp(routines[i].name, name) == 0)
            return &routines[i];
    return NULL;
}

bool routine_fits(const struct routine *routine, const char *kind)
{
    size_t n = strlen(kind);
    if (!*routine->kinds)
        return true;
    for (const char *at = routine->kinds; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (length == n && strncmp(at, kind, n) == 0)
            return true;
        at += length;
    }
    return false;
}

const struct device *routine_devices(const struct routine *routine, struct arena *arena,
                                     const struct device *devices, size_t n, size_t *fit)
{
    struct device *found = arena_array(arena, struct device, n + 1);
    *fit = 0;
    for (size_t i = 0; i < n; i++)
        if (routine_fits(routine, devices[i].kind))
            found[(*fit)++] = devices[i];
    return found;
}
