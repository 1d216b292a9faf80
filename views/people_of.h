/*
 * The people that a screen's argument names: those of a funnel's step, of a cell of the RFM grid,
 * of a cell of a cohort, of a label, behind a figure … Lists of people (views/crowd.c) and
 * portraits of them are both opened with such an argument, so what is listed and what is portrayed
 * is the same.
 *
 *   funnel LEAST MOST LINE               whose deepest step lies between these
 *   rfm RECENCY FREQUENCY                scores 1..5
 *   rfm-group NAME                       as in model/loop/rfm_group.h
 *   retention PERIOD MODE MEASURE FIRST ROLLING FROM TO ROW COLUMN START -> RETURN
 *   lifecycle PERIOD FROM TO INDEX STATE EVENT
 *   behind METRIC DIMENSION KEY          as views/figures.h writes it
 *   label NAME                           who carries it
 *   shop CODE                            who bought there in the period
 *   member WHO                           a card, "#number", another contact, a pseudonym
 *   segment EXPRESSION                   of the people language
 *   part NAME N KEY OTHERS               of the people that OTHERS names those with a row of a
 *                                        portrait's part; KEY is N bytes long
 *   message CAMPAIGN CONTACT STATE REASON   as views/outgoing.c writes it, tabs between
 *   points WHO NUMBER                    as views/points_people.h says
 *   everyone
 *   campaign PART CODE                   of a campaign's audience, treated, held, unreachable, or
 *                                        whom a contact reaches first: "campaign sms CODE"
 *   result ARM WHO BY …                as views/campaign_people.h says
 *   affinity, value, cluster …          as views/insight_people.h says
 */
#ifndef ATRIUM_VIEWS_PEOPLE_OF_H
#define ATRIUM_VIEWS_PEOPLE_OF_H

#include "model/access/access.h"
#include "model/loop/period.h"

enum { PEOPLE_ARGUMENT = 4200 };

struct people_question {
    char argument[PEOPLE_ARGUMENT];
    struct period period;
    int64_t present;
    struct access access;
};

struct people_found {
    size_t n;
    const uint32_t *people; /* rising */
    const char *title; /* for people: "coffee", "RFM 5 · 5"; "" where there is nothing to say */
};

struct console;

/* What the console's period and rights make of an argument. */
struct people_question people_question_of(const struct console *console, const char *argument);

/* Counts them. ST_USAGE for an argument that names nobody, or whatever the question behind it says.
 * Owned by the arena. */
enum status people_of(struct reader *reader, struct arena *arena,
                      const struct people_question *question, struct people_found *found,
                      struct error *err);

#endif
