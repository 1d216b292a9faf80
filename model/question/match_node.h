/* A bound expression: names are numbers, chains of and/or are one node. Inside the module. */
#ifndef ATRIUM_QUESTION_MATCH_NODE_H
#define ATRIUM_QUESTION_MATCH_NODE_H

#include "model/question/expr.h"

enum match_type {
    NODE_ALL,  /* every part */
    NODE_ANY,  /* one part at least */
    NODE_NONE, /* not the one part */
    NODE_NAMES,
    NODE_FLOOR,
    NODE_AMOUNT,
    NODE_VALUE,
    NODE_TIME,
    NODE_HOUR,
    NODE_WEEKDAY,
    NODE_REF,
};

/* A table of numbers: yes[id] for id < n; others are not in it. */
struct name_set {
    const uint8_t *yes;
    size_t n;
};

struct match_node {
    enum match_type type;
    size_t n_parts;
    const struct match_node **parts;
    unsigned column;           /* NODE_NAMES: which; 0: the kind */
    struct name_set set, zone; /* zone: of NODE_FLOOR, for events without a shop */
    enum expr_op op;
    size_t n_values;
    const int64_t *low, *high;      /* a value is met by low <= x < high */
    const struct expr_value *texts; /* NODE_REF */
    const struct clock *clock;
};

/* What the node says of every event of the kind. */
enum match_truth node_truth(const struct match_node *node, uint16_t kind);

#endif
