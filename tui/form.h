/*
 * A form: fields of known types on one or more pages, checked as they are typed. It keeps texts in
 * canonical form and knows nothing of what they are for.
 */
#ifndef ATRIUM_TUI_FORM_H
#define ATRIUM_TUI_FORM_H

#include "tui/action.h"
#include "tui/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_type {
    FIELD_TEXT,     /* one line */
    FIELD_NUMBER,   /* "-12": an integer */
    FIELD_MONEY,    /* "12.50": currency units, up to two decimals */
    FIELD_CHOICE,   /* one of `choices` */
    FIELD_FLAGS,    /* any of `choices`, separated by single spaces, in their order */
    FIELD_DATE,     /* "2017-10-01" */
    FIELD_TIME,     /* "2017-10-01 09:30" */
    FIELD_DURATION, /* "30s", "5m", "12h", "14d", also "1h 30m" */
    FIELD_LINES,    /* several lines, separated by '\n' */
    FIELD_SECRET,   /* one line, shown as dots */
};

enum field_flag {
    FIELD_REQUIRED = 1 << 0,
    FIELD_READ_ONLY = 1 << 1,
};

struct field_choice {
    const char *name;  /* the value */
    const char *title; /* for people; NULL = name */
};

struct form;
struct field {
    const char *name;  /* "holdout" */
    const char *label; /* translated; NULL = name */
    const char *hint;  /* one line under the field while it is empty or right; NULL = none */
    enum field_type type;
    unsigned flags;
    int64_t min, max; /* FIELD_NUMBER, _MONEY (hundredths), _DURATION (seconds), _TEXT (characters);
                         both 0 = no limit */
    int rows;         /* FIELD_LINES: rows shown; 0 = 3 */
    const struct field_choice *choices; /* ended by a NULL name */
    /* A sentence that says what is wrong with a value of the right type, or NULL; valid until the
     * next call. May look at other fields. May be NULL. */
    const char *(*check)(void *context, const struct form *form, const char *value);
    const char *value; /* to start with; NULL = "" */
};

struct form_page {
    const char *title;
    const struct field *fields;
    int n_fields;
};

struct form_options {
    const char *title;
    const struct form_page *pages; /* must outlive the form, and names be unique */
    int n_pages;
    bool review;             /* a last page that shows all values before they are sent */
    const struct loop *loop; /* whose mouse the form follows; NULL: none */
    int32_t today;           /* a date number (days since 1970-01-01), for "today" and calendars */
    /* Called with everything valid (then the form is finished) or on giving up. */
    void (*done)(void *context, struct form *form, bool sent);
    void *context;
};

struct form *form_new(const struct form_options *options);
void form_free(struct form *form);

void form_draw(struct form *form, struct area area);
/* True: taken; the form takes all typing keys, and the mouse. */
bool form_key(struct form *form, uint32_t key);
bool form_action(struct form *form, int action_id);
bool form_paste(struct form *form, const char *text);

const char *form_value(const struct form *form, const char *name); /* "" when there is none */
bool form_integer(const struct form *form, const char *name,
                  int64_t *value); /* also fen, seconds */
bool form_flag(const struct form *form, const char *name, const char *choice);
void form_set(struct form *form, const char *name, const char *value);

/* What is wrong with a field; NULL: nothing. */
const char *form_error(const struct form *form, const char *name);
/* The first field with something wrong, or NULL; goes there when `go`. */
const char *form_check(struct form *form, bool go);
/* Inside a check: the name of the field it is about. */
const char *form_checking(const struct form *form);
bool form_changed(const struct form *form);      /* a value differs from how it started */
const char *form_field(const struct form *form); /* the field with the cursor; NULL on review */
int form_page_number(const struct form *form);   /* from 0; n_pages = review */

/* A problem found outside (the name is taken), shown under the field until it is edited; goes
 * there.
 */
void form_refuse(struct form *form, const char *name, const char *sentence);

/* Canonical form of a typed value, or NULL with *sentence set (translated, valid until the next
 * call). Caller frees. `today` as in struct form_options. */
char *field_parse(const struct field *field, const char *typed, int32_t today,
                  const char **sentence);
/* The number in a canonical value: an integer, hundredths, seconds of a duration, a date number,
 * seconds from 1970-01-01 00:00 of the same clock. False: none. */
bool field_number(const struct field *field, const char *value, int64_t *number);

enum form_action_id {
    FORM_ACTIONS = 0x1100,
    FORM_NEXT, /* field */
    FORM_BACK, /* field */
    FORM_PAGE_NEXT,
    FORM_PAGE_BACK,
    FORM_CHOOSE, /* opens the list or calendar of a field */
    FORM_SEND,
    FORM_CANCEL,
    FORM_ACTIONS_END
};
extern const struct action form_actions[]; /* scope "form" */
extern const size_t form_n_actions;

#endif
