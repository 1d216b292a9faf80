#include "views/cells.h"

#include "model/base/intl.h"
#include "model/base/text.h"
#include "model/event/kind.h"
#include "tui/intl.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

const char *cell_for_machines(struct arena *arena, const struct zone *zone, enum cell_type type,
                              const struct cell *cell)
{
    if (!cell->known)
        return "";
    switch (type) {
    case CELL_TEXT:
        return cell->text;
    case CELL_COUNT:
    case CELL_DURATION:
        return arena_printf(arena, "%" PRId64, cell->integer);
    case CELL_MONEY:
        return text_from_fen(arena, cell->integer);
    case CELL_REAL:
    case CELL_SHARE:
        return isfinite(cell->real) ? arena_printf(arena, "%.10g", cell->real) : "";
    case CELL_TIME:
        return time_rfc3339(arena, zone, cell->integer);
    case CELL_DAY:
        return date_text(arena, (int32_t)cell->integer);
    }
    return "";
}

/* No digit before the point is lost: "2,500,000.00", "0.8021". */
static const char *real_for_people(struct arena *arena, double value, int decimals)
{
    double size = fabs(value);
    if (size >= 1e14 || (!decimals && size < 1000))
        return arena_printf(arena, "%.4g", value);
    int shown = decimals ? decimals : 2;
    long long scale = llround(pow(10, shown)), units = llround(size * (double)scale);
    return arena_printf(arena, "%s%s.%0*lld", value < 0 && units ? "-" : "",
                        text_count(arena, units / scale), shown, units % scale);
}

const char *cell_for_people(struct arena *arena, const struct zone *zone,
                            const struct sheet_column *column, const struct cell *cell)
{
    enum cell_type type = column->type;
    if (!cell->known && cell->hidden)
        return cell->integer ? arena_printf(arena, "<%" PRId64, cell->integer) : "*";
    if (!cell->known)
        return "–";
    switch (type) {
    case CELL_COUNT:
        return text_count(arena, cell->integer);
    case CELL_MONEY:
        return text_money(arena, cell->integer);
    case CELL_SHARE:
        return arena_printf(arena, "%.1f%%", cell->real * 100);
    case CELL_REAL:
        return real_for_people(arena, cell->real, column->decimals);
    case CELL_DURATION:
        return text_duration(arena, cell->integer);
    case CELL_TIME:
        return time_local(arena, zone, cell->integer);
    case CELL_TEXT:
    case CELL_DAY:
        break;
    }
    return cell_for_machines(arena, zone, type, cell);
}

const char *cell_in_column(struct arena *arena, const struct zone *zone,
                           const struct sheet_column *column, const struct cell *cell)
{
    const char *text = cell_for_people(arena, zone, column, cell);
    if (column->type != CELL_TEXT || !column->title || !cell->known)
        return text;
    if (strcmp(column->title, "event") == 0)
        return kind_by_name(text, strlen(text)) ? text_translated(text) : text;
    return word_translated(column->title, text);
}

double cell_number(enum cell_type type, const struct cell *cell)
{
    if (!cell->known || type == CELL_TEXT)
        return 0;
    if (type == CELL_REAL || type == CELL_SHARE)
        return cell->real;
    return (double)cell->integer * (type == CELL_MONEY ? 0.01 : 1);
}

bool cell_is_number(enum cell_type type)
{
    return type != CELL_TEXT;
}
