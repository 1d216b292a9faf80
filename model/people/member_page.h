/*
 * One person: everything the mall knows, as sections of rows, masked for who asks.
 *
 * A page is read in one go (a task of a few milliseconds): a head, and one sheet a section. The
 * time line is asked for by window, newest first, as it can be long.
 */
#ifndef ATRIUM_PEOPLE_MEMBER_PAGE_H
#define ATRIUM_PEOPLE_MEMBER_PAGE_H

#include "model/access/access.h"
#include "model/base/sheet.h"
#include "model/people/member_list.h"

/* The person of a card, a phone, any identity, a pseudonym or "#number"; 0 where there is none.
 * ST_REFUSED with a sentence for 0. What this access may not name is not found. */
enum status member_resolve(struct reader *reader, const struct access *access, const char *text,
                           uint32_t *person, struct error *err);

enum member_section {
    SECTION_ATTRIBUTES, /* name, value */
    SECTION_NUMBERS,    /* figure, value by type in one row: see member_columns */
    SECTION_IDENTITIES, /* kind, value, evidence, confidence, link */
    SECTION_SHOPS,      /* tenant, name, category, days, receipts, spent, last */
    SECTION_AREAS,      /* zone, name, dwell, share; the usual areas first, `usual` marks them */
    SECTION_DEVICES,    /* device, kind, sightings, first, last */
    SECTION_RELATIONS,  /* kind, direction, person, card, name, since */
    SECTION_GROUPS,     /* group, name, topic, role, joined */
    SECTION_INTERESTS,  /* topic, weight */
    SECTION_LABELS,     /* label, as_of */
    SECTION_CONSENTS,   /* contact, consent, address */
    SECTION_COUNT
};

extern const struct section_info {
    const char *name;  /* JSON key */
    const char *title; /* for people, marked for translation */
} member_sections[SECTION_COUNT];

struct member_page {
    uint32_t person;
    bool member;   /* false: a visitor, without a member row */
    bool revealed; /* shown unmasked */
    const char *card, *name, *phone, *tier, *gender, *channel; /* masked; "" where unknown */
    int64_t joined;                                            /* 0: unknown */
    int age;                                                   /* years; -1: unknown */
    int64_t version;    /* of the member row, for operations */
    const char *target; /* the key that operations name: the card, unmasked; never shown */
    struct member_figures figures;
    int64_t first_visit;   /* 0: none */
    int64_t mean_interval; /* seconds between purchase days; 0: fewer than two */
    int64_t events;        /* of the time line */
    int64_t presence_from; /* areas are counted in [presence_from, present] */
    struct sheet *sections[SECTION_COUNT];
};

enum status member_page_read(struct reader *reader, const struct access *access, uint32_t person,
                             struct arena *arena, struct member_page *page, struct error *err);

/* The time line. */
enum timeline_column {
    TIMELINE_TIME,
    TIMELINE_KIND,
    TIMELINE_TENANT, /* code */
    TIMELINE_SHOP,   /* name */
    TIMELINE_ZONE,
    TIMELINE_CHANNEL,
    TIMELINE_AMOUNT, /* money; unknown for kinds in points */
    TIMELINE_POINTS, /* unknown for kinds in money */
    TIMELINE_CAMPAIGN,
    TIMELINE_DEVICE,
    TIMELINE_REF,
    TIMELINE_COLUMN_COUNT
};
extern const struct sheet_column timeline_columns[TIMELINE_COLUMN_COUNT];

struct timeline_query {
    int64_t from, to;      /* [from, to); to = 0: no end */
    const uint16_t *kinds; /* NULL: all but receipt lines */
    size_t n_kinds;
    size_t first, n; /* window, newest first; n = 0: all */
};

/* sheet->total is the number of events there are for the query. */
enum status member_timeline(struct reader *reader, const struct access *access, uint32_t person,
                            const struct timeline_query *query, struct arena *arena,
                            struct sheet **sheet, struct error *err);

#endif
