#include "tui/picker_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_YEAR = 1900, LAST_YEAR = 9999 };

/* --- The calendar's arithmetic --- */

/* Counts from 0000-03-01, so that the leap day is the last of its year; 400 years have 146,097 days
 * and 719,468 of them lie before 1970-01-01. */
int32_t picker_date_number(int year, int month, int day)
{
    int era, of_era, of_year;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    of_era = year - era * 400;
    of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void picker_date_civil(int32_t number, int *year, int *month, int *day)
{
    int32_t z = number + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int of_era_day = z - era * 146097;
    int of_era = (of_era_day - of_era_day / 1460 + of_era_day / 36524 - of_era_day / 146096) / 365;
    int of_year = of_era_day - (365 * of_era + of_era / 4 - of_era / 100);
    int shifted = (5 * of_year + 2) / 153;

    *day = of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted + (shifted < 10 ? 3 : -9);
    *year = of_era + era * 400 + (*month <= 2);
}

int picker_weekday(int32_t number)
{
    return (int)(((number + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

static int month_days(int year, int month)
{
    return picker_date_number(year + month / 12, month % 12 + 1, 1) -
           picker_date_number(year, month, 1);
}

static bool civil_number(int year, int month, int day, int32_t *number)
{
    if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1 ||
        day > month_days(year, month))
        return false;
    *number = picker_date_number(year, month, day);
    return true;
}

bool picker_date_parse(const char *text, int32_t today, int32_t *number)
{
    int year, month, day, end = 0, back;

    text += strspn(text, " ");
    if (!strcasecmp(text, "today") || !strcmp(text, _("today"))) {
        *number = today;
        return true;
    }
    if (!strcasecmp(text, "yesterday") || !strcmp(text, _("yesterday"))) {
        *number = today - 1;
        return true;
    }
    if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) == 3 && !text[end] && *text != '-')
        return civil_number(year, month, day, number);
    end = 0;
    if (sscanf(text, "%2d-%2d%n", &month, &day, &end) == 2 && !text[end] && *text != '-') {
        int ignored;
        picker_date_civil(today, &year, &ignored, &ignored);
        return civil_number(year, month, day, number);
    }
    end = 0;
    if (*text == '-' && sscanf(text, "-%5d%n", &back, &end) == 1 && !text[end] && back >= 0) {
        *number = today - back;
        return true;
    }
    return false;
}

/* --- The picker --- */

struct picker *picker_date(const char *title, int32_t date, int32_t today, picker_done *done,
                           void *context)
{
    struct picker *picker = picker_new(PICKER_DATES, title, done, context);

    picker->days[0] = picker->days[1] = date;
    picker->today = today;
    picker->n_dates = 1;
    return picker;
}

struct picker *picker_dates(const char *title, int32_t first, int32_t last, int32_t today,
                            picker_done *done, void *context)
{
    struct picker *picker = picker_date(title, first, today, done, context);

    picker->days[1] = last;
    picker->n_dates = 2;
    return picker;
}

int32_t picker_day(const struct picker *picker)
{
    return picker->days[0];
}

void picker_days(const struct picker *picker, int32_t *first, int32_t *last)
{
    *first = picker->days[0];
    *last = picker->days[1];
}

/* The same day of another month, or its last day. */
static int32_t month_away(int32_t number, int months)
{
    int year, month, day, most;

    picker_date_civil(number, &year, &month, &day);
    months += year * 12 + month - 1;
    year = months / 12;
    month = months % 12 + 1;
    most = month_days(year, month);
    return picker_date_number(year, month, day < most ? day : most);
}

void picker_date_typed(struct picker *picker)
{
    const char *text = edit_text(&picker->edit);

    picker->wrong = *text && !picker_date_parse(text, picker->today, &picker->days[picker->part]);
}

/* True where the last day is before the first. */
static bool turned(const struct picker *picker)
{
    return picker->n_dates > 1 && picker->days[1] < picker->days[0];
}

static void go_to(struct picker *picker, int part)
{
    picker->part = part;
    picker->wrong = false;
    edit_set(&picker->edit, "");
}

static bool move_key(struct picker *picker, uint32_t key)
{
    static const struct {
        uint32_t key;
        int days, months;
    } moves[] = {
        {KEYS_LEFT, -1, 0}, {KEYS_RIGHT, 1, 0},    {KEYS_UP, -7, 0},
        {KEYS_DOWN, 7, 0},  {KEYS_PAGE_UP, 0, -1}, {KEYS_PAGE_DOWN, 0, 1},
    };
    int32_t *day = &picker->days[picker->part], moved, ignored;

    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        int year, month, of_month;

        if (key != moves[i].key)
            continue;
        moved = month_away(*day + moves[i].days, moves[i].months);
        picker_date_civil(moved, &year, &month, &of_month);
        if (civil_number(year, month, of_month, &ignored))
            *day = moved;
        go_to(picker, picker->part);
        return true;
    }
    return false;
}

void picker_date_key(struct picker *picker, uint32_t key)
{
    if (move_key(picker, key))
        return;
    if (key == KEYS_ESC)
        picker_end(picker, false);
    else if ((key == KEYS_TAB || key == KEYS_BACK_TAB) && picker->n_dates > 1)
        go_to(picker, !picker->part);
    else if (key == KEYS_ENTER && picker->wrong)
        return;
    else if (key == KEYS_ENTER && picker->part + 1 < picker->n_dates)
        go_to(picker, picker->part + 1);
    else if (key == KEYS_ENTER && !turned(picker))
        picker_end(picker, true);
    else if (edit_key(&picker->edit, NULL, key) == EDIT_CHANGED)
        picker_date_typed(picker);
}

static void calendar_titles(struct area area)
{
    const char *days[7] = {_("Mo"), _("Tu"), _("We"), _("Th"), _("Fr"), _("Sa"), _("Su")};

    for (int i = 0; i < 7; i++)
        draw_field(area, 0, i * 4, 3, 1, ROLE_TITLE, days[i]);
}

static bool is_between(const struct picker *picker, int32_t number)
{
    return picker->n_dates > 1 && number >= picker->days[0] && number <= picker->days[1];
}

static void calendar_draw(struct picker *picker, struct area area)
{
    int year, month, day;
    int32_t first;

    picker_date_civil(picker->days[picker->part], &year, &month, &day);
    first = picker_date_number(year, month, 1);
    calendar_titles(area_cut_top(&area, 1));
    picker->body = area;
    for (int i = 0; i < month_days(year, month); i++) {
        int at = picker_weekday(first) + i, row = at / 7, col = at % 7 * 4;
        int32_t number = first + i;

        draw_printf(area, row, col, number == picker->today ? ROLE_ACCENT : ROLE_PLAIN, "%3d",
                    i + 1);
        if (is_between(picker, number))
            draw_mark(area, row, col, 3, ROLE_MARKED);
        if (number == picker->days[picker->part]) {
            draw_mark(area, row, col, 3, ROLE_SELECTED);
            draw_cursor(area, row, col + 2);
        }
    }
}

/* One of the dates; the one the cursor is on as it is typed. */
static int date_draw(struct picker *picker, struct area line, int col, int part)
{
    int year, month, day;

    if (part == picker->part && picker->edit.n) {
        edit_draw(&picker->edit, line, 0, col, 10, ROLE_INPUT, true);
        return 10;
    }
    picker_date_civil(picker->days[part], &year, &month, &day);
    return draw_printf(line, 0, col, part == picker->part ? ROLE_STRONG : ROLE_PLAIN,
                       "%04d-%02d-%02d", year, month, day);
}

void picker_date_draw(struct picker *picker, struct area screen)
{
    struct area area = picker_window(picker, screen, 34, 11);
    struct area line = area_cut_top(&area, 1);
    const char *wrong = picker->wrong    ? _("not a date")
                        : turned(picker) ? _("the last is before the first")
                                         : NULL;

    calendar_draw(picker, area_part(area, wrong || area.rows > 7, 0, area.rows, area.cols));
    int col = date_draw(picker, line, 0, 0);
    if (picker->n_dates > 1) {
        col += draw_text(line, 0, col, ROLE_DIM, theme_ascii() ? " - " : " – ");
        date_draw(picker, line, col, 1);
    }
    if (wrong)
        draw_text(area, 0, 0, ROLE_ERROR, wrong);
}

void picker_date_mouse(struct picker *picker, const struct loop_mouse *mouse)
{
    int row = mouse->row - picker->body.row, col = (mouse->col - picker->body.col) / 4;
    int year, month, day, number;

    if (mouse->button == 4 || mouse->button == 5) {
        picker_date_key(picker, mouse->button == 4 ? KEYS_PAGE_UP : KEYS_PAGE_DOWN);
        return;
    }
    picker_date_civil(picker->days[picker->part], &year, &month, &day);
    number = row * 7 + col - picker_weekday(picker_date_number(year, month, 1)) + 1;
    if (mouse->button != 1 || row < 0 || mouse->col < picker->body.col || col > 6 || number < 1 ||
        number > month_days(year, month))
        return;
    picker->days[picker->part] = picker_date_number(year, month, number);
    if (picker->part + 1 < picker->n_dates)
        go_to(picker, picker->part + 1);
    else if (mouse->double_click && !turned(picker))
        picker_end(picker, true);
}
