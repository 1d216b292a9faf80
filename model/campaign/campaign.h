/*
 * Campaigns: what one is, how it is written down, kept and checked. doc/campaign.md has the ideas.
 *
 * A campaign file, the form of the console and the row in the mall file are three faces of one
 * `struct campaign`: the table `campaign_keys` says for each thing that can be set its section and
 * key in the file, its column, its type and who may leave it out. Every change is an operation of
 * the entity "campaign".
 */
#ifndef ATRIUM_CAMPAIGN_CAMPAIGN_H
#define ATRIUM_CAMPAIGN_CAMPAIGN_H

#include "model/access/access.h"
#include "model/campaign/state.h"

enum campaign_kind {
    CAMPAIGN_UNKNOWN, /* only events name it */
    CAMPAIGN_COUPON,
    CAMPAIGN_POINTS_CASH,       /* points pay: `points` of them are a yuan */
    CAMPAIGN_POINTS_MULTIPLIER, /* earn `factor` hundredths of the usual points */
    CAMPAIGN_REGISTRATION,      /* a gift (`points` or `value`) for registering at the POS */
    CAMPAIGN_WIN_BACK,          /* a coupon for people who stay away */
    CAMPAIGN_BENEFIT,           /* a right or gift for a named list */
    CAMPAIGN_POPULAR,           /* newcomers are told what most people like */
    CAMPAIGN_KINDS
};

/* How a person is reached. The numbers stand in files: never change one. */
enum contact {
    CONTACT_NONE,
    CONTACT_POS,
    CONTACT_APP,
    CONTACT_SMS,
    CONTACT_WIFI,   /* the portal of the mall's network */
    CONTACT_SCREEN, /* large screens: nobody in particular */
    CONTACT_STAFF,
    CONTACT_COUNT
};
extern const char *const contact_names[CONTACT_COUNT]; /* "", "pos", "app", ... */

struct campaign_kind_info {
    const char *name;    /* as in files: "points-cash" */
    const char *title;   /* translated where shown */
    const char *summary; /* what it does, a sentence */
    const char *needs;   /* keys of [offer] that must be set: "value" */
    const char *any;     /* at least one of these must be */
    const char *takes;   /* and these may be */
    bool gives_coupons;  /* where its offer has a value */
    bool named;          /* its audience must be said */
};
extern const struct campaign_kind_info campaign_kinds[CAMPAIGN_KINDS];

/* Days from `first` to `last`, both included. */
struct day_range {
    int32_t first, last;
};

enum {
    CAMPAIGN_BLACKOUTS = 32,
    CAMPAIGN_CODE = 64,      /* bytes, the final NUL included */
    CAMPAIGN_FILE = 1 << 16, /* bytes of a definition at most */
    CAMPAIGN_HOLDOUT = 1000, /* of 10,000, where nothing is said */
};

/* Money in fen, days as date numbers, minutes of the mall's clock. Texts are never NULL and owned
 * by whoever filled it in. */
struct campaign {
    uint32_t id; /* 0: not saved */
    const char *code, *name, *goal;
    enum campaign_kind kind;
    const char *audience; /* expression of the people language; "" : everybody reachable */
    int64_t holdout;      /* of 10,000 */
    struct {
        int64_t value, minimum; /* fen */
        int64_t points;         /* CAMPAIGN_POINTS_CASH: a yuan costs so many; else given */
        int64_t factor;         /* hundredths */
        const char *gift, *shops;
        int64_t valid; /* seconds; 0: to the campaign's end */
        int64_t stock; /* 0: no limit */
        bool stacking;
    } offer;
    struct {
        int32_t from, to;       /* INT32_MIN, INT32_MAX: open */
        unsigned weekdays;      /* bit 0 Monday; 0: every day */
        int hour_from, hour_to; /* minutes of the day, to 1440; equal: all day */
        size_t n_blackouts;
        struct day_range blackouts[CAMPAIGN_BLACKOUTS];
    } schedule;
    size_t n_contacts;
    enum contact contacts[CONTACT_COUNT];
    const char *message;
    struct {
        int64_t per_person, per_window; /* messages in seconds, of all campaigns; 0: no cap */
        int quiet_from, quiet_to;       /* minutes; equal: none */
        int64_t budget;                 /* fen; 0: none set */
        int64_t priority;
    } limits;
    /* What became of it. */
    enum campaign_state state;
    const char *author, *approved_by;
    const char *approved; /* the definition that was approved, as campaign_write writes it, with a
                             tab in place of each end of a line; "" before the first approval */
    int64_t started, ended;
    int64_t edition; /* people_set edition of the audience when it started; 0: not yet */
    int64_t version;
};

/* A campaign in which nothing is set: texts "", the usual holdout, open dates. */
struct campaign campaign_empty(void);

/* Whether it hands out coupons. */
static inline bool campaign_gives_coupons(const struct campaign *campaign)
{
    return campaign_kinds[campaign->kind].gives_coupons && campaign->offer.value > 0;
}

/* The expression of its audience: "reachable" where none is set. */
static inline const char *campaign_audience(const struct campaign *campaign)
{
    return *campaign->audience ? campaign->audience : "reachable";
}

/* ---- Files ---- */

/* Something wrong with a definition. line 0: of none in particular (a form, a missing key). */
struct campaign_fault {
    int line;
    const char *key; /* "offer.value" */
    const char *message;
};

