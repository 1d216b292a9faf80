/* What points are worth in the books. */
#ifndef ATRIUM_INSIGHT_POINTS_VALUE_H
#define ATRIUM_INSIGHT_POINTS_VALUE_H

/* Of the money allocated to points, what is revenue once `redeemed` of the `expected` redemptions
 * have happened: in proportion, never more than all of it (IFRS 15, B39-B43 and example 52; KPMG's
 * worked example). The rest is the liability. Any units; expected > 0. */
double points_revenue(double allocated, double redeemed, double expected);

#endif
