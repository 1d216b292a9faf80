#include "model/campaign/plan.h"

#include "model/base/hash.h"
#include "model/people/people_set.h"
#include "model/people/profile.h"
#include "model/segment/segment.h"

#include <math.h>
#include <string.h>

/* ---- Holdout ---- */

/* A campaign's code with room for a person behind it. */
struct draw {
    unsigned char bytes[256];
    size_t n;
    uint64_t below; /* hashes below this are held out */
};

static void draw_start(struct draw *draw, const struct campaign *campaign)
{
    size_t n = strlen(campaign->code);
    draw->n = n < sizeof draw->bytes - 5 ? n : sizeof draw->bytes - 5;
    memcpy(draw->bytes, campaign->code, draw->n);
    draw->bytes[draw->n++] = 0;
    draw->below = campaign->holdout >= 10000 ? UINT64_MAX
                                             : (uint64_t)campaign->holdout * (UINT64_MAX / 10000);
}

static bool draw_holds(struct draw *draw, uint32_t person)
{
    unsigned char *to = draw->bytes + draw->n;
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(person >> 8 * i);
    return hash64(draw->bytes, draw->n + 4) < draw->below;
}

bool campaign_held_out(const struct campaign *campaign, uint32_t person)
{
    struct draw draw;
    draw_start(&draw, campaign);
    return draw_holds(&draw, person);
}

/* ---- The audience ---- */

static enum status edition_read(struct reader *reader, struct arena *arena, int64_t edition,
                                const struct set **people, struct error *err)
{
    sqlite3_stmt *stmt;
    uint32_t n = 0;
    enum status status = people_end(reader, &n, err);
    if (status != ST_OK)
        return status;
    struct set *set = set_new(arena, n);
    status = reader_prepare(reader, "select block, people from people_set where edition = ?1",
                            &stmt, err);
    if (status == ST_OK) {
        sqlite3_bind_int64(stmt, 1, edition);
        status = people_set_read(reader, stmt, set, err);
        sqlite3_reset(stmt);
    }
    *people = set;
    return status;
}

enum status campaign_people(struct reader *reader, struct arena *arena, const struct access *access,
                            const struct campaign *campaign, const struct set **people,
                            const char *const **notes, size_t *n_notes, struct error *err)
{
    if (n_notes)
        *n_notes = 0;
    if (campaign->edition)
        return edition_read(reader, arena, campaign->edition, people, err);
    const struct segment_plan *plan;
    struct set *set;
    enum status status =
        segment_bind(reader, arena, access, campaign_audience(campaign), &plan, err);
    if (status == ST_OK)
        status = segment_evaluate(reader, arena, &plan, 1, NULL, 0, &set, err);
    if (status != ST_OK)
        return status;
    *people = set;
    if (notes && n_notes)
        *notes = segment_notes(plan, n_notes);
    return ST_OK;
}

/* ---- Who can be reached ---- */

struct planning {
    struct reader *reader;
    struct arena *arena;
    const struct campaign *campaign;
    struct campaign_plan *plan;
    struct set *held, *by[CONTACT_COUNT], *devices;
};

static enum status devices_read(struct planning *p, struct error *err)
{
    sqlite3_stmt *stmt;
    bool row = true;
    p->devices = set_new(p->arena, p->plan->people->n);
    enum status status =
        reader_prepare(p->reader, "select person from contact where kind = 4", &stmt, err);
    while (status == ST_OK && (status = reader_step(p->reader, stmt, &row, err)) == ST_OK && row) {
        int64_t person = sqlite3_column_int64(stmt, 0);
        if (person > 0 && person < (int64_t)p->devices->n)
            set_add(p->devices, (uint32_t)person);
    }
    if (status == ST_OK)
        sqlite3_reset(stmt);
    return status;
}

/* Bits of the contacts that reach a person with these flags. */
static unsigned reach_of(const struct planning *p, uint32_t person, uint64_t flags)
{
    unsigned reach = 1u << CONTACT_STAFF;
    if (flags & PROFILE_MEMBER)
        reach |= 1u << CONTACT_POS;
    if (flags & PROFILE_APP_CONSENT && flags & PROFILE_APP)
        reach |= 1u << CONTACT_APP;
    if (flags & PROFILE_SMS && flags & PROFILE_PHONE)
        reach |= 1u << CONTACT_SMS;
    if (p->devices && flags & PROFILE_WIFI && set_has(p->devices, person))
        reach |= 1u << CONTACT_WIFI;
    return reach;
}