/* What can be set. `read` and `write` of a key are found by its type. */
enum campaign_key_type {
    KEY_TEXT,
    KEY_CODE, /* the row's key: set when it is made, never changed */
    KEY_KIND,
    KEY_PEOPLE, /* expression of the people language */
    KEY_SHOPS,  /* expression over shops */
    KEY_SHARE,  /* "10%" */
    KEY_MONEY,  /* "50", "12.50" yuan */
    KEY_COUNT,
    KEY_FACTOR, /* "2", "1.5" times */
    KEY_DURATION,
    KEY_BOOL,
    KEY_DATE,
    KEY_WEEKDAYS, /* "tue fri" */
    KEY_HOURS,    /* "10:00-22:00": two columns */
    KEY_RANGES,   /* "2017-10-01..2017-10-08 2017-10-20" */
    KEY_CONTACTS,
    KEY_TEMPLATE,
    KEY_CAP, /* "2/7d": two columns */
};
struct campaign_key {
    const char *section, *name; /* in the file */
    enum campaign_key_type type;
    const char *column, *column_to; /* in the row; column_to NULL: one is enough */
    const char *title, *summary;    /* for forms and help; translated where shown */
    size_t at, at_to;               /* in struct campaign */
    int64_t most;                   /* of a number; bytes of a text */
};
extern const struct campaign_key campaign_keys[];
extern const size_t n_campaign_keys;

/* NULL: there is none. */
const struct campaign_key *campaign_key_find(const char *section, const char *name);

/* Whether a campaign of that kind has such a key: of [offer] only those it needs or takes. */
bool campaign_kind_has(enum campaign_kind kind, const struct campaign_key *key);

/* Reads a definition: all that is wrong with it is in `faults`, in order of line, and then the
 * campaign is not to be used. `reader` (may be NULL: names of the mall are not looked at) binds the
 * expressions; text and texts of the result are owned by the arena. ST_OK also with faults. */
enum status campaign_read(struct reader *reader, const struct access *access, struct arena *arena,
                          const char *text, size_t n, struct campaign *campaign,
                          const struct campaign_fault **faults, size_t *n_faults,
                          struct error *err);

/* One key's value as text, and set from text: what the form edits. `message` (arena) is "" or what
 * is wrong. */
const char *campaign_value(struct arena *arena, const struct campaign *campaign,
                           const struct campaign_key *key);
const char *campaign_set(struct arena *arena, struct campaign *campaign,
                         const struct campaign_key *key, const char *text);

/* What is wrong with a campaign as a whole, as campaign_read finds it. */
enum status campaign_check(struct reader *reader, const struct access *access, struct arena *arena,
                           const struct campaign *campaign, const struct campaign_fault **faults,
                           size_t *n_faults, struct error *err);

/* As a campaign file, in the order of the table, only what is set. Owned by the arena. Two
 * campaigns are the same definition where these texts are equal. */
const char *campaign_write(struct arena *arena, const struct campaign *campaign);

/* key, before, after of what differs between two definitions. */
struct sheet *campaign_difference(struct arena *arena, const struct campaign *before,
                                  const struct campaign *after);

/* ---- The mall file ---- */

/* By code, or by "#ID" where no code is that. *found NULL: there is none. Owned by the arena. */
enum status campaign_find(struct reader *reader, struct arena *arena, const char *code,
                          const struct campaign **found, struct error *err);
enum status campaign_by_id(struct reader *reader, struct arena *arena, uint32_t id,
                           const struct campaign **found, struct error *err);

/* Those of a state that is in `states` (bits 1 << enum campaign_state; 0: all), highest priority
 * first, then by id. Owned by the arena. */
enum status campaign_list(struct reader *reader, struct arena *arena, unsigned states,
                          const struct campaign **campaigns, size_t *n, struct error *err);

/* Saves a definition under its code: in place of the one there is when base_version fits (-1:
 * whatever there is, CAMPAIGN_NEW: there must be none), else as a new one in the state draft. Code
 * "": a new one, whose code is made from the name. A change of one that was approved puts it back
 * into review (state.h). ST_REFUSED with the first fault. Begins and commits by itself. `code`
 * (CAMPAIGN_CODE bytes) and `result` may be NULL. */
enum { CAMPAIGN_NEW = -2 };
enum status campaign_save(struct writer *writer, const struct access *access,
                          const struct campaign *campaign, int64_t base_version, char *code,
                          struct operation_result *result, struct error *err);

/* The same definition as a new campaign: without code, state and history. Texts are shared. */
struct campaign campaign_clone(const struct campaign *campaign);

/* The code a campaign of that name would get now: letters and digits of the name, and a number
 * where it is taken. Owned by the arena. */
enum status campaign_code_make(struct reader *reader, struct arena *arena, const char *name,
                               const char **code, struct error *err);

/* The definition that was approved last; *approved NULL: it never was. Owned by the arena. */
enum status campaign_approved(struct reader *reader, struct arena *arena,
                              const struct campaign *campaign, const struct campaign **approved,
                              struct error *err);

/* ---- Sums that budgets and stocks are checked with (table campaign_sum) ---- */

enum campaign_sum {
    SUM_ISSUED,
    SUM_REDEEMED,
    SUM_GIVEN,  /* fen */
    SUM_POINTS, /* burned */
    SUM_SENT,
    SUM_MESSAGES, /* fen that messages cost */
    CAMPAIGN_SUMS
};
extern const char *const campaign_sum_names[CAMPAIGN_SUMS];

/* Inside the writer's transaction: adds to the sum and gives the new one. */
enum status campaign_sum_add(struct writer *writer, uint32_t campaign, enum campaign_sum sum,
                             int64_t by, int64_t *now, struct error *err);
enum status campaign_sum_get(sqlite3 *db, uint32_t campaign, enum campaign_sum sum, int64_t *value,
                             struct error *err);

#endif
