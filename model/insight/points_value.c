#include "model/insight/points_value.h"

double points_revenue(double allocated, double redeemed, double expected)
{
    return redeemed >= expected ? allocated : allocated * redeemed / expected;
}
