/* Inside model/loop: from surveys to the answer of a period and the one it is compared with. */
#ifndef ATRIUM_LOOP_STAGES_H
#define ATRIUM_LOOP_STAGES_H

#include "model/loop/survey.h"

/* Figures that need long tables of rows or the whole history: only their own dashboard asks. */
bool metric_is_slow(enum metric_id metric);

/* Adds the metrics of a set of stages (1 << enum stage), slow ones when asked for, and the series
 * by day. */
void plan_stages(struct survey_plan *plan, unsigned stages, bool slow);

/* An answer with its periods, before any figure. */
enum status stages_make(struct reader *reader, struct arena *arena, const struct loop_query *query,
                        struct stages **stages, struct error *err);

/* How much of the question's work the next survey is: of the period, or of the one before. */
void survey_part(struct survey_ground *ground, bool compared, bool before);

/* Figures and series out of a survey. */
void stages_take(struct stages *stages, const struct survey *survey, bool before);

#endif
