/*
 * The people behind figures of points, as lines of views/people_of.h:
 *
 *   points WHO NUMBER    WHO as in points_who_names; NUMBER: of the month (year × 12 + month − 1)
 *                        or the campaign
 */
#ifndef ATRIUM_VIEWS_POINTS_PEOPLE_H
#define ATRIUM_VIEWS_POINTS_PEOPLE_H

#include "model/campaign/points_mall.h"
#include "views/people_of.h"

extern const char *const points_who_names[POINTS_WHOS];

enum status people_of_points(struct reader *reader, struct arena *arena, const char *rest,
                             const struct people_question *question, struct people_found *found,
                             struct error *err);

#endif
