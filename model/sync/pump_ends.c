/* The two ends of a session, as the pump has them. */
#include "model/sync/pump.h"

static void hub_feed(void *machine, const void *bytes, size_t n)
{
    sync_hub_feed(machine, bytes, n);
}

static enum status hub_step(void *machine, bool *more, struct error *err)
{
    return sync_hub_step(machine, more, err);
}

static const unsigned char *hub_out(const void *machine, size_t *n)
{
    return sync_hub_out(machine, n);
}

static void hub_sent(void *machine, size_t n)
{
    sync_hub_sent(machine, n);
}

static bool hub_over(const void *machine)
{
    return sync_hub_over(machine);
}

static size_t hub_held(const void *machine)
{
    return sync_hub_held(machine);
}

struct pump_end pump_end_of_hub(struct sync_hub *hub)
{
    return (struct pump_end){hub, hub_feed, hub_step, hub_out, hub_sent, hub_over, hub_held};
}

static void replica_feed(void *machine, const void *bytes, size_t n)
{
    sync_replica_feed(machine, bytes, n);
}

static enum status replica_step(void *machine, bool *more, struct error *err)
{
    return sync_replica_step(machine, more, err);
}

static const unsigned char *replica_out(const void *machine, size_t *n)
{
    return sync_replica_out(machine, n);
}

static void replica_sent(void *machine, size_t n)
{
    sync_replica_sent(machine, n);
}

static bool replica_over(const void *machine)
{
    return sync_replica_over(machine);
}

static size_t replica_held(const void *machine)
{
    return sync_replica_held(machine);
}

static void replica_meanwhile(void *machine, bool (*fn)(void *context), void *context)
{
    sync_replica_meanwhile(machine, fn, context);
}

struct pump_end pump_end_of_replica(struct sync_replica *replica)
{
    return (struct pump_end){replica,      replica_feed, replica_step, replica_out,
                             replica_sent, replica_over, replica_held, replica_meanwhile};
}
