#include "views/points_people.h"

#include "model/base/intl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const points_who_names[POINTS_WHOS] = {
    [POINTS_HOLDERS] = "holders",     [POINTS_DUE] = "due",           [POINTS_OWING] = "owing",
    [POINTS_OVERDRAWN] = "overdrawn", [POINTS_EXPIRING] = "expiring", [POINTS_BURNERS] = "burners",
    [POINTS_HOLDING] = "holding",
};

static const char *title_of(struct reader *reader, struct arena *arena, enum points_who who,
                            int64_t number)
{
    switch (who) {
    case POINTS_HOLDERS:
        return _("with points");
    case POINTS_DUE:
        return _("with points past their time");
    case POINTS_OWING:
        return _("who owe points");
    case POINTS_OVERDRAWN:
        return _("overdrawn by imports");
    case POINTS_EXPIRING:
        return arena_printf(arena, _("with points that expire in %04d-%02d"),
                            (int)(number / 12 % 10000), (int)(number % 12 + 1));
    case POINTS_BURNERS:
        return arena_printf(arena, _("burned points: %s"),
                            dict_name(reader, DICT_CAMPAIGN, (uint32_t)number));
    default:
        return _("with reserved points");
    }
}

enum status people_of_points(struct reader *reader, struct arena *arena, const char *rest,
                             const struct people_question *question, struct people_found *found,
                             struct error *err)
{
    struct set *people;
    size_t word = strcspn(rest, " ");
    int64_t number = 0;
    (void)question;
    for (int i = 0; i < POINTS_WHOS; i++) {
        if (strlen(points_who_names[i]) != word || strncmp(rest, points_who_names[i], word) != 0)
            continue;
        sscanf(rest + word, " %" SCNd64, &number);
        enum status status =
            points_people(reader, (enum points_who)i, time_now(), number, arena, &people, err);
        if (status == ST_OK)
            found->people = set_list(people, arena, &found->n);
        found->title = title_of(reader, arena, (enum points_who)i, number);
        return status;
    }
    return error_set(err, ST_USAGE, "this names nobody by points");
}