static void person_plan(struct planning *p, struct draw *draw, uint32_t person, uint64_t flags)
{
    struct campaign_plan *plan = p->plan;
    const struct campaign *c = p->campaign;
    bool reached = false;
    if (draw_holds(draw, person)) {
        set_add(p->held, person);
        plan->holdout++;
        return;
    }
    unsigned reach = reach_of(p, person, flags);
    for (size_t i = 0; i < c->n_contacts; i++) {
        enum contact contact = c->contacts[i];
        if (!(reach >> contact & 1))
            continue;
        plan->can[contact]++;
        if (!reached) {
            plan->first[contact]++;
            set_add(p->by[contact], person);
        }
        reached = true;
    }
    plan->unreachable += !reached && c->n_contacts > 0;
}

static enum status block_plan(struct planning *p, struct profiles *profiles, struct draw *draw,
                              uint32_t block, struct error *err)
{
    const struct set *people = p->plan->people;
    const uint64_t *values[PROFILE_FIELDS] = {0};
    uint32_t first = block * EVENT_BLOCK;
    uint32_t person = set_next(people, first);
    if (person == UINT32_MAX || person >= first + EVENT_BLOCK)
        return ST_OK;
    enum status status = profiles_read(profiles, (int32_t)block, 1u << PROFILE_FLAGS, values, err);
    if (status != ST_OK)
        return status;
    const uint64_t *flags = values[PROFILE_FLAGS];
    size_t word = first / 64, end = set_words(people->n);
    if (end > word + EVENT_BLOCK / 64)
        end = word + EVENT_BLOCK / 64;
    for (; word < end; word++)
        for (uint64_t bits = people->words[word]; bits; bits &= bits - 1) {
            person = (uint32_t)(word * 64) + (uint32_t)__builtin_ctzll(bits);
            person_plan(p, draw, person, flags ? flags[person - first] : 0);
        }
    return ST_OK;
}

static enum status reach_plan(struct planning *p, struct error *err)
{
    struct profiles *profiles = NULL;
    struct draw draw;
    const struct set *people = p->plan->people;
    enum status status = ST_OK;
    p->plan->held = p->held = set_new(p->arena, people->n);
    for (size_t i = 0; i < p->campaign->n_contacts; i++) {
        enum contact contact = p->campaign->contacts[i];
        p->plan->by[contact] = p->by[contact] = set_new(p->arena, people->n);
        if (contact == CONTACT_WIFI && status == ST_OK)
            status = devices_read(p, err);
    }
    if (status == ST_OK)
        status = profiles_open(p->reader, &profiles, err);
    draw_start(&draw, p->campaign);
    for (uint32_t block = 0; block * (uint64_t)EVENT_BLOCK < people->n && status == ST_OK; block++)
        status = reader_cancelled(p->reader) ? error_set(err, ST_CANCELLED, "cancelled")
                                             : block_plan(p, profiles, &draw, block, err);
    profiles_close(profiles);
    return status;
}

/* ---- What it costs ---- */

static void cost_plan(struct planning *p)
{
    const struct campaign *c = p->campaign;
    struct campaign_plan *plan = p->plan;
    plan->cost_expected = -1;
    plan->response_expected = NAN;
    if (campaign_gives_coupons(c)) {
        int64_t coupons = plan->treated;
        if (c->offer.stock && c->offer.stock < coupons)
            coupons = c->offer.stock;
        plan->cost_most = coupons * c->offer.value;
    }
    if (c->limits.budget && (plan->cost_most == 0 || c->limits.budget < plan->cost_most))
        plan->cost_most = c->limits.budget;
}

enum status campaign_plan_make(struct reader *reader, struct arena *arena,
                               const struct access *access, const struct campaign *campaign,
                               struct campaign_plan *plan, struct error *err)
{
    struct planning p = {.reader = reader, .arena = arena, .campaign = campaign, .plan = plan};
    *plan = (struct campaign_plan){.frozen = campaign->edition != 0};
    enum status status = reader_begin(reader, err);
    if (status != ST_OK)
        return status;
    status = campaign_people(reader, arena, access, campaign, &plan->people, &plan->notes,
                             &plan->n_notes, err);
    if (status == ST_OK)
        status = reach_plan(&p, err);
    if (status == ST_OK) {
        plan->audience = set_count(plan->people);
        plan->treated = plan->audience - plan->holdout;
        cost_plan(&p);
    }
    reader_end(reader);
    return status;
}
