/*
 * Gamma-Gamma: what a purchase of a person is worth. P. S. Fader, B. G. S. Hardie, "The Gamma-Gamma
 * Model of Monetary Value" (2013, brucehardie.com/notes/025). A person's purchases vary about a
 * mean of their own by a gamma distribution of shape p; those means vary between people with (q,
 * v).
 */
#ifndef ATRIUM_INSIGHT_SPEND_H
#define ATRIUM_INSIGHT_SPEND_H

#include "model/base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct reader;

struct spend {
    double p, q, v;
};

/* x purchases of a person with this mean, in any unit of money; x >= 1, mean > 0. */
struct spend_row {
    double x, mean;
};

double spend_log_likelihood(const struct spend *model, const struct spend_row *rows, size_t n,
                            int threads, double slope[3]);

struct spend_fit {
    struct spend model;
    double log_likelihood;
    int evaluations;
    bool converged, bound;
};
struct spend_fit spend_fit(const struct spend_row *rows, size_t n, int threads,
                           const struct reader *reader);

/* The mean purchase to expect of a person after x with this mean; x 0: of anybody, p v / (q - 1).
 * NaN where the model has no mean (q <= 1). */
double spend_expected(const struct spend *model, double x, double mean);

#endif
