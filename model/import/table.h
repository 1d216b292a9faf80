/*
 * The kinds of file that go into a mall and come out of it: one table of their columns. Checking,
 * help, export and the manual are read from here.
 */
#ifndef ATRIUM_IMPORT_TABLE_H
#define ATRIUM_IMPORT_TABLE_H

#include "model/base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum import_kind {
    IMPORT_MEMBERS,
    IMPORT_TENANTS,
    IMPORT_EVENTS,
    IMPORT_RECEIPTS,
    IMPORT_SIGHTINGS,
    IMPORT_DEVICES,
    IMPORT_LABELS,
    IMPORT_KINDS
};

enum import_type {
    IMPORT_CODE,    /* a name or number that stands for a thing: valid text without control bytes */
    IMPORT_TEXT,    /* valid text; line breaks inside quotes become blanks */
    IMPORT_TIME,    /* a moment */
    IMPORT_DATE,    /* a civil date */
    IMPORT_AMOUNT,  /* currency units with up to 2 decimals, or whole points by kind of event */
    IMPORT_INTEGER, /* least..most; ".0" is allowed */
    IMPORT_BOOL,    /* 1 0 yes no true false y n; empty = no */
    IMPORT_MAC,     /* a MAC, or a hash of one */
};

struct import_column {
    const char *name;
    bool needed;
    enum import_type type;
    int64_t least, most; /* integers: range; texts: bytes at most */
    const char *place;   /* row tables: the column it is kept in */
    const char *refers;  /* row tables: the dictionary table whose number is kept, or NULL */
    const char *summary;
};

enum { IMPORT_COLUMNS_MAX = 24, IMPORT_CODE_MAX = 128 };

struct import_table {
    enum import_kind kind;
    const char *name;
    const struct import_column *columns;
    size_t n_columns;
    bool families;    /* also attr:NAME and label:NAME */
    const char *rows; /* row tables: the table of the mall file, else NULL */
    const char *summary;
};

/* By kind; NULL for an unknown name. */
extern const struct import_table import_tables[IMPORT_KINDS];
const struct import_table *import_table_find(const char *name);

/* "members, tenants, …", for messages. Owned by the arena. */
char *import_table_names(struct arena *arena);

/* The number of a column, -1 for none. */
int import_column_find(const struct import_table *table, const char *name, size_t n);

/* What a column of this type holds, for messages and help: "a time such as …". */
const char *import_type_text(enum import_type type);

/* Where the columns of the fact tables stand; the order of import_tables. */
enum event_file_column {
    EVENT_FILE_TIME,
    EVENT_FILE_SUBJECT,
    EVENT_FILE_KIND,
    EVENT_FILE_TENANT,
    EVENT_FILE_ZONE,
    EVENT_FILE_DEVICE,
    EVENT_FILE_CHANNEL,
    EVENT_FILE_AMOUNT,
    EVENT_FILE_CAMPAIGN,
    EVENT_FILE_REF
};
enum receipt_file_column {
    RECEIPT_FILE_RECEIPT,
    RECEIPT_FILE_TIME,
    RECEIPT_FILE_TENANT,
    RECEIPT_FILE_AMOUNT,
    RECEIPT_FILE_MEMBER,
    RECEIPT_FILE_CHANNEL,
    RECEIPT_FILE_PAYMENT,
    RECEIPT_FILE_ITEM,
    RECEIPT_FILE_BRAND,
    RECEIPT_FILE_CATEGORY,
    RECEIPT_FILE_COLOR,
    RECEIPT_FILE_QUANTITY
};
enum member_file_column { MEMBER_FILE_MEMBER, MEMBER_FILE_NAME, MEMBER_FILE_PHONE };
enum sighting_file_column {
    SIGHTING_FILE_TIME,
    SIGHTING_FILE_DEVICE,
    SIGHTING_FILE_MAC,
    SIGHTING_FILE_RSSI
};

#endif
